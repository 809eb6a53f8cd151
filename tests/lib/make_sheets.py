"""Files as contractors have them, and as attackers make them, built in memory."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter
import xlwt

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def xlsx(rows: Sequence[Sequence[Any]], *, name: str = "花名册", **options: Any) -> bytes:
    """One sheet: str as text, numbers as numbers."""

    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(r, c, value)
                elif value is not None:
                    page.write_number(r, c, value)

    return book(fill, **options)


def book(fill: Callable[[xlsxwriter.Workbook], None], **options: Any) -> bytes:
    """A workbook filled by a function."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as workbook:
        fill(workbook)
    return out.getvalue()


def biff(rows: Sequence[Sequence[Any]]) -> bytes:
    """A real .xls (BIFF8)."""
    workbook = xlwt.Workbook()
    page = workbook.add_sheet("Sheet1")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            page.write(r, c, value)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def raw_xlsx(
    sheet_data: str, *, prologue: str = "", parts: Mapping[str, str] | None = None, sheets: int = 1
) -> bytes:
    """An .xlsx by hand: the content of ``sheetData``, something before the root element, more parts."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, sheets + 1))
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{_R}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, sheets + 1)
    )
    sheet = f'<?xml version="1.0"?>{prologue}<worksheet xmlns="{_MAIN}"><sheetData>{sheet_data}</sheetData></worksheet>'
    files = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELS,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_R}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{targets}</Relationships>'
        ),
        **{f"xl/worksheets/sheet{n}.xml": sheet for n in range(1, sheets + 1)},
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()


def xml2003(body: str, *, prologue: str = "", sheet_options: str = "") -> bytes:
    """An XML Spreadsheet 2003 with one worksheet."""
    return (
        f'<?xml version="1.0"?>{prologue}<?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel">'
        f'<Worksheet ss:Name="花名册"><Table>{body}</Table>{sheet_options}</Worksheet></Workbook>'
    ).encode()


def ods(*sheets: tuple[str, str], styles: str = "", parts: Mapping[str, str] | None = None) -> bytes:
    """An OpenDocument spreadsheet by hand: name and content of each ``table:table``, more styles, more parts."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "style", "table", "text")
    )
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    tables = "".join(f'<table:table table:name="{name}"{body}</table:table>' for name, body in sheets)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} {calc} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        for name, text in {"content.xml": content, **(parts or {})}.items():
            archive.writestr(name, text)
    return out.getvalue()


def ods_rows(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as an OpenDocument table's content: numbers as numbers, dates as dates."""
    return ">" + "".join(
        "<table:table-row>" + "".join(map(ods_cell, row)) + "</table:table-row>" for row in rows
    )


def ods_cell(value: Any) -> str:
    """One cell."""
    if value in {"", None}:
        return "<table:table-cell/>"
    if isinstance(value, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
