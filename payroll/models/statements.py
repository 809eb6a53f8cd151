"""Bank statements, the lines they tell, and what people decided about each line."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payroll.models.accounts import SpecialAccount, SubLedger
from payroll.models.orders import BankMessage
from registration.models import User
from wagewatch.lib.fields import EncryptedBytesField


class BankStatement(models.Model):
    """对账单: opening balance, lines, closing balance of one account and period.

    What a contractor uploads is its own word: it waits until the bank's officer confirms it, or until the bank
    sends the same bytes. `differs_fen` is closing less (opening + lines); `gap_fen` opening less the closing
    of the statement before, `gap_statements` how many numbers are missing between.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the bank")
        APPLIED = "applied", _("Taken in")
        REFUSED = "refused", _("Refused by the bank")

    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="statements")
    message = models.ForeignKey(BankMessage, models.PROTECT, related_name="statements")
    position = models.PositiveSmallIntegerField("文件中第几份", default=0)
    kind = models.CharField("类别", max_length=10)
    statement_id = models.CharField("对账单号", max_length=80)
    sequence = models.BigIntegerField("序号", null=True)
    from_at = models.DateTimeField("起")
    to_at = models.DateTimeField("止")
    opening_fen = models.BigIntegerField("期初（分）", null=True)
    closing_fen = models.BigIntegerField("期末（分）", null=True)
    entries_fen = models.BigIntegerField("发生额（分）")
    line_count = models.PositiveIntegerField("笔数")
    differs_fen = models.BigIntegerField("不平（分）", null=True)
    gap_fen = models.BigIntegerField("断档（分）", default=0)
    gap_statements = models.PositiveIntegerField("缺几份", default=0)
    state = models.CharField("状态", max_length=8, choices=State.choices)
    remarks = models.JSONField("读取说明", default=list)
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    made_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = verbose_name_plural = "银行对账单"
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="statement_of_file_once")]
        indexes = [models.Index(fields=["account", "-to_at"], name="statement_recent")]

    def __str__(self) -> str:
        return self.statement_id


class StatementUpload(models.Model):
    """A statement file that a person brought and that the worker process reads, or a contractor's statement that it takes
    in after the bank's officer has confirmed it (then `statement` is known from the start and there is no file).

    reading → done, with `statement`; reading → refused, with the reason in the uploader's language. The file (encrypted)
    is kept while it is read. `read_tries` counts the readers that died.
    """

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        DONE = "done", _("Read through")
        REFUSED = "refused", _("Cannot be read")

    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="statement_uploads")
    filename = models.CharField("文件名", max_length=200)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField("字节")
    content = EncryptedBytesField(context="statement.file", null=True)
    by_bank = models.BooleanField("银行经办人上传")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.READING)
    language = models.CharField(max_length=10)
    error_text = models.TextField(blank=True)
    read_tries = models.PositiveSmallIntegerField("读取次数", default=0)
    lines_total = models.PositiveIntegerField("笔数", default=0)
    statement = models.ForeignKey(BankStatement, models.PROTECT, null=True, related_name="+")
    is_new = models.BooleanField("首次读取", default=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "对账单上传"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sha256", "by_bank"],
                condition=Q(state="reading"),
                name="statement_read_once",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-uploaded_at"], name="statement_upload_recent"),
            models.Index(fields=["uploaded_at"], condition=Q(state="reading"), name="statement_upload_waits"),
        ]

    def __str__(self) -> str:
        return f"statement upload {self.pk}"

    @property
    def confirms(self) -> bool:
        """Whether it takes in what the bank's officer confirmed; there was no new file then."""
        return not self.size


