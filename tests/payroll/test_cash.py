"""Cash by exception: proved, deniable, and never beside a payment by the bank."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from payroll.models import CashPayment, CashReport, PaymentLine, PaySheet
from payroll.services import cash, orders
from registration.models import LoginCode, SmsMessage, Worker
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_on_site import face
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation, WagewatchError

pytestmark = pytest.mark.django_db


def code_for(cast: Cast, sheet: PaySheet, worker: Worker) -> str:
    cash.send_code(
        stage.slip_of(sheet, worker).reference, address="127.0.0.1", actor=cast.actor(cast.qian), now=cast.now
    )
    text = str(SmsMessage.objects.filter(kind="login_code").order_by("-pk")[0].text)
    found = re.search(r"\d{6}", text)
    assert found
    return found[0]


def pay(cast: Cast, sheet: PaySheet, worker: Worker, **change: Any) -> CashPayment:
    arguments: dict[str, Any] = {
        "reason": "no_card", "text": "今天回乡", "code": "", "photo": face(), "signature_png": stage.signature(),
        "actor": cast.actor(cast.qian), "now": cast.now,
    } | change  # fmt: skip
    return cash.pay_in_cash(stage.slip_of(sheet, worker).reference, **arguments)


def test_cash_is_proved_and_leaves_the_account_alone(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    ledger = stage.account(cast, 10_000_000)
    made = pay(cast, sheet, cast.sun, code=code_for(cast, sheet, cast.sun))
    slip = stage.slip_of(sheet, cast.sun)
    assert (slip.payment, slip.paid_at, slip.paid_card_tail) == ("cash", cast.now, "")
    assert (made.amount_fen, made.proof, made.clerk) == (792_000, "code", cast.qian)
    ledger.refresh_from_db()
    assert ledger.balance_fen == 10_000_000
    entry = Entry.objects.get(kind="cash.paid")
    assert record_matches(entry, rebuilt_record(entry) or {})
    order = stage.instructed(cast, sheet)
    assert order.line_count == 1  # the other one only
    assert SmsMessage.objects.filter(kind="slip.cash").count() == 1
    with pytest.raises(RuleViolation) as refusal:
        pay(cast, sheet, cast.sun)
    assert refusal.value.code == "cash.paid"
    with pytest.raises(RuleViolation) as refusal:
        pay(cast, sheet, cast.zhou)
    assert refusal.value.code == "cash.at_bank"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "just so"}, "cash.reason"), ({"text": " "}, "cash.text"), ({"photo": b""}, "cash.photo"),
        ({"signature_png": None}, "cash.signature"), ({"signature_png": stage.blank()}, "signature.blank"),
        ({"code": "000000"}, "code.spent"),
    ],
)  # fmt: skip
def test_refuses_cash_without_proof(cast: Cast, change: dict, code: str) -> None:
    sheet = stage.approved_sheet(cast)
    before = Entry.objects.count()
    with pytest.raises(RuleViolation) as refusal:
        pay(cast, sheet, cast.sun, **change)
    assert refusal.value.code == code
    assert stage.slip_of(sheet, cast.sun).payment == "none"
    assert (CashPayment.objects.count(), Entry.objects.count()) == (0, before)


def test_a_wrong_code_counts_as_a_try(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    right = code_for(cast, sheet, cast.sun)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    with pytest.raises(RuleViolation) as refusal:
        pay(cast, sheet, cast.sun, code=wrong)
    assert refusal.value.code == "code.wrong"
    assert LoginCode.objects.get().tries == 1
    assert CashPayment.objects.count() == 0


def test_without_a_phone_the_id_number_proves_it(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    Worker.objects.filter(pk=cast.sun.pk).update(phone=None, phone_index=None)
    with pytest.raises(RuleViolation) as refusal:
        pay(cast, sheet, cast.sun, tail="0000")
    assert refusal.value.code == "cash.tail"
    assert pay(cast, sheet, cast.sun, tail=cast.sun.id_tail).proof == "typed"


def test_only_approved_wages_and_only_clerks_of_the_sheet(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    with pytest.raises(RuleViolation) as refusal:
        pay(cast, sheet, cast.sun)
    assert refusal.value.code == "cash.not_approved"
    for who, error in ((cast.he, NotPermitted), (cast.kong, NotFound), (cast.ye, NotFound)):
        with pytest.raises(error):
            pay(cast, sheet, cast.sun, actor=cast.actor(who))


def test_denied_cash_goes_back_to_the_bank(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    stage.account(cast, 10_000_000)
    made = pay(cast, sheet, cast.sun, code=code_for(cast, sheet, cast.sun))
    reference, sun = stage.slip_of(sheet, cast.sun).reference, cast.actor(cast.sun)
    with pytest.raises(RuleViolation) as refusal:
        cash.withdraw_cash(made.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert refusal.value.code == "cash.not_denied"
    with pytest.raises(RuleViolation) as refusal:
        cash.deny_cash(reference, actor=sun, now=cast.now + timedelta(days=31))
    assert refusal.value.code == "cash.too_late"
    with pytest.raises(NotFound):
        cash.deny_cash(reference, actor=cast.actor(cast.zhou), now=cast.now)
    assert cash.deny_cash(reference, actor=sun, now=cast.now).denied_at == cast.now
    cash.withdraw_cash(made.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert stage.slip_of(sheet, cast.sun).payment == "none"
    assert stage.instructed(cast, sheet).line_count == 2
    entry = Entry.objects.filter(kind="cash.paid").order_by("-pk")[0]
    assert record_matches(entry, rebuilt_record(entry) or {})


def race(*acts: Callable[[], object]) -> list[str]:
    done: list[str] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
            done.append("done")
        except WagewatchError as problem:
            done.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(done)


@pytest.mark.django_db(transaction=True)
def test_cash_and_bank_at_once_pay_once(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    stage.account(cast, 10_000_000)
    code = code_for(cast, sheet, cast.sun)
    he = cast.actor(cast.he)
    race(
        lambda: pay(cast, sheet, cast.sun, code=code),
        lambda: orders.instruct_bank(sheet.pk, actor=he, now=cast.now),
        lambda: pay(cast, sheet, cast.sun, code=code),
    )
    in_cash = CashPayment.objects.filter(worker=cast.sun).count()
    by_bank = PaymentLine.objects.filter(worker=cast.sun).count()
    assert in_cash + by_bank == 1
    assert stage.slip_of(sheet, cast.sun).payment == ("cash" if in_cash else "instructed")


def test_the_worker_reports_cash_and_the_firm_never_reads_it(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = stage.submit(cast, stage.make_sheet(cast))
    client = cast.client(cast.sun)
    slip = stage.slip_of(sheet, cast.sun)
    assert client.get("/my/cash/").status_code == 200
    assert client.post("/my/cash/", {"slip": slip.reference, "kind": "nothing"}).status_code == 400
    body = {"slip": slip.reference, "kind": "give_back", "amount": "2000", "text": "班组长收回两千"}
    assert client.post("/my/cash/", body).status_code == 302
    report = CashReport.objects.get()
    assert (report.amount_fen, report.kind, report.month) == (200_000, "give_back", stage.MONTH)
    other = cast.client(cast.zhou)
    assert other.post("/my/cash/", body).status_code == 400
    assert "班组长收回" not in cast.client(cast.qian).get(f"/pay/lines/{slip.reference}/").content.decode()
    entry = Entry.objects.get(kind="cash.reported")
    assert record_matches(entry, rebuilt_record(entry) or {})


def test_the_clerks_page_pays_and_the_worker_denies(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = stage.approved_sheet(cast)
    reference = stage.slip_of(sheet, cast.sun).reference
    clerk, address = cast.client(cast.qian), f"/pay/lines/{reference}/cash/"
    assert clerk.get(address).status_code == 200
    assert clerk.post(address, {"act": "code"}).status_code == 200
    assert clerk.post(address, {"reason": "no_card"}).status_code == 400
    pay(cast, sheet, cast.sun, code=_last_code())
    assert clerk.get(address).status_code == 200
    assert clerk.get(f"/pay/sheets/{sheet.pk}/").status_code == 200
    worker = cast.client(cast.sun)
    assert "no-cash" in worker.get(f"/my/pay/{reference}/").content.decode()
    assert worker.post(f"/my/pay/{reference}/no-cash/").status_code == 302
    assert CashPayment.objects.get().denied_at is not None
    assert clerk.post(address, {"act": "withdraw"}).status_code == 302


def _last_code() -> str:
    found = re.search(r"\d{6}", str(SmsMessage.objects.filter(kind="login_code").order_by("-pk")[0].text))
    assert found
    return found[0]
