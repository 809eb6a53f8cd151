"""The statements that write the ready rows of a roster: a few per slice of rows, all in one transaction.

People are written in the order of their index and cards in the order of theirs, so that two rosters at
once wait for each other without a deadlock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from registration.actors import Actor
from registration.models import BankCard, Posting, RosterUpload, Team, Worker
from registration.services.history import change_and_record

SLICE = 2_500
"""Rows per statement: progress is told after each."""

_MINE = "s.project_id = %(project)s AND s.upload_id = %(upload)s"
_PLACES = _MINE + " AND s.place >= %(start)s AND s.place < %(stop)s"
_CARD_PLACES = _MINE + " AND s.card_place >= %(start)s AND s.card_place < %(stop)s"

_NEW_PEOPLE = f"""
INSERT INTO registration_worker AS w (id, name, id_number, id_index, id_tail, sex, birth_date, origin_code, ethnicity,
    address, phone, phone_index, household, education, politics, emergency_name, emergency_phone,
    registered_at, registered_by, updated_at)
SELECT s.worker_id, s.name, s.id_number, s.id_index, s.id_tail, s.sex, s.birth_date, s.origin_code, s.ethnicity,
    s.address, s.phone, s.phone_index, s.household, s.education, s.politics, s.emergency_name, s.emergency_phone,
    %(now)s, 'roster', %(now)s
FROM registration_readyrow s WHERE {_PLACES} AND s.is_new_person ORDER BY s.place
ON CONFLICT (id_index) DO NOTHING RETURNING w.*
"""
_CHANGED_PEOPLE = f"""
UPDATE registration_worker w SET
    phone = COALESCE(s.phone, w.phone), phone_index = COALESCE(s.phone_index, w.phone_index),
    ethnicity = COALESCE(NULLIF(s.ethnicity, ''), w.ethnicity), address = COALESCE(s.address, w.address),
    household = COALESCE(NULLIF(s.household, ''), w.household),
    education = COALESCE(NULLIF(s.education, ''), w.education),
    politics = COALESCE(NULLIF(s.politics, ''), w.politics),
    emergency_name = COALESCE(s.emergency_name, w.emergency_name),
    emergency_phone = COALESCE(s.emergency_phone, w.emergency_phone), updated_at = %(now)s
FROM registration_readyrow s WHERE {_PLACES} AND s.changes_person AND w.id = s.worker_id RETURNING w.*
"""
_TEAMS = f"""
INSERT INTO registration_team AS t (project_id, participation_id, name)
SELECT DISTINCT %(project)s, %(part)s, s.team FROM registration_readyrow s WHERE {_MINE} AND s.team <> ''
ON CONFLICT (project_id, participation_id, name) DO NOTHING RETURNING t.*
"""
_OUR_TEAM = "t.project_id = %(project)s AND t.participation_id = %(part)s AND t.name = s.team"
_NEW_POSTINGS = f"""
INSERT INTO registration_posting AS p (project_id, worker_id, participation_id, team_id, pin, trade, pay_basis,
    rate_fen, piece_unit, work_role, joined_on, left_on)
SELECT %(project)s, s.worker_id, %(part)s, t.id, %(pins)s + s.pin_offset, s.trade, s.basis, s.rate_fen, s.piece_unit,
    COALESCE(NULLIF(s.work_role, ''), '20'), s.joined_on, s.left_on
FROM registration_readyrow s JOIN registration_team t ON {_OUR_TEAM}
WHERE {_PLACES} AND s.posting_id IS NULL RETURNING p.*
"""
_CHANGED_POSTINGS = f"""
UPDATE registration_posting p SET
    team_id = COALESCE(t.id, p.team_id),
    trade = COALESCE(NULLIF(s.trade, ''), p.trade),
    pay_basis = CASE WHEN s.rate_fen IS NULL THEN p.pay_basis ELSE COALESCE(NULLIF(s.basis, ''), p.pay_basis) END,
    rate_fen = COALESCE(s.rate_fen, p.rate_fen),
    piece_unit = COALESCE(NULLIF(s.piece_unit, ''), p.piece_unit),
    work_role = COALESCE(NULLIF(s.work_role, ''), p.work_role),
    joined_on = COALESCE(s.joined_on, p.joined_on),
    left_on = COALESCE(s.left_on, p.left_on)
FROM registration_readyrow s LEFT JOIN registration_team t ON {_OUR_TEAM}
WHERE {_PLACES} AND s.changes_work AND p.project_id = %(project)s AND p.id = s.posting_id RETURNING p.*
"""
_OTHER_BANK = f"""
UPDATE registration_bankcard c SET bank_name = s.bank FROM registration_readyrow s
WHERE {_CARD_PLACES} AND s.bank <> '' AND c.is_current AND c.worker_id = s.worker_id
    AND c.number_index = s.card_index AND c.bank_name <> s.bank RETURNING c.*
