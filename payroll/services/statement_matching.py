"""Line by line: what a statement, report or notification of the bank tells about a special account.

Every movement becomes one `StatementLine` however often and in whatever file it is told. A line is matched
with a wage of ours, booked in the project it names, or kept on the account as not yet assigned: never guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from payroll.bank import codes
from payroll.bank.camt053 import Statement
from payroll.models import (
    AccountEntry,
    AccountState,
    BankMessage,
    BankStatement,
    LineEvent,
    PaymentLine,
    PaymentOrder,
    SpecialAccount,
    StatementEntry,
    StatementLine,
    SubLedger,
)
from payroll.services import loans, top_ups
from payroll.services.accounts import ALIVE, Movement, book
from payroll.services.results import (
    CAME_BACK,
    Word,
    apply_words,
    lock_projects,
    locked_ledger,
    newest_attempts,
    settled_otherwise,
)
from payroll.services.told import Told, told_lines
from wagewatch.lib.copying import write_rows, write_values
from wagewatch.lib.dates import SITE_TZ, site_date

LineState = PaymentLine.State
State = StatementLine.State
Kind = AccountEntry.Kind
BATCH_DAYS = 10
"""How long before a statement's line an order may be instructed whose sum the line is."""
TELL_EVERY = 500


def silent(_done: int) -> None:
    """Progress nobody looks at."""


@dataclass
class Stage:
    """What is gathered while a file is matched, then written at once."""

    account: SpecialAccount
    kind: str
    words: dict[str, Word] = field(default_factory=dict)
    movements: dict[int, list[Movement]] = field(default_factory=lambda: defaultdict(list))


def apply_statement(
    statement: Statement,
    account: SpecialAccount,
    message: BankMessage,
    *,
    now: datetime,
    record: BankStatement | None = None,
    tell: Callable[[int], None] = silent,
) -> dict[str, object]:
    """Take in the booked movements of a file, in the caller's transaction; returns counts.

    Reading the same facts again changes nothing, whatever file tells them. `record` keeps which line stands
    in which statement; `tell` hears how many lines were matched.
    """
    told = told_lines(statement, now)
    named = _named_sheets(told, account)
    shares = {
        share.project_id: share
        for share in account.sub_ledgers.select_related("project").order_by("project_id")
    }
    projects = sorted({*shares, *(project_id for project_id, _sheet in named)})
    lock_projects(projects, sorted({sheet_id for _project, sheet_id in named}))
    SpecialAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    lines = _wage_lines(told, account)  # as they stand now that nobody else moves them
    _find_known(told, account, statement.kind)
    _find_batches(told, account, lines)
    _find_by_card(told, account, lines)
    newest = newest_attempts(lines.values())
    before = _told_wages(account, lines)
    in_batches = _told_orders(account, lines)
    unpayable = settled_otherwise(lines.values())
    stage = Stage(account, statement.kind)
    for done, fact in enumerate(told):
        if done % TELL_EVERY == 0:
            tell(done)
        line = lines.get(fact.end_to_end_id)
        if fact.order_id:
            _take_batch(fact, account, lines, stage)
        elif fact.state == State.DUPLICATE:
            continue
        elif line is not None and abs(fact.amount_fen) == line.amount_fen and not _undoes_return(fact):
            key = (fact.end_to_end_id, fact.amount_fen > 0)
            in_batch = line.order_id in in_batches and (
                line.state == LineState.PAID or line.bank_status == CAME_BACK
            )
            again = key in before or (in_batch and fact.amount_fen < 0)
            if not fact.known and again:
                fact.state = State.DUPLICATE
                continue
            if fact.known and fact.state not in (State.MATCHED, State.RETURNED):
                continue
            _take_wage(fact, line, stage, newest, unpayable, shares)
            if fact.state in (State.MATCHED, State.RETURNED):
                before.add(key)
        elif not fact.known:
            _take_other(fact, shares, stage)
    tell(len(told))
    _keep(told, account, message, record, now)
    for project_id, movements in sorted(stage.movements.items()):
        book(locked_ledger(project_id), movements)
        loans.follow_loans(project_id, movements)
    top_ups.close_covered(sorted(stage.movements), now=now)
    by_project: dict[int, list[PaymentLine]] = defaultdict(list)
    for line in lines.values():
        by_project[line.project_id].append(line)
    moved = sum(
        apply_words(project_id, group, stage.words, now=now)
        for project_id, group in sorted(by_project.items())
    )
    states = Counter(fact.state for fact in told)
    return {
        "lines": len(told),
        "moved": moved,
        "known": sum(fact.known for fact in told),
        "unmatched": states[State.UNMATCHED],
        "returned": states[State.RETURNED],
    }


