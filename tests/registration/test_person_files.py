"""Files with people in them: masked or in full, written down, harmless to open, bounded in memory."""

import io
import re
import zipfile
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from registration.models import (
    Certificate,
    Posting,
    SensitiveView,
    Team,
    Training,
    TrainingAttendance,
    Worker,
    WorkerPhoto,
)
from registration.services.portraits import make_portrait, store_portrait
from tests.cast import NOW, Cast, make_posting, make_worker
from tests.registration.test_person_new import face
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, workbook_file, write_workbook
from wagewatch.lib.sheets import read_workbook

HOSTILE = (
    '=HYPERLINK("http://example.invalid/?"&A1,"click")',
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "=1+1\x00",
    "＝1+1",
)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def files(cast: Cast, who: str = "qian", **typed: str) -> Any:
    client = cast.client(getattr(cast, who))
    return client.post(
        f"/people/{cast.project.pk}/files/", {"content": "masked", "format": "xlsx", "state": "all", **typed}
    )


def rows(data: bytes) -> list[list[str]]:
    sheet = read_workbook(data, "a.xlsx").sheets[0]
    return [[cell.text for cell in row] for row in sheet.rows]


# ---- formulas


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("write", [write_workbook, lambda sheets: workbook_file(sheets).read()])
def test_no_text_becomes_a_formula(text: str, write: Any) -> None:
    columns = [ColumnOut(text, width=10, hint=text, choices=[text]), ColumnOut("b")]
    data = write([SheetOut(text, columns, [(text, "x")], title=text, marked=frozenset({(0, 0)}))])
    book = zipfile.ZipFile(io.BytesIO(data))
    for name in book.namelist():
        assert "externalLink" not in name
        if name.startswith("xl/worksheets/"):
            xml = book.read(name).decode()
            assert "<f>" not in xml
            assert "<f " not in xml
            assert "<hyperlink" not in xml
            assert set(re.findall(r'<c r="[A-Z]+\d+"[^>]* t="(\w+)"', xml)) <= {"s", "inlineStr"}
    cells = read_workbook(data, "a.xlsx").sheets[0].rows
    assert all(cell.kind in {"text", "empty"} for row in cells for cell in row)


@pytest.mark.parametrize("write", [write_workbook, lambda sheets: workbook_file(sheets).read()])
def test_every_text_comes_back_as_it_was(write: Any) -> None:
    said = [
        "<r><t>a & b</t></r>", "<r>no end", "&amp;", "_x0041_", " 空 格 ", "两\n行", "\t制表", "🏗" * 3, "]]>", '"', "2026-11-01",
    ]  # fmt: skip
    columns = [ColumnOut("<r>一</r>", choices=["<r>&</r>" * 90, "b"]), ColumnOut("二", "number")]
    data = write([SheetOut("a", columns, [(text, n) for n, text in enumerate(said)], title="<r>&</r>")])
    found = read_workbook(data, "a.xlsx").sheets
    assert found[0].rows[0][0].value == "<r>&</r>"
    assert found[0].rows[1][0].value == "<r>一</r>"
    assert [[cell.value for cell in row] for row in found[0].rows[2:]] == [
        [text, n] for n, text in enumerate(said)
    ]
    assert found[1].rows[0][0].value == "<r>&</r>" * 90


def test_a_cell_holds_what_a_spreadsheet_can_hold() -> None:
    data = write_workbook([SheetOut("a", [ColumnOut("b")], [("🏗" * 40_000,), ("长" * 40_000,)])])
    rows = read_workbook(data, "a.xlsx").sheets[0].rows
    assert [row[0].value for row in rows[1:]] == ["🏗" * 16_383, "长" * 32_767]
    for odd in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(TypeError):
            write_workbook([SheetOut("a", [ColumnOut("b", "number")], [(odd,)])])
    with pytest.raises(ValueError, match="more cells"):
        write_workbook([SheetOut("a", [ColumnOut("b")], [("x", "y")])])


def test_a_text_that_looks_like_a_formula_is_marked_as_quoted() -> None:
    data = write_workbook([SheetOut("a", [ColumnOut("b")], [("=1+1",), ("plain",)])])
    book = zipfile.ZipFile(io.BytesIO(data))
    styles = book.read("xl/styles.xml").decode()
    formats = re.findall(r"<xf [^>]*>", styles.partition("<cellXfs")[2])
    cells = dict(re.findall(r'<c r="(A\d)" s="(\d+)"', book.read("xl/worksheets/sheet1.xml").decode()))
    assert "quotePrefix" in formats[int(cells["A2"])]
    assert "quotePrefix" not in formats[int(cells["A3"])]
    (text_format,) = re.findall(r'numFmtId="(\d+)" formatCode="@"', styles)
    assert f'numFmtId="{text_format}"' in formats[int(cells["A2"])], "editing keeps it a text"


