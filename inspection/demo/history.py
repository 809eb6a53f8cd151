"""Three months of the demo county, played in order with time as an argument."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

from django.db import connection

from devices.services.days import roll_up
from devices.services.seals import seal_days
from inspection.demo import (
    accounts,
    alarm_life,
    boards,
    coming_and_going,
    confirming,
    contracts,
    deposits,
    guarantees,
    letters,
    money,
    papers,
    standing,
    wages,
    workers_end,
)
from inspection.demo.badges import hand_out_badges
from inspection.demo.cases import play_cases
from inspection.demo.chain import name_foremen
from inspection.demo.days import post_day
from inspection.demo.gate_pictures import take_pictures
from inspection.demo.nanjing import enter_nanjing
from inspection.demo.other_system import play_other_system
from inspection.demo.people import County, SiteState, enter_county, join_late, upload_rosters
from inspection.demo.persons import people_one_by_one
from inspection.demo.second_bank import carry
from inspection.demo.wages import PastBank, local
from inspection.risk.facts import days_between
from inspection.services.region_days import count_region_days
from inspection.services.risk import score_risk
from inspection.services.rules import run_rules
from inspection.services.stats import rebuild_stat
from payroll.models import PaymentOrder, PaySheet
from payroll.services.reminders import remind_silent
from registration.models import Posting
from registration.services.parameters import load_calendar
from wagewatch.evidence.sequencing import sequence
from wagewatch.lib.dates import SITE_TZ, first_of_month, next_month, pay_due_on, previous_month

MONTHS = 3
Say = Callable[[str], None]


@dataclass
class Agenda:
    """What happens when; played in the order of time, nothing after `now`."""

    now: datetime
    _heap: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    _ticket: count = field(default_factory=count)  # type: ignore[type-arg]

    def at(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        if moment <= self.now:
            heapq.heappush(self._heap, (moment, next(self._ticket), act))

    def play(self) -> None:
        while self._heap:
            moment, _ticket, act = heapq.heappop(self._heap)
            act(moment)


def play_history(bank_folder: Path, *, now: datetime, say: Say) -> County:
    """Enter the county and play the months before `now`'s month and the days of this one."""
    today = now.astimezone(SITE_TZ).date()
    this_month = first_of_month(today)
    months = [this_month]
    for _n in range(MONTHS):
        months.insert(0, previous_month(months[0]))
    first_day, last_month = months[0], months[-2]
    start = local(first_day - timedelta(days=4), 9)
    say("entering firms, projects and rosters")
    county = enter_county(first_day, now=start)
    drawn = wages.signatures()
    here = [site for site in county.sites if "from_october" not in site.plan.tags]
    contracts.first_contracts(
        here, joined=first_day, today=today, drawn=drawn, now=start + timedelta(hours=1)
    )
    _record_papers(county, first_day, today)
    deposits.lodge_deposits(county, first_day, today, now=start + timedelta(hours=2))
    guarantees.give_guarantees(county, first_day, today, now=start + timedelta(hours=2, minutes=30))
    accounts.file_accounts(county, first_day, now=start + timedelta(hours=3))
    bank = PastBank(bank_folder)
    try:
        wages.open_accounts(bank, county.sites, start)
        agenda = Agenda(now)
        agenda.at(local(last_month, 9), lambda moment: _new_people(county, last_month, today, drawn, moment))
        agenda.at(
            now - timedelta(hours=20),
            lambda moment: contracts.latest_offers(county.sites, drawn=drawn, now=moment),
        )
        unnamed = local(today - timedelta(days=4), 10)
        agenda.at(unnamed, lambda moment: accounts.pay_in_without_a_name(bank, county, moment))
        agenda.at(now - timedelta(hours=22), lambda moment: accounts.bring_statements(county, moment))

        def finish(moment: datetime) -> None:
            if not accounts.finish_and_ask(county, today, moment):
                say("the finished site still owes something: its account is not being closed")

        agenda.at(now - timedelta(hours=21), finish)
        _plan_money(agenda, county, first_day, last_month, drawn, now)
        ordered, paid = deposits.days_of_use(today)
        agenda.at(ordered, lambda moment: deposits.order_a_payment(county, moment))
        agenda.at(paid, lambda moment: deposits.pay_by_order(county, moment))
        boards.plan(agenda.at, county, first=first_day, today=today)
        _plan_comings(agenda, county, first_day, last_month, now)
        _plan_days(agenda, county, first_day, today, now)
        agenda.at(local(today - timedelta(days=2), 10), lambda moment: people_one_by_one(county, now=moment))
        for number, month in enumerate(months[:-1]):
            for site in county.sites:
                _plan_month(agenda, bank, county, site, month, site.plan.story[number], drawn)
            _plan_rules(agenda, month)
            agenda.at(local(next_month(month), 0, 20), _announce(month, say))
            agenda.at(local(next_month(month).replace(day=3), 16), lambda _moment: _learn_sizes())
        agenda.play()
    finally:
        bank.bank.close()
    say("another system pushes, gates take pictures")
    live = next(site for site in county.sites if "live" in site.plan.tags)
    play_other_system(live, now=now)
    take_pictures(live, now=now)
    hand_out_badges(live, now=now)
    say("citizen cards in Nanjing")
    enter_nanjing(county, now=now)
    confirming.play(county, drawn, now)
    workers_end.tell_workers(now - timedelta(days=1))
    workers_end.complain(county, now - timedelta(hours=4))
    workers_end.use_tablet(county, now - timedelta(hours=3))
    say("complaints and cases")
    play_cases(county, drawn, now, today)
    say("alarms and figures as of now")
    roll_up(now=now)
    seal_days(now=now, since=first_day)
    for _run in run_rules(now=now):
        pass
    rebuild_stat(now=now)
    alarm_life.play(now)
    for day in days_between(today - timedelta(days=45), today):
        score_risk(now=now if day == today else local(day, 2, 30))
    count_region_days(first_day, today)
    say("permits, credit and the list")
    standing.play(now=now)
    letters.play(now)
    sequence(now)
    return county


