"""What the evidence log holds about permit readiness: canonical records, rebuilt from today's rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from inspection.models import PermitAnswer, SocialDeposit
from wagewatch.evidence.registry import register_kind

ANSWER = "permit.answer"
SOCIAL = "social.deposit"

Record = Mapping[str, object]


def answer_record(answer: PermitAnswer) -> Record:
    """The answer as it was given."""
    return {
        "answer": answer.pk,
        "project": answer.project_id,
        "number": answer.number,
        "is_ready": answer.is_ready,
        "points": answer.points,
        "office": answer.office,
        "at": answer.at,
    }


def social_record(social: SocialDeposit) -> Record:
    """What was put on record about a social pre-deposit."""
    return {
        "project": social.project_id,
        "base": social.base,
        "base_fen": social.base_fen,
        "due_fen": social.due_fen,
        "paid_fen": social.paid_fen,
        "paid_on": social.paid_on,
        "paper": social.paper,
        "made_at": social.made_at,
    }


def _ids(subjects: Sequence[str]) -> list[int]:
    return [int(n) for s in subjects if (n := s.partition(":")[2]).isdigit()]


def _load_answers(subjects: Sequence[str]) -> dict[str, Record]:
    rows = PermitAnswer.objects.filter(pk__in=_ids(subjects))
    return {f"permit-answer:{row.pk}": answer_record(row) for row in rows}


def _load_social(subjects: Sequence[str]) -> dict[str, Record]:
    rows = SocialDeposit.objects.filter(pk__in=_ids(subjects))
    return {f"social-deposit:{row.pk}": social_record(row) for row in rows}


def _expected(model: Any, prefix: str, project_id: int | None) -> Iterable[str]:
    rows = model.objects.all() if project_id is None else model.objects.filter(project=project_id)
    return (f"{prefix}:{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True).iterator())


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        ANSWER,
        load_many=_load_answers,
        expected_subjects=lambda p: _expected(PermitAnswer, "permit-answer", p),
        label=_("Answer to a permit office"),
    )
    register_kind(
        SOCIAL,
        load_many=_load_social,
        expected_subjects=lambda p: _expected(SocialDeposit, "social-deposit", p),
        label=_("Social insurance pre-deposit"),
    )
