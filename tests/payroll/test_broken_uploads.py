"""Pay sheets that break things: far too long, named as something else, unpacking without end, sums of every kind."""

import time
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from payroll.models import PaySheet, PaySlip, SheetUpload
from payroll.services import upload_writing
from payroll.tasks import read_sheet
from registration.services import parameters
from registration.services.rosters import INLINE_BYTES
from tests.cast import Cast
from tests.lib.make_sheets import biff, book, xlsx
from tests.lib.test_hostile_files import bomb
from tests.payroll import stage
from tests.payroll.test_uploads import receive

pytestmark = pytest.mark.django_db
HEADS = ("序号", "姓名", "身份证号", "出勤天数", "应发工资", "扣款", "实发工资")


def send(client: Client, cast: Cast, data: bytes, name: str) -> SheetUpload:
    """As the clerk does it, in the browser; whatever the file is, the next page opens and says what became of it.
    What is large is left to the worker process, which is played here."""
    parameters.forget()
    sent = client.post(
        reverse("payroll:sheet-upload"),
        {"part": cast.sc_part.pk, "month": "2026-10", "file": SimpleUploadedFile(name, data)},
    )
    assert sent.status_code == 302
    assert client.get(sent["Location"]).status_code == 200
    upload = SheetUpload.objects.latest("pk")
    if upload.state == SheetUpload.State.READING:
        assert upload.size > INLINE_BYTES
        read_sheet(upload.pk)
        upload.refresh_from_db()
        assert client.get(sent["Location"]).status_code == 200
    return upload


def rows(cast: Cast, **changed: Any) -> list[tuple[Any, ...]]:
    """Sun's line with one field changed, and Zhou's good one."""
    sun = {"no": 1, "name": "孙德旺", "id": "", "days": 22, "gross": 7920, "less": 0, "net": 7920, **changed}
    return [HEADS, tuple(sun.values()), (2, "周长根", "", 21, 7140, 0, 7140)]


