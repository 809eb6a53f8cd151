"""Limits count by the true sender: behind a proxy, with invented headers, with many IPv6 addresses."""

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from registration.models import Complaint, LoginCode
from registration.services.complaints import PER_ADDRESS_AND_HOUR
from tests.cast import Cast
from wagewatch.addresses import client_address

PROXY = "172.18.0.5"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", PROXY),  # nobody stands in front: the header is the sender's invention
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.1.1.1, 198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "10.1.1.1, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (2, "203.0.113.9", PROXY),  # came past one of them
        (1, "", PROXY),
        (1, "nonsense", PROXY),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::"),
        (1, "2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "203.0.113.9%00", PROXY),
    ],
)
def test_as_many_entries_count_as_proxies_stand_in_front(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.WAGEWATCH_PROXIES = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=PROXY, **headers)) == address


def test_a_socket_has_no_address() -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None


def complain(client: Client, cast: Cast, forwarded: str) -> int:
    body = {"topic": "unpaid", "text": "两个月没发工资", "region": cast.project.region_id}
    return client.post("/complain/", body, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded).status_code


def test_behind_a_proxy_one_sender_does_not_shut_the_complaints_of_a_county(
    cast: Cast, settings: Settings
) -> None:
    settings.WAGEWATCH_PROXIES = 1
    loud = [complain(Client(), cast, "203.0.113.9") for _n in range(PER_ADDRESS_AND_HOUR + 1)]
    assert (set(loud[:-1]), loud[-1]) == ({302}, 400)
    assert complain(Client(), cast, "1.2.3.4, 203.0.113.9") == 400  # an invented first address opens no door
    assert complain(Client(), cast, "198.51.100.7") == 302
    assert Complaint.objects.count() == PER_ADDRESS_AND_HOUR + 1


def test_behind_a_proxy_one_sender_does_not_lock_a_clerk_out(cast: Cast, settings: Settings) -> None:
    settings.WAGEWATCH_PROXIES = 1
    settings.AXES_ENABLED = True
    wrong = {"username": cast.zhao.username, "password": "wrong wrong wrong"}
    for _n in range(settings.AXES_FAILURE_LIMIT):
        answer = Client().post(
            "/accounts/sign-in/", wrong, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="203.0.113.9"
        )
    assert answer.status_code == 429
    right = wrong | {"password": cast.password}
    at_home = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert Client().post("/accounts/sign-in/", right, **at_home).status_code == 302


def test_codes_are_counted_by_the_true_sender(cast: Cast, settings: Settings) -> None:
    settings.WAGEWATCH_PROXIES = 1
    for forwarded in ("203.0.113.9", "198.51.100.7", "10.9.9.9, 198.51.100.7"):
        phone = f"139{LoginCode.objects.count():08d}"
        Client().post(
            "/accounts/worker/", {"phone": phone}, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded
        )
    found = [bytes(code.address_index or b"") for code in LoginCode.objects.order_by("pk")]
    assert len(found) == 3
    assert (found[0] == found[1], found[1] == found[2]) == (False, True)
