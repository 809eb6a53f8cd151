"""The month's attendance sheet (考勤表) as a PDF to sign, or to post on the notice board."""

from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from devices.month import Matrix, Row
from registration.models import Project
from registration.templatetags.named import named
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.pdf import Align, Paper

_WHO, _DAY, _SUM, _SIGN = 17.0, 5.6, 9.5, 20.0
_SIZE = {"A4": 6.5, "A3": 9.5}
"""Points of the table's type: the board is read from a step away."""


def month_pdf(
    project: Project, matrix: Matrix, *, at: datetime, sheet: Literal["A3", "A4"] = "A4", board: bool = False
) -> bytes:
    """Landscape, a team after the other. `board`: for everybody to read, so without the column to sign; give it a
    matrix of masked names."""
    title = _("Attendance sheet %(month)s") % {"month": f"{matrix.month:%Y-%m}"}
    made = _("made %(when)s") % {"when": f"{at.astimezone(SITE_TZ):%Y-%m-%d %H:%M}"}
    large = sheet == "A3"
    paper = Paper(
        title,
        at=at,
        foot=f"{named(project)} {project.code}, {made}",
        landscape=True,
        size=11.5 if large else 8.5,
        sheet=sheet,
    )
    paper.set_margins(8, 10, 8)
    paper.set_xy(8, 10)
    paper.heading(f"{named(project)} {title}", size=20 if large else 14)
    paper.paragraph(
        _("● a day (from %(full)s minutes), ◐ half a day (from %(half)s), ○ came, ! stamp missing")
        % {"full": project.full_day_minutes, "half": project.half_day_minutes}
    )
    if board:
        paper.paragraph(
            _(
                "Names are shortened; the last digits of the ID number tell people apart. "
                "Something wrong? Tell the labour clerk, or call 12333."
            )
        )
    signed = [] if board else [_("Signature")]
    heads = [
        _("Name"),
        *(str(day.day) for day in matrix.dates),
        _("Days"),
        _("Hours"),
        _("Over"),
        *signed,
    ]
    widths = [_WHO, *[_DAY] * len(matrix.dates), _SUM, _SUM, _SUM, *[_SIGN for _word in signed]]
    marks: list[Align] = ["C"] * len(matrix.dates)
    sides: list[Align] = [] if board else ["L"]
    aligns: list[Align] = ["L", *marks, "R", "R", "R", *sides]
    for group in matrix.groups:
        if paper.will_page_break(4 * paper.line_height(13 if large else 10)):
            paper.add_page()  # a team's name never stands alone at the foot
        paper.paragraph(f"{group.organisation} {group.team}", size=13 if large else 10)
        rows = [_line(row)[: len(heads)] for row in group.rows]
        # The head is repeated on the next page: with the team in it, the rest of a team is known there too.
        paper.grid(
            [group.team or heads[0], *heads[1:]], rows, widths=widths, aligns=aligns, size=_SIZE[sheet]
        )
    paper.paragraph(
        _("%(people)s people, %(days)s days in all.") % {"people": matrix.people, "days": matrix.days}
    )
    return paper.done()


def _line(row: Row) -> list[str]:
    marks = [cell.mark + ("!" if cell.is_open else "") for cell in row.cells]
    return [f"{row.name} {row.id_tail}", *marks, str(row.days), row.hours_text, row.over_text, ""]
