"""Rosters as bytes, for tests."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from registration.models import RosterRow, RosterUpload, User
from registration.rules.roster_row import Defaults
from registration.services.roster_apply import apply_roster
from registration.services.roster_staging import read_upload
from registration.services.rosters import receive_roster
from tests.cast import NOW, Cast, make_card_number
from wagewatch.lib.identity import make_id_number
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

HEADINGS = ("姓名", "身份证号", "联系电话", "工种", "班组", "日工资", "银行卡号", "开户行", "进场时间")


def person(number: int, **changes: Any) -> dict[str, Any]:
    """A row of a good roster; `number` makes ID, phone and card."""
    return {
        "姓名": f"孔{'甲乙丙丁戊己庚辛壬癸'[number % 10]}",
        "身份证号": make_id_number("330723", date(1980, 1, 1 + number % 28), number % 1000),
        "联系电话": f"139{number:08d}",
        "工种": "木工",
        "班组": "木工一班",
        "日工资": 360,
        "银行卡号": make_card_number(10_000 + number),
        "开户行": "金华商贸银行",
        "进场时间": "2026-11-16",
    } | changes


def xlsx(
    rows: Sequence[dict[str, Any]], *, sheet: str = "花名册", headings: Sequence[str] = HEADINGS
) -> bytes:
    """An .xlsx with these headings and rows; texts as text, numbers as numbers."""
    columns = [ColumnOut(h, "number" if h == "日工资" else "text") for h in headings]
    cells = [[row.get(h) for h in headings] for row in rows]
    for row in cells:
        for place, value in enumerate(row):
            if isinstance(value, (int, float)) and headings[place] != "日工资":
                columns[place] = ColumnOut(headings[place], "number")
    return write_workbook([SheetOut(sheet, columns, cells)])


def csv_bytes(rows: Sequence[dict[str, Any]], encoding: str = "gb18030") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADINGS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def staged(
    cast: Cast,
    data: bytes,
    *,
    who: User | None = None,
    filename: str = "花名册.xlsx",
    defaults: Defaults | None = None,
) -> RosterUpload:
    """Received for the subcontractor and read."""
    upload = receive_roster(
        cast.project.pk,
        cast.sc_part.pk,
        filename,
        data,
        defaults=defaults or Defaults(),
        actor=cast.actor(who or cast.zhao),
        now=NOW,
    )
    read_upload(upload.pk, now=NOW)
    upload.refresh_from_db()
    return upload


def applied(cast: Cast, data: bytes, **options: Any) -> RosterUpload:
    """Staged and written."""
    upload = staged(cast, data, **options)
    assert upload.state == "staged", (upload.error_code, upload.error_text)
    return apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)


def verdicts(upload: RosterUpload) -> list[str]:
    return list(RosterRow.objects.filter(upload=upload).order_by("row").values_list("verdict", flat=True))


def codes(upload: RosterUpload, row: int = 1, kind: str = "stop") -> list[str]:
    found = RosterRow.objects.get(upload_id=upload.pk, project_id=upload.project_id, row=row)
    return [m["code"] for m in found.messages if m["kind"] == kind]
