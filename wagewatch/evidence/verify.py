"""Checking a receipt without trusting anybody: no database, no settings, nothing but the bundle and a key.

A bundle is what `receipts.receipt_bundle` hands out and a worker keeps. The key must come from elsewhere
(the notice board, the press, another office): a key inside the bundle proves nothing by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from wagewatch.evidence.leaves import hash_of_leaf, salted_hash
from wagewatch.evidence.notes import NoteError, SignedCheckpoint, VerifierKey, open_checkpoint
from wagewatch.evidence.packed import PREFIX, PackedError, unpack
from wagewatch.lib.canonical import CanonicalError, canonical
from wagewatch.lib.merkle import ProofError, algorithm_named, verify_inclusion

FORMAT = "wagewatch-receipt-1"
MAX_BYTES = 256 * 1024
LEAF_KEYS = frozenset(
    {"actor", "actor_ref", "hash", "kind", "project", "receipt", "record", "recorded_at", "subject", "v"}
)


class CheckName(StrEnum):
    """What is looked at, in this order."""

    READABLE = "readable"
    RECORD = "record"
    SUBJECT = "subject"
    SIGNATURE = "signature"
    INCLUSION = "inclusion"


@dataclass(frozen=True)
class Check:
    """One question and its answer; `held` is None when there is nothing to answer it with yet."""

    name: CheckName
    held: bool | None


@dataclass(frozen=True)
class Verdict:
    """Every check in order. `proven` only if all of them held."""

    checks: tuple[Check, ...]
    leaf: Mapping[str, object] = field(default_factory=dict)
    checkpoint: SignedCheckpoint | None = None

    @property
    def proven(self) -> bool:
        """Nothing was changed, and the log's operator has signed for it."""
        return len(self.checks) == len(CheckName) and all(check.held for check in self.checks)

    @property
    def refuted(self) -> bool:
        """At least one check failed: the receipt and the log do not agree."""
        return any(check.held is False for check in self.checks)


class BundleError(ValueError):
    """What was handed in is not a receipt."""


def parse_bundle(data: bytes | str) -> dict[str, object]:
    """A bundle from its JSON text or from the text of its QR code, at most 256 kB; BundleError otherwise."""
    if len(data) > MAX_BYTES:
        raise BundleError("too long for a receipt")
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    if text.lstrip().startswith(PREFIX):
        try:
            data = unpack(text.strip("\r\n\t"), most=MAX_BYTES)
        except PackedError:
            raise BundleError("not a whole packed receipt") from None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise BundleError("not JSON") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BundleError("not a receipt")
    return value


def verify_bundle(bundle: Mapping[str, object], keys: VerifierKey | Sequence[VerifierKey]) -> Verdict:
    """Check a receipt with the log's public key (or any of several); never raises on bad bundles."""
    accepted = [keys] if isinstance(keys, VerifierKey) else list(keys)
    leaf = bundle.get("leaf")
    try:
        salt = _hex(bundle.get("salt"))
        if not isinstance(leaf, dict) or leaf.keys() != LEAF_KEYS or leaf["v"] != 1:
            raise BundleError("not a leaf")
        if leaf["receipt"] != bundle.get("receipt"):
            raise BundleError("another receipt's leaf")
        canonical(leaf)
        algorithm = algorithm_named(str(leaf["hash"]))
        record = salted_hash(salt, bundle.get("record"), algorithm).hex() == leaf["record"]
        subject = salted_hash(salt, bundle.get("subject"), algorithm).hex() == leaf["subject"]
    except (BundleError, CanonicalError, ValueError):
        return Verdict((Check(CheckName.READABLE, False),))
    checkpoint, signature = _open(bundle.get("checkpoint"), accepted)
    inclusion = None
    if bundle.get("checkpoint") is not None:
        inclusion = checkpoint is not None and _included(bundle, leaf, checkpoint)
    return Verdict(
        (
            Check(CheckName.READABLE, True),
            Check(CheckName.RECORD, record),
            Check(CheckName.SUBJECT, subject),
            Check(CheckName.SIGNATURE, signature),
            Check(CheckName.INCLUSION, inclusion),
        ),
        leaf,
        checkpoint,
    )


def _open(note: object, keys: Sequence[VerifierKey]) -> tuple[SignedCheckpoint | None, bool | None]:
    """The checkpoint and whether its signature holds; (None, None) when the bundle has none yet."""
    if note is None:
        return None, None
    for key in keys:
        try:
            return open_checkpoint(str(note), key), True
        except NoteError:
            continue
    return None, False


def _included(bundle: Mapping[str, object], leaf: object, checkpoint: SignedCheckpoint) -> bool:
    index, proof = bundle.get("index"), bundle.get("proof")
    if (
        not isinstance(index, int)
        or isinstance(index, bool)
        or not isinstance(proof, list)
        or len(proof) > 64
    ):
        return False
    algorithm = algorithm_named(checkpoint.algorithm)
    try:
        path = [_hex(part) for part in proof]
        verify_inclusion(
            hash_of_leaf(leaf, algorithm), index, checkpoint.size, path, checkpoint.root, algorithm
        )
    except (ProofError, BundleError, CanonicalError):
        return False
    return True


def _hex(value: object) -> bytes:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else _refuse()
    except ValueError:
        raise BundleError("not hexadecimal") from None


def _refuse() -> bytes:
    raise BundleError("not text")
