"""Every movement the bank told stands in the book once: batches, details, references that repeat, reversals, pages."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from payroll.models import (
    AccountEntry,
    BankMessage,
    BankStatement,
    PaymentLine,
    PaymentOrder,
    PaySlip,
    StatementLine,
    SubLedger,
)
from payroll.services import bank_results, messages, orders, statement_lines
from payroll.services.account_proof import prove
from payroll.services.money_check import check_money
from payroll.services.statements import upload_statement
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_broken_statements import balance, camt
from tests.payroll.test_loans import confirm, draw, facility
from tests.payroll.test_orders import OTHER_CARD
from tests.payroll.test_strange_bank_files import REPORT, detail, entry, send
from wagewatch.lib.names import mask_party

pytestmark = pytest.mark.django_db
FUNDS = 5_000_000
WAGES = 1_506_000


def ledger() -> SubLedger:
    return SubLedger.objects.get()


def holds(fen: int) -> None:
    """The share holds so much, and all of it but the stage's own is what the bank's lines tell."""
    assert ledger().balance_fen == fen
    proof = prove(ledger().account)
    staged = sum(AccountEntry.objects.filter(bank_reference="D1").values_list("amount_fen", flat=True))
    assert proof.reported_fen == staged
    assert check_money().findings == []


def test_two_payments_of_one_entry_with_one_amount_are_two(cast: Cast) -> None:
    """The owner pays two projects' months in one batch: one reference of the bank, its own number each."""
    stage.account(cast)
    both = detail("OWN-1", "500.00") + detail("OWN-2", "500.00")
    assert send(cast, camt(entry("B1", "1000.00", details=both))).state == "done"
    assert StatementLine.objects.count() == 2
    holds(100_000)


def test_a_detail_of_nothing_is_nothing(cast: Cast) -> None:
    stage.account(cast)
    parts = detail("OWN-1", "500.00") + detail("OWN-2", "0.00")
    assert send(cast, camt(entry("B1", "500.00", details=parts))).state == "done"
    assert list(StatementLine.objects.values_list("amount_fen", flat=True)) == [50_000]
    holds(50_000)


def test_an_entry_of_nothing_is_nothing(cast: Cast) -> None:
    stage.account(cast)
    assert send(cast, camt(entry("B1", "0.00"), entry("B2", "0.00", way="DBIT"))).state == "done"
    holds(0)


def test_a_batch_without_details_is_the_orders_sum(cast: Cast) -> None:
    """One debit for the whole file, its number alone: after the report said paid, and before."""
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    for line in PaymentLine.objects.all():
        paid = REPORT.format(order=order.message_id, status="PART", e2e=line.end_to_end_id).encode()
        send(cast, paid, f"{line.worker_id}.xml")
    assert ledger().balance_fen == FUNDS - WAGES
    told = camt(entry("B1", "15060.00", way="DBIT", details=batch_of(order)))
    assert send(cast, told).state == "done"
    assert list(StatementLine.objects.values_list("state", "is_foreign")) == [("matched", False)]
    holds(FUNDS - WAGES)


def batch_of(order: PaymentOrder) -> str:
    return f"<Btch><MsgId>{order.message_id}</MsgId><PmtInfId>{order.message_id}</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>"


def test_a_batch_pays_what_no_report_has_told(cast: Cast) -> None:
    """One refused, one returned in the same file, before the batch stands in it: what is left is the batch."""
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    sun, zhou = PaymentLine.objects.get(worker=cast.sun), PaymentLine.objects.get(worker=cast.zhou)
    refused = REPORT.format(order=order.message_id, status="PART", e2e=zhou.end_to_end_id).encode()
    send(cast, refused.replace(b"ACSC", b"RJCT"), "1.xml")
    back = entry("B2", "7920.00", details=detail(sun.end_to_end_id, "7920.00"))
    out = entry("B1", "7920.00", way="DBIT", details=batch_of(order))
    assert send(cast, camt(back, out), "2.xml").state == "done"
    assert dict(PaymentLine.objects.values_list("worker", "bank_status")) == {
        cast.sun.pk: "RTRN",
        cast.zhou.pk: "RJCT",
    }
    holds(FUNDS)


def test_a_refused_wage_booked_after_its_batch_is_paid(cast: Cast) -> None:
    """It was not in the batch, so it is not told twice."""
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    zhou = PaymentLine.objects.get(worker=cast.zhou)
    refused = REPORT.format(order=order.message_id, status="PART", e2e=zhou.end_to_end_id).encode()
    send(cast, refused.replace(b"ACSC", b"RJCT"), "1.xml")
    send(cast, camt(entry("B1", "7920.00", way="DBIT", details=batch_of(order))), "2.xml")
    single = entry("B2", "7140.00", way="DBIT", details=detail(zhou.end_to_end_id, "7140.00"))
    send(cast, camt(single, name="S2", number=2), "3.xml")
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"paid"}
    holds(FUNDS - WAGES)


