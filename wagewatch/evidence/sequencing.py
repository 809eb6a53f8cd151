"""Giving entries their place in the tree, and publishing it: one at a time over the whole installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from wagewatch.evidence import keys, leaves, notes
from wagewatch.evidence.models import Checkpoint, Entry
from wagewatch.evidence.tree import latest_checkpoint, read_subtrees, right_edge, tree_algorithm, tree_size
from wagewatch.lib.merkle import RightEdge, stored_root

ENTRIES_PER_TRANSACTION = 10_000
LOCK = 0x77775F6576  # "ww_ev": the sequencer's PostgreSQL advisory lock


class DamagedTreeError(RuntimeError):
    """The stored tree no longer agrees with what was published: nothing is added until it is looked into."""


@dataclass(frozen=True)
class Sequenced:
    """What one run did: entries numbered, and the size of the checkpoint it published, if any."""

    entries: int
    published: int | None


def sequence(now: datetime) -> Sequenced:
    """Number every entry committed so far, extend the tree, sign and publish a checkpoint.

    Each step is a transaction of its own: killed anywhere, the next run goes on from what is committed.
    A run that finds another at work does nothing.
    """
    total = 0
    while numbered := integrate():
        total += numbered
        if numbered < ENTRIES_PER_TRANSACTION:
            break
    return Sequenced(total, publish(now))


def _alone() -> bool:
    """Take the sequencer's lock until the transaction ends, or say that somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def integrate(limit: int = ENTRIES_PER_TRANSACTION) -> int:
    """Give up to `limit` waiting entries their index and store the subtrees they complete.

    Entries of transactions still open are not seen and simply come later: the index is the order of the
    log, not of the clock.
    """
    if not _alone():
        return 0
    waiting = list(Entry.objects.filter(leaf_index__isnull=True).order_by("recorded_at", "id")[:limit])
    if not waiting:
        return 0
    size = tree_size()
    algorithm = tree_algorithm()
    edge = right_edge(size, algorithm)
    _check_against_published(edge)
    complete: list[tuple[int, int, bytes]] = []
    for entry in waiting:
        complete.extend(edge.append(leaves.hash_of_leaf(entry.leaf(), algorithm)))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE evidence_entry e SET leaf_index = w.index"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS w(id, index) WHERE e.id = w.id",
            [[str(entry.pk) for entry in waiting], list(range(size, edge.size))],
        )
        cursor.execute(
            "INSERT INTO evidence_subtree (level, index, hash)"
            " SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])",
            [
                [level for level, _, _ in complete],
                [index for _, index, _ in complete],
                [value for _, _, value in complete],
            ],
        )
    return len(waiting)


def _check_against_published(edge: RightEdge) -> None:
    """A tree changed behind our back must not be carried on, or its next checkpoint would contradict the last."""
    latest = latest_checkpoint()
    if latest and (
        edge.size < latest.size or (edge.size == latest.size and edge.root() != bytes(latest.root))
    ):
        raise DamagedTreeError(
            "the stored tree contradicts its last checkpoint: run manage.py verify_evidence"
        )


@transaction.atomic
def publish(now: datetime) -> int | None:
    """Sign the tree as it stands, if it grew since the last checkpoint; the published size, or None."""
    if not _alone():
        return None
    size = tree_size()
    latest = latest_checkpoint()
    if latest and size < latest.size:
        raise DamagedTreeError(
            "the stored tree is shorter than its last checkpoint: run manage.py verify_evidence"
        )
    if size == (latest.size if latest else 0):
        return None
    algorithm = tree_algorithm()
    root = stored_root(size, read_subtrees, algorithm)
    note = notes.sign_checkpoint(keys.origin(), size, root, algorithm.name, keys.signing_key())
    Checkpoint.objects.create(
        size=size,
        root=root,
        note=note,
        key_id=keys.public_key().key_id.hex(),
        algorithm=algorithm.name,
        at=now,
    )
    return size
