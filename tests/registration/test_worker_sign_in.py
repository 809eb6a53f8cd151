"""Sign-in of workers by phone and one-time code."""

import contextlib
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from registration.models import LoginCode, SmsMessage, Worker
from registration.services.codes import (
    KNOWN_PER_HOUR,
    PER_PHONE_AND_HOUR,
    STRANGERS_PER_DAY,
    STRANGERS_PER_HOUR,
    Asker,
    check_code,
    request_code,
)
from registration.views.asking import KNOWN_COOKIE
from tests.cast import NOW, Cast, make_worker
from wagewatch.lib.errors import RuleViolation

ASK, CODE, WHICH = "/accounts/worker/", "/accounts/worker/code/", "/accounts/worker/which/"
STRANGER = "13900000000"


def last_code() -> str:
    message = SmsMessage.objects.latest("pk")
    found = re.search(r"\d{6}", str(message.text))
    assert found
    return found[0]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def asked(phone: str, now: datetime = NOW) -> str:
    request_code(phone, address="10.0.0.1", now=now)
    return last_code()


def test_a_code_lets_the_worker_in_once(cast: Cast) -> None:
    code = asked(cast.sun_phone)
    assert check_code(cast.sun_phone, code, now=NOW) == (cast.sun.pk,)
    with pytest.raises(RuleViolation, match=r"code\.spent"):
        check_code(cast.sun_phone, code, now=NOW)


def test_a_code_is_good_for_five_minutes(cast: Cast) -> None:
    code = asked(cast.sun_phone)
    with pytest.raises(RuleViolation, match=r"code\.spent"):
        check_code(cast.sun_phone, code, now=NOW + timedelta(minutes=5))
    assert LoginCode.objects.get().used_at is None


def test_five_wrong_tries_spend_the_code(cast: Cast) -> None:
    code = asked(cast.sun_phone)
    for left in (4, 3, 2, 1):
        with pytest.raises(RuleViolation) as caught:
            check_code(cast.sun_phone, other_than(code), now=NOW)
        assert (caught.value.code, caught.value.facts["left"]) == ("code.wrong", left)
    for attempt in (other_than(code), code):
        with pytest.raises(RuleViolation, match=r"code\.spent"):
            check_code(cast.sun_phone, attempt, now=NOW)
    assert LoginCode.objects.get().tries == 5


def test_a_code_is_of_no_use_for_another_phone(cast: Cast) -> None:
    suns = asked(cast.sun_phone)
    later = NOW + timedelta(minutes=2)
    if asked(cast.zhou_phone) == suns:  # once in a million: a new code for Zhou
        asked(cast.zhou_phone, now=later)
    with pytest.raises(RuleViolation, match=r"code\.wrong"):
        check_code(cast.zhou_phone, suns, now=later)


def test_a_new_code_replaces_the_old_one(cast: Cast) -> None:
    old = asked(cast.sun_phone)
    new = asked(cast.sun_phone, NOW + timedelta(seconds=61))
    if old != new:
        with pytest.raises(RuleViolation):
            check_code(cast.sun_phone, old, now=NOW + timedelta(seconds=62))
    assert check_code(cast.sun_phone, new, now=NOW + timedelta(seconds=62)) == (cast.sun.pk,)


@pytest.mark.parametrize("phone", ["13857906017", STRANGER])
def test_limits_are_the_same_for_known_and_unknown_phones(cast: Cast, phone: str) -> None:
    request_code(phone, address="10.0.0.1", now=NOW)
    with pytest.raises(RuleViolation, match=r"code\.too_soon"):
        request_code(phone, address="10.0.0.1", now=NOW + timedelta(seconds=59))
    for number in range(1, PER_PHONE_AND_HOUR):
        request_code(phone, address="10.0.0.1", now=NOW + timedelta(minutes=2 * number))
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        request_code(phone, address="10.0.0.1", now=NOW + timedelta(minutes=50))
    assert LoginCode.objects.count() == PER_PHONE_AND_HOUR


def test_one_address_cannot_ask_for_hundreds_of_phones(cast: Cast) -> None:
    for number in range(120):
        request_code(f"139{number:08d}", address="10.0.0.1", now=NOW)
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        request_code(cast.sun_phone, address="10.0.0.1", now=NOW)
    request_code(cast.sun_phone, address="10.0.0.2", now=NOW)


