"""The chain of contractors of a project as boxes from the money to the teams, with the break."""

from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inspection.rules import Stop, level_name
from inspection.telling.shape import gap
from payroll.models import SubLedger
from registration.models import Participation, Posting, Project, Team
from wagewatch.lib.money import format_cny

TEAMS_SHOWN = 12


def chain_of(project: Project, parts: list[dict[str, Any]], stop: Stop | None, level: int) -> dict[str, Any]:
    """Boxes for components/parties.html: owner, account, general contractor, subcontractors, teams.

    `parts` are the facts of an alarm by participation; `stop` says where money stopped, None for nowhere.
    Five queries, whatever the size of the chain.
    """
    firms = list(Participation.objects.filter(project=project).select_related("organisation").order_by("pk"))
    owed: dict[int, int] = {}
    for part in parts:
        owed[part["participation"]] = owed.get(part["participation"], 0) + part["owed_fen"]
    ledger = SubLedger.objects.filter(project=project).select_related("account__bank").first()
    broken = _break(stop, level)
    boxes: list[dict[str, Any]] = []
    for firm in firms:
        if firm.role == Participation.Role.OWNER:
            boxes.append(
                {"role": _("Owner"), "name": firm.organisation.name, "note": firm.scope, "figure": ""}
            )
    boxes.append(_account(ledger, boxes))
    for firm in firms:
        if firm.role == Participation.Role.GENERAL_CONTRACTOR:
            box = _firm(firm, _("General contractor"), owed)
            box["figure"] = box["figure"] or (_("Pays first") if stop else "")
            box |= broken.get("general_contractor", {"link": _("Account of the project")})
            boxes.append(box)
    for firm in firms:
        if firm.role in {Participation.Role.SUBCONTRACTOR, Participation.Role.AGENCY}:
            box = _firm(firm, firm.get_role_display() if firm.role == "agency" else _("Subcontractor"), owed)
            link = broken.get("subcontractor") if firm.pk in owed else None
            boxes.append(
                box
                | (link or {"link": _("Engaged by the general contractor") if not firm.scope else firm.scope})
            )
    sizes = dict(
        Posting.objects.filter(project=project, left_on__isnull=True)
        .order_by()
        .values_list("team_id")
        .annotate(n=Count("pk"))
    )
    names = dict(Team.objects.filter(project=project, pk__in=sizes).values_list("pk", "name"))
    largest = sorted(names, key=lambda pk: (-sizes[pk], pk))
    teams = [
        {
            "name": names[pk],
            "note": ngettext("%(n)s person", "%(n)s people", sizes[pk]) % {"n": sizes[pk]},
            "figure": "",
        }
        for pk in largest[:TEAMS_SHOWN]
    ]
    return {
        "parties": boxes,
        "teams": teams,
        "teams_link": ngettext("%(n)s team", "%(n)s teams", len(names)) % {"n": len(names)},
    }


def _account(ledger: SubLedger | None, above: list[dict[str, Any]]) -> dict[str, Any]:
    if ledger is None:
        none = {"role": _("Special account"), "name": _("No special wage account"), "note": "", "figure": ""}
        return none | (
            {"link": _("No account to allocate labour cost to"), "link_kind": "part"} if above else {}
        )
    box = {
        "role": _("Special account"),
        "name": _("%(bank)s, ending %(tail)s")
        % {"bank": ledger.account.bank.name, "tail": ledger.account.tail},
        "note": _("for wages only; cannot be seized for other debts"),
        "figure": _("Balance %(amount)s") % {"amount": format_cny(ledger.balance_fen)},
    }
    if above:
        box["link"] = _("Labour cost is allocated")
    return box


def _firm(firm: Participation, role: str, owed: dict[int, int]) -> dict[str, Any]:
    note = _("Labour clerk %(name)s") % {"name": firm.clerk_name} if firm.clerk_name else ""
    return {
        "role": role,
        "name": firm.organisation.name,
        "note": note,
        "figure": format_cny(owed[firm.pk]) if firm.pk in owed else "",
        "at": firm.pk in owed,
    }


def _break(stop: Stop | None, level: int) -> dict[str, dict[str, Any]]:
    if stop is None:
        return {}
    where = (
        "general_contractor"
        if stop.code in {"unapproved", "not_instructed", "bank_pending", "returned"}
        else "subcontractor"
    )
    return {
        where: {
            "link": f"{gap()}{stop.words}",
            "link_kind": "cut",
            "link_level": level_name(level),
            "link_strong": _("It stopped here:"),
        }
    }
