"""What the bank did becomes the state of lines, slips, orders, sheets and the account's book.

Messages come late, twice and out of order; every step here gives the same end whatever the order.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Max

from payroll import records, rules
from payroll.bank import codes
from payroll.bank.pain002 import StatusReport
from payroll.models import PaymentLine, PaymentOrder, PaySheet, SubLedger
from payroll.models import (
    BankMessage,
    CashPayment,
    PaymentLine,
    PaymentOrder,
    PaySheet,
    SpecialAccount,
    StatementLine,
    SubLedger,
)
from payroll.services import loans, top_ups
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
    at = min(report.created_at or now, now)
    lock_projects([order.project_id], [order.sheet_id])
    lines = list(
        PaymentLine.objects.filter(project=order.project_id, order=order.pk).order_by("end_to_end_id")
    )
    resolved = report.resolve([line.end_to_end_id for line in lines])
    words: dict[str, Word] = {}
    notes: list[PaymentLine] = []
    manual = 0
    for line in lines:
        status = resolved.get(line.end_to_end_id)
        if status is None:
            continue
        verdict = codes.judge_line(status, texts)
        differs = status.amount_fen is not None and status.amount_fen != line.amount_fen
        if verdict.state is codes.LineState.MANUAL or differs:
            manual += verdict.code not in codes.DUPLICATES
            if line.state in ALIVE and verdict.code not in codes.DUPLICATES:
                line.bank_status, line.reason_text = status.status.code[:10], verdict.verbatim[:200]
                notes.append(line)
            continue
        to = LineState.RETURNED if verdict.state is codes.LineState.REJECTED else verdict.state.value
        if to == LineState.PAID and not proves_payment:
            to = LineState.RECEIVED
        words[line.end_to_end_id] = Word(
            to, status.status.code[:10], verdict.code, verdict.verbatim, status.accepted_at or at, False
        )
    _write_lines(order.project_id, notes)
    moved = apply_words(order.project_id, lines, words, now=now)
    if report.group.code == "RJCT" and not report.lines and moved:
        PaymentOrder.objects.filter(pk=order.pk, project=order.project_id).update(
            state=PaymentOrder.State.REFUSED
        )
    return {
        "order": order.pk,
        "account": order.account_id,
        "lines": len(resolved),
        "moved": moved,
        "manual": manual,
        "group": report.group.code,
    }


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
def apply_statement(
    statement: Statement, account: SpecialAccount, message: BankMessage, *, now: datetime
) -> dict[str, object]:
    """Take in the booked entries of a statement, report or notification, in the caller's transaction."""
    booked = [(entry, detail) for entry in statement.entries if entry.booked for detail in _details(entry)]
    references = {detail.end_to_end_id for _entry, detail in booked if detail.end_to_end_id}
    where = PaymentLine.objects.filter(end_to_end_id__in=references, order__account=account)
    projects = sorted(
        set(where.values_list("project_id", flat=True))
        | set(account.sub_ledgers.values_list("project_id", flat=True))
    )
    _lock(projects, sorted(set(where.values_list("sheet_id", flat=True))))
    lines = {line.end_to_end_id: line for line in where}
    newest = _newest_attempts(lines.values())
    ledgers = {
        ledger.project_id: ledger
        for ledger in account.sub_ledgers.select_related("project").order_by("project_id")
    }
    words: dict[str, Word] = {}
    movements: dict[int, list[Movement]] = defaultdict(list)
    kept: list[StatementLine] = []
    for position, (entry, detail) in enumerate(booked):
        at = _moment(entry, statement, now)
        signed = (detail.amount_fen or abs(entry.amount_fen)) * (1 if entry.amount_fen > 0 else -1)
        line = lines.get(detail.end_to_end_id)
        state: str = StatementLine.State.UNMATCHED
        if line is not None and abs(signed) == line.amount_fen:
            state = _wage_entry(line, detail, signed, at, words, newest)
        elif (loan := loans.recognise(_words(entry, detail), signed, ledgers, at)) is not None:
            movements[loans.loan_project(loan.cause) or 0].append(loan)
            state = StatementLine.State.MATCHED
        elif (project := _project_of(entry, detail, ledgers)) is not None:
            if signed > 0 and not detail.end_to_end_id:
                movements[project].append(_deposit(entry, detail, signed, at, position, statement))
                state = StatementLine.State.MATCHED
            else:
                kind = "other_out" if signed < 0 else "other_in"
                reference = _reference(entry, detail, position, statement)
                movements[project].append(Movement(reference, kind, signed, at, _who(entry, detail)))
        kept.append(
            StatementLine(
                account=account,
                message=message,
                bank_reference=_reference(entry, detail, position, statement),
                booked_at=at,
                amount_fen=signed,
                end_to_end_id=detail.end_to_end_id[:35],
                counterparty=(detail.payee_name if signed < 0 else detail.payer_name)[:140],
                text=(detail.remittance or entry.info)[:200],
                state=state,
            )
        )
    StatementLine.objects.bulk_create(kept, ignore_conflicts=True, batch_size=1000)
    by_project: dict[int, list[PaymentLine]] = defaultdict(list)
    for line in lines.values():
        by_project[line.project_id].append(line)
    for project_id, deposits in sorted(movements.items()):
        book(_ledger(project_id), deposits)
        loans.follow_loans(project_id, deposits)
    top_ups.close_covered(sorted(movements), now=now)
    moved = sum(_apply(project_id, group, words, now=now) for project_id, group in sorted(by_project.items()))
    counted = [line.state for line in kept]
    return {
        "lines": len(kept),
        "moved": moved,
        "unmatched": counted.count(StatementLine.State.UNMATCHED),
        "returned": counted.count(StatementLine.State.RETURNED),
    }


