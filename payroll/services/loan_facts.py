"""What is known of special wage loans: limits, what is drawn and owed, what a sheet lacks; no writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, Sum

from payroll.models import LoanDraw, LoanFacility, LoanRepayment, PaySheet, PaySlip
from payroll.services.allocation_facts import money_of

OWED = Q(state=LoanDraw.State.ARRIVED)


def used_fen(facility: LoanFacility) -> int:
    """What of a limit is taken: draws asked for, confirmed or arrived, less what went back."""
    found = LoanDraw.objects.filter(
        project=facility.project_id, facility=facility.pk, state__in=LoanDraw.LIVE
    ).aggregate(total=Sum(F("amount_fen") - F("repaid_fen")))
    return found["total"] or 0


def on_its_way_fen(project_id: int) -> int:
    """Draws that were asked for or confirmed and whose money has not come."""
    found = LoanDraw.objects.filter(
        project=project_id, state__in=(LoanDraw.State.ASKED, LoanDraw.State.CONFIRMED)
    ).aggregate(total=Sum("amount_fen"))
    return found["total"] or 0


def approved_fen(project_id: int, sheet: PaySheet | None = None) -> int:
    """Approved wages that are not with the bank, of one sheet or of the project's open ones."""
    slips = PaySlip.objects.filter(
        project=project_id,
        is_approved=True,
        net_fen__gt=0,
        payment__in=[PaySlip.Payment.NONE, PaySlip.Payment.RETURNED],
    )
    if sheet is not None:
        slips = slips.filter(month=sheet.month, sheet=sheet.pk)
    return slips.aggregate(total=Sum("net_fen"))["total"] or 0


def shortage_fen(sheet: PaySheet) -> int:
    """What the account lacks for a sheet's approved wages; a loan is drawn for this and for nothing else."""
    free = money_of([sheet.project_id])[sheet.project_id].free_fen
    return max(0, approved_fen(sheet.project_id, sheet) - max(0, free) - on_its_way_fen(sheet.project_id))


def repaid_from(project_id: int, entry_number: int) -> int:
    """What was repaid, or is ordered to be, out of one allocation."""
    found = (
        LoanRepayment.objects.filter(project=project_id, entry_number=entry_number)
        .exclude(state=LoanRepayment.State.WITHDRAWN)
        .aggregate(total=Sum("amount_fen"))
    )
    return found["total"] or 0


@dataclass(frozen=True)
class Facility:
    """A wage loan with its figures, for pages."""

    row: LoanFacility
    used_fen: int
    owed_fen: int

    @property
    def left_fen(self) -> int:
        return max(0, self.row.limit_fen - self.used_fen)

    def usable(self, on: date) -> bool:
        """Granted, and the day lies in its term."""
        row = self.row
        return (
            row.state == LoanFacility.State.GRANTED
            and row.valid_from is not None
            and row.valid_until is not None
            and row.valid_from <= on <= row.valid_until
        )


def with_figures(rows: Iterable[LoanFacility]) -> list[Facility]:
    """Wage loans with what is used and owed of each; one query more."""
    found = list(rows)
    sums = {
        row["facility_id"]: (row["used"], row["owed"])
        for row in LoanDraw.objects.filter(
            project__in={r.project_id for r in found},
            facility__in=[r.pk for r in found],
            state__in=LoanDraw.LIVE,
        )
        .values("facility_id")
        .annotate(
            used=Sum(F("amount_fen") - F("repaid_fen")),
            owed=Sum(F("amount_fen") - F("repaid_fen"), filter=OWED, default=0),
        )
        .order_by("facility_id")
    }
    return [Facility(r, *sums.get(r.pk, (0, 0))) for r in found]
