"""What the evidence log holds about allocations and wage loans: canonical records, rebuilt from today's rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from payroll.models import AllocationPlan, LoanDraw, TopUpRequest
from wagewatch.evidence.registry import register_kind

PLAN = "allocation.plan"
ASKED = "allocation.asked"
ANSWERED = "allocation.answered"
DRAWN = "loan.confirmed"

Record = Mapping[str, object]


def plan_subject(plan: AllocationPlan) -> str:
    """E.g. "allocation-plan:3.1" (project, version)."""
    return f"allocation-plan:{plan.project_id}.{plan.number}"


def asked_subject(request: TopUpRequest) -> str:
    """E.g. "top-up:3.1" (project, number)."""
    return f"top-up:{request.project_id}.{request.number}"


def answered_subject(request: TopUpRequest) -> str:
    """E.g. "top-up-answer:3.1" (project, number)."""
    return f"top-up-answer:{request.project_id}.{request.number}"


def draw_subject(draw: LoanDraw) -> str:
    """E.g. "loan-draw:3.1" (project, number)."""
    return f"loan-draw:{draw.project_id}.{draw.number}"


def plan_record(plan: AllocationPlan) -> Record:
    """The version as it was agreed."""
    return {
        "project": plan.project_id,
        "number": plan.number,
        "basis": plan.basis,
        "amount_fen": plan.amount_fen,
        "percent": f"{plan.percent:.2f}",
        "contract_sum_fen": plan.contract_sum_fen,
        "day": plan.day,
        "interval_months": plan.interval_months,
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
        "reason": plan.reason,
        "made_by": plan.made_by_id,
        "made_at": plan.made_at,
    }


def asked_record(request: TopUpRequest) -> Record:
    """What the owner was asked for, and on which figures."""
    return {
        "project": request.project_id,
        "number": request.number,
        "basis": request.basis,
        "amount_fen": request.amount_fen,
        "payroll_fen": request.payroll_fen,
        "balance_fen": request.balance_fen,
        "agreed_fen": request.agreed_fen,
        "received_fen": request.received_fen,
        "asked_by": request.asked_by_id,
        "asked_at": request.asked_at,
        "reply_by": request.reply_by,
    }


def answered_record(request: TopUpRequest) -> Record:
    """What the owner answered. A later answer is recorded again and supersedes the first."""
    return {
        "project": request.project_id,
        "number": request.number,
        "promised_on": request.promised_on,
        "answer": request.answer,
        "answered_by": request.answered_by_id,
        "answered_at": request.answered_at,
    }


def draw_record(draw: LoanDraw) -> Record:
    """What the bank's officer confirmed."""
    return {
        "project": draw.project_id,
        "number": draw.number,
        "facility": draw.facility_id,
        "sheet": draw.sheet_id,
        "amount_fen": draw.amount_fen,
        "asked_by": draw.asked_by_id,
        "asked_at": draw.asked_at,
        "answered_by": draw.answered_by_id,
        "answered_at": draw.answered_at,
    }


def _of_pairs(rows: Any, subjects: Sequence[str]) -> Iterable[Any]:
    wanted = set()
    for subject in subjects:
        project, _dot, number = subject.partition(":")[2].partition(".")
        if project.isdigit() and number.isdigit():
            wanted.add((int(project), int(number)))
    found = rows.filter(project__in={p for p, _n in wanted}, number__in={n for _p, n in wanted})
    return (row for row in found if (row.project_id, row.number) in wanted)


def _within(rows: Any, project_id: int | None) -> Iterable[Any]:
    return (rows if project_id is None else rows.filter(project_id=project_id)).iterator()


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    confirmed = LoanDraw.objects.filter(state__in=[LoanDraw.State.CONFIRMED, LoanDraw.State.ARRIVED])
    answered = TopUpRequest.objects.filter(answered_at__isnull=False)
    register_kind(
        PLAN,
        load_many=lambda s: {plan_subject(p): plan_record(p) for p in _of_pairs(AllocationPlan.objects, s)},
        expected_subjects=lambda p: (plan_subject(x) for x in _within(AllocationPlan.objects.all(), p)),
        label=_("Labour cost agreed"),
    )
    register_kind(
        ASKED,
        load_many=lambda s: {asked_subject(r): asked_record(r) for r in _of_pairs(TopUpRequest.objects, s)},
        expected_subjects=lambda p: (asked_subject(x) for x in _within(TopUpRequest.objects.all(), p)),
        label=_("Owner asked for labour cost"),
    )
    register_kind(
        ANSWERED,
        load_many=lambda s: {answered_subject(r): answered_record(r) for r in _of_pairs(answered, s)},
        expected_subjects=lambda p: (answered_subject(x) for x in _within(answered, p)),
        label=_("Owner's answer about labour cost"),
    )
    register_kind(
        DRAWN,
        load_many=lambda s: {draw_subject(d): draw_record(d) for d in _of_pairs(confirmed, s)},
        expected_subjects=lambda p: (draw_subject(x) for x in _within(confirmed, p)),
        label=_("Wage loan confirmed by the bank"),
    )
