"""What the construction contract says about the labour cost, progress payments, and for which month money is."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from payroll.access import leads_project
from payroll.allocation_records import PLAN, plan_record, plan_subject
from payroll.allocation_rules import AMOUNT, CONTRACT, PROGRESS, Period, Plan, least_percent, periods
from payroll.models import AccountEntry, AllocationChoice, AllocationPlan, ProgressPayment
from payroll.services.allocation_facts import as_plan
from registration.access import access_project, not_permitted
from registration.actors import Actor
from registration.models import Project, StoredFile
from registration.services.files import store_file
from registration.services.parameters import parameter
from registration.services.trainings import Scan
from wagewatch.evidence.services import append
from wagewatch.lib.dates import first_of_month, next_month, site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import format_cny

SHORTEST_REASON = 4
EARLIEST = date(2015, 1, 1)


@dataclass(frozen=True)
class PlanFacts:
    """What the contract says; money in fen, months as their day 1."""

    basis: str
    day: int
    starts_on: date
    reason: str
    amount_fen: int = 0
    percent: Decimal = Decimal(0)
    interval_months: int = 1
    ends_on: date | None = None


@transaction.atomic
def agree_plan(
    project_id: int, facts: PlanFacts, *, scan: Scan | None = None, actor: Actor, now: datetime
) -> AllocationPlan:
    """Record a version of the allocation that owner and general contractor agreed (Order 724 art. 24).

    Raises RuleViolation `allocation.interval` for more than a month, `allocation.ratio` under the region's
    least, `allocation.past` when it would lessen or delay what is due already; Malformed `allocation.…` for
    what cannot be right; NotFound, NotPermitted.
    """
    project = _led(project_id, actor, "allocation.plan")
    today = site_date(now)
    _check_facts(facts, project, today)
    rows = list(AllocationPlan.objects.filter(project=project).order_by("number"))
    plan = AllocationPlan(
        project=project,
        number=len(rows) + 1,
        basis=facts.basis,
        amount_fen=facts.amount_fen if facts.basis == AMOUNT else 0,
        percent=facts.percent if facts.basis != AMOUNT else Decimal(0),
        contract_sum_fen=project.contract_sum_fen,
        day=facts.day,
        interval_months=facts.interval_months,
        starts_on=first_of_month(facts.starts_on),
        ends_on=first_of_month(facts.ends_on) if facts.ends_on else None,
        reason=facts.reason.strip()[:200],
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )
    _check_past(project, [as_plan(r) for r in rows], as_plan(plan), today)
    if scan is not None:
        plan.file = store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
    plan.save(force_insert=True)
    append(
        PLAN,
        project_id=project.pk,
        subject=plan_subject(plan),
        record=plan_record(plan),
        actor=actor,
        now=now,
    )
    return plan


@transaction.atomic
def record_progress(
    project_id: int, month: date, amount_fen: int, *, note: str, actor: Actor, now: datetime
) -> ProgressPayment:
    """Record the progress payment measured for a month, of which the labour cost is a ratio.

    A later figure for the month replaces the earlier one, which stays on record. Raises RuleViolation
    `progress.not_needed`, `progress.less` when it would lessen what is due, Malformed `progress.…`.
    """
    project = _led(project_id, actor, "allocation.plan")
    month = first_of_month(month)
    if not EARLIEST <= month <= site_date(now):
        raise Malformed("progress.month", _("This month cannot be right. Enter what has been measured."))
    if amount_fen < 0:
        raise Malformed("progress.amount", _("Write the amount without a minus sign."))
    if len(note.strip()) < SHORTEST_REASON:
        raise Malformed("progress.note", _("Write on which paper the figure stands."))
    plans = AllocationPlan.objects.filter(project=project).order_by("-number")
    current = next((p for p in plans if p.starts_on <= month), None)
    if current is None or current.basis != PROGRESS:
        raise RuleViolation(
            "progress.not_needed",
            _("In this month the labour cost is no ratio of the progress payment. Nothing to enter."),
        )
    earlier = ProgressPayment.objects.filter(project=project, month=month).order_by("-number").first()
    if earlier is not None and amount_fen < earlier.amount_fen:
        raise RuleViolation(
            "progress.less",
            _("%(earlier)s are on record for this month. A dispute about the quantity never lessens the labour cost (article 35)."),
            earlier=format_cny(earlier.amount_fen),
        )  # fmt: skip
    return ProgressPayment.objects.create(
        project=project,
        number=_next(ProgressPayment, project),
        month=month,
        amount_fen=amount_fen,
        note=note.strip()[:200],
        made_by_id=actor.id,
        made_at=now,
    )


@transaction.atomic
def choose_month(
    project_id: int, entry_number: int, month: date | None, *, reason: str, actor: Actor, now: datetime
) -> AllocationChoice:
    """Say for which month a receipt is, against the rule that the oldest gap is filled first; None goes back to it.

    Raises Malformed `choice.reason`, RuleViolation `choice.entry`, `choice.month`, NotFound, NotPermitted.
    """
    project = _led(project_id, actor, "allocation.plan")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("choice.reason", _("Write why this money is for that month."))
    if not AccountEntry.objects.filter(
        project=project, number=entry_number, kind=AccountEntry.Kind.ALLOCATION
    ).exists():
        raise RuleViolation("choice.entry", _("This is no allocation of the owner."))
    if month is not None:
        month = first_of_month(month)
        months = {p.month for p in _periods(project, site_date(now))}
        if month not in months:
            raise RuleViolation(
                "choice.month", _("Nothing is agreed for this month. Choose one of the list.")
            )
    return AllocationChoice.objects.create(
        project=project,
        number=_next(AllocationChoice, project),
        entry_number=entry_number,
        month=month,
        reason=reason.strip()[:200],
        made_by_id=actor.id,
        made_at=now,
    )


def least_ratio(project: Project, *, on: date) -> Decimal:
    """The region's least share of labour cost in percent, by the kind of works."""
    table = parameter("allocation.ratio_percent", region_code=project.region_id, on=on, default=0)
    return least_percent(table, project.sector)


