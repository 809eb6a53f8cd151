"""Instructing the bank and taking in its answers; the bank is the simulator's own engine over its public bytes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from payroll.bank.simulator.bank import Bank
from payroll.bank.simulator.desk import Pace
from payroll.bank.transport import Ack
from payroll.models import (
    AccountEntry,
    BankMessage,
    PaymentLine,
    PaymentOrder,
    PaySlip,
    StatementLine,
    SubLedger,
)
from payroll.services import accounts, messages, orders
from registration.models import SmsMessage
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation, TryLater

pytestmark = pytest.mark.django_db
FUNDS = 10_000_000
OTHER_CARD = "6222020000000099901"


class Counter:
    """The bank's counter: what a transport does, over the simulator's engine, with time in our hands."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.now = now
        self.bank = Bank(folder / "bank.sqlite3", Pace(timedelta(0), timedelta(0), None, honour_dates=False))
        self.bank.open_account(stage.ACCOUNT_NUMBER, "专户", now)
        self.bank.deposit(
            stage.ACCOUNT_NUMBER, FUNDS, reference="D", payer_name="多湖置业", text="人工费", now=now
        )

    def send(self, message_id: str, data: bytes) -> Ack:
        receipt = self.bank.accept(data, self.now)
        return Ack(message_id, receipt.sha256, receipt.known)

    def work(self) -> None:
        for _round in range(4):
            self.now += timedelta(seconds=5)
            self.bank.work(self.now)

    def fetch(self, since: str = "") -> list[tuple[str, bytes]]:
        return [(m.name, self.bank.message(m.name) or b"") for m in self.bank.messages(since)]

    def acknowledge(self, name: str) -> None:
        self.bank.acknowledge(name, self.now)


@pytest.fixture
def bank(tmp_path: Path, cast: Cast) -> Iterator[Counter]:
    counter = Counter(tmp_path, cast.now)
    yield counter
    counter.bank.close()


def exchange(bank: Counter) -> None:
    orders.send_ready_orders(bank, now=bank.now)
    bank.work()
    messages.fetch_messages(bank, now=bank.now)


def balances_hold(cast: Cast) -> None:
    """The share's balance is the last entry's, and allocations less what is paid."""
    ledger = SubLedger.objects.get(project=cast.project)
    entries = list(AccountEntry.objects.filter(project=cast.project).order_by("number"))
    running = 0
    for number, entry in enumerate(entries, start=1):
        running += entry.amount_fen
        assert (entry.number, entry.balance_fen) == (number, running)
    assert (ledger.balance_fen, ledger.entry_count) == (running, len(entries))
    paid = sum(PaymentLine.objects.filter(state="paid").values_list("amount_fen", flat=True))
    given = sum(e.amount_fen for e in entries if e.kind in ("allocation", "other_in", "other_out"))
    assert running == given - paid


def funded(cast: Cast, bank: Counter) -> None:
    stage.account(cast)
    bank.work()
    messages.fetch_messages(bank, now=bank.now)
    assert SubLedger.objects.get(project=cast.project).balance_fen == FUNDS


