"""How the conditions of closing a special account are called on screen, and what to do about each."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payroll.closing_rules import Condition
from wagewatch.lib.money import format_cny

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
