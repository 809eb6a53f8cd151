"""Trainings held on a project and who was there: record, correct, add, remove.

Whoever may record for a part of a project sees and changes the trainings of that part; trainings for the
whole project belong to those who see the whole project. Everything that changes leaves its history.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import (
    access_participation,
    access_project,
    not_found,
    not_permitted,
    participations_for,
)
from registration.actors import Actor
from registration.models import Participation, Posting, Project, StoredFile, Training, TrainingAttendance
from registration.services.files import store_file
from registration.services.history import record_history
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

EARLIEST = date(2015, 1, 1)
LONGEST_MINUTES = 24 * 60
PERMISSION = "training.record"


@dataclass(frozen=True)
class TrainingFacts:
    """What a training was; `minutes` its length."""

    kind: str
    name: str
    held_on: date
    minutes: int
    trainer: str = ""
    place: str = ""


@dataclass(frozen=True)
class Result:
    """How one person did."""

    passed: bool = True
    score: Decimal | None = None


@dataclass(frozen=True)
class Scan:
    """The signed sheet as uploaded."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Recorded:
    """A training and how many people were added."""

    training: Training
    added: int


def trainings_for(actor: Actor, project: Project) -> QuerySet[Training]:
    """Trainings of the parts that the actor sees, and those that people of these parts attended."""
    parts = participations_for(actor, project, permission="person.view")
    attended = TrainingAttendance.objects.filter(
        project=project,
        training=OuterRef("pk"),
        worker__in=Posting.objects.filter(project=project, participation__in=parts).values("worker"),
    )
    return Training.objects.filter(project=project).filter(Q(participation__in=parts) | Exists(attended))


def access_training(
    pk: int, project: Project, actor: Actor, *, for_write: bool = False, permission: str = ""
) -> Training:
    """A training within reach; NotFound otherwise, NotPermitted if it belongs to others."""
    found = trainings_for(actor, project).filter(pk=pk)
    if for_write:
        found = Training.objects.filter(project=project, pk__in=found.values("pk")).select_for_update(
            of=("self",)
        )
    training = found.first()
    if training is None:
        not_found()
    if permission:
        parts = participations_for(actor, project, permission=permission)
        if training.participation_id is None:
            allowed = _sees_all(actor, project)
        else:
            allowed = parts.filter(pk=training.participation_id).exists()
        if not allowed:
            not_permitted(permission)
    return training


def _sees_all(actor: Actor, project: Project) -> bool:
    mine = participations_for(actor, project, permission=PERMISSION)
    return not Participation.objects.filter(project=project).exclude(pk__in=mine.values("pk")).exists()


def _checked(facts: TrainingFacts, *, now: datetime) -> TrainingFacts:
    """Raises Malformed `training.kind name day minutes`."""
    if facts.kind not in Training.Kind.values:
        raise Malformed("training.kind", _("Choose the kind of training."))
    if not facts.name.strip():
        raise Malformed("training.name", _("Write what was taught."))
    if facts.held_on > site_date(now):
        raise Malformed("training.day", _("This day is still to come. Record a training after it was held."))
    if facts.held_on < EARLIEST:
        raise Malformed("training.day", _("This day is too long ago. Check the year."))
    if not 1 <= facts.minutes <= LONGEST_MINUTES:
        raise Malformed("training.minutes", _("Write the length in minutes, from 1 to 1440."))
    return TrainingFacts(
        facts.kind, facts.name.strip()[:80], facts.held_on, facts.minutes, facts.trainer.strip()[:60], facts.place.strip()[:120]
    )  # fmt: skip


def _stored(scan: Scan | None, actor: Actor, now: datetime) -> StoredFile | None:
    if scan is None:
        return None
    return store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)


@transaction.atomic
def record_training(
    project_id: int,
    facts: TrainingFacts,
    people: Mapping[int, Result],
    *,
    participation_id: int | None = None,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
) -> Recorded:
    """Record a training that was held, with the people who were there (worker id to result).

    Without `participation_id` it is the whole project's, which only those may record who see all of it.
    Raises Malformed `training.… file.…`, RuleViolation `training.nobody`, NotFound for people out of reach.
    """
    project = access_project(project_id, actor, permission=PERMISSION)
    if participation_id is not None:
        access_participation(participation_id, project, actor, permission=PERMISSION)
    elif not _sees_all(actor, project):
        not_permitted(PERMISSION)
    facts = _checked(facts, now=now)
    if not people:
        raise RuleViolation("training.nobody", _("Name at least one person who was there."))
    training = Training(
        project=project,
        participation_id=participation_id,
        kind=facts.kind,
        name=facts.name,
        held_on=facts.held_on,
        minutes=facts.minutes,
        trainer=facts.trainer,
        place=facts.place,
        record=_stored(scan, actor, now),
        recorded_by_id=actor.id if actor.kind == "user" else None,
        recorded_at=now,
    )
    training.save()
    return Recorded(training, _add(training, project, people, actor, now))


