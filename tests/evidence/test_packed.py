"""A whole receipt as the text of a QR code: packed, read back, checked by page and program."""

import json
import subprocess
import sys

import pytest
import segno
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.conftest import NOW
from wagewatch.evidence import keys, sequencing
from wagewatch.evidence.models import Entry
from wagewatch.evidence.packed import PREFIX, PackedError, base45, from_base45, pack, unpack
from wagewatch.evidence.receipts import receipt_bundle
from wagewatch.evidence.verify import MAX_BYTES, BundleError, parse_bundle, verify_bundle
from wagewatch.evidence.views import SCRIPT


def test_base45_as_in_the_examples_of_the_rfc():
    assert (base45(b"AB"), base45(b"Hello!!"), base45(b"base-45")) == ("BB8", "%69 VD92EX0", "UJCLQE7W581")
    assert from_base45("QED8WEX0") == b"ietf!"
    for wrong in ("GGW", ":::", "a", "::"):
        with pytest.raises(PackedError):
            from_base45(wrong)


@given(st.binary(max_size=200))
def test_what_is_packed_comes_back(data):
    assert from_base45(base45(data)) == data


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_over(text):
    for tried in (text, PREFIX + text):
        with pytest.raises(PackedError):
            unpack(tried, most=1000)


def test_a_bomb_is_refused():
    import zlib

    with pytest.raises(PackedError):
        unpack(PREFIX + base45(zlib.compress(b"0" * 10_000_000)), most=MAX_BYTES)


@pytest.fixture
def bundle(db, make_groups):
    make_groups(9)
    sequencing.sequence(NOW)
    return receipt_bundle(Entry.objects.get(leaf_index=4))


def test_page_and_program_check_the_text_of_the_code_alone(bundle, client, tmp_path):
    text = pack(bundle)
    code = segno.make(text, error="l", micro=False, boost_error=False)
    assert code.mode == "alphanumeric"
    assert verify_bundle(parse_bundle(text), keys.public_key()).proven
    page = client.post(reverse("evidence:verify"), {"text": text})
    assert page.status_code == 200
    file = tmp_path / "code.txt"
    file.write_text(text + "\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(file), "--key", str(keys.public_key())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_changed_amount_or_a_cut_code_does_not_hold(bundle, tmp_path):
    changed = json.loads(json.dumps(bundle))
    changed["record"] = {"net_fen": 1}
    assert verify_bundle(parse_bundle(pack(changed)), keys.public_key()).refuted
    cut = pack(bundle)[:-30]
    with pytest.raises(BundleError):
        parse_bundle(cut)
    file = tmp_path / "code.txt"
    file.write_text(cut, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(file)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
