"""How many people a look through many sites would have to go through."""

from collections.abc import Collection

from django.db.models import Sum

from inspection.models import ProjectStat


def people_on(projects: Collection[int]) -> int:
    """People registered and not left on these projects, as counted last."""
    found = ProjectStat.objects.filter(project__in=projects).aggregate(n=Sum("workers_open"))
    return int(found["n"] or 0)
