"""What people decide about a statement line: assign it, dismiss it, say that it is told twice, undo.

Nothing is erased: a booking that was wrong is taken back by an entry of its own, and every act is kept with
who, when and why. A worker's wage that arrived is never undone: the worker has been told.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_line, acts_for_bank
from payroll.account_rules import squeeze
from payroll.models import (
    AccountEntry,
    AccountState,
    LineEvent,
    PaymentLine,
    SpecialAccount,
    StatementLine,
    SubLedger,
)
from payroll.services.account_closing import open_request, ruling_of
from payroll.services.accounts import ALIVE, Movement, book
from payroll.services.results import (
    CAME_BACK,
    Word,
    apply_words,
    lock_projects,
    locked_ledger,
    settled_otherwise,
)
from registration.actors import Actor
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import format_cny

State = StatementLine.State
Act = LineEvent.Kind
Kind = AccountEntry.Kind
INCOMING = (Kind.ALLOCATION, Kind.OTHER_IN)
OUTGOING = (Kind.OTHER_OUT, Kind.CLOSING)
REASONS = ("fee", "correction", "explained", "small", "other")
"""Why a line is dismissed; see `account_line_words`."""
BANKS_OWN = frozenset({"fee", "correction"})
"""Reasons that only the bank itself can give; with them an outflow is no longer foreign."""
SHORTEST_NOTE = 2


@dataclass(frozen=True)
class Part:
    """One share of a line's amount: to a project, as what, how much (signed like the line)."""

    project_id: int
    kind: str
    amount_fen: int


@dataclass(frozen=True)
class _Booking:
    share_id: int
    kind: str
    amount_fen: int


def _locked(line_id: int, actor: Actor, payment: str = "") -> StatementLine:
    """The line, after its account's projects (and a payment's sheet): the order in which everybody locks."""
    account_id = access_line(line_id, actor).account_id
    sheets = PaymentLine.objects.filter(end_to_end_id=payment, order__account=account_id).values_list(
        "sheet_id", flat=True
    )
    projects = SubLedger.objects.filter(account=account_id).values_list("project_id", flat=True)
    lock_projects(list(projects), list(sheets) if payment else [])
    SpecialAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    return access_line(line_id, actor, for_write=True)


