"""Who is told of an alarm, once; the inbox, messages, the daily summary; what firms see and answer."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from inspection.models import Alarm, AlarmAnswer, MailMessage, Notice
from inspection.services import life, notices
from inspection.services.answers import answer_alarm
from inspection.services.mail import send_letters
from registration.models import Authority, Role, SmsMessage, User
from tests.cast import make_user
from tests.inspection.stage import DUE, at, run, sent_sheet, set_parameters, set_slips
from tests.registration.papers import png
from wagewatch.evidence.registry import kind_named
from wagewatch.lib.errors import NotFound, RuleViolation

SUN, ZHOU = 792_000, 714_000
LATE = timedelta(days=30)


@pytest.fixture
def stage(cast):
    cache.clear()
    set_parameters()
    cast.sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    for user, phone in ((cast.zhao, "13857900001"), (cast.he, "13857900002")):
        user.phone = phone
        user.save()
    run(DUE)
    return cast


def only() -> Alarm:
    return Alarm.objects.get()


def told(**which) -> set[str]:
    return set(Notice.objects.filter(**which).values_list("user__username", flat=True))


def tell(day=DUE, hour=10) -> int:
    return notices.tell_alarms(now=at(day, hour))


def test_yellow_is_told_to_contractor_and_clerks_once(stage):
    assert tell() == 3
    assert told() == {"zhao", "he", "qian_sc"}
    assert tell() == 0
    assert SmsMessage.objects.filter(kind="alarm").count() == 2
    assert (only().round_told, only().told_level) == (1, 1)
    words = {str(one.text) for one in SmsMessage.objects.filter(kind="alarm")}
    assert len(words) == 1
    text = words.pop()
    for secret in (stage.project.name, "7920", "15060", "孙"):
        assert secret not in text


def test_orange_is_told_to_owner_and_office_too_and_red_to_the_line(stage):
    housing = Authority.objects.create(name="金东区住建局", kind="housing", region_id="330703")
    make_user("house", "方正", Role.INSPECTOR, housing)
    tell()
    run(DUE + LATE)
    tell(DUE + LATE)
    assert told(level=2) == {"zhao", "he", "qian_sc", "ye", "li"}
    run(DUE + 2 * LATE)
    tell(DUE + 2 * LATE)
    assert told(level=3) == {"zhao", "he", "qian_sc", "ye", "li", "house"}
    assert Notice.objects.count() == 14


def test_a_fall_and_a_rise_in_one_round_are_told_once(stage):
    tell()
    Alarm.objects.update(level=2)
    tell()
    Alarm.objects.update(level=1)
    tell()
    Alarm.objects.update(level=2)
    assert tell() == 0
    assert only().told_level == 2


def test_a_new_round_is_told_again(stage):
    tell()
    set_slips(stage.sheet, payment="paid")
    run(DUE + timedelta(days=3))
    set_slips(stage.sheet, payment="returned")
    run(DUE + timedelta(days=4))
    assert tell(DUE + timedelta(days=4)) == 3
    assert Notice.objects.count() == 6


def test_what_was_killed_half_way_is_told_again_and_only_once(stage):
    class Killed(Exception):
        pass

    try:
        with transaction.atomic():
            tell()
            raise Killed
    except Killed:
        pass
    assert Notice.objects.count() == 0
    assert tell() == 3
    # Even if the mark on the alarm were lost, nobody hears it twice.
    Alarm.objects.update(round_told=0)
    assert tell() == 0
    assert SmsMessage.objects.filter(kind="alarm").count() == 2
    assert Notice.objects.count() == 3


def test_the_inbox_counts_opens_and_reads(stage):
    tell()
    client = stage.client(stage.zhao)
    assert notices.unread(stage.zhao.pk) == 1
    page = client.get(reverse("notices:list"))
    assert stage.project.name in page.content.decode()
    one = Notice.objects.get(user=stage.zhao)
    answer = client.get(reverse("notices:open", args=[one.pk]))
    assert answer["Location"] == reverse("warnings:alarm", args=[only().pk])
    one.refresh_from_db()
    assert one.read_at is not None
    cache.clear()  # what is remembered is forgotten on commit, which a test never reaches
    assert notices.unread(stage.zhao.pk) == 0
    other = Notice.objects.get(user=stage.he)
    assert client.get(reverse("notices:open", args=[other.pk])).status_code == 404
    assert client.post(reverse("notices:read-all")).status_code == 302
    other.refresh_from_db()
    assert other.read_at is None


def test_looking_at_the_warning_counts_as_read_and_the_office_sees_who_read(stage):
    tell()
    client = stage.client(stage.he)
    assert client.get(reverse("warnings:alarm", args=[only().pk])).status_code == 200
    assert Notice.objects.get(user=stage.he).read_at is not None
    rows = {row["name"]: row["read"] is not None for row in notices.told_of(only())}
    assert rows == {"何建平": True, "赵春燕": False, "钱文娟": False}
    page = stage.client(stage.li).get(reverse("inspection:notice-log"))
    assert "何建平" in page.content.decode()
    assert "何建平" not in stage.client(stage.wang).get(reverse("inspection:notice-log")).content.decode()


def test_letters_go_out_once_and_wait_while_the_server_is_away(stage, settings, monkeypatch):
    settings.WAGEWATCH_MAIL_FROM = "office@example.org"
    who = {"actor": stage.actor(stage.zhao), "now": at(DUE)}
    with pytest.raises(RuleViolation, match=r"notice\.mail"):
        notices.choose(by_sms=True, by_mail=True, mail="zhao", daily=False, **who)
    notices.choose(by_sms=False, by_mail=True, mail="zhao@example.org", daily=False, **who)
    tell()
    assert MailMessage.objects.count() == 1
    assert SmsMessage.objects.filter(kind="alarm").count() == 1

    def away(self, **_more):
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        assert send_letters(now=at(DUE)) == 0
    assert MailMessage.objects.get().state == "waiting"
    assert send_letters(now=at(DUE)) == 1
    assert send_letters(now=at(DUE)) == 0
    (letter,) = mail.outbox
    assert letter.to == ["zhao@example.org"]
    assert letter.extra_headers["Message-ID"] == f"<notice-{MailMessage.objects.get().pk}@example.org>"
    assert stage.project.name not in letter.body


def test_the_daily_summary_holds_back_all_but_red(stage):
    who = {"actor": stage.actor(stage.zhao), "now": at(DUE)}
    notices.choose(by_sms=True, by_mail=False, mail="", daily=True, **who)
    tell()
    phones = [str(one.phone) for one in SmsMessage.objects.filter(kind="alarm")]
    assert phones == ["13857900002"]
    assert notices.summarise(now=at(DUE, 7)) == 0
    assert notices.summarise(now=at(DUE, 12)) == 1
    assert notices.summarise(now=at(DUE, 13)) == 0
    assert SmsMessage.objects.filter(kind="alarm", dedupe_key__startswith="summary:").count() == 1
    Alarm.objects.update(level=3)
    tell(DUE, 14)
    assert SmsMessage.objects.filter(kind="alarm").count() == 4  # zhao's summary; he's two; zhao's red one


def test_firms_see_what_they_were_told_of_and_no_more(stage):
    pk = only().pk
    address = reverse("warnings:alarm", args=[pk])
    assert stage.client(stage.zhao).get(address).status_code == 404
    tell()
    shown = {
        who.username: stage.client(who).get(address).status_code
        for who in (stage.zhao, stage.he, stage.qian, stage.ye, stage.kong)
    }
    assert shown == {"zhao": 200, "he": 200, "qian_sc": 200, "ye": 404, "kong": 404}
    assert stage.client(stage.li).get(address).status_code == 404
    assert "¥15,060.00" in stage.client(stage.zhao).get(address).content.decode()
    assert "¥15,060.00" not in stage.client(stage.qian).get(address).content.decode()
    Alarm.objects.update(level=2)
    tell()
    assert stage.client(stage.ye).get(address).status_code == 200
    assert stage.project.name in stage.client(stage.ye).get(reverse("warnings:list")).content.decode()
    assert stage.project.name not in stage.client(stage.kong).get(reverse("warnings:list")).content.decode()


def test_an_answer_stands_on_the_offices_page_and_tells_its_inspector(stage):
    tell()
    pk = only().pk
    life.take_alarm(pk, actor=stage.actor(stage.li), now=at(DUE))
    client = stage.client(stage.qian)
    address = reverse("warnings:alarm", args=[pk])
    assert client.post(address, {"text": "  "}).status_code == 400
    assert AlarmAnswer.objects.count() == 0
    assert client.post(address, {"text": "本周五补发，见回单。"}).status_code == 302
    assert "本周五补发" in client.get(address).content.decode()
    assert "本周五补发" in stage.client(stage.li).get(reverse("inspection:alarm", args=[pk])).content.decode()
    assert told(kind="answered") == {"li"}
    kind = kind_named("alarm.answer")
    assert set(kind.load_many(list(kind.expected_subjects(None)))) == set(kind.expected_subjects(None))


def test_the_paper_of_an_answer_is_for_those_who_may_see_it(stage):
    tell()
    pk = only().pk
    given = answer_alarm(pk, text="回单", file=("a.png", png()), actor=stage.actor(stage.zhao), now=at(DUE))
    address = reverse("warnings:file", args=[pk, given.pk])
    codes = {w.username: stage.client(w).get(address).status_code for w in (stage.he, stage.qian, stage.kong)}
    assert codes == {"he": 200, "qian_sc": 404, "kong": 404}
    office = reverse("inspection:alarm-file", args=[pk, "answer", given.pk])
    assert stage.client(stage.li).get(office).status_code == 200


def test_outsiders_and_closed_alarms_get_no_answer(stage):
    tell()
    pk = only().pk
    with pytest.raises(NotFound):
        answer_alarm(pk, text="不是我们", actor=stage.actor(stage.kong), now=at(DUE))
    Alarm.objects.update(state="closed")
    with pytest.raises(RuleViolation, match=r"answer\.closed"):
        answer_alarm(pk, text="已付", actor=stage.actor(stage.zhao), now=at(DUE))
    assert AlarmAnswer.objects.count() == 0


def test_who_is_given_an_alarm_is_told(stage):
    second = make_user("li2", "林芳", Role.INSPECTOR, stage.authority)
    life.give_alarm(only().pk, second.pk, actor=stage.actor(stage.li), now=at(DUE))
    assert told(kind="given") == {"li2"}


def test_everybody_says_how_to_be_told(stage):
    client = stage.client(stage.zhao)
    page = reverse("notices:choice")
    assert client.get(page).status_code == 200
    assert client.post(page, {"by_mail": "on", "mail": "nowhere"}).status_code == 400
    assert client.post(page, {"daily": "on"}).status_code == 302
    choice = User.objects.get(pk=stage.zhao.pk).notice_choice
    assert (choice.by_sms, choice.by_mail, choice.daily) == (False, False, True)
    assert date(2026, 11, 13) == DUE
