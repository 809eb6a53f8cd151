"""The keys of this installation's log, from the settings."""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from wagewatch.evidence.notes import NoteError, VerifierKey, verifier_of
from wagewatch.lib.merkle import Algorithm, algorithm_named


def origin() -> str:
    """The log's name, first line of every checkpoint."""
    name: str = settings.WAGEWATCH_EVIDENCE_ORIGIN
    if not name or "+" in name or any(character.isspace() for character in name):
        raise ImproperlyConfigured("WAGEWATCH_EVIDENCE_ORIGIN: write a name without spaces and plus signs.")
    return name


def signing_key() -> Ed25519PrivateKey:
    """The Ed25519 key that signs checkpoints, from a 32-byte seed in base64."""
    try:
        seed = base64.b64decode(settings.WAGEWATCH_EVIDENCE_KEY, validate=True)
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (binascii.Error, ValueError):
        raise ImproperlyConfigured("WAGEWATCH_EVIDENCE_KEY: write 32 bytes in base64.") from None


def public_key() -> VerifierKey:
    """The key that today's checkpoints are checked with."""
    return verifier_of(origin(), signing_key())


def accepted_keys() -> list[VerifierKey]:
    """Today's key and those used before it (WAGEWATCH_EVIDENCE_FORMER_KEYS, space-separated vkeys)."""
    try:
        former = [VerifierKey.parse(text) for text in settings.WAGEWATCH_EVIDENCE_FORMER_KEYS.split()]
    except NoteError as problem:
        raise ImproperlyConfigured(f"WAGEWATCH_EVIDENCE_FORMER_KEYS: {problem}.") from None
    return [public_key(), *former]


def algorithm_for_new_entries() -> Algorithm:
    """The hash of new records, and of a tree not yet begun (WAGEWATCH_EVIDENCE_HASH: sha256 or sm3)."""
    try:
        return algorithm_named(settings.WAGEWATCH_EVIDENCE_HASH)
    except ValueError:
        raise ImproperlyConfigured("WAGEWATCH_EVIDENCE_HASH: write sha256 or sm3.") from None
