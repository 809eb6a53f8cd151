"""What the pages about labour cost and loans share: who reads them, and one form on a page of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from payroll.access import access_money
from registration.http import ActorRequest
from registration.models import Project
from registration.permissions import GC
from registration.views.chain_forms import say_at
from registration.views.scope import set_scope
from wagewatch.lib.errors import WagewatchError

READERS = (*sorted(GC), "owner_clerk", "bank_officer")


def money_project(request: ActorRequest, pk: int) -> Project:
    """The project of a money page, named in the navigation."""
    project = access_money(pk, request.actor)
    set_scope(request, project)
    return project


def form_page(
    request: ActorRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
    fields: Mapping[str, str],
    back: str,
    context: dict[str, Any],
) -> HttpResponseBase:
    """Show a form; on a valid post do the act, say what it returns and go back. A refusal stands at its field."""
    if request.method == "POST" and form.is_valid():
        try:
            done = act(form.cleaned_data)
        except WagewatchError as refusal:
            say_at(form, refusal, fields)
        else:
            messages.success(request, done)
            return redirect(back)
    context = {"form": form, "back": back} | context
    return render(request, "payroll/money_form.html", context, status=400 if form.errors else 200)
