"""Reading an uploaded pay sheet: its rows compared, line by line, with the roster and the gates."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from payroll import labels, rules
from payroll.models import PaySheet, PaySlip, SheetUpload
from payroll.pay_items import in_order
from payroll.services.attendance_lines import GateLine, gate_lines, month_days_of
from payroll.sheet_parts import SEVERAL, Reckoned, why_base_differs
from payroll.sheet_reader import Message, ReadLine, ReadSheet, read_pay_sheet
from payroll.sheet_repeats import settle_repeats
from payroll.sheet_tables import IMPORTED
from payroll.wage_months import span_of
from registration.models import BankCard, Participation, Posting, Project, Team
from registration.services.column_mappings import Kind, Remembered, remembered
from registration.services.column_tables import described, samples
from registration.services.parameters import parameter
from registration.services.progress import teller
from wagewatch.lib.collecting import collector_paused
from wagewatch.lib.crypto import decrypt_bytes
from wagewatch.lib.errors import Malformed, RuleViolation, TryLater
from wagewatch.lib.heading_names import PAYROLL_FIELDS
from wagewatch.lib.locks import only_one
from wagewatch.lib.money import format_cny
from wagewatch.lib.sheets import read_workbook

State = SheetUpload.State
CONTEXT = "sheet.file"
MOST_TRIES = 3
TELL_EVERY = 500


def read_sheet_file(upload_id: int) -> None:
    """Read a kept pay sheet and compare it, line by line, with attendance. Nothing is paid from it yet.

    One reader at a time; a second call does nothing, and after a reader that was killed the next call begins again.
    A file that cannot be read is refused, with the reason in the uploader's language; so is one at which
    `MOST_TRIES` readers died. Where nobody can tell which column holds the pay, it waits for a person (naming).
    """
    with only_one("sheet", upload_id) as alone:
        upload = SheetUpload.objects.select_related("participation", "team").filter(pk=upload_id).first()
        if not alone or upload is None or upload.state != State.READING:
            return
        waiting = SheetUpload.objects.filter(
            pk=upload.pk, project=upload.project_id, sha256=upload.sha256, state=State.READING
        )
        with translation.override(upload.reading.get("language", "zh-hans")):
            if upload.read_tries >= MOST_TRIES:
                text = _("This file could not be read in several tries. Split it, or save it anew as .xlsx.")
                waiting.update(state=State.REFUSED, error_text=text, content=None, samples=None)
                return
            waiting.update(read_tries=upload.read_tries + 1)
            try:
                with collector_paused():
                    _stage(upload, waiting)
            except TryLater:
                return
            except Malformed as problem:
                waiting.update(state=State.REFUSED, error_text=problem.message, content=None, samples=None)


def _stage(upload: SheetUpload, waiting: QuerySet[SheetUpload]) -> None:
    project, part, month = upload.project, upload.participation, upload.month
    data = decrypt_bytes(bytes(upload.content or b""), context=CONTEXT)
    memory = remembered(part.organisation_id, Kind.PAY)
    book = read_workbook(data, upload.filename)
    found = read_pay_sheet(book, month, span_of(project, part.pk, month), memory.choices)
    reading = (
        found.reading | _columns(found, memory) | {"language": upload.reading.get("language", "zh-hans")}
    )
    values = [samples(sheet, table) for sheet, table in (*found.tables, *found.unnamed)]
    told = msgspec.json.encode(values).decode()
    if not found.tables:
        waiting.update(state=State.NAMING, rows=[], rows_total=0, reading=reading, samples=told)
        return
    waiting.update(rows_total=len(found.lines))
    lines = gate_lines(project, part.pk, month, skip_settled=True)
    listed = listed_elsewhere(project, part, month)
    rows = _compare(
        found.lines, project, part, month, lines, listed, team=upload.team, tell=teller("sheet", upload.pk)
    )
    on_sheet = {row["worker"] for row in rows if row["worker"]}
    absent = [
        {"worker": worker, "days": str(line.quantity), "gross_fen": line.gross_fen, "team": line.team_name}
        for worker, line in sorted(lines.items())
        if worker not in on_sheet
        and worker not in listed
        and line.gross_fen
        and (upload.team is None or line.team_name == upload.team.name)
    ]
    waiting.update(
        state=State.STAGED,
        rows=rows,
        reading=reading | {"absent": absent, "counts": Counter(row["verdict"] for row in rows)},
        samples=told,
    )


def _columns(found: ReadSheet, memory: Remembered) -> dict[str, Any]:
    """What was taken for what, for the page on which a person can correct it."""
    return {
        "tables": [
            described(table, PAYROLL_FIELDS, IMPORTED, memory, read=read, several=SEVERAL)
            for tables, read in ((found.tables, True), (found.unnamed, False))
            for _sheet, table in tables
        ]
    }


def _compare(
    lines: list[ReadLine],
    project: Project,
    part: Participation,
    month: date,
    gates: dict[int, GateLine],
    listed: dict[int, str],
    *,
    team: Team | None,
    tell: Callable[[int], None],
) -> list[dict[str, Any]]:
    first, last = span_of(project, part.pk, month)
    postings = list(
        Posting.objects.filter(
            Q(left_on__isnull=True) | Q(left_on__gte=first),
            project=project,
            participation=part,
            joined_on__lte=last,
        )
        .select_related("worker", "team")
        .order_by("joined_on", "pk")
    )
    by_id = {str(p.worker.id_number): p for p in postings}
    by_name: dict[str, set[int]] = {}
    latest = {p.worker_id: p for p in postings}
    for posting in postings:
        by_name.setdefault(posting.worker.name, set()).add(posting.worker_id)
    cards = dict(
        BankCard.objects.filter(worker__in=latest, is_current=True).values_list("worker_id", "number")
    )
    month_days = month_days_of(project, month)
    largest = int(
        parameter("pay.largest_line_fen", region_code=project.region_id, on=month, default=5_000_000)
    )
    places = [(line, _find(line, by_id, by_name, latest)) for line in lines]
    rows = []
    for done, (line, found) in enumerate(_one_each(places, most_days=(last - first).days + 1)):
        if done % TELL_EVERY == 0:
            tell(done)
        if found is not None and found.worker_id in listed:
            line.stop(
                "name",
                _("This person stands on another sheet of this month: %(sheet)s.")
                % {"sheet": listed[found.worker_id]},
            )
        elif found is not None and team is not None and found.team_id != team.pk:
            line.stop(
                "name",
                _("This person works in the team %(team)s, not in the one this sheet is for.")
                % {"team": found.team.name},
            )
        rows.append(_row(line, found, gates, cards, month_days, largest))
    return rows


def _one_each(
    places: list[tuple[ReadLine, Posting | None]], *, most_days: int
) -> list[tuple[ReadLine, Posting | None]]:
    """One row for each worker, where several can be added up."""
    several: dict[int, list[ReadLine]] = {}
    for line, found in places:
        if found is not None:
            several.setdefault(found.worker_id, []).append(line)
    settled = {
        worker: iter(settle_repeats(lines, most_days=most_days))
        for worker, lines in several.items()
        if len(lines) > 1
    }
    left: list[tuple[ReadLine, Posting | None]] = []
    for line, found in places:
        mine = settled.get(found.worker_id) if found is not None else None
        remains = line if mine is None else next(mine, None)
        if remains is not None:
            left.append((remains, found))
    return left


def listed_elsewhere(project: Project, part: Participation, month: date) -> dict[int, str]:
    """Who stands on one of the month's own sheets already, and on which."""
    sheets = {
        sheet.pk: sheet.team_name or str(_("the firm's sheet"))
        for sheet in PaySheet.objects.filter(
            project=project, participation=part, month=month, kind=PaySheet.Kind.MONTHLY
        )
    }
    if not sheets:
        return {}
    slips = PaySlip.objects.filter(month=month, project=project, sheet__in=sheets)
    return {worker: sheets[sheet] for worker, sheet in slips.values_list("worker_id", "sheet_id")}


