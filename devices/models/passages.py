"""Batches as received, the passages they held, and the people who were refused.

Passage and RefusedEntry grow with projects: partitioned by RANGE(day) in monthly partitions, with
the project inside the key. Their tables are made by SQL in the migration.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.terminals import Terminal
from registration.models import Project
from wagewatch.lib.fields import EncryptedTextField


class Batch(models.Model):
    """One accepted POST: the body as received and the answer given, replayed on a repeat."""

    project = models.ForeignKey(Project, models.PROTECT)
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="batches", db_constraint=False)
    batch_id = models.CharField("批号", max_length=64)
    body_sha256 = models.BinaryField(max_length=32)
    body = models.BinaryField("原始内容", help_text="zlib, sealed with context batch.body")
    received_at = models.DateTimeField("收到时间")
    event_count = models.PositiveIntegerField(default=0)
    answer = models.JSONField(default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "上传批次"
        constraints = [models.UniqueConstraint(fields=["project", "terminal", "batch_id"], name="batch_once")]
        indexes = [models.Index(fields=["project", "-received_at"], name="batch_recent")]

    def __str__(self) -> str:
        return self.batch_id


class Direction(models.IntegerChoices):
    """Codes of the national interface (01 in, 02 out); 0 where lane and device do not tell."""

    UNKNOWN = 0, _("Unknown")
    IN = 1, _("In")
    OUT = 2, _("Out")


class Passage(models.Model):
    """A registered worker passed a gate. `day` is the site-local work date, decided on arrival.

    Terminal 0 is a stamp added by hand; a void stamp stays on record and counts for nothing (DayCorrection).
    """

    pk = models.CompositePrimaryKey("day", "project_id", "worker_id", "at", "direction")
    day = models.DateField("考勤日")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    worker_id = models.BigIntegerField()
    at = models.DateTimeField("时间")
    direction = models.SmallIntegerField("方向", choices=Direction.choices)
    terminal_id = models.BigIntegerField()
    batch_pk = models.BigIntegerField()
    attend_type = models.SmallIntegerField("识别方式", default=11)
    event_id = models.CharField("终端记录号", max_length=64)
    is_repeat = models.BooleanField("重复刷", default=False)
    is_void = models.BooleanField("不计", default=False, db_default=False)

    class Meta:
        verbose_name = verbose_name_plural = "通行记录"
        indexes = [models.Index(fields=["project", "day", "at"], name="passage_recent")]

    def __str__(self) -> str:
        return f"{self.worker_id} {self.at:%F %T}"


class RefusedEntry(models.Model):
    """Somebody was turned away, or should have been: unregistered, left, not yet joined, barred."""

    class Reason(models.TextChoices):
        UNREGISTERED = "unregistered", _("Not registered")
        LEFT = "left", _("Has left")
        NOT_YET = "not_yet", _("Not yet joined")
        BAD_TIME = "bad_time", _("Time cannot be right")
        DEVICE = "device", _("Device did not open")

    pk = models.CompositePrimaryKey("day", "project_id", "terminal_id", "event_id")
    day = models.DateField("考勤日")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    terminal_id = models.BigIntegerField()
    event_id = models.CharField("终端记录号", max_length=64)
    at = models.DateTimeField("时间")
    direction = models.SmallIntegerField("方向", choices=Direction.choices)
    reason = models.CharField("原因", max_length=20, choices=Reason.choices)
    worker_id = models.BigIntegerField(null=True)
    person_key = EncryptedTextField("出示的编号", context="refused.person", null=True)
    person_index = models.BinaryField(max_length=32, null=True)
    was_let_in = models.BooleanField("闸机放行了", default=False)
    batch_pk = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "拒入记录"
        indexes = [models.Index(fields=["project", "day", "at"], name="refused_recent")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.reason}"