def test_from_approval_to_paid(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    assert (order.line_count, order.total_fen, order.state) == (2, 1_506_000, "ready")
    assert {s.payment for s in PaySlip.objects.filter(sheet=sheet.pk)} == {"instructed"}
    exchange(bank)
    sheet.refresh_from_db()
    order.refresh_from_db()
    sun = stage.slip_of(sheet, cast.sun)
    assert (sheet.state, order.state) == ("settled", "done")
    assert (sun.payment, sun.paid_card_tail) == ("paid", cast.sun_card.tail)
    assert sun.paid_at is not None
    assert SubLedger.objects.get(project=cast.project).balance_fen == FUNDS - 1_506_000
    balances_hold(cast)
    assert SmsMessage.objects.filter(kind="line.paid").count() == 2
    assert set(StatementLine.objects.values_list("state", flat=True)) == {"matched"}
    for entry in Entry.objects.all():
        assert record_matches(entry, rebuilt_record(entry) or {}), entry.kind
    assert Entry.objects.filter(kind="line.result").count() == 2


def test_accepted_is_not_paid(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    bank.bank.pace = Pace(timedelta(0), timedelta(days=1), None, honour_dates=False)
    exchange(bank)
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"received"}
    assert {s.payment for s in PaySlip.objects.filter(sheet=sheet.pk)} == {"instructed"}
    assert accounts.reserved_fen(cast.project.pk) == 1_506_000


def test_a_returned_wage_is_corrected_and_sent_again(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    stage.change_card(cast.sun, "6222020000000002222", cast.now)  # closed, says the simulator
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    exchange(bank)
    sheet.refresh_from_db()
    sun = stage.slip_of(sheet, cast.sun)
    assert (sheet.state, sun.payment, sun.return_code) == ("part_paid", "returned", "AC04")
    assert "已销户" in sun.return_text
    with pytest.raises(RuleViolation) as refusal:
        orders.resend_returned(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    assert refusal.value.code == "order.same_card"
    stage.change_card(cast.sun, OTHER_CARD, cast.now)
    again = orders.resend_returned(sheet.pk, actor=cast.actor(cast.he), now=cast.now + timedelta(minutes=1))
    assert again.line_count == 1
    assert PaymentLine.objects.get(order=again.pk).end_to_end_id.endswith("-2")
    exchange(bank)
    sheet.refresh_from_db()
    assert sheet.state == "settled"
    assert stage.slip_of(sheet, cast.sun).paid_card_tail == OTHER_CARD[-4:]
    balances_hold(cast)


def test_money_that_comes_back_after_payment(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    stage.change_card(cast.sun, "6222020000000003333", cast.now)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    exchange(bank)
    sun = stage.slip_of(sheet, cast.sun)
    assert (sun.payment, sun.return_code) == ("returned", "AC06")
    assert AccountEntry.objects.filter(kind="return", amount_fen=792_000).count() == 1
    assert StatementLine.objects.filter(state="returned").count() == 1
    assert SubLedger.objects.get().balance_fen == FUNDS - 714_000
    balances_hold(cast)


@pytest.mark.parametrize("order_of_files", ["forwards", "backwards", "twice"])
def test_bank_files_in_any_order(cast: Cast, bank: Counter, order_of_files: str) -> None:
    funded(cast, bank)
    stage.change_card(cast.sun, "6222020000000003333", cast.now)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    orders.send_ready_orders(bank, now=bank.now)
    bank.work()
    bank.bank.issue_statement(stage.ACCOUNT_NUMBER, bank.now)
    bank.work()
    files = [data for _name, data in bank.fetch()]
    if order_of_files == "backwards":
        files.reverse()
    if order_of_files == "twice":
        # The same content under new bytes: a replay that the hash alone does not catch.
        files = [variant for data in files for variant in (data, data + b"\n")]
    for n, data in enumerate(files):
        messages.store_message(f"f{n}", data, now=bank.now)
        messages.process_waiting(now=bank.now)
    sun, zhou = stage.slip_of(sheet, cast.sun), stage.slip_of(sheet, cast.zhou)
    assert (sun.payment, zhou.payment) == ("returned", "paid")
    assert SubLedger.objects.get().balance_fen == FUNDS - 714_000
    balances_hold(cast)


def test_a_repeated_send_is_harmless(cast: Cast, bank: Counter) -> None:
    """kill -9 between sending and marking leaves the order ready: it goes out again, the same bytes."""
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    orders.send_ready_orders(bank, now=bank.now)
    PaymentOrder.objects.filter(pk=order.pk).update(state="ready", sent_at=None)
    exchange(bank)
    bank.work()
    messages.fetch_messages(bank, now=bank.now)
    sheet.refresh_from_db()
    assert sheet.state == "settled"
    assert AccountEntry.objects.filter(kind="wages").count() == 2
    assert any(m.summary.get("group") == "RJCT" for m in BankMessage.objects.all())  # the DUPL answer
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"paid"}
    balances_hold(cast)


def test_a_bank_that_is_away_keeps_the_order_ready(cast: Cast, bank: Counter) -> None:
    class Away(Counter):
        def __init__(self) -> None: ...

        def send(self, message_id: str, data: bytes) -> Ack:
            raise TryLater("bank.unreachable")

    funded(cast, bank)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    assert orders.send_ready_orders(Away(), now=cast.now) == 0
    order.refresh_from_db()
    assert (order.state, order.send_tries, order.last_error) == ("ready", 1, "bank.unreachable")
    exchange(bank)
    order.refresh_from_db()
    assert (order.state, order.send_tries) == ("done", 2)


def test_a_refused_file_frees_its_lines(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    bank.bank.set_faults({"reject_file": 1})
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    exchange(bank)
    order.refresh_from_db()
    assert order.state == "refused"
    assert {s.payment for s in PaySlip.objects.filter(sheet=sheet.pk)} == {"returned"}
    balances_hold(cast)


def test_refuses_to_instruct_twice(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    with pytest.raises(RuleViolation) as refusal:
        stage.instructed(cast, sheet)
    assert refusal.value.code == "order.nothing"
    assert "何建平" in refusal.value.message
    assert (PaymentOrder.objects.count(), PaymentLine.objects.count()) == (1, 2)


def test_the_database_itself_refuses_a_second_live_line(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    PaymentLine.objects.filter(worker=cast.sun).update(attempt=1)
    PaySlip.objects.filter(sheet=sheet.pk).update(payment="none")  # behind the system's back
    with pytest.raises(RuleViolation) as refusal:
        orders.instruct_bank(sheet.pk, worker_ids=[cast.sun.pk], actor=cast.actor(cast.he), now=cast.now)
    assert refusal.value.code in ("order.twice", "order.same_card")
    assert PaymentLine.objects.count() == 2


def test_refuses_without_money_account_or_approval(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    with pytest.raises(RuleViolation, match=r"account\.none"):
        stage.instructed(cast, sheet)
    ledger = stage.account(cast, 1_505_999)
    with pytest.raises(RuleViolation) as refusal:
        stage.instructed(cast, sheet)
    assert refusal.value.code == "account.short"
    assert refusal.value.facts["missing"] == "¥0.01"
    assert PaymentOrder.objects.count() == 0
    assert {s.payment for s in PaySlip.objects.filter(sheet=sheet.pk)} == {"none"}
    accounts.book(ledger, [accounts.Movement("D2", "allocation", 1, cast.now, "补")])
    assert stage.instructed(cast, sheet).line_count == 2


def test_who_may_instruct(cast: Cast) -> None:
    stage.account(cast, FUNDS)
    sheet = stage.approved_sheet(cast)
    for who, error in (
        (cast.zhao, NotPermitted),
        (cast.qian, NotPermitted),
        (cast.li, NotPermitted),
        (cast.kong, NotFound),
        (cast.officer, NotFound),
    ):
        with pytest.raises(error):
            orders.instruct_bank(sheet.pk, actor=cast.actor(who), now=cast.now)
    assert PaymentOrder.objects.count() == 0


def test_account_entries_cannot_be_rewritten(cast: Cast) -> None:
    from django.db import InternalError, transaction

    stage.account(cast, FUNDS)
    for act in (
        lambda: AccountEntry.objects.update(amount_fen=1),
        lambda: AccountEntry.objects.all().delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
    assert AccountEntry.objects.get().amount_fen == FUNDS


def test_an_unreadable_file_is_kept_and_stops_nothing(cast: Cast, bank: Counter) -> None:
    messages.store_message("x", b"<html>busy</html>", now=cast.now)
    messages.store_message("y", b"\x00\x01", now=cast.now)
    funded(cast, bank)
    assert BankMessage.objects.filter(state="unreadable").count() == 2


def test_a_foreign_debit_is_shown_and_kept_in_the_balance(cast: Cast, bank: Counter) -> None:
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    PaymentLine.objects.filter(order=order.pk).update(amount_fen=5)  # not what the bank books
    exchange(bank)
    assert StatementLine.objects.filter(state="unmatched").count() == 2
    assert AccountEntry.objects.filter(kind="other_out").count() == 2
    assert SubLedger.objects.get().balance_fen == FUNDS - 1_506_000
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"sent"}