def test_hostile_names_in_the_database_come_out_as_texts(cast: Cast) -> None:
    Team.objects.filter(pk=cast.team.pk).update(name=HOSTILE[0])
    Worker.objects.filter(pk=cast.sun.pk).update(name="=HYPERLINK(1)")
    Posting.objects.filter(pk=cast.sun_posting.pk).update(trade="+cmd|' /C calc'!A0")
    for content in ("masked", "full"):
        data = body(files(cast, content=content, purpose="authority"))
        assert b"<f" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").replace(
            b"<fo", b""
        )
        assert any(HOSTILE[0] in row for row in rows(data))


# ---- the roster


def test_a_masked_file_opens_nothing_and_is_not_written_down(cast: Cast) -> None:
    data = body(files(cast))
    text = "\n".join("\t".join(row) for row in rows(data))
    assert "孙**" in text
    assert cast.sun.id_tail in text
    for secret in (cast.sun.name, cast.sun.id_number, cast.sun_phone, cast.sun_card.number):
        assert str(secret) not in text
    assert not SensitiveView.objects.exists()


def test_a_full_file_names_everything_and_is_written_down_for_everybody(cast: Cast) -> None:
    Worker.objects.filter(pk=cast.sun.pk).update(address="多湖街 8 号", emergency_name="孙小")
    answer = files(cast, content="full", purpose="authority")
    assert answer["Cache-Control"].startswith("no-store, private")
    assert answer["Content-Disposition"] == f'attachment; filename="roster-{cast.project.pk}.xlsx"'
    table = rows(body(answer))
    sun = dict(zip(table[0], next(r for r in table if r[0] == "孙德旺"), strict=True))
    assert sun["身份证号"] == cast.sun.id_number
    assert (sun["联系电话"], sun["工资卡号"]) == (cast.sun_phone, cast.sun_card.number)
    assert (sun["家庭住址"], sun["紧急联系人"], sun["性别"]) == ("多湖街 8 号", "孙小", "男")
    views = SensitiveView.objects.order_by("worker_id")
    assert {v.worker_id for v in views} == {cast.sun.pk, cast.zhou.pk}
    assert {(v.user, v.project, v.purpose) for v in views} == {(cast.qian, cast.project, "authority")}
    assert {v.fields for v in views} == {"file: name,id_number,phone,address,card,emergency"}


def test_a_full_file_can_be_uploaded_elsewhere(cast: Cast) -> None:
    from tests.registration.rosters import staged

    data = body(files(cast, content="full", purpose="authority"))
    upload = staged(cast, data)
    assert upload.state == "staged"
    assert (upload.summary["unchanged"], upload.summary["refused"]) == (2, 0)


def test_without_a_purpose_no_full_file_is_made(cast: Cast) -> None:
    answer = files(cast, content="full")
    assert (answer.status_code, set(answer.context["form"].errors)) == (400, {"purpose"})
    assert files(cast, content="full", purpose="curiosity").status_code == 400
    assert not SensitiveView.objects.exists()


def test_a_manager_takes_masked_files_only(cast: Cast) -> None:
    assert files(cast, "he").status_code == 200
    answer = files(cast, "he", content="full", purpose="authority")
    assert answer.status_code == 400
    assert not SensitiveView.objects.exists()


@pytest.mark.parametrize("who", ["kong", "li", "guard", "officer"])
def test_outsiders_take_no_files(cast: Cast, who: str) -> None:
    assert files(cast, who, content="full", purpose="authority").status_code == 404
    client = cast.client(getattr(cast, who))
    assert client.get(f"/people/{cast.project.pk}/{cast.sun.pk}/file/").status_code == 404
    assert client.get(f"/people/{cast.project.pk}/{cast.sun.pk}/photo/").status_code == 404
    assert not SensitiveView.objects.exists()


def test_a_subcontractors_file_holds_its_own_people(cast: Cast) -> None:
    worker, _card = make_worker("何小满", seq=777)
    make_posting(worker, cast.gc_team, pin=77)
    assert not any("何小满" in row for row in rows(body(files(cast, content="full", purpose="authority"))))
    assert any(
        "何小满" in row for row in rows(body(files(cast, "zhao", content="full", purpose="authority")))
    )
    assert SensitiveView.objects.filter(worker=worker).count() == 1


