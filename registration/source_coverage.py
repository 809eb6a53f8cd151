"""What other real-name systems cover of a project: people they vouch for, stamps, when they spoke last. No writes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum

from registration.models import Posting, Project, Push, PushedPosting, SourceSystem
from registration.services.sources import sources_of_project

RECENT = timedelta(days=30)


@dataclass(frozen=True)
class Covered:
    """One system on one project; `people` are those at work now whom it vouches for, `at_work` all of them."""

    source: SourceSystem
    people: int
    at_work: int
    last_push_at: datetime | None
    stamps: int
    refused: int

    @property
    def percent(self) -> int:
        return round(100 * self.people / self.at_work) if self.at_work else 0


def covered_by(project: Project, *, now: datetime) -> list[Covered]:
    """The systems that push for a project, by name; one query where there are none, four where there are."""
    sources = list(sources_of_project(project).order_by("name", "pk"))
    if not sources:
        return []
    open_ones = Posting.objects.filter(project=project, left_on=None)
    at_work = open_ones.count()
    people = dict(
        PushedPosting.objects.filter(project=project, posting_id__in=open_ones.values("pk"))
        .values("source")
        .annotate(n=Count("worker_id", distinct=True))
        .values_list("source", "n")
    )
    pushes = {
        row["source"]: row
        for row in Push.objects.filter(project=project, received_at__gte=now - RECENT)
        .values("source")
        .annotate(
            stamps=Sum("kept", filter=Q(kind=Push.Kind.ATTENDANCE), default=0),
            refused=Sum("refused", default=0),
        )
    }
    found = []
    for source in sources:
        recent = pushes.get(source.pk, {"stamps": 0, "refused": 0})
        found.append(
            Covered(
                source,
                people.get(source.pk, 0),
                at_work,
                source.last_push_at,
                recent["stamps"],
                recent["refused"],
            )
        )
    return found
