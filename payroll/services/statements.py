"""Bank statements: taken in from the bank, brought by its officer or by the contractor, and joined to a chain.

Opening + lines = closing, and closing(n) = opening(n+1): what does not hold is shown and kept as a finding.
What a contractor brings is its own word and moves nothing until the bank has confirmed it.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payroll.access import access_held_account, access_statement, acts_for_bank
from payroll.bank.camt053 import Statement, check_currency, page_of, read_statement
from payroll.bank.schemas import check_message, refuse_faults
from payroll.bank.xmlread import ROOTS, kind_of
from payroll.models import AccountEvent, AccountState, BankMessage, BankStatement, SpecialAccount
from payroll.services.account_opening import note_event
from payroll.services.connections import may_speak
from payroll.services.statement_matching import apply_statement, silent
from payroll.services.terms import profile_of
from payroll.services.told import told_lines
from payroll.services.who import user_of
from payroll.statement_reader import read_table_statement
from registration.access import not_permitted
from registration.actors import SYSTEM, Actor
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.sheets import read_workbook, safe_filename

State = BankStatement.State
Read = tuple[list[Statement], tuple[str, ...]]
"""The statements of a file, and remarks about how it was read."""
FULL = ("camt.053", "table")
"""Kinds of files that have balances and must join one another; reports and notifications do not."""
SHORTEST_REASON = 5
MAX_LINES = 60_000
MOST_MISSING = 1_000_000
"""A jump of numbers over more says nothing about how many statements are missing."""


def take_statement(
    statement: Statement, account: SpecialAccount, message: BankMessage, position: int, *, now: datetime
) -> dict[str, Any]:
    """Take in what the bank itself sent, in the caller's transaction; returns a summary for the message."""
    if statement.kind not in FULL:
        return apply_statement(statement, account, message, now=now)
    record = _record(statement, account, message, position, now=now)
    record.state = State.APPLIED
    record.save()
    found = apply_statement(statement, account, message, now=now, record=record)
    join_statements(account, now=now)
    record.refresh_from_db()
    return found | summary_of(record)


def summary_of(record: BankStatement) -> dict[str, Any]:
    """What a message remembers about its statement."""
    found: dict[str, Any] = {
        "statement": record.statement_id,
        "sequence": record.sequence,
        "opening_fen": record.opening_fen,
        "closing_fen": record.closing_fen,
    }
    if record.differs_fen:
        found["differs_fen"] = record.differs_fen
    if record.gap_fen or record.gap_statements:
        found["gap"] = {"missing_fen": record.gap_fen, "missing_statements": record.gap_statements}
    return found


def _record(
    statement: Statement,
    account: SpecialAccount,
    message: BankMessage,
    position: int,
    *,
    now: datetime,
    remarks: tuple[str, ...] = (),
) -> BankStatement:
    told = told_lines(statement, now)
    made = statement.created_at or now
    return BankStatement(
        account=account,
        message=message,
        position=position,
        kind=statement.kind,
        statement_id=statement.statement_id[:80],
        sequence=statement.sequence,
        from_at=statement.from_at or (min(t.at for t in told) if told else made),
        to_at=statement.to_at or made,
        opening_fen=statement.opening_fen,
        closing_fen=statement.closing_fen,
        entries_fen=sum(t.amount_fen for t in told),
        line_count=len(told),
        differs_fen=statement.differs_fen,
        state=State.WAITING,
        remarks=list(remarks),
        uploaded_by_id=message.uploaded_by_id,
        made_at=now,
    )


@transaction.atomic
def upload_statement(
    account_id: int,
    *,
    filename: str,
    data: bytes,
    actor: Actor,
    now: datetime,
    read: Read | None = None,
    tell: Callable[[int], None] = silent,
) -> tuple[BankStatement, bool]:
    """Take in a statement that a clerk or the bank's officer brings; (the file's first statement, is new).

    The same bytes lead to the statement that is there already and change nothing. The officer's file is taken
    in at once, the contractor's waits for the officer. `read` is what `read_sound` made of the file, if it was read
    already; `tell` hears how many lines were matched. Raises Malformed `file.…`, `sheet.…`, `statement.…`, `bank.…`;
    RuleViolation `account.not_open`, `statement.known`; NotFound.
    """
    account = account_to_bring(account_id, actor)
    SpecialAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    digest = hashlib.sha256(data).digest()
    earlier = list(
        BankStatement.objects.select_related("message")
        .defer("message__content")
        .filter(message__sha256=digest, account=account)
        .exclude(state=State.REFUSED)
        .order_by("position")
    )
    if earlier:
        if acts_for_bank(actor, account):
            _apply_all([record for record in earlier if record.state == State.WAITING], actor, now, tell)
            earlier[0].refresh_from_db()
        return earlier[0], False
    if BankMessage.objects.filter(sha256=digest).exists():
        raise RuleViolation(
            "statement.known",
            gettext_lazy("This file was read before, for another account or refused by the bank."),
        )
    found, remarks = read or read_sound(account, filename, data, on=site_date(now))
    message = BankMessage.objects.create(
        account=account,
        name=safe_filename(filename)[:200],
        kind=found[0].kind,
        content=data,
        sha256=digest,
        received_at=now,
        state=BankMessage.State.DONE,
        uploaded_by_id=user_of(actor),
        source="bank" if acts_for_bank(actor, account) else "contractor",
    )
    records = BankStatement.objects.bulk_create(
        _record(statement, account, message, position, now=now, remarks=remarks)
        for position, statement in enumerate(found)
    )
    if acts_for_bank(actor, account):
        _apply_all(records, actor, now, tell, found)
    records[0].refresh_from_db()
    return records[0], True


