"""A wage that comes back after the special account was closed: booked, seen, owed again, and a way to pay it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from payroll.models import AccountEvent, PaymentLine, PaySlip, SpecialAccount, SubLedger
from payroll.services import account_closing, account_reopening, orders
from payroll.services.account_closing import closing_facts
from registration.models import Project
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_strange_bank_files import detail, entry, file, send, statement
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db
TOTAL = 1_506_000


def yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


def closed(cast: Cast) -> SubLedger:
    """Both workers were paid, then the account was closed at zero."""
    ledger = stage.account(cast, TOTAL)
    stage.instructed(cast, stage.approved_sheet(cast))
    paid = [
        entry(f"P{n}", yuan(x.amount_fen), way="DBIT", details=detail(x.end_to_end_id, yuan(x.amount_fen)))
        for n, x in enumerate(PaymentLine.objects.all())
    ]
    send(cast, file(statement(*paid, name="S1")))
    ledger.refresh_from_db()
    assert (ledger.balance_fen, set(PaySlip.objects.values_list("payment", flat=True))) == (0, {"paid"})
    Project.objects.filter(pk=cast.project.pk).update(state="done", done_on=cast.today)
    SubLedger.objects.update(state="closed")
    SpecialAccount.objects.update(state="closed")
    account_reopening.note_event(
        ledger.account, ledger, "closed", on=cast.today, actor=cast.actor(cast.officer), now=cast.now
    )
    ledger.refresh_from_db()
    return ledger


def comes_back(cast: Cast) -> PaymentLine:
    """The bank returns Sun's wage to the closed account."""
    line = PaymentLine.objects.get(worker=cast.sun)
    back = entry("R1", yuan(line.amount_fen), details=detail(line.end_to_end_id, yuan(line.amount_fen)))
    assert send(cast, file(statement(back, name="S2")), "2-camt.053.xml").state == "done"
    line.refresh_from_db()
    return line


def reopened(cast: Cast) -> None:
    account_reopening.ask_to_reopen(
        cast.project.pk, reason="孙师傅的工资退回", actor=cast.actor(cast.zhao), now=cast.now
    )
    account_reopening.answer_reopening(
        cast.project.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now
    )


def test_a_wage_that_comes_back_is_booked_and_owed_and_everybody_sees_it(cast: Cast) -> None:
    ledger = closed(cast)
    clerk = cast.client(cast.zhao)
    page = reverse("payroll:account-closing", args=[cast.project.pk])
    assert "销户之后" not in clerk.get(page).content.decode()
    line = comes_back(cast)
    ledger.refresh_from_db()
    assert (line.state, ledger.state, ledger.balance_fen) == ("returned", "closed", line.amount_fen)
    found = account_reopening.after_closing(ledger)
    assert (found.owed_people, found.owed_fen, found.asked) == (1, line.amount_fen, False)
    for who in (cast.zhao, cast.he, cast.officer):
        assert "销户后又有资金退回" in cast.client(who).get(page).content.decode()
    inspector = cast.client(cast.li)
    assert "销户后又有资金退回" in inspector.get(
        reverse("inspection:account", args=[cast.project.pk])
    ).content.decode()  # fmt: skip
    listed = inspector.get(reverse("inspection:accounts") + "?show=after").content.decode()
    assert cast.project.name in listed
    assert page in clerk.get(reverse("payroll:today")).content.decode()
    with pytest.raises(RuleViolation, match=r"account\.closed") as refusal:
        orders.resend_returned(
            line.sheet_id, worker_ids=[cast.sun.pk], actor=cast.actor(cast.he), now=cast.now
        )
    assert "重新开通" in str(refusal.value.message)


