"""The office's part in an alarm's life: taken or given, read, found true or not, measures taken. Data close it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from simple_history.utils import bulk_create_with_history

from inspection.access import alarms_for
from inspection.life import TO_CHECK
from inspection.models import Alarm, AlarmStep, Notice, OfficeLead
from inspection.services.notices import note_of, notify
from inspection.services.rounds import set_deadlines
from inspection.services.steps import fingerprint, step_of, write_step
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.middleware import SECTORS_OF
from registration.models import Authority, Membership, Project, StoredFile, User
from registration.permissions import PERMISSIONS
from registration.services.files import store_file
from registration.services.parameters import region_line
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, WagewatchError

Stage, Kind = Alarm.Stage, AlarmStep.Kind
SHORTEST, LONGEST = 10, 2000
MOST_FILES = 6
LONGEST_CHECK = timedelta(days=180)
Upload = tuple[str, bytes]
"""File name and content."""


def inspectors_of(project: Project) -> QuerySet[User]:
    """Who may be given an alarm of the project: inspectors of the offices whose region and line it is in."""
    kinds = [kind for kind, sectors in SECTORS_OF.items() if not sectors or project.sector in sectors]
    return User.objects.filter(
        is_active=True,
        pk__in=Membership.objects.filter(
            is_active=True,
            role__in=PERMISSIONS["alarm.handle"],
            authority__kind__in=kinds,
            authority__region__in=[code for code in region_line(project.region_id) if code],
        ).values("user"),
    ).order_by("name", "pk")


def may_give(actor: Actor) -> bool:
    """Whether the actor gives alarms to others: leads of an office do, and everybody of one without a lead."""
    offices = [d.authority_id for d in actor.duties if d.authority_id is not None]
    leads = OfficeLead.objects.filter(membership__authority__in=offices, membership__is_active=True)
    found = list(leads.values_list("membership__user", flat=True))
    return not found or actor.id in found


@transaction.atomic
def name_lead(username: str, *, leads: bool, now: datetime) -> list[str]:
    """The operator names an inspector a lead of the own offices, or ends it; the offices' names.

    Raises RuleViolation `lead.nobody` for somebody who inspects for no office.
    """
    found = list(
        Membership.objects.filter(
            user__username=username,
            is_active=True,
            role__in=PERMISSIONS["alarm.handle"],
            authority__isnull=False,
        ).select_related("authority")
    )
    if not found:
        raise RuleViolation("lead.nobody", _("Nobody of this name inspects for an office."))
    present = set(OfficeLead.objects.filter(membership__in=found).values_list("pk", flat=True))
    if leads:
        fresh = [OfficeLead(membership=one, named_at=now) for one in found if one.pk not in present]
        bulk_create_with_history(fresh, OfficeLead, default_date=now)
    else:
        OfficeLead.objects.filter(membership__in=found).delete()
    return [str(one.authority) for one in found]


def colleagues(actor: Actor) -> QuerySet[User]:
    """Inspectors of the actor's own offices and of those inside their regions."""
    reach = Q(pk__in=[])
    for duty in actor.duties:
        if duty.authority_id is not None:
            reach |= Q(pk=duty.authority_id) | Q(region__code__startswith=duty.region_prefix)
    offices = Authority.objects.filter(reach)
    inside = Membership.objects.filter(
        is_active=True, role__in=PERMISSIONS["alarm.handle"], authority__in=offices
    )
    return User.objects.filter(is_active=True, pk__in=inside.values("user")).order_by("name", "pk")


def locked_alarm(pk: int, actor: Actor) -> Alarm:
    """The alarm within reach, locked. NotFound; RuleViolation `alarm.closed` when the data closed it."""
    user_of(actor)
    alarm = (
        alarms_for(actor)
        .select_for_update(of=("self",), no_key=True)
        .select_related("project", "holder")
        .filter(pk=pk)
        .first()
    )
    if alarm is None:
        not_found()
    if not actor.has_role(*PERMISSIONS["alarm.handle"]):
        not_permitted("alarm.handle")
    if alarm.state != Alarm.State.OPEN:
        raise RuleViolation("alarm.closed", _("The data have closed this alarm. Nothing is left to do."))
    return alarm


