"""What the bank did becomes the state of lines, slips, orders, sheets and the account's book.

Messages come late, twice and out of order; every step here gives the same end whatever the order.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Max

from payroll import records, rules
from payroll.bank import codes
from payroll.bank.pain002 import LineStatus, StatusReport
from payroll.models import PaymentLine, PaymentOrder, PaySheet, PaySlip, SubLedger
from payroll.services.accounts import ALIVE, Movement, book
from payroll.services.sheets import tell_workers
from payroll.services.totals import refresh_state
from registration.actors import Actor
from registration.models import Project
from wagewatch.evidence import services as evidence

BANK = Actor(kind="bank", label="bank")
CAME_BACK = "RTRN"
"""Our mark on lines whose money was booked out and in again."""
LineState = PaymentLine.State
SETTLED = frozenset(code for code, state in codes.STATUSES.items() if state is codes.LineState.PAID)
CONTRARY = frozenset({codes.LineState.PAID, codes.LineState.REJECTED})
MESSAGE_ID = re.compile(r"WW\d{14}-(\d+)-\d+")


@dataclass(frozen=True)
class Word:
    """The bank's word on one line. `by_booking`: money moved on the account, not only a report."""

    state: str
    status: str
    code: str
    text: str
    at: datetime
    by_booking: bool


def apply_status(
    report: StatusReport,
    *,
    now: datetime,
    texts: tuple[tuple[str, str], ...] = (),
    proves_payment: bool = True,
) -> dict[str, object]:
    """Take in a status report, in the caller's transaction; returns a summary (`order` empty if unknown).

    `texts` are the bank's own wordings. `proves_payment` is False for a result that the payer's side handed in:
    its "paid" is only "received" until the bank itself or a booked entry says so.
    """
    named = MESSAGE_ID.fullmatch(report.original_message_id)
    order = (
        PaymentOrder.objects.filter(message_id=report.original_message_id, sheet_id=int(named[1])).first()
        if named
        else None
    )
    if order is None:
        return {"order": None, "message": report.original_message_id[:35]}
    at = min(max(report.created_at or now, order.instructed_at), now)
    lock_projects([order.project_id], [order.sheet_id])
    lines = list(
        PaymentLine.objects.filter(project=order.project_id, order=order.pk).order_by("end_to_end_id")
    )
    resolved = report.resolve([line.end_to_end_id for line in lines])
    words: dict[str, Word] = {}
    notes: list[PaymentLine] = []
    manual = 0
    doubtful: list[PaymentLine] = []
    both = _said_both(report, texts)
    for line in lines:
        status = resolved.get(line.end_to_end_id)
        if status is None:
            continue
        verdict = codes.judge_line(status, texts)
        differs = status.amount_fen is not None and status.amount_fen != line.amount_fen
        if verdict.state is codes.LineState.MANUAL or differs or line.end_to_end_id in both:
            manual += verdict.code not in codes.DUPLICATES
            if line.state in ALIVE and verdict.code not in codes.DUPLICATES:
                line.bank_status, line.reason_text = status.status.code[:10], verdict.verbatim[:200]
                notes.append(line)
            continue
        to = LineState.RETURNED if verdict.state is codes.LineState.REJECTED else verdict.state.value
        if to == LineState.PAID and not proves_payment:
            to = LineState.RECEIVED
        if to == LineState.PAID and line.state == LineState.RETURNED and line.bank_status != CAME_BACK:
            if line.bank_status not in SETTLED:
                line.bank_status, line.reason_code = status.status.code[:10], ""
                doubtful.append(line)
            continue
        words[line.end_to_end_id] = Word(
            to,
            status.status.code[:10],
            verdict.code,
            verdict.verbatim,
            _happened(status, order, at, now),
            False,
        )
    _write_lines(order.project_id, notes)
    _doubt(doubtful, now)
    moved = apply_words(order.project_id, lines, words, now=now)
    paid = any(line.state == LineState.PAID for line in lines)
    if report.group.code == "RJCT" and not report.lines and moved and not paid:
        PaymentOrder.objects.filter(pk=order.pk, project=order.project_id).update(
            state=PaymentOrder.State.REFUSED
        )
    strange = sorted(set(report.by_reference()) - {line.end_to_end_id for line in lines})
    return {
        "order": order.pk,
        "account": order.account_id,
        "lines": len(resolved),
        "moved": moved,
        "manual": manual,
        "group": report.group.code,
    } | {
        name: found
        for name, found in (
            ("doubtful", [line.end_to_end_id for line in doubtful]),
            ("not_ours", [reference[:35] for reference in strange[:50]]),
        )
        if found
    }