"""
_FORMER_CARDS = f"""
UPDATE registration_bankcard c SET is_current = false FROM registration_readyrow s
WHERE {_CARD_PLACES} AND c.is_current AND c.worker_id = s.worker_id AND c.number_index <> s.card_index RETURNING c.*
"""
_NOT_THEIRS_YET = """(s.is_new_person OR NOT EXISTS (SELECT 1 FROM registration_bankcard h
    WHERE h.is_current AND h.worker_id = s.worker_id AND h.number_index = s.card_index))"""
_NEW_CARDS = f"""
INSERT INTO registration_bankcard AS c (worker_id, number, number_index, tail, bank_name, bank_code, is_current,
    added_at)
SELECT s.worker_id, s.card, s.card_index, s.card_tail, s.bank, '', true, %(now)s
FROM registration_readyrow s WHERE {_CARD_PLACES} AND {_NOT_THEIRS_YET} ORDER BY s.card_place
ON CONFLICT DO NOTHING RETURNING c.*
"""
_COUNTS = f"""
SELECT count(*), count(*) FILTER (WHERE s.is_new_person), bool_or(s.changes_person), count(*) FILTER (
    WHERE s.posting_id IS NULL), bool_or(s.changes_work), COALESCE(max(s.card_place) + 1, 0)
FROM registration_readyrow s WHERE {_MINE}
"""


class RecordMoved(Exception):
    """Something that the rows were judged by has changed in this very moment: roll back and judge again."""


def count_ready(upload: RosterUpload) -> int:
    """How many rows are ready to be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registration_readyrow WHERE project_id = %s AND upload_id = %s",
            [upload.project_id, upload.pk],
        )
        return int(cursor.fetchone()[0])


def write_ready_rows(
    upload: RosterUpload, *, actor: Actor, now: datetime, tell: Callable[[int], None]
) -> None:
    """Write people, teams, postings and cards with their history, and delete the ready rows.

    `tell` gets the number of rows that are done, as a part of all. Raises RecordMoved.
    """
    writer = _Writer(upload, actor, now)
    writer.write(tell)


class _Writer:
    def __init__(self, upload: RosterUpload, actor: Actor, now: datetime) -> None:
        self.actor, self.now, self.reason = actor, now, f"roster {upload.pk}"
        self.params: dict[str, Any] = {
            "project": upload.project_id,
            "upload": upload.pk,
            "part": upload.participation_id,
            "now": now,
            "start": 0,
            "stop": 0,
        }

    def _one(self, sql: str) -> tuple[Any, ...]:
        with connection.cursor() as cursor:
            cursor.execute(sql, self.params)
            found: tuple[Any, ...] = cursor.fetchone()
            return found

    def _change(self, model: Any, kind: str, sql: str) -> int:
        return change_and_record(
            model, sql, self.params, kind=kind, actor=self.actor, now=self.now, reason=self.reason
        )

    def _slices(self, end: int) -> range:
        return range(0, end, SLICE)

    def write(self, tell: Callable[[int], None]) -> None:
        total, new_people, known_people, new_work, known_work, cards = self._one(_COUNTS)
        self._change(Team, "+", _TEAMS)
        self.params["pins"] = self._one(
            "SELECT COALESCE(MAX(pin), 0) FROM registration_posting WHERE project_id = %(project)s"
        )[0]
        parts = 2 + bool(cards)
        made = 0
        for start in self._slices(total):
            self.params |= {"start": start, "stop": start + SLICE}
            made += self._change(Worker, "+", _NEW_PEOPLE) if new_people else 0
            if known_people:
                self._change(Worker, "~", _CHANGED_PEOPLE)
            tell(min(start + SLICE, total) // parts)
        if made != new_people:
            raise RecordMoved
        for start in self._slices(total):
            self.params |= {"start": start, "stop": start + SLICE}
            if new_work:
                self._change(Posting, "+", _NEW_POSTINGS)
            if known_work:
                self._change(Posting, "~", _CHANGED_POSTINGS)
            tell((total + min(start + SLICE, total)) // parts)
        for start in self._slices(cards):
            self.params |= {"start": start, "stop": start + SLICE}
            self._cards(only_new=new_people == total)
            tell((2 * total + min(start + SLICE, total)) // parts)
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM registration_readyrow WHERE project_id = %(project)s AND upload_id = %(upload)s",
                self.params,
            )

    def _cards(self, *, only_new: bool) -> None:
        """A new card ends the old one; one that somebody else was given meanwhile stops everything."""
        if not only_new:
            self._change(BankCard, "~", _OTHER_BANK)
            self._change(BankCard, "~", _FORMER_CARDS)
        wanted = self._one(
            f"SELECT count(*) FROM registration_readyrow s WHERE {_CARD_PLACES} AND {_NOT_THEIRS_YET}"  # noqa: S608 our own text
        )[0]
        if self._change(BankCard, "+", _NEW_CARDS) != wanted:
            raise RecordMoved
