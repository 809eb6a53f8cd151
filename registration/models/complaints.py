"""What workers complain about to the authorities, by name or without."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models.accounts import User
from registration.models.files import StoredFile
from registration.models.people import Worker
from registration.models.places import Region
from registration.models.projects import Project
from wagewatch.lib.fields import EncryptedTextField


class Complaint(models.Model):
    """A complaint (投诉举报) to the labour inspection of a region, followed by its reference and a secret.

    Without a name there is nothing here about the sender: no worker, no address, no account. The database
    role of the enterprise side may write a complaint and read its state and answer, and nothing else of it.
    """

    class Topic(models.TextChoices):
        UNPAID = "unpaid", _("Wages not paid")
        CASH = "cash", _("Paid in cash, or to another card")
        CONTRACT = "contract", _("No contract")
        DAYS = "days", _("Days are wrong")
        CARD_KEPT = "card_kept", _("They keep my bank card")
        THREAT = "threat", _("Pressed or threatened")
        OTHER = "other", pgettext_lazy("topic of a complaint", "Something else")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        HANDLING = "handling", _("Somebody is looking into it")
        ANSWERED = "answered", _("Answered")

    reference = models.CharField("编号", max_length=16, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="complaints")
    worker = models.ForeignKey(Worker, models.PROTECT, null=True, blank=True, related_name="complaints")
    topic = models.CharField("事由", max_length=12, choices=Topic.choices)
    text = EncryptedTextField("内容", context="complaint.text", blank=True)
    place = EncryptedTextField("地点", context="complaint.place", blank=True)
    contact = EncryptedTextField("联系方式", context="complaint.contact", blank=True)
    photo = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    voice = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField("时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.RECEIVED)
    answer = EncryptedTextField("答复", context="complaint.answer", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "投诉举报"
        indexes = [models.Index(fields=["region", "-made_at"], name="complaint_region")]

    def __str__(self) -> str:
        return self.reference


class ComplaintWord(models.Model):
    """What whoever made a complaint is told about it, in fixed words: a step, its day, an office. Append-only.

    Written by the authority's side alone; nothing of it names a person.
    """

    class Kind(models.TextChoices):
        TAKEN = "taken", _("An officer has it")
        TRANSFERRED = "transferred", _("Handed to the office that deals with it")
        ACCEPTED = "accepted", _("Accepted: a case is open")
        REFUSED = "refused", _("Not accepted")
        SUSPENDED = "suspended", _("It rests: the firm cannot be found")
        RESUMED = "resumed", _("It goes on")
        EXTENDED = "extended", _("It takes longer")
        ORDERED = "ordered", _("The firm must put it right")
        CORRECTED = "corrected", _("The firm put it right")
        LAPSED = "lapsed", _("The firm did not put it right in time")
        MEDIATED = "mediated", _("Both sides agreed")
        SANCTIONED = "sanctioned", _("The firm was punished")
        DEPOSIT = "deposit", _("Wages are paid from the deposit")
        REFERRED = "referred", _("Handed to the police")
        CLOSED = "closed", _("The case is closed")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="words")
    kind = models.CharField("内容", max_length=12, choices=Kind.choices)
    day = models.DateField("期限", null=True, blank=True)
    office = models.CharField("办理单位", max_length=120, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "投诉告知"
        indexes = [models.Index(fields=["complaint", "at"], name="word_of_complaint")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"
