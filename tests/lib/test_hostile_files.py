"""Files made to break the reader, and files that are something else: each gets its own message."""

import io
import os
import random
import resource
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.lib import make_sheets
from wagewatch.lib import sheets
from wagewatch.lib.errors import Malformed

GOOD = make_sheets.xlsx([["姓名", "金额"], *([f"工人{n}", n] for n in range(200))])
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAUGHS = "<!DOCTYPE lolz [" + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10)
) + "]>"  # fmt: skip
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


def refusal(data: bytes, filename: str = "花名册.xlsx") -> str:
    with pytest.raises(Malformed) as refused:
        sheets.read_workbook(data, filename)
    assert refused.value.status == 400
    assert refused.value.message
    assert "%(" not in refused.value.message
    return refused.value.code


def zip_of(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    body = b"<worksheet>" + b" " * (400 * 1024 * 1024)
    return make_sheets.raw_xlsx("", parts={"xl/worksheets/sheet1.xml": body.decode()})


def ole_with(*streams: str) -> bytes:
    return (OLE + b"\0" * 504 + b"".join(s.encode("utf-16-le") + b"\0" * 32 for s in streams)).ljust(
        8192, b"\0"
    )


def test_a_zip_bomb_is_not_unpacked() -> None:
    data = bomb()
    assert len(data) < 1024 * 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(data) == "file.zip_bomb"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_a_lying_size_in_the_zip_directory_does_not_help() -> None:
    data = bytearray(bomb())
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    assert refusal(bytes(data)) in {"file.zip_bomb", "file.damaged"}


@pytest.mark.parametrize("prologue", [LAUGHS, OUTSIDE])
@pytest.mark.parametrize("build", ["xlsx", "xml2003", "strings"])
def test_entities_are_never_expanded(prologue: str, build: str) -> None:
    if build == "xlsx":
        data = make_sheets.raw_xlsx("<row><c><v>&l9;</v></c></row>", prologue=prologue)
    elif build == "strings":
        data = make_sheets.raw_xlsx(
            "", parts={"xl/sharedStrings.xml": f"<?xml version='1.0'?>{prologue}<sst>&l9;</sst>"}
        )
    else:
        data = make_sheets.xml2003("<Row><Cell><Data>&l9;</Data></Cell></Row>", prologue=prologue)
    started = time.monotonic()
    assert refusal(data, "a.xls") == "file.entities"
    assert time.monotonic() - started < 5


def test_html_entities_are_not_expanded_either() -> None:
    data = (LAUGHS + "<html><table><tr><td>&l9;</td></tr></table></html>").encode()
    assert refusal(data, "a.xls") == "file.entities"


def test_three_thousand_sheets() -> None:
    assert (
        refusal(make_sheets.raw_xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', sheets=3000))
        == "file.too_many_sheets"
    )


def test_a_field_of_far_cells() -> None:
    cells = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 3001))
    assert refusal(make_sheets.raw_xlsx(cells)) == "file.too_wide"


def test_a_wide_and_long_sheet_runs_out_of_its_own_memory_only() -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="99999"><c r="IV99999"><v>1</v></c></row>'
    assert refusal(make_sheets.raw_xlsx(cells)) == "file.too_heavy"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b"\r\n  \t", "file.empty"),
        (b"\x00" * 5000, "file.empty"),
        (make_sheets.xlsx([]), "file.empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "file.picture"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "file.picture"),
        (b"%PDF-1.7\n" + bytes(100), "file.pdf"),
        (b"Rar!\x1a\x07\x00" + bytes(100), "file.archive"),
        (zip_of({"a.txt": b"x"}), "file.archive"),
        (zip_of({"word/document.xml": b"<x/>"}), "file.word"),
        (zip_of({"content.xml": b"<x/>", "mimetype": b"ods"}), "file.unsupported"),
        (zip_of({"xl/workbook.bin": b"x"}), "file.unsupported"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "file.unsupported"),
        (ole_with("EncryptedPackage", "EncryptionInfo"), "file.password"),
        (ole_with("WordDocument"), "file.word"),
        (ole_with("Workbook"), "file.damaged"),
        (OLE + b"\0" * 100, "file.cut_off"),
        (GOOD[: len(GOOD) // 2], "file.cut_off"),
        (GOOD[:30], "file.cut_off"),
        (b'<?xml version="1.0"?><note>hello</note>', "file.not_a_table"),
        (b"<html><body>login</body></html>", "file.not_a_table"),
        (random.Random(1).randbytes(5000), "file.not_a_table"),
        ("姓名".encode("gb18030") + b"\xff\xff\xff", "file.encoding"),
    ],
)  # fmt: skip
def test_each_wrong_file_has_its_own_message(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_a_cut_off_xls_and_xml() -> None:
    whole = make_sheets.biff([["姓名"]] * 300)
    assert refusal(whole[:3000], "a.xls") in {"file.cut_off", "file.damaged"}
    xml = make_sheets.xml2003("<Row><Cell><Data>a</Data></Cell></Row>" * 100)
    assert refusal(xml[:-50], "a.xls") in {"file.cut_off", "file.damaged"}


def test_a_flipped_byte_gives_rows_or_a_message() -> None:
    chooser = random.Random(2)
    for source, name in ((GOOD, "a.xlsx"), (make_sheets.biff([["姓名", 1]] * 20), "a.xls")):
        for _ in range(8):
            data = bytearray(source)
            for _ in range(3):
                data[chooser.randrange(len(data))] ^= 1 << chooser.randrange(8)
            code = "file."
            try:
                assert sheets.read_workbook(bytes(data), name).sheets
            except Malformed as refused:
                code = refused.code
            assert code.startswith("file.")


def test_more_than_the_size_limit_is_not_even_parsed() -> None:
    assert refusal(b"a" * (sheets.MAX_BYTES + 1)) == "file.too_large"


def test_a_parser_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "WALL_SECONDS", 0.01)
    assert refusal(GOOD) == "file.too_heavy"


def test_the_child_sees_no_secret_and_no_django() -> None:
    code = (
        "import os, sys; from wagewatch.lib.sheet_child import __main__ as m; "
        "from wagewatch.lib.sheet_child import xlsx, html, xml2003, delimited; "
        "assert not [n for n in sys.modules if n.split('.')[0] in {'django', 'celery', 'psycopg2'}], sorted(sys.modules)"
    )
    root = Path(sheets.__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=root, env={"PATH": os.environ["PATH"]}, check=True)
