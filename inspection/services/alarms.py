"""The life of an alarm: opened, raised, lowered, changed, closed and re-opened by data alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from inspection.alarms.rule import Finding
from inspection.models import Alarm, AlarmFlip
from inspection.services.rounds import begin, follow
from registration.actors import SYSTEM
from wagewatch.evidence.services import Fact, append_many

CHANGED_FIELDS = [
    "level",
    "state",
    "due_on",
    "amount_fen",
    "people",
    "participation",
    "facts",
    "changed_at",
    "closed_at",
]


@dataclass
class Counts:
    """How many alarms one run opened (or re-opened), changed and closed."""

    opened: int = 0
    changed: int = 0
    closed: int = 0


def flip_record(flip: AlarmFlip) -> dict[str, Any]:
    """The canonical record of one flip for the evidence log."""
    return {
        "flip": flip.pk,
        "alarm": flip.alarm_id,
        "kind": flip.kind,
        "at": flip.at,
        "level": flip.level,
        "amount_fen": flip.amount_fen,
        "people": flip.people,
        "facts": flip.facts,
    }


def lock_rule(rule: str) -> None:
    """Make runs of one rule wait for each other until the transaction ends.

    Taken before the rule looks: otherwise a slower run would write what it saw earlier over newer facts.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"alarm-rule-{rule}"])


def apply_findings(rule: str, findings: Iterable[Finding], *, now: datetime) -> Counts:
    """Compare what a rule found with its alarms and write the difference; call after `lock_rule`."""
    found = {finding.key: finding for finding in findings}
    known = {
        (a.project_id, a.period): a
        for a in Alarm.objects.filter(rule=rule).filter(
            Q(state=Alarm.State.OPEN)
            | Q(project_id__in={p for p, _ in found}, period__in={period for _, period in found})
        )
    }
    counts = Counts()
    fresh, changed, flips = [], [], []

    for key, finding in found.items():
        alarm = known.get(key)
        if alarm is None:
            alarm = Alarm(project_id=finding.project_id, rule=rule, period=finding.period, opened_at=now)
            _take(alarm, finding, now)
            fresh.append(alarm)
            flips.append((alarm, AlarmFlip.Kind.OPENED))
            counts.opened += 1
            continue
        kind = _what_changed(alarm, finding)
        if kind is None:
            if alarm.facts != finding.facts:
                _take(alarm, finding, alarm.changed_at)
                changed.append(alarm)
            continue
        _take(alarm, finding, now)
        changed.append(alarm)
        flips.append((alarm, kind))
        if kind == AlarmFlip.Kind.REOPENED:
            counts.opened += 1
        else:
            counts.changed += 1

    for key, alarm in known.items():
        if alarm.state == Alarm.State.OPEN and key not in found:
            alarm.state, alarm.closed_at, alarm.changed_at = Alarm.State.CLOSED, now, now
            changed.append(alarm)
            flips.append((alarm, AlarmFlip.Kind.CLOSED))
            counts.closed += 1

    begin(fresh, now=now)
    Alarm.objects.bulk_create(fresh, batch_size=1000)
    Alarm.objects.bulk_update(changed, CHANGED_FIELDS, batch_size=500)
    _record(flips, now)
    follow(rule, flips, now=now)
    return counts


def _take(alarm: Alarm, finding: Finding, changed_at: datetime) -> None:
    alarm.state, alarm.closed_at = Alarm.State.OPEN, None
    alarm.level, alarm.due_on = finding.level, finding.due_on
    alarm.amount_fen, alarm.people = finding.amount_fen, finding.people
    alarm.participation_id, alarm.facts = finding.participation_id, finding.facts
    alarm.changed_at = changed_at


def _what_changed(alarm: Alarm, finding: Finding) -> AlarmFlip.Kind | None:
    if alarm.state == Alarm.State.CLOSED:
        return AlarmFlip.Kind.REOPENED
    if finding.level > alarm.level:
        return AlarmFlip.Kind.RAISED
    if finding.level < alarm.level:
        return AlarmFlip.Kind.LOWERED
    if (finding.amount_fen, finding.people) != (alarm.amount_fen, alarm.people):
        return AlarmFlip.Kind.CHANGED
    return None


def _record(flips: list[tuple[Alarm, AlarmFlip.Kind]], now: datetime) -> None:
    written = AlarmFlip.objects.bulk_create(
        [
            AlarmFlip(
                alarm=alarm,
                project_id=alarm.project_id,
                kind=kind,
                at=now,
                level=alarm.level,
                amount_fen=0 if kind == AlarmFlip.Kind.CLOSED else alarm.amount_fen,
                people=0 if kind == AlarmFlip.Kind.CLOSED else alarm.people,
                facts=alarm.facts,
            )
            for alarm, kind in flips
        ],
        batch_size=1000,
    )
    append_many(
        "alarm.flip",
        [Fact(flip.project_id, f"alarm-flip:{flip.pk}", flip_record(flip)) for flip in written],
        actor=SYSTEM,
        now=now,
    )
