"""Pay sheets per subcontractor and month, the workers' slips, confirmations and objections."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Participation, PayBasis, Project, StoredFile, Team, User, Worker
from wagewatch.lib.fields import EncryptedTextField


class PaySheet(models.Model):
    """工资支付表 of one participation, or of one of its teams alone, for one wage month (a date on day 1).

    A month's own sheet without a team holds everybody who is on no team's sheet; nobody is on two. `team_name` is
    the team's name when the sheet was made.
    draft → confirming (submitted, sent to the workers) → approved → instructed → paid / part_paid → settled.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Being made")
        CONFIRMING = "confirming", _("Waiting for the workers")
        APPROVED = "approved", _("Approved")
        INSTRUCTED = "instructed", _("Bank instructed")
        PART_PAID = "part_paid", _("Partly paid")
        SETTLED = "settled", _("Settled")

    class Kind(models.TextChoices):
        MONTHLY = "monthly", _("Monthly")
        LEAVER = "leaver", _("Leaver settlement")
        SUPPLEMENT = "supplement", _("Supplement")
        CORRECTION = "correction", _("Correction")

    class Source(models.TextChoices):
        ATTENDANCE = "attendance", _("Made from attendance")
        UPLOAD = "upload", _("Uploaded")

    project = models.ForeignKey(Project, models.PROTECT, related_name="sheets")
    participation = models.ForeignKey(
        Participation, models.PROTECT, related_name="sheets", db_constraint=False
    )
    month = models.DateField("工资月")
    kind = models.CharField("种类", max_length=12, choices=Kind.choices, default=Kind.MONTHLY)
    number = models.PositiveSmallIntegerField("序", default=1)
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="sheets", db_constraint=False)
    team_name = models.CharField("班组", max_length=60, blank=True, default="", db_default="")
    source = models.CharField("来源", max_length=12, choices=Source.choices)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.DRAFT)
    due_on = models.DateField("发薪日")
    first_day = models.DateField("周期首日", null=True)
    last_day = models.DateField("周期末日", null=True)
    people = models.PositiveIntegerField("人数", default=0)
    gross_fen = models.BigIntegerField("应发（分）", default=0)
    deduction_fen = models.BigIntegerField("扣款（分）", default=0)
    net_fen = models.BigIntegerField("实发（分）", default=0)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工资支付表"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "participation", "month", "kind", "number"], name="sheet_once"
            ),
            models.UniqueConstraint(
                fields=["project", "participation", "month", "team"],
                condition=Q(kind="monthly"),
                name="team_sheet_once",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="sheet_month_on_day_1"),
        ]
        indexes = [models.Index(fields=["project", "month"], name="sheet_month")]

    def __str__(self) -> str:
        return f"sheet {self.pk} {self.month:%Y-%m}"


