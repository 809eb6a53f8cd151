"""Events whose time cannot be right wait here until somebody moves them by so many minutes, or dismisses them.

The refused entry with the time as it came stays as it is; the decision stands beside it, with its author, and has an
evidence entry. A moved event is a DayCorrection too: the worker sees it, and it can be withdrawn.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from devices.models import Batch, RefusedEntry, Terminal, TimeDecision
from devices.services import corrections, days, seals
from registration.access import access_project, not_found, not_permitted
from registration.actors import Actor
from registration.models import Project, Worker
from registration.services.contract_moves import user_of
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

KIND = "attendance.time_decided"
FAR_BACK = timedelta(days=120)
AT_ONCE = 200
MOST_MINUTES = 60 * 24 * 366 * 60
PERMISSION = "terminal.manage"


@dataclass(frozen=True)
class Waiting:
    """An event that waits; `minutes` by which its gate's clock was wrong if the batch's last event was just then."""

    entry: RefusedEntry
    terminal: str
    name: str | None
    received_at: datetime
    minutes: int

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.entry.terminal_id}|{self.entry.event_id}"


def waiting_times(project: Project, *, now: datetime) -> list[Waiting]:
    """What waits on a project, newest first, at most AT_ONCE. Four queries."""
    decided = TimeDecision.objects.filter(
        project=project, terminal_id=OuterRef("terminal_id"), event_id=OuterRef("event_id")
    )
    rows = list(
        RefusedEntry.objects.filter(project=project, reason="bad_time", day__gte=site_date(now - FAR_BACK))
        .filter(~Exists(decided))
        .order_by("-day", "-at")[:AT_ONCE]
    )
    gates = dict(Terminal.objects.filter(project=project).values_list("pk", "name"))
    came = dict(
        Batch.objects.filter(project=project, pk__in={row.batch_pk for row in rows}).values_list(
            "pk", "received_at"
        )
    )
    names = dict(
        Worker.objects.filter(pk__in={row.worker_id for row in rows if row.worker_id}).values_list(
            "pk", "name"
        )
    )
    last: dict[int, datetime] = {}
    for row in rows:
        last[row.batch_pk] = max(row.at, last.get(row.batch_pk, row.at))
    return [
        Waiting(
            row,
            gates.get(row.terminal_id, ""),
            names.get(row.worker_id or 0),
            came.get(row.batch_pk, now),
            round((came.get(row.batch_pk, now) - last[row.batch_pk]).total_seconds() / 60),
        )
        for row in rows
    ]


@transaction.atomic
def decide(
    project_id: int,
    keys: Sequence[tuple[int, str]],
    *,
    minutes: int | None,
    note: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Move events (terminal, event id) by so many minutes (negative: back), or dismiss them (None). All or none.

    Raises Malformed `time.choose`, `time.minutes`, `correction.reason`, RuleViolation `time.decided`,
    `time.stranger`, and what `corrections.shift_stamp` raises; NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission=PERMISSION)
    if not 1 <= len(set(keys)) <= AT_ONCE:
        raise Malformed("time.choose", _("Choose what you decide about, at most 200 at once."))
    if not note.strip():
        raise Malformed(
            "correction.reason", _("Say what happened: the worker and the inspector will read it.")
        )
    if minutes is not None and not 0 < abs(minutes) <= MOST_MINUTES:
        raise Malformed("time.minutes", _("Write by how many minutes the clock was wrong."))
    seals.lock_project(project.pk)
    touched = set()
    for terminal_id, event_id in sorted(set(keys)):
        entry = RefusedEntry.objects.filter(
            project=project,
            terminal_id=terminal_id,
            event_id=event_id,
            reason="bad_time",
            day__gte=site_date(now - FAR_BACK),
        ).first()
        if entry is None:
            not_found()
        _record(project, entry, minutes, note, actor, now)
        if minutes is None:
            continue
        if entry.worker_id is None:
            raise RuleViolation(
                "time.stranger", _("Somebody among them is not registered. Dismiss that one first.")
            )
        correction = corrections.shift_stamp(
            project,
            entry.worker_id,
            at=entry.at + timedelta(minutes=minutes),
            direction=entry.direction,
            source=(entry.terminal_id, entry.batch_pk, entry.event_id),
            note=note,
            actor=actor,
            now=now,
        )
        touched.add(correction.day)
    for day in sorted(touched):
        changed = days.roll_up_project(project.pk, day - timedelta(days=1), day + timedelta(days=1))
        seals.reseal([*changed, (project.pk, day)], now=now)
    return len(set(keys))


def _record(
    project: Project, entry: RefusedEntry, minutes: int | None, note: str, actor: Actor, now: datetime
) -> None:
    if actor.kind != "user" or actor.id is None:
        not_permitted(PERMISSION)
    try:
        with transaction.atomic():
            made = TimeDecision.objects.create(
                project=project,
                terminal_id=entry.terminal_id,
                event_id=entry.event_id,
                day=entry.day,
                worker_id=entry.worker_id,
                at=entry.at,
                kind=TimeDecision.Kind.DISMISS if minutes is None else TimeDecision.Kind.SHIFT,
                minutes=minutes,
                note=note.strip()[:200],
                made_by_id=user_of(actor),
                made_at=now,
            )
    except IntegrityError:
        raise RuleViolation(
            "time.decided", _("Somebody decided about one of them a moment ago. Look at the list again.")
        ) from None
    append(
        KIND, project_id=project.pk, subject=subject_of(made), record=record_of(made), actor=actor, now=now
    )


def subject_of(decision: TimeDecision) -> str:
    """How the evidence log names a decision."""
    return f"time:{decision.project_id}:{decision.pk}"


def record_of(decision: TimeDecision) -> dict[str, Any]:
    """What the evidence log holds of a decision."""
    names = ("terminal_id", "event_id", "worker_id", "at", "kind", "minutes", "note", "made_at")
    return {"project": decision.project_id, "made_by": decision.made_by_id} | {
        name: getattr(decision, name) for name in names
    }


def load_many(subjects: Sequence[str]) -> dict[str, Mapping[str, object]]:
    """For the evidence log: the records of these subjects as today's rows give them."""
    numbers = {int(subject.rsplit(":", 1)[1]) for subject in subjects}
    found = {subject_of(row): record_of(row) for row in TimeDecision.objects.filter(pk__in=numbers)}
    return {subject: found[subject] for subject in subjects if subject in found}


def expected_subjects(project_id: int | None) -> Iterable[str]:
    """For the evidence log: every decision has an entry."""
    rows = TimeDecision.objects.all()
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    return [f"time:{project}:{pk}" for project, pk in rows.values_list("project_id", "pk")]