def _happened(status: LineStatus, order: PaymentOrder, at: datetime, now: datetime) -> datetime:
    """When a payment moved: the bank's own moment where it can be one, else `at`, that of its report. Nothing is paid
    before it was asked for, nor tomorrow: what is late is judged by it."""
    told = status.accepted_at
    return told if told and order.instructed_at <= told <= now else at


def _said_both(report: StatusReport, texts: tuple[tuple[str, str], ...]) -> set[str]:
    """Payments of which one report says that they were made and that they were refused."""
    times = Counter(status.end_to_end_id or status.instruction_id for status in report.lines)
    said: dict[str, set[codes.LineState]] = defaultdict(set)
    for status in report.lines:
        reference = status.end_to_end_id or status.instruction_id
        if times[reference] > 1:
            said[reference].add(codes.judge_line(status, texts).state)
    return {reference for reference, states in said.items() if states >= CONTRARY}


def _doubt(lines: Sequence[PaymentLine], now: datetime) -> None:
    """Refused first and paid now, by report alone: nothing moves, and nothing goes out again by itself."""
    if not lines:
        return
    project_id = lines[0].project_id
    _write_lines(project_id, lines)
    evidence.append_many(
        records.RESULT,
        [evidence.Fact(project_id, records.line_subject(x), records.result_record(x)) for x in lines],
        actor=BANK,
        now=now,
    )
    for sheet in PaySheet.objects.filter(project=project_id, pk__in={x.sheet_id for x in lines}):
        _sync_slips(sheet, [x.end_to_end_id for x in lines if x.sheet_id == sheet.pk])


def apply_word(line: PaymentLine, word: Word, *, now: datetime) -> bool:
    """Take in one word about one line, in the caller's transaction; whether the line moved."""
    lock_projects([line.project_id], [line.sheet_id])
    line.refresh_from_db()
    return bool(apply_words(line.project_id, [line], {line.end_to_end_id: word}, now=now))


def rename_reason(line: PaymentLine, code: str) -> None:
    """Say what a returned line's wording means; in the caller's transaction, which has locked the sheet."""
    line.reason_code = code
    _write_lines(line.project_id, [line])
    for sheet in PaySheet.objects.filter(project=line.project_id, pk=line.sheet_id):
        _sync_slips(sheet, [line.end_to_end_id])


def apply_words(
    project_id: int, lines: Sequence[PaymentLine], words: dict[str, Word], *, now: datetime
) -> int:
    """Move lines as far as the rules let, and everything that hangs on them; returns how many moved."""
    moved: list[PaymentLine] = []
    movements: list[Movement] = []
    for line in lines:
        word = words.get(line.end_to_end_id)
        if word is None:
            continue
        came_back = line.bank_status == CAME_BACK
        if word.state == LineState.RETURNED and word.by_booking and not came_back:
            movements += [_wage_out(line, word.at), _wage_back(line, word)]
            allowed = True
        else:
            allowed = rules.line_may_move(
                line.state, word.state, by_booking=word.by_booking, came_back=came_back
            )
        if not allowed:
            continue
        if word.state == LineState.PAID:
            movements.append(_wage_out(line, word.at))
        line.state, line.bank_status = word.state, word.status
        line.reason_code, line.reason_text = word.code[:20], word.text[:200]
        line.settled_at = None if word.state == LineState.RECEIVED else word.at
        moved.append(line)
    if not moved:
        return 0
    _write_lines(project_id, moved)
    if movements:
        book(locked_ledger(project_id), movements)
    final = [line for line in moved if line.state in (LineState.PAID, LineState.RETURNED)]
    evidence.append_many(
        records.RESULT,
        [evidence.Fact(project_id, records.line_subject(x), records.result_record(x)) for x in final],
        actor=BANK,
        now=now,
    )
    _follow(project_id, moved, final, now)
    return len(moved)


def _follow(
    project_id: int, moved: Sequence[PaymentLine], final: Sequence[PaymentLine], now: datetime
) -> None:
    """Slips, orders and sheets follow their lines; workers are told once for each result."""
    for sheet in PaySheet.objects.filter(
        project=project_id, pk__in={line.sheet_id for line in moved}
    ).order_by("pk"):
        _sync_slips(sheet, [line.end_to_end_id for line in moved if line.sheet_id == sheet.pk])
        refresh_state(sheet)
        for state, kind in ((LineState.PAID, "line.paid"), (LineState.RETURNED, "line.returned")):
            by_attempt: dict[int, list[int]] = defaultdict(list)
            for line in final:
                if line.sheet_id == sheet.pk and line.state == state:
                    by_attempt[line.attempt].append(line.worker_id)
            for attempt, workers in by_attempt.items():
                tell_workers(sheet, workers, now=now, kind=kind, round_=attempt)
    orders = {line.order_id for line in moved}
    unfinished = set(
        PaymentLine.objects.filter(project=project_id, order__in=orders, state__in=ALIVE).values_list(
            "order_id", flat=True
        )
    )
    PaymentOrder.objects.filter(project=project_id, pk__in=orders - unfinished).exclude(
        state=PaymentOrder.State.REFUSED
    ).update(state=PaymentOrder.State.DONE)


