"""Lists as .xlsx: what the page shows with its filters, all rows instead of one page."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.http import HttpResponse
from django.utils.translation import gettext as _

from inspection.dashboard import AlarmLine
from payroll.models import PaySlip
from registration.models import Project
from registration.templatetags.named import named
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook
from wagewatch.templatetags.ww import mask_name

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def alarm_sheet(lines: Iterable[AlarmLine], today: date) -> SheetOut:
    """One row per alarm."""
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
    rows = [
        (
            line.alarm.get_level_display(),
            line.alarm.rule,
            line.headline,
            line.alarm.project.region.label,
            named(line.alarm.project),
            line.alarm.amount_fen,
            _("yes") if line.alarm.facts.get("estimated") else "",
            line.alarm.people,
            line.alarm.due_on,
            line.late if line.alarm.due_on and line.alarm.state == "open" else None,
            str(line.stop.words),
            line.alarm.get_state_display(),
            line.alarm.get_stage_display() if line.alarm.state == "open" else "",
            line.alarm.holder.name if line.alarm.holder else "",
            line.alarm.handle_by,
            line.alarm.paused_until,
            line.alarm.get_tier_display(),
        )
        for line in lines
    ]
    return SheetOut(_("Alarms"), columns, rows)


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
        rows.append(
            (project.code, named(project), project.region.label, project.get_sector_display(), *figures)
        )
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
    rows = [
        (
            mask_name(slip.worker.name),
            f"*{slip.worker.id_tail}",
            slip.sheet.participation.organisation.name,
            slip.team_name,
            slip.gate_days,
            slip.days,
            slip.net_fen,
            slip.get_confirmation_display(),
            slip.get_payment_display(),
        )
        for slip in slips
    ]
    return SheetOut(_("Pay slips"), columns, rows)


def download(sheet: SheetOut | Sequence[SheetOut], name: str, today: date) -> HttpResponse:
    """The workbook of one sheet or of several as an attachment."""
    return HttpResponse(
        write_workbook([sheet] if isinstance(sheet, SheetOut) else sheet),
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}-{today}.xlsx"'},
    )
