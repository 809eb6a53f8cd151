"""Stamps whose time cannot be right: the list, and what is decided about them."""

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from devices.access import access_site, sees_everybody
from devices.models import TimeDecision
from devices.services import quarantine
from registration.access import not_found
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS
from registration.views.scope import set_scope
from wagewatch.lib.errors import Malformed, RuleViolation


class DecisionForm(forms.Form):
    """What is decided about the events that were ticked."""

    act = forms.ChoiceField(
        label=_("Decision"),
        choices=[("shift", _("Move them by so many minutes")), ("dismiss", _("Do not count them"))],
        initial="shift",
        widget=forms.RadioSelect,
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        required=False,
        help_text=_("Forward; with a minus sign backward"),
        widget=forms.NumberInput(attrs={"class": "input"}),
    )
    note = forms.CharField(
        label=_("What happened"),
        max_length=200,
        help_text=_("The worker and the inspector read this."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view()
def bad_times(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The list; POST decides about the events that are ticked."""
    project, parts = access_site(pk, request.actor)
    if not sees_everybody(request.actor, project, parts):
        not_found()
    set_scope(request, project)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        minutes = form.cleaned_data["minutes"] if form.cleaned_data["act"] == "shift" else None
        try:
            if form.cleaned_data["act"] == "shift" and minutes is None:
                raise Malformed("time.minutes", _("Write by how many minutes the clock was wrong."))
            count = quarantine.decide(
                pk,
                [_key(text) for text in request.POST.getlist("event")],
                minutes=minutes,
                note=form.cleaned_data["note"],
                actor=request.actor,
                now=timezone.now(),
            )
        except (Malformed, RuleViolation) as refusal:
            form.add_error("minutes" if refusal.code == "time.minutes" else None, refusal.message)
        else:
            text = ngettext("Decided about %(count)d stamp.", "Decided about %(count)d stamps.", count)
            messages.success(request, text % {"count": count})
            return redirect("devices:bad-times", pk)
    rows = quarantine.waiting_times(project, now=timezone.now())
    context = {
        "project": project,
        "rows": rows,
        "ticked": set(request.POST.getlist("event")),
        "form": form,
        "may_decide": request.actor.has_role(*PERMISSIONS[quarantine.PERMISSION]),
        "decided": TimeDecision.objects.filter(project=project)
        .select_related("made_by")
        .order_by("-made_at", "-pk")[:20],
        "title": ngettext(
            "%(count)d stamp has a time that cannot be right",
            "%(count)d stamps have a time that cannot be right",
            len(rows),
        )
        % {"count": len(rows)},
    }
    return render(request, "devices/bad_times.html", context, status=400 if form.errors else 200)


def _key(text: str) -> tuple[int, str]:
    terminal, _bar, event_id = text.partition("|")
    if not (terminal.isascii() and terminal.isdigit() and len(terminal) < 18) or "\x00" in event_id:
        not_found()
    return int(terminal), event_id
