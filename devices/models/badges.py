"""Badges: a number printed on plastic, who carries it, and who was seen with it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from registration.models import Project, User, Worker


class SiteBadge(models.Model):
    """A badge handed out to one person of a project; a row for each handing out.

    `number` is facility and number as printed (`188,24910`), the form in which agents look it up. While a badge
    is carried or lost nobody else gets it; a badge that was found again is returned, and can be given anew.
    """

    class State(models.TextChoices):
        ISSUED = "issued", _("Carried")
        LOST = "lost", _("Lost")
        RETURNED = "returned", pgettext_lazy("badge", "Returned")

    project = models.ForeignKey(Project, models.PROTECT, related_name="badges")
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="badges")
    number = models.CharField("卡号", max_length=12)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.ISSUED)
    issued_at = models.DateTimeField("发放时间")
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField("挂失或交回时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工地门禁卡"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"],
                condition=models.Q(state__in=["issued", "lost"]),
                name="badge_number_once",
            ),
            models.UniqueConstraint(
                fields=["project", "worker"],
                condition=models.Q(state="issued"),
                name="badge_of_a_person_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="issued", ended_at__isnull=True)
                | (~models.Q(state="issued") & models.Q(ended_at__isnull=False)),
                name="badge_ended_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["project", "number"], name="badge_number")]

    def __str__(self) -> str:
        return self.number


class BadgeUse(models.Model):
    """From when to when a person of a project was seen with a badge; overwritten, one row for the two."""

    pk = models.CompositePrimaryKey("project_id", "number", "worker_id")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    number = models.CharField("卡号", max_length=12)
    worker_id = models.BigIntegerField()
    terminal_id = models.BigIntegerField()
    first_at = models.DateTimeField("首次使用")
    last_at = models.DateTimeField("最近使用")

    class Meta:
        verbose_name = verbose_name_plural = "门禁卡使用"

    def __str__(self) -> str:
        return f"{self.number} {self.worker_id}"
