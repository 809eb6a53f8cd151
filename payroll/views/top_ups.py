"""Requests to the owner for labour cost: asked by the contractor, answered by the owner's clerk."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payroll.access import access_top_up, leads_project, owns_project
from payroll.allocation_words import request_events, request_line
from payroll.money_forms import AskForm
from payroll.services.allocation_facts import load_allocation
from payroll.services.top_ups import (
    ask_top_up,
    proposal_of,
    read_top_up,
    withdraw_top_up,
)
from payroll.views.money_page import READERS, form_page, money_project
from registration.access import not_found, not_permitted
from registration.http import ActorRequest, staff_view
from registration.models import Project
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny


def _led(request: ActorRequest, pk: int) -> Project:
    project = money_project(request, pk)
    if not leads_project(request.actor, project, permission="allocation.ask"):
        not_permitted("allocation.ask")
    return project


def _page(pk: int) -> str:
    return reverse("payroll:allocation", kwargs={"pk": pk})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def top_up_ask(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Ask the owner for labour cost; the amount is proposed."""
    project = _led(request, pk)
    now = timezone.now()
    proposal = proposal_of(load_allocation(project, today=site_date(now)))
    basis, fen = proposal.best
    form = AskForm(request.POST or None, initial={"basis": basis, "amount_fen": fen or None})

    def act(data: dict[str, Any]) -> str:
        asked = ask_top_up(
            pk,
            basis=data["basis"],
            amount_fen=data["amount_fen"] or 0,
            text=data["text"],
            actor=request.actor,
            now=now,
        )
        return _("The owner has been asked for %(sum)s and answers by %(day)s.") % {
            "sum": format_cny(asked.amount_fen),
            "day": asked.reply_by.isoformat(),
        }

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Ask the owner for labour cost"),
            "button": _("Ask the owner"),
            "intro": _("The owner's clerk gets a message; the authority sees what was asked and answered."),
            "figures": [
                (_("Wages on sheets, not with the bank yet"), format_cny(proposal.payroll_fen)),
                (_("Free on the special account"), format_cny(proposal.free_fen)),
                (_("Coming payroll less the balance"), format_cny(proposal.by_payroll_fen)),
                (_("Agreed until today"), format_cny(proposal.agreed_fen)),
                (_("Agreed less received"), format_cny(proposal.by_agreed_fen)),
            ],
        },
    )


@require_safe
@staff_view(*READERS)
def top_up_page(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """One request: the figures, what happened, who moves next."""
    project = money_project(request, pk)
    found = access_top_up(pk, number, request.actor)
    context = request_line(found, site_date(timezone.now())) | {
        "project": project,
        "today": site_date(timezone.now()),
        "events": request_events(found),
        "leads": leads_project(request.actor, project, permission="allocation.ask"),
        "owns": owns_project(request.actor, pk),
    }
    return render(request, "payroll/top_up.html", context)


@require_POST
@staff_view(*READERS)
def top_up_act(request: ActorRequest, pk: int, number: int, act: str) -> HttpResponseBase:
    """The owner has read it; the contractor takes it back."""
    now = timezone.now()
    if act == "read":
        read_top_up(pk, number, actor=request.actor, now=now)
        messages.success(request, _("The contractor sees that you have read it."))
    elif act == "withdraw":
        withdraw_top_up(pk, number, actor=request.actor, now=now)
        messages.success(request, _("The request is taken back."))
    else:
        not_found()
    return redirect("payroll:top-up", pk, number)
