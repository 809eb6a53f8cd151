"""Badges of a site: hand one out, take it back, report it lost, take over the table of the site's PC."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST

from devices import badge_list
from devices.protocols.cards import badge_key
from devices.services import badges as service
from registration.access import access_project, participations_for
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.views.scope import set_scope
from wagewatch.lib.errors import Malformed, RuleViolation

PAGE = 50
FIELDS = {"badge.number": "number", "badge.lost": "number", "badge.carried": "number"}
"""Where a refusal stands; the others are about the person."""


class BadgeForm(forms.Form):
    """Who gets which badge."""

    who = forms.CharField(
        label=gettext_lazy("Person"),
        max_length=60,
        help_text=gettext_lazy("Gate number or full name"),
        error_messages={"required": gettext_lazy("Write the gate number or the full name of the person.")},
    )
    number = forms.CharField(
        label=gettext_lazy("Number on the badge"),
        max_length=30,
        help_text=gettext_lazy(
            "As it is printed: 188,24910. Or hold the badge to a gate and choose it below."
        ),
        error_messages={"required": gettext_lazy("Write the number that is printed on the badge.")},
    )


class TableForm(forms.Form):
    """Lines as they stand in site.toml."""

    table = forms.CharField(
        label=gettext_lazy("Badges of the site's PC"),
        max_length=400_000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 12, "spellcheck": "false"}),
        help_text=gettext_lazy('One a line: the number on the badge = the gate number. "188,24910" = 1452'),
        error_messages={"required": gettext_lazy("Paste the lines that stand under [entry.badges].")},
    )


def _door(request: ActorRequest, pk: int) -> Project:
    project = access_project(pk, request.actor, permission=service.PERMISSION)
    set_scope(request, project)
    return project


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view()
def badges(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Who carries which badge, and the form to hand one out; `?badge=` and `?who=` fill it in."""
    project = _door(request, pk)
    if request.method != "POST":
        known = {"who": request.GET.get("who", "")[:60], "number": badge_key(request.GET.get("badge", ""))}
        return _list(request, project, BadgeForm(initial=known))
    form = BadgeForm(request.POST)
    if form.is_valid():
        try:
            made = service.hand_out_badge(pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except (RuleViolation, Malformed) as refusal:
            form.add_error(FIELDS.get(refusal.code, "who"), refusal.message)
        else:
            text = _("Badge %(badge)s is %(name)s's from now on. The gates know it within a minute.")
            messages.success(request, text % {"badge": made.number, "name": service.who_has(made)})
            return redirect("devices:badges", pk)
    return _list(request, project, form)


def _list(request: ActorRequest, project: Project, form: BadgeForm) -> HttpResponse:
    now = timezone.now()
    state = badge_list.State
    found = badge_list.badges_for(
        project, participations_for(request.actor, project, permission=service.PERMISSION)
    )
    here = badge_list.still_here(project, now)
    kinds: dict[str, tuple[Any, Any]] = {
        "": (_("Carried"), found.filter(here, state=state.ISSUED)),
        "left": (_("Not returned"), found.filter(~here, state=state.ISSUED)),
        "lost": (_("Lost"), found.filter(state=state.LOST)),
        "returned": (pgettext("badge", "Returned"), found.filter(state=state.RETURNED)),
    }
    show = request.GET.get("show", "")
    show = show if show in kinds else ""
    counts = {value: rows.count() for value, (_label, rows) in kinds.items()}
    rows = kinds[show][1]
    if words := request.GET.get("q", "").replace("\x00", "").strip()[:60]:
        key = badge_key(words)
        rows = rows.filter(number=key) if key else rows.filter(worker__name__icontains=words)
    page = Paginator(rows.order_by("-ended_at", "-issued_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "rows": badge_list.rows_of(project, list(page.object_list)),
        "tabs": [(value, label, counts[value]) for value, (label, _rows) in kinds.items()],
        "show": show,
        "carried": counts[""],
        "left": counts["left"],
        "searched": words,
        "strangers": badge_list.cards_unknown_lately(project, now=now),
        "form": form,
    }
    return render(request, "devices/badges.html", context, status=400 if form.errors else 200)


@require_POST
@staff_view()
def back(request: ActorRequest, pk: int, badge_pk: int) -> HttpResponseBase:
    """The badge is back, or a lost one was found."""
    try:
        badge = service.return_badge(pk, badge_pk, actor=request.actor, now=timezone.now())
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request, _("Badge %(badge)s is back and can be handed out again.") % {"badge": badge.number}
        )
    return redirect("devices:badges", pk)


@require_POST
@staff_view()
def lost(request: ActorRequest, pk: int, badge_pk: int) -> HttpResponseBase:
    """Report it lost; the form for another badge is filled in for the same person."""
    try:
        badge = service.report_badge_lost(pk, badge_pk, actor=request.actor, now=timezone.now())
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("devices:badges", pk)
    text = _("Badge %(badge)s is reported lost: the gates refuse it within a minute. Hand out another here.")
    messages.success(request, text % {"badge": badge.number})
    pin = badge_list.rows_of(badge.project, [badge])[0].pin
    return redirect(f"{reverse('devices:badges', args=[pk])}?who={pin or ''}")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view()
def take_over(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Take over the table [entry.badges] of a site's PC, line by line."""
    project = _door(request, pk)
    form = TableForm(request.POST or None)
    found = None
    if request.method == "POST" and form.is_valid():
        try:
            found = service.take_over_badges(
                pk, form.cleaned_data["table"], actor=request.actor, now=timezone.now()
            )
        except (RuleViolation, Malformed) as refusal:
            form.add_error("table", refusal.message)
        else:
            if found.done:
                text = ngettext(
                    "%(count)d badge is taken over.", "%(count)d badges are taken over.", found.done
                )
                messages.success(request, text % {"count": found.done})
            if not found.refused:
                return redirect("devices:badges", pk)
    context = {"project": project, "form": form, "found": found}
    bad = bool(form.errors or (found and found.refused))
    return render(request, "devices/badges_take_over.html", context, status=400 if bad else 200)
