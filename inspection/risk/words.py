"""What pages say of a risk score: each reason as a short phrase with its figure, and what a factor means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.money import format_cny

NAMES: dict[str, str | Promise] = {
    "balance": _("Balance against the coming wages"),
    "allocation": _("Labour cost late"),
    "sheet": _("Pay sheet missing shortly before the pay day"),
    "confirmation": _("Workers slow to confirm"),
    "attendance": _("Fewer people come"),
    "late": _("Wages paid late before"),
    "firms": _("History of the firms"),
}
MEANINGS: dict[str, str | Promise] = {
    "balance": _(
        "Per cent of the overdue and coming wages that the special account holds. Counts wholly in the last days "
        "before the pay day, and not at all weeks ahead, since accounts are filled shortly before it."
    ),
    "allocation": _("Days since the owner should have allocated the oldest sum that has not come."),
    "sheet": _("Days left before the pay day of a month for which no pay sheet has been sent."),
    "confirmation": _("Days that unpaid slips have waited for the worker's word, on average."),
    "attendance": _(
        "Per cent by which the people a day of the last week fell below the four weeks before, beyond what the other sites of the region lost."
    ),
    "late": _("The longest delay, in days, of the pay days of the last hundred days."),
    "firms": _("Arrears on record in two years, and other projects of the same firms that pay late now."),
}
UNITS: dict[str, str | Promise] = {
    "balance": _("per cent"),
    "allocation": _("days"),
    "sheet": _("days"),
    "confirmation": _("days"),
    "attendance": _("per cent"),
    "late": _("days"),
    "firms": _("cases"),
}


@dataclass(frozen=True)
class ReasonLine:
    """A reason as pages show it."""

    code: str
    short: str
    """A few words with the figure."""
    long: str
    """A sentence with what stands behind it."""
    points: int
    weight: int
    name: str | Promise


def short_of(reason: Mapping[str, Any]) -> str:
    """A few words, for a list."""
    value = round(reason["value"])
    match reason["code"]:
        case "balance":
            return gettext("balance covers %(n)s%%") % {"n": value}
        case "allocation":
            return ngettext("labour cost %(n)s day late", "labour cost %(n)s days late", value) % {"n": value}
        case "sheet":
            return ngettext("no pay sheet, %(n)s day left", "no pay sheet, %(n)s days left", value) % {
                "n": value
            }
        case "confirmation":
            return ngettext(
                "waiting %(n)s day to be confirmed", "waiting %(n)s days to be confirmed", value
            ) % {"n": value}
        case "attendance":
            return gettext("attendance down %(n)s%%") % {"n": value}
        case "late":
            return ngettext("paid %(n)s day late before", "paid %(n)s days late before", value) % {"n": value}
        case _:
            return ngettext("%(n)s case of the firms", "%(n)s cases of the firms", value) % {"n": value}


def long_of(reason: Mapping[str, Any]) -> str:
    """A sentence with the figures behind it."""
    match reason["code"]:
        case "balance":
            words = gettext("%(gap)s are missing for the wages due, overdue ones included.") % {
                "gap": format_cny(reason["fen"])
            }
            left = reason.get("left")
            if left is not None:
                words += " " + ngettext(
                    "%(n)s day is left until the pay day.", "%(n)s days are left until the pay day.", left
                ) % {"n": left}
            if reason.get("estimated"):
                words += " " + gettext("The coming wages are taken as high as those of the latest month.")
            return words
        case "allocation":
            return gettext("The owner has not allocated %(sum)s that were due.") % {
                "sum": format_cny(reason["fen"])
            }
        case "attendance":
            return gettext("%(now)s people a day in the last week; %(before)s were to be expected.") % {
                "now": f"{reason['now']:g}",
                "before": f"{reason['before']:g}",
            }
        case code:
            return str(MEANINGS[code])


def lines_of(reasons: Iterable[Mapping[str, Any]] | None) -> list[ReasonLine]:
    """The stored reasons with their words, in their order; codes that are no longer known are left out."""
    return [
        ReasonLine(
            code=reason["code"],
            short=short_of(reason),
            long=long_of(reason),
            points=reason["points"],
            weight=reason["weight"],
            name=NAMES[reason["code"]],
        )
        for reason in reasons or ()
        if reason["code"] in NAMES
    ]
