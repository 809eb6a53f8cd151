"""Terminals that may post passages, and the nonces they have used."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Project, SourceSystem, User
from wagewatch.lib.fields import EncryptedTextField


class Terminal(models.Model):
    """A gate terminal, a site agent, or a device that a site agent speaks for.

    Requests are signed with `secret` (HMAC-SHA256), named by `key_id`. While a key is being changed the former
    one is good as well, until `former_until`. A device with an `agent` has no key: the agent signs for it. A
    terminal that has not enrolled yet has none either. A gate of another real-name system (`source`) stands for
    where its stamps come from; nobody has its key.
    """

    class Kind(models.TextChoices):
        GATE = "gate", _("Gate with a key of its own")
        AGENT = "agent", _("Site agent on a PC")
        ADMS = "adms", _("Face terminal, ZKTeco push")
        HIKVISION = "hikvision", _("Face terminal, Hikvision")
        UFACE = "uface", _("Face terminal, uface")
        RELAY = "relay", _("Turnstile on a relay board")
        WIEGAND = "wiegand", _("Card reader, Wiegand")
        OSDP = "osdp", _("Card reader, OSDP")

    class Lane(models.TextChoices):
        IN = "in", _("Entrance")
        OUT = "out", _("Exit")
        BOTH = "both", _("Both ways")

    project = models.ForeignKey(Project, models.PROTECT, related_name="terminals")
    serial = models.CharField("序列号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    lane = models.CharField("通道", max_length=4, choices=Lane.choices, default=Lane.BOTH)
    kind = models.CharField("类型", max_length=12, choices=Kind.choices, default=Kind.GATE)
    agent = models.ForeignKey("self", models.PROTECT, null=True, related_name="devices", db_constraint=False)
    networks = models.JSONField("来源网段", default=list)
    key_id = models.CharField("密钥编号", max_length=32, unique=True, null=True)
    secret = EncryptedTextField("密钥", context="terminal.secret", null=True)
    key_made_at = models.DateTimeField("密钥生成时间", null=True)
    key_used_at = models.DateTimeField("新密钥首次使用", null=True)
    former_key_id = models.CharField("原密钥编号", max_length=32, unique=True, null=True)
    former_secret = EncryptedTextField("原密钥", context="terminal.secret", null=True)
    former_until = models.DateTimeField("原密钥有效至", null=True)
    rotate_wanted_at = models.DateTimeField("要求换密钥", null=True)
    source = models.ForeignKey(
        SourceSystem, models.PROTECT, null=True, blank=True, related_name="gates", verbose_name="对接系统"
    )
    is_active = models.BooleanField("在用", default=True)
    last_seen_at = models.DateTimeField("最近联系", null=True)
    clock_skew_ms = models.BigIntegerField("时钟偏差（毫秒）", null=True)
    queue_length = models.PositiveIntegerField("待传条数", null=True)
    keeps_people = models.BooleanField("名单下发到本机", null=True)
    """Whether its agent gives it people and pictures, by the agent's own word; None: it has not said."""
    history = HistoricalRecords(
        excluded_fields=[
            "secret",
            "former_secret",
            "key_used_at",
            "last_seen_at",
            "clock_skew_ms",
            "queue_length",
            "keeps_people",
        ]
    )

    class Meta:
        verbose_name = verbose_name_plural = "终端"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agent__isnull=True)
                | models.Q(key_id__isnull=True, former_key_id__isnull=True),
                name="terminal_of_an_agent_has_no_key",
            )
        ]

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


class TerminalFacts(models.Model):
    """What a terminal last said of itself in a heartbeat; one row for each, overwritten, without history."""

    pk = models.CompositePrimaryKey("project_id", "terminal_id")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="+", db_constraint=False)
    said_at = models.DateTimeField("报告时间")
    devices = models.JSONField("设备", default=list)
    disk_percent = models.PositiveSmallIntegerField("磁盘占用（%）", null=True)
    trouble = models.CharField("故障", max_length=300, default="")
    worries = models.JSONField("需要处理", default=list)
    clock_wrong_ms = models.BigIntegerField("电脑时钟偏差（毫秒）", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "终端状况"

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.said_at:%F %T}"


class EnrolmentCode(models.Model):
    """A code that gives a terminal its key, once. Only its keyed digest is kept.

    `claim_index` is the digest of a number that the device made up and wrote down before it asked: with it the
    same device may ask again when the answer was lost, as long as the key it was given was never used.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="codes", db_constraint=False)
    code_index = models.BinaryField(max_length=32, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("有效至")
    used_at = models.DateTimeField("使用时间", null=True)
    claim_index = models.BinaryField(max_length=32, null=True)

    class Meta:
        verbose_name = verbose_name_plural = "终端注册码"

    def __str__(self) -> str:
        return f"code for {self.terminal_id}"


class EnrolmentTry(models.Model):
    """A wrong code from an address, kept for an hour: who guesses is stopped."""

    address_index = models.BinaryField(max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "注册码试错"
        indexes = [models.Index(fields=["address_index", "at"], name="enrolment_try_address")]

    def __str__(self) -> str:
        return f"{self.at:%F %T}"


class AllowListVersion(models.Model):
    """What a version of a project's allow-list said of each number, as digests: enough to tell what changed since.

    Some tens of versions are kept for each project; who asks since an older one gets the whole list.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    version = models.CharField("版本", max_length=16)
    made_at = models.DateTimeField("时间")
    pins = models.JSONField("各编号摘要")

    class Meta:
        verbose_name = verbose_name_plural = "放行名单版本"
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="allow_list_version_once")]
        indexes = [models.Index(fields=["project", "-made_at"], name="allow_list_version_recent")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.version}"


class AllowListChange(models.Model):
    """Something changed that decides who may enter; written by triggers (`list_changes_sql.py`), never by code.

    `scope` is the project, or 0 for all. Rows are only added, so that nobody waits for anybody; which of them
    are seen says whether a list is still good (`services/list_versions.py`).
    """

    scope = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "放行名单变动"
        indexes = [models.Index(fields=["scope"], include=["id"], name="allow_list_change_scope")]

    def __str__(self) -> str:
        return f"{self.scope} {self.at:%F %T}"
