"""Write the good rows of a staged roster: all of them in one transaction, by a handful of statements.

Judged again under locks, so that what changed since the preview (another upload, a card given to
somebody else) is seen. Locks: project, upload, then people by id.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg2.extras import execute_values

from registration.access import access_participation, access_project, not_found
from registration.actors import Actor
from registration.models import BankCard, Posting, RosterUpload, Team, Worker
from registration.rules.roster_row import Defaults, Message, ReadRow, message
from registration.rules.roster_verdict import CHANGED, NEW, REFUSED, UNCHANGED, Judged, judge
from registration.services.copying import copy_rows
from registration.services.history import record_history
from registration.services.leaving import start_settlement
from registration.services.roster_facts import Indexes, facts_for, indexes_of
from registration.services.rosters import StagedRow, count_verdicts
from wagewatch.lib.crypto import blind_index, decrypt, encrypt
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

State = RosterUpload.State
_REASON = "roster %s"
MANY = 500


@transaction.atomic
def apply_roster(project_id: int, upload_id: int, *, actor: Actor, now: datetime) -> RosterUpload:
    """Write new and changed people of a staged upload; `summary` of the result tells how many.

    Rows that are no longer good are refused and counted. Raises NotFound, NotPermitted, and
    RuleViolation `roster.applied` or `roster.not_ready`.
    """
    project = access_project(project_id, actor, permission="roster.upload", for_write=True)
    upload = (
        RosterUpload.objects.select_for_update(of=("self",)).filter(pk=upload_id, project=project).first()
    )
    if upload is None:
        not_found()
    access_participation(upload.participation_id, project, actor, permission="roster.upload")
    if upload.state == State.APPLIED:
        raise RuleViolation("roster.applied", _("This roster was written already; nothing was done twice."))
    if upload.state != State.STAGED:
        raise RuleViolation("roster.not_ready", _("This roster is not ready to be written. Upload it again."))
    before = _staged_rows(upload)
    rows = [kept.row for kept in before]
    indexes = [indexes_of(row.values) for row in rows]
    _lock_people(indexes)
    defaults = msgspec.convert(upload.reading["defaults"], Defaults)
    facts = facts_for(
        project.pk, upload.participation_id, rows, indexes, defaults=defaults, today=site_date(now)
    )
    judged = judge(rows, facts)
    reason = _REASON % upload.pk
    with connection.cursor() as cursor:
        writer = _Writer(cursor, upload, actor, now, reason)
        writer.stage(judged, indexes)
        writer.people()
        writer.teams()
        writer.postings()
        writer.cards()
        for number, text in writer.refused.items():
            judged[number].messages.append(text)
            if text.kind == "stop":
                judged[number].verdict = REFUSED
        writer.note_rows(judged, before)
        cursor.execute("DROP TABLE roster_stage")
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
    return _finish(upload, judged, actor, now)


class Staged(NamedTuple):
    """A staged row for judging again, and what the preview said."""

    row: ReadRow
    verdict: str
    messages: list[Message]


def _staged_rows(upload: RosterUpload) -> list[Staged]:
    """The staged rows with the messages their cells had; those of the verdict are made anew."""
    decode = msgspec.json.Decoder(StagedRow).decode
    messages = msgspec.json.Decoder(list[Message]).decode
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sheet, line, data, verdict, messages::text FROM registration_rosterrow"
            " WHERE project_id = %s AND upload_id = %s ORDER BY row",
            [upload.project_id, upload.pk],
        )
        found = cursor.fetchall()
    rows = []
    for sheet, line, data, verdict, texts in found:
        kept = decode(decrypt(bytes(data), context="roster.row"))
        said = messages(texts) if texts != "[]" else []
        of_cells = [m for m in said if m.code not in VERDICT_CODES]
        rows.append(Staged(ReadRow(sheet, line, kept.values, of_cells, kept.raw), verdict, said))
    return rows


VERDICT_CODES = frozenset(
    [
        "person.twice",
        "person.twice_differs",
        "card.shared",
        "card.other_person",
        "name.conflict",
        "posting.other_company",
        "posting.left",
        "team.missing",
        "trade.missing",
        "rate.missing",
        "card.none",
        "rate.high",
        "rate.low",
    ]
)
"""Messages that judging gives again, as opposed to those of reading a cell."""


def _lock_people(indexes: Sequence[Indexes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registration_worker WHERE id_index = ANY(%s) ORDER BY id FOR UPDATE",
            [[i.person for i in indexes if i.person]],
        )


_STAGE = (
    ("n", "int"), ("verdict", "text"), ("worker_id", "bigint"), ("posting_id", "bigint"), ("name", "text"),
    ("id_number", "bytea"), ("id_index", "bytea"), ("id_tail", "text"), ("sex", "smallint"), ("birth_date", "date"),
    ("origin_code", "text"), ("ethnicity", "text"), ("address", "bytea"), ("phone", "bytea"), ("phone_index", "bytea"),
    ("team", "text"), ("trade", "text"), ("basis", "text"), ("rate_fen", "bigint"), ("joined_on", "date"),
    ("left_on", "date"), ("card", "bytea"), ("card_index", "bytea"), ("card_tail", "text"), ("bank", "text"),
)  # fmt: skip


class _Writer:
    """The statements of one application, over a temporary table of the good rows."""

    def __init__(self, cursor: Any, upload: RosterUpload, actor: Actor, now: datetime, reason: str) -> None:
        self.cursor, self.upload, self.actor, self.now, self.reason = cursor, upload, actor, now, reason
        self.refused: dict[int, Message] = {}

    def _run(self, sql: str, **facts: Any) -> None:
        self.cursor.execute(
            sql,
            {
                "project": self.upload.project_id,
                "part": self.upload.participation_id,
                "now": self.now,
                **facts,
            },
        )

    def _returned(self) -> list[int]:
        return [row[0] for row in self.cursor.fetchall()]

    def _history(self, model: Any, ids: Iterable[int], kind: str, *, keyed: bool = False) -> None:
        record_history(
            model,
            ids,
            kind=kind,
            actor=self.actor,
            now=self.now,
            reason=self.reason,
            project_id=self.upload.project_id if keyed else None,
        )

    def stage(self, judged: Sequence[Judged], indexes: Sequence[Indexes]) -> None:
        """Copy the good rows, encrypted, into a temporary table."""
        columns = ", ".join(f"{name} {kind}" for name, kind in _STAGE)
        self._run(f"CREATE TEMPORARY TABLE roster_stage ({columns}) ON COMMIT DROP")
        copy_rows(
            self.cursor,
            "roster_stage",
            [name for name, _kind in _STAGE],
            (
                _stage_row(number, one, index)
                for number, (one, index) in enumerate(zip(judged, indexes, strict=True))
                if one.verdict in {NEW, CHANGED}
            ),
        )
        self._run("ANALYZE roster_stage")
        if len(judged) > MANY:
            # Statistics of the big tables may be older than the rows just written; a nested loop planned
            # for a small table would look at every pair.
            self._run("SET LOCAL enable_nestloop = off")

    def people(self) -> None:
        """New people once for the whole system; phone numbers of known ones."""
        self._run(
            """
            INSERT INTO registration_worker (name, id_number, id_index, id_tail, sex, birth_date, origin_code,
                ethnicity, address, phone, phone_index, registered_at, registered_by)
            SELECT name, id_number, id_index, id_tail, sex, birth_date, origin_code, ethnicity, address, phone,
                phone_index, %(now)s, 'roster'
            FROM roster_stage WHERE worker_id IS NULL ORDER BY id_index
            ON CONFLICT (id_index) DO NOTHING RETURNING id
            """
        )
        self._history(Worker, self._returned(), "+")
        self._run(
            "UPDATE roster_stage s SET worker_id = w.id FROM registration_worker w"
            " WHERE s.worker_id IS NULL AND w.id_index = s.id_index"
        )
        # Registered by another upload in this very moment, under another name.
        self._run(
            "DELETE FROM roster_stage s USING registration_worker w"
            " WHERE w.id = s.worker_id AND w.name <> s.name RETURNING s.n"
        )
        text = _("This person was registered under another name a moment ago. Check name and number.")
        self.refused |= {n: message("name", "stop", "name.moment_ago", text) for n in self._returned()}
        self._run(
            """
            UPDATE registration_worker w SET phone = s.phone, phone_index = s.phone_index
            FROM roster_stage s
            WHERE w.id = s.worker_id AND s.phone IS NOT NULL AND w.phone_index IS DISTINCT FROM s.phone_index
            RETURNING w.id
            """
        )
        self._history(Worker, self._returned(), "~")

    def teams(self) -> None:
        """Teams named in the rows that this company does not have yet."""
        self._run(
            """
            INSERT INTO registration_team (project_id, participation_id, name)
            SELECT DISTINCT %(project)s, %(part)s, team FROM roster_stage WHERE team <> ''
            ON CONFLICT (project_id, participation_id, name) DO NOTHING RETURNING id
            """
        )
        self._history(Team, self._returned(), "+", keyed=True)

    def postings(self) -> None:
        """New work with the next free gate numbers; changes of work that goes on."""
        self._run(
            """
            INSERT INTO registration_posting (project_id, worker_id, participation_id, team_id, pin, trade,
                pay_basis, rate_fen, joined_on, left_on)
            SELECT %(project)s, s.worker_id, %(part)s, t.id,
                (SELECT COALESCE(MAX(pin), 0) FROM registration_posting WHERE project_id = %(project)s)
                    + ROW_NUMBER() OVER (ORDER BY s.n),
                s.trade, s.basis, s.rate_fen, s.joined_on, s.left_on
            FROM roster_stage s JOIN registration_team t
                ON t.project_id = %(project)s AND t.participation_id = %(part)s AND t.name = s.team
            WHERE s.posting_id IS NULL
            RETURNING id
            """
        )
        made = self._returned()
        start_settlement(self.upload.project, made)
        self._history(Posting, made, "+", keyed=True)
        self._run(
            """
            UPDATE registration_posting p SET
                team_id = COALESCE(t.id, p.team_id),
                trade = COALESCE(NULLIF(s.trade, ''), p.trade),
                pay_basis = CASE WHEN s.rate_fen IS NULL THEN p.pay_basis
                                 ELSE COALESCE(NULLIF(s.basis, ''), p.pay_basis) END,
                rate_fen = COALESCE(s.rate_fen, p.rate_fen),
                joined_on = COALESCE(s.joined_on, p.joined_on),
                left_on = COALESCE(s.left_on, p.left_on)
            FROM roster_stage s LEFT JOIN registration_team t
                ON t.project_id = %(project)s AND t.participation_id = %(part)s AND t.name = s.team
            WHERE p.project_id = %(project)s AND p.id = s.posting_id
            RETURNING p.id
            """
        )
        changed = self._returned()
        start_settlement(self.upload.project, changed)
        self._history(Posting, changed, "~", keyed=True)

    def cards(self) -> None:
        """Wage cards: a new one ends the old one; a card that somebody else holds is left out."""
        self._run(
            """
            DELETE FROM roster_stage s WHERE s.card IS NULL OR EXISTS (
                SELECT 1 FROM registration_bankcard c
                WHERE c.is_current AND c.worker_id = s.worker_id AND c.number_index = s.card_index
                    AND (s.bank = '' OR s.bank = c.bank_name))
            """
        )
        self._run(
            """
            UPDATE registration_bankcard c SET bank_name = s.bank FROM roster_stage s
            WHERE c.is_current AND c.worker_id = s.worker_id AND c.number_index = s.card_index RETURNING c.id
            """
        )
        self._history(BankCard, self._returned(), "~")
        self._run(
            "DELETE FROM roster_stage s USING registration_bankcard c"
            " WHERE c.is_current AND c.number_index = s.card_index AND c.worker_id = s.worker_id"
        )
        self._run(
            "DELETE FROM roster_stage s USING registration_bankcard c"
            " WHERE c.is_current AND c.number_index = s.card_index RETURNING s.n"
        )
        taken = self._returned()
        self._run(
            "UPDATE registration_bankcard c SET is_current = false FROM roster_stage s"
            " WHERE c.is_current AND c.worker_id = s.worker_id RETURNING c.id"
        )
        self._history(BankCard, self._returned(), "~")
        self._run(
            """
            INSERT INTO registration_bankcard (worker_id, number, number_index, tail, bank_name, bank_code,
                is_current, added_at)
            SELECT worker_id, card, card_index, card_tail, bank, '', true, %(now)s FROM roster_stage
            ORDER BY card_index
            ON CONFLICT DO NOTHING RETURNING id, number_index
            """
        )
        made = self.cursor.fetchall()
        self._history(BankCard, [row[0] for row in made], "+")
        self._run("SELECT n, card_index FROM roster_stage")
        stored = {bytes(row[1]) for row in made}
        taken += [n for n, index in self.cursor.fetchall() if bytes(index) not in stored]
        text = _("Written without the card: a moment ago somebody else was given this card.")
        self.refused |= {n: message("card_number", "warn", "card.moment_ago", text) for n in taken}

    def note_rows(self, judged: Sequence[Judged], before: Sequence[Staged]) -> None:
        """Keep with each row what became of it, where that differs from the preview."""
        encode = msgspec.json.encode
        moved = [
            (
                self.upload.project_id,
                self.upload.pk,
                n,
                one.verdict,
                encode(one.messages),
                encode(one.changes),
            )
            for n, (one, kept) in enumerate(zip(judged, before, strict=True), 1)
            if one.verdict != kept.verdict or one.messages != kept.messages
        ]
        for start in range(0, len(moved), MANY):
            execute_values(
                self.cursor,
                """
                UPDATE registration_rosterrow r SET verdict = v.verdict, messages = v.messages::jsonb,
                    changes = v.changes::jsonb
                FROM (VALUES %s) v (project_id, upload_id, n, verdict, messages, changes)
                WHERE r.project_id = v.project_id AND r.upload_id = v.upload_id AND r.row = v.n
                """,
                [(*row[:4], row[4].decode(), row[5].decode()) for row in moved[start : start + MANY]],
            )


def _stage_row(number: int, one: Judged, index: Indexes) -> tuple[Any, ...]:
    values = one.row.values
    new = one.known_id is None
    return (
        number,
        one.verdict,
        one.known_id,
        one.posting_id,
        values.name,
        encrypt(values.id_number, context="worker.id_number") if new else None,
        index.person,
        values.id_number[-4:],
        values.sex,
        values.birth_date,
        values.region_code,
        values.ethnicity,
        encrypt(values.address, context="worker.address") if new and values.address else None,
        encrypt(values.phone, context="worker.phone") if values.phone else None,
        _phone_index(values.phone),
        values.team,
        values.trade,
        values.basis,
        values.rate_fen,
        values.joined_on,
        values.left_on,
        encrypt(values.card, context="card.number") if values.card else None,
        index.card,
        values.card[-4:],
        values.bank,
    )


def _phone_index(phone: str) -> bytes | None:
    return blind_index(phone, kind="phone") if phone else None


def _finish(upload: RosterUpload, judged: list[Judged], actor: Actor, now: datetime) -> RosterUpload:
    """The upload is done; the file with its personal data is no longer needed."""
    summary = count_verdicts(judged)
    verdicts = Counter(one.verdict for one in judged)
    summary["written"] = verdicts[NEW] + verdicts[CHANGED]
    summary["unchanged"] = verdicts[UNCHANGED]
    upload.state, upload.summary, upload.content = State.APPLIED, summary, None
    upload.applied_by_id, upload.applied_at = actor.id, now
    upload.save(update_fields=["state", "summary", "content", "applied_by", "applied_at"])
    return upload
