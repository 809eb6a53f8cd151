"""Which days a wage month has, where wage months do not begin on the 1st.

The nearest rule counts: of the participation, of the project, of the region (`pay.month_start_day`). A wage month
begins the day after the one before ended, so that a change of the rule leaves no day out and counts none twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from payroll.models import PaySheet, WageMonthStart
from registration.models import Project
from registration.services.parameters import parameter
from wagewatch.lib.dates import month_range, previous_month


def span(month: date, start_day_of: Callable[[date], int]) -> tuple[date, date]:
    """First and last day of a wage month, from the day on which each wage month begins; pure."""
    _first, last = month_range(month, start_day_of(month))
    _before, ended = month_range(previous_month(month), start_day_of(previous_month(month)))
    return ended + timedelta(days=1), last


@dataclass(frozen=True)
class WageMonths:
    """The wage months of one project; `starts` are its own rules, oldest first."""

    region_code: str
    starts: Sequence[WageMonthStart]

    def start_day(self, participation_id: int | None, month: date) -> int:
        """On which day of the month (or of the one before, unless 1) a wage month begins by the rules."""
        for whose in (participation_id, None):
            valid = [s for s in self.starts if s.participation_id == whose and s.from_month <= month]
            if valid:
                return valid[-1].start_day
        found = parameter("pay.month_start_day", region_code=self.region_code, on=month, default=1)
        return int(found)

    def span(self, participation_id: int | None, month: date) -> tuple[date, date]:
        """First and last day of a participation's wage month."""
        return span(month, lambda one: self.start_day(participation_id, one))


def wage_months(project: Project, participation_id: int | None = None) -> WageMonths:
    """The rules of a project (and one participation, if given); one query."""
    rules = WageMonthStart.objects.filter(project=project)
    if participation_id is not None:
        rules = rules.filter(Q(participation=participation_id) | Q(participation=None))
    return WageMonths(project.region_id, list(rules.order_by("from_month")))


def wage_months_of(projects: Iterable[Project]) -> dict[int, WageMonths]:
    """The rules of many projects by their numbers; one query."""
    found = {p.pk: p for p in projects}
    starts: dict[int, list[WageMonthStart]] = {pk: [] for pk in found}
    for rule in WageMonthStart.objects.filter(project__in=found).order_by("from_month"):
        starts[rule.project_id].append(rule)
    return {pk: WageMonths(p.region_id, starts[pk]) for pk, p in found.items()}


def span_of(project: Project, participation_id: int, month: date) -> tuple[date, date]:
    """First and last day of one participation's wage month."""
    return wage_months(project, participation_id).span(participation_id, month)


def month_of(project: Project, participation_id: int, day: date) -> date:
    """The wage month (date of its day 1) to which a day belongs."""
    months = wage_months(project, participation_id)
    month = day.replace(day=1)
    first, last = months.span(participation_id, month)
    while day > last:
        month = (month + timedelta(days=32)).replace(day=1)
        first, last = months.span(participation_id, month)
    while day < first:
        month = previous_month(month)
        first, last = months.span(participation_id, month)
    return month


def days_of_sheet(sheet: PaySheet) -> tuple[date, date]:
    """The days a sheet covers, as kept when it was made."""
    if sheet.first_day and sheet.last_day:
        return sheet.first_day, sheet.last_day
    return month_range(sheet.month)
