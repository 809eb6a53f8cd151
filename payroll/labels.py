"""How states are called on screen, in both languages, and what mark each carries."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# value -> (text, badge kind, icon)
SHEET_STATES: dict[str, tuple[Any, str, str]] = {
    "draft": (_("Being made"), "", "pen"),
    "confirming": (_("Waiting for the workers"), "line", "clock"),
    "approved": (_("Approved"), "line", "check"),
    "instructed": (_("With the bank"), "line", "send"),
    "part_paid": (_("Partly paid"), "line", "clock"),
    "settled": (_("All paid"), "done", "check"),
}
CONFIRMATIONS: dict[str, tuple[Any, str, str]] = {
    "draft": (_("Not sent yet"), "", ""),
    "waiting": (_("Not confirmed"), "line", "clock"),
    "confirmed": (_("Confirmed"), "done", "check"),
    "objected": (_("Objection"), "ink", "pen"),
}
PAYMENTS: dict[str, tuple[Any, str, str]] = {
    "none": ("", "", ""),
    "instructed": (_("With the bank"), "line", "send"),
    "paid": (_("Paid out"), "done", "check"),
    "returned": (_("Returned"), "ink", "back"),
    "cash": (_("Paid in cash"), "ink", "money"),
}
ORDER_STATES: dict[str, tuple[Any, str, str]] = {
    "ready": (_("Waiting to be sent"), "line", "clock"),
    "sent": (_("Sent to the bank"), "line", "send"),
    "refused": (_("Refused by the bank"), "ink", "back"),
    "done": (_("All results are in"), "done", "check"),
    "stuck": (_("Could not be sent"), "ink", "cross"),
}
LINE_STATES: dict[str, tuple[Any, str, str]] = {
    "sent": (_("Waiting for the bank"), "line", "clock"),
    "received": (_("Received by the bank"), "line", "clock"),
    "paid": (_("Paid out"), "done", "check"),
    "returned": (_("Returned"), "ink", "back"),
}
ENTRY_KINDS = {
    "allocation": _("Labour cost allocated"),
    "wages": _("Wages paid"),
    "return": _("Returned by the payee's bank"),
    "loan": _("Wage loan drawn"),
    "loan_back": _("Wage loan repaid"),
    "other_in": _("Other income"),
    "other_out": _("Other outflow"),
    "closing": _("Balance back to the contractor"),
}
REASONS = {
    "days": _("The days are wrong"),
    "rate": _("The daily rate is wrong"),
    "deduction": _("The deduction is wrong"),
    "other": _("Something else"),
    "not_me": _("Somebody else answered in my name"),
}
UNITS = {
    "day": pgettext_lazy("unit of work", "days"),
    "hour": pgettext_lazy("unit of work", "hours"),
    "month": pgettext_lazy("unit of work", "days"),
    "piece": pgettext_lazy("unit of work", "days"),
}
RATES = {
    "day": _("per day"),
    "hour": _("per hour"),
    "month": _("per month"),
    "piece": _("piece work"),
}
STEPS = (
    _("Make the sheet"),
    _("Submit"),
    _("Workers confirm"),
    _("Approve"),
    _("Bank pays"),
    _("Settled"),
)
STEP_OF = {"draft": 1, "confirming": 3, "approved": 5, "instructed": 5, "part_paid": 5, "settled": 7}