def _plan_money(
    agenda: Agenda, county: County, first: date, last_month: date, drawn: list[bytes], now: datetime
) -> None:
    """Labour cost agreed, an advance in the last month, leavers settled when they leave and paid with the month."""
    settled: list[PaySheet] = []
    agenda.at(local(first, 9, 40), lambda moment: money.agree_on_labour_cost(county, first, moment))
    agenda.at(local(last_month.replace(day=18), 17), lambda moment: money.advance(county, drawn, moment))
    agenda.at(
        local(last_month, 11), lambda moment: settled.extend(money.settle_leavers(county, drawn, moment))
    )
    agenda.at(
        local(last_month.replace(day=12), 10), lambda moment: money.pay_settlements(county, settled, moment)
    )
    agenda.at(now - timedelta(days=3), lambda moment: money.correct_cards(county, moment))
    asked = now - timedelta(days=2)
    agenda.at(asked, lambda moment: money.ask_the_owner(county, moment.astimezone(SITE_TZ).date(), moment))


def _announce(month: date, say: Say) -> Callable[[datetime], None]:
    return lambda _moment: say(f"wages of {month:%Y-%m}")


def _plan_comings(agenda: Agenda, county: County, first: date, last_month: date, now: datetime) -> None:
    """Workers are asked and answer; some leave at the turn of a month, some of them begin elsewhere."""
    this_month = next_month(last_month)
    agenda.at(local(first, 10), coming_and_going.ask)
    agenda.at(local(first, 19), lambda moment: coming_and_going.answer(county, moment))
    agenda.at(local(last_month, 9, 20), coming_and_going.ask)

    def leave_and_move(moment: datetime) -> None:
        going = coming_and_going.leave_site(county, "ZJDY-2026-0040", last_month - timedelta(days=1), moment)
        coming_and_going.move(county, going, "ZJYK-2026-0026", last_month, moment)

    agenda.at(local(last_month, 8), leave_and_move)

    def leave_unpaid(moment: datetime) -> None:
        coming_and_going.leave_site(county, "ZJDY-2026-0031", this_month - timedelta(days=1), moment)

    agenda.at(local(this_month, 8), leave_unpaid)
    agenda.at(
        now - timedelta(hours=20), lambda moment: coming_and_going.object_to_registration(county, moment)
    )
    agenda.at(now - timedelta(minutes=5), lambda moment: coming_and_going.scan(county, moment))


def _record_papers(county: County, joined: date, today: date) -> None:
    """Trainings and certificates of everybody who joined on a day."""
    scan = papers.signed_sheet()
    for site in county.sites:
        papers.train_site(site, joined, scan)
        papers.certify_site(site, joined, today)


def _new_people(county: County, month: date, today: date, drawn: list[bytes], moment: datetime) -> None:
    join_late(county, month, now=moment)
    later = [site for site in county.sites if "from_october" in site.plan.tags]
    for site in later:
        upload_rosters(site, month, now=moment)
        name_foremen(site.project, site.plan, site.clerk, now=moment)
    contracts.first_contracts(later, joined=month, today=today, drawn=drawn, now=moment + timedelta(hours=2))
    _record_papers(county, month, today)


def _plan_days(agenda: Agenda, county: County, first: date, today: date, now: datetime) -> None:
    calendar = load_calendar()
    postings: dict[int, list[Posting]] = {}

    def read_postings(_moment: datetime) -> None:
        for site in county.sites:
            postings[site.project.pk] = list(Posting.objects.filter(project=site.project).order_by("pin"))

    day = first
    while day <= today:
        if day.day == 1:
            agenda.at(local(day, 9, 30) if day < today else now, read_postings)

        def at_the_gates(moment: datetime, day: date = day) -> None:
            for site in county.sites:
                if day < today or "live" not in site.plan.tags:  # there the gate simulator plays today
                    post_day(site, postings[site.project.pk], day, calendar, now=moment)

        agenda.at(min(local(day, 20), now), at_the_gates)
        if day.weekday() == 6 or (day + timedelta(days=1)).day == 1:
            agenda.at(local(day, 23, 30), _close_week)
        day += timedelta(days=1)