def _named(told: Sequence[Told], account: SpecialAccount) -> QuerySet[PaymentLine]:
    """The wages of this account that a file names by our references."""
    references = {fact.end_to_end_id for fact in told if fact.end_to_end_id}
    return PaymentLine.objects.filter(end_to_end_id__in=references, order__account=account)


def _named_sheets(told: Sequence[Told], account: SpecialAccount) -> set[tuple[int, int]]:
    """(project, sheet) of the wages that a file names: what to lock before they are read."""
    return set(_named(told, account).values_list("project_id", "sheet_id").distinct())


def _wage_lines(told: Sequence[Told], account: SpecialAccount) -> dict[str, PaymentLine]:
    # Opening the card number of every line would cost as much as reading the rest, and nothing here asks for it.
    return {line.end_to_end_id: line for line in _named(told, account).defer("card_number")}


def _find_known(told: Sequence[Told], account: SpecialAccount, kind: str) -> None:
    """Which movements another file told before: by the bank's reference, else by day, amount and party.

    Files of one kind number alike, so only movements of another kind of file (or without the bank's own
    reference) are paired by their facts, each line once.
    """
    by_reference: dict[tuple[str, int], list[StatementLine]] = defaultdict(list)
    found = StatementLine.objects.filter(account=account, bank_reference__in={f.reference for f in told})
    for line in found:
        by_reference[line.bank_reference, line.amount_fen].append(line)
    used: set[int] = set()
    for fact in told:
        for line in by_reference.get((fact.reference, fact.amount_fen), ()):
            same = line.end_to_end_id == fact.end_to_end_id
            if line.pk not in used and (same or not (line.end_to_end_id and fact.end_to_end_id)):
                _is_known(fact, line, used)
                break
    rest = [fact for fact in told if fact.line is None]
    if not rest:
        return
    first, last = min(f.day for f in rest), max(f.day for f in rest)
    others: dict[tuple[date, int], list[StatementLine]] = defaultdict(list)
    nearby = (
        StatementLine.objects.filter(
            account=account,
            booked_at__gte=datetime.combine(first, time(0), SITE_TZ),
            booked_at__lt=datetime.combine(last + timedelta(days=1), time(0), SITE_TZ),
        )
        .exclude(state=State.DUPLICATE)
        .exclude(message__kind=kind)
        .select_related("message")
        .defer("message__content")
        .order_by("pk")
    )
    for line in nearby:
        others[site_date(line.booked_at), line.amount_fen].append(line)
    for fact in rest:
        for line in others.get((fact.day, fact.amount_fen), ()):
            if line.pk not in used and _same_facts(fact, line):
                _is_known(fact, line, used)
                break


def _is_known(fact: Told, line: StatementLine, used: set[int]) -> None:
    used.add(line.pk)
    fact.line, fact.known, fact.state = line, True, line.state


def _same_facts(fact: Told, line: StatementLine) -> bool:
    made_up = fact.made_up or line.message.kind == "table" or "/" in line.bank_reference
    if not made_up:
        return False
    if fact.end_to_end_id and line.end_to_end_id:
        return fact.end_to_end_id == line.end_to_end_id
    return not (fact.counterparty and line.counterparty) or fact.counterparty == line.counterparty


