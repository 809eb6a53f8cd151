"""A month of attendance as screens and the printed sheet (考勤表) show it. No writes here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from devices.models import AttendanceDay, DayCorrection
from devices.rules import OPEN
from registration.models import Participation, Posting, Project, Worker
from registration.templatetags.named import named
from wagewatch.lib.dates import month_range
from wagewatch.lib.identity import mask_name
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, Value

FULL, HALF, CAME = "●", "◐", "○"
WHOLE = Decimal(1)


@dataclass(frozen=True)
class Cell:
    """One day of one person: the mark, whether an exit (or entry) is missing, and the words for both."""

    day: date
    mark: str = ""
    is_open: bool = False
    title: str = ""


@dataclass
class Row:
    """One person's month."""

    worker_id: int
    name: str
    id_tail: str
    pin: int
    team: str
    cells: list[Cell]
    days: Decimal = Decimal(0)
    open_days: int = 0
    minutes: int = 0
    over_minutes: int = 0

    @property
    def hours_text(self) -> str:
        """Hours on site, one decimal; empty for none."""
        return f"{self.minutes / 60:.1f}" if self.minutes else ""

    @property
    def over_text(self) -> str:
        """Hours beyond a full day, one decimal; empty for none."""
        return f"{self.over_minutes / 60:.1f}" if self.over_minutes else ""


@dataclass
class Group:
    """A team's rows."""

    team: str
    organisation: str
    rows: list[Row] = field(default_factory=list)

    @property
    def days(self) -> Decimal:
        """Days of the whole team."""
        return sum((row.days for row in self.rows), Decimal(0))


@dataclass
class Matrix:
    """Worker × day of a month."""

    month: date
    dates: list[date]
    groups: list[Group]
    people: int
    days: Decimal
    open_days: int
    day_counts: list[int]


def month_matrix(
    project: Project,
    participations: QuerySet[Participation],
    month: date,
    *,
    today: date,
    team_id: int | None = None,
    full_names: bool = False,
) -> Matrix:
    """Everybody who was posted in the month, by team, with a mark for each day they came. Three queries.

    Names are masked unless `full_names`, which is for the sheet that people sign.
    A stamp is called missing only on dates before `today`, the work date that still runs.
    """
    first, last = month_range(month)
    postings = Posting.objects.filter(
        Q(left_on=None) | Q(left_on__gte=first),
        project=project,
        participation__in=participations,
        joined_on__lte=last,
    )
    if team_id is not None:
        postings = postings.filter(team_id=team_id)
    people = list(
        postings.order_by("participation_id", "team__name", "team_id", "pin").values_list(
            "worker_id",
            "worker__name",
            "worker__id_tail",
            "pin",
            "team_id",
            "team__name",
            "participation__organisation__name",
        )
    )
    marks: dict[int, dict[date, AttendanceDay]] = {}
    for row in AttendanceDay.objects.filter(project=project, day__range=(first, last)):
        marks.setdefault(row.worker_id, {})[row.day] = row
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    matrix = Matrix(month, dates, [], 0, Decimal(0), 0, [0] * len(dates))
    seen: set[int] = set()
    group, group_id = Group("", ""), -1
    for worker_id, name, tail, pin, team, team_name, firm in people:
        if worker_id in seen:
            continue  # left and came back within the month: one row, in the first team
        seen.add(worker_id)
        if team != group_id:
            group, group_id = Group(team_name, firm), team
            matrix.groups.append(group)
        came = marks.get(worker_id, {})
        cells = [_cell(day, came.get(day), today) for day in dates]
        row_days = sum((r.days for r in came.values()), Decimal(0))
        open_days = sum(cell.is_open for cell in cells)
        minutes = [r.minutes for r in came.values()]
        over = sum(max(0, m - project.full_day_minutes) for m in minutes)
        group.rows.append(
            Row(
                worker_id,
                name if full_names else mask_name(name),
                tail,
                pin,
                team_name,
                cells,
                row_days,
                open_days,
                minutes=sum(minutes),
                over_minutes=over,
            )
        )
        matrix.people += 1
        matrix.days += row_days
        matrix.open_days += open_days
        for place, cell in enumerate(cells):
            matrix.day_counts[place] += bool(cell.mark)
    return matrix


