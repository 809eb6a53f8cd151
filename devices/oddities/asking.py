"""What an address asks for: kinds, a period, and the same list as a sheet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from devices.oddities.catalogue import KINDS
from devices.oddities.finding import LONGEST, Oddity, Period
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, Value

USUAL = timedelta(days=6)
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)


@dataclass(frozen=True)
class Asked:
    """A period, and the one kind to show; "" for all kinds."""

    period: Period
    kind: str
    was_cut: bool = False


def asked(request: HttpRequest, *, today: date) -> Asked:
    """`?from=2026-11-10&to=2026-11-16&kind=together`; a week up to today unless told, a month at most."""
    until = _day(request.GET.get("to", "")) or today
    since = _day(request.GET.get("from", "")) or until - USUAL
    since, until = min(since, until), max(since, until)
    first = max(since, until - LONGEST + timedelta(days=1))
    kind = request.GET.get("kind", "")
    return Asked(Period(first, until), kind if kind in KINDS else "", first != since)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def oddity_sheet(rows: Iterable[Oddity]) -> SheetOut:
    """One row per oddity, names masked."""
    columns = [
        ColumnOut(_("Kind"), width=30),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Firm"), width=24),
        ColumnOut(_("Person"), width=14),
        ColumnOut(_("Second person"), width=14),
        ColumnOut(_("Gate"), width=14),
        ColumnOut(_("What was seen"), width=64),
        ColumnOut(_("First day"), "date", width=12),
        ColumnOut(_("Last day"), "date", width=12),
    ]
    lines: list[list[Value]] = [
        [
            str(row.kind.title),
            row.project,
            row.firm,
            row.people[0] if row.people else "",
            row.people[1] if len(row.people) > 1 else "",
            row.terminal,
            row.words,
            row.first_day,
            row.last_day,
        ]
        for row in rows
    ]
    return SheetOut(_("Odd attendance"), columns, lines)
