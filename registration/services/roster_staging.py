"""Read an uploaded roster into staged rows with verdicts. Large files are read by the worker process."""

from datetime import date, datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from registration.models import Project, RosterUpload
from registration.rules.roster_row import Defaults, ReadRow, RowReader, original
from registration.rules.roster_verdict import count_verdicts, judge
from registration.services.column_mappings import Kind, Remembered, remembered
from registration.services.parameters import parameter
from registration.services.roster_facts import facts_from, indexes_of, recorded_about
from registration.services.roster_ready import forget_rows, prepare_rows, write_rows
from registration.services.roster_tables import (
    Found,
    drop_summaries,
    find_tables,
    samples_of,
    team_hint,
    what_was_read,
)
from wagewatch.lib.collecting import collector_paused
from wagewatch.lib.crypto import decrypt_bytes
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, TryLater
from wagewatch.lib.headings import Table
from wagewatch.lib.locks import only_one
from wagewatch.lib.sheets import read_workbook

State = RosterUpload.State
TELL_EVERY = 5_000


def read_upload(upload_id: int, *, now: datetime) -> None:
    """Read and stage an upload that waits for it. One reader at a time; a second call does nothing.

    What is wrong with the whole file ends in state refused, headings that somebody must name in state
    naming; a killed reader leaves state reading, and the next call begins again.
    """
    with only_one("roster", upload_id) as alone:
        upload = RosterUpload.objects.filter(pk=upload_id, state=State.READING).first()
        if not alone or upload is None:
            return
        try:
            with collector_paused():
                _stage(upload, now)
        except TryLater:
            return
        except Malformed as error:
            with transaction.atomic():
                forget_rows(upload)
                _waiting(upload).update(
                    state=State.REFUSED,
                    error_code=error.code,
                    error_text=refusal_text(error),
                    content=None,
                    samples=None,
                )


def refusal_text(error: Any) -> str:
    """An error with its English original and facts, to be said in the reader's language."""
    return msgspec.json.encode({"text": original(error.template), "facts": error.facts}).decode()


def _waiting(upload: RosterUpload) -> QuerySet[RosterUpload]:
    return RosterUpload.objects.filter(pk=upload.pk, project_id=upload.project_id, state=State.READING)


def _stage(upload: RosterUpload, now: datetime) -> None:
    project = Project.objects.select_related("region").get(pk=upload.project_id)
    memory = remembered(upload.participation.organisation_id, Kind.ROSTER)
    found = find_tables(
        read_workbook(decrypt_bytes(bytes(upload.content or b""), context="roster.file"), upload.filename),
        memory,
    )
    upload.content = None
    if not found.tables:
        with transaction.atomic():
            forget_rows(upload)
            _waiting(upload).update(
                state=State.NAMING,
                reading={**upload.reading, **what_was_read(found, memory)},
                samples=msgspec.json.encode(samples_of(found)).decode(),
            )
        return
    today = site_date(now)
    rows = _read_rows(upload, project, found, today)
    _judge_and_keep(upload, found, memory, rows, today)


def _read_rows(upload: RosterUpload, project: Project, found: Found, today: date) -> list[ReadRow]:
    """All rows of all tables but of summaries; tells how far it is."""
    total = sum(len(table.data) for table in found.tables)
    _waiting(upload).update(rows_total=total, rows_done=0)
    defaults = msgspec.convert(upload.reading["defaults"], Defaults)
    read: list[list[ReadRow]] = []
    done = 0
    for table in found.tables:
        reader = _reader(table, upload, project, defaults, today, found.date1904)
        rows: list[ReadRow] = []
        read.append(rows)
        for row in table.data:
            rows.append(reader.read(row))
            done += 1
            if done % TELL_EVERY == 0:
                _waiting(upload).update(rows_done=done)
    if len(read) > 2:
        people = [{row.values.id_number for row in rows if row.values.id_number} for rows in read]
        dropped = set(drop_summaries(found, people))
        found.tables = [table for place, table in enumerate(found.tables) if place not in dropped]
        read = [rows for place, rows in enumerate(read) if place not in dropped]
    return [row for rows in read for row in rows]


def _reader(
    table: Table, upload: RosterUpload, project: Project, defaults: Defaults, today: date, date1904: bool
) -> RowReader:
    place: dict[str, Any] = {"region_code": project.region_id, "on": today}
    notice = parameter("people.age_notice", default={"male": 60, "female": 55}, **place)
    price = table.headings.get("unit_price")
    return RowReader(
        sheet=table.sheet_name,
        team_hint=team_hint(table, upload.filename),
        defaults=defaults,
        today=today,
        youngest=int(parameter("people.youngest_age", default=16, **place)),
        oldest=(int(notice["male"]), int(notice["female"])),
        date1904=date1904,
        columns=table.columns,
        rate_unit=price.hint.rpartition("/")[2] if price else "",
    )


def _judge_and_keep(
    upload: RosterUpload, found: Found, memory: Remembered, rows: list[ReadRow], today: date
) -> None:
    indexes = [indexes_of(row.values) for row in rows]
    recorded = recorded_about(upload.project_id, indexes)
    defaults = msgspec.convert(upload.reading["defaults"], Defaults)
    facts = facts_from(recorded, upload.participation_id, rows, indexes, defaults=defaults, today=today)
    judged = judge(rows, facts)
    digest = recorded.digest(upload, today)
    samples = msgspec.json.encode(samples_of(found)).decode()
    reading = {**upload.reading, **what_was_read(found, memory)}
    for table in found.tables:
        table.data.clear()
    with transaction.atomic():
        if not _waiting(upload).select_for_update().exists():
            return
        write_rows(upload, judged, indexes)
        prepare_rows(upload, judged, indexes)
        _waiting(upload).update(
            state=State.STAGED,
            rows_total=len(rows),
            rows_done=len(rows),
            summary=count_verdicts(judged),
            facts=digest,
            reading=reading,
            samples=samples,
        )
