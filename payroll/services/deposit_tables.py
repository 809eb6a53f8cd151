"""What another table of deposits would ask of the works that run now, had they been signed under it; no writes."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from payroll.deposit_rules import Record, Table, amount_due
from payroll.models import ArrearsRecord
from payroll.services.deposit_facts import others_of, works_of
from registration.models import Participation, Project
from registration.seed.deposits import KEY, NATION
from registration.services.parameters import parameter, parameter_source, region_line


@dataclass(frozen=True)
class DueChange:
    """One project's deposit by the table that holds and by the other one, in fen."""

    project_id: int
    before_fen: int
    after_fen: int


@dataclass
class DueChanges:
    """Over all running works that the table would reach: `works` of them, sums in fen, and those that change."""

    works: int = 0
    before_fen: int = 0
    after_fen: int = 0
    moved: list[DueChange] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many would lodge more."""
        return sum(one.after_fen > one.before_fen for one in self.moved)

    @property
    def less(self) -> int:
        """How many would lodge less, nothing at all included."""
        return sum(one.after_fen < one.before_fen for one in self.moved)


def due_changes(region_code: str, value: dict[str, Any], *, on: date) -> DueChanges:
    """Judge every running project of a region as if its contract were signed on a day, by both tables.

    Places inside the region with a table of their own are left out; the largest changes stand first. KeyError when
    the value lacks a needed part.
    """
    parts = list(
        Participation.objects.filter(
            role=Participation.Role.GENERAL_CONTRACTOR,
            left_on=None,
            project__region__code__startswith=_prefix(region_code),
            project__contract_sum_fen__gt=0,
            project__done_on=None,
        )
        .exclude(project__sector="manufacturing")
        .exclude(project__state=Project.State.DONE)
        .select_related("project", "organisation")
        .order_by("project_id", "pk")
    )
    firms = {part.organisation_id for part in parts}
    records: dict[int, ArrearsRecord] = {}
    for told in ArrearsRecord.objects.filter(organisation__in=firms, since__lte=on).order_by("made_at", "pk"):
        records[told.organisation_id] = told
    works = works_of(firms)
    places = {part.project.region_id for part in parts}
    held = {place: Table.read(parameter(KEY, region_code=place, on=on, default=NATION)) for place in places}
    reached = {place for place in places if _reaches(region_code, place, on)}
    table = Table.read(value)
    found = DueChanges()
    for part in parts:
        project, known = part.project, records.get(part.organisation_id)
        if project.region_id not in reached:
            continue
        record = Record(known.kind, known.since, known.well_kept) if known else None
        others = others_of(project, part.organisation, works, on)
        before, after = (
            amount_due(one, project.contract_sum_fen, record=record, on=on, others=others).amount_fen
            for one in (held[project.region_id], table)
        )
        found.works += 1
        found.before_fen += before
        found.after_fen += after
        if before != after:
            found.moved.append(DueChange(project.pk, before, after))
    found.moved.sort(key=lambda one: (-abs(one.after_fen - one.before_fen), one.project_id))
    return found


def _prefix(region_code: str) -> str:
    return region_code.removesuffix("00").removesuffix("00")


def _reaches(region_code: str, place: str, on: date) -> bool:
    """Whether a value of the region would be the nearest for a place in it."""
    source, line = parameter_source(KEY, region_code=place, on=on), region_line(place)
    return source is None or line.index(source.region_id or "") >= line.index(region_code)
