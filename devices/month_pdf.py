"""The month's attendance sheet (考勤表) as a PDF to sign, or to post on the notice board."""

from datetime import datetime

from django.utils.translation import gettext as _

from devices.month import Matrix, Row
from registration.models import Project
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.pdf import Align, Paper

_WHO, _DAY, _SUM, _SIGN = 17.0, 5.6, 9.5, 20.0


def month_pdf(project: Project, matrix: Matrix, *, at: datetime) -> bytes:
    """A4 landscape, a team after the other; names masked, so that it may hang on the board."""
    title = _("Attendance sheet %(month)s") % {"month": f"{matrix.month:%Y-%m}"}
    made = _("made %(when)s") % {"when": f"{at.astimezone(SITE_TZ):%Y-%m-%d %H:%M}"}
    paper = Paper(title, at=at, foot=f"{project.name} {project.code}, {made}", landscape=True, size=8.5)
    paper.set_margins(8, 10, 8)
    paper.set_xy(8, 10)
    paper.heading(f"{project.name} {title}", size=14)
    paper.paragraph(
        _("● a day (from %(full)s minutes), ◐ half a day (from %(half)s), ○ came, ! stamp missing")
        % {"full": project.full_day_minutes, "half": project.half_day_minutes}
    )
    heads = [
        _("Name"),
        *(str(day.day) for day in matrix.dates),
        _("Days"),
        _("Hours"),
        _("Over"),
        _("Signature"),
    ]
    widths = [_WHO, *[_DAY] * len(matrix.dates), _SUM, _SUM, _SUM, _SIGN]
    marks: list[Align] = ["C"] * len(matrix.dates)
    aligns: list[Align] = ["L", *marks, "R", "R", "R", "L"]
    for group in matrix.groups:
        paper.paragraph(f"{group.organisation} {group.team}", size=10)
        paper.grid(heads, [_line(row) for row in group.rows], widths=widths, aligns=aligns, size=6.5)
    paper.paragraph(
        _("%(people)s people, %(days)s days in all.") % {"people": matrix.people, "days": matrix.days}
    )
    return paper.done()


def _line(row: Row) -> list[str]:
    marks = [cell.mark + ("!" if cell.is_open else "") for cell in row.cells]
    return [f"{row.name} {row.id_tail}", *marks, str(row.days), row.hours_text, row.over_text, ""]
