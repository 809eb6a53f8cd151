"""The poster at a site's gate: a large QR code and three pictures of what to do, Chinese with English beside."""

from datetime import datetime

from wagewatch.lib.pdf import Paper

_SIDE = 100.0
_STEPS = (
    ("扫一扫", "Scan"),
    ("填手机号和身份证号", "Enter phone and ID number"),
    ("等劳资专管员登记", "The clerk registers you"),
)


def poster(name: str, name_en: str, contractor: str, address: str, *, at: datetime) -> bytes:
    """The A4 page as PDF: site, QR code of `address`, three steps, and whom to call."""
    paper = Paper(
        f"扫码登记：{name}", at=at, foot="不收费。不要把身份证交给别人。 Free of charge. Keep your ID card."
    )
    paper.heading("来上班，先登记", size=34)
    paper.heading("Before you start work: register", size=16)
    paper.paragraph(name, size=18, align="C")
    if name_en:
        paper.paragraph(name_en, size=11, align="C")
    if contractor:
        paper.paragraph(contractor, size=12, align="C")
    top = paper.get_y() + 2
    paper.qr(address, width=_SIDE, x=(paper.w - _SIDE) / 2, y=top)
    paper.set_y(top + _SIDE + 1)
    paper.paragraph(address, size=9, align="C")
    _pictures(paper, paper.get_y() + 3)
    paper.paragraph("登记了，您的考勤和工资才有记录。工资问题拨打 12333，免费。", size=14, align="C")
    paper.paragraph(
        "Registered, your days and your wages are on record. Wage questions: call 12333, free of charge.",
        size=9.5,
        align="C",
    )
    return paper.done()


def _pictures(paper: Paper, top: float) -> None:
    """Three boxes with a drawing, a number and words each."""
    width, height, gap = 50.0, 46.0, 10.0
    left: float = (paper.w - 3 * width - 2 * gap) / 2
    paper.set_draw_color(0)
    for number, (words, english) in enumerate(_STEPS):
        x = left + number * (width + gap)
        paper.set_line_width(0.4)
        paper.rect(x, top, width, height, round_corners=True, corner_radius=3)
        _DRAWINGS[number](paper, x + width / 2, top + 5)
        paper.set_font_size(12)
        paper.set_xy(x, top + 30)
        paper.cell(width, 7, f"{number + 1}  {words}", align="C")
        paper.set_font_size(8.5)
        paper.set_xy(x, top + 37)
        paper.cell(width, 5, english, align="C")
        if number:
            _arrow(paper, x - gap + 2, top + height / 2)
    paper.set_xy(paper.l_margin, top + height + 6)
    paper.set_font_size(paper.text_size)


def _phone(paper: Paper, x: float, y: float) -> None:
    paper.set_line_width(0.8)
    paper.rect(x - 7, y, 14, 23, round_corners=True, corner_radius=2)
    paper.line(x - 2, y + 20.5, x + 2, y + 20.5)


def _scan(paper: Paper, x: float, y: float) -> None:
    """A phone before a square of squares."""
    _phone(paper, x, y)
    paper.set_fill_color(0)
    for dx, dy in ((-4.5, 4.0), (1.5, 4.0), (-4.5, 10.0)):
        paper.rect(x + dx, y + dy, 3, 3)
        paper.rect(x + dx + 1, y + dy + 1, 1, 1, style="F")
    for dx, dy in ((2.0, 10.0), (3.5, 11.5), (2.0, 12.5), (-0.5, 7.5)):
        paper.rect(x + dx, y + dy, 1, 1, style="F")


def _type(paper: Paper, x: float, y: float) -> None:
    """An ID card beside a phone with lines written."""
    paper.set_line_width(0.8)
    paper.rect(x - 18, y + 5, 20, 13, round_corners=True, corner_radius=1.5)
    paper.circle(x - 3.5, y + 9.5, 2)
    paper.line(x - 6.5, y + 15, x - 0.5, y + 15)
    for dy in (9, 12, 15):
        paper.line(x - 15.5, y + dy, x - 9, y + dy)
    _phone(paper, x + 11, y)
    for dy in (6, 10, 14):
        paper.line(x + 7, y + dy, x + 15, y + dy)


def _registered(paper: Paper, x: float, y: float) -> None:
    """A helmeted head and a tick."""
    paper.set_line_width(0.8)
    paper.circle(x - 7, y + 8, 4)
    paper.line(x - 12.5, y + 6.5, x - 1.5, y + 6.5)
    paper.arc(x - 15, y + 14, 16, 180, 360, 16)
    paper.set_line_width(1.6)
    paper.polyline([(x + 5, y + 12), (x + 9, y + 16), (x + 17, y + 6)])


def _arrow(paper: Paper, x: float, y: float) -> None:
    paper.set_line_width(0.8)
    paper.line(x, y, x + 6, y)
    paper.polyline([(x + 4, y - 2), (x + 6, y), (x + 4, y + 2)])


_DRAWINGS = (_scan, _type, _registered)
