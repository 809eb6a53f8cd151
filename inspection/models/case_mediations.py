"""Mediations by the office, signed by both sides."""

import pgtrigger
from django.db import models
from django.db.models import Q

from inspection.models.cases import Case
from registration.models import Organisation, User
from wagewatch.lib.fields import EncryptedTextField


class CaseMediation(models.Model):
    """A mediation by the office: what was agreed, signed by both on the officer's phone. Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="mediations")
    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    held_on = models.DateField("调解日")
    agreed = models.BooleanField("达成协议")
    terms = EncryptedTextField("内容", context="case.mediation")
    amount_fen = models.BigIntegerField("商定金额（分）", default=0)
    pay_by = models.DateField("支付期限", null=True)
    firm_person = EncryptedTextField("单位代表", context="case.mediation.firm", blank=True)
    worker_person = EncryptedTextField("投诉人", context="case.mediation.worker", blank=True)
    firm_drawing = models.BinaryField("单位签名", null=True)
    worker_drawing = models.BinaryField("投诉人签名", null=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "调解笔录"
        constraints = [
            models.CheckConstraint(
                condition=Q(agreed=False)
                | Q(firm_drawing__isnull=False, worker_drawing__isnull=False, pay_by__isnull=False),
                name="case_agreed_by_both",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"mediation {self.pk}"
