"""One worker in several rows of an uploaded pay sheet: added up where that is sure, refused with the reason elsewhere."""

from decimal import Decimal
from typing import Any

import pytest

from payroll.models import SheetUpload
from payroll.services import upload_writing
from tests.cast import Cast
from tests.lib.make_sheets import xlsx
from tests.payroll import stage
from tests.payroll.test_broken_uploads import send

pytestmark = pytest.mark.django_db
HEADS = ("序号", "姓名", "身份证号", "银行卡号", "出勤天数", "计件工资", "扣款", "应发工资", "实发工资")


def read(cast: Cast, *rows: tuple[Any, ...]) -> SheetUpload:
    """Each row: name, ID number, card, days, piece pay, deduction, gross."""
    full = [
        (n, name, number, card, days, piece, less, gross, gross - (less or 0))
        for n, (name, number, card, days, piece, less, gross) in enumerate(rows, 1)
    ]
    return send(cast.client(cast.qian), cast, xlsx([HEADS, *full]), "工资.xlsx")


def said(row: dict[str, Any]) -> str:
    return " ".join(m["text"] for m in row["messages"])


def test_days_and_piece_work_in_rows_of_their_own_are_one_slip(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    sun = ("孙德旺", str(cast.sun.id_number), "")
    upload = read(cast, (*sun, 20, "", 30, 7200), (*sun, "", 500, "", 500), (*sun, 2, "", 15, 720))
    (row,) = upload.rows
    assert (row["verdict"], Decimal(row["days"]), row["gross_fen"], row["deduction_fen"], row["net_fen"]) == (
        "same", 22, 842_000, 4_500, 837_500,
    )  # fmt: skip
    assert "第 2, 3, 4 行" in said(row)
    assert "¥7,200.00 + ¥500.00 + ¥720.00" in said(row)
    sheet = upload_writing.apply_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    slip = stage.slip_of(sheet, cast.sun)
    assert (slip.net_fen, slip.days, slip.extra_fen) == (837_500, 22, 50_000)
    assert [item["kind"] for item in slip.items] == ["piece", "less_other", "less_other"]


def test_the_same_row_again_is_not_added(cast: Cast) -> None:
    sun = ("孙德旺", str(cast.sun.id_number), "", 22, "", "", 7920)
    upload = read(cast, sun, (*sun[:3], 1, "", "", 360), sun)
    kept, again = upload.rows
    assert (kept["gross_fen"], again["verdict"], again["line"]) == (828_000, "refused", 4)
    assert "完全相同" in said(again)


def test_one_row_that_cannot_be_read_holds_back_the_others(cast: Cast) -> None:
    sun = ("孙德旺", str(cast.sun.id_number), "")
    upload = read(cast, (*sun, 20, "", "", 7200), (*sun, 2, "很多", "", 720))
    assert [row["verdict"] for row in upload.rows] == ["refused", "refused"]
    assert "第 3 行读不出来" in said(upload.rows[0])


def test_a_name_alone_does_not_tell_whether_it_is_one_person(cast: Cast) -> None:
    upload = read(cast, ("孙德旺", "", "", 20, "", "", 7200), ("孙德旺", "", "", 2, "", "", 720))
    assert [row["verdict"] for row in upload.rows] == ["different", "refused"]
    assert "身份证号" in said(upload.rows[1])
    card = "6222021234567890128"
    upload = read(cast, ("孙德旺", "", card, 20, "", "", 7200), ("孙德旺", "", card, 2, "", "", 720))
    assert [row["gross_fen"] for row in upload.rows] == [792_000]


def test_more_days_than_the_month_has_are_refused(cast: Cast) -> None:
    sun = ("孙德旺", str(cast.sun.id_number), "")
    upload = read(cast, (*sun, 22, "", "", 7920), (*sun, 21, "", "", 7560))
    (row,) = upload.rows
    assert row["verdict"] == "refused"
    assert "合计 43 天" in said(row)
