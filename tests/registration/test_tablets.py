"""A site's shared tablet: set up by the clerk, entered by card or number and code, left, limited, written down."""

import json
import threading
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from devices.edge.drivers.idcard import card_fields
from devices.simulators.persons import person as invented_person
from registration.models import (
    CardRead,
    LoginCode,
    Posting,
    SensitiveView,
    SiteTablet,
    SmsMessage,
    TabletVisit,
    Worker,
    WorkerDevice,
)
from registration.services import tablets
from tests.cast import NOW, Cast, make_posting
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

DOOR, PAY = "/accounts/tablet/", "/my/pay/"


def set_up(cast: Cast, *, reader: str = "") -> tuple[Client, SiteTablet]:
    """Clerk Zhao makes a browser a tablet of the site."""
    client = cast.client(cast.zhao)
    answer = client.post(
        reverse("registration:tablet-make", args=[cast.project.pk]), {"name": "生活区门口", "reader": reader}
    )
    assert (answer.status_code, answer.url) == (302, DOOR)
    return client, SiteTablet.objects.latest("pk")


def lay_down(
    cast: Cast, worker: Worker, *, at: datetime = NOW, key: str = "c1", reader: str = "R1"
) -> CardRead:
    """The worker's card on the site's reader."""
    data = card_fields(invented_person(7).card) | {"number": str(worker.id_number), "name": worker.name}
    return CardRead.objects.create(
        project=cast.project, key=key, reader=reader, data=json.dumps(data), read_at=at, received_at=at
    )


def code_for(cast: Cast, worker: Worker, *, now: datetime = NOW) -> str:
    return tablets.hand_out_code(cast.project.pk, worker.pk, actor=cast.actor(cast.qian), now=now)


def by_code(client: Client, worker: Worker, code: str) -> int:
    answer = client.post(DOOR, {"way": "code", "id_number": str(worker.id_number), "code": code})
    return answer.status_code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_clerk_is_signed_out_where_a_tablet_is_made(cast: Cast) -> None:
    client, tablet = set_up(cast)
    assert "_auth_user_id" not in client.session
    cookie = client.cookies[tablets.COOKIE]
    assert cookie["httponly"]
    secret = cookie.value.split(".")[2]
    assert secret.encode() not in bytes(tablet.secret_hash)
    assert (tablet.project_id, tablet.made_by_id) == (cast.project.pk, cast.zhao.pk)


def test_a_worker_without_a_phone_comes_in_by_the_card_on_the_reader(cast: Cast) -> None:
    Worker.objects.filter(pk=cast.sun.pk).update(phone=None, phone_index=None)
    with time_machine.travel(NOW, tick=False):
        client, tablet = set_up(cast)
        lay_down(cast, cast.sun)
        assert client.post(DOOR, {"way": "card"}).status_code == 302
        page = client.get(PAY)
    assert page.status_code == 200
    assert cast.sun.name in page.content.decode()
    visit = TabletVisit.objects.get()
    assert (visit.tablet_id, visit.worker_id, visit.way, visit.ended_at) == (
        tablet.pk,
        cast.sun.pk,
        "card",
        None,
    )
    assert not CardRead.objects.exists(), "a read is good once"
    assert not WorkerDevice.objects.exists(), "a tablet is nobody's phone"


