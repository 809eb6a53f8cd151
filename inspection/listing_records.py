"""What the evidence log holds about the list and the grades of firms: canonical records, rebuilt from today's rows."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from inspection.models import CreditGrade, ListingStep
from wagewatch.evidence.registry import register_kind

STEP = "listing.step"
GRADE = "credit.grade"

Record = Mapping[str, object]


def step_record(step: ListingStep) -> Record:
    """The step as it was taken."""
    return {
        "listing": step.listing_id,
        "number": step.number,
        "kind": step.kind,
        "on": step.on,
        "document": step.document,
        "reason": step.reason,
        "made_at": step.made_at,
    }


def grade_record(grade: CreditGrade) -> Record:
    """The grade as it was established."""
    return {
        "organisation": grade.organisation_id,
        "grade": grade.grade,
        "points": grade.points,
        "reasons": grade.reasons,
        "since": grade.since,
        "until": grade.until,
        "made_at": grade.made_at,
    }


def _ids(subjects: Sequence[str]) -> list[int]:
    return [int(n) for s in subjects if (n := s.partition(":")[2]).isdigit()]


def _load_steps(subjects: Sequence[str]) -> dict[str, Record]:
    return {f"listing-step:{s.pk}": step_record(s) for s in ListingStep.objects.filter(pk__in=_ids(subjects))}


def _load_grades(subjects: Sequence[str]) -> dict[str, Record]:
    return {
        f"credit-grade:{g.pk}": grade_record(g) for g in CreditGrade.objects.filter(pk__in=_ids(subjects))
    }


def _every_step(project_id: int | None) -> Iterable[str]:
    """No step belongs to a project."""
    rows = ListingStep.objects.all() if project_id is None else ListingStep.objects.none()
    return (f"listing-step:{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True))


def _every_grade(project_id: int | None) -> Iterable[str]:
    rows = CreditGrade.objects.all() if project_id is None else CreditGrade.objects.none()
    return (f"credit-grade:{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True))


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        STEP,
        load_many=_load_steps,
        expected_subjects=_every_step,
        label=_("Step towards the list of serious dishonesty"),
    )
    register_kind(
        GRADE, load_many=_load_grades, expected_subjects=_every_grade, label=_("Grade of a firm's credit")
    )
