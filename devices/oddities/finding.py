"""Run the statements and put names to what they find. No writes here."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from devices.models import Terminal
from devices.oddities.catalogue import KINDS, Kind
from registration.models import Participation, Project, Worker
from registration.services.parameters import load_calendar
from registration.templatetags.named import named
from wagewatch.lib.identity import mask_name

LONGEST = timedelta(days=31)
"""The longest period of one look: a month of a large site is some million stamps."""
LIMIT = 500
"""Rows of one kind that a page or a file shows; the heading tells how many there are."""


@dataclass(frozen=True)
class Period:
    """Work dates, both included."""

    since: date
    until: date

    @property
    def days(self) -> list[date]:
        """Every date of it."""
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]


@dataclass
class Oddity:
    """One row: who or which gate, how often, when; figures are explained by `words`."""

    kind: Kind
    project_id: int
    worker_id: int | None
    other_id: int | None
    terminal_id: int | None
    part_id: int | None
    count: int
    of_count: int | None
    first_day: date
    last_day: date
    facts: dict[str, Any]
    project: str = ""
    people: list[str] = field(default_factory=list)
    terminal: str = ""
    firm: str = ""
    other_project: str = ""

    @property
    def words(self) -> str:
        """What was seen, with the figures."""
        return _words(self)


@dataclass
class Result:
    """What was found of one kind: the rows shown, and how many there are."""

    kind: Kind
    rows: list[Oddity]
    total: int


def find(
    codes: Iterable[str],
    projects: Sequence[int],
    parts: Collection[int] | None,
    period: Period,
    *,
    now: datetime,
    limit: int = LIMIT,
) -> list[Result]:
    """The oddities of these kinds on these projects in a period; one statement per kind, three for the names.

    `parts`: whose people the reader sees, None for everybody. A gate is shown to those who see everybody.
    """
    calendar = load_calendar()
    today = now.date()
    arguments = {
        "projects": list(projects),
        "parts": None if parts is None else list(parts),
        "since": period.since,
        "until": period.until,
        "now": now,
        "workdays": [day for day in period.days if calendar.is_working(day) and day < today],
        "limit": limit,
    }
    results = []
    with transaction.atomic(), connection.cursor() as cursor:
        # Sorts over a month's stamps of a large site: in memory they take half the time.
        cursor.execute("SET LOCAL work_mem = '96MB'")
        for code in codes:
            kind = KINDS[code]
            cursor.execute(
                kind.sql, {**arguments, "key": kind.parameter, "default": json.dumps(kind.default)}
            )
            found = cursor.fetchall()
            rows = [Oddity(kind, *(*row[:9], _facts(row[9]))) for row in found]
            results.append(Result(kind, rows, int(found[0][10]) if found else 0))
    _name([row for result in results for row in result.rows], visible=set(projects))
    return results


def _facts(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def _ids(*found: int | None) -> set[int]:
    """Numbers to look up, with nobody's 0: one statement whatever was found, so that a page's cost is known."""
    return {0, *(pk for pk in found if pk)}


def _name(rows: list[Oddity], *, visible: set[int]) -> None:
    """Names of people (masked), gates, firms and projects. A site out of the reader's reach stays unnamed."""
    people = {
        pk: f"{mask_name(name)} {tail}"
        for pk, name, tail in Worker.objects.filter(
            pk__in=_ids(*(i for r in rows for i in (r.worker_id, r.other_id)))
        ).values_list("pk", "name", "id_tail")
    }
    gates = dict(
        Terminal.objects.filter(pk__in=_ids(*(r.terminal_id for r in rows))).values_list("pk", "name")
    )
    firms = dict(
        Participation.objects.filter(pk__in=_ids(*(r.part_id for r in rows))).values_list(
            "pk", "organisation__name"
        )
    )
    wanted = _ids(*(i for r in rows for i in (r.project_id, r.facts.get("project"))))
    projects = {
        pk: named({"name": name, "name_en": english})
        for pk, name, english in Project.objects.filter(pk__in=wanted).values_list("pk", "name", "name_en")
    }
    for row in rows:
        row.project = projects.get(row.project_id, "")
        row.people = [people[i] for i in (row.worker_id, row.other_id) if i and i in people]
        row.terminal = gates.get(row.terminal_id or 0, "")
        row.firm = firms.get(row.part_id or 0, "")
        other = row.facts.get("project")
        row.other_project = projects.get(other, "") if other in visible else ""


def _words(row: Oddity) -> str:
    """The sentence of a row's kind."""
    facts = {**row.facts, "count": row.count, "of": row.of_count or 0, "gate": row.terminal}
    match row.kind.code:
        case "record":
            return _("Record %(record)s of %(gate)s stands for %(count)d people") % facts
        case "badge":
            return (
                ngettext(
                    "Badge %(badge)s was used by %(count)d person",
                    "Badge %(badge)s was used by %(count)d people in turn",
                    row.count,
                )
                % facts
            )
        case "badges":
            return (
                ngettext(
                    "Seen with %(count)d badge: %(badge)s",
                    "Seen with %(count)d badges in turn: %(badge)s",
                    row.count,
                )
                % facts
            )
        case "picture":
            return (
                _(
                    "One image stands for %(count)d people: registered for %(registered)d, taken by gates %(of)d times"
                )
                % facts
            )
        case "together":
            return (
                ngettext(
                    "On %(count)d day within %(seconds)s s of each other at %(gate)s, %(of)d times in all",
                    "On %(count)d days within %(seconds)s s of each other at %(gate)s, %(of)d times in all",
                    row.count,
                )
                % facts
            )
        case "by_hand":
            facts["share"] = round(row.count * 100 / row.of_count) if row.of_count else 100
            return (
                _(
                    "%(count)d of %(of)d stamps were added by hand (%(share)d %%), for %(people)d people, "
                    "%(most)d of them for the one named"
                )
                % facts
            )
        case "after_left":
            return (
                ngettext(
                    "%(count)d stamp after the last day %(left_on)s, %(of)d of them let in",
                    "%(count)d stamps after the last day %(left_on)s, %(of)d of them let in",
                    row.count,
                )
                % facts
            )
        case "long_stay":
            return (
                ngettext(
                    "%(count)d day with more than %(hours)d h on site, %(of)d of them without an exit",
                    "%(count)d days with more than %(hours)d h on site, %(of)d of them without an exit",
                    row.count,
                )
                % facts
            )
        case "two_sites":
            facts["other"] = row.other_project or _("a site outside your reach")
            return (
                ngettext(
                    "On %(count)d day also at %(other)s, up to %(minutes)d minutes at the same time",
                    "On %(count)d days also at %(other)s, up to %(minutes)d minutes at the same time",
                    row.count,
                )
                % facts
            )
        case "silent":
            return (
                ngettext(
                    "%(gate)s sent nothing on %(count)d working day",
                    "%(gate)s sent nothing on %(count)d working days",
                    row.count,
                )
                % facts
            )
        case _:
            return (
                ngettext(
                    "%(count)d entry between %(from)s and %(until)s, on %(of)d days",
                    "%(count)d entries between %(from)s and %(until)s, on %(of)d days",
                    row.count,
                )
                % facts
            )
