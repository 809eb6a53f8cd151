"""What the conditions of entry ask about contracts."""

from datetime import date

from django.db.models import Q

from registration.models import LabourContract

_SIGNED = ("in_force", "renewed", "terminated", "ended")
"""States that both sides signed for; whether one counts on a day is decided by its days."""


def postings_with_contract(project_id: int, *, on: date) -> set[int]:
    """Ids of the postings of a project that have a contract in force on a day."""
    return set(
        LabourContract.objects.filter(
            Q(ended_on__isnull=True) | Q(ended_on__gte=on),
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            project_id=project_id,
            state__in=_SIGNED,
            starts_on__lte=on,
        ).values_list("posting_id", flat=True)
    )
