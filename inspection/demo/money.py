"""What stands on slips beside the days, advances, settlements of leavers, and the owners' labour cost, in the demo."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from inspection.demo.names import card_number
from inspection.demo.people import County, SiteState
from inspection.demo.wages import PastBank
from payroll.models import LoanDraw, PaymentLine, PaySheet, PaySlip
from payroll.pay_items import ItemKind
from payroll.services import (
    advances,
    allocations,
    approvals,
    confirmations,
    items,
    loans,
    orders,
    settlements,
)
from payroll.services.allocation_facts import load_allocation
from payroll.services.allocations import PlanFacts
from payroll.services.top_ups import ask_top_up
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Posting, User
from registration.services import card_words
from registration.services.people import change_card
from wagewatch.lib.errors import RuleViolation

WITH_LINES = "ZJJH-2026-0117"
LEAVERS_FROM = "ZJDY-2026-0040"
SHORT = "ZJDY-2026-0031"
"""Its owner allocates a small part of what was agreed."""
UNMEASURED = "ZJYW-2026-0057"
"""Its labour cost is a share of the progress, which nobody enters."""
ON_LOAN = "ZJJH-2026-0092"
"""Its owner pays late; the bank lends what the account lacks for the wages, and gets a part back."""
FUNDED_PERCENT = 62
"""What the account of that site gets in time of a month's wages."""
WORKING_DAYS = 23
SETTLED = 3
ADVANCE_FEN = 80_000


def site_of(county: County, code: str) -> SiteState:
    """A site by its number."""
    return next(site for site in county.sites if site.plan.code == code)


def write_lines(sheet: PaySheet, clerk: Actor, now: datetime) -> None:
    """Overtime, allowances and deductions on some lines of a draft, each with its reason."""
    slips = PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk)
    for place, slip in enumerate(slips.order_by("worker_id")[:40]):
        if slip.parts or slip.pay_basis != "day" or slip.days < 5:
            continue
        lines: list[dict[str, object]] = []
        if place % 4 == 0:
            lines.append(
                {
                    "kind": ItemKind.OVERTIME_WORKDAY,
                    "quantity": Decimal(6),
                    "on_days": 3,
                    "reason": "赶浇地下室顶板",
                }
            )
        if place % 9 == 0:
            lines.append(
                {
                    "kind": ItemKind.OVERTIME_REST_DAY,
                    "quantity": Decimal(8),
                    "on_days": 1,
                    "reason": "周日抢工",
                }
            )
        if place % 5 == 0:
            lines.append({"kind": ItemKind.MEALS, "amount_fen": 30_000})
        if place % 11 == 0:
            lines.append({"kind": ItemKind.LESS_SOCIAL, "amount_fen": 12_600, "reason": "个人缴纳部分"})
        for line in lines:
            items.add_item(slip.reference, actor=clerk, now=now, **line)  # type: ignore[arg-type]


