"""How the life of a special account is called on screen: states, deadlines, events."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from payroll.account_rules import Deadline
from payroll.models import AccountEvent
from wagewatch.lib.money import format_cny

# state -> (text, badge kind, icon)
STATES: dict[str, tuple[Any, str, str]] = {
    "none": (gettext_lazy("Not opened"), "ink", "cross"),
    "pending": (gettext_lazy("Waiting for the bank"), "line", "clock"),
    "open": (gettext_lazy("Open"), "done", "check"),
    "refused": (gettext_lazy("Refused by the bank"), "ink", "back"),
    "closing": (gettext_lazy("Being closed"), "line", "clock"),
    "closed": (gettext_lazy("Closed"), "", "check"),
}
LINE_STATES: dict[str, tuple[Any, str, str]] = {
    "matched": (gettext_lazy("Matched"), "done", "check"),
    "unmatched": (gettext_lazy("Unmatched"), "ink", "yellow"),
    "returned": (gettext_lazy("Returned"), "line", "back"),
    "duplicate": (gettext_lazy("Told twice"), "", "document"),
    "dismissed": (pgettext_lazy("statement line", "Dismissed"), "", "check"),
}
STATEMENT_STATES: dict[str, tuple[Any, str, str]] = {
    "waiting": (gettext_lazy("Waiting for the bank's word"), "line", "clock"),
    "applied": (gettext_lazy("Taken in"), "done", "check"),
    "refused": (gettext_lazy("Refused by the bank"), "ink", "back"),
}


def deadline_badge(limit: Deadline) -> tuple[str, str, str] | None:
    """Text, kind and icon of a deadline; None where there is none."""
    if limit.code == "none":
        return None
    if limit.code == "done":
        return (_("in time"), "done", "check")
    late = ngettext("%(n)s day late", "%(n)s days late", limit.late_days) % {"n": limit.late_days}
    if limit.code in ("done_late", "late"):
        return (late, "ink", "yellow")
    left = limit.days_left or 0
    return (ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left}, "line", "clock")


def event_rows(events: list[AccountEvent], today: date) -> list[dict[str, Any]]:
    """Events for the timeline, newest first."""
    rows = []
    for event in events:
        note = event.reason
        if event.amount_fen is not None:
            note = f"{format_cny(event.amount_fen)} {note}".strip()
        by = event.made_by.name if event.made_by else ""
        text = f" {event.number}" if event.number else ""
        rows.append(
            {
                "time": event.happened_on.isoformat(),
                "kind": "bad" if event.kind in ("refused", "kept_shut", "gap_found") else "",
                "strong": event.get_kind_display(),
                "text": text,
                "note": "　".join(filter(None, (note, by))),
            }
        )
    return rows