def test_a_card_of_more_than_a_minute_ago_lets_nobody_in(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        lay_down(cast, cast.sun, at=NOW - timedelta(seconds=61))
        assert client.post(DOOR, {"way": "card"}).status_code == 400
    assert "worker_id" not in client.session
    assert CardRead.objects.count() == 1, "it waits for the clerk's desk"


def test_a_card_on_another_reader_of_the_site_lets_nobody_in(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast, reader="R2")
        lay_down(cast, cast.sun, reader="R1")
        assert client.post(DOOR, {"way": "card"}).status_code == 400
        lay_down(cast, cast.zhou, reader="R2", key="c2")
        assert client.post(DOOR, {"way": "card"}).status_code == 302
        assert client.session["worker_id"] == cast.zhou.pk


def test_number_and_code_let_in_once(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        code = code_for(cast, cast.sun)
        assert by_code(client, cast.zhou, code) == 400, "another's code"
        assert by_code(client, cast.sun, code) == 302
        client.post(reverse("accounts:sign-out"))
        assert by_code(client, cast.sun, code) == 400, "used"
    assert "worker_id" not in client.session
    ways = TabletVisit.objects.order_by("pk").values_list("worker_id", "ended")
    assert list(ways) == [(cast.zhou.pk, "refused"), (cast.sun.pk, "done"), (cast.sun.pk, "refused")]


def test_a_code_is_good_for_ten_minutes_and_five_tries(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        first = code_for(cast, cast.sun)
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert by_code(client, cast.sun, first) == 400
        second = code_for(cast, cast.sun, now=NOW + timedelta(minutes=10))
        assert [by_code(client, cast.sun, wrong(second)) for _ in range(5)] == [400] * 5
        assert by_code(client, cast.sun, second) == 400, "locked after five tries"
    assert LoginCode.objects.filter(used_at__isnull=False).count() == 0


def test_a_code_of_this_site_is_of_no_use_on_another_and_not_for_the_phone(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        code = code_for(cast, cast.sun)
        other = cast.client(cast.kong)
        other.post(reverse("registration:tablet-make", args=[cast.other_project.pk]), {"name": "门卫室"})
        assert by_code(other, cast.sun, code) == 400
        phone = Client()
        phone.post("/accounts/worker/", {"phone": cast.sun_phone})
        assert phone.post("/accounts/worker/code/", {"code": code}).status_code == 400


def test_the_answer_is_the_same_for_a_number_that_nobody_has(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        code_for(cast, cast.sun)
        answers = [
            client.post(DOOR, {"way": "code", "id_number": number, "code": "000000"}).context["error"]
            for number in ("110101199001010011", str(cast.wu.id_number), str(cast.zhou.id_number))
        ]
    assert len(set(answers)) == 1


def test_ten_refusals_close_the_tablet_for_a_quarter_of_an_hour(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, tablet = set_up(cast)
        for number in range(10):
            with pytest.raises(RuleViolation, match=r"tablet\.wrong"):
                tablets.enter_tablet(tablet, {"way": "code", "id_number": f"x{number}", "code": "1"}, now=NOW)
        code = code_for(cast, cast.sun)
        with pytest.raises(RuleViolation, match=r"tablet\.wait"):
            tablets.enter_tablet(
                tablet, {"way": "code", "id_number": str(cast.sun.id_number), "code": code}, now=NOW
            )
        assert TabletVisit.objects.count() == 10
    later = NOW + timedelta(minutes=15, seconds=1)
    with time_machine.travel(later, tick=False):
        assert by_code(client, cast.sun, code_for(cast, cast.sun, now=later)) == 302


def test_who_leaves_it_alone_for_two_minutes_is_out(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        by_code(client, cast.sun, code_for(cast, cast.sun))
    with time_machine.travel(NOW + timedelta(seconds=110), tick=False):
        assert client.get(reverse("accounts:tablet-here")).status_code == 204
    with time_machine.travel(NOW + timedelta(seconds=220), tick=False):
        assert client.get(PAY).status_code == 200
    with time_machine.travel(NOW + timedelta(seconds=340), tick=False):
        answer = client.get(PAY)
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, DOOR)
        assert client.get(reverse("accounts:tablet-here")).status_code == 410
    assert "worker_id" not in client.session
    assert TabletVisit.objects.get().ended == "idle"


def test_nobody_sits_there_for_longer_than_twenty_minutes(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        by_code(client, cast.sun, code_for(cast, cast.sun))
    for minute in range(1, 21):
        with time_machine.travel(NOW + timedelta(minutes=minute), tick=False):
            status = client.get(PAY).status_code
            assert status == (200 if minute < 20 else 302), minute


def test_the_door_signs_out_and_the_next_one_sees_nothing(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        by_code(client, cast.sun, code_for(cast, cast.sun))
        page = client.get(PAY)
        assert page["X-Worker-Pages"] == "none", "a shared tablet keeps nobody's pages"
        assert "no-store" in page["Cache-Control"]
        assert "data-owner" not in page.content.decode()
        answer = client.get(DOOR)
        assert (answer.status_code, answer["Clear-Site-Data"]) == (302, '"cache"')
        assert client.get(PAY).status_code == 302
        by_code(client, cast.zhou, code_for(cast, cast.zhou))
        page = client.get("/me/").content.decode()
        assert cast.zhou.name in page
        assert cast.sun.name not in page


def test_a_tablet_out_of_use_lets_nobody_in_and_puts_out_who_sits_there(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, tablet = set_up(cast)
        by_code(client, cast.sun, code_for(cast, cast.sun))
        tablets.end_tablet(cast.project.pk, tablet.pk, actor=cast.actor(cast.qian), now=NOW)
        assert client.get(PAY).status_code == 302
        assert by_code(client, cast.sun, code_for(cast, cast.sun)) == 200
        assert "worker_id" not in client.session


def test_a_forged_cookie_is_no_tablet(cast: Cast) -> None:
    client, tablet = set_up(cast)
    project, pk, secret = client.cookies[tablets.COOKIE].value.split(".")
    for cookie in (
        "",
        "1",
        "..",
        f"{project}.{pk}.x",
        f"{cast.other_project.pk}.{pk}.{secret}",
        f"{'9' * 60}.1.x",
    ):
        assert tablets.tablet_of_cookie(cookie) is None, cookie
    assert tablets.tablet_of_cookie(f"{project}.{pk}.{secret}") == tablet


def test_a_code_is_handed_out_by_the_clerk_of_the_site_and_written_down(cast: Cast) -> None:
    for who, refusal in ((cast.kong, NotFound), (cast.he, NotPermitted), (cast.li, NotPermitted)):
        with pytest.raises(refusal):
            tablets.hand_out_code(cast.project.pk, cast.sun.pk, actor=cast.actor(who), now=NOW)
    with pytest.raises(NotFound):
        tablets.hand_out_code(cast.project.pk, cast.wu.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert not LoginCode.objects.exists()
    code = code_for(cast, cast.sun)
    look = SensitiveView.objects.get()
    assert (look.user_id, look.worker_id, look.fields) == (cast.qian.pk, cast.sun.pk, "tablet code")
    told = SmsMessage.objects.get()
    assert (told.kind, told.phone) == ("tablet_code", cast.sun_phone)
    assert code not in str(told.text)
    assert cast.sun.name not in str(told.text)


def test_six_codes_an_hour_for_one_person(cast: Cast) -> None:
    for _time in range(6):
        code_for(cast, cast.sun)
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        code_for(cast, cast.sun)
    assert LoginCode.objects.count() == 6
    code_for(cast, cast.zhou)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_use_one_code_once(transactional_db: None) -> None:
    from tests.cast import build_cast

    cast = build_cast()
    tablet, _cookie = tablets.make_tablet(cast.project.pk, "食堂", "", actor=cast.actor(cast.zhao), now=NOW)
    typed = {"way": "code", "id_number": str(cast.sun.id_number), "code": code_for(cast, cast.sun)}
    got: list[str] = []

    def press() -> None:
        try:
            tablets.enter_tablet(tablet, typed, now=NOW)
            got.append("in")
        except RuleViolation as refusal:
            got.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["in", "tablet.wrong"]


def test_the_clerk_sees_who_used_the_tablet_masked(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        by_code(client, cast.sun, code_for(cast, cast.sun))
        page = (
            cast.client(cast.zhao)
            .get(reverse("registration:tablets", args=[cast.project.pk]))
            .content.decode()
        )
    assert "孙**" in page
    assert cast.sun.name not in page
    assert "生活区门口" in page


def test_the_code_page_shows_the_code_once_and_is_not_kept(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = cast.client(cast.qian).post(
            reverse("registration:tablet-code", args=[cast.project.pk, cast.sun.pk])
        )
        digits = answer.context["digits"]
        assert "no-store" in answer["Cache-Control"]
        client, _tablet = set_up(cast)
        assert by_code(client, cast.sun, digits) == 302


def test_who_signs_in_by_phone_at_a_tablet_is_out_again_in_minutes(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, tablet = set_up(cast)
        client.post("/accounts/worker/", {"phone": cast.sun_phone})
        text = str(SmsMessage.objects.filter(kind="login_code").latest("pk").text)
        digits = "".join(c for c in text if c.isdigit())[:6]
        assert client.post("/accounts/worker/code/", {"code": digits}).status_code == 302
        assert client.get(PAY).status_code == 200
    assert not WorkerDevice.objects.exists(), "a shared tablet is nobody's phone"
    visit = TabletVisit.objects.get()
    assert (visit.tablet_id, visit.worker_id, visit.way) == (tablet.pk, cast.sun.pk, "sms")
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        assert client.get(PAY).status_code == 302


def test_a_refused_number_does_not_stay_on_the_screen(cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False):
        client, _tablet = set_up(cast)
        answer = client.post(DOOR, {"way": "code", "id_number": str(cast.sun.id_number), "code": "000000"})
    assert answer.status_code == 400
    assert str(cast.sun.id_number) not in answer.content.decode()


def test_who_registers_somebody_by_an_id_number_does_not_get_in_for_them(cast: Cast) -> None:
    """Sun has a phone and works for others; the rival's clerk has only written down the number of the card."""
    make_posting(cast.sun, cast.other_team, pin=50)
    rival = cast.actor(cast.kong)
    with pytest.raises(RuleViolation, match=r"tablet\.phone_first"):
        tablets.hand_out_code(cast.other_project.pk, cast.sun.pk, actor=rival, now=NOW)
    assert (LoginCode.objects.count(), SensitiveView.objects.count()) == (0, 0)
    here = Posting.objects.filter(project=cast.other_project, worker=cast.sun)
    here.update(acknowledged_at=NOW)
    assert len(tablets.hand_out_code(cast.other_project.pk, cast.sun.pk, actor=rival, now=NOW)) == 6
    here.update(acknowledged_at=None)
    Worker.objects.filter(pk=cast.sun.pk).update(phone=None, phone_index=None)
    assert len(tablets.hand_out_code(cast.other_project.pk, cast.sun.pk, actor=rival, now=NOW)) == 6
