"""The list of serious dishonesty about wages (失信联合惩戒名单, MOHRSS order 45) and firms' grades of credit."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Authority, Organisation, User

APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class Listing(models.Model):
    """One proceeding about a firm: notice, hearing, decision, and what became of the listing.

    `amount_fen`, `people` and `months` (longest of one person) are what was owed by slips on the day of the
    notice. `ends_on` is the first day off the list by the passing of time.
    """

    class Ground(models.TextChoices):
        AMOUNT = "amount", _("Arrears that reach the amount of the criminal law")
        MASS = "mass", _("Arrears that led to a mass or extreme incident")

    class State(models.TextChoices):
        NOTICED = "noticed", _("Notice given")
        SPARED = "spared", _("Not listed")
        LISTED = "listed", _("On the list")
        REMOVED = "removed", _("Removed after correction")
        ENDED = "ended", _("Term over")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="listings")
    authority = models.ForeignKey(Authority, models.PROTECT, related_name="listings")
    ground = models.CharField("列入情形", max_length=8, choices=Ground.choices)
    responsible = models.CharField("法定代表人或负责人", max_length=40)
    amount_fen = models.BigIntegerField("拖欠金额（分）")
    people = models.PositiveIntegerField("拖欠人数")
    months = models.PositiveIntegerField("单人最长月数")
    order_document = models.CharField("限期支付文书号", max_length=60)
    order_due_on = models.DateField("限期届满日")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.NOTICED)
    object_until = models.DateField("申辩截止日")
    decide_until = models.DateField("决定期限")
    listed_on = models.DateField("列入日", null=True, blank=True)
    ends_on = models.DateField("期满日", null=True, blank=True)
    made_at = models.DateTimeField("告知时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "失信惩戒名单程序"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state="noticed"), name="listing_one_notice"
            ),
            models.CheckConstraint(
                condition=~Q(state="listed") | Q(listed_on__isnull=False, ends_on__isnull=False),
                name="listing_has_term",
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="listing_in_force", condition=Q(state="listed"))]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.state}"


class ListingStep(models.Model):
    """One step of a proceeding, in order; `on` is the day that counts for it. Append-only."""

    class Kind(models.TextChoices):
        NOTICE = "notice", _("Notice given")
        OBJECTION = "objection", _("Firm objected")
        ANSWERED = "answered", _("Objection checked and answered")
        EXTENDED = "extended", _("Time to decide extended")
        LISTED = "listed", _("Put on the list")
        SPARED = "spared", _("Closed without listing")
        REMOVAL_ASKED = "asked", _("Firm asked for removal")
        REMOVED = "removed", _("Removed from the list")
        REFUSED = "refused", _("Removal refused")
        ENDED = "ended", _("Term over")

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField("序号")
    kind = models.CharField("步骤", max_length=10, choices=Kind.choices)
    on = models.DateField("日期")
    document = models.CharField("文号", max_length=60, blank=True)
    reason = models.CharField("内容", max_length=500)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "失信惩戒名单步骤"
        constraints = [models.UniqueConstraint(fields=["listing", "number"], name="listing_step_once")]
        triggers = [pgtrigger.Protect(name="listing_step_append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.listing_id}/{self.number} {self.kind}"


class CreditGrade(models.Model):
    """The grade of a firm as the authority established it, with the reasons that led to it. Append-only.

    `reasons` is [{code, count, points}] of `inspection.credit_rules`.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="credit_grades")
    grade = models.CharField("等级", max_length=1)
    points = models.IntegerField("得分")
    reasons = models.JSONField("依据")
    since = models.DateField("评价期起")
    until = models.DateField("评价期止")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("评价时间")

    class Meta:
        verbose_name = verbose_name_plural = "信用等级"
        indexes = [models.Index(fields=["organisation", "-made_at"], name="credit_grade_recent")]
        triggers = [pgtrigger.Protect(name="credit_grade_append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.grade}"
