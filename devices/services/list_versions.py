"""Versions of allow-lists: which one stands, and what changed since another, without making the list each time.

Triggers (`list_changes_sql.py`) add a row for every statement that touches what a list is made of. Which rows of a
project are seen is the stamp: while it is the same, and the day, so is the list. Rows are only added and an id may be
seen later than a higher one, so the stamp counts and sums as well; it is read before the list is made.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from devices.allow_list import allow_list, changes_since, digests
from devices.models import AllowListChange, AllowListVersion
from wagewatch.lib.dates import site_date

KEPT = 24
"""Versions of a project that may be asked since."""
CHANGES_KEPT = timedelta(days=2)
Stamp = tuple[date, int, int, int]
_known: dict[int, tuple[Stamp, str]] = {}
_MOST = 20_000
"""Projects remembered by a process; each is a version and four numbers."""

_STAMP = """
SELECT count(*), coalesce(sum(id), 0), coalesce(max(id), 0) FROM devices_allowlistchange WHERE scope IN (0, %s)
"""
_PRUNE = """
DELETE FROM devices_allowlistversion WHERE project_id = %(project)s AND id IN (
  SELECT id FROM devices_allowlistversion WHERE project_id = %(project)s ORDER BY made_at DESC, id DESC OFFSET %(kept)s)
"""


def current_version(project_id: int, *, now: datetime) -> str:
    """The version of a project's list as it is now; the list is made only if something changed or the day did."""
    stamp = stamp_of(project_id, now)
    found = _known.get(project_id)
    if found is not None and found[0] == stamp:
        return found[1]
    version: str = allow_list(project_id, now=now)["version"]
    _remember(project_id, stamp, version)
    return version


def list_since(project_id: int, since: str, *, now: datetime) -> dict[str, Any]:
    """The list, or what changed since a version that is still known. What it answers can be asked since itself."""
    stamp = stamp_of(project_id, now)
    answer = allow_list(project_id, now=now)
    _remember(project_id, stamp, answer["version"])
    with transaction.atomic():
        before = _digests_of(project_id, since)
        _made, is_new = AllowListVersion.objects.get_or_create(
            project_id=project_id,
            version=answer["version"],
            defaults={"made_at": now, "pins": digests(answer)},
        )
        if is_new:
            with connection.cursor() as cursor:
                cursor.execute(_PRUNE, {"project": project_id, "kept": KEPT})
        else:
            AllowListVersion.objects.filter(project_id=project_id, version=answer["version"]).update(
                made_at=now
            )
    changes = changes_since(answer, since, before) if before is not None else None
    return answer if changes is None else changes


def _digests_of(project_id: int, version: str) -> dict[str, str] | None:
    if not version or "\x00" in version or len(version) > 16:
        return None
    found = AllowListVersion.objects.filter(project_id=project_id, version=version).first()
    pins: dict[str, str] | None = found.pins if found is not None else None
    return pins


def stamp_of(project_id: int, now: datetime) -> Stamp:
    """The same as long as nothing changed that a project's list is made of, and the day did not."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, [project_id])
        count, total, highest = cursor.fetchone()
    return site_date(now), int(count), int(total), int(highest)


def _remember(project_id: int, stamp: Stamp, version: str) -> None:
    if len(_known) >= _MOST:
        _known.clear()
    _known[project_id] = (stamp, version)


def forget_changes(*, now: datetime) -> int:
    """Drop what was noted before yesterday: the day since then has made every list anew. How many they were."""
    return AllowListChange.objects.filter(at__lt=now - CHANGES_KEPT).delete()[0]
