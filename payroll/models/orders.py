"""Payment orders to the bank, one line per slip and attempt, and the files it sent back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from payroll.models.accounts import SpecialAccount
from payroll.models.sheets import PaySheet
from registration.models import Project, User, Worker
from wagewatch.lib.fields import EncryptedBytesField, EncryptedTextField


class PaymentOrder(models.Model):
    """支付指令: one file for one special account's bank. The bytes are stored before they are sent.

    `form` is pain001, xlsx, csv or txt; `by_hand` orders are fetched by a person who carries them to the bank.
    `next_try_at` is when the next sending is due after a failure; STUCK waits for a person.
    """

    class State(models.TextChoices):
        READY = "ready", _("Ready to send")
        SENT = "sent", _("Sent to the bank")
        REFUSED = "refused", _("Refused by the bank")
        DONE = "done", _("All results are in")
        STUCK = "stuck", _("Could not be sent")

    project = models.ForeignKey(Project, models.PROTECT, related_name="orders")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="orders", db_constraint=False)
    account = models.ForeignKey(SpecialAccount, models.PROTECT, related_name="orders")
    message_id = models.CharField("报文号", max_length=35)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.READY)
    file = EncryptedBytesField("指令文件", context="order.file")
    sha256 = models.BinaryField(max_length=32)
    line_count = models.PositiveIntegerField()
    total_fen = models.BigIntegerField()
    instructed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    instructed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    send_tries = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    next_try_at = models.DateTimeField("下次发送时间", null=True)
    form = models.CharField("指令格式", max_length=8, default="pain001", db_default="pain001")
    by_hand = models.BooleanField("人工传递文件", default=False, db_default=False)
    execute_on = models.DateField("预计入账日", null=True)
    answer_due_at = models.DateTimeField("应答复时间", null=True)
    asked_at = models.DateTimeField("查询时间", null=True)
    fetched_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    history = HistoricalRecords(excluded_fields=["file"])

    class Meta:
        verbose_name = verbose_name_plural = "支付指令"
        constraints = [
            models.UniqueConstraint(fields=["project", "message_id"], name="order_message_once"),
            models.UniqueConstraint(fields=["project", "sha256"], name="order_file_once"),
        ]
        indexes = [models.Index(fields=["project", "-instructed_at"], name="order_recent")]

    def __str__(self) -> str:
        return self.message_id


class PaymentLine(models.Model):
    """One slip in one order. At most one line of a slip may be alive: waiting at the bank or paid."""

    class State(models.TextChoices):
        SENT = "sent", _("Waiting for the bank")
        RECEIVED = "received", _("Received by the bank")
        PAID = "paid", _("Paid")
        RETURNED = "returned", _("Returned")

    pk = models.CompositePrimaryKey("project_id", "end_to_end_id")
    project = models.ForeignKey(Project, models.PROTECT)
    end_to_end_id = models.CharField("端到端号", max_length=35)
    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="lines", db_constraint=False)
    sheet = models.ForeignKey(PaySheet, models.PROTECT, db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT)
    month = models.DateField()
    attempt = models.PositiveSmallIntegerField("第几次")
    amount_fen = models.BigIntegerField("金额（分）")
    card_number = EncryptedTextField("卡号", context="line.card")
    card_tail = models.CharField("尾号", max_length=4)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.SENT)
    bank_status = models.CharField(max_length=10, blank=True)
    reason_code = models.CharField(max_length=20, blank=True)
    reason_text = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField("银行结果时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付明细"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sheet", "worker", "attempt"], name="line_attempt_once"
            ),
            models.UniqueConstraint(
                fields=["project", "sheet", "worker"],
                condition=~Q(state="returned"),
                name="line_never_paid_twice",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="line_amount_positive"),
        ]
        indexes = [models.Index(fields=["project", "order"], name="line_order")]

    def __str__(self) -> str:
        return self.end_to_end_id


class BankMessage(models.Model):
    """A file from the bank, kept as received; the same bytes are taken in once.

    `source` is the connection it came over ("" the default one), "bank" or "contractor" for an uploaded one.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        DONE = "done", _("Done")
        UNREADABLE = "unreadable", _("Not readable")

    account = models.ForeignKey(SpecialAccount, models.PROTECT, null=True, related_name="messages")
    name = models.CharField("文件名", max_length=200)
    kind = models.CharField("类别", max_length=20, blank=True)
    content = EncryptedBytesField(context="bank.message")
    sha256 = models.BinaryField(max_length=32, unique=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    summary = models.JSONField(default=dict)
    error_text = models.CharField(max_length=500, blank=True)
    source = models.CharField("来源", max_length=40, blank=True, default="", db_default="")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "银行报文"
        indexes = [models.Index(fields=["-received_at"], name="bank_message_recent")]

    def __str__(self) -> str:
        return self.name