def account_to_bring(account_id: int, actor: Actor) -> SpecialAccount:
    """The account whose statements the actor may bring. Raises RuleViolation `account.not_open`, NotFound."""
    account = access_held_account(account_id, actor)
    if account.state in (AccountState.PENDING, AccountState.REFUSED):
        raise RuleViolation(
            "account.not_open",
            gettext_lazy("The bank has not confirmed this account. Ask its officer to do so."),
        )
    return account


def read_sound(account: SpecialAccount, filename: str, data: bytes, *, on: date) -> Read:
    """The statements of a file that a person brings, held against their schema unless the bank's terms of the day say
    otherwise. Raises Malformed."""
    found, remarks = read_any(account, filename, data, on=on)
    if found[0].kind in ROOTS.values() and profile_of(account.bank, on).strict_schema:
        refuse_faults(check_message(data))
    return found, remarks


def read_any(account: SpecialAccount, filename: str, data: bytes, *, on: date) -> Read:
    """The statements of a file for this account, with remarks; `on` says whose terms hold. Raises Malformed."""
    if kind_of(data).startswith("camt."):
        found = read_statement(data)
        if any(s.account != str(account.number) for s in found):
            raise Malformed(
                "statement.other_account",
                gettext_lazy("The statement is about another account than this one."),
            )
        if any(s.kind != "camt.053" for s in found):
            raise Malformed(
                "statement.kind",
                gettext_lazy("Upload the statement (camt.053), not a report or a notification."),
            )
        for statement in found:
            check_currency(statement, profile_of(account.bank, on).currency)
        return found, ()
    book = read_workbook(data, filename, max_rows=MAX_LINES)
    read = read_table_statement(book, account_number=str(account.number))
    return [read.statement], read.remarks


def statement_of(record: BankStatement) -> Statement:
    """The statement as its file tells it, read again from the stored bytes."""
    found, _remarks = read_any(
        record.account, record.message.name, record.message.content, on=site_date(record.made_at)
    )
    return found[record.position]


def _apply_all(
    records: Iterable[BankStatement],
    actor: Actor,
    now: datetime,
    tell: Callable[[int], None],
    found: list[Statement] | None = None,
) -> None:
    """Take in statements of one file, one after the other; `found` are all of the file's, if they are at hand."""
    before = 0
    for record in records:

        def further(done: int, before: int = before) -> None:
            tell(before + done)

        _apply(record, actor, now, further, found[record.position] if found else None)
        before += record.line_count


def _apply(
    record: BankStatement,
    actor: Actor,
    now: datetime,
    tell: Callable[[int], None] = silent,
    statement: Statement | None = None,
) -> BankStatement:
    statement = statement or statement_of(record)
    record.state, record.answered_at = State.APPLIED, now
    record.answered_by_id = actor.id if actor.kind == "user" else None
    record.save(update_fields=["state", "answered_at", "answered_by"])
    found = apply_statement(statement, record.account, record.message, now=now, record=record, tell=tell)
    join_statements(record.account, now=now)
    record.refresh_from_db()
    message = record.message
    message.summary = found | summary_of(record)
    message.save(update_fields=["summary"])
    return record


@transaction.atomic
def answer_statement(
    statement_id: int,
    *,
    confirm: bool,
    reason: str = "",
    actor: Actor,
    now: datetime,
    tell: Callable[[int], None] = silent,
) -> BankStatement:
    """The bank's officer says that a contractor's statement is the bank's own, or that it is not.

    Raises RuleViolation `statement.answered`, Malformed `statement.reason`, NotFound, NotPermitted.
    """
    record = statement_to_answer(statement_id, actor)
    if confirm:
        return _apply(record, actor, now, tell)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed(
            "statement.reason", gettext_lazy("Write why: the contractor and the authority read it.")
        )
    record.state, record.reason = State.REFUSED, reason.strip()[:300]
    record.answered_by_id, record.answered_at = actor.id, now
    record.save(update_fields=["state", "reason", "answered_by", "answered_at"])
    return record


