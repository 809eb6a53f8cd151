"""Terminals that may post passages, and the nonces they have used."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Project, SourceSystem
from wagewatch.lib.fields import EncryptedTextField


class Terminal(models.Model):
    """A gate terminal or site agent. Requests are signed with `secret` (HMAC-SHA256), named by `key_id`.

    A gate of another real-name system (`source`) stands for where its stamps come from; nobody has its key.
    """

    class Lane(models.TextChoices):
        IN = "in", _("Entrance")
        OUT = "out", _("Exit")
        BOTH = "both", _("Both ways")

    project = models.ForeignKey(Project, models.PROTECT, related_name="terminals")
    serial = models.CharField("序列号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    lane = models.CharField("通道", max_length=4, choices=Lane.choices, default=Lane.BOTH)
    key_id = models.CharField("密钥编号", max_length=32, unique=True)
    secret = EncryptedTextField("密钥", context="terminal.secret")
    source = models.ForeignKey(
        SourceSystem, models.PROTECT, null=True, blank=True, related_name="gates", verbose_name="对接系统"
    )
    is_active = models.BooleanField("在用", default=True)
    last_seen_at = models.DateTimeField("最近联系", null=True)
    clock_skew_ms = models.BigIntegerField("时钟偏差（毫秒）", null=True)
    queue_length = models.PositiveIntegerField("待传条数", null=True)
    history = HistoricalRecords(excluded_fields=["secret", "last_seen_at", "clock_skew_ms", "queue_length"])

    class Meta:
        verbose_name = verbose_name_plural = "终端"

    def __str__(self) -> str:
        return self.name


class SeenNonce(models.Model):
    """A nonce used by a terminal within the signature window; a second use is a replay."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, db_constraint=False)
    nonce = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["terminal", "nonce"], name="nonce_once")]
        indexes = [models.Index(fields=["at"], name="nonce_age")]

    def __str__(self) -> str:
        return self.nonce