def test_fifty_thousand_rows_are_read_and_shown_in_pages(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    many = [(n, f"不在册{n}", "", 20, 6000, 0, 6000) for n in range(3, 50_001)]
    client = cast.client(cast.qian)
    started = time.perf_counter()
    upload = send(client, cast, xlsx([*rows(cast), *many]), "全市工资.xlsx")
    assert time.perf_counter() - started < 600  # under the load of other test processes; alone some 20 s
    assert (upload.state, len(upload.rows)) == ("staged", 50_000)
    assert upload.reading["counts"] == {"same": 2, "refused": 49_998}
    address = reverse("payroll:sheet-staged", kwargs={"pk": upload.pk})
    for query in ("", "?show=refused", "?page=999", "?page=nonsense", "?all=1"):
        page = client.get(address + query)
        assert page.status_code == 200
        assert len(page.content) < 400_000
    sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (sheet.people, sheet.net_fen) == (2, 1_506_000)


def test_more_rows_than_any_sheet_has_are_refused_with_the_limit(cast: Cast) -> None:
    text = ",".join(HEADS) + "\r\n" + "1,孙德旺,,22,7920,0,7920\r\n" * 60_010
    upload = send(cast.client(cast.qian), cast, text.encode(), "工资.csv")
    assert upload.state == "refused"
    assert "60000" in upload.error_text.replace(",", "").replace("\u202f", "")


def test_a_bomb_is_refused_and_nothing_is_unpacked(cast: Cast) -> None:
    upload = send(cast.client(cast.qian), cast, bomb(), "工资.xlsx")
    assert (upload.state, upload.rows) == ("refused", [])
    assert upload.error_text


@pytest.mark.parametrize("name", ["工资.xlsx", "工资.xls", "工资.csv", "工资.pdf", "工资"])
@pytest.mark.parametrize("form", [xlsx, lambda r: biff([list(row) for row in r])], ids=["xlsx", "xls"])
def test_the_content_counts_not_the_name(cast: Cast, form: Any, name: str) -> None:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    upload = receive(cast, form(rows(cast)))
    assert upload.reading["counts"] == {"same": 2}
    again = send(cast.client(cast.qian), cast, form(rows(cast)), name)
    assert again.reading["counts"] == {"same": 2}


SUMS: dict[str, tuple[dict[str, Any], str, int]] = {
    "full width": ({"gross": "７９２０．００", "net": "￥７，９２０"}, "same", 792_000),
    "full width days": ({"days": "２２"}, "same", 792_000),
    "nothing": ({"gross": 0, "net": 0}, "different", 0),
    "all kept back": ({"less": 7920, "net": 0}, "same", 0),
    "raised days": ({"days": "2²"}, "refused", 0),
    "circled": ({"gross": "792①", "net": "792①"}, "refused", 0),
    "negative": ({"gross": -7920, "net": -7920}, "refused", 0),
    "negative net": ({"less": 8000, "net": -80}, "refused", 0),
    "more than a number holds": ({"gross": "9" * 30, "net": "9" * 30}, "refused", 0),
    "more than the database holds": ({"gross": "92233720368547758.08", "net": ""}, "refused", 0),
    "a tenth of a fen": ({"gross": "7920.001", "net": "7920.001"}, "refused", 0),
    "as a power": ({"gross": "7.92e3", "net": "7.92e3"}, "refused", 0),
    "no number": ({"gross": "NaN", "net": "NaN"}, "refused", 0),
    "endless": ({"gross": "Infinity", "net": "Infinity"}, "refused", 0),
    "endless days": ({"days": "Infinity"}, "refused", 0),
    "days of a year": ({"days": 365}, "refused", 0),
    "negative days": ({"days": -1}, "refused", 0),
    "superscript": ({"gross": "7920²", "net": "7920²"}, "refused", 0),
    "arabic digits": ({"gross": "٧٩٢٠", "net": "٧٩٢٠"}, "refused", 0),
}


@pytest.mark.parametrize("what", list(SUMS))
def test_a_strange_sum_costs_its_own_row_only(cast: Cast, what: str) -> None:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    changed, verdict, net = SUMS[what]
    upload = send(cast.client(cast.qian), cast, xlsx(rows(cast, **changed)), "工资.xlsx")
    found = {row["name"]: row for row in upload.rows}
    assert (found["孙德旺"]["verdict"], found["周长根"]["verdict"]) == (verdict, "same")
    if what == "all kept back":
        assert "net" in {m["field"] for m in found["孙德旺"]["messages"]}
    if verdict == "refused":
        assert any(m["kind"] == "stop" and m["text"] for m in found["孙德旺"]["messages"])
    client = cast.client(cast.qian)
    assert client.post(reverse("payroll:sheet-upload-apply", kwargs={"pk": upload.pk})).status_code == 302
    slips = dict(PaySlip.objects.values_list("worker__name", "net_fen"))
    assert slips == {"周长根": 714_000} | ({} if verdict == "refused" else {"孙德旺": net})


def test_huge_but_possible_is_asked_about_and_the_books_hold(cast: Cast) -> None:
    """Ten million for a month: read, marked as large, and the sums stay exact."""
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    upload = send(
        cast.client(cast.qian), cast, xlsx(rows(cast, gross=10_000_000, net=10_000_000)), "工资.xlsx"
    )
    sun = next(row for row in upload.rows if row["name"] == "孙德旺")
    assert {m["field"] for m in sun["messages"]} >= {"gross"}
    sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert sheet.net_fen == 1_000_000_000 + 714_000


def merged(workbook: xlsxwriter.Workbook) -> None:
    """One amount across two workers' rows, as people write what a pair earned; the names are their own."""
    page = workbook.add_worksheet()
    page.write_row(0, 0, HEADS)
    page.write_row(1, 0, (1, "孙德旺", "", 22))
    page.write_row(2, 0, (2, "周长根", "", 21))
    page.merge_range(1, 4, 2, 4, 15060)
    page.merge_range(1, 6, 2, 6, 15060)


def test_one_merged_amount_pays_nobody_twice(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    upload = send(cast.client(cast.qian), cast, book(merged), "工资.xlsx")
    assert [row["verdict"] for row in upload.rows] == ["refused", "refused"]
    client = cast.client(cast.qian)
    answer = client.post(reverse("payroll:sheet-upload-apply", kwargs={"pk": upload.pk}))
    assert answer.status_code == 409
    assert not PaySheet.objects.exists()


def formulas(workbook: xlsxwriter.Workbook) -> None:
    """Formulas with the result that Excel stored, one with an error, one that would run a program."""
    page = workbook.add_worksheet()
    page.write_row(0, 0, HEADS)
    page.write_row(1, 0, (1, "孙德旺", "", 22, 7920, 0))
    page.write_formula(1, 6, "=E2-F2", None, 7920)
    page.write_row(2, 0, (2, "周长根", "", 21, 7140, 0))
    page.write_formula(2, 6, "=E3/0", None, "#DIV/0!")
    page.write_row(3, 0, (3, "", "", 21, 7140, 0, 7140))
    page.write_formula(3, 1, '=HYPERLINK("http://x","孙德旺")', None, "孙德旺")


def test_formulas_count_with_what_they_show(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    upload = send(cast.client(cast.qian), cast, book(formulas), "工资.xlsx")
    assert [(row["name"], row["verdict"]) for row in upload.rows] == [
        ("孙德旺", "same"),
        ("周长根", "refused"),
        ("孙德旺", "refused"),  # the same worker again
    ]
    sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (sheet.people, sheet.net_fen) == (1, 792_000)
    assert stage.slip_of(sheet, cast.sun).days == Decimal(22)
