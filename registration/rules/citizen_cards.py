"""The life of a citizen card: which step may follow which, and by when. Pure.

applied → submitted → made → issued → collected → active → lost or returned. Card centres do not always say
when a card is made, so submitted → issued is allowed too; a card that is found again in the firm's drawer
goes back. Source 2: six working days from submission to issue; contractors apply within seven days of entry,
report changes within three and have the bank function opened within a month.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.dates import Calendar
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.texts import clean

APPLIED, SUBMITTED, MADE, ISSUED = "applied", "submitted", "made", "issued"
COLLECTED, ACTIVE, LOST, RETURNED = "collected", "active", "lost", "returned"
STEPS = (APPLIED, SUBMITTED, MADE, ISSUED, COLLECTED, ACTIVE)
"""The way to a working card, in order."""
ENDED = frozenset((LOST, RETURNED))
IN_HAND = frozenset((COLLECTED, ACTIVE))
"""States in which the worker holds the card: what `carded` means in every statistic."""
NEXT: dict[str, tuple[str, ...]] = {
    APPLIED: (SUBMITTED, RETURNED),
    SUBMITTED: (MADE, ISSUED, RETURNED),
    MADE: (ISSUED, RETURNED),
    ISSUED: (COLLECTED, LOST, RETURNED),
    COLLECTED: (ACTIVE, LOST, RETURNED),
    ACTIVE: (LOST, RETURNED),
    LOST: (),
    RETURNED: (),
}


@dataclass(frozen=True)
class Deadlines:
    """Days of a region: calendar days, but for `issue_wd`, which are working days."""

    submit: int = 7
    issue_wd: int = 6
    collect: int = 15
    bank: int = 30
    change: int = 3


def due_on(
    state: str, on: date, deadlines: Deadlines, calendar: Calendar, *, joined_on: date | None = None
) -> date | None:
    """The last day of the step that follows a state entered on a day; None where nothing follows by a date.

    An application is due at the card centre so many days after the worker joined, whenever it was made.
    A lost card is applied for anew.
    """
    match state:
        case "applied":
            return (joined_on or on) + timedelta(days=deadlines.submit)
        case "submitted":
            return calendar.add_working(on, deadlines.issue_wd)
        case "issued":
            return on + timedelta(days=deadlines.collect)
        case "collected":
            return on + timedelta(days=deadlines.bank)
        case "lost":
            return on + timedelta(days=deadlines.change)
        case _:
            return None


def check_step(state: str, to: str, *, since: date, on: date, today: date, has_number: bool) -> None:
    """Raises RuleViolation `card.step`, `card.number_missing`, or Malformed `card.day`."""
    if to not in NEXT[state]:
        raise RuleViolation("card.step", _("This step does not follow here. Look at the card again."))
    check_day(on, since=since, today=today)
    if to in IN_HAND and not has_number:
        text = _("The card's number is missing. Read it from the card, or upload the card centre's file.")
        raise RuleViolation("card.number_missing", text)


def check_day(on: date, *, since: date | None, today: date) -> None:
    """Raises Malformed `card.day` for a day to come, or before the step before."""
    if on > today:
        raise Malformed("card.day", _("This day is still to come."))
    if since is not None and on < since:
        text = _("The step before was on %(day)s. Choose that day or a later one.")
        raise Malformed("card.day", text, day=since.isoformat())


def normalise_card_number(text: str) -> str:
    """A citizen card's number: 6 to 24 letters and digits, in capitals. Raises Malformed `card.citizen_number`."""
    value, _notes = clean(text, drop=" -")
    value = value.upper()
    if not 6 <= len(value) <= 24 or not value.isascii() or not value.isalnum():
        raise Malformed(
            "card.citizen_number", _("Copy the number from the card: 6 to 24 letters and digits.")
        )
    return value
