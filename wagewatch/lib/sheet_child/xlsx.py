"""xlsx: checks of the container, and what calamine does not tell (formulas, errors, hidden parts).

The sheet XML is searched with regular expressions over inflated bytes: no XML engine sees it besides
calamine, and a clean 50,000-row sheet costs little more than its inflation.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

from wagewatch.lib.sheet_child.container import Names, inflate, open_archive, refuse_encrypted
from wagewatch.lib.sheet_child.excel import open_workbook, read_values
from wagewatch.lib.sheet_child.styles import hiding_formats
from wagewatch.lib.sheet_child.wire import MAX_SHEETS, Answer, Place, RawSheet, Refused

MAX_FAR_CELLS = 1_000
MAX_HINTS = 500_000

_TAG = rb"<(?:\w+:)?"
_FAR_REF = rb"(?:(?:[A-Z]{3}|I[W-Z]|[J-Z][A-Z])\d{1,7}|[A-Z]{1,3}\d{6,7})"
_FAR = re.compile(_TAG + rb'c\b[^<>]*?\br="' + _FAR_REF + rb'"[^<>]*?(?<!/)>.*?</(?:\w+:)?c>', re.DOTALL)
_ANY_FAR = re.compile(rb'r="' + _FAR_REF + rb'"')
_FORMULA = re.compile(
    _TAG + rb"c\b([^<>]*)>\s*" + _TAG + rb"f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:" + _TAG + rb"v\b[^<>]*>([^<]*)</)?"
)
_ERROR = re.compile(_TAG + rb'c\b([^<>]*\bt="e"[^<>]*)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_ERROR_VALUE = re.compile(_TAG + rb"v\b[^<>]*>([^<]*)</")
_REF = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_HIDDEN_ROW = re.compile(_TAG + rb'row\b([^<>]*\bhidden="(?:1|true)"[^<>]*)>')
_ROW_NUMBER = re.compile(rb'\br="(\d+)"')
_HIDDEN_COLUMN = re.compile(_TAG + rb'col\b([^<>]*\bhidden="(?:1|true)"[^<>]*)>')
_SINGLE_QUOTED = re.compile(_TAG + rb"(?:c|row|col)\b[^<>]*='[^<>]*>")
_UNPLACED = re.compile(_TAG + rb'c\b(?![^<>]*\br=")[^<>]*>\s*' + _TAG + rb"f\b")
_MIN, _MAX = re.compile(rb'\bmin="(\d+)"'), re.compile(rb'\bmax="(\d+)"')


@dataclass
class _Container:
    data: bytes
    sheets: list[tuple[str, bytes]] = field(default_factory=list)
    styles: bytes = b""
    names: frozenset[str] = frozenset()
    date1904: bool = False
    replaced: dict[str, bytes] = field(default_factory=dict)


def read_xlsx(data: bytes, max_rows: int) -> Answer:
    """An xlsx or xlsm workbook; macros are never looked at. Raises ``Refused``."""
    container = _open_container(data)
    strays = _drop_far_cells(container)
    sheets = read_values(open_workbook(_rebuilt(container)), max_rows)
    if not any(sheet.rows for sheet in sheets) and any(n.startswith("xl/media/") for n in container.names):
        raise Refused("file.only_pictures")
    hiding = hiding_formats(container.styles)
    parts = dict(container.sheets)
    for sheet in sheets:
        xml = parts.get(sheet.name, b"")
        _add_hints(sheet, xml, hiding)
        if sheet.name in strays:
            sheet.notes.append("stray_cells")
    return Answer(sheets=sheets, date1904=container.date1904, form="xlsx")


def _open_container(data: bytes) -> _Container:
    archive, names = open_archive(data)
    _check_kind(names)
    refuse_encrypted(names)
    inflated = {
        name: part
        for name, part in inflate(archive, names, len(data)).items()
        if name.startswith("xl/") and not name.startswith(("xl/theme/", "xl/drawings/", "xl/charts/"))
    }
    container = _Container(data, styles=inflated.get("xl/styles.xml", b""), names=frozenset(names))
    _list_sheets(container, inflated)
    return container


def _check_kind(names: Names) -> None:
    if "xl/workbook.xml" in names:
        return
    if any(n.startswith(("word/", "ppt/")) for n in names):
        raise Refused("file.word")
    if "xl/workbook.bin" in names or "content.xml" in names or any(n.startswith("Index/") for n in names):
        raise Refused("file.unsupported")
    raise Refused("file.archive")


def _list_sheets(container: _Container, parts: dict[str, bytes]) -> None:
    book = _elements(parts["xl/workbook.xml"])
    rels = _elements(parts.get("xl/_rels/workbook.xml.rels", b"<r/>"))
    targets = {a.get("Id", ""): a.get("Target", "") for name, a in rels if name == "Relationship"}
    sheets = [attributes for name, attributes in book if name == "sheet"]
    if len(sheets) > MAX_SHEETS:
        raise Refused("file.too_many_sheets", limit=MAX_SHEETS)
    properties: dict[str, str] = next((a for name, a in book if name == "workbookPr"), {})
    container.date1904 = properties.get("date1904") in {"1", "true", "on"}
    for sheet in sheets:
        ref = next((v for k, v in sheet.items() if k.endswith(" id")), "")
        target = targets.get(ref, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in parts:
            container.sheets.append((sheet.get("name", ""), parts[path]))
            container.replaced.setdefault(path, parts[path])


def _elements(xml: bytes) -> list[tuple[str, dict[str, str]]]:
    """Local names and attributes of a small XML part; a document type is refused by the parser itself."""
    found: list[tuple[str, dict[str, str]]] = []

    def refuse(*_declaration: object) -> None:
        raise Refused("file.entities")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: found.append((name.rsplit(" ")[-1], attributes))
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise Refused("file.damaged") from None
    return found


def _drop_far_cells(container: _Container) -> set[str]:
    """Cut cells right of column IV or below row 99,999: a single space there would make the used range
    17 billion cells. Says on which sheets; many such cells are refused."""
    touched: dict[str, bytes] = {}
    strays: set[str] = set()
    by_bytes = {id(xml): path for path, xml in container.replaced.items()}
    for position, (name, xml) in enumerate(container.sheets):
        if not _ANY_FAR.search(xml):
            continue
        cleaned, count = _FAR.subn(b"", xml, count=MAX_FAR_CELLS + 1)
        if count > MAX_FAR_CELLS:
            raise Refused("file.too_wide")
        if count:
            strays.add(name)
            touched[by_bytes[id(xml)]] = cleaned
            container.sheets[position] = (name, cleaned)
    container.replaced = touched
    return strays


def _rebuilt(container: _Container) -> bytes:
    if not container.replaced:
        return container.data
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(container.data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename.endswith((".xml", ".rels")):
                new.writestr(info.filename, container.replaced.get(info.filename) or old.read(info))
    return out.getvalue()


def _add_hints(sheet: RawSheet, xml: bytes, hiding: frozenset[bytes]) -> None:
    if b"='" in xml:
        xml = _SINGLE_QUOTED.sub(lambda tag: tag[0].replace(b"'", b'"'), xml)
    if b"<f" in xml or b":f" in xml:
        if _UNPLACED.search(xml):  # a formula that does not say where it stands might be one without a result
            raise Refused("file.damaged")
        for match in _limited(_FORMULA, xml):
            if _is_missing(match[2]) and (place := _place(match[1])):
                sheet.formula_missing.append(place)
    if b't="e"' in xml:
        for match in _limited(_ERROR, xml):
            if place := _place(match[1]):
                value = _ERROR_VALUE.search(match[2])
                sheet.errors[place] = value[1].decode("utf-8", "replace")[:16] if value else "#ERROR"
    if b"hidden=" in xml:
        for match in _limited(_HIDDEN_ROW, xml):
            if number := _ROW_NUMBER.search(match[1]):
                sheet.hidden_rows.append(int(number[1]) - 1)
        for match in _limited(_HIDDEN_COLUMN, xml):
            first, last = _MIN.search(match[1]), _MAX.search(match[1])
            if first and last:
                sheet.hidden_columns.extend(range(int(first[1]) - 1, min(int(last[1]), 256)))
    if hiding:
        styled = re.compile(
            _TAG + rb'c\b([^<>]*\bs="(?:' + b"|".join(sorted(hiding)) + rb')"[^<>]*)>[^c]*?<(?:\w+:)?v>-'
        )
        for match in _limited(styled, xml):
            if place := _place(match[1]):
                sheet.sign_hidden.append(place)


def _limited(pattern: re.Pattern[bytes], xml: bytes) -> "list[re.Match[bytes]]":
    found = []
    for match in pattern.finditer(xml):
        found.append(match)
        if len(found) > MAX_HINTS:
            raise Refused("file.too_heavy")
    return found


def _is_missing(value: bytes | None) -> bool:
    if value is None or not value.strip():
        return True
    try:
        return float(value) == 0
    except ValueError:
        return False


def _place(attributes: bytes) -> Place | None:
    ref = _REF.search(attributes)
    if ref is None:
        return None
    column = 0
    for letter in ref[1]:
        column = column * 26 + letter - 64
    return int(ref[2]) - 1, column - 1
