"""How the evidence log rebuilds alarm flips from rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspection.models import AlarmFlip
from inspection.services.alarms import flip_record


def load_flips(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "alarm-flip:ID" → canonical record."""
    ids = [int(subject.partition(":")[2]) for subject in subjects]
    return {f"alarm-flip:{flip.pk}": flip_record(flip) for flip in AlarmFlip.objects.filter(pk__in=ids)}


def expected_flips(project_id: int | None) -> Iterable[str]:
    """Every flip must have an entry."""
    flips = AlarmFlip.objects.all() if project_id is None else AlarmFlip.objects.filter(project_id=project_id)
    for pk in flips.order_by("pk").values_list("pk", flat=True).iterator():
        yield f"alarm-flip:{pk}"
