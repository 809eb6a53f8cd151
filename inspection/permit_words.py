"""The conditions of a permit in words: what is asked, how it stands, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.permit_rules import ACCOUNT_WORKS
from payroll.deposit_words import STATES as DEPOSIT_STATES
from payroll.models import AccountState
from wagewatch.lib.money import format_cny

ACCOUNT_STATES = dict(AccountState.choices)

TITLES: dict[str, Any] = {
    "registered": gettext_lazy("Project registered"),
    "account": gettext_lazy("Special wage account"),
    "deposit": gettext_lazy("Wage deposit"),
    "guarantee": gettext_lazy("Owner's payment guarantee"),
    "social": gettext_lazy("Social insurance pre-deposit"),
    "clerk": gettext_lazy("Labour clerk named"),
    "subcontracts": gettext_lazy("Subcontracts"),
    "contracts": gettext_lazy("Labour contracts"),
    "listed": gettext_lazy("Not on the list of serious dishonesty"),
}
LAW: dict[str, Any] = {
    "registered": gettext_lazy("Real-name measures of 2019"),
    "account": gettext_lazy("Article 26"),
    "deposit": gettext_lazy("Article 32"),
    "guarantee": gettext_lazy("Article 24"),
    "social": gettext_lazy("Rule of the city"),
    "clerk": gettext_lazy("Article 28"),
    "subcontracts": gettext_lazy("Article 28"),
    "contracts": gettext_lazy("Article 28"),
    "listed": gettext_lazy("Article 48"),
}
LACKING: dict[str, Any] = {
    "owner": gettext_lazy("the owner"),
    "contractor": gettext_lazy("the general contractor"),
    "contract_day": gettext_lazy("the day of the contract"),
    "contract_sum": gettext_lazy("the contract sum"),
    "address": gettext_lazy("the address"),
}


@dataclass(frozen=True)
class Line:
    """A condition as a page shows it; `on` and `paper` are the day and the paper on which it rests."""

    code: str
    title: str
    law: str
    state: str
    text: str
    on: date | None
    paper: str


def lines_of(points: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Conditions, as rules or as a kept answer give them, in words of the current language."""
    return [
        Line(
            point["code"],
            str(TITLES[point["code"]]),
            str(LAW[point["code"]]),
            point["state"],
            _WORDS[point["code"]](point["state"], point["figures"]),
            date.fromisoformat(day) if (day := point["figures"].get("on")) else None,
            point["figures"].get("paper") or "",
        )
        for point in points
        if point["code"] in TITLES
    ]


def _registered(state: str, figures: Mapping[str, Any]) -> str:
    if state == "met":
        return _("On the register as %(code)s.") % {"code": figures["code"]}
    lacking = _(", ").join(str(LACKING[name]) for name in figures["lacking"] if name in LACKING)
    return _("Not on record: %(what)s.") % {"what": lacking}


def _account(state: str, figures: Mapping[str, Any]) -> str:
    if state == "not_asked":
        return _("Not asked for: the works are small.")
    if state == "met":
        return _("Opened on %(day)s, filed with the authority.") % {"day": figures["opened"]}
    if not figures["state"]:
        return _("No account has been opened. The general contractor opens it at a bank.")
    if figures["state"] in ACCOUNT_WORKS:
        text = _("Opened on %(day)s, but not filed with the authority yet.")
        return text % {"day": figures["opened"]}
    return _("Account: %(state)s.") % {"state": ACCOUNT_STATES.get(figures["state"], figures["state"])}


def _deposit(state: str, figures: Mapping[str, Any]) -> str:
    words = str(DEPOSIT_STATES[figures["state"]][0])
    return _("%(state)s: %(paid)s of %(due)s.") % {
        "state": words,
        "paid": format_cny(figures["balance_fen"]),
        "due": format_cny(figures["due_fen"]),
    }


def _guarantee(state: str, figures: Mapping[str, Any]) -> str:
    if state == "not_asked":
        return _("Not asked for in this region, or for works of this kind.")
    if state == "met":
        return _("%(sum)s guaranteed until %(day)s.") % {
            "sum": format_cny(figures["fen"]),
            "day": figures["until"],
        }
    if figures["state"] == "over":
        return _("The one on record ended on %(day)s. The owner gives a new one.") % {"day": figures["until"]}
    return _("None holds. The owner gives it; owner or general contractor puts it on record.")


def _social(state: str, figures: Mapping[str, Any]) -> str:
    if state == "not_asked":
        return _("Not asked for in this region.")
    if figures["due_fen"] is None:
        return _("The amount has not been set. The labour authority puts it on record.")
    return _("%(paid)s of %(due)s paid.") % {
        "paid": format_cny(figures["paid_fen"]),
        "due": format_cny(figures["due_fen"]),
    }


def _clerk(state: str, figures: Mapping[str, Any]) -> str:
    if state == "met":
        return str(figures["name"])
    return _("The general contractor has named nobody.")


def _subcontracts(state: str, figures: Mapping[str, Any]) -> str:
    if state == "not_asked":
        return _("No subcontractor so far.")
    return _("%(signed)s of %(all)s with a day of signature on record.") % figures


def _contracts(state: str, figures: Mapping[str, Any]) -> str:
    if state == "not_asked":
        return _("Nobody on the register yet.")
    return ngettext(
        "%(signed)s of %(all)s person on the register has a contract in force; %(percent)s %% are asked for.",
        "%(signed)s of %(all)s people on the register have a contract in force; %(percent)s %% are asked for.",
        figures["all"],
    ) % {k: figures[k] for k in ("signed", "all", "percent")}


def _listed(state: str, _figures: Mapping[str, Any]) -> str:
    if state == "met":
        return _("The general contractor is not on it.")
    return _("The general contractor is on it. Works may not be given to it.")


_WORDS = {
    "registered": _registered,
    "account": _account,
    "deposit": _deposit,
    "guarantee": _guarantee,
    "social": _social,
    "clerk": _clerk,
    "subcontracts": _subcontracts,
    "contracts": _contracts,
    "listed": _listed,
}
