"""Every file of `contractor_files` goes through the page; what the clerk is told is right, and nothing right is lost."""

from typing import Any

import pytest
from django.urls import reverse

from payroll.models import PaySlip, SheetUpload
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.contractor_files import FILES, People
from tests.payroll.test_broken_uploads import send

pytestmark = pytest.mark.django_db
SUN, ZHOU = ("孙德旺", 792_000), ("周长根", 709_500)
PLAIN_ZHOU = ("周长根", 714_000)

# file -> who can be paid what
TAKEN: dict[str, tuple[tuple[str, int], ...]] = {
    **dict.fromkeys(
        (
            "slips to be cut", "teams, summary, roster, marks", "hidden rows", "formats to the last row", "macro",
            "web page named xls", "xls", "ods", "csv in GB18030", "csv with a mark and semicolons", "text with tabs",
            "text in UTF-16", "yuan in a cell", "blanks in amounts", "number with blanks and a mark",
            "name in two lines", "days with a half", "another month", "empty columns", "total without a word",
            "signature in the name column", "same as above",
        ),
        (SUN, ZHOU),
    ),
    **dict.fromkeys(
        (
            "two halves side by side", "two halves with row numbers", "attendance and pay", "months side by side",
        ),
        (SUN, PLAIN_ZHOU),
    ),
    "printed form": (("孙德旺", 742_000),),
    "two tables below each other": (("孙德旺", 790_000), ("周长根", 710_000)),
    "two tables that look right": (SUN, ("周长根", 3_000)),
    "two rows a person": (("孙德旺", 832_500), PLAIN_ZHOU),
    "negative deduction": (("孙德旺", 787_500), ZHOU),
    "the same worker twice": (("孙德旺", 864_000), ZHOU),
    "bank's upload form": (SUN,),
    "amount in words too": (SUN,),
    "days of two months": (SUN,),
    "name again at the signature": (SUN, PLAIN_ZHOU),
    "two allowances": (("孙德旺", 842_000),),
    "unread deductions": (PLAIN_ZHOU,),
    **dict.fromkeys(
        (
            "csv with bare thousands", "ten thousands in a cell", "number as a number", "number with .0",
            "number as a power", "name with a remark", "deduction in words", "negative pay", "brackets",
            "hours as days",
        ),
        (ZHOU,),
    ),
    "formulas without results": (),
}  # fmt: skip

# file -> words of the reason for which it is not read
REFUSED = {
    "two halves that are not alike": "并排有几张表",
    "other months": "2026-08、2026-09",
    "picture only": "只有图片",
    "password": "密码",
    "web archive named xls": ".xlsx",
    "xlsb": ".xlsx",
    "headings only": "只有表头",
    "nothing at all": "空的",
    "no bytes": "空的",
    "word": "文档",
    "zip of a spreadsheet": "解压",
    "pdf": "PDF",
    "photograph": "图片",
    "ten thousands above": "万元",
    "roster": "这是工资表吗",
    "marks only": "这是工资表吗",
}
# file -> words beside a row or above the table
TOLD = {
    "printed form": "“伙食费” ¥45.00",
    "unread deductions": "“伙食费” ¥300.00 + “工具费” ¥50.00",
    "months side by side": "只读取了 2026-10",
    "another month": "2026-09",
    "hidden rows": "隐藏",
    "two rows a person": "已相加",
    "the same worker twice": "已相加：¥7,920.00 + ¥720.00",
    "formulas without results": "公式没有结果",
    "csv with bare thousands": "逗号",
    "number as a number": "后几位已丢",
    "hours as days": "小时",
    "ten thousands in a cell": "0.56 万",
    "name with a remark": "备注",
    "negative deduction": "按扣款",
}


def test_no_file_is_forgotten() -> None:
    assert set(TAKEN) | set(REFUSED) | {"unknown headings"} == set(FILES)


@pytest.fixture
def sent(cast: Cast, request: pytest.FixtureRequest) -> SheetUpload:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)
    file = FILES[request.param](People(str(cast.sun.id_number), str(cast.zhou.id_number)))
    return send(cast.client(cast.qian), cast, file.data, file.name)


def said(upload: SheetUpload) -> str:
    messages = [m["text"] for row in upload.rows for m in row["messages"]]
    return " ".join([*upload.reading.get("warnings", []), *messages])


@pytest.mark.parametrize(("sent", "name"), [(name, name) for name in TAKEN], indirect=["sent"])
def test_what_can_be_read_is_paid_as_it_says(cast: Cast, sent: SheetUpload, name: str) -> None:
    assert (sent.state, sent.error_text) == ("staged", "")
    good = {row["name"]: row["net_fen"] for row in sent.rows if row["verdict"] != "refused"}
    assert good == dict(TAKEN[name])
    assert TOLD.get(name, "") in said(sent)
    for row in sent.rows:
        assert row["verdict"] != "refused" or any(m["kind"] == "stop" and m["text"] for m in row["messages"])
    client = cast.client(cast.qian)
    answer = client.post(reverse("payroll:sheet-upload-apply", args=[sent.pk]))
    assert answer.status_code == (302 if good else 409)
    assert dict(PaySlip.objects.values_list("worker__name", "net_fen")) == good


@pytest.mark.parametrize(("sent", "name"), [(name, name) for name in REFUSED], indirect=["sent"])
def test_what_cannot_be_read_says_why(cast: Cast, sent: SheetUpload, name: str) -> None:
    assert sent.state == "refused"
    assert REFUSED[name] in sent.error_text
    assert "%(" not in sent.error_text
    page = cast.client(cast.qian).get(reverse("payroll:sheet-staged", args=[sent.pk])).content.decode()
    assert REFUSED[name] in page


@pytest.mark.parametrize("sent", ["unread deductions"], indirect=True)
def test_columns_that_nobody_knows_can_be_said_to_be_deductions(cast: Cast, sent: SheetUpload) -> None:
    """Two columns may have the same meaning: each becomes a line of its own."""
    fields: dict[str, Any] = {f"s0-c{c}": f for c, f in enumerate(("name", "id_number", "days", "gross"))}
    fields |= {"s0-c4": "other_deduction", "s0-c5": "other_deduction", "s0-c6": "net"}
    client = cast.client(cast.qian)
    assert client.post(reverse("payroll:sheet-columns", args=[sent.pk]), fields).status_code == 302
    sent.refresh_from_db()
    assert [row["verdict"] for row in sent.rows] == ["same", "same"]
    assert [(item["reason"], item["amount_fen"]) for item in sent.rows[0]["items"]] == [
        ("伙食费", 30_000),
        ("工具费", 5_000),
    ]
    assert (sent.rows[0]["deduction_fen"], sent.rows[0]["net_fen"]) == (35_000, 757_000)
    shown = [column["field"] for column in sent.reading["tables"][0]["columns"]]
    assert shown[4:6] == ["other_deduction", "other_deduction"]
