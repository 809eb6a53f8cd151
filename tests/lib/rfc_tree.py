"""The definitions of RFC 9162 section 2.1, word for word and slow: what lib/merkle.py is held against."""

from collections.abc import Callable, Sequence

Digest = Callable[[bytes], bytes]


def largest_power_below(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(data: Sequence[bytes], digest: Digest) -> bytes:
    """2.1.1: the Merkle tree hash of leaf data."""
    if not data:
        return digest(b"")
    if len(data) == 1:
        return digest(b"\x00" + data[0])
    k = largest_power_below(len(data))
    return digest(b"\x01" + mth(data[:k], digest) + mth(data[k:], digest))


def path(m: int, data: Sequence[bytes], digest: Digest) -> list[bytes]:
    """2.1.3.1: PATH(m, D[n])."""
    if len(data) == 1:
        return []
    k = largest_power_below(len(data))
    if m < k:
        return [*path(m, data[:k], digest), mth(data[k:], digest)]
    return [*path(m - k, data[k:], digest), mth(data[:k], digest)]


def proof(m: int, data: Sequence[bytes], digest: Digest) -> list[bytes]:
    """2.1.4.1: PROOF(m, D[n])."""
    return subproof(m, data, True, digest)


def subproof(m: int, data: Sequence[bytes], whole: bool, digest: Digest) -> list[bytes]:
    """2.1.4.1: SUBPROOF(m, D[n], b)."""
    if m == len(data):
        return [] if whole else [mth(data, digest)]
    k = largest_power_below(len(data))
    if m <= k:
        return [*subproof(m, data[:k], whole, digest), mth(data[k:], digest)]
    return [*subproof(m - k, data[k:], False, digest), mth(data[:k], digest)]
