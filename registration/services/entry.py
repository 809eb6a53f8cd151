"""Who may enter a project's site on a day, and what stands against it; read in a fixed number of statements.

Nothing is written here and nothing is remembered: a training recorded now opens the gate with the next list.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from registration.models import Posting, Project, Worker
from registration.rules.entry import (
    DENY,
    WARN,
    Certified,
    Conditions,
    Facts,
    Finding,
    certificate_words,
    findings,
    read_conditions,
)
from registration.services.contract_facts import postings_with_contract
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date

KEYS = (
    "entry.contract", "entry.training", "entry.age", "entry.certificate", "entry.stale", "entry.acknowledged",
    "people.youngest_age", "people.adult_age",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands against one posting's entry; no findings, no objection."""

    posting_id: int
    worker_id: int
    pin: int
    findings: tuple[Finding, ...] = ()

    @property
    def level(self) -> str:
        """deny, warn or nothing."""
        return self.findings[0].level if self.findings else ""

    @property
    def may_enter(self) -> bool:
        """Whether the gates let the person in."""
        return self.level != DENY

    @property
    def denials(self) -> tuple[Finding, ...]:
        """Only what denies."""
        return tuple(finding for finding in self.findings if finding.level == DENY)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Only what warns."""
        return tuple(finding for finding in self.findings if finding.level == WARN)


def conditions_for(region_code: str, *, on: date) -> Conditions:
    """The conditions of entry of a region on a day."""
    values = {key: parameter(key, region_code=region_code, on=on, default=None) for key in KEYS}
    if values["entry.acknowledged"] is None:
        del values["entry.acknowledged"]
    return read_conditions(values)


_POSTINGS = """
SELECT p.id, p.worker_id, p.pin, p.trade, p.joined_on,
       p.denied_at IS NOT NULL AND (p.acknowledged_at IS NULL OR p.acknowledged_at < p.denied_at),
       w.sex, w.birth_date, CASE
         WHEN (w.updated_at AT TIME ZONE 'Asia/Shanghai')::date < p.joined_on THEN (w.updated_at AT TIME ZONE 'Asia/Shanghai')::date
         WHEN (w.registered_at AT TIME ZONE 'Asia/Shanghai')::date < p.joined_on THEN (w.registered_at AT TIME ZONE 'Asia/Shanghai')::date
       END
