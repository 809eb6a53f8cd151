"""Several pay tables on one sheet: printed side by side, below each other, or one group of columns a month; pure.

Read as one table they would give a worker the figures of another, or of another month.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from wagewatch.lib.cells import Row
from wagewatch.lib.errors import Malformed
from wagewatch.lib.heading_names import PAYROLL_FIELDS
from wagewatch.lib.headings import Choices, Table, find_table, normalise_heading
from wagewatch.lib.sheets import Sheet

_MONTH = re.compile(r"(?:(20\d{2})\s*年?\s*[.\-/]?\s*)?(1[0-2]|0?[1-9])\s*月(?:份|工资)?")
_ALL_MONTHS = re.compile(r"合计|累计|总计|共计|汇总")
_SPELLED = {normalise_heading(word): name for name, words in PAYROLL_FIELDS.items() for word in words}
_AMOUNTS = ("gross", "net")
LOOKED_AT = 40
Place = tuple[Sheet, Table]


def split(sheet: Sheet, table: Table, month: date, choices: Choices, notes: list[str]) -> list[Place]:
    """The tables of a sheet on which one was found; most often that one alone. `notes` hears what was left out.

    Raises Malformed `sheet.other_months` where no group of columns is for the month, `sheet.side_by_side` where tables
    stand beside each other and are not alike.
    """

    def found(part: Sheet) -> Table:
        return find_table(part, PAYROLL_FIELDS, ("name",), choices)

    if others := _other_months(table, month):
        sheet = _with_columns(sheet, lambda column: column not in others)
        table = found(sheet)
        notes.append(_("Only the columns of %(month)s were read.") % {"month": f"{month:%Y-%m}"})
    places = [(half, found(half)) for half in _halves(sheet, table)] or [(sheet, table)]
    return [place for half, one in places for place in _below_each_other(half, one, choices, found)]


def _other_months(table: Table, month: date) -> set[int]:
    """Columns that stand under another month, or under all months together; none unless two months have pay."""
    months: dict[int, tuple[int, int]] = {}
    for heading in table.every:
        if said := _MONTH.fullmatch(_plain(heading.group)):
            months[heading.column] = (int(said[1] or month.year), int(said[2]))
    pay = {said for column, said in months.items() if _fields(table).get(column) in _AMOUNTS}
    if len(pay) < 2:
        return set()
    if (month.year, month.month) not in pay:
        raise Malformed(
            "sheet.other_months",
            _("The table has columns for %(found)s, but none for the chosen month %(chosen)s."),
            found="、".join(f"{y}-{m:02d}" for y, m in sorted(pay)),
            chosen=f"{month:%Y-%m}",
        )
    other = {column for column, said in months.items() if said != (month.year, month.month)}
    return other | {h.column for h in table.every if _ALL_MONTHS.search(_plain(h.group))}


def _halves(sheet: Sheet, table: Table) -> list[Sheet]:
    """The halves of a table that was printed side by side to save paper; empty if it was not."""
    names = [h for h in table.duplicates.get("name", ()) if not h.hidden]
    if len(names) < 2 or not any(name in table.duplicates for name in _AMOUNTS):
        return []
    rows = table.data[:LOOKED_AT]
    if all(len({row.row.get(h.column).text.strip() for h in names} - {""}) < 2 for row in rows):
        return []  # the same name again beside the signature
    every = sorted((h for h in table.every if not h.hidden), key=lambda h: h.column)
    places = sorted(every.index(h) for h in names)
    step = places[1] - places[0]
    texts = [normalise_heading(h.text) for h in every]
    alike = all(place == places[0] + n * step for n, place in enumerate(places)) and all(
        texts[n] == texts[n % step] for n in range(min(len(texts), step * len(places)))
    )
    if not alike or places[0] >= step or len(texts) < step * (len(places) - 1) + places[0] + 1:
        raise Malformed(
            "sheet.side_by_side",
            _(
                "Several tables stand side by side on the sheet “%(sheet)s”, and they are not alike. Put everybody below "
                "each other, or each table on a sheet of its own, and upload the file again."
            ),
            sheet=sheet.name,
        )
    starts = [every[n * step].column for n in range(len(places))]
    ends = [*starts[1:], 10_000]
    return [
        _with_columns(sheet, range(start, end).__contains__) for start, end in zip(starts, ends, strict=True)
    ]


def _below_each_other(
    sheet: Sheet, table: Table, choices: Choices, found: Callable[[Sheet], Table]
) -> Iterator[Place]:
    """The same sheet cut where a row of headings says that the columns mean something else from here on."""
    words = _words(choices)
    firsts = {word[0] for word, name in words.items() if name == "name"} | set("*＊【")
    fields = _fields(table)
    start = 0
    for r in range(table.heading_rows[-1] - sheet.first_row + 1, len(sheet.rows)):
        row = sheet.rows[r]
        if not any(type(v) is str and v.strip()[:1] in firsts for v in row.values):
            continue
        said = {
            column: words[text]
            for column, cell in enumerate(row)
            if cell.kind == "text" and (text := normalise_heading(cell.text)) in words
        }
        if "name" not in said.values() or len(said) < 3 or all(fields.get(c) == f for c, f in said.items()):
            continue
        try:
            following = found(_with_rows(sheet, r, len(sheet.rows)))
        except Malformed:
            continue
        if following.heading_rows[0] - sheet.first_row > r + 1 or not set(_AMOUNTS) & set(following.columns):
            continue
        yield _again(_with_rows(sheet, start, r), found)
        start, fields = r, _fields(following)
    yield (sheet, table) if start == 0 else _again(_with_rows(sheet, start, len(sheet.rows)), found)


def _again(part: Sheet, found: Callable[[Sheet], Table]) -> Place:
    return part, found(part)


def _words(choices: Choices) -> dict[str, str]:
    chosen = {key.text: name for keys in choices.layouts.values() for key, name in keys.items() if name}
    return {**choices.spellings, **chosen, **_SPELLED}


def _fields(table: Table) -> Mapping[int, str]:
    """What each column means, also where a meaning stands twice."""
    doubled = {h.column: name for name, headings in table.duplicates.items() for h in headings}
    return doubled | {h.column: name for name, h in table.headings.items()}


def _with_columns(sheet: Sheet, keep: Callable[[int], bool]) -> Sheet:
    """The sheet with all other columns empty; what is left stays in its place."""
    rows = []
    for row in sheet.rows:
        special = {c: cell for c, cell in (row.special or {}).items() if keep(c)}
        rows.append(Row([v if keep(c) else "" for c, v in enumerate(row.values)], special or None))
    return replace(sheet, rows=rows)


def _with_rows(sheet: Sheet, start: int, end: int) -> Sheet:
    """Some rows of the sheet; they keep the numbers that people see."""
    return replace(
        sheet,
        rows=sheet.rows[start:end],
        first_row=sheet.first_row + start,
        hidden_rows=frozenset(r - start for r in sheet.hidden_rows if start <= r < end),
        sign_hidden=frozenset((r - start, c) for r, c in sheet.sign_hidden if start <= r < end),
        ragged_rows=frozenset(r - start for r in sheet.ragged_rows if start <= r < end),
    )


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