def _wage_entry(
    line: PaymentLine,
    detail: Detail,
    signed: int,
    at: datetime,
    words: dict[str, Word],
    newest: dict[tuple[int, int], int],
) -> str:
    """Judge one booked entry that names one of our lines; the state of its statement line."""
    reference = line.end_to_end_id
    if signed > 0:
        reason = codes.judge_return(detail.returned) if detail.returned else None
        words[reference] = Word(
            LineState.RETURNED,
            CAME_BACK,
            reason.code if reason else "",
            reason.verbatim if reason else "",
            at,
            True,
        )
        return StatementLine.State.RETURNED
    refused = line.state == LineState.RETURNED and line.bank_status != CAME_BACK
    if refused and (newest[line.sheet_id, line.worker_id] > line.attempt or _paid_in_cash(line)):
        # Refused, sent again, and now booked all the same: a person must look, it may be paid twice.
        return StatementLine.State.UNMATCHED
    earlier = words.get(reference)
    if earlier is None or earlier.status != CAME_BACK:
        words[reference] = Word(LineState.PAID, "BOOK", "", "", at, True)
    return StatementLine.State.MATCHED


def _paid_in_cash(line: PaymentLine) -> bool:
    return CashPayment.objects.filter(
        project=line.project_id, sheet=line.sheet_id, worker=line.worker_id, withdrawn_at=None
    ).exists()


def _apply(project_id: int, lines: Sequence[PaymentLine], words: dict[str, Word], *, now: datetime) -> int:
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


def _details(entry: Entry) -> tuple[Detail, ...]:
    return entry.details or (Detail(end_to_end_id="", amount_fen=abs(entry.amount_fen)),)


def _reference(entry: Entry, detail: Detail, position: int, statement: Statement) -> str:
    own = detail.bank_reference or entry.bank_reference
    return (own or f"{statement.statement_id}/{entry.reference or position}")[:80]


def _moment(entry: Entry, statement: Statement, now: datetime) -> datetime:
    made = statement.created_at or now
    if entry.booked_on is None or entry.booked_on == site_date(made):
        return min(made, now)
    return min(datetime.combine(entry.booked_on, time(12), SITE_TZ), now)


def _who(entry: Entry, detail: Detail) -> str:
    return detail.payer_name or detail.payee_name or detail.remittance or entry.info


def _project_of(entry: Entry, detail: Detail, ledgers: dict[int, SubLedger]) -> int | None:
    """The project a movement belongs to: the account's only one, or the one whose code its text names."""
    if len(ledgers) == 1:
        return next(iter(ledgers))
    words = f"{detail.remittance} {entry.info}"
    named = [pk for pk, ledger in ledgers.items() if ledger.project.code in words]
    return named[0] if len(named) == 1 else None


def _words(entry: Entry, detail: Detail) -> str:
    return f"{detail.remittance} {entry.info} {detail.end_to_end_id}"


def _deposit(
    entry: Entry, detail: Detail, signed: int, at: datetime, position: int, statement: Statement
) -> Movement:
    words = f"{detail.remittance} {entry.info}"
    # Interest, and money under a loan's reference that is not what was agreed, fill no allocation.
    kind = "other_in" if "息" in words or loans.loan_project(words) else "allocation"
    return Movement(_reference(entry, detail, position, statement), kind, signed, at, _who(entry, detail))


def _wage_out(line: PaymentLine, at: datetime) -> Movement:
    return Movement(f"W:{line.end_to_end_id}", "wages", -line.amount_fen, at, line.end_to_end_id)


def _wage_back(line: PaymentLine, word: Word) -> Movement:
    return Movement(
        f"R:{line.end_to_end_id}", "return", line.amount_fen, word.at, word.text or line.end_to_end_id
    )
