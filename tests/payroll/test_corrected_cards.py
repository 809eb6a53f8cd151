"""Returned wages and corrected cards: nothing goes to a card before its worker has said yes."""

import pytest

from payroll.models import PaymentLine, PaymentOrder, PaySlip
from payroll.services import orders, returned
from registration.models import BankCard
from registration.services import card_words
from registration.services.people import change_card
from tests.cast import Cast, make_card_number
from tests.payroll import stage
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import RuleViolation

pytestmark = pytest.mark.django_db
CLERKS_CARD = make_card_number(8801)


@pytest.fixture
def came_back(cast: Cast):
    """Sun's wage came back for a closed account; Zhou's was paid."""
    stage.account(cast, 5_000_000)
    sheet = stage.approved_sheet(cast)
    order = stage.instructed(cast, sheet)
    PaymentLine.objects.filter(order=order, worker=cast.sun).update(
        state="returned", reason_code="AC04", bank_status="RJCT", settled_at=cast.now
    )
    PaymentLine.objects.filter(order=order, worker=cast.zhou).update(state="paid", settled_at=cast.now)
    for worker, payment in ((cast.sun, "returned"), (cast.zhou, "paid")):
        PaySlip.objects.filter(sheet=sheet.pk, worker=worker).update(payment=payment)
    return sheet


def correct(cast: Cast) -> BankCard:
    """Clerk Qian writes a card down for Sun, as the bank's reason asks."""
    return change_card(cast.sun.pk, cast.project, CLERKS_CARD, "", actor=cast.actor(cast.qian), now=cast.now)


def ready(cast: Cast) -> list[int]:
    [item] = returned.returned_sheets(actor=cast.actor(cast.he), now=cast.now)
    return [slip.worker_id for slip in item.ready]


def test_a_clerk_cannot_lead_wages_to_his_own_card_unseen(cast: Cast, came_back) -> None:
    card = correct(cast)
    assert ready(cast) == []
    for act in (
        lambda: orders.resend_returned(came_back.pk, actor=cast.actor(cast.he), now=cast.now),
        lambda: orders.resend_returned(
            came_back.pk, worker_ids=[cast.sun.pk], actor=cast.actor(cast.he), now=cast.now
        ),
    ):
        with pytest.raises(RuleViolation) as refusal:
            act()
        assert (refusal.value.code, refusal.value.facts["count"]) == ("order.card_asked", 1)
    card_words.answer_card(card.pk, is_own=False, reason="others", actor=cast.actor(cast.sun), now=cast.now)
    with pytest.raises(RuleViolation) as refusal:
        orders.resend_returned(came_back.pk, actor=cast.actor(cast.he), now=cast.now)
    assert refusal.value.code == "order.card_denied"
    assert PaymentOrder.objects.count() == 1
    assert not PaymentLine.objects.filter(attempt=2).exists()
    page = cast.client(cast.he).get("/pay/returned/")
    assert page.status_code == 200
    assert 'name="sheet"' not in page.content.decode(), "nothing can be sent again"


def test_after_the_workers_yes_the_wage_goes_out_to_the_corrected_card(cast: Cast, came_back) -> None:
    card = correct(cast)
    card_words.answer_card(card.pk, is_own=True, actor=cast.actor(cast.sun), now=cast.now)
    assert ready(cast) == [cast.sun.pk]
    orders.resend_returned(came_back.pk, actor=cast.actor(cast.he), now=cast.now)
    line = PaymentLine.objects.get(attempt=2)
    assert (line.worker_id, line.card_number) == (cast.sun.pk, CLERKS_CARD)
    assert Entry.objects.filter(kind="card.answered").count() == 1


def test_a_card_changed_before_the_first_payment_waits_too_and_holds_nobody_else_back(cast: Cast) -> None:
    stage.account(cast, 5_000_000)
    sheet = stage.approved_sheet(cast)
    correct(cast)
    found = orders.payable(sheet)
    assert ([s.worker_id for s, _c, _a in found.slips], found.card_asked) == ([cast.zhou.pk], [cast.sun.pk])
    order = stage.instructed(cast, sheet)
    assert order.line_count == 1
    assert stage.slip_of(sheet, cast.sun).payment == "none"
