"""Attendance days, rolled up from passages; wages are made from these, never from raw events."""

from django.db import models

from registration.models import Project


class AttendanceDay(models.Model):
    """One worker's work date on one project. Partitioned by RANGE(day), written day by day."""

    class State(models.TextChoices):
        CLOSED = "closed", "有进有出"
        OPEN = "open", "缺出场"

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

    def __str__(self) -> str:
        return f"{self.worker_id} {self.day}"


class DirtyDay(models.Model):
    """A (project, worker, day) whose attendance day must be computed again; written with the passages."""

    pk = models.CompositePrimaryKey("project_id", "day", "worker_id")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    day = models.DateField()
    worker_id = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "待重算考勤日"

    def __str__(self) -> str:
        return f"{self.worker_id} {self.day}"
