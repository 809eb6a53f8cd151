"""What people do about an alarm: steps of the office, answers of the site, who leads an office."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from inspection.models.alarms import Alarm, Level
from registration.models import Membership, Organisation, Project, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class AlarmStep(models.Model):
    """One act about an alarm, by a person or (`by` is empty) by the system. Append-only.

    `due_on` is the deadline that holds after it, `tier` the desk it is on then.
    """

    class Kind(models.TextChoices):
        TAKEN = "taken", pgettext_lazy("step of an alarm", "Taken")
        ASSIGNED = "assigned", pgettext_lazy("step of an alarm", "Given")
        READ = "read", pgettext_lazy("step of an alarm", "Read")
        TRUE = "true", _("Found true")
        FALSE = "false", _("Found not true")
        HANDLED = "handled", _("Measures taken")
        RETURNED = "returned", _("Came back: the data changed")
        URGED = "urged", pgettext_lazy("step of an alarm", "Urged")
        OVERDUE = "overdue", _("Urged by the system: the deadline is over")
        ESCALATED = "escalated", _("Went one level up")
        PAUSED = "paused", pgettext_lazy("step of an alarm", "Paused")
        RESUMED = "resumed", _("The pause is over")

    project = models.ForeignKey(Project, models.PROTECT)
    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="steps", db_constraint=False)
    round = models.PositiveSmallIntegerField("轮次")
    kind = models.CharField("步骤", max_length=10, choices=Kind.choices)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    tier = models.PositiveSmallIntegerField(choices=Alarm.Tier.choices)
    due_on = models.DateField("期限", null=True)
    text = EncryptedTextField("说明", context="alarmstep.text", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警办理"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "alarm", "round", "kind", "tier", "due_on"],
                condition=Q(kind__in=("overdue", "escalated")),
                name="alarm_step_once",
            ),
        ]
        indexes = [models.Index(fields=["alarm", "at"], name="alarm_step_alarm")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.alarm_id} {self.kind}"


class AlarmStepFile(models.Model):
    """A photo or paper that a step rests on. Append-only."""

    project = models.ForeignKey(Project, models.PROTECT)
    step = models.ForeignKey(AlarmStep, models.PROTECT, related_name="files", db_constraint=False)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "办理附件"
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.step_id} {self.file_id}"


class AlarmAnswer(models.Model):
    """What a contractor or owner says to an alarm, with a paper or photo if they like. Append-only."""

    project = models.ForeignKey(Project, models.PROTECT)
    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="answers", db_constraint=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    text = EncryptedTextField("答复", context="alarmanswer.text")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "预警答复"
        indexes = [models.Index(fields=["alarm", "at"], name="alarm_answer_alarm")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"answer to {self.alarm_id}"


class OfficeLead(models.Model):
    """An inspector who gives alarms to others of the office. An office without one: everybody may."""

    membership = models.OneToOneField(Membership, models.CASCADE, primary_key=True, related_name="+")
    named_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    named_at = models.DateTimeField("时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "科室负责人"

    def __str__(self) -> str:
        return f"lead {self.membership_id}"
