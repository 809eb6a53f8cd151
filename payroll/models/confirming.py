"""What surrounds a worker's word on a slip: reminders, and the word given at the site's tablet."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from payroll.models.sheets import PaySheet, Signature
from registration.models import Project, User, Worker
from wagewatch.lib.fields import EncryptedBytesField


class Reminder(models.Model):
    """One reminder to one worker about one version of a slip; the log of who was asked, and when.

    `step` is the number of days since the slip was sent: of an automatic one as the parameter says, of one by
    hand as it was that day. The same step is never sent twice.
    """

    class Kind(models.TextChoices):
        AUTOMATIC = "auto", _("Sent by itself")
        BY_HAND = "manual", _("Sent by the clerk")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="reminders", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    month = models.DateField("工资月")
    version = models.PositiveIntegerField("清单版本")
    kind = models.CharField("方式", max_length=8, choices=Kind.choices)
    step = models.PositiveSmallIntegerField("发出后第几天")
    has_phone = models.BooleanField("已发短信")
    sent_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "确认提醒"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sheet", "worker", "version", "kind", "step"], name="reminded_once"
            )
        ]

    def __str__(self) -> str:
        return f"reminder {self.pk}"


class ProxyWord(models.Model):
    """A worker without a phone, or who cannot read, answered at the site's tablet beside the clerk (代确认).

    The picture and, for a confirmation, the signature are the worker's own; without them there is no answer.
    Only the denial (`denied_at`) is written later, by the worker: "this was not me".
    """

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed on site")
        OBJECTED = "objected", _("Objected on site")

    class Proof(models.TextChoices):
        CARD = "card", _("Identity card on the reader")
        TYPED = "typed", _("Last characters of the ID number, and the face photographed")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="proxy_words", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    month = models.DateField("工资月")
    version = models.PositiveIntegerField("清单版本")
    answer = models.CharField("答复", max_length=10, choices=Answer.choices)
    proof = models.CharField("核验方式", max_length=8, choices=Proof.choices)
    photo = EncryptedBytesField("照片", context="proxy.photo")
    photo_sha256 = models.BinaryField(max_length=32)
    signature = models.ForeignKey(Signature, models.PROTECT, null=True, related_name="+")
    device = models.CharField("设备", max_length=120)
    clerk = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    denied_at = models.DateTimeField("本人否认时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "工地代确认"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(answer="confirmed") | models.Q(signature__isnull=False),
                name="proxy_confirmation_is_signed",
            ),
        ]
        indexes = [models.Index(fields=["project", "sheet", "worker"], name="proxy_word_of_slip")]
        triggers = [pgtrigger.Protect(name="proxy_word_stays", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"proxy word {self.pk}"
