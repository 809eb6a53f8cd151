"""The Merkle tree of RFC 9162 section 2.1: hashes, proofs and their verification.

Everything here is arithmetic over bytes: no storage, no Django. A tree is addressed by coordinates
(level, index): level 0 holds the leaf hashes, and node (level, index) covers the 2**level leaves from
index * 2**level on. Only complete ("perfect") subtrees have a coordinate; the ragged right edge is folded
from them when it is needed, so a stored coordinate never changes once it exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

Coordinate = tuple[int, int]
Span = tuple[int, int]  # leaves [start, end)
NodeReader = Callable[[Sequence[Coordinate]], Mapping[Coordinate, bytes]]

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


class ProofError(ValueError):
    """A proof does not hold, or asks for something outside the tree."""


@dataclass(frozen=True)
class Algorithm:
    """A hash function by its stored name; both known ones give 32 bytes."""

    name: str
    digest: Callable[[bytes], bytes]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    """GB/T 32905 SM3."""
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


SHA256 = Algorithm("sha256", _sha256)
SM3 = Algorithm("sm3", _sm3)
ALGORITHMS: Mapping[str, Algorithm] = {"sha256": SHA256, "sm3": SM3}


def algorithm_named(name: str) -> Algorithm:
    """The algorithm stored under `name`; ValueError when there is none."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        raise ValueError(f"unknown hash algorithm {name!r}") from None


def empty_root(algorithm: Algorithm = SHA256) -> bytes:
    """The root of the tree without leaves: the hash of nothing."""
    return algorithm.digest(b"")


def leaf_hash(data: bytes, algorithm: Algorithm = SHA256) -> bytes:
    """H(0x00 || data)."""
    return algorithm.digest(LEAF_PREFIX + data)


def node_hash(left: bytes, right: bytes, algorithm: Algorithm = SHA256) -> bytes:
    """H(0x01 || left || right)."""
    return algorithm.digest(NODE_PREFIX + left + right)


def root(leaf_hashes: Iterable[bytes], algorithm: Algorithm = SHA256) -> bytes:
    """The root over leaf hashes (not leaf data), in one pass."""
    edge = RightEdge(algorithm)
    for value in leaf_hashes:
        edge.append(value)
    return edge.root()


@dataclass
class RightEdge:
    """The perfect subtrees that cover a tree of `size` leaves, largest first: all that growing it needs.

    Appending n leaves costs O(n) hashes in total and never reads an older node.
    """

    algorithm: Algorithm = SHA256
    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, value: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash; the nodes (level, index, hash) that became complete, the leaf's own first."""
        level, index = 0, self.size
        complete = [(level, index, value)]
        while index & 1:
            value = node_hash(self.hashes.pop(), value, self.algorithm)
            level, index = level + 1, index >> 1
            complete.append((level, index, value))
        self.hashes.append(value)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return _fold(self.hashes, self.algorithm)


def right_edge_coordinates(size: int) -> list[Coordinate]:
    """Coordinates of the perfect subtrees covering `size` leaves, largest first."""
    return span_coordinates((0, size))


def span_coordinates(span: Span) -> list[Coordinate]:
    """Coordinates of the perfect subtrees covering a span that begins on its own boundary.

    Every span the RFC's recursion makes does: its start is a multiple of the power of two above its length.
    """
    start, end = span
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _fold(parts: Sequence[bytes], algorithm: Algorithm) -> bytes:
    """The hash over perfect subtrees given largest first."""
    if not parts:
        return empty_root(algorithm)
    value = parts[-1]
    for part in reversed(parts[:-1]):
        value = node_hash(part, value, algorithm)
    return value


