"""What the authorities tell workers of a place and a trade: who helps, news, jobs, trainings, health."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.accounts import User
from registration.models.places import Region


class Bulletin(models.Model):
    """One thing workers are told, within its dates. Without a region it counts everywhere, without a trade for
    everybody. `call` is a public telephone number, `office` its line on the notice boards of the region."""

    class Kind(models.TextChoices):
        HELP = "help", _("Who helps")
        NEWS = "news", _("Announcement")
        JOB = "job", _("Job")
        TRAINING = "training", _("Training")
        HEALTH = "health", _("Health alert")

    class Office(models.TextChoices):
        """Whom article 34 of order 724 wants on every site's notice board."""

        LABOUR = "labour", _("Labour inspection: complaints about wages")
        HOUSING = "housing", _("Housing authority: building and municipal works")
        TRANSPORT = "transport", _("Transport authority")
        WATER = "water", _("Water authority")
        ARBITRATION = "arbitration", _("Labour dispute arbitration")
        LEGAL_AID = "legal_aid", _("Legal aid and public legal service")

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    office = models.CharField(
        "告示牌栏目", max_length=12, choices=Office.choices, blank=True, default="", db_default=""
    )
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    trade = models.CharField("工种", max_length=40, blank=True)
    title = models.CharField("标题", max_length=60)
    title_en = models.CharField("英文标题", max_length=80, blank=True)
    text = models.CharField("内容", max_length=600, blank=True)
    text_en = models.CharField("英文内容", max_length=800, blank=True)
    call = models.CharField("电话", max_length=30, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField("发布时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "给工人的信息"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "region", "title", "valid_from"],
                name="bulletin_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.title
