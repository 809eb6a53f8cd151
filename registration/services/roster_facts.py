"""What is recorded about the people of a roster, fetched in a few statements for any number of rows."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from registration.models import RosterUpload
from registration.rules.roster_row import Defaults, ReadRow, RowValues
from registration.rules.roster_verdict import Facts, Known, OpenPosting
from wagewatch.lib.crypto import blind_index, decrypt


class Indexes(NamedTuple):
    """Blind indexes of a row's person and card."""

    person: bytes | None
    card: bytes | None


def indexes_of(values: RowValues) -> Indexes:
    """The blind indexes by which person and card are found."""
    return Indexes(
        blind_index(values.person_key, kind="id") if values.id_number else None,
        blind_index(values.card, kind="card") if values.card else None,
    )


class Recorded(NamedTuple):
    """Rows of the database as they came, still encrypted. The digest of them tells whether anything that
    a verdict rests on has changed."""

    people: list[tuple[Any, ...]]
    cards: list[tuple[Any, ...]]
    postings: list[tuple[Any, ...]]
    holders: list[tuple[Any, ...]]

    def digest(self, upload: RosterUpload, today: date) -> bytes:
        """SHA-256 over all rows, and over what was chosen and the day."""
        about = (upload.participation_id, upload.reading["defaults"], today)
        return hashlib.sha256(msgspec.msgpack.encode((about, *self))).digest()


# One table per statement: with thousands of values a join may be planned for a table it takes to be small.
_PEOPLE = """
SELECT id, id_index, name, phone, household, education, politics, emergency_name, emergency_phone,
    ethnicity <> '', address IS NOT NULL
FROM registration_worker WHERE id_index {people} ORDER BY id
"""
_THEIR_CARDS = """
SELECT worker_id, number, bank_name FROM registration_bankcard WHERE is_current AND worker_id = ANY(%(ids)s)
ORDER BY worker_id
"""
_POSTINGS = """
SELECT worker_id, id, participation_id, team_id, trade, pay_basis, rate_fen, joined_on, left_on, piece_unit, work_role
FROM registration_posting WHERE project_id = %(project)s AND worker_id = ANY(%(ids)s) ORDER BY joined_on, id
"""
_TEAMS = "SELECT id, name FROM registration_team WHERE project_id = %(project)s"
_CONTRACTS = """
SELECT DISTINCT posting_id FROM registration_labourcontract
WHERE project_id = %(project)s AND worker_id = ANY(%(ids)s) AND state NOT IN ('refused', 'withdrawn')
"""
_HOLDERS = """
SELECT number_index, worker_id FROM registration_bankcard WHERE is_current AND number_index {cards}
ORDER BY worker_id
"""
_STAGED = (
    "IN (SELECT {} FROM registration_rosterrow WHERE project_id = %(project)s AND upload_id = %(upload)s)"
)
_LISTED = {"people": "= ANY(%(people)s)", "cards": "= ANY(%(cards)s)"}
_OF_UPLOAD = {"people": _STAGED.format("id_index"), "cards": _STAGED.format("card_index")}


def recorded_about(project_id: int, indexes: Iterable[Indexes]) -> Recorded:
    """What is recorded about the people and cards with these indexes."""
    people = {i.person for i in indexes if i.person}
    cards = {i.card for i in indexes if i.card}
    return _fetch(_LISTED, {"project": project_id, "people": list(people), "cards": list(cards)})


def recorded_about_upload(upload: RosterUpload) -> Recorded:
    """The same for all staged rows of an upload."""
    return _fetch(_OF_UPLOAD, {"project": upload.project_id, "upload": upload.pk})


def _fetch(which: Mapping[str, str], facts: dict[str, Any]) -> Recorded:
    cards: list[Any] = []
    postings: list[Any] = []
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE.format(**which), facts)
        people = cursor.fetchall()
        if people:
            facts["ids"] = [row[0] for row in people]
            cursor.execute(_THEIR_CARDS, facts)
            cards = cursor.fetchall()
            cursor.execute(_TEAMS, facts)
            teams = dict(cursor.fetchall())
            cursor.execute(_CONTRACTS, facts)
            with_contract = {row[0] for row in cursor.fetchall()}
            cursor.execute(_POSTINGS, facts)
            postings = [
                (*row[:3], teams[row[3]], *row[4:], row[1] in with_contract) for row in cursor.fetchall()
            ]
        cursor.execute(_HOLDERS.format(**which), facts)
        return Recorded(people, cards, postings, cursor.fetchall())


def lock_people(upload: RosterUpload) -> None:
    """Lock the known people of the staged rows, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM registration_worker WHERE id_index {_OF_UPLOAD['people']} ORDER BY id FOR UPDATE",  # noqa: S608 our own text
            {"project": upload.project_id, "upload": upload.pk},
        )


def facts_from(
    recorded: Recorded,
    participation_id: int,
    rows: Sequence[ReadRow],
    indexes: Sequence[Indexes],
    *,
    defaults: Defaults,
    today: date,
) -> Facts:
    """Facts for judging the rows; the people of the rows only."""
    number_of = {i.person: r.values.person_key for r, i in zip(rows, indexes, strict=True) if i.person}
    card_of = {i.card: r.values.card for r, i in zip(rows, indexes, strict=True) if i.card}
    cards = {row[0]: (row[1], row[2]) for row in recorded.cards}
    postings: dict[int, list[Any]] = {}
    for row in recorded.postings:
        postings.setdefault(row[0], []).append(row)
    known = {
        number_of[bytes(row[1])]: _known(row, *cards.get(row[0], (None, "")), postings.get(row[0], ()))
        for row in recorded.people
    }
    holders = {card_of[bytes(index)]: worker for index, worker in recorded.holders}
    return Facts(participation_id, known, holders, defaults, today)


def _opened(value: Any, context: str) -> str:
    return decrypt(bytes(value), context=context) if value else ""


def _known(person: Sequence[Any], card: Any, bank: str, postings: Sequence[Any]) -> Known:
    worker_id, _index, name, phone, household, education, politics, near, near_phone, *there = person
    open_ones = [p for p in postings if p[8] is None]
    left = [p for p in postings if p[8] is not None]
    return Known(
        id=worker_id,
        name=name,
        phone=_opened(phone, "worker.phone"),
        card=_opened(card, "card.number"),
        bank=bank or "",
        household=household,
        education=education,
        politics=politics,
        emergency_name=_opened(near, "worker.emergency_name"),
        emergency_phone=_opened(near_phone, "worker.emergency_phone"),
        has_ethnicity=there[0],
        has_address=there[1],
        posting=_open(open_ones[-1]) if open_ones else None,
        last_joined_on=left[-1][7] if left else None,
        last_left_on=max((p[8] for p in left), default=None),
    )


def _open(row: Sequence[Any]) -> OpenPosting:
    _worker, posting_id, part, team, trade, basis, rate, joined, _left, unit, role, has_contract = row
    return OpenPosting(posting_id, part, team, trade, basis, rate, joined, unit, role, has_contract)