def _find(
    line: ReadLine,
    by_id: dict[str, Posting],
    by_name: dict[str, set[int]],
    latest: dict[int, Posting],
) -> Posting | None:
    if line.id_number:
        posting = by_id.get(line.id_number)
        if posting is None:
            line.stop(
                "id_number",
                _("This person is not on the roster of this contractor in this month. Register them first."),
            )
        elif line.name and posting.worker.name != line.name:
            line.stop("name", _("The roster has another name for this ID number. Correct one of them."))
        return posting
    if not line.name or any(m.field == "id_number" for m in line.messages):
        return None
    same = by_name.get(line.name, set())
    if len(same) == 1:
        line.warn("id_number", _("Found by name only: the sheet has no ID number."))
        return latest[next(iter(same))]
    line.stop(
        "id_number",
        _("Two people of this name are on the roster. Add the ID number.")
        if same
        else _("This person is not on the roster of this contractor in this month. Register them first."),
    )
    return None


def _row(
    line: ReadLine,
    posting: Posting | None,
    gates: dict[int, GateLine],
    cards: dict[int, str],
    month_days: Decimal,
    largest_fen: int,
) -> dict[str, Any]:
    gate = gates.get(posting.worker_id) if posting else None
    gate_days = gate.quantity if gate else Decimal(0)
    days = line.days if line.days is not None else gate_days
    different = False
    if posting is not None:
        if line.days is not None and line.days != gate_days:
            different = True
            line.messages.append(
                Message("days", "diff", _("Gates: %(days)s") % {"days": f"{gate_days.normalize():f}"})
            )
        expected = rules.gross_of(posting.pay_basis, posting.rate_fen, days, month_days)
        if gate is not None and gate.parts and days == gate_days:
            expected = gate.gross_fen
        if posting.pay_basis != "piece" and line.base_fen is not None and line.base_fen != expected:
            different = True
            known = Reckoned(
                posting.pay_basis, str(labels.UNITS[posting.pay_basis]), posting.rate_fen, days, expected,
                gate_days, gate.gross_fen if gate else 0,
            )  # fmt: skip
            line.messages.append(
                Message("gross", "diff", why_base_differs(line.base_fen, line.rate_fen, known))
            )
        elif line.rate_fen and line.rate_fen != posting.rate_fen and posting.pay_basis != "piece":
            line.warn(
                "rate",
                _("The file has a rate of %(file)s, registered is %(here)s.")
                % {"file": format_cny(line.rate_fen), "here": format_cny(posting.rate_fen)},
            )
        if line.card and line.card != cards.get(posting.worker_id, ""):
            line.warn("card", _("Another card than the registered one; wages go to the registered card."))
    if line.gross_fen is not None and not line.refused:
        try:
            rules.check_deduction(line.gross_fen, line.deduction_fen, line.deduction_note)
        except RuleViolation as problem:
            line.stop("deductions", problem.message)
        if line.gross_fen and not line.net_fen:
            line.warn("net", _("The deductions take all of the pay: nothing would be paid out."))
        if line.gross_fen > largest_fen:
            line.warn("gross", _("This is a large amount for one month. Check the number of digits."))
    return {
        "sheet": line.sheet,
        "line": line.line,
        "name": line.name,
        "worker": posting.worker_id if posting else None,
        "tail": posting.worker.id_tail if posting else line.id_number[-4:],
        "team": posting.team.name if posting else "",
        "posting": posting.pk if posting else None,
        "basis": posting.pay_basis if posting else "",
        "rate_fen": posting.rate_fen if posting else None,
        "days": str(days),
        "gate_days": str(gate_days),
        "gross_fen": line.gross_fen,
        "deduction_fen": line.deduction_fen,
        "deduction_note": line.deduction_note,
        "items": [item.as_json() for item in in_order(line.items)],
        "net_fen": line.net_fen,
        "verdict": "refused" if line.refused else "different" if different else "same",
        "messages": [{"field": m.field, "kind": m.kind, "text": m.text} for m in line.messages],
    }
