"""The public page and the public log: open to anybody, nothing of anybody in them."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.evidence.conftest import NOW
from wagewatch.evidence import keys, notes, sequencing
from wagewatch.evidence.leaves import hash_of_leaf
from wagewatch.evidence.models import Checkpoint, Entry
from wagewatch.evidence.receipts import receipt_file
from wagewatch.evidence.views import SCRIPT
from wagewatch.lib import merkle
from wagewatch.lib.merkle import SHA256

pytestmark = pytest.mark.django_db
VERIFY = "/verify/"


@pytest.fixture
def entry(make_groups):
    make_groups(5, "孙长根 ")
    sequencing.sequence(NOW)
    return Entry.objects.get(leaf_index=2)


def page(client, url, language="en", status=200):
    answer = client.get(url, headers={"accept-language": language})
    assert answer.status_code == status
    return answer.content.decode()


def test_the_page_opens_without_sign_in_in_both_languages(client):
    assert "Receipt number" in page(client, VERIFY)
    assert "回执编号" in page(client, VERIFY, "zh-hans")
    assert str(keys.public_key()).split("+")[1] in page(client, VERIFY)


def test_a_number_leads_to_its_receipt(client, entry):
    answer = client.get(VERIFY, {"receipt": f" {entry.pk} "})
    assert (answer.status_code, answer["Location"]) == (302, f"/verify/{entry.pk}/")


@pytest.mark.parametrize("number", ["x", "123", "🙂", "0" * 5000])
def test_a_number_that_is_none_is_explained(client, number):
    answer = client.get(VERIFY, {"receipt": number}, headers={"accept-language": "en"})
    assert answer.status_code == 400
    assert "A receipt number has 32 letters and digits" in answer.content.decode()


def test_a_published_receipt_is_genuine_and_shows_nothing_of_what_it_says(client, entry):
    text = page(client, f"/verify/{entry.pk}/")
    assert "This receipt is genuine" in text
    assert "2026-11-06 19:52" in text
    assert "孙长根" not in text
    assert entry.subject not in text
    assert bytes(entry.salt).hex() not in text


def test_the_page_tells_the_stage(client, make_groups):
    (entry,) = make_groups(1)
    text = page(client, f"/verify/{entry.pk}/")
    assert "This receipt is on record" in text
    assert text.count('class="done"') == 1
    sequencing.integrate()
    assert page(client, f"/verify/{entry.pk}/").count('class="done"') == 2
    sequencing.publish(NOW)
    assert page(client, f"/verify/{entry.pk}/").count('class="done"') == 3


def test_a_row_changed_behind_the_back_refutes_the_receipt(client, entry, tamper):
    tamper("UPDATE auth_group SET name = 'changed' WHERE id = %s", int(entry.subject.partition(":")[2]))
    text = page(client, f"/verify/{entry.pk}/")
    assert "This receipt does not hold" in text
    assert "What it says was changed afterwards" in text


def test_an_unknown_receipt_is_not_found(client):
    page(client, f"/verify/{uuid4()}/", status=404)


def post(client, **data):
    answer = client.post(VERIFY, data, headers={"accept-language": "en"})
    return answer.status_code, answer.content.decode()


def test_a_pasted_and_an_uploaded_receipt_are_checked(client, entry):
    data = receipt_file(entry)
    status, text = post(client, text=data.decode())
    assert status == 200
    assert "This receipt is genuine" in text
    assert "孙长根" in text  # who brings the receipt may read it
    status, text = post(client, file=SimpleUploadedFile("receipt.json", data))
    assert status == 200
    assert "This receipt is genuine" in text


def test_a_changed_receipt_does_not_hold(client, entry):
    bundle = json.loads(receipt_file(entry))
    bundle["record"]["name"] = "<script>alert(1)</script>"
    status, text = post(client, text=json.dumps(bundle))
    assert status == 200
    assert "This receipt does not hold" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "nonsense",
        '{"format": "wagewatch-receipt-1"}',
        '{"format": "wagewatch-receipt-1", "leaf": {"kind": "\\ud800"}}',
        '{"a":' * 3000,
        "\ud7ff\x00",
    ],
)
def test_what_is_no_receipt_is_explained_and_kept(client, text):
    status, answer = post(client, text=text)
    assert status == 400
    assert 'role="alert"' in answer


def test_a_file_too_large_is_refused(client):
    status, answer = post(client, file=SimpleUploadedFile("receipt.json", b"x" * 300_000))
    assert status == 400
    assert "too large" in answer


def test_a_receipt_with_an_impossible_moment_is_shown(client, entry):
    bundle = json.loads(receipt_file(entry))
    bundle["leaf"]["recorded_at"] = "0001-01-01T00:00:00+14:00"
    status, text = post(client, text=json.dumps(bundle))
    assert status == 200
    assert "This receipt does not hold" in text


def test_the_log_itself_is_open_and_checks_out(client, entry):
    """A stranger keeps a copy of the log with nothing but the public addresses."""
    key = notes.VerifierKey.parse(client.get("/evidence/key").content.decode().split("\n")[0])
    checkpoint = notes.open_checkpoint(client.get("/evidence/checkpoint").content.decode(), key)
    answer = client.get("/evidence/leaves/0").json()
    leaves = [hash_of_leaf(leaf, SHA256) for leaf in answer["leaves"]]
    assert (answer["size"], len(leaves)) == (5, 5)
    assert merkle.root(leaves) == checkpoint.root
    proof = client.get(f"/evidence/proof/inclusion/2/{checkpoint.size}").json()
    merkle.verify_inclusion(leaves[2], 2, 5, [bytes.fromhex(p) for p in proof["proof"]], checkpoint.root)
    about = client.get(f"/evidence/entry/{entry.pk}").json()
    assert about == {"receipt": str(entry.pk), "stage": "published", "index": 2, "leaf": entry.leaf()}


def test_two_checkpoints_are_shown_to_agree(client, entry, make_groups):
    make_groups(4, "later")
    sequencing.sequence(NOW)
    listed = client.get("/evidence/checkpoints").json()["checkpoints"]
    assert [row["size"] for row in listed] == [9, 5]
    assert [row["size"] for row in client.get("/evidence/checkpoints?before=9").json()["checkpoints"]] == [5]
    answer = client.get("/evidence/proof/consistency/5/9").json()
    merkle.verify_consistency(
        5,
        9,
        bytes.fromhex(listed[1]["root"]),
        bytes.fromhex(listed[0]["root"]),
        [bytes.fromhex(part) for part in answer["proof"]],
    )
    assert client.get("/evidence/checkpoint/5").content.decode() == Checkpoint.objects.get(size=5).note


@pytest.mark.parametrize(
    "path",
    [
        "/evidence/checkpoint/4",
        f"/evidence/checkpoint/{10**30}",
        "/evidence/proof/inclusion/5/5",
        f"/evidence/proof/inclusion/0/{10**30}",
        "/evidence/proof/consistency/3/2",
        "/evidence/proof/consistency/1/6",
        "/evidence/entry/00000000-0000-4000-8000-000000000000",
    ],
)
def test_what_the_log_does_not_have_is_not_found(client, entry, path):
    assert client.get(path).status_code == 404


def test_odd_numbers_are_answered_not_failed_over(client, entry):
    assert client.get(f"/evidence/leaves/{10**30}").json()["leaves"] == []
    for before in ("x", "-1", "9" * 40, "²"):
        assert client.get("/evidence/checkpoints", {"before": before}).status_code == 400
    assert client.get("/evidence/proof/inclusion/0/0").status_code == 404
    assert client.get("/evidence/proof/consistency/0/0").json()["proof"] == []


def test_an_empty_log_has_no_checkpoint(client):
    assert client.get("/evidence/checkpoint").status_code == 404
    assert client.get("/evidence/leaves/0").json() == {"start": 0, "size": 0, "leaves": []}


def test_entries_not_yet_published_are_not_in_the_open_leaves(client, entry, make_groups):
    make_groups(2, "later")
    sequencing.integrate()
    assert len(client.get("/evidence/leaves/0").json()["leaves"]) == 5


def test_nothing_can_be_written(client):
    for name in ("evidence:key", "evidence:checkpoint", "evidence:checkpoints", "evidence:script"):
        assert client.post(reverse(name)).status_code in (403, 405)


def test_the_program_is_handed_out_as_it_is(client):
    answer = client.get("/evidence/script")
    assert answer.content == SCRIPT.read_bytes()
    assert "attachment" in answer["Content-Disposition"]


def test_a_receipt_page_takes_a_fixed_number_of_queries(client, entry, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        client.get(f"/verify/{entry.pk}/")


def test_the_pages_are_small(client, entry):
    for url in (VERIFY, f"/verify/{entry.pk}/"):
        assert len(client.get(url).content) < 15_000
