"""Pauses (暂停): an approved stop of work, the weather or a holiday stops the deadlines of some rules' alarms."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import Organisation, Project, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField


class Pause(models.Model):
    """A contractor's request for a pause of some rules on a project, and what the office decided.

    It holds from `starts_on` up to and including `ends_on`; `ended_on` is the last day when it was ended early.
    """

    class Reason(models.TextChoices):
        STOP = "stop", _("Approved stop of work")
        WEATHER = "weather", _("Weather")
        HOLIDAY = "holiday", _("Holiday")

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("pause", "Asked for")
        APPROVED = "approved", pgettext_lazy("pause", "Approved")
        REFUSED = "refused", pgettext_lazy("pause", "Refused")
        ENDED = "ended", pgettext_lazy("pause", "Ended early")

    project = models.ForeignKey(Project, models.PROTECT, related_name="pauses")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    rules = models.JSONField("规则")
    reason = models.CharField("原因", max_length=10, choices=Reason.choices)
    text = EncryptedTextField("说明", context="pause.text")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField("批注", max_length=300, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_on = models.DateField("提前结束", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警暂停"
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="pause_has_days"),
        ]
        indexes = [
            models.Index(fields=["project", "-asked_at"], name="pause_of_project"),
            models.Index(fields=["ends_on"], name="pause_running", condition=Q(state="approved")),
        ]

    def __str__(self) -> str:
        return f"pause {self.project_id} {self.starts_on}"
