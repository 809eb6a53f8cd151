"""A receipt proves itself to anybody: in our code, and in the stand-alone program."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.conftest import NOW
from wagewatch.evidence import keys, notes, sequencing
from wagewatch.evidence.models import Entry
from wagewatch.evidence.notes import NoteError, VerifierKey
from wagewatch.evidence.receipts import receipt_bundle, receipt_file, verdict_on
from wagewatch.evidence.verify import BundleError, CheckName, parse_bundle, verify_bundle
from wagewatch.evidence.views import SCRIPT
from wagewatch.lib.errors import RuleViolation

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(make_groups):
    """The fifth of nine published entries."""
    make_groups(9)
    sequencing.sequence(NOW)
    return Entry.objects.get(leaf_index=4)


@pytest.fixture
def bundle(entry):
    return json.loads(receipt_file(entry))


def answers(bundle, key=None):
    return {check.name: check.held for check in verify_bundle(bundle, key or keys.public_key()).checks}


GOOD = dict.fromkeys(CheckName, True)


def test_a_fresh_receipt_proves_everything(bundle):
    assert answers(bundle) == GOOD
    assert verify_bundle(bundle, keys.public_key()).proven


def test_a_receipt_stays_good_when_the_log_grows(bundle, make_groups):
    make_groups(20, "later")
    sequencing.sequence(NOW)
    assert answers(bundle) == GOOD


def test_a_receipt_not_yet_published_says_so(make_groups):
    (waiting,) = make_groups(1)
    bundle = receipt_bundle(waiting)
    assert bundle["checkpoint"] is None
    verdict = verify_bundle(bundle, keys.public_key())
    assert (verdict.proven, verdict.refuted) == (False, False)
    assert answers(bundle) == {**GOOD, CheckName.SIGNATURE: None, CheckName.INCLUSION: None}


def test_no_receipt_of_changed_data_is_handed_out(entry, tamper):
    tamper("UPDATE auth_group SET name = 'changed' WHERE id = %s", int(entry.subject.partition(":")[2]))
    with pytest.raises(RuleViolation) as refused:
        receipt_bundle(entry)
    assert refused.value.code == "evidence.changed"
    assert {c.name: c.held for c in verdict_on(entry).checks} == {**GOOD, CheckName.RECORD: False}


def test_a_superseded_entry_leaves_its_record_open(entry, make_groups, kind):
    from django.contrib.auth.models import Group
    from django.db import transaction

    from tests.evidence.conftest import SUN, record_of
    from wagewatch.evidence import services

    group = Group.objects.get(pk=int(entry.subject.partition(":")[2]))
    group.name = "corrected"
    group.save()
    with transaction.atomic():
        services.append(
            kind, project_id=3, subject=entry.subject, record=record_of(group), actor=SUN, now=NOW
        )
    assert {c.name: c.held for c in verdict_on(entry).checks} == {**GOOD, CheckName.RECORD: None}


def test_verdict_on_an_entry_with_a_lost_hash_does_not_fail(entry, tamper):
    tamper("DELETE FROM evidence_subtree WHERE level = 0 AND index = 5")
    assert {c.name: c.held for c in verdict_on(entry).checks} == {**GOOD, CheckName.INCLUSION: False}


CHANGES = {
    "record": (lambda b: b["record"].update(name="other"), {CheckName.RECORD}),
    "record added": (lambda b: b["record"].update(more=1), {CheckName.RECORD}),
    "subject": (lambda b: b.update(subject="group:0"), {CheckName.SUBJECT}),
    "salt": (lambda b: b.update(salt="00" * 16), {CheckName.RECORD, CheckName.SUBJECT}),
    "leaf kind": (lambda b: b["leaf"].update(kind="other"), {CheckName.INCLUSION}),
    "leaf time": (
        lambda b: b["leaf"].update(recorded_at="2026-11-07T11:52:00.000000Z"),
        {CheckName.INCLUSION},
    ),
    "index": (lambda b: b.update(index=3), {CheckName.INCLUSION}),
    "index text": (lambda b: b.update(index="4"), {CheckName.INCLUSION}),
    "index true": (lambda b: b.update(index=True), {CheckName.INCLUSION}),
    "index huge": (lambda b: b.update(index=10**40), {CheckName.INCLUSION}),
    "proof cut": (lambda b: b["proof"].pop(), {CheckName.INCLUSION}),
    "proof mixed": (lambda b: b["proof"].reverse(), {CheckName.INCLUSION}),
    "proof gone": (lambda b: b.update(proof=None), {CheckName.INCLUSION}),
    "proof of numbers": (lambda b: b.update(proof=[1, 2, 3, 4]), {CheckName.INCLUSION}),
    "size": (
        lambda b: b.update(checkpoint=b["checkpoint"].replace("\n9\n", "\n8\n")),
        {CheckName.SIGNATURE, CheckName.INCLUSION},
    ),
    "note": (lambda b: b.update(checkpoint="nonsense"), {CheckName.SIGNATURE, CheckName.INCLUSION}),
    "note number": (lambda b: b.update(checkpoint=7), {CheckName.SIGNATURE, CheckName.INCLUSION}),
}
UNREADABLE = {
    "leaf gone": lambda b: b.pop("leaf"),
    "leaf text": lambda b: b.update(leaf="x"),
    "leaf more": lambda b: b["leaf"].update(extra=1),
    "leaf version": lambda b: b["leaf"].update(v=2),
    "leaf hash": lambda b: b["leaf"].update(hash="md5"),
    "leaf list": lambda b: b["leaf"].update(kind=[1.5]),
    "leaf half": lambda b: b["leaf"].update(kind="\ud800"),
    "salt gone": lambda b: b.pop("salt"),
    "salt odd": lambda b: b.update(salt="abc"),
    "record float": lambda b: b["record"].update(x=1.5),
    "receipt": lambda b: b.update(receipt="another"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_found_and_named(bundle, name):
    change, failed = CHANGES[name]
    change(bundle)
    assert answers(bundle) == {**GOOD, **dict.fromkeys(failed, False)}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_whole_receipt_is_not_readable(bundle, name):
    UNREADABLE[name](bundle)
    assert answers(bundle) == {CheckName.READABLE: False}


def test_another_logs_signature_is_refused(bundle):
    other = VerifierKey(keys.origin(), Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert answers(bundle, other) == {**GOOD, CheckName.SIGNATURE: False, CheckName.INCLUSION: False}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bundle_makes_the_check_fail_over(bundle, data):
    broken = copy.deepcopy(bundle)
    where = data.draw(st.sampled_from([broken, broken["leaf"]]))
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(json_values)
    verify_bundle(broken, keys.public_key())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": "other"}',
        "[" * 100_000,
        '{"a":' * 5000,
        "9" * 5000,
        " " * 300_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_not_a_receipt_is_refused(text):
    with pytest.raises(BundleError):
        parse_bundle(text)


def test_keys_are_written_and_read_back():
    key = keys.public_key()
    assert VerifierKey.parse(str(key)) == key
    for broken in ("", "a+b", str(key)[:-4], str(key).replace("wagewatch", "other"), str(key) + "AAAA"):
        with pytest.raises(NoteError):
            VerifierKey.parse(broken)


def test_a_note_by_the_published_example_of_the_format():
    """The example of the C2SP signed-note specification: a key whose id and name are public."""
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, signatures = notes._parts(note)
    raw = notes._decode(signatures[0].split(" ")[2])
    assert raw[:4] == key.key_id
    Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text.encode())


def offline(path, *arguments):
    """The program as a stranger runs it: no packages, nothing of ours on the path."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={"PYTHONUTF8": "1"},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def saved(tmp_path):
    def save(bundle):
        path = tmp_path / "receipt.json"
        path.write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
        return path

    return save


