"""The chain of contractors, edited: add a firm, describe it, end its part, invite its clerk, its teams."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registration.access import (
    ChainReach,
    access_participation,
    access_project,
    chain_reach,
    not_permitted,
    participations_for,
)
from registration.chain_picture import chain_picture
from registration.http import ActorRequest, staff_view
from registration.models import Membership, Participation, Project
from registration.permissions import CONTRACTOR
from registration.rules.chain import ENGAGES
from registration.services import chain as services
from registration.services import staff
from registration.services.firms import FirmFacts, firm_with
from registration.services.teams import access_team, add_team, change_team, may_edit_teams, people_to_choose
from registration.views.chain_forms import (
    LEADERS_ROLES,
    ROLES,
    EndForm,
    FirmCodeForm,
    InviteForm,
    PartForm,
    PeopleForm,
    TeamForm,
    say_at,
)
from registration.views.scope import set_scope
from registration.views.staff import show_link
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.identity import mask_name, mask_phone
from wagewatch.lib.money import fen_to_decimal

Role = Participation.Role


def edit_reach(request: ActorRequest, project: Project) -> ChainReach:
    """What the reader may change: the chain by `chain.edit`, one's own part by `part.describe`."""
    edits = chain_reach(request.actor, project)
    own = chain_reach(request.actor, project, permission="part.describe").own
    return (
        ChainReach(edits.leads, own, edits.below)
        if edits.leads or edits.own
        else ChainReach(False, own, frozenset())
    )


def _door(request: ActorRequest, project_pk: int) -> Project:
    project = access_project(project_pk, request.actor, permission="part.describe")
    set_scope(request, project)
    return project


def _part(request: ActorRequest, project: Project, part_pk: int) -> Participation:
    return access_participation(part_pk, project, request.actor)


