"""Labour contracts: regional templates, contracts with their text as signed, and the signatures."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.accounts import User
from registration.models.files import StoredFile
from registration.models.people import Posting, Worker
from registration.models.places import Region
from registration.models.projects import Participation, Project
from wagewatch.lib.fields import EncryptedTextField


class ContractKind(models.TextChoices):
    """A labour contract, or a written labour-use agreement where no labour relation can arise (2022 text)."""

    LABOUR = "labour", _("Labour contract")
    AGREEMENT = "agreement", _("Labour-use agreement")


class ContractTemplate(models.Model):
    """Wording of a contract in one region (none: everywhere) from a day on.

    `body` has one clause per paragraph, with fields such as {worker} or {rate} filled from the posting.
    """

    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True)
    kind = models.CharField("类别", max_length=10, choices=ContractKind.choices)
    version = models.CharField("版本", max_length=20)
    title = models.CharField("标题", max_length=80)
    body = models.TextField("正文")
    valid_from = models.DateField("启用日")
    valid_to = models.DateField("停用日", null=True, blank=True)
    source = models.CharField("依据", max_length=120, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "合同范本"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "kind", "version"], name="contract_template_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class LabourContract(models.Model):
    """The contract of one posting, electronic or on paper.

    draft → offered → signed by the worker → in force → ended, terminated or renewed; an offer may be
    refused by the worker or withdrawn. `terms` are the values that were filled in but for the person's own
    (`particulars`, JSON), `text` the wording as both sides saw it, `document` the PDF (or the scan of a
    paper contract), `sha256` its digest, which is also in the evidence log.
    """

    class Form(models.TextChoices):
        ELECTRONIC = "electronic", _("Signed on the phone")
        PAPER = "paper", _("On paper")

    class Period(models.TextChoices):
        FIXED = "0", _("Fixed term")
        TASK = "1", _("Until the work is done")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OFFERED = "offered", _("Waiting for the worker")
        SIGNED = "signed", _("Waiting for the employer")
        IN_FORCE = "in_force", _("In force")
        REFUSED = "refused", _("Refused by the worker")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        RENEWED = "renewed", _("Renewed")
        TERMINATED = "terminated", _("Terminated")
        ENDED = "ended", _("Ended")

    project = models.ForeignKey(Project, models.PROTECT, related_name="contracts")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="contracts", db_constraint=False)
    participation = models.ForeignKey(Participation, models.PROTECT, related_name="+", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="contracts")
    number = models.CharField("合同编号", max_length=40)
    kind = models.CharField("类别", max_length=10, choices=ContractKind.choices, default=ContractKind.LABOUR)
    form = models.CharField("形式", max_length=10, choices=Form.choices, default=Form.ELECTRONIC)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    template = models.ForeignKey(ContractTemplate, models.PROTECT, null=True, blank=True)
    period = models.CharField("期限类型", max_length=1, choices=Period.choices)
    starts_on = models.DateField("起始日")
    ends_on = models.DateField("终止日", null=True, blank=True)
    terms = models.JSONField("约定", default=dict)
    particulars = EncryptedTextField("个人信息", context="contract.particulars", null=True, blank=True)
    text = EncryptedTextField("全文", context="contract.text", null=True, blank=True)
    document = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    sha256 = models.BinaryField(max_length=32, null=True)
    renews = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("拟订时间")
    offered_at = models.DateTimeField("发给本人", null=True, blank=True)
    signed_on = models.DateField("签订日", null=True, blank=True)
    ended_on = models.DateField("实际终止日", null=True, blank=True)
    end_reason = models.CharField("终止原因", max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "劳动合同"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="contract_number_once"),
            models.UniqueConstraint(
                fields=["project", "posting"],
                condition=Q(state__in=["draft", "offered", "signed"]),
                name="one_contract_under_way",
            ),
            models.UniqueConstraint(
                fields=["project", "posting"], condition=Q(state="in_force"), name="one_contract_in_force"
            ),
            models.CheckConstraint(
                condition=Q(period="1") | Q(ends_on__isnull=False), name="fixed_term_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="contract_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["worker"], name="contract_worker"),
            models.Index(fields=["project", "state", "ends_on"], name="contract_expiry"),
            models.Index(
                fields=["project", "id"],
                condition=Q(state="in_force", form="electronic", document__isnull=True),
                name="contract_without_document",
            ),
        ]

    def __str__(self) -> str:
        return f"contract {self.number}"


class ContractSignature(models.Model):
    """One side's signature under a contract: the drawing, and what proved who signed.

    `by_code`: the one-time code sent to the worker's phone. `visit`: a worker without a phone signed at the site's
    tablet; the visit says whether their identity card or the clerk's code let them in.
    """

    class Party(models.TextChoices):
        WORKER = "worker", _("The worker")
        EMPLOYER = "employer", _("The employer")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    contract = models.ForeignKey(
        LabourContract, models.PROTECT, related_name="signatures", db_constraint=False
    )
    party = models.CharField("签署方", max_length=8, choices=Party.choices)
    signer = models.CharField("签署人", max_length=60)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    drawing = EncryptedTextField("手写签名", context="contract.signature", null=True, blank=True)
    by_code = models.BooleanField("短信验证", default=False)
    visit = models.ForeignKey(
        "registration.TabletVisit",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name="平板使用记录",
    )
    text_sha256 = models.BinaryField("所签全文摘要", max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "合同签名"
        constraints = [
            models.UniqueConstraint(fields=["project", "contract", "party"], name="contract_signed_once"),
            models.CheckConstraint(
                condition=models.Q(visit__isnull=True) | models.Q(party="worker", by_code=False),
                name="contract_signed_by_code_or_at_a_tablet",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} of contract {self.contract_id}"
