"""Cases that begin with an alarm: opened once, shown on both pages, and rests that keep the days left."""

import threading
from datetime import date

import pytest
from django.db import connections
from django.urls import reverse

from inspection.http import counts_of
from inspection.models import Alarm, Case, CaseAlarm
from inspection.services import case_acceptance, case_alarms, case_time
from inspection.services.case_alarms import add_alarm, open_from_alarm, topic_of
from tests.cast import Cast
from tests.inspection.cases import accepted, later, second
from tests.inspection.stage import set_parameters
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

SAID = "九月工资到期未付，涉及三人。"


@pytest.fixture(autouse=True)
def _plain_papers(plain_papers: None) -> None:
    """What the documents look like: test_case_papers.py."""


def alarm(cast: Cast, rule: str = "D3", **more: object) -> Alarm:
    facts = {"period": "2026-09", "level": 2, "due_on": date(2026, 10, 14), "amount_fen": 900_000, "people": 3,
             "opened_at": cast.now, "changed_at": cast.now, "facts": {}}  # fmt: skip
    return Alarm.objects.create(project=cast.project, rule=rule, **(facts | more))


def test_a_case_opened_from_an_alarm_carries_what_it_says(cast: Cast) -> None:
    found, li = alarm(cast), cast.actor(cast.li)
    case = open_from_alarm(found.pk, text=SAID, people=3, actor=li, now=cast.now)
    assert (case.origin, case.topic, case.project_id, case.people, case.state) == (
        "own", "unpaid", cast.project.pk, 3, "new",
    )  # fmt: skip
    assert [step.kind for step in case.steps.order_by("number")] == ["taken", "note", "alarm"]
    link = CaseAlarm.objects.get()
    assert (link.case_id, link.alarm_id, link.linked_by_id) == (case.pk, found.pk, cast.li.pk)


def test_refuses_a_second_open_case_and_a_closed_alarm(cast: Cast) -> None:
    found, li = alarm(cast), cast.actor(cast.li)
    case = open_from_alarm(found.pk, text=SAID, people=3, actor=li, now=cast.now)
    with pytest.raises(RuleViolation, match=r"case\.alarm_has_one"):
        open_from_alarm(found.pk, text=SAID, people=3, actor=li, now=cast.now)
    case_acceptance.refuse_case(case.pk, reason="与另案为同一事实，不再立案。", actor=li, now=cast.now)
    open_from_alarm(found.pk, text=SAID, people=3, actor=li, now=cast.now)
    over = alarm(cast, "D2", state="closed", closed_at=cast.now)
    with pytest.raises(RuleViolation, match=r"alarm\.closed"):
        open_from_alarm(over.pk, text=SAID, people=3, actor=li, now=cast.now)
    with pytest.raises(Malformed, match=r"case\.people"):
        open_from_alarm(alarm(cast, "D1").pk, text=SAID, people=0, actor=li, now=cast.now)
    assert Case.objects.count() == 2


def test_outsiders_open_none(cast: Cast) -> None:
    found = alarm(cast)
    for who in (cast.wang, cast.zhao, cast.qian):
        with pytest.raises((NotFound, NotPermitted)):
            open_from_alarm(found.pk, text=SAID, people=3, actor=cast.actor(who), now=cast.now)
        assert cast.client(who).get(reverse("inspection:alarm-case", args=[found.pk])).status_code == 404
    assert not Case.objects.exists()


def test_another_alarm_of_the_site_is_put_to_the_case_once(cast: Cast) -> None:
    set_parameters()
    case, li = accepted(cast), cast.actor(cast.li)
    first, elsewhere = alarm(cast, "D2"), alarm(cast, "D1")
    Alarm.objects.filter(pk=elsewhere.pk).update(state="closed", closed_at=cast.now)
    add_alarm(case.pk, alarm_id=first.pk, actor=li, now=cast.now)
    for wrong in (first.pk, elsewhere.pk, 0):
        with pytest.raises(Malformed, match=r"case\.alarm"):
            add_alarm(case.pk, alarm_id=wrong, actor=li, now=cast.now)
    assert CaseAlarm.objects.count() == 1
    assert case_alarms.alarms_to_add(case) == []


def test_both_pages_show_each_other(cast: Cast) -> None:
    set_parameters()
    found, client = alarm(cast), cast.client(cast.li)
    address = reverse("inspection:alarm-case", args=[found.pk])
    page = client.get(reverse("inspection:alarm", args=[found.pk])).content.decode()
    assert address in page
    form = client.get(address).context["form"]
    assert form.initial["people"] == 3
    assert form.initial["text"]
    assert client.post(address, {"text": "短", "people": "3"}).status_code == 400
    sent = client.post(address, {"text": SAID, "people": "3"}, follow=True)
    case = Case.objects.get()
    assert reverse("inspection:alarm", args=[found.pk]) in sent.content.decode()
    page = client.get(reverse("inspection:alarm", args=[found.pk])).content.decode()
    assert case.number in page
    assert address not in page, "an open case deals with it"


@pytest.mark.parametrize(
    ("rule", "topic"), [("D3", "unpaid"), ("D8", "cash"), ("C2", "contract"), ("A3", "other")]
)
def test_what_a_case_is_about_by_rule(rule: str, topic: str) -> None:
    assert topic_of(rule) == topic


def test_the_menu_counts_the_own_cases_and_those_past_their_deadline(cast: Cast) -> None:
    set_parameters()
    accepted(cast)
    late = accepted(cast)
    Case.objects.filter(pk=late.pk).update(due_on=date(2020, 1, 2))
    counts = counts_of(cast.actor(cast.li), cast.today)
    assert (counts["cases"], counts["cases_late"]) == (2, 1)
    assert counts_of(cast.actor(second(cast)), cast.today)["cases"] == 0


def test_a_rest_while_deciding_keeps_the_days_that_were_left(cast: Cast) -> None:
    """15 working days to decide from Monday 16 November end on 7 December; ten are left on the 23rd."""
    set_parameters()
    case, li = accepted(cast), cast.actor(cast.li)
    case = case_time.finish_investigation(case.pk, findings="欠薪属实，单位承认。", actor=li, now=cast.now)
    assert case.due_on == date(2026, 12, 7)
    case = case_time.suspend_case(case.pk, reason="负责人失联无法送达", **later(cast, li, 7))
    assert (case.left_wd, case.due_on) == (10, None)
    case = case_time.resume_case(case.pk, **later(cast, li, 21))
    assert (case.state, case.due_on, case.investigated_on) == (
        "deciding",
        date(2026, 12, 21),
        date(2026, 11, 16),
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_a_case_at_once_one_does(cast: Cast) -> None:
    set_parameters()
    found = alarm(cast)
    start, refused = threading.Barrier(2), []

    def send() -> None:
        try:
            start.wait()
            open_from_alarm(found.pk, text=SAID, people=3, actor=cast.actor(cast.li), now=cast.now)
        except RuleViolation as refusal:
            refused.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["case.alarm_has_one"]
    assert Case.objects.count() == 1
