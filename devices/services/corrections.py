"""Corrections of attendance: a missing stamp added, a wrong one not counted, an open date left as it is.

Every one names its author and its reason, is computed into the day at once, leaves an evidence entry and is
shown to the worker. Nothing is deleted: a correction is withdrawn, a stamp is kept and not counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from devices.models import AttendanceDay, DayCorrection, Passage
from devices.models.passages import Direction
from devices.rules import OPEN, work_date
from devices.services import days, seals
from registration.access import access_project, not_found, not_permitted, participations_for
from registration.actors import Actor
from registration.models import Posting, Project
from registration.services.parameters import parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

KIND = "attendance.corrected"
BY_HAND = 0
"""Terminal of a stamp that no gate made."""
CLEARED = 7
"""National type of a stamp that clears somebody who came or left without a gate (007)."""
OTHER_WAY = 11
"""National type where the way of recognition is not known (011)."""
PERMISSION = "attendance.correct"
Kind = DayCorrection.Kind


def add_stamp(
    project_id: int,
    worker_id: int,
    *,
    at: datetime,
    direction: int,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> DayCorrection:
    """Put an entry (1) or exit (2) that no gate recorded.

    Raises RuleViolation `correction.future`, `correction.too_old`, `correction.not_posted`, `correction.exists`,
    Malformed `correction.reason`, `correction.direction`; NotFound, NotPermitted.
    """
    if direction not in {Direction.IN, Direction.OUT}:
        raise Malformed("correction.direction", _("Choose whether the person came in or went out."))
    with transaction.atomic():
        project = _door(project_id, worker_id, actor)
        day = work_date(at, project.day_starts_at)
        _check_moment(project, worker_id, day, at, now)
        correction = _record(
            project, worker_id, day, Kind.ADD, at, direction, reason=reason, note=note, actor=actor, now=now
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO devices_passage (day, project_id, worker_id, at, direction, terminal_id, batch_pk,"
                " attend_type, event_id, is_repeat, is_void)"
                " VALUES (%s, %s, %s, %s, %s, %s, 0, %s, %s, false, false) ON CONFLICT DO NOTHING",
                [day, project.pk, worker_id, at, direction, BY_HAND, CLEARED, f"hand-{correction.pk}"],
            )
            if not cursor.rowcount:
                raise RuleViolation(
                    "correction.exists",
                    _("There is a stamp at this very minute already. Count that one instead."),
                )
        _compute(project, worker_id, day, now=now)
        return correction


@transaction.atomic
def void_stamp(
    project_id: int,
    worker_id: int,
    *,
    day: date,
    at: datetime,
    direction: int,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> DayCorrection:
    """Take a stamp out of the count. Raises NotFound without such a stamp, RuleViolation `correction.void`."""
    project = _door(project_id, worker_id, actor)
    stamp = Passage.objects.filter(
        day=day, project=project, worker_id=worker_id, at=at, direction=direction
    ).first()
    if stamp is None:
        not_found()
    if stamp.terminal_id == BY_HAND:
        raise RuleViolation(
            "correction.by_hand", _("This stamp was added by hand. Withdraw that correction instead.")
        )
    _check_moment(project, worker_id, day, at, now)
    if stamp.is_void:
        raise RuleViolation("correction.void", _("This stamp is not counted already."))
    correction = _record(
        project, worker_id, day, Kind.VOID, at, direction, reason=reason, note=note, actor=actor, now=now
    )
    _set_void(project.pk, worker_id, day, at, direction, is_void=True)
    _compute(project, worker_id, day, now=now)
    return correction


@transaction.atomic
def shift_stamp(
    project: Project,
    worker_id: int,
    *,
    at: datetime,
    direction: int,
    source: tuple[int, int, str],
    note: str,
    actor: Actor,
    now: datetime,
) -> DayCorrection:
    """Put the stamp of a gate whose clock was wrong at its right time; `source` is terminal, batch and event id.

    The day is marked, not computed: `quarantine.decide` moves many and computes once. The caller holds the project's
    days. Raises as `add_stamp`.
    """
    day = work_date(at, project.day_starts_at)
    _check_moment(project, worker_id, day, at, now)
    reason = DayCorrection.Reason.CLOCK
    correction = _record(
        project, worker_id, day, Kind.SHIFT, at, direction, reason=reason, note=note, actor=actor, now=now
    )
    terminal_id, batch_pk, event_id = source
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO devices_passage (day, project_id, worker_id, at, direction, terminal_id, batch_pk,"
            " attend_type, event_id, is_repeat, is_void)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, false, false) ON CONFLICT DO NOTHING",
            [day, project.pk, worker_id, at, direction, terminal_id, batch_pk, OTHER_WAY, event_id],
        )
        if not cursor.rowcount:
            raise RuleViolation(
                "correction.exists",
                _("There is a stamp at this very minute already. Count that one instead."),
            )
    days.mark_dirty(project.pk, [worker_id], day, day)
    return correction


@transaction.atomic
def leave_open(
    project_id: int, worker_id: int, *, day: date, reason: str, note: str, actor: Actor, now: datetime
) -> DayCorrection:
    """Decide that an open date stays as the stamps prove it. RuleViolation `correction.not_open` if it is closed."""
    project = _door(project_id, worker_id, actor)
    is_open = AttendanceDay.objects.filter(project=project, worker_id=worker_id, day=day, state=OPEN).exists()
    if not is_open or day >= work_date(now, project.day_starts_at):
        raise RuleViolation("correction.not_open", _("Nothing is missing on this day."))
    return _record(
        project, worker_id, day, Kind.LEAVE, None, None, reason=reason, note=note, actor=actor, now=now
    )


@transaction.atomic
def withdraw(project_id: int, correction_id: int, *, actor: Actor, now: datetime) -> DayCorrection:
    """Take a correction back; the day is computed again. RuleViolation `correction.withdrawn` the second time."""
    found = DayCorrection.objects.filter(pk=correction_id, project_id=project_id).first()
    if found is None:
        not_found()
    project = _door(project_id, found.worker_id, actor)
    changed = DayCorrection.objects.filter(pk=found.pk, project=project, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by_id=actor.id
    )
    if not changed:
        raise RuleViolation("correction.withdrawn", _("This correction was withdrawn already."))
    found.refresh_from_db()
    if found.at is not None and found.direction is not None:
        is_void = found.kind in {Kind.ADD, Kind.SHIFT}
        _set_void(project.pk, found.worker_id, found.day, found.at, found.direction, is_void=is_void)
        _compute(project, found.worker_id, found.day, now=now)
    _prove(found, actor=actor, now=now)
    return found


def _door(project_id: int, worker_id: int, actor: Actor) -> Project:
    """The project, if the actor may correct the attendance of this person there; its days are locked."""
    project = access_project(project_id, actor)
    of_person = Posting.objects.filter(project=project, worker_id=worker_id)
    if not of_person.filter(
        participation__in=participations_for(actor, project, permission="person.view")
    ).exists():
        not_found()
    if not of_person.filter(
        participation__in=participations_for(actor, project, permission=PERMISSION)
    ).exists():
        not_permitted(PERMISSION)
    seals.lock_project(project.pk)
    return project


def _check_moment(project: Project, worker_id: int, day: date, at: datetime, now: datetime) -> None:
    if at > now:
        raise RuleViolation("correction.future", _("This time is still to come. Check day and hour."))
    limit = int(
        parameter(
            "attendance.correct_within_days", region_code=project.region_id, on=site_date(now), default=90
        )
    )
    if day < site_date(now) - timedelta(days=limit):
        text = _("Attendance may be corrected for %(days)s days. Write to the labour inspectorate.")
        raise RuleViolation("correction.too_old", text, days=limit)
    posted = Posting.objects.filter(project=project, worker_id=worker_id, joined_on__lte=day)
    if not posted.exclude(left_on__lt=day).exists():
        raise RuleViolation(
            "correction.not_posted", _("On this day the person did not belong to this project.")
        )


def _record(
    project: Project,
    worker_id: int,
    day: date,
    kind: str,
    at: datetime | None,
    direction: int | None,
    *,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> DayCorrection:
    if reason not in DayCorrection.Reason.values or not note.strip():
        raise Malformed(
            "correction.reason", _("Say what happened: the worker and the inspector will read it.")
        )
    if actor.kind != "user" or actor.id is None:
        not_permitted(PERMISSION)
    try:
        with transaction.atomic():
            made = DayCorrection.objects.create(
                project=project,
                worker_id=worker_id,
                day=day,
                kind=kind,
                at=at,
                direction=direction,
                reason=reason,
                note=note.strip()[:200],
                made_by_id=actor.id,
                made_at=now,
            )
    except IntegrityError:
        raise RuleViolation(
            "correction.exists", _("Somebody made this correction a moment ago. Look at the day again.")
        ) from None
    _prove(made, actor=actor, now=now)
    return made


def _set_void(
    project_id: int, worker_id: int, day: date, at: datetime, direction: int, *, is_void: bool
) -> None:
    Passage.objects.filter(
        day=day, project_id=project_id, worker_id=worker_id, at=at, direction=direction
    ).update(is_void=is_void)


def _compute(project: Project, worker_id: int, day: date, *, now: datetime) -> None:
    """The day and its neighbours at once, sealed again where they were sealed."""
    days.mark_dirty(project.pk, [worker_id], day, day)
    step = timedelta(days=1)
    changed = days.roll_up_project(project.pk, day - step, day + step)
    seals.reseal([*changed, (project.pk, day)], now=now)


def subject_of(correction: DayCorrection) -> str:
    """How the evidence log names a correction."""
    return f"correction:{correction.project_id}:{correction.pk}"


def record_of(correction: DayCorrection) -> dict[str, Any]:
    """What the evidence log holds of a correction."""
    return {
        "project": correction.project_id,
        "worker": correction.worker_id,
        "day": correction.day,
        "kind": correction.kind,
        "at": correction.at,
        "direction": correction.direction,
        "reason": correction.reason,
        "note": correction.note,
        "made_by": correction.made_by_id,
        "made_at": correction.made_at,
        "withdrawn_by": correction.withdrawn_by_id,
        "withdrawn_at": correction.withdrawn_at,
    }


def _prove(correction: DayCorrection, *, actor: Actor, now: datetime) -> None:
    append(
        KIND,
        project_id=correction.project_id,
        subject=subject_of(correction),
        record=record_of(correction),
        actor=actor,
        now=now,
    )


def load_many(subjects: Sequence[str]) -> dict[str, Mapping[str, object]]:
    """For the evidence log: the records of these subjects as today's rows give them."""
    numbers = {int(subject.rsplit(":", 1)[1]) for subject in subjects}
    found = {subject_of(row): record_of(row) for row in DayCorrection.objects.filter(pk__in=numbers)}
    return {subject: found[subject] for subject in subjects if subject in found}


def expected_subjects(project_id: int | None) -> Iterable[str]:
    """For the evidence log: every correction has an entry."""
    rows = DayCorrection.objects.all()
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    return [f"correction:{project}:{pk}" for project, pk in rows.values_list("project_id", "pk")]