def bookings_of(line: StatementLine) -> list[_Booking]:
    """What the line holds in shares now: the sum of its events by share and kind."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for event in line.events.all():
        if event.sub_ledger_id is not None and event.entry_kind:
            sums[event.sub_ledger_id, event.entry_kind] += event.amount_fen
    return [_Booking(share, kind, fen) for (share, kind), fen in sorted(sums.items()) if fen]


class _Acting:
    """Writes one act about a locked line: its events and the entries that go with them."""

    def __init__(self, line: StatementLine, actor: Actor, now: datetime, undoes: int | None = None) -> None:
        self.line, self.actor, self.now, self.undoes = line, actor, now, undoes
        self.number = line.events.count()
        self.act = (line.events.order_by("-act").values_list("act", flat=True).first() or 0) + 1
        self.before, self.foreign_before = line.state, line.is_foreign
        self.events: list[LineEvent] = []

    def add(
        self,
        kind: str,
        after: str,
        *,
        share: SubLedger | None = None,
        entry_kind: str = "",
        amount_fen: int = 0,
        reference: str = "",
        reason: str = "",
        note: str = "",
    ) -> None:
        self.number += 1
        self.events.append(
            LineEvent(
                line=self.line,
                number=self.number,
                act=self.act,
                undoes=self.undoes,
                kind=kind,
                before=self.before,
                after=after,
                foreign_before=self.foreign_before,
                sub_ledger=share,
                entry_kind=entry_kind,
                amount_fen=amount_fen,
                reference=reference,
                reason=reason,
                note=note.strip()[:200],
                made_by_id=self.actor.id if self.actor.kind == "user" else None,
                made_at=self.now,
            )
        )
        if share is not None and amount_fen:
            cause = self.line.counterparty or self.line.text or self.line.bank_reference
            reference = f"L{self.line.pk}.{self.number}"
            book(
                locked_ledger(share.project_id),
                [Movement(reference, entry_kind, amount_fen, self.now, cause)],
            )
            self.line.assigned_fen += amount_fen

    def release(self, kind: str = Act.RELEASED) -> None:
        """Take the line out of every share it is booked in."""
        for booking in bookings_of(self.line):
            share = SubLedger.objects.get(pk=booking.share_id)
            _check_open(share)
            self.add(kind, self.before, share=share, entry_kind=booking.kind, amount_fen=-booking.amount_fen)

    def done(self, state: str, *, foreign: bool) -> StatementLine:
        LineEvent.objects.bulk_create(self.events)
        self.line.state, self.line.is_foreign = state, foreign
        self.line.version += 1
        self.line.save(update_fields=["state", "is_foreign", "assigned_fen", "version", "end_to_end_id"])
        return self.line


def _check_version(line: StatementLine, version: int) -> None:
    if line.version != version:
        raise RuleViolation(
            "line.changed", _("Somebody else has changed this line. Look at it again before you decide.")
        )


def _check_open(share: SubLedger) -> None:
    if share.state == AccountState.CLOSED:
        raise RuleViolation("account.closed", _("The special account is closed. Nothing is paid from it."))


def _check_not_wage(line: StatementLine) -> None:
    if tells_wage(line):
        raise RuleViolation(
            "line.wage",
            _("This line is a wage: the worker has been told. If it is wrong, the bank returns the money."),
        )


def tells_wage(line: StatementLine) -> bool:
    """Whether the line stands for a worker's wage, paid or brought back."""
    if line.state not in (State.MATCHED, State.RETURNED):
        return False
    if line.end_to_end_id:
        return not bookings_of(line)
    return line.events.filter(entry_kind=Kind.WAGES).exists()


@transaction.atomic
def assign_line(
    line_id: int, parts: Sequence[Part], *, note: str = "", version: int, actor: Actor, now: datetime
) -> StatementLine:
    """Book a line in one project, or split it between several; what was booked before is taken back first.

    Raises Malformed `line.parts`, `line.sum`, `line.kind`; RuleViolation `line.changed`, `line.wage`,
    `line.duplicate`, `account.closed`, `closing.released`; NotFound.
    """
    line = _locked(line_id, actor)
    _check_version(line, version)
    _check_not_wage(line)
    if line.state == State.DUPLICATE:
        raise RuleViolation("line.duplicate", _("This line is told twice. Undo that first."))
    shares = {s.project_id: s for s in line.account.sub_ledgers.all()}
    if not parts or len({(p.project_id, p.kind) for p in parts}) != len(parts):
        raise Malformed("line.parts", _("Choose at least one project, each of them once."))
    allowed = INCOMING if line.amount_fen > 0 else OUTGOING
    for part in parts:
        share = shares.get(part.project_id)
        if share is None or share.state == AccountState.REFUSED:
            raise Malformed("line.parts", _("Choose a project that this account serves."))
        _check_open(share)
        if part.kind not in allowed:
            raise Malformed("line.kind", _("Choose what the money is."))
        if part.amount_fen * line.amount_fen <= 0:
            raise Malformed("line.sum", _("Write an amount above zero for every project."))
        if part.kind == Kind.CLOSING:
            _check_released(share)
    total = sum(part.amount_fen for part in parts)
    if total != line.amount_fen:
        raise Malformed(
            "line.sum",
            _("The parts add up to %(total)s, the line is %(amount)s. Nothing may be left over."),
            total=format_cny(abs(total)),
            amount=format_cny(abs(line.amount_fen)),
        )
    acting = _Acting(line, actor, now)
    acting.release()
    for part in parts:
        acting.add(
            Act.ASSIGNED,
            State.MATCHED,
            share=shares[part.project_id],
            entry_kind=part.kind,
            amount_fen=part.amount_fen,
            note=note,
        )
    foreign = line.amount_fen < 0 and any(part.kind == Kind.OTHER_OUT for part in parts)
    return acting.done(State.MATCHED, foreign=foreign)


