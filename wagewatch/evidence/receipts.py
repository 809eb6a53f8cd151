"""The receipt of an entry: all that its owner needs to prove it to anybody later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from wagewatch.evidence import keys, registry
from wagewatch.evidence.leaves import salted_hash
from wagewatch.evidence.models import Entry
from wagewatch.evidence.tree import inclusion_proof, latest_checkpoint
from wagewatch.evidence.verify import FORMAT, Check, CheckName, Verdict, verify_bundle
from wagewatch.lib.canonical import CanonicalError, plain
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.merkle import ProofError, algorithm_named


def rebuilt_record(entry: Entry) -> Mapping[str, object] | None:
    """The entry's record from today's rows; None when its kind is unknown or the rows are gone."""
    kind = registry.kind_named(entry.kind)
    return kind.load_many([entry.subject]).get(entry.subject) if kind else None


def record_matches(entry: Entry, record: Mapping[str, object]) -> bool:
    """Whether this record is the one that was hashed."""
    try:
        hashed = salted_hash(bytes(entry.salt), record, algorithm_named(entry.algorithm))
    except CanonicalError:
        return False
    return hashed == bytes(entry.record_hash)


def is_superseded(entry: Entry) -> bool:
    """Whether the same subject was recorded again later: its rows then give the later record."""
    same = Entry.objects.filter(kind=entry.kind, subject=entry.subject).exclude(pk=entry.pk)
    if entry.leaf_index is None:
        return same.filter(
            leaf_index__isnull=True, recorded_at__gte=entry.recorded_at, pk__gt=entry.pk
        ).exists()
    return (same.filter(leaf_index__gt=entry.leaf_index) | same.filter(leaf_index__isnull=True)).exists()


def receipt_bundle(entry: Entry) -> dict[str, object]:
    """The receipt as JSON types: record, salt, leaf and, once published, place, proof and checkpoint.

    Holds the record itself: give it only to who may see that. Raises RuleViolation `evidence.changed`
    when the rows no longer give the record that was hashed: a false receipt must not be handed out.
    """
    record = rebuilt_record(entry)
    if record is None or not record_matches(entry, record):
        raise RuleViolation(
            "evidence.changed",
            _("The data of this receipt were changed after it was made. Please call the labour inspection."),
        )
    return _bundle(entry, record)


def _bundle(entry: Entry, record: Mapping[str, object] | None) -> dict[str, object]:
    bundle: dict[str, object] = {
        "format": FORMAT,
        "receipt": str(entry.pk),
        "subject": entry.subject,
        "record": plain(record),
        "salt": bytes(entry.salt).hex(),
        "leaf": entry.leaf(),
        "index": None,
        "proof": None,
        "checkpoint": None,
        "public_key": str(keys.public_key()),
    }
    checkpoint = latest_checkpoint()
    if checkpoint and entry.leaf_index is not None and entry.leaf_index < checkpoint.size:
        bundle["index"] = entry.leaf_index
        bundle["checkpoint"] = checkpoint.note
        try:
            proof = inclusion_proof(entry.leaf_index, checkpoint.size)
        except ProofError:  # stored hashes are gone: the receipt will say that its proof does not hold
            proof = []
        bundle["proof"] = [part.hex() for part in proof]
    return bundle


def receipt_file(entry: Entry) -> bytes:
    """The bundle as the file a worker keeps (UTF-8 JSON, readable)."""
    return (json.dumps(receipt_bundle(entry), ensure_ascii=False, indent=1) + "\n").encode()


def verdict_on(entry: Entry) -> Verdict:
    """What an outsider would find with the entry's own bundle, without showing the record.

    The record's own check is left open (None) when nobody here can rebuild it, or a later entry of the same
    subject took its place.
    """
    record = rebuilt_record(entry)
    verdict = verify_bundle(_bundle(entry, record), keys.accepted_keys())
    if (record is None and registry.kind_named(entry.kind) is None) or is_superseded(entry):
        checks = [Check(c.name, None) if c.name is CheckName.RECORD else c for c in verdict.checks]
        return replace(verdict, checks=tuple(checks))
    return verdict
