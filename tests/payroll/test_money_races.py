"""Files of the bank, decisions and orders at the same moment, in threads and in a process that is killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from payroll.models import (
    AccountEntry,
    BankMessage,
    LoanRepayment,
    PaymentLine,
    PaymentOrder,
    PaySlip,
    StatementLine,
    SubLedger,
)
from payroll.services import accounts, loans, messages, orders, statement_lines
from payroll.services.account_proof import prove
from payroll.services.money_check import check_money
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_broken_statements import camt
from tests.payroll.test_loans import bank_books, confirm, draw, facility
from tests.payroll.test_movements_once import FUNDS, WAGES, batch_of
from tests.payroll.test_orders import OTHER_CARD
from tests.payroll.test_races import at_once, real_cast
from tests.payroll.test_strange_bank_files import REPORT, detail, entry, file, send, statement

__all__ = ["real_cast"]
SECOND = "3300017190000976"


def notice(data: bytes) -> bytes:
    """The same entries as a notification (camt.054)."""
    told = data.replace(b"camt.053.001.08", b"camt.054.001.08").replace(b"<MsgId>M1", b"<MsgId>M9")
    told = told.replace(b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn").replace(b"Stmt>", b"Ntfctn>")
    return re.sub(rb"<Bal>.*?</Bal>", b"", told)


def kept(name: str, data: bytes, cast: Cast) -> BankMessage:
    return messages.store_message(name, data, now=cast.now)[0]


def taking(message: BankMessage, cast: Cast) -> Callable[[], object]:
    return lambda: messages.take_message(message.pk, now=cast.now)


def test_one_allocation_by_two_routes_at_once(real_cast: Cast) -> None:
    stage.account(real_cast)
    told = camt(entry("B1", "1000.00"))
    acts = [
        taking(kept(f"{n}.xml", data, real_cast), real_cast) for n, data in enumerate((told, notice(told)))
    ]
    assert at_once(*acts, *acts) == ["ok"] * 4
    assert (StatementLine.objects.count(), SubLedger.objects.get().balance_fen) == (1, 100_000)
    assert check_money().findings == []


def test_two_accounts_in_two_files_in_opposite_order(real_cast: Cast) -> None:
    """Both files lock both accounts; whoever has to wait comes again, and nothing counts twice."""
    cast = real_cast
    stage.account(cast)
    other = accounts.open_account(cast.gc, cast.bank, name="第二专户", number=SECOND, opened_on=cast.today)
    accounts.share_account(other, cast.other_project)
    one, two = (
        statement(entry("B1", "1.00"), name="S1"),
        statement(entry("B2", "2.00"), name="S2", number=SECOND),
    )
    for n, data in enumerate((file(one, two), file(two, one).replace(b"<MsgId>M1", b"<MsgId>M2"))):
        kept(f"{n}.xml", data, cast)
    waiting = lambda: messages.process_waiting(now=cast.now)  # noqa: E731
    at_once(waiting, waiting, waiting)
    messages.process_waiting(now=cast.now)
    assert set(BankMessage.objects.values_list("state", flat=True)) == {"done"}
    assert sorted(SubLedger.objects.values_list("balance_fen", flat=True)) == [100, 200]
    assert check_money().findings == []


def test_a_report_and_a_statement_about_one_order_at_once(real_cast: Cast) -> None:
    cast = real_cast
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    files = [
        REPORT.format(order=order.message_id, status="PART", e2e=x.end_to_end_id).encode()
        for x in order.lines.all()
    ]
    files.append(camt(entry("B1", "15060.00", way="DBIT", details=batch_of(order))))
    acts = [taking(kept(f"{n}.xml", data, cast), cast) for n, data in enumerate(files)]
    assert at_once(*acts, *acts) == ["ok"] * 6
    assert SubLedger.objects.get().balance_fen == FUNDS - WAGES
    assert StatementLine.objects.get().state == "matched"
    assert prove(SubLedger.objects.get().account).reported_fen == FUNDS
    assert check_money().findings == []


def test_one_repayment_is_ordered_and_taken_once(real_cast: Cast) -> None:
    cast = real_cast
    parameters.forget()
    stage.account(cast, 500_000)
    sheet = stage.approved_sheet(cast)
    facility(cast)
    taken = draw(cast, sheet, 1_006_000)
    confirm(cast)
    bank_books(cast, 1_006_000, taken.reference, "B1")
    bank_books(cast, 800_000, "人工费", "A2", days=1)
    repay = lambda: loans.order_repayment(  # noqa: E731
        cast.project.pk, 1, entry_number=3, amount_fen=500_000, actor=cast.actor(cast.he), now=cast.now
    )
    assert at_once(repay, repay, repay) == ["loan.too_much", "loan.too_much", "ok"]
    order = LoanRepayment.objects.get()
    told = entry("R1", "5000.00", way="DBIT").replace(
        "</Ntry>", f"<AddtlNtryInf>{order.reference}</AddtlNtryInf></Ntry>"
    )
    acts = [
        taking(kept(f"{n}.xml", data, cast), cast) for n, data in enumerate((camt(told), notice(camt(told))))
    ]
    assert at_once(*acts) == ["ok", "ok"]
    taken.refresh_from_db()
    assert (taken.repaid_fen, AccountEntry.objects.filter(kind="loan_back").count()) == (500_000, 1)
    assert check_money().findings == []


def test_two_officers_decide_about_one_line_at_once(real_cast: Cast) -> None:
    cast = real_cast
    stage.account(cast)
    send(cast, camt(entry("B1", "50.00", way="DBIT")))
    line = StatementLine.objects.get()
    officer = cast.actor(cast.officer)
    part = statement_lines.Part(cast.project.pk, "other_out", -5_000)
    assign = lambda: statement_lines.assign_line(line.pk, [part], version=1, actor=officer, now=cast.now)  # noqa: E731

    def dismiss() -> object:
        return statement_lines.dismiss_line(line.pk, "fee", "手续费", version=1, actor=officer, now=cast.now)

    assert at_once(assign, dismiss, assign, dismiss) == ["line.changed", "line.changed", "line.changed", "ok"]
    assert SubLedger.objects.get().balance_fen == -5_000
    assert check_money().findings == []


def test_a_card_changed_while_the_bank_pays_the_old_one(real_cast: Cast) -> None:
    """The answer is about the card of the order; the new card gets what the old one could not take, once."""
    cast = real_cast
    stage.account(cast, FUNDS)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    sun, zhou = PaymentLine.objects.get(worker=cast.sun), PaymentLine.objects.get(worker=cast.zhou)
    old = sun.card_tail
    stage.change_card(cast.sun, OTHER_CARD, cast.now)
    paid = REPORT.format(order=order.message_id, status="PART", e2e=sun.end_to_end_id).encode()
    refused = REPORT.format(order=order.message_id, status="PART", e2e=zhou.end_to_end_id).encode()
    refused = refused.replace(b"ACSC</TxSts>", b"RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>")
    again = lambda: orders.instruct_bank(sheet.pk, actor=cast.actor(cast.he), now=cast.now)  # noqa: E731
    acts = [taking(kept(f"{n}.xml", data, cast), cast) for n, data in enumerate((paid, refused))]
    at_once(*acts, again)
    assert PaySlip.objects.get(worker=cast.sun).paid_card_tail == old
    assert at_once(again) == ["order.same_card"]
    stage.change_card(cast.zhou, OTHER_CARD[:-1] + "9", cast.now)
    assert at_once(again, again, again) == ["ok", "order.nothing", "order.nothing"]
    assert list(PaymentOrder.objects.order_by("pk").values_list("line_count", flat=True)) == [2, 1]
    assert check_money().findings == []


def test_money_that_comes_back_after_the_account_was_closed_is_seen(real_cast: Cast) -> None:
    cast = real_cast
    stage.account(cast, WAGES)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    send(cast, camt(entry("B1", "15060.00", way="DBIT", details=batch_of(order))), "1.xml")
    SubLedger.objects.update(state="closed", balance_fen=0)
    line = PaymentLine.objects.get(worker=cast.sun)
    back = entry("B2", "7920.00", details=detail(line.end_to_end_id, "7920.00"))
    send(cast, camt(back, name="S2", number=2), "2.xml")
    assert SubLedger.objects.get().balance_fen == 792_000
    assert PaySlip.objects.get(worker=cast.sun).payment == "returned"

    def again() -> object:
        return orders.instruct_bank(
            order.sheet_id, worker_ids=[cast.sun.pk], actor=cast.actor(cast.he), now=cast.now
        )

    assert at_once(again) == ["account.closed"]
    page = cast.client(cast.he).get("/pay/returned/").content.decode()
    assert "孙**" in page
    assert check_money().findings == []


TAKER = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from payroll.services import messages, results, statement_matching
def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
where, name = sys.argv[2].split(".")
setattr({"results": results, "matching": statement_matching, "messages": messages}[where], name, die)
messages.take_message(int(sys.argv[1]), now=datetime.fromisoformat(sys.argv[3]))
"""


@pytest.mark.parametrize("at", ["matching._keep", "matching.book", "matching.apply_words", "results._follow"])
def test_killed_while_a_statement_is_taken_in_leaves_nothing_half_done(real_cast: Cast, at: str) -> None:
    cast = real_cast
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    told = camt(entry("B1", "15060.00", way="DBIT", details=batch_of(order)), entry("B2", "10.00"))
    message = kept("1.xml", told, cast)
    url = re.sub(r"//([^/]*)/[^?]*", rf"//\1/{connection.settings_dict['NAME']}", os.environ["DATABASE_URL"])
    killed = subprocess.run(
        [sys.executable, "-c", TAKER, str(message.pk), at, cast.now.isoformat()],
        env={**os.environ, "DATABASE_URL": url}, cwd=settings.BASE_DIR, timeout=60,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    message.refresh_from_db()
    assert message.state == "received"
    assert not StatementLine.objects.exists()
    assert SubLedger.objects.get().balance_fen == FUNDS
    messages.process_waiting(now=cast.now + timedelta(minutes=1))
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"paid"}
    assert SubLedger.objects.get().balance_fen == FUNDS - WAGES + 1_000
    assert check_money().findings == []
