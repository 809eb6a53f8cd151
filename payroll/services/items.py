"""Lines that a clerk writes into a draft: piece work, overtime by hand, allowances, deductions."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_slip
from payroll.models import PaySheet, PaySlip
from payroll.overtime import hour_rate
from payroll.pay_items import BY_HAND, OVERTIME, Item, ItemKind, items_from, priced
from payroll.services.attendance_lines import PIECE_NOTE, month_days_of
from payroll.services.minimum_wage import floor_for
from payroll.services.rule_items import rules_of
from payroll.services.sheets import FIGURES, draft_of, reprice
from payroll.services.totals import refresh_totals
from registration.actors import Actor
from registration.models import Project
from registration.services.parameters import parameter
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import multiply

MOST_ITEMS = 40


def _locked(reference: str, actor: Actor) -> tuple[PaySlip, PaySheet, Project]:
    slip = access_slip(reference, actor, permission="sheet.prepare")
    sheet = draft_of(slip.sheet_id, actor)
    return access_slip(reference, actor, for_write=True), sheet, Project.objects.get(pk=sheet.project_id)


def _write(slip: PaySlip, sheet: PaySheet, project: Project, items: list[Item]) -> PaySlip:
    floor = floor_for(project, sheet.month, slip.pay_basis, slip.days) if slip.days else None
    reprice(slip, month_days=month_days_of(project, sheet.month), items=items, floor=floor)
    if slip.note == PIECE_NOTE and slip.gross_fen:
        slip.note = ""
    slip.save(update_fields=[*FIGURES, "note"])
    refresh_totals(sheet)
    return slip


@transaction.atomic
def add_item(
    reference: str,
    *,
    kind: str,
    quantity: Decimal | None = None,
    unit: str = "",
    rate_fen: int | None = None,
    amount_fen: int | None = None,
    on_days: int | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> PaySlip:
    """Write a line into a draft.

    Piece work: quantity × price. Overtime: hours at the law's percent of the posting's hour, with a reason;
    `on_days` on how many days, for the limit of 3 hours a day. Heat allowance without an amount: the region's, for
    the days of the slip. Raises RuleViolation `sheet.not_draft`, `item.*`, `slip.*`.
    """
    slip, sheet, project = _locked(reference, actor)
    if kind not in BY_HAND:
        raise RuleViolation("item.kind", _("Choose what the line is."))
    items = items_from(slip.items)
    if len(items) >= MOST_ITEMS:
        raise RuleViolation("item.many", _("This slip has too many lines. Put some of them together."))
    if kind in OVERTIME:
        item = _overtime(slip, project, sheet, kind, quantity, on_days, reason)
    elif kind == ItemKind.PIECE:
        if quantity is None or rate_fen is None:
            raise RuleViolation("item.piece", _("Write the quantity and the price of one."))
        item = priced(kind, quantity=quantity, unit=unit[:12], rate_fen=rate_fen, reason=reason)
    elif kind == ItemKind.HEAT and amount_fen is None:
        item = _heat(slip, project, sheet, reason)
    else:
        item = priced(kind, amount_fen=amount_fen, reason=reason)
    return _write(slip, sheet, project, [*items, item])


def _overtime(
    slip: PaySlip,
    project: Project,
    sheet: PaySheet,
    kind: str,
    hours: Decimal | None,
    on_days: int | None,
    reason: str,
) -> Item:
    if hours is None:
        raise RuleViolation("item.hours", _("Write the hours of overtime."))
    if not reason.strip():
        raise RuleViolation("item.reason", _("Write what it is for: the worker will read it."))
    rules = rules_of(project, sheet.month)
    basis, rate = slip.pay_basis, slip.rate_fen
    if basis == "piece":
        # Beyond the quota a piece is worth as much more; the average hour of this slip's pieces is its rate.
        hours_worked = slip.days * rules.terms.standard_hours
        if not hours_worked or not slip.gross_fen:
            raise RuleViolation(
                "item.piece_first",
                _("Enter the piece work and the days first: overtime is priced from them."),
            )
        basis, rate = "hour", multiply(slip.gross_fen, 1 / hours_worked)
    price = hour_rate(basis, rate, rules.month_days, rules.terms.standard_hours)
    return priced(
        kind,
        quantity=hours,
        unit="h",
        rate_fen=price,
        percent=int(rules.terms.percent[OVERTIME[kind]]),
        reason=reason,
        facts={"on_days": on_days} if on_days else {},
    )


def _heat(slip: PaySlip, project: Project, sheet: PaySheet, reason: str) -> Item:
    found = parameter("pay.heat_allowance", region_code=project.region_id, on=sheet.month, default={})
    month_fen = int(found.get("month_fen", 0))
    if not month_fen or sheet.month.month not in found.get("months", ()):
        raise RuleViolation(
            "item.heat",
            _(
                "Your region has no heat allowance on record for this month. Write the amount that was agreed."
            ),
        )
    days = slip.days / 8 if slip.pay_basis == "hour" else slip.days
    share = min(Decimal(1), days / month_days_of(project, sheet.month))
    return priced(
        ItemKind.HEAT,
        amount_fen=multiply(month_fen, share),
        reason=reason,
        origin="rule",
        facts={"month_fen": month_fen},
    )


@transaction.atomic
def remove_item(reference: str, position: int, kind: str, *, actor: Actor, now: datetime) -> PaySlip:
    """Take a line out of a draft: the one at `position` (from 0), which must still be of this kind.

    Raises RuleViolation `sheet.not_draft`, `item.gone`.
    """
    slip, sheet, project = _locked(reference, actor)
    items = items_from(slip.items)
    if not 0 <= position < len(items) or items[position].kind != kind:
        raise RuleViolation("item.gone", _("This line is not there any more. Look at the slip again."))
    del items[position]
    return _write(slip, sheet, project, items)


@transaction.atomic
def explain_low_pay(reference: str, *, reason: str, actor: Actor, now: datetime) -> PaySlip:
    """Record why a draft's slip is under the minimum wage; the inspector reads it. Malformed `low_pay.reason`."""
    if not reason.strip():
        raise Malformed("low_pay.reason", _("Write why the pay is under the minimum wage."))
    slip, _sheet, _project = _locked(reference, actor)
    slip.low_pay_reason = reason.strip()[:200]
    slip.save(update_fields=["low_pay_reason"])
    return slip
