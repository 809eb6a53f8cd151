"""What the figures of the wage report are called and what each of them counts."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, str | Promise] = {
    "projects": _("Projects under supervision"),
    "with_account": _("With a special account"),
    "attending": _("With attendance in the period"),
    "fresh": _("Sent attendance in the last 3 days"),
    "sheeted": _("With a pay sheet sent"),
    "slips": _("Monthly wages (slips)"),
    "confirmed": _("Confirmed by the workers"),
    "paid_slips": _("Paid wages (slips)"),
    "net_fen": _("Net wages of the period"),
    "paid_fen": _("Paid through the bank"),
    "cash_fen": _("Paid in cash by exception"),
    "unpaid_fen": _("Due and not paid"),
    "allocated_fen": _("Labour cost allocated"),
    "opened": _("Cases of arrears opened"),
    "closed": _("Cases of arrears closed by data"),
    "open_at_end": _("Cases open at the end"),
    "owed_fen": _("Overdue at the end"),
    "owed_people": _("People not paid at the end"),
    "red": _("Of the open cases red"),
}
MEANINGS: dict[str, str | Promise] = {
    "projects": _("Begun before the end of the period and not finished before its start."),
    "with_account": _("Their share of a special account is open."),
    "attending": _("At least one attendance day falls into the period."),
    "fresh": _("The latest stamp is not older than three days; as of now, whatever the period."),
    "sheeted": _("A pay sheet for a month of the period has been sent to the workers."),
    "slips": _("One worker, one month, one sheet; drafts do not count."),
    "confirmed": _("The worker said yes. Silence does not count."),
    "paid_slips": _("The bank booked it, or it was handed over in cash with proof."),
    "net_fen": _("Net sums of those slips."),
    "paid_fen": _("Booked to the workers' cards from special accounts."),
    "cash_fen": _("Handed over with signature and picture, from other funds."),
    "unpaid_fen": _("The due date has passed and the money has not reached the worker; as of now."),
    "allocated_fen": _("Receipts from owners booked in the period."),
    "opened": _("Alarms D3 opened or re-opened in the period: one per project and wage month."),
    "closed": _("Alarms D3 that the data closed in the period."),
    "open_at_end": _("Alarms D3 that were open when the period ended."),
    "owed_fen": _("What they were about then; without a sheet estimated from attendance."),
    "owed_people": _("Per project by its largest month."),
    "red": _("Two months overdue or more, by the usual figures."),
}
PARTS: dict[str, str] = {
    "with_account": "projects",
    "attending": "projects",
    "fresh": "projects",
    "sheeted": "projects",
    "confirmed": "slips",
    "paid_slips": "slips",
    "paid_fen": "net_fen",
    "cash_fen": "net_fen",
    "unpaid_fen": "net_fen",
    "red": "open_at_end",
}
"""Figures that are a part of another."""
SECTIONS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (_("Projects and coverage"), ("projects", "with_account", "attending", "fresh", "sheeted")),
    (
        _("Wages of the period"),
        (
            "slips",
            "confirmed",
            "paid_slips",
            "net_fen",
            "paid_fen",
            "cash_fen",
            "unpaid_fen",
            "allocated_fen",
        ),
    ),
    (_("Arrears"), ("opened", "closed", "open_at_end", "red", "owed_fen", "owed_people")),
)
COLUMNS = (
    "projects",
    "with_account",
    "attending",
    "slips",
    "paid_slips",
    "net_fen",
    "paid_fen",
    "opened",
    "open_at_end",
    "owed_fen",
)
"""What the breakdown by region shows."""
