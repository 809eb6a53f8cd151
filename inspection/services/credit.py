"""Grades of firms: what is on record about many firms at once, and a grade as the authority establishes it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from inspection.credit_rules import Grade, Record, grade_of
from inspection.list_rules import months_after
from inspection.listing_records import GRADE, grade_record
from inspection.models import Alarm, AlarmStep, CreditGrade, ProjectStat, Sanction, ServedOrder
from inspection.services.listing import labour_office, on_list
from payroll.models import ArrearsRecord, DepositRuling, PaySheet, PaySlip
from payroll.owed import reached
from registration.access import not_found
from registration.actors import Actor
from registration.models import Organisation, Participation
from registration.seed.standing import standing_rows
from registration.services.firms import seen_firm
from registration.services.parameters import parameter
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PROPOSED = next(row.value for row in standing_rows() if row.key == "credit.table")
"""The proposal, for an installation without the parameter."""
LEVELS = {1: "yellow", 2: "orange", 3: "red"}


def table_of(region_code: str, *, on: date) -> dict[str, Any]:
    """The region's table of points on a day."""
    table = dict(parameter("credit.table", region_code=region_code, on=on, default=PROPOSED))
    # A table set before a reason was counted takes that reason's proposal.
    return table | {"points": PROPOSED["points"] | table["points"]}


def records_of(firms: Iterable[int], *, today: date, months: int) -> dict[int, Record]:
    """What is on record about firms over the last months, in a fixed number of queries.

    An alarm counts for the firm whose part it names; without one, for the general contractor. Pay counts for the
    firm whose people are paid, and for the general contractor of the project. All projects count, also
    those outside the reader's region: the grade is the same for everybody.
    """
    ids = list(firms)
    since = months_after(today, -months)
    facts: dict[int, dict[str, Any]] = defaultdict(dict)
    led: dict[int, list[int]] = defaultdict(list)
    leads = Participation.objects.filter(
        organisation__in=ids, role=Participation.Role.GENERAL_CONTRACTOR, left_on=None
    )
    for firm, project in leads.values_list("organisation_id", "project_id"):
        led[project].append(firm)
    for firm in on_list(ids, today=today):
        facts[firm]["on_list"] = True
    newest: dict[int, ArrearsRecord] = {}
    for record in ArrearsRecord.objects.filter(organisation__in=ids).order_by("made_at", "pk"):
        newest[record.organisation_id] = record
    for firm, record in newest.items():
        facts[firm]["arrears"] = record.kind == ArrearsRecord.Kind.ARREARS and record.since >= since
    _count_alarms(ids, led, since, facts)
    _count_orders(ids, since, today, facts)
    _count_pay(ids, led, since, today, facts)
    used = DepositRuling.objects.filter(
        project__in=list(led), kind=DepositRuling.Kind.USE, decided_on__gte=since
    )
    for row in used.order_by().values("project_id").annotate(n=Count("number")):
        _add(facts, led[row["project_id"]], deposit_used=row["n"])
    for stat in ProjectStat.objects.filter(project__in=list(led), project__done_on=None):
        _add(
            facts,
            led[stat.project_id],
            registered=stat.workers_open,
            attended=min(stat.attended_30d, stat.workers_open),
        )
    return {firm: Record(**facts[firm]) for firm in ids}


def _add(facts: dict[int, dict[str, Any]], firms: Iterable[int], **more: int) -> None:
    for firm in firms:
        for name, number in more.items():
            facts[firm][name] = facts[firm].get(name, 0) + number


def _believed() -> QuerySet[Alarm]:
    """Alarms but those that an inspector found not true on the data that still hold."""
    kind = AlarmStep.Kind
    last = AlarmStep.objects.filter(
        project=OuterRef("project"),
        alarm=OuterRef("pk"),
        round=OuterRef("round"),
        kind__in=(kind.TRUE, kind.FALSE, kind.RETURNED),
    ).order_by("-at", "-pk")
    verdict = Coalesce(Subquery(last.values("kind")[:1]), Value(""))
    return Alarm.objects.annotate(verdict=verdict).exclude(verdict=kind.FALSE)


def _count_orders(ids: list[int], since: date, today: date, facts: dict[int, dict[str, Any]]) -> None:
    """Orders to correct whose time ended in the months: not followed in time, and those with a fine decided."""
    rows = (
        ServedOrder.objects.filter(
            organisation__in=ids, deadline_on__gte=since, deadline_on__lt=today, withdrawn_on=None
        )
        .order_by()
        .values(firm=F("organisation"))
        .annotate(
            lapsed=Count("pk", filter=Q(corrected_on=None) | Q(corrected_on__gt=F("deadline_on"))),
            fined=Count("pk", filter=Q(fine_state=Sanction.State.DECIDED)),
        )
    )
    for row in rows:
        _add(facts, [row["firm"]], lapsed=row["lapsed"], fined=row["fined"])


