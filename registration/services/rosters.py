"""Rosters: take a file in, read it into staged rows, give it up. Applying them is in roster_apply."""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from registration.access import access_participation, access_project, not_found, not_permitted
from registration.actors import Actor
from registration.models import Project, RosterUpload
from registration.rules.roster_row import Defaults, ReadRow, RowReader, RowValues, original
from registration.rules.roster_verdict import Judged, judge
from registration.services.copying import copy_rows
from registration.services.parameters import parameter
from registration.services.roster_facts import facts_for, indexes_of
from wagewatch.lib.crypto import decrypt, encrypt
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, TryLater
from wagewatch.lib.heading_names import PAYROLL_FIELDS, ROSTER_FIELDS
from wagewatch.lib.headings import Table, find_table
from wagewatch.lib.sheets import Sheet, Workbook, read_workbook, safe_filename

REQUIRED = ("name", "id_number")
IMPORTED = frozenset(
    [
        "name",
        "id_number",
        "phone",
        "trade",
        "team",
        "card_number",
        "bank_name",
        "sex",
        "ethnicity",
        "address",
        "joined_on",
        "left_on",
        "pay_basis",
        "day_rate",
        "month_rate",
        "unit_price",
    ]
)
INLINE_BYTES = 60_000
"""Files up to this size (some 500 rows) are read at once, larger ones by the worker process."""
STUCK_AFTER = timedelta(minutes=2)
_LOCK = 0x726F7374
_TEAM_IN_NAME = re.compile(
    r"([\u4e00-\u9fff0-9一二三四五六七八九十]{1,12}?(?:班组|劳务队|施工队|班|队))(?:花名册|名册|人员|工人|[-_.（( ]|$)"
)


class StagedRow(msgspec.Struct):
    """What a staged row keeps, encrypted: its values, and what was typed where something is wrong."""

    values: RowValues
    raw: dict[str, str]


@transaction.atomic
def receive_roster(
    project_id: int,
    participation_id: int,
    filename: str,
    data: bytes,
    *,
    defaults: Defaults,
    actor: Actor,
    now: datetime,
) -> RosterUpload:
    """Keep the file (encrypted) to be read. Raises NotFound, NotPermitted."""
    project = access_project(project_id, actor, permission="roster.upload")
    part = access_participation(participation_id, project, actor, permission="roster.upload")
    if actor.id is None:
        not_permitted("roster.upload")
    return RosterUpload.objects.create(
        project=project,
        participation=part,
        filename=safe_filename(filename)[:200],
        sha256=hashlib.sha256(data).digest(),
        size=len(data),
        content=encrypt(base64.b64encode(data).decode(), context="roster.file"),
        reading={"defaults": msgspec.to_builtins(defaults)},
        uploaded_by_id=actor.id,
        uploaded_at=now,
    )


def read_upload(upload_id: int, *, now: datetime) -> None:
    """Read and stage an upload that waits for it. One reader at a time; a second call does nothing.

    What is wrong with the whole file ends in state refused; a killed reader leaves state reading, and
    the next call begins again.
    """
    with _only_reader(upload_id) as alone:
        upload = RosterUpload.objects.filter(pk=upload_id, state=RosterUpload.State.READING).first()
        if not alone or upload is None:
            return
        try:
            _stage(upload, now)
        except TryLater:
            return
        except Malformed as error:
            RosterUpload.objects.filter(
                pk=upload_id, project_id=upload.project_id, state=RosterUpload.State.READING
            ).update(
                state=RosterUpload.State.REFUSED,
                error_code=error.code,
                error_text=msgspec.json.encode(
                    {"text": original(error.template), "facts": error.facts}
                ).decode(),
                content=None,
            )


