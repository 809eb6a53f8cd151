"""What is known of the labour-cost allocations of many projects at once: a fixed number of queries, no writes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Sum

from payroll.allocation_rules import Account, Plan, Receipt, counts_from, periods, settle
from payroll.models import (
    AccountEntry,
    AllocationChoice,
    AllocationPlan,
    LoanDraw,
    PaymentLine,
    PaySheet,
    PaySlip,
    ProgressPayment,
    SubLedger,
    TopUpRequest,
)
from payroll.services.accounts import ALIVE
from registration.models import Project
from wagewatch.lib.dates import site_date


@dataclass(frozen=True)
class Money:
    """What a project has on its special account and what its sheets still need; fen."""

    balance_fen: int = 0
    reserved_fen: int = 0
    """With the bank, not booked yet."""
    needed_fen: int = 0
    """Net wages on sheets of any state that are not with the bank yet."""
    has_account: bool = False

    @property
    def free_fen(self) -> int:
        return self.balance_fen - self.reserved_fen

    @property
    def lacking_fen(self) -> int:
        """What the account lacks for the coming wages."""
        return max(0, self.needed_fen - self.free_fen)


@dataclass(frozen=True)
class Allocation:
    """A project's allocation: the plan's versions, what is due and came, the account, the open request."""

    project: Project
    plans: tuple[AllocationPlan, ...]
    account: Account
    receipts: tuple[AccountEntry, ...]
    choices: dict[int, AllocationChoice]
    money: Money
    request: TopUpRequest | None
    loan_fen: int
    """Wage loan outstanding: wages paid with borrowed money, which fills no allocation."""

    @property
    def plan(self) -> AllocationPlan | None:
        """The version in force."""
        return self.plans[-1] if self.plans else None


def as_plan(row: AllocationPlan) -> Plan:
    """A version as the rules take it."""
    return Plan(
        row.number, row.basis, row.day, row.starts_on, row.ends_on, row.amount_fen, row.percent,
        row.contract_sum_fen,
    )  # fmt: skip


def money_of(project_ids: Iterable[int]) -> dict[int, Money]:
    """Account and need of projects; three queries."""
    ids = list(project_ids)
    reserved = dict(
        PaymentLine.objects.filter(project__in=ids, state__in=ALIVE)
        .values_list("project_id")
        .annotate(total=Sum("amount_fen"))
        .order_by("project_id")
    )
    open_sheets = PaySheet.objects.filter(project__in=ids).exclude(state=PaySheet.State.SETTLED)
    needed = dict(
        PaySlip.objects.filter(
            project__in=ids,
            sheet__in=open_sheets.values("pk"),
            month__in=open_sheets.values("month"),
            payment__in=[PaySlip.Payment.NONE, PaySlip.Payment.RETURNED],
        )
        .values_list("project_id")
        .annotate(total=Sum("net_fen"))
        .order_by("project_id")
    )
    balances = dict(SubLedger.objects.filter(project__in=ids).values_list("project_id", "balance_fen"))
    return {
        pk: Money(balances.get(pk, 0), reserved.get(pk, 0), needed.get(pk, 0), pk in balances) for pk in ids
    }


def outstanding_of(project_ids: Iterable[int]) -> dict[int, int]:
    """What projects owe on wage loans, in fen; one query."""
    return dict(
        LoanDraw.objects.filter(project__in=list(project_ids), state=LoanDraw.State.ARRIVED)
        .values_list("project_id")
        .annotate(total=Sum(F("amount_fen") - F("repaid_fen")))
        .order_by("project_id")
    )


def load_allocations(projects: Iterable[Project], *, today: date) -> list[Allocation]:
    """The allocations of projects in their order; nine queries however many there are."""
    found = list(projects)
    ids = [p.pk for p in found]
    plans: dict[int, list[AllocationPlan]] = defaultdict(list)
    for plan in AllocationPlan.objects.filter(project__in=ids).order_by("project_id", "number"):
        plans[plan.project_id].append(plan)
    progress: dict[int, dict[date, int]] = defaultdict(dict)
    for pk, month, fen in (
        ProgressPayment.objects.filter(project__in=ids)
        .order_by("project_id", "number")
        .values_list("project_id", "month", "amount_fen")
    ):
        progress[pk][month] = fen
    choices: dict[int, dict[int, AllocationChoice]] = defaultdict(dict)
    for choice in AllocationChoice.objects.filter(project__in=ids).order_by("project_id", "number"):
        choices[choice.project_id][choice.entry_number] = choice
    receipts: dict[int, list[AccountEntry]] = defaultdict(list)
    for entry in AccountEntry.objects.filter(
        project__in=ids, kind=AccountEntry.Kind.ALLOCATION, amount_fen__gt=0
    ).order_by("project_id", "number"):
        receipts[entry.project_id].append(entry)
    requests = {
        r.project_id: r for r in TopUpRequest.objects.filter(project__in=ids, state__in=TopUpRequest.OPEN)
    }
    money = money_of(ids)
    loans = outstanding_of(ids)
    return [
        Allocation(
            p,
            tuple(plans[p.pk]),
            _account(p, plans[p.pk], progress[p.pk], choices[p.pk], receipts[p.pk], today),
            tuple(receipts[p.pk]),
            choices[p.pk],
            money[p.pk],
            requests.get(p.pk),
            loans.get(p.pk, 0),
        )
        for p in found
    ]


def load_allocation(project: Project, *, today: date) -> Allocation:
    """One project's allocation."""
    return load_allocations([project], today=today)[0]


def _account(
    project: Project,
    rows: list[AllocationPlan],
    progress: dict[date, int],
    choices: dict[int, AllocationChoice],
    entries: list[AccountEntry],
    today: date,
) -> Account:
    plans = [as_plan(row) for row in rows]
    since = counts_from(plans)
    if since is None:
        return Account()
    receipts = [Receipt(e.number, site_date(e.at), e.amount_fen) for e in entries if site_date(e.at) >= since]
    by_hand = {number: c.month for number, c in choices.items() if c.month is not None}
    found = periods(plans, progress, today=today, done_on=project.done_on)
    return settle(found, receipts, by_hand, today=today)
