"""What becomes of an objection that was not accepted: both sides before a mediator (调解)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from payroll.models.sheets import Objection, PaySheet, Signature
from registration.models import Project, User, Worker


class Mediation(models.Model):
    """One mediation of one objection: both statements, who took part, the outcome, both signatures.

    open → proposed (the firm signed an agreed amount, the worker has not yet) → agreed; or not agreed, and then
    arbitration or the inspector. The others on the sheet go on.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PROPOSED = "proposed", _("Waiting for the worker's signature")
        AGREED = "agreed", _("Agreed")
        NOT_AGREED = "not_agreed", _("Not agreed")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="mediations", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    objection = models.ForeignKey(Objection, models.PROTECT, related_name="mediations", db_constraint=False)
    month = models.DateField("工资月")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.OPEN)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    due_on = models.DateField("调解期限")
    worker_statement = models.CharField("工人陈述", max_length=1000, blank=True)
    firm_statement = models.CharField("单位陈述", max_length=1000, blank=True)
    held_on = models.DateField("调解日期", null=True)
    persons = models.CharField("参加人", max_length=300, blank=True)
    agreed_fen = models.BigIntegerField("商定实发（分）", null=True)
    outcome = models.CharField("结果", max_length=1000, blank=True)
    firm_signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    firm_signed_at = models.DateTimeField("单位签字时间", null=True)
    firm_drawing = models.BinaryField("单位签名", null=True)
    worker_signature = models.ForeignKey(Signature, models.PROTECT, null=True, related_name="+")
    worker_signed_at = models.DateTimeField("本人签字时间", null=True)
    supplement = models.ForeignKey(
        PaySheet, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    history = HistoricalRecords(excluded_fields=["firm_drawing"])

    class Meta:
        verbose_name = verbose_name_plural = "调解"
        constraints = [
            models.UniqueConstraint(fields=["project", "objection"], name="one_mediation_of_an_objection"),
            models.CheckConstraint(
                condition=~models.Q(state="agreed")
                | models.Q(worker_signature__isnull=False, firm_signed_at__isnull=False),
                name="agreed_by_both",
            ),
        ]

    def __str__(self) -> str:
        return f"mediation {self.pk}"

    @property
    def reference(self) -> str:
        """The reference of the slip it is about."""
        return f"{self.month:%Y-%m}.{self.project_id}.{self.sheet_id}.{self.worker_id}"
