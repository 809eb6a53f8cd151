"""One row of a roster: cells to values, with a message per field for whatever is wrong or doubtful.

Nothing is guessed: a value is cleaned in ways that cannot be meant otherwise, or the row is refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from registration.rules.ages import age_remark
from registration.rules.roster_words import (
    EDUCATION,
    HOUSEHOLD,
    PAY_BASIS,
    PIECE_UNIT,
    POLITICS,
    WORK_ROLE,
    code_of,
)
from wagewatch.lib.cells import EMPTY, Cell
from wagewatch.lib.dates import parse_date
from wagewatch.lib.documents import index_text
from wagewatch.lib.errors import Malformed, Text
from wagewatch.lib.identity import (
    IdNumber,
    check_id_number,
    normalise_card,
    normalise_name,
    normalise_phone,
    number_cell,
)
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.table_rows import SPECIAL, DataRow
from wagewatch.lib.texts import visible

BLANKS = frozenset({"", "-", "--", "/", "\\", "无", "—", "——", "空"})
LARGEST_RATE_FEN = 100_000_000
DAYS_AHEAD = 60

_RATE_UNIT = re.compile(r"(元)?\s*[/每]\s*([\u4e00-\u9fff㎡m23t]{1,4})$")
_UNIT_BASIS = {
    **dict.fromkeys(("工日", "天", "日", "工"), "day"), "月": "month", **dict.fromkeys(("小时", "时"), "hour"),
}  # fmt: skip
_RATE_COLUMNS = (("day_rate", "day"), ("hour_rate", "hour"), ("month_rate", "month"), ("unit_price", "piece"))
_CODED = (
    ("household", HOUSEHOLD, _("This kind of household is not known and left out. Write 农业 or 非农业.")),
    ("education", EDUCATION, _("This level of education is not known and left out. Write for example 初中.")),
    (
        "politics",
        POLITICS,
        _("This affiliation is not known and left out. Write for example 群众 or 共青团员."),
    ),
    ("work_role", WORK_ROLE, _("This role is not known and left out. Write 工人 or 管理人员.")),
    (
        "piece_unit",
        PIECE_UNIT,
        _("This unit is not known and left out. Write for example ㎡, m³, 米, 吨 or 件."),
    ),
)


class Message(msgspec.Struct, frozen=True):
    """What is said beside a cell. `kind` is stop (row refused), warn (look at it) or note (was cleaned);
    `text` is the English original, so that each reader sees it in their own language."""

    field: str
    kind: str
    code: str
    text: str
    facts: dict[str, Any] = {}


class RowValues(msgspec.Struct, omit_defaults=True, gc=False):
    """A row understood. `rate_fen` per unit of `basis` (of piece work per `piece_unit`); household,
    education, politics and role are the models' codes; '' or None means the file says nothing. `id_kind` and
    `nationality` stand only with passports and travel permits, whose number tells neither."""

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
    household: str = ""
    education: str = ""
    politics: str = ""
    emergency_name: str = ""
    emergency_phone: str = ""
    piece_unit: str = ""
    work_role: str = ""
    contract_signed_on: date | None = None
    contract_ends_on: date | None = None
    id_kind: str = ""
    nationality: str = ""

    @property
    def person_key(self) -> str:
        """What tells this person from others: an identity number, or kind, country and number of a document."""
        if not self.id_number or not self.id_kind:
            return self.id_number
        return index_text(self.id_kind, self.id_number, self.nationality)


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
_shared: dict[tuple[str, str, str], Message] = {}


def message(field: str, kind: str, code: str, text: Text, **facts: Any) -> Message:
    """A message whose text is kept as its English original; one object for all rows that say the same."""
    if code not in _originals:
        _originals[code] = original(text)
    if facts:
        return Message(field, kind, code, _originals[code], facts)
    found = _shared.get((field, kind, code))
    if found is None:
        found = _shared[field, kind, code] = Message(field, kind, code, _originals[code])
    return found


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
        columns: Iterable[str],
        rate_unit: str = "",
    ) -> None:
        """`columns` are the fields of the table, `rate_unit` what its piece price's heading has in brackets."""
        self.sheet, self.team_hint, self.defaults = sheet, team_hint, defaults
        self.today, self.youngest, self.oldest, self.date1904 = today, youngest, oldest, date1904
        self._dates: dict[Any, date] = {}
        self._rates: dict[tuple[type, Any], int] = {}
        self._words: dict[str, str] = {}
        self._has = has = frozenset(columns)
        self._coded = [entry for entry in _CODED if entry[0] in has]
        self._rate_columns = [entry for entry in _RATE_COLUMNS if entry[0] in has]
        self._more = not has.isdisjoint(("emergency_contact", "emergency_phone"))
        self._contracts = not has.isdisjoint(("contract_signed_on", "contract_ends_on"))
        self._unit = code_of(rate_unit, PIECE_UNIT) or ""

    def read(self, row: DataRow) -> ReadRow:
        """Values and messages of one data row."""
        out = ReadRow(self.sheet, row.number, RowValues(), [], {})
        self._person(row, out)
        self._contact(row, out)
        self._work(row, out)
        for field, codes, unknown in self._coded:
            self._code(row, out, field, codes, unknown)
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

    def _try(self, out: ReadRow, field: str, row: DataRow, read: Callable[[str], Any]) -> Any:
        """A normaliser's value, its notes as messages, or None with the refusal."""
        value = row.raw(field)
        try:
            found = read(value if type(value) is str else row[field].text)
        except Malformed as error:
            self._stop(out, field, row[field], error)
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

    def _word(self, row: DataRow, field: str) -> str:
        """Visible text of a cell in a column of few different words, '' for -, / and 无."""
        if field not in self._has:
            return ""
        text = row.raw(field)
        if text == "":
            return ""
        if type(text) is not str:
            cell = row[field]
            if cell.kind in {"error", "formula_missing"}:
                return ""
            text = cell.text
        found = self._words.get(text)
        if found is None:
            shown = visible(text)
            found = self._words[text] = "" if shown in BLANKS else shown
        return found

    def _code(self, row: DataRow, out: ReadRow, field: str, codes: Mapping[str, str], unknown: Text) -> None:
        """A word of a fixed list as its code; an unknown one is left out and said."""
        word = self._word(row, field)
        if not word:
            return
        code = code_of(word, codes)
        if code is None:
            out.messages.append(message(field, "warn", f"{field}.unknown", unknown))
            out.raw[field] = word[:80]
        else:
            setattr(out.values, field, code)

    # ---- fields

    def _person(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        plain = type(row.raw("name")) is str
        if (plain or not self._broken(out, "name", row["name"])) and (
            found := self._try(out, "name", row, normalise_name)
        ):
            values.name = found.value
        plain = type(row.raw("id_number")) is str
        if not plain and row["id_number"].kind == "number":
            self._stop(out, "id_number", row["id_number"], number_cell("id"))
        elif plain or not self._broken(out, "id_number", row["id_number"]):
            found = self._try(out, "id_number", row, self._check_id)
            if found:
                values.id_number, values.birth_date = found.number, found.birth_date
                values.sex, values.region_code = found.sex, found.region_code
        said = self._word(row, "sex")
        if values.sex and said and said[0] in "男女" and "男女".index(said[0]) + 1 != values.sex:
            text = _("The sex written here does not fit the ID number. Check the ID number.")
            out.messages.append(message("id_number", "warn", "id.sex", text))
        if values.id_number and not values.sex:
            self._sex_beside(out, said)
        values.ethnicity = self._word(row, "ethnicity")[:20]
        address = row.raw("address") if "address" in self._has else ""
        if address != "":
            values.address = visible(address if type(address) is str else row["address"].text)[:200]

    def _check_id(self, text: str) -> IdNumber:
        return check_id_number(text, today=self.today)

    def _sex_beside(self, out: ReadRow, said: str) -> None:
        """The sex from its own column, where the number does not tell it (foreigners' cards before 2023)."""
        if said and said[0] in "男女":
            out.values.sex = "男女".index(said[0]) + 1
            return
        text = _("The number of this card does not tell the sex. Write it into the column for it.")
        out.messages.append(message("id_number", "stop", "sex.missing", text))

    def _contact(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        said = row.raw("phone")
        cell = EMPTY if type(said) is str else row["phone"]
        if self._broken(out, "phone", cell):
            pass
        elif cell.kind == "number" and not float(cell.value).is_integer():  # type: ignore[arg-type]
            self._stop(out, "phone", cell, number_cell("phone"))
        elif (said if type(said) is str else cell.text).strip() not in BLANKS:
            found = self._try(out, "phone", row, normalise_phone)
            values.phone = found.value if found else ""
        said = row.raw("card_number")
        cell = EMPTY if type(said) is str else row["card_number"]
        if cell.kind == "number":
            self._stop(out, "card_number", cell, number_cell("card"))
        elif (said if type(said) is str else cell.text).strip() not in BLANKS and not self._broken(
            out, "card_number", cell
        ):
            found = self._try(out, "card_number", row, normalise_card)
            values.card = found.value if found else ""
        values.bank = self._word(row, "bank_name")[:60]
        if self._more:
            self._emergency(row, out)

    def _emergency(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        name = visible(row["emergency_contact"].text)
        values.emergency_name = "" if name in BLANKS else name[:40]
        cell = row["emergency_phone"]
        if cell.is_blank or cell.text.strip() in BLANKS:
            return
        try:
            values.emergency_phone = normalise_phone(cell.text).value
        except Malformed as error:
            out.messages.append(message("emergency_phone", "warn", f"emergency.{error.code}", error.template))
            out.raw["emergency_phone"] = cell.text[:80]

    def _work(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        values.team = (self._word(row, "team") or row.banner or self.team_hint)[:60]
        values.trade = self._word(row, "trade")[:40]

    def _pay(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        if word := self._word(row, "pay_basis").replace(" ", ""):
            values.basis = PAY_BASIS.get(word, "") or PAY_BASIS.get(word.removesuffix("结算"), "")
        for field, basis in self._rate_columns:
            value = row.raw(field)
            if value == "":
                continue
            if type(value) not in {str, float, int}:
                cell = row[field]
                if self._broken(out, "rate", cell):
                    return
                value = cell.value if cell.kind in {"text", "number"} else cell.text
            if type(value) is str:
                if value.strip() in BLANKS:
                    continue
                value = visible(value).replace(" ", "")
                if unit := _RATE_UNIT.search(value):
                    value, basis = self._without_unit(value, unit, basis, values)
            try:
                rate = self._rate(value)
            except Malformed as error:
                self._stop(out, "rate", row[field], error)
                return
            if not 0 < rate <= LARGEST_RATE_FEN:
                text = _("The rate must be more than 0. Write the agreed pay per day, month or piece.")
                self._stop(out, "rate", row[field], Malformed("rate.positive", text))
                return
            values.rate_fen, values.basis = rate, values.basis or basis
            if values.basis == "piece":
                values.piece_unit = values.piece_unit or self._unit
            else:
                values.piece_unit = ""
            return

    def _without_unit(
        self, value: str, unit: re.Match[str], basis: str, values: RowValues
    ) -> tuple[str, str]:
        """The amount and the basis that its unit tells: 15000元/月, 25元/㎡; as it was if the unit is none."""
        bare = value[: unit.start()]
        if unit[2] in _UNIT_BASIS:
            return bare, _UNIT_BASIS[unit[2]]
        if code := code_of(unit[2], PIECE_UNIT):
            values.piece_unit = values.piece_unit or code
            return bare, "piece"
        return value, basis

    def _rate(self, value: Any) -> int:
        """parse_yuan, remembering: a roster has few different rates."""
        found = self._rates.get((type(value), value))
        if found is None:
            found = self._rates[type(value), value] = parse_yuan(value)
        return found

    def _date(self, out: ReadRow, field: str, row: DataRow) -> date | None:
        raw = row.raw(field) if field in self._has else ""
        if raw == "":
            return None
        if raw is not SPECIAL and (found := self._dates.get(raw)):
            return found
        cell = row[field]
        if cell.kind == "text" and cell.text.strip() in BLANKS:
            return None
        if self._broken(out, field, cell):
            return None
        value: Any = cell.value
        try:
            found = parse_date(value, date1904=self.date1904)
        except Malformed as error:
            self._stop(out, field, cell, error)
            return None
        if raw is not SPECIAL:
            self._dates[raw] = found
        return found

    def _contract_date(self, row: DataRow, out: ReadRow, field: str) -> date | None:
        """A day that only tells something: where it is unclear it is left out, and the row stays good."""
        if row.raw(field) == "":
            return None
        found = self._date(out, field, row)
        if found is None and out.messages and out.messages[-1].field == field:
            last = out.messages.pop()
            out.messages.append(msgspec.structs.replace(last, kind="warn"))
        return found

    def _dates_of(self, row: DataRow, out: ReadRow) -> None:
        values = out.values
        values.joined_on = self._date(out, "joined_on", row)
        values.left_on = self._date(out, "left_on", row)
        if self._contracts:
            values.contract_signed_on = self._contract_date(row, out, "contract_signed_on")
            values.contract_ends_on = self._contract_date(row, out, "contract_ends_on")
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
