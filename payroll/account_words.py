"""How the life of a special account is called on screen: states, deadlines, events, conditions."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from payroll.account_rules import Condition, Deadline
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
CONDITIONS: dict[str, tuple[Any, Any]] = {
    "finished": (
        gettext_lazy("The works are finished"),
        gettext_lazy("Enter the day of completion on the project's page."),
    ),
    "paid": (
        gettext_lazy("Every wage is paid"),
        gettext_lazy("Pay what is owed; a returned wage counts as not paid."),
    ),
    "sheets": (gettext_lazy("Every pay sheet is settled"), gettext_lazy("Submit, approve and pay the rest.")),
    "objections": (
        gettext_lazy("No objection is open"),
        gettext_lazy("Answer the workers' objections and settle them."),
    ),
    "on_its_way": (
        gettext_lazy("Nothing is on its way at the bank"),
        gettext_lazy("Wait for the bank's answer to every line."),
    ),
    "lines": (
        gettext_lazy("Every statement line is explained"),
        gettext_lazy("Assign or dismiss the lines that match nothing."),
    ),
    "arrears": (
        gettext_lazy("No arrears are established"),
        gettext_lazy("An order on the deposit, or a record of arrears of the firm, stands against it."),
    ),
    "alarms": (
        gettext_lazy("No alarm about unpaid wages is open"),
        gettext_lazy("The authority's alarms close by themselves once the wages are paid."),
    ),
    "pledge": (
        gettext_lazy("Written pledge that nothing is owed"),
        gettext_lazy("It is added with the request to close."),
    ),
    "notice": (
        gettext_lazy("The public notice has hung its whole time"),
        gettext_lazy("The notice at the site gate names where to object."),
    ),
    "released": (
        gettext_lazy("The authority has allowed the closing"),
        gettext_lazy("It decides once the notice has ended and nobody objected."),
    ),
    "balance": (
        gettext_lazy("The rest went back to the contractor"),
        gettext_lazy("The bank transfers it; the line is assigned as “balance back to the contractor”."),
    ),
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
                "kind": "bad" if event.kind in ("refused", "gap_found") else "",
                "strong": event.get_kind_display(),
                "text": text,
                "note": "　".join(filter(None, (note, by))),
            }
        )
    return rows


def condition_rows(conditions: list[Condition]) -> list[dict[str, Any]]:
    """The checklist: what, whether it holds, the figure, what to do where it does not."""
    rows = []
    for condition in conditions:
        title, todo = CONDITIONS[condition.code]
        facts = []
        if condition.count and condition.code in ("paid",):
            facts.append(ngettext("%(n)s person", "%(n)s people", condition.count) % {"n": condition.count})
        elif condition.count:
            facts.append(ngettext("%(n)s open", "%(n)s open", condition.count) % {"n": condition.count})
        if condition.fen:
            facts.append(format_cny(condition.fen))
        if condition.day:
            facts.append(
                _("until %(day)s") % {"day": condition.day.isoformat()}
                if condition.code == "notice"
                else condition.day.isoformat()
            )
        rows.append(
            {
                "code": condition.code,
                "title": title,
                "holds": condition.holds,
                "fact": "　".join(facts),
                "todo": "" if condition.holds else todo,
            }
        )
    return rows
