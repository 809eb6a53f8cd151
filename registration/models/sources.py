"""Other real-name systems that push people and attendance, and what they pushed."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.accounts import User
from registration.models.organisations import Organisation
from registration.models.projects import Project
from wagewatch.lib.fields import EncryptedTextField


class SourceSystem(models.Model):
    """A real-name system that a general contractor lets push for its projects: all it leads, or a list.

    Requests are signed with `secret`, named by `key_id`. After a rotation the former secret is good until
    `former_until`, so that the other side can change over without losing a push.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="source_systems")
    name = models.CharField("系统名称", max_length=40)
    all_projects = models.BooleanField("总包的全部项目", default=False)
    key_id = models.CharField("密钥编号", max_length=32, unique=True)
    secret = EncryptedTextField("密钥", context="source.secret")
    former_secret = EncryptedTextField("旧密钥", context="source.secret", null=True)
    former_until = models.DateTimeField("旧密钥有效至", null=True)
    is_active = models.BooleanField("在用", default=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("开通时间")
    last_push_at = models.DateTimeField("最近推送", null=True)
    last_refusal_at = models.DateTimeField("最近被拒", null=True)
    last_refusal = models.CharField("被拒原因", max_length=60, blank=True, default="")
    history = HistoricalRecords(
        excluded_fields=["secret", "former_secret", "last_push_at", "last_refusal_at", "last_refusal"]
    )

    class Meta:
        verbose_name = verbose_name_plural = "对接系统"
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="source_name_once")]

    def __str__(self) -> str:
        return self.name


class SourceProject(models.Model):
    """A project for which a system may push."""

    pk = models.CompositePrimaryKey("project_id", "source_id")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(SourceSystem, models.CASCADE, related_name="listed_projects")

    class Meta:
        verbose_name = verbose_name_plural = "对接项目"

    def __str__(self) -> str:
        return f"{self.source_id} {self.project_id}"


class SourceNonce(models.Model):
    """A nonce that a system has used; a second use is a replay, many in a minute are too many."""

    source = models.ForeignKey(SourceSystem, models.CASCADE, db_constraint=False, db_index=False)
    nonce = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "nonce"], name="source_nonce_once")]
        indexes = [
            models.Index(fields=["source", "-at"], name="source_nonce_recent"),
            models.Index(fields=["at"], name="source_nonce_age"),
        ]

    def __str__(self) -> str:
        return self.nonce


class Push(models.Model):
    """One request that was taken: what became of its rows. The same request gets the same answer again.

    `problems` is refusal code to count. `results` are the answers to rows of people, in the English
    original, without personal data; an attendance push keeps its answer with its batch (`batch_pk`).
    """

    class Kind(models.TextChoices):
        PEOPLE = "people", _("People")
        ATTENDANCE = "attendance", _("Attendance")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    source = models.ForeignKey(SourceSystem, models.PROTECT, related_name="pushes")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    gate = models.CharField("对方闸机", max_length=40, blank=True, default="")
    request_id = models.CharField("请求编号", max_length=64)
    body_sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField("收到时间")
    rows = models.PositiveIntegerField("行数", default=0)
    kept = models.PositiveIntegerField("写入", default=0)
    unchanged = models.PositiveIntegerField("原已登记", default=0)
    refused = models.PositiveIntegerField("拒绝", default=0)
    problems = models.JSONField("拒绝原因", default=dict)
    results = models.JSONField("逐行结果", default=list)
    first_day = models.DateField("最早日期", null=True)
    last_day = models.DateField("最晚日期", null=True)
    batch_pk = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "推送"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "source", "kind", "gate", "request_id"], name="push_once"
            )
        ]
        indexes = [
            models.Index(fields=["source", "-received_at"], name="push_recent"),
            models.Index(fields=["project", "source", "kind", "last_day"], name="push_days"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.request_id}"


class PushedPosting(models.Model):
    """That a system says of a posting that it is so: since when, and when it said so last."""

    pk = models.CompositePrimaryKey("project_id", "posting_id", "source_id")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    posting_id = models.BigIntegerField()
    worker_id = models.BigIntegerField()
    source = models.ForeignKey(SourceSystem, models.PROTECT, related_name="+")
    first_at = models.DateTimeField("首次推送")
    last_at = models.DateTimeField("最近推送")

    class Meta:
        verbose_name = verbose_name_plural = "推送的用工"

    def __str__(self) -> str:
        return f"{self.source_id} {self.posting_id}"
