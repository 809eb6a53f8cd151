"""What pages and the printed board say: labels of its lines, what is missing and who enters it, what a look means."""

from datetime import date
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from payroll.models import BoardCheck
from payroll.services.board_states import BoardState
from wagewatch.lib.dates import parse_month
from wagewatch.templatetags.ww import month_only

ROLES: dict[str, Any] = {
    "owner": pgettext_lazy("notice board", "Owner"),
    "general_contractor": pgettext_lazy("notice board", "General contractor"),
    "clerk": pgettext_lazy("notice board", "Labour-wage clerk"),
    "subcontractor": pgettext_lazy("notice board", "Subcontractor"),
    "agency": pgettext_lazy("notice board", "Labour agency"),
    "sector": pgettext_lazy("notice board", "Sector authority"),
    "inspector": pgettext_lazy("notice board", "Labour inspection"),
}
OFFICES: dict[str, Any] = {
    "labour": pgettext_lazy("notice board", "Wages not paid"),
    "sector": pgettext_lazy("notice board", "Sector complaints"),
    "arbitration": pgettext_lazy("notice board", "Labour arbitration"),
    "legal_aid": pgettext_lazy("notice board", "Legal aid"),
}
FIXED_LINES: tuple[tuple[Any, Any, str], ...] = (
    (
        pgettext_lazy("notice board", "Labour hotline"),
        pgettext_lazy("notice board", "nationwide, free"),
        "12333",
    ),
    (
        pgettext_lazy("notice board", "Government service"),
        pgettext_lazy("notice board", "nationwide, free"),
        "12345",
    ),
)
STATES: dict[str, tuple[Any, str, str]] = {
    # code: (words, level or "", icon)
    "never": (gettext_lazy("No board was made yet"), "yellow", ""),
    "unseen": (gettext_lazy("Nobody has photographed the board yet"), "yellow", ""),
    "missing": (gettext_lazy("No board hangs at the site"), "yellow", ""),
    "stale": (gettext_lazy("The board at the site is out of date"), "yellow", ""),
    "fresh": (gettext_lazy("The board hangs and is up to date"), "", "check"),
}
VERDICTS: dict[str, tuple[Any, str]] = {
    BoardCheck.Verdict.FRESH: (gettext_lazy("The board hangs and is up to date"), ""),
    BoardCheck.Verdict.STALE: (gettext_lazy("The board hangs, but is out of date"), "yellow"),
    BoardCheck.Verdict.OTHER: (gettext_lazy("The picture shows the board of another project"), "yellow"),
    BoardCheck.Verdict.FORGED: (gettext_lazy("The code is not one that this system made"), "yellow"),
    BoardCheck.Verdict.NO_CODE: (gettext_lazy("No code can be read on the picture"), ""),
    BoardCheck.Verdict.MISSING: (gettext_lazy("An inspector found no board"), "yellow"),
}


def missing_words(code: str, detail: str) -> tuple[str, str]:
    """What is missing, and what to do about it."""
    chain = _("Enter it in the chain of firms.")
    office = _("The authority enters it under “For workers”. Ask it.")
    region = _("It is a parameter of the region. Ask the authority.")
    plain = {
        "owner": (_("The owner"), chain),
        "general_contractor": (_("The general contractor"), chain),
        "clerk": (_("The labour-wage clerk"), chain),
        "labour": (_("Telephone of the labour inspection"), office),
        "sector": (_("Telephone of the sector authority"), office),
        "arbitration": (_("Where to go for arbitration"), office),
        "legal_aid": (_("Legal aid and public legal service"), office),
        "month_fen": (_("Minimum wage for a month"), region),
        "hour_fen": (_("Minimum wage for an hour"), region),
    }
    if code in plain:
        return plain[code]
    if code == "person":
        return _("Who answers for %(firm)s") % {"firm": detail}, chain
    if code == "call":
        return _("Telephone of %(firm)s") % {"firm": detail}, chain
    if code == "nobody":
        words = _("Attendance of %(month)s") % {"month": month_only(parse_month(detail))}
        return words, _("Nobody worked, or the gates have sent nothing.")
    number = int(detail)
    words = ngettext("Wage of %(n)s person", "Wages of %(n)s people", number) % {"n": number}
    return words, _("Send the pay sheets to the workers, then make the board again.")


def is_chinese() -> bool:
    """Whether the page or paper is in Chinese."""
    return (get_language() or "").startswith("zh")


def headline(state: BoardState) -> str:
    """The state of a project's board as a title."""
    return str(STATES[state.code][0])


def state_note(state: BoardState, today: date, days: int) -> str:
    """One sentence: which version was seen when, and what is asked for now."""
    if state.code == "never":
        return _("Make the board, print it, hang it up and photograph it.")
    if state.code == "unseen":
        return _("Hang it up and photograph it: the code on the picture proves it.")
    shown = state.shown
    if shown is None or shown.made_on is None:
        return _("Hang the newest version up and photograph it.")
    age = (today - shown.made_on).days
    seen = ngettext(
        "Version %(number)s, seen on %(day)s, was made %(n)s day ago.",
        "Version %(number)s, seen on %(day)s, was made %(n)s days ago.",
        age,
    ) % {"number": shown.board_number, "day": f"{shown.seen_on:%Y-%m-%d}", "n": age}
    if state.code == "stale":
        limit = ngettext("A board is good for %(n)s day.", "A board is good for %(n)s days.", days) % {
            "n": days
        }
        return f"{seen}{'' if is_chinese() else ' '}{limit}"
    return seen
