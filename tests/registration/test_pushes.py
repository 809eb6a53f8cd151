"""Notices by web push: sealed as the standards say, sent to a real little push service, text message otherwise."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from registration import push_service
from registration.models import PushSubscription, SmsMessage, WorkerDevice
from registration.services import pushes
from registration.services.messages import queue_sms, send_waiting
from registration.services.phones import add_device
from tests.cast import NOW, Cast
from tests.registration.test_worker_phones import signed_in
from wagewatch.lib import webpush
from wagewatch.lib.errors import Malformed, NotFound

HOST = "fcm.googleapis.com"
HOSTS = (HOST, "*.push.apple.com")
BROWSER = webpush.private_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
AUTH = bytes(range(16))


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What the browser reads: RFC 8291 from the receiver's end, written apart from the sender's."""
    salt, size, theirs = body[:16], body[20], body[21 : 21 + body[20]]
    assert int.from_bytes(body[16:20], "big") >= len(body) - 21 - size
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    info = b"WebPush: info\0" + webpush.public_bytes(key) + theirs
    material = HKDF(hashes.SHA256(), 32, auth, info).derive(shared)
    secret = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
    text = AESGCM(secret).decrypt(nonce, body[21 + size :], None)
    return text.rstrip(b"\0")[:-1]


@dataclass
class PushService:
    """What came in, and what it answers."""

    url: str = ""
    status: int = 201
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    """A push service on this machine, reached as the operator's relay."""
    found = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.path, dict(self.headers), body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}/out"
    settings.WAGEWATCH_PUSH_RELAY = found.url
    yield found
    server.shutdown()
    server.server_close()


def subscription(path: str = "/fcm/send/abc", host: str = HOST) -> dict[str, object]:
    """What a browser's PushSubscription.toJSON() says."""
    keys = {"p256dh": webpush.encode(webpush.public_bytes(BROWSER)), "auth": webpush.encode(AUTH)}
    return {"endpoint": f"https://{host}{path}", "expirationTime": None, "keys": keys}


def on_phone(phone: str) -> Client:
    """A signed-in phone; the message with its code has gone out already."""
    client = signed_in(phone)
    SmsMessage.objects.all().delete()
    return client


def switch_on(client: Client, said: dict[str, object] | None = None) -> int:
    answer = client.post(
        reverse("registration:notices-on"),
        json.dumps(said or subscription()),
        content_type="application/json",
    )
    return answer.status_code


def queue(cast: Cast, kind: str = "slip_ready") -> SmsMessage:
    message = queue_sms(cast.sun_phone, "您的工资单到了，请查看。", kind=kind, now=NOW)
    assert message
    return message


def test_seals_as_the_example_of_rfc_8291() -> None:
    auth = webpush.decode("BTBZMqHH6r4Tts7J_aSIgg")
    body = webpush.seal(
        b"When I grow up, I want to be a watermelon",
        webpush.public_bytes(BROWSER),
        auth,
        salt=webpush.decode("DGv6ra1nlYgDCS1FRnbzlw"),
        own=webpush.private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
    )
    assert webpush.encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6P"
        "Bru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert opened(body, BROWSER, auth) == b"When I grow up, I want to be a watermelon"


@given(st.binary(max_size=webpush.LARGEST_TEXT))
def test_what_is_sealed_opens_for_this_browser_alone(text: bytes) -> None:
    body = webpush.seal(text, webpush.public_bytes(BROWSER), AUTH)
    assert len(body) <= webpush.RECORD
    assert opened(body, BROWSER, AUTH) == text.rstrip(b"\0") or text.endswith(b"\0")
    with pytest.raises(InvalidTag):
        opened(body, BROWSER, b"x" * 16)


