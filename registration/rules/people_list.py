"""Lists of people as they are typed or pasted: a line each, with an ID number or a name, and a result or score.

Pure; nothing is guessed. A line that cannot be understood keeps its place and says what is wrong.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import check_id_number, normalise_name
from wagewatch.lib.texts import visible

LONGEST_LIST = 5_000
_SPLIT = re.compile(r"[\t,;，；、|]+|\s{2,}")
_NUMBERING = re.compile(r"^\d{1,4}[.)、．]?$")
_LIKE_ID = re.compile(r"[0-9０-９]{6,}[0-9０-９XxХх×*]*|[0-9.]+[eE]\+?\d+")
_PASSED = frozenset(
    ("合格", "通过", "及格", "优秀", "良好", "是", "pass", "passed", "yes", "y", "√", "✓", "✔")
)
_FAILED = frozenset(
    ("不合格", "未通过", "不及格", "不通过", "否", "fail", "failed", "no", "n", "×", "✗", "✘", "缺考")
)
_HEADINGS = frozenset(
    ("姓名", "身份证号", "身份证号码", "身份证", "证件号码", "公民身份号码", "name", "id number", "成绩", "分数", "结果", "是否合格", "序号", "班组", "工种", "考核结果")
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One person of a list: `id_number` or `name` or both; `problem` says why neither could be read."""

    number: int
    id_number: str = ""
    name: str = ""
    passed: bool | None = None
    score: Decimal | None = None
    problem: Malformed | None = None
    shown: str = ""


def read_text(text: str) -> list[Line]:
    """Lines of a pasted list. Raises Malformed `list.too_long`."""
    lines = [(n, _pieces(line)) for n, line in enumerate(text.splitlines(), 1)]
    return read_rows((n, pieces) for n, pieces in lines if pieces)


def read_rows(rows: Iterable[tuple[int, Sequence[str]]]) -> list[Line]:
    """Lines from rows of texts; rows that hold only headings are left out. Raises Malformed `list.too_long`."""
    found: list[Line] = []
    for number, pieces in rows:
        texts = [text for piece in pieces if (text := visible(piece))]
        if not texts or all(text.lower() in _HEADINGS for text in texts):
            continue
        if len(found) == LONGEST_LIST:
            raise Malformed(
                "list.too_long",
                _("The list has more than %(limit)s lines. Split it."),
                limit=LONGEST_LIST,
            )
        found.append(read_line(number, texts))
    return found


def _pieces(line: str) -> list[str]:
    """A line in pieces: at tabs, commas and wide gaps; at single spaces where a number or a result follows."""
    out: list[str] = []
    for piece in _SPLIT.split(line):
        words = piece.split()
        if len(words) > 1 and any(
            any(c.isdigit() for c in word) or _result(word) is not None for word in words
        ):
            out += words
        elif piece.strip():
            out.append(piece.strip())
    return out


def _result(word: str) -> bool | None:
    if word.lower() in _FAILED:
        return False
    return True if word.lower() in _PASSED else None


def read_line(number: int, pieces: Sequence[str]) -> Line:
    """One line. An ID number is checked, a name normalised; a number up to 100 is the score."""
    id_number, name, passed, score = "", "", None, None
    shown = pieces[0][:20]
    for place, piece in enumerate(pieces):
        word = visible(piece)
        if (result := _result(word)) is not None:
            passed = result
        elif _LIKE_ID.fullmatch(word.replace(" ", "").replace("-", "")):
            if id_number:
                text = _("There are two numbers in this line. Give each person a line.")
                return Line(number, problem=Malformed("list.several", text), shown=shown)
            try:
                id_number = check_id_number(word).number
            except Malformed as error:
                return Line(number, name=name, problem=error, shown=name or "…" + word[-4:])
        elif (value := _score(word)) is not None and not (place == 0 and _NUMBERING.match(word)):
            score = value
        elif _NUMBERING.match(word):
            continue
        elif not name:
            try:
                name = normalise_name(word).value
            except Malformed as error:
                if not id_number and not any(_LIKE_ID.fullmatch(p) for p in pieces):
                    return Line(number, problem=error, shown=shown)
    if not id_number and not name:
        text = _("There is neither a name nor an ID number in this line.")
        return Line(number, problem=Malformed("list.nobody", text), shown=shown)
    return Line(number, id_number, name, passed, score, None, name or "…" + id_number[-4:])


def _score(word: str) -> Decimal | None:
    if not re.fullmatch(r"\d{1,3}([.]\d{1,2})?分?", word):
        return None
    try:
        value = Decimal(word.removesuffix("分")).quantize(Decimal("0.1"))
    except InvalidOperation:
        return None
    return value if value <= 100 else None
