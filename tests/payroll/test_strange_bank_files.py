"""Files a bank should not send: another currency, amounts that say nothing, unknown accounts and orders, entities."""

from datetime import timedelta

import pytest

from payroll.models import AccountEntry, BankMessage, BankStatement, PaymentLine, StatementLine, SubLedger
from payroll.services import messages, statements
from payroll.services.account_proof import prove
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.lib.errors import Malformed

pytestmark = pytest.mark.django_db
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>{dtd}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
    "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-16T18:00:00+08:00</CreDtTm></GrpHdr>{stmts}"
    "</BkToCstmrStmt></Document>"
)
STATEMENT = (
    "<Stmt><Id>{id}</Id><CreDtTm>2026-11-16T18:00:00+08:00</CreDtTm><Acct><Id><Othr><Id>{number}</Id></Othr></Id>"
    "<Ccy>{ccy}</Ccy></Acct>{balances}{entries}</Stmt>"
)
AVAILABLE = (
    '<Bal><Tp><CdOrPrtry><Cd>CLAV</Cd></CdOrPrtry></Tp><Amt Ccy="{ccy}">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    "<Dt><Dt>2026-11-16</Dt></Dt></Bal>"
)
"""A balance that says nothing about what was booked: a statement must have one."""
ENTRY = (
    '<Ntry><NtryRef>{ref}</NtryRef><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
    "<BookgDt><Dt>2026-11-16</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef>"
    "<BkTxCd><Prtry><Cd>WAGE</Cd></Prtry></BkTxCd>{details}</Ntry>"
)


def entry(
    ref: str = "B1", amount: str = "1000.00", *, ccy: str = "CNY", way: str = "CRDT", details: str = ""
) -> str:
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    told = ENTRY.format(ref=ref, amount=amount, ccy=ccy, way=way, details=inside)
    return told if ref else told.replace("<NtryRef></NtryRef>", "").replace("<AcctSvcrRef></AcctSvcrRef>", "")


def detail(e2e: str, amount: str = "", ccy: str = "CNY") -> str:
    told = f'<Amt Ccy="{ccy}">{amount}</Amt>' if amount else ""
    return f"<TxDtls><Refs><EndToEndId>{e2e}</EndToEndId></Refs>{told}</TxDtls>"


def statement(*entries: str, number: str = stage.ACCOUNT_NUMBER, ccy: str = "CNY", name: str = "S1") -> str:
    return STATEMENT.format(
        id=name, number=number, ccy=ccy, balances=AVAILABLE.format(ccy=ccy), entries="".join(entries)
    )


def file(*stmts: str, dtd: str = "") -> bytes:
    return HEAD.format(dtd=dtd, stmts="".join(stmts)).encode()


def send(cast: Cast, data: bytes, name: str = "000001-camt.053.xml") -> BankMessage:
    """As the bank's connection delivers it."""
    message, _new = messages.store_message(name, data, now=cast.now)
    return messages.take_message(message.pk, now=cast.now)


def nothing_moved() -> None:
    assert not StatementLine.objects.exists()
    assert not BankStatement.objects.exists()
    assert SubLedger.objects.get().balance_fen == sum(
        AccountEntry.objects.values_list("amount_fen", flat=True)
    )


@pytest.mark.parametrize(
    "strange",
    [
        statement(entry(ccy="USD")),
        statement(entry(), ccy="HKD"),
        statement(entry(), entry("B2", ccy="EUR")),
    ],
)
def test_money_of_another_currency_is_no_fen_of_ours(cast: Cast, strange: str) -> None:
    stage.account(cast)
    message = send(cast, file(statement(entry("B0"), name="S0"), strange))
    assert message.state == "unreadable"
    assert "CNY" in message.error_text
    nothing_moved()
    with pytest.raises(Malformed) as refusal:
        statements.upload_statement(
            SubLedger.objects.get().account_id,
            filename="对账单.xml",
            data=file(strange).replace(b"M1", b"M2"),
            actor=cast.actor(cast.officer),
            now=cast.now,
        )
    assert refusal.value.code == "bank.currency"
    nothing_moved()


@pytest.mark.parametrize("ccy", ["CNY", "RMB", "cny"])
def test_yuan_by_any_name_is_booked(cast: Cast, ccy: str) -> None:
    """Small letters break the schema, so only of a bank that names no version they are read."""
    stage.account(cast)
    told = file(statement(entry(ccy=ccy), ccy=ccy))
    told = (
        told.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', b"")
        if ccy == "cny"
        else told
    )
    assert send(cast, told).state == "done"
    assert SubLedger.objects.get().balance_fen == 100_000


