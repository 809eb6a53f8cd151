"""Columns of a pay sheet that a clerk names: asked for, remembered for the company, shown, forgotten."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from payroll.models import PaySheet, SheetUpload
from payroll.services import upload_reading, uploads
from registration.models import ColumnMapping
from tests.cast import Cast
from tests.lib.make_sheets import book, xlsx
from tests.payroll import stage
from tests.payroll.test_uploads import MONTH, receive
from wagewatch.lib.errors import Malformed, NotFound, RuleViolation
from wagewatch.lib.identity import mask_id

pytestmark = pytest.mark.django_db
STRANGE = ("工友", "证件", "出工", "算账", "先拿", "到账")
CHOSEN = {0: {0: "name", 1: "id_number", 2: "days", 3: "gross", 4: "advance", 5: "net"}}


def strange(
    cast: Cast, headings: tuple[str, ...] = STRANGE, order: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
) -> bytes:
    """A pay sheet whose headings no dictionary knows."""
    lines = [
        headings,
        ("孙德旺", str(cast.sun.id_number), 22, 7920, 500, 7420),
        ("周长根", str(cast.zhou.id_number), 21, 7140, 0, 7140),
    ]
    return xlsx([["十月份发钱"], *([line[n] for n in order] for line in lines)], name="十月")


@pytest.fixture
def came(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    stage.attend(cast.zhou_posting, 21)


def named(cast: Cast, upload: SheetUpload, chosen: Any = None) -> SheetUpload:
    uploads.choose_columns(upload.pk, chosen or CHOSEN, actor=cast.actor(cast.qian), now=cast.now)
    upload_reading.read_sheet_file(upload.pk)
    upload.refresh_from_db()
    return upload


def test_asks_for_the_columns_of_a_table_with_unknown_headings(cast: Cast, came: None) -> None:
    upload = receive(cast, strange(cast))
    assert (upload.state, upload.rows) == ("naming", [])
    table = upload.reading["tables"][0]
    assert (table["read"], table["heading_rows"]) == (False, [2])
    assert [column["heading"] for column in table["columns"]] == list(STRANGE)
    assert upload.content is not None
    assert str(cast.sun.id_number) in str(upload.samples)
    assert str(cast.sun.id_number) not in str(upload.reading)


def test_named_columns_are_read_and_remembered_for_the_company(cast: Cast, came: None) -> None:
    upload = named(cast, receive(cast, strange(cast)))
    assert (upload.state, upload.reading["counts"]) == ("staged", {"same": 2})
    assert [(r["gross_fen"], r["deduction_fen"], r["net_fen"]) for r in upload.rows] == [
        (792_000, 50_000, 742_000),
        (714_000, 0, 714_000),
    ]
    kept = ColumnMapping.objects.filter(organisation=cast.sc)
    assert set(kept.values_list("kind", "chosen_by_id")) == {("pay", cast.qian.pk)}
    assert kept.count() == 6
    again = receive(cast, strange(cast, order=(5, 4, 3, 2, 1, 0)))  # other bytes, another order
    assert (again.state, again.reading["counts"]) == ("staged", {"same": 2})
    assert again.reading["tables"][0]["chosen_at"]


def test_a_word_named_once_is_known_in_another_table_of_the_company(cast: Cast, came: None) -> None:
    named(cast, receive(cast, strange(cast)))
    data = xlsx([("姓名", "出勤天数", "到账"), ("孙德旺", 22, 7920)])
    upload = receive(cast, data)
    assert (upload.state, upload.rows[0]["net_fen"]) == ("staged", 792_000)
    assert upload.reading["tables"][0]["chosen_at"] == ""


def test_what_was_said_of_rosters_is_not_said_of_pay_sheets(cast: Cast, came: None) -> None:
    ColumnMapping.objects.create(
        organisation=cast.sc, kind="roster", layout="x", heading="到账", field="card_number",
        chosen_by=cast.qian, chosen_at=cast.now,
    )  # fmt: skip
    assert receive(cast, strange(cast)).reading["tables"][0]["columns"][5]["field"] == ""


def test_a_known_column_can_be_given_another_meaning_or_none(cast: Cast, came: None) -> None:
    heads = ("姓名", "出勤天数", "应发工资", "实发工资", "本次发放")
    upload = receive(cast, xlsx([heads, ("孙德旺", 22, 7920, 7920, 7000)]))
    assert upload.rows[0]["net_fen"] == 792_000
    chosen = {0: {0: "name", 1: "days", 2: "gross", 3: "", 4: "net"}}
    upload = named(cast, upload, chosen)
    assert upload.rows[0]["verdict"] == "refused"  # 7920 − 0 is not 7000: the column is read
    assert "¥7,000.00" in " ".join(m["text"] for m in upload.rows[0]["messages"])
    uploads.forget_columns(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    upload_reading.read_sheet_file(upload.pk)
    upload.refresh_from_db()
    assert (upload.rows[0]["net_fen"], ColumnMapping.objects.count()) == (792_000, 0)


def test_a_sheet_with_unknown_headings_beside_a_good_one_is_told(cast: Cast, came: None) -> None:
    def fill(workbook: Any) -> None:
        good = workbook.add_worksheet("木工")
        good.write_row(0, 0, ("姓名", "出勤天数", "实发工资"))
        good.write_row(1, 0, ("孙德旺", 22, 7920))
        other = workbook.add_worksheet("钢筋")
        other.write_row(0, 0, STRANGE)
        other.write_row(1, 0, ("周长根", str(cast.zhou.id_number), 21, 7140, 0, 7140))

    upload = receive(cast, book(fill))
    assert (upload.state, len(upload.rows)) == ("staged", 1)
    page = cast.client(cast.qian).get(reverse("payroll:sheet-staged", args=[upload.pk])).content.decode()
    assert "“钢筋”" in page
    assert reverse("payroll:sheet-columns", args=[upload.pk]) in page
    upload = named(cast, upload, {0: {0: "name", 1: "days", 2: "net"}, 1: CHOSEN[0]})
    assert [row["verdict"] for row in upload.rows] == ["same", "same"]


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({0: {0: "name", 2: "days"}}, "mapping.required"),
        ({0: {3: "gross", 5: "net"}}, "mapping.required"),
        ({0: {0: "name", 1: "name", 5: "net"}}, "mapping.twice"),
        ({0: {0: "name", 5: "net", 1: "joined_on"}}, "mapping.unknown"),
        ({}, "mapping.required"),
        ({7: {0: "name", 5: "net"}}, "mapping.required"),
    ],
)
def test_refuses_choices_that_cannot_be_read(cast: Cast, chosen: Any, code: str) -> None:
    upload = receive(cast, strange(cast))
    with pytest.raises(Malformed) as refused:
        uploads.choose_columns(upload.pk, chosen, actor=cast.actor(cast.qian), now=cast.now)
    assert refused.value.code == code
    upload.refresh_from_db()
    assert (upload.state, ColumnMapping.objects.count()) == ("naming", 0)


def test_others_cannot_name_columns_and_what_was_put_aside_stays_so(cast: Cast) -> None:
    upload = receive(cast, strange(cast))
    with pytest.raises(NotFound):
        uploads.choose_columns(upload.pk, CHOSEN, actor=cast.actor(cast.kong), now=cast.now)
    uploads.discard_sheet_upload(upload.pk, actor=cast.actor(cast.qian), now=cast.now)
    upload.refresh_from_db()
    assert (upload.content, upload.samples) == (None, None)
    with pytest.raises(RuleViolation, match=r"upload\.applied"):
        uploads.choose_columns(upload.pk, CHOSEN, actor=cast.actor(cast.qian), now=cast.now)
    assert ColumnMapping.objects.count() == 0


@pytest.mark.parametrize(
    "rows",
    [
        [("姓名", "身份证号", "工种"), ("孙德旺", "330722197811030011", "木工")],
        [("姓名", "身份证号", "年龄", "联系电话"), ("孙德旺", "330722197811030011", 48, "13857906017")],
        [("日期", "摘要"), ("2026-10-01", "收入")],
    ],
)
def test_what_cannot_be_a_pay_sheet_is_refused_not_asked_about(cast: Cast, rows: Any) -> None:
    assert receive(cast, xlsx(rows)).state == "refused"


def test_a_table_of_names_and_amounts_without_id_numbers_is_asked_about(cast: Cast, came: None) -> None:
    upload = receive(cast, xlsx([("工友", "到账"), ("孙德旺", 7920), ("周长根", "7,140.00")]))
    assert upload.state == "naming"
    upload = named(cast, upload, {0: {0: "name", 1: "net"}})
    assert [row["net_fen"] for row in upload.rows] == [792_000, 714_000]


def test_the_page_names_the_columns_and_shows_masked_values(cast: Cast, came: None) -> None:
    client = cast.client(cast.qian)
    sent = client.post(
        reverse("payroll:sheet-upload"),
        {
            "part": cast.sc_part.pk,
            "month": f"{MONTH:%Y-%m}",
            "file": SimpleUploadedFile("十月.xlsx", strange(cast)),
        },
    )
    page = client.get(sent.url).content.decode()
    number = str(cast.sun.id_number)
    assert number not in page
    assert "孙德旺" not in page
    assert 'name="s0-c5"' in page
    url = reverse("payroll:sheet-columns", args=[SheetUpload.objects.get().pk])
    twice = client.post(url, {"s0-c0": "name", "s0-c5": "name"})
    assert twice.status_code == 400
    assert '<option value="name" selected>' in twice.content.decode()
    done = client.post(url, {f"s0-c{c}": field for c, field in CHOSEN[0].items()})
    assert (done.status_code, done.url) == (302, sent.url)
    page = client.get(done.url).content.decode()
    assert "按您在" in page
    assert mask_id(number) in client.get(url).content.decode()
    assert (
        client.post(reverse("payroll:sheet-upload-apply", args=[SheetUpload.objects.get().pk])).status_code
        == 302
    )
    assert PaySheet.objects.get().people == 2
    assert client.get(url).status_code == 302
    forget = reverse("payroll:sheet-columns-forget", args=[SheetUpload.objects.get().pk])
    assert client.post(forget).status_code == 409
