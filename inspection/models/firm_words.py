"""Between the authority and a firm: orders as they were served on it, and what it says to them and to the list."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inspection.models.case_orders import CorrectionOrder
from inspection.models.listing import Listing
from registration.models import Authority, Organisation, Project, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField


class ServedOrder(models.Model):
    """An order to correct as its firm reads it: a copy that the office's acts keep up to date.

    The enterprise side's database role reads this table and never the case, in which stands who complained.
    `fine_fen` and `heard_by` are those of a fine on the firm that is intended (`fine_state` notified) or decided.
    Amounts in fen.
    """

    project = models.ForeignKey(Project, models.PROTECT)
    order = models.ForeignKey(CorrectionOrder, models.PROTECT, related_name="served")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="served_orders")
    authority = models.ForeignKey(Authority, models.PROTECT, related_name="+")
    officer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    document = models.CharField("文号", max_length=60)
    paper = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    grounds = models.JSONField("依据", default=list)
    demand = models.CharField("改正要求", max_length=600)
    amount_fen = models.BigIntegerField("责令支付（分）", default=0)
    people = models.PositiveIntegerField("人数", default=0)
    rest_fen = models.BigIntegerField("尚未支付（分）", default=0)
    rest_people = models.PositiveIntegerField("尚未支付人数", default=0)
    served_on = models.DateField("送达日")
    deadline_on = models.DateField("改正期满日")
    corrected_on = models.DateField("改正日", null=True)
    withdrawn_on = models.DateField("撤销日", null=True)
    fine_fen = models.BigIntegerField("罚款（分）", default=0)
    fine_state = models.CharField("处罚状态", max_length=10, blank=True)
    heard_by = models.DateField("陈述申辩期满日", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "已送达指令书"
        constraints = [models.UniqueConstraint(fields=["project", "order"], name="served_order_once")]
        indexes = [
            models.Index(
                fields=["organisation", "deadline_on"],
                name="served_order_open",
                condition=Q(corrected_on__isnull=True, withdrawn_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.document


class FirmWord(models.Model):
    """What a firm says to an order or to a proceeding about the list. Append-only.

    `after` is how many steps of the proceeding stood before it; `on` the day that a request for removal counts from.
    """

    class Kind(models.TextChoices):
        REPLY = "reply", _("Answer to an order")
        OBJECTION = "objection", _("Objection to the list")
        REMOVAL_ASKED = "asked", _("Request for removal from the list")

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    order = models.ForeignKey(CorrectionOrder, models.PROTECT, null=True, related_name="replies")
    listing = models.ForeignKey(Listing, models.PROTECT, null=True, related_name="firm_words")
    after = models.PositiveIntegerField("此前步骤数", default=0)
    on = models.DateField("日期", null=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    text = EncryptedTextField("内容", context="firmword.text")
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "单位陈述"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="reply", order__isnull=False, listing=None)
                | Q(kind__in=("objection", "asked"), order=None, listing__isnull=False),
                name="firm_word_about_one_thing",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="firm_word_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.kind}"