def _find_by_card(told: Sequence[Told], account: SpecialAccount, lines: dict[str, PaymentLine]) -> None:
    """Outgoing lines of a bank's export without our reference: by card and amount, or by an order's sum."""
    open_facts = [
        f
        for f in told
        if f.line is None and not f.end_to_end_id and f.amount_fen < 0 and f.made_up and not f.order_id
    ]
    if not open_facts:
        return
    since = datetime.combine(min(f.day for f in open_facts), time(0), SITE_TZ) - timedelta(days=BATCH_DAYS)
    orders = {
        order.pk: order
        for order in PaymentOrder.objects.filter(account=account, instructed_at__gte=since).defer("file")
    }
    waiting = list(PaymentLine.objects.filter(order__in=orders, state__in=[*ALIVE, LineState.PAID]))
    told_already = {
        e2e for e2e, _incoming in _told_wages(account, {line.end_to_end_id: line for line in waiting})
    } | {f.end_to_end_id for f in told}
    batches = _told_orders(account, {line.end_to_end_id: line for line in waiting})
    free = [x for x in waiting if x.end_to_end_id not in told_already and x.order_id not in batches]
    by_card: dict[tuple[str, int], list[PaymentLine]] = defaultdict(list)
    by_order: dict[int, list[PaymentLine]] = defaultdict(list)
    for line in free:
        by_card[str(line.card_number), line.amount_fen].append(line)
        by_order[line.order_id].append(line)
    for fact in open_facts:
        cards = by_card.get((fact.counterparty_account, -fact.amount_fen), [])
        if len(cards) == 1 and fact.counterparty_account:
            line = cards.pop()
            fact.end_to_end_id = line.end_to_end_id
            lines[line.end_to_end_id] = line
            by_order.pop(line.order_id, None)
            continue
        sums = [
            pk
            for pk, group in by_order.items()
            if len(group) == orders[pk].line_count
            and orders[pk].total_fen == -fact.amount_fen
            and site_date(orders[pk].instructed_at) <= fact.day
        ]
        if len(sums) == 1 and orders[sums[0]].line_count > 1:
            fact.order_id = orders[sums[0]].message_id
            for line in by_order.pop(sums[0]):
                lines[line.end_to_end_id] = line


def _told_wages(account: SpecialAccount, lines: dict[str, PaymentLine]) -> set[tuple[str, bool]]:
    """(end-to-end id, came in) of the wages that a line tells already."""
    rows = StatementLine.objects.filter(
        account=account, end_to_end_id__in=lines, state__in=[State.MATCHED, State.RETURNED]
    ).values_list("end_to_end_id", "amount_fen")
    return {(e2e, fen > 0) for e2e, fen in rows}


def _told_orders(account: SpecialAccount, lines: dict[str, PaymentLine]) -> set[int]:
    """Orders whose whole sum one line tells."""
    orders = {line.order_id for line in lines.values()}
    named = dict(PaymentOrder.objects.filter(pk__in=orders).values_list("message_id", "pk"))
    rows = LineEvent.objects.filter(
        line__account=account, reference__in=named, entry_kind=Kind.WAGES
    ).values_list("reference", flat=True)
    return {named[reference] for reference in rows}


def _find_batches(told: Sequence[Told], account: SpecialAccount, lines: dict[str, PaymentLine]) -> None:
    """Outgoing movements that name an order of ours as a whole: all of its payments that the bank did not refuse."""
    named = [f for f in told if f.line is None and f.batches and not f.end_to_end_id and f.amount_fen < 0]
    if not named:
        return
    wanted = {number for fact in named for number in fact.batches}
    orders = {
        order.message_id: order
        for order in PaymentOrder.objects.filter(account=account, message_id__in=wanted).defer("file")
    }
    taken: set[int] = set()
    for fact in named:
        order = next((orders[n] for n in fact.batches if n in orders), None)
        if order is None or order.pk in taken:
            continue
        whole = PaymentLine.objects.filter(project=order.project_id, order=order.pk).defer("card_number")
        group = {
            x.end_to_end_id: x for x in whole if x.state != LineState.RETURNED or x.bank_status == CAME_BACK
        }
        single = {f.end_to_end_id for f in told if f.amount_fen < 0}
        single |= {e for e, incoming in _told_wages(account, group) if not incoming}
        by_sum = bool(_told_orders(account, group))
        free = {} if by_sum else {e: x for e, x in group.items() if e not in single}
        if free and sum(x.amount_fen for x in free.values()) == -fact.amount_fen:
            taken.add(order.pk)
            fact.order_id = order.message_id
            lines.update({e: lines.get(e, x) for e, x in free.items()})
        elif not free and group and sum(x.amount_fen for x in group.values()) == -fact.amount_fen:
            fact.state = State.DUPLICATE


