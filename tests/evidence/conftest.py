"""A kind of evidence over real rows: groups, whose name is the record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from wagewatch.evidence import registry, services
from wagewatch.evidence.models import Entry

KIND = "test.group"
NOW = datetime(2026, 11, 6, 11, 52, tzinfo=UTC)


@dataclass(frozen=True)
class Actor:
    """Who acts in these tests."""

    kind: str = "worker"
    id: int | None = 55


SUN = Actor()


def record_of(group: Group) -> dict[str, object]:
    """The record of a group as it stands."""
    return {"id": group.pk, "name": group.name}


def load_many(subjects):
    """Records from today's rows."""
    numbers = [int(subject.partition(":")[2]) for subject in subjects]
    return {f"group:{g.pk}": record_of(g) for g in Group.objects.filter(pk__in=numbers)}


def all_groups() -> Iterator[str]:
    """Every group must have an entry."""
    return (f"group:{pk}" for pk in Group.objects.values_list("pk", flat=True).order_by("pk").iterator())


@pytest.fixture
def kind() -> Iterator[str]:
    """The registered kind; every group must have an entry."""
    registry.register_kind(
        KIND,
        load_many=load_many,
        expected_subjects=lambda project_id: all_groups(),
        label="test group",
    )
    yield KIND
    registry.unregister_kind(KIND)


@pytest.fixture
def make_groups(kind: str) -> Callable[..., list[Entry]]:
    """`make_groups(3)` makes three groups, each with its entry."""

    def make(
        count: int, prefix: str = "g", *, project_id: int | None = 3, now: datetime = NOW
    ) -> list[Entry]:
        with transaction.atomic():
            groups = Group.objects.bulk_create([Group(name=f"{prefix}{n}") for n in range(count)])
            facts = [services.Fact(project_id, f"group:{g.pk}", record_of(g)) for g in groups]
            return services.append_many(kind, facts, actor=SUN, now=now)

    return make


@pytest.fixture
def tamper() -> Callable[..., int]:
    """`tamper(sql, …)` changes tables as somebody with the database password would: with triggers off."""

    def run(sql: str, *parameters: object) -> int:
        guarded = re.findall(r"evidence_\w+", sql)[:1]
        with transaction.atomic(), connection.cursor() as cursor:
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(sql, parameters)
            changed = cursor.rowcount
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        assert changed > 0
        return changed

    return run
