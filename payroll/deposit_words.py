"""A wage deposit in words: the state as a sentence, the lines of the amount, what happened, newest first."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payroll.deposit_rules import DepositState, Step
from payroll.models import DepositEntry, DepositForm, DepositRuling
from payroll.services.deposit_facts import Deposit
from registration.models import Parameter
from registration.seed.deposits import KEY
from registration.services.parameters import parameter_source
from wagewatch.lib.money import format_cny

LAW = gettext_lazy("Order 724, article 32")

# code -> (words, alarm level or "", badge kind, icon)
STATES: dict[str, tuple[Any, str, str, str]] = {
    "late": (gettext_lazy("Not lodged, past its day"), "orange", "", ""),
    "missing": (gettext_lazy("Not lodged yet"), "yellow", "", ""),
    "unpaid_order": (gettext_lazy("Ordered, not paid in time"), "red", "", ""),
    "in_use": (gettext_lazy("Ordered, being paid"), "orange", "", ""),
    "refill_late": (gettext_lazy("Used, not filled up in time"), "red", "", ""),
    "to_refill": (gettext_lazy("Used, to be filled up"), "orange", "", ""),
    "expired": (gettext_lazy("Guarantee has ended"), "red", "", ""),
    "expiring": (gettext_lazy("Guarantee ends soon"), "yellow", "", ""),
    "short": (gettext_lazy("Less than is due"), "orange", "", ""),
    "return_asked": (gettext_lazy("Return asked for"), "", "line", "clock"),
    "release": (gettext_lazy("Return allowed"), "", "line", "check"),
    "lodged": (gettext_lazy("Lodged in full"), "", "done", "check"),
    "exempt": (gettext_lazy("Nothing to lodge"), "", "done", "check"),
    "returned": (gettext_lazy("Returned"), "", "", "back"),
}
ORDER = {code: place for place, code in enumerate(
    ("unpaid_order", "refill_late", "expired", "late", "in_use", "to_refill", "short", "return_asked",
     "missing", "expiring", "release", "lodged", "exempt", "returned")
)}  # fmt: skip
"""Lists show the most urgent first."""

FORMS = dict(DepositForm.choices)
STEP_TITLES = {
    "rate": gettext_lazy("Rate of the contract sum"),
    "small": gettext_lazy("Small works, no arrears"),
    "exempt": gettext_lazy("Years without arrears"),
    "several": gettext_lazy("Several projects in the place"),
    "listed": gettext_lazy("On the list of serious dishonesty"),
    "raised": gettext_lazy("Arrears not long ago"),
    "lowered": gettext_lazy("Years without arrears"),
    "no_record": gettext_lazy("Record of arrears"),
    "least": gettext_lazy("Lowest rate"),
    "cap": gettext_lazy("Upper limit"),
    "floor": gettext_lazy("Lower limit"),
}


def _percent(step: Step) -> str:
    return f"{step.percent.normalize():f}%"


def _why(step: Step, deposit: Deposit) -> str:
    facts = step.facts
    since = deposit.record.since.isoformat() if deposit.record else ""
    texts = {
        "rate": _("%(percent)s of %(sum)s") % {
            "percent": _percent(step), "sum": format_cny(deposit.project.contract_sum_fen)
        },
        "small": _("Below %(limit)s and at least %(years)s years without arrears: nothing to lodge") % {
            "limit": format_cny(facts.get("under_fen", 0)), "years": facts.get("years")
        },
        "exempt": _("No arrears since %(day)s, real names and special account kept everywhere: nothing to lodge")
        % {"day": since},
        "several": ngettext(
            "The firm has %(count)s earlier project in this city: %(percent)s",
            "The firm has %(count)s earlier projects in this city: %(percent)s",
            facts.get("others", 0),
        ) % {"count": facts.get("others", 0), "percent": _percent(step)},
        "listed": _("Listed since %(day)s: %(percent)s") % {"day": since, "percent": _percent(step)},
        "raised": _("Last arrears on %(day)s, less than %(years)s years before the contract: %(percent)s")
        % {"day": since, "years": facts.get("years"), "percent": _percent(step)},
        "lowered": _("No arrears since %(day)s, %(years)s years or more: %(percent)s")
        % {"day": since, "years": facts.get("years"), "percent": _percent(step)},
        "no_record": _("The authority has established nothing about the firm; the rate stays as it is"),
        "least": _("The rate never falls below %(percent)s") % {"percent": _percent(step)},
        "cap": _("No more than %(sum)s in this region") % {"sum": format_cny(step.amount_fen)},
        "floor": _("No less than %(sum)s in this region") % {"sum": format_cny(step.amount_fen)},
    }  # fmt: skip
    return texts[step.code]


def amount_lines(deposit: Deposit) -> list[dict[str, Any]]:
    """The amount due line by line: title, why, rate, amount, and what each line rests on."""
    source: Parameter | None = parameter_source(
        KEY, region_code=deposit.project.region_id, on=deposit.judged_on
    )
    table = source.source if source else "人社部发〔2021〕65号"
    place = source.region.label if source and source.region else _("Nationwide")
    since = source.valid_from if source else None
    record = deposit.record
    rests = f"{table} · {place}" + (_(", from %(day)s") % {"day": since.isoformat()} if since else "")
    return [
        {
            "title": STEP_TITLES[step.code],
            "why": _why(step, deposit),
            "percent": _percent(step),
            "amount_fen": step.amount_fen,
            "source": rests,
            "record": record.reason
            if record and step.code in {"small", "exempt", "listed", "raised", "lowered"}
            else "",
        }
        for step in deposit.due.steps
    ]


def headline(state: DepositState) -> str:
    """The state as the title of a page."""
    sums = {"due": format_cny(state.due_fen), "is": format_cny(state.balance_fen)}
    sums["short"] = format_cny(state.short_fen)
    texts = {
        "late": _("%(due)s not lodged, the day has passed"),
        "missing": _("%(due)s to lodge"),
        "unpaid_order": _("The ordered payment has not been made"),
        "in_use": _("The authority ordered a payment"),
        "refill_late": _("%(short)s not filled up, the day has passed"),
        "to_refill": _("%(short)s to fill up"),
        "expired": _("The guarantee of %(is)s has ended"),
        "expiring": _("The guarantee of %(is)s ends soon"),
        "short": _("%(is)s lodged, %(short)s too little"),
        "return_asked": _("%(is)s asked back, the authority checks"),
        "release": _("%(is)s may go back to the contractor"),
        "lodged": _("%(is)s lodged in full"),
        "exempt": _("No deposit is needed"),
        "returned": _("The deposit has been returned"),
    }
    return texts[state.code] % sums


def next_step(state: DepositState) -> str:
    """Who moves next, in one sentence; '' when nobody has to."""
    return {
        "late": _(
            "The general contractor lodges it now; a fine and a stop of the works may follow (article 55)."
        ),
        "missing": _("The general contractor lodges cash, a bank guarantee or an insurance."),
        "unpaid_order": _("The bank or insurer pays the workers; the contractor enters the payment."),
        "in_use": _("The bank or insurer pays the workers within five working days."),
        "refill_late": _("The general contractor fills it up now, or gives a new guarantee."),
        "to_refill": _("The general contractor fills it up within ten working days of the payment."),
        "expired": _("The general contractor gives a new guarantee at once."),
        "expiring": _("The general contractor gives a new guarantee before the old one ends."),
        "short": _("The general contractor tops it up to the amount due."),
        "return_asked": _("The labour authority checks works, notice and arrears, and decides."),
        "release": _("The bank or insurer gives it back; the contractor enters it."),
    }.get(state.code, "")


def events(entries: tuple[DepositEntry, ...], rulings: tuple[DepositRuling, ...]) -> list[dict[str, Any]]:
    """What happened, newest first, for the timeline."""
    found: list[tuple[date, Any, dict[str, Any]]] = []
    for entry in entries:
        change = (
            f" {'+' if entry.amount_fen > 0 else '−'}{format_cny(abs(entry.amount_fen))}"
            if entry.amount_fen
            else ""
        )
        paper = f"{FORMS[entry.form]} · {entry.issuer} · {entry.paper_number}"
        if entry.expires_on:
            paper += " · " + _("until %(day)s") % {"day": entry.expires_on.isoformat()}
        if entry.notice_from:
            paper = _("notice at the site since %(day)s") % {"day": entry.notice_from.isoformat()}
        text = {
            "time": entry.happened_on.isoformat(), "kind": "", "strong": entry.get_kind_display(),
            "text": change + " · " + _("then %(sum)s") % {"sum": format_cny(entry.balance_fen)},
            "note": f"{paper} · {entry.note}" if entry.note else paper,
        }  # fmt: skip
        found.append((entry.happened_on, entry.made_at, text))
    for ruling in rulings:
        amount = f" {format_cny(ruling.amount_fen)}" if ruling.amount_fen else ""
        due = " · " + _("pay by %(day)s") % {"day": ruling.due_on.isoformat()} if ruling.due_on else ""
        text = {
            "time": ruling.decided_on.isoformat(), "kind": "", "strong": ruling.get_kind_display(),
            "text": amount + due, "note": f"{ruling.document} · {ruling.reason}",
        }  # fmt: skip
        found.append((ruling.decided_on, ruling.made_at, text))
    found.sort(key=lambda event: (event[0], event[1]), reverse=True)
    return [text for _day, _made, text in found]


def page_context(deposit: Deposit, today: date) -> dict[str, Any]:
    """What both sides' pages show of a deposit."""
    state = deposit.state
    words, level, kind, icon = STATES[state.code]
    return {
        "project": deposit.project,
        "deposit": deposit,
        "state": state,
        "today": today,
        "words": words,
        "level": level,
        "badge_kind": kind,
        "badge_icon": icon,
        "headline": headline(state),
        "next_step": next_step(state),
        "lines": amount_lines(deposit),
        "law": LAW,
        "form_words": FORMS.get(state.form, ""),
        "events": events(deposit.entries, deposit.rulings),
        "papers": [e for e in reversed(deposit.entries) if e.file_id],
        "paper": next((e for e in reversed(deposit.entries)), None),
    }
