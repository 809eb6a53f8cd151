"""The two answers to attendance that changed after it stood on a slip: pay the rest, or say why it stays."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll import records, rules
from payroll.access import access_sheet
from payroll.late import LateChange, late_changes, of_sheet
from payroll.models import LateDismissal, PaySheet, PaySlip
from payroll.pay_items import ItemKind
from payroll.services.attendance_lines import PIECE_NOTE, GateLine, gate_lines, month_days_of
from payroll.services.totals import refresh_totals
from payroll.services.who import user_of
from registration.access import not_found
from registration.actors import Actor
from registration.models import Project
from registration.services.parameters import load_calendar
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import pay_due_on, site_date
from wagewatch.lib.errors import Malformed, RuleViolation


def _sheet_and_changes(
    sheet_id: int, *, worker_id: int | None = None, actor: Actor
) -> tuple[PaySheet, Project, list[LateChange]]:
    """The month's own sheet, locked with its project, and what changed since; NotFound, NotPermitted."""
    sheet = access_sheet(sheet_id, actor, permission="sheet.prepare", for_write=True)
    if sheet.kind != PaySheet.Kind.MONTHLY:
        not_found()
    project = Project.objects.get(pk=sheet.project_id)
    changes = late_changes(project, [sheet.participation_id], months=[sheet.month], worker_id=worker_id)
    return sheet, project, of_sheet(sheet, changes)


@transaction.atomic
def dismiss_change(
    sheet_id: int,
    worker_id: int,
    *,
    quantity: Decimal,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> LateDismissal:
    """The clerk says why a slip stays although the gates count `quantity` (days or hours) now.

    `quantity` is what the clerk saw. Raises RuleViolation `late.changed`, `late.dismissed`, Malformed `late.reason`;
    NotFound where nothing changed.
    """
    if reason not in LateDismissal.Reason.values or not note.strip():
        raise Malformed("late.reason", _("Say why the slip stays: the inspector will read it."))
    sheet, project, changes = _sheet_and_changes(sheet_id, worker_id=worker_id, actor=actor)
    if not changes:
        not_found()
    (change,) = changes
    if change.quantity != quantity:
        raise RuleViolation(
            "late.changed", _("The gates count differently again. Look at the figures once more.")
        )
    if change.dismissal_id:
        raise RuleViolation("late.dismissed", _("Somebody has decided about this already."))
    made = LateDismissal.objects.create(
        project=project,
        participation_id=sheet.participation_id,
        worker_id=worker_id,
        month=sheet.month,
        listed=change.days,
        quantity=change.quantity,
        reason=reason,
        note=note.strip()[:200],
        made_by_id=user_of(actor),
        made_at=now,
    )
    evidence.append(
        records.LATE_DISMISSED,
        project_id=project.pk,
        subject=records.dismissal_subject(made),
        record=records.dismissal_record(made),
        actor=actor,
        now=now,
    )
    return made


@transaction.atomic
def make_supplement(sheet_id: int, *, actor: Actor, now: datetime) -> PaySheet:
    """A supplement draft (补发) for everybody whom the gates count more for than the month's sheets list.

    It goes the usual way: sent, confirmed, approved, paid (Order 724 art. 31). The slips of the month stay as they
    are. Raises RuleViolation `supplement.nothing` (nobody is owed more, or it is decided), `supplement.open`.
    """
    sheet, project, changes = _sheet_and_changes(sheet_id, actor=actor)
    of_month = PaySheet.objects.filter(
        project=project,
        participation=sheet.participation_id,
        month=sheet.month,
        kind=PaySheet.Kind.SUPPLEMENT,
    )
    if of_month.filter(state=PaySheet.State.DRAFT).exists():
        raise RuleViolation(
            "supplement.open",
            _("A supplement of this month is being made already. Open it, or throw it away."),
        )
    supplement = PaySheet(
        project=project,
        participation_id=sheet.participation_id,
        month=sheet.month,
        kind=PaySheet.Kind.SUPPLEMENT,
        number=of_month.count() + 1,
        first_day=sheet.first_day,
        last_day=sheet.last_day,
        source=PaySheet.Source.ATTENDANCE,
        due_on=max(pay_due_on(sheet.month, project.pay_day, load_calendar()), site_date(now)),
        made_by_id=user_of(actor),
        made_at=now,
    )
    _fill(supplement, project, changes)
    return supplement


@transaction.atomic
def refill_supplement(supplement: PaySheet, *, actor: Actor, now: datetime) -> None:
    """Make a supplement draft anew from today's attendance; the caller has locked it."""
    project = Project.objects.get(pk=supplement.project_id)
    PaySlip.objects.filter(month=supplement.month, project=project, sheet=supplement.pk).delete()
    changes = late_changes(project, [supplement.participation_id], months=[supplement.month])
    supplement.made_by_id, supplement.made_at = user_of(actor), now
    _fill(supplement, project, changes)


def _fill(supplement: PaySheet, project: Project, changes: list[LateChange]) -> None:
    owed = [change for change in changes if change.difference > 0 and not change.dismissal_id]
    if not owed:
        raise RuleViolation(
            "supplement.nothing", _("The gates count no more for anybody than the sheets of this month list.")
        )
    supplement.save()
    lines = gate_lines(project, supplement.participation_id, supplement.month)
    month_days = month_days_of(project, supplement.month)
    earned: dict[int, int] = {}
    for worker_id, gross, extra, items in PaySlip.objects.filter(
        month=supplement.month,
        project=project,
        sheet__participation=supplement.participation_id,
        worker__in=[change.worker_id for change in owed],
    ).values_list("worker_id", "gross_fen", "extra_fen", "items"):
        of_month = sum(i["amount_fen"] for i in items if i["kind"] == ItemKind.MONTH)
        earned[worker_id] = earned.get(worker_id, 0) + gross - extra + of_month
    PaySlip.objects.bulk_create(
        [
            _slip(supplement, change, lines[change.worker_id], earned.get(change.worker_id, 0), month_days)
            for change in owed
        ],
        batch_size=1000,
    )
    refresh_totals(supplement)


def _slip(
    supplement: PaySheet, change: LateChange, line: GateLine, earned_fen: int, month_days: Decimal
) -> PaySlip:
    quantity = change.difference
    gross = rules.gross_of(line.pay_basis, line.rate_fen, quantity, month_days)
    if line.pay_basis == "month":
        gross = max(0, min(gross, line.rate_fen - earned_fen))
    return PaySlip(
        month=supplement.month,
        project_id=supplement.project_id,
        sheet_id=supplement.pk,
        worker_id=change.worker_id,
        posting_id=line.posting_id,
        team_name=line.team_name,
        pay_basis=line.pay_basis,
        rate_fen=line.rate_fen,
        days=quantity,
        # What the gates counted beyond the sheets before, so that all sheets together hold the gates' sum.
        gate_days=change.quantity - change.gate_days,
        gross_fen=gross,
        net_fen=gross,
        note=PIECE_NOTE if line.pay_basis == "piece" else "",
    )
