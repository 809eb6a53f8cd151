"""Phones of a worker: listed, signed out from another one, out with a new number."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from registration.models import SmsMessage, Worker, WorkerDevice
from registration.services.bulletins import bulletins_for_worker, publish
from registration.services.corrections import change_details
from registration.services.phones import label_of
from registration.services.seeding import seed_bulletins
from tests.cast import Cast
from wagewatch.lib.errors import NotPermitted, RuleViolation

CHROME = "Mozilla/5.0 (Linux; Android 9; Redmi 6) AppleWebKit/537.36 Chrome/90.0.4430.91 Mobile Safari/537.36"


def signed_in(phone: str) -> Client:
    """A browser that went the whole way of the code."""
    client = Client(headers={"user-agent": CHROME})
    SmsMessage.objects.all().delete()
    from registration.models import LoginCode

    LoginCode.objects.all().delete()
    client.post(reverse("accounts:worker-sign-in"), {"phone": phone})
    code = "".join(c for c in str(SmsMessage.objects.get().text) if c.isdigit())[:6]
    answer = client.post(reverse("accounts:worker-code"), {"code": code})
    assert answer.status_code == 302
    return client


PAY = "/my/pay/"


def test_a_phone_is_signed_out_from_another(cast: Cast) -> None:
    old, new = signed_in(cast.sun_phone), signed_in(cast.sun_phone)
    page = new.get(reverse("registration:worker-phones")).content.decode()
    assert page.count("Android 9 Chrome") == 2
    lost = WorkerDevice.objects.order_by("pk")[0]
    assert old.get(PAY).status_code == 200
    assert new.post(reverse("registration:worker-phone-end", args=[lost.pk])).status_code == 302
    assert old.get(PAY).status_code == 302
    assert new.get(PAY).status_code == 200


def test_anothers_phone_does_not_exist(cast: Cast) -> None:
    sun, zhou = signed_in(cast.sun_phone), signed_in(cast.zhou_phone)
    theirs = WorkerDevice.objects.get(worker=cast.sun)
    assert zhou.post(reverse("registration:worker-phone-end", args=[theirs.pk])).status_code == 404
    assert sun.get(PAY).status_code == 200


def test_a_new_number_ends_every_phone_and_tells_the_old_one(cast: Cast) -> None:
    client = signed_in(cast.sun_phone)
    SmsMessage.objects.all().delete()
    change_details(
        cast.sun.pk,
        cast.project.pk,
        {"phone": "13900008888"},
        actor=cast.actor(cast.qian),
        now=cast.now,
    )
    assert client.get(PAY).status_code == 302
    assert not WorkerDevice.objects.filter(ended_at=None).exists()
    told = SmsMessage.objects.get()
    assert (told.phone, told.kind) == (cast.sun_phone, "phone_changed")
    assert cast.sun.name not in told.text
    last = Worker.history.filter(id=cast.sun.pk).order_by("-history_id")[0]
    assert last.history_user_id == cast.qian.pk


def test_a_session_of_a_phone_does_not_serve_another_worker(cast: Cast) -> None:
    client = signed_in(cast.sun_phone)
    session = client.session
    session["worker_id"] = cast.zhou.pk
    session.save()
    assert client.get(PAY).status_code == 302


def test_signing_out_ends_the_phone_and_asks_the_browser_to_forget(cast: Cast) -> None:
    client = signed_in(cast.sun_phone)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    answer = client.post(reverse("accounts:sign-out"))
    assert answer["Clear-Site-Data"] == '"cache"'
    assert WorkerDevice.objects.get().ended_at is not None
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get(PAY).status_code == 302, "the old session key opens nothing"


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (CHROME, "Android 9 Chrome"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 15_0) Safari/604.1", "iPhone Safari"),
        ("", "?"),
    ],
)
def test_names_a_phone_in_two_words(agent: str, label: str) -> None:
    assert label_of(agent) == label


def test_workers_are_told_what_counts_at_their_place_and_for_their_trade(cast: Cast) -> None:
    seed_bulletins()
    base = {
        "kind": "news", "trade": "", "office": "", "title_en": "", "text": "", "text_en": "", "call": "", "place": "",
        "valid_from": cast.today, "valid_to": None,
    }  # fmt: skip
    li = {"actor": cast.actor(cast.li), "now": cast.now}
    publish(base | {"title": "高温停工"}, "330703", **li)
    publish(base | {"title": "焊工培训", "trade": "焊工"}, "330703", **li)
    publish(base | {"title": "木工岗位", "trade": "木工"}, "330703", **li)
    publish(base | {"title": "邻县消息"}, "330702", actor=cast.actor(cast.wang), now=cast.now)
    titles = {b.title for b in bulletins_for_worker(cast.sun.pk, on=cast.today)}
    assert titles == {"高温停工", "木工岗位", "劳动保障热线", "法律援助", "政务服务热线"}
    assert {b.call for b in bulletins_for_worker(None, on=cast.today)} == {"12333", "12348", "12345"}
    page = cast.client(cast.sun).get(reverse("registration:worker-help")).content.decode()
    assert "高温停工" in page
    assert "焊工培训" not in page


def test_an_authority_publishes_for_its_own_region_and_with_a_way_to_reach_it(cast: Cast) -> None:
    values = {
        "kind": "help", "trade": "", "office": "", "title": "仲裁委", "title_en": "", "text": "", "text_en": "", "call": "",
        "place": "", "valid_from": cast.today, "valid_to": None,
    }  # fmt: skip
    with pytest.raises(NotPermitted):
        publish(values, "330702", actor=cast.actor(cast.li), now=cast.now)
    with pytest.raises(RuleViolation) as refusal:
        publish(values, "330703", actor=cast.actor(cast.li), now=cast.now)
    assert refusal.value.code == "bulletin.reach"
