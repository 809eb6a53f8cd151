"""What is hashed, byte for byte: the leaf of an entry and the salted hashes it carries. Pure.

A leaf is public. It says that something of a kind was recorded for a project at a moment, and binds the
record, the subject and the actor by salted hashes; who does not hold the salt learns nothing from them.
"""

from __future__ import annotations

from datetime import datetime

from wagewatch.lib.canonical import canonical, moment
from wagewatch.lib.merkle import Algorithm, leaf_hash

VERSION = 1
SALT_BYTES = 16


def salted_hash(salt: bytes, value: object, algorithm: Algorithm) -> bytes:
    """H(salt || canonical(value)): only who holds the salt can try values."""
    return algorithm.digest(salt + canonical(value))


def leaf(
    *,
    algorithm: Algorithm,
    receipt: str,
    kind: str,
    project_id: int | None,
    subject_hash: bytes,
    actor_kind: str,
    actor_ref: bytes,
    recorded_at: datetime,
    record_hash: bytes,
) -> dict[str, object]:
    """The public content of an entry, as JSON types."""
    return {
        "actor": actor_kind,
        "actor_ref": actor_ref.hex(),
        "hash": algorithm.name,
        "kind": kind,
        "project": project_id,
        "receipt": receipt,
        "record": record_hash.hex(),
        "recorded_at": moment(recorded_at),
        "subject": subject_hash.hex(),
        "v": VERSION,
    }


def hash_of_leaf(content: object, tree_algorithm: Algorithm) -> bytes:
    """The level-0 node of a leaf in the tree."""
    return leaf_hash(canonical(content), tree_algorithm)
