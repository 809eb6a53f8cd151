"""Messages that break their schema: nothing is booked, the bank's officer sees where and why, and may read them again."""

import pytest
from django.urls import reverse

from payroll.bank.transport import FolderTransport
from payroll.models import BankMessage, BankTerms, PaymentLine, PaymentOrder, SubLedger
from payroll.services import messages
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_strange_bank_files import REPORT, detail, entry, file, nothing_moved, send, statement
from wagewatch.lib.errors import Malformed

pytestmark = pytest.mark.django_db


def broken(told: str = "") -> bytes:
    """An entry without the code of its kind, which the schema asks for; everything else is there."""
    whole = statement(told or entry())
    return file(whole.replace("<BkTxCd><Prtry><Cd>WAGE</Cd></Prtry></BkTxCd>", ""))


def desk(cast: Cast, who: str = "officer") -> str:
    return cast.client(getattr(cast, who)).get(reverse("payroll:bank-desk")).content.decode()


def test_a_statement_that_breaks_its_schema_is_not_booked_and_stands_on_the_desk(cast: Cast) -> None:
    stage.account(cast)
    message = send(cast, broken())
    assert (message.state, message.kind, message.account_id) == (
        "unreadable", "camt.053", SubLedger.objects.get().account_id,
    )  # fmt: skip
    for word in (
        "camt.053.001.08",
        "AcctSvcrRef" if "AcctSvcrRef" in message.error_text else "Ntry",
        "BkTxCd",
    ):
        assert word in message.error_text
    nothing_moved()
    page = desk(cast)
    assert "BkTxCd" in page
    again = reverse("payroll:bank-message-again", args=[message.pk])
    assert again in page
    assert cast.client(cast.officer).post(again).status_code == 302
    message.refresh_from_db()
    assert message.state == "unreadable"
    nothing_moved()
    for outsider in ("he", "qian", "kong", "li"):
        assert cast.client(getattr(cast, outsider)).post(again).status_code == 404


def test_where_it_was_agreed_a_faulty_message_is_read_all_the_same(cast: Cast) -> None:
    ledger = stage.account(cast)
    message = send(cast, broken())
    BankTerms.objects.create(
        bank=ledger.account.bank, valid_from=cast.today, strict_schema=False, made_at=cast.now
    )
    assert (
        messages.read_message_again(message.pk, actor=cast.actor(cast.officer), now=cast.now).state == "done"
    )
    message.refresh_from_db()
    assert "BkTxCd" in message.error_text
    ledger.refresh_from_db()
    assert ledger.balance_fen == 100_000
    with pytest.raises(Exception, match=r"bank\.read_already"):
        messages.read_message_again(message.pk, actor=cast.actor(cast.officer), now=cast.now)
    ledger.refresh_from_db()
    assert ledger.balance_fen == 100_000


def test_an_upload_that_breaks_its_schema_is_refused_with_the_place(cast: Cast) -> None:
    ledger = stage.account(cast)
    with pytest.raises(Malformed, match=r"bank\.schema") as refusal:
        stage_upload(cast, ledger, broken())
    assert "BkTxCd" in str(refusal.value.message)
    assert not BankMessage.objects.exists()
    nothing_moved()


def stage_upload(cast: Cast, ledger: SubLedger, data: bytes):
    from payroll.services.statements import upload_statement

    return upload_statement(
        ledger.account_id, filename="对账单.xml", data=data, actor=cast.actor(cast.officer), now=cast.now
    )


@pytest.mark.parametrize("version", ["03", "12", "14"])
def test_a_report_of_a_version_with_a_schema_must_keep_to_it(cast: Cast, version: str) -> None:
    stage.account(cast, 5_000_000)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    line = PaymentLine.objects.get(worker=cast.sun)
    good = REPORT.format(order=order.message_id, status="PART", e2e=line.end_to_end_id)
    good = good.replace("pain.002.001.10", f"pain.002.001.{version}")
    message = send(cast, good.replace("<TxSts>ACSC", "<TxSts>PAID").encode(), "1-pain.002.xml")
    line.refresh_from_db()
    if version == "03":  # a closed list of codes; later versions take the code from outside
        assert (message.state, line.state, message.account_id) == ("unreadable", "sent", order.account_id)
        assert "TxSts" in message.error_text
        assert "TxSts" in desk(cast)
    else:
        assert (message.state, line.state) == ("done", "sent")
    send(cast, good.encode(), "2-pain.002.xml")
    line.refresh_from_db()
    assert line.state == "paid"


