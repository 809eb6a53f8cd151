"""Reading the stored tree: its size, its hashes, proofs over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection
from django.db.models import Max

from wagewatch.evidence.keys import algorithm_for_new_entries
from wagewatch.evidence.models import Checkpoint, Entry, Stage, Subtree
from wagewatch.lib import merkle
from wagewatch.lib.merkle import Algorithm, Coordinate


def tree_size() -> int:
    """How many leaves are integrated."""
    last: int | None = Subtree.objects.filter(level=0).aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def tree_algorithm() -> Algorithm:
    """The hash of the whole tree: fixed by its first leaf, whatever the settings say later."""
    first = Entry.objects.filter(leaf_index=0).values_list("algorithm", flat=True).first()
    return merkle.algorithm_named(first) if first else algorithm_for_new_entries()


def read_subtrees(coordinates: Sequence[Coordinate]) -> Mapping[Coordinate, bytes]:
    """The stored hashes at these coordinates, in one query; ProofError when one is missing."""
    if not coordinates:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.level, s.index, s.hash FROM evidence_subtree s"
            " JOIN unnest(%s::smallint[], %s::bigint[]) AS w(level, index) USING (level, index)",
            [[level for level, _ in coordinates], [index for _, index in coordinates]],
        )
        found = {(level, index): bytes(value) for level, index, value in cursor.fetchall()}
    missing = set(coordinates) - found.keys()
    if missing:
        raise merkle.ProofError(f"no stored hash at {sorted(missing)[0]}")
    return found


def right_edge(size: int, algorithm: Algorithm) -> merkle.RightEdge:
    """All that growing the tree needs, from O(log size) stored hashes."""
    wanted = merkle.right_edge_coordinates(size)
    nodes = read_subtrees(wanted)
    return merkle.RightEdge(algorithm, size, [nodes[coordinate] for coordinate in wanted])


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """That leaf `index` stands in the tree of `size` leaves; ProofError outside it."""
    if size > tree_size():
        raise merkle.ProofError(f"the log has not reached {size} entries")
    return merkle.stored_inclusion_proof(index, size, read_subtrees, tree_algorithm())


def consistency_proof(first: int, second: int) -> list[bytes]:
    """That the tree of `second` leaves begins with that of `first`; ProofError outside the log."""
    if second > tree_size():
        raise merkle.ProofError(f"the log has not reached {second} entries")
    return merkle.stored_consistency_proof(first, second, read_subtrees, tree_algorithm())


def latest_checkpoint() -> Checkpoint | None:
    """The newest published checkpoint, if any."""
    return Checkpoint.objects.order_by("-size").first()


def stage_of(entry: Entry) -> Stage:
    """How far an entry has come, as this session sees it."""
    if entry.leaf_index is None:
        return Stage.RECORDED
    published = Checkpoint.objects.filter(size__gt=entry.leaf_index).exists()
    return Stage.PUBLISHED if published else Stage.SEQUENCED