SYNC = """
UPDATE payroll_payslip s SET
  payment = CASE l.state WHEN 'paid' THEN 'paid' WHEN 'returned' THEN 'returned' ELSE 'instructed' END,
  paid_at = CASE WHEN l.state = 'paid' THEN l.settled_at END,
  paid_card_tail = CASE WHEN l.state = 'paid' THEN l.card_tail ELSE '' END,
  return_code = CASE WHEN l.state = 'returned' THEN l.reason_code ELSE '' END,
  return_text = CASE WHEN l.state = 'returned' THEN l.reason_text ELSE '' END
FROM payroll_paymentline l
WHERE s.month = %s AND s.project_id = %s AND s.sheet_id = %s
  AND l.project_id = s.project_id AND l.sheet_id = s.sheet_id AND l.worker_id = s.worker_id
  AND l.end_to_end_id = ANY(%s) AND s.payment <> 'cash'
  AND NOT EXISTS (SELECT 1 FROM payroll_paymentline n WHERE n.project_id = l.project_id
    AND n.sheet_id = l.sheet_id AND n.worker_id = l.worker_id AND n.attempt > l.attempt)
"""


def _sync_slips(sheet: PaySheet, references: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SYNC, [sheet.month, sheet.project_id, sheet.pk, references])


def _write_lines(project_id: int, lines: Sequence[PaymentLine]) -> None:
    """One statement for all changed lines of a project."""
    if not lines:
        return
    values = [
        {
            "ref": x.end_to_end_id,
            "state": x.state,
            "status": x.bank_status,
            "code": x.reason_code,
            "text": x.reason_text,
            "at": x.settled_at.isoformat() if x.settled_at else None,
        }
        for x in lines
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payroll_paymentline l SET state = v.state, bank_status = v.status, reason_code = v.code,"
            " reason_text = v.text, settled_at = v.at FROM jsonb_to_recordset(%s::jsonb)"
            " AS v(ref text, state text, status text, code text, text text, at timestamptz)"
            " WHERE l.project_id = %s AND l.end_to_end_id = v.ref",
            [json.dumps(values), project_id],
        )


def lock_projects(projects: Sequence[int], sheets: Sequence[int]) -> None:
    """Lock order: project, then sheet, by number."""
    list(Project.objects.select_for_update(no_key=True).filter(pk__in=projects).order_by("pk").values("pk"))
    list(
        PaySheet.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=sheets, project__in=projects)
        .order_by("pk")
        .values("pk")
    )


def locked_ledger(project_id: int) -> SubLedger:
    """A project's share of its account, locked."""
    return SubLedger.objects.select_for_update(no_key=True).get(project=project_id)


def newest_attempts(lines: Iterable[PaymentLine]) -> dict[tuple[int, int], int]:
    """(sheet, worker) to the number of the newest attempt."""
    lines = list(lines)
    rows = (
        PaymentLine.objects.filter(
            project__in={x.project_id for x in lines},
            sheet__in={x.sheet_id for x in lines},
            worker__in={x.worker_id for x in lines},
        )
        .values_list("sheet_id", "worker_id")
        .annotate(newest=Max("attempt"))
    )
    return {(sheet, worker): newest for sheet, worker, newest in rows}


def settled_otherwise(lines: Iterable[PaymentLine]) -> set[str]:
    """Refused payments whose slip does not wait for this money any more: paid in cash, or another amount by now."""
    refused = {
        (x.sheet_id, x.worker_id): x
        for x in lines
        if x.state == LineState.RETURNED and x.bank_status != CAME_BACK
    }
    if not refused:
        return set()
    slips = PaySlip.objects.filter(
        project__in={x.project_id for x in refused.values()},
        month__in={x.month for x in refused.values()},
        sheet__in={sheet for sheet, _worker in refused},
        worker__in={worker for _sheet, worker in refused},
    ).values_list("sheet_id", "worker_id", "payment", "net_fen")
    waiting = {
        (sheet, worker): fen for sheet, worker, payment, fen in slips if payment == PaySlip.Payment.RETURNED
    }
    return {x.end_to_end_id for key, x in refused.items() if waiting.get(key) != x.amount_fen}


def _wage_out(line: PaymentLine, at: datetime) -> Movement:
    return Movement(f"W:{line.end_to_end_id}", "wages", -line.amount_fen, at, line.end_to_end_id)


def _wage_back(line: PaymentLine, word: Word) -> Movement:
    return Movement(
        f"R:{line.end_to_end_id}", "return", line.amount_fen, word.at, word.text or line.end_to_end_id
    )
