"""Shared tablets of a site, for workers without a phone, and who used them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models.accounts import User
from registration.models.people import Worker
from registration.models.projects import Project


class SiteTablet(models.Model):
    """A browser that the clerk made a tablet of the site. Its cookie holds a secret, of which only a hash is kept.

    `reader` is the card reader beside it; empty takes the cards of any reader of the site.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="tablets")
    name = models.CharField("名称", max_length=40)
    reader = models.CharField("读卡器", max_length=60, blank=True)
    secret_hash = models.BinaryField(max_length=32)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("设置时间")
    ended_at = models.DateTimeField("停用时间", null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "工地平板"

    def __str__(self) -> str:
        return f"tablet {self.pk}"


class TabletVisit(models.Model):
    """Somebody signed in at a tablet, or was refused: who if that is known, how, from when till when."""

    class Way(models.TextChoices):
        CARD = "card", _("Identity card on the reader")
        CODE = "code", _("ID number and code")
        PHONE = "sms", _("Phone number and code")

    class Ended(models.TextChoices):
        DONE = "done", _("Signed out")
        IDLE = "idle", _("Signed out by itself")
        NEXT = "next", _("The next person came")
        REFUSED = "refused", _("Not let in")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    tablet = models.ForeignKey(SiteTablet, models.PROTECT, related_name="visits", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, null=True, related_name="+")
    way = models.CharField("方式", max_length=4, choices=Way.choices)
    at = models.DateTimeField("时间")
    seen_at = models.DateTimeField("最近操作")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended = models.CharField("结束方式", max_length=8, choices=Ended.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "平板使用记录"
        indexes = [
            models.Index(fields=["project", "-at"], name="tablet_visit_recent"),
            models.Index(fields=["tablet", "-at"], name="tablet_visit_of_tablet"),
        ]

    def __str__(self) -> str:
        return f"tablet visit {self.pk}"
