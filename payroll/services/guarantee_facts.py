"""What is known of the owners' payment guarantees of many projects at once: two queries, no writes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from payroll.guarantee_rules import Asked, GuaranteeState, Paper, state_of
from payroll.models import PaymentGuarantee
from registration.models import Organisation, Participation, Project
from registration.services.parameters import parameter

SINCE, SMALL = "guarantee.asked_since", "guarantee.small_under_fen"
DAYS, NOTICE = "alarm.A6.guarantee_days", "guarantee.expiry_notice_days"
WITHIN_DAYS, NOTICE_DAYS = 30, 30
"""For an installation without the parameters."""


@dataclass(frozen=True)
class Guarantee:
    """A project's guarantees, oldest first, who owes them, and where they stand."""

    project: Project
    owner: Organisation | None
    entries: tuple[PaymentGuarantee, ...]
    asked: Asked
    state: GuaranteeState

    @property
    def standing(self) -> list[PaymentGuarantee]:
        """The entries that no later one replaces, the one that ends last first."""
        replaced = {entry.replaces for entry in self.entries}
        found = [entry for entry in self.entries if entry.number not in replaced]
        return sorted(found, key=lambda entry: (entry.valid_until, entry.number), reverse=True)

    @property
    def paper(self) -> str:
        """Issuer and number of the paper that counts, "" without one."""
        return f"{self.standing[0].issuer} {self.standing[0].paper_number}" if self.standing else ""


def asked_in(region_code: str, *, on: date) -> Asked:
    """Of which works a place asks for the guarantee."""

    def read(key: str, fallback: object) -> object:
        return parameter(key, region_code=region_code, on=on, default=fallback)

    since, ladder = str(read(SINCE, "")), read(DAYS, {"yellow": WITHIN_DAYS})
    days = [int(figure) for figure in ladder.values()] if isinstance(ladder, dict) else []
    return Asked(
        since=date.fromisoformat(since) if since else None,
        from_fen=int(str(read(SMALL, 0))),
        within_days=min(days, default=WITHIN_DAYS),
        notice_days=int(str(read(NOTICE, NOTICE_DAYS))),
    )


def load_guarantees(projects: Iterable[Project], *, today: date) -> list[Guarantee]:
    """The guarantees of projects in their order."""
    found = list(projects)
    ids = [project.pk for project in found]
    entries: dict[int, list[PaymentGuarantee]] = defaultdict(list)
    rows = PaymentGuarantee.objects.filter(project__in=ids).select_related("organisation")
    for entry in rows.order_by("project_id", "number"):
        entries[entry.project_id].append(entry)
    owners = {
        part.project_id: part.organisation
        for part in Participation.objects.filter(
            project__in=ids, role=Participation.Role.OWNER, left_on=None
        ).select_related("organisation")
    }
    return [_guarantee(one, owners.get(one.pk), entries[one.pk], today) for one in found]


def load_guarantee(project: Project, *, today: date) -> Guarantee:
    """One project's guarantees."""
    return load_guarantees([project], today=today)[0]


def _guarantee(
    project: Project, owner: Organisation | None, entries: list[PaymentGuarantee], today: date
) -> Guarantee:
    asked = asked_in(project.region_id, on=today)
    state = state_of(
        [Paper(e.number, e.valid_from, e.valid_until, e.amount_fen, e.replaces) for e in entries],
        asked=asked,
        sum_fen=project.contract_sum_fen,
        signed_on=project.contract_signed_on or project.started_on,
        today=today,
    )
    return Guarantee(project, owner, tuple(entries), asked, state)
