"""Pinyin initials of people who were registered before there were any."""

from django.db import connection
from psycopg2.extras import execute_values

from wagewatch.lib.pinyin import initials_of

BATCH = 5000
_NEXT = "SELECT id, name FROM registration_worker WHERE initials = '' AND id > %s ORDER BY id LIMIT %s"
_FILL = "UPDATE registration_worker w SET initials = v.initials FROM (VALUES %s) v (id, initials) WHERE w.id = v.id"


def fill_initials() -> int:
    """Fill the initials of everybody who has none; returns how many. They follow from the name, so that no
    history is written. Harmless when run again."""
    done, after = 0, 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_NEXT, [after, BATCH])
            found = cursor.fetchall()
            if not found:
                return done
            after = found[-1][0]
            readable = [(pk, text) for pk, name in found if (text := initials_of(name))]
            if readable:
                execute_values(cursor, _FILL, readable, page_size=1000)
            done += len(readable)