@require_GET
@staff_view(*CONTRACTOR)
def chain(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The picture with what the reader may change in it, and which firms have no account yet."""
    project = _door(request, pk)
    reach = edit_reach(request, project)
    seen = participations_for(request.actor, project)
    picture = chain_picture(project, seen, reach=reach)
    edits = chain_reach(request.actor, project)
    context = {
        "project": project,
        "picture": picture,
        "may_add": edits.leads or bool(edits.own),
        "waiting": _without_account(seen, edits),
    }
    return render(request, "registration/chain.html", context)


def _without_account(seen: Any, reach: ChainReach) -> list[dict[str, Any]]:
    """Firms of the chain for which nobody can sign in yet, as far as the reader may invite them; two queries."""
    parts = [
        part
        for part in seen.filter(role__in=tuple(staff.FIRST_ROLE), left_on=None)
        .select_related("organisation")
        .order_by("pk")
        if reach.may_edit(part.pk)
    ]
    members = Membership.objects.filter(
        organisation__in=[p.organisation_id for p in parts], is_active=True
    ).select_related("user")
    works: dict[int, bool] = {}
    for member in members:
        works[member.organisation_id or 0] = works.get(member.organisation_id or 0, False) or (
            member.user.has_usable_password()
        )
    return [
        {"part": part, "invited": part.organisation_id in works}
        for part in parts
        if not works.get(part.organisation_id, False)
    ]


def _parents(
    project: Project, reach: ChainReach, role: str, part: Participation | None
) -> list[tuple[int, str]]:
    found = (
        Participation.objects.filter(project=project, role__in=ENGAGES[role])
        .select_related("organisation")
        .order_by("pk")
    )
    keep = part.parent_id if part else None
    return [
        (p.pk, f"{p.organisation} ({p.get_role_display()})")
        for p in found
        if (reach.may_engage(p.pk) and p.left_on is None and p.pk != (part.pk if part else None))
        or p.pk == keep
    ]


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def add(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Role and code first; then, with the firm's name found or asked, how it was engaged."""
    project = access_project(pk, request.actor, permission="chain.edit")
    set_scope(request, project)
    reach = chain_reach(request.actor, project)
    if not (reach.leads or reach.own):
        not_permitted("chain.edit")
    roles = LEADERS_ROLES if reach.leads else ROLES
    first = FirmCodeForm(
        request.GET if "uscc" in request.GET else None, roles=roles, initial={"role": "subcontractor"}
    )
    context: dict[str, Any] = {"project": project, "first": first, "by": request.GET.get("by", "")}
    if not first.is_bound or not first.is_valid():
        status = 400 if first.errors else 200
        return render(request, "registration/chain_add.html", context, status=status)
    role, uscc = first.cleaned_data["role"], first.cleaned_data["uscc"]
    firm = firm_with(uscc)
    parents = _parents(project, reach, role, None)
    by = request.GET.get("by", "")
    form = PartForm(
        request.POST or None,
        role=role,
        parents=parents,
        known=firm is not None,
        organisation=firm.pk if firm else None,
        initial={
            "by": by if by.isdecimal() else (parents[0][0] if len(parents) == 1 else None),
            "corp_type": "006",
            "entered_on": site_date(timezone.now()),
        },
    )
    if request.method == "POST" and form.is_valid():
        facts = FirmFacts(
            uscc, form.cleaned_data.get("name", ""), form.cleaned_data.get("legal_form") or "company"
        )
        try:
            part = services.add_firm(
                pk, facts, role, form.facts, form.people, actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            text = _("%(name)s is on the project now.") % {"name": part.organisation.name}
            messages.success(request, text)
            return redirect("registration:chain", pk)
    context |= {"form": form, "firm": firm, "uscc": uscc, "role": dict(roles)[role]}
    context["opened"] = staff.opened_by(firm) if firm else None
    return render(request, "registration/chain_add.html", context, status=400 if form.errors else 200)


def _people_initial(part: Participation) -> dict[str, Any]:
    return {"manager_name": part.manager_name, "clerk_name": part.clerk_name, "clerk": part.clerk_id}


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def part(request: ActorRequest, pk: int, part_pk: int) -> HttpResponseBase:
    """How a firm was engaged and who answers for it; of one's own part only the latter."""
    project = _door(request, pk)
    found = _part(request, project, part_pk)
    reach = edit_reach(request, project)
    if not (reach.may_edit(found.pk) or found.pk in reach.own):
        not_permitted("chain.edit")
    phone = mask_phone(str(found.manager_phone)) if found.manager_phone else ""
    common: dict[str, Any] = {"organisation": found.organisation_id, "phone_tail": phone}
    form: PeopleForm
    if reach.may_edit(found.pk):
        sum_yuan = (
            f"{fen_to_decimal(found.contract_sum_fen):.2f}" if found.contract_sum_fen is not None else ""
        )
        initial = _people_initial(found) | {
            "by": found.parent_id,
            "corp_type": found.corp_type,
            "scope": found.scope,
            "engagement": found.engagement,
            "licence": found.licence,
            "contract_signed_on": found.contract_signed_on,
            "contract_sum": sum_yuan,
            "entered_on": found.entered_on,
        }
        parents = _parents(project, chain_reach(request.actor, project), found.role, found)
        form = PartForm(
            request.POST or None, role=found.role, parents=parents, known=True, initial=initial, **common
        )
    else:
        form = PeopleForm(request.POST or None, initial=_people_initial(found), **common)
    if request.method == "POST" and form.is_valid():
        try:
            if isinstance(form, PartForm):
                services.change_part(
                    pk, part_pk, form.facts, form.people, actor=request.actor, now=timezone.now()
                )
            else:
                services.describe_part(pk, part_pk, form.people, actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, _("%(name)s is corrected.") % {"name": found.organisation.name})
            return redirect("registration:chain", pk)
    context = {
        "project": project,
        "part": found,
        "form": form,
        "may_edit": reach.may_edit(found.pk),
        "may_end": reach.may_edit(found.pk) and found.role not in {Role.OWNER, Role.GENERAL_CONTRACTOR},
        "history": found.history.select_related("history_user").order_by("-history_id")[:10],
    }
    return render(request, "registration/part.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def end(request: ActorRequest, pk: int, part_pk: int) -> HttpResponseBase:
    """End a firm's part, once nobody of it is at work."""
    project = access_project(pk, request.actor, permission="chain.edit")
    set_scope(request, project)
    found = _part(request, project, part_pk)
    if not chain_reach(request.actor, project).may_edit(found.pk):
        not_permitted("chain.edit")
    form = EndForm(request.POST or None, initial={"left_on": site_date(timezone.now())})
    if request.method == "POST" and form.is_valid():
        try:
            services.end_part(
                pk, part_pk, form.cleaned_data["left_on"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            say_at(form, refusal, {"chain": "left_on"})
        else:
            messages.success(request, _("%(name)s has left the project.") % {"name": found.organisation.name})
            return redirect("registration:chain", pk)
    context = {"project": project, "part": found, "form": form}
    return render(request, "registration/part_end.html", context, status=400 if form.errors else 200)


@require_POST
@staff_view(*CONTRACTOR)
def come_back(request: ActorRequest, pk: int, part_pk: int) -> HttpResponseBase:
    """A firm that left is there again."""
    found = services.return_part(pk, part_pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s is on the project now.") % {"name": found.organisation.name})
    return redirect("registration:chain", pk)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def invite(request: ActorRequest, pk: int, part_pk: int) -> HttpResponseBase:
    """The first account of a firm in the chain; afterwards its own people invite each other."""
    project = access_project(pk, request.actor, permission="chain.edit")
    set_scope(request, project)
    found = _part(request, project, part_pk)
    if not chain_reach(request.actor, project).may_edit(found.pk):
        not_permitted("chain.edit")
    back = reverse("registration:chain", args=[pk])
    role = staff.FIRST_ROLE.get(found.role, "")
    form = InviteForm(
        request.POST if "username" in request.POST else None,
        roles=[(role, role)] if role else [],
        initial={"name": found.clerk_name},
    )
    pending = Membership.objects.filter(organisation=found.organisation_id, is_active=True).select_related(
        "user"
    )
    waits = [m for m in pending[:2] if not m.user.has_usable_password()]
    if request.method == "POST":
        try:
            if "again" in request.POST:
                made = staff.renew_first_invitation(pk, part_pk, actor=request.actor, now=timezone.now())
                return show_link(request, made, back)
            if form.is_valid():
                data = form.cleaned_data
                made = staff.invite_first_clerk(
                    pk, part_pk, data["username"], data["name"], actor=request.actor, now=timezone.now()
                )
                return show_link(request, made, back)
        except WagewatchError as refusal:
            if not form.is_bound:
                raise
            say_at(form, refusal, form.FIELDS)
    context = {
        "project": project,
        "part": found,
        "form": form,
        "waits": waits[0] if len(waits) == 1 else None,
        "role": dict(Membership._meta.get_field("role").flatchoices).get(role, ""),
    }
    return render(request, "registration/part_invite.html", context, status=400 if form.errors else 200)


def _people(found: Participation, words: str, chosen: int | None) -> list[tuple[int, str]]:
    people = people_to_choose(found, words)
    listed = [(p.worker_id, f"{mask_name(p.worker.name)} {p.worker.id_tail}  {p.team.name}") for p in people]
    if chosen is not None and chosen not in dict(listed):
        kept = found.postings.filter(worker=chosen).select_related("worker").order_by("-joined_on").first()
        if kept is not None:
            listed.insert(0, (chosen, f"{mask_name(kept.worker.name)} {kept.worker.id_tail}"))
    return listed


def _team_page(
    request: ActorRequest, project: Project, found: Participation, team: Any, context: dict[str, Any]
) -> HttpResponseBase:
    words = request.GET.get("q", "")
    chosen = team.foreman_id if team else None
    typed = request.POST.get("foreman", "")
    keep = int(typed) if typed.isdecimal() and len(typed) < 18 else chosen
    people = _people(found, words, keep)
    start = {"name": team.name, "foreman": chosen, "let_to_foreman": team.let_to_foreman} if team else {}
    form = TeamForm(request.POST or None, people=people, initial=start)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        who: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
        values = {"foreman_id": data["foreman"], "let_to_foreman": data["let_to_foreman"]}
        try:
            if team is None:
                add_team(project.pk, found.pk, data["name"], **values, **who)
            else:
                change_team(project.pk, team.pk, data["name"], **values, **who)
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, _("The team is written down."))
            return redirect("registration:chain", project.pk)
    context |= {
        "project": project,
        "part": found,
        "team": team,
        "form": form,
        "words": words,
        "people": people,
    }
    return render(request, "registration/team.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def team_new(request: ActorRequest, pk: int, part_pk: int) -> HttpResponseBase:
    """A team of a firm."""
    project = access_project(pk, request.actor, permission="team.edit")
    set_scope(request, project)
    found = _part(request, project, part_pk)
    if not may_edit_teams(request.actor, project, found.pk):
        not_permitted("team.edit")
    return _team_page(request, project, found, None, {})


@require_http_methods(["GET", "POST"])
@staff_view(*CONTRACTOR)
def team(request: ActorRequest, pk: int, team_pk: int) -> HttpResponseBase:
    """Name and foreman of a team."""
    project = access_project(pk, request.actor, permission="team.edit")
    set_scope(request, project)
    found = access_team(team_pk, project, request.actor)
    if not may_edit_teams(request.actor, project, found.participation_id):
        not_permitted("team.edit")
    return _team_page(request, project, found.participation, found, {})