def test_an_entry_whose_payments_do_not_say_what_moved_is_one_line_for_a_person(cast: Cast) -> None:
    """Two payments without amounts, in another currency, or not adding up: the entry's own sum is booked, once."""
    ledger = stage.account(cast, 5_000_000)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    one, two = (line.end_to_end_id for line in PaymentLine.objects.order_by("worker_id"))
    for ref, details in (
        ("B1", detail(one) + detail(two)),
        ("B2", detail(one, "7920.00") + detail(two, "7140.01")),
        ("B3", detail(one, "1100.00", "USD") + detail(two, "7140.00")),
    ):
        moved = statement(entry(ref, "15060.00", way="DBIT", details=details), name=f"S-{ref}")
        assert send(cast, file(moved).replace(b"M1", ref.encode())).state == "done"
        [line] = StatementLine.objects.filter(bank_reference=ref)
        assert (line.amount_fen, line.end_to_end_id, line.state) == (-1_506_000, "", "unmatched")
    assert not PaymentLine.objects.filter(state="paid").exists()
    ledger.refresh_from_db()
    assert ledger.balance_fen == 5_000_000 - 3 * order.total_fen
    assert prove(ledger.account).lines_fen == -3 * order.total_fen


def test_a_single_payment_told_in_another_currency_counts_with_the_entrys_amount(cast: Cast) -> None:
    stage.account(cast, 5_000_000)
    stage.instructed(cast, stage.approved_sheet(cast))
    line = PaymentLine.objects.get(worker=cast.sun)
    moved = entry(
        amount=f"{line.amount_fen / 100:.2f}",
        way="DBIT",
        details=detail(line.end_to_end_id, "1100.00", "USD"),
    )
    send(cast, file(statement(moved)))
    line.refresh_from_db()
    assert line.state == "paid"


def test_a_statement_about_a_strange_account_is_kept_and_shown(cast: Cast) -> None:
    stage.account(cast)
    message = send(cast, file(statement(entry(), number="9999000011112222")))
    assert (message.state, message.account_id) == ("done", None)
    assert message.error_text
    assert "9999000011112222" not in message.error_text
    nothing_moved()
    with pytest.raises(Malformed) as refusal:
        statements.upload_statement(
            SubLedger.objects.get().account_id,
            filename="对账单.xml",
            data=file(statement(entry(), number="9999000011112223")),
            actor=cast.actor(cast.officer),
            now=cast.now,
        )
    assert refusal.value.code == "statement.other_account"


ENTITY = '<!DOCTYPE x [<!ENTITY a "1000.00"><!ENTITY b SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("amount", ["1000.00", "&a;", "&b;", "1e3", "-1000.00", "NaN", "1000.001", "9" * 40])
def test_entities_and_numbers_that_are_none_move_nothing(cast: Cast, amount: str) -> None:
    stage.account(cast)
    dtd = ENTITY if amount == "1000.00" or "&" in amount else ""
    message = send(cast, file(statement(entry(amount=amount)), dtd=dtd))
    assert message.state == "unreadable"
    assert message.error_text
    nothing_moved()


REPORT = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
    "<CstmrPmtStsRpt><GrpHdr><MsgId>P1</MsgId><CreDtTm>2026-11-16T18:00:00+08:00</CreDtTm></GrpHdr>"
    "<OrgnlGrpInfAndSts><OrgnlMsgId>{order}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    "<GrpSts>{status}</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{order}</OrgnlPmtInfId>"
    "<TxInfAndSts><OrgnlEndToEndId>{e2e}</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
    "</CstmrPmtStsRpt></Document>"
)


@pytest.mark.parametrize("known", [False, True])
def test_a_report_about_what_is_not_ours_pays_nobody(cast: Cast, known: bool) -> None:
    """An unknown order; or our order with a payment that is not in it."""
    stage.account(cast, 5_000_000)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    before = list(PaymentLine.objects.order_by("pk").values_list("state", flat=True))
    name = order.message_id if known else "WW20261116090000-99999999-1"
    data = REPORT.format(order=name, status="PART", e2e="1-2-3-4").encode()
    message = send(cast, data, "000002-pain.002.xml")
    assert message.state == "done"
    assert ("1-2-3-4" in message.error_text) is known
    assert message.error_text
    assert list(PaymentLine.objects.order_by("pk").values_list("state", flat=True)) == before
    later = cast.now + timedelta(days=1)
    assert messages.process_waiting(now=later) == 0
