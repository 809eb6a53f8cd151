"""Facts about contracts that other rules ask for: set-based, one query, nothing written."""

from datetime import date

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from registration.models import LabourContract

State = LabourContract.State
EFFECTIVE = (State.IN_FORCE, State.ENDED, State.TERMINATED, State.RENEWED)
"""States of contracts that both sides signed; whether one binds on a day is told by its dates."""


def in_force_on(on: date) -> Q:
    """Contracts signed by both sides by the day, begun by then and not over before it."""
    return Q(state__in=EFFECTIVE, signed_on__lte=on, starts_on__lte=on) & (
        Q(last_day__isnull=True) | Q(last_day__gte=on)
    )


def postings_with_contract(project_id: int, *, on: date) -> set[int]:
    """Ids of the project's postings that have a contract, or a labour-use agreement, in force on a day."""
    return set(
        LabourContract.objects.annotate(last_day=Coalesce(F("ended_on"), F("ends_on")))
        .filter(in_force_on(on), project=project_id)
        .values_list("posting_id", flat=True)
    )
