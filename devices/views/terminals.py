"""Gates of a site: enrol one and see its key once, take one out of use."""

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from devices.models import Terminal
from devices.services.terminals import enrol_terminal, revoke_terminal
from registration.access import access_project, not_found
from registration.http import ActorRequest, staff_view
from wagewatch.lib.errors import RuleViolation


class TerminalForm(forms.Form):
    """What the clerk knows of a new gate."""

    name = forms.CharField(
        label=gettext_lazy("Name of the gate"),
        max_length=60,
        help_text=gettext_lazy("As people on site call it: Gate 1, east side"),
    )
    serial = forms.CharField(
        label=gettext_lazy("Serial number"),
        max_length=40,
        help_text=gettext_lazy("On the device's plate or in its menu"),
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


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view()
def enrol(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The form, and after it the key, shown this once."""
    project = access_project(pk, request.actor, permission="terminal.manage")
    form = TerminalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            enrolled = enrol_terminal(pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except RuleViolation as refusal:
            form.add_error("serial", refusal.message)
        else:
            key = [
                (_("Address"), request.build_absolute_uri(reverse("devices:api-passages"))),
                (_("Key"), enrolled.terminal.key_id),
                (_("Secret"), enrolled.secret),
            ]
            context = {"project": project, "terminal": enrolled.terminal, "key": key}
            return render(request, "devices/terminal_key.html", context)
    status = 400 if form.errors else 200
    return render(request, "devices/terminal_new.html", {"project": project, "form": form}, status=status)


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
        return redirect("devices:site", pk)
    found = Terminal.objects.filter(pk=terminal_pk, project=project).first()
    if found is None:
        not_found()
    context = {
        "title": _("Take %(name)s out of use?") % {"name": found.name},
        "text": _(
            "Its key is refused from now on. What it sent stays. This cannot be undone: enrol it again instead."
        ),
        "facts": [(_("Serial number"), found.serial)],
        "action": request.path,
        "confirm": _("Take out of use"),
        "back": reverse("devices:site", args=[pk]),
        "fields": {},
    }
    return render(request, "components/confirm.html", context)