def test_a_batch_after_its_payments_is_told_twice(cast: Cast) -> None:
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    singles = [
        entry(f"T{x.worker_id}", f"{x.amount_fen / 100:.2f}", way="DBIT", details=detail(x.end_to_end_id, f"{x.amount_fen / 100:.2f}"))
        for x in PaymentLine.objects.all()
    ]  # fmt: skip
    send(cast, camt(*singles), "1.xml")
    send(
        cast, camt(entry("B1", "15060.00", way="DBIT", details=batch_of(order)), name="S2", number=2), "2.xml"
    )
    assert StatementLine.objects.get(bank_reference="B1").state == "duplicate"
    holds(FUNDS - WAGES)


def test_a_batch_of_another_sum_is_for_a_person(cast: Cast) -> None:
    stage.account(cast, FUNDS)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    send(cast, camt(entry("B1", "15000.00", way="DBIT", details=batch_of(order))), "1.xml")
    assert StatementLine.objects.get().state == "unmatched"
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"sent"}
    holds(FUNDS - 1_500_000)


def test_money_lent_twice_is_on_the_account_twice(cast: Cast) -> None:
    """Two movements of one kind of file are two; the other kind of file tells the first once more."""
    parameters.forget()
    stage.account(cast, 500_000)
    sheet = stage.approved_sheet(cast)
    facility(cast)
    taken = draw(cast, sheet, 1_006_000)
    confirm(cast)

    def lent(ref: str) -> str:
        return entry(ref, "10060.00").replace(
            "</Ntry>", f"<AddtlNtryInf>{taken.reference}</AddtlNtryInf></Ntry>"
        )

    send(cast, camt(lent("B1"), lent("B2")), "1.xml")
    notice = camt(lent("N1"), name="N").replace(b"camt.053.001.08", b"camt.054.001.08")
    notice = notice.replace(b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn").replace(b"Stmt>", b"Ntfctn>")
    message = send(cast, re.sub(rb"<Bal>.*?</Bal>", b"", notice), "2.xml")
    assert (message.state, message.kind) == ("done", "camt.054")
    assert dict(StatementLine.objects.values_list("bank_reference", "state")) == {
        "B1": "matched",
        "B2": "unmatched",
        "N1": "duplicate",
    }
    assert sorted(AccountEntry.objects.values_list("kind", flat=True)) == ["allocation", "loan", "other_in"]
    holds(500_000 + 2 * 1_006_000)


def test_what_was_taken_for_told_twice_can_be_undone(cast: Cast) -> None:
    """The bank really paid one wage twice: the officer says so, and the money is missed on the account."""
    line = wage(cast)
    told = detail(line.end_to_end_id, "7920.00")
    send(cast, camt(*(entry(ref, "7920.00", way="DBIT", details=told) for ref in ("B7", "B8"))))
    second = StatementLine.objects.get(bank_reference="B8")
    assert (second.state, second.is_foreign, second.version) == ("duplicate", False, 1)
    officer = cast.actor(cast.officer)
    assert (
        cast.client(cast.officer).get(reverse("payroll:statement-line", kwargs={"pk": second.pk})).status_code
        == 200
    )
    second = statement_lines.undo_line(second.pk, version=1, actor=officer, now=cast.now)
    assert (second.state, second.is_foreign) == ("unmatched", True)
    part = statement_lines.Part(cast.project.pk, "other_out", -792_000)
    statement_lines.assign_line(second.pk, [part], version=2, actor=officer, now=cast.now)
    holds(FUNDS - 2 * 792_000)


def test_pages_of_one_statement_number_their_entries_anew(cast: Cast) -> None:
    stage.account(cast)

    def page(n: int, last: str, sums: str) -> bytes:
        told = camt(entry("", "7.00"), entry("", "8.00"), balances=sums)
        told = told.replace(b"<MsgId>M1", b"<MsgId>M%d" % n)
        return told.replace(
            b"<Id>S1</Id>",
            f"<Id>S1</Id><StmtPgntn><PgNb>{n}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>".encode(),
        )

    second = page(2, "true", balance("ITBD", "15.00") + balance("CLBD", "30.00"))
    first = page(1, "false", balance("OPBD", "0.00") + balance("ITBD", "15.00"))
    assert send(cast, second, "2.xml").state == "done"
    assert send(cast, first, "1.xml").state == "done"
    holds(3_000)
    assert not BankStatement.objects.exclude(gap_fen=0, gap_statements=0).exists()
    assert prove(ledger().account).proved


def test_a_bank_that_gives_every_day_the_same_number(cast: Cast) -> None:
    stage.account(cast)
    for n, day in enumerate(("2026-11-13", "2026-11-14"), start=1):
        told = camt(entry("", "7.00").replace("2026-11-16", day), name="STMT", day=day, number=n)
        assert send(cast, told, f"{n}.xml").state == "done"
    holds(1_400)


def test_one_statement_in_two_files_leaves_no_gap(cast: Cast) -> None:
    stage.account(cast)
    told = camt(entry("B1", "10.00"), balances=balance("OPBD", "0.00") + balance("CLBD", "10.00"))
    for n in (1, 2):
        assert send(cast, told.replace(b"<MsgId>M1", b"<MsgId>M%d" % n), f"{n}.xml").state == "done"
    holds(1_000)
    assert not BankStatement.objects.exclude(gap_fen=0, gap_statements=0).exists()
    assert prove(ledger().account).proved


def wage(cast: Cast) -> PaymentLine:
    stage.account(cast, FUNDS)
    stage.instructed(cast, stage.approved_sheet(cast))
    return PaymentLine.objects.get(worker=cast.sun)


REVERSED = "<RvslInd>true</RvslInd><Sts>"


def test_a_return_that_the_bank_reverses_goes_out_again(cast: Cast) -> None:
    """Paid, returned, and the return undone: the money is gone, and a person must see it."""
    line = wage(cast)
    told = detail(line.end_to_end_id, "7920.00")
    send(cast, camt(entry("B1", "7920.00", way="DBIT", details=told)), "1.xml")
    send(cast, camt(entry("B2", "7920.00", details=told), name="S2", number=2), "2.xml")
    undone = entry("B3", "7920.00", way="DBIT", details=told).replace("<Sts>", REVERSED)
    send(cast, camt(undone, name="S3", number=3), "3.xml")
    assert StatementLine.objects.get(bank_reference="B3").state == "unmatched"
    holds(FUNDS - 792_000)


def test_a_wage_that_the_bank_reverses_came_back(cast: Cast) -> None:
    line = wage(cast)
    told = detail(line.end_to_end_id, "7920.00")
    send(cast, camt(entry("B1", "7920.00", way="DBIT", details=told)), "1.xml")
    undone = entry("B2", "7920.00", details=told).replace("<Sts>", REVERSED)
    send(cast, camt(undone, name="S2", number=2), "2.xml")
    line.refresh_from_db()
    assert (line.state, line.bank_status) == ("returned", "RTRN")
    holds(FUNDS)


def test_a_refused_wage_paid_in_cash_and_booked_all_the_same(cast: Cast) -> None:
    line = wage(cast)
    refused = REPORT.format(order=line.order.message_id, status="PART", e2e=line.end_to_end_id).encode()
    send(cast, refused.replace(b"ACSC", b"RJCT"), "1.xml")
    PaySlip.objects.filter(worker=cast.sun.pk).update(payment="cash", paid_at=cast.now)
    send(
        cast, camt(entry("B1", "7920.00", way="DBIT", details=detail(line.end_to_end_id, "7920.00"))), "2.xml"
    )
    assert StatementLine.objects.get(bank_reference="B1").state == "unmatched"
    assert PaySlip.objects.get(worker=cast.sun.pk).payment == "cash"
    holds(FUNDS - 792_000)


@pytest.mark.parametrize("first", ["ACSC", "RJCT"])
def test_a_report_that_says_both_about_a_line_is_for_a_person(cast: Cast, first: str) -> None:
    line = wage(cast)
    report = REPORT.format(order=line.order.message_id, status="PART", e2e=line.end_to_end_id)
    one = report[report.index("<TxInfAndSts>") : report.index("</OrgnlPmtInfAndSts>")]
    other = one.replace("ACSC", "RJCT")
    both = (one + other) if first == "ACSC" else (other + one)
    message = send(cast, report.replace(one, both).encode())
    line.refresh_from_db()
    assert (message.state, line.state, message.summary["manual"]) == ("done", "sent", 1)


def test_paid_after_refused_is_said(cast: Cast) -> None:
    line = wage(cast)
    report = REPORT.format(order=line.order.message_id, status="PART", e2e=line.end_to_end_id).encode()
    send(cast, report.replace(b"ACSC", b"RJCT"), "1.xml")
    message = send(cast, report.replace(b"<MsgId>P1", b"<MsgId>P2"), "2.xml")
    assert line.end_to_end_id in message.error_text
    stage.change_card(cast.sun, OTHER_CARD, cast.now)
    found = orders.payable(line.sheet)
    assert (found.slips, found.same_card) == ([], [cast.sun.pk])
    assert [x.worker_id for x in bank_results.undecided_lines(cast.actor(cast.officer))] == [cast.sun.pk]
    again = send(cast, report.replace(b"<MsgId>P1", b"<MsgId>P3"), "3.xml")
    assert (again.state, again.error_text) == ("done", "")
    wage_told = detail(line.end_to_end_id, "7920.00")
    send(cast, camt(entry("B1", "7920.00", way="DBIT", details=wage_told)), "4.xml")
    assert PaySlip.objects.get(worker=cast.sun).payment == "paid"
    holds(FUNDS - 792_000)


def test_another_banks_line_says_nothing_about_this_banks_order(cast: Cast) -> None:
    line = wage(cast)
    report = REPORT.format(order=line.order.message_id, status="PART", e2e=line.end_to_end_id).encode()
    message, _new = messages.store_message("1.xml", report, now=cast.now, source="91330000000000000X")
    message = messages.take_message(message.pk, now=cast.now)
    line.refresh_from_db()
    assert (line.state, message.state) == ("sent", "unreadable")
    told = camt(entry("B1", "7920.00", way="DBIT", details=detail(line.end_to_end_id, "7920.00")))
    message, _new = messages.store_message("2.xml", told, now=cast.now, source="91330000000000000X")
    message = messages.take_message(message.pk, now=cast.now)
    assert message.state == "unreadable"
    report = report.replace(b"<MsgId>P1", b"<MsgId>P2")
    message, _new = messages.store_message("3.xml", report, now=cast.now, source=cast.bank.uscc)
    assert messages.take_message(message.pk, now=cast.now).state == "done"
    line.refresh_from_db()
    assert line.state == "paid"


def test_the_default_connection_does_not_speak_for_a_bank_with_its_own(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    line = wage(cast)
    report = REPORT.format(order=line.order.message_id, status="PART", e2e=line.end_to_end_id).encode()
    table = tmp_path / "banks.json"
    table.write_text(json.dumps({cast.bank.uscc: {"kind": "folder", "outbox": "/o", "inbox": "/i"}}))
    settings.WAGEWATCH_BANK_CONNECTIONS = str(table)
    message, _new = messages.store_message("1.xml", report, now=cast.now)
    assert messages.take_message(message.pk, now=cast.now).state == "unreadable"
    line.refresh_from_db()
    assert line.state == "sent"


def test_another_bank_that_sends_a_clerks_file_again_confirms_nothing(cast: Cast) -> None:
    share = stage.account(cast)
    told = camt(entry("B1", "1000.00"))
    record, _new = upload_statement(
        share.account_id, filename="1.xml", data=told, actor=cast.actor(cast.zhao), now=cast.now
    )
    messages.store_message("1.xml", told, now=cast.now, source="91330000000000000X")
    record.refresh_from_db()
    assert record.state == "waiting"
    messages.store_message("1.xml", told, now=cast.now)
    record.refresh_from_db()
    assert record.state == "applied"


POISON = {
    "numbers": camt(entry("B1", "1.00"), number=999_999_999_999_999),
    "sums": camt(*(entry(f"B{n}", "999999999999999.99") for n in range(100))),
    "year 1": camt(entry("B1", "1.00").replace("2026-11-16", "0001-01-01")),
    "year 9999": camt(entry("", "1.00").replace("2026-11-16", "9999-12-31")),
    "from to": camt(entry("B1", "1.00")).replace(
        b"<Acct>",
        b"<FrToDt><FrDtTm>0001-01-01T00:00:00+08:00</FrDtTm><ToDtTm>9999-12-31T23:59:59+08:00</ToDtTm></FrToDt><Acct>",
        1,
    ),
    "made": camt(entry("", "1.00"), day="9999-12-31"),
    "closing": camt(
        entry("B1", "1.00"), balances=balance("OPBD", "999999999999999.99") + balance("CLBD", "0.00")
    ),
}


@pytest.mark.parametrize("what", POISON)
def test_no_file_stops_the_others(cast: Cast, what: str) -> None:
    stage.account(cast)
    send(cast, camt(entry("B0", "1.00"), name="S0", day="2026-11-15", number=1), "0.xml")
    for name, data in (("1.xml", POISON[what]), ("2.xml", camt(entry("B9", "2.00"), name="S9", number=2))):
        messages.store_message(name, data, now=cast.now)
    messages.process_waiting(now=cast.now + timedelta(minutes=1))
    assert not BankMessage.objects.filter(state="received").exists()
    assert StatementLine.objects.filter(bank_reference="B9").exists()
    assert check_money().findings == []


@pytest.mark.parametrize(
    ("party", "shown"),
    [
        ("孙长根", "孙**"),
        ("金城公司", "金**"),
        ("金华商贸银行", "金华商贸银行"),
        ("金华城东租赁站", "金华城东租赁站"),
        ("永康五金产业园开发有限公司（二期）", "永康五金产业园开发有限公司（二期）"),
        ("古丽巴哈尔·艾山", "古**"),
        ("阿卜杜热合曼", "阿**"),
        ("Nguyen Co Tan", "N**"),
        ("Golden Wage Bank Ltd", "Golden Wage Bank Ltd"),
        ("", ""),
    ],
)
def test_a_firm_is_named_and_a_person_masked(party: str, shown: str) -> None:
    assert mask_party(party) == shown


def test_pages_say_whose_wage_an_entry_is_and_what_was_told_twice(cast: Cast) -> None:
    line = wage(cast)
    told = detail(line.end_to_end_id, "7920.00")
    fee = entry(
        "F1",
        "36.00",
        way="DBIT",
        details="<TxDtls><RltdPties><Cdtr><Pty><Nm>金华商贸银行</Nm></Pty></Cdtr></RltdPties></TxDtls>",
    )
    send(cast, camt(fee, *(entry(ref, "7920.00", way="DBIT", details=told) for ref in ("B7", "B8"))))
    officer = cast.client(cast.officer)
    page = officer.get(reverse("payroll:account", kwargs={"pk": ledger().account_id})).content.decode()
    assert "孙**" in page
    assert "孙长根" not in page
    assert "金华商贸银行" in page
    second = StatementLine.objects.get(bank_reference="B8")
    page = officer.get(reverse("payroll:statement-line", kwargs={"pk": second.pk})).content.decode()
    assert "只计一次" in page
    assert 'value="undo"' in page


def test_a_summary_that_the_entries_do_not_make_is_said(cast: Cast) -> None:
    """A file cut short: what it tells counts, and what its own summary names beyond is asked for."""
    stage.account(cast)
    total = "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries><Sum>{}</Sum></TtlNtries></TxsSummry>"
    told = camt(entry("B1", "10.00")).decode()
    short = told.replace("<Ntry>", total.format(3, "25.00") + "<Ntry>", 1).encode()
    message = send(cast, short, "1.xml")
    assert message.state == "done"
    assert "¥25.00" in message.error_text
    assert "¥10.00" in message.error_text
    whole = told.replace("<Ntry>", total.format(1, "10.00") + "<Ntry>", 1).replace("<MsgId>M1", "<MsgId>M2")
    assert send(cast, whole.encode(), "2.xml").error_text == ""
    holds(1_000)


@pytest.mark.parametrize(
    ("count", "total", "said"),
    [("2", "15060.00", False), ("1", "15060.00", True), ("2", "15060.01", True), ("x", "1", False)],
)
def test_a_bank_that_read_another_file_is_said(cast: Cast, count: str, total: str, said: bool) -> None:
    line = wage(cast)
    report = REPORT.format(order=line.order.message_id, status="PART", e2e=line.end_to_end_id)
    heads = f"<OrgnlNbOfTxs>{count}</OrgnlNbOfTxs><OrgnlCtrlSum>{total}</OrgnlCtrlSum><GrpSts>"
    message = send(cast, report.replace("<GrpSts>", heads, 1).encode())
    assert message.state == "done"
    assert ("¥15,060.00" in message.error_text) == said


def test_a_notification_that_names_its_detail_too_tells_the_same_money(cast: Cast) -> None:
    """The statement gives the entry's reference alone, the notification one of the payment's own beside it."""
    stage.account(cast)
    inside = "<TxDtls><Refs><AcctSvcrRef>T1</AcctSvcrRef></Refs></TxDtls>"
    noticed = camt(entry("B1", "500.00", details=inside)).replace(b"camt.053.001.08", b"camt.054.001.08")
    noticed = noticed.replace(b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn").replace(b"Stmt>", b"Ntfctn>")
    assert send(cast, re.sub(rb"<Bal>.*?</Bal>", b"", noticed), "1.xml").kind == "camt.054"
    assert send(cast, camt(entry("B1", "500.00")), "2.xml").state == "done"
    holds(50_000)
