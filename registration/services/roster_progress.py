"""How far the writing of a roster is. It is one transaction, so its own records cannot tell."""

from collections.abc import Callable

from django.core.cache import cache

_KEPT_SECONDS = 600


def teller(upload_id: int) -> Callable[[int], None]:
    """What the writer calls with the number of rows that are done."""
    return lambda done: cache.set(_key(upload_id), done, _KEPT_SECONDS)


def told(upload_id: int) -> int:
    """The number of rows that are done; 0 where nobody has said anything, or the cache is away."""
    return int(cache.get(_key(upload_id), 0) or 0)


def _key(upload_id: int) -> str:
    return f"roster-written-{upload_id}"
