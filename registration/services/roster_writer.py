"""Write the ready rows of a roster: a few statements per slice of rows, all in one transaction."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from registration.actors import Actor
from registration.models import BankCard, Posting, RegisteredBy, RosterUpload, Team, Worker
from registration.services import roster_statements as sql
from registration.services.cards import tell_card_changed
from registration.services.history import change_and_record
from registration.services.leaving import settle_day
from registration.services.roster_ready import Bundle
from wagewatch.lib.crypto import decrypt

SLICE = 2_500
"""Rows per statement: progress is told after each."""


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
    upload: Bundle,
    *,
    actor: Actor,
    now: datetime,
    tell: Callable[[int], None],
    reason: str = "",
    by: str = RegisteredBy.ROSTER,
) -> None:
    """Write people, teams, postings and cards with their history, and delete the ready rows.

    `tell` gets the number of rows that are done, as a part of all; `reason` is what the history says instead
    of the roster's number, `by` a RegisteredBy value. Raises RecordMoved.
    """
    writer = _Writer(upload, actor, now, reason or f"roster {upload.pk}", by)
    writer.write(tell)


class _Writer:
    def __init__(self, upload: Bundle, actor: Actor, now: datetime, reason: str, by: str) -> None:
        self.actor, self.now, self.reason = actor, now, reason
        self.project = upload.project
        self.params: dict[str, Any] = {
            "project": upload.project_id,
            "upload": upload.pk,
            "part": upload.participation_id,
            "now": now,
            "by": str(by),
            "start": 0,
            "stop": 0,
        }

    def _one(self, statement: str) -> tuple[Any, ...]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.params)
            found: tuple[Any, ...] = cursor.fetchone()
            return found

    def _change(self, model: Any, kind: str, statement: str) -> int:
        return change_and_record(
            model, statement, self.params, kind=kind, actor=self.actor, now=self.now, reason=self.reason
        )

    def _settlement_days(self) -> str:
        """JSON: last day on the project to the day by which a leaver's wages are due."""
        with connection.cursor() as cursor:
            cursor.execute(sql.LAST_DAYS, self.params)
            last_days = [row[0] for row in cursor.fetchall()]
        return json.dumps({d.isoformat(): settle_day(self.project, d).isoformat() for d in last_days})

    def _slices(self, end: int) -> range:
        return range(0, end, SLICE)

    def write(self, tell: Callable[[int], None]) -> None:
        total, new_people, known_people, new_work, known_work, cards = self._one(sql.COUNTS)
        self._change(Team, "+", sql.TEAMS)
        self.params["pins"] = self._one(sql.FREE_PIN)[0]
        self.params["settle"] = self._settlement_days()
        parts = 2 + bool(cards)
        made = 0
        for start in self._slices(total):
            self.params |= {"start": start, "stop": start + SLICE}
            made += self._change(Worker, "+", sql.NEW_PEOPLE) if new_people else 0
            if known_people:
                self._change(Worker, "~", sql.CHANGED_PEOPLE)
            tell(min(start + SLICE, total) // parts)
        if made != new_people:
            raise RecordMoved
        for start in self._slices(total):
            self.params |= {"start": start, "stop": start + SLICE}
            if new_work:
                self._change(Posting, "+", sql.NEW_POSTINGS)
            if known_work:
                self._change(Posting, "~", sql.CHANGED_POSTINGS)
            tell((total + min(start + SLICE, total)) // parts)
        for start in self._slices(cards):
            self.params |= {"start": start, "stop": start + SLICE}
            self._cards(only_new=new_people == total)
            tell((2 * total + min(start + SLICE, total)) // parts)
        with connection.cursor() as cursor:
            cursor.execute(sql.FORGET, self.params)

    def _cards(self, *, only_new: bool) -> None:
        """A new card ends the old one; one that somebody else was given meanwhile stops everything."""
        if not only_new:
            self._change(BankCard, "~", sql.OTHER_BANK)
            self._tell_card_holders()
            self._change(BankCard, "~", sql.FORMER_CARDS)
        wanted = self._one(sql.CARDS_WANTED)[0]
        if self._change(BankCard, "+", sql.NEW_CARDS) != wanted:
            raise RecordMoved

    def _tell_card_holders(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.LOSE_A_CARD, self.params)
            phones = [decrypt(bytes(row[0]), context="worker.phone") for row in cursor.fetchall()]
        tell_card_changed(phones, now=self.params["now"])
