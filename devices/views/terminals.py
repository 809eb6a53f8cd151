"""Terminals of a site: how each one is, register one, its code or key shown once, change its key, take it out of use."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from devices.access import access_site, sees_everybody
from devices.models import Terminal
from devices.services import enrolment
from devices.services.terminals import WITH_KEY, enrol_terminal, register_terminal, revoke_terminal
from devices.terminal_list import terminal_list
from registration.access import access_project, not_found
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.permissions import PERMISSIONS
from registration.views.scope import set_scope
from wagewatch.lib.errors import Malformed, RuleViolation


class TerminalForm(forms.Form):
    """What the clerk knows of a new terminal."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=Terminal.Kind.choices,
        initial=Terminal.Kind.GATE,
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the gate"),
        max_length=60,
        help_text=gettext_lazy("As people on site call it: Gate 1, east side"),
    )
    serial = forms.CharField(
        label=gettext_lazy("Serial number"),
        max_length=40,
        help_text=gettext_lazy("On the device's plate or in its menu; for a PC any name: PC-1"),
    )
    lane = forms.ChoiceField(
        label=gettext_lazy("Lane"),
        choices=[
            ("in", gettext_lazy("Entrance only")),
            ("out", gettext_lazy("Exit only")),
            ("both", gettext_lazy("Both ways: the device tells the direction")),
        ],
        initial="both",
        widget=forms.RadioSelect,
    )
    agent = forms.ChoiceField(
        label=gettext_lazy("Speaks through"),
        required=False,
        help_text=gettext_lazy(
            "For face terminals, turnstiles and card readers: the site agent they hang on"
        ),
        widget=forms.Select(attrs={"class": "input"}),
    )
    networks = forms.CharField(
        label=gettext_lazy("Its address on the site's network"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("192.168.1.20 or 192.168.1.0/24. Empty: any address there"),
    )

    def __init__(self, *args: Any, agents: Sequence[Terminal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["agent"]
        nothing = gettext_lazy("Nobody: it has a key of its own")
        chosen.choices = [("", nothing), *((str(agent.pk), agent.name) for agent in agents)]

    def clean(self) -> dict[str, Any]:
        """A device needs its agent; who has a key needs none."""
        data: dict[str, Any] = super().clean() or {}
        data["kind"] = data.get("kind") or Terminal.Kind.GATE.value
        has_key = data["kind"] in WITH_KEY
        if has_key == bool(data.get("agent")):
            text = (
                _("This kind has a key of its own.") if has_key else _("Choose the site agent it hangs on.")
            )
            self.add_error("agent", text)
        return data


@require_safe
@staff_view()
def listed(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Every terminal of a site: how it is in plain words, and what hangs on it."""
    project, parts = access_site(pk, request.actor)
    set_scope(request, project)
    now = timezone.now()
    context = {
        "project": project,
        "found": terminal_list(project, now=now),
        "now": now,
        "sees_all": sees_everybody(request.actor, project, parts),
        "may_manage": request.actor.has_role(*PERMISSIONS["terminal.manage"]),
    }
    return render(request, "devices/terminals.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view()
def enrol(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The form, and after it what is shown this once: the key of a gate, the code of a site agent."""
    project = access_project(pk, request.actor, permission="terminal.manage")
    set_scope(request, project)
    agents = list(
        Terminal.objects.filter(project=project, kind=Terminal.Kind.AGENT, is_active=True).order_by("name")
    )
    form = TerminalForm(request.POST or None, agents=agents, initial=_first_choice(request, agents))
    if request.method == "POST" and form.is_valid():
        try:
            return _registered(request, project, form.cleaned_data)
        except RuleViolation as refusal:
            form.add_error("serial", refusal.message)
        except Malformed as refusal:
            form.add_error("networks" if refusal.code == "terminal.network" else None, refusal.message)
    status = 400 if form.errors else 200
    return render(request, "devices/terminal_new.html", {"project": project, "form": form}, status=status)


def _first_choice(request: ActorRequest, agents: Sequence[Terminal]) -> dict[str, str]:
    """A link may name the agent on which the new device hangs."""
    wanted = request.GET.get("agent", "")
    known = wanted in {str(agent.pk) for agent in agents}
    return {"agent": wanted, "kind": Terminal.Kind.ADMS.value} if known else {}


def _registered(request: ActorRequest, project: Project, data: dict[str, Any]) -> HttpResponseBase:
    values = {name: data[name] for name in ("serial", "name", "lane")}
    values |= {"actor": request.actor, "now": timezone.now()}
    if data["kind"] == Terminal.Kind.GATE:
        enrolled = enrol_terminal(project.pk, **values)
        key = [
            (_("Address"), request.build_absolute_uri(reverse("devices:api-passages"))),
            (_("Key number"), enrolled.terminal.key_id),
            (_("Secret"), enrolled.secret),
        ]
        context = {"project": project, "terminal": enrolled.terminal, "key": key}
        return render(request, "devices/terminal_key.html", context)
    networks = data["networks"].replace("，", " ").replace(",", " ").split()
    agent_id = int(data["agent"]) if data["agent"] else None
    terminal = register_terminal(
        project.pk, kind=data["kind"], agent_id=agent_id, networks=networks, **values
    )
    if agent_id is None:
        return _with_code(request, project, terminal.pk)
    messages.success(
        request,
        _("%(name)s is registered. The site agent knows it within a minute.") % {"name": terminal.name},
    )
    return redirect("devices:terminals", project.pk)


@never_cache
@require_POST
@staff_view()
def code(request: ActorRequest, pk: int, terminal_pk: int) -> HttpResponseBase:
    """A new one-time code, shown this once."""
    project = access_project(pk, request.actor, permission="terminal.manage")
    try:
        return _with_code(request, project, terminal_pk)
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
        return redirect("devices:terminals", pk)


def _with_code(request: ActorRequest, project: Project, terminal_pk: int) -> HttpResponseBase:
    set_scope(request, project)
    made = enrolment.make_code(terminal_pk, project_id=project.pk, actor=request.actor, now=timezone.now())
    context = {
        "project": project,
        "made": made,
        "terminal": made.terminal,
        "server": request.build_absolute_uri("/").rstrip("/"),
        "enrol_url": request.build_absolute_uri(reverse("devices:api-enrol")),
    }
    return render(request, "devices/terminal_code.html", context)


@require_POST
@staff_view()
def rotate(request: ActorRequest, pk: int, terminal_pk: int) -> HttpResponseBase:
    """Wish for a new key; the terminal fetches it with its next sign of life."""
    access_project(pk, request.actor, permission="terminal.manage")
    try:
        terminal = enrolment.want_rotation(
            terminal_pk, project_id=pk, actor=request.actor, now=timezone.now()
        )
    except RuleViolation as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request,
            _("%(name)s will fetch a new key with its next sign of life. Until then the old one is good.")
            % {"name": terminal.name},
        )
    return redirect("devices:terminals", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view()
def revoke(request: ActorRequest, pk: int, terminal_pk: int) -> HttpResponseBase:
    """Ask, then take out of use."""
    project = access_project(pk, request.actor, permission="terminal.manage")
    if request.method == "POST":
        terminal = revoke_terminal(terminal_pk, project_id=pk, actor=request.actor, now=timezone.now())
        messages.success(
            request, _("%(name)s is out of use. Its key is refused from now on.") % {"name": terminal.name}
        )
        return redirect("devices:terminals", pk)
    found = Terminal.objects.filter(pk=terminal_pk, project=project).first()
    if found is None:
        not_found()
    context = {
        "title": _("Take %(name)s out of use?") % {"name": found.name},
        "text": _("Its key is refused from now on. What it sent stays. To use it again, register it anew."),
        "facts": [(_("Serial number"), found.serial)],
        "action": request.path,
        "confirm": _("Take out of use"),
        "back": reverse("devices:terminals", args=[pk]),
        "fields": {},
    }
    return render(request, "components/confirm.html", context)
