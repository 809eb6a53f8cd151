"""The lines that follow from attendance and from advances, written when a draft is made from attendance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from devices.models import AttendanceDay
from payroll.deductions import capped_advance
from payroll.models import PaySheet, PaySlip
from payroll.overtime import MonthFacts, Terms, Worked, kind_of_day, month_line, overtime_lines
from payroll.pay_items import Item, deducted_of, deduction_words, earned_of, in_order, items_from
from payroll.services.advances import open_advances
from payroll.wage_months import days_of_sheet
from registration.models import Posting, Project
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import site_date

ITEM_FIELDS = ["items", "extra_fen", "gross_fen", "deduction_fen", "deduction_note", "net_fen"]


@dataclass(frozen=True)
class Rules:
    """What holds for pay where a project lies, in a wage month. `overtime_bases`: whose overtime the gates tell."""

    terms: Terms
    overtime_bases: frozenset[str]
    holidays: frozenset[date]
    month_days: Decimal


def rules_of(project: Project, month: date) -> Rules:
    """The region's parameters on overtime, holidays and paid days."""

    def value(key: str, default: Any) -> Any:
        return parameter(key, region_code=project.region_id, on=month, default=default)

    limits = value("pay.overtime_limit_hours", {"day": 3, "month": 36})
    gates = value("pay.overtime_from_gates", {"bases": []})
    return Rules(
        Terms(
            percent=value("pay.overtime_percent", {"workday": 150, "rest_day": 200, "holiday": 300}),
            standard_hours=Decimal(str(gates.get("standard_hours", 8))),
            least_minutes=int(gates.get("least_minutes", 30)),
            day_limit=int(limits["day"]),
            month_limit=int(limits["month"]),
        ),
        frozenset(gates.get("bases", ())),
        frozenset(date.fromisoformat(day) for day in value("pay.statutory_holidays", [])),
        Decimal(str(value("pay.month_days", "21.75"))),
    )


def set_items(slip: PaySlip, items: Iterable[Item], base_fen: int | None = None) -> None:
    """Put items on a slip in memory, in order, with the sums that follow."""
    base = slip.base_fen if base_fen is None else base_fen
    ordered = in_order(items)
    slip.items = [item.as_json() for item in ordered]
    slip.extra_fen = earned_of(ordered)
    slip.gross_fen = base + slip.extra_fen
    slip.deduction_fen = deducted_of(ordered)
    slip.deduction_note = deduction_words(ordered)
    slip.net_fen = slip.gross_fen - slip.deduction_fen


def add_rule_items(sheet: PaySheet, project: Project, *, now: datetime) -> bool:
    """Overtime from the gates, paid holidays of monthly wages, and open advances; True if a slip changed.

    A handful of statements, none where nobody is paid by the month, no overtime comes from the gates and no
    advance is open: then nothing is to be added.
    """
    rules = rules_of(project, sheet.month)
    slips = PaySlip.objects.filter(month=sheet.month, project=project, sheet=sheet.pk)
    timed = list(slips.filter(pay_basis__in=rules.overtime_bases | {"month"}))
    changed: dict[int, PaySlip] = {}
    if timed:
        for slip, items in _timed(timed, sheet, project, rules, now):
            set_items(slip, [*items_from(slip.items), *items])
            changed[slip.worker_id] = slip
    advances = open_advances(project, sheet.participation_id, until=site_date(now))
    if advances:
        for slip in slips.filter(worker__in=advances):
            slip = changed.get(slip.worker_id, slip)
            items = items_from(slip.items)
            for item in advances[slip.worker_id]:
                if cut := capped_advance(slip.gross_fen, items, item):
                    items.append(cut)
            set_items(slip, items)
            changed[slip.worker_id] = slip
    if changed:
        PaySlip.objects.bulk_update(list(changed.values()), ITEM_FIELDS, batch_size=500)
    return bool(changed)


def _timed(
    slips: list[PaySlip], sheet: PaySheet, project: Project, rules: Rules, now: datetime
) -> Iterable[tuple[PaySlip, list[Item]]]:
    first, last = days_of_sheet(sheet)
    calendar = load_calendar()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    kinds = {day: kind_of_day(day, calendar.is_working(day), rules.holidays) for day in days}
    worked: dict[int, list[tuple[Worked, str]]] = defaultdict(list)
    for row in AttendanceDay.objects.filter(
        project=project, day__range=(first, last), worker_id__in=[s.worker_id for s in slips]
    ).order_by("day"):
        worked[row.worker_id].append((Worked(row.day, row.minutes, row.days), kinds[row.day]))
    postings = Posting.objects.in_bulk([s.posting_id for s in slips if s.posting_id])
    over = site_date(now) > last
    for slip in slips:
        if slip.parts:
            continue  # several rates or employers in one month: the clerk writes these lines by hand
        posting = postings[slip.posting_id or 0]
        yield slip, _lines_of(slip, posting, worked[slip.worker_id], kinds, rules, (first, last), over)


def _lines_of(
    slip: PaySlip,
    posting: Posting,
    worked: list[tuple[Worked, str]],
    kinds: Mapping[date, str],
    rules: Rules,
    span: tuple[date, date],
    month_is_over: bool,
) -> list[Item]:
    facts = month_facts(posting, worked, kinds, span, month_is_over)
    on_workdays = sum((one.days for one, kind in worked if kind == "workday"), Decimal(0))
    items = []
    if slip.pay_basis == "month":
        items.append(month_line(slip.rate_fen, slip.days, facts, rules.month_days, slip.base_fen))
    if slip.pay_basis in rules.overtime_bases:
        items += overtime_lines(
            slip.pay_basis,
            slip.rate_fen,
            rules.month_days,
            worked,
            rules.terms,
            absent_days=max(Decimal(0), facts.scheduled - on_workdays),
            whole_month=facts.whole,
        )
    return items


def month_facts(
    posting: Posting,
    worked: Iterable[tuple[Worked, str]],
    kinds: Mapping[date, str],
    span: tuple[date, date],
    month_is_over: bool,
) -> MonthFacts:
    """Workdays and statutory holidays of a posting in a wage month, and whether it lasted all of it."""
    first, last = max(span[0], posting.joined_on), min(span[1], posting.left_on or span[1])
    mine = [kind for day, kind in kinds.items() if first <= day <= last]
    return MonthFacts(
        mine.count("workday"),
        mine.count("holiday"),
        month_is_over
        and posting.joined_on <= span[0]
        and (posting.left_on is None or posting.left_on >= span[1]),
        sum((one.days for one, kind in worked if kind == "holiday"), Decimal(0)),
    )
