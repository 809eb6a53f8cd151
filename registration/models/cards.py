"""What a worker says about the wage card on record: is it mine?"""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models.files import StoredFile
from registration.models.people import BankCard, Worker
from registration.models.tablets import TabletVisit
from wagewatch.lib.fields import EncryptedTextField


class CardAnswer(models.Model):
    """One answer of a worker about a card. Answers are never changed; the newest counts.

    `picture` shows the worker where the phone alone does not prove who answers; `visit` is the tablet.
    """

    class Reason(models.TextChoices):
        UNKNOWN = "unknown", _("I do not know this card")
        OTHERS = "others", _("It is another person's card")
        CLOSED = "closed", _("It was mine, but I do not use it any more")
        OTHER = "other", pgettext_lazy("about a card", "Something else")

    card = models.ForeignKey(BankCard, models.PROTECT, related_name="answers")
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    is_own = models.BooleanField("本人的卡")
    reason = models.CharField("原因", max_length=8, choices=Reason.choices, blank=True)
    text = EncryptedTextField("本人说明", context="card_answer.text", null=True, blank=True)
    picture = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    visit = models.ForeignKey(TabletVisit, models.PROTECT, null=True, related_name="+", db_constraint=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "工资卡本人确认"
        indexes = [models.Index(fields=["card", "-id"], name="answer_of_card")]
        triggers = [
            pgtrigger.Protect(name="card_answer_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} about card {self.card_id}"
