"""An alarm's life: taken or given, read, found true or not, measures; deadlines; what comes back by data."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.utils import InternalError
from django.urls import reverse

from inspection.models import Alarm, AlarmFlip, AlarmStep, AlarmStepFile, OfficeLead
from inspection.services import life
from inspection.services.rounds import give_missing_deadlines
from inspection.services.steps import fingerprint
from registration.models import Membership, Role
from tests.cast import build_cast, make_user
from tests.inspection.stage import DUE, at, rest_day, run, sent_sheet, set_parameters, set_slips
from tests.registration.papers import png
from wagewatch.evidence.models import Entry
from wagewatch.evidence.registry import kind_named
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

SUN, ZHOU = 792_000, 714_000
WORDS = "到工地问了 6 名工人，都没有收到 10 月工资。"


@pytest.fixture
def stage(cast):
    set_parameters()
    cast.sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    run(DUE)
    return cast


def only() -> Alarm:
    return Alarm.objects.get()


def steps() -> list[str]:
    return list(AlarmStep.objects.order_by("pk").values_list("kind", flat=True))


def take(stage, day=DUE, hour=10):
    return life.take_alarm(only().pk, actor=stage.actor(stage.li), now=at(day, hour))


def check(stage, *, is_true, day=DUE, hour=11, **more):
    alarm = only()
    given = {"text": WORDS, "seen": fingerprint(alarm)} | more
    return life.verify_alarm(
        alarm.pk, is_true=is_true, **given, actor=stage.actor(stage.li), now=at(day, hour)
    )


def test_a_yellow_alarm_is_to_be_checked_within_five_working_days(stage):
    # Friday the 13th; the weekend does not count.
    assert (only().stage, only().handle_by) == ("new", date(2026, 11, 20))


def test_a_holiday_moves_the_deadline(cast):
    set_parameters()
    rest_day(date(2026, 11, 17))
    sent_sheet(cast.sc_part, [(cast.sun_posting, SUN)])
    run(DUE)
    assert only().handle_by == date(2026, 11, 23)


def test_taken_found_true_measures_taken_and_closed_by_data(stage):
    take(stage)
    assert (only().stage, only().holder, only().handle_by) == ("read", stage.li, date(2026, 11, 20))
    check(stage, is_true=True, files=[("现场.png", png())])
    assert (only().stage, only().handle_by) == ("true", date(2026, 11, 27))
    life.record_measures(
        only().pk, text="约谈总包，承诺本周付清工资。", actor=stage.actor(stage.li), now=at(DUE, 12)
    )
    assert (only().stage, only().handle_by) == ("handled", date(2026, 11, 27))
    assert only().state == "open"
    set_slips(stage.sheet, payment="paid", state="settled")
    run(DUE + timedelta(days=3))
    assert (only().state, only().handle_by) == ("closed", None)
    assert steps() == ["taken", "true", "handled"]
    assert AlarmStepFile.objects.get().file.name == "现场.png"
    assert Entry.objects.filter(kind="alarm.step").count() == 3
    kind = kind_named("alarm.step")
    assert set(kind.load_many(list(kind.expected_subjects(None)))) == set(kind.expected_subjects(None))


def test_measures_may_name_the_day_by_which_the_data_must_show_it(stage):
    take(stage)
    check(stage, is_true=True)
    who = {"actor": stage.actor(stage.li), "now": at(DUE, 12)}
    for day in (DUE - timedelta(days=1), DUE + timedelta(days=181)):
        with pytest.raises(RuleViolation, match=r"alarm\.check_on"):
            life.record_measures(only().pk, text=WORDS, check_on=day, **who)
    assert only().stage == "true"
    life.record_measures(only().pk, text=WORDS, check_on=date(2026, 12, 1), **who)
    assert only().handle_by == date(2026, 12, 1)


def test_found_not_true_leaves_the_queue_and_comes_back_when_its_facts_change(stage):
    take(stage)
    check(stage, is_true=False)
    assert (only().stage, only().handle_by, only().state) == ("answered", None, "open")
    li = stage.client(stage.li)
    assert stage.project.name not in li.get(reverse("inspection:today")).content.decode()
    assert stage.project.name not in li.get(reverse("inspection:alarms")).content.decode()
    assert stage.project.name in li.get(reverse("inspection:alarms") + "?show=answered").content.decode()
    run(DUE + timedelta(days=2))
    assert (only().stage, only().round) == ("answered", 1)
    set_slips(stage.sheet, payment="paid", worker=stage.zhou.pk)
    run(DUE + timedelta(days=3))
    assert (only().stage, only().round, only().holder) == ("assigned", 2, stage.li)
    assert only().handle_by == date(2026, 11, 23)
    assert steps() == ["taken", "false", "returned"]
    assert stage.project.name in li.get(reverse("inspection:alarms")).content.decode()


def test_what_was_found_not_true_comes_back_when_its_level_rises(stage):
    take(stage)
    check(stage, is_true=False)
    run(DUE + timedelta(days=30))
    assert (only().level, only().stage, only().round) == (2, "assigned", 2)


def test_a_higher_level_brings_the_deadline_nearer(stage):
    Alarm.objects.update(handle_by=date(2027, 1, 1))
    run(date(2026, 12, 14))
    assert (only().level, only().handle_by) == (2, date(2026, 12, 17))


def test_a_higher_level_never_gives_more_time(stage):
    run(date(2026, 12, 14))
    assert only().handle_by == date(2026, 11, 20)


def test_opened_again_it_begins_a_new_round_with_its_inspector(stage):
    take(stage)
    check(stage, is_true=True)
    set_slips(stage.sheet, payment="paid")
    run(DUE + timedelta(days=3))
    set_slips(stage.sheet, payment="returned")
    run(DUE + timedelta(days=4))
    alarm = only()
    assert (alarm.state, alarm.stage, alarm.round, alarm.holder) == ("open", "assigned", 2, stage.li)
    assert alarm.handle_by == date(2026, 11, 24)
    assert AlarmFlip.objects.filter(kind="reopened").count() == 1


def test_what_has_no_deadline_yet_gets_one(stage):
    Alarm.objects.update(handle_by=None)
    assert give_missing_deadlines(now=at(DUE)) == 1
    assert only().handle_by == date(2026, 11, 20)
    assert give_missing_deadlines(now=at(DUE)) == 0


def test_only_its_holder_checks_it(stage):
    with pytest.raises(RuleViolation, match=r"alarm\.nobodys"):
        check(stage, is_true=True)
    second = make_user("li2", "林芳", Role.INSPECTOR, stage.authority)
    life.take_alarm(only().pk, actor=stage.actor(second), now=at(DUE))
    with pytest.raises(RuleViolation, match=r"alarm\.others"):
        check(stage, is_true=True)
    with pytest.raises(RuleViolation, match=r"alarm\.taken"):
        take(stage)
    assert steps() == ["taken"]


def test_refuses_a_check_on_data_that_changed_meanwhile(stage):
    take(stage)
    seen = fingerprint(only())
    set_slips(stage.sheet, payment="paid", worker=stage.zhou.pk)
    run(DUE + timedelta(days=3))
    with pytest.raises(RuleViolation, match=r"alarm\.changed"):
        check(stage, is_true=False, seen=seen)
    assert (only().stage, steps()) == ("read", ["taken"])


def test_refuses_a_check_without_words_or_with_a_file_that_is_no_picture(stage):
    take(stage)
    with pytest.raises(RuleViolation, match=r"alarm\.text"):
        check(stage, is_true=True, text="是的")
    with pytest.raises(Malformed, match=r"file\.kind"):
        check(stage, is_true=True, files=[("a.png", b"MZ")])
    with pytest.raises(RuleViolation, match=r"alarm\.files"):
        check(stage, is_true=True, files=[("a.png", png())] * 7)
    assert (only().stage, steps(), AlarmStepFile.objects.count()) == ("read", ["taken"], 0)


def test_is_checked_once_and_nothing_is_done_to_a_closed_alarm(stage):
    take(stage)
    with pytest.raises(RuleViolation, match=r"alarm\.unchecked"):
        life.record_measures(only().pk, text=WORDS, actor=stage.actor(stage.li), now=at(DUE))
    check(stage, is_true=True)
    with pytest.raises(RuleViolation, match=r"alarm\.checked"):
        check(stage, is_true=False)
    Alarm.objects.update(state="closed")
    with pytest.raises(RuleViolation, match=r"alarm\.closed"):
        life.record_measures(only().pk, text=WORDS, actor=stage.actor(stage.li), now=at(DUE))
    assert steps() == ["taken", "true"]


def test_a_lead_gives_it_and_the_reader_is_noted_once(stage):
    second = make_user("li2", "林芳", Role.INSPECTOR, stage.authority)
    lead = Membership.objects.get(user=second)
    OfficeLead.objects.create(membership=lead, named_at=at(DUE))
    pk = only().pk
    with pytest.raises(NotPermitted):
        life.give_alarm(pk, stage.li.pk, actor=stage.actor(stage.li), now=at(DUE))
    life.give_alarm(pk, stage.li.pk, actor=stage.actor(second), now=at(DUE))
    assert (only().stage, only().holder) == ("assigned", stage.li)
    page = reverse("inspection:alarm", args=[pk])
    assert stage.client(second).get(page).status_code == 200
    assert only().stage == "assigned"
    assert stage.client(stage.li).get(page).status_code == 200
    assert stage.client(stage.li).get(page).status_code == 200
    assert (only().stage, steps()) == ("read", ["assigned", "read"])
    # Its holder may hand it on.
    life.give_alarm(pk, second.pk, actor=stage.actor(stage.li), now=at(DUE))
    assert only().holder == second


def test_the_operator_names_and_ends_leads(stage):
    second = make_user("li2", "林芳", Role.INSPECTOR, stage.authority)
    assert life.may_give(stage.actor(second))
    call_command("name_lead", "li")
    call_command("name_lead", "li")
    assert OfficeLead.objects.count() == 1
    assert life.may_give(stage.actor(stage.li))
    assert not life.may_give(stage.actor(second))
    assert life.may_give(stage.actor(stage.wang))
    call_command("name_lead", "li", "--end")
    assert life.may_give(stage.actor(second))
    with pytest.raises(CommandError):
        call_command("name_lead", "zhao")


def test_goes_only_to_inspectors_of_the_region_and_line(stage):
    for stranger in (stage.wang, stage.zhao):
        with pytest.raises(RuleViolation, match=r"alarm\.to"):
            life.give_alarm(only().pk, stranger.pk, actor=stage.actor(stage.li), now=at(DUE))
    assert steps() == []


def test_nobody_else_acts(stage):
    pk = only().pk
    for who in (stage.wang, stage.zhao, stage.officer):
        with pytest.raises(NotFound):
            life.take_alarm(pk, actor=stage.actor(who), now=at(DUE))
    assert steps() == []


def test_several_are_given_at_once_and_those_taken_stay(stage):
    sent_sheet(stage.gc_part, [(stage.sun_posting, 1_000)], month=date(2026, 9, 1), due_on=date(2026, 10, 15))
    run(DUE)
    second = make_user("li2", "林芳", Role.INSPECTOR, stage.authority)
    first, other = Alarm.objects.order_by("period")
    life.take_alarm(first.pk, actor=stage.actor(second), now=at(DUE))
    client = stage.client(stage.li)
    answer = client.post(
        reverse("inspection:alarms-give"),
        {"alarm": [first.pk, other.pk, "x", 10**17], "act": "take", "back": "level=yellow"},
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith("/alarms/?level=yellow")
    assert list(Alarm.objects.order_by("period").values_list("holder", flat=True)) == [second.pk, stage.li.pk]
    page = client.get(answer["Location"]).content.decode()
    assert "林芳" in page
    assert AlarmStep.objects.count() == 2


def test_steps_are_append_only(stage):
    take(stage)
    with pytest.raises(InternalError):
        AlarmStep.objects.update(kind="read")


def test_the_page_offers_the_next_act_and_keeps_what_was_refused(stage):
    client = stage.client(stage.li)
    page = reverse("inspection:alarm", args=[only().pk])
    assert b'value="take"' in client.get(page).content
    assert client.post(page, {"act": "take"}).status_code == 302
    shown = client.get(page).content.decode()
    assert 'value="verify"' in shown
    assert 'value="take"' not in shown
    seen = fingerprint(only())
    refused = client.post(page, {"act": "verify", "verdict": "true", "text": "短", "seen": seen})
    assert refused.status_code == 400
    assert "短" in refused.content.decode()
    assert (
        client.post(page, {"act": "verify", "verdict": "true", "text": WORDS, "seen": seen}).status_code
        == 302
    )
    shown = client.get(page).content.decode()
    assert WORDS in shown
    assert 'value="handle"' in shown


def test_a_paper_opens_for_those_within_reach_only(stage):
    take(stage)
    check(stage, is_true=True, files=[("a.png", png())])
    paper = AlarmStepFile.objects.get()
    address = reverse("inspection:alarm-file", args=[only().pk, "step", paper.pk])
    assert stage.client(stage.li).get(address)["Content-Type"] == "image/png"
    for who in (stage.wang, stage.zhao):
        assert stage.client(who).get(address).status_code == 404
    assert (
        stage.client(stage.li)
        .get(reverse("inspection:alarm-file", args=[only().pk, "answer", 1]))
        .status_code
        == 404
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_gets_it():
    cast = build_cast()
    set_parameters()
    sent_sheet(cast.sc_part, [(cast.sun_posting, SUN)])
    run(DUE)
    second = make_user("li2", "林芳", Role.INSPECTOR, cast.authority)
    pk = only().pk

    def grab(actor):
        try:
            life.take_alarm(pk, actor=actor, now=at(DUE))
            return "got it"
        except RuleViolation as refusal:
            return refusal.code
        finally:
            connections.close_all()

    actors = [cast.actor(cast.li), cast.actor(second)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(grab, actors)) == ["alarm.taken", "got it"]
    assert steps() == ["taken"]
    assert connection.vendor == "postgresql"
