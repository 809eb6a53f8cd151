"""Identity cards read on a site: kept for ten minutes, shown to the clerk, used once, forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, not_found
from registration.actors import Actor
from registration.models import CardRead, Project, RegisteredBy
from registration.rules.card_read import LOCKED, has_unreadable_name, person_of_card
from registration.rules.person_values import PostingValues, read_person
from registration.rules.roster_row import Message
from registration.services.entering import Entered, enter
from registration.services.portraits import make_portrait
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

WAITS = timedelta(minutes=10)
"""How long a read waits for a clerk. After that the worker has laid the card down again, or has gone."""
HEARD_FOR = 90
"""Seconds for which an agent's word about its readers holds; it sends one every 30."""


@dataclass(frozen=True)
class NewRead:
    """A read as an agent posts it. `data` are the card's fields, `photo` a JPEG or PNG or nothing."""

    key: str
    reader: str
    data: dict[str, Any]
    photo: bytes
    read_at: datetime


@transaction.atomic
def receive_card_reads(project_id: int, reads: Sequence[NewRead], *, now: datetime) -> dict[str, str]:
    """Keep reads of a project for the clerk; returns key to why it was not taken ('' if it is kept).

    The same key twice is one read. A read of more than ten minutes ago is not kept: nobody waits for it.
    """
    verdicts = {read.key: "card_read.late" if now - read.read_at > WAITS else "" for read in reads}
    CardRead.objects.bulk_create(
        [
            CardRead(
                project_id=project_id,
                key=read.key,
                reader=read.reader,
                data=msgspec.json.encode(read.data).decode(),
                photo=_portrait(read.photo),
                read_at=read.read_at,
                received_at=now,
            )
            for read in reads
            if not verdicts[read.key]
        ],
        ignore_conflicts=True,
    )
    return verdicts


def _portrait(photo: bytes) -> bytes | None:
    """A small JPEG; None for what is no picture: the card's words are worth keeping without it."""
    if not photo:
        return None
    try:
        return make_portrait(photo)
    except Malformed:
        return None


@dataclass(frozen=True)
class Waiting:
    """A read that waits, opened. `person` has the keys of PersonValues; `data` is what the card said."""

    read: CardRead
    data: dict[str, Any]
    person: dict[str, Any]


def _opened(read: CardRead) -> Waiting:
    data = msgspec.json.decode(str(read.data))
    return Waiting(read, data, person_of_card(data))


def waiting_reads(project: Project, *, reader: str = "", now: datetime) -> list[Waiting]:
    """The project's unused reads, newest first; of a card that was laid down twice only the last."""
    found = CardRead.objects.filter(project=project, used_at=None, received_at__gt=now - WAITS)
    if reader:
        found = found.filter(reader=reader)
    opened = [_opened(read) for read in found.defer("photo").order_by("-received_at", "-pk")[:20]]
    newest: dict[str, Waiting] = {}
    for one in opened:
        newest.setdefault(one.person["id_number"], one)
    return list(newest.values())


def access_card_read(project_id: int, pk: int, *, actor: Actor, now: datetime) -> Waiting:
    """A waiting read. Raises NotFound also when it was used or its ten minutes are over, NotPermitted."""
    project = access_project(project_id, actor, permission="person.edit")
    read = CardRead.objects.filter(project=project, pk=pk, used_at=None, received_at__gt=now - WAITS).first()
    if read is None:
        not_found()
    return _opened(read)


@transaction.atomic
def enter_by_card(
    project_id: int,
    read_id: int,
    participation_id: int,
    typed: Mapping[str, Any],
    posting: PostingValues,
    *,
    actor: Actor,
    now: datetime,
) -> Entered:
    """Register the person of a read, or find them again; what the card says counts, whatever was typed.

    A name is taken from `typed` only where the card's own cannot be written. The read is used up and emptied.
    Raises NotFound, NotPermitted, RuleViolation `card_read.used`, CardUnreadable, and what `enter` raises.
    """
    project = access_project(project_id, actor, permission="person.edit", for_write=True)
    read = CardRead.objects.select_for_update(of=("self",)).filter(project=project, pk=read_id).first()
    if read is None or (read.used_at is None and read.received_at <= now - WAITS):
        not_found()
    if read.used_at is not None:
        raise RuleViolation(
            "card_read.used", _("This card was used for a registration already. Lay it down again if needed.")
        )
    waiting = _opened(read)
    person, messages = read_person(merged(waiting, typed), today=site_date(now))
    if person is None:
        raise CardUnreadable.of([m for m in messages if m.kind == "stop"])
    entered = enter(project_id, participation_id, person, posting, by=RegisteredBy.CARD, actor=actor, now=now)
    CardRead.objects.filter(project=project, pk=read.pk).update(
        used_at=now, used_by_id=actor.id if actor.kind == "user" else None, data="", photo=None
    )
    return entered


class CardUnreadable(RuleViolation):
    """Something must be corrected first; `messages` say what, by field."""

    messages: tuple[Message, ...] = ()

    @classmethod
    def of(cls, messages: list[Message]) -> "CardUnreadable":
        """The refusal with all its messages."""
        error = cls("card_read.values", _("Some fields must be corrected."))
        error.messages = tuple(messages)
        return error


def merged(waiting: Waiting, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, under what the card says."""
    locked = {field: waiting.person[field] for field in LOCKED}
    if has_unreadable_name(waiting.data):
        locked["name"] = typed.get("name", "")
    photo = bytes(waiting.read.photo or b"")
    return {**typed, **locked, "photo": photo, "photo_source": "card"}


@transaction.atomic
def discard_card_read(project_id: int, read_id: int, *, actor: Actor, now: datetime) -> None:
    """Not this person: forget the read at once. Raises NotFound, NotPermitted."""
    waiting = access_card_read(project_id, read_id, actor=actor, now=now)
    CardRead.objects.filter(project_id=project_id, pk=waiting.read.pk).delete()


def forget_card_reads(*, now: datetime) -> int:
    """Delete reads whose ten minutes are over, used or not; called every minute. How many."""
    return CardRead.objects.filter(received_at__lte=now - WAITS).delete()[0]


@dataclass(frozen=True)
class Reader:
    """What a site agent said of one of its readers. `state`: ready, silent, lost, broken, starting, stopped."""

    name: str
    state: str


def note_readers(project_id: int, terminal_id: int, readers: Sequence[Reader]) -> None:
    """Remember for a minute and a half what an agent says of its readers; nothing is written to the database."""
    known: dict[str, list[list[str]]] = cache.get(_readers_key(project_id)) or {}
    said = {**known, str(terminal_id): [[reader.name, reader.state] for reader in readers]}
    cache.set(_readers_key(project_id), said, HEARD_FOR)


def readers_of(project: Project) -> list[Reader]:
    """The readers of a project's agents that were heard of lately, by name."""
    known: dict[str, list[list[str]]] = cache.get(_readers_key(project.pk)) or {}
    return sorted((Reader(*one) for said in known.values() for one in said), key=lambda reader: reader.name)


def _readers_key(project_id: int) -> str:
    return f"card-readers:{project_id}"
