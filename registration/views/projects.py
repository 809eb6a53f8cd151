"""Projects a contractor takes part in."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from registration.access import (
    OWN_PART_ONLY,
    access_project,
    own_and_below,
    participations_for,
    projects_for,
)
from registration.chain_picture import chain_picture
from registration.http import ActorRequest, staff_view
from registration.models import BankCard, JoinRequest, Participation, Posting, PostingNotice, Project
from registration.models.accounts import Role
from registration.permissions import CONTRACTOR, GC, PERMISSIONS
from registration.source_coverage import covered_by
from registration.views.person_papers import project_papers
from registration.views.project_edit import leads
from registration.views.scope import set_scope

READERS = (*CONTRACTOR, Role.OWNER_CLERK, Role.SITE, Role.BANK_OFFICER)
PAGE = 50


def _count(of: QuerySet[Any], distinct: str = "pk") -> Coalesce:
    counted = of.order_by().values("project").annotate(n=Count(distinct, distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _with_counts(projects: QuerySet[Project], organisations: list[int]) -> QuerySet[Project]:
    """People at work and those without a card, as far as the organisations see them; one statement."""
    here = Posting.objects.filter(project=OuterRef("pk"), left_on=None)
    own = here.filter(participation__in=own_and_below(organisations))
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
    may_register = request.actor.has_role(*PERMISSIONS["project.register"])
    context = {
        "page": _listed(request),
        "may_register": may_register,
        "for_clerks": request.actor.has_role(*CONTRACTOR),
    }
    return render(request, "registration/contractor_projects.html", context)


@require_GET
@staff_view(*READERS)
def people(request: ActorRequest) -> HttpResponseBase:
    """Straight to the people of the only project, or a choice of projects."""
    only = list(projects_for(request.actor, permission="person.view").values_list("pk", flat=True)[:2])
    if len(only) == 1:
        return redirect("registration:people", only[0])
    context = {"page": _listed(request), "for_people": True, "for_clerks": True}
    return render(request, "registration/contractor_projects.html", context)


@require_GET
@staff_view(*READERS)
def project(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Facts, the chain of contractors with its teams, and ways on."""
    found = access_project(pk, request.actor)
    set_scope(request, found)
    parts = participations_for(request.actor, found)
    picture = chain_picture(found, parts)
    roles = {node.part.role for node in picture.roots}
    may_see_people = request.actor.has_role(*PERMISSIONS["person.view"])
    sees_sum = request.actor.has_role(*PERMISSIONS["account.view"])
    context = {
        "project": found,
        "picture": picture,
        "may_upload": request.actor.has_role(*PERMISSIONS["roster.upload"]),
        "may_see_people": may_see_people,
        "may_see_site": request.actor.has_role(*PERMISSIONS["site.view"]),
        "sources": covered_by(found, now=timezone.now()) if may_see_people else [],
        "may_let_in": request.actor.has_role(*PERMISSIONS["source.manage"]),
        "may_change": request.actor.has_role(*PERMISSIONS["part.describe"]),
        "leads": request.actor.has_role(*GC) and leads(request, found),
        "sees_sum": sees_sum and not roles <= OWN_PART_ONLY,
        "may_answer_joins": request.actor.has_role(*PERMISSIONS["join.answer"]),
        **_comings(request, found, list(parts)),
        "papers": project_papers(request, found, [part.pk for part in parts]),
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
