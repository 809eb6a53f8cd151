"""Recording: the one way into the log, inside the transaction of the fact itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import connection

from wagewatch.evidence.keys import algorithm_for_new_entries
from wagewatch.evidence.leaves import SALT_BYTES, salted_hash
from wagewatch.evidence.models import Entry
from wagewatch.lib.canonical import canonical
from wagewatch.lib.copying import write_rows
from wagewatch.lib.happenings import happened
from wagewatch.lib.merkle import Algorithm


class SomeActor(Protocol):
    """Who acted: registration's Actor, seen from below."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> int | None: ...


@dataclass(frozen=True)
class Fact:
    """One thing to record: `record` is what the kind's loader rebuilds from rows later."""

    project_id: int | None
    subject: str
    record: Mapping[str, object]


def append(
    kind: str,
    *,
    project_id: int | None,
    subject: str,
    record: Mapping[str, object],
    actor: SomeActor,
    now: datetime,
) -> Entry:
    """Record one fact; it is kept exactly if the caller's transaction commits.

    Promises the stage *recorded* only. Raises RuntimeError outside a transaction and CanonicalError for a
    record without one spelling (floats, naive moments). The record itself is not stored: who calls must be
    able to rebuild it from its own rows, see `registry.register_kind`.
    """
    return append_many(kind, [Fact(project_id, subject, record)], actor=actor, now=now)[0]


def append_many(kind: str, facts: Iterable[Fact], *, actor: SomeActor, now: datetime) -> list[Entry]:
    """Record many facts of one kind by one actor, in one statement."""
    if not connection.in_atomic_block:
        raise RuntimeError("evidence is recorded in the transaction of the fact: call inside atomic()")
    algorithm = algorithm_for_new_entries()
    who = canonical({"actor": actor.kind, "id": actor.id})
    entries = [_entry(kind, fact, actor, who, now, algorithm) for fact in facts]
    happened(kind)
    return list(write_rows(entries))


def _entry(kind: str, fact: Fact, actor: SomeActor, who: bytes, now: datetime, algorithm: Algorithm) -> Entry:
    salt = secrets.token_bytes(SALT_BYTES)
    return Entry(
        kind=kind,
        project_id=fact.project_id,
        subject=fact.subject,
        recorded_at=now,
        actor_kind=actor.kind,
        actor_ref=algorithm.digest(salt + who),  # salted_hash, whose canonical bytes are the same for all
        subject_hash=salted_hash(salt, fact.subject, algorithm),
        record_hash=salted_hash(salt, fact.record, algorithm),
        salt=salt,
        algorithm=algorithm.name,
    )
