"""Citizen cards (市民卡, Nanjing): from the application to the card in the worker's hand, and after."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.accounts import User
from registration.models.organisations import Organisation
from registration.models.people import Worker
from registration.models.places import Region
from wagewatch.lib.fields import EncryptedTextField


class CitizenCard(models.Model):
    """A worker's card of one city. It identifies at the gate but is never a condition of entry.

    applied → submitted → made → issued → collected → active → lost or returned; a day is kept for each
    step. `due_on` is the last day of the step that is under way, by the region's working days.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("Applied for")
        SUBMITTED = "submitted", _("Submitted to the card centre")
        MADE = "made", _("Made")
        ISSUED = "issued", _("Issued to the firm")
        COLLECTED = "collected", _("Collected by the worker")
        ACTIVE = "active", _("Active")
        LOST = "lost", _("Lost")
        RETURNED = "returned", _("Returned")

    worker = models.ForeignKey(Worker, models.PROTECT, related_name="citizen_cards")
    region = models.ForeignKey(Region, models.PROTECT)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name="申领单位")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.APPLIED)
    number = EncryptedTextField("卡号", context="citizen_card.number", null=True, blank=True)
    number_index = models.BinaryField(max_length=32, null=True)
    number_tail = models.CharField("尾号", max_length=4, blank=True)
    bank_opened_on = models.DateField("金融功能开通", null=True, blank=True)
    applied_on = models.DateField("申请日")
    state_on = models.DateField("进入本状态的日期")
    due_on = models.DateField("本步期限", null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "市民卡"
        constraints = [
            models.UniqueConstraint(
                fields=["worker", "region"],
                condition=~Q(state__in=["lost", "returned"]),
                name="one_citizen_card_of_a_city",
            ),
            models.UniqueConstraint(
                fields=["number_index"],
                condition=Q(number_index__isnull=False) & ~Q(state__in=["lost", "returned"]),
                name="citizen_card_number_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="citizen_card_due")]

    def __str__(self) -> str:
        return f"citizen card {self.pk}"


class CitizenCardStep(models.Model):
    """One step of a card's life, never changed afterwards."""

    card = models.ForeignKey(CitizenCard, models.CASCADE, related_name="steps")
    state = models.CharField("状态", max_length=10, choices=CitizenCard.State.choices)
    on = models.DateField("日期")
    note = models.CharField("说明", max_length=200, blank=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = verbose_name_plural = "市民卡办理记录"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.state} of card {self.card_id}"
