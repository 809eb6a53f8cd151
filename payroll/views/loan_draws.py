"""Drawing on a wage loan and repaying it: the contractor asks, the bank answers."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from payroll.access import access_draw, access_sheet, leads_project
from payroll.loan_forms import DrawAnswerForm, DrawForm, RepayForm
from payroll.models import LoanDraw, LoanFacility
from payroll.services.loan_facts import approved_fen, shortage_fen
from payroll.services.loans import (
    answer_draw,
    ask_draw,
    order_repayment,
    proposed_fen,
    repayable_entries,
    spare_fen,
    withdraw_repayment,
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


def _for_bank(request: ActorRequest, facility: LoanFacility) -> None:
    if facility.bank_id not in organisations_with(request.actor, PERMISSIONS["loan.grant"]):
        not_permitted("loan.grant")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def sheet_draw(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Draw for a sheet what its account lacks."""
    sheet = access_sheet(pk, request.actor, permission="payment.instruct")
    set_scope(request, sheet.project)
    proposed = proposed_fen(sheet, site_date(timezone.now()))
    form = DrawForm(request.POST or None, initial={"amount_fen": proposed or None})

    def act(data: dict[str, Any]) -> str:
        draw = ask_draw(pk, amount_fen=data["amount_fen"] or 0, actor=request.actor, now=timezone.now())
        return _("The bank is asked for %(sum)s.") % {"sum": format_cny(draw.amount_fen)}

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(sheet.project_id),
        {
            "project": sheet.project,
            "title": _("Draw on the wage loan"),
            "button": _("Ask the bank"),
            "intro": _("The bank confirms it; the money comes to the special account and pays these wages."),
            "figures": [
                (_("Approved wages of this sheet"), format_cny(approved_fen(sheet.project_id, sheet))),
                (_("The account lacks"), format_cny(shortage_fen(sheet))),
                (_("The loan leaves"), format_cny(proposed)),
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def draw_answer(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The bank confirms or declines a draw."""
    draw = access_draw(pk, number, request.actor)
    set_scope(request, draw.project)
    _for_bank(request, draw.facility)
    form = DrawAnswerForm(request.POST or None, initial={"verdict": "confirm"})

    def act(data: dict[str, Any]) -> str:
        answered = answer_draw(
            pk,
            number,
            confirm=data["verdict"] == "confirm",
            answer=data["answer"],
            actor=request.actor,
            now=timezone.now(),
        )
        if answered.state == LoanDraw.State.DECLINED:
            return _("Declined.")
        return _("Confirmed. Pay it out with the text %(reference)s.") % {"reference": answered.reference}

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": draw.project,
            "title": _("Pay out %(sum)s for wages?") % {"sum": format_cny(draw.amount_fen)},
            "button": _("Send the answer"),
            "intro": _(
                "The transfer to the special account must carry %(reference)s, so that it is booked as a loan "
                "and not as the owner's money."
            )
            % {"reference": draw.reference},
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def draw_repay(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """Repay a draw out of a later allocation."""
    project = money_project(request, pk)
    draw = access_draw(pk, number, request.actor)
    if not leads_project(request.actor, project, permission="loan.ask"):
        not_permitted("loan.ask")
    entries = [
        (str(e.number), f"{site_date(e.at).isoformat()}  {format_cny(e.amount_fen)}  {e.cause}")
        for e in repayable_entries(draw)
    ]
    spare = spare_fen(pk)
    start = {"amount_fen": min(draw.outstanding_fen, max(0, spare)) or None}
    form = RepayForm(request.POST or None, initial=start, entries=entries)

    def act(data: dict[str, Any]) -> str:
        order = order_repayment(
            pk,
            number,
            entry_number=int(data["entry_number"]),
            amount_fen=data["amount_fen"] or 0,
            actor=request.actor,
            now=timezone.now(),
        )
        return _("The bank takes %(sum)s back under %(reference)s.") % {
            "sum": format_cny(order.amount_fen),
            "reference": order.reference,
        }

    return form_page(
        request,
        form,
        act,
        form.FIELDS,
        _page(pk),
        {
            "project": project,
            "title": _("Repay %(reference)s") % {"reference": draw.reference},
            "button": _("Have the bank take it"),
            "intro": _("Only out of labour cost that came after the loan, and only what wages do not need."),
            "figures": [
                (_("Still owed"), format_cny(draw.outstanding_fen)),
                (_("Not needed for approved wages"), format_cny(max(0, spare))),
            ],
        },
    )


@require_POST
@staff_view(*READERS)
def repayment_withdraw(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """Take back a repayment that the bank has not booked."""
    money_project(request, pk)
    withdraw_repayment(pk, number, actor=request.actor, now=timezone.now())
    messages.success(request, _("The repayment is taken back."))
    return redirect("payroll:loan", pk)