def test_the_sender_signs_its_name_for_one_service() -> None:
    header = webpush.vapid(HOST, BROWSER, "https://wages.example", now=NOW)
    kind, _space, rest = header.partition(" ")
    token, key = (part.split("=", 1)[1] for part in rest.split(", "))
    head, claims, signature = token.split(".")
    assert kind == "vapid"
    assert json.loads(webpush.decode(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(webpush.decode(claims)) == {
        "aud": f"https://{HOST}",
        "exp": int((NOW + timedelta(hours=12)).timestamp()),
        "sub": "https://wages.example",
    }
    raw = webpush.decode(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), webpush.decode(key))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "address",
    [
        "", "http://fcm.googleapis.com/a", "https://127.0.0.1/a", "https://[::1]/a", "https://10.0.0.8/a",
        "https://localhost/a", "https://fcm.googleapis.com:8443/a", "https://fcm.googleapis.com@10.0.0.8/a",
        "https://x:y@fcm.googleapis.com/a", "https://fcm.googleapis.com.evil.example/a", "https://push.apple.com/a",
        "https://evilpush.apple.com.x/a", "https://fcm.googleapis.com/a#b", "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com\\@10.0.0.8/a", "https://fcm.googleapis.com/", "https://ｆcm.googleapis.com/a",
        "https://fcm.googleapis.com:x/a", "https://fcm.googleapis.com./a", "file:///etc/passwd",
        "https://fcm.googleapis.com/" + "a" * 1000,
    ],
)  # fmt: skip
def test_no_other_address_than_a_push_services_is_ever_called(address: str) -> None:
    with pytest.raises(Malformed, match=r"push\.endpoint"):
        webpush.check_endpoint(address, HOSTS)


def test_addresses_of_push_services_are_taken() -> None:
    assert webpush.check_endpoint("https://fcm.googleapis.com/fcm/send/x:y_z", HOSTS) == HOST
    assert webpush.check_endpoint("https://web.push.apple.com/Q?a=1", HOSTS) == "web.push.apple.com"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "192.168.1.9"]
)
def test_a_push_services_name_that_leads_into_a_private_network_is_not_called(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, address: str
) -> None:
    settings.WAGEWATCH_PUSH_RELAY = ""
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("142.250.1.1", 443))
    private = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [public, private])
    called: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **_k: called.append(a))
    with pytest.raises(push_service.PrivateAddress):
        push_service.post(f"https://{HOST}/a", b"", {})
    assert called == []


def test_a_notice_goes_out_instead_of_a_text_message_and_names_nobody(
    cast: Cast, service: PushService
) -> None:
    client = on_phone(cast.sun_phone)
    assert switch_on(client) == 204
    message = queue(cast)
    assert send_waiting(now=NOW) == 1
    path, headers, body = service.got[0]
    assert path == f"/out/{HOST}/fcm/send/abc"
    assert (headers["Content-Encoding"], headers["TTL"]) == ("aes128gcm", "3600")
    assert headers["Authorization"].startswith("vapid t=")
    notice = json.loads(opened(body, BROWSER, AUTH))
    assert (notice["body"], notice["url"]) == ("您的工资单到了，请查看。", "/my/pay/")
    for secret in (cast.sun.name, cast.sun_phone, str(cast.sun.id_number), cast.sun_card.tail):
        assert secret not in json.dumps(notice, ensure_ascii=False)
    message.refresh_from_db()
    assert (message.state, message.pushed_at, message.tries) == ("pushed", NOW, 0)
    shown = Client().post(
        reverse("registration:notices-shown"),
        json.dumps({"shown": notice["shown"]}),
        content_type="application/json",
    )
    assert shown.status_code == 204
    message.refresh_from_db()
    assert message.state == "sent"
    assert send_waiting(now=NOW + timedelta(hours=1)) == 0, "shown: no text message"


def test_what_no_phone_showed_in_half_an_hour_goes_out_as_a_text_message_once(
    cast: Cast, service: PushService
) -> None:
    switch_on(on_phone(cast.sun_phone))
    message = queue(cast)
    send_waiting(now=NOW)
    assert send_waiting(now=NOW + timedelta(minutes=29)) == 0
    assert send_waiting(now=NOW + timedelta(minutes=30)) == 1
    message.refresh_from_db()
    assert (message.state, message.tries) == ("sent", 1)
    assert len(service.got) == 1, "not pushed again"


@pytest.mark.parametrize("kind", sorted(pushes.ONLY_BY_TEXT))
def test_codes_go_to_the_number_and_never_as_a_notice(cast: Cast, service: PushService, kind: str) -> None:
    switch_on(on_phone(cast.sun_phone))
    message = queue(cast, kind)
    send_waiting(now=NOW)
    message.refresh_from_db()
    assert (message.state, service.got) == ("sent", [])


def test_a_subscription_that_is_gone_is_forgotten_and_the_text_message_goes_out(
    cast: Cast, service: PushService
) -> None:
    switch_on(on_phone(cast.sun_phone))
    service.status = 410
    message = queue(cast)
    send_waiting(now=NOW)
    message.refresh_from_db()
    assert message.state == "sent"
    assert not PushSubscription.objects.exists()


