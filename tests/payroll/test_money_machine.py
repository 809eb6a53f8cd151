"""Any sequence of services: no balance goes wrong, no slip is paid twice, no fen vanishes.

Hypothesis plays contractor, workers, bank and owner against each other on the real database; after each step the
checks of `verify_money` must be silent. Every example is rolled back. WAGEWATCH_MONEY_EXAMPLES plays more of them.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from payroll.models import (
    AccountEntry,
    BankMessage,
    CashPayment,
    LineEvent,
    LoanDraw,
    LoanRepayment,
    PaymentLine,
    PaymentOrder,
    PaySheet,
    PaySlip,
    StatementLine,
    SubLedger,
    TopUpRequest,
)
from payroll.services import (
    approvals,
    cash,
    confirmations,
    corrections,
    late,
    loans,
    messages,
    orders,
    settlements,
    sheets,
    statement_lines,
    top_ups,
)
from payroll.services.account_proof import prove
from payroll.services.allocation_facts import load_allocation
from payroll.services.money_check import check_money
from registration.models import SmsMessage
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_allocations import agree
from tests.payroll.test_broken_statements import camt
from tests.payroll.test_loans import bank_books, facility
from tests.payroll.test_on_site import face
from tests.payroll.test_orders import Counter
from tests.payroll.test_strange_bank_files import REPORT, detail, entry
from wagewatch.lib.errors import WagewatchError

WHO = st.sampled_from(["sun", "zhou"])
TROUBLE = st.sampled_from(["0000", "1111", "2222", "3333", "4444", "6666", "fine", "fine"])
"""Endings of cards that the simulator refuses, returns, answers late or not at all."""
STRANGE = ["booked", "came back", "came back short", "return undone", "whole order", "two of one amount", "no reference",
           "nothing", "RJCT", "ACSC", "PDNG"]  # fmt: skip
"""Kinds of entries and states of a report in files of the bank's that the simulator would not write."""


