"""Play simulated months again, night by night, and count what the score saw before each pay day.

The months are written into the database's own tables inside a transaction that is rolled back, and read by the
very statement that scores real projects, as of each night. Nothing of it stays.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from django.db import connection, transaction

from inspection.risk.facts import days_between, facts_of
from inspection.risk.rules import score
from inspection.risk.simulation import PROJECTS_OF_A_FIRM, Month, Story, moment, simulate
from payroll.models import (
    AccountEntry,
    AllocationPlan,
    ArrearsRecord,
    PaySheet,
    SpecialAccount,
    SubLedger,
)
from registration.models import Organisation, Participation, Project, Region
from wagewatch.lib.dates import Calendar, previous_month

BATCH = 5_000


@dataclass(frozen=True)
class Period:
    """The time before one pay day of one project: the score of each night, by variant, and what came."""

    story: Story
    month: Month
    nights: Mapping[str, Sequence[tuple[date, int]]]

    def first_night(self, variant: str, threshold: int) -> date | None:
        """The first night at or over the threshold."""
        return next((day for day, points in self.nights[variant] if points >= threshold), None)


@dataclass(frozen=True)
class Line:
    """What a threshold would have done."""

    threshold: int
    fired: int
    caught: int
    defaults: int
    sound: int
    lead_days: float | None
    """Median days between the first night and the pay day, of the defaults caught."""
    week_ahead: int
    """Defaults caught a week ahead or more."""

    @property
    def false(self) -> int:
        return self.fired - self.caught

    @property
    def precision(self) -> float:
        return self.caught / self.fired if self.fired else 0.0

    @property
    def recall(self) -> float:
        return self.caught / self.defaults if self.defaults else 0.0


class _Undo(Exception):
    """Leaves the transaction without a trace."""


def replay(
    *,
    projects: int,
    months: list[date],
    calendar: Calendar,
    seed: int,
    variants: Mapping[str, Mapping[str, Mapping[str, float]]],
    nearness: Mapping[str, int],
    every: int = 1,
) -> list[Period]:
    """Simulate, write, score every night from the fourth month on, roll back.

    `variants` are sets of factors scored on the same facts. Counted are periods up to each project's first
    default: after it everybody knows.
    """
    stories = simulate(projects, months, calendar, seed=seed)
    nights: dict[str, dict[int, list[tuple[date, int]]]] = {name: {} for name in variants}
    try:
        with transaction.atomic():
            ids = _write(stories, months)
            numbers = {pk: number for number, pk in enumerate(ids)}
            first = stories[0].months[2].due_on + timedelta(days=1)
            for day in days_between(first, stories[0].months[-1].due_on)[::every]:
                for facts in facts_of(moment(day, 2, 30), project_ids=ids, calendar=calendar):
                    for name, factors in variants.items():
                        points = score(facts, factors, nearness).points
                        nights[name].setdefault(numbers[facts.project_id], []).append((day, points))
            raise _Undo
    except _Undo:
        pass
    return list(_periods(stories, nights))


def _periods(
    stories: list[Story], nights: Mapping[str, Mapping[int, list[tuple[date, int]]]]
) -> Iterator[Period]:
    for story in stories:
        if any(month.is_default for month in story.months[:3]):
            continue
        for before, month in zip(story.months[2:], story.months[3:], strict=False):
            yield Period(
                story,
                month,
                {
                    name: [
                        (day, points)
                        for day, points in found.get(story.number, [])
                        if before.due_on < day <= month.due_on
                    ]
                    for name, found in nights.items()
                },
            )
            if month.is_default:
                break


def lines_of(periods: Sequence[Period], variant: str, thresholds: Sequence[int]) -> list[Line]:
    """Precision, recall and lead at each threshold; the unit is one pay day of one project."""
    found = []
    for threshold in thresholds:
        fired = [(p, night) for p in periods if (night := p.first_night(variant, threshold)) is not None]
        leads = [(p.month.due_on - night).days for p, night in fired if p.month.is_default]
        defaults = sum(p.month.is_default for p in periods)
        found.append(
            Line(
                threshold,
                fired=len(fired),
                caught=len(leads),
                defaults=defaults,
                sound=len(periods) - defaults,
                lead_days=median(leads) if leads else None,
                week_ahead=sum(days >= 7 for days in leads),
            )
        )
    return found


def recall_by_fate(periods: Sequence[Period], variant: str, threshold: int) -> dict[str, tuple[int, int]]:
    """Fate → (defaults caught, defaults)."""
    found: dict[str, tuple[int, int]] = {}
    for period in periods:
        if period.month.is_default:
            caught, all_of_them = found.get(period.story.fate, (0, 0))
            hit = period.first_night(variant, threshold) is not None
            found[period.story.fate] = (caught + hit, all_of_them + 1)
    return found


def _write(stories: list[Story], months: list[date]) -> list[int]:
    """Rows as the services would have left them; returns the projects' ids in the order of the stories."""
    region = Region.objects.order_by("-level", "code").first() or Region.objects.create(
        code="330703", name="金东区", level="county"
    )
    start = previous_month(months[0])
    made = moment(start, 9)
    bank, *firms = Organisation.objects.bulk_create(
        Organisation(
            uscc=f"9R{number:016d}",
            name=f"回放 {number}",
            short_name=f"回放 {number}",
            kind=kind,
            region=region,
        )
        for number, kind in enumerate(
            ["bank", *["contractor"] * (len(stories) // PROJECTS_OF_A_FIRM + len(stories) + 1)]
        )
    )
    contractors = firms[: len(stories) // PROJECTS_OF_A_FIRM + 1]
    labour = firms[len(contractors) :]
    account = SpecialAccount(
        organisation=contractors[0], bank=bank, name="回放", number="0", number_index=b"replay", tail="0000",
        opened_on=start,
    )  # fmt: skip
    SpecialAccount.objects.bulk_create([account])
    projects = Project.objects.bulk_create(
        Project(
            code=f"REPLAY{story.number}", name=f"回放 {story.number}", region=region, address="",
            sector="building", pay_day=15, contract_sum_fen=0, started_on=start,
        )
        for story in stories
    )  # fmt: skip
    # Firms with a record take the projects whose contractor has one in the story.
    marked = {story.number % len(contractors) for story in stories if story.has_record}
    parts, labour_parts = [], []
    for story, project in zip(stories, projects, strict=True):
        firm = contractors[story.number % len(contractors)]
        parts.append(Participation(project=project, organisation=firm, role="general_contractor"))
        labour_parts.append(
            Participation(project=project, organisation=labour[story.number], role="subcontractor")
        )
    Participation.objects.bulk_create(parts)
    labour_parts = Participation.objects.bulk_create(labour_parts)
    ArrearsRecord.objects.bulk_create(
        ArrearsRecord(
            organisation=labour[story.number], kind="arrears", since=start - timedelta(days=200), reason="x",
            made_at=made,
        )
        for story in stories
        if story.has_record and marked
    )  # fmt: skip
    ledgers = SubLedger.objects.bulk_create(SubLedger(account=account, project=p) for p in projects)
    AllocationPlan.objects.bulk_create(
        AllocationPlan(
            project=project, number=1, basis="amount", amount_fen=story.plan_fen, day=5,
            starts_on=_after(months[0]), reason="x", made_at=made,
        )
        for story, project in zip(stories, projects, strict=True)
    )  # fmt: skip
    _write_entries(stories, projects, ledgers)
    _write_wages(stories, projects, labour_parts)
    _copy(
        "devices_attendanceday",
        "day, project_id, worker_id, posting_id, minutes, days, state, passages",
        (
            (day, project.pk, story.number * 100 + worker, 0, 480, amount, "closed", 2)
            for story, project in zip(stories, projects, strict=True)
            for day, worker, amount in story.attended
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE devices_attendanceday, payroll_payslip, payroll_paysheet, payroll_accountentry"
        )
    return [project.pk for project in projects]


def _after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _write_entries(stories: list[Story], projects: list[Project], ledgers: list[SubLedger]) -> None:
    rows = []
    for story, project, ledger in zip(stories, projects, ledgers, strict=True):
        balance = 0
        for number, entry in enumerate(story.entries, 1):
            balance += entry.amount_fen
            rows.append(
                AccountEntry(
                    project=project, sub_ledger=ledger, number=number, at=entry.at, kind=entry.kind,
                    amount_fen=entry.amount_fen, balance_fen=balance, cause="x", bank_reference=str(number),
                )
            )  # fmt: skip
    AccountEntry.objects.bulk_create(rows, batch_size=BATCH)


def _write_wages(stories: list[Story], projects: list[Project], parts: list[Participation]) -> None:
    sheets: list[tuple[PaySheet, Story, Month]] = []
    for story, project, part in zip(stories, projects, parts, strict=True):
        for month in story.months:
            if month.sent_at is None:
                continue
            net = sum(slip.net_fen for slip in month.slips)
            is_open = any(slip.paid_at is None for slip in month.slips)
            sheets.append(
                (
                    PaySheet(
                        project=project, participation=part, month=month.month, source="attendance",
                        state="approved" if is_open else "settled", due_on=month.due_on,
                        people=len(month.slips), gross_fen=net, net_fen=net, made_at=month.sent_at,
                        submitted_at=month.sent_at,
                    ),
                    story,
                    month,
                )
            )  # fmt: skip
    PaySheet.objects.bulk_create([sheet for sheet, *_rest in sheets], batch_size=BATCH)
    _copy(
        "payroll_payslip",
        "month, project_id, sheet_id, worker_id, team_name, pay_basis, rate_fen, days, gate_days, parts, gross_fen,"
        " deduction_fen, deduction_note, net_fen, note, sent_at, confirmation, confirmed_at, is_approved, payment,"
        " paid_at, paid_card_tail, return_code, return_text, version",
        (
            (
                sheet.month, sheet.project_id, sheet.pk, story.number * 100 + slip.worker, "", "day", 0, 0, 0, "[]",
                slip.net_fen, 0, "", slip.net_fen, "", month.sent_at, "confirmed", slip.confirmed_at, "t",
                "none" if slip.paid_at is None else "paid", slip.paid_at, "", "", "", 1,
            )
            for sheet, story, month in sheets
            for slip in month.slips
        ),
    )  # fmt: skip


def _copy(table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Rows by COPY; None is NULL. Only numbers, times and our own words: nothing needs quoting."""
    text = io.StringIO()
    for row in rows:
        text.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", text)
