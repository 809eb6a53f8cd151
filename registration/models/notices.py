"""What workers say on the phone about a posting that others registered, and histories they let others see."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models.accounts import User
from registration.models.people import Posting, Worker
from registration.models.projects import Project
from wagewatch.lib.fields import EncryptedTextField


class PostingNotice(models.Model):
    """One thing a worker said about a posting: right, not me, something is wrong, I am leaving.

    `terms` are the posting's terms as the worker saw them, kept because the posting may change later; the
    evidence log is rebuilt from here. What needs the clerk stays open until `handled_at`.
    """

    class Kind(models.TextChoices):
        RIGHT = "right", _("Yes, that is right")
        NOT_ME = "not_me", _("That is not me")
        WRONG = "wrong", _("Something is wrong")
        LEAVING = "leaving", _("I am leaving")

    class Reason(models.TextChoices):
        NEVER_THERE = "never", _("I never worked there")
        OTHER_FIRM = "firm", _("I work for another firm")
        ID_USED = "id_used", _("Somebody used my ID card")
        PAY = "pay", _("The pay is wrong")
        TRADE = "trade", _("The trade is wrong")
        DAY = "day", _("The day is wrong")
        OTHER = "other", pgettext_lazy("reason of a notice", "Something else")

    project = models.ForeignKey(Project, models.PROTECT, related_name="notices")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="notices", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="notices")
    kind = models.CharField("内容", max_length=8, choices=Kind.choices)
    reason = models.CharField("原因", max_length=8, choices=Reason.choices, blank=True)
    terms = models.JSONField("当时的用工信息", default=dict)
    text = EncryptedTextField("原话", context="notice.text", null=True, blank=True)
    last_day = models.DateField("最后一天", null=True, blank=True)
    made_at = models.DateTimeField("时间")
    handled_at = models.DateTimeField("处理时间", null=True, blank=True)
    handled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answer = models.CharField("答复", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "本人反馈"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "posting", "kind"],
                condition=Q(handled_at__isnull=True) & ~Q(kind="right"),
                name="one_open_notice_of_a_kind",
            )
        ]
        indexes = [
            models.Index(
                fields=["project", "made_at"],
                condition=Q(handled_at__isnull=True) & ~Q(kind="right"),
                name="notice_open",
            ),
            models.Index(fields=["worker", "-made_at"], name="notice_of_worker"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"


class HistoryShare(models.Model):
    """A work history that a worker lets others see by a link until it expires or is taken back.

    `facts` is the canonical JSON of what the worker saw and shared; `sha256` is its digest, which the
    evidence log holds, so that paper and page can be compared. The token is found by its blind index.
    """

    class Days(models.IntegerChoices):
        WEEK = 7, _("7 days")
        MONTH = 30, _("30 days")
        QUARTER = 90, _("90 days")

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="shares")
    token = EncryptedTextField("链接码", context="share.token")
    token_index = models.BinaryField(max_length=32, unique=True)
    facts = EncryptedTextField("内容", context="share.facts")
    sha256 = models.BinaryField(max_length=32)
    made_at = models.DateTimeField("时间")
    expires_at = models.DateTimeField("有效期至")
    revoked_at = models.DateTimeField("收回时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "履历分享"
        indexes = [models.Index(fields=["worker", "-made_at"], name="share_of_worker")]

    def __str__(self) -> str:
        return f"share {self.pk}"
