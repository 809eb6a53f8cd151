"""Lists as .xlsx: what the page shows with its filters, all rows instead of one page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import Choices
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from inspection.dashboard import late_days
from inspection.models import Alarm, Level
from inspection.rules import stop_of_alarm
from inspection.words import headline
from payroll.models import PaySlip
from registration.models import Project, Sector
from registration.templatetags.named import named
from registration.views.file_answers import file_answer
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, Value, workbook_file
from wagewatch.templatetags.ww import mask_name


def labels(choices: type[Choices]) -> dict[Any, str]:
    """Value → label in the reader's language: `get_…_display()` translates every label of the field for each row."""
    return {value: str(label) for value, label in choices.choices}


def alarm_sheet(alarms: Iterable[Alarm], today: date) -> SheetOut:
    """One row per alarm; give alarms with holder, project and region at hand. Rows are made as they are written."""
    columns = [
        ColumnOut(_("Level"), width=8),
        ColumnOut(_("Rule"), width=8),
        ColumnOut(_("What happened"), width=36),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Amount"), "money", width=16),
        ColumnOut(_("Estimated"), width=10),
        ColumnOut(_("Number of people"), "number", width=8),
        ColumnOut(_("Due"), "date", width=12),
        ColumnOut(_("Days overdue"), "number", width=10),
        ColumnOut(_("Where the wage stopped"), width=18),
        ColumnOut(_("State"), width=12),
        ColumnOut(_("Stage"), width=14),
        ColumnOut(_("Inspector"), width=12),
        ColumnOut(_("Deadline"), "date", width=12),
        ColumnOut(_("Paused until"), "date", width=12),
        ColumnOut(_("Desk"), width=10),
    ]
    levels, states, stages, tiers = (
        labels(choices) for choices in (Level, Alarm.State, Alarm.Stage, Alarm.Tier)
    )
    yes = _("yes")

    def rows() -> Iterator[Sequence[Value]]:
        for alarm in alarms:
            is_open = alarm.state == Alarm.State.OPEN
            yield (
                levels[alarm.level],
                alarm.rule,
                headline(alarm),
                alarm.project.region.label,
                named(alarm.project),
                alarm.amount_fen,
                yes if alarm.facts.get("estimated") else "",
                alarm.people,
                alarm.due_on,
                late_days(alarm, today) if alarm.due_on and is_open else None,
                str(stop_of_alarm(alarm.rule, alarm.facts).words),
                states[alarm.state],
                stages[alarm.stage] if is_open else "",
                alarm.holder.name if alarm.holder else "",
                alarm.handle_by,
                alarm.paused_until,
                tiers[alarm.tier],
            )

    return SheetOut(_("Alarms"), columns, rows())


def project_sheet(projects: Iterable[Project], today: date) -> SheetOut:
    """One row per project with its figures; give projects with region and stat joined."""
    columns = [
        ColumnOut(_("Project code"), width=16),
        ColumnOut(_("Project"), width=30),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("Sector"), width=12),
        ColumnOut(_("Overdue wages"), "money", width=16),
        ColumnOut(_("Unpaid since"), "date", width=12),
        ColumnOut(_("People not paid"), "number", width=10),
        ColumnOut(_("Registered"), "number", width=10),
        ColumnOut(_("On site now"), "number", width=10),
        ColumnOut(_("Account balance"), "money", width=16),
        ColumnOut(_("Risk"), "number", width=8),
    ]
    rows = []
    sectors = labels(Sector)
    for project in projects:
        stat = getattr(project, "stat", None)
        figures = (
            (
                stat.owed_fen,
                stat.oldest_due_on,
                stat.owed_people,
                stat.workers_open,
                stat.on_site_now,
                stat.balance_fen,
                stat.risk,
            )
            if stat
            else (None,) * 7
        )
        rows.append((project.code, named(project), project.region.label, sectors[project.sector], *figures))
    return SheetOut(_("Projects"), columns, rows)


def slip_sheet(slips: Iterable[PaySlip]) -> SheetOut:
    """One row per slip, the name masked; give slips with worker and the sheet's firm joined."""
    columns = [
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID number"), width=14),
        ColumnOut(_("Firm"), width=28),
        ColumnOut(_("Team"), width=14),
        ColumnOut(_("Gate days"), "number", width=10),
        ColumnOut(_("Paid days"), "number", width=10),
        ColumnOut(_("Net"), "money", width=14),
        ColumnOut(_("Confirmation"), width=14),
        ColumnOut(_("Bank"), width=14),
    ]
    confirmations, payments = labels(PaySlip.Confirmation), labels(PaySlip.Payment)
    rows = [
        (
            mask_name(slip.worker.name),
            f"*{slip.worker.id_tail}",
            slip.sheet.participation.organisation.name,
            slip.team_name,
            slip.gate_days,
            slip.days,
            slip.net_fen,
            confirmations[slip.confirmation],
            payments[slip.payment],
        )
        for slip in slips
    ]
    return SheetOut(_("Pay slips"), columns, rows)


def download(sheet: SheetOut | Sequence[SheetOut], name: str, today: date) -> HttpResponseBase:
    """The workbook of one sheet or of several as an attachment; rows may come one by one."""
    file = workbook_file([sheet] if isinstance(sheet, SheetOut) else sheet)
    return file_answer(file, f"{name}-{today}", "xlsx")
