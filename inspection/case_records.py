"""How the evidence log rebuilds the steps of cases from rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inspection.models import CaseStep
from inspection.services.case_steps import STEP, step_record, step_subject
from wagewatch.evidence.registry import register_kind


def load_steps(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "case-step:CASE:NUMBER" → canonical record."""
    wanted = Q(pk__in=[])
    for subject in subjects:
        _kind, case, number = subject.split(":")
        wanted |= Q(case=int(case), number=int(number))
    steps = CaseStep.objects.filter(wanted).select_related("case", "file")
    return {step_subject(step): step_record(step) for step in steps}


def expected_steps(project_id: int | None) -> Iterable[str]:
    """Every step must have an entry; one made before the case's site was found belongs to no project."""
    steps = (
        CaseStep.objects.all() if project_id is None else CaseStep.objects.filter(case__project=project_id)
    )
    for case, number in steps.order_by("pk").values_list("case_id", "number").iterator():
        yield f"case-step:{case}:{number}"


def register() -> None:
    """Make the kind known; called once, when the app is ready."""
    register_kind(STEP, load_many=load_steps, expected_subjects=expected_steps, label=_("Step of a case"))
