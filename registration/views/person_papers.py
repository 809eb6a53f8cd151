"""What the pages of people and projects show of entry, trainings, certificates and citizen cards."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from registration.access import participations_for, projects_for
from registration.http import ActorRequest
from registration.models import Certificate, CitizenCard, Posting, Project, TrainingAttendance, Worker
from registration.permissions import PERMISSIONS
from registration.services import citizen_cards, trainings
from registration.services.certificates import certificates_at_work, notice_days
from registration.services.entry import standings
from registration.views.standing_words import shown
from wagewatch.lib.dates import site_date

MOST = 50
LACKS_TRAINING = frozenset(("entry.training", "entry.stale"))


def _parts(request: ActorRequest, project: Project) -> list[int]:
    found = participations_for(request.actor, project, permission="person.view")
    return list(found.values_list("pk", flat=True))


def barred(request: ActorRequest, project: Project) -> list[int]:
    """Ids of the postings whose people may not enter today."""
    found = standings(
        project.pk, on=site_date(timezone.now()), parts=_parts(request, project), denials_only=True
    )
    return [standing.posting_id for standing in found if not standing.may_enter]


def page_standings(project: Project, page: Iterable[Posting]) -> dict[int, dict[str, Any]]:
    """Posting id to standing, of the postings on one page."""
    wanted = [posting.pk for posting in page]
    found = standings(project.pk, on=site_date(timezone.now()), postings=wanted)
    return {standing.posting_id: shown(standing) for standing in found}


def papers_of(
    request: ActorRequest, project: Project, worker: Worker, postings: list[Posting]
) -> dict[str, Any]:
    """One person's standing, trainings anywhere, certificates, and citizen card of the project's city.

    Trainings go with the person; the name of a project out of the actor's reach is not told.
    """
    today = site_date(timezone.now())
    open_one = next((p for p in postings if p.left_on is None), None)
    found = standings(project.pk, on=today, postings=[open_one.pk]) if open_one else []
    attended = list(
        TrainingAttendance.objects.filter(worker=worker)
        .select_related("training__project")
        .order_by("-training__held_on", "-pk")[:MOST]
    )
    known = set(
        projects_for(request.actor, permission="person.view")
        .filter(pk__in={row.project_id for row in attended})
        .values_list("pk", flat=True)
    )
    scheme = citizen_cards.has_scheme(project.region_id, on=today)
    card = None
    if scheme:
        card = (
            CitizenCard.objects.filter(worker=worker, region=citizen_cards.city_of(project.region_id))
            .defer("number")
            .order_by("-pk")
            .first()
        )
    return {
        "standing": shown(found[0]) if found else {},
        "trainings": [{"row": row, "known": row.project_id in known} for row in attended],
        "here": project.pk,
        "certificates": list(
            Certificate.objects.filter(worker=worker).defer("number").order_by("-issued_on", "-pk")[:MOST]
        ),
        "today": today,
        "scheme": scheme,
        "card": card,
        "trade": open_one.trade if open_one else "",
        "may_record": request.actor.has_role(*PERMISSIONS[trainings.PERMISSION]),
    }


def project_papers(request: ActorRequest, project: Project, parts: list[int]) -> dict[str, Any]:
    """Counts for the project's page: who may not enter and why, certificates that end, cards; empty without the role."""
    if not request.actor.has_role(*PERMISSIONS["person.view"]):
        return {}
    today = site_date(timezone.now())
    found = standings(project.pk, on=today, parts=parts)
    days = notice_days(project.region_id, on=today)
    scheme = citizen_cards.has_scheme(project.region_id, on=today)
    return {
        "barred": sum(not standing.may_enter for standing in found),
        "warned": sum(standing.level == "warn" for standing in found),
        "lacking": sum(any(f.code in LACKS_TRAINING for f in s.findings) for s in found),
        "certificates": certificates_at_work(project, parts, on=today, within_days=days).count(),
        "scheme": scheme,
        "overdue_cards": sum(
            row.is_overdue(today)
            for row in citizen_cards.card_rows(project, parts, on=today)  # type: ignore[arg-type]
        )
        if scheme
        else 0,
    }
