"""The minimum wage against a sheet's slips: by the county's dated tier, in parts for part months."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from payroll import low_pay
from payroll.deductions import Floor
from payroll.models import PaySheet, PaySlip
from payroll.pay_items import items_from
from registration.models import Project
from registration.services.parameters import parameter
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import format_cny

ACTIONS = ("warn", "reason", "block")
"""`pay.minimum_wage_check`: only show it; ask for a reason on every such line; or let no such line go out."""


class Below(NamedTuple):
    """A slip under the minimum wage: what is missing, and to what."""

    worker_id: int
    missing_fen: int
    floor: Floor


def floor_for(project: Project, month: date, basis: str, quantity: Decimal) -> Floor | None:
    """The minimum wage for days (or hours) of a month where the project lies; None where none is on record."""
    month_fen = parameter("pay.minimum_wage_month_fen", region_code=project.region_id, on=month, default=None)
    if month_fen is None:
        return None
    paid_days = parameter("pay.month_days", region_code=project.region_id, on=month, default="21.75")
    return low_pay.floor_of(int(month_fen), basis, quantity, Decimal(str(paid_days)))


def action_in(project: Project, month: date) -> str:
    """What the region wants done about a slip under the minimum wage."""
    found: Any = parameter(
        "pay.minimum_wage_check", region_code=project.region_id, on=month, default={"action": "warn"}
    )
    return str(found.get("action", "warn"))


def missing_for(project: Project, slip: Any) -> Below | None:
    """Whether a slip (a row with its month, basis, days, gross and items) is under the minimum wage.

    A supplement or correction is part of a month, and a slip without days has no floor of its own.
    """
    if not slip.days:
        return None
    floor = floor_for(project, slip.month, slip.pay_basis, slip.days)
    if floor is None:
        return None
    short = low_pay.missing(slip.gross_fen, items_from(slip.items), floor)
    return Below(slip.worker_id, short, floor) if short else None


def below_in(sheet: PaySheet, project: Project) -> dict[int, Below]:
    """The slips of a sheet under the minimum wage, by worker; one query."""
    if sheet.kind in (PaySheet.Kind.SUPPLEMENT, PaySheet.Kind.CORRECTION):
        return {}
    slips = PaySlip.objects.filter(month=sheet.month, project=project, sheet=sheet.pk).only(
        "month", "project_id", "sheet_id", "worker_id", "pay_basis", "days", "gross_fen", "items"
    )
    found = (missing_for(project, slip) for slip in slips)
    return {one.worker_id: one for one in found if one}


def check_before_sending(sheet: PaySheet, project: Project) -> None:
    """Raises RuleViolation `sheet.under_minimum` where the region lets no such slip go out, or not without a
    reason on its line."""
    action = action_in(project, sheet.month)
    if action == "warn":
        return
    below = below_in(sheet, project)
    if action == "reason" and below:
        told = PaySlip.objects.filter(
            month=sheet.month, project=project, sheet=sheet.pk, worker__in=below
        ).exclude(low_pay_reason="")
        for worker_id in told.values_list("worker_id", flat=True):
            below.pop(worker_id)
    if below:
        worst = max(below.values(), key=lambda one: one.missing_fen)
        raise RuleViolation(
            "sheet.under_minimum",
            _(
                "%(count)s people get less than the minimum wage, up to %(missing)s too little. Correct their lines."
            )
            if action == "block"
            else _(
                "%(count)s people get less than the minimum wage, up to %(missing)s too little. "
                "Correct their lines, or write the reason on each."
            ),
            count=len(below),
            missing=format_cny(worst.missing_fen),
        )
