"""Orders to correct, and the sanctions that follow when they lapse."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inspection.models.cases import Case
from registration.models import Organisation, User
from wagewatch.lib.fields import EncryptedTextField


class CorrectionOrder(models.Model):
    """限期改正指令书. The days to correct count from its service; what it says was established by the office.

    `rest_…` is what was still unpaid when it was last looked at. Amounts in fen.
    """

    class Service(models.TextChoices):
        IN_PERSON = "in_person", _("Handed over in person")
        LEFT = "left", _("Left there, with a witness")
        POST = "post", _("By post")
        ELECTRONIC = "electronic", _("By electronic service")
        POSTED = "posted", _("Posted up with photos, since the firm fled")

    case = models.ForeignKey(Case, models.PROTECT, related_name="orders")
    number = models.CharField("文号", max_length=60, unique=True)
    respondent = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    grounds = models.JSONField("依据", default=list)
    demand = models.CharField("改正要求", max_length=600)
    days = models.PositiveSmallIntegerField("改正期限（工作日）")
    amount_fen = models.BigIntegerField("责令支付（分）", default=0)
    people = models.PositiveIntegerField("人数", default=0)
    most_fen = models.BigIntegerField("一人最多（分）", default=0)
    most_months = models.PositiveSmallIntegerField("一人最长（月）", default=0)
    rest_fen = models.BigIntegerField("尚未支付（分）", default=0)
    rest_people = models.PositiveIntegerField("尚未支付人数", default=0)
    rest_most_fen = models.BigIntegerField("尚未支付一人最多（分）", default=0)
    issued_on = models.DateField("签发日")
    served_on = models.DateField("送达日", null=True)
    served_how = models.CharField("送达方式", max_length=12, choices=Service.choices, blank=True)
    deadline_on = models.DateField("改正期满日", null=True)
    corrected_on = models.DateField("改正日", null=True)
    withdrawn_on = models.DateField("撤销日", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "限期改正指令书"
        indexes = [
            models.Index(
                fields=["deadline_on"],
                name="order_not_followed",
                condition=Q(corrected_on__isnull=True, withdrawn_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Sanction(models.Model):
    """行政处罚 after an order lapsed: proposed, notified and heard, decided by a second person. Fine in fen."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        NOTIFIED = "notified", _("The party is being heard")
        DECIDED = "decided", pgettext_lazy("sanction", "Decided")
        DROPPED = "dropped", pgettext_lazy("sanction", "Dropped")

    case = models.ForeignKey(Case, models.PROTECT, related_name="sanctions")
    order = models.ForeignKey(CorrectionOrder, models.PROTECT, related_name="sanctions")
    ground = models.CharField("依据", max_length=12)
    on_person = models.BooleanField("对个人", default=False)
    person = EncryptedTextField("被处罚人", context="sanction.person", blank=True)
    fine_fen = models.BigIntegerField("罚款（分）")
    stop_work = models.BooleanField("责令项目停工", default=False)
    reason = models.CharField("理由", max_length=600)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    number = models.CharField("文号", max_length=60, blank=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_on = models.DateField("拟定日")
    notified_on = models.DateField("告知日", null=True)
    heard_by = models.DateField("陈述申辩期满日", null=True)
    heard_on = models.DateField("听取意见日", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField("决定日", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "行政处罚"
        constraints = [
            models.UniqueConstraint(
                fields=["order", "ground", "on_person"],
                name="sanction_once",
                condition=~Q(state="dropped") & Q(on_person=False),
            ),
            models.CheckConstraint(
                condition=~Q(state="decided")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=models.F("proposed_by"))),
                name="sanction_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ground} {self.fine_fen}"
