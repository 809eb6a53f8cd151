"""A leaver's settlement (结算单): everything still owed, off-cycle, the day the work ends.

Provisional rules on wages 1994, articles 8 and 9: all wages are due at the end of the work, never "at the next run".
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_sheet, participations_with
from payroll.leavers import leavers_for
from payroll.models import Advance, PaySheet, PaySlip
from payroll.services.advances import Balance, balances
from payroll.services.attendance_lines import PIECE_NOTE, gate_lines, insert_slips
from payroll.services.rule_items import add_rule_items
from payroll.services.sheets import submit_sheet
from payroll.services.totals import refresh_totals
from payroll.services.who import user_of
from payroll.wage_months import month_of, wage_months
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Posting, Project
from wagewatch.lib.dates import next_month
from wagewatch.lib.errors import RuleViolation

LONGEST_BACK = timedelta(days=400)


@dataclass(frozen=True)
class Settlement:
    """What a leaver is owed: the slips to be made (with their sheets' days), earlier slips not yet paid, and what
    is left of advances after them. Fen."""

    posting: Posting
    slips: list[PaySlip]
    earlier: list[PaySlip]
    advances: list[Balance]

    @property
    def settled_fen(self) -> int:
        """Net pay of the settlement itself."""
        return sum(slip.net_fen for slip in self.slips)

    @property
    def earlier_fen(self) -> int:
        """On earlier slips, not paid."""
        return sum(slip.net_fen for slip in self.earlier)

    @property
    def needs_pieces(self) -> bool:
        """Whether piece work must be entered before it can be sent."""
        return any(slip.note == PIECE_NOTE for slip in self.slips)


def access_leaver(project_id: int, posting_id: int, actor: Actor) -> Posting:
    """An ended posting for which the actor prepares sheets. NotFound, NotPermitted."""
    posting = (
        leavers_for(actor)
        .select_related("project", "participation__organisation", "team", "worker")
        .filter(pk=posting_id, project=project_id)
        .first()
    )
    if posting is None:
        not_found()
    parts = participations_with(actor, posting.project, "sheet.prepare")
    if not parts.filter(pk=posting.participation_id).exists():
        not_permitted("sheet.prepare")
    return posting


def preview(project_id: int, posting_id: int, *, actor: Actor, now: datetime) -> Settlement:
    """What a settlement made now would hold: it is made, read and rolled back, so that it cannot differ."""
    posting = access_leaver(project_id, posting_id, actor)
    with transaction.atomic():
        sheets = _make(posting, actor, now)
        slips = _slips(posting, sheets)
        earlier = _earlier(posting, sheets)
        left = _advances(posting)
        transaction.set_rollback(True)
    return Settlement(posting, slips, earlier, left)


@transaction.atomic
def settle(project_id: int, posting_id: int, *, actor: Actor, now: datetime) -> list[PaySheet]:
    """Make the settlement of a leaver and send it to the worker for confirmation; with piece work to be entered it
    stays a draft. One sheet for each wage month that has days on no sheet, nearly always one.

    Raises RuleViolation `settlement.nothing`, `settlement.draft`; NotFound, NotPermitted.
    """
    posting = access_leaver(project_id, posting_id, actor)
    sheets = _make(posting, actor, now)
    if not sheets:
        raise RuleViolation(
            "settlement.nothing",
            _("Every day of this person stands on a sheet already. What is not paid yet is on those sheets."),
        )
    if any(slip.note == PIECE_NOTE for slip in _slips(posting, sheets)):
        return sheets
    return [submit_sheet(sheet.pk, actor=actor, now=now) for sheet in sheets]


def _make(posting: Posting, actor: Actor, now: datetime) -> list[PaySheet]:
    project = Project.objects.select_for_update(no_key=True).get(pk=posting.project_id)
    left_on = posting.left_on
    if left_on is None:
        not_found()
    months = wage_months(project, posting.participation_id)
    month = month_of(project, posting.participation_id, max(posting.joined_on, left_on - LONGEST_BACK))
    made = []
    while months.span(posting.participation_id, month)[0] <= left_on:
        first, last = months.span(posting.participation_id, month)
        if sheet := _sheet_of_month(project, posting, month, (first, min(last, left_on)), actor, now):
            made.append(sheet)
        month = next_month(month)
    return made


def _sheet_of_month(
    project: Project, posting: Posting, month: date, days: tuple[date, date], actor: Actor, now: datetime
) -> PaySheet | None:
    part, worker = posting.participation_id, posting.worker_id
    if not gate_lines(project, part, month, days=days, worker_id=worker, skip_settled=True):
        return None
    listed = PaySlip.objects.filter(month=month, project=project, worker=worker, sheet__participation=part)
    if listed.exclude(confirmation=PaySlip.Confirmation.DRAFT).exists():
        return None
    for sheet_id in list(listed.values_list("sheet_id", flat=True)):
        _take_off(access_sheet(sheet_id, actor, permission="sheet.prepare", for_write=True), worker)
    before = PaySheet.objects.filter(
        project=project, participation=part, month=month, kind=PaySheet.Kind.LEAVER
    )
    sheet = PaySheet.objects.create(
        project=project,
        participation_id=part,
        month=month,
        kind=PaySheet.Kind.LEAVER,
        number=max(before.values_list("number", flat=True), default=0) + 1,
        first_day=days[0],
        last_day=days[1],
        source=PaySheet.Source.ATTENDANCE,
        due_on=posting.settle_by or posting.left_on or days[1],
        made_by_id=user_of(actor),
        made_at=now,
    )
    insert_slips(sheet, project, worker_id=worker)
    add_rule_items(sheet, project, now=now)
    refresh_totals(sheet)
    return sheet


def _take_off(draft: PaySheet, worker_id: int) -> None:
    """A draft of the month nobody has seen loses the leaver; one that was the leaver's alone goes."""
    if draft.kind == PaySheet.Kind.LEAVER:
        raise RuleViolation(
            "settlement.draft",
            _("A settlement of this person is being made already. Open it, or throw it away."),
        )
    slips = PaySlip.objects.filter(month=draft.month, project=draft.project_id, sheet=draft.pk)
    slips.filter(worker=worker_id).delete()
    if slips.exists():
        refresh_totals(draft)
    else:
        draft.delete()


def _slips(posting: Posting, sheets: list[PaySheet]) -> list[PaySlip]:
    return list(
        PaySlip.objects.filter(
            month__in=[s.month for s in sheets],
            project=posting.project_id,
            sheet__in=[s.pk for s in sheets],
            worker=posting.worker_id,
        )
        .select_related("sheet", "project")
        .order_by("month")
    )


def _earlier(posting: Posting, made: list[PaySheet]) -> list[PaySlip]:
    return list(
        PaySlip.objects.filter(project=posting.project_id, worker=posting.worker_id, net_fen__gt=0)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .exclude(payment=PaySlip.Payment.PAID)
        .exclude(sheet__in=[s.pk for s in made])
        .select_related("sheet")
        .order_by("month")
    )


def _advances(posting: Posting) -> list[Balance]:
    rows = Advance.objects.filter(
        project=posting.project_id,
        participation=posting.participation_id,
        worker=posting.worker_id,
        withdrawn_at=None,
    )
    return [one for one in balances(list(rows)) if one.left_fen > 0]
