"""The special wage account, its share for each project, and append-only entries."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Organisation, Project, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField


class AccountState(models.TextChoices):
    """Where an account, or a project's share of it, stands between opening and closing."""

    PENDING = "pending", _("Waiting for the bank")
    OPEN = "open", _("Open")
    REFUSED = "refused", _("Refused by the bank")
    CLOSING = "closing", _("Being closed")
    CLOSED = "closed", _("Closed")


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
    state = models.CharField(
        "状态", max_length=8, choices=AccountState.choices, default=AccountState.OPEN, db_default="open"
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工资专用账户"

    def __str__(self) -> str:
        return self.name


class SubLedger(models.Model):
    """A project's share of a special account. `balance_fen` always equals the last entry's balance.

    Several projects of a firm may share one account (measures of 2021): the filing and the closing are each
    project's own, so they stand here. `joined_on` is the day from which the account serves the project.
    """

    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="sub_ledgers")
    project = models.OneToOneField(Project, models.PROTECT, related_name="sub_ledger")
    balance_fen = models.BigIntegerField("余额（分）", default=0)
    entry_count = models.PositiveIntegerField(default=0)
    state = models.CharField(
        "状态", max_length=8, choices=AccountState.choices, default=AccountState.OPEN, db_default="open"
    )
    joined_on = models.DateField("启用日", null=True, blank=True)
    filed_on = models.DateField("备案日", null=True, blank=True)
    filing_number = models.CharField("备案号", max_length=60, blank=True, default="", db_default="")

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
        CLOSING = "closing", _("Balance back to the contractor")

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


class AccountEvent(models.Model):
    """One thing that happened to a special account or to a project's share of it. Append-only."""

    class Kind(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        CONFIRMED = "confirmed", _("Confirmed by the bank")
        REFUSED = "refused", _("Refused by the bank")
        FILED = "filed", _("Filed with the authority")
        AGREED = "agreed", _("Agreement entered")
        CLOSING_ASKED = "asked", _("Closing asked for")
        CLOSING_WITHDRAWN = "withdrawn", _("Closing withdrawn")
        CLOSED = "closed", _("Closed")
        REOPEN_ASKED = "ask_reopen", _("Opening again asked for")
        REOPENED = "reopened", _("Opened again")
        KEPT_SHUT = "kept_shut", _("Stays closed")
        GAP_FOUND = "gap_found", _("Gap between statements")
        GAP_CLOSED = "gap_closed", _("Gap between statements closed")

    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="events")
    sub_ledger = models.ForeignKey(
        SubLedger, models.PROTECT, null=True, related_name="events", db_constraint=False
    )
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    happened_on = models.DateField("日期")
    number = models.CharField("编号", max_length=80, blank=True)
    reason = models.CharField("说明", max_length=300, blank=True)
    amount_fen = models.BigIntegerField("金额（分）", null=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "专户事项"
        indexes = [models.Index(fields=["account", "kind"], name="account_event_kind")]
        triggers = [
            pgtrigger.Protect(name="account_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.happened_on}"
