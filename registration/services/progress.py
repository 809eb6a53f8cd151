"""How far long work is that is one transaction, so that its own records cannot tell."""

from collections.abc import Callable

from django.core.cache import cache

_KEPT_SECONDS = 600


def teller(work: str, key: int) -> Callable[[int], None]:
    """What the worker calls with the number of rows that are done."""
    return lambda done: cache.set(_name(work, key), done, _KEPT_SECONDS)


def told(work: str, key: int) -> int:
    """The number of rows that are done; 0 where nobody has said anything, or the cache is away."""
    return int(cache.get(_name(work, key), 0) or 0)


def _name(work: str, key: int) -> str:
    return f"progress-{work}-{key}"
