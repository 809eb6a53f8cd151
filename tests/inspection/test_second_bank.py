"""The demo's second bank: a table carried there, its result and its ledger's statements tell the same story once."""

from datetime import timedelta
from pathlib import Path

import pytest

from inspection.demo.second_bank import agree_terms, carry
from inspection.demo.wages import PastBank
from payroll.models import AccountEntry, PaySheet, SubLedger
from tests.cast import Cast
from tests.payroll import stage

pytestmark = pytest.mark.django_db


def test_a_table_and_the_ledger_pay_once(cast: Cast, tmp_path: Path) -> None:
    agree_terms(cast.bank, cast.officer, cast.now)
    bank = PastBank(tmp_path)
    stage.account(cast)
    bank.bank.open_account(stage.ACCOUNT_NUMBER, "专户", cast.now)
    bank.bank.deposit(
        stage.ACCOUNT_NUMBER, 2_000_000, reference="D", payer_name="多湖置业", text="人工费", now=cast.now
    )
    bank.settle(cast.now)
    stage.change_card(cast.zhou, "6222020000000001111", cast.now)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    carry(bank, order, cast.now + timedelta(hours=3))
    bank.settle(cast.now + timedelta(hours=4))
    bank.bank.issue_statement(stage.ACCOUNT_NUMBER, cast.now + timedelta(hours=8))
    bank.settle(cast.now + timedelta(hours=9))
    assert PaySheet.objects.get().state == "part_paid"
    assert AccountEntry.objects.filter(kind="wages").count() == 1
    assert SubLedger.objects.get().balance_fen == 2_000_000 - 792_000
    slip = stage.slip_of(PaySheet.objects.get(), cast.zhou)
    assert (slip.payment, slip.return_code) == ("returned", "BE01")
    bank.bank.close()
