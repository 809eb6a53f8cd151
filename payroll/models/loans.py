"""The special loan for wages (工资专项贷款): what the bank granted, what was drawn for which sheet, what went back."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from payroll.models.sheets import PaySheet
from registration.models import Organisation, Project, User


class LoanFacility(models.Model):
    """A bank's credit line for one project's wages, with its guarantor: asked for, then granted or declined."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", pgettext_lazy("loan", "Declined")

    project = models.ForeignKey(Project, models.PROTECT, related_name="loan_facilities")
    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_fen = models.BigIntegerField("申请额度（分）")
    limit_fen = models.BigIntegerField("额度（分）", default=0)
    guarantor = models.CharField("担保人", max_length=120)
    contract_number = models.CharField("合同号", max_length=60, blank=True)
    valid_from = models.DateField("起始日", null=True)
    valid_until = models.DateField("到期日", null=True)
    reason = models.CharField("用途说明", max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    answer = models.CharField("银行意见", max_length=300, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工资专项贷款"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="granted")
                | Q(limit_fen__gt=0, valid_from__isnull=False, valid_until__gte=F("valid_from")),
                name="loan_facility_has_limit_and_term",
            ),
            models.UniqueConstraint(
                fields=["project"], condition=Q(state="asked"), name="one_open_loan_application"
            ),
        ]

    def __str__(self) -> str:
        return f"loan facility {self.pk}"


class LoanDraw(models.Model):
    """Money drawn for an approved sheet. `reference` is what the bank writes on its transfer; the account's book
    then holds it as an entry of the kind LOAN."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        CONFIRMED = "confirmed", _("Confirmed by the bank")
        ARRIVED = "arrived", _("Money arrived")
        DECLINED = "declined", pgettext_lazy("loan", "Declined")

    LIVE = (State.ASKED, State.CONFIRMED, State.ARRIVED)

    project = models.ForeignKey(Project, models.PROTECT, related_name="loan_draws")
    facility = models.ForeignKey(LoanFacility, models.PROTECT, related_name="draws", db_constraint=False)
    number = models.PositiveIntegerField("序号")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="+", db_constraint=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    amount_fen = models.BigIntegerField("金额（分）")
    repaid_fen = models.BigIntegerField("已还（分）", default=0)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    answer = models.CharField("银行意见", max_length=300, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)
    arrived_at = models.DateTimeField("到账时间", null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "贷款提款"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="loan_draw_number_once"),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, repaid_fen__gte=0, repaid_fen__lte=F("amount_fen")),
                name="loan_draw_never_over_repaid",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What the bank's transfer carries, e.g. "ZXD3-1"."""
        return f"ZXD{self.project_id}-{self.number}"

    @property
    def outstanding_fen(self) -> int:
        """What is still owed to the bank of money that arrived."""
        return self.amount_fen - self.repaid_fen if self.state == self.State.ARRIVED else 0


class LoanRepayment(models.Model):
    """Money going back to the bank for one draw, out of one later allocation (its account entry's number)."""

    class State(models.TextChoices):
        ORDERED = "ordered", _("Bank instructed")
        BOOKED = "booked", _("Repaid")
        WITHDRAWN = "withdrawn", pgettext_lazy("loan", "Taken back")

    project = models.ForeignKey(Project, models.PROTECT, related_name="loan_repayments")
    number = models.PositiveIntegerField("序号")
    draw = models.ForeignKey(LoanDraw, models.PROTECT, related_name="repayments", db_constraint=False)
    entry_number = models.PositiveIntegerField("所用拨付的流水序号")
    amount_fen = models.BigIntegerField("金额（分）")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ORDERED)
    ordered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ordered_at = models.DateTimeField("指令时间")
    booked_at = models.DateTimeField("入账时间", null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "贷款归还"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="loan_repayment_number_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="loan_repayment_positive"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What the bank's booking carries, e.g. "ZXH3-1"."""
        return f"ZXH{self.project_id}-{self.number}"
