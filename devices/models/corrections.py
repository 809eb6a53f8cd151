"""What people decided about stamps: one that was missing, one that was wrong, a day left as it is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.models.passages import Direction
from registration.models import Project, User, Worker


class DayCorrection(models.Model):
    """A decision about one worker's date, with its reason and its author; never changed, only withdrawn.

    `add` puts a passage by hand (terminal 0, national type 007: cleared without a gate), `void` takes the
    passage (`at`, `direction`) out of the count, `shift` puts a passage of a gate whose
    clock was wrong at its right time, `leave` decides that a date without its exit stays as it is.
    """

    class Kind(models.TextChoices):
        ADD = "add", _("Stamp added")
        SHIFT = "shift", _("Time of the gate corrected")
        VOID = "void", _("Stamp not counted")
        LEAVE = "leave", _("Left as it is")

    class Reason(models.TextChoices):
        FORGOT = "forgot", _("Forgot to stamp")
        GATE_DOWN = "gate_down", _("The gate was out of order")
        OTHER_WAY = "other_way", _("Went in or out by another way")
        WRONG_PERSON = "wrong_person", _("Stamped by or for somebody else")
        WRONG_DIRECTION = "wrong_direction", _("In and out were mixed up")
        UNKNOWN = "unknown", _("Nobody can say when")
        CLOCK = "clock", _("The clock of the gate was wrong")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    day = models.DateField("考勤日")
    kind = models.CharField("类别", max_length=5, choices=Kind.choices)
    at = models.DateTimeField("时间", null=True)
    direction = models.SmallIntegerField("方向", choices=Direction.choices, null=True)
    reason = models.CharField("原因", max_length=16, choices=Reason.choices)
    note = models.CharField("说明", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("更正时间")
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "考勤更正"
        indexes = [models.Index(fields=["project", "worker", "day"], name="day_correction_of_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "worker", "day", "kind", "at", "direction"],
                condition=Q(withdrawn_at__isnull=True),
                name="day_correction_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind="leave", at__isnull=True) | ~Q(kind="leave") & Q(at__isnull=False),
                name="day_correction_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.worker_id} {self.day}"