class Money(RuleBasedStateMachine):
    """One project's pay from sheet to bank and back, with loans and allocations between."""

    cast: ClassVar[Cast]

    def __init__(self) -> None:
        super().__init__()
        self.atomic: Any = transaction.atomic()
        self.atomic._from_testcase = True  # durable services may run inside
        self.atomic.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.bank = Counter(Path(self.folder.name), self.cast.now)
        self.extra_fen = 0
        self.lines = 0
        self.late_days = 0
        self.he = self.cast.actor(self.cast.he)
        self.qian = self.cast.actor(self.cast.qian)
        self.officer = self.cast.actor(self.cast.officer)

    def teardown(self) -> None:
        self.bank.bank.close()
        self.folder.cleanup()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(sun=st.integers(1, 28), zhou=st.integers(1, 28), days=st.integers(0, 3))
    def begin(self, sun: int, zhou: int, days: int) -> None:
        parameters.forget()
        stage.account(self.cast)
        agree(self.cast)
        facility(self.cast)
        stage.submit(self.cast, stage.make_sheet(self.cast, sun, zhou))

    def tries(self, act: Callable[[], object]) -> None:
        """A refusal is an answer; anything else is a fault."""
        self.bank.now += timedelta(hours=5)
        with contextlib.suppress(WagewatchError):
            act()

    def sheet(self) -> PaySheet:
        return PaySheet.objects.order_by("-pk")[0]

    def slip(self, who: str) -> PaySlip | None:
        return PaySlip.objects.filter(worker=getattr(self.cast, who).pk).order_by("-sheet_id").first()

    @rule(who=WHO)
    def confirm(self, who: str) -> None:
        if slip := self.slip(who):
            self.tries(
                lambda: confirmations.confirm_slip(
                    slip.reference, signature_png=stage.signature(), version=slip.version,
                    actor=self.cast.actor(getattr(self.cast, who)), now=self.bank.now,
                )
            )  # fmt: skip

    @rule(who=WHO)
    def object_to(self, who: str) -> None:
        if slip := self.slip(who):
            self.tries(
                lambda: confirmations.object_to_slip(
                    slip.reference, reason="days", version=slip.version,
                    actor=self.cast.actor(getattr(self.cast, who)), now=self.bank.now,
                )
            )  # fmt: skip

    @rule(accept=st.booleans(), days=st.integers(0, 28))
    def answer(self, accept: bool, days: int) -> None:
        if found := self.sheet().objections.filter(state="open").first():
            self.tries(
                lambda: confirmations.answer_objection(
                    found.pk,
                    accept=accept,
                    answer="看过",
                    days=Decimal(days),
                    actor=self.qian,
                    now=self.bank.now,
                )
            )

    @rule()
    def approve(self) -> None:
        self.tries(lambda: approvals.approve_sheet(self.sheet().pk, actor=self.he, now=self.bank.now))

    @rule()
    def instruct(self) -> None:
        self.tries(lambda: orders.instruct_bank(self.sheet().pk, actor=self.he, now=self.bank.now))

    @rule(who=WHO)
    def send_again(self, who: str) -> None:
        worker = getattr(self.cast, who).pk
        self.tries(
            lambda: orders.instruct_bank(
                self.sheet().pk, worker_ids=[worker], actor=self.he, now=self.bank.now
            )
        )

    @rule(who=WHO, ending=TROUBLE, seq=st.integers(1, 9999))
    def new_card(self, who: str, ending: str, seq: int) -> None:
        tail = f"{seq:05d}9" if ending == "fine" else f"{seq:02d}{ending}"
        self.tries(
            lambda: (
                stage.change_card(getattr(self.cast, who), f"622202{tail.rjust(13, '0')}", self.bank.now)
                if not stage_has(f"622202{tail.rjust(13, '0')}")
                else None
            )
        )

    @rule()
    def send(self) -> None:
        self.tries(lambda: orders.send_ready_orders(self.bank, now=self.bank.now))

    @rule()
    def forget_that_it_was_sent(self) -> None:
        PaymentOrder.objects.filter(state="sent").update(state="ready")

    @rule(statement=st.booleans())
    def hear_the_bank(self, statement: bool) -> None:
        def hear() -> None:
            if statement:
                self.bank.bank.issue_statement(stage.ACCOUNT_NUMBER, self.bank.now)
            self.bank.work()
            messages.fetch_messages(self.bank, now=self.bank.now)

        self.tries(hear)

    @rule(backwards=st.booleans())
    def hear_everything_again(self, backwards: bool) -> None:
        files = [data for _name, data in self.bank.fetch()]
        for data in (files[::-1] if backwards else files)[:4]:
            self.lines += 1
            messages.store_message("again", data + b"\n" * self.lines, now=self.bank.now)
        self.tries(lambda: messages.process_waiting(now=self.bank.now))

    @rule(what=st.sampled_from(STRANGE), amount=st.sampled_from(["1.00", "77.00", "7920.00"]))
    def strange_file(self, what: str, amount: str) -> None:
        """What a bank should not send, or seldom does, about any payment that it ever had."""
        line = PaymentLine.objects.order_by("?").first()
        if line is None:
            return
        self.lines += 1
        ref, wage = f"Y{self.lines}", f"{line.amount_fen / 100:.2f}"
        told = detail(line.end_to_end_id, wage)
        number = line.order.message_id
        batch = f"<Btch><MsgId>{number}</MsgId><PmtInfId>{number}</PmtInfId></Btch>"
        due = sum(x.amount_fen for x in line.order.lines.exclude(state="returned"))
        two = detail(f"O{self.lines}", amount) + detail(f"P{self.lines}", amount)
        entries = {
            "booked": entry(ref, wage, way="DBIT", details=told),
            "came back": entry(ref, wage, details=told),
            "came back short": entry(ref, amount, details=detail(line.end_to_end_id, amount)),
            "return undone": entry(ref, wage, way="DBIT", details=told).replace(
                "<Sts>", "<RvslInd>true</RvslInd><Sts>"
            ),
            "whole order": entry(ref, f"{due / 100:.2f}", way="DBIT", details=batch),
            "two of one amount": entry(ref, f"{2 * float(amount):.2f}", details=two),
            "no reference": entry("", amount),
            "nothing": entry(ref, "0.00"),
        }
        if what in entries:
            data = camt(entries[what], name=f"S{self.lines % 3}", number=self.lines)
        else:
            report = REPORT.format(order=number, status="PART", e2e=line.end_to_end_id)
            data = report.replace("ACSC", what).replace("<MsgId>P1", f"<MsgId>P{self.lines}").encode()
        messages.store_message(
            ref, data.replace(b"<MsgId>M1", f"<MsgId>M{self.lines}".encode()), now=self.bank.now
        )
        self.tries(lambda: messages.process_waiting(now=self.bank.now))
        assert not BankMessage.objects.filter(state="unreadable").exists()

    @rule(undo=st.booleans())
    def decide_about_a_line(self, undo: bool) -> None:
        """The officer undoes what the program took for told twice, or says what a strange line is."""
        lines = StatementLine.objects.order_by("?")
        if undo:
            if line := lines.filter(state="duplicate").first():
                self.tries(
                    lambda: statement_lines.undo_line(
                        line.pk, version=line.version, actor=self.officer, now=self.bank.now
                    )
                )
        elif line := lines.filter(state="unmatched").first():
            part = statement_lines.Part(
                self.cast.project.pk, "other_in" if line.amount_fen > 0 else "other_out", line.amount_fen
            )
            self.tries(
                lambda: statement_lines.assign_line(
                    line.pk, [part], version=line.version, actor=self.officer, now=self.bank.now
                )
            )

    @rule(who=WHO)
    def pay_in_cash(self, who: str) -> None:
        """By exception, with the code on the worker's phone."""
        if slip := self.slip(who):
            self.tries(
                lambda: cash.send_code(
                    slip.reference, address="127.0.0.1", actor=self.qian, now=self.bank.now
                )
            )
            text = SmsMessage.objects.filter(kind="login_code").order_by("-pk").first()
            code = re.search(r"\d{6}", str(text.text)) if text else None
            self.tries(
                lambda: cash.pay_in_cash(
                    slip.reference, reason="no_card", text="今天回乡", code=code[0] if code else "",
                    photo=face(), signature_png=stage.signature(), actor=self.qian, now=self.bank.now,
                )
            )  # fmt: skip

    @rule(who=WHO)
    def deny_cash(self, who: str) -> None:
        """The worker never had it, and the clerk takes it back."""
        if slip := self.slip(who):
            actor = self.cast.actor(getattr(self.cast, who))
            self.tries(lambda: cash.deny_cash(slip.reference, actor=actor, now=self.bank.now))
            if made := CashPayment.objects.filter(denied_at__isnull=False).order_by("-pk").first():
                self.tries(lambda: cash.withdraw_cash(made.pk, actor=self.qian, now=self.bank.now))

    @rule(who=WHO, fen=st.integers(1, 90_000), up=st.booleans())
    def correct(self, who: str, fen: int, up: bool) -> None:
        """A slip that was sent paid too little or too much."""
        if not (slip := self.slip(who)):
            return
        if up:
            self.tries(
                lambda: corrections.correct_upwards(
                    slip.reference, amount_fen=fen, reason="少算", actor=self.qian, now=self.bank.now
                )
            )
        else:
            self.tries(
                lambda: corrections.correct_downwards(
                    slip.reference, amount_fen=fen, reason="多算", signature_png=stage.signature(),
                    actor=self.qian, now=self.bank.now,
                )
            )  # fmt: skip

    @rule(who=WHO)
    def settle(self, who: str) -> None:
        """The worker leaves; what is open of any month is settled off-cycle."""
        posting = getattr(self.cast, f"{who}_posting").pk
        self.tries(
            lambda: settlements.settle(self.cast.project.pk, posting, actor=self.qian, now=self.bank.now)
        )

    @rule(fen=st.integers(1, 3_000_000))
    def allocate(self, fen: int) -> None:
        self.lines += 1
        self.bank.bank.deposit(
            stage.ACCOUNT_NUMBER, fen, reference=f"A{self.lines}", payer_name="多湖置业", text="人工费", now=self.bank.now
        )  # fmt: skip

    @rule(fen=st.integers(1, 20_000_000))
    def lose_money(self, fen: int) -> None:
        """Somebody takes money from the account: what is left may not suffice."""
        balance = SubLedger.objects.get().balance_fen
        if balance > 0:
            self.booked(-min(fen, balance), "转出")

    @rule()
    def supplement(self) -> None:
        """Attendance came late: the rest goes on a sheet of its own."""
        if self.late_days < 3:
            stage.attend(self.cast.sun_posting, 1, month=stage.MONTH, start=29 + self.late_days)
            self.late_days += 1
        self.tries(lambda: late.make_supplement(self.sheet().pk, actor=self.qian, now=self.bank.now))

    @rule()
    def submit(self) -> None:
        self.tries(lambda: sheets.submit_sheet(self.sheet().pk, actor=self.qian, now=self.bank.now))

    @rule(fen=st.integers(1, 2_500_000), wish=st.booleans())
    def draw(self, fen: int, wish: bool) -> None:
        sheet = self.sheet()
        amount = fen if wish else loans.proposed_fen(sheet, self.cast.today)
        self.tries(lambda: loans.ask_draw(sheet.pk, amount_fen=amount, actor=self.he, now=self.bank.now))

    @rule(confirm=st.booleans())
    def answer_draw(self, confirm: bool) -> None:
        if draw := LoanDraw.objects.filter(state="asked").first():
            self.tries(
                lambda: loans.answer_draw(
                    draw.project_id,
                    draw.number,
                    confirm=confirm,
                    answer="已核",
                    actor=self.officer,
                    now=self.bank.now,
                )
            )

    @rule(same=st.booleans())
    def lend(self, same: bool) -> None:
        """The bank pays a draw out, perhaps another amount, perhaps once more."""
        if draw := LoanDraw.objects.exclude(state__in=["asked", "declined"]).order_by("?").first():
            self.booked(draw.amount_fen if same else draw.amount_fen - 1, f"专项贷款 {draw.reference}")

    @rule(fen=st.integers(1, 2_000_000))
    def order_repayment(self, fen: int) -> None:
        draw = LoanDraw.objects.filter(state="arrived").first()
        entry = loans.repayable_entries(draw).last() if draw else None
        if draw and entry:
            self.tries(
                lambda: loans.order_repayment(
                    draw.project_id, draw.number, entry_number=entry.number,
                    amount_fen=min(fen, draw.outstanding_fen), actor=self.he, now=self.bank.now,
                )
            )  # fmt: skip

    @rule()
    def collect(self) -> None:
        """The bank takes a repayment."""
        if row := LoanRepayment.objects.order_by("-number").first():
            self.booked(-row.amount_fen, f"还款 {row.reference}")

    @rule(fen=st.integers(1, 5_000_000), withdraw=st.booleans())
    def ask_the_owner(self, fen: int, withdraw: bool) -> None:
        project, zhao = self.cast.project.pk, self.cast.actor(self.cast.zhao)
        self.tries(
            lambda: top_ups.ask_top_up(project, basis="agreed", amount_fen=fen, actor=zhao, now=self.bank.now)
        )
        if withdraw and (request := TopUpRequest.objects.order_by("-number").first()):
            self.tries(
                lambda: top_ups.withdraw_top_up(project, request.number, actor=zhao, now=self.bank.now)
            )

    def booked(self, fen: int, words: str) -> None:
        """A line of a statement that the simulator knows nothing of; booked once per fact."""
        self.lines += 1
        before = SubLedger.objects.get().balance_fen
        bank_books(self.cast, fen, words, f"X{self.lines}")
        self.extra_fen += SubLedger.objects.get().balance_fen - before

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "bank") or not SubLedger.objects.exists():
            return
        report = check_money()
        assert report.counts == {}, [(f.check.code, f.row, f.expected, f.found) for f in report.findings]

    @invariant()
    def all_that_moved_is_in_the_book(self) -> None:
        """The book, less what only reports have told, is what the bank's lines tell: no fen vanishes or is made."""
        if not hasattr(self, "bank") or not SubLedger.objects.exists():
            return
        matched = StatementLine.objects.filter(state__in=["matched", "returned"])
        told = {(e2e, fen > 0) for e2e, fen in matched.values_list("end_to_end_id", "amount_fen")}
        in_batch = LineEvent.objects.filter(entry_kind="wages").values("reference")
        batched = set(
            PaymentLine.objects.filter(order__message_id__in=in_batch).values_list("end_to_end_id", flat=True)
        )
        reported = sum(
            e.amount_fen
            for e in AccountEntry.objects.filter(kind__in=["wages", "return"])
            if (e.bank_reference[2:], e.kind == "return") not in told
            and not (e.kind == "wages" and e.bank_reference[2:] in batched)
        )
        assert prove(SubLedger.objects.get().account).reported_fen == reported

    @invariant()
    def nobody_is_paid_twice(self) -> None:
        for slip in PaySlip.objects.all():
            states = list(
                PaymentLine.objects.filter(sheet=slip.sheet_id, worker=slip.worker_id).values_list(
                    "state", flat=True
                )
            )
            assert states.count("paid") <= 1
            assert (slip.payment == "paid") == ("paid" in states)

    @invariant()
    def no_receipt_counts_twice(self) -> None:
        account = load_allocation(self.cast.project, today=self.cast.today).account
        counted = sum(s.received_fen for s in account.standings)
        assert counted + account.advance_fen == account.received_fen


def stage_has(number: str) -> bool:
    from registration.models import BankCard
    from wagewatch.lib.crypto import blind_index

    return BankCard.objects.filter(number_index=blind_index(number, kind="card")).exists()


@pytest.mark.django_db
def test_no_sequence_makes_money_wrong(cast: Cast) -> None:
    Money.cast = cast
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=int(os.environ.get("WAGEWATCH_MONEY_EXAMPLES", "8")),
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # shrinking on a database takes longer than reading the sequence
            suppress_health_check=list(HealthCheck),
        ),
    )
