"""Text messages on their way out: codes first, a short turn at a time, one sender at a time."""

from itertools import count
from threading import Thread

import pytest
from django.conf import settings
from django.db import connection

from registration.models import SmsMessage
from registration.services.messages import queue_many, queue_sms, send_waiting
from registration.tasks import send_messages
from tests.cast import NOW
from wagewatch.lib.locks import only_one


@pytest.fixture(autouse=True)
def outbox(settings: settings) -> None:
    settings.WAGEWATCH_SMS_GATEWAY = "outbox"


def _state(kind: str) -> list[str]:
    return list(SmsMessage.objects.filter(kind=kind).order_by("pk").values_list("state", flat=True))


@pytest.mark.django_db
def test_a_code_overtakes_notices_that_waited_longer() -> None:
    queue_many(
        [(f"139000{n:05d}", "Look at your slip.", f"slip-{n}") for n in range(5)], kind="slip", now=NOW
    )
    queue_sms("13900009999", "Code 123456", kind="login_code", now=NOW)
    assert send_waiting(now=NOW, limit=1) == 1
    assert _state("login_code") == ["sent"]
    assert _state("slip") == ["waiting"] * 5


@pytest.mark.django_db
def test_a_turn_ends_and_the_next_goes_on_where_it_stopped() -> None:
    queue_many(
        [(f"139000{n:05d}", "Look at your slip.", f"slip-{n}") for n in range(5)], kind="slip", now=NOW
    )
    asked = count()
    assert send_waiting(now=NOW, go_on=lambda: next(asked) < 3) == 3
    assert _state("slip") == ["sent"] * 3 + ["waiting"] * 2
    assert send_waiting(now=NOW) == 2


@pytest.mark.django_db(transaction=True)
def test_a_second_sender_passes_by_while_one_is_at_work() -> None:
    queue_sms("13900009999", "Code 123456", kind="login_code", now=NOW)
    sent: list[int] = []

    def second() -> None:
        sent.append(send_messages())
        connection.close()

    with only_one("messages") as alone:
        assert alone
        other = Thread(target=second)
        other.start()
        other.join(20)
    assert sent == [0]
    assert _state("login_code") == ["waiting"]
    assert send_messages() == 1
