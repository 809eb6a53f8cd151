"""The owner's guarantee that the works are paid for (Order 724 art. 24)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registration.models import Organisation, Project, StoredFile, User


class GuaranteeForm(models.TextChoices):
    """Who stands for the owner's payment."""

    BANK = "bank", _("Guarantee of a bank")
    INSURANCE = "insurance", _("Insurance of the payment")
    COMPANY = "company", _("Guarantee of a guarantee company")


class PaymentGuarantee(models.Model):
    """工程款支付担保: one paper that the owner gave, or what an earlier entry should have said. Append-only.

    An entry that `replaces` another says all of it anew: corrected, or ended before its day (then `valid_until`
    is the day on which it ended). What no later entry replaces holds; several papers may hold beside each other.
    """

    class Kind(models.TextChoices):
        GIVEN = "given", _("Guarantee given")
        CORRECTED = "corrected", _("Entry corrected")
        ENDED = "ended", _("Ended before its day")

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="payment_guarantees")
    number = models.PositiveIntegerField("序号")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    replaces = models.PositiveIntegerField("所更正的序号", null=True, blank=True)
    form = models.CharField("形式", max_length=10, choices=GuaranteeForm.choices)
    issuer = models.CharField("出具机构", max_length=120)
    paper_number = models.CharField("凭证号", max_length=60)
    amount_fen = models.BigIntegerField("担保金额（分）")
    valid_from = models.DateField("生效日")
    valid_until = models.DateField("到期日")
    note = models.CharField("说明", max_length=200, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "工程款支付担保"
        constraints = [
            models.UniqueConstraint(fields=["project", "replaces"], name="guarantee_replaced_once"),
            models.CheckConstraint(
                condition=Q(kind="given", replaces__isnull=True) | (~Q(kind="given") & Q(replaces__gt=0)),
                name="guarantee_replaces_or_not",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="guarantee_amount"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="guarantee_days_in_order"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="payment_guarantee_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number} {self.kind}"