class Approval(models.Model):
    """One approval of a sheet by the general contractor. Slips that are not ready wait for a later one.

    Over the limit two people approve: `first_by` before `approved_by`, never the same.
    """

    project = models.ForeignKey(Project, models.PROTECT)
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="approvals", db_constraint=False)
    number = models.PositiveSmallIntegerField("第几次")
    people = models.PositiveIntegerField("人数")
    silent_people = models.PositiveIntegerField("其中未确认", default=0)
    net_fen = models.BigIntegerField("实发（分）")
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    first_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    first_at = models.DateTimeField("第一人审批时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "审批"
        constraints = [models.UniqueConstraint(fields=["project", "sheet", "number"], name="approval_once")]

    def __str__(self) -> str:
        return f"approval {self.number} of sheet {self.sheet_id}"


class Signature(models.Model):
    """A drawn signature: PNG bytes with their hash. `image` is empty where the worker could not draw and
    typed the full name instead; the hash is then of that name."""

    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    image = models.BinaryField("图像")
    sha256 = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "签名"

    def __str__(self) -> str:
        return f"signature {self.pk}"


class PaySlip(models.Model):
    """工资清单: one worker's line of a sheet. Partitioned by RANGE(month).

    `gross_fen` is the pay for days × rate (`base_fen`) and `extra_fen`, what `items` add (payroll/pay_items.py);
    the deductions are items too. The database checks the sums. `low_pay_reason` says why a slip is under the
    minimum wage. `days` are what the sheet pays, `gate_days` what the gates counted; both are hours for a posting
    paid by the hour. `parts` lists [{posting, basis, rate_fen, days, gross_fen}] when the month had more than
    one rate; then `rate_fen` is the latest. Confirmation and payment are two separate states: silence
    stays "waiting" for ever, and never becomes confirmed.
    """

    class Confirmation(models.TextChoices):
        DRAFT = "draft", _("Not sent")
        WAITING = "waiting", _("Not confirmed")
        CONFIRMED = "confirmed", _("Confirmed")
        OBJECTED = "objected", _("Objected")

    class Payment(models.TextChoices):
        NONE = "none", _("No instruction")
        INSTRUCTED = "instructed", _("Instructed")
        PAID = "paid", _("Paid")
        RETURNED = "returned", _("Returned")
        CASH = "cash", _("Paid in cash")

    pk = models.CompositePrimaryKey("month", "project_id", "sheet_id", "worker_id")
    month = models.DateField("工资月")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    sheet = models.ForeignKey(
        PaySheet, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="slips"
    )
    worker = models.ForeignKey(
        Worker, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="slips"
    )
    posting_id = models.BigIntegerField(null=True)
    team_name = models.CharField("班组", max_length=60, blank=True)
    pay_basis = models.CharField(max_length=10, choices=PayBasis.choices)
    rate_fen = models.BigIntegerField("单价（分）")
    days = models.DecimalField("表上工日", max_digits=6, decimal_places=2)
    gate_days = models.DecimalField("闸机工日", max_digits=6, decimal_places=2)
    parts = models.JSONField("分段", default=list)
    items = models.JSONField("加项与扣款", default=list, db_default=models.Value([], models.JSONField()))
    extra_fen = models.BigIntegerField("加项合计（分）", default=0, db_default=0)
    gross_fen = models.BigIntegerField("应发（分）")
    deduction_fen = models.BigIntegerField("扣款（分）", default=0)
    deduction_note = models.CharField("扣款说明", max_length=200, blank=True)
    net_fen = models.BigIntegerField("实发（分）")
    note = models.CharField("编表说明", max_length=200, blank=True)
    low_pay_reason = models.CharField(
        "低于最低工资的原因", max_length=200, blank=True, default="", db_default=""
    )
    sent_at = models.DateTimeField("发给本人的时间", null=True)
    confirmation = models.CharField(max_length=10, choices=Confirmation.choices, default=Confirmation.DRAFT)
    confirmed_at = models.DateTimeField(null=True)
    signature_id = models.BigIntegerField(null=True)
    is_approved = models.BooleanField("总包已审批", default=False)
    approval_number = models.PositiveSmallIntegerField("第几次审批", null=True)
    payment = models.CharField(max_length=10, choices=Payment.choices, default=Payment.NONE)
    paid_at = models.DateTimeField(null=True)
    paid_card_tail = models.CharField(max_length=4, blank=True)
    return_code = models.CharField(max_length=20, blank=True)
    return_text = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "工资清单"
        indexes = [
            models.Index(fields=["worker_id", "month"], name="slip_worker"),
            models.Index(fields=["project", "sheet"], name="slip_sheet"),
            # Months of payment differ from months of work: a report finds the slips paid in its period by it.
            BrinIndex(fields=["paid_at"], name="slip_paid_at"),
        ]

    def __str__(self) -> str:
        return f"slip {self.month:%Y-%m} {self.worker_id}"

    @property
    def base_fen(self) -> int:
        """Pay for the days (or hours) alone."""
        return self.gross_fen - self.extra_fen

    @property
    def reference(self) -> str:
        """The slip's address in URLs and in the evidence log, e.g. "2026-10.3.17.55"."""
        return f"{self.month:%Y-%m}.{self.project_id}.{self.sheet_id}.{self.worker_id}"


class Objection(models.Model):
    """The worker says the slip is wrong: why, and what they think it should be (异议).

    `wrong_days` are the days tapped on the calendar (ISO dates); `photo` and `voice` what the worker showed
    and said. The evidence record holds the files' digests.
    """

    class Reason(models.TextChoices):
        DAYS = "days", _("Wrong days")
        RATE = "rate", _("Wrong rate")
        DEDUCTION = "deduction", _("Wrong deduction")
        OTHER = "other", _("Other")
        NOT_ME = "not_me", _("Answered by somebody else in my name")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Sheet changed")
        REJECTED = "rejected", _("Not changed")

    project = models.ForeignKey(Project, models.PROTECT)
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="objections", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="objections")
    month = models.DateField()
    reason = models.CharField("原因", max_length=12, choices=Reason.choices)
    claimed_fen = models.BigIntegerField("认为应得（分）", null=True)
    text = models.CharField("说明", max_length=500, blank=True)
    wrong_days = models.JSONField("不对的日子", default=list, blank=True)
    photo = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    voice = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    raised_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answer = models.CharField("答复", max_length=500, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "异议"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sheet", "worker"], condition=Q(state="open"), name="one_open_objection"
            )
        ]

    def __str__(self) -> str:
        return f"objection {self.pk}"


class SheetUpload(models.Model):
    """A pay sheet file the contractor made, read and compared with attendance before it becomes a sheet.

    reading → staged → applied, or by the worker process staged → applying → applied; reading → naming (a person must
    say which column is which) → reading; reading → refused (whole file); naming or staged → discarded. What cannot be
    written goes back to staged, with the reason in `error_text`. The file (encrypted) and `samples`, a few values of
    each column for the person who names them, are kept until it is written or put aside. `read_tries` counts the
    readers, then the writers, that died.
    """

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        NAMING = "naming", _("Columns to be named")
        STAGED = "staged", _("Waiting for your decision")
        REFUSED = "refused", _("Cannot be read")
        APPLYING = "applying", _("Being written")
        APPLIED = "applied", _("Written")
        DISCARDED = "discarded", _("Discarded")

    project = models.ForeignKey(Project, models.PROTECT)
    participation = models.ForeignKey(Participation, models.PROTECT, db_constraint=False)
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", db_constraint=False)
    month = models.DateField()
    filename = models.CharField(max_length=200)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField("字节", default=0)
    content = models.BinaryField("文件", null=True)
    read_tries = models.PositiveSmallIntegerField("读取次数", default=0)
    rows_total = models.PositiveIntegerField("行数", default=0)
    state = models.CharField(max_length=12, choices=State.choices)
    error_text = models.TextField(blank=True)
    reading = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    sheet = models.ForeignKey(PaySheet, models.SET_NULL, null=True, db_constraint=False)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    samples = EncryptedTextField("各列样例", context="sheet.samples", null=True)
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "工资表上传"

    def __str__(self) -> str:
        return f"sheet upload {self.pk}"