@transaction.atomic
def correct_training(
    project_id: int,
    training_id: int,
    facts: TrainingFacts,
    *,
    scan: Scan | None = None,
    actor: Actor,
    now: datetime,
) -> Training:
    """Correct what a training was; a new scan takes the place of the former one, which is kept.

    Raises Malformed, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission=PERMISSION)
    training = access_training(training_id, project, actor, for_write=True, permission=PERMISSION)
    facts = _checked(facts, now=now)
    training.kind, training.name, training.held_on = facts.kind, facts.name, facts.held_on
    training.minutes, training.trainer, training.place = facts.minutes, facts.trainer, facts.place
    if scan is not None:
        training.record = _stored(scan, actor, now)
    training.save(update_fields=["kind", "name", "held_on", "minutes", "trainer", "place", "record"])
    return training


@transaction.atomic
def add_people(
    project_id: int, training_id: int, people: Mapping[int, Result], *, actor: Actor, now: datetime
) -> int:
    """Add people to a training; who is there already gets the new result. Returns how many are new."""
    project = access_project(project_id, actor, permission=PERMISSION)
    training = access_training(training_id, project, actor, for_write=True, permission=PERMISSION)
    return _add(training, project, people, actor, now)


def _add(
    training: Training, project: Project, people: Mapping[int, Result], actor: Actor, now: datetime
) -> int:
    reach = set(
        Posting.objects.filter(
            project=project,
            participation__in=participations_for(actor, project, permission=PERMISSION),
            worker__in=list(people),
        ).values_list("worker_id", flat=True)
    )
    if reach != set(people):
        not_found()
    there = {
        a.worker_id: a
        for a in TrainingAttendance.objects.filter(
            project=project, training=training, worker__in=list(people)
        )
    }
    new = TrainingAttendance.objects.bulk_create(
        [
            TrainingAttendance(
                project=project, training=training, worker_id=worker, passed=result.passed, score=result.score
            )
            for worker, result in people.items()
            if worker not in there
        ]
    )
    changed = []
    for worker, known in there.items():
        result = people[worker]
        if (known.passed, known.score) != (result.passed, result.score):
            known.passed, known.score = result.passed, result.score
            changed.append(known)
    TrainingAttendance.objects.bulk_update(changed, ["passed", "score"])
    for rows, kind in ((new, "+"), (changed, "~")):
        record_history(
            TrainingAttendance,
            [row.pk for row in rows],
            kind=kind,
            actor=actor,
            now=now,
            reason="training",
            project_id=project.pk,
        )
    return len(new)


@transaction.atomic
def remove_people(
    project_id: int, training_id: int, workers: Iterable[int], *, actor: Actor, now: datetime
) -> int:
    """Take people off a training who were not there; the history keeps that they were named. Returns how many."""
    project = access_project(project_id, actor, permission=PERMISSION)
    training = access_training(training_id, project, actor, for_write=True, permission=PERMISSION)
    parts = participations_for(actor, project, permission=PERMISSION)
    rows = TrainingAttendance.objects.filter(
        project=project,
        training=training,
        worker__in=list(workers),
        worker_id__in=Posting.objects.filter(project=project, participation__in=parts).values("worker"),
    )
    ids = list(rows.values_list("pk", flat=True))
    record_history(
        TrainingAttendance, ids, kind="-", actor=actor, now=now, reason="removed", project_id=project.pk
    )
    _delete(project, ids)
    return len(ids)


def _delete(project: Project, ids: list[int]) -> None:
    """One statement; their history is written already, so no signals are wanted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registration_trainingattendance WHERE project_id = %s AND id = ANY(%s)",
            [project.pk, ids],
        )


@transaction.atomic
def delete_training(project_id: int, training_id: int, *, actor: Actor, now: datetime) -> None:
    """Take back a training that was recorded by mistake, with its people; the history keeps both."""
    project = access_project(project_id, actor, permission=PERMISSION)
    training = access_training(training_id, project, actor, for_write=True, permission=PERMISSION)
    rows = TrainingAttendance.objects.filter(project=project, training=training)
    ids = list(rows.values_list("pk", flat=True))
    record_history(
        TrainingAttendance,
        ids,
        kind="-",
        actor=actor,
        now=now,
        reason="training deleted",
        project_id=project.pk,
    )
    _delete(project, ids)
    training.delete()
