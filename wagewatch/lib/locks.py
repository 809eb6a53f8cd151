"""Work that only one process does at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_one(work: str, key: int = 0) -> Iterator[bool]:
    """Whether nobody else is at this work now; if so, nobody else begins it before the block ends.

    An advisory lock of the connection, also over several transactions, which the database gives back by itself when
    a process is killed. Who comes second gets False at once and passes by.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), %s)", [work, key % 2**31])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s)", [work, key % 2**31])