def _own(pk: int, actor: Actor) -> Alarm:
    alarm = locked_alarm(pk, actor)
    if alarm.holder_id is None:
        raise RuleViolation("alarm.nobodys", _("Nobody has this alarm. Take it first."))
    if alarm.holder_id != actor.id:
        raise RuleViolation(
            "alarm.others", _("%(name)s has this alarm. Ask for it first."), name=str(alarm.holder)
        )
    return alarm


def _move(alarm: Alarm, stage: str, now: datetime) -> None:
    alarm.stage = stage
    set_deadlines([alarm], {alarm.project_id: alarm.project.region_id}, now=now)


def _save(alarm: Alarm) -> None:
    alarm.save(update_fields=["stage", "holder", "handle_by", "answered_for"])


@transaction.atomic
def take_alarm(pk: int, *, actor: Actor, now: datetime) -> Alarm:
    """An inspector takes an alarm that nobody has. Raises RuleViolation `alarm.taken`, `alarm.closed`."""
    alarm = locked_alarm(pk, actor)
    if alarm.holder_id == actor.id:
        return alarm
    if alarm.holder_id is not None:
        raise RuleViolation("alarm.taken", _("%(name)s has taken this alarm."), name=str(alarm.holder))
    alarm.holder_id = actor.id
    if alarm.stage in TO_CHECK:
        alarm.stage = Stage.READ  # who takes it has it in front of him; the deadline runs on
    _save(alarm)
    write_step(step_of(alarm, Kind.TAKEN, by=actor.id, at=now), actor=actor, now=now)
    return alarm


@transaction.atomic
def give_alarm(pk: int, to: int, *, actor: Actor, now: datetime) -> Alarm:
    """A lead gives an alarm to an inspector, or its holder hands it on.

    Raises NotPermitted; RuleViolation `alarm.to` for somebody outside region or line, `alarm.closed`.
    """
    alarm = locked_alarm(pk, actor)
    if alarm.holder_id != actor.id and not may_give(actor):
        not_permitted("alarm.give")
    if not inspectors_of(alarm.project).filter(pk=to).exists():
        raise RuleViolation("alarm.to", _("Choose an inspector of this region and line."))
    if alarm.holder_id == to:
        raise RuleViolation("alarm.has", _("This inspector has the alarm already."))
    alarm.holder_id = to
    if alarm.stage in TO_CHECK:
        alarm.stage = Stage.READ if to == actor.id else Stage.ASSIGNED
    _save(alarm)
    step = step_of(alarm, Kind.ASSIGNED, by=actor.id, at=now, to=to)
    write_step(step, actor=actor, now=now)
    if to != actor.id:
        notify([note_of(alarm, to, Notice.Kind.GIVEN, str(step.pk))], now=now)
    return alarm


def give_many(pks: Sequence[int], to: int, *, actor: Actor, now: datetime) -> tuple[int, list[str]]:
    """Give several alarms, each by itself: how many went, and why the others did not (each reason once)."""
    done, refused = 0, []
    for pk in pks:
        try:
            if to == actor.id:
                take_alarm(pk, actor=actor, now=now)
            else:
                give_alarm(pk, to, actor=actor, now=now)
            done += 1
        except WagewatchError as refusal:
            if refusal.status not in {404, 409}:
                raise
            refused.append(refusal.message)
    return done, list(dict.fromkeys(refused))


@transaction.atomic
def note_reading(pk: int, *, actor: Actor, now: datetime) -> bool:
    """The holder opened the alarm that was given to him: it counts as read, once. Whether it was news."""
    alarm = alarms_for(actor).select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if alarm is None or alarm.holder_id != actor.id or alarm.stage != Stage.ASSIGNED:
        return False
    alarm.stage = Stage.READ
    alarm.save(update_fields=["stage"])
    write_step(step_of(alarm, Kind.READ, by=actor.id, at=now), actor=actor, now=now)
    return True


def _words(text: str, code: str) -> str:
    text = text.strip()
    if len(text) < SHORTEST:
        raise RuleViolation(code, _("Write what you found, in at least %(n)s characters."), n=SHORTEST)
    return text[:LONGEST]


