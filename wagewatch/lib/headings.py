"""Find the table on a sheet: its heading rows, and which column is which field.

What the spellings do not know, or know wrongly, a person can name; such choices are given as ``Choices``.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.cells import EMPTY, Cell, Row
from wagewatch.lib.errors import Malformed
from wagewatch.lib.sheets import Sheet
from wagewatch.lib.table_rows import BRACKETS, DataRow, SkippedRow, SkipReason, normalise_heading, sort_rows

__all__ = [
    "Choices",
    "DataRow",
    "Heading",
    "Key",
    "SkipReason",
    "SkippedRow",
    "Table",
    "by_spelling",
    "find_columns",
    "find_table",
    "guess_columns",
    "normalise_heading",
    "refuse_large_units",
]

SEARCHED_ROWS = 60
LONGEST_KEY = 60
_PREFER_LAST = frozenset(("net",))
_IN_WORDS = "大写"
"""A column with the same amount in Chinese numerals: 实发金额（大写）."""


class Key(NamedTuple):
    """What tells a heading from the others of its table, whatever column it stands in: its normalised
    text; for a text that stands twice also the group above it, or which of them it is (from 1)."""

    text: str
    group: str = ""
    nth: int = 1


NO_KEY = Key("")


@dataclass(frozen=True)
class Heading:
    """A column heading as it stands: ``group`` is the upper heading of a two-row head, ``hint`` what
    stood in brackets (元, 天)."""

    column: int
    text: str
    group: str = ""
    hint: str = ""
    hidden: bool = False
    key: Key = NO_KEY


@dataclass(frozen=True)
class Choices:
    """Columns that a person named. ``layouts``: layout of a table to heading to field (``""``: not used);
    these count above all. ``spellings``: headings that no dictionary knows, for other layouts."""

    layouts: Mapping[str, Mapping[Key, str]] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> frozenset[str]:
        """Every heading somebody chose for."""
        return frozenset(self.spellings).union(*({k.text for k in keys} for keys in self.layouts.values()))


NO_CHOICES = Choices()


@dataclass(frozen=True)
class Table:
    """A table found on a sheet.

    ``heading_rows`` row numbers as people see them · ``columns`` field to column (from 0) ·
    ``headings`` field to the heading taken · ``every`` all headings from left to right ·
    ``duplicates`` fields with more than one column, all of them, the one taken first · ``unknown``
    headings that belong to no field · ``missing`` fields wanted but not there · ``titles`` texts above
    the table · ``layout`` what another table with the same headings has too · ``data`` and ``skipped``
    the rows.
    """

    sheet_name: str
    heading_rows: tuple[int, ...]
    columns: dict[str, int]
    headings: dict[str, Heading]
    every: tuple[Heading, ...]
    duplicates: dict[str, tuple[Heading, ...]]
    unknown: tuple[Heading, ...]
    missing: tuple[str, ...]
    titles: tuple[str, ...]
    layout: str
    data: list[DataRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)


def find_table(
    sheet: Sheet,
    fields: Mapping[str, Sequence[str]],
    required: Sequence[str] = ("name",),
    choices: Choices = NO_CHOICES,
) -> Table:
    """The table of a sheet whose headings match best.

    ``fields`` maps a field to its spellings. Where a field has several columns the first visible one
    is taken (of ``net`` the last) and ``duplicates`` says so. Raises ``Malformed``
    ``sheet.no_headings``, or ``sheet.missing_columns`` with the missing headings.
    """
    table = find_columns(sheet, fields, required, choices)
    if table is None:
        wanted = "、".join(fields[name][0] for name in required)
        raise Malformed(
            "sheet.no_headings",
            _("No table with the headings %(wanted)s was found on the sheet “%(sheet)s”."),
            wanted=wanted,
            sheet=sheet.name,
        )
    if table.missing:
        raise Malformed(
            "sheet.missing_columns",
            _("The table on the sheet “%(sheet)s” has no column for: %(missing)s. Add it and upload again."),
            missing="、".join(fields[name][0] for name in table.missing),
            sheet=sheet.name,
        )
    start = table.heading_rows[-1] - sheet.first_row + 1
    heads = {h.column: normalise_heading(h.text) for h in table.headings.values()}
    data, skipped = sort_rows(sheet, start, table.columns, heads)
    return replace(table, data=data, skipped=skipped)


def find_columns(
    sheet: Sheet,
    fields: Mapping[str, Sequence[str]],
    required: Sequence[str] = ("name",),
    choices: Choices = NO_CHOICES,
) -> Table | None:
    """Like ``find_table``, but without the rows, and with what is missing told in ``missing``."""
    spellings = _spellings(fields)
    found = _find_headings(sheet, spellings, required, choices)
    return None if found is None else _table(sheet, *found, spellings, required, choices)


def guess_columns(
    sheet: Sheet,
    fields: Mapping[str, Sequence[str]],
    required: Sequence[str],
    looks_right: Callable[[Cell], bool],
) -> Table | None:
    """A table whose headings nobody knows: above the first row with a cell that ``looks_right`` (an ID
    number), the nearest row of two texts or more in which no cell does."""
    for r in range(min(len(sheet.rows), SEARCHED_ROWS)):
        if not any(map(looks_right, sheet.rows[r])):
            continue
        for above in range(r - 1, -1, -1):
            headings = _headings(sheet, (above,))
            if len({h.text for h in headings}) >= 2:
                return _table(sheet, (above,), headings, _spellings(fields), required, NO_CHOICES)
        return None
    return None


_LARGE_UNIT = re.compile(r"[百千万亿]\s*元|^[千万亿]$")
_UNIT_OF_ALL = re.compile(r"单位\s*[:：]?\s*(?:人民币)?\s*([百千万亿]\s*元)")


def refuse_large_units(table: "Table", money: Iterable[str]) -> None:
    """Refuse a table whose amounts (`money`: its fields) are in 万元 or 千元: so written they have lost their fen.

    Raises Malformed `sheet.unit` with where it says so.
    """
    for text in table.titles:
        if found := _UNIT_OF_ALL.search(unicodedata.normalize("NFKC", text)):
            raise Malformed("sheet.unit", _UNIT_TEXT, where=found[0])
    for name in money:
        heading = table.headings.get(name)
        if heading and (_LARGE_UNIT.search(heading.hint.strip()) or _LARGE_UNIT.search(heading.text)):
            raise Malformed("sheet.unit", _UNIT_TEXT, where=heading.text.strip())


_UNIT_TEXT = _(
    "The amounts are not in yuan (“%(where)s”). Write every amount in yuan with two decimals and upload the file again."
)


def by_spelling(headings: Sequence[Heading], fields: Mapping[str, Sequence[str]]) -> dict[int, str]:
    """Column to field as the spellings alone would take them."""
    taken, _duplicates, _unknown = _assign(headings, _spellings(fields), NO_CHOICES)
    return {heading.column: name for name, heading in taken.items()}


def _spellings(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {normalise_heading(s): name for name, spelled in fields.items() for s in spelled}


def _table(
    sheet: Sheet,
    rows: tuple[int, ...],
    headings: list[Heading],
    spellings: Mapping[str, str],
    required: Sequence[str],
    choices: Choices,
) -> Table:
    taken, duplicates, unknown = _assign(headings, spellings, choices)
    titles = dict.fromkeys(c.text.strip() for row in sheet.rows[: rows[0]] for c in row if not c.is_blank)
    return Table(
        sheet_name=sheet.name,
        heading_rows=tuple(sheet.first_row + r for r in rows),
        columns={name: heading.column for name, heading in taken.items()},
        headings=taken,
        every=tuple(headings),
        duplicates=duplicates,
        unknown=unknown,
        missing=tuple(name for name in required if name not in taken),
        titles=tuple(titles),
        layout=_layout(headings),
    )


def _find_headings(
    sheet: Sheet, spellings: Mapping[str, str], required: Sequence[str], choices: Choices
) -> tuple[tuple[int, ...], list[Heading]] | None:
    best: tuple[tuple[int, ...], list[Heading]] | None = None
    best_score = (0, 1)
    words = choices.words.union(spellings)
    last = min(len(sheet.rows), SEARCHED_ROWS)
    known = [
        sum(type(v) is str and normalise_heading(v) in words for v in row.values) for row in sheet.rows[:last]
    ]
    candidates: list[tuple[int, ...]] = [(r,) for r in range(last) if known[r] >= 2]
    candidates += [(r, r + 1) for r in range(last - 1) if known[r] + known[r + 1] >= 2]
    for rows in candidates:
        headings = _headings(sheet, rows)
        names = set(_assign(headings, spellings, choices)[0])
        score = (len(names.intersection(required)), len(names))
        if score > best_score and len(names) >= 2:
            best, best_score = (rows, headings), score
    return best


def _headings(sheet: Sheet, rows: tuple[int, ...]) -> list[Heading]:
    """Headings of one row with the groups of the row above, or of two rows read as one."""
    lower = sheet.rows[rows[-1]]
    upper: Sequence[Cell] | Row = sheet.rows[rows[0] if len(rows) == 2 else rows[0] - 1] if rows[-1] else []
    result, group = [], ""
    for c in range(max(len(lower), len(upper) if len(rows) == 2 else 0)):
        low = lower.get(c)
        high = upper[c] if c < len(upper) else EMPTY
        if not high.is_blank:
            group = high.text.strip()
        text = low.text.strip() if low.kind == "text" else ""
        own_group = group if group != text else ""
        if len(rows) == 2 and not text and high.kind == "text":
            text, own_group = high.text.strip(), ""
        if text:
            hint = "".join(BRACKETS.findall(unicodedata.normalize("NFKC", text))).strip("()[]【】")
            result.append(Heading(c, text, own_group, hint, c in sheet.hidden_columns))
    return _with_keys(result)


def _with_keys(headings: list[Heading]) -> list[Heading]:
    """Told apart by their text; the same text by its groups where these differ, else by its order."""
    alike: dict[str, list[Heading]] = {}
    for heading in headings:
        alike.setdefault(normalise_heading(heading.text)[:LONGEST_KEY], []).append(heading)
    keys: dict[int, Key] = {}
    for text, same in alike.items():
        groups = [normalise_heading(h.group)[:LONGEST_KEY] for h in same]
        apart = len(same) > 1 and len(set(groups)) == len(same)
        for n, heading in enumerate(same):
            keys[heading.column] = Key(text, groups[n]) if apart else Key(text, nth=n + 1)
    return [replace(heading, key=keys[heading.column]) for heading in headings]


def _layout(headings: Sequence[Heading]) -> str:
    """The same for tables with the same headings in any order."""
    text = "\n".join(sorted(f"{h.key.text}\t{h.key.group}\t{h.key.nth}" for h in headings))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _assign(
    headings: Sequence[Heading], spellings: Mapping[str, str], choices: Choices
) -> tuple[dict[str, Heading], dict[str, tuple[Heading, ...]], tuple[Heading, ...]]:
    chosen = choices.layouts.get(_layout(headings), {}) if choices.layouts else {}
    by_field: dict[str, list[Heading]] = {}
    unknown: list[Heading] = []
    taken: dict[str, Heading] = {}
    for heading in headings:
        name = chosen.get(heading.key)
        if name is None:
            text = normalise_heading(heading.text)
            name = "" if _IN_WORDS in heading.hint else spellings.get(text) or choices.spellings.get(text, "")
        elif name:
            taken.setdefault(name, heading)
        if name:
            by_field.setdefault(name, []).append(heading)
        else:
            unknown.append(heading)
    duplicates = {}
    for name, candidates in by_field.items():
        visible = [h for h in candidates if not h.hidden] or candidates
        choice = taken.setdefault(name, visible[-1 if name in _PREFER_LAST else 0])
        if len(candidates) > 1:
            duplicates[name] = (choice, *(h for h in candidates if h is not choice))
    return taken, duplicates, tuple(unknown)
