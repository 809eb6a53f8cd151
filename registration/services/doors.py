"""Doors that are open to everybody let nobody in too often."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from registration.models import Attempt
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation


def knock(door: str, who: str, *, most: int, now: datetime) -> None:
    """Count one knock of `who` (kept as a blind index) within the full hour.

    Raises RuleViolation `door.too_many` beyond `most`. The count is kept even when the caller's work is not:
    call it outside of the caller's transaction.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registration_attempt (door, who_index, hour, count) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (door, who_index, hour) DO UPDATE SET count = registration_attempt.count + 1"
            " RETURNING count",
            [door, blind_index(who, kind=f"door.{door}"), hour],
        )
        count = cursor.fetchone()[0]
    if count > most:
        raise RuleViolation(
            "door.too_many", _("Too many tries from here. Try again in one hour, or call 12333.")
        )


def forget_attempts(*, now: datetime) -> int:
    """Delete counts older than a day; returns how many."""
    return Attempt.objects.filter(hour__lt=now - timedelta(days=1)).delete()[0]
