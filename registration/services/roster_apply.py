"""Write the good rows of a staged roster: all of them in one transaction, by a handful of statements.

The verdicts of the preview hold if nothing they rest on has changed, which a digest of the recorded facts
tells under locks; otherwise (another upload, a card given to somebody else, another day) the rows are
judged again. Locks: project, upload, then people by id.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg2.extras import execute_values

from registration.access import access_participation, access_project, not_found
from registration.actors import Actor
from registration.models import RosterUpload
from registration.rules.roster_row import Defaults, Message, ReadRow
from registration.rules.roster_verdict import VERDICT_CODES, Change, Judged, count_verdicts, judge
from registration.services.progress import teller
from registration.services.roster_facts import (
    Recorded,
    facts_from,
    indexes_of,
    lock_people,
    recorded_about_upload,
)
from registration.services.roster_ready import StagedRow, prepare_rows
from registration.services.roster_staging import refusal_text
from registration.services.roster_writer import RecordMoved, count_ready, write_ready_rows
from registration.services.rosters import give_back
from wagewatch.lib.collecting import collector_paused
from wagewatch.lib.crypto import decrypt_bytes
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation, TryLater, WagewatchError
from wagewatch.lib.locks import only_one

State = RosterUpload.State
TRIES = 3
MANY = 500


def _silent(_done: int) -> None:
    """Progress nobody looks at."""


def apply_roster(
    project_id: int,
    upload_id: int,
    *,
    actor: Actor,
    now: datetime,
    tell: Callable[[int], None] = _silent,
) -> RosterUpload:
    """Write new and changed people of a staged upload; `summary` of the result tells how many.

    Rows that are no longer good are refused and counted. `tell` hears how many rows are done. Raises
    NotFound, NotPermitted, RuleViolation `roster.applied` or `roster.not_ready`, and TryLater if others
    register the same people again and again meanwhile.
    """
    for _try in range(TRIES):
        try:
            with collector_paused(), transaction.atomic():
                return _apply(project_id, upload_id, actor, now, tell)
        except (RecordMoved, IntegrityError):
            # Somebody was registered, or given a card, elsewhere in this very moment: now it is on record.
            continue
    raise TryLater


def _apply(
    project_id: int, upload_id: int, actor: Actor, now: datetime, tell: Callable[[int], None]
) -> RosterUpload:
    project = access_project(project_id, actor, permission="roster.upload", for_write=True)
    upload = (
        RosterUpload.objects.select_for_update(of=("self",))
        .defer("content")
        .filter(pk=upload_id, project=project)
        .first()
    )
    if upload is None:
        not_found()
    access_participation(upload.participation_id, project, actor, permission="roster.upload")
    if upload.state == State.APPLIED:
        raise RuleViolation("roster.applied", _("This roster was written already; nothing was done twice."))
    if upload.state not in {State.STAGED, State.APPLYING}:
        raise RuleViolation("roster.not_ready", _("This roster is not ready to be written. Upload it again."))
    lock_people(upload)
    recorded = recorded_about_upload(upload)
    to_write = upload.summary["new"] + upload.summary["changed"]
    today = site_date(now)
    if bytes(upload.facts or b"") != recorded.digest(upload, today) or count_ready(upload) != to_write:
        upload.summary = _judge_again(upload, recorded, today)
    write_ready_rows(upload, actor=actor, now=now, tell=tell)
    return _finish(upload, actor, now)


class Staged(NamedTuple):
    """A staged row for judging again, and what the preview said."""

    row: ReadRow
    verdict: str
    messages: list[Message]
    changes: list[Change]


def _judge_again(upload: RosterUpload, recorded: Recorded, today: Any) -> dict[str, Any]:
    """New verdicts by what is recorded now; keeps them with the rows and makes the good ones ready."""
    before = _staged_rows(upload)
    rows = [kept.row for kept in before]
    indexes = [indexes_of(row.values) for row in rows]
    defaults = msgspec.convert(upload.reading["defaults"], Defaults)
    facts = facts_from(recorded, upload.participation_id, rows, indexes, defaults=defaults, today=today)
    judged = judge(rows, facts)
    _note_rows(upload, judged, before)
    prepare_rows(upload, judged, indexes)
    return count_verdicts(judged)


def _staged_rows(upload: RosterUpload) -> list[Staged]:
    """The staged rows with the messages their cells had; those of the verdict are made anew."""
    decode = msgspec.json.Decoder(StagedRow).decode
    messages = msgspec.json.Decoder(list[Message]).decode
    changes = msgspec.json.Decoder(list[Change]).decode
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sheet, line, data, verdict, messages::text, changes::text FROM registration_rosterrow"
            " WHERE project_id = %s AND upload_id = %s ORDER BY row",
            [upload.project_id, upload.pk],
        )
        found = cursor.fetchall()
    rows = []
    for sheet, line, data, verdict, texts, differing in found:
        kept = decode(decrypt_bytes(bytes(data), context="roster.row"))
        said = messages(texts) if texts != "[]" else []
        of_cells = [m for m in said if m.code not in VERDICT_CODES]
        row = ReadRow(sheet, line, kept.values, of_cells, kept.raw)
        rows.append(Staged(row, verdict, said, changes(differing) if differing != "[]" else []))
    return rows


def _note_rows(upload: RosterUpload, judged: Sequence[Judged], before: Sequence[Staged]) -> None:
    """Keep with each row what became of it, where that differs from the preview."""
    encode = msgspec.json.encode
    moved = [
        (
            upload.project_id,
            upload.pk,
            n,
            one.verdict,
            encode(one.messages).decode(),
            encode(one.changes).decode(),
            one.known_id,
        )
        for n, (one, kept) in enumerate(zip(judged, before, strict=True), 1)
        if (one.verdict, one.messages, one.changes) != (kept.verdict, kept.messages, kept.changes)
    ]
    with connection.cursor() as cursor:
        for start in range(0, len(moved), MANY):
            execute_values(
                cursor,
                """
                UPDATE registration_rosterrow r SET verdict = v.verdict, messages = v.messages::jsonb,
                    changes = v.changes::jsonb, worker_id = v.worker_id::bigint
                FROM (VALUES %s) v (project_id, upload_id, n, verdict, messages, changes, worker_id)
                WHERE r.project_id = v.project_id AND r.upload_id = v.upload_id AND r.row = v.n
                """,
                moved[start : start + MANY],
            )


def _finish(upload: RosterUpload, actor: Actor, now: datetime) -> RosterUpload:
    """The upload is done; the file with its personal data is no longer needed."""
    upload.summary["written"] = upload.summary["new"] + upload.summary["changed"]
    upload.state, upload.content, upload.samples = State.APPLIED, None, None
    upload.error_code = upload.error_text = ""
    upload.applied_by_id, upload.applied_at = actor.id, now
    upload.save(
        update_fields=[
            "state", "summary", "content", "samples", "applied_by", "applied_at", "error_code", "error_text",
        ]
    )  # fmt: skip
    return upload


def write_upload(upload_id: int, *, actor: Actor, now: datetime) -> None:
    """Write a roster that was handed over to be written; one writer at a time, a second call does nothing.

    What is refused goes back to the clerk with the reason; a killed writer has written nothing and leaves
    state applying, and the next call begins again.
    """
    with only_one("roster", upload_id) as alone:
        upload = RosterUpload.objects.defer("content").filter(pk=upload_id, state=State.APPLYING).first()
        if not alone or upload is None:
            return
        tell = teller("roster", upload_id)
        tell(0)
        try:
            apply_roster(upload.project_id, upload_id, actor=actor, now=now, tell=tell)
        except TryLater:
            return
        except (NotFound, NotPermitted):
            text = _("Whoever asked for it may not write this roster any more. Nothing was written.")
            refused = Malformed("roster.not_permitted", text)
            give_back(upload_id, code=refused.code, text=refusal_text(refused))
        except WagewatchError as error:
            give_back(upload_id, code=error.code, text=refusal_text(error))
        except Exception:
            text = _("Writing broke off and nothing was written. Try again, and tell us if it happens again.")
            give_back(
                upload_id, code="roster.broke_off", text=refusal_text(Malformed("roster.broke_off", text))
            )
            raise
