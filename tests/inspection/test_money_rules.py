"""B1, B2, D8: labour cost that did not come, and cash or cards in other hands; wage months with days of their own."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from inspection.case_facts import unpaid_by_data
from inspection.list_rules import Owed
from inspection.models import Alarm
from inspection.services.credit import records_of
from inspection.services.labour_cost import LabourCost, labour_costs
from inspection.services.listing import owed_by
from inspection.views import pay_watch, watch_exports
from payroll.models import CashPayment, CashReport, WageMonthStart
from payroll.services import allocations
from payroll.services.accounts import Movement, book
from payroll.services.allocation_facts import load_allocation
from payroll.services.allocations import PlanFacts
from registration.models import BankCard
from tests.cast import make_card_number
from tests.inspection.stage import (
    DUE,
    OCTOBER,
    at,
    attend,
    paid_in_cash,
    run,
    sent_sheet,
    set_parameters,
    set_slips,
)
from tests.payroll.stage import account, change_card
from wagewatch.lib.sheets import read_workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(cast):
    set_parameters()
    return cast


def only(rule: str) -> Alarm:
    return Alarm.objects.get(rule=rule)


def agree(stage, *, since=date(2026, 9, 1), amount=10_000_000, day=20):
    facts = PlanFacts("amount", day, since, "施工合同第 12 条", amount_fen=amount)
    return allocations.agree_plan(stage.project.pk, facts, actor=stage.actor(stage.he), now=at(since))


def came(ledger, reference, fen, day):
    book(ledger, [Movement(reference, "allocation", fen, at(day), "金华多湖置业有限公司")])


def test_an_allocation_is_late_from_the_fifth_day_and_rises(stage):
    agree(stage)
    ledger = account(stage)
    assert run(date(2026, 9, 24), "B1").found == 0
    assert run(date(2026, 9, 25), "B1").opened == 1
    alarm = only("B1")
    assert (alarm.period, alarm.level, alarm.amount_fen, alarm.due_on) == (
        "2026-09",
        1,
        10_000_000,
        date(2026, 9, 20),
    )
    assert alarm.facts == {"agreed_fen": 10_000_000, "received_fen": 0, "unmeasured": False}
    run(date(2026, 10, 20), "B1")
    assert only("B1").level == 2
    came(ledger, "D1", 4_000_000, date(2026, 10, 21))
    run(date(2026, 10, 22), "B1")
    assert (only("B1").amount_fen, only("B1").facts["received_fen"]) == (6_000_000, 4_000_000)
    came(ledger, "D2", 6_000_000, date(2026, 10, 22))
    assert run(date(2026, 10, 23), "B1").closed == 1
    run(date(2026, 10, 25), "B1")
    assert Alarm.objects.get(rule="B1", state="open").period == "2026-10"


def test_the_rule_and_the_contractors_page_reckon_alike(stage):
    agree(stage, since=date(2026, 7, 1))
    ledger = account(stage)
    came(ledger, "D1", 13_000_000, date(2026, 7, 21))
    came(ledger, "D2", 5_000_000, date(2026, 8, 25))
    allocations.choose_month(
        stage.project.pk,
        2,
        date(2026, 9, 1),
        reason="这笔是九月的人工费",
        actor=stage.actor(stage.he),
        now=at(date(2026, 9, 1)),
    )
    day = date(2026, 11, 16)
    run(day, "B1")
    standing = load_allocation(stage.project, today=day).account
    expected = {f"{s.period.month:%Y-%m}": s.short_fen for s in standing.due if s.short_fen}
    assert dict(Alarm.objects.filter(rule="B1").values_list("period", "amount_fen")) == {
        month: fen for month, fen in expected.items() if month != "2026-11"
    }
    run(day, "B2")
    alarm = only("B2")
    assert alarm.amount_fen == sum(expected.values())
    assert alarm.facts["received_fen"] == 18_000_000
    assert alarm.level == 1
    for done in (None, date(2026, 10, 31)):
        stage.project.done_on = done
        stage.project.save()
        account_ = load_allocation(stage.project, today=day).account
        found = labour_costs([stage.project.pk, stage.other_project.pk], today=day)
        cost = found[stage.project.pk]
        assert (cost.agreed_fen, cost.received_fen, cost.short_fen, cost.days_late(day)) == (
            account_.agreed_fen,
            account_.received_fen,
            account_.short_fen,
            account_.days_late,
        )
        assert cost.since == account_.oldest_short.period.due_on
        assert found[stage.other_project.pk] == LabourCost()


def test_a_month_without_measured_progress_is_told(stage):
    facts = PlanFacts("progress", 20, OCTOBER, "施工合同第 12 条", percent=Decimal(25))
    allocations.agree_plan(stage.project.pk, facts, actor=stage.actor(stage.he), now=at(OCTOBER))
    run(date(2026, 12, 25), "B1")
    assert {(a.period, a.level, a.amount_fen) for a in Alarm.objects.filter(rule="B1")} == {
        ("2026-10", 1, 0),
        ("2026-11", 1, 0),
        ("2026-12", 1, 0),
    }
    assert run(date(2026, 12, 25), "B2").found == 0
    cost = labour_costs([stage.project.pk], today=date(2026, 12, 25))[stage.project.pk]
    assert (cost.agreed_fen, cost.short_fen, cost.since) == (0, 0, date(2026, 10, 20))


def test_cash_that_the_worker_denies_is_owed(stage):
    sheet = sent_sheet(stage.sc_part, [(stage.sun_posting, 792_000)])
    payment = paid_in_cash(stage, sheet, stage.sun)
    set_slips(sheet, state="settled")
    after = DUE + timedelta(days=1)
    firm = stage.sc_part.organisation_id
    assert run(after, "D3").found == 0
    assert run(after, "D8").found == 0
    assert unpaid_by_data(stage.project.pk, after).people == 0
    assert owed_by(firm, today=after) == []
    CashPayment.objects.filter(pk=payment.pk).update(denied_at=at(after))
    assert unpaid_by_data(stage.project.pk, after).amount_fen == 792_000
    assert owed_by(firm, today=after) == [Owed(1, 792_000)]
    assert (run(after, "D3").opened, run(after, "D8").opened) == (1, 1)
    assert (only("D3").amount_fen, only("D3").facts["parts"][0]["state"]) == (792_000, "cash_denied")
    assert only("D8").facts == {"denied": 1, "card_held": 0, "reports": 0, "payments": 0}
    assert (only("D8").level, only("D8").amount_fen, only("D8").people) == (2, 792_000, 1)
    CashPayment.objects.filter(pk=payment.pk).update(withdrawn_at=at(after), withdrawn_by=stage.qian)
    set_slips(sheet, worker=stage.sun.pk, state="part_paid", payment="paid", paid_at=at(after, 12))
    assert (run(after, "D3", hour=13).closed, run(after, "D8", hour=13).closed) == (1, 1)


def test_cash_that_the_worker_denies_is_late_in_the_firms_credit(stage):
    sheet = sent_sheet(stage.sc_part, [(stage.sun_posting, 792_000), (stage.zhou_posting, 500_000)])
    payment = paid_in_cash(stage, sheet, stage.sun)
    paid_in_cash(stage, sheet, stage.zhou)
    after = sheet.due_on + timedelta(days=3)

    def late():
        record = records_of([stage.sc.pk], today=after, months=12)[stage.sc.pk]
        return record.slips, record.late_slips

    assert late() == (2, 0)
    CashPayment.objects.filter(pk=payment.pk).update(denied_at=at(after))
    assert late() == (2, 1)
    CashPayment.objects.filter(pk=payment.pk).update(withdrawn_at=at(after), withdrawn_by=stage.qian)
    set_slips(sheet, worker=stage.sun.pk, payment="paid", paid_at=at(after, 12))
    assert late() == (2, 1), "paid by the bank in the end, after the pay day"


def test_the_page_of_cash_counts_all_of_it_and_shows_denied_ones_first(stage, monkeypatch):
    postings = [stage.sun_posting, stage.zhou_posting]
    sheet = sent_sheet(stage.sc_part, [(posting, 792_000) for posting in postings])
    denied = paid_in_cash(stage, sheet, stage.sun, denied=at(DUE, 12))
    paid_in_cash(stage, sheet, stage.zhou, day=DUE + timedelta(days=1))
    monkeypatch.setattr(pay_watch.cash_rows, "__defaults__", (1,))
    page = stage.client(stage.li).get(reverse("inspection:pay-watch-cash"))
    assert [row["payment"].pk for row in page.context["rows"]] == [denied.pk]
    assert page.context["rows"][0]["times"] == 2
    assert page.context["figures"] == {"number": 2, "sum_fen": 1_584_000, "denied": 1}
    assert "另有 1 条见导出的表格" in page.content.decode()
    monkeypatch.setattr(watch_exports, "MOST", 1)
    book = stage.client(stage.li).get(reverse("inspection:pay-watch-export", args=["cash"])).getvalue()
    rows = read_workbook(book, "cash.xlsx").sheets[0].rows
    assert (len(rows), rows[0].get(0).text) == (3, "只列出前 1 行。其余请按项目逐个导出。")


def report(stage, kind, *, day=DUE):
    return CashReport.objects.create(
        project=stage.project, worker=stage.sun, month=OCTOBER, kind=kind, amount_fen=50_000, at=at(day)
    )


def test_a_card_in_other_hands_closes_with_another_card(stage):
    report(stage, "card_held")
    run(DUE, "D8", hour=10)
    alarm = only("D8")
    assert (alarm.period, alarm.participation_id, alarm.facts["card_held"]) == (
        "2026-10",
        stage.sc_part.pk,
        1,
    )
    change_card(stage.sun, make_card_number(4321), at(DUE, 12))
    assert BankCard.objects.filter(worker=stage.sun, is_current=True).count() == 1
    assert run(DUE, "D8", hour=13).closed == 1


def test_money_asked_back_closes_when_the_card_got_the_rest(stage):
    report(stage, "give_back")
    assert run(DUE, "D8", hour=10).opened == 1
    sheet = sent_sheet(stage.sc_part, [(stage.sun_posting, 50_000)], kind="supplement")
    assert run(DUE, "D8", hour=11).closed == 0
    set_slips(sheet, payment="paid", paid_at=at(DUE, 12))
    assert run(DUE, "D8", hour=13).closed == 1


def test_cash_again_and_again_is_no_exception(stage):
    sheets = [
        sent_sheet(stage.sc_part, [(stage.sun_posting, 792_000)], kind="leaver", number=n)
        for n in range(1, 4)
    ]
    for sheet in sheets[:2]:
        paid_in_cash(stage, sheet, stage.sun)
    assert run(DUE, "D8", hour=10).found == 0
    paid_in_cash(stage, sheets[2], stage.sun)
    assert run(DUE, "D8", hour=11).opened == 1
    assert (only("D8").facts["payments"], only("D8").people) == (3, 1)
    assert run(DUE + timedelta(days=31), "D8").closed == 1


def test_days_belong_to_the_wage_month_of_their_part(stage):
    WageMonthStart.objects.create(
        project=stage.project, participation=stage.sc_part, from_month=OCTOBER, start_day=26, made_by=stage.he,
        made_at=at(OCTOBER),
    )  # fmt: skip
    attend(stage.sun_posting, 4, start=24)  # 24 and 25 October are October's, 26 and 27 November's
    run(date(2026, 11, 20), "D1")
    alarm = only("D1")
    assert (alarm.period, alarm.amount_fen) == ("2026-10", 72_000)
    run(date(2026, 12, 20), "D1")
    assert dict(Alarm.objects.filter(rule="D1").values_list("period", "amount_fen")) == {
        "2026-10": 72_000,
        "2026-11": 72_000,
    }


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_their_pages_say_what_is_wrong(stage, language):
    agree(stage)
    account(stage)
    report(stage, "card_held")
    report(stage, "part_cash")
    for code in ("B1", "B2", "D8"):
        assert run(DUE, code).opened >= 1, code
    client = stage.client(stage.li)
    client.cookies["django_language"] = language
    for alarm in Alarm.objects.all():
        page = client.get(reverse("inspection:alarm", args=[alarm.pk]))
        assert page.status_code == 200, alarm.rule
        assert page.context["facts"], alarm.rule
        assert "%(" not in page.content.decode(), alarm.rule
        assert client.get(reverse("inspection:rule", args=[alarm.rule])).status_code == 200
