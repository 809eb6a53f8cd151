"""A worker's history with days and pay, as plain values: for the phone, the paper and who it is shared with."""

from typing import Any

from django.db.models import Count, Q, Sum

from devices.models import AttendanceDay
from payroll.models import PaySlip
from registration.history_of_person import PersonHistory, history_of_person
from registration.models import Certificate, PostingNotice, Training, Worker
from wagewatch.lib.identity import mask_name

FORMAT = 1


def history_facts(worker: Worker, *, with_pay: bool) -> dict[str, Any]:
    """Everything as JSON types: person masked, work, trainings, certificates; pay only if wanted.

    Days are what the gates counted, amounts in fen what the bank paid. Seven statements.
    """
    history = history_of_person(worker.pk)
    projects = [stint.project_id for stint in history.stints]
    days = _days(worker.pk, projects)
    pay = _pay(worker.pk, projects)
    said = set(
        PostingNotice.objects.filter(worker=worker, kind=PostingNotice.Kind.RIGHT).values_list(
            "posting_id", flat=True
        )
    )
    facts: dict[str, Any] = {
        "format": FORMAT,
        "name": mask_name(worker.name),
        "id_tail": worker.id_tail,
        "stints": [
            {
                "project": stint.project,
                "region": stint.region,
                "employer": stint.employer,
                "team": stint.team,
                "trade": stint.trade,
                "since": stint.since.isoformat(),
                "till": stint.till.isoformat() if stint.till else None,
                "days": _plain(days.get(stint.posting_id, 0)),
                "acknowledged": stint.acknowledged,
                "in_log": stint.posting_id in said,
            }
            for stint in history.stints
        ],
        "months_confirmed": sum(one["confirmed"] for one in pay.values()),
        "months_paid": sum(one["paid"] for one in pay.values()),
        "trainings": _trainings(history),
        "certificates": _certificates(history),
        "with_pay": with_pay,
    }
    if with_pay:
        facts["paid_fen"] = sum(one["fen"] or 0 for one in pay.values())
        named: dict[str, int] = {}
        for stint in history.stints:
            named.setdefault(stint.project, (pay.get(stint.project_id) or {}).get("fen") or 0)
        facts["pay"] = [{"project": name, "fen": fen} for name, fen in named.items() if fen]
    return facts


def _plain(value: Any) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def _days(worker_id: int, projects: list[int]) -> dict[int, Any]:
    rows = (
        AttendanceDay.objects.filter(project__in=set(projects), worker_id=worker_id)
        .order_by()
        .values_list("posting_id")
        .annotate(days=Sum("days"))
    )
    return dict(rows)


def _pay(worker_id: int, projects: list[int]) -> dict[int, dict[str, Any]]:
    rows = (
        PaySlip.objects.filter(project__in=set(projects), worker=worker_id)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .order_by()
        .values("project_id")
        .annotate(
            confirmed=Count("month", filter=Q(confirmation="confirmed"), distinct=True),
            paid=Count("month", filter=Q(payment="paid"), distinct=True),
            fen=Sum("net_fen", filter=Q(payment="paid")),
        )
    )
    return {row["project_id"]: dict(row) for row in rows}


def _trainings(history: PersonHistory) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "project": one.project,
            "held_on": one.held_on.isoformat(),
            "minutes": one.minutes,
            "passed": one.passed,
        }
        for one in history.trainings
    ]


def _certificates(history: PersonHistory) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind,
            "trade": one.trade,
            "grade": one.grade,
            "issuer": one.issuer,
            "number_tail": one.number_tail,
            "issued_on": one.issued_on.isoformat(),
            "expires_on": one.expires_on.isoformat() if one.expires_on else None,
        }
        for one in history.certificates
    ]


def shown(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with kinds of trainings and certificates in words of the reader's language."""
    kinds = dict(Training.Kind.choices)
    papers = dict(Certificate.Kind.choices)
    return facts | {
        "trainings": [one | {"kind": kinds.get(one["kind"], one["kind"])} for one in facts["trainings"]],
        "certificates": [
            one | {"kind": papers.get(one["kind"], one["kind"])} for one in facts["certificates"]
        ],
        "regions": list(dict.fromkeys(stint["region"] for stint in facts["stints"])),
    }
