"""What the child tells the parent."""

from typing import Any

import msgspec

Place = tuple[int, int]
"""Row and column, both from 0."""

MAX_COLUMNS = 256
MAX_CELLS = 8_000_000
MAX_SHEETS = 200


class Refused(Exception):
    """The file is not read; ``code`` names the message of ``wagewatch.lib.sheets``."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class RawSheet(msgspec.Struct, kw_only=True):
    """One sheet: raw values plus, by place, what the values alone do not tell.

    Values are str, float, int, bool, or an aware UTC datetime that stands for a naive one (MessagePack
    knows only aware ones); ``""`` is an empty cell. Rows and columns start at A1.
    """

    name: str
    rows: list[list[Any]]
    visible: bool = True
    errors: dict[Place, str] = {}
    formula_missing: list[Place] = []
    merged: list[tuple[int, int, int, int]] = []
    sign_hidden: list[Place] = []
    hidden_rows: list[int] = []
    hidden_columns: list[int] = []
    ragged_rows: list[int] = []
    notes: list[str] = []


class Answer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The whole answer: sheets, or an error code."""

    sheets: list[RawSheet] = []
    date1904: bool = False
    form: str = ""
    error: str = ""
    facts: dict[str, Any] = {}


def trimmed(rows: list[list[Any]], max_rows: int) -> list[list[Any]]:
    """Rows without the blank ones at the end; raises ``Refused`` when too many carry something."""
    last = len(rows)
    while last and is_blank(rows[last - 1]):
        last -= 1
    if last > max_rows:
        used = sum(not is_blank(row) for row in rows[:last])
        if used > max_rows:
            raise Refused("file.too_many_rows", limit=max_rows)
    return rows[:last] if last < len(rows) else rows


def is_blank(row: list[Any]) -> bool:
    """Whether every cell is empty or white space."""
    return all(isinstance(v, str) and (not v or v.isspace()) for v in row)
