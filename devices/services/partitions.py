"""Monthly partitions, made ahead. Apps above add their own tables to PARTITIONED in their AppConfig.ready."""

from datetime import datetime

from django.db import connection

from wagewatch.lib.dates import first_of_month, next_month, site_date

PARTITIONED = ["devices_passage", "devices_refusedentry", "devices_attendanceday", "devices_monthtotal"]
MONTHS_AHEAD = 3


def make_partitions(*, now: datetime, months_ahead: int = MONTHS_AHEAD) -> int:
    """Make what is missing from this month to `months_ahead`; returns how many were made."""
    month, made = first_of_month(site_date(now)), 0
    for _step in range(months_ahead + 1):
        for table in PARTITIONED:
            with connection.cursor() as cursor:
                cursor.execute("SELECT wagewatch_make_partition(%s::regclass, %s)", [table, month])
                made += bool(cursor.fetchone()[0])
        month = next_month(month)
    return made


def rows_without_partition() -> dict[str, int]:
    """Rows that landed in default partitions, by table: something to look at when not empty."""
    found = {}
    for table in PARTITIONED:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}_default")  # noqa: S608 - names from the list above
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found
