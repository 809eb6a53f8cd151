"""Permit readiness: what the permit offices were told, with which keys they ask, and Nanjing's pre-deposit."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Authority, Project, User

APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class PermitKey(models.Model):
    """A key with which another office's system asks about the projects of its region and line of works.

    Only a digest is kept: the key itself is shown once.
    """

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="permit_keys")
    name = models.CharField("用途", max_length=60)
    digest = models.BinaryField(max_length=32, unique=True)
    is_active = models.BooleanField("在用", default=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("开通时间")
    last_used_at = models.DateTimeField("最近使用", null=True)
    history = HistoricalRecords(excluded_fields=["digest", "last_used_at"])

    class Meta:
        verbose_name = verbose_name_plural = "许可查询密钥"

    def __str__(self) -> str:
        return self.name


class PermitAnswer(models.Model):
    """One answer to "may this project get its permit?", as it was given. Append-only.

    `points` is [{code, state, figures}] in the order of `inspection.permit_rules`; `number` is what the other
    office quotes.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="permit_answers")
    number = models.CharField("编号", max_length=24)
    is_ready = models.BooleanField("具备条件")
    points = models.JSONField("各项")
    office = models.CharField("询问单位", max_length=120)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    key = models.ForeignKey(PermitKey, models.PROTECT, null=True, related_name="answers")
    at = models.DateTimeField("答复时间")

    class Meta:
        verbose_name = verbose_name_plural = "许可条件答复"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="permit_answer_once"),
            models.CheckConstraint(
                condition=models.Q(asked_by=None) ^ models.Q(key=None), name="permit_answer_one_asker"
            ),
        ]
        indexes = [
            models.Index(fields=["number"], name="permit_answer_number"),
            models.Index(fields=["project", "-at"], name="permit_answer_recent"),
        ]
        triggers = [pgtrigger.Protect(name="permit_answer_append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return self.number


class SocialDeposit(models.Model):
    """社会保险预缴: the pre-deposit of Nanjing (source 2), 2 % of the labour cost or 3 ‰ of the building cost.

    It is not the wage deposit of article 32. `due_fen` is what the panel set, `paid_fen` what has been paid
    so far; the newest row of a project holds. Append-only.
    """

    class Base(models.TextChoices):
        LABOUR = "labour", _("Labour cost")
        CONSTRUCTION = "construction", _("Building cost")

    project = models.ForeignKey(Project, models.PROTECT, related_name="social_deposits")
    base = models.CharField("计缴基数", max_length=12, choices=Base.choices)
    base_fen = models.BigIntegerField("基数金额（分）")
    due_fen = models.BigIntegerField("应预缴（分）")
    paid_fen = models.BigIntegerField("已缴（分）", default=0)
    paid_on = models.DateField("缴款日", null=True)
    paper = models.CharField("凭证号或文号", max_length=60)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "社会保险预缴"
        indexes = [models.Index(fields=["project", "-made_at"], name="social_deposit_recent")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(base_fen__gt=0, due_fen__gte=0, paid_fen__gte=0),
                name="social_deposit_sums",
            )
        ]
        triggers = [pgtrigger.Protect(name="social_deposit_append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.project_id} {self.base}"
