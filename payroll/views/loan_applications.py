"""Applying for a wage loan, and the bank's answer."""

from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll.access import access_facility, leads_project
from payroll.loan_forms import FacilityForm, TermsForm
from payroll.models import LoanFacility
from payroll.services.loans import (
    answer_facility,
    ask_facility,
)
from payroll.views.money_page import READERS, form_page, money_project
from registration.access import not_permitted, organisations_with
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny


def _page(pk: int) -> str:
    return reverse("payroll:loan", kwargs={"pk": pk})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def loan_ask(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Apply for a credit line."""
    project = money_project(request, pk)
    if not leads_project(request.actor, project, permission="loan.ask"):
        not_permitted("loan.ask")
    form = FacilityForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        ask_facility(
            pk, **{**data, "amount_fen": data["amount_fen"] or 0}, actor=request.actor, now=timezone.now()
        )
        return _("The application is with the bank.")

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Apply for a wage loan"),
            "button": _("Apply"),
            "intro": _(
                "It goes to the bank of the special account. It is for wages alone; what the owner owes stays "
                "in sight of the authority."
            ),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def loan_answer(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The bank grants or declines an application."""
    facility = access_facility(pk, request.actor)
    set_scope(request, facility.project)
    _for_bank(request, facility)
    today = site_date(timezone.now())
    form = TermsForm(request.POST or None, initial={"limit_fen": facility.asked_fen, "valid_from": today})

    def act(_data: dict[str, Any]) -> str:
        answered = answer_facility(pk, form.terms, actor=request.actor, now=timezone.now())
        return _("Granted.") if answered.state == LoanFacility.State.GRANTED else _("Declined.")

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(facility.project_id),
        {
            "project": facility.project,
            "title": _("Answer the application for %(sum)s") % {"sum": format_cny(facility.asked_fen)},
            "button": _("Send the answer"),
            "intro": facility.reason,
            "figures": [(_("Guarantor"), facility.guarantor)],
        },
    )


def _for_bank(request: ActorRequest, facility: LoanFacility) -> None:
    if facility.bank_id not in organisations_with(request.actor, PERMISSIONS["loan.grant"]):
        not_permitted("loan.grant")
