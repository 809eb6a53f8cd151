"""Statements that are not quite right: a reference twice, days out of order, half of the lines, files twice."""

from datetime import timedelta

import pytest
from django.urls import reverse

from payroll.models import AccountEntry, BankStatement, PaymentLine, StatementLine, SubLedger
from payroll.services import messages
from payroll.services.account_proof import prove
from payroll.services.money_check import check_money
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_strange_bank_files import REPORT, detail, entry, file, send

pytestmark = pytest.mark.django_db


def camt(
    *entries: str, name: str = "S1", day: str = "2026-11-16", number: int = 1, balances: str = ""
) -> bytes:
    return file(
        f"<Stmt><Id>{name}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{day}T18:00:00+08:00</CreDtTm>"
        f"<Acct><Id><Othr><Id>{stage.ACCOUNT_NUMBER}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{balances or balance('CLAV', '0.00')}"
        f"{''.join(entries)}</Stmt>"
    )


def balance(kind: str, amount: str, day: str = "2026-11-16") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def on(day: str, told: str) -> str:
    return told.replace("<Dt>2026-11-16</Dt>", f"<Dt>{day}</Dt>")


def books_hold() -> None:
    """Nothing stands in the book that no line tells, but for what the stage put there."""
    assert check_money().findings == []
    staged = sum(AccountEntry.objects.filter(bank_reference="D1").values_list("amount_fen", flat=True))
    assert prove(SubLedger.objects.get().account).reported_fen == staged


def test_two_entries_of_one_reference_are_two_movements_and_the_same_file_adds_nothing(cast: Cast) -> None:
    """Some banks number anew each day, some not at all: nothing that moved may be lost, nothing count twice."""
    stage.account(cast)
    told = camt(
        entry("B1", "1000.00"),
        entry("B1", "1000.00"),
        entry("B1", "500.00"),
        entry("", "7.00"),
        entry("", "7.00"),
    )
    message = send(cast, told)
    assert message.state == "done"
    assert sorted(StatementLine.objects.values_list("amount_fen", flat=True)) == [
        700,
        700,
        50_000,
        100_000,
        100_000,
    ]
    assert SubLedger.objects.get().balance_fen == 251_400
    again = send(cast, told.replace(b"<MsgId>M1", b"<MsgId>M2"), "000002-camt.053.xml")
    assert (again.state, again.summary["known"]) == ("done", 5)
    assert (StatementLine.objects.count(), SubLedger.objects.get().balance_fen) == (5, 251_400)
    books_hold()


def test_one_wage_told_twice_in_one_statement_is_paid_once(cast: Cast) -> None:
    stage.account(cast, 5_000_000)
    stage.instructed(cast, stage.approved_sheet(cast))
    line = PaymentLine.objects.get(worker=cast.sun)
    wage = detail(line.end_to_end_id, "7920.00")
    told = camt(
        entry("B7", "7920.00", way="DBIT", details=wage), entry("B8", "7920.00", way="DBIT", details=wage)
    )
    assert send(cast, told).state == "done"
    assert sorted(StatementLine.objects.values_list("bank_reference", "state")) == [
        ("B7", "matched"),
        ("B8", "duplicate"),
    ]
    assert SubLedger.objects.get().balance_fen == 5_000_000 - 792_000
    assert AccountEntry.objects.filter(kind="wages").count() == 1
    assert check_money().findings == []


