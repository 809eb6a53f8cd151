"""What may stand where in a project's chain of contractors. Plain values in, refusals out."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import RuleViolation

ENGAGES: Mapping[str, frozenset[str]] = {
    "owner": frozenset(),
    "general_contractor": frozenset({"owner"}),
    "supervisor": frozenset({"owner"}),
    "subcontractor": frozenset({"owner", "general_contractor", "subcontractor"}),
    "agency": frozenset({"general_contractor", "subcontractor"}),
}
"""Role to the roles that may engage it. An agency's people may not be sent on (Labour Contract Law, 62)."""
NEEDS_PARENT = frozenset({"subcontractor", "agency"})
CORP_TYPE_OF: Mapping[str, str] = {
    "owner": "008",
    "general_contractor": "009",
    "supervisor": "007",
    "agency": "006",
}
"""Role to the national platform's corpType where the role leaves no choice (an agency sends labour)."""
ENGAGEMENTS: Mapping[str, frozenset[str]] = {
    "general_contractor": frozenset({"lawful", "name_lent", "unqualified"}),
    "subcontractor": frozenset({"lawful", "recontracted", "name_lent", "unqualified"}),
    "agency": frozenset({"lawful", "unlicensed"}),
}
"""Role to the ways in which it can be engaged; other roles are engaged lawfully."""


def check_place(role: str, parent_role: str | None) -> None:
    """Refuse a role engaged by one that cannot engage it. Raises RuleViolation `chain.engaged_by`."""
    if parent_role is None:
        if role in NEEDS_PARENT:
            raise RuleViolation("chain.engaged_by", _("Choose the firm that engaged it."))
    elif parent_role not in ENGAGES[role]:
        raise RuleViolation(
            "chain.engaged_by",
            _("This firm cannot engage one of that role. Choose another firm, or another role."),
        )


def check_engagement(role: str, engagement: str, licence: str) -> None:
    """A labour agency without a licence is engaged unlawfully, and only an agency can be (article 18).

    Raises RuleViolation `chain.licence`, `chain.engagement`.
    """
    if engagement not in ENGAGEMENTS.get(role, frozenset({"lawful"})):
        raise RuleViolation("chain.engagement", _("This way of engaging does not fit the role of the firm."))
    if role != "agency":
        return
    if engagement == "lawful" and not licence:
        raise RuleViolation(
            "chain.licence",
            _("Write the number of the dispatch licence, or choose that the agency has none (article 18)."),
        )
    if engagement == "unlicensed" and licence:
        raise RuleViolation(
            "chain.licence", _("An agency with a licence is engaged lawfully. Clear the number or choose so.")
        )


def check_manager(role: str, manager_name: str) -> None:
    """The manager of a labour agency is named (source 2). Raises RuleViolation `chain.manager`."""
    if role == "agency" and not manager_name:
        raise RuleViolation("chain.manager", _("Write who manages the labour agency."))


def check_dates(entered_on: date | None, left_on: date | None, today: date) -> None:
    """Raises RuleViolation `chain.entered`, `chain.left`."""
    if entered_on and (entered_on - today).days > 366:
        raise RuleViolation("chain.entered", _("This day is more than a year ahead. Check the year."))
    if left_on and entered_on and left_on < entered_on:
        raise RuleViolation("chain.left", _("The firm cannot leave before it came."))
    if left_on and left_on > today:
        raise RuleViolation("chain.left", _("Write a day that has come already."))


def check_no_circle(part: int | None, parent: int, parents: Mapping[int, int | None]) -> None:
    """Refuse that a firm is engaged, over others, by itself. Raises RuleViolation `chain.circle`."""
    at: int | None = parent
    seen: set[int] = set()
    while at is not None and at not in seen:
        if at == part:
            raise RuleViolation(
                "chain.circle", _("This firm stands below the one you edit. It cannot engage it as well.")
            )
        seen.add(at)
        at = parents.get(at)


def check_not_own(organisation: int, line: list[int]) -> None:
    """Refuse a firm below itself in another role. Raises RuleViolation `chain.own_firm`."""
    if organisation in line:
        raise RuleViolation("chain.own_firm", _("A firm cannot be engaged by itself, nor through others."))


def below(start: set[int], parents: Mapping[int, int | None]) -> set[int]:
    """The parts engaged by those of `start`, directly or through others; without `start` itself."""
    found: set[int] = set()
    while True:
        more = {part for part, parent in parents.items() if parent in start | found} - found - start
        if not more:
            return found
        found |= more