def _led(project_id: int, actor: Actor, permission: str) -> Project:
    """The project, locked, for its general contractor alone."""
    project = access_project(project_id, actor, for_write=True)
    if not leads_project(actor, project, permission=permission):
        not_permitted(permission)
    return project


def _next(model: type[ProgressPayment] | type[AllocationChoice], project: Project) -> int:
    found = model.objects.filter(project=project).aggregate(last=Max("number"))
    return (found["last"] or 0) + 1


def _periods(project: Project, today: date) -> list[Period]:
    plans = [as_plan(p) for p in AllocationPlan.objects.filter(project=project)]
    return periods(plans, {}, today=today, done_on=project.done_on)


def _check_facts(facts: PlanFacts, project: Project, today: date) -> None:
    if facts.basis not in AllocationPlan.Basis.values:
        raise Malformed("allocation.basis", _("Choose how the labour cost is agreed."))
    if not 1 <= facts.day <= 31:
        raise Malformed("allocation.day", _("Write the day of the month as a number from 1 to 31."))
    if facts.interval_months < 1:
        raise Malformed("allocation.interval_form", _("Write the interval in months, usually 1."))
    longest = int(parameter("allocation.cycle_months", region_code=project.region_id, on=today, default=1))
    if facts.interval_months > longest:
        raise RuleViolation(
            "allocation.interval",
            _("Labour cost is allocated at least once a month (Order 724, article 24). Agree a shorter interval."),
        )  # fmt: skip
    if facts.starts_on < EARLIEST:
        raise Malformed("allocation.starts_on", _("This month cannot be right. Check the year."))
    if facts.ends_on is not None and facts.ends_on < first_of_month(facts.starts_on):
        raise Malformed("allocation.ends_on", _("The last month lies before the first one."))
    if len(facts.reason.strip()) < SHORTEST_REASON:
        raise Malformed(
            "allocation.reason", _("Name the clause of the contract, or why the agreement changes.")
        )
    if facts.basis == AMOUNT:
        if facts.amount_fen <= 0:
            raise Malformed("allocation.amount", _("Write an amount above zero."))
    elif not 0 < facts.percent <= 100:
        raise Malformed("allocation.percent", _("Write the ratio as a number above 0 and up to 100."))
    _check_ratio(facts, project, today)


def _check_ratio(facts: PlanFacts, project: Project, today: date) -> None:
    least = least_ratio(project, on=today)
    if facts.basis == CONTRACT and (facts.ends_on is None or project.contract_sum_fen <= 0):
        raise Malformed(
            "allocation.ends_on",
            _("A ratio of the contract sum needs the contract sum of the project and the last month."),
        )
    percent = facts.percent
    if facts.basis == AMOUNT:
        if facts.ends_on is None or project.contract_sum_fen <= 0:
            return
        months = _count(first_of_month(facts.starts_on), facts.ends_on)
        percent = Decimal(facts.amount_fen * months * 100) / project.contract_sum_fen
    if percent < least:
        raise RuleViolation(
            "allocation.ratio",
            _("That is %(is)s % of the contract. Here labour cost is at least %(least)s %."),
            **{"is": f"{percent:.1f}", "least": f"{least:f}"},
        )


def _count(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _check_past(project: Project, before: list[Plan], plan: Plan, today: date) -> None:
    """A new version never lessens, delays or drops what is due already: arrears are not agreed away."""
    if not before:
        return
    measured = dict(
        ProgressPayment.objects.filter(project=project).order_by("number").values_list("month", "amount_fen")
    )
    was = periods(before, measured, today=today, done_on=project.done_on)
    will = {p.month: p for p in periods([*before, plan], measured, today=today, done_on=project.done_on)}
    for period in was:
        if period.due_on > today:
            continue
        new = will.get(period.month)
        if new is None or new.due_on > period.due_on or (new.due_fen or 0) < (period.due_fen or 0):
            raise RuleViolation(
                "allocation.past",
                _("What was due by today stays as it was agreed. Begin with %(month)s or later."),
                month=f"{next_month(first_of_month(today)):%Y-%m}",
            )
