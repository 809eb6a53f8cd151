"""Which rows below the headings are data, and why the others are not.

Nothing is dropped silently: every row that is not data is listed with the reason.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from wagewatch.lib.cells import EMPTY, Cell, Row
from wagewatch.lib.sheets import Sheet

SkipReason = Literal["blank", "total", "footer", "heading", "banner", "note", "example"]

BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>|〔[^〔〕]*〕")
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
_BEGINS_OTHERWISE = "姓名例示样合小总"
_LONG_TEXT = 30


@lru_cache(maxsize=4096)
def normalise_heading(text: str) -> str:
    """NFKC, lower case, without spaces, line breaks, stars, punctuation and bracketed hints."""
    value = unicodedata.normalize("NFKC", text).lower()
    bare = _DECORATION.sub("", BRACKETS.sub("", value))
    return bare or _DECORATION.sub("", value.replace("(", "").replace(")", ""))


SPECIAL = object()


class DataRow:
    """One row of data. ``number`` is the row number a person sees; ``banner`` the last team line above;
    ``ragged`` a CSV line with more fields than the others (an unquoted thousands comma?)."""

    __slots__ = ("banner", "columns", "hidden", "number", "ragged", "row")

    def __init__(
        self, number: int, row: Row, columns: Mapping[str, int], banner: str, hidden: bool, ragged: bool
    ) -> None:
        self.number, self.row, self.columns = number, row, columns
        self.banner, self.hidden, self.ragged = banner, hidden, ragged

    def __getitem__(self, name: str) -> Cell:
        column = self.columns.get(name)
        return EMPTY if column is None else self.row.get(column)

    def raw(self, name: str) -> Any:
        """The plain value (``""`` is empty) where there is one, else SPECIAL: then ask for the cell."""
        column = self.columns.get(name)
        row = self.row
        if column is None or column >= len(row.values):
            return ""
        if row.special is not None and column in row.special:
            return SPECIAL
        return row.values[column]


@dataclass(frozen=True)
class SkippedRow:
    """A row that is not data, why, and its text."""

    number: int
    reason: SkipReason
    text: str


def sort_rows(
    sheet: Sheet, start: int, columns: Mapping[str, int], heads: Mapping[int, str]
) -> tuple[list[DataRow], list[SkippedRow]]:
    """Rows from index ``start`` on: data, and what is none with the reason.

    ``heads`` holds the normalised heading of each column, by which a repeated heading row is known.
    """
    data: list[DataRow] = []
    skipped: list[SkippedRow] = []
    banner = ""
    name_at, id_at = columns.get("name", -1), columns.get("id_number", -1)
    count_at = columns.get("row_number", -1)
    hidden, ragged, first = sheet.hidden_rows, sheet.ragged_rows, sheet.first_row
    quick = name_at >= 0 and id_at >= 0
    for r in range(start, len(sheet.rows)):
        row = sheet.rows[r]
        if not (quick and _is_plainly_data(row, name_at, id_at, count_at)):
            reason = _why_not_data(row, columns, heads)
            if reason is not None:
                text = " ".join(dict.fromkeys(c.text.strip() for c in row if not c.is_blank))
                if reason == "banner":
                    banner = text
                skipped.append(SkippedRow(first + r, reason, text[:200]))
                continue
        data.append(DataRow(first + r, row, columns, banner, r in hidden, r in ragged))
    return data, skipped


def _is_plainly_data(row: Row, name_at: int, id_at: int, count_at: int) -> bool:
    """A name of two or three characters and something else as number: nearly every row of a roster."""
    values = row.values
    if row.special is not None or len(values) <= max(name_at, id_at, count_at):
        return False
    name, identity = values[name_at], values[id_at]
    if type(name) is not str or type(identity) is not str or not 1 < len(name) < 4 or name == identity:
        return False
    if name[0] in _BEGINS_OTHERWISE or name.isspace() or not identity or identity.isspace():
        return False
    count = values[count_at] if count_at >= 0 else ""
    return type(count) is float or count == "" or (type(count) is str and _is_number(count))


def _why_not_data(row: Row, columns: Mapping[str, int], heads: Mapping[int, str]) -> SkipReason | None:
    def at(name: str) -> Cell:
        column = columns.get(name)
        return EMPTY if column is None else row.get(column)

    name, identity, counted = at("name"), at("id_number"), at("row_number")
    numbered = counted.is_blank or counted.kind == "number" or _is_number(counted.text)
    if numbered and not name.is_blank and not identity.is_blank and name.value != identity.value:
        first = name.text
        if len(first) < 4 and first[:1] not in _BEGINS_OTHERWISE:
            return None
    filled = [(place, cell) for place, cell in enumerate(row) if not cell.is_blank]
    others = [(place, c) for place, c in filled if not (numbered and place == columns.get("row_number"))]
    if all(c.merged or c.kind == "formula_missing" for _place, c in others):
        return "blank"
    if _repeats(row, heads):
        return "heading"
    leads = [_squeezed(filled[0][1].text), _squeezed(name.text)]
    if any(_EXAMPLE.search(text) for text in leads):
        return "example"
    if identity.is_blank or identity.merged or not any(ch.isdigit() for ch in identity.text):
        if any(_TOTAL.match(text) for text in leads):
            return "total"
        if _FOOTER.match(leads[0]):
            return "footer"
    distinct = {c.text.strip() for _place, c in others}
    if len(distinct) == 1 and (text := distinct.pop()) and not _is_number(text):
        alone_in_name = others[0][0] == columns.get("name")
        if not alone_in_name or len(others) > 1 or _TEAM_END.search(text):
            return "note" if len(text) > _LONG_TEXT else "banner"
    return None


def _repeats(row: Row, heads: Mapping[int, str]) -> bool:
    texts = ((row.get(column), head) for column, head in heads.items())
    return sum(cell.kind == "text" and normalise_heading(cell.text) == head for cell, head in texts) >= 2


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[\d.,¥-]+", text))