def statement_to_answer(statement_id: int, actor: Actor) -> BankStatement:
    """A contractor's statement that waits for the bank's word, locked. Raises RuleViolation `statement.answered`,
    NotFound, NotPermitted."""
    record = access_statement(statement_id, actor, for_write=True)
    if not acts_for_bank(actor, record.account):
        not_permitted("account.confirm")
    if record.state != State.WAITING:
        raise RuleViolation(
            "statement.answered", gettext_lazy("This has been answered already. Reload the page.")
        )
    return record


@transaction.atomic
def bank_repeats(message: BankMessage, *, source: str, now: datetime) -> int:
    """The bank sent the bytes that somebody had brought: now they are the bank's own word. What came over another
    bank's connection says nothing."""
    waiting = list(
        BankStatement.objects.select_for_update(of=("self",))
        .select_related("account__bank", "message")
        .filter(message=message)
        .exclude(state=State.APPLIED)
        .order_by("position")
    )
    own = [record for record in waiting if may_speak(source, record.account.bank)]
    for record in own:
        _apply(record, SYSTEM, now)
    return len(own)


def join_statements(account: SpecialAccount, *, now: datetime) -> None:
    """Compare every statement's opening with the closing of the one before; new and healed gaps are findings.

    A statement that came late may close a gap or open one, so the whole chain is looked at again. Statements
    that overlap another (a month's export beside daily files) are compared with what ended before they begin.
    """
    records = sorted(BankStatement.objects.filter(account=account, state=State.APPLIED), key=_place)
    changed = []
    for place, record in enumerate(records):
        before = _page_before(record, records) or _before(record, records[:place])
        fen, missing = _gap(before, record)
        if (fen, missing) == (record.gap_fen, record.gap_statements):
            continue
        had = bool(record.gap_fen or record.gap_statements)
        record.gap_fen, record.gap_statements = fen, missing
        changed.append(record)
        has = bool(fen or missing)
        if has or had:
            note_event(
                account,
                None,
                AccountEvent.Kind.GAP_FOUND if has else AccountEvent.Kind.GAP_CLOSED,
                on=site_date(record.from_at),
                number=record.statement_id,
                reason=_("%(count)s statements missing") % {"count": missing} if missing else "",
                amount_fen=fen,
                actor=SYSTEM,
                now=now,
            )
    BankStatement.objects.bulk_update(changed, ["gap_fen", "gap_statements"], batch_size=500)


def _before(record: BankStatement, earlier: list[BankStatement]) -> BankStatement | None:
    """The statement that this one must join: the latest that ended before it begins, of its own kind first."""
    ended = [
        r
        for r in earlier
        if (r.to_at <= record.from_at or site_date(r.to_at) < site_date(record.from_at))
        and not _same_period(r, record)
    ]
    if not ended:
        return None
    last = max(r.to_at for r in ended)
    at_last = [r for r in ended if site_date(r.to_at) == site_date(last)]
    same = [r for r in at_last if r.kind == record.kind]
    return max(same or at_last, key=_place)


def _place(record: BankStatement) -> tuple[datetime, int, int, int]:
    """Where a statement stands in its account's chain."""
    return record.to_at, record.sequence or 0, page_of(record.statement_id), record.pk


def _page_before(record: BankStatement, records: list[BankStatement]) -> BankStatement | None:
    """The page that a later page goes on from, in whatever order they came."""
    page = page_of(record.statement_id)
    if page == 1:
        return None
    whole = record.statement_id.removesuffix(f"/p{page}")
    wanted = f"{whole}/p{page - 1}" if page > 2 else whole
    return next((r for r in reversed(records) if r.statement_id == wanted and r.kind == record.kind), None)


def _same_period(one: BankStatement, other: BankStatement) -> bool:
    """Whether two files tell one statement: told again, or corrected."""
    numbered = one.sequence is not None and one.sequence == other.sequence
    return (one.from_at, one.to_at) == (other.from_at, other.to_at) or (
        numbered and one.statement_id == other.statement_id
    )


def _gap(before: BankStatement | None, record: BankStatement) -> tuple[int, int]:
    """(missing fen, missing statements) between two statements."""
    if before is None:
        return 0, 0
    fen = 0
    if before.closing_fen is not None and record.opening_fen is not None:
        fen = record.opening_fen - before.closing_fen
    missing = 0
    if before.sequence is not None and record.sequence is not None and record.sequence != 1:
        missing = min(max(record.sequence - before.sequence - 1, 0), MOST_MISSING)
    return fen, missing
