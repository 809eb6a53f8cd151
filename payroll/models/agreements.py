"""Papers about a special account: the three-party agreement, and the authority's word on its closing."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from payroll.models.accounts import AccountEvent, SubLedger
from registration.models import Organisation, StoredFile, User


class AccountAgreement(models.Model):
    """三方监管协议 of general contractor, bank and owner; a change is a new version. Append-only.

    `amount_fen` or `ratio_percent` says what is allocated in a cycle, `day` on which day of the month.
    """

    class Mode(models.TextChoices):
        AMOUNT = "amount", _("A fixed amount a month")
        RATIO = "ratio", _("A share of the progress payment")

    sub_ledger = models.ForeignKey(SubLedger, models.PROTECT, related_name="agreements", db_constraint=False)
    version = models.PositiveSmallIntegerField("版本")
    number = models.CharField("协议编号", max_length=60)
    signed_on = models.DateField("签订日")
    contractor = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    mode = models.CharField("拨付方式", max_length=6, choices=Mode.choices)
    amount_fen = models.BigIntegerField("每月拨付（分）", null=True)
    ratio_percent = models.DecimalField("拨付比例（%）", max_digits=5, decimal_places=2, null=True)
    day = models.PositiveSmallIntegerField("每月拨付日")
    note = models.CharField("说明", max_length=200, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "三方监管协议"
        constraints = [
            models.UniqueConstraint(fields=["sub_ledger", "version"], name="agreement_version_once"),
            models.CheckConstraint(
                condition=models.Q(mode="amount", amount_fen__gt=0, ratio_percent__isnull=True)
                | models.Q(
                    mode="ratio", amount_fen__isnull=True, ratio_percent__gt=0, ratio_percent__lte=100
                ),
                name="agreement_amount_or_ratio",
            ),
            models.CheckConstraint(
                condition=models.Q(day__gte=1, day__lte=31), name="agreement_day_of_month"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="agreement_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"


class AccountRuling(models.Model):
    """What the authority decided about a request to close. Written by the supervision side; append-only."""

    class Kind(models.TextChoices):
        RELEASED = "released", _("Closing allowed")
        REFUSED = "refused", _("Closing refused")

    sub_ledger = models.ForeignKey(SubLedger, models.PROTECT, related_name="rulings", db_constraint=False)
    answers = models.OneToOneField(AccountEvent, models.PROTECT, related_name="ruling")
    kind = models.CharField("决定", max_length=8, choices=Kind.choices)
    document = models.CharField("文号", max_length=60)
    reason = models.CharField("理由", max_length=300)
    decided_on = models.DateField("决定日")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "专户销户决定"
        triggers = [
            pgtrigger.Protect(
                name="account_ruling_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.sub_ledger_id} {self.kind}"
