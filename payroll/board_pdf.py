"""The notice board on paper: A3 or A1 landscape, black on white, readable from two metres.

Everything is laid out in millimetres of the A3 sheet and multiplied for others. The same version gives the same
bytes for the same size and language.
"""

import io
from collections.abc import Sequence
from typing import Any

import segno
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from payroll.board_rules import BoardCode
from payroll.board_words import FIXED_LINES, OFFICES, ROLES, is_chinese
from payroll.models import NoticeBoard
from payroll.services.boards import code_of, content_of
from wagewatch.lib.dates import parse_date, parse_month
from wagewatch.lib.money import format_cny
from wagewatch.lib.pdf import Align, wrap
from wagewatch.lib.typeface import FACE, ChinesePages
from wagewatch.templatetags.ww import day_words, month, month_only

SIZES = {"A3": (420.0, 297.0), "A1": (841.0, 594.0)}
LANGUAGES = ("zh-hans", "en")
_LEFT, _TOP, _WIDE, _FLOOR = 13.0, 11.0, 394.0, 279.0
_SCAN, _ROW, _HEAD = 82.0, 6.5, 6.0
_POINTS = 2.8346
_MOST_FIRMS = 20


class _Sheet(ChinesePages):
    """A page whose unit is a millimetre of A3."""

    def __init__(self, size: str, title: str, board: NoticeBoard) -> None:
        wide, high = SIZES[size]
        self.k_a3 = wide / SIZES["A3"][0]
        super().__init__(orientation="landscape", format=(high, wide))
        self.set_title(title)
        self.set_lang("zh-CN")
        self.set_creator("wagewatch")
        self.set_producer("wagewatch")
        self.set_creation_date(board.made_at)
        self.set_margin(0)
        self.c_margin = 0
        self.set_auto_page_break(False)
        self.add_face()

    def width_of(self, text: str, size: float) -> float:
        self.set_font(FACE, size=size * self.k_a3 * _POINTS)
        return float(self.get_string_width(text)) / self.k_a3

    def say(
        self,
        x: float,
        y: float,
        wide: float,
        text: str,
        size: float,
        *,
        align: Align = "L",
        bold: bool = False,
    ) -> None:
        """One line in a box: smaller where it does not fit, cut where that is not enough."""
        if not text:
            return
        used = self.width_of(text, size)
        if used > wide:
            small = size * max(0.66, wide / used)
            y += (size - small) * 0.7
            size = small
            while len(text) > 2 and self.width_of(text, size) > wide:
                text = text.rstrip("…")[:-1] + "…"
        k = self.k_a3
        self.set_font(FACE, size=size * k * _POINTS)
        self.set_xy(x * k, y * k)
        if not bold:
            self.cell(wide * k, size * 1.4 * k, text, align=align)
            return
        # The face has one weight; an outline of the same colour makes it heavier.
        colour = self.text_color
        with self.local_context(
            text_mode="FILL_STROKE", line_width=size * k * 0.035, draw_color=colour, text_color=colour
        ):
            self.cell(wide * k, size * 1.4 * k, text, align=align)

    def rule(self, x: float, y: float, wide: float, thick: float, *, grey: int = 0) -> None:
        self.set_draw_color(grey)
        self.set_line_width(thick * self.k_a3)
        self.line(x * self.k_a3, y * self.k_a3, (x + wide) * self.k_a3, y * self.k_a3)
        self.set_draw_color(0)

    def box(self, x: float, y: float, wide: float, high: float, thick: float) -> None:
        self.set_line_width(thick * self.k_a3)
        self.rect(x * self.k_a3, y * self.k_a3, wide * self.k_a3, high * self.k_a3)

    def part(self, x: float, y: float, wide: float, number: int, title: str) -> float:
        """The heading of a part with its number; where its body begins."""
        k = self.k_a3
        self.set_fill_color(0)
        self.rect(x * k, y * k, 7.5 * k, 7.5 * k, style="F")
        self.set_text_color(255)
        self.say(x, y + 0.2, 7.5, str(number), 5, align="C", bold=True)
        self.set_text_color(0)
        self.say(x + 10, y - 0.2, wide - 10, title, 5.6, bold=True)
        self.rule(x, y + 9, wide, 0.6)
        return y + 11

    def help_table(
        self, x: float, y: float, wide: float, rows: Sequence[tuple[str, str, str]], room: float
    ) -> float:
        """Label, text, number; the rows become lower where many must fit. Returns where the table ends."""
        high = min(7.2, room / max(1, len(rows)))
        size = high * 0.57
        label = min(
            wide * 0.28, max([self.width_of(one, size * 0.96) for one, _text, _call in rows], default=0) + 4
        )
        call = max([self.width_of(number, size) for _one, _text, number in rows], default=0) + 3
        for one, text, number in rows:
            self.say(x, y + high * 0.1, label - 1, one, size * 0.96)
            self.say(x + label, y + high * 0.1, wide - label - call - 2, text, size)
            self.say(x + wide - call, y + high * 0.1, call, number, size, align="R", bold=True)
            y += high
            self.rule(x, y, wide, 0.2, grey=150)
        return y