def _papers(files: Sequence[Upload], actor: Actor, now: datetime) -> list[StoredFile]:
    if len(files) > MOST_FILES:
        raise RuleViolation("alarm.files", _("At most %(n)s files. Choose the best ones."), n=MOST_FILES)
    return [
        store_file(
            name,
            data,
            kind=StoredFile.Kind.OTHER if data.startswith(b"%PDF-") else StoredFile.Kind.PHOTO,
            actor=actor,
            now=now,
        )
        for name, data in files
    ]


@transaction.atomic
def verify_alarm(
    pk: int, *, is_true: bool, text: str, files: Sequence[Upload] = (), seen: str, actor: Actor, now: datetime
) -> Alarm:
    """The holder says what the check found, and what it rests on.

    True: measures are due. Not true: it leaves the queue while its data stay as they were `seen` (a
    fingerprint), and comes back when they change. Raises RuleViolation `alarm.nobodys`, `alarm.others`,
    `alarm.checked`, `alarm.changed`, `alarm.text`, `alarm.files`, Malformed `file.…`.
    """
    alarm = _own(pk, actor)
    if alarm.stage not in TO_CHECK:
        raise RuleViolation("alarm.checked", _("The result of the check is on record already."))
    current = fingerprint(alarm)
    if seen != current:
        raise RuleViolation(
            "alarm.changed", _("The data changed while you were writing. Look at them and send it again.")
        )
    words = _words(text, "alarm.text")
    papers = _papers(files, actor, now)
    alarm.answered_for = "" if is_true else current
    _move(alarm, Stage.TRUE if is_true else Stage.ANSWERED, now)
    _save(alarm)
    kind = Kind.TRUE if is_true else Kind.FALSE
    write_step(step_of(alarm, kind, by=actor.id, at=now, text=words), papers, actor=actor, now=now)
    return alarm


@transaction.atomic
def record_measures(
    pk: int,
    *,
    text: str,
    files: Sequence[Upload] = (),
    check_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> Alarm:
    """The holder writes what was done, and by which day the data must show it (else the region's figure).

    It may be written again when the first measure did not help. Raises RuleViolation `alarm.unchecked`,
    `alarm.check_on` and those of `verify_alarm`.
    """
    alarm = _own(pk, actor)
    if alarm.stage not in {Stage.TRUE, Stage.HANDLED}:
        raise RuleViolation("alarm.unchecked", _("Write first whether the alarm is true."))
    words = _words(text, "alarm.text")
    today = site_date(now)
    if check_on is not None and not today <= check_on <= today + LONGEST_CHECK:
        raise RuleViolation(
            "alarm.check_on", _("Choose a day within the next %(n)s days."), n=LONGEST_CHECK.days
        )
    papers = _papers(files, actor, now)
    _move(alarm, Stage.HANDLED, now)
    alarm.handle_by = check_on or alarm.handle_by
    _save(alarm)
    write_step(step_of(alarm, Kind.HANDLED, by=actor.id, at=now, text=words), papers, actor=actor, now=now)
    return alarm


def acts_for(alarm: Alarm, actor: Actor) -> dict[str, Any]:
    """Which acts the page offers this inspector now."""
    is_open = alarm.state == Alarm.State.OPEN
    mine = is_open and alarm.holder_id == actor.id
    gives = is_open and (mine or may_give(actor))
    return {
        "take": is_open and alarm.holder_id is None,
        "verify": mine and alarm.stage in TO_CHECK,
        "handle": mine and alarm.stage in {Stage.TRUE, Stage.HANDLED},
        "give": gives,
        "urge_holder": is_open and alarm.holder_id is not None and not mine,
        "urge_site": is_open and alarm.stage != Stage.ANSWERED,
        "inspectors": [
            (user.pk, user.name) for user in inspectors_of(alarm.project) if user.pk != alarm.holder_id
        ]
        if gives
        else [],
    }


def name_of(user: int | None) -> str:
    """A user's name, for what pages say about an act."""
    return User.objects.values_list("name", flat=True).filter(pk=user or 0).first() or ""
