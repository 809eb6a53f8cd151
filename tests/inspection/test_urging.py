"""Urging by hand and by the system, going up county, city, province; pauses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connections
from django.urls import reverse

from inspection.models import Alarm, AlarmStep, Notice, Pause
from inspection.services import life, notices, pauses
from inspection.services.urging import hurry, urge
from registration.models import Authority, Role
from tests.cast import build_cast, make_user
from tests.inspection.stage import DUE, at, run, sent_sheet, set_parameter, set_parameters
from wagewatch.evidence.registry import kind_named
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

SUN = 792_000
BY = date(2026, 11, 20)
"""Friday, five working days after the alarm of Friday the 13th."""
MONDAY = date(2026, 11, 23)


@pytest.fixture
def stage(cast):
    cache.clear()
    set_parameters()
    cast.sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN)])
    city = Authority.objects.create(name="金华支队", kind="labour", region_id="330700")
    province = Authority.objects.create(name="浙江总队", kind="labour", region_id="330000")
    cast.ding = make_user("ding", "丁一", Role.INSPECTOR, city)
    cast.yu = make_user("yu", "余远", Role.INSPECTOR, province)
    run(DUE)
    notices.tell_alarms(now=at(DUE))
    return cast


def only() -> Alarm:
    return Alarm.objects.get()


def steps() -> list[tuple[str, int]]:
    return list(AlarmStep.objects.order_by("pk").values_list("kind", "tier"))


def told(kind) -> set[str]:
    return set(Notice.objects.filter(kind=kind).values_list("user__username", flat=True))


def hurried(day, hour=10) -> tuple[int, int]:
    done = hurry(now=at(day, hour))
    return done.urged, done.escalated


def test_nothing_happens_on_the_last_day_and_it_is_urged_on_the_next_once(stage):
    assert hurried(BY, 23) == (0, 0)
    assert hurried(BY + timedelta(days=1), 0) == (1, 0)
    assert hurried(MONDAY) == (0, 0)
    assert steps() == [("overdue", 1)]
    assert told("overdue") == {"li", "zhao", "he", "qian_sc"}


def test_goes_up_to_the_city_then_to_the_province_each_once(stage):
    hurried(MONDAY)
    # Three working days after the deadline are not yet over on Wednesday.
    assert hurried(date(2026, 11, 25)) == (0, 0)
    assert hurried(date(2026, 11, 26)) == (0, 1)
    assert (only().tier, only().handle_by) == (2, date(2026, 12, 3))
    assert told("escalated") == {"ding"}
    assert hurried(date(2026, 11, 26)) == (0, 0)
    assert hurried(date(2026, 12, 4)) == (1, 0)
    assert hurried(date(2026, 12, 9)) == (0, 1)
    assert only().tier == 3
    assert told("escalated") == {"ding", "yu"}
    assert hurried(date(2027, 1, 20)) == (1, 0)
    assert hurried(date(2027, 3, 20)) == (0, 0)
    assert steps() == [("overdue", 1), ("escalated", 2), ("overdue", 2), ("escalated", 3), ("overdue", 3)]
    page = stage.client(stage.ding).get(reverse("inspection:alarms") + "?show=up").content.decode()
    assert stage.project.name in page


def test_a_region_may_give_more_time(stage):
    set_parameter("alarm.escalate_after_wd", {"yellow": 10}, "330703")
    hurried(MONDAY)
    assert hurried(date(2026, 12, 4)) == (0, 0)
    assert hurried(date(2026, 12, 7)) == (0, 1)


def test_what_is_checked_in_time_is_not_urged_and_the_next_deadline_counts(stage):
    life.take_alarm(only().pk, actor=stage.actor(stage.li), now=at(BY))
    alarm = only()
    alarm.stage, alarm.handle_by = "true", date(2026, 12, 4)
    alarm.save()
    assert hurried(MONDAY) == (0, 0)
    assert hurried(date(2026, 12, 5)) == (1, 0)


def test_what_was_found_not_true_is_left_alone(stage):
    Alarm.objects.update(stage="answered")
    assert hurried(date(2026, 12, 31)) == (0, 0)


def test_urging_by_hand_tells_the_site_and_is_possible_once_a_day(stage):
    pk, li = only().pk, stage.actor(stage.li)
    with pytest.raises(RuleViolation, match=r"urge\.text"):
        urge(pk, site=True, text=" ", actor=li, now=at(DUE))
    with pytest.raises(RuleViolation, match=r"urge\.nobody"):
        urge(pk, site=False, actor=li, now=at(DUE))
    urge(pk, site=True, text="请三日内付清 10 月工资。", actor=li, now=at(DUE))
    with pytest.raises(RuleViolation, match=r"urge\.today"):
        urge(pk, site=True, text="请三日内付清 10 月工资。", actor=li, now=at(DUE, 20))
    assert told("urged") == {"zhao", "he", "qian_sc"}
    page = stage.client(stage.zhao).get(reverse("warnings:alarm", args=[pk])).content.decode()
    assert "请三日内付清" in page
    urge(pk, site=True, text="请尽快付清。", actor=li, now=at(DUE + timedelta(days=1)))
    assert [kind for kind, _tier in steps()] == ["urged", "urged"]


def test_a_higher_office_urges_the_inspector(stage):
    pk = only().pk
    life.take_alarm(pk, actor=stage.actor(stage.li), now=at(DUE))
    client = stage.client(stage.ding)
    page = reverse("inspection:alarm", args=[pk])
    assert client.post(page, {"act": "urge-holder"}).status_code == 302
    assert client.post(page, {"act": "urge-holder"}).status_code == 400
    assert told("urged") == {"li"}
    with pytest.raises(NotFound):
        urge(pk, site=False, actor=stage.actor(stage.wang), now=at(DUE))


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_urge_once():
    cast = build_cast()
    cache.clear()
    set_parameters()
    sent_sheet(cast.sc_part, [(cast.sun_posting, SUN)])
    run(DUE)

    def one(_n):
        try:
            return hurry(now=at(MONDAY)).urged
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(one, range(2))) == 1
    assert AlarmStep.objects.count() == 1


# ---- pauses -------------------------------------------------------------------------------------------

ASKED = {
    "rules": ["C3"],
    "reason": "weather",
    "text": "台风停工，镇政府 11 月 12 日通知。",
    "starts_on": DUE,
    "ends_on": DUE + timedelta(days=9),
}


@pytest.fixture
def resting(stage):
    Alarm.objects.update(rule="C3", round_told=1)
    return stage


def ask(stage, who=None, day=DUE, **more) -> Pause:
    who = who or stage.zhao
    return pauses.ask_pause(stage.project.pk, **ASKED | more, actor=stage.actor(who), now=at(day))


def decide(stage, pause, day=DUE, **more) -> Pause:
    given = {"approve": True} | more
    return pauses.decide_pause(pause.pk, **given, actor=stage.actor(stage.li), now=at(day, 11))


def test_an_approved_pause_stops_the_deadline_and_ends_by_its_day(resting):
    pause = ask(resting)
    assert told("pause") == {"li"}
    assert only().paused_until is None
    decide(resting, pause)
    assert told("decided") == {"zhao"}
    # Friday the 13th to Friday the 20th were six working days; the pause ends on Sunday the 22nd.
    assert (only().paused_until, only().handle_by) == (date(2026, 11, 22), date(2026, 11, 30))
    assert hurried(date(2026, 12, 31)) == (0, 0)
    listed = resting.client(resting.li).get(reverse("inspection:alarms") + "?show=paused").content.decode()
    assert resting.project.name in listed
    assert pauses.keep_pauses(now=at(date(2026, 11, 22))) == (0, 0)
    assert pauses.keep_pauses(now=at(MONDAY)) == (0, 1)
    assert (only().paused_until, only().handle_by) == (None, date(2026, 11, 30))
    assert [kind for kind, _tier in steps()] == ["paused", "resumed"]
    kind = kind_named("alarm.pause")
    assert set(kind.load_many(list(kind.expected_subjects(None)))) == set(kind.expected_subjects(None))


def test_an_alarm_that_opens_during_a_pause_rests_too_and_is_not_told(resting):
    Alarm.objects.update(state="closed")
    decide(resting, ask(resting))
    Alarm.objects.update(state="open", round_told=0, round=2)
    assert pauses.keep_pauses(now=at(DUE, 12)) == (1, 0)
    assert notices.tell_alarms(now=at(DUE, 13)) == 0
    pauses.keep_pauses(now=at(MONDAY))
    assert notices.tell_alarms(now=at(MONDAY)) == 3


def test_ended_early_the_deadline_runs_on(resting):
    pause = ask(resting)
    decide(resting, pause)
    day = date(2026, 11, 17)
    pauses.end_pause(pause.pk, actor=resting.actor(resting.li), now=at(day))
    assert (only().paused_until, only().handle_by) == (None, date(2026, 11, 25))
    assert pauses.keep_pauses(now=at(day, 20)) == (0, 0)
    with pytest.raises(RuleViolation, match=r"pause\.not_running"):
        pauses.end_pause(pause.pk, actor=resting.actor(resting.li), now=at(day))


def test_late_wages_and_other_rules_never_rest(stage):
    set_parameter("alarm.pausable_rules", ["C3", "D3"], "330703")
    for rules in (["D3"], ["C3", "D3"], ["A1"], []):
        with pytest.raises(RuleViolation, match=r"pause\.rules"):
            ask(stage, rules=rules)
    decide(stage, ask(stage))
    assert only().paused_until is None
    assert Pause.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("pause.text", {"text": "台风"}),
        ("pause.reason", {"reason": "lunch"}),
        ("pause.starts_on", {"starts_on": DUE - timedelta(days=8)}),
        ("pause.starts_on", {"starts_on": DUE + timedelta(days=61), "ends_on": DUE + timedelta(days=62)}),
        ("pause.ends_on", {"ends_on": DUE - timedelta(days=1)}),
        ("pause.ends_on", {"ends_on": DUE + timedelta(days=60)}),
    ],
)
def test_refuses_a_request_that_cannot_be(stage, code, more):
    with pytest.raises(RuleViolation) as refusal:
        ask(stage, **more)
    assert refusal.value.code == code
    assert Pause.objects.count() == 0


def test_a_request_is_made_by_the_contractor_and_decided_once(stage):
    with pytest.raises(NotPermitted):
        ask(stage, who=stage.qian)
    with pytest.raises(NotFound):
        ask(stage, who=stage.kong)
    pause = ask(stage)
    with pytest.raises(RuleViolation, match=r"pause\.asked"):
        ask(stage)
    with pytest.raises(NotFound):
        pauses.decide_pause(pause.pk, approve=True, actor=stage.actor(stage.wang), now=at(DUE))
    with pytest.raises(RuleViolation, match=r"pause\.note"):
        decide(stage, pause, approve=False)
    decide(stage, pause, approve=False, note="没有停工通知")
    with pytest.raises(RuleViolation, match=r"pause\.decided"):
        decide(stage, pause)
    assert (Pause.objects.get().state, Pause.objects.get().note) == ("refused", "没有停工通知")


def test_the_pages_of_a_pause(resting):
    zhao, li = resting.client(resting.zhao), resting.client(resting.li)
    new = reverse("warnings:pause-new", args=[resting.project.pk])
    assert zhao.get(new).status_code == 200
    assert zhao.post(new, {"rules": ["C3"], "reason": "weather", "text": "短"}).status_code == 400
    today = date.today()  # noqa: DTZ011 the page reads the clock
    body = ASKED | {"starts_on": today, "ends_on": today + timedelta(days=3)}
    assert zhao.post(new, body).status_code == 302
    pause = Pause.objects.get()
    assert resting.project.name in zhao.get(reverse("warnings:pauses")).content.decode()
    assert resting.project.name in li.get(reverse("inspection:pauses")).content.decode()
    page = reverse("inspection:pause", args=[pause.pk])
    assert li.post(page, {"act": "refuse", "note": ""}).status_code == 409
    assert li.post(page, {"act": "approve"}).status_code == 302
    assert li.post(page, {"act": "end"}).status_code == 302
    assert Pause.objects.get().state == "ended"
    assert resting.client(resting.wang).get(page).status_code == 404
