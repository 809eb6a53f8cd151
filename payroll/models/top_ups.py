"""Requests of the general contractor to the owner for more labour cost."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from registration.models import Project, User


class TopUpRequest(models.Model):
    """补足拨付申请: the general contractor asks the owner for more (measures of 2021). One is open at a time.

    The figures are those of the day it was asked; `reply_by` is the owner's deadline.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        READ = "read", _("Read by the owner")
        PROMISED = "promised", _("Payment promised")
        REFUSED = "refused", pgettext_lazy("top-up", "Declined")
        ORDERED = "ordered", _("Transfer ordered")
        ARRIVED = "arrived", _("Money arrived")
        WITHDRAWN = "withdrawn", pgettext_lazy("top-up", "Taken back")

    class Basis(models.TextChoices):
        PAYROLL = "payroll", _("Coming payroll less the balance")
        AGREED = "agreed", _("Agreed less received")
        OTHER = "other", pgettext_lazy("top-up", "Another amount")

    OPEN = (State.ASKED, State.READ, State.PROMISED, State.REFUSED, State.ORDERED)

    project = models.ForeignKey(Project, models.PROTECT, related_name="top_ups")
    number = models.PositiveIntegerField("序号")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    basis = models.CharField("依据", max_length=10, choices=Basis.choices)
    amount_fen = models.BigIntegerField("申请金额（分）")
    payroll_fen = models.BigIntegerField("待付工资（分）")
    balance_fen = models.BigIntegerField("当时可用余额（分）")
    agreed_fen = models.BigIntegerField("累计应拨（分）")
    received_fen = models.BigIntegerField("累计已拨（分）")
    entries_before = models.PositiveIntegerField("当时流水数", default=0)
    text = models.CharField("说明", max_length=300, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    reply_by = models.DateField("答复期限")
    read_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    read_at = models.DateTimeField("签收时间", null=True)
    promised_on = models.DateField("承诺拨付日", null=True)
    answer = models.CharField("答复", max_length=300, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)
    transfer_reference = models.CharField("付款指令号", max_length=60, blank=True)
    transfer_fen = models.BigIntegerField("付款金额（分）", null=True)
    transfer_on = models.DateField("付款日", null=True)
    ordered_at = models.DateTimeField("登记付款时间", null=True)
    closed_at = models.DateTimeField("结束时间", null=True)
    reminders = models.PositiveSmallIntegerField("提醒次数", default=0)
    reminded_on = models.DateField("最近提醒", null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "补足拨付申请"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="top_up_number_once"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state__in=["asked", "read", "promised", "refused", "ordered"]),
                name="one_open_top_up",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="top_up_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"top-up {self.project_id}/{self.number}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