@contextmanager
def _only_reader(upload_id: int) -> Iterator[bool]:
    """An advisory lock, which the database gives back by itself when a reader is killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, upload_id % 2**31])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, upload_id % 2**31])


def _stage(upload: RosterUpload, now: datetime) -> None:
    project = Project.objects.select_related("region").get(pk=upload.project_id)
    defaults = msgspec.convert(upload.reading["defaults"], Defaults)
    content = base64.b64decode(decrypt(bytes(upload.content or b""), context="roster.file"))
    workbook = read_workbook(content, upload.filename)
    tables, left_out = _tables(workbook)
    total = sum(len(table.data) for table in tables)
    mine = RosterUpload.objects.filter(pk=upload.pk, project_id=project.pk, state=RosterUpload.State.READING)
    mine.update(rows_total=total, rows_done=0)
    rows: list[ReadRow] = []
    today = site_date(now)
    for table in tables:
        reader = _reader(table, upload, project, defaults, today, workbook.date1904)
        for number, row in enumerate(table.data, 1):
            rows.append(reader.read(row))
            if number % 5000 == 0:
                mine.update(rows_done=len(rows))
    indexes = [indexes_of(row.values) for row in rows]
    facts = facts_for(project.pk, upload.participation_id, rows, indexes, defaults=defaults, today=today)
    judged = judge(rows, facts)
    with transaction.atomic():
        if not mine.select_for_update().exists():
            return
        _write_rows(upload, judged, [index.person for index in indexes])
        mine.update(
            state=RosterUpload.State.STAGED,
            rows_total=total,
            rows_done=total,
            summary=count_verdicts(judged),
            reading={**upload.reading, **_what_was_read(tables, left_out)},
        )


def _reader(
    table: Table, upload: RosterUpload, project: Project, defaults: Defaults, today: Any, date1904: bool
) -> RowReader:
    place = {"region_code": project.region_id, "on": today}
    notice = parameter("people.age_notice", default={"male": 60, "female": 55}, **place)
    return RowReader(
        sheet=table.sheet_name,
        team_hint=_team_hint(table, upload.filename),
        defaults=defaults,
        today=today,
        youngest=int(parameter("people.youngest_age", default=16, **place)),
        oldest=(int(notice["male"]), int(notice["female"])),
        date1904=date1904,
    )


def _team_hint(table: Table, filename: str) -> str:
    """A team named by the sheet, the title above the table or the file (木工班组花名册-2026.11.16.xlsx)."""
    stem = filename.rsplit(".", 1)[0]
    for text in (table.sheet_name, *table.titles, stem):
        if found := _TEAM_IN_NAME.search(text.strip()):
            return found[1]
    return ""


def _tables(workbook: Workbook) -> tuple[list[Table], list[dict[str, str]]]:
    """The roster tables of the visible sheets, and the sheets left out with the reason."""
    tables: list[Table] = []
    left_out: list[dict[str, str]] = []
    payrolls: list[Table] = []
    refusal: Malformed | None = None
    for sheet in workbook.sheets:
        if not sheet.visible:
            left_out.append({"sheet": sheet.name, "reason": "hidden"})
            continue
        if not sheet.rows:
            continue
        try:
            table = find_table(sheet, ROSTER_FIELDS, REQUIRED)
        except Malformed as error:
            left_out.append({"sheet": sheet.name, "reason": "no_table"})
            if refusal is None or error.code == "sheet.missing_columns":
                refusal = error
            continue
        if _is_payroll(sheet):
            payrolls.append(table)
        else:
            tables.append(table)
    if payrolls and not tables:
        text = _("This looks like a pay sheet. Upload it under pay sheets; here goes the roster of people.")
        raise Malformed("file.pay_sheet", text)
    left_out += [{"sheet": table.sheet_name, "reason": "pay_sheet"} for table in payrolls]
    if not tables:
        raise refusal or Malformed(
            "file.empty", _("The file is empty. Fill in the table and upload it again.")
        )
    if not any(table.data for table in tables):
        text = _("There are headings but no people below them. Fill in the rows and upload the file again.")
        raise Malformed("file.no_rows", text)
    return tables, left_out


def _is_payroll(sheet: Sheet) -> bool:
    try:
        found = find_table(sheet, PAYROLL_FIELDS, REQUIRED).columns
    except Malformed:
        return False
    return bool({"net", "gross"} & set(found)) and "joined_on" not in found


def _what_was_read(tables: list[Table], left_out: list[dict[str, str]]) -> dict[str, Any]:
    """For the page: sheets, columns and skipped rows; holds no personal data."""
    return {
        "sheets": [
            {
                "name": table.sheet_name,
                "heading_rows": list(table.heading_rows),
                "rows": len(table.data),
                "columns": [
                    {"column": heading.column, "heading": heading.text[:40], "field": field}
                    for field, heading in table.headings.items()
                    if field in IMPORTED
                ],
                "ignored": [
                    {"column": heading.column, "heading": heading.text[:40]}
                    for heading in (
                        *table.unknown,
                        *(h for field, h in table.headings.items() if field not in IMPORTED),
                        *(h for group in table.duplicates.values() for h in group[1:]),
                    )
                ],
                "skipped": [
                    {"row": row.number, "reason": row.reason}
                    for row in table.skipped
                    if row.reason != "blank"
                ][:200],
            }
            for table in tables
        ],
        "left_out": left_out,
    }


def count_verdicts(judged: list[Judged]) -> dict[str, Any]:
    """How many rows per verdict, and which fields change how often."""
    counts: dict[str, Any] = {"new": 0, "changed": 0, "unchanged": 0, "refused": 0, "look": 0, "fields": {}}
    for one in judged:
        counts[one.verdict] += 1
        if one.verdict == "changed":
            for change in one.changes:
                counts["fields"][change.field] = counts["fields"].get(change.field, 0) + 1
        if one.verdict != "refused" and any(m.kind == "warn" for m in one.messages):
            counts["look"] += 1
    return counts


_ROW_COLUMNS = (
    "project_id", "upload_id", "row", "sheet", "line", "data", "id_index", "verdict", "messages", "changes", "worker_id",
)  # fmt: skip


def _write_rows(upload: RosterUpload, judged: list[Judged], indexes: list[bytes | None]) -> None:
    encode = msgspec.json.encode
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registration_rosterrow WHERE project_id = %s AND upload_id = %s",
            [upload.project_id, upload.pk],
        )
        copy_rows(
            cursor,
            "registration_rosterrow",
            _ROW_COLUMNS,
            (
                (
                    upload.project_id,
                    upload.pk,
                    number,
                    one.row.sheet[:60],
                    one.row.line,
                    encrypt(encode(StagedRow(one.row.values, one.row.raw)).decode(), context="roster.row"),
                    index,
                    one.verdict,
                    encode(one.messages).decode() if one.messages else "[]",
                    encode(one.changes).decode() if one.changes else "[]",
                    one.known_id,
                )
                for number, (one, index) in enumerate(zip(judged, indexes, strict=True), 1)
            ),
        )


@transaction.atomic
def read_again(
    project_id: int, upload_id: int, *, defaults: Defaults, actor: Actor, now: datetime
) -> RosterUpload:
    """Put an upload back to reading, with other choices for what the file does not say."""
    upload = access_upload(project_id, upload_id, actor, for_write=True)
    if upload.state not in {RosterUpload.State.STAGED, RosterUpload.State.READING}:
        raise RuleViolation("roster.done", _("This file was dealt with already. Upload it again."))
    upload.state = RosterUpload.State.READING
    upload.uploaded_at = now
    upload.reading = {"defaults": msgspec.to_builtins(defaults)}
    upload.save(update_fields=["state", "reading", "uploaded_at"])
    return upload


@transaction.atomic
def discard_roster(project_id: int, upload_id: int, *, actor: Actor, now: datetime) -> RosterUpload:
    """Give an upload up: file and staged rows are deleted, nothing else was changed."""
    upload = access_upload(project_id, upload_id, actor, for_write=True)
    if upload.state not in {RosterUpload.State.STAGED, RosterUpload.State.READING}:
        raise RuleViolation("roster.done", _("This file was dealt with already. Upload it again."))
    upload.rows.filter(project_id=project_id).delete()
    upload.state, upload.content = RosterUpload.State.DISCARDED, None
    upload.save(update_fields=["state", "content"])
    return upload


def access_upload(project_id: int, upload_id: int, actor: Actor, *, for_write: bool = False) -> RosterUpload:
    """An upload of a part of the project that the actor may upload for; NotFound otherwise."""
    project = access_project(project_id, actor, permission="roster.upload")
    found = RosterUpload.objects.filter(pk=upload_id, project=project)
    if for_write:
        found = found.select_for_update(of=("self",))
    upload = found.first()
    if upload is None:
        not_found()
    access_participation(upload.participation_id, project, actor, permission="roster.upload")
    return upload


def stuck_uploads(*, now: datetime) -> list[int]:
    """Uploads that wait to be read for longer than reading takes: their reader was killed or never came."""
    found = RosterUpload.objects.filter(
        state=RosterUpload.State.READING, uploaded_at__lt=now - STUCK_AFTER, content__isnull=False
    )
    return list(found.order_by("pk").values_list("pk", flat=True)[:20])
