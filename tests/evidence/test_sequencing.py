"""One order for all entries, whoever appends meanwhile and whenever the sequencer dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from urllib.parse import quote, urlencode

import pytest
from django.db import connection, transaction

from tests.evidence.conftest import NOW, SUN
from wagewatch.evidence import keys, notes, sequencing, services, tasks, tree
from wagewatch.evidence.audit import audit
from wagewatch.evidence.leaves import hash_of_leaf
from wagewatch.evidence.models import Checkpoint, Entry, Subtree
from wagewatch.lib import merkle
from wagewatch.lib.merkle import SHA256


def append_some(count: int, name: str = "x") -> list[Entry]:
    with transaction.atomic():
        facts = [services.Fact(3, f"{name}:{n}", {"n": n}) for n in range(count)]
        return services.append_many("test.sequence", facts, actor=SUN, now=NOW)


@pytest.mark.django_db
def test_nothing_waiting_makes_no_checkpoint():
    assert sequencing.sequence(NOW) == sequencing.Sequenced(0, None)
    assert Checkpoint.objects.count() == 0


@pytest.mark.django_db
def test_entries_get_indexes_without_gaps_in_recorded_order():
    first = append_some(3)
    assert sequencing.sequence(NOW) == sequencing.Sequenced(3, 3)
    second = append_some(2)
    assert sequencing.sequence(NOW) == sequencing.Sequenced(2, 5)
    order = list(Entry.objects.order_by("leaf_index").values_list("pk", "leaf_index"))
    assert order == [(entry.pk, n) for n, entry in enumerate([*first, *second])]


@pytest.mark.django_db
def test_the_checkpoint_is_signed_and_holds_the_root_of_the_leaves():
    append_some(11)
    sequencing.sequence(NOW)
    leaves = [hash_of_leaf(entry.leaf(), SHA256) for entry in Entry.objects.order_by("leaf_index")]
    checkpoint = Checkpoint.objects.get()
    opened = notes.open_checkpoint(checkpoint.note, keys.public_key())
    assert (opened.size, opened.root) == (11, merkle.root(leaves))
    assert (checkpoint.size, bytes(checkpoint.root), checkpoint.at) == (11, opened.root, NOW)
    lines = checkpoint.note.split("\n")
    assert lines[:2] == ["wagewatch.local/evidence", "11"]
    assert lines[3] == ""
    assert lines[4].startswith("— wagewatch.local/evidence ")


@pytest.mark.django_db
def test_every_inclusion_and_consistency_proof_from_the_stored_tree_verifies():
    roots = {}
    for step in (1, 2, 4, 6, 1, 9):
        append_some(step, f"s{step}")
        size = sequencing.sequence(NOW).published
        roots[size] = bytes(Checkpoint.objects.get(size=size).root)
    total = max(roots)
    leaves = [hash_of_leaf(entry.leaf(), SHA256) for entry in Entry.objects.order_by("leaf_index")]
    for size, top in roots.items():
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            merkle.verify_inclusion(leaves[index], index, size, proof, top)
        proof = tree.consistency_proof(size, total)
        merkle.verify_consistency(size, total, top, roots[total], proof)


@pytest.mark.django_db
def test_a_proof_takes_a_fixed_number_of_queries(django_assert_num_queries):
    append_some(300)
    sequencing.sequence(NOW)
    with django_assert_num_queries(3):  # size, algorithm, hashes
        tree.inclusion_proof(123, 300)


@pytest.mark.django_db
def test_sm3_serves_the_whole_tree_once_it_began_with_it(settings):
    settings.WAGEWATCH_EVIDENCE_HASH = "sm3"
    append_some(5)
    sequencing.sequence(NOW)
    settings.WAGEWATCH_EVIDENCE_HASH = "sha256"
    append_some(2, "later")
    sequencing.sequence(NOW)
    assert set(Checkpoint.objects.values_list("algorithm", flat=True)) == {"sm3"}
    assert notes.read_checkpoint(Checkpoint.objects.get(size=7).note).algorithm == "sm3"
    assert audit().findings == []


@pytest.mark.django_db
def test_a_tree_changed_behind_the_last_checkpoint_is_not_carried_on(tamper):
    append_some(4)
    sequencing.sequence(NOW)
    tamper("UPDATE evidence_subtree SET hash = %s WHERE level = 2 AND index = 0", b"\0" * 32)
    append_some(1, "next")
    with pytest.raises(sequencing.DamagedTreeError):
        sequencing.sequence(NOW)
    assert Entry.objects.filter(leaf_index__isnull=True).count() == 1
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_the_task_sequences():
    append_some(2)
    assert tasks.sequence() == 2
    assert tasks.sequence() == 0


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_appends_are_sequenced_in_seconds():
    append_some(10_000)
    began = time.perf_counter()
    assert sequencing.sequence(NOW) == sequencing.Sequenced(10_000, 10_000)
    assert time.perf_counter() - began < 20  # about 1.2 s on two cores; the limit only catches a collapse
    assert Subtree.objects.filter(level=0).count() == 10_000


@pytest.mark.django_db(transaction=True)
def test_an_open_transaction_comes_later_and_loses_nothing():
    """A row written first and committed last takes a later index: the log has its own order."""
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            services.append("test.sequence", project_id=3, subject="slow:1", record={}, actor=SUN, now=NOW)
            written.set()
            assert go_on.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    append_some(2, "quick")
    assert sequencing.sequence(NOW).entries == 2
    go_on.set()
    thread.join()
    assert sequencing.sequence(NOW).entries == 1
    assert Entry.objects.get(subject="slow:1").leaf_index == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_appenders_and_sequencers_leave_no_gap():
    stop = threading.Event()
    failures: list[BaseException] = []

    def appender(number: int) -> None:
        try:
            for turn in range(20):
                append_some(5, f"a{number}.{turn}")
        except BaseException as problem:
            failures.append(problem)
        finally:
            connection.close()

    def sequencer() -> None:
        try:
            while not stop.is_set():
                sequencing.sequence(NOW)
        except BaseException as problem:
            failures.append(problem)
        finally:
            connection.close()

    appenders = [threading.Thread(target=appender, args=[n]) for n in range(4)]
    sequencers = [threading.Thread(target=sequencer) for _ in range(2)]
    for thread in [*appenders, *sequencers]:
        thread.start()
    for thread in appenders:
        thread.join()
    stop.set()
    for thread in sequencers:
        thread.join()
    sequencing.sequence(NOW)
    assert failures == []
    indexes = list(Entry.objects.order_by("leaf_index").values_list("leaf_index", flat=True))
    assert indexes == list(range(400))
    assert Checkpoint.objects.order_by("-size").first().size == 400
    report = audit()
    assert (report.findings, report.leaves) == ([], 400)


def database_url() -> str:
    """The address of the test database, for a process of its own."""
    s = connection.settings_dict
    query = urlencode({"host": s["HOST"], **({"port": s["PORT"]} if s["PORT"] else {})})
    who = quote(s["USER"]) + (f":{quote(s['PASSWORD'])}" if s["PASSWORD"] else "")
    return f"postgresql://{who}@/{quote(s['NAME'])}?{query}"


SEQUENCER = """
import django
django.setup()
from django.utils import timezone
from wagewatch.evidence.sequencing import sequence
sequence(timezone.now())
"""


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("table", "numbered"),
    [("evidence_subtree", 0), ("evidence_checkpoint", 30)],
    ids=["integrating", "publishing"],
)
def test_kill_9_in_the_middle_loses_and_doubles_nothing(root, table, numbered):
    """The sequencer is held where it writes `table`, killed there, and its work is done by the next run."""
    append_some(30)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        child = subprocess.Popen(
            [sys.executable, "-c", SEQUENCER],
            cwd=root,
            env={**os.environ, "DATABASE_URL": database_url(), "WAGEWATCH_TEST": "1"},
        )
        try:
            wait_until_blocked(table)
        finally:
            child.kill()
            child.wait()
    wait_until_gone(table)
    assert Entry.objects.filter(leaf_index__isnull=False).count() == numbered
    assert Checkpoint.objects.count() == 0
    assert sequencing.sequence(NOW) == sequencing.Sequenced(30 - numbered, 30)
    report = audit()
    assert (report.findings, report.leaves) == ([], 30)


BLOCKED = """SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.relation = %s::regclass AND l.pid <> pg_backend_pid()
    AND (NOT l.granted OR NOT %s)"""


def blocked(table: str, *, waiting: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED, [table, waiting])
        return int(cursor.fetchone()[0])


def wait_until_blocked(table: str) -> None:
    deadline = time.monotonic() + 60
    while not blocked(table, waiting=True):
        assert time.monotonic() < deadline, "the sequencer never came to write"
        time.sleep(0.05)


def wait_until_gone(table: str) -> None:
    """The dead process's session ends when the server notices; until then its rows are nobody's."""
    deadline = time.monotonic() + 60
    while blocked(table, waiting=False):
        assert time.monotonic() < deadline, "the dead session stays"
        time.sleep(0.05)
