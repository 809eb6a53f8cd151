"""Write down what was done about alarms: step, papers, evidence."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from inspection.models import Alarm, AlarmStep, AlarmStepFile
from registration.actors import SYSTEM, Actor
from registration.models import StoredFile
from wagewatch.evidence.services import Fact, append_many

STEP = "alarm.step"
"""Kind in the evidence log."""
FINGERPRINT = "md5(concat_ws('|', level, amount_fen, people, due_on, facts::text))"
"""SQL: what an alarm's data are now. The database alone computes it, so that two hands cannot differ."""


def fingerprint(alarm: Alarm) -> str:
    """The alarm's data as they are stored now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {FINGERPRINT} FROM inspection_alarm WHERE id = %s AND project_id = %s",  # noqa: S608
            [alarm.pk, alarm.project_id],
        )
        return str(cursor.fetchone()[0])


def step_of(
    alarm: Alarm, kind: str, *, by: int | None, at: datetime, to: int | None = None, text: str = ""
) -> AlarmStep:
    """A step about the alarm as it stands after it, not yet written."""
    return AlarmStep(
        alarm=alarm,
        project_id=alarm.project_id,
        round=alarm.round,
        kind=kind,
        at=at,
        by_id=by,
        to_id=to,
        level=alarm.level,
        tier=alarm.tier,
        due_on=alarm.handle_by,
        text=text,
    )


def step_record(step: AlarmStep, papers: Iterable[StoredFile]) -> dict[str, Any]:
    """The canonical record of one step for the evidence log."""
    return {
        "step": step.pk,
        "alarm": step.alarm_id,
        "round": step.round,
        "kind": step.kind,
        "at": step.at,
        "by": step.by_id,
        "to": step.to_id,
        "level": step.level,
        "tier": step.tier,
        "due_on": step.due_on,
        "text": hashlib.sha256(str(step.text).encode()).hexdigest(),
        "files": [bytes(paper.sha256).hex() for paper in papers],
    }


def write_steps(steps: Sequence[AlarmStep], *, actor: Actor = SYSTEM, now: datetime) -> None:
    """Write steps without papers and their evidence."""
    written = AlarmStep.objects.bulk_create(steps, batch_size=1000)
    append_many(
        STEP,
        [Fact(step.project_id, f"alarm-step:{step.pk}", step_record(step, [])) for step in written],
        actor=actor,
        now=now,
    )


def write_step(step: AlarmStep, papers: Sequence[StoredFile] = (), *, actor: Actor, now: datetime) -> None:
    """Write one step with its papers and its evidence."""
    step.save(force_insert=True)
    AlarmStepFile.objects.bulk_create(
        AlarmStepFile(project_id=step.project_id, step=step, file=paper) for paper in papers
    )
    append_many(
        STEP,
        [Fact(step.project_id, f"alarm-step:{step.pk}", step_record(step, papers))],
        actor=actor,
        now=now,
    )