def advance(county: County, drawn: list[bytes], now: datetime) -> None:
    """Two workers need money before pay day and sign for it; their next slips take it back."""
    site = site_of(county, WITH_LINES)
    part, clerk = site.parts[0]
    postings = Posting.objects.filter(project=site.project, participation=part, left_on=None).order_by("pin")
    for posting, fen, reason in zip(
        postings[:2], (ADVANCE_FEN, ADVANCE_FEN // 2), ("孩子学费", "回家路费"), strict=False
    ):
        advances.record_advance(
            site.project.pk,
            posting.worker_id,
            amount_fen=fen,
            paid_on=now.date(),
            method="transfer",
            reason=reason,
            signature_png=drawn[0],
            actor=clerk,
            now=now,
        )


def settle_leavers(county: County, drawn: list[bytes], now: datetime) -> list[PaySheet]:
    """Some of those who left are settled at once: made, confirmed on the phone, approved by the manager."""
    site = site_of(county, LEAVERS_FROM)
    _part, clerk = site.parts[0]
    made = []
    gone = Posting.objects.filter(project=site.project, left_on__isnull=False).order_by("pin")
    for posting in gone[:SETTLED]:
        try:
            sheets = settlements.settle(site.project.pk, posting.pk, actor=clerk, now=now)
        except RuleViolation:
            continue  # nobody saw this person at the gates on days without a sheet
        for sheet in sheets:
            slip = PaySlip.objects.get(
                month=sheet.month, project=sheet.project_id, sheet=sheet.pk, worker=posting.worker_id
            )
            confirmations.confirm_slip(
                slip.reference,
                signature_png=drawn[1],
                version=slip.version,
                actor=Actor(kind="worker", id=posting.worker_id, label=f"worker {posting.worker_id}"),
                now=now + timedelta(minutes=40),
            )
            approvals.approve_sheet(sheet.pk, actor=site.manager, now=now + timedelta(hours=2))
            made.append(sheet)
    return made


def pay_settlements(county: County, sheets: list[PaySheet], now: datetime) -> None:
    """The bank is instructed for them; where the account is short they wait, and the alarm says so."""
    site = site_of(county, LEAVERS_FROM)
    for number, sheet in enumerate(sheets):
        try:
            orders.instruct_bank(sheet.pk, actor=site.manager, now=now + timedelta(minutes=number))
        except RuleViolation:
            return


def agree_on_labour_cost(county: County, first: date, now: datetime) -> None:
    """What three contracts say: a fixed amount that comes, one that comes in part, a share of unmeasured progress."""
    for code, share in ((WITH_LINES, 85), (SHORT, 90)):
        site = site_of(county, code)
        heads = sum(n * yuan for part in site.plan.parts for _team, _trade, n, yuan in part.teams)
        facts = PlanFacts("amount", 20, first, "施工合同第 12.3 条", amount_fen=heads * WORKING_DAYS * share)
        allocations.agree_plan(site.project.pk, facts, actor=site.clerk, now=now)
    facts = PlanFacts("progress", 25, first, "施工合同第 15 条", percent=Decimal(25))
    site = site_of(county, UNMEASURED)
    allocations.agree_plan(site.project.pk, facts, actor=site.clerk, now=now)


def ask_the_owner(county: County, today: date, now: datetime) -> None:
    """The contractor asks for what is missing; the owner has not answered yet."""
    site = site_of(county, SHORT)
    short = load_allocation(site.project, today=today).account.short_fen
    if short:
        ask_top_up(site.project.pk, basis="agreed", amount_fen=short, actor=site.clerk, now=now)


def grant_a_loan(county: County, asked: datetime, answered: datetime) -> None:
    """The contractor of the site whose owner pays late agrees on a credit line for wages with its bank."""
    site = site_of(county, ON_LOAN)
    facility = loans.ask_facility(
        site.project.pk,
        amount_fen=300_000_000,
        guarantor="浙中融资担保有限公司",
        reason="建设单位人工费拨付滞后，需先行支付工人工资",
        actor=site.manager,
        now=asked,
    )
    terms = loans.Terms(
        limit_fen=240_000_000,
        contract_number=f"GZDK-{answered:%Y}-031",
        valid_from=answered.date(),
        valid_until=answered.date() + timedelta(days=365),
        answer="限用于发放本项目工人工资",
    )
    loans.answer_facility(facility.pk, terms, actor=_officer(), now=answered)


def draw_for_wages(bank: PastBank, county: County, sheet: PaySheet, moment: datetime) -> None:
    """What the account lacks for an approved sheet is drawn, confirmed, and arrives the same day."""
    site = site_of(county, ON_LOAN)
    lacking = loans.proposed_fen(sheet, moment.date())
    draw = loans.ask_draw(sheet.pk, amount_fen=lacking, actor=site.manager, now=moment)
    confirmed = moment + timedelta(hours=3)
    loans.answer_draw(site.project.pk, draw.number, confirm=True, actor=_officer(), now=confirmed)
    bank.bank.deposit(
        site.account_number,
        draw.amount_fen,
        reference=draw.reference,
        payer_name=site.account.bank.name,
        text=f"工资专项贷款 {draw.reference}",
        now=confirmed,
    )
    bank.settle(confirmed + timedelta(minutes=10))


def repay_a_part(bank: PastBank, county: County, moment: datetime) -> None:
    """The owner's late money has come: a part of it goes back to the bank, which books it."""
    site = site_of(county, ON_LOAN)
    draw = LoanDraw.objects.get(project=site.project, number=1)
    entry = loans.repayable_entries(draw)[0]
    repayment = loans.order_repayment(
        site.project.pk,
        draw.number,
        entry_number=entry.number,
        amount_fen=min(entry.amount_fen, draw.outstanding_fen * 60 // 100),
        actor=site.manager,
        now=moment,
    )
    bank.bank.collect(
        site.account_number,
        repayment.amount_fen,
        reference=repayment.reference,
        payee_name=site.account.bank.name,
        text=f"归还工资专项贷款 {repayment.reference}",
        now=moment + timedelta(hours=2),
    )
    bank.settle(moment + timedelta(hours=3))


def correct_cards(county: County, moment: datetime) -> None:
    """Three of those whose wages came back get another card on record: one says yes, one says that it is not
    theirs, one has not answered yet."""
    site = site_of(county, WITH_LINES)
    clerk = site.parts[0][1]
    came_back = (
        PaymentLine.objects.filter(
            project=site.project, state="returned", sheet__participation=site.parts[0][0]
        )
        .order_by("worker_id")
        .values_list("worker_id", flat=True)
    )
    for number, worker_id in enumerate(dict.fromkeys(came_back)):
        if number == 3:
            break
        card = change_card(
            worker_id,
            site.project,
            card_number(60_000 + worker_id),
            "金华商贸银行",
            actor=clerk,
            now=moment + timedelta(minutes=5 * number),
        )
        if number < 2:
            card_words.answer_card(
                card.pk,
                is_own=number == 0,
                reason="" if number == 0 else "unknown",
                text="" if number == 0 else "我只有一张农商行的卡",
                actor=Actor(kind="worker", id=worker_id, label=f"worker {worker_id}"),
                now=moment + timedelta(hours=5 + number),
            )


def _officer() -> Actor:
    return actor_of_user(User.objects.get(username="hang"))
