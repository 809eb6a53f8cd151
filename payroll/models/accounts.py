"""The special wage account, its share for each project, and append-only entries."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Organisation, Project
from wagewatch.lib.fields import EncryptedTextField


class SpecialAccount(models.Model):
    """农民工工资专用账户 (Order 724 art. 26). One account may carry several projects as sub-ledgers."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="special_accounts")
    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    name = models.CharField("户名", max_length=200)
    number = EncryptedTextField("账号", context="account.number")
    number_index = models.BinaryField(max_length=32, unique=True)
    tail = models.CharField("尾号", max_length=4)
    opened_on = models.DateField("开户日")
    filed_on = models.DateField("备案日", null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工资专用账户"

    def __str__(self) -> str:
        return self.name


class SubLedger(models.Model):
    """A project's share of a special account. `balance_fen` always equals the last entry's balance."""

    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="sub_ledgers")
    project = models.OneToOneField(Project, models.PROTECT, related_name="sub_ledger")
    balance_fen = models.BigIntegerField("余额（分）", default=0)
    entry_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "专户分账"

    def __str__(self) -> str:
        return f"{self.account} / {self.project_id}"


class AccountEntry(models.Model):
    """One booked movement, in order, with the balance after it. Append-only."""

    class Kind(models.TextChoices):
        ALLOCATION = "allocation", _("Labour cost allocated")
        WAGES = "wages", _("Wages paid")
        RETURN = "return", _("Returned")
        LOAN = "loan", _("Wage loan drawn")
        LOAN_BACK = "loan_back", _("Wage loan repaid")
        OTHER_IN = "other_in", _("Other income")
        OTHER_OUT = "other_out", _("Other outflow")

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT)
    sub_ledger = models.ForeignKey(SubLedger, models.PROTECT, related_name="entries", db_constraint=False)
    number = models.PositiveIntegerField("序号")
    at = models.DateTimeField("入账时间")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    amount_fen = models.BigIntegerField("金额（分，支出为负）")
    balance_fen = models.BigIntegerField("余额（分）")
    cause = models.CharField("缘由", max_length=120)
    bank_reference = models.CharField("银行流水号", max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = "专户流水"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "bank_reference", "amount_fen"], name="account_entry_once"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="account_entry_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"
