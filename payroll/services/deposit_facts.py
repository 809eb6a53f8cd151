"""What is known of the wage deposits of many projects at once: a fixed number of queries, no writes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from payroll.deposit_rules import (
    AmountDue,
    DepositState,
    Limits,
    Record,
    Ruled,
    Said,
    Table,
    amount_due,
    state_of,
)
from payroll.models import ArrearsRecord, DepositEntry, DepositRuling, PaySheet, PaySlip
from registration.models import Organisation, Participation, Project
from registration.seed.deposits import KEY, NATION
from registration.services.parameters import load_calendar, parameter

_LIMITS = {
    "lodge_wd": "deposit.pay_within_wd",
    "use_wd": "deposit.use_within_wd",
    "refill_wd": "deposit.refill_within_wd",
    "check_wd": "deposit.return_check_wd",
    "expiry_notice_days": "deposit.expiry_notice_days",
    "return_notice_days": "deposit.return_notice_days",
    "paper_months": "deposit.guarantee_least_months",
}


@dataclass(frozen=True)
class Deposit:
    """A project's deposit: who gives it, how much is due and why, where it stands, what happened so far."""

    project: Project
    firm: Organisation | None
    record: ArrearsRecord | None
    due: AmountDue
    state: DepositState
    entries: tuple[DepositEntry, ...]
    rulings: tuple[DepositRuling, ...]
    judged_on: date
    others: int


def limits_of(region_code: str, *, on: date) -> Limits:
    """The deadlines of a place on a day; the national ones where no row says otherwise."""
    plain = Limits()
    return Limits(
        **{
            name: int(parameter(key, region_code=region_code, on=on, default=getattr(plain, name)))
            for name, key in _LIMITS.items()
        }
    )


def said(entry: DepositEntry) -> Said:
    """An entry as the rules take it."""
    return Said(
        entry.number, entry.kind, entry.form, entry.happened_on, entry.amount_fen, entry.balance_fen,
        entry.expires_on, entry.notice_from, entry.ruling_number,
    )  # fmt: skip


def ruled(ruling: DepositRuling) -> Ruled:
    """A ruling as the rules take it."""
    return Ruled(
        ruling.number, ruling.kind, ruling.decided_on, ruling.amount_fen, ruling.due_on, ruling.answers
    )


def load_deposits(projects: Iterable[Project], *, today: date) -> list[Deposit]:
    """The deposits of projects in their order; five queries however many there are.

    The place in which a firm has several projects is the city (同一工资保证金管理地区).
    """
    found = list(projects)
    ids = [p.pk for p in found]
    firms = {
        part.project_id: part.organisation
        for part in Participation.objects.filter(
            project__in=ids, role=Participation.Role.GENERAL_CONTRACTOR
        ).select_related("organisation")
    }
    entries: dict[int, list[DepositEntry]] = defaultdict(list)
    for entry in DepositEntry.objects.filter(project__in=ids).order_by("project_id", "number"):
        entries[entry.project_id].append(entry)
    rulings: dict[int, list[DepositRuling]] = defaultdict(list)
    for ruling in DepositRuling.objects.filter(project__in=ids).order_by("project_id", "number"):
        rulings[ruling.project_id].append(ruling)
    firm_ids = {firm.pk for firm in firms.values()}
    records: dict[int, list[ArrearsRecord]] = defaultdict(list)
    for record in ArrearsRecord.objects.filter(organisation__in=firm_ids).order_by("-made_at", "-pk"):
        records[record.organisation_id].append(record)
    works = works_of(firm_ids)
    place = Place(today)
    return [_deposit(p, firms.get(p.pk), entries[p.pk], rulings[p.pk], records, works, place) for p in found]


class Place:
    """The calendar, and the deadlines and tables of regions, each read once for a list of projects."""

    def __init__(self, today: date) -> None:
        self.today, self.calendar = today, load_calendar()
        self._limits: dict[str, Limits] = {}
        self._tables: dict[tuple[str, date], Table] = {}

    def limits(self, region_code: str) -> Limits:
        """Today's deadlines."""
        if region_code not in self._limits:
            self._limits[region_code] = limits_of(region_code, on=self.today)
        return self._limits[region_code]

    def table(self, region_code: str, on: date) -> Table:
        """The table of a day."""
        if (region_code, on) not in self._tables:
            read = parameter(KEY, region_code=region_code, on=on, default=NATION)
            self._tables[region_code, on] = Table.read(read)
        return self._tables[region_code, on]


def load_deposit(project: Project, *, today: date) -> Deposit:
    """One project's deposit."""
    return load_deposits([project], today=today)[0]


def judged_on(project: Project, today: date) -> date:
    """The day whose table and record decide the amount: the contract's, else the start, else today."""
    return project.contract_signed_on or project.started_on or today


Works = dict[int, list[tuple[int, str, date | None, date | None]]]


def works_of(firm_ids: Iterable[int]) -> Works:
    """Firm → its works as general contractor: project, region, day of the contract, day of completion."""
    works: Works = defaultdict(list)
    rows = (
        Participation.objects.filter(organisation__in=firm_ids, role=Participation.Role.GENERAL_CONTRACTOR)
        .exclude(project__sector="manufacturing")
        .values_list(
            "organisation_id",
            "project_id",
            "project__region_id",
            "project__contract_signed_on",
            "project__done_on",
        )
    )
    for firm, project, region, signed, done in rows:
        works[firm].append((project, region[:4], signed, done))
    return works


def others_of(project: Project, firm: Organisation | None, works: Works, on: date) -> int:
    """How many projects of the firm in the city were under contract before this one and not done by then."""
    if firm is None:
        return 0
    return sum(
        1
        for pk, city, signed, done in works[firm.pk]
        if pk != project.pk
        and city == project.region_id[:4]
        and signed is not None
        and (signed, pk) < (on, project.pk)
        and (done is None or done >= on)
    )


def _deposit(
    project: Project,
    firm: Organisation | None,
    entries: list[DepositEntry],
    rulings: list[DepositRuling],
    records: dict[int, list[ArrearsRecord]],
    works: Works,
    place: Place,
) -> Deposit:
    on = judged_on(project, place.today)
    # What came after the contract was signed does not change this project's deposit.
    known = next((r for r in records[firm.pk] if r.since <= on), None) if firm else None
    others = others_of(project, firm, works, on)
    table = place.table(project.region_id, on)
    due = amount_due(
        table,
        project.contract_sum_fen,
        record=Record(known.kind, known.since, known.well_kept) if known else None,
        on=on,
        others=others,
    )
    state = state_of(
        [said(e) for e in entries],
        [ruled(r) for r in rulings],
        due_fen=due.amount_fen,
        starts_on=project.started_on or project.contract_signed_on,
        today=place.today,
        calendar=place.calendar,
        limits=place.limits(project.region_id),
    )
    return Deposit(project, firm, known, due, state, tuple(entries), tuple(rulings), on, others)


def unpaid_people(project: Project) -> int:
    """Workers of a project with wages of any month that were sent to them and are not paid."""
    sheets = PaySheet.objects.filter(project=project).exclude(state=PaySheet.State.DRAFT)
    return (
        PaySlip.objects.filter(project=project, sheet__in=sheets.values("pk"), net_fen__gt=0)
        .exclude(payment=PaySlip.Payment.PAID)
        .values("worker_id")
        .distinct()
        .count()
    )