def _count_alarms(
    ids: list[int], led: dict[int, list[int]], since: date, facts: dict[int, dict[str, Any]]
) -> None:
    named = (
        _believed()
        .filter(participation__organisation__in=ids, opened_at__date__gte=since)
        .order_by()
        .values("level", firm=F("participation__organisation"))
        .annotate(n=Count("pk"))
    )
    for row in named:
        _add(facts, [row["firm"]], **{LEVELS[row["level"]]: row["n"]})
    unnamed = (
        _believed()
        .filter(participation=None, project__in=list(led), opened_at__date__gte=since)
        .order_by()
        .values("level", "project_id")
        .annotate(n=Count("pk"))
    )
    for one in unnamed:
        _add(facts, led[one["project_id"]], **{LEVELS[one["level"]]: one["n"]})


def _count_pay(
    ids: list[int], led: dict[int, list[int]], since: date, today: date, facts: dict[int, dict[str, Any]]
) -> None:
    """Slips whose pay day lay in the months; late are those paid after it, and those still owed."""
    in_time = reached() & (Q(paid_at=None) | Q(paid_at__date__lte=F("sheet__due_on")))
    # Both ways lie in the firms' own projects; said so, the slips of all others are not read.
    parts = Participation.objects.filter(organisation__in=ids)
    rows = (
        PaySlip.objects.filter(
            Q(sheet__participation__organisation__in=ids) | Q(project__in=list(led)),
            project__in=list(parts.values_list("project_id", flat=True).distinct()),
            month__gte=months_after(since, -2).replace(day=1),
            sheet__due_on__gte=since,
            sheet__due_on__lt=today,
            net_fen__gt=0,
        )
        .exclude(sheet__state=PaySheet.State.DRAFT)
        .order_by()
        .values("project_id", firm=F("sheet__participation__organisation"))
        .annotate(n=Count("worker_id"), punctual=Count("worker_id", filter=in_time))
    )
    wanted = set(ids)
    for row in rows:
        whose = {row["firm"], *led.get(row["project_id"], ())} & wanted
        _add(facts, whose, slips=row["n"], late_slips=row["n"] - row["punctual"])


def grade_now(firm: Organisation, *, today: date) -> tuple[Grade, Record, date]:
    """A firm's grade as of now, what it rests on, and since when it looks."""
    table = table_of(firm.region_id, on=today)
    record = records_of([firm.pk], today=today, months=table["months"])[firm.pk]
    return grade_of(record, table), record, months_after(today, -table["months"])


def grades_now(firms: Iterable[Organisation], *, today: date) -> dict[int, Grade]:
    """The grades of many firms; the tables of their regions may differ in everything but the months."""
    every = list(firms)
    tables = {firm.pk: table_of(firm.region_id, on=today) for firm in every}
    found: dict[int, Grade] = {}
    for months in {table["months"] for table in tables.values()}:
        ids = [firm.pk for firm in every if tables[firm.pk]["months"] == months]
        for pk, record in records_of(ids, today=today, months=months).items():
            found[pk] = grade_of(record, tables[pk])
    return found


@transaction.atomic
def establish_grade(firm_id: int, *, actor: Actor, now: datetime) -> CreditGrade:
    """Keep a firm's grade as of today with its reasons in the integrity file (order 724, article 47).

    Raises NotFound, NotPermitted, RuleViolation `credit.same_day`, `credit.nothing`.
    """
    firm = seen_firm(firm_id, actor)
    labour_office(actor)
    if actor.id is None:
        not_found()
    Organisation.objects.select_for_update(no_key=True).get(pk=firm.pk)
    today = site_date(now)
    grade, _record, since = grade_now(firm, today=today)
    if not grade.known:
        raise RuleViolation("credit.nothing", _("Nothing is on record about this firm yet."))
    if CreditGrade.objects.filter(organisation=firm, until=today).exists():
        raise RuleViolation("credit.same_day", _("A grade of today is on record already."))
    kept = CreditGrade.objects.create(
        organisation=firm,
        grade=grade.letter,
        points=grade.points,
        reasons=[asdict(reason) for reason in grade.reasons],
        since=since,
        until=today,
        made_by_id=actor.id,
        made_at=now,
    )
    append(
        GRADE,
        project_id=None,
        subject=f"credit-grade:{kept.pk}",
        record=grade_record(kept),
        actor=actor,
        now=now,
    )
    return kept
