"""Find the table on a sheet: its heading rows, which column is which field, and which rows are data.

Nothing is dropped silently: every row that is not data is listed with the reason.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import EMPTY, Cell, Sheet

SEARCHED_ROWS = 60
_PREFER_LAST = frozenset(("net",))

SkipReason = Literal["blank", "total", "footer", "heading", "banner", "note", "example"]

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>|〔[^〔〕]*〕")
_DECORATION = re.compile(r"[\s\u200b-\u200f\u2060\ufeff*＊★☆:;。.,、_\-—]+")
_TOTAL = re.compile(
    r"^(本页|本班组?|班组|全部|项目|本月|各班组|人员|工资|以上)*(合计|小计|总计|共计|累计|总合计|汇总)(?!.{12})"
)
_FOOTER = re.compile(
    r"^(制表|编制|填表|填报|审核|复核|审批|核准|批准|经办|会计|出纳|财务|主管|分管|总经理|项目经理|项目负责|生产经理|施工员|班组长签|班组负责|"
    r"劳资专?管?员|劳务员|负责人|单位负责|施工单位|建设单位|总包单位|分包单位|监理|日期|年月日|盖章|公章|签章|签字|承诺|声明|备注|说明|注\d?$|注[:：1一]|备考|大写)"
)
_EXAMPLE = re.compile(
    r"^(示例|样例|范例|例子?|举例|填写示例|填写样例|sample|example)([:：\d\s(（]|$)|[(（](示例|样例|例)[)）]",
    re.IGNORECASE,
)
_TEAM_END = re.compile(r"(班组?|队|组|公司|分包|劳务|[栋幢楼区段标]|工种|项目|部)\d*(人|名)?$")
_LONG_TEXT = 30


@dataclass(frozen=True)
class Heading:
    """A column heading as it stands: ``group`` is the upper heading of a two-row head, ``hint`` what
    stood in brackets (元, 天)."""

    column: int
    text: str
    group: str = ""
    hint: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class DataRow:
    """One row of data. ``number`` is the row number a person sees; ``banner`` the last team line above;
    ``ragged`` a CSV line with more fields than the others (an unquoted thousands comma?)."""

    number: int
    cells: dict[str, Cell]
    banner: str = ""
    hidden: bool = False
    ragged: bool = False

    def __getitem__(self, name: str) -> Cell:
        return self.cells.get(name, EMPTY)


@dataclass(frozen=True)
class SkippedRow:
    """A row that is not data, why, and its text."""

    number: int
    reason: SkipReason
    text: str


@dataclass(frozen=True)
class Table:
    """A table found on a sheet.

    ``heading_rows`` row numbers as people see them · ``columns`` field to column (from 0) ·
    ``headings`` field to the heading taken · ``duplicates`` fields with more than one column, all of
    them, the one taken first · ``unknown`` headings that belong to no field · ``missing`` fields
    wanted but not there · ``titles`` texts above the table · ``data`` and ``skipped`` the rows.
    """

    sheet_name: str
    heading_rows: tuple[int, ...]
    columns: dict[str, int]
    headings: dict[str, Heading]
    duplicates: dict[str, tuple[Heading, ...]]
    unknown: tuple[Heading, ...]
    titles: tuple[str, ...]
    data: list[DataRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)


@lru_cache(maxsize=4096)
def normalise_heading(text: str) -> str:
    """NFKC, lower case, without spaces, line breaks, stars, punctuation and bracketed hints."""
    value = unicodedata.normalize("NFKC", text).lower()
    bare = _DECORATION.sub("", _BRACKETS.sub("", value))
    return bare or _DECORATION.sub("", value.replace("(", "").replace(")", ""))


def find_table(
    sheet: Sheet, fields: Mapping[str, Sequence[str]], required: Sequence[str] = ("name",)
) -> Table:
    """The table of a sheet whose headings match best.

    ``fields`` maps a field to its spellings. Where a field has several columns the first visible one
    is taken (of ``net`` the last) and ``duplicates`` says so. Raises ``Malformed``
    ``sheet.no_headings``, or ``sheet.missing_columns`` with the missing headings.
    """
    spellings = {normalise_heading(s): name for name, all_spellings in fields.items() for s in all_spellings}
    found = _find_headings(sheet, spellings, required)
    if found is None:
        wanted = "、".join(fields[name][0] for name in required)
        raise Malformed(
            "sheet.no_headings",
            _("No table with the headings %(wanted)s was found on the sheet “%(sheet)s”."),
            wanted=wanted,
            sheet=sheet.name,
        )
    rows, headings = found
    taken, duplicates, unknown = _assign(headings, spellings)
    missing = [fields[name][0] for name in required if name not in taken]
    if missing:
        raise Malformed(
            "sheet.missing_columns",
            _("The table on the sheet “%(sheet)s” has no column for: %(missing)s. Add it and upload again."),
            missing="、".join(missing),
            sheet=sheet.name,
        )
    titles = dict.fromkeys(c.text.strip() for row in sheet.rows[: rows[0]] for c in row if not c.is_blank)
    table = Table(
        sheet_name=sheet.name,
        heading_rows=tuple(sheet.first_row + r for r in rows),
        columns={name: heading.column for name, heading in taken.items()},
        headings=taken,
        duplicates=duplicates,
        unknown=unknown,
        titles=tuple(titles),
    )
    _sort_rows(sheet, rows[-1] + 1, table)
    return table


def _find_headings(
    sheet: Sheet, spellings: Mapping[str, str], required: Sequence[str]
) -> tuple[tuple[int, ...], list[Heading]] | None:
    best: tuple[tuple[int, ...], list[Heading]] | None = None
    best_score = (0, 1)
    last = min(len(sheet.rows), SEARCHED_ROWS)
    candidates: list[tuple[int, ...]] = [(r,) for r in range(last)]
    candidates += [(r, r + 1) for r in range(last - 1)]
    for rows in candidates:
        headings = _headings(sheet, rows)
        names = {spellings.get(normalise_heading(h.text)) for h in headings} - {None}
        score = (len(names.intersection(required)), len(names))
        if score > best_score and len(names) >= 2:
            best, best_score = (rows, headings), score
    return best


def _headings(sheet: Sheet, rows: tuple[int, ...]) -> list[Heading]:
    """Headings of one row with the groups of the row above, or of two rows read as one."""
    lower = sheet.rows[rows[-1]]
    upper = sheet.rows[rows[0] if len(rows) == 2 else rows[0] - 1] if rows[-1] else []
    result, group = [], ""
    for c in range(max(len(lower), len(upper) if len(rows) == 2 else 0)):
        low = sheet.cell(rows[-1], c)
        high = upper[c] if c < len(upper) else EMPTY
        if not high.is_blank:
            group = high.text.strip()
        text = low.text.strip() if low.kind == "text" else ""
        own_group = group if group != text else ""
        if len(rows) == 2 and not text and high.kind == "text":
            text, own_group = high.text.strip(), ""
        if text:
            hint = "".join(_BRACKETS.findall(unicodedata.normalize("NFKC", text))).strip("()[]【】")
            result.append(Heading(c, text, own_group, hint, c in sheet.hidden_columns))
    return result


def _assign(
    headings: Sequence[Heading], spellings: Mapping[str, str]
) -> tuple[dict[str, Heading], dict[str, tuple[Heading, ...]], tuple[Heading, ...]]:
    by_field: dict[str, list[Heading]] = {}
    unknown: list[Heading] = []
    for heading in headings:
        name = spellings.get(normalise_heading(heading.text))
        if name is None:
            unknown.append(heading)
        else:
            by_field.setdefault(name, []).append(heading)
    taken, duplicates = {}, {}
    for name, candidates in by_field.items():
        visible = [h for h in candidates if not h.hidden] or candidates
        choice = visible[-1 if name in _PREFER_LAST else 0]
        taken[name] = choice
        if len(candidates) > 1:
            duplicates[name] = (choice, *(h for h in candidates if h is not choice))
    return taken, duplicates, tuple(unknown)


def _sort_rows(sheet: Sheet, start: int, table: Table) -> None:
    names, places = list(table.columns), list(table.columns.values())
    width = max(places) + 1
    heads = {c: normalise_heading(h.text) for h in table.headings.values() for c in (h.column,)}
    banner = ""
    for r in range(start, len(sheet.rows)):
        row = sheet.rows[r]
        if len(row) < width:
            row = row + [EMPTY] * (width - len(row))
        number = sheet.first_row + r
        cells = dict(zip(names, [row[c] for c in places], strict=True))
        reason = _why_not_data(row, cells, heads)
        if reason is None:
            table.data.append(DataRow(number, cells, banner, r in sheet.hidden_rows, r in sheet.ragged_rows))
            continue
        text = " ".join(dict.fromkeys(c.text.strip() for c in row if not c.is_blank))
        if reason == "banner":
            banner = text
        table.skipped.append(SkippedRow(number, reason, text[:200]))


def _why_not_data(row: list[Cell], cells: Mapping[str, Cell], heads: Mapping[int, str]) -> SkipReason | None:
    name, identity = cells.get("name", EMPTY), cells.get("id_number", EMPTY)
    counted = cells.get("row_number", EMPTY)
    numbered = counted.is_blank or counted.kind == "number" or _is_number(counted.text)
    if numbered and not name.is_blank and not identity.is_blank and name.value != identity.value:
        first = name.text
        if len(first) < 4 and first[:1] not in "姓名例示样合小总":
            return None  # nearly every row of a roster
    filled = [c for c in row if not c.is_blank]
    others = [c for c in filled if not (c is counted and numbered)]
    if all(c.merged or c.kind == "formula_missing" for c in others):
        return "blank"
    if sum(normalise_heading(row[c].text) == head for c, head in heads.items() if row[c].kind == "text") >= 2:
        return "heading"
    leads = [_squeezed(filled[0].text), _squeezed(name.text)]
    if any(_EXAMPLE.search(text) for text in leads):
        return "example"
    if identity.is_blank or identity.merged or not any(ch.isdigit() for ch in identity.text):
        if any(_TOTAL.match(text) for text in leads):
            return "total"
        if _FOOTER.match(leads[0]):
            return "footer"
    distinct = {c.text.strip() for c in others}
    if len(distinct) == 1 and (text := distinct.pop()) and not _is_number(text):
        alone_in_name = others[0] is name
        if not alone_in_name or len(others) > 1 or _TEAM_END.search(text):
            return "note" if len(text) > _LONG_TEXT else "banner"
    return None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[\d.,¥-]+", text))
