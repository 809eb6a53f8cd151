"""Projects a contractor takes part in."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from registration.access import OWN_PART_ONLY, access_project, participations_for, projects_for, teams_for
from registration.http import ActorRequest, staff_view
from registration.models import BankCard, JoinRequest, Participation, Posting, PostingNotice, Project
from registration.models.accounts import Role
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.views.scope import set_scope

READERS = (*CONTRACTOR, Role.OWNER_CLERK, Role.SITE, Role.BANK_OFFICER)
PAGE = 50


def _count(of: QuerySet[Any], distinct: str = "pk") -> Coalesce:
    counted = of.order_by().values("project").annotate(n=Count(distinct, distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _with_counts(projects: QuerySet[Project], organisations: list[int]) -> QuerySet[Project]:
    """People at work and those without a card, as far as the organisations see them; one statement."""
    here = Posting.objects.filter(project=OuterRef("pk"), left_on=None)
    own = here.filter(
        Q(participation__organisation__in=organisations)
        | Q(
            participation__parent__organisation__in=organisations,
            participation__parent__role__in=OWN_PART_ONLY,
        )
    )
    card = BankCard.objects.filter(worker=OuterRef("worker"), is_current=True)
    sees_all = Participation.objects.filter(project=OuterRef("pk"), organisation__in=organisations).exclude(
        role__in=OWN_PART_ONLY
    )
    return projects.annotate(
        sees_all=Exists(sees_all),
        all_people=_count(here, "worker"),
        own_people=_count(own, "worker"),
        all_cardless=_count(here.filter(~Exists(card)), "worker"),
        own_cardless=_count(own.filter(~Exists(card)), "worker"),
    )


def _listed(request: ActorRequest) -> Page[Any]:
    found = projects_for(request.actor).select_related("region").order_by("-state", "name", "pk")
    if words := request.GET.get("q", "").replace("\x00", "").strip()[:60]:
        found = found.filter(Q(name__icontains=words) | Q(code__istartswith=words))
    page: Page[Any] = Paginator(_with_counts(found, list(request.actor.organisation_ids)), PAGE).get_page(
        request.GET.get("page")
    )
    contractors = dict(
        Participation.objects.filter(
            project__in=[p.pk for p in page], role=Participation.Role.GENERAL_CONTRACTOR
        ).values_list("project_id", "organisation__name")
    )
    for project in page:
        project.people = project.all_people if project.sees_all else project.own_people
        project.cardless = project.all_cardless if project.sees_all else project.own_cardless
        project.contractor = contractors.get(project.pk, "")
    return page


@require_GET
@staff_view(*READERS)
def projects(request: ActorRequest) -> HttpResponseBase:
    """The projects of one's organisations, with how many people are at work."""
    return render(request, "registration/contractor_projects.html", {"page": _listed(request)})


@require_GET
@staff_view(*READERS)
def people(request: ActorRequest) -> HttpResponseBase:
    """Straight to the people of the only project, or a choice of projects."""
    only = list(projects_for(request.actor, permission="person.view").values_list("pk", flat=True)[:2])
    if len(only) == 1:
        return redirect("registration:people", only[0])
    context = {"page": _listed(request), "for_people": True}
    return render(request, "registration/contractor_projects.html", context)


@require_GET
@staff_view(*READERS)
def project(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Facts, the chain of contractors, teams, and ways on."""
    found = access_project(pk, request.actor)
    set_scope(request, found)
    parts = list(
        participations_for(request.actor, found)
        .select_related("organisation", "parent__organisation")
        .order_by("pk")
    )
    at_work = dict(
        Posting.objects.filter(project=found, participation__in=[p.pk for p in parts], left_on=None)
        .values_list("participation_id")
        .annotate(n=Count("pk"))
    )
    # Grouped by team apart: the tables keyed by (id, project) do not let Django group by id alone.
    per_team = dict(
        Posting.objects.filter(project=found, left_on=None).values_list("team_id").annotate(n=Count("pk"))
    )
    teams = [
        {"team": team, "people": per_team.get(team.pk, 0)}
        for team in teams_for(request.actor, found)
        .select_related("participation__organisation")
        .order_by("participation_id", "name")
    ]
    context = {
        "project": found,
        "parties": _chain(parts, at_work),
        "below": _below(parts, at_work),
        "teams": teams,
        "people": sum(at_work.values()),
        "may_upload": request.actor.has_role(*PERMISSIONS["roster.upload"]),
        "may_see_people": request.actor.has_role(*PERMISSIONS["person.view"]),
        "may_answer_joins": request.actor.has_role(*PERMISSIONS["join.answer"]),
        **_comings(request, found, parts),
    }
    return render(request, "registration/contractor_project.html", context)


def _comings(request: ActorRequest, project: Project, parts: list[Participation]) -> dict[str, int]:
    """Requests to be registered and notices of workers that wait on these parts."""
    if not request.actor.has_role(*PERMISSIONS["person.view"]):
        return {}
    ids = [part.pk for part in parts]
    joins = JoinRequest.objects.filter(project=project, state=JoinRequest.State.WAITING)
    if not any(part.role == Participation.Role.GENERAL_CONTRACTOR for part in parts):
        joins = joins.filter(employer__in=ids)
    notices = PostingNotice.objects.filter(
        project=project, posting__participation__in=ids, handled_at=None
    ).exclude(kind=PostingNotice.Kind.RIGHT)
    return {"joins_waiting": joins.count(), "notices_open": notices.count()}


def _figure(number: int) -> str:
    return ngettext("%(number)d person", "%(number)d people", number) % {"number": number}


_ABOVE = (Participation.Role.OWNER, Participation.Role.GENERAL_CONTRACTOR)


def _chain(parts: list[Participation], at_work: dict[int, int]) -> list[dict[str, Any]]:
    """Owner and general contractor as boxes under each other."""
    above = sorted((p for p in parts if p.role in _ABOVE), key=lambda p: _ABOVE.index(p.role))
    return [
        {
            "role": part.get_role_display(),
            "name": part.organisation.name,
            "note": part.scope,
            "figure": _figure(at_work[part.pk]) if part.pk in at_work else "",
            "link": _("engages") if number else "",
        }
        for number, part in enumerate(above)
    ]


def _below(parts: list[Participation], at_work: dict[int, int]) -> list[dict[str, Any]]:
    """Subcontractors and agencies side by side, each with the one that engaged it."""
    return [
        {
            "name": part.organisation.name,
            "note": part.scope
            if part.parent is None or part.parent.role in _ABOVE
            else _("%(scope)s, engaged by %(name)s")
            % {"scope": part.scope, "name": part.parent.organisation},
            "figure": _figure(at_work.get(part.pk, 0)),
        }
        for part in parts
        if part.role not in _ABOVE and part.role != Participation.Role.SUPERVISOR
    ]
