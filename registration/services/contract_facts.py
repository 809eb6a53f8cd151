"""Facts about contracts that rules and pages ask for: set-based, few queries, nothing written."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from registration.models import LabourContract, Participation, Posting, Project, WorkRole
from registration.rules.contracts import Limits, Terms
from registration.services.parameters import parameter, region_line, region_names

State = LabourContract.State
UNDER_WAY = (State.DRAFT, State.OFFERED, State.SIGNED)
EFFECTIVE = (State.IN_FORCE, State.ENDED, State.TERMINATED, State.RENEWED)
"""States of contracts that both sides signed; whether one binds on a day is told by its dates."""
RETIREMENT = {"male": {"months": 720}, "female": {"months": 600}, "female_manager": {"months": 660}}
"""Ages before the reform, for an installation without the parameter."""


def in_force_on(on: date) -> Q:
    """Contracts signed by both sides by the day, begun by then and not over before it."""
    return Q(state__in=EFFECTIVE, signed_on__lte=on, starts_on__lte=on) & (
        Q(last_day__isnull=True) | Q(last_day__gte=on)
    )


def postings_with_contract(project_id: int, *, on: date) -> set[int]:
    """Ids of the project's postings that have a contract, or a labour-use agreement, in force on a day."""
    return set(
        LabourContract.objects.annotate(last_day=Coalesce(F("ended_on"), F("ends_on")))
        .filter(in_force_on(on), project=project_id)
        .values_list("posting_id", flat=True)
    )


def limits_of(region_code: str, *, on: date) -> Limits:
    """The regional values that a contract beginning on a day must keep."""
    place: dict[str, Any] = {"region_code": region_code, "on": on}
    month = parameter("pay.minimum_wage_month_fen", default=None, **place)
    hour = parameter("pay.minimum_wage_hour_fen", default=None, **place)
    return Limits(
        retirement=parameter("people.retirement_age", default=RETIREMENT, **place),
        month_wage_fen=int(month) if month is not None else None,
        hour_wage_fen=int(hour) if hour is not None else None,
        month_days=Decimal(str(parameter("pay.month_days", default="21.75", **place))),
        youngest_age=int(parameter("people.youngest_age", default=16, **place)),
        agency_months=int(parameter("contract.agency_months", default=24, **place)),
        conclude_months=int(parameter("contract.conclude_within_months", default=1, **place)),
    )


def expiry_notice_days(region_code: str, *, on: date) -> int:
    """How many days before its end a contract counts as expiring."""
    return int(parameter("contract.expiry_notice_days", region_code=region_code, on=on, default=30))


def terms_for(posting: Posting, *, kind: str, period: str, starts_on: date, ends_on: date | None) -> Terms:
    """A posting's contract as the rules see it. `worker` and `participation` must be loaded."""
    return Terms(
        kind=kind,
        period=period,
        starts_on=starts_on,
        ends_on=ends_on,
        joined_on=posting.joined_on,
        role=posting.participation.role,
        pay_basis=posting.pay_basis,
        rate_fen=posting.rate_fen,
        sex=posting.worker.sex,
        birth_date=posting.worker.birth_date,
        is_manager=posting.work_role == WorkRole.MANAGER,
    )


@dataclass(frozen=True)
class Place:
    """What all contracts of a project share."""

    project: Project
    region: str
    general_contractor: str

    def written_terms(self, posting: Posting) -> dict[str, Any]:
        """The values of a contract's text but for the person's own and its dates."""
        part, project = posting.participation, self.project
        return {
            "employer": part.organisation.name,
            "employer_code": part.organisation.uscc,
            "manager": part.manager_name,
            "clerk": part.clerk_name,
            "project": project.name,
            "place": f"{self.region}{project.address}",
            "general_contractor": self.general_contractor,
            "team": posting.team.name,
            "trade": posting.trade,
            "pay_basis": posting.pay_basis,
            "piece_unit": posting.piece_unit,
            "rate_fen": posting.rate_fen,
            "pay_day": posting.pay_day or project.pay_day,
        }


def place_of(project: Project) -> Place:
    """Region in full and general contractor of a project; one query beside the cached regions."""
    names = region_names()
    line = [code for code in region_line(project.region_id) if code]
    gc = Participation.objects.filter(project=project, role=Participation.Role.GENERAL_CONTRACTOR)
    return Place(
        project,
        "".join(names.get(code, "") for code in reversed(line)),
        gc.values_list("organisation__name", flat=True).first() or "",
    )


def latest_contracts(project_id: int, posting_ids: Iterable[int]) -> dict[int, list[LabourContract]]:
    """Posting → its contracts, newest first, without their texts."""
    found: dict[int, list[LabourContract]] = defaultdict(list)
    rows = LabourContract.objects.filter(project=project_id, posting__in=list(posting_ids))
    for contract in rows.defer("text", "particulars").order_by("-made_at", "-pk"):
        found[contract.posting_id].append(contract)
    return found