def test_the_filters_of_the_page_hold_for_the_file(cast: Cast) -> None:
    table = rows(body(files(cast, q="孙德")))
    assert [row[0] for row in table[1:]] == ["孙**"]


def test_a_roster_on_paper(cast: Cast) -> None:
    answer = files(cast, format="pdf", content="full", purpose="authority")
    assert answer["Content-Type"] == "application/pdf"
    assert body(answer).startswith(b"%PDF-")
    assert SensitiveView.objects.count() == 2


def test_paper_has_an_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registration.roster_files.MOST_ON_PAPER", 1)
    answer = files(cast, format="pdf", content="full", purpose="authority")
    assert (answer.status_code, set(answer.context["form"].errors)) == (400, {"format"})
    assert not SensitiveView.objects.exists()


# ---- one person


def dress(cast: Cast) -> None:
    """Sun with a photo, a training, a certificate and work elsewhere."""
    store_portrait(cast.sun.pk, make_portrait(face().read()), source="file", now=NOW)
    held = Training.objects.create(
        project=cast.project,
        kind="003001",
        name="三级教育",
        held_on=date(2026, 8, 2),
        minutes=480,
        recorded_at=NOW,
    )
    TrainingAttendance.objects.create(project=cast.project, training=held, worker=cast.sun)
    Certificate.objects.create(
        worker=cast.sun,
        kind="special",
        trade="焊工",
        number="T123456",
        number_index=blind_index("T123456", kind="certificate"),
        number_tail="3456",
        issuer="金华市应急管理局",
        issued_on=date(2025, 3, 1),
        recorded_at=NOW,
    )
    make_posting(
        cast.sun,
        cast.other_team,
        pin=50,
        joined_on=date(2026, 3, 1),
        left_on=date(2026, 7, 1),
        rate_fen=99900,
    )


def one(cast: Cast, who: str = "qian", **typed: str) -> Any:
    return cast.client(getattr(cast, who)).post(f"/people/{cast.project.pk}/{cast.sun.pk}/file/", typed)


def test_a_personal_file_as_a_spreadsheet(cast: Cast) -> None:
    dress(cast)
    with translation.override("zh-hans"):
        data = body(one(cast, format="xlsx", purpose="dispute"))
    book = read_workbook(data, "a.xlsx")
    text = "\n".join(cell.text for sheet in book.sheets for row in sheet.rows for cell in row)
    for shown in (
        cast.sun.id_number,
        cast.sun_phone,
        cast.sun_card.number,
        "三级教育",
        "焊工",
        "白龙桥标准厂房",
        "¥360.00",
    ):
        assert str(shown) in text
    assert "999" not in text, "what another company paid is nobody's business here"
    view = SensitiveView.objects.get()
    assert (view.worker, view.user, view.fields, view.purpose) == (
        cast.sun,
        cast.qian,
        "file: personal file",
        "dispute",
    )


def test_a_personal_file_on_paper_has_the_photo(cast: Cast) -> None:
    plain = body(one(cast, format="pdf", purpose="dispute"))
    dress(cast)
    data = body(one(cast, format="pdf", purpose="dispute"))
    assert data.startswith(b"%PDF-")
    assert b"/DCTDecode" in data
    assert b"/DCTDecode" not in plain


def test_without_a_purpose_there_is_no_personal_file(cast: Cast) -> None:
    assert one(cast, format="pdf").status_code == 400
    assert one(cast, "he", format="pdf", purpose="dispute").status_code == 404
    assert not SensitiveView.objects.exists()


def test_the_photo_is_shown_and_kept_nowhere(cast: Cast) -> None:
    client, address = cast.client(cast.he), f"/people/{cast.project.pk}/{cast.sun.pk}/photo/"
    assert client.get(address).status_code == 404
    dress(cast)
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in answer["Cache-Control"]
    assert answer.content == bytes(WorkerPhoto.objects.get().content or b"")


def test_the_persons_page_shows_the_working_life_of_all_cities(cast: Cast) -> None:
    dress(cast)
    text = cast.client(cast.qian).get(f"/people/{cast.project.pk}/{cast.sun.pk}/").content.decode()
    assert "白龙桥标准厂房" in text
    assert "金华市婺城区" in text
    assert "999" not in text
    assert "photo/" in text