def _check_released(share: SubLedger) -> None:
    ruling = ruling_of(open_request(share))
    if ruling is None or ruling.kind != "released":
        raise RuleViolation(
            "closing.released",
            _("The rest goes back to the contractor only after the authority has allowed the closing."),
        )


def wage_candidates(line: StatementLine) -> list[PaymentLine]:
    """Payments of the account that this line may tell: same amount, and no line tells them yet."""
    states = [*ALIVE, PaymentLine.State.RETURNED] if line.amount_fen < 0 else [PaymentLine.State.PAID]
    found = list(
        PaymentLine.objects.filter(
            order__account=line.account_id, amount_fen=abs(line.amount_fen), state__in=states
        )
        .exclude(bank_status=CAME_BACK)
        .select_related("worker", "project")
        .order_by("-month", "project_id", "worker_id")[:200]
    )
    told = set(
        StatementLine.objects.filter(
            account=line.account_id,
            end_to_end_id__in=[x.end_to_end_id for x in found],
            state__in=[State.MATCHED, State.RETURNED],
        ).values_list("end_to_end_id", "state")
    )
    as_told = State.MATCHED if line.amount_fen < 0 else State.RETURNED
    newest: dict[tuple[int, int], int] = {}
    for x in found:
        key = (x.sheet_id, x.worker_id)
        newest[key] = max(newest.get(key, 0), x.attempt)
    free = [x for x in found if (x.end_to_end_id, as_told) not in told]
    named = squeeze(line.counterparty)
    free.sort(key=lambda x: squeeze(x.worker.name) != named)
    unpayable = settled_otherwise(free)
    return [
        x
        for x in free
        if x.state != PaymentLine.State.RETURNED
        or (x.attempt == newest[x.sheet_id, x.worker_id] and x.end_to_end_id not in unpayable)
    ]


@transaction.atomic
def match_wage(
    line_id: int, end_to_end_id: str, *, version: int, actor: Actor, now: datetime
) -> StatementLine:
    """Match a line with one of our payments: money out pays it, money in brings it back.

    The counterparty must be the worker by name; only the bank's officer may match a line that names somebody
    else. Raises RuleViolation `line.changed`, `line.wage`, `line.name`, `line.moved`, Malformed `line.wage`.
    """
    line = _locked(line_id, actor, end_to_end_id)
    _check_version(line, version)
    _check_not_wage(line)
    if line.state == State.DUPLICATE:
        raise RuleViolation("line.duplicate", _("This line is told twice. Undo that first."))
    payment = next((x for x in wage_candidates(line) if x.end_to_end_id == end_to_end_id), None)
    if payment is None:
        raise Malformed("line.payment", _("Choose a payment of the same amount that no other line tells."))
    if squeeze(payment.worker.name) != squeeze(line.counterparty) and not acts_for_bank(actor, line.account):
        raise RuleViolation(
            "line.name",
            _("The line does not name this worker. Ask the bank's officer to match it."),
        )
    acting = _Acting(line, actor, now)
    acting.release()
    out = line.amount_fen < 0
    acting.add(
        Act.ASSIGNED,
        State.MATCHED if out else State.RETURNED,
        amount_fen=0,
        entry_kind=Kind.WAGES if out else Kind.RETURN,
        reference=payment.end_to_end_id,
    )
    line.end_to_end_id = payment.end_to_end_id
    line.assigned_fen = line.amount_fen
    state = PaymentLine.State.PAID if out else PaymentLine.State.RETURNED
    word = Word(state, "BOOK" if out else CAME_BACK, "", line.text if not out else "", line.booked_at, True)
    if not apply_words(payment.project_id, [payment], {payment.end_to_end_id: word}, now=now):
        raise RuleViolation("line.moved", _("This payment has moved on meanwhile. Reload the page."))
    return acting.done(State.MATCHED if out else State.RETURNED, foreign=False)


