"""A firm's grade in words: each reason with its figure and the points it took."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.credit_rules import Reason

TITLES: dict[str, Any] = {
    "on_list": gettext_lazy("On the list of serious dishonesty"),
    "deposit_used": gettext_lazy("Wage deposit used by order"),
    "arrears": gettext_lazy("Arrears established by the authority"),
    "fined": gettext_lazy("Fines decided after an order lapsed"),
    "lapsed": gettext_lazy("Orders to correct not followed in time"),
    "red": gettext_lazy("Red alarms"),
    "orange": gettext_lazy("Orange alarms"),
    "yellow": gettext_lazy("Yellow alarms"),
    "late_percent": gettext_lazy("Wages paid late or not at all"),
    "absent_percent": gettext_lazy("Registered people whom no gate saw"),
}
SOURCES: dict[str, Any] = {
    "on_list": gettext_lazy("Decision in force"),
    "deposit_used": gettext_lazy("Orders to use the deposit"),
    "arrears": gettext_lazy("Record of arrears"),
    "fined": gettext_lazy("Orders whose time ended in the period"),
    "lapsed": gettext_lazy("Orders whose time ended in the period"),
    "red": gettext_lazy("Alarms opened in the period, without those found not true"),
    "orange": gettext_lazy("Alarms opened in the period, without those found not true"),
    "yellow": gettext_lazy("Alarms opened in the period, without those found not true"),
    "late_percent": gettext_lazy("Slips whose pay day lay in the period"),
    "absent_percent": gettext_lazy("Running projects, the last 30 days"),
}
MEANING: dict[str, tuple[Any, str]] = {
    "A": (gettext_lazy("Grade A: keeps its word"), "done"),
    "B": (gettext_lazy("Grade B: some faults"), "line"),
    "C": (gettext_lazy("Grade C: serious faults"), "stop"),
}


@dataclass(frozen=True)
class Line:
    """A reason as a page shows it."""

    title: str
    source: str
    figure: str
    points: int


def lines_of(reasons: Iterable[Reason]) -> list[Line]:
    """Reasons in words of the current language."""
    return [
        Line(str(TITLES[r.code]), str(SOURCES[r.code]), _figure(r), r.points)
        for r in reasons
        if r.code in TITLES
    ]


def _figure(reason: Reason) -> str:
    if reason.code.endswith("_percent"):
        return f"{reason.count}%"
    if reason.code in {"on_list", "arrears"}:
        return _("yes")
    return ngettext("%(n)s time", "%(n)s times", reason.count) % {"n": reason.count}
