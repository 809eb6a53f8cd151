"""Pictures of faces at the gates: what the worker said to it, which gates hold one, which deleted it."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import Posting, Project, Worker


class FaceConsent(models.Model):
    """One thing a worker said about their face at the gates of one site; never changed, the newest counts.

    Consent to face recognition is asked for by itself and can be taken back at any time (Personal Information
    Protection Law, articles 15, 16, 29; measures on face recognition of 2025). `text_version` and `text_sha256`
    are of the words that were shown, in `language`; at a site's tablet (any site's) `visit_pk` is the sitting there
    and `way` how the worker came in.
    It belongs to one posting: who leaves and comes back is asked again.
    """

    class Word(models.TextChoices):
        YES = "yes", pgettext_lazy("face at the gate", "Agreed")
        NO = "no", pgettext_lazy("face at the gate", "Said no")
        WITHDRAWN = "withdrawn", pgettext_lazy("face at the gate", "Took it back")

    class Way(models.TextChoices):
        PHONE = "phone", _("On their own phone")
        CARD = "card", _("At the site's tablet, with the ID card")
        CODE = "code", _("At the site's tablet, with a code of the clerk's")
        SMS = "sms", _("At the site's tablet, with a code on their phone")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="face_words", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    word = models.CharField("本人意见", max_length=9, choices=Word.choices)
    text_version = models.CharField("告知书版本", max_length=10)
    text_sha256 = models.BinaryField(max_length=32)
    language = models.CharField("语言", max_length=10)
    way = models.CharField("方式", max_length=5, choices=Way.choices)
    visit_pk = models.BigIntegerField("平板使用记录", null=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "人脸进闸机本人意见"
        indexes = [models.Index(fields=["project", "posting", "-id"], name="face_word_newest")]
        triggers = [
            pgtrigger.Protect(name="face_word_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.word} of posting {self.posting_id}"


class FaceHeld(models.Model):
    """A gate holds somebody's picture, or refused it, by its own word; overwritten, gone when it was deleted there.

    `face` names the picture without showing it (`services.faces`).
    """

    pk = models.CompositePrimaryKey("project_id", "terminal_id", "posting_id")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    terminal_id = models.BigIntegerField()
    posting_id = models.BigIntegerField()
    face = models.CharField("照片编号", max_length=20)
    is_refused = models.BooleanField("闸机未接收", default=False)
    since = models.DateTimeField("下发时间")

    class Meta:
        verbose_name = verbose_name_plural = "闸机内的人脸照片"

    def __str__(self) -> str:
        return f"{self.posting_id} at {self.terminal_id}"


class FaceRemoval(models.Model):
    """A gate said that it holds somebody's picture no more: the proof of a deletion; never changed.

    `consent` is the worker's word that stood then; `at` when the gate answered, by the agent's clock.
    """

    class Why(models.TextChoices):
        WORD = "word", _("The worker did not want it")
        LEFT = "left", _("Left the site")
        GONE = "gone", _("The gate does not hold it any more")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    terminal_id = models.BigIntegerField()
    consent = models.ForeignKey(FaceConsent, models.PROTECT, related_name="removals", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    why = models.CharField("原因", max_length=4, choices=Why.choices)
    at = models.DateTimeField("闸机答复时间")
    recorded_at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = verbose_name_plural = "人脸照片删除记录"
        indexes = [models.Index(fields=["project", "consent"], name="face_removal_of_word")]
        triggers = [
            pgtrigger.Protect(name="face_removal_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.why} at {self.terminal_id}"
