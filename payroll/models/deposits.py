"""The wage deposit of a project: what the contractor's side says, what the authority rules, a firm's record.

All three only ever grow. Contractors write `DepositEntry`; `DepositRuling` and `ArrearsRecord` are written by
the supervision side alone (`inspection/sides.py`) and stand here because both sides read them.
"""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models import Organisation, Project, StoredFile, User


class DepositForm(models.TextChoices):
    """How a deposit is given (measures of 2021: cash, bank guarantee, insurance)."""

    CASH = "cash", _("Cash at a bank")
    GUARANTEE = "guarantee", _("Bank guarantee")
    INSURANCE = "insurance", _("Guarantee insurance")


class DepositEntry(models.Model):
    """工资保证金 (Order 724 art. 32): one fact about a project's deposit, with what covers wages after it.

    `amount_fen` is the change of the cover, `balance_fen` the cover after it. Issuer, number and days describe
    the paper in force since a lodging, a top-up or a change of form. Append-only.
    """

    class Kind(models.TextChoices):
        LODGED = "lodged", _("Lodged")
        TOPPED_UP = "topped_up", _("Topped up")
        REPLACED = "replaced", _("Form or guarantee changed")
        PAID_OUT = "paid_out", _("Paid to workers by order")
        ASKED_BACK = "asked_back", _("Asked back")
        RETURNED = "returned", _("Returned to the contractor")

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="deposit_entries")
    number = models.PositiveIntegerField("序号")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    form = models.CharField("形式", max_length=10, choices=DepositForm.choices)
    happened_on = models.DateField("日期")
    amount_fen = models.BigIntegerField("变动（分）", default=0)
    balance_fen = models.BigIntegerField("变动后金额（分）")
    due_fen = models.BigIntegerField("当时应存（分）")
    issuer = models.CharField("出具机构", max_length=120)
    paper_number = models.CharField("凭证号", max_length=60)
    expires_on = models.DateField("到期日", null=True, blank=True)
    notice_from = models.DateField("公示起始日", null=True, blank=True)
    ruling_number = models.PositiveIntegerField("对应决定", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "工资保证金流水"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(balance_fen__gte=0), name="deposit_balance_never_negative"
            ),
            models.UniqueConstraint(
                fields=["project", "ruling_number", "kind"], name="deposit_ruling_answered_once"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="deposit_entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number} {self.kind}"


class DepositRuling(models.Model):
    """What the authority decided about a project's deposit. Written by the supervision side; append-only."""

    class Kind(models.TextChoices):
        USE = "use", _("Order to use")
        LIFTED = "lifted", _("Order lifted")
        RELEASED = "released", _("Return allowed")
        REFUSED = "refused", _("Return refused")

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="deposit_rulings")
    number = models.PositiveIntegerField("序号")
    kind = models.CharField("决定", max_length=10, choices=Kind.choices)
    decided_on = models.DateField("决定日")
    amount_fen = models.BigIntegerField("金额（分）", default=0)
    due_on = models.DateField("限期", null=True, blank=True)
    document = models.CharField("文号", max_length=60)
    reason = models.CharField("理由", max_length=300)
    answers = models.PositiveIntegerField("所对应的申请或决定", null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "工资保证金决定"
        triggers = [
            pgtrigger.Protect(
                name="deposit_ruling_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number} {self.kind}"


class ArrearsRecord(models.Model):
    """What the authority established about a general contractor's record of arrears; the newest row holds.

    `since` is the first day without arrears, the day of the last arrears, or the day of listing. Append-only.
    """

    class Kind(models.TextChoices):
        CLEAN = "clean", _("No arrears")
        ARREARS = "arrears", _("Was in arrears")
        LISTED = "listed", _("On the list of serious dishonesty")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="arrears_records")
    kind = models.CharField("情况", max_length=10, choices=Kind.choices)
    since = models.DateField("起算日")
    well_kept = models.BooleanField("落实实名制和专户", default=False)
    reason = models.CharField("依据", max_length=300)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "单位欠薪记录"
        triggers = [
            pgtrigger.Protect(
                name="arrears_record_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.kind} {self.since}"
