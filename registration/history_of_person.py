"""A person's working life on record: every project in every city, trainings and certificates.

Pay is no part of it: who asks may be another firm. Whoever shows it decides before whether the reader may
see it at all (`services.portability` for a clerk, the worker's own pages for the worker).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from registration.models import Certificate, Posting, Region, TrainingAttendance

MOST = 200


@dataclass(frozen=True)
class Stint:
    """Work on one project. `till` None while it goes on; `employer` is the firm's name."""

    posting_id: int
    project_id: int
    project: str
    region: str
    employer: str
    team: str
    trade: str
    since: date
    till: date | None
    registered_by: str
    acknowledged: bool

    @property
    def is_open(self) -> bool:
        return self.till is None


@dataclass(frozen=True)
class Trained:
    """A training attended; `minutes` long."""

    project: str
    kind: str
    name: str
    held_on: date
    minutes: int
    passed: bool


@dataclass(frozen=True)
class Certified:
    """A certificate; `expires_on` None means it does not expire."""

    kind: str
    trade: str
    grade: str
    issuer: str
    number_tail: str
    issued_on: date
    expires_on: date | None

    def valid_on(self, day: date) -> bool:
        return self.expires_on is None or day <= self.expires_on


@dataclass(frozen=True)
class PersonHistory:
    """Everything, the newest first."""

    stints: Sequence[Stint] = field(default=())
    trainings: Sequence[Trained] = field(default=())
    certificates: Sequence[Certified] = field(default=())

    @property
    def cities(self) -> list[str]:
        """Names of the regions worked in, the newest first."""
        return list(dict.fromkeys(stint.region for stint in self.stints))

    @property
    def trades(self) -> list[str]:
        return list(dict.fromkeys(stint.trade for stint in self.stints))

    @property
    def first_day(self) -> date | None:
        return min((stint.since for stint in self.stints), default=None)


def history_of_person(worker_id: int) -> PersonHistory:
    """All postings across cities with project, region, trade, from and till; trainings; certificates.

    Four statements, whatever there is.
    """
    return PersonHistory(_stints(worker_id), _trainings(worker_id), _certificates(worker_id))


def _stints(worker_id: int) -> list[Stint]:
    postings = list(
        Posting.objects.filter(worker_id=worker_id)
        .select_related("project", "team", "participation__organisation")
        .order_by("-joined_on", "-pk")[:MOST]
    )
    names = _region_names({p.project.region_id for p in postings})
    return [
        Stint(
            posting_id=p.pk,
            project_id=p.project_id,
            project=p.project.name,
            region=names.get(p.project.region_id, p.project.region_id),
            employer=p.participation.organisation.name,
            team=p.team.name,
            trade=p.trade,
            since=p.joined_on,
            till=p.left_on,
            registered_by=p.registered_by,
            acknowledged=p.acknowledged_at is not None,
        )
        for p in postings
    ]


def _region_names(codes: set[str]) -> dict[str, str]:
    """City and county beside each other (金华市金东区), as people say where they worked."""
    wanted = codes | {code[:4] + "00" for code in codes}
    names = dict(Region.objects.filter(code__in=wanted).values_list("code", "name"))
    return {
        code: "".join(dict.fromkeys(names[c] for c in (code[:4] + "00", code) if c in names))
        for code in codes
    }


def _trainings(worker_id: int) -> list[Trained]:
    attended = (
        TrainingAttendance.objects.filter(worker_id=worker_id)
        .select_related("training__project")
        .order_by("-training__held_on", "-pk")[:MOST]
    )
    return [
        Trained(
            project=one.training.project.name,
            kind=one.training.kind,
            name=one.training.name,
            held_on=one.training.held_on,
            minutes=one.training.minutes,
            passed=one.passed,
        )
        for one in attended
    ]


def _certificates(worker_id: int) -> list[Certified]:
    held = (
        Certificate.objects.filter(worker_id=worker_id).defer("number").order_by("-issued_on", "-pk")[:MOST]
    )
    return [
        Certified(
            kind=one.kind,
            trade=one.trade,
            grade=str(one.get_grade_display()) if one.grade else "",
            issuer=one.issuer,
            number_tail=one.number_tail,
            issued_on=one.issued_on,
            expires_on=one.expires_on,
        )
        for one in held
    ]
