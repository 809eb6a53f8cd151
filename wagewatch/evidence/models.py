"""The evidence log: entries, the tree over them, and its signed checkpoints. All append-only.

The log is one for the whole installation and grows by facts, not by projects: under Citus these three are
tables of the coordinator. An entry's key says nothing about its place in the tree; that is `leaf_index`.
"""

from __future__ import annotations

import secrets
import time
import uuid

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagewatch.evidence.leaves import leaf
from wagewatch.lib.merkle import ALGORITHMS, algorithm_named

NUMBER_ONCE = """
IF OLD.leaf_index IS NULL AND NEW.leaf_index IS NOT NULL THEN
    OLD.leaf_index := NEW.leaf_index;
    IF OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NEW;
    END IF;
END IF;
RAISE EXCEPTION 'evidence entries are append-only';
"""


def new_entry_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562, 5.7): rows made together lie together, and 62 bits cannot be guessed.

    The twelve bits after the milliseconds carry its fraction, so one process makes rising ids.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


class Stage(models.TextChoices):
    """How far an entry has come; a promise made at one stage holds from then on."""

    RECORDED = "recorded", _("Recorded")
    SEQUENCED = "sequenced", _("Sequenced")
    PUBLISHED = "published", _("Published")


class Entry(models.Model):
    """One fact, recorded in the fact's own transaction. Holds no personal data: hashes and our own numbers."""

    id = models.UUIDField(_("receipt number"), primary_key=True, default=new_entry_id, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    project_id = models.BigIntegerField(_("project"), null=True)
    subject = models.CharField(_("subject"), max_length=120, help_text="payslip:2026-10:3:17:55")
    recorded_at = models.DateTimeField(_("recorded at"))
    actor_kind = models.CharField(_("who acted"), max_length=16)
    actor_ref = models.BinaryField(max_length=32)
    subject_hash = models.BinaryField(max_length=32)
    record_hash = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=32)
    algorithm = models.CharField(max_length=8, choices=[(name, name) for name in ALGORITHMS])
    leaf_index = models.BigIntegerField(_("place in the log"), null=True, unique=True)

    class Meta:
        verbose_name = _("evidence entry")
        verbose_name_plural = _("evidence entries")
        indexes = [
            models.Index(
                fields=["recorded_at", "id"],
                condition=models.Q(leaf_index__isnull=True),
                name="evidence_entry_waiting",
            ),
            models.Index(fields=["subject", "kind"], name="evidence_entry_subject"),
            models.Index(fields=["project_id", "recorded_at"], name="evidence_entry_project"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(leaf_index__isnull=True) | models.Q(leaf_index__gte=0),
                name="evidence_entry_leaf_index_not_negative",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="number_once", operation=pgtrigger.Update, when=pgtrigger.Before, func=NUMBER_ONCE
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    def leaf(self) -> dict[str, object]:
        """The public content that the tree binds."""
        return leaf(
            algorithm=algorithm_named(self.algorithm),
            receipt=str(self.pk),
            kind=self.kind,
            project_id=self.project_id,
            subject_hash=bytes(self.subject_hash),
            actor_kind=self.actor_kind,
            actor_ref=bytes(self.actor_ref),
            recorded_at=self.recorded_at,
            record_hash=bytes(self.record_hash),
        )


class Subtree(models.Model):
    """The hash over leaves index * 2**level up to (index + 1) * 2**level; only complete ones are stored."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("subtree hash")
        verbose_name_plural = _("subtree hashes")
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Checkpoint(models.Model):
    """The signed statement that the log had this size and root: what publishes the entries below it."""

    size = models.BigIntegerField(_("entries"), primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField(_("signed note"))
    key_id = models.CharField(_("signing key"), max_length=8)
    algorithm = models.CharField(max_length=8, choices=[(name, name) for name in ALGORITHMS])
    at = models.DateTimeField(_("published at"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        get_latest_by = "size"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.size} {bytes(self.root).hex()}"
