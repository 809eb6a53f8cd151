"""What both sides' pages show of a project's wage loan."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy, pgettext_lazy

from payroll.models import LoanDraw, LoanFacility, LoanRepayment
from payroll.services.loan_facts import with_figures
from registration.models import Project

FACILITY_STATES: dict[str, tuple[Any, str, str]] = {
    "asked": (gettext_lazy("Waiting for the bank"), "line", "clock"),
    "granted": (gettext_lazy("Granted"), "done", "check"),
    "declined": (pgettext_lazy("loan", "Declined"), "ink", "cross"),
}
DRAW_STATES: dict[str, tuple[Any, str, str]] = {
    "asked": (gettext_lazy("Waiting for the bank"), "line", "clock"),
    "confirmed": (gettext_lazy("Confirmed, money on its way"), "line", "send"),
    "arrived": (gettext_lazy("Money arrived"), "done", "check"),
    "declined": (pgettext_lazy("loan", "Declined"), "ink", "cross"),
}
REPAYMENT_STATES: dict[str, tuple[Any, str, str]] = {
    "ordered": (gettext_lazy("Waiting for the bank"), "line", "clock"),
    "booked": (gettext_lazy("Repaid"), "done", "check"),
    "withdrawn": (pgettext_lazy("loan", "Taken back"), "", ""),
}


def loan_context(project: Project, today: date) -> dict[str, Any]:
    """Credit lines, draws and repayments of a project with their words; four queries."""
    facilities = with_figures(
        LoanFacility.objects.filter(project=project).select_related("bank").order_by("-pk")
    )
    draws = (
        LoanDraw.objects.filter(project=project)
        .select_related("facility", "sheet__participation__organisation")
        .order_by("-number")
    )
    repayments = LoanRepayment.objects.filter(project=project).select_related("draw").order_by("-number")
    return {
        "project": project,
        "today": today,
        "facilities": [(f, FACILITY_STATES[f.row.state], f.usable(today)) for f in facilities],
        "draws": [(d, DRAW_STATES[d.state]) for d in draws],
        "repayments": [(r, REPAYMENT_STATES[r.state]) for r in repayments],
        "owed_fen": sum(f.owed_fen for f in facilities),
        "left_fen": sum(f.left_fen for f in facilities if f.usable(today)),
    }
