"""Wages handed over in cash, by exception, and what workers themselves say about cash."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payroll.models.sheets import PaySheet, Signature
from registration.models import Project, User, Worker
from wagewatch.lib.fields import EncryptedBytesField, EncryptedTextField


class CashPayment(models.Model):
    """One slip paid in cash, from other funds than the special account, which gives no cash (2021 measures).

    Proof is the worker's signature, a picture of the hand-over, and a one-time code on the worker's phone; without
    a phone the end of the ID number. Later only the worker's denial and its consequence are written.
    """

    class Reason(models.TextChoices):
        NO_CARD = "no_card", _("No bank card yet, and leaving today")
        CARD_CLOSED = "card_closed", _("Card closed, and none can be opened in time")
        BANK_AWAY = "bank_away", _("The bank cannot pay for days")
        EMERGENCY = "emergency", _("Illness or another emergency of the worker")
        OTHER = "other", _("Another reason")

    class Proof(models.TextChoices):
        CODE = "code", _("Code on the worker's phone")
        TYPED = "typed", _("Without a phone: end of the ID number")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="cash_payments", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    month = models.DateField("工资月")
    amount_fen = models.BigIntegerField("金额（分）")
    reason = models.CharField("原因", max_length=12, choices=Reason.choices)
    text = models.CharField("说明", max_length=300)
    proof = models.CharField("核验方式", max_length=8, choices=Proof.choices)
    signature = models.ForeignKey(Signature, models.PROTECT, related_name="+")
    photo = EncryptedBytesField("交付照片", context="cash.photo")
    photo_sha256 = models.BinaryField(max_length=32)
    clerk = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    denied_at = models.DateTimeField("本人否认时间", null=True)
    withdrawn_at = models.DateTimeField("改走银行时间", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "现金支付"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sheet", "worker"],
                condition=Q(withdrawn_at__isnull=True),
                name="cash_once_for_a_slip",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="cash_amount_positive"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(denied_at__isnull=False),
                name="cash_withdrawn_after_denial",
            ),
        ]
        triggers = [pgtrigger.Protect(name="cash_payment_stays", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"cash {self.pk}"


class CashReport(models.Model):
    """What a worker says of cash: asked to give wages back, or paid in cash beside the bank. The inspector reads it,
    the contractor never does."""

    class Kind(models.TextChoices):
        GIVE_BACK = "give_back", _("I was asked to give money back")
        PART_CASH = "part_cash", _("A part was paid in cash, past the sheet")
        ALL_CASH = "all_cash", _("All of it was paid in cash, past the sheet")
        CARD_HELD = "card_held", _("Somebody else holds my bank card")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    month = models.DateField("工资月")
    kind = models.CharField("情况", max_length=12, choices=Kind.choices)
    amount_fen = models.BigIntegerField("金额（分）", null=True)
    text = EncryptedTextField("原话", context="cash.report", null=True, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "现金情况反映"
        indexes = [models.Index(fields=["project", "month"], name="cash_report_of_month")]
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="cash_report_month_on_day_1")]
        triggers = [
            pgtrigger.Protect(name="cash_report_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"cash report {self.pk}"
