"""People of a project named by a list: read from a file or a paste, and found among the postings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registration.models import Participation, Posting, Project
from registration.rules.people_list import Line, read_rows
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.identity import mask_name, number_cell
from wagewatch.lib.sheets import Cell, read_workbook

MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Refused:
    """A line that names nobody, masked, with the reason."""

    line: int
    shown: str
    problem: WagewatchError


@dataclass
class Found:
    """Lines by the person they name, and those that name nobody."""

    people: dict[int, Line] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def _is_spoilt(cell: Cell) -> bool:
    """A number so long that the spreadsheet lost its last digits."""
    return cell.kind == "number" and len(cell.text) >= 16


def _text(cell: Cell) -> str:
    """A cell as a person would type it; days and broken formulas name nobody."""
    return "" if cell.kind in {"error", "date"} else cell.text


def read_file(data: bytes, filename: str) -> list[Line]:
    """Lines of the visible sheets of a spreadsheet; read in the limited child process. Raises Malformed, TryLater."""
    if len(data) > MOST_BYTES:
        text = _("The file is larger than %(limit)s MB. A list of people is smaller: upload only the list.")
        raise Malformed("file.too_large", text, limit=MOST_BYTES // 1024 // 1024)
    lines: list[Line] = []
    for sheet in read_workbook(data, filename).sheets:
        if not sheet.visible:
            continue
        rows = [(sheet.first_row + n, row) for n, row in enumerate(sheet.rows)]
        spoilt = {n: row for n, row in rows if any(map(_is_spoilt, row))}
        lines += read_rows((n, [_text(cell) for cell in row]) for n, row in rows if n not in spoilt)
        lines += [Line(n, problem=number_cell("id"), shown=_first_text(row)) for n, row in spoilt.items()]
    return lines


def _first_text(row: Iterable[Cell]) -> str:
    found = next((mask_name(c.text.strip()) for c in row if c.kind == "text" and not c.text.isdecimal()), "")
    return found[:20]


def find_people(
    lines: Sequence[Line], project: Project, parts: Iterable[Participation], *, day: date
) -> Found:
    """The people of the lines among the postings of the parts that had not ended before a day.

    Two statements for any number of lines. A name that several people bear needs the ID number beside it.
    """
    rows = list(
        Posting.objects.filter(
            Q(left_on=None) | Q(left_on__gte=day), project=project, participation__in=parts
        )
        .order_by("pk")
        .values_list("worker_id", "worker__name", "worker__id_index")
    )
    by_index = {bytes(index): (worker, name) for worker, name, index in rows}
    by_name: dict[str, set[int]] = {}
    for worker, name, _index in rows:
        by_name.setdefault(name, set()).add(worker)
    found = Found()
    for line in lines:
        answer = line.problem or _find(line, by_index, by_name)
        if isinstance(answer, int) and answer in found.people:
            text = _("This person stands in line %(line)s already.")
            answer = Malformed("list.twice", text, line=found.people[answer].number)
        if isinstance(answer, int):
            found.people[answer] = line
        else:
            shown = mask_name(line.name) if line.name else line.shown
            found.refused.append(Refused(line.number, shown, answer))
    return found


def _find(
    line: Line, by_index: dict[bytes, tuple[int, str]], by_name: dict[str, set[int]]
) -> int | Malformed:
    if line.id_number:
        known = by_index.get(blind_index(line.id_number, kind="id"))
        if known is None:
            text = _("Nobody with this ID number works on this project. Register the person first.")
            return Malformed("list.unknown", text)
        if line.name and line.name != known[1]:
            text = _("This ID number is on record under another name. Compare both with the ID card.")
            return Malformed("list.other_name", text)
        return known[0]
    bearers = by_name.get(line.name, set())
    if len(bearers) == 1:
        return next(iter(bearers))
    if bearers:
        text = _("%(number)s people here have this name. Write the ID number beside it.")
        return Malformed("list.ambiguous", text, number=len(bearers))
    text = _("Nobody with this name works on this project. Check the name, or register the person first.")
    return Malformed("list.unknown", text)
