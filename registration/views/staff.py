"""Accounts of one's own firm: who has one, invite another, end a role."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Max, Q
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registration.access import not_found, organisations_with
from registration.http import ActorRequest, staff_view
from registration.models import Invitation, Membership, Organisation, Role
from registration.permissions import PERMISSIONS, STAFFED
from registration.services import staff as services
from registration.views.chain_forms import InviteForm, say_at
from wagewatch.lib.errors import WagewatchError


def show_link(request: ActorRequest, made: services.Invited, back: str) -> HttpResponseBase:
    """The one page that shows a new link; it cannot be shown again."""
    path = services.invitation_path(made.token)
    link = settings.WAGEWATCH_ENTERPRISE_URL + path if settings.SIDE == "supervision" else ""
    context = {"made": made, "link": link or request.build_absolute_uri(path), "back": back}
    response = render(request, "registration/invitation_link.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _firm(request: ActorRequest, pk: int | None) -> Organisation:
    mine = list(dict.fromkeys(organisations_with(request.actor, PERMISSIONS["staff.view"])))
    wanted = pk if pk is not None else (mine[0] if mine else None)
    if wanted is None or wanted not in mine:
        not_found()
    return Organisation.objects.get(pk=wanted)


def _rows(request: ActorRequest, firm: Organisation) -> list[dict[str, Any]]:
    manages = set(services.roles_to_invite(request.actor, firm.pk))
    now = timezone.now()
    members = list(
        Membership.objects.filter(organisation=firm)
        .select_related("user")
        .order_by("-is_active", "user__name", "pk")
    )
    invited = dict(
        Invitation.objects.filter(user__in=[m.user_id for m in members], used_at=None)
        .values_list("user_id")
        .annotate(until=Max("expires_at", filter=Q(expires_at__gt=now)))
    )
    return [
        {
            "membership": member,
            "works": member.user.has_usable_password(),
            "until": invited.get(member.user_id),
            "mine": member.user_id == request.actor.id,
            "may": member.role in manages,
        }
        for member in members
    ]


@require_GET
@staff_view(*STAFFED)
def staff(request: ActorRequest) -> HttpResponseBase:
    """The accounts of one's own firm with their roles."""
    wanted = request.GET.get("firm", "")
    firm = _firm(request, int(wanted) if wanted.isdecimal() and len(wanted) < 18 else None)
    mine = organisations_with(request.actor, PERMISSIONS["staff.view"])
    context = {
        "firm": firm,
        "rows": _rows(request, firm),
        "others": Organisation.objects.filter(pk__in=mine).exclude(pk=firm.pk).order_by("name"),
        "may_invite": bool(services.roles_to_invite(request.actor, firm.pk)),
    }
    return render(request, "registration/staff.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_view(*STAFFED)
def invite(request: ActorRequest, firm_pk: int) -> HttpResponseBase:
    """Invite somebody of one's own firm; the link is shown once."""
    firm = _firm(request, firm_pk)
    allowed = services.roles_to_invite(request.actor, firm.pk)
    if not allowed:
        services.refuse_staff()
    labels = dict(Role.choices)
    form = InviteForm(request.POST or None, roles=[(role, labels[role]) for role in allowed])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = services.invite_colleague(
                firm_pk, data["username"], data["name"], data["role"], actor=request.actor, now=timezone.now()
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            return show_link(request, made, reverse("registration:staff"))
    context = {"firm": firm, "form": form}
    return render(request, "registration/staff_invite.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
@staff_view(*STAFFED)
def link(request: ActorRequest, firm_pk: int, pk: int) -> HttpResponseBase:
    """Another link for somebody who has not used theirs."""
    made = services.renew_invitation(firm_pk, pk, actor=request.actor, now=timezone.now())
    return show_link(request, made, reverse("registration:staff"))


@require_http_methods(["GET", "POST"])
@staff_view(*STAFFED)
def end(request: ActorRequest, firm_pk: int, pk: int) -> HttpResponseBase:
    """Ask, then end a role."""
    firm = _firm(request, firm_pk)
    if request.method == "POST":
        ended = services.end_membership(firm_pk, pk, actor=request.actor, now=timezone.now())
        text = _("%(name)s has no access in this role any more.") % {"name": ended.user.name}
        messages.success(request, text)
        return redirect("registration:staff")
    found = Membership.objects.filter(pk=pk, organisation=firm).select_related("user").first()
    if found is None:
        not_found()
    if found.role not in services.roles_to_invite(request.actor, firm.pk):
        services.refuse_staff()
    context = {
        "title": _("End the role of %(name)s?") % {"name": found.user.name},
        "text": _(
            "From the next click on they see nothing of the firm in this role. What they did stays on record."
        ),
        "facts": [(_("Role"), found.get_role_display()), (_("User name"), found.user.username)],
        "action": request.path,
        "confirm": _("End the role"),
        "back": reverse("registration:staff"),
        "fields": {},
    }
    return render(request, "components/confirm.html", context)


@require_POST
@staff_view(*STAFFED)
def restore(request: ActorRequest, firm_pk: int, pk: int) -> HttpResponseBase:
    """Give an ended role back."""
    found = services.restore_membership(firm_pk, pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s has access again.") % {"name": found.user.name})
    return redirect("registration:staff")