class StatementLine(models.Model):
    """A booked movement as the bank told it, once however often it is told; lines never vanish.

    `assigned_fen` is how much of it stands in the projects' shares; the rest of what counts waits, not yet
    assigned, on the account. `is_foreign`: money went out that was no wage of this roster (measures of 2021:
    no cash, no other transfers).
    """

    class State(models.TextChoices):
        MATCHED = "matched", _("Matched")
        UNMATCHED = "unmatched", _("Unmatched")
        RETURNED = "returned", _("Returned")
        DUPLICATE = "duplicate", _("Told twice")
        DISMISSED = "dismissed", pgettext_lazy("statement line", "Dismissed")

    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="statement_lines")
    message = models.ForeignKey(BankMessage, models.PROTECT, related_name="lines")
    bank_reference = models.CharField(max_length=80)
    booked_at = models.DateTimeField()
    amount_fen = models.BigIntegerField("金额（分，支出为负）")
    assigned_fen = models.BigIntegerField("已归入项目（分）", default=0, db_default=0)
    end_to_end_id = models.CharField(max_length=35, blank=True)
    counterparty = models.CharField(max_length=140, blank=True)
    text = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=State.choices)
    is_foreign = models.BooleanField("非工资支出", default=False, db_default=False)
    version = models.PositiveIntegerField("第几步", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "对账明细"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "bank_reference", "end_to_end_id", "amount_fen"],
                name="statement_line_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=0, assigned_fen__gte=0, assigned_fen__lte=F("amount_fen"))
                | Q(amount_fen__lt=0, assigned_fen__lte=0, assigned_fen__gte=F("amount_fen")),
                name="line_assigned_within_amount",
            ),
            models.CheckConstraint(
                condition=~Q(state="duplicate") | Q(assigned_fen=0), name="duplicate_moves_nothing"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-booked_at"], name="statement_line_recent"),
            models.Index(fields=["account"], condition=Q(state="unmatched"), name="statement_line_unmatched"),
            models.Index(fields=["account"], condition=Q(is_foreign=True), name="statement_line_foreign"),
        ]

    def __str__(self) -> str:
        return self.bank_reference


class StatementEntry(models.Model):
    """One entry of a statement, and the line it tells. `known`: another file had told it before."""

    statement = models.ForeignKey(BankStatement, models.PROTECT, related_name="entries")
    position = models.PositiveIntegerField("第几笔")
    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="tellings")
    known = models.BooleanField("此前已知", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "对账单明细行"
        constraints = [models.UniqueConstraint(fields=["statement", "position"], name="statement_entry_once")]

    def __str__(self) -> str:
        return f"{self.statement_id}/{self.position}"


class LineEvent(models.Model):
    """What was done about a statement line, by rule or by hand; several rows of one `act` belong together.

    `amount_fen` is what the act booked in a share, negative for what it took out of an incoming line's
    booking. `before` and `after` are states of the line. Append-only: an undo is a row of its own.
    """

    class Kind(models.TextChoices):
        BOOKED = "booked", _("Booked by itself")
        ASSIGNED = "assigned", _("Assigned")
        RELEASED = "released", _("Taken back from its booking")
        DISMISSED = "dismissed", pgettext_lazy("statement line", "Dismissed")
        DUPLICATE = "duplicate", _("Said to be told twice")
        UNDONE = "undone", _("Undone")

    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="events")
    number = models.PositiveIntegerField("序号")
    act = models.PositiveIntegerField("第几步")
    undoes = models.PositiveIntegerField("撤销的一步", null=True)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    before = models.CharField("此前状态", max_length=12, blank=True)
    after = models.CharField("此后状态", max_length=12)
    foreign_before = models.BooleanField(default=False)
    sub_ledger = models.ForeignKey(
        SubLedger, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    entry_kind = models.CharField("流水类别", max_length=12, blank=True)
    amount_fen = models.BigIntegerField("金额（分）", default=0)
    reference = models.CharField("对应", max_length=80, blank=True)
    reason = models.CharField("原因", max_length=12, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "对账明细处理"
        constraints = [models.UniqueConstraint(fields=["line", "number"], name="line_event_once")]
        triggers = [
            pgtrigger.Protect(name="line_event_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.line_id}/{self.number} {self.kind}"