def _take_batch(fact: Told, account: SpecialAccount, lines: dict[str, PaymentLine], stage: Stage) -> None:
    order = PaymentOrder.objects.defer("file").get(message_id=fact.order_id, account=account)
    for line in lines.values():
        earlier = stage.words.get(line.end_to_end_id)
        if line.order_id == order.pk and (earlier is None or earlier.status != CAME_BACK):
            stage.words[line.end_to_end_id] = Word(LineState.PAID, "BOOK", "", "", fact.at, True)
    fact.state, fact.assigned_fen, fact.entry_kind = State.MATCHED, fact.amount_fen, Kind.WAGES


def _take_wage(
    fact: Told,
    line: PaymentLine,
    stage: Stage,
    newest: dict[tuple[int, int], int],
    unpayable: set[str],
    shares: dict[int, SubLedger],
) -> None:
    """Judge one booked movement that names one of our lines."""
    reference = line.end_to_end_id
    if fact.amount_fen > 0:
        reason = codes.judge_return(fact.detail.returned) if fact.detail.returned else None
        stage.words[reference] = Word(
            LineState.RETURNED,
            CAME_BACK,
            reason.code if reason else "",
            reason.verbatim if reason else "",
            fact.at,
            True,
        )
        fact.state, fact.assigned_fen = State.RETURNED, fact.amount_fen
        return
    refused = line.state == LineState.RETURNED and line.bank_status != CAME_BACK
    if refused and (newest[line.sheet_id, line.worker_id] > line.attempt or reference in unpayable):
        # Refused, sent again or paid otherwise, and now booked all the same: a person must look, it may be paid twice.
        if line.project_id in shares:
            _book(fact, shares[line.project_id], Kind.OTHER_OUT, stage)
        fact.state = State.UNMATCHED
        return
    earlier = stage.words.get(reference)
    if earlier is None or earlier.status != CAME_BACK:
        stage.words[reference] = Word(LineState.PAID, "BOOK", "", "", fact.at, True)
    fact.state, fact.assigned_fen = State.MATCHED, fact.amount_fen


def _take_other(fact: Told, shares: dict[int, SubLedger], stage: Stage) -> None:
    """Book what is no wage in the project it belongs to; without one it waits on the account.

    Loans are known by their reference. Money under such a reference that is not what was agreed, and interest,
    fill no allocation.
    """
    words = f"{fact.words} {fact.end_to_end_id}"
    loan = loans.recognise(words, fact.amount_fen, shares, fact.at)
    if loan is not None:
        project_id = loans.loan_project(loan.cause) or 0
        earlier = _loan_told(loan, project_id, stage)
        if earlier is not None:
            # Another kind of file tells it again; the same kind tells that the money moved once more.
            if earlier != stage.kind:
                fact.state = State.DUPLICATE
            else:
                _book(
                    fact, shares[project_id], Kind.OTHER_OUT if fact.amount_fen < 0 else Kind.OTHER_IN, stage
                )
            return
        fact.share, fact.entry_kind, fact.assigned_fen = shares[project_id], loan.kind, fact.amount_fen
        fact.state = State.MATCHED
        stage.movements[project_id].append(loan)
        return
    share = _share_of(fact, shares)
    if share is None:
        return
    if fact.amount_fen > 0 and not fact.end_to_end_id:
        _book(
            fact,
            share,
            Kind.OTHER_IN if "息" in words or loans.loan_project(words) else Kind.ALLOCATION,
            stage,
        )
        fact.state = State.MATCHED
    else:
        _book(fact, share, Kind.OTHER_OUT if fact.amount_fen < 0 else Kind.OTHER_IN, stage)


