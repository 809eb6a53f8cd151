"""Attendance days, rolled up from passages; wages are made from these, never from raw events."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.totals import KEEPERS
from registration.models import Project


class AttendanceDay(models.Model):
    """One worker's work date on one project. Partitioned by RANGE(day), written day by day."""

    class State(models.TextChoices):
        CLOSED = "closed", _("In and out")
        OPEN = "open", _("Exit missing")

    pk = models.CompositePrimaryKey("day", "project_id", "worker_id")
    day = models.DateField("考勤日")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    worker_id = models.BigIntegerField()
    posting_id = models.BigIntegerField()
    first_in = models.DateTimeField(null=True)
    last_out = models.DateTimeField(null=True)
    minutes = models.IntegerField("在场分钟", default=0)
    days = models.DecimalField("工日", max_digits=3, decimal_places=1)
    state = models.CharField(max_length=8, choices=State.choices)
    passages = models.SmallIntegerField("通行次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "考勤日"
        indexes = [models.Index(fields=["project", "worker_id", "day"], name="attendance_worker")]
        triggers = KEEPERS

    def __str__(self) -> str:
        return f"{self.worker_id} {self.day}"


class DirtyDay(models.Model):
    """People of one project and date whose attendance days must be computed again.

    A queue that is only added to, in the transaction of the passages, and emptied by the roll-up: nobody
    waits for a lock, and a batch of a thousand passages costs one row.
    """

    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    day = models.DateField()
    worker_ids = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = verbose_name_plural = "待重算考勤日"
        indexes = [models.Index(fields=["project", "day"], name="dirty_project_day")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.day}"


class DaySeal(models.Model):
    """A project's work date whose evidence is recorded. What arrives later is sealed again at once."""

    pk = models.CompositePrimaryKey("project_id", "day")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    day = models.DateField()
    sealed_at = models.DateTimeField("存证时间")
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "考勤日存证"
        indexes = [models.Index(fields=["day"], name="day_seal_day")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.day}"
