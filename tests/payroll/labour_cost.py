"""One row behind every address about labour cost and wage loans, for the permission tests."""

from datetime import date
from decimal import Decimal

from payroll.models import LoanDraw, LoanFacility, LoanRepayment, PaySheet
from payroll.services import allocations, top_ups
from payroll.services.allocations import PlanFacts
from tests.cast import Cast
from tests.payroll.deposit_papers import deposit_scan

PLAN = PlanFacts("progress", 20, date(2026, 8, 1), "施工合同第 12.3 条", percent=Decimal(25))


def labour_cost(cast: Cast, sheet: PaySheet) -> int:
    """A plan with its paper, an open request, a granted loan with a draw and a repayment, and an application,
    whose number is returned."""
    zhao = cast.actor(cast.zhao)
    allocations.agree_plan(cast.project.pk, PLAN, scan=deposit_scan(), actor=zhao, now=cast.now)
    top_ups.ask_top_up(
        cast.project.pk, basis="other", amount_fen=5_000_000, text="备付", actor=zhao, now=cast.now
    )
    common = {
        "project": cast.project,
        "bank": cast.bank,
        "guarantor": "金华担保",
        "reason": "备付",
        "asked_at": cast.now,
    }
    granted = LoanFacility.objects.create(
        **common,
        state="granted",
        asked_fen=900_000_000,
        limit_fen=900_000_000,
        valid_from=date(2026, 11, 1),
        valid_until=date(2027, 5, 1),
    )
    draw = LoanDraw.objects.create(
        project=cast.project, facility=granted, number=1, sheet=sheet, amount_fen=1000, asked_at=cast.now
    )
    LoanRepayment.objects.create(
        project=cast.project, number=1, draw=draw, entry_number=1, amount_fen=100, ordered_at=cast.now
    )
    return LoanFacility.objects.create(**common, asked_fen=100_000).pk