def board_pdf(board: NoticeBoard, *, address: str, size: str, language: str) -> bytes:
    """The version as a file to print; `address` is what the QR code says. Raises KeyError for an unknown size."""
    with override(language):
        content = content_of(board)
        title = pgettext("notice board", "Notice of wage rights")
        sheet = _Sheet(size, f"{title} {content['project']['name']}", board)
        who = _who_rows(content)
        chunks = _chunks(content["list"]["people"], _first_room(who))
        for number, people in enumerate(chunks, start=1):
            sheet.add_page()
            _top(sheet, board, content, title)
            if number == 1:
                _first_page(sheet, content, who, people, len(chunks), address)
            else:
                _list(sheet, content, people, 42, _WIDE, 4, number, len(chunks))
            _foot(sheet)
        if who[_MOST_FIRMS:]:
            sheet.add_page()
            _top(sheet, board, content, title)
            y = sheet.part(_LEFT, 42, _WIDE, 1, _("Who is responsible (continued)"))
            sheet.help_table(_LEFT, y, _WIDE, who[_MOST_FIRMS:], _FLOOR - y)
            _foot(sheet)
        return bytes(sheet.output())


def board_address(base: str, code: BoardCode) -> str:
    """The address in the QR code."""
    return f"{base}/board/{code.token}/"


def _top(sheet: _Sheet, board: NoticeBoard, content: dict[str, Any], title: str) -> None:
    project = content["project"]
    name = project["name_en"] if not is_chinese() and project["name_en"] else project["name"]
    sheet.say(_LEFT, _TOP - 1, 270, title, 12.5, bold=True)
    where = "　".join(filter(None, (name, f"{project['region']}{project['address']}", project["code"])))
    sheet.say(_LEFT, _TOP + 17.5, 290, where, 5)
    edition = _("%(month)s, version %(number)s") % {"month": month(board.edition), "number": board.number}
    sheet.say(_LEFT + 290, _TOP + 11.5, 104, edition, 4.4, align="R")
    dates = _("made on %(made)s, replace before %(until)s") % {
        "made": content["made_on"],
        "until": content["replace_by"],
    }
    sheet.say(_LEFT + 290, _TOP + 18.2, 104, dates, 4.4, align="R")
    sheet.rule(_LEFT, _TOP + 26, _WIDE, 1.2)


def _foot(sheet: _Sheet) -> None:
    sheet.rule(_LEFT, 282, _WIDE, 0.3)
    law = _("Put up under article 34 of the Regulation on Ensuring Wage Payment to Migrant Workers.")
    sheet.say(_LEFT, 283.5, 230, law, 3.6)
    call = _("Damaged or out of date? Tell the labour-wage clerk, or call 12333.")
    sheet.say(_LEFT + 230, 283.5, 164, call, 3.6, align="R")