@pytest.mark.parametrize("version", ["04", "05", "06", "07", "08", "09", "10", "11", "13"])
def test_a_report_of_a_version_without_a_schema_is_read_and_nothing_of_it_is_lost(
    cast: Cast, version: str
) -> None:
    """The next newer schema is asked, as a hint."""
    stage.account(cast, 5_000_000)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    line = PaymentLine.objects.get(worker=cast.sun)
    good = REPORT.format(order=order.message_id, status="PART", e2e=line.end_to_end_id)
    good = good.replace("pain.002.001.10", f"pain.002.001.{version}")
    strange = send(cast, good.replace("<TxSts>ACSC", "<TxSts>ZZZZ").encode(), "1-pain.002.xml")
    line.refresh_from_db()
    assert (strange.state, strange.summary["manual"], line.state, line.bank_status) == (
        "done", 1, "sent", "ZZZZ",
    )  # fmt: skip
    unknown = good.replace("<TxSts>ACSC", "<Unheard>x</Unheard><TxSts>ACSC")
    faulty = send(cast, unknown.encode(), "2-pain.002.xml")
    line.refresh_from_db()
    assert (faulty.state, line.state) == ("done", "paid")
    assert "Unheard" in faulty.error_text
    assert "Unheard" in desk(cast)


def test_an_unreadable_file_without_an_account_is_seen_by_the_bank_of_its_connection(cast: Cast) -> None:
    message = send(cast, b"<Document>cut off")
    assert (message.state, message.account_id) == ("unreadable", None)
    assert message.name in desk(cast)
    BankMessage.objects.update(source="91330000000000000X")
    assert message.name not in desk(cast)


def test_a_file_that_is_too_large_stops_no_other(
    cast: Cast, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payroll.bank.transport.MAX_BYTES", 5_000)
    monkeypatch.setattr("payroll.bank.xmlread.MAX_BYTES", 5_000)
    ledger = stage.account(cast)
    line = FolderTransport(tmp_path / "out", tmp_path / "in")
    (tmp_path / "in" / "1-large.xml").write_bytes(broken() + b" " * 50_000)
    (tmp_path / "in" / "2-good.xml").write_bytes(file(statement(entry())))
    assert messages.fetch_messages(line, now=cast.now) == 2
    assert sorted(BankMessage.objects.values_list("state", flat=True)) == ["done", "unreadable"]
    ledger.refresh_from_db()
    assert ledger.balance_fen == 100_000
    assert messages.fetch_messages(line, now=cast.now) == 0


def test_an_entry_in_utf_16_or_gbk_is_booked_once(cast: Cast) -> None:
    ledger = stage.account(cast)
    text = file(statement(entry("中文1"))).decode().partition("?>")[2]
    for encoding in ("utf-16", "gbk", "utf-8-sig"):
        named = encoding.removesuffix("-sig")
        send(cast, f'<?xml version="1.0" encoding="{named}"?>{text}'.encode(encoding), f"{encoding}.xml")
    assert list(BankMessage.objects.values_list("state", flat=True)) == ["done"] * 3
    ledger.refresh_from_db()
    assert ledger.balance_fen == 100_000


def test_a_report_in_utf_16_is_a_report(cast: Cast) -> None:
    stage.account(cast, 5_000_000)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    line = PaymentLine.objects.get(worker=cast.sun)
    told = REPORT.format(order=order.message_id, status="PART", e2e=line.end_to_end_id)
    send(cast, told.replace("UTF-8", "UTF-16").encode("utf-16"), "x-pain.002.xml")
    line.refresh_from_db()
    assert line.state == "paid"
    assert detail(line.end_to_end_id)
    assert PaymentOrder.objects.count() == 1
