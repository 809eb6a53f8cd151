"""Wages paid before their sheet, and wage months that do not begin on the 1st."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registration.models import Participation, Project, User, Worker


class Advance(models.Model):
    """Money a worker owes the next slips: an advance (预支), or what an earlier slip paid too much and the worker
    agreed to give back (`corrects` is that slip). Proved by the worker's own signature or code.

    Never changed; taken back only while nothing of it was deducted. What was paid back stands on the slips
    (their items say `advance:<id>`), so the balance is always computed.
    """

    class Kind(models.TextChoices):
        ADVANCE = "advance", _("Advance")
        OVERPAID = "overpaid", _("Paid too much before")

    class Method(models.TextChoices):
        TRANSFER = "transfer", _("To the worker's account")
        CASH = "cash", _("In cash")

    project = models.ForeignKey(Project, models.PROTECT, related_name="advances")
    participation = models.ForeignKey(
        Participation, models.PROTECT, related_name="advances", db_constraint=False
    )
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="advances")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices, default=Kind.ADVANCE)
    corrects = models.CharField("更正的工资清单", max_length=60, blank=True)
    amount_fen = models.BigIntegerField("金额（分）")
    paid_on = models.DateField("支付日")
    method = models.CharField("方式", max_length=10, choices=Method.choices)
    reason = models.CharField("事由", max_length=120, blank=True)
    signature_id = models.BigIntegerField("签名", null=True)
    code_at = models.DateTimeField("本人验证码确认时间", null=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("登记时间")
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_reason = models.CharField("撤回原因", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "预支工资"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="advance_above_zero"),
            models.CheckConstraint(
                condition=Q(signature_id__isnull=False) | Q(code_at__isnull=False), name="advance_proved"
            ),
        ]
        indexes = [models.Index(fields=["project", "participation", "worker"], name="advance_of_worker")]

    def __str__(self) -> str:
        return f"advance {self.pk}"


class WageMonthStart(models.Model):
    """From a wage month on, the day of the month on which wage months begin: for a whole project, or for one
    participation, which counts more. Without one the region's `pay.month_start_day` holds."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    participation = models.ForeignKey(
        Participation, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    from_month = models.DateField("自工资月")
    start_day = models.PositiveSmallIntegerField("起始日")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "工资月起始日"
        constraints = [
            models.CheckConstraint(condition=Q(from_month__day=1), name="wage_month_start_on_day_1"),
            models.CheckConstraint(condition=Q(start_day__range=(1, 28)), name="wage_month_start_in_month"),
            models.UniqueConstraint(
                fields=["project", "participation", "from_month"],
                name="wage_month_start_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"wage months from day {self.start_day}"
