"""Documents as PDF: contracts, personal files, sheets. One Chinese face, black on white, A4.

The same content made at the same moment gives the same bytes, so that a document's digest can be kept.
"""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import segno
from fpdf.enums import MethodReturnValue

from wagewatch.lib.typeface import FACE, ChinesePages

MARGIN = 20.0
LINE = 1.55
"""Height of a line in heights of its type."""
_POINT = 0.3528

Align = Literal["L", "C", "R"]


_TOKENS = re.compile(r"[A-Za-z0-9¥.,%*+\-−/:@_#&=?]+|\s|.")
_NOT_FIRST = frozenset("。，、；：？！）》〉】」』”’…—·.,;:?!)]}%％")
_NOT_LAST = frozenset("（《〈【「『“‘([{¥￥")


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines of a Chinese text that fit `width`: between any two characters, but not within a word or number,
    no line begins with closing punctuation and none ends with an opening one (kinsoku)."""
    lines: list[str] = []
    for piece in text.split("\n"):
        line: list[str] = []
        used = 0.0
        for token in _TOKENS.findall(piece):
            size = measure(token)
            if line and used + size > width and not token.isspace():
                carried: list[str] = []
                while len(line) > 1 and (
                    (carried or [token])[0][0] in _NOT_FIRST or line[-1][-1] in _NOT_LAST
                ):
                    carried.insert(0, line.pop())
                lines.append("".join(line).rstrip())
                line = carried
                used = sum(map(measure, line))
            if not line and token.isspace() and lines and lines[-1]:
                continue
            line.append(token)
            used += size
        lines.append("".join(line).rstrip())
    return lines


class Paper(ChinesePages):
    """A document in the making, A4 or A3: title, headings, paragraphs, facts, tables, pictures, QR codes.

    `foot` stands on every page beside its number; `at` is the moment written into the file.
    """

    def __init__(
        self,
        title: str,
        *,
        at: datetime,
        foot: str = "",
        landscape: bool = False,
        size: float = 10.5,
        sheet: Literal["A3", "A4"] = "A4",
    ) -> None:
        super().__init__(orientation="landscape" if landscape else "portrait", format=sheet)
        self.foot, self.text_size = foot, size
        self.set_title(title)
        self.set_lang("zh-CN")
        self.set_creator("wagewatch")
        self.set_producer("wagewatch")
        self.set_creation_date(at)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 4)
        self.add_face()
        self.set_font(FACE, size=size)
        self.alias_nb_pages()
        self.add_page()

    def footer(self) -> None:
        """Foot text and page number, on every page."""
        self.set_y(-MARGIN + 4)
        self.set_font(FACE, size=8)
        self.set_text_color(90)
        self.cell(self.epw * 0.8, 5, self.foot)
        self.cell(self.epw * 0.2, 5, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0)
        self.set_font(FACE, size=self.text_size)

    def line_height(self, size: float | None = None) -> float:
        """Millimetres from line to line."""
        return (size or self.text_size) * _POINT * LINE

    def heading(self, text: str, *, size: float = 16, align: Align = "C") -> None:
        """A title or, at a smaller size, the heading of a part; never alone at the foot of a page."""
        if self.will_page_break(self.line_height(size) + 3 * self.line_height()):
            self.add_page()
        self.set_font(FACE, size=size)
        self.multi_cell(0, self.line_height(size), text, align=align, new_x="LMARGIN", new_y="NEXT")
        self.set_font(FACE, size=self.text_size)
        self.ln(2)

    def paragraph(self, text: str, *, size: float | None = None, align: Align = "L") -> None:
        """Text that flows over lines and pages."""
        self.set_font(FACE, size=size or self.text_size)
        measure = lru_cache(maxsize=4096)(self.get_string_width)
        lines = wrap(text, self.epw - 2 * self.c_margin, measure)
        self.multi_cell(
            0, self.line_height(size), "\n".join(lines), align=align, new_x="LMARGIN", new_y="NEXT"
        )
        self.set_font(FACE, size=self.text_size)
        self.ln(1.2)

    def facts(self, pairs: Iterable[tuple[str, str]], *, label_width: float = 38) -> None:
        """Names and values, one pair a line, values wrap."""
        for label, value in pairs:
            self.set_text_color(90)
            self.cell(label_width, self.line_height(), label)
            self.set_text_color(0)
            self.multi_cell(
                self.epw - label_width, self.line_height(), value or "—", new_x="LMARGIN", new_y="NEXT"
            )
        self.ln(2)

    def grid(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        widths: Sequence[float],
        aligns: Sequence[Align] | None = None,
        size: float = 9,
    ) -> None:
        """A ruled table; cells wrap, the head is repeated on every page. `widths` are parts of the whole."""
        self.set_font(FACE, size=size)
        unit = self.epw / sum(widths)
        columns = [width * unit for width in widths]
        left: list[Align] = ["L"] * len(heads)
        sides = list(aligns or left)
        self._grid_row(heads, columns, left, size, head=True)
        for row in rows:
            lines = self._fits(row, columns)
            height = self._row_height(row, columns, size, lines)
            if self.will_page_break(height):
                self.add_page()
                self.set_font(FACE, size=size)
                self._grid_row(heads, columns, left, size, head=True)
            self._grid_row(row, columns, sides, size, fits=lines, height=height)
        self.set_font(FACE, size=self.text_size)
        self.ln(3)

    def _fits(self, row: Sequence[str], columns: Sequence[float]) -> list[bool]:
        """Which cells hold one line: found by widths alone, as laying out every cell takes ten times as long."""
        spare = 2 * self.c_margin + 0.1
        return [
            "\n" not in text and self.get_string_width(text) <= width - spare
            for text, width in zip(row, columns, strict=True)
        ]

    def _row_height(
        self, row: Sequence[str], columns: Sequence[float], size: float, fits: Sequence[bool]
    ) -> float:
        height = self.line_height(size)
        tallest = height
        for text, width, fit in zip(row, columns, fits, strict=True):
            if not fit:
                needed: Any = self.multi_cell(
                    width, height, text, dry_run=True, output=MethodReturnValue.HEIGHT
                )
                tallest = max(tallest, float(needed))
        return tallest + 1

    def _grid_row(
        self,
        row: Sequence[str],
        columns: Sequence[float],
        sides: Sequence[Align],
        size: float,
        *,
        head: bool = False,
        fits: Sequence[bool] | None = None,
        height: float | None = None,
    ) -> None:
        lines = self._fits(row, columns) if fits is None else fits
        high = self._row_height(row, columns, size, lines) if height is None else height
        x, y, line = self.l_margin, self.get_y(), self.line_height(size)
        self.set_draw_color(150)
        for text, width, side, fit in zip(row, columns, sides, lines, strict=True):
            if head:
                self.set_fill_color(238)
                self.rect(x, y, width, high, style="F")
            self.rect(x, y, width, high)
            self.set_xy(x, y + 0.5)
            if fit:
                self.cell(width, line, text, align=side)
            else:
                self.multi_cell(width, line, text, align=side)
            x += width
        self.set_draw_color(0)
        self.set_xy(self.l_margin, y + high)

    def picture(self, data: bytes, *, width: float, x: float | None = None, y: float | None = None) -> None:
        """A PNG or JPEG, `width` millimetres wide, here or at a place of the page."""
        self.image(io.BytesIO(data), x=x, y=y, w=width)

    def qr(self, text: str, *, width: float = 28, x: float | None = None, y: float | None = None) -> None:
        """A QR code (medium error correction)."""
        out = io.BytesIO()
        segno.make(text, error="m").save(out, kind="png", scale=8, border=2)
        self.picture(out.getvalue(), width=width, x=x, y=y)

    def done(self) -> bytes:
        """The file."""
        return bytes(self.output())
