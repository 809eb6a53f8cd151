"""What data do to the life of an alarm: a round begins, a deadline comes nearer, what was answered comes back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models.expressions import RawSQL

from inspection.life import TO_CHECK, WITHIN, due_on, earlier
from inspection.models import Alarm, AlarmFlip, AlarmStep
from inspection.services.steps import FINGERPRINT, step_of, write_steps
from registration.models import Project
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import site_date

Stage = Alarm.Stage
FIELDS = ["stage", "handle_by", "tier", "round", "answered_for", "round_told", "paused_until"]
"""What people's acts change, and a new round begins anew; the rules' own fields are others."""


def regions_of(alarms: Iterable[Alarm]) -> dict[int, str]:
    """Project → region of the alarms' projects."""
    return dict(Project.objects.filter(pk__in={a.project_id for a in alarms}).values_list("pk", "region_id"))


def set_deadlines(alarms: list[Alarm], regions: dict[int, str], *, now: datetime) -> None:
    """Give each alarm the deadline of its stage and level, counted from today; nothing is written yet."""
    calendar, today = load_calendar(), site_date(now)
    for alarm in alarms:
        key = WITHIN.get(Stage(alarm.stage))
        days = key and parameter(key, region_code=regions[alarm.project_id], on=today, default=None)
        alarm.handle_by = due_on(today, alarm.level, days or None, calendar)


def begin(alarms: list[Alarm], *, now: datetime) -> None:
    """The first round of alarms that are about to be written."""
    if alarms:
        set_deadlines(alarms, regions_of(alarms), now=now)


def _again(alarm: Alarm) -> None:
    alarm.round += 1
    alarm.stage = Stage.ASSIGNED if alarm.holder_id else Stage.NEW
    alarm.tier, alarm.round_told, alarm.answered_for, alarm.paused_until = Alarm.Tier.COUNTY, 0, "", None


def follow(rule: str, moved: list[tuple[Alarm, AlarmFlip.Kind]], *, now: datetime) -> None:
    """After the data of alarms were written: those that opened again begin a round, a higher level brings the
    deadline nearer, a closed one has none, and what was found not true comes back where its facts changed."""
    kinds = {alarm.pk: kind for alarm, kind in moved}
    reopened = [pk for pk, kind in kinds.items() if kind == AlarmFlip.Kind.REOPENED]
    raised = [pk for pk, kind in kinds.items() if kind == AlarmFlip.Kind.RAISED]
    closed = [pk for pk, kind in kinds.items() if kind == AlarmFlip.Kind.CLOSED]
    back = (
        Alarm.objects.filter(rule=rule, state=Alarm.State.OPEN, stage=Stage.ANSWERED)
        .exclude(answered_for=RawSQL(FINGERPRINT, []))  # noqa: S611 our own expression
        .values_list("pk", flat=True)
    )
    returned = [*back]
    if closed:
        Alarm.objects.filter(pk__in=closed).update(handle_by=None, paused_until=None)
    anew = {*reopened, *returned}
    touched = list(
        Alarm.objects.select_for_update(no_key=True).filter(pk__in=anew | {*raised}).order_by("pk")
    )
    if not touched:
        return
    regions = regions_of(touched)
    former = {alarm.pk: alarm.handle_by for alarm in touched}
    for alarm in touched:
        if alarm.pk in anew:
            _again(alarm)
    set_deadlines(touched, regions, now=now)
    for alarm in touched:
        if alarm.pk not in anew:
            alarm.handle_by = (
                earlier(former[alarm.pk], alarm.handle_by) if alarm.stage in TO_CHECK else former[alarm.pk]
            )
    Alarm.objects.bulk_update(touched, FIELDS, batch_size=500)
    steps = [
        step_of(alarm, AlarmStep.Kind.RETURNED, by=None, at=now, to=alarm.holder_id)
        for alarm in touched
        if alarm.pk in returned
    ]
    if steps:
        write_steps(steps, now=now)


@transaction.atomic
def give_missing_deadlines(*, now: datetime, limit: int = 1000) -> int:
    """Open alarms from before there were deadlines, or of a region that had no figure, get theirs; how many."""
    missing = list(
        Alarm.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(state=Alarm.State.OPEN, handle_by=None)
        .exclude(stage=Stage.ANSWERED)
        .order_by("pk")[:limit]
    )
    set_deadlines(missing, regions_of(missing), now=now)
    found = [alarm for alarm in missing if alarm.handle_by is not None]
    Alarm.objects.bulk_update(found, ["handle_by"], batch_size=500)
    return len(found)


__all__ = ["begin", "follow", "give_missing_deadlines", "regions_of", "set_deadlines"]