def _who_rows(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    calls = {line["office"]: line["call"] for line in content["help"]}
    rows: list[tuple[str, str, str]] = []
    former = ""
    for line in content["who"]:
        role, call = line["role"], line["call"]
        if role in ("sector", "inspector"):
            call = calls.get("labour" if role == "inspector" else "sector", "")
        label = "" if role == former and role in ("subcontractor", "agency") else str(ROLES[role])
        text = "　".join(filter(None, (line["firm"], line["person"])))
        rows.append((label, text, call or "—"))
        former = role
    return rows


def _first_room(who: Sequence[Any]) -> int:
    """How many people fit on the first page."""
    rows = int((_FLOOR - _list_top(who) - 13 - _HEAD) // _ROW)
    return max(1, rows) * 3


def _three_end(who: Sequence[Any]) -> float:
    """Where the three parts end: as low as the longest asks for, within limits."""
    return 53 + max(52.0, min(92.0, 7.2 * min(len(who), _MOST_FIRMS)))


def _list_top(who: Sequence[Any]) -> float:
    return _three_end(who) + 5


def _chunks(people: list[dict[str, Any]], first: int) -> list[list[dict[str, Any]]]:
    """The list page by page; at least one page, also with nobody on it."""
    rest = int((_FLOOR - 42 - 13 - _HEAD) // _ROW) * 4
    pages = [people[:first]]
    for start in range(first, len(people), rest):
        pages.append(people[start : start + rest])
    return pages


def _first_page(
    sheet: _Sheet,
    content: dict[str, Any],
    who: list[tuple[str, str, str]],
    people: list[dict[str, Any]],
    pages: int,
    address: str,
) -> None:
    one, two, three = 146.4, 108.2, 127.4
    y = sheet.part(_LEFT, 42, one, 1, _("Who is responsible"))
    room = _three_end(who) - y
    sheet.help_table(_LEFT, y, one, who[:_MOST_FIRMS], room)
    x = _LEFT + one + 6
    y = sheet.part(x, 42, two, 2, _("How much at least, and which day"))
    _pay(sheet, x, y + 1, two, content["pay"])
    x += two + 6
    y = sheet.part(x, 42, three, 3, _("Not paid? Whom to call"))
    sheet.help_table(x, y, three, _help_rows(content), min(room, 56))
    top = _list_top(who)
    _list(sheet, content, people, top, _WIDE - _SCAN - 7, 3, 1, pages)
    _scan(sheet, content, top, address)


def _help_rows(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = {line["office"]: line for line in content["help"]}
    rows = []
    for office, label in OFFICES.items():
        line = found.get(office)
        name = ""
        if line:
            name = line["name_en"] if not is_chinese() and line["name_en"] else line["name"]
            name = "　".join(filter(None, (name, line["place"])))
        rows.append((str(label), name, (line["call"] if line else "") or "—"))
    return rows + [(str(label), str(text), call) for label, text, call in FIXED_LINES]


def _pay(sheet: _Sheet, x: float, y: float, wide: float, pay: dict[str, Any]) -> None:
    half = (wide - 4) / 2
    due = day_words(parse_date(pay["due_on"]))
    cells = [
        (x, y, half, _("Minimum wage, a month"), _cny(pay["month_fen"]), 7.6),
        (x + half + 4, y, half, _("Minimum wage, an hour"), _cny(pay["hour_fen"]), 7.6),
        (
            x,
            y + 18,
            wide,
            _("Pay day of every month"),
            _("Day %(day)s; earlier on a rest day") % {"day": pay["pay_day"]},
            7,
        ),
        (
            x,
            y + 36,
            wide,
            _("Wages of %(month)s") % {"month": month_only(parse_month(pay["month"]))},
            _("paid on %(day)s") % {"day": due},
            7,
        ),
    ]
    for left, top, width, label, value, size in cells:
        sheet.box(left, top, width, 16, 0.4)
        sheet.say(left + 3, top + 1.2, width - 6, label, 3.8)
        sheet.say(left + 3, top + 5.8, width - 6, value, size, bold=True)


def _cny(fen: int | None) -> str:
    return "—" if fen is None else format_cny(fen)


def _list(
    sheet: _Sheet,
    content: dict[str, Any],
    people: list[dict[str, Any]],
    y: float,
    wide: float,
    columns: int,
    page: int,
    pages: int,
) -> None:
    total = len(content["list"]["people"])
    name = month_only(parse_month(content["list"]["month"]))
    heading = _("Attendance and wages of %(month)s") % {"month": name}
    sheet.say(_LEFT, y, wide, heading, 5.6, bold=True)
    used = sheet.width_of(heading, 5.6) + 5
    note = ngettext("%(n)s person", "%(n)s people", total) % {"n": total}
    note += _(", page %(page)s of %(pages)s. Names and ID numbers are shortened.") % {
        "page": page,
        "pages": pages,
    }
    sheet.say(_LEFT + used, y + 1.3, wide - used, note, 4)
    sheet.rule(_LEFT, y + 9, wide, 0.6)
    if not people:
        sheet.say(_LEFT, y + 14, wide, _("Nobody worked in this month, or no attendance is recorded."), 4.6)
        return
    column = (wide - 6 * (columns - 1)) / columns
    rows = (
        -(-len(people) // columns) if page == pages and pages > 1 else int((_FLOOR - y - 13 - _HEAD) // _ROW)
    )
    for number in range(columns):
        part = people[number * rows : (number + 1) * rows]
        if part:
            _column(sheet, part, _LEFT + number * (column + 6), y + 10, column)


def _column(sheet: _Sheet, people: list[dict[str, Any]], x: float, y: float, wide: float) -> None:
    places = (
        (0.0, 0.15, "L"),
        (0.16, 0.15, "L"),
        (0.33, 0.29, "L"),
        (0.63, 0.12, "R"),
        (0.76, 0.24, "R"),
    )
    heads = (
        _("Name"),
        pgettext("notice board", "ID ends"),
        _("Team"),
        pgettext("notice board", "Days"),
        pgettext("notice board", "Net pay"),
    )
    _cells(sheet, heads, places, x, y, wide, 3.5)
    sheet.rule(x, y + _HEAD - 0.4, wide, 0.4)
    y += _HEAD
    for person in people:
        row = (person["name"], person["id_tail"], person["team"], person["days"], _cny(person["net_fen"]))
        _cells(sheet, row, places, x, y, wide, 4.1)
        y += _ROW
        sheet.rule(x, y - 0.2, wide, 0.2, grey=150)


def _cells(
    sheet: _Sheet,
    row: Sequence[str],
    places: Sequence[tuple[float, float, Any]],
    x: float,
    y: float,
    wide: float,
    size: float,
) -> None:
    for text, (start, share, align) in zip(row, places, strict=True):
        sheet.say(x + start * wide, y + 0.3, share * wide, text, size, align=align)


def _scan(sheet: _Sheet, content: dict[str, Any], top: float, address: str) -> None:
    """The box with the QR code; as high as the room below the three parts."""
    x, wide, high = _LEFT + _WIDE - _SCAN, _SCAN, _FLOOR - top
    sheet.box(x, top, wide, high, 1)
    sheet.say(x + 4, top + 3, wide - 8, _("Scan me"), 8, align="C", bold=True)
    sheet.say(x + 4, top + 15.5, wide - 8, _("See your wage. Wrong? Say so."), 4.4, align="C")
    side = min(74.0, high - 22 - 29)
    y = top + 22 + max(0.0, (high - 22 - 31 - side) / 2)
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=8, border=2)
    k = sheet.k_a3
    out.seek(0)
    sheet.image(out, x=(x + (wide - side) / 2) * k, y=y * k, w=side * k)
    y += side + 1
    sheet.say(x + 4, y, wide - 8, _("No download, no charge"), 4.6, align="C", bold=True)
    clerk = next((line["person"] for line in content["who"] if line["role"] == "clerk"), "")
    help_ = (
        _("No phone, or cannot read? Ask the labour-wage clerk %(name)s, or call 12333.") % {"name": clerk}
        if clerk
        else _("No phone, or cannot read? Ask the labour-wage clerk, or call 12333.")
    )
    lines = wrap(help_, wide - 12, lambda text: sheet.width_of(text, 4.2))[:3]
    y = top + high - 3 - 5.8 * len(lines)
    sheet.rule(x + 6, y - 2, wide - 12, 0.3)
    for number, line in enumerate(lines):
        sheet.say(x + 4, y + number * 5.8, wide - 8, line, 4.2, align="C")


def code_address(board: NoticeBoard, base: str) -> str:
    """The address in a version's QR code."""
    return board_address(base, code_of(board))
