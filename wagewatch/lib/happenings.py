"""That something happened, for whoever looks at it a little later: one mark per kind, without particulars.

A mark says when the newest of its kind was committed. It only saves waiting: while the cache is away marks are
lost, and whoever reads them must look at everything now and then all the same.
"""

import time
from collections.abc import Iterable

from django.core.cache import cache
from django.db import transaction

KEPT_SECONDS = 24 * 3600
_PREFIX = "happened:"


def happened(kind: str) -> None:
    """Leave a mark once the current transaction has committed; at once outside of one."""
    transaction.on_commit(lambda: cache.set(_PREFIX + kind, time.time(), KEPT_SECONDS), robust=True)


def newest(kinds: Iterable[str]) -> dict[str, float]:
    """Kind → when it last happened, in seconds since 1970; kinds without a mark are left out."""
    found = cache.get_many([_PREFIX + kind for kind in kinds])
    return {key.removeprefix(_PREFIX): float(when) for key, when in found.items()}
