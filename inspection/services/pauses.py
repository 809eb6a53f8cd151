"""Pauses: asked for by the contractor, decided by an inspector, over by their date; deadlines stand still meanwhile."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inspection.access import access_pause
from inspection.models import Alarm, AlarmStep, Notice, Pause
from inspection.services.audience import Offices
from inspection.services.life import LONGEST, SHORTEST, Upload
from inspection.services.notices import Note, notify
from inspection.services.steps import step_of, write_steps
from inspection.typed import whole
from payroll.services.who import user_of
from registration.access import access_project, organisations_with
from registration.actors import SYSTEM, Actor
from registration.models import Participation, Project, StoredFile
from registration.permissions import PERMISSIONS
from registration.services.files import store_file
from registration.services.parameters import load_calendar, parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PAUSE = "alarm.pause"
"""Kind in the evidence log."""
DAY = timedelta(days=1)
EARLIEST, LATEST = timedelta(days=7), timedelta(days=60)
"""How far back and ahead the first day may lie."""
State, Kind = Pause.State, AlarmStep.Kind
NOTE = 300
"""Characters of the note for the contractor."""


def pause_record(pause: Pause, act: str) -> dict[str, Any]:
    """The canonical record of one act about a pause (`asked`, `decided`, `ended`) for the evidence log."""
    if act == "asked":
        return {
            "pause": pause.pk,
            "rules": list(pause.rules),
            "reason": pause.reason,
            "starts_on": pause.starts_on,
            "ends_on": pause.ends_on,
            "by": pause.asked_by_id,
            "at": pause.asked_at,
            "text": hashlib.sha256(str(pause.text).encode()).hexdigest(),
            "file": bytes(pause.file.sha256).hex() if pause.file else None,
        }
    if act == "decided":
        return {
            "pause": pause.pk,
            "approved": pause.state != State.REFUSED,
            "by": pause.decided_by_id,
            "at": pause.decided_at,
            "note": pause.note,
        }
    return {"pause": pause.pk, "by": pause.ended_by_id, "at": pause.ended_at, "on": pause.ended_on}


def _append(pause: Pause, act: str, actor: Actor, now: datetime) -> None:
    append(
        PAUSE,
        project_id=pause.project_id,
        subject=f"alarm-pause:{pause.pk}:{act}",
        record=pause_record(pause, act),
        actor=actor,
        now=now,
    )


def pausable(region: str, today: date) -> list[str]:
    """Rules that may be paused in a region. Late wages are never among them: article 29 knows no such excuse."""
    rules = parameter("alarm.pausable_rules", region_code=region, on=today, default=[])
    return [code for code in rules if not code.startswith("D")]


@transaction.atomic
def ask_pause(
    project_pk: int,
    *,
    rules: Sequence[str],
    reason: str,
    text: str,
    starts_on: date,
    ends_on: date,
    file: Upload | None = None,
    actor: Actor,
    now: datetime,
) -> Pause:
    """The general contractor asks for a pause. Raises NotFound, NotPermitted, RuleViolation `pause.rules`,
    `pause.reason`, `pause.text`, `pause.starts_on`, `pause.ends_on`, `pause.asked`; Malformed `file.…`."""
    user = user_of(actor)
    project = access_project(project_pk, actor, permission="pause.ask", for_write=True)
    today = site_date(now)
    allowed = pausable(project.region_id, today)
    chosen = [code for code in allowed if code in set(rules)]
    if not chosen or len(chosen) != len(set(rules)):
        raise RuleViolation("pause.rules", _("Choose the rules that are to rest."))
    if reason not in Pause.Reason.values:
        raise RuleViolation("pause.reason", _("Choose a reason."))
    if len(text.strip()) < SHORTEST:
        raise RuleViolation(
            "pause.text",
            _("Write why, in at least %(n)s characters: who ordered it, what rests."),
            n=SHORTEST,
        )
    if not today - EARLIEST <= starts_on <= today + LATEST:
        raise RuleViolation(
            "pause.starts_on", _("The first day lies at most 7 days back and at most 60 days ahead.")
        )
    most = int(parameter("alarm.pause_at_most_days", region_code=project.region_id, on=today, default=60))
    if ends_on < max(starts_on, today) or (ends_on - starts_on).days >= most:
        raise RuleViolation(
            "pause.ends_on",
            _("The last day is today or later, and a pause is at most %(n)s days long."),
            n=most,
        )
    waiting = Pause.objects.filter(project=project, state=State.ASKED).values_list("rules", flat=True)
    if any(set(chosen) & set(codes) for codes in waiting):
        raise RuleViolation("pause.asked", _("A request for these rules waits for the office already."))
    paper = None
    if file is not None:
        kind = StoredFile.Kind.OTHER if file[1].startswith(b"%PDF-") else StoredFile.Kind.PHOTO
        paper = store_file(file[0], file[1], kind=kind, actor=actor, now=now)
    pause = Pause.objects.create(
        project=project,
        organisation_id=_firm(project, actor),
        rules=chosen,
        reason=reason,
        text=text.strip()[:LONGEST],
        file=paper,
        starts_on=starts_on,
        ends_on=ends_on,
        asked_by_id=user,
        asked_at=now,
    )
    _append(pause, "asked", actor, now)
    office = Offices().labour(project, Alarm.Tier.COUNTY)
    notify([_note(pause, one, Notice.Kind.PAUSE) for one in sorted(office)], now=now)
    return pause


def _firm(project: Project, actor: Actor) -> int:
    mine = organisations_with(actor, PERMISSIONS["pause.ask"])
    return (
        Participation.objects.filter(
            project=project, organisation__in=mine, role=Participation.Role.GENERAL_CONTRACTOR
        )
        .values_list("organisation_id", flat=True)[:1]
        .get()
    )


def _note(pause: Pause, user: int, kind: str) -> Note:
    key = f"{kind}:pause:{pause.pk}"
    return Note(user=user, project=pause.project_id, kind=kind, level=1, key=key)


def _locked(pk: int, actor: Actor) -> Pause:
    access_pause(pk, actor)
    return (
        Pause.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project", "file")
        .get(pk=pk)
    )


@transaction.atomic
def decide_pause(pk: int, *, approve: bool, note: str = "", actor: Actor, now: datetime) -> Pause:
    """An inspector allows or refuses a pause. Raises NotFound, RuleViolation `pause.decided`, `pause.over`,
    `pause.note` for a refusal without a reason, Malformed `pause.note` for one that is too long."""
    user = user_of(actor)
    pause = _locked(pk, actor)
    if pause.state != State.ASKED:
        raise RuleViolation("pause.decided", _("This request was decided already."))
    said = whole(note, NOTE, "pause.note")
    if not approve and len(said) < 5:
        raise RuleViolation("pause.note", _("Write why: the contractor reads it."))
    if approve and pause.ends_on < site_date(now):
        raise RuleViolation("pause.over", _("These days are over. The contractor may ask anew."))
    pause.state = State.APPROVED if approve else State.REFUSED
    pause.decided_by_id, pause.decided_at, pause.note = user, now, said
    pause.save(update_fields=["state", "decided_by", "decided_at", "note"])
    _append(pause, "decided", actor, now)
    notify([_note(pause, pause.asked_by_id, Notice.Kind.DECIDED)], now=now)
    if approve:
        _rest(pause, actor=actor, now=now)
    return pause


@transaction.atomic
def end_pause(pk: int, *, actor: Actor, now: datetime) -> Pause:
    """An inspector ends a pause before its day: deadlines run on from tomorrow. Raises RuleViolation
    `pause.not_running`."""
    user = user_of(actor)
    pause = _locked(pk, actor)
    today = site_date(now)
    if pause.state != State.APPROVED or pause.ends_on < today:
        raise RuleViolation("pause.not_running", _("This pause does not run."))
    pause.state, pause.ended_by_id, pause.ended_at, pause.ended_on = State.ENDED, user, now, today
    pause.save(update_fields=["state", "ended_by", "ended_at", "ended_on"])
    _append(pause, "ended", actor, now)
    calendar = load_calendar()
    resting = list(_alarms_of(pause).filter(paused_until=pause.ends_on))
    for alarm in resting:
        if alarm.handle_by is not None:
            left = max(calendar.working_days_between(pause.ends_on, alarm.handle_by), 0)
            alarm.handle_by = calendar.add_working(today, left)
        alarm.paused_until = None
    Alarm.objects.bulk_update(resting, ["paused_until", "handle_by"])
    write_steps([step_of(a, Kind.RESUMED, by=user, at=now) for a in resting], actor=actor, now=now)
    return pause


def _alarms_of(pause: Pause) -> Any:
    return (
        Alarm.objects.select_for_update(no_key=True)
        .filter(project=pause.project_id, rule__in=pause.rules, state=Alarm.State.OPEN)
        .exclude(stage=Alarm.Stage.ANSWERED)
        .order_by("pk")
    )


def _rest(pause: Pause, *, actor: Actor, now: datetime) -> int:
    """Stop the deadlines of the pause's alarms, if it runs today; how many were stopped."""
    today = site_date(now)
    if not pause.starts_on <= today <= pause.ends_on:
        return 0
    calendar = load_calendar()
    found = list(_alarms_of(pause).filter(Q(paused_until=None) | Q(paused_until__lt=pause.ends_on)))
    for alarm in found:
        if alarm.handle_by is not None:
            # Today rests already, so it is among the days that are left.
            counted = alarm.paused_until or max(pause.starts_on, site_date(alarm.opened_at)) - DAY
            left = max(calendar.working_days_between(counted, alarm.handle_by), 0)
            alarm.handle_by = calendar.add_working(pause.ends_on, left)
        alarm.paused_until = pause.ends_on
    Alarm.objects.bulk_update(found, ["paused_until", "handle_by"])
    by = actor.id if actor.kind == "user" else None
    if found:
        write_steps([step_of(a, Kind.PAUSED, by=by, at=now) for a in found], actor=actor, now=now)
    return len(found)


def keep_pauses(*, now: datetime) -> tuple[int, int]:
    """Pauses that begin, and alarms that open during one, take effect; those past their day end: how many of each."""
    today, stopped = site_date(now), 0
    running = Pause.objects.filter(state=State.APPROVED, starts_on__lte=today, ends_on__gte=today)
    for pause in running.order_by("pk"):
        with transaction.atomic():
            stopped += _rest(pause, actor=SYSTEM, now=now)
    with transaction.atomic():
        over = list(
            Alarm.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(state=Alarm.State.OPEN, paused_until__lt=today)
            .order_by("pk")[:1000]
        )
        for alarm in over:
            alarm.paused_until = None
        Alarm.objects.bulk_update(over, ["paused_until"])
        if over:
            write_steps([step_of(a, Kind.RESUMED, by=None, at=now) for a in over], now=now)
    return stopped, len(over)
