"""What is recorded about the people of a roster, fetched in five statements for any number of rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

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
        blind_index(values.id_number, kind="id") if values.id_number else None,
        blind_index(values.card, kind="card") if values.card else None,
    )


# One table per statement: with thousands of values a join may be planned for a table it takes to be small.
_PEOPLE = "SELECT id, name, phone, id_index FROM registration_worker WHERE id_index = ANY(%s)"
_THEIR_CARDS = (
    "SELECT worker_id, number, bank_name FROM registration_bankcard WHERE is_current AND worker_id = ANY(%s)"
)
_POSTINGS = """
SELECT worker_id, id, participation_id, team_id, trade, pay_basis, rate_fen, joined_on, left_on
FROM registration_posting WHERE project_id = %s AND worker_id = ANY(%s) ORDER BY joined_on
"""
_TEAMS = "SELECT id, name FROM registration_team WHERE project_id = %s"
_HOLDERS = (
    "SELECT number_index, worker_id FROM registration_bankcard WHERE is_current AND number_index = ANY(%s)"
)


def facts_for(
    project_id: int,
    participation_id: int,
    rows: Sequence[ReadRow],
    indexes: Sequence[Indexes],
    *,
    defaults: Defaults,
    today: date,
) -> Facts:
    """Facts for judging the rows; the people of the rows only."""
    number_of = {i.person: r.values.id_number for r, i in zip(rows, indexes, strict=True) if i.person}
    card_of = {i.card: r.values.card for r, i in zip(rows, indexes, strict=True) if i.card}
    postings: dict[int, list[Any]] = {}
    cards: dict[int, tuple[Any, str]] = {}
    teams: dict[int, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [list(number_of)])
        people = cursor.fetchall()
        if people:
            ids = [row[0] for row in people]
            cursor.execute(_THEIR_CARDS, [ids])
            cards = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
            cursor.execute(_POSTINGS, [project_id, ids])
            for row in cursor.fetchall():
                postings.setdefault(row[0], []).append(row)
            cursor.execute(_TEAMS, [project_id])
            teams = dict(cursor.fetchall())
        cursor.execute(_HOLDERS, [list(card_of)])
        holders = {card_of[bytes(index)]: worker for index, worker in cursor.fetchall()}
    known = {
        number_of[bytes(index)]: _known(
            worker_id, name, phone, *cards.get(worker_id, (None, "")), postings.get(worker_id, ()), teams
        )
        for worker_id, name, phone, index in people
    }
    return Facts(participation_id, known, holders, defaults, today)


def _known(
    worker_id: int,
    name: str,
    phone: Any,
    card: Any,
    bank: str,
    postings: Sequence[Any],
    teams: Mapping[int, str],
) -> Known:
    open_ones = [p for p in postings if p[8] is None]
    left = [p for p in postings if p[8] is not None]
    return Known(
        id=worker_id,
        name=name,
        phone=decrypt(bytes(phone), context="worker.phone") if phone else "",
        card=decrypt(bytes(card), context="card.number") if card else "",
        bank=bank or "",
        posting=_open(open_ones[-1], teams) if open_ones else None,
        last_joined_on=left[-1][7] if left else None,
        last_left_on=max((p[8] for p in left), default=None),
    )


def _open(row: Sequence[Any], teams: Mapping[int, str]) -> OpenPosting:
    _worker, posting_id, part, team, trade, basis, rate, joined, _left = row
    return OpenPosting(posting_id, part, teams[team], trade, basis, rate, joined)
