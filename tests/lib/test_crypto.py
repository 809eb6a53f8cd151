"""Sealed values, key change, and indexes."""

import base64
import hmac
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from wagewatch.lib import crypto

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    with override_settings(WAGEWATCH_MASTER_KEYS=OLD, WAGEWATCH_CIPHER="aes-256-gcm", WAGEWATCH_INDEX_KEY=""):
        yield


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-gcm"])
def test_opens_what_it_sealed(cipher: str) -> None:
    with override_settings(WAGEWATCH_CIPHER=cipher):
        first, second = (crypto.encrypt("张三 330113", context="worker.name") for _ in range(2))
        assert first != second
        assert first[0] == {"aes-256-gcm": 1, "sm4-gcm": 2}[cipher]
        assert b"330113" not in first
        assert crypto.decrypt(first, context="worker.name") == "张三 330113"


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-gcm"])
def test_does_not_open_in_another_place(cipher: str) -> None:
    with override_settings(WAGEWATCH_CIPHER=cipher):
        blob = crypto.encrypt("secret", context="worker.phone")
        with pytest.raises(crypto.UnreadableValue):
            crypto.decrypt(blob, context="worker.address")


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-gcm"])
def test_every_changed_byte_is_found(cipher: str) -> None:
    with override_settings(WAGEWATCH_CIPHER=cipher):
        blob = crypto.encrypt("secret", context="a")
        for place in range(len(blob)):
            damaged = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
            with pytest.raises(crypto.UnreadableValue):
                crypto.decrypt(damaged, context="a")
        for length in range(len(blob)):
            with pytest.raises(crypto.UnreadableValue):
                crypto.decrypt(blob[:length], context="a")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    blob = crypto.encrypt("secret", context="a")
    index = crypto.blind_index("330113", kind="id")
    with override_settings(WAGEWATCH_MASTER_KEYS=f"{NEW},{OLD}"):
        assert crypto.decrypt(blob, context="a") == "secret"
        assert crypto.needs_new_key(blob)
        assert not crypto.needs_new_key(crypto.encrypt("secret", context="a"))
        assert crypto.blind_index("330113", kind="id") == index
    with override_settings(WAGEWATCH_MASTER_KEYS=NEW), pytest.raises(crypto.UnreadableValue):
        crypto.decrypt(blob, context="a")


def test_values_of_both_ciphers_live_side_by_side() -> None:
    blob = crypto.encrypt("secret", context="a")
    with override_settings(WAGEWATCH_CIPHER="sm4-gcm"):
        assert crypto.decrypt(blob, context="a") == "secret"
        assert crypto.needs_new_key(blob)


def test_indexes_are_keyed_and_kept_apart_by_kind() -> None:
    index = crypto.blind_index("330113198503120013", kind="id")
    assert len(index) == 32
    assert index == crypto.blind_index("330113198503120013", kind="id")
    assert index != crypto.blind_index("330113198503120013", kind="card")
    with override_settings(WAGEWATCH_MASTER_KEYS=NEW):
        assert index != crypto.blind_index("330113198503120013", kind="id")
        with override_settings(WAGEWATCH_INDEX_KEY=base64.b64encode(b"o" * 32).decode()):
            assert index == crypto.blind_index("330113198503120013", kind="id")


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "nocolon",
        "a:###",
        "a:" + base64.b64encode(b"short").decode(),
        f"{OLD},{OLD}",
        f"{'x' * 17}:{OLD[4:]}",
    ],
)
def test_refuses_bad_keys_without_showing_them(keys: str) -> None:
    with override_settings(WAGEWATCH_MASTER_KEYS=keys), pytest.raises(ImproperlyConfigured) as refused:
        crypto.encrypt("x", context="a")
    assert "c2hvcnQ" not in str(refused.value)
    assert OLD[4:] not in str(refused.value)


def test_refuses_an_unknown_cipher() -> None:
    with override_settings(WAGEWATCH_CIPHER="rot13"), pytest.raises(ImproperlyConfigured):
        crypto.encrypt("x", context="a")


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200),
    st.text(alphabet="abc.", max_size=20),
)
def test_any_text_comes_back(plain: str, context: str) -> None:
    assert crypto.decrypt(crypto.encrypt(plain, context=context), context=context) == plain


def test_the_index_is_hmac_sha256_of_kind_and_value() -> None:
    key = crypto._derive(b"o" * 32, b"wagewatch blind index", 32)
    assert crypto.blind_index("330113", kind="id") == hmac.digest(key, b"id" + b"\0" + b"330113", "sha256")


def test_many_texts_of_one_context_are_sealed_alike() -> None:
    seal = crypto.sealer("worker.name")
    first, second = seal("张三"), seal("张三")
    assert first != second
    assert crypto.decrypt(first, context="worker.name") == "张三"
    with pytest.raises(crypto.UnreadableValue):
        crypto.decrypt(second, context="worker.phone")
