"""Contracts of a project as contractors see them: the list by state, one contract, its document."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from registration.access import access_contract, access_project, contracts_for, postings_for, teams_for
from registration.actors import Actor
from registration.contract_page import contract_page, contract_row
from registration.http import ActorRequest, staff_view
from registration.models import LabourContract, Posting, Project, StoredFile
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.services.contract_documents import open_document
from registration.services.contract_facts import UNDER_WAY, expiry_notice_days
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

PAGE = 50
State = LabourContract.State
OVER = (State.ENDED, State.TERMINATED, State.RENEWED, State.WITHDRAWN, State.REFUSED)
TABS: tuple[tuple[str, Any], ...] = (
    ("without", _("Without a contract")),
    ("draft", _("Drafts")),
    ("offered", _("Waiting for the worker")),
    ("signed", _("Waiting for the employer")),
    ("expiring", _("Expiring")),
    ("in_force", _("In force")),
    ("over", pgettext_lazy("contracts", "Over")),
)
PURPOSES = (
    ("keep", _("To keep our copy")),
    ("dispute", _("To settle a dispute about wages")),
    ("authority", _("Asked for by an authority")),
)


def without_contract(project: Project, actor: Actor) -> QuerySet[Posting]:
    """People at work for whom no contract is in force or being made."""
    running = LabourContract.objects.filter(
        project=project, posting=OuterRef("pk"), state__in=[*UNDER_WAY, State.IN_FORCE]
    )
    return postings_for(actor, project).filter(~Exists(running), left_on=None)


class ContractList:
    """The list of the page's address: ?show= state, ?q= name or last four of the ID number, ?team=."""

    def __init__(self, request: ActorRequest, project: Project) -> None:
        self.request, self.project, self.actor = request, project, request.actor
        self.today = site_date(timezone.now())
        self.notice = expiry_notice_days(project.region_id, on=self.today)
        self.counts = self._counts()
        wanted = request.GET.get("show", "")
        self.show = wanted if wanted in self.counts else self._first()

    def _expiring(self) -> Q:
        return Q(state=State.IN_FORCE, ends_on__lte=self.today + timedelta(days=self.notice))

    def _counts(self) -> dict[str, int]:
        states = {
            "draft": Q(state=State.DRAFT),
            "offered": Q(state=State.OFFERED),
            "signed": Q(state=State.SIGNED),
            "expiring": self._expiring(),
            "in_force": Q(state=State.IN_FORCE),
            "over": Q(state__in=OVER),
        }
        found = contracts_for(self.actor, self.project).aggregate(
            **{name: Count("pk", filter=where) for name, where in states.items()}
        )
        return {"without": without_contract(self.project, self.actor).count(), **found}

    def _first(self) -> str:
        order = ("without", "signed", "draft", "offered", "in_force")
        return next((name for name in order if self.counts[name]), "in_force")

    def _filtered(self, found: QuerySet[Any], posting: str) -> QuerySet[Any]:
        words = self.request.GET.get("q", "").replace("\x00", "").strip()[:60]
        if words:
            tail = Q(worker__id_tail=words.upper()) if len(words) == 4 else Q()
            found = found.filter(Q(worker__name__icontains=words) | tail)
        if (team := self.request.GET.get("team", "")).isdecimal() and len(team) < 18:
            found = found.filter(**{f"{posting}team_id": int(team)})
        return found

    def postings(self) -> QuerySet[Posting]:
        """For the tab of people without a contract."""
        found = self._filtered(without_contract(self.project, self.actor), "")
        return (
            found.select_related("worker", "team", "participation__organisation")
            .defer("worker__id_number", "worker__phone", "worker__address")
            .order_by("team__name", "pin", "pk")
        )

    def contracts(self) -> QuerySet[LabourContract]:
        """For the other tabs."""
        where = {"over": Q(state__in=OVER), "expiring": self._expiring()}.get(self.show, Q(state=self.show))
        found = self._filtered(contracts_for(self.actor, self.project).filter(where), "posting__")
        return (
            found.select_related("worker", "posting__team", "participation__organisation")
            .defer("text", "particulars", "worker__id_number", "worker__phone", "worker__address")
            .order_by(*(("ends_on", "pk") if self.show == "expiring" else ("-made_at", "-pk")))
        )

    def page(self) -> Page[Any]:
        rows = self.postings() if self.show == "without" else self.contracts()
        return Paginator(rows, PAGE).get_page(self.request.GET.get("page"))

    def tabs(self) -> list[dict[str, Any]]:
        here = reverse("registration:contracts", args=[self.project.pk])
        return [
            {
                "url": f"{here}?show={name}",
                "label": label,
                "count": self.counts[name],
                "current": name == self.show,
            }
            for name, label in TABS
        ]


def _row(one: Any) -> dict[str, Any]:
    if isinstance(one, Posting):
        return {"posting": one, "worker": one.worker, "team": one.team, "part": one.participation}
    return contract_row(one) | {
        "worker": one.worker,
        "team": one.posting.team,
        "part": one.participation,
    }


@require_GET
@staff_view(*CONTRACTOR)
def contracts(request: ActorRequest, project_pk: int) -> HttpResponseBase:
    """Who has no contract, what waits for whom, what is in force and what expires."""
    project = access_project(project_pk, request.actor, permission="contract.view")
    set_scope(request, project)
    listed = ContractList(request, project)
    page = listed.page()
    context = {
        "project": project,
        "page": page,
        "rows": [_row(one) for one in page],
        "tabs": listed.tabs(),
        "show": listed.show,
        "counts": listed.counts,
        "today": listed.today,
        "notice": listed.notice,
        "teams": teams_for(request.actor, project).order_by("name"),
        "team": request.GET.get("team", ""),
        "filtered": any(request.GET.get(key) for key in ("q", "team")),
        "may_make": request.actor.has_role(*PERMISSIONS["contract.make"]),
        "may_sign": request.actor.has_role(*PERMISSIONS["contract.sign"]),
    }
    return render(request, "registration/contractor_contracts.html", context)


@require_GET
@staff_view(*CONTRACTOR)
def contract(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """One contract: what it says (masked), what happened, who signed, what may be done."""
    found = access_contract(pk, project_pk, request.actor)
    set_scope(request, found.project)
    own = contracts_for(request.actor, found.project, permission="contract.sign").filter(pk=pk)
    context = contract_page(found, today=site_date(timezone.now())) | {
        "may_make": request.actor.has_role(*PERMISSIONS["contract.make"]),
        "may_sign": own.exists(),
        "purposes": PURPOSES,
    }
    return render(request, "registration/contractor_contract.html", context)


def file_response(file: StoredFile, name: str) -> HttpResponse:
    """The bytes of a document; never kept by caches, never interpreted as anything else."""
    ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}.get(file.content_type, "bin")
    return HttpResponse(
        bytes(file.content or b""),
        content_type=file.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{ending}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


@never_cache
@require_POST
@staff_view(*CONTRACTOR)
def contract_file(request: ActorRequest, project_pk: int, pk: int) -> HttpResponseBase:
    """The PDF or scan, after the purpose was written down."""
    purpose = request.POST.get("purpose", "")
    try:
        file = open_document(
            pk,
            project_pk,
            purpose=purpose if purpose in dict(PURPOSES) else "",
            actor=request.actor,
            now=timezone.now(),
        )
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("registration:contract", project_pk, pk)
    return file_response(file, f"contract-{project_pk}-{pk}")
