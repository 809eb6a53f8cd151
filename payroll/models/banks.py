"""What was agreed with a bank about orders and results, as dated rows; and decisions about single lines."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from payroll.models.orders import PaymentOrder
from registration.models import Organisation, Project, User, Worker


class BankTerms(models.Model):
    """银行约定: how one bank takes orders and gives results from a day on. The newest valid row counts.

    The texts hold lines "heading = field" (`payroll.bank.shapes`), so that a new template of the bank's is a
    change of data. Amounts in fen, the cut-off in site time.
    """

    class Form(models.TextChoices):
        PAIN001 = "pain001", _("ISO 20022 message (pain.001)")
        XLSX = "xlsx", _("Batch table .xlsx")
        CSV = "csv", _("Batch table .csv")
        TXT = "txt", _("Batch text .txt")

    class Separator(models.TextChoices):
        COMMA = "comma", _("Comma")
        BAR = "bar", _("Vertical bar")
        TAB = "tab", _("Tab")

    class Encoding(models.TextChoices):
        UTF8_SIG = "utf-8-sig", _("UTF-8 with mark")
        UTF8 = "utf-8", _("UTF-8")
        GB18030 = "gb18030", _("GB18030")

    class Route(models.TextChoices):
        NONE = "", _("The bank chooses")
        BEPS = "BEPS", _("BEPS, small payments, day and night")
        HVPS = "HVPS", _("HVPS, large payments, working days")
        IBPS = "IBPS", _("IBPS, online payments")

    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="terms")
    valid_from = models.DateField("生效日")
    form = models.CharField("指令格式", max_length=8, choices=Form.choices, default=Form.PAIN001)
    by_hand = models.BooleanField("人工传递文件", default=False)
    separator = models.CharField("分隔符", max_length=6, choices=Separator.choices, default=Separator.COMMA)
    encoding = models.CharField("编码", max_length=10, choices=Encoding.choices, default=Encoding.UTF8_SIG)
    headings = models.BooleanField("首行为列名", default=True)
    columns = models.TextField("指令列", max_length=4000, blank=True)
    result_columns = models.TextField("结果列", max_length=4000, blank=True)
    result_states = models.TextField("状态用语", max_length=4000, blank=True)
    result_texts = models.TextField("原因用语", max_length=8000, blank=True)
    line_limit = models.PositiveIntegerField("每个文件最多笔数", null=True, blank=True)
    line_ceiling_fen = models.BigIntegerField("单笔上限（分）", null=True, blank=True)
    file_ceiling_fen = models.BigIntegerField("每个文件金额上限（分）", null=True, blank=True)
    cut_off = models.TimeField("当日截止时间", null=True, blank=True)
    working_days_only = models.BooleanField("仅工作日入账", default=False)
    route = models.CharField("清算渠道", max_length=8, choices=Route.choices, blank=True)
    answer_hours = models.PositiveSmallIntegerField(
        "答复时限（小时）", default=24, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    strict_schema = models.BooleanField("不合报文标准的文件不入账", default=True, db_default=True)
    currency = models.CharField("币种", max_length=3, default="CNY")
    sif_employer = models.CharField("工资信息文件雇主编号", max_length=13, blank=True)
    sif_routing = models.CharField("工资信息文件路由号", max_length=9, blank=True)
    note = models.CharField("依据", max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    made_at = models.DateTimeField("登记时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "银行约定"
        constraints = [
            models.UniqueConstraint(fields=["bank", "valid_from"], name="bank_terms_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(line_limit=None) | models.Q(line_limit__gt=0), name="bank_terms_line_limit"
            ),
            models.CheckConstraint(
                condition=(models.Q(line_ceiling_fen=None) | models.Q(line_ceiling_fen__gt=0))
                & (models.Q(file_ceiling_fen=None) | models.Q(file_ceiling_fen__gt=0)),
                name="bank_terms_ceilings",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.valid_from}"


class LineDecision(models.Model):
    """What a person decided about a payment whose result no program could read; never changed or deleted."""

    class Outcome(models.TextChoices):
        REFUSED = "refused", pgettext_lazy("payment", "Refused, not paid")
        PAID = "paid", pgettext_lazy("payment", "Paid")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="+", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    end_to_end_id = models.CharField("端到端号", max_length=35)
    outcome = models.CharField("结论", max_length=8, choices=Outcome.choices)
    code = models.CharField("原因代码", max_length=10, blank=True)
    verbatim = models.CharField("银行原文", max_length=200, blank=True)
    note = models.CharField("说明", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("决定时间")

    class Meta:
        verbose_name = verbose_name_plural = "支付结果的人工认定"
        indexes = [models.Index(fields=["project", "end_to_end_id"], name="line_decision_of_line")]

    def __str__(self) -> str:
        return f"decision {self.end_to_end_id}"
