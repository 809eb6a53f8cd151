"""A contractor's own pay sheet: read, compared, refused with reasons, made a draft."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from payroll.models import PaySheet, PaySlip, SheetUpload
from payroll.services import upload_writing, uploads
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.stage import MONTH
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.sheets import ColumnOut, SheetOut, read_workbook, write_workbook

pytestmark = pytest.mark.django_db
HEADINGS = ("序号", "姓 名", "身份证号码", "出勤天数（天）", "应发工资(元)", "扣款", "实发工资", "备注")


def book(rows: list[tuple], headings: tuple[str, ...] = HEADINGS, title: str = "2026年10月工资表") -> bytes:
    columns = [
        ColumnOut(h, "number" if "工资" in h or "天" in h or "扣款" in h else "text") for h in headings
    ]
    return write_workbook([SheetOut("木工班", columns, rows, title=title)])


def receive(cast: Cast, data: bytes, who: str = "qian", month: date = MONTH) -> SheetUpload:
    parameters.forget()
    return uploads.receive_sheet_file(
        cast.project.pk,
        cast.sc_part.pk,
        month,
        filename="10月工资表.xlsx",
        data=data,
        actor=cast.actor(getattr(cast, who)),
        now=cast.now,
    )


def rows_of(cast: Cast) -> list[tuple]:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    return [
        (1, "孙德旺", str(cast.sun.id_number), 22, 7920, 0, 7920, ""),
        (2, "周长根", str(cast.zhou.id_number), 22, 7480, 45, 7435, "饭卡"),
        ("合计", "", "", "", 15400, 45, 15355, ""),
    ]


def test_a_good_sheet_is_compared_and_becomes_the_draft(cast: Cast) -> None:
    upload = receive(cast, book(rows_of(cast)))
    assert upload.state == "staged"
    assert [r["verdict"] for r in upload.rows] == ["same", "different"]
    assert upload.rows[1]["messages"][0]["field"] == "days"
    assert upload.reading["warnings"] == []
    assert [s["reason"] for s in upload.reading["skipped"]] == ["total"]
    assert PaySheet.objects.count() == 0
    sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (sheet.source, sheet.people, sheet.gross_fen, sheet.deduction_fen, sheet.net_fen) == (
        "upload",
        2,
        1_540_000,
        4500,
        1_535_500,
    )
    zhou = stage.slip_of(sheet, cast.zhou)
    assert (zhou.days, zhou.gate_days, zhou.rate_fen, zhou.deduction_note) == (22, 21, 34000, "饭卡")
    with pytest.raises(RuleViolation, match=r"upload\.applied"):
        upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert PaySlip.objects.count() == 2


def test_no_identity_number_is_stored_with_the_rows(cast: Cast) -> None:
    upload = receive(cast, book(rows_of(cast)))
    assert str(cast.sun.id_number) not in str(upload.rows) + str(upload.reading)


def test_refuses_rows_with_reasons_and_takes_the_rest(cast: Cast) -> None:
    good = rows_of(cast)[:1]
    bad = [
        (2, "周长根", str(cast.zhou.id_number), 21, 7140, 0, 7000, ""),  # net does not follow
        (3, "吴小妹", str(cast.wu.id_number), 20, 7000, 0, 7000, ""),  # on another project
        (4, "孙德旺", str(cast.sun.id_number), 22, 7920, 0, 7920, ""),  # twice
        (5, "张三", "342222197903086012", 20, 7000, 0, 7000, ""),  # no such number
        (6, "周大根", str(cast.zhou.id_number), 21, 7140, 0, 7140, ""),  # another name
        (7, "周长根", "", 44, 7140, 0, 7140, ""),  # hours as days
        (8, "周长根", "", 21, "伍仟", 0, 7140, ""),
        (9, "周长根", "", 21, 7140, 8000, "", ""),  # again, with a deduction beyond gross
    ]
    upload = receive(cast, book(good + bad))
    assert [r["verdict"] for r in upload.rows] == ["same"] + ["refused"] * 8
    stops = [next(m["field"] for m in r["messages"] if m["kind"] == "stop") for r in upload.rows[1:]]
    assert stops == ["net", "id_number", "name", "id_number", "name", "days", "gross", "name"]
    sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (sheet.people, sheet.net_fen) == (1, 792_000)
    refused = read_workbook(uploads.refused_rows_workbook(upload), "r.xlsx").sheets[0]
    assert len(refused.rows) == 9
    assert all(row[8].text for row in refused.rows[1:])


def test_two_net_columns_and_the_wrong_month(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    headings = ("姓名", "身份证号", "出勤天数", "实发工资", "扣款", "实发工资")
    data = book([("孙德旺", str(cast.sun.id_number), 22, 1, 0, 7920)], headings, "2026年9月工资表")
    upload = receive(cast, data)
    assert upload.rows[0]["net_fen"] == 792_000
    assert len(upload.reading["warnings"]) == 2


def test_those_who_came_and_are_not_on_the_file_are_named(cast: Cast) -> None:
    upload = receive(cast, book(rows_of(cast)[:1]))
    assert [a["worker"] for a in upload.reading["absent"]] == [cast.zhou.pk]


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n123", b"a,b\n1,2\n", b"PK\x03\x04cut"])
def test_what_is_no_pay_sheet_is_refused_as_a_whole(cast: Cast, data: bytes) -> None:
    upload = receive(cast, data)
    assert upload.state == "refused"
    assert upload.error_text
    with pytest.raises(RuleViolation, match=r"upload\.applied"):
        upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert PaySheet.objects.count() == 0


def test_who_may_upload_and_apply(cast: Cast) -> None:
    data = book(rows_of(cast))
    for who, error in (("kong", NotFound), ("he", NotPermitted), ("li", NotPermitted)):
        with pytest.raises(error):
            receive(cast, data, who)
    upload = receive(cast, data, "zhao")
    with pytest.raises(NotFound):
        upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.kong), now=cast.now)


def test_the_pages_of_an_upload(cast: Cast) -> None:
    client = cast.client(cast.qian)
    file = SimpleUploadedFile("../工资.xlsx", book([*rows_of(cast), (9, "张三", "1", 1, 1, 0, 1, "")]))
    url = reverse("payroll:sheet-upload")
    assert client.post(url, {"part": cast.sc_part.pk, "month": "2026-10"}).status_code == 400
    sent = client.post(url, {"part": cast.sc_part.pk, "month": "2026-10", "file": file})
    assert sent.status_code == 302
    page = client.get(sent.url).content.decode()
    assert "闸机：21" in page
    assert "孙德旺" not in page
    upload = SheetUpload.objects.get()
    assert upload.filename == "工资.xlsx"
    one = {"pk": upload.pk}
    assert client.get(reverse("payroll:sheet-upload-refused", kwargs=one)).status_code == 200
    assert cast.client(cast.kong).get(sent.url).status_code == 404
    applied = client.post(reverse("payroll:sheet-upload-apply", kwargs=one))
    assert applied.url == reverse("payroll:sheet", kwargs={"pk": PaySheet.objects.get().pk})
    assert client.post(reverse("payroll:sheet-upload-apply", kwargs=one)).status_code == 409