FROM registration_posting p JOIN registration_worker w ON w.id = p.worker_id
WHERE p.project_id = %(project)s AND (p.left_on IS NULL OR p.left_on >= %(on)s)
"""
_TRAINED = """
SELECT a.worker_id, max(t.held_on)
FROM registration_trainingattendance a
JOIN registration_training t ON t.id = a.training_id AND t.project_id = a.project_id
WHERE a.worker_id = ANY(%(workers)s) AND a.passed AND t.kind = ANY(%(kinds)s) AND t.held_on <= %(on)s
GROUP BY a.worker_id
"""
_BEFORE = """
SELECT p.id, max(least(coalesce(o.left_on, p.joined_on), p.joined_on))
FROM registration_posting p
JOIN registration_posting o ON o.worker_id = p.worker_id AND o.joined_on < p.joined_on
WHERE p.project_id = %(project)s AND p.id = ANY(%(postings)s)
GROUP BY p.id
"""
_CERTIFICATES = """
SELECT worker_id, trade, expires_on FROM registration_certificate
WHERE worker_id = ANY(%(workers)s) AND kind = 'special' AND issued_on <= %(on)s
"""


def standings(
    project_id: int,
    *,
    on: date,
    parts: Iterable[int] | None = None,
    postings: Collection[int] | None = None,
    workers: Collection[int] | None = None,
    denials_only: bool = False,
) -> list[Standing]:
    """Standings of the postings that have not ended before a day, by their number at the gate.

    `parts`, `postings` and `workers` narrow the postings down; `denials_only` leaves out what only warns,
    which costs much less. At most seven statements for any number.
    """
    region = Project.objects.filter(pk=project_id).values_list("region_id", flat=True).first()
    if region is None:
        return []
    conditions = conditions_for(region, on=on)
    if denials_only:
        conditions = conditions.denying()
    sql, narrow = _POSTINGS, {}
    for column, wanted in (("participation_id", parts), ("id", postings), ("worker_id", workers)):
        if wanted is not None:
            sql += f" AND p.{column} = ANY(%({column})s)"
            narrow[column] = list(wanted)
    rows = _rows(sql + " ORDER BY p.pin", project=project_id, on=on, **narrow)
    if not rows:
        return []
    trained = _trained([row[1] for row in rows], conditions, on)
    before = _before(project_id, rows, conditions)
    certified = _certified(rows, conditions, on)
    contracts = postings_with_contract(project_id, on=on) if conditions.contract else None
    found = []
    for posting_id, worker_id, pin, trade, joined_on, denied, sex, birth, _data in rows:
        facts = Facts(
            sex,
            birth,
            trade,
            joined_on,
            denied,
            trained.get(worker_id),
            before.get(posting_id),
            certified.get(worker_id, ()),
            None if contracts is None else posting_id in contracts,
        )
        found.append(Standing(posting_id, worker_id, pin, findings(facts, conditions, on=on)))
    return found


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _trained(workers: list[int], conditions: Conditions, on: date) -> dict[int, date]:
    if not (conditions.training or conditions.stale):
        return {}
    return dict(_rows(_TRAINED, workers=workers, kinds=list(conditions.training_kinds), on=on))


def _before(project_id: int, rows: list[tuple[Any, ...]], conditions: Conditions) -> dict[int, date]:
    """The last sign of a person before joining, for those who were on record so long that it may matter."""
    if not conditions.stale:
        return {}
    known = {
        row[0]: day
        for row in rows
        if (day := row[8]) is not None and (row[4] - day).days >= conditions.stale_days
    }
    if known:
        worked = _rows(_BEFORE, project=project_id, postings=list(known))
        known.update((posting, max(day, known[posting])) for posting, day in worked)
    return known


def _certified(rows: list[tuple[Any, ...]], conditions: Conditions, on: date) -> dict[int, list[Certified]]:
    if not conditions.certificate:
        return {}
    needs = {trade: bool(certificate_words(trade, conditions)) for trade in {row[3] for row in rows}}
    asked = [row[1] for row in rows if needs[row[3]]]
    found: dict[int, list[Certified]] = {}
    if asked:
        for worker_id, trade, expires_on in _rows(_CERTIFICATES, workers=asked, on=on):
            found.setdefault(worker_id, []).append(Certified(trade, expires_on))
    return found


def standing_of(posting: Posting, *, on: date) -> Standing:
    """The standing of one posting; without findings once it has ended."""
    found = standings(posting.project_id, on=on, postings=[posting.pk])
    return found[0] if found else Standing(posting.pk, posting.worker_id, posting.pin)


def preview_findings(
    project: Project,
    *,
    on: date,
    birth_date: date,
    sex: int,
    trade: str,
    joined_on: date,
    worker_id: int | None = None,
) -> tuple[Finding, ...]:
    """What would stand against somebody who is being registered; `worker_id` if the person is on record.

    For a new person training, certificate and contract are still to come: said now, so that nobody learns
    of it at the gate.
    """
    conditions = conditions_for(project.region_id, on=on)
    trained: dict[int, date] = {}
    certificates: list[Certified] = []
    active_before = None
    if worker_id is not None:
        worker = Worker.objects.only("registered_at", "updated_at").get(pk=worker_id)
        trained = _trained([worker_id], conditions, on)
        certificates = _certified([(0, worker_id, 0, trade)], conditions, on).get(worker_id, [])
        entered = [site_date(m) for m in (worker.registered_at, worker.updated_at) if m is not None]
        worked = Posting.objects.filter(worker_id=worker_id, joined_on__lt=joined_on)
        days = [min(left or joined_on, joined_on) for left in worked.values_list("left_on", flat=True)]
        active_before = max([*days, *(day for day in entered if day < joined_on)], default=None)
    facts = Facts(
        sex,
        birth_date,
        trade,
        joined_on,
        False,
        trained.get(worker_id or 0),
        active_before,
        certificates,
        has_contract=False,
    )
    return findings(facts, conditions, on=max(on, joined_on))
