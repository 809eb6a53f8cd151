"""Urge: by hand once a day, by the system when a deadline is over; then one level up, each once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.life import WITHIN, due_on
from inspection.models import Alarm, AlarmStep, Notice
from inspection.rules import LEVEL_NAMES
from inspection.services.audience import Offices, firms_told
from inspection.services.life import LONGEST, locked_alarm
from inspection.services.notices import Note, note_of, notify
from inspection.services.steps import step_of, write_step, write_steps
from registration.actors import Actor
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import SITE_TZ, Calendar, site_date
from wagewatch.lib.errors import RuleViolation

Kind = AlarmStep.Kind
BATCH = 200


@transaction.atomic
def urge(pk: int, *, site: bool, text: str = "", actor: Actor, now: datetime) -> Alarm:
    """Urge the site (it reads `text`), or the inspector who has the alarm; each at most once a day.

    Raises NotFound, RuleViolation `alarm.closed`, `urge.text`, `urge.nobody`, `urge.today`.
    """
    alarm = locked_alarm(pk, actor)
    to = None if site else alarm.holder_id
    if site and len(text.strip()) < 5:
        raise RuleViolation("urge.text", _("Write what the site has to do."))
    if not site and (to is None or to == actor.id):
        raise RuleViolation("urge.nobody", _("Nobody else has this alarm. Take it or give it."))
    start = datetime.combine(site_date(now), datetime.min.time(), SITE_TZ)
    if AlarmStep.objects.filter(alarm=pk, kind=Kind.URGED, to=to, at__gte=start).exists():
        raise RuleViolation("urge.today", _("Urged today already. Once a day is enough."))
    step = step_of(alarm, Kind.URGED, by=actor.id, at=now, to=to, text=text.strip()[:LONGEST])
    write_step(step, actor=actor, now=now)
    users = firms_told([alarm])[alarm.pk] if to is None else {to}
    notify([note_of(alarm, user, Notice.Kind.URGED, str(step.pk)) for user in sorted(users)], now=now)
    if site and alarm.told_level == 0:
        Alarm.objects.filter(pk=pk).update(told_level=alarm.level)
    return alarm


@dataclass
class Hurried:
    """What one run did."""

    urged: int = 0
    escalated: int = 0


def hurry(*, now: datetime) -> Hurried:
    """Urge where a deadline is over, and send one level up what stays undone after that; batch by batch.

    Each batch is one transaction under locks: a run that is killed or doubled does nothing twice.
    """
    done, offices, calendar, last = Hurried(), Offices(), load_calendar(), 0
    today = site_date(now)
    while True:
        with transaction.atomic():
            batch = list(
                Alarm.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("project")
                .filter(state=Alarm.State.OPEN, handle_by__lt=today, paused_until=None, pk__gt=last)
                .exclude(stage=Alarm.Stage.ANSWERED)
                .order_by("pk")[:BATCH]
            )
            if not batch:
                return done
            last = batch[-1].pk
            known = _urged(batch)
            late = [
                alarm for alarm in batch if (alarm.pk, alarm.round, alarm.tier, alarm.handle_by) not in known
            ]
            up = [
                alarm
                for alarm in batch
                if (alarm.pk, alarm.round, alarm.tier, alarm.handle_by) in known
                and _goes_up(alarm, today, calendar)
            ]
            notes = _urge_all(late, offices)
            steps = [step_of(alarm, Kind.OVERDUE, by=None, at=now, to=alarm.holder_id) for alarm in late]
            for alarm in up:
                alarm.tier += 1
                days = parameter(
                    WITHIN[Alarm.Stage(alarm.stage)],
                    region_code=alarm.project.region_id,
                    on=today,
                    default=None,
                )
                alarm.handle_by = due_on(today, alarm.level, days, calendar)
            Alarm.objects.bulk_update(up, ["tier", "handle_by"])
            steps += [step_of(alarm, Kind.ESCALATED, by=None, at=now) for alarm in up]
            notes += [
                note_of(alarm, user, Notice.Kind.ESCALATED, str(alarm.tier))
                for alarm in up
                for user in sorted(offices.labour(alarm.project, alarm.tier) | _holder(alarm))
            ]
            if steps:
                write_steps(steps, now=now)
            notify(notes, now=now)
            done.urged += len(late)
            done.escalated += len(up)


def _holder(alarm: Alarm) -> set[int]:
    return {alarm.holder_id} if alarm.holder_id else set()


def _urged(batch: Iterable[Alarm]) -> set[tuple[int, int, int, date | None]]:
    return set(
        AlarmStep.objects.filter(alarm__in=[alarm.pk for alarm in batch], kind=Kind.OVERDUE).values_list(
            "alarm_id", "round", "tier", "due_on"
        )
    )


def _urge_all(late: list[Alarm], offices: Offices) -> list[Note]:
    """Whoever has it, or else the office whose desk it is on; and the site, which can settle it."""
    firms = firms_told(late)
    return [
        note_of(alarm, user, Notice.Kind.OVERDUE, f"{alarm.tier}:{alarm.handle_by}")
        for alarm in late
        for user in sorted(firms[alarm.pk] | (_holder(alarm) or offices.labour(alarm.project, alarm.tier)))
    ]


def _goes_up(alarm: Alarm, today: date, calendar: Calendar) -> bool:
    if alarm.tier >= Alarm.Tier.PROVINCE or alarm.handle_by is None:
        return False
    days = parameter("alarm.escalate_after_wd", region_code=alarm.project.region_id, on=today, default=None)
    limit = (days or {}).get(LEVEL_NAMES[alarm.level])
    return limit is not None and calendar.working_days_between(alarm.handle_by, today) > limit
