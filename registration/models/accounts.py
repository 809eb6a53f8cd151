"""People who sign in to the desktop, codes for those who sign in by phone, and messages to them."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.organisations import Authority, Organisation
from wagewatch.lib.fields import EncryptedTextField


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None, *, name: str) -> "User":
        user = self.model(username=username, name=name)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """An official, a contractor's or a bank's employee. Workers are not users: see Worker."""

    username = models.CharField("用户名", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=60)
    phone = EncryptedTextField("手机号", context="user.phone", null=True, blank=True)
    is_active = models.BooleanField("在用", default=True)
    date_joined = models.DateTimeField("开户时间", auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["last_login", "password"])

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person may do for the organisation or authority that employs them."""

    INSPECTOR = "inspector", _("Inspector")
    GC_CLERK = "gc_clerk", _("Labour clerk, general contractor")
    GC_MANAGER = "gc_manager", _("Project manager")
    SC_CLERK = "sc_clerk", _("Labour clerk, subcontractor")
    AGENCY_CLERK = "agency_clerk", _("Labour clerk, labour agency")
    OWNER_CLERK = "owner_clerk", _("Project owner's clerk")
    BANK_OFFICER = "bank_officer", _("Bank officer")
    SITE = "site", _("Site guard")


class Membership(models.Model):
    """A role held by a user for one organisation, or for one authority."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True)
    authority = models.ForeignKey(Authority, models.PROTECT, null=True, blank=True)
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    is_active = models.BooleanField("有效", default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "authority", "role"],
                name="membership_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, authority__isnull=True)
                | Q(organisation__isnull=True, authority__isnull=False),
                name="membership_of_one_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class Invitation(models.Model):
    """A one-time link by which an invited person sets the password of a new account; only its hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "账号邀请"

    def __str__(self) -> str:
        return f"invitation of user {self.user_id}"


class LoginCode(models.Model):
    """A one-time code sent to a phone; only its hash is kept. It is good for its `purpose` alone.

    `browser_index` says which browser asked at an open door: there alone the code is good, and strangers who know
    the number use up neither it nor its tries. `is_stranger` is one that this phone never signed in on.
    """

    purpose = models.CharField(max_length=40, default="sign_in", db_default="sign_in")
    phone_index = models.BinaryField(max_length=32)
    browser_index = models.BinaryField(max_length=32, null=True)
    is_stranger = models.BooleanField(default=False, db_default=False)
    address_index = models.BinaryField(max_length=32, null=True)
    code_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录验证码"
        indexes = [
            models.Index(fields=["phone_index", "-created_at"], name="login_code_phone"),
            models.Index(fields=["address_index", "-created_at"], name="login_code_address"),
            models.Index(
                fields=["purpose", "-created_at"],
                name="login_code_purpose",
                condition=~Q(purpose="sign_in"),
            ),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class SmsMessage(models.Model):
    """A text message waiting for, or handed to, the SMS gateway. Never carries personal data but the number.

    Where the phone has notices on it goes out as one first (`pushed_at`), and by the gateway if nobody showed it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        PUSHED = "pushed", _("Sent as a notice")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    phone = EncryptedTextField("手机号", context="sms.phone")
    phone_index = models.BinaryField(max_length=32)
    text = EncryptedTextField("内容", context="sms.text")
    kind = models.CharField("类别", max_length=40)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    dedupe_key = models.CharField(max_length=120, null=True, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "短信"
        indexes = [
            models.Index(fields=["tries", "created_at"], name="sms_waiting", condition=Q(state="waiting")),
            # As registration.services.messages.AWAITED.
            models.Index(
                fields=["tries", "created_at"],
                name="sms_awaited",
                condition=Q(state="waiting", kind__in=("login_code", "tablet_code")),
            ),
            models.Index(fields=["-created_at"], name="sms_recent"),
            models.Index(fields=["phone_index", "-created_at"], name="sms_of_phone"),
            models.Index(fields=["pushed_at"], name="sms_pushed", condition=Q(state="pushed")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class SensitiveView(models.Model):
    """Somebody looked at a person's full data: who, whose, which fields, for what purpose.

    Nobody is named where it was the picture of a stranger at a gate.
    """

    user = models.ForeignKey(User, models.PROTECT)
    worker = models.ForeignKey("registration.Worker", models.PROTECT, null=True)
    project = models.ForeignKey("registration.Project", models.PROTECT, null=True)
    fields = models.CharField("内容", max_length=120)
    purpose = models.CharField("用途", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "敏感信息查看记录"
        indexes = [models.Index(fields=["worker", "-at"], name="sensitive_view_worker")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.worker_id} {self.at:%F}"
