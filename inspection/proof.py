"""How the evidence log rebuilds alarm flips and changed figures from rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspection.models import AlarmFlip, ParameterChange
from inspection.services.alarms import flip_record
from inspection.services.parameter_changes import change_record, change_subject


def load_flips(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "alarm-flip:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    return {f"alarm-flip:{flip.pk}": flip_record(flip) for flip in AlarmFlip.objects.filter(pk__in=ids)}


def expected_flips(project_id: int | None) -> Iterable[str]:
    """Every flip must have an entry."""
    flips = AlarmFlip.objects.all() if project_id is None else AlarmFlip.objects.filter(project_id=project_id)
    for pk in flips.order_by("pk").values_list("pk", flat=True).iterator():
        yield f"alarm-flip:{pk}"


def load_changes(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "parameter-change:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    return {
        change_subject(change): change_record(change) for change in ParameterChange.objects.filter(pk__in=ids)
    }


def expected_changes(project_id: int | None) -> Iterable[str]:
    """Every change must have an entry; they belong to no project."""
    if project_id is None:
        for pk in ParameterChange.objects.order_by("pk").values_list("pk", flat=True).iterator():
            yield f"parameter-change:{pk}"
