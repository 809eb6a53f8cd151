"""One row of a roster: cells to values, with a message per field for whatever is wrong or doubtful.

Nothing is guessed: a value is cleaned in ways that cannot be meant otherwise, or the row is refused.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from registration.rules.ages import age_remark
from wagewatch.lib.dates import parse_date
from wagewatch.lib.errors import Malformed, Text
from wagewatch.lib.headings import DataRow
from wagewatch.lib.identity import (
    check_id_number,
    normalise_card,
    normalise_name,
    normalise_phone,
    number_cell,
)
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.sheets import Cell
from wagewatch.lib.texts import visible

BLANKS = frozenset({"", "-", "--", "/", "\\", "无", "—", "——", "空"})
LARGEST_RATE_FEN = 100_000_000
DAYS_AHEAD = 60

_BASIS_WORDS: dict[str, str] = {
    **dict.fromkeys(
        ("按天", "按日", "天", "日", "日薪", "日工资", "计日", "点工", "计时", "按工日", "day"), "day"
    ),
    **dict.fromkeys(("按月", "月", "月薪", "月工资", "计月", "month"), "month"),
    **dict.fromkeys(("按小时", "小时", "时薪", "按时", "hour"), "hour"),
    **dict.fromkeys(("计件", "按件", "按量", "包工", "计量", "piece"), "piece"),
}
_RATE_UNIT = re.compile(r"(元)?\s*[/每]\s*(工日|天|日|工|月|小时|时)$")
_UNIT_BASIS = {"月": "month", "小时": "hour", "时": "hour"}


class Message(msgspec.Struct, frozen=True):
    """What is said beside a cell. `kind` is stop (row refused), warn (look at it) or note (was cleaned);
    `text` is the English original, so that each reader sees it in their own language."""

    field: str
    kind: str
    code: str
    text: str
    facts: dict[str, Any] = {}


class RowValues(msgspec.Struct):
    """A row understood. `rate_fen` per unit of `basis`; '' or None means the file says nothing."""

    name: str = ""
    id_number: str = ""
    birth_date: date | None = None
    sex: int = 0
    region_code: str = ""
    ethnicity: str = ""
    address: str = ""
    phone: str = ""
    team: str = ""
    trade: str = ""
    card: str = ""
    bank: str = ""
    basis: str = ""
    rate_fen: int | None = None
    joined_on: date | None = None
    left_on: date | None = None


class ReadRow(msgspec.Struct):
    """A row as read: where it stood, its values, what was typed in cells that have messages."""

    sheet: str
    line: int
    values: RowValues
    messages: list[Message]
    raw: dict[str, str]

    @property
    def refused(self) -> bool:
        return any(m.kind == "stop" for m in self.messages)


class Defaults(msgspec.Struct, frozen=True):
    """What the clerk chose for the whole upload, used where the file says nothing."""

    team: str = ""
    trade: str = ""
    rate_fen: int | None = None
    basis: str = "day"
    joined_on: date | None = None


def original(text: Text) -> str:
    """The English original of a translatable text."""
    if isinstance(text, str):
        return text
    with translation.override("en"):
        return str(text)


_originals: dict[str, str] = {}


def message(field: str, kind: str, code: str, text: Text, **facts: Any) -> Message:
    """A message whose text is kept as its English original."""
    if code not in _originals:
        _originals[code] = original(text)
    return Message(field, kind, code, _originals[code], facts)


class RowReader:
    """Reads the rows of one table; knows the hints around it (defaults, sheet and file name)."""

    def __init__(
        self,
        *,
        sheet: str,
        team_hint: str,
        defaults: Defaults,
        today: date,
        youngest: int,
        oldest: tuple[int, int],
        date1904: bool,
    ) -> None:
        self.sheet, self.team_hint, self.defaults = sheet, team_hint, defaults
        self.today, self.youngest, self.oldest, self.date1904 = today, youngest, oldest, date1904
        self._dates: dict[Any, date] = {}
        self._rates: dict[tuple[type, Any], int] = {}
        self._words: dict[str, str] = {}

    def read(self, row: DataRow) -> ReadRow:
        """Values and messages of one data row."""
        out = ReadRow(self.sheet, row.number, RowValues(), [], {})
        self._person(row, out)
        self._contact(row, out)
        self._work(row, out)
        self._pay(row, out)
        self._dates_of(row, out)
        if row.hidden:
            out.messages.append(
                message(
                    "name", "warn", "row.hidden", _("This row is hidden in the spreadsheet. Is it meant?")
                )
            )
        if row.ragged:
            out.messages.append(
                message(
                    "name",
                    "stop",
                    "row.ragged",
                    _("This line has more fields than the others. Put amounts with commas into quotes."),
                )
            )
        return out

    # ---- helpers

    def _stop(self, out: ReadRow, field: str, cell: Cell, error: Malformed) -> None:
        out.messages.append(message(field, "stop", error.code, error.template, **error.facts))
        value = cell.value
        whole = isinstance(value, float) and value.is_integer()
        out.raw[field] = str(int(value)) if whole else cell.text[:80]  # type: ignore[arg-type]

    def _try(self, out: ReadRow, field: str, cell: Cell, read: Callable[[str], Any]) -> Any:
        """A normaliser's value, its notes as messages, or None with the refusal."""
        try:
            found = read(cell.text)
        except Malformed as error:
            self._stop(out, field, cell, error)
            return None
        for note in found.notes:
            kind = "warn" if note.code == "card.luhn" else "note"
            out.messages.append(message(field, kind, note.code, note.message))
        return found

    def _broken(self, out: ReadRow, field: str, cell: Cell) -> bool:
        """Whether the cell is a formula without a result, or an error such as #REF!."""
        if cell.kind not in {"error", "formula_missing"}:
            return False
        text = _("This cell holds a formula without a result. Type the value itself.")
        self._stop(out, field, cell, Malformed("cell.formula", text))
        return True

    def _word(self, cell: Cell) -> str:
        """Visible text of a cell in a column of few different words, '' for -, / and 无."""
        if cell.kind in {"empty", "error", "formula_missing"}:
            return ""
        text = cell.text
        found = self._words.get(text)
        if found is None:
            shown = visible(text)
            found = self._words[text] = "" if shown in BLANKS else shown
        return found

    # ---- fields

    def _person(self, row: DataRow, out: ReadRow) -> None:
        cell, values = row["name"], out.values
        if not self._broken(out, "name", cell) and (found := self._try(out, "name", cell, normalise_name)):
            values.name = found.value
        cell = row["id_number"]
        if cell.kind == "number":
            self._stop(out, "id_number", cell, number_cell("id"))
        elif not self._broken(out, "id_number", cell):
            found = self._try(out, "id_number", cell, lambda text: check_id_number(text, today=self.today))
            if found:
                values.id_number, values.birth_date = found.number, found.birth_date
                values.sex, values.region_code = found.sex, found.region_code
        said = self._word(row["sex"])
        if values.sex and said and said[0] in "男女" and "男女".index(said[0]) + 1 != values.sex:
            text = _("The sex written here does not fit the ID number. Check the ID number.")
            out.messages.append(message("id_number", "warn", "id.sex", text))
        if values.id_number and not values.sex:
            self._sex_beside(out, said)
        values.ethnicity = self._word(row["ethnicity"])[:20]
        values.address = visible(row["address"].text)[:200]

    def _sex_beside(self, out: ReadRow, said: str) -> None:
        """The sex from its own column, where the number does not tell it (foreigners' cards before 2023)."""
        if said and said[0] in "男女":
            out.values.sex = "男女".index(said[0]) + 1
            return
        text = _("The number of this card does not tell the sex. Write it into the column for it.")
        out.messages.append(message("id_number", "stop", "sex.missing", text))

    def _contact(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        cell = row["phone"]
        if self._broken(out, "phone", cell):
            pass
        elif cell.kind == "number" and not float(cell.value).is_integer():  # type: ignore[arg-type]
            self._stop(out, "phone", cell, number_cell("phone"))
        elif cell.kind != "empty" and cell.text.strip() not in BLANKS:
            found = self._try(out, "phone", cell, normalise_phone)
            values.phone = found.value if found else ""
        else:
            text = _("Without a mobile number the worker cannot sign in to see and confirm the wages.")
            out.messages.append(message("phone", "warn", "phone.none", text))
        cell = row["card_number"]
        if cell.kind == "number":
            self._stop(out, "card_number", cell, number_cell("card"))
        elif (
            cell.kind != "empty"
            and cell.text.strip() not in BLANKS
            and not self._broken(out, "card_number", cell)
        ):
            found = self._try(out, "card_number", cell, normalise_card)
            values.card = found.value if found else ""
        values.bank = self._word(row["bank_name"])[:60]

    def _work(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        values.team = (self._word(row["team"]) or row.banner or self.team_hint)[:60]
        values.trade = self._word(row["trade"])[:40]

    def _pay(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        word = self._word(row["pay_basis"]).replace(" ", "")
        values.basis = _BASIS_WORDS.get(word, "") or _BASIS_WORDS.get(word.removesuffix("结算"), "")
        for field, basis in (("day_rate", "day"), ("month_rate", "month"), ("unit_price", "piece")):
            cell = row[field]
            if cell.kind == "empty" or (cell.kind == "text" and cell.text.strip() in BLANKS):
                continue
            if self._broken(out, "rate", cell):
                return
            value: Any = cell.value
            if cell.kind == "text":
                value = visible(str(value)).replace(" ", "")
                if unit := _RATE_UNIT.search(value):
                    value = value[: unit.start()]
                    basis = _UNIT_BASIS.get(unit[2], basis)
            try:
                rate = self._rate(value if cell.kind in {"text", "number"} else cell.text)
            except Malformed as error:
                self._stop(out, "rate", cell, error)
                return
            if not 0 < rate <= LARGEST_RATE_FEN:
                text = _("The rate must be more than 0. Write the agreed pay per day, month or piece.")
                self._stop(out, "rate", cell, Malformed("rate.positive", text))
                return
            values.rate_fen, values.basis = rate, values.basis or basis
            return

    def _rate(self, value: Any) -> int:
        """parse_yuan, remembering: a roster has few different rates."""
        found = self._rates.get((type(value), value))
        if found is None:
            found = self._rates[type(value), value] = parse_yuan(value)
        return found

    def _date(self, out: ReadRow, field: str, cell: Cell) -> date | None:
        if cell.kind == "empty" or (cell.kind == "text" and cell.text.strip() in BLANKS):
            return None
        if self._broken(out, field, cell):
            return None
        value: Any = cell.value
        found = self._dates.get(value)
        if found is None:
            try:
                found = parse_date(value, date1904=self.date1904)
            except Malformed as error:
                self._stop(out, field, cell, error)
                return None
            self._dates[value] = found
        return found

    def _dates_of(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        values.joined_on = self._date(out, "joined_on", row["joined_on"])
        values.left_on = self._date(out, "left_on", row["left_on"])
        start = values.joined_on or self.defaults.joined_on or self.today
        if values.joined_on and (values.joined_on - self.today).days > DAYS_AHEAD:
            text = _("This day is more than 60 days ahead. Check the year and the month.")
            self._stop(out, "joined_on", row["joined_on"], Malformed("date.ahead", text))
        if values.left_on and values.left_on < start:
            text = _("The day of leaving is before the day of joining. Check both.")
            self._stop(out, "left_on", row["left_on"], Malformed("date.order", text))
        if values.birth_date is None:
            return
        remark = age_remark(values.birth_date, values.sex, start, youngest=self.youngest, oldest=self.oldest)
        if remark is None:
            return
        if remark.kind == "stop":
            refusal = Malformed(remark.code, remark.text, **remark.facts)
            self._stop(out, "id_number", row["id_number"], refusal)
        else:
            out.messages.append(message("id_number", remark.kind, remark.code, remark.text, **remark.facts))