def test_opened_again_it_pays_what_came_back_and_is_closed_by_the_usual_way(cast: Cast) -> None:
    closed(cast)
    line = comes_back(cast)
    page = reverse("payroll:account-closing", args=[cast.project.pk])
    clerk, officer = cast.client(cast.zhao), cast.client(cast.officer)
    assert clerk.post(page, {"act": "reopen", "reason": "孙师傅的工资退回"}).status_code == 302
    assert page in officer.get(reverse("payroll:accounts")).content.decode()
    assert "个已销户的账户" in officer.get(reverse("payroll:bank-desk")).content.decode()
    assert clerk.post(page, {"act": "reopen-answer", "verdict": "confirm"}).status_code == 403
    assert officer.post(page, {"act": "reopen-answer", "verdict": "confirm"}).status_code == 302
    ledger = SubLedger.objects.get()
    assert (ledger.state, ledger.account.state) == ("open", "open")
    kinds = AccountEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["closed", "ask_reopen", "reopened"]
    order = orders.resend_returned(
        line.sheet_id, worker_ids=[cast.sun.pk], actor=cast.actor(cast.he), now=cast.now + timedelta(hours=1)
    )
    assert (order.line_count, order.total_fen) == (1, line.amount_fen)
    again = PaymentLine.objects.get(order=order)
    out = entry("P9", yuan(again.amount_fen), way="DBIT", details=detail(again.end_to_end_id))
    send(cast, file(statement(out, name="S3")), "3-camt.053.xml")
    ledger.refresh_from_db()
    assert (ledger.balance_fen, stage.slip_of(line.sheet, cast.sun).payment) == (0, "paid")
    assert account_closing.open_request(ledger) is None
    facts = closing_facts(ledger, today=cast.today)
    assert (facts.unpaid_people, facts.released, facts.notice_from) == (0, False, None)


def test_the_bank_may_say_why_it_stays_closed_and_the_contractor_may_ask_again(cast: Cast) -> None:
    ledger = closed(cast)
    comes_back(cast)
    page = reverse("payroll:account-closing", args=[cast.project.pk])
    clerk, officer = cast.client(cast.zhao), cast.client(cast.officer)
    clerk.post(page, {"act": "reopen", "reason": "孙师傅的工资退回"})
    officer.post(page, {"act": "reopen-answer", "verdict": "refuse", "reason": ""})
    assert account_reopening.after_closing(ledger).asked  # without a reason nothing was said
    officer.post(page, {"act": "reopen-answer", "verdict": "refuse", "reason": "账号已注销，无法恢复"})
    ledger.refresh_from_db()
    assert ledger.state == "closed"
    assert "账号已注销" in clerk.get(page).content.decode()
    reopened(cast)
    ledger.refresh_from_db()
    assert ledger.state == "open"


def test_refuses_what_cannot_be_opened_again(cast: Cast) -> None:
    ledger = closed(cast)

    def ask(who: object, reason: str = "孙师傅的工资退回") -> AccountEvent:
        return account_reopening.ask_to_reopen(
            cast.project.pk, reason=reason, actor=cast.actor(who), now=cast.now
        )

    with pytest.raises(RuleViolation, match=r"reopen\.nothing"):
        ask(cast.zhao)
    with pytest.raises(RuleViolation, match=r"reopen\.answered"):
        account_reopening.answer_reopening(
            cast.project.pk, confirm=True, actor=cast.actor(cast.officer), now=cast.now
        )
    comes_back(cast)
    with pytest.raises(Malformed, match=r"reopen\.reason"):
        ask(cast.zhao, " ")
    for stranger in (cast.qian, cast.kong):
        with pytest.raises(NotFound):
            ask(stranger)
    for other in (cast.officer, cast.ye, cast.li):
        with pytest.raises(NotPermitted):
            ask(other)
    ask(cast.zhao)
    with pytest.raises(RuleViolation, match=r"reopen\.asked"):
        ask(cast.he)
    SubLedger.objects.filter(pk=ledger.pk).update(state="open")
    with pytest.raises(RuleViolation, match=r"reopen\.state"):
        ask(cast.zhao)
    assert AccountEvent.objects.filter(kind="ask_reopen").count() == 1


def test_wages_handed_over_in_cash_do_not_stand_against_closing(cast: Cast) -> None:
    ledger = stage.account(cast)
    stage.approved_sheet(cast)
    PaySlip.objects.update(payment="cash")
    assert closing_facts(ledger, today=cast.today).unpaid_people == 0


def test_a_subcontractors_clerk_does_not_see_the_general_contractors_balance(cast: Cast) -> None:
    stage.account(cast, 9_876_543)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    page = reverse("payroll:order", args=[order.pk])
    told = {
        who: "98,765.43" in cast.client(getattr(cast, who)).get(page).content.decode()
        for who in ("zhao", "he", "ye", "officer", "qian")
    }
    assert told == {"zhao": True, "he": True, "ye": True, "officer": True, "qian": False}
    assert cast.client(cast.qian).get(page).status_code == 200
