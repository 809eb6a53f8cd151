"""What the refusal codes of pushed rows mean, in a few words for the page of a system. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

_EXACT: dict[str, Any] = {
    # stamps
    "unregistered": _("Not registered on this project"),
    "left": _("Has left the project"),
    "badge_lost": _("Badge reported lost"),
    "not_yet": _("Before the first day of work"),
    "bad_time": _("The time cannot be right"),
    "device": _("The gate did not open"),
    "event.person": _("Person not named, or named in two ways"),
    "event.offset": _("Time zone cannot be right"),
    "event.id": _("Event id with strange characters"),
    "event.unreadable": _("Stamp not understood"),
    # people
    "row.unreadable": _("Row not understood"),
    "firm.unknown": _("Company is not on the project"),
    "firm.missing": _("Company not named"),
    "name.conflict": _("Name differs from the one on record"),
    "person.twice": _("The same person twice"),
    "person.twice_differs": _("The same person twice, with different data"),
    "card.shared": _("One wage card for several people"),
    "card.other_person": _("The wage card belongs to somebody else"),
    "posting.other_company": _("Works here for another company already"),
    "posting.left": _("Left before; the first day must be later"),
    "posting.not_open": _("Has left already"),
    "posting.before_joining": _("Last day before the first"),
    "team.missing": _("Team missing"),
    "trade.missing": _("Trade missing"),
    "rate.missing": _("Agreed pay missing"),
    "rate.positive": _("Agreed pay is not above 0"),
    "unit.missing": _("Unit of piece work missing"),
    "id.checksum": _("Check digit of the ID number is wrong"),
    "id.length": _("ID number with too few or too many characters"),
    "id.empty": _("ID number missing"),
    "id.birth_differs": _("Date of birth differs from the ID number"),
    "nationality.missing": _("Nationality of the passport missing"),
    "birth_date.missing": _("Date of birth missing"),
    "sex.choose": _("Sex missing"),
    "age.too_young": _("Under 16: may not work"),
    # whole requests
    "push.outside": _("Project outside the scope of the system"),
    "push.other_rows": _("Known request id with other rows"),
    "batch.other_events": _("Known batch id with other stamps"),
    "push.unreadable": _("Request not understood"),
    "batch.unreadable": _("Request not understood"),
    "push.too_large": _("Request above 2 MB"),
    "batch.too_large": _("Request above 2 MB"),
    "batch.too_many": _("More than 5,000 stamps in one batch"),
    "push.day": _("Day not written as 2026-11-16"),
    "push.span": _("Span of more than 31 days"),
    "try_later": _("The server was busy; sent again it will be taken"),
}
_KINDS: dict[str, Any] = {
    "id": _("ID number is wrong"),
    "name": _("Name cannot be right"),
    "phone": _("Phone number is wrong"),
    "card": _("Wage card number is wrong"),
    "date": _("Date cannot be right"),
    "birth_date": _("Date of birth cannot be right"),
    "money": _("Amount cannot be read"),
    "rate": _("Agreed pay cannot be read"),
    "ethnicity": _("Ethnic group is not known"),
    "nationality": _("Nationality not written in three letters"),
    "choice": _("Code is not known"),
    "event": _("Stamp not understood"),
    "push": _("Request not understood"),
}
"""By the part before the dot, where a code has no words of its own."""


class Problem(NamedTuple):
    """A reason with its words and how often it was given."""

    code: str
    words: str
    times: int


def problem_words(code: str) -> str:
    """The words of a code; one that is not known stands for itself."""
    found = _EXACT.get(code) or _KINDS.get(code.partition(".")[0])
    return str(found) if found else code


def problem_rows(problems: Mapping[str, int]) -> list[Problem]:
    """Codes with their words, the most frequent first."""
    rows = [Problem(code, problem_words(code), count) for code, count in problems.items()]
    return sorted(rows, key=lambda row: (-row.times, row.code))
