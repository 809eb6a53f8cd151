"""How the columns of an uploaded pay sheet are called on screen."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# field -> text, in the order of `sheet_tables.IMPORTED`
FIELDS: dict[str, Any] = {
    "name": _("Name"),
    "id_number": pgettext_lazy("pay column", "ID number"),
    "days": pgettext_lazy("pay column", "Days worked"),
    "work_hours": pgettext_lazy("pay column", "Hours worked"),
    "day_rate": pgettext_lazy("pay column", "Rate per day"),
    "hour_rate": pgettext_lazy("pay column", "Rate per hour"),
    "month_rate": pgettext_lazy("pay column", "Rate per month"),
    "unit_price": pgettext_lazy("pay column", "Rate per piece"),
    "base_pay": pgettext_lazy("pay column", "Pay for days alone"),
    "piece_pay": pgettext_lazy("pay column", "Piece pay"),
    "overtime_hours": pgettext_lazy("pay column", "Overtime hours"),
    "overtime_pay": pgettext_lazy("pay column", "Overtime pay"),
    "allowance": pgettext_lazy("pay column", "Allowance"),
    "gross": _("Gross pay"),
    "advance": pgettext_lazy("pay column", "Advances taken back"),
    "tax": pgettext_lazy("pay column", "Income tax"),
    "social_insurance": pgettext_lazy("pay column", "Social insurance"),
    "fine": pgettext_lazy("pay column", "Fines"),
    "paid_by_project": pgettext_lazy("pay column", "Paid by the project for the worker"),
    "other_deduction": pgettext_lazy("pay column", "Another deduction"),
    "deductions": pgettext_lazy("pay column", "All deductions"),
    "net": _("Net pay"),
    "card_number": pgettext_lazy("pay column", "Wage card"),
    "note": pgettext_lazy("pay column", "Note"),
}
SKIPPED: dict[str, Any] = {
    "total": pgettext_lazy("row left out", "sum"),
    "footer": pgettext_lazy("row left out", "signature or note"),
    "heading": pgettext_lazy("row left out", "repeated heading"),
    "banner": pgettext_lazy("row left out", "name of a team"),
    "note": pgettext_lazy("row left out", "note"),
    "example": pgettext_lazy("row left out", "example"),
}
