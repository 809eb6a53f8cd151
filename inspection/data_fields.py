"""What other departments may ask for: figures of projects and months, and people by masked name only.

A request with a field about people gives one row per person and month, else one per project and month.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.sheets import ColumnOut


@dataclass(frozen=True)
class Field:
    """A column of an extract; `of_people` makes the extract one of people."""

    code: str
    label: Any
    kind: str = "text"
    width: int = 14
    of_people: bool = False

    def column(self) -> ColumnOut:
        """The column in the current language."""
        return ColumnOut(str(self.label), self.kind, width=self.width)  # type: ignore[arg-type]


FIELDS: dict[str, Field] = {
    one.code: one
    for one in (
        Field("code", _("Project code"), width=18),
        Field("project", _("Project"), width=30),
        Field("place", _("Place"), width=12),
        Field("firm", _("Employer"), width=30),
        Field("uscc", _("Company code"), width=22),
        Field("month", _("Wage month"), width=10),
        Field("people", _("Number of people"), "number", 8),
        Field("net_fen", _("Net wages"), "money", 16),
        Field("paid_fen", _("Paid"), "money", 16),
        Field("unpaid_fen", _("Unpaid"), "money", 16),
        Field("due_on", _("Due on"), "date", 12),
        Field("name", _("Name, masked"), width=12, of_people=True),
        Field("id_tail", _("Last four of the ID number"), width=10, of_people=True),
        Field("team", _("Team"), width=16, of_people=True),
    )
}
"""In the order of the columns."""


def names_people(codes: list[str]) -> bool:
    """Whether an extract with these fields has a row per person."""
    return any(FIELDS[code].of_people for code in codes if code in FIELDS)
