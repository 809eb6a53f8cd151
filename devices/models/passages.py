"""Batches as received, the passages they held, and the people who were refused.

Passage and RefusedEntry grow with projects: partitioned by RANGE(day) in monthly partitions, with
the project inside the key. Their tables are made by SQL in the migration.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.terminals import Terminal
from registration.models import Project, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField


class Batch(models.Model):
    """One accepted POST: the body as received and the answer given, replayed on a repeat.

    `terminal` signed it; `device` is whom it speaks for, where that is another. A batch id is theirs together.
    """

    project = models.ForeignKey(Project, models.PROTECT)
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="batches", db_constraint=False)
    device = models.ForeignKey(Terminal, models.PROTECT, null=True, related_name="+", db_constraint=False)
    batch_id = models.CharField("批号", max_length=64)
    body_sha256 = models.BinaryField(max_length=32)
    body = models.BinaryField("原始内容", help_text="zlib, sealed with context batch.body")
    received_at = models.DateTimeField("收到时间")
    event_count = models.PositiveIntegerField(default=0)
    answer = models.JSONField(default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "上传批次"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "terminal", "batch_id", "device"], name="batch_once", nulls_distinct=False
            )
        ]
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
        BADGE_LOST = "badge_lost", _("Badge reported lost")

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


class GatePhoto(models.Model):
    """The picture a gate took of a passage or a refused entry; deleted after the region's time (`attendance.photo_days`)."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="+", db_constraint=False)
    event_id = models.CharField("终端记录号", max_length=64)
    day = models.DateField("考勤日")
    worker_id = models.BigIntegerField(null=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    received_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = verbose_name_plural = "闸机照片"
        constraints = [
            models.UniqueConstraint(fields=["project", "terminal", "event_id"], name="gate_photo_once")
        ]
        indexes = [
            models.Index(fields=["project", "day"], name="gate_photo_day"),
            models.Index(fields=["received_at"], name="gate_photo_age"),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.event_id}"


class TimeDecision(models.Model):
    """What somebody decided about an event whose time could not be right: moved by so many minutes, or dismissed.

    Made once and never changed; a moved event is a DayCorrection as well, which can be withdrawn.
    """

    class Kind(models.TextChoices):
        SHIFT = "shift", _("Time corrected")
        DISMISS = "dismiss", _("Not counted")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    terminal_id = models.BigIntegerField()
    event_id = models.CharField("终端记录号", max_length=64)
    day = models.DateField("收到日")
    worker_id = models.BigIntegerField(null=True)
    at = models.DateTimeField("原时间")
    kind = models.CharField("决定", max_length=8, choices=Kind.choices)
    minutes = models.BigIntegerField("移动分钟", null=True)
    note = models.CharField("说明", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("决定时间")

    class Meta:
        verbose_name = verbose_name_plural = "时间异常处理"
        constraints = [
            models.UniqueConstraint(fields=["project", "terminal_id", "event_id"], name="time_decided_once"),
            models.CheckConstraint(
                condition=models.Q(kind="shift", minutes__isnull=False)
                | models.Q(kind="dismiss", minutes__isnull=True),
                name="time_shift_has_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
