"""Cases that begin with an alarm, and alarms that belong to a case. The data close an alarm, never its case."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import Alarm, Case, CaseAlarm
from inspection.services.case_intake import Origin, enter_case
from inspection.services.case_steps import lock_case, write_step
from inspection.services.life import locked_alarm
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import Complaint
from registration.services.complaints import Told
from wagewatch.lib.errors import Malformed, RuleViolation

Topic = Complaint.Topic
_TOPICS = {"C2": Topic.CONTRACT, "C4": Topic.DAYS, "D8": Topic.CASH}
OVER = (Case.State.CLOSED, Case.State.REFUSED)


def topic_of(rule: str) -> str:
    """What a case from an alarm of this rule is about."""
    return _TOPICS.get(rule, Topic.UNPAID if rule.startswith("D") else Topic.OTHER).value


@transaction.atomic
def open_from_alarm(
    alarm_pk: int, *, text: str, people: int, mass: bool = False, actor: Actor, now: datetime
) -> Case:
    """The office opens a case of its own accord about an alarm within its reach; one open case an alarm.

    Raises NotFound, NotPermitted, RuleViolation `alarm.closed`, `case.alarm_has_one`, Malformed `case.people`,
    `case.words`.
    """
    alarm = locked_alarm(alarm_pk, actor)  # two clicks at once: the second finds the first one's case
    present = Case.objects.filter(alarm_links__alarm=alarm).exclude(state__in=OVER).first()
    if present is not None:
        raise RuleViolation(
            "case.alarm_has_one", _("Case %(number)s deals with this alarm already."), number=present.number
        )
    told = Told(topic=topic_of(alarm.rule), text=text, project_id=alarm.project_id)
    case = enter_case(told, origin=Origin.OWN, people=people, mass=mass, actor=actor, now=now).case
    _link(case, alarm, actor=actor, now=now)
    return case


@transaction.atomic
def add_alarm(pk: int, *, alarm_id: int, actor: Actor, now: datetime) -> Case:
    """Put an alarm of the case's project to the case. Raises Malformed `case.alarm` for one that is not open there."""
    case = lock_case(pk, "alarm", actor=actor)
    alarm = next((one for one in alarms_to_add(case) if one.pk == alarm_id), None)
    if alarm is None:
        raise Malformed("case.alarm", _("Choose an open alarm of this project."))
    _link(case, alarm, actor=actor, now=now)
    return case


def alarms_to_add(case: Case) -> list[Alarm]:
    """Open alarms of the case's project that are not in it yet, the highest level first. The case is the door."""
    if case.project_id is None:
        return []
    found = Alarm.objects.filter(project=case.project_id, state=Alarm.State.OPEN)
    return list(found.exclude(case_links__case=case).order_by("-level", "rule", "pk"))


def _link(case: Case, alarm: Alarm, *, actor: Actor, now: datetime) -> None:
    CaseAlarm.objects.create(
        project_id=alarm.project_id, case=case, alarm=alarm, linked_by_id=user_of(actor), linked_at=now
    )
    facts = {"alarm": alarm.pk, "rule": alarm.rule, "period": alarm.period, "level": alarm.level}
    write_step(case, "alarm", facts=facts, actor=actor, now=now)