def _cell(day: date, row: AttendanceDay | None, today: date) -> Cell:
    if row is None:
        return Cell(day)
    mark = FULL if row.days >= WHOLE else HALF if row.days > 0 else CAME
    is_open = row.state == OPEN and day < today
    if row.first_in is None:
        title = _("%(day)s: no entry stamp") % {"day": day.isoformat()}
    elif row.state == OPEN:
        title = _("%(day)s: no exit stamp") % {"day": day.isoformat()}
    else:
        title = _("%(day)s: %(hours)s h on site") % {
            "day": day.isoformat(),
            "hours": f"{row.minutes / 60:.1f}",
        }
    return Cell(day, mark, is_open, title)


def month_sheet(project: Project, matrix: Matrix) -> SheetOut:
    """The month as a sheet to print and sign; names masked, told apart by the last digits of the ID number."""
    columns = [
        ColumnOut(_("Team"), width=14),
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID ends in"), width=10),
        *(ColumnOut(str(day.day), width=3.5) for day in matrix.dates),
        ColumnOut(_("Days in all"), kind="number", width=9),
        ColumnOut(_("Hours on site"), kind="number", width=9),
        ColumnOut(_("Hours beyond a full day"), kind="number", width=9),
        ColumnOut(_("No exit"), kind="number", width=8),
        ColumnOut(_("Signature"), width=14),
    ]
    rows: list[list[Value]] = [
        [
            group.team,
            row.name,
            row.id_tail,
            *(cell.mark + ("!" if cell.is_open else "") for cell in row.cells),
            row.days,
            round(Decimal(row.minutes) / 60, 1),
            round(Decimal(row.over_minutes) / 60, 1),
            row.open_days,
            "",
        ]
        for group in matrix.groups
        for row in group.rows
    ]
    title = _("%(project)s: attendance %(month)s (● a day, ◐ half a day, ○ came, ! stamp missing)") % {
        "project": named(project),
        "month": f"{matrix.month:%Y-%m}",
    }
    return SheetOut(name=f"{matrix.month:%Y-%m}", columns=columns, rows=rows, title=title)


@dataclass
class WorkerProject:
    """A worker's month on one project."""

    id: int
    name: str
    days: Decimal
    open_dates: list[date]
    corrected: list[date]


@dataclass
class WorkerMonth:
    """A worker's month on all projects: what the calendar shows."""

    month: date
    marks: dict[date, Decimal]
    days: Decimal
    projects: list[WorkerProject]


def worker_month(worker: Worker, month: date, *, today: date) -> WorkerMonth:
    """All of a worker's attendance in a month. Three queries."""
    first, last = month_range(month)
    names = {
        pk: named({"name": name, "name_en": english})
        for pk, name, english in Posting.objects.filter(worker=worker).values_list(
            "project_id", "project__name", "project__name_en"
        )
    }
    rows = AttendanceDay.objects.filter(project_id__in=names, worker_id=worker.pk, day__range=(first, last))
    found: Sequence[AttendanceDay] = list(rows.order_by("day", "project_id"))
    projects: dict[int, WorkerProject] = {}
    marks: dict[date, Decimal] = {}
    for row in found:
        project = projects.setdefault(
            row.project_id, WorkerProject(row.project_id, names[row.project_id], Decimal(0), [], [])
        )
        project.days += row.days
        if row.state == OPEN and row.day < today:
            project.open_dates.append(row.day)
        marks[row.day] = marks.get(row.day, Decimal(0)) + row.days
    corrections = DayCorrection.objects.filter(
        project_id__in=names, worker=worker, day__range=(first, last), withdrawn_at__isnull=True
    )
    for project_id, day in corrections.order_by("day").values_list("project_id", "day").distinct():
        place = projects.setdefault(
            project_id, WorkerProject(project_id, names[project_id], Decimal(0), [], [])
        )
        place.corrected.append(day)
    total = sum((project.days for project in projects.values()), Decimal(0))
    return WorkerMonth(month, marks, total, list(projects.values()))