@transaction.atomic
def dismiss_line(
    line_id: int, reason: str, note: str, *, version: int, actor: Actor, now: datetime
) -> StatementLine:
    """Say why a line needs no match; its money stays where it stands, and it stays in the list of dismissed.

    An outflow stays foreign unless the bank itself says that it is its fee or its correction. Raises Malformed
    `line.reason`, `line.note`; RuleViolation `line.changed`, `line.state`, `line.bank_only`.
    """
    line = _locked(line_id, actor)
    _check_version(line, version)
    if line.state != State.UNMATCHED:
        raise RuleViolation("line.state", _("Only a line that matches nothing can be dismissed."))
    if reason not in REASONS:
        raise Malformed("line.reason", _("Choose a reason."))
    if len(note.strip()) < SHORTEST_NOTE:
        raise Malformed("line.note", _("Write in a few words what this money was."))
    if reason in BANKS_OWN and not acts_for_bank(actor, line.account):
        raise RuleViolation("line.bank_only", _("Only the bank's officer can say that it is the bank's own."))
    acting = _Acting(line, actor, now)
    acting.add(Act.DISMISSED, State.DISMISSED, reason=reason, note=note)
    return acting.done(State.DISMISSED, foreign=line.is_foreign and reason not in BANKS_OWN)


@transaction.atomic
def call_duplicate(
    line_id: int, other_id: int, *, version: int, actor: Actor, now: datetime
) -> StatementLine:
    """Say that a line tells what another line has told: its booking is taken back, and it counts no more.

    Raises Malformed `line.other` unless the other is of the same account and amount and counts itself.
    """
    line = _locked(line_id, actor)
    _check_version(line, version)
    _check_not_wage(line)
    other = (
        StatementLine.objects.filter(pk=other_id, account=line.account_id, amount_fen=line.amount_fen)
        .exclude(pk=line.pk)
        .exclude(state=State.DUPLICATE)
        .first()
    )
    if line.state == State.DUPLICATE or other is None:
        raise Malformed("line.other", _("Choose a line of the same amount that is not itself told twice."))
    acting = _Acting(line, actor, now)
    acting.release()
    acting.add(Act.DUPLICATE, State.DUPLICATE, reference=other.bank_reference)
    return acting.done(State.DUPLICATE, foreign=False)


def last_act(line: StatementLine) -> list[LineEvent]:
    """The rows of the newest act that is not undone and was somebody's; empty if there is none."""
    events = list(line.events.order_by("number"))
    gone = {event.undoes for event in events if event.undoes}
    acts = {e.act for e in events if e.undoes is None and e.kind != Act.BOOKED} - gone
    if not acts:
        return []
    newest = max(acts)
    return [event for event in events if event.act == newest]


@transaction.atomic
def undo_line(line_id: int, *, version: int, actor: Actor, now: datetime) -> StatementLine:
    """Undo the newest act: entries are taken back by entries, the line stands as before.

    Raises RuleViolation `line.changed`, `line.nothing`, `line.wage`, `account.closed`.
    """
    line = _locked(line_id, actor)
    _check_version(line, version)
    rows = last_act(line)
    if not rows:
        raise RuleViolation("line.nothing", _("There is nothing to undo."))
    if any(row.entry_kind in (Kind.WAGES, Kind.RETURN) and row.sub_ledger_id is None for row in rows):
        _check_not_wage(line)
    acting = _Acting(line, actor, now, undoes=rows[0].act)
    for row in reversed(rows):
        share = row.sub_ledger
        if share is not None:
            _check_open(share)
        acting.add(
            Act.UNDONE,
            rows[0].before,
            share=share,
            entry_kind=row.entry_kind,
            amount_fen=-row.amount_fen,
            reference=row.reference,
        )
    return acting.done(rows[0].before, foreign=rows[0].foreign_before)
