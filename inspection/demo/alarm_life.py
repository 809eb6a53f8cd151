"""What the offices of the demo did about its alarms: taken, checked, handled, found not true, urged, answered, a pause."""

from datetime import datetime, timedelta

from django.db.models import F

from inspection.access import told_alarms
from inspection.demo.confirming import picture
from inspection.models import Alarm
from inspection.services import life, notices, pauses
from inspection.services.answers import answer_alarm
from inspection.services.steps import fingerprint
from inspection.services.urging import urge
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import User
from wagewatch.lib.dates import site_date

LEFT_OPEN = 6
"""So many of an inspector's most urgent alarms nobody has taken yet."""
FOUND = (
    "到项目部查了工资表和银行回单，情况属实。",
    "电话问了专管员和 3 名工人，说法一致，属实。",
    "调取门禁和考勤记录核对，与预警一致。",
)
DONE = (
    "约谈项目经理，当场写下限期补齐的承诺。",
    "发了整改通知，要求补办后在系统里上传。",
    "要求总包核对名单，三天内补登记。",
)


def _actor(username: str) -> Actor:
    return actor_of_user(User.objects.get(username=username))


def play(now: datetime) -> None:
    """Tell people, then let the two county offices work; what is left is what beat goes on with."""
    notices.tell_alarms(now=now)
    for username, region in (("wangjing", "330703"), ("fangxy", "330702")):
        _work(_actor(username), region, now)
    _answer(now)
    _pause(now)


def _work(actor: Actor, region: str, now: datetime) -> None:
    today = site_date(now)
    mine = list(
        Alarm.objects.filter(state=Alarm.State.OPEN, project__region=region)
        .order_by("-level", F("due_on").asc(nulls_last=True), "pk")
        .values_list("pk", "level", "rule")
    )
    for place, (pk, level, rule) in enumerate(mine[LEFT_OPEN:]):
        life.take_alarm(pk, actor=actor, now=now)
        if place % 5 == 4:
            continue
        is_true = rule.startswith("D") or level > 1 or place % 7 != 3
        text = FOUND[place % 3] if is_true else "现场看过：当天停电检修，工人从便门进出，已补记，不属实。"
        seen = fingerprint(Alarm.objects.get(pk=pk))
        files = [("现场.jpg", picture())] if place % 6 == 0 else []
        life.verify_alarm(pk, is_true=is_true, text=text, files=files, seen=seen, actor=actor, now=now)
        if is_true and place % 3 != 2:
            check_on = today + timedelta(days=3 + place % 12)
            life.record_measures(pk, text=DONE[place % 3], check_on=check_on, actor=actor, now=now)
    if len(mine) > LEFT_OPEN:
        urge(mine[0][0], site=True, text="请今天说明资金安排，三日内付清。", actor=actor, now=now)


def _answer(now: datetime) -> None:
    clerk = _actor("zhao")
    first = told_alarms(clerk).filter(state=Alarm.State.OPEN).order_by("-level", "pk").first()
    if first is not None:
        text = "建设单位本周内拨付人工费，到账当天指令银行发放。附现场公示照片。"
        answer_alarm(first.pk, text=text, file=("公示.jpg", picture()), actor=clerk, now=now)


def _pause(now: datetime) -> None:
    clerk, today = _actor("zhao"), site_date(now)
    project = told_alarms(clerk).order_by("project").values_list("project", flat=True).first()
    if project is None:
        return
    pauses.ask_pause(
        project,
        rules=["C3"],
        reason="weather",
        text="寒潮大风蓝色预警，塔吊和高处作业停工，工人撤离现场。",
        starts_on=today,
        ends_on=today + timedelta(days=4),
        actor=clerk,
        now=now,
    )
