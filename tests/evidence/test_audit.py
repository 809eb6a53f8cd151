"""What is changed behind the system's back is found and named."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tests.evidence.conftest import KIND, NOW, SUN, all_groups, load_many, record_of
from wagewatch.evidence import keys, notes, registry, sequencing, services
from wagewatch.evidence.audit import Finding, Problem, audit
from wagewatch.evidence.leaves import hash_of_leaf
from wagewatch.evidence.models import Checkpoint, Entry
from wagewatch.lib.merkle import SHA256, node_hash

SET_COLUMN = "UPDATE evidence_entry SET {} = %s WHERE id = %s"
pytestmark = pytest.mark.django_db


@pytest.fixture
def log(make_groups):
    """Seven entries of real rows, published in two checkpoints."""
    entries = make_groups(4, "early")
    sequencing.sequence(NOW)
    entries += make_groups(3, "late", project_id=4, now=NOW + timedelta(days=1))
    sequencing.sequence(NOW)
    return list(Entry.objects.order_by("leaf_index"))


def found(**options):
    return [(f.problem, f.subject, f.where) for f in audit(**options).findings]


def test_an_untouched_log_is_clean(log):
    report = audit()
    assert report.findings == []
    assert (report.leaves, report.checkpoints, report.records, report.superseded, report.waiting) == (
        7,
        2,
        7,
        0,
        0,
    )


def test_an_empty_log_is_clean():
    assert audit().clean


def test_a_changed_row_is_named(log, tamper):
    group = int(log[2].subject.partition(":")[2])
    tamper("UPDATE auth_group SET name = 'changed' WHERE id = %s", group)
    assert audit().findings == [Finding(Problem.RECORD_CHANGED, KIND, log[2].subject, str(log[2].pk))]


def test_a_deleted_row_is_named(log, tamper):
    tamper("DELETE FROM auth_group WHERE id = %s", int(log[2].subject.partition(":")[2]))
    assert found() == [(Problem.RECORD_GONE, log[2].subject, "")]


def test_a_row_put_in_past_the_services_is_named(log):
    group = Group.objects.create(name="smuggled")
    assert found() == [(Problem.RECORD_UNRECORDED, f"group:{group.pk}", "")]


def test_an_entry_changed_to_fit_a_changed_row_is_found_in_the_tree(log, tamper):
    tamper("UPDATE evidence_entry SET record_hash = %s WHERE id = %s", b"\7" * 32, str(log[1].pk))
    assert found() == [
        (Problem.ENTRY_CHANGED, log[1].subject, "1"),
        (Problem.CHECKPOINT_ROOT, "", "4-7 (2)"),
        (Problem.RECORD_CHANGED, log[1].subject, ""),
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "test.other"),
        ("project_id", 99),
        ("recorded_at", NOW - timedelta(days=9)),
        ("actor_kind", "system"),
        ("actor_ref", b"\1" * 32),
    ],
)
def test_every_column_of_an_entry_is_bound(log, tamper, column, value):
    tamper(SET_COLUMN.format(column), value, str(log[5].pk))
    problems = found()
    assert (Problem.ENTRY_CHANGED, log[5].subject, "5") in problems
    assert (Problem.CHECKPOINT_ROOT, "", "7") in problems


@pytest.mark.parametrize("column", ["subject", "salt"])
def test_subject_and_salt_are_bound_by_the_hashes(log, tamper, column):
    value = log[0].subject if column == "subject" else b"\1" * 16
    tamper(SET_COLUMN.format(column), value, str(log[5].pk))
    assert Problem.SUBJECT_CHANGED in [problem for problem, _, _ in found()]


def test_a_changed_entry_with_all_hashes_redone_still_contradicts_the_signature(log, tamper):
    """Whoever rewrites entry and tree alike cannot sign the checkpoints again."""
    tamper("UPDATE evidence_entry SET record_hash = %s WHERE leaf_index = 6", b"\7" * 32)
    forged = Entry.objects.get(leaf_index=6)

    tamper(
        "UPDATE evidence_subtree SET hash = %s WHERE level = 0 AND index = 6",
        hash_of_leaf(forged.leaf(), SHA256),
    )
    assert found() == [(Problem.CHECKPOINT_ROOT, "", "7"), (Problem.RECORD_CHANGED, log[6].subject, "")]


def test_a_deleted_entry_is_found(log, tamper):
    tamper("DELETE FROM evidence_entry WHERE leaf_index = 3")
    assert (Problem.ENTRY_MISSING, "", "3") in found()
    assert (Problem.RECORD_UNRECORDED, log[3].subject, "") in found()


def test_an_entry_deleted_at_the_end_is_found_by_its_hash_and_checkpoint(log, tamper):
    tamper("DELETE FROM evidence_entry WHERE leaf_index = 6")
    tamper("DELETE FROM auth_group WHERE id = %s", int(log[6].subject.partition(":")[2]))
    assert found() == [(Problem.SUBTREE_EXTRA, "", "1"), (Problem.CHECKPOINT_AHEAD, "", "7")]


def test_an_end_cut_off_with_its_checkpoints_is_found_by_a_saved_checkpoint(log, tamper):
    saved = Checkpoint.objects.get(size=7).note
    for index in (4, 5, 6):
        tamper("DELETE FROM auth_group WHERE id = %s", int(log[index].subject.partition(":")[2]))
    tamper("DELETE FROM evidence_entry WHERE leaf_index >= 4")
    tamper("DELETE FROM evidence_subtree WHERE level = 0 AND index >= 4 OR level = 1 AND index >= 2")
    tamper("DELETE FROM evidence_checkpoint WHERE size = 7")
    assert audit().clean
    assert found(saved=[saved]) == [(Problem.CHECKPOINT_AHEAD, "", "7")]


def test_a_changed_node_is_named_where_it_is(log, tamper):
    tamper("UPDATE evidence_subtree SET hash = %s WHERE level = 1 AND index = 1", b"\3" * 32)
    assert found() == [(Problem.SUBTREE_CHANGED, "", "1/1")]


def test_a_deleted_node_is_named(log, tamper):
    tamper("DELETE FROM evidence_subtree WHERE level = 1 AND index = 1")
    assert found() == [(Problem.SUBTREE_MISSING, "", "1/1")]


def test_an_invented_node_is_found(log, tamper):
    tamper("INSERT INTO evidence_subtree (level, index, hash) VALUES (5, 0, %s)", node_hash(b"", b""))
    assert found() == [(Problem.SUBTREE_EXTRA, "", "1")]


def test_a_checkpoint_signed_by_another_key_is_found(log, tamper):
    forger = Ed25519PrivateKey.generate()
    root = bytes(Checkpoint.objects.get(size=4).root)
    note = notes.sign_checkpoint(keys.origin(), 4, root, "sha256", forger)
    tamper("UPDATE evidence_checkpoint SET note = %s WHERE size = 4", note)
    assert found() == [(Problem.CHECKPOINT_SIGNATURE, "", "4")]


def test_a_checkpoint_whose_columns_left_its_note_is_found(log, tamper):
    tamper("UPDATE evidence_checkpoint SET root = %s WHERE size = 4", b"\5" * 32)
    assert found() == [(Problem.CHECKPOINT_CHANGED, "", "4")]


def test_a_checkpoint_of_a_former_key_stays_good(log, settings):
    old = str(keys.public_key())
    settings.WAGEWATCH_EVIDENCE_KEY = base64.b64encode(bytes(32)).decode()
    assert [problem for problem, _, _ in found()] == [Problem.CHECKPOINT_SIGNATURE] * 2
    settings.WAGEWATCH_EVIDENCE_FORMER_KEYS = old
    assert audit().clean


def test_a_later_entry_on_the_same_subject_takes_the_place_of_the_first(log):
    group = Group.objects.get(pk=int(log[0].subject.partition(":")[2]))
    group.name = "corrected"
    group.save()
    assert found() == [(Problem.RECORD_CHANGED, log[0].subject, "")]
    with transaction.atomic():
        services.append(
            KIND, project_id=3, subject=log[0].subject, record=record_of(group), actor=SUN, now=NOW
        )
    waiting = audit()
    assert (waiting.findings, waiting.superseded, waiting.waiting) == ([], 1, 1)
    sequencing.sequence(NOW)
    assert (audit().findings, audit().waiting) == ([], 0)


def test_a_project_and_a_day_narrow_the_comparison(log, tamper):
    for entry in (log[0], log[6]):
        group = int(entry.subject.partition(":")[2])
        tamper("UPDATE auth_group SET name = %s WHERE id = %s", f"changed {group}", group)
    assert [subject for _, subject, _ in found(project_id=3)] == [log[0].subject]
    assert [subject for _, subject, _ in found(since=NOW + timedelta(hours=1))] == [log[6].subject]


def test_records_are_loaded_in_batches_not_one_by_one(make_groups, django_assert_max_num_queries):
    make_groups(200)
    sequencing.sequence(NOW)
    with django_assert_max_num_queries(10 + 2 * len(registry.all_kinds())):
        assert audit().records == 200


def test_kinds_that_nobody_registered_are_counted_not_passed_over():
    services.append("test.unknown", project_id=1, subject="x:1", record={}, actor=SUN, now=NOW)
    assert audit().unknown_kinds == {"test.unknown": 1}


def run(*arguments):
    out = StringIO()
    try:
        call_command("verify_evidence", *arguments, stdout=out)
    except SystemExit as stopped:
        return stopped.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_that_everything_agrees(log):
    code, text = run("--language", "en")
    assert code == 0
    assert "7 entries in the log, 2 checkpoints, 7 records compared." in text
    assert "Everything agrees." in text


def test_the_command_names_what_was_changed_and_fails(log, tamper):
    tamper("UPDATE auth_group SET name = 'changed' WHERE id = %s", int(log[2].subject.partition(":")[2]))
    code, text = run("--language", "en")
    assert code == 1
    assert f"[record_changed] the data differ from what was recorded; test.group {log[2].subject}" in text
    assert str(log[2].pk) in text
    code, text = run("--language", "zh-hans", "--project", "3")
    assert code == 1
    assert "数据和当时记录的不符" in text
    assert run("--project", "4", "--language", "en")[0] == 0


def test_the_command_takes_saved_checkpoints(log, tmp_path):
    saved = tmp_path / "checkpoint.txt"
    saved.write_text(Checkpoint.objects.get(size=4).note, encoding="utf-8")
    assert run("--checkpoint", str(saved))[0] == 0
    saved.write_text("nonsense", encoding="utf-8")
    assert run("--checkpoint", str(saved))[0] == 1
    with pytest.raises(CommandError):
        run("--checkpoint", str(tmp_path / "missing"))


def test_the_command_refuses_a_day_that_is_none(log):
    with pytest.raises(CommandError):
        run("--since", "2026-13-01")
    assert run("--since", "2026-11-01")[0] == 0


def test_every_registered_kind_of_the_apps_rebuilds_nothing_from_nothing():
    for kind in registry.all_kinds():
        assert dict(kind.load_many([])) == {}


@pytest.mark.django_db(transaction=True)
def test_the_command_sees_one_moment_of_a_log_that_goes_on_growing(make_groups, kind):
    """It reads in one snapshot: entries sequenced while it runs are neither extra hashes nor missing records."""
    make_groups(3)
    sequencing.sequence(NOW)
    grown = []

    def grow_meanwhile(subjects):
        def other_session():
            make_groups(2, "meanwhile")
            sequencing.sequence(NOW)
            connection.close()

        thread = threading.Thread(target=other_session)
        thread.start()
        thread.join()
        grown.append(len(subjects))
        return load_many(subjects)

    registry.unregister_kind(kind)
    registry.register_kind(kind, load_many=grow_meanwhile, expected_subjects=lambda project_id: all_groups())
    code, text = run("--language", "en")
    assert (code, grown) == (0, [3]), text
    assert Entry.objects.count() == 5
