"""The salary information file of a sheet, for banks whose terms ask for one (`payroll.bank.sif`)."""

import math
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from payroll.access import access_sheet
from payroll.bank.sif import SifFile, SifLine
from payroll.models import PaymentLine, PaySheet, PaySlip, SubLedger
from payroll.services.terms import profile_of
from payroll.wage_months import days_of_sheet
from registration.actors import Actor
from registration.models import BankCard
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation


def wants_salary_file(sheet: PaySheet, now: datetime) -> bool:
    """Whether the bank of the project's special account asks for salary files."""
    ledger = SubLedger.objects.filter(project=sheet.project_id).select_related("account__bank").first()
    return ledger is not None and bool(profile_of(ledger.account.bank, site_date(now)).sif_employer)


def salary_file(sheet_id: int, *, actor: Actor, now: datetime) -> SifFile:
    """What was paid from a sheet, one line per person. Days are those on the sheet; unpaid leave is not kept here
    and is reported as 0. Piece work and hours are variable pay, the rest is fixed.

    Raises NotFound, RuleViolation `sif.not_asked`; Malformed when it is written (`write_sif`).
    """
    sheet = access_sheet(sheet_id, actor)
    ledger = SubLedger.objects.filter(project=sheet.project_id).select_related("account__bank").first()
    profile = profile_of(ledger.account.bank, site_date(now)) if ledger else None
    if profile is None or not profile.sif_employer:
        raise RuleViolation("sif.not_asked", _("The bank of this project asks for no salary file."))
    first, last = days_of_sheet(sheet)
    length = (last - first).days + 1
    paid = {
        line.worker_id: line
        for line in PaymentLine.objects.filter(
            project=sheet.project_id, sheet=sheet.pk, state=PaymentLine.State.PAID
        )
    }
    codes = {
        card.worker_id: card.bank_code
        for card in BankCard.objects.filter(worker__in=paid, is_current=True).only("worker_id", "bank_code")
    }
    slips = PaySlip.objects.filter(
        month=sheet.month, project=sheet.project_id, sheet=sheet.pk, worker__in=paid
    ).order_by("worker_id")
    lines = []
    for slip in slips:
        line = paid[slip.worker_id]
        routing = codes.get(slip.worker_id, "")
        by_output = slip.pay_basis in ("piece", "hour")
        days = length if slip.pay_basis in ("hour", "month") else min(math.ceil(slip.days), length)
        lines.append(
            SifLine(
                employee_id=f"{slip.worker_id:014d}",
                routing=routing if len(routing) == len(profile.sif_routing) else profile.sif_routing,
                account=str(line.card_number),
                pay_from=first,
                pay_until=last,
                days=days,
                fixed=0 if by_output else line.amount_fen,
                variable=line.amount_fen if by_output else 0,
                leave_days=0,
            )
        )
    return SifFile(
        profile.sif_employer,
        profile.sif_routing,
        now,
        sheet.month,
        profile.currency,
        f"SHEET{sheet.pk}",
        tuple(lines),
    )
