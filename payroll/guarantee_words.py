"""An owner's payment guarantee in words: the state as a sentence, who moves next, what happened, newest first."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payroll.guarantee_rules import GuaranteeState
from payroll.models import GuaranteeForm, PaymentGuarantee
from payroll.services.guarantee_facts import Guarantee
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny

LAW = gettext_lazy("Order 724, articles 24 and 57")
FORMS = dict(GuaranteeForm.choices)

# code -> (words, alarm level or "", badge kind, icon)
STATES: dict[str, tuple[Any, str, str, str]] = {
    "not_asked": (gettext_lazy("Not asked for"), "", "line", ""),
    "missing": (gettext_lazy("None yet, still in time"), "", "wait", "clock"),
    "late": (gettext_lazy("None on record"), "yellow", "", ""),
    "later": (gettext_lazy("Begins later"), "yellow", "", ""),
    "over": (gettext_lazy("Has ended"), "yellow", "", ""),
    "ending": (gettext_lazy("Holds, ends soon"), "", "wait", "clock"),
    "holds": (gettext_lazy("Holds"), "", "done", "check"),
}


def _figures(state: GuaranteeState) -> dict[str, str]:
    return {
        "sum": format_cny(state.amount_fen),
        "until": state.until.isoformat() if state.until else "",
        "begins": state.begins.isoformat() if state.begins else "",
        "due": state.due_on.isoformat() if state.due_on else "",
    }


def headline(state: GuaranteeState) -> str:
    """The state as the title of a page."""
    texts = {
        "not_asked": _("No payment guarantee is asked for here"),
        "missing": _("The owner has given no payment guarantee yet"),
        "late": _("The owner has given no payment guarantee"),
        "later": _("The payment guarantee begins only on %(begins)s"),
        "over": _("The payment guarantee ended on %(until)s"),
        "ending": _("%(sum)s guaranteed, only until %(until)s"),
        "holds": _("%(sum)s guaranteed until %(until)s"),
    }
    return texts[state.code] % _figures(state)


def next_step(state: GuaranteeState) -> str:
    """Who moves next, in one sentence; '' when nobody has to."""
    texts = {
        "missing": _("The owner gives it by %(due)s; owner or general contractor puts it on record here."),
        "late": _(
            "The owner gives it now. An order, a stop of the works and a fine may follow (article 57)."
        ),
        "later": _("Until it begins the payment is not covered: the owner closes the gap."),
        "over": _("The owner gives a new one, or has the old one prolonged, and it is put on record here."),
        "ending": _("The owner has it prolonged before that day."),
    }
    return texts.get(state.code, "") % _figures(state)


def events(entries: tuple[PaymentGuarantee, ...]) -> list[dict[str, Any]]:
    """What was entered, newest first, for the timeline."""
    found = []
    for entry in reversed(entries):
        days = _("%(first)s to %(last)s") % {
            "first": entry.valid_from.isoformat(),
            "last": entry.valid_until.isoformat(),
        }
        about = _("no. %(n)s") % {"n": entry.replaces} if entry.replaces else ""
        found.append(
            {
                "time": site_date(entry.made_at).isoformat(),
                "kind": "",
                "strong": " ".join(filter(None, (str(entry.get_kind_display()), about))),
                "text": f" {format_cny(entry.amount_fen)} · {days}",
                "note": " · ".join(
                    filter(
                        None,
                        (
                            str(FORMS[entry.form]),
                            entry.issuer,
                            entry.paper_number,
                            entry.note,
                            entry.organisation.name,
                        ),
                    )
                ),
            }
        )
    return found


def rows(guarantee: Guarantee, today: date) -> list[dict[str, Any]]:
    """The papers that count, the one that ends last first: share of the contract sum, and whether it holds."""
    return [
        {
            "entry": entry,
            "form": FORMS[entry.form],
            "percent": f"{100 * entry.amount_fen / guarantee.project.contract_sum_fen:.1f}%"
            if guarantee.project.contract_sum_fen
            else "",
            "holds": entry.valid_from <= today <= entry.valid_until,
            "over": entry.valid_until < today,
        }
        for entry in guarantee.standing
    ]


def page_context(guarantee: Guarantee, today: date) -> dict[str, Any]:
    """What both sides' pages show."""
    state = guarantee.state
    words, level, kind, icon = STATES[state.code]
    return {
        "project": guarantee.project,
        "guarantee": guarantee,
        "state": state,
        "today": today,
        "words": words,
        "level": level,
        "badge_kind": kind,
        "badge_icon": icon,
        "headline": headline(state),
        "next_step": next_step(state),
        "law": LAW,
        "rows": rows(guarantee, today),
        "events": events(guarantee.entries),
    }
