"""Who is told of an alarm, by level: contractor and clerk, and the firm that must act; from orange also owner and
inspectors; on red also the authority of the line of works."""

from collections import defaultdict
from collections.abc import Iterable

from inspection.models import Alarm, Level, OfficeLead
from registration.middleware import SECTORS_OF
from registration.models import Authority, Membership, Participation, Project, Role, User
from registration.permissions import GC, PERMISSIONS
from registration.services.parameters import region_line

Part = Participation.Role
LEAST: dict[str, int] = {Part.GENERAL_CONTRACTOR: Level.YELLOW, Part.OWNER: Level.ORANGE}
NEVER = 9
OF_PART: dict[str, frozenset[str]] = {
    Part.GENERAL_CONTRACTOR: frozenset(GC),
    Part.OWNER: frozenset({Role.OWNER_CLERK}),
    Part.SUBCONTRACTOR: frozenset({Role.SC_CLERK}),
    Part.AGENCY: frozenset({Role.AGENCY_CLERK}),
}


def firms_told(alarms: Iterable[Alarm]) -> dict[int, set[int]]:
    """Alarm → users of the firms that are told of it at its level."""
    alarms = list(alarms)
    parts = list(
        Participation.objects.filter(
            project__in={a.project_id for a in alarms}, role__in=OF_PART
        ).values_list("pk", "project_id", "organisation_id", "role")
    )
    people: dict[tuple[int, str], set[int]] = defaultdict(set)
    for organisation, role, user in Membership.objects.filter(
        is_active=True, user__is_active=True, organisation__in={part[2] for part in parts}
    ).values_list("organisation_id", "role", "user_id"):
        people[organisation, role].add(user)
    of_project = defaultdict(list)
    for pk, project, organisation, role in parts:
        of_project[project].append((pk, organisation, role))
    return {
        alarm.pk: {
            user
            for pk, organisation, role in of_project[alarm.project_id]
            if LEAST.get(role, NEVER) <= alarm.level or pk == alarm.participation_id
            for kind in OF_PART[role]
            for user in people[organisation, kind]
        }
        for alarm in alarms
    }


def people_of_firm(organisation_id: int) -> list[int]:
    """The people of a firm who answer to the authority."""
    found = User.objects.filter(
        is_active=True,
        memberships__organisation=organisation_id,
        memberships__is_active=True,
        memberships__role__in=PERMISSIONS["order.answer"],
    )
    return list(found.order_by("pk").values_list("pk", flat=True).distinct())


def people_of_office(office: Authority) -> list[int]:
    """The inspectors of one office; its leads alone where there are any."""
    members = Membership.objects.filter(
        authority=office, role=Role.INSPECTOR, is_active=True, user__is_active=True
    )
    leads = members.filter(pk__in=OfficeLead.objects.values("membership"))
    found = list(leads.values_list("user_id", flat=True)) or list(members.values_list("user_id", flat=True))
    return sorted(set(found))


def project_of_firm(organisation_id: int, region_prefix: str) -> int | None:
    """The project under which a notice about a firm is filed: its newest in the office's region, else its newest."""
    parts = Participation.objects.filter(organisation=organisation_id).order_by("-project_id")
    here = parts.filter(project__region__code__startswith=region_prefix)
    return (
        here.values_list("project_id", flat=True).first()
        or parts.values_list("project_id", flat=True).first()
    )


class Offices:
    """Inspectors by region, kind of office and tier; read once for many alarms."""

    def __init__(self) -> None:
        self._people: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._leads: dict[tuple[str, str], set[int]] = defaultdict(set)
        leads = set(OfficeLead.objects.values_list("membership_id", flat=True))
        for pk, user, kind, region in Membership.objects.filter(
            is_active=True, user__is_active=True, role=Role.INSPECTOR, authority__isnull=False
        ).values_list("pk", "user_id", "authority__kind", "authority__region_id"):
            self._people[kind, region].add(user)
            if pk in leads:
                self._leads[kind, region].add(user)

    def labour(self, project: Project, tier: int) -> set[int]:
        """The labour inspectors at a level for the project's region; the leads alone where there are any."""
        codes = [code for code in region_line(project.region_id) if code]
        here = (Authority.Kind.LABOUR, codes[min(tier, len(codes)) - 1])
        return self._leads.get(here) or self._people.get(here, set())

    def line(self, project: Project) -> set[int]:
        """Inspectors of the line of works in the project's county, else city, else province."""
        kinds = [kind for kind, sectors in SECTORS_OF.items() if project.sector in sectors]
        for code in region_line(project.region_id):
            found = {user for kind in kinds for user in self._people.get((kind, code), ())}
            if found:
                return found
        return set()

    def told(self, alarm: Alarm) -> set[int]:
        """Officials who are told of an alarm at its level; its holder, or else the office."""
        if alarm.level < Level.ORANGE:
            return set()
        found = {alarm.holder_id} if alarm.holder_id else self.labour(alarm.project, alarm.tier)
        return found | (self.line(alarm.project) if alarm.level >= Level.RED else set())
