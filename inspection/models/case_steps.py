"""What happened in a case, its documents, and their numbers."""

import pgtrigger
from django.db import models

from inspection.models.cases import Case
from registration.models import Authority, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField


class CaseStep(models.Model):
    """One thing that happened in a case. Append-only; `text` is for the offices alone."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField("序号")
    kind = models.CharField("事项", max_length=16)
    at = models.DateTimeField("时间")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    office = models.ForeignKey(Authority, models.PROTECT, null=True, related_name="+")
    text = EncryptedTextField("内容", context="case.step", blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    facts = models.JSONField("要素", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "办案记录"
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="case_step_once")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.number} {self.kind}"


class CasePaper(models.Model):
    """A document of a case: numbered, made once as PDF, kept. Append-only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="papers")
    kind = models.CharField("文书", max_length=16)
    number = models.CharField("文号", max_length=60, unique=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "案件文书"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.number


class CaseCounter(models.Model):
    """The last number that an office gave in a year, per kind of document."""

    office = models.ForeignKey(Authority, models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "文号"
        constraints = [models.UniqueConstraint(fields=["office", "year", "kind"], name="case_counter_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}-{self.last}"
