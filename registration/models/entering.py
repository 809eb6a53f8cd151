"""Ways in other than a roster: cards laid on a site's reader, and workers who register by the site's QR code."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models.accounts import User
from registration.models.people import Posting, Worker
from registration.models.projects import Participation, Project, Team
from wagewatch.lib.fields import EncryptedBytesField, EncryptedTextField


class CardRead(models.Model):
    """An identity card read on a site, waiting some minutes for a clerk; then it is deleted.

    `data` is JSON of the fields of the card, `photo` the picture if the agent sent one. `key` is the
    agent's own number of the read: the same read sent twice is one row.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    key = models.CharField(max_length=40)
    reader = models.CharField("读卡器", max_length=60)
    data = EncryptedTextField("证件内容", context="card_read.data")
    photo = EncryptedBytesField("照片", context="card_read.photo", null=True)
    read_at = models.DateTimeField("读卡时间")
    received_at = models.DateTimeField("收到时间")
    used_at = models.DateTimeField("使用时间", null=True)
    used_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "读卡记录"
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="card_read_once")]
        indexes = [models.Index(fields=["project", "-received_at"], name="card_read_recent")]

    def __str__(self) -> str:
        return f"card read {self.pk}"


class JoinRequest(models.Model):
    """A worker asks by the site's QR code to be registered; the clerk accepts with a team and a rate.

    waiting → accepted (a posting exists) or refused with a reason.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the clerk")
        ACCEPTED = "accepted", _("Registered")
        REFUSED = "refused", pgettext_lazy("join request", "Refused")

    project = models.ForeignKey(Project, models.PROTECT, related_name="join_requests")
    name = models.CharField("姓名", max_length=60)
    id_number = EncryptedTextField("身份证号", context="join.id_number")
    id_index = models.BinaryField(max_length=32)
    phone = EncryptedTextField("手机号", context="join.phone")
    phone_index = models.BinaryField(max_length=32)
    trade = models.CharField("工种", max_length=40, blank=True)
    employer = models.ForeignKey(
        Participation, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    card_number = EncryptedTextField("工资卡号", context="join.card", null=True, blank=True)
    bank_name = models.CharField("开户行", max_length=60, blank=True)
    photo = EncryptedBytesField("照片", context="join.photo", null=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField("退回原因", max_length=200, blank=True)
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, related_name="+")
    posting = models.ForeignKey(Posting, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    asked_at = models.DateTimeField("申请时间")
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "扫码登记申请"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "id_index"], condition=Q(state="waiting"), name="one_waiting_join_request"
            )
        ]
        indexes = [
            models.Index(fields=["project", "state", "asked_at"], name="join_request_waiting"),
            models.Index(fields=["phone_index"], name="join_request_phone"),
        ]

    def __str__(self) -> str:
        return f"join request {self.pk}"
