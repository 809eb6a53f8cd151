"""D2, D4 to D7, B3, B4: confirmations, heads paid, low wages, odd payments, leavers, the account."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from inspection.models import Alarm
from payroll.models import Objection, PaymentLine, PaymentOrder, PaySlip
from payroll.services.accounts import Movement, book
from registration.models import BankCard, Complaint, Posting
from registration.services import card_words
from registration.services.complaints import Told, file_complaint
from tests.cast import make_card_number, make_posting, make_worker
from tests.inspection.stage import (
    DUE,
    OCTOBER,
    at,
    attend,
    flips,
    rest_day,
    run,
    sent_sheet,
    set_parameter,
    set_parameters,
    set_slips,
)
from tests.payroll.stage import account, change_card

SUN, ZHOU = 792_000, 714_000
SENT = date(2026, 11, 3)


@pytest.fixture
def stage(cast):
    set_parameters()
    return cast


@pytest.fixture
def sheet(stage):
    made = sent_sheet(stage.sc_part, [(stage.sun_posting, SUN), (stage.zhou_posting, ZHOU)])
    set_slips(made, sent_at=at(SENT))
    return made


def only() -> Alarm:
    return Alarm.objects.get()


def test_slips_wait_for_five_days(stage, sheet):
    assert run(SENT + timedelta(days=4), "D2").found == 0
    assert run(SENT + timedelta(days=5), "D2").opened == 1
    alarm = only()
    assert (alarm.period, alarm.level, alarm.amount_fen, alarm.people, alarm.due_on) == (
        "2026-10",
        1,
        SUN + ZHOU,
        2,
        SENT + timedelta(days=5),
    )
    assert alarm.facts == {"waiting": 2, "objected": 0, "since": "2026-11-03"}
    set_slips(sheet, worker=stage.sun.pk, confirmation="confirmed")
    run(SENT + timedelta(days=6), "D2")
    assert (only().people, only().amount_fen) == (1, ZHOU)
    set_slips(sheet, worker=stage.zhou.pk, is_approved=True)
    assert run(SENT + timedelta(days=7), "D2").closed == 1, "approved as not confirmed: D3 follows it"


def test_an_open_objection_counts_whatever_the_sheet_does(stage, sheet):
    set_slips(sheet, confirmation="confirmed", is_approved=True)
    objection = Objection.objects.create(
        project=stage.project,
        sheet=sheet,
        worker=stage.sun,
        month=OCTOBER,
        reason="days",
        raised_at=at(date(2026, 11, 5)),
    )
    assert run(date(2026, 11, 9), "D2").found == 0
    run(date(2026, 11, 10), "D2")
    assert only().facts == {"waiting": 0, "objected": 1, "since": "2026-11-05"}
    Objection.objects.filter(pk=objection.pk).update(state="rejected")
    assert run(date(2026, 11, 11), "D2").closed == 1


def test_a_region_sets_levels_for_unconfirmed_slips(stage, sheet):
    set_parameter("alarm.D2.days", {"yellow": 2, "orange": 4}, "330703")
    for days, level in ((2, 1), (3, 1), (4, 2)):
        run(SENT + timedelta(days=days), "D2")
        assert only().level == level


def test_fewer_paid_than_worked(stage):
    """Ten worked; nine paid is yellow however long it takes, eight paid is red from the 15th day on."""
    postings = [stage.sun_posting]
    for n in range(9):
        worker, _card = make_worker(f"工{n}", seq=801 + 2 * n)
        postings.append(make_posting(worker, stage.team, pin=80 + n))
    for posting in postings:
        attend(posting, 10)
    sheet = sent_sheet(stage.sc_part, [(posting, 360_000) for posting in postings])
    set_slips(sheet, payment="paid")
    for posting in postings[:2]:
        set_slips(sheet, worker=posting.worker_id, payment="returned")
    assert run(DUE + timedelta(days=4), "D4").found == 0
    run(DUE + timedelta(days=5), "D4")
    assert (only().level, only().people, only().amount_fen, only().due_on) == (1, 2, 720_000, DUE)
    assert only().facts == {"attended": 10, "paid": 8, "estimated": True}
    run(DUE + timedelta(days=14), "D4")
    assert only().level == 1
    run(DUE + timedelta(days=15), "D4")
    assert only().level == 3
    set_slips(sheet, worker=postings[0].worker_id, payment="paid")
    run(DUE + timedelta(days=16), "D4")
    assert (only().level, only().people) == (1, 1), "nine of ten are 90 per cent"
    set_slips(sheet, payment="paid")
    assert run(DUE + timedelta(days=17), "D4").closed == 1


def test_who_worked_and_is_on_no_sheet_is_not_paid(stage):
    attend(stage.sun_posting, 10)
    run(DUE + timedelta(days=5), "D4")
    assert (only().people, only().amount_fen, only().facts["paid"]) == (1, 360_000, 0)


def low(stage, gross, *, days=20, gate=20, net=None):
    sheet = sent_sheet(stage.sc_part, [(stage.sun_posting, gross)])
    set_slips(sheet, days=Decimal(days), gate_days=Decimal(gate), gross_fen=gross, net_fen=net or gross)
    return sheet


def test_below_the_agreed_rate_by_more_than_a_fifth(stage):
    """Twenty days at 360 are 7,200; 5,760 is a fifth less and not more."""
    sheet = low(stage, 576_000)
    assert run(DUE, "D5").found == 0
    set_slips(sheet, gross_fen=575_900, net_fen=575_900)
    assert run(DUE, "D5").opened == 1
    alarm = only()
    assert (alarm.level, alarm.people, alarm.amount_fen, alarm.period) == (2, 1, 144_100, "2026-10")
    assert alarm.facts == {"below_minimum": 0, "below_rate": 1}
    sent_sheet(stage.sc_part, [(stage.sun_posting, 100)], kind="supplement")
    set_slips(sheet, gross_fen=719_900, net_fen=719_900)
    assert run(DUE, "D5").closed == 1


def test_the_gates_count_not_the_days_on_the_sheet(stage):
    low(stage, 360_000, days=10, gate=20)
    run(DUE, "D5")
    assert (only().amount_fen, only().facts["below_rate"]) == (360_000, 1)


def test_below_the_minimum_wage_for_the_days(stage):
    """2,175 a month over 21.75 days are 100 a day; ten days 1,000."""
    Posting.objects.filter(pk=stage.sun_posting.pk).update(rate_fen=9_000)
    low(stage, 90_000, days=10, gate=10)
    assert run(DUE, "D5").found == 0, "no minimum wage is set here"
    set_parameter("pay.minimum_wage_month_fen", 217_500, "330703")
    run(DUE, "D5")
    assert (only().amount_fen, only().facts) == (10_000, {"below_minimum": 1, "below_rate": 0})
    set_parameter("pay.minimum_wage_month_fen", 195_750, "330703", since=DUE)
    assert run(DUE, "D5").closed == 1


def test_hours_and_months_and_piece_work(stage):
    Posting.objects.filter(pk=stage.sun_posting.pk).update(pay_basis="piece", rate_fen=500)
    sheet = low(stage, 100)
    set_slips(sheet, pay_basis="piece")
    assert run(DUE, "D5").found == 0
    Posting.objects.filter(pk=stage.sun_posting.pk).update(pay_basis="month", rate_fen=870_000)
    set_slips(sheet, pay_basis="month", gross_fen=500_000, net_fen=500_000)
    run(DUE, "D5")
    assert only().amount_fen == 300_000, "8,700 by 20 of 21.75 days are 8,000"


def returned_line(stage, sheet, worker, on, attempt=1):
    ledger = account(stage) if not PaymentOrder.objects.exists() else None
    order = PaymentOrder.objects.first() or PaymentOrder.objects.create(
        project=stage.project,
        sheet=sheet,
        account=ledger.account,
        message_id="M1",
        file=b"x",
        sha256=b"s" * 32,
        line_count=1,
        total_fen=1,
        instructed_by=stage.he,
        instructed_at=at(on),
    )
    PaymentLine.objects.create(
        project=stage.project,
        end_to_end_id=f"E{worker.pk}-{attempt}",
        order=order,
        sheet=sheet,
        worker=worker,
        month=OCTOBER,
        attempt=attempt,
        amount_fen=SUN,
        card_number="x",
        card_tail="0000",
        state="returned",
        settled_at=at(on),
    )


def test_a_returned_wage_is_sent_again_within_three_working_days(stage, sheet):
    friday = date(2026, 11, 13)
    set_slips(sheet, worker=stage.sun.pk, payment="returned", state="part_paid")
    returned_line(stage, sheet, stage.sun, friday)
    assert run(date(2026, 11, 18), "D6").found == 0, "Monday to Wednesday are three working days"
    rest_day(date(2026, 11, 16))
    assert run(date(2026, 11, 19), "D6").found == 0
    assert run(date(2026, 11, 20), "D6").opened == 1
    assert (only().level, only().amount_fen, only().facts) == (
        2,
        SUN,
        {"large": 0, "card": 0, "denied": 0, "returned": 1},
    )
    returned_line(stage, sheet, stage.sun, date(2026, 11, 20), attempt=2)
    assert run(date(2026, 11, 20), "D6").closed == 1, "it was sent again, and the days begin anew"


def test_a_line_can_be_too_large(stage, sheet):
    set_slips(sheet, worker=stage.sun.pk, gross_fen=5_000_000, net_fen=5_000_000)
    assert run(DUE, "D6").found == 0
    set_slips(sheet, worker=stage.sun.pk, gross_fen=5_000_001, net_fen=5_000_001)
    run(DUE, "D6")
    assert (only().people, only().facts["large"]) == (1, 1)
    set_parameter("pay.largest_line_fen", 6_000_000, "330703")
    assert run(DUE, "D6").closed == 1


def test_a_card_that_took_the_wages_of_two_people(stage, sheet):
    card = stage.sun_card
    set_slips(sheet, payment="paid", paid_card_tail=card.tail)
    assert run(DUE, "D6").found == 0
    BankCard.objects.filter(pk=stage.zhou_card.pk).update(is_current=False)
    BankCard.objects.create(
        worker=stage.zhou,
        number=card.number,
        number_index=card.number_index,
        tail=card.tail,
        is_current=False,
        added_at=stage.now,
    )
    run(DUE, "D6")
    assert (only().people, only().facts["card"], only().amount_fen) == (2, 2, SUN + ZHOU)


def test_a_card_that_its_worker_denies(stage, sheet):
    """Unpaid wages at once; what went to that card before as well; a yes closes it."""
    set_slips(sheet, worker=stage.zhou.pk, payment="paid", paid_card_tail="0000")
    change_card(stage.sun, make_card_number(4321), at(SENT), said=None)
    assert run(date(2026, 11, 16), "D6").found == 0
    card = change_card(stage.sun, make_card_number(4322), at(SENT), said=False)
    assert run(date(2026, 11, 17), "D6").opened == 1
    assert (only().people, only().amount_fen, only().facts) == (
        1,
        SUN,
        {"large": 0, "card": 0, "denied": 1, "returned": 0},
    )
    set_slips(sheet, worker=stage.sun.pk, payment="paid", paid_card_tail=card.tail)
    assert run(date(2026, 11, 18), "D6").found == 1
    card_words.answer_card(card.pk, is_own=True, actor=stage.actor(stage.sun), now=at(SENT))
    assert run(date(2026, 11, 19), "D6").closed == 1


def test_leavers_are_settled_within_three_working_days(stage):
    left = date(2026, 11, 6)
    Posting.objects.filter(pk=stage.sun_posting.pk).update(left_on=left, settle_by=left)
    attend(stage.sun_posting, 5, month=date(2026, 11, 1))
    assert run(date(2026, 11, 11), "D7").found == 0
    assert run(date(2026, 11, 12), "D7").opened == 1
    alarm = only()
    assert (alarm.level, alarm.people, alarm.amount_fen, alarm.due_on, alarm.period) == (
        2,
        1,
        180_000,
        date(2026, 11, 11),
        "2026-11",
    )
    assert alarm.facts == {"unpaid": 0, "unsheeted": 1, "settle_by": "2026-11-06", "estimated": True}
    sheet = sent_sheet(
        stage.sc_part, [(stage.sun_posting, 175_000)], month=date(2026, 11, 1), kind="leaver", due_on=left
    )
    run(date(2026, 11, 12), "D7")
    assert (only().amount_fen, only().facts["unpaid"], only().facts["unsheeted"]) == (175_000, 1, 0)
    set_slips(sheet, payment="paid", state="settled")
    assert run(date(2026, 11, 12), "D7").closed == 1
    assert flips(only())[-1] == ("closed", 2, 0, 0)


def test_a_leavers_open_complaint_turns_it_red_at_once_and_says_nothing_of_it(stage):
    left = date(2026, 11, 6)
    Posting.objects.filter(pk=stage.sun_posting.pk).update(left_on=left, settle_by=left)
    attend(stage.sun_posting, 5, month=date(2026, 11, 1))
    told = {"text": "走了还没结钱", "project_id": stage.project.pk, "worker_id": stage.sun.pk}
    sun = {"actor": stage.actor(stage.sun), "now": stage.now}
    file_complaint(Told(topic="contract", **told), address="10.2.2.1", **sun)
    assert run(date(2026, 11, 9), "D7").found == 0, "it is not about wages"
    filed = file_complaint(Told(topic="unpaid", **told), address="10.2.2.1", **sun)
    assert run(left, "D7").found == 0, "the last day to settle is not over"
    assert run(date(2026, 11, 7), "D7").opened == 1
    alarm = only()
    assert (alarm.level, alarm.people, alarm.due_on) == (3, 1, date(2026, 11, 11))
    assert alarm.facts == {"unpaid": 0, "unsheeted": 1, "settle_by": "2026-11-06", "estimated": True}
    Complaint.objects.filter(reference=filed.reference).update(state="answered")
    assert run(date(2026, 11, 12), "D7").changed == 1
    assert only().level == 2


def test_the_balance_must_cover_the_wages_before_they_are_due(stage, sheet):
    ledger = account(stage, SUN + ZHOU - 1)
    assert run(DUE - timedelta(days=6), "B3").found == 0
    assert run(DUE - timedelta(days=5), "B3").opened == 1
    assert (only().level, only().amount_fen, only().due_on, only().people) == (1, 1, DUE, 2)
    book(ledger, [Movement("O1", "other_out", -(ledger.balance_fen // 2 + 1), at(DUE), "某建材")])
    run(DUE, "B3")
    assert only().level == 2
    book(ledger, [Movement("D2", "allocation", SUN + ZHOU, at(DUE), "金华多湖置业有限公司")])
    assert run(DUE, "B3").closed == 1


def test_money_that_left_for_something_else_must_come_back(stage):
    ledger = account(stage, 1_000_000)
    day = date(2026, 11, 10)
    assert run(day, "B4").found == 0
    book(ledger, [Movement("O1", "other_out", -300_000, at(day), "金华某建材有限公司")])
    run(day, "B4")
    assert (only().level, only().amount_fen, only().period) == (3, 300_000, "2026-11")
    assert only().facts == {"times": 1, "first_on": "2026-11-10", "to": "金华某建材有限公司", "parties": 1}
    book(ledger, [Movement("I1", "allocation", 100_000, at(day, 12), "金华某建材有限公司")])
    book(ledger, [Movement("I2", "allocation", 500_000, at(day, 13), "金华多湖置业有限公司")])
    run(day, "B4", hour=14)
    assert only().amount_fen == 200_000
    book(ledger, [Movement("I3", "allocation", 200_000, at(day, 15), "金华某建材有限公司")])
    assert run(day, "B4", hour=16).closed == 1


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_alarm_of_wages_has_a_page_and_a_line(stage, sheet, language):
    ledger = account(stage, 1_000)
    book(ledger, [Movement("O1", "other_out", -500, at(SENT), "某建材")])
    set_slips(sheet, gross_fen=10_000, net_fen=10_000)
    set_slips(sheet, worker=stage.sun.pk, gross_fen=6_000_000, net_fen=6_000_000)
    attend(stage.wu_posting, 10)
    Posting.objects.filter(pk=stage.zhou_posting.pk).update(left_on=SENT, settle_by=SENT)
    attend(stage.zhou_posting, 2)
    day = DUE + timedelta(days=20)
    for code in ("B3", "B4", "D1", "D2", "D3", "D4", "D5", "D6", "D7"):
        assert run(day, code).found >= 1, code
    client = stage.client(stage.li)
    client.cookies["django_language"] = language
    mine = Alarm.objects.filter(project=stage.project)
    assert {alarm.rule for alarm in mine} == {"B3", "B4", "D2", "D3", "D4", "D5", "D6", "D7"}
    for alarm in mine:
        page = client.get(reverse("inspection:alarm", args=[alarm.pk]))
        assert page.status_code == 200, alarm.rule
        assert page.context["facts"], alarm.rule
        assert "%(" not in page.content.decode(), alarm.rule
    lines = client.get(reverse("inspection:alarms")).context["lines"]
    assert all(line.headline and line.reason for line in lines)
    assert {
        line.alarm.rule for line in client.get(reverse("inspection:alarms") + "?group=B").context["lines"]
    } == {
        "B3",
        "B4",
    }
    assert client.get(reverse("inspection:today")).status_code == 200
    assert PaySlip.objects.filter(sheet=sheet.pk).count() == 2
