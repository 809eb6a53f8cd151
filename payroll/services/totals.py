"""Sums and states of a sheet, computed from its slips in one statement each."""

from typing import NamedTuple

from django.db.models import Count, Q, Sum

from payroll import rules
from payroll.models import PaySheet, PaySlip


class Totals(NamedTuple):
    """People and sums in fen over a sheet's slips."""

    people: int
    gross_fen: int
    deduction_fen: int
    net_fen: int


def totals_of(sheet: PaySheet) -> Totals:
    """The exact sums of a sheet's slips."""
    sums = PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk).aggregate(
        people=Count("worker_id"), gross=Sum("gross_fen"), deduction=Sum("deduction_fen"), net=Sum("net_fen")
    )
    return Totals(sums["people"], sums["gross"] or 0, sums["deduction"] or 0, sums["net"] or 0)


def refresh_totals(sheet: PaySheet) -> None:
    """Write the sums to the sheet, which the caller has locked."""
    sheet.people, sheet.gross_fen, sheet.deduction_fen, sheet.net_fen = totals_of(sheet)
    sheet.save(update_fields=["people", "gross_fen", "deduction_fen", "net_fen"])


def counts_of(sheet: PaySheet) -> rules.SheetCounts:
    """How many of the slips with money to pay are approved, instructed, paid, returned."""
    payable = Q(net_fen__gt=0)
    found = PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk).aggregate(
        payable=Count("worker_id", filter=payable),
        approved=Count("worker_id", filter=payable & Q(is_approved=True)),
        instructed=Count("worker_id", filter=payable & Q(payment="instructed")),
        paid=Count("worker_id", filter=payable & Q(payment__in=["paid", "cash"])),
        returned=Count("worker_id", filter=payable & Q(payment="returned")),
    )
    return rules.SheetCounts(**found)


def refresh_state(sheet: PaySheet) -> None:
    """Move a submitted sheet, which the caller has locked, to the state its slips give."""
    if sheet.state == PaySheet.State.DRAFT:
        return
    state = rules.sheet_state(counts_of(sheet))
    if state != sheet.state:
        sheet.state = state
        sheet.save(update_fields=["state"])