def test_an_unknown_phone_gets_the_same_pages_and_no_message(cast: Cast) -> None:
    known, unknown = Client(), Client()
    answers = [known.post(ASK, {"phone": cast.sun_phone}), unknown.post(ASK, {"phone": STRANGER})]
    assert [a.status_code for a in answers] == [302, 302]
    assert [a.url for a in answers] == [CODE, CODE]
    assert SmsMessage.objects.count() == 1
    code = last_code()
    wrong = [c.post(CODE, {"code": other_than(code)}) for c in (known, unknown)]
    assert wrong[0].context["form"].errors == wrong[1].context["form"].errors


def test_the_worker_walks_in_with_a_new_session_of_sixty_days(cast: Cast, client: Client) -> None:
    client.post(ASK, {"phone": "+86 138-5790-6017", "next": "/elsewhere/"})
    before = client.session.session_key
    answer = client.post(CODE, {"code": " ".join(last_code())})
    assert (answer.status_code, answer.url) == (302, "/elsewhere/")
    session = client.session
    assert session["worker_id"] == cast.sun.pk
    assert session.session_key != before
    assert session.get_expiry_age() == 60 * 24 * 3600
    assert cast.sun_phone not in str(dict(session))


def test_a_clerk_on_the_same_browser_is_signed_out(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    client.post(ASK, {"phone": cast.sun_phone})
    client.post(CODE, {"code": last_code()})
    assert "_auth_user_id" not in client.session
    assert client.session["worker_id"] == cast.sun.pk


def test_two_people_with_one_phone_are_told_apart_by_the_id_number(cast: Cast, client: Client) -> None:
    wife, _card = make_worker("李桂英", seq=432, phone=cast.sun_phone)
    client.post(ASK, {"phone": cast.sun_phone})
    assert client.post(CODE, {"code": last_code()}).url == WHICH
    assert "worker_id" not in client.session
    assert client.post(WHICH, {"tail": "9999"}).status_code == 400
    assert client.post(WHICH, {"tail": wife.id_tail.lower()}).status_code == 302
    assert client.session["worker_id"] == wife.pk


def test_three_wrong_tails_send_back_to_the_start(cast: Cast, client: Client) -> None:
    make_worker("李桂英", seq=432, phone=cast.sun_phone)
    client.post(ASK, {"phone": cast.sun_phone})
    client.post(CODE, {"code": last_code()})
    answers = [client.post(WHICH, {"tail": "9999"}).status_code for _ in range(3)]
    assert answers == [400, 400, 302]
    assert client.get(WHICH).url == ASK


def test_sessions_end_when_the_phone_on_record_changes(cast: Cast, client: Client) -> None:
    client.post(ASK, {"phone": cast.sun_phone})
    client.post(CODE, {"code": last_code()})
    assert client.get("/accounts/worker/me-probe/").wsgi_request.worker is not None  # type: ignore[attr-defined]
    Worker.objects.filter(pk=cast.sun.pk).update(phone_index=b"x" * 32)
    assert client.get("/accounts/worker/me-probe/").wsgi_request.worker is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("phone", ["", "12345", "13857906017、15857902279", "1.3E+10", "\x00", "9" * 400])
def test_refuses_what_is_no_phone_number(cast: Cast, client: Client, phone: str) -> None:
    assert client.post(ASK, {"phone": phone}).status_code == 400
    assert LoginCode.objects.count() == 0


def test_the_outbox_exists_in_the_demo_only(cast: Cast, client: Client, settings: Settings) -> None:
    asked(cast.sun_phone)
    settings.DEMO = False
    assert client.get("/accounts/outbox/").status_code == 404
    settings.DEMO = True
    page = client.get("/accounts/outbox/")
    assert page.status_code == 200
    assert last_code() in page.content.decode()
    assert cast.sun_phone not in page.content.decode()


def test_asking_twice_within_a_minute_leads_to_the_code_page(cast: Cast, client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        client.post(ASK, {"phone": cast.sun_phone})
        again = client.post(ASK, {"phone": cast.sun_phone})
    assert again.status_code == 302
    assert LoginCode.objects.count() == 1


# ---- a stranger who knows the number


def typed_wrong(client: Client, times: int) -> None:
    for _n in range(times):
        client.post(CODE, {"code": "000000"})


def test_a_stranger_neither_spends_nor_replaces_the_workers_code(cast: Cast) -> None:
    worker, stranger = Client(), Client()
    assert worker.post(ASK, {"phone": cast.sun_phone}).status_code == 302
    code = last_code()
    assert stranger.post(ASK, {"phone": cast.sun_phone}).status_code == 302  # gets a code of its own, unseen
    typed_wrong(stranger, 6)
    assert stranger.post(CODE, {"code": code}).status_code == 400  # good in the worker's browser only
    assert worker.post(CODE, {"code": code}).status_code == 302
    assert worker.session["worker_id"] == cast.sun.pk


def test_a_stranger_who_asks_again_and_again_does_not_lock_the_phone_out(cast: Cast) -> None:
    worker = Client()
    with time_machine.travel(NOW, tick=False):
        worker.post(ASK, {"phone": cast.sun_phone})
        worker.post(CODE, {"code": last_code()})
        worker.post("/accounts/sign-out/")
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        asked = [
            Client().post(ASK, {"phone": cast.sun_phone}, REMOTE_ADDR=f"203.0.113.{n % 5}").status_code
            for n in range(STRANGERS_PER_HOUR + 1)
        ]
        assert asked == [302] * STRANGERS_PER_HOUR + [400]
        assert Client().post(ASK, {"phone": cast.sun_phone}).status_code == 400  # a phone nobody knows waits
        assert worker.post(ASK, {"phone": cast.sun_phone}).status_code == 302
        assert worker.post(CODE, {"code": last_code()}).status_code == 302
    assert worker.session["worker_id"] == cast.sun.pk


def test_strangers_send_a_phone_no_more_than_thirty_codes_a_day(cast: Cast) -> None:
    taken = 0
    for hour in range(24):
        for number in range(STRANGERS_PER_HOUR):
            with contextlib.suppress(RuleViolation):
                request_code(
                    cast.sun_phone,
                    address=f"198.51.100.{number}",
                    now=NOW + timedelta(hours=hour, minutes=number),
                    asker=Asker(f"{hour}.{number}"),
                )
                taken += 1
    assert taken == STRANGERS_PER_DAY
    assert SmsMessage.objects.count() == STRANGERS_PER_DAY


def test_the_mark_of_a_known_phone_opens_nothing_and_cannot_be_made_up(cast: Cast) -> None:
    worker = Client()
    worker.post(ASK, {"phone": cast.sun_phone})
    worker.post(CODE, {"code": last_code()})
    mark = worker.cookies[KNOWN_COOKIE]
    assert (mark["httponly"], mark["samesite"]) == (True, "Lax")
    assert cast.sun_phone not in mark.value
    for value in (mark.value, mark.value[:-1] + "x", "", "x"):
        other = Client()
        other.cookies[KNOWN_COOKIE] = value
        assert other.get("/my/pay/").status_code == 302
        other.post(ASK, {"phone": cast.sun_phone})
        assert LoginCode.objects.latest("pk").is_stranger is (value != mark.value)
        other.post(ASK, {"phone": cast.zhou_phone})
        assert LoginCode.objects.latest("pk").is_stranger


def test_codes_of_a_clerk_leave_the_workers_sign_in_alone(cast: Cast) -> None:
    for number in range(PER_PHONE_AND_HOUR):
        request_code(cast.sun_phone, address="a", now=NOW + timedelta(minutes=2 * number), purpose="cash:1.1")
    at = NOW + timedelta(minutes=20)
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        request_code(cast.sun_phone, address="a", now=at, purpose="cash:1.1")
    request_code(cast.sun_phone, address="a", now=at)
    for number in range(KNOWN_PER_HOUR - PER_PHONE_AND_HOUR):
        request_code(cast.sun_phone, address="a", now=at, purpose=f"cash:2.{number}")
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        request_code(cast.sun_phone, address="a", now=at, purpose="cash:3.1")