def _split(length: int) -> int:
    """The largest power of two smaller than `length` (length > 1)."""
    return 1 << ((length - 1).bit_length() - 1)


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose hashes make up PATH(index, D[size]), nearest the leaf first (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    spans = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(first: int, second: int) -> list[Span]:
    """The spans whose hashes make up PROOF(first, D[second]) (RFC 9162, 2.1.4.1).

    Empty when the trees are the same, and for the empty tree, with which every tree agrees.
    """
    if not 0 <= first <= second:
        raise ProofError(f"no consistency from {first} to {second}")
    if first in (0, second):
        return []
    spans = []
    start, end, whole = 0, second, True
    while first != end - start:
        middle = _split(end - start)
        if first <= middle:
            spans.append((start + middle, end))
            end = start + middle
        else:
            spans.append((start, start + middle))
            start, first, whole = start + middle, first - middle, False
    if not whole:
        spans.append((start, end))
    return spans[::-1]


def _read_spans(spans: Sequence[Span], read: NodeReader, algorithm: Algorithm) -> list[bytes]:
    """The hash of each span, all nodes asked for in one call of `read`."""
    wanted = [span_coordinates(span) for span in spans]
    nodes = read([coordinate for group in wanted for coordinate in group])
    return [_fold([nodes[coordinate] for coordinate in group], algorithm) for group in wanted]


def stored_root(size: int, read: NodeReader, algorithm: Algorithm = SHA256) -> bytes:
    """The root at `size`, from stored nodes."""
    return _read_spans([(0, size)], read, algorithm)[0]


def stored_inclusion_proof(
    index: int, size: int, read: NodeReader, algorithm: Algorithm = SHA256
) -> list[bytes]:
    """The inclusion proof of a leaf, from stored nodes: one call of `read` for O(log size) of them."""
    return _read_spans(inclusion_spans(index, size), read, algorithm)


def stored_consistency_proof(
    first: int, second: int, read: NodeReader, algorithm: Algorithm = SHA256
) -> list[bytes]:
    """The consistency proof between two sizes, from stored nodes."""
    return _read_spans(consistency_spans(first, second), read, algorithm)


def _reader_over(leaf_hashes: Sequence[bytes], algorithm: Algorithm) -> NodeReader:
    edge = RightEdge(algorithm)
    nodes = {(level, at): value for leaf in leaf_hashes for level, at, value in edge.append(leaf)}
    return lambda wanted: {coordinate: nodes[coordinate] for coordinate in wanted}


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes], algorithm: Algorithm = SHA256) -> list[bytes]:
    """The inclusion proof of leaf `index`, straight from all leaf hashes."""
    return stored_inclusion_proof(index, len(leaf_hashes), _reader_over(leaf_hashes, algorithm), algorithm)


def consistency_proof(first: int, leaf_hashes: Sequence[bytes], algorithm: Algorithm = SHA256) -> list[bytes]:
    """The proof that the tree over `leaf_hashes` grew from its first `first` leaves."""
    return stored_consistency_proof(first, len(leaf_hashes), _reader_over(leaf_hashes, algorithm), algorithm)


def root_from_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], algorithm: Algorithm = SHA256
) -> bytes:
    """The root that a proof leads to (RFC 9162, 2.1.3.2); ProofError if its shape is wrong."""
    if not 0 <= index < size:
        raise ProofError("the leaf index is outside the tree")
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            value = node_hash(sibling, value, algorithm)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling, algorithm)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")
    return value


def verify_inclusion(
    leaf: bytes,
    index: int,
    size: int,
    proof: Sequence[bytes],
    expected_root: bytes,
    algorithm: Algorithm = SHA256,
) -> None:
    """ProofError unless `leaf` (a leaf hash) stands at `index` of the tree with that size and root."""
    if root_from_inclusion(leaf, index, size, proof, algorithm) != expected_root:
        raise ProofError("the proof leads to another root")


def verify_consistency(
    first: int,
    second: int,
    first_root: bytes,
    second_root: bytes,
    proof: Sequence[bytes],
    algorithm: Algorithm = SHA256,
) -> None:
    """ProofError unless the tree of size `second` begins with that of size `first` (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second:
        raise ProofError("the sizes are out of order")
    if first in (0, second):
        expected = empty_root(algorithm) if first == 0 else second_root
        if proof or first_root != expected:
            raise ProofError("the roots do not agree")
        return
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise ProofError("the proof is too short")
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            old = node_hash(sibling, old, algorithm)
            new = node_hash(sibling, new, algorithm)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling, algorithm)
        position, last = position >> 1, last >> 1
    if last or old != first_root or new != second_root:
        raise ProofError("the proof leads to other roots")
