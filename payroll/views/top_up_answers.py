"""The owner's answer to a request for labour cost, and its transfer order."""

from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll.access import access_top_up, owns_project
from payroll.models import TopUpRequest
from payroll.money_forms import AnswerForm, TransferForm
from payroll.services.top_ups import (
    answer_top_up,
    order_transfer,
)
from payroll.views.money_page import READERS, form_page, money_project
from registration.access import not_permitted
from registration.http import ActorRequest, staff_view
from registration.models import Project
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny


def _owners(request: ActorRequest, pk: int, number: int) -> tuple[Project, TopUpRequest, str]:
    project = money_project(request, pk)
    found = access_top_up(pk, number, request.actor)
    if not owns_project(request.actor, pk):
        not_permitted("allocation.answer")
    return project, found, reverse("payroll:top-up", kwargs={"pk": pk, "number": number})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def top_up_answer(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The owner's clerk answers with a day, or with a reason."""
    project, found, back = _owners(request, pk, number)
    form = AnswerForm(request.POST or None, initial={"promised_on": found.promised_on})

    def act(data: dict[str, Any]) -> str:
        answered = answer_top_up(pk, number, **data, actor=request.actor, now=timezone.now())
        if answered.promised_on:
            return _("Promised for %(day)s.") % {"day": answered.promised_on.isoformat()}
        return _("Your answer is on record. The request stays open until the money comes.")

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        back,
        {
            "project": project,
            "title": _("Answer the request for %(sum)s") % {"sum": format_cny(found.amount_fen)},
            "button": _("Send the answer"),
            "intro": _(
                "A dispute about quantity, quality or price is no ground to keep labour cost back "
                "(Order 724, article 35)."
            ),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def top_up_transfer(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The owner's clerk records the transfer order."""
    project, found, back = _owners(request, pk, number)
    today = site_date(timezone.now())
    form = TransferForm(request.POST or None, initial={"amount_fen": found.amount_fen, "on": today})

    def act(data: dict[str, Any]) -> str:
        order_transfer(
            pk,
            number,
            reference=data["reference"],
            amount_fen=data["amount_fen"] or 0,
            on=data["on"],
            actor=request.actor,
            now=timezone.now(),
        )
        return _("On record. The request closes when the bank has booked the money.")

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        back,
        {
            "project": project,
            "title": _("Enter the transfer of %(sum)s") % {"sum": format_cny(found.amount_fen)},
            "button": _("Enter the transfer"),
            "intro": _("Pay into the special wage account of the project; name the month in the text."),
        },
    )