def test_a_push_service_that_fails_ten_times_is_given_up(cast: Cast, service: PushService) -> None:
    switch_on(on_phone(cast.sun_phone))
    service.status = 503
    for _time in range(9):
        queue(cast)
    assert send_waiting(now=NOW) == 9
    assert PushSubscription.objects.get().fails == 9
    queue(cast)
    send_waiting(now=NOW)
    assert not PushSubscription.objects.exists()
    assert len(service.got) == 10
    assert not SmsMessage.objects.filter(kind="slip_ready").exclude(state="sent").exists()


def test_a_phone_that_is_signed_out_gets_no_notices(cast: Cast, service: PushService) -> None:
    client = on_phone(cast.sun_phone)
    switch_on(client)
    client.post(reverse("accounts:sign-out"))
    queue(cast)
    send_waiting(now=NOW)
    assert service.got == []
    assert pushes.forget_ended(now=NOW + timedelta(days=3650)) == 1


def test_the_next_person_on_a_phone_gets_their_own_notices_only(cast: Cast, service: PushService) -> None:
    switch_on(on_phone(cast.sun_phone))
    switch_on(on_phone(cast.zhou_phone))
    found = PushSubscription.objects.get()
    assert found.device.worker_id == cast.zhou.pk
    queue(cast)
    send_waiting(now=NOW)
    assert service.got == []


def test_anothers_phone_cannot_be_switched(cast: Cast) -> None:
    theirs = add_device(cast.zhou, user_agent="", now=NOW)
    said = subscription()
    keys = said["keys"]
    assert isinstance(keys, dict)
    with pytest.raises(NotFound):
        pushes.switch_on(
            theirs.pk,
            str(said["endpoint"]),
            keys["p256dh"],
            keys["auth"],
            actor=cast.actor(cast.sun),
            now=NOW,
        )
    assert pushes.switch_off(theirs.pk, actor=cast.actor(cast.sun)) == 0
    assert not PushSubscription.objects.exists()


def test_refuses_bad_subscriptions_and_keeps_nothing(cast: Cast) -> None:
    client = on_phone(cast.sun_phone)
    bad: list[dict[str, object]] = [
        {},
        subscription(host="10.0.0.8"),
        subscription() | {"keys": {"p256dh": "AAAA", "auth": "AAAA"}},
        subscription() | {"keys": "x"},
        subscription()
        | {"keys": {"p256dh": webpush.encode(b"\4" + b"\1" * 64), "auth": webpush.encode(AUTH)}},
    ]
    assert [switch_on(client, said) for said in bad[1:]] == [400] * 4
    assert [
        client.post(reverse("registration:notices-on"), raw, content_type="application/json").status_code
        for raw in (b"", b"[1]", b"\xff", b"{" * 5000)
    ] == [400] * 4
    assert not PushSubscription.objects.exists()


def test_a_guessed_word_of_a_phone_changes_nothing(cast: Cast) -> None:
    message = queue(cast)
    SmsMessage.objects.filter(pk=message.pk).update(state="pushed", pushed_at=NOW)
    for token in ("", "1", str(message.pk), "x" * 500):
        answer = Client().post(
            reverse("registration:notices-shown"),
            json.dumps({"shown": token}),
            content_type="application/json",
        )
        assert answer.status_code == 204
    message.refresh_from_db()
    assert message.state == "pushed"


def test_without_a_key_everything_is_a_text_message(
    cast: Cast, settings: Settings, service: PushService
) -> None:
    client = on_phone(cast.sun_phone)
    switch_on(client)
    settings.WAGEWATCH_PUSH_KEY = ""
    queue(cast)
    assert send_waiting(now=NOW) == 1
    assert service.got == []
    assert switch_on(client) == 409
    page = client.get(reverse("registration:worker-phones")).content.decode()
    assert "data-push-key" not in page
    assert WorkerDevice.objects.count() == 1


def test_a_worker_reads_again_what_was_sent_to_their_number_and_no_code(cast: Cast) -> None:
    client = signed_in(cast.sun_phone)
    queue(cast)
    queue_sms(cast.zhou_phone, "给周长根的消息", kind="slip_ready", now=NOW)
    page = client.get(reverse("registration:worker-notices")).content.decode()
    assert page.count("您的工资单到了，请查看。") == 1
    assert "给周长根的消息" not in page
    assert SmsMessage.objects.filter(kind="login_code").exists()
    assert "w-card" in page
    assert page.count("<section") == 1, "the code is not shown again"
