"""What people are told about alarms: in the app, by text message, by e-mail, at once or once a day."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inspection.models.alarms import Alarm, Level
from registration.models import Project, User
from wagewatch.lib.fields import EncryptedTextField


class Notice(models.Model):
    """One thing that one person is told about a project, once per `key`.

    What concerns a firm and no project (the list) is filed once, under one project of the firm: keys of tables that
    grow carry the project. `facts` then names the `firm`, which stands where the project would.
    `held` waits for the person's daily summary instead of a message of its own; `facts` (rule, period, step) let
    the words be told in the reader's language.
    """

    class Kind(models.TextChoices):
        ALARM = "alarm", _("A warning")
        GIVEN = "given", _("You were given a warning")
        URGED = "urged", _("You are urged to act")
        OVERDUE = "overdue", _("A deadline is over")
        ESCALATED = "escalated", _("A warning went up to you")
        ANSWERED = "answered", _("The site answered")
        PAUSE = "pause", _("A pause is asked for")
        DECIDED = "decided", _("Your request for a pause was decided")
        ORDERED = "ordered", _("An order to correct was served on your firm")
        REPLIED = "replied", _("A firm answered an order")
        ORDER_STEP = "order_step", _("The office took a step about an order to your firm")
        LISTING = "listing", _("A step about the list of serious dishonesty concerns your firm")
        LIST_SAID = "list_said", _("A firm spoke in a proceeding about the list")
        CASE_MOVED = "case_moved", _("A case was handed to your office")
        CASE_GIVEN = "case_given", _("You were given a case")

    project = models.ForeignKey(Project, models.PROTECT)
    alarm = models.ForeignKey(Alarm, models.PROTECT, null=True, related_name="notices", db_constraint=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="notices")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    level = models.PositiveSmallIntegerField("等级", choices=Level.choices)
    key = models.CharField(max_length=80)
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)
    held = models.BooleanField("待汇总", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        constraints = [models.UniqueConstraint(fields=["project", "user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-made_at"], name="notice_of_user"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["user", "made_at"], name="notice_held", condition=Q(held=True)),
            models.Index(fields=["alarm", "made_at"], name="notice_of_alarm"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"


class NoticeChoice(models.Model):
    """How a person wants to be told. Without a row: text messages at once, no e-mail."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="notice_choice")
    by_sms = models.BooleanField("短信", default=True)
    by_mail = models.BooleanField("邮件", default=False)
    mail = EncryptedTextField("邮箱", context="notice.mail", blank=True)
    daily = models.BooleanField("每日汇总", default=False)
    summed_on = models.DateField("最近汇总日", null=True)
    changed_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "通知设置"

    def __str__(self) -> str:
        return f"choice of {self.user_id}"


class MailMessage(models.Model):
    """An e-mail waiting for, or handed to, the mail server."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("e-mail", "Waiting")
        SENT = "sent", pgettext_lazy("e-mail", "Sent")
        FAILED = "failed", pgettext_lazy("e-mail", "Not sent")

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    mail = EncryptedTextField("邮箱", context="mail.address")
    subject = models.CharField("主题", max_length=200)
    text = EncryptedTextField("内容", context="mail.text")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField("时间")
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    dedupe_key = models.CharField(max_length=120, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "邮件"
        indexes = [
            models.Index(fields=["created_at"], name="mail_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} {self.state}"
