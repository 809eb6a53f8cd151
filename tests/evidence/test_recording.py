"""Recording: in the fact's transaction, append-only, no personal data."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from tests.evidence.conftest import NOW, SUN
from wagewatch.evidence import registry, sequencing, services
from wagewatch.evidence.leaves import salted_hash
from wagewatch.evidence.models import Checkpoint, Entry, Stage, Subtree, new_entry_id
from wagewatch.evidence.tree import stage_of
from wagewatch.lib.canonical import CanonicalError
from wagewatch.lib.merkle import SHA256


def append(**changes):
    arguments = {
        "project_id": 3,
        "subject": "payslip:2026-10:3:17:55",
        "record": {"net_fen": 648000, "name": "孙长根"},
        "actor": SUN,
        "now": NOW,
    }
    return services.append("payslip.confirmed", **{**arguments, **changes})


@pytest.mark.django_db
def test_an_entry_holds_the_salted_hash_and_none_of_the_record():
    entry = append()
    entry.refresh_from_db()
    assert bytes(entry.record_hash) == salted_hash(
        bytes(entry.salt), {"name": "孙长根", "net_fen": 648000}, SHA256
    )
    assert (entry.project_id, entry.leaf_index, entry.algorithm) == (3, None, "sha256")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM evidence_entry e")
        row = cursor.fetchone()[0]
    assert "孙" not in row
    assert "648000" not in row


@pytest.mark.django_db
def test_the_same_record_twice_gives_different_hashes():
    assert append().record_hash != append().record_hash


@pytest.mark.django_db
def test_the_leaf_names_nobody():
    leaf = append().leaf()
    assert leaf["kind"] == "payslip.confirmed"
    assert leaf["recorded_at"] == "2026-11-06T11:52:00.000000Z"
    assert "payslip:2026-10:3:17:55" not in str(leaf)
    assert {"salt", "name", "net_fen"}.isdisjoint(leaf)


@pytest.mark.django_db(transaction=True)
def test_refuses_to_record_outside_a_transaction():
    with pytest.raises(RuntimeError, match="transaction of the fact"):
        append()
    assert Entry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_when_the_fact_is_rolled_back():
    with transaction.atomic():
        append()
        transaction.set_rollback(True)
    assert Entry.objects.count() == 0


@pytest.mark.django_db
def test_refuses_a_record_with_a_float():
    with pytest.raises(CanonicalError):
        append(record={"net": 6480.0})
    assert Entry.objects.count() == 0


@pytest.mark.django_db
def test_many_facts_take_one_statement(django_assert_num_queries):
    facts = [services.Fact(3, f"group:{n}", {"n": n}) for n in range(500)]
    with django_assert_num_queries(1):
        services.append_many("test.group", facts, actor=SUN, now=NOW)
    assert Entry.objects.count() == 500


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE evidence_entry SET kind = 'other'",
        "UPDATE evidence_entry SET leaf_index = leaf_index + 1",
        "UPDATE evidence_entry SET leaf_index = NULL",
        "DELETE FROM evidence_entry",
        "UPDATE evidence_subtree SET hash = '\\x00'",
        "DELETE FROM evidence_subtree",
        "UPDATE evidence_checkpoint SET note = ''",
        "DELETE FROM evidence_checkpoint",
    ],
)
def test_the_database_refuses_to_change_the_log(sql):
    append()
    sequencing.sequence(NOW)
    before = [list(model.objects.order_by("pk").values()) for model in (Entry, Subtree, Checkpoint)]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert [list(model.objects.order_by("pk").values()) for model in (Entry, Subtree, Checkpoint)] == before


@pytest.mark.django_db
def test_numbering_may_not_change_anything_else():
    append()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE evidence_entry SET leaf_index = 0, kind = 'other'")
    assert Entry.objects.get().leaf_index is None


@pytest.mark.django_db
def test_stages_follow_each_other():
    entry = append()
    assert stage_of(entry) is Stage.RECORDED
    sequencing.integrate()
    entry.refresh_from_db()
    assert (entry.leaf_index, stage_of(entry)) == (0, Stage.SEQUENCED)
    sequencing.publish(NOW)
    assert stage_of(entry) is Stage.PUBLISHED


def test_entry_ids_made_one_after_the_other_rise_and_are_version_7():
    ids = [new_entry_id() for _ in range(100)]
    assert ids == sorted(ids)
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}
    made = datetime.fromtimestamp((ids[0].int >> 80) / 1000, UTC)
    assert abs(made - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_kind_is_registered_once(kind):
    with pytest.raises(ValueError, match="twice"):
        registry.register_kind(kind, lambda subject: None)


def test_a_loader_for_one_serves_for_many():
    registry.register_kind("test.single", {"a:1": {"n": 1}}.get)
    try:
        single = registry.kind_named("test.single")
        assert single is not None
        assert single.load_many(["a:1", "a:2"]) == {"a:1": {"n": 1}}
    finally:
        registry.unregister_kind("test.single")
