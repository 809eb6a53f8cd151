"""Sign-in of staff: passwords, lockout, second factor, sign-out."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from registration.models import User
from tests.cast import PASSWORD, Cast

SIGN_IN = "/accounts/sign-in/"
PROTECTED = "/accounts/password/"


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": password, **extra})


def code_of(device: TOTPDevice, later: int = 0) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time() + later
    return f"{totp.token():06d}"


def test_signs_in_and_goes_where_one_wanted(cast: Cast, client: Client) -> None:
    answer = sign_in(client, "zhao", next=PROTECTED)
    assert answer.status_code == 302
    assert answer.url == PROTECTED
    assert client.get(PROTECTED).status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_goes_nowhere_else_after_sign_in(cast: Cast, client: Client, target: str) -> None:
    assert sign_in(client, "zhao", next=target).url == "/"


def test_refuses_a_wrong_password_without_saying_which_part(cast: Cast, client: Client) -> None:
    wrong = sign_in(client, "zhao", "not-the-password")
    unknown = sign_in(client, "nobody-here", "not-the-password")
    assert wrong.status_code == unknown.status_code == 400
    assert "_auth_user_id" not in client.session
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_locks_after_five_wrong_passwords_even_with_the_right_one(cast: Cast, client: Client) -> None:
    for _ in range(4):
        assert sign_in(client, "zhao", "wrong-wrong").status_code == 400
    fifth = sign_in(client, "zhao", "wrong-wrong")
    assert fifth.status_code == 429
    assert "15" in fifth.content.decode()
    assert sign_in(client, "zhao").status_code == 429
    assert "_auth_user_id" not in client.session
    assert sign_in(client, "he").status_code == 302  # nobody else is locked


def test_a_user_out_of_service_is_not_let_in(cast: Cast, client: Client) -> None:
    User.objects.filter(pk=cast.zhao.pk).update(is_active=False)
    assert sign_in(client, "zhao").status_code == 400


def test_inspectors_set_up_a_second_step_where_it_is_required(
    cast: Cast, client: Client, settings: Settings
) -> None:
    settings.WAGEWATCH_SECOND_FACTOR = True
    assert sign_in(client, "li").url == reverse("accounts:second-factor")
    assert client.get(PROTECTED).status_code == 302  # not signed in yet
    page = client.get(reverse("accounts:second-factor"))
    assert b"<svg" in page.content
    device = TOTPDevice.objects.get(user=cast.li)
    assert device.confirmed is False
    code = code_of(device)
    answer = client.post(reverse("accounts:second-factor"), {"code": code})
    assert answer.status_code == 302
    assert client.get(PROTECTED).status_code == 200
    device.refresh_from_db()
    assert device.confirmed is True


def test_asks_everybody_who_has_a_second_step_and_takes_each_code_once(cast: Cast, client: Client) -> None:
    device = TOTPDevice.objects.create(user=cast.zhao, name="a", confirmed=True)
    code = code_of(device)
    other = Client()
    assert sign_in(client, "zhao").url == reverse("accounts:second-factor")
    assert b"<svg class" in client.get(reverse("accounts:second-factor")).content
    assert (
        device.config_url.split("secret=")[1][:8].encode()
        not in client.get(reverse("accounts:second-factor")).content
    )
    assert client.post(reverse("accounts:second-factor"), {"code": code}).status_code == 302
    sign_in(other, "zhao")
    again = other.post(reverse("accounts:second-factor"), {"code": code})
    assert again.status_code == 400
    assert "_auth_user_id" not in other.session


def test_a_wrong_second_step_does_not_sign_in(cast: Cast, client: Client) -> None:
    device = TOTPDevice.objects.create(user=cast.zhao, name="a", confirmed=True)
    sign_in(client, "zhao")
    wrong = "000000" if code_of(device) != "000000" else "111111"
    assert client.post(reverse("accounts:second-factor"), {"code": wrong}).status_code == 400
    assert "_auth_user_id" not in client.session
    assert client.get(PROTECTED).status_code == 302


def test_the_second_step_expires_ten_minutes_after_the_password(cast: Cast, client: Client) -> None:
    TOTPDevice.objects.create(user=cast.zhao, name="a", confirmed=True)
    sign_in(client, "zhao")
    session = client.session
    session["second_factor_for"] = {**session["second_factor_for"], "at": time.time() - 601}
    session.save()
    assert client.get(reverse("accounts:second-factor")).url == SIGN_IN


def test_signs_out_by_post_only(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    assert client.get("/accounts/sign-out/").status_code == 405
    assert client.get(PROTECTED).status_code == 200
    assert client.post("/accounts/sign-out/").status_code == 200
    assert client.get(PROTECTED).status_code == 302


def test_changes_the_password_and_ends_other_sessions(cast: Cast) -> None:
    here, elsewhere = cast.client(cast.zhao), cast.client(cast.zhao)
    data = {"old": PASSWORD, "new": "eine-andere-losung", "again": "eine-andere-losung"}
    assert here.post(PROTECTED, {**data, "old": "x"}).status_code == 400
    assert here.post(PROTECTED, {**data, "again": "different-one"}).status_code == 400
    assert here.post(PROTECTED, {**data, "new": "short", "again": "short"}).status_code == 400
    assert User.objects.get(pk=cast.zhao.pk).check_password(PASSWORD)
    assert here.post(PROTECTED, data).status_code == 302
    assert here.get(PROTECTED).status_code == 200
    assert elsewhere.get(PROTECTED).status_code == 302


def test_the_session_key_changes_at_sign_in(cast: Cast, client: Client) -> None:
    client.get(SIGN_IN)
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    sign_in(client, "zhao")
    assert client.session.session_key != before


def test_hostile_sign_in_data_is_answered_without_an_error(cast: Cast, client: Client) -> None:
    for username in ["\x00", "x" * 5000, "'; drop table", "赵\ud7ff"]:
        assert sign_in(client, username).status_code == 400


def test_the_demo_shows_who_can_be_tried(
    cast: Cast, client: Client, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "demo").mkdir()
    rows = [
        {"role": "总包劳资专管员", "name": "zhao", "password": "demo-2026"},
        {"role": "工人", "name": "138"},
    ]
    (tmp_path / "demo" / "signins.json").write_text(json.dumps(rows), encoding="utf-8")
    settings.VAR_DIR = tmp_path
    settings.DEMO = True
    assert "demo-2026" in client.get(SIGN_IN).content.decode()
    settings.DEMO = False
    assert "demo-2026" not in client.get(SIGN_IN).content.decode()
