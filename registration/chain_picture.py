"""The picture of a project's chain for components/firms.html: who engaged whom, how many people, who pays.

Read by the contractor's and by the supervision side. Liability is computed over the whole chain, also where
the reader sees only a part of it: who must pay is printed on the site's notice board anyway (article 34).
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registration.access import ChainReach
from registration.models import Engagement, Participation, Posting, Project, Sector, Standing, Team
from registration.rules.liability import Chain, Firm, How, Payer, chain_of, who_pays

Role = Participation.Role
EMPLOYS = frozenset({Role.GENERAL_CONTRACTOR, Role.SUBCONTRACTOR, Role.AGENCY})
_ORDER = {Role.SUPERVISOR: 0, Role.GENERAL_CONTRACTOR: 1, Role.SUBCONTRACTOR: 2, Role.AGENCY: 3}
"""Under the owner the supervisor's small box comes first, so that the general contractor's branch is last."""


@dataclass
class Node:
    """One firm as the template draws it."""

    part: Participation
    role: str
    people: int
    total: int = 0
    depth: int = 0
    broken: str = ""
    duty: str = ""
    leads: str = ""
    missing: str = ""
    payers: list[dict[str, Any]] = field(default_factory=list)
    standing: str = ""
    teams: list[dict[str, Any]] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    may_edit: bool = False
    may_describe: bool = False
    may_engage: bool = False
    may_team: bool = False

    @property
    def wide(self) -> bool:
        """Whether the firms below stand side by side."""
        return self.part.role == Role.GENERAL_CONTRACTOR


@dataclass
class Picture:
    """The whole: top firms with those below, and what the heading says."""

    roots: list[Node]
    firms: int
    people: int
    breaks: int
    above: str = ""

    @property
    def finding(self) -> str:
        """The sentence over the picture: breaks first."""
        firms = ngettext("%(n)d firm", "%(n)d firms", self.firms) % {"n": self.firms}
        people = ngettext("%(n)d person at work", "%(n)d people at work", self.people) % {"n": self.people}
        if not self.breaks:
            return _("%(firms)s, %(people)s") % {"firms": firms, "people": people}
        broken = ngettext("%(n)d place let unlawfully", "%(n)d places let unlawfully", self.breaks) % {
            "n": self.breaks
        }
        return _("%(breaks)s; %(firms)s, %(people)s") % {"breaks": broken, "firms": firms, "people": people}


def load_chain(project: Project) -> tuple[Chain, list[Participation]]:
    """The chain as the rules want it, and its parts; one query."""
    parts = list(
        Participation.objects.filter(project=project)
        .select_related("organisation__successor", "parent__organisation", "clerk")
        .order_by("pk")
    )
    firms = [
        Firm(
            id=part.pk,
            name=str(part.organisation),
            role=part.role,
            parent=part.parent_id,
            engagement=part.engagement,
            legal_form=part.organisation.legal_form,
            standing=part.organisation.standing,
            investors=part.organisation.investors,
            successor=str(part.organisation.successor or ""),
        )
        for part in parts
    ]
    chain = chain_of(
        firms,
        planning_breach=project.planning_breach,
        construction=project.sector != Sector.MANUFACTURING,
    )
    return chain, parts


def chain_picture(
    project: Project, seen: QuerySet[Participation], *, reach: ChainReach | None = None
) -> Picture:
    """The parts in `seen` as a tree, with teams and people at work; five queries whatever its size.

    `reach` says what the reader may change; without it nothing offers a change.
    """
    chain, parts = load_chain(project)
    visible = set(seen.order_by().values_list("pk", flat=True))
    at_work = dict(
        Posting.objects.filter(project=project, left_on=None)
        .order_by()
        .values_list("participation_id")
        .annotate(n=Count("pk"))
    )
    teams = _teams(project, chain, visible)
    nodes = {
        part.pk: _node(project, part, chain, at_work.get(part.pk, 0), teams.get(part.pk, []), reach)
        for part in parts
        if part.pk in visible
    }
    roots: list[Node] = []
    for node in sorted(
        nodes.values(), key=lambda n: (bool(n.part.left_on), _ORDER.get(Role(n.part.role), -1), n.part.pk)
    ):
        above = nodes.get(node.part.parent_id or 0)
        (above.children if above else roots).append(node)
    for node in nodes.values():
        if chain.construction and node.part.role == Role.GENERAL_CONTRACTOR:
            node.leads = _("Pays first for all firms below (article 30)") if node.children else ""
            node.missing = "" if node.part.clerk_name else _("No labour clerk is named (article 28)")
    counted = sum(_measure(root, 0) for root in roots)
    breaks = sum(bool(node.broken) + sum(bool(t["broken"]) for t in node.teams) for node in nodes.values())
    first = roots[0].part if roots else None
    hidden = first is not None and first.parent_id is not None and first.parent is not None
    above_name = first.parent.organisation.name if hidden and first and first.parent else ""
    return Picture(roots, len(nodes), counted, breaks, above_name)


def _teams(project: Project, chain: Chain, visible: set[int]) -> dict[int, list[dict[str, Any]]]:
    # Counted apart: the tables keyed by (id, project) do not let Django group by id alone.
    sizes = dict(
        Posting.objects.filter(project=project, left_on=None)
        .order_by()
        .values_list("team_id")
        .annotate(n=Count("pk"))
    )
    found: dict[int, list[dict[str, Any]]] = {}
    rows = (
        Team.objects.filter(project=project, participation__in=visible)
        .select_related("foreman")
        .defer("foreman__id_number", "foreman__phone", "foreman__address")
        .order_by("participation_id", "name", "pk")
    )
    for team in rows:
        broken = ""
        if team.let_to_foreman:
            payer = who_pays(chain, team.participation_id, let_to_foreman=True)[0]
            broken = _("Let to the foreman: %(duty)s") % {"duty": _duty(payer)}
        found.setdefault(team.participation_id, []).append(
            {"team": team, "people": sizes.get(team.pk, 0), "foreman": team.foreman, "broken": broken}
        )
    return found


def _node(
    project: Project,
    part: Participation,
    chain: Chain,
    people: int,
    teams: list[dict[str, Any]],
    reach: ChainReach | None,
) -> Node:
    payers = who_pays(chain, part.pk) if part.role in EMPLOYS else []
    node = Node(part=part, role=_role(project, part), people=people, teams=teams)
    node.payers = [_said(payer) for payer in payers]
    node.duty = _duty(payers[0]) if payers else _owner_duty(project, part)
    if part.engagement != Engagement.LAWFUL:
        node.broken = part.get_engagement_display()
    organisation = part.organisation
    if organisation.standing != Standing.ACTIVE:
        node.standing = organisation.get_standing_display()
    if reach is not None:
        node.may_edit = reach.may_edit(part.pk)
        node.may_describe = node.may_edit or part.pk in reach.own
        node.may_engage = (
            reach.may_engage(part.pk) and part.role in EMPLOYS - {Role.AGENCY} and not part.left_on
        )
        node.may_team = node.may_describe and part.role in EMPLOYS and not part.left_on
    return node


def _role(project: Project, part: Participation) -> str:
    if part.role == Role.GENERAL_CONTRACTOR and project.sector == Sector.MANUFACTURING:
        return _("Employer")
    return str(part.get_role_display())


def _owner_duty(project: Project, part: Participation) -> str:
    if part.role != Role.OWNER or project.sector == Sector.MANUFACTURING:
        return ""
    if project.planning_breach:
        return _("Pays all arrears: the project breaks planning or construction law (article 37)")
    return _("If it paid late, it advances wages up to the money not yet settled (article 29)")


def _duty(payer: Payer) -> str:
    """One line: who pays when wages stay unpaid."""
    facts = {"name": payer.name, "article": payer.article}
    if payer.how == How.FIRST:
        return _("%(name)s pays first (article %(article)s)") % facts
    if payer.how == How.ADVANCES:
        return _("%(name)s advances the wages (article %(article)s)") % facts
    return _("%(name)s pays (article %(article)s)") % facts


def _said(payer: Payer) -> dict[str, Any]:
    return {
        "name": payer.name or _("not on record"),
        "duty": _duty(payer)
        if payer.name
        else _("Not on record who (article %(article)s)") % {"article": payer.article},
        "reason": payer.reason,
        "reading": payer.reading,
    }


def _measure(node: Node, depth: int) -> int:
    """Depth, and the people of a firm with those below."""
    node.depth = depth
    node.total = node.people + sum(_measure(child, depth + 1) for child in node.children)
    return node.total