def test_the_program_proves_a_real_receipt(entry, tmp_path):
    path = tmp_path / "receipt.json"
    path.write_bytes(receipt_file(entry))
    code, text = offline(path, "--key", str(keys.public_key()))
    assert (code, text.count("[ok]"), "[!!]" in text) == (0, 4, False)
    code, text = offline(path)
    assert code == 0
    assert "--key" in text


@pytest.mark.parametrize("name", CHANGES)
def test_the_program_finds_every_change(bundle, saved, name):
    change, failed = CHANGES[name]
    change(bundle)
    code, text = offline(saved(bundle), "--key", str(keys.public_key()))
    assert code in (1, 2), text
    if code == 1:
        assert text.count("[!!]") == len(failed), text


@pytest.mark.parametrize("name", [name for name in UNREADABLE if name != "leaf half"])
def test_the_program_refuses_what_is_no_receipt(bundle, saved, name):
    UNREADABLE[name](bundle)
    assert offline(saved(bundle), "--key", str(keys.public_key()))[0] in (1, 2)


def test_the_program_refuses_another_key(bundle, saved):
    other = VerifierKey(keys.origin(), Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert offline(saved(bundle), "--key", str(other))[0] == 1


def test_the_program_says_that_it_is_too_early(make_groups, saved):
    (waiting,) = make_groups(1)
    assert offline(saved(receipt_bundle(waiting)), "--key", str(keys.public_key()))[0] == 3


def test_the_program_knows_sm3(make_groups, saved, settings):
    settings.WAGEWATCH_EVIDENCE_HASH = "sm3"
    make_groups(5)
    sequencing.sequence(NOW)
    bundle = receipt_bundle(Entry.objects.get(leaf_index=4))
    assert answers(bundle) == GOOD
    assert offline(saved(bundle), "--key", str(keys.public_key()))[0] == 0


def test_the_programs_ed25519_is_that_of_the_rfc():
    """RFC 8032 section 7.1, tests 1 to 3, and signatures of the library."""
    space: dict[str, object] = {"__name__": "program"}
    exec(compile(SCRIPT.read_text(encoding="utf-8"), str(SCRIPT), "exec"), space)  # noqa: S102
    holds = space["ed25519_holds"]
    for public, message, signature in (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ):
        key, data, proof = (bytes.fromhex(part) for part in (public, message, signature))
        assert holds(key, data, proof)
        assert not holds(key, data + b"x", proof)
        assert not holds(key, data, proof[:-1] + bytes([proof[-1] ^ 1]))
        assert not holds(key, data, proof[:63])
    private = Ed25519PrivateKey.generate()
    public_bytes = private.public_key().public_bytes_raw()
    for number in range(5):
        text = bytes([number]) * number
        assert holds(public_bytes, text, private.sign(text))