def _learn_sizes() -> None:
    """Tell the planner how the tables have grown; within these minutes autovacuum does not."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _close_week(moment: datetime) -> None:
    roll_up(now=moment)
    if moment.day < 8 or moment.day > 26:
        _learn_sizes()
    seal_days(now=moment)
    sequence(moment)


def _plan_rules(agenda: Agenda, month: date) -> None:
    def look(moment: datetime) -> None:
        for _run in run_rules(now=moment):
            pass

    due = pay_due_on(month, 15, load_calendar())
    days = {due + timedelta(days=n) for n in (0, 1, 7, 10, 30, 60)} | {due.replace(day=6)}
    for day in days:
        agenda.at(local(day, 0, 10), look)
    for week in (1, 3):
        agenda.at(local(month + timedelta(days=7 * week), 18), look)


def _remind(moment: datetime) -> None:
    remind_silent(now=moment)


def _plan_month(
    agenda: Agenda,
    bank: PastBank,
    county: County,
    site: SiteState,
    month: date,
    story: str,
    drawn: list[bytes],
) -> None:
    if story == "none":
        return
    following = next_month(month)
    calendar = load_calendar()
    sheets: list[PaySheet] = []
    made = local(following.replace(day=3), 14, 10)
    answered = following.replace(day=4)
    approved = local(following.replace(day=10), 10, 20)
    instructed = local(calendar.on_or_before(following.replace(day=12)), 9, 30)
    late = local(following.replace(day=15) + timedelta(days=8), 9, 30)
    on_loan = site.plan.code == money.ON_LOAN and story == "late"

    def make(moment: datetime) -> None:
        lines = money.write_lines if site.plan.code == money.WITH_LINES else None
        looks_split = story == "confirming" and confirming.SPLIT_SITE in site.plan.tags
        sheets.extend(
            wages.make_sheets(site, month, moment, before=confirming.shorten if looks_split else lines)
        )

    def answer(_moment: datetime) -> None:
        waits = story == "confirming"
        for number, sheet in enumerate(sheets):
            wages.confirm_sheet(
                sheet,
                drawn,
                answered,
                share=0.6 if waits else 1 - wages.SILENT,
                objections=wages.OBJECTS if number == 0 and "objections" in site.plan.tags and waits else 0,
            )

    def answer_claims(moment: datetime) -> None:
        wages.reject_objections(sheets[0], site.parts[0][1], moment)

    def allocate(moment: datetime) -> None:
        percent = 108 if story in {"paid", "returned", "part", "late"} else site.plan.fund_percent
        if on_loan:
            percent = money.FUNDED_PERCENT
        wages.fund(bank, site, month, sum(sheet.net_fen for sheet in sheets) * percent // 100, moment)
        bank.bank.issue_statement(site.account_number, moment + timedelta(hours=1))
        bank.settle(moment + timedelta(hours=2))

    def approve(moment: datetime) -> None:
        wages.approve(sheets, site, moment)

    def pay(moment: datetime) -> None:
        wages.pay(sheets[:1] if story == "part" else sheets, site, moment)
        for order in PaymentOrder.objects.filter(project=site.project, by_hand=True, state="ready"):
            carry(bank, order, moment + timedelta(minutes=30))
        bank.settle(moment + timedelta(minutes=35))

    agenda.at(made, make)
    for day in (4, 6):
        agenda.at(local(following.replace(day=day), 9), _remind)
    agenda.at(local(following.replace(day=8), 22), answer)
    agenda.at(local(following.replace(day=9), 11), allocate)
    if story == "confirming":
        agenda.at(local(following.replace(day=9), 16), answer_claims)
        return
    agenda.at(approved, approve)
    if story in {"paid", "returned", "part"}:
        agenda.at(instructed, pay)
    elif story == "late":
        if on_loan:
            _plan_loan(agenda, bank, county, sheets, late)
        agenda.at(late, pay)
    agenda.at(local(following.replace(day=12), 18), lambda moment: bank.settle(moment))


def _plan_loan(
    agenda: Agenda, bank: PastBank, county: County, sheets: list[PaySheet], paid: datetime
) -> None:
    """A credit line a week before the wages are paid, a draw the day before, the owner's rest and a repayment after."""
    site = money.site_of(county, money.ON_LOAN)
    granted = paid - timedelta(days=5)
    agenda.at(granted, lambda moment: money.grant_a_loan(county, moment - timedelta(days=2), moment))
    agenda.at(paid - timedelta(days=1), lambda moment: money.draw_for_wages(bank, county, sheets[0], moment))

    def owner_pays(moment: datetime) -> None:
        rest = sum(sheet.net_fen for sheet in sheets) * (100 - money.FUNDED_PERCENT) // 100
        bank.bank.deposit(
            site.account_number,
            rest,
            reference=f"{site.plan.code}-rest",
            payer_name="金华仙华城市投资有限公司",
            text=f"{site.plan.code} 补拨人工费",
            now=moment,
        )
        bank.settle(moment + timedelta(hours=1))

    agenda.at(paid + timedelta(days=6), owner_pays)
    agenda.at(paid + timedelta(days=8), lambda moment: money.repay_a_part(bank, county, moment))