def _undoes_return(fact: Told) -> bool:
    """The bank takes back a wage that had come back: money out, but no payment of that wage."""
    return fact.undoes and fact.amount_fen < 0


def _book(fact: Told, share: SubLedger, kind: str, stage: Stage) -> None:
    fact.share, fact.entry_kind, fact.assigned_fen = share, kind, fact.amount_fen
    stage.movements[share.project_id].append(
        Movement(fact.booking, kind, fact.amount_fen, fact.at, fact.cause)
    )


def _loan_told(loan: Movement, project_id: int, stage: Stage) -> str | None:
    """What kind of file told a draw or repayment of a loan first; None when nobody has."""
    if any(m.reference == loan.reference for m in stage.movements[project_id]):
        return stage.kind
    if not AccountEntry.objects.filter(project=project_id, bank_reference=loan.reference).exists():
        return None
    told = StatementLine.objects.filter(
        account=stage.account, amount_fen=loan.amount_fen, events__entry_kind=loan.kind
    ).values_list("text", "end_to_end_id", "message__kind")
    kinds = [kind for text, number, kind in told if loans.reference_in(f"{text} {number}") == loan.cause]
    return kinds[0] if kinds else ""


def _share_of(fact: Told, shares: dict[int, SubLedger]) -> SubLedger | None:
    """The account's only project, or the one whose code the line's text names."""
    served = [s for s in shares.values() if s.state != AccountState.REFUSED]
    if len(served) > 1:
        served = [s for s in served if s.project.code in fact.words]
    found = [s for s in served if s.state != AccountState.CLOSED]
    return found[0] if len(served) == len(found) == 1 else None


def _keep(
    told: Sequence[Told],
    account: SpecialAccount,
    message: BankMessage,
    record: BankStatement | None,
    now: datetime,
) -> None:
    """Write the new lines, what was booked by itself, and which line stands in which statement."""
    new = [fact for fact in told if fact.line is None]
    for fact in new:
        fact.line = StatementLine(
            account=account,
            message=message,
            bank_reference=fact.reference,
            booked_at=fact.at,
            amount_fen=fact.amount_fen,
            assigned_fen=fact.assigned_fen,
            end_to_end_id=fact.end_to_end_id,
            counterparty=fact.counterparty,
            text=fact.words[:200],
            state=fact.state,
            is_foreign=fact.state == State.UNMATCHED and fact.amount_fen < 0,
            version=1 if fact.entry_kind or fact.state == State.DUPLICATE else 0,
        )
    write_rows([f.line for f in new if f.line])
    write_rows(_events(new, now))
    if record is not None:
        write_values(
            StatementEntry,
            ("statement_id", "position", "line_id", "known"),
            [(record.pk, fact.position, fact.line.pk if fact.line else None, fact.known) for fact in told],
        )


def _events(new: Iterable[Told], now: datetime) -> list[LineEvent]:
    """What was done about new lines by itself: booked, or said to be told twice (which a person can undo)."""
    return [
        LineEvent(
            line=fact.line,
            number=1,
            act=1,
            kind=LineEvent.Kind.BOOKED if fact.entry_kind else LineEvent.Kind.DUPLICATE,
            before="" if fact.entry_kind else State.UNMATCHED,
            after=fact.state,
            foreign_before=not fact.entry_kind and fact.amount_fen < 0,
            sub_ledger=fact.share,
            entry_kind=fact.entry_kind,
            amount_fen=fact.amount_fen if fact.entry_kind else 0,
            reference=fact.order_id or fact.booking,
            made_at=now,
        )
        for fact in new
        if fact.entry_kind or fact.state == State.DUPLICATE
    ]