def test_days_out_of_order_give_the_same_book(cast: Cast) -> None:
    """Entries of one file, and files of several days, in the wrong order; also a day to come."""
    stage.account(cast)
    second = camt(
        on("2026-11-15", entry("B4", "30.00")),
        on("2026-11-14", entry("B3", "20.00")),
        name="S2", day="2026-11-15", number=2,
        balances=balance("OPBD", "10.00", "2026-11-14") + balance("CLBD", "60.00", "2026-11-15"),
    )  # fmt: skip
    first = camt(
        on("2026-11-13", entry("B2", "10.00")), name="S1", day="2026-11-13", number=1,
        balances=balance("OPBD", "0.00", "2026-11-13") + balance("CLBD", "10.00", "2026-11-13"),
    )  # fmt: skip
    later = camt(
        on("2027-01-05", entry("B9", "5.00")), name="S3", day="2026-11-16", number=3,
        balances=balance("OPBD", "60.00") + balance("CLBD", "65.00"),
    )  # fmt: skip
    for n, data in enumerate((later, second, first), start=1):
        assert send(cast, data, f"00000{n}-camt.053.xml").state == "done"
    assert SubLedger.objects.get().balance_fen == 6_500
    assert not BankStatement.objects.exclude(gap_fen=0, gap_statements=0).exists()
    assert {s.statement_id: s.differs_fen for s in BankStatement.objects.all()} == {"S1": 0, "S2": 0, "S3": 0}
    assert not StatementLine.objects.filter(booked_at__gt=cast.now).exists()
    assert prove(SubLedger.objects.get().account).proved
    books_hold()


def test_half_of_the_lines_are_booked_and_the_rest_is_a_finding(cast: Cast) -> None:
    """The bank tells half and its balances tell all: what is told counts, the difference is shown, nobody is guessed paid."""
    stage.account(cast, 5_000_000)
    stage.instructed(cast, stage.approved_sheet(cast))
    sun, zhou = PaymentLine.objects.get(worker=cast.sun), PaymentLine.objects.get(worker=cast.zhou)
    left = 5_000_000 - sun.amount_fen - zhou.amount_fen
    half = entry("B7", "7920.00", way="DBIT", details=detail(sun.end_to_end_id, "7920.00"))
    rest = entry("B8", "7140.00", way="DBIT", details=detail(zhou.end_to_end_id, "7140.00"))
    sums = balance("OPBD", "50000.00") + balance("CLBD", f"{left / 100:.2f}")
    message = send(cast, camt(half, balances=sums))
    assert (message.state, message.summary["differs_fen"]) == ("done", -zhou.amount_fen)
    assert dict(PaymentLine.objects.values_list("worker", "state")) == {
        cast.sun.pk: "paid",
        cast.zhou.pk: "sent",
    }
    proof = prove(SubLedger.objects.get().account)
    assert (proof.unsound_fen, proof.since_fen) == (-zhou.amount_fen, 0)
    whole = send(cast, camt(half, rest, name="S1", balances=sums), "000002-camt.053.xml")
    assert (whole.state, whole.summary["known"], whole.summary["moved"]) == ("done", 1, 1)
    assert set(PaymentLine.objects.values_list("state", flat=True)) == {"paid"}
    assert SubLedger.objects.get().balance_fen == left
    assert check_money().findings == []
    client = cast.client(cast.officer)
    for name in ("statements", "statement"):
        pk = (
            SubLedger.objects.get().account_id
            if name == "statements"
            else BankStatement.objects.latest("pk").pk
        )
        assert client.get(reverse(f"payroll:{name}", kwargs={"pk": pk})).status_code == 200


@pytest.mark.parametrize("order", ["report first", "statement first"])
def test_an_answer_twice_and_out_of_order_ends_the_same(cast: Cast, order: str) -> None:
    stage.account(cast, 5_000_000)
    made = stage.instructed(cast, stage.approved_sheet(cast))
    line = PaymentLine.objects.get(worker=cast.sun)
    paid = REPORT.format(order=made.message_id, status="PART", e2e=line.end_to_end_id).encode()
    pending = paid.replace(b"ACSC", b"PDNG").replace(b"<MsgId>P1", b"<MsgId>P0")
    booked = camt(entry("B7", "7920.00", way="DBIT", details=detail(line.end_to_end_id, "7920.00")))
    files = [paid, booked, pending, paid, booked]
    for n, data in enumerate(files if order == "report first" else files[::-1], start=1):
        message, _new = messages.store_message(f"{n:06d}.xml", data, now=cast.now)
        messages.take_message(message.pk, now=cast.now + timedelta(minutes=n))
    line.refresh_from_db()
    assert line.state == "paid"
    assert AccountEntry.objects.filter(kind="wages").count() == 1
    assert SubLedger.objects.get().balance_fen == 5_000_000 - 792_000
    assert StatementLine.objects.get().state == "matched"
    books_hold()
