"""Which version of the allow-list a terminal holds: what it says when it asks for a newer one."""

from datetime import datetime, timedelta

from django.db import connection

from devices.services.terminals import KnownTerminal

WRITTEN_EVERY = timedelta(minutes=1)
"""A terminal that asks every few seconds and holds the same costs one row a minute."""

_NOTE = """
INSERT INTO devices_listheld AS h (project_id, terminal_id, version, said_at)
VALUES (%(project)s, %(terminal)s, %(version)s, %(now)s)
ON CONFLICT (project_id, terminal_id) DO UPDATE SET version = EXCLUDED.version, said_at = EXCLUDED.said_at
WHERE h.version <> EXCLUDED.version OR h.said_at < %(before)s
"""


def note_holder(terminal: KnownTerminal, version: str, *, now: datetime) -> None:
    """Write down the version that a terminal named in its request; nothing for one that named none."""
    if not version or "\x00" in version:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "project": terminal.project_id,
                "terminal": terminal.id,
                "version": version[:16],
                "now": now,
                "before": now - WRITTEN_EVERY,
            },
        )
