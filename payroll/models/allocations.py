"""The owner's labour-cost allocation: what the contract says, progress payments, choices by hand.

What came is not here: receipts are the special account's entries of the kind ALLOCATION.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registration.models import Project, StoredFile, User


class AllocationPlan(models.Model):
    """人工费用拨付约定 (Order 724 art. 24): one version of it, for periods from `starts_on` on. Append-only."""

    class Basis(models.TextChoices):
        AMOUNT = "amount", _("A fixed amount each month")
        PROGRESS = "progress", _("A ratio of each progress payment")
        CONTRACT = "contract", _("A ratio of the contract sum, in equal parts")

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="allocation_plans")
    number = models.PositiveIntegerField("版本")
    basis = models.CharField("方式", max_length=10, choices=Basis.choices)
    amount_fen = models.BigIntegerField("每月金额（分）", default=0)
    percent = models.DecimalField("比例（%）", max_digits=5, decimal_places=2, default=0)
    contract_sum_fen = models.BigIntegerField("当时合同价（分）", default=0)
    day = models.PositiveSmallIntegerField("每月拨付日")
    interval_months = models.PositiveSmallIntegerField("拨付周期（月）", default=1)
    starts_on = models.DateField("起始月")
    ends_on = models.DateField("截止月", null=True, blank=True)
    reason = models.CharField("缘由", max_length=200)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "人工费用拨付约定"
        constraints = [
            models.CheckConstraint(condition=Q(day__gte=1, day__lte=31), name="allocation_plan_day"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="allocation_plan_from_day_1"),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0) | Q(percent__gt=0), name="allocation_plan_says_how_much"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="allocation_plan_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"


class ProgressPayment(models.Model):
    """The progress payment measured for a month (工程进度款); the newest row of a month holds. Append-only."""

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="progress_payments")
    number = models.PositiveIntegerField("序号")
    month = models.DateField("所属月份")
    amount_fen = models.BigIntegerField("进度款（分）")
    note = models.CharField("说明", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "工程进度款"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="progress_payment_not_negative")
        ]
        triggers = [
            pgtrigger.Protect(
                name="progress_payment_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"


class AllocationChoice(models.Model):
    """A person said for which month a receipt is (its account entry's number); the newest row of an entry holds,
    and one without a month gives it back to the rule. Append-only."""

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="allocation_choices")
    number = models.PositiveIntegerField("序号")
    entry_number = models.PositiveIntegerField("流水序号")
    month = models.DateField("所属月份", null=True)
    reason = models.CharField("理由", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "拨付归属"
        triggers = [
            pgtrigger.Protect(
                name="allocation_choice_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"
