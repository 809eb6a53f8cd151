"""The life of a special account as pure functions: deadlines, its name and its number.

Source: measures of 2021 (人社部发〔2021〕53号) for special wage accounts; Order 724 article 26.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed

SUFFIX = "农民工工资专用账户"
"""How every such account is called after firm and project (measures of 2021)."""
SHORTEST_NUMBER, LONGEST_NUMBER = 9, 32


@dataclass(frozen=True)
class Deadline:
    """A duty with its day: `done_on` None while it is not done; `due_on` None while it has not begun."""

    due_on: date | None
    done_on: date | None
    today: date

    @property
    def late_days(self) -> int:
        """Days past the deadline when it was done, or until today."""
        if self.due_on is None:
            return 0
        return max(((self.done_on or self.today) - self.due_on).days, 0)

    @property
    def days_left(self) -> int | None:
        """Days until the deadline of what is not done; negative when it has passed."""
        return None if self.done_on or self.due_on is None else (self.due_on - self.today).days

    @property
    def code(self) -> str:
        """`none`, `done`, `done_late`, `open` or `late`."""
        if self.done_on:
            return "done_late" if self.late_days else "done"
        if self.due_on is None:
            return "none"
        return "late" if self.late_days else "open"


def deadline(begins_on: date | None, days: int, done_on: date | None, today: date) -> Deadline:
    """The deadline of a duty that begins on a day and must be done within `days`."""
    return Deadline(begins_on + timedelta(days=days) if begins_on else None, done_on, today)


def squeeze(text: str) -> str:
    """A name without spaces, in one width, brackets alike."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def proper_name(firm: str, project: str) -> str:
    """Firm + project + 农民工工资专用账户."""
    return f"{firm}{project}{SUFFIX}"


def check_name(name: str, firm: str, project: str) -> str:
    """The name as it is kept. Raises Malformed `account.name` unless it holds firm, project and the suffix."""
    wanted = proper_name(firm, project)
    if squeeze(name) != squeeze(wanted):
        raise Malformed(
            "account.name",
            _("The account is called after firm and project: “%(name)s”. Ask the bank to correct its name."),
            name=wanted,
        )
    return unicodedata.normalize("NFKC", name).strip()


def check_number(number: str) -> str:
    """The account number in digits. Raises Malformed `account.number`."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number))
    if not digits.isascii() or not digits.isdigit():
        raise Malformed("account.number", _("Write the account number in digits, without letters."))
    if not SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER or len(set(digits)) == 1:
        raise Malformed(
            "account.number",
            _("An account number has %(least)s to %(most)s digits. Copy it from the bank's paper."),
            least=SHORTEST_NUMBER,
            most=LONGEST_NUMBER,
        )
    return digits
