"""The worker's pay pages on a phone: look, confirm with a signature, keep the receipt."""

import io
from datetime import date
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payroll import labels, rules
from payroll.access import access_slip, worker_slips
from payroll.bank import codes
from payroll.late_worker import told_on_slip
from payroll.models import Objection, OfficeWord, PaymentLine, PaymentOrder, PaySlip, ProxyWord, Reminder
from payroll.owed import reached
from payroll.pay_words import is_odd_span, lines_of, span_words
from payroll.services import advances, approvals, confirmations, proxies
from payroll.services.cash import cash_of
from payroll.tax import TABLE, Estimate, estimate
from payroll.views.worker_days import days_of_month
from payroll.views.worker_queue import answer_once, key_of
from payroll.wage_months import days_of_sheet
from registration.actors import Actor
from registration.http import ActorRequest, worker_view
from registration.models import Posting
from registration.services.acknowledging import waiting_for_worker
from registration.services.card_words import asked_card
from registration.services.parameters import parameter
from registration.services.signatures import png_from_data_url
from wagewatch.evidence.models import Entry
from wagewatch.evidence.packed import pack
from wagewatch.evidence.receipts import receipt_bundle, receipt_file
from wagewatch.evidence.tree import stage_of
from wagewatch.lib.dates import previous_month, site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError
from wagewatch.templatetags.ww import cny, days, signed_cny, worker_day

ADVANCES_SHOWN = 12
MONTHS_SHOWN = 12


def how_words(slip: PaySlip) -> str:
    """ "21 days × ¥320.00 per day", or the parts when the rate changed."""
    if slip.pay_basis == "piece" or slip.parts or slip.extra_fen:
        return ""

    return _("%(days)s %(unit)s × %(rate)s %(per)s") % {
        "days": days(slip.days),
        "unit": labels.UNITS[slip.pay_basis],
        "rate": cny(slip.rate_fen),
        "per": labels.RATES[slip.pay_basis],
    }


@require_safe
@worker_view
def pay(request: ActorRequest) -> HttpResponse:
    """The worker's first page: the slip that waits for an answer, what is still owed, the last months."""
    slips = list(worker_slips(request.actor).annotate(has_reached=reached())[:MONTHS_SHOWN])
    waiting = next((s for s in slips if s.confirmation == "waiting" and s.payment == "none"), None)
    owed = [s for s in slips if not s.has_reached and s.net_fen]
    return render(
        request,
        "payroll/worker_pay.html",
        {
            "asked_postings": waiting_for_worker(request.worker.pk) if request.worker else [],
            "asked_card": asked_card(request.worker.pk) if request.worker else None,
            "slips": [{"slip": s, "state": _state_words(s, has_reached=s.has_reached)} for s in slips],
            "waiting": waiting,
            "how": how_words(waiting) if waiting else "",
            "deadline": _deadline(waiting) if waiting else None,
            "reminded": _reminders(waiting) if waiting else 0,
            "at_work": list(
                Posting.objects.filter(worker=request.actor.id, left_on=None).order_by("-joined_on", "pk")[:2]
            ),
            "owed_fen": sum(s.net_fen for s in owed),
            "owed_months": len({s.month for s in owed}),
            "name": request.worker.name if request.worker else "",
            "next_due": min((s.sheet.due_on for s in owed), default=None),
            "today": site_date(timezone.now()),
            "advances": advances.balances(list(advances.of_worker(request.actor)[:ADVANCES_SHOWN])),
        },
    )


def _reminders(slip: PaySlip) -> int:
    return Reminder.objects.filter(
        project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, version=slip.version
    ).count()


def _state_words(slip: PaySlip, *, has_reached: bool) -> tuple[Any, str]:
    """In a worker's words: where the money is, and an icon."""
    if slip.payment == "paid":
        return _("Paid"), "check"
    if slip.payment == "cash" and has_reached:
        return _("Paid in cash"), "money"
    if slip.payment == "cash":
        return _("You said you got no cash"), "pen"
    if slip.payment == "returned":
        return _("The bank sent it back"), "back"
    if slip.payment == "instructed":
        return _("On its way to your card"), "send"
    if slip.confirmation == "objected":
        return _("You said it is wrong"), "pen"
    if slip.confirmation == "confirmed":
        return _("You confirmed"), "check"
    return _("Please look"), "clock"


@require_safe
@worker_view
def slip_page(request: ActorRequest, reference: str) -> HttpResponse:
    """Days, rate, deductions, net, the change since last month; right or wrong."""
    slip = access_slip(reference, request.actor)
    before = worker_slips(request.actor).filter(month=previous_month(slip.month)).first()
    objection = last_objection(slip)
    open_objection = objection is not None and objection.state == Objection.State.OPEN
    cash = cash_of(slip.sheet, slip.worker_id)
    denied = slip.payment == "cash" and cash is not None and cash.denied_at is not None
    return render(
        request,
        "payroll/worker_slip.html",
        {
            "slip": slip,
            "name": request.worker.name if request.worker else "",
            "how": how_words(slip),
            "lines": lines_of(slip),
            "span": _span(slip),
            "cells": days_of_month(slip),
            "late": told_on_slip(slip),
            "before": before,
            "change_fen": slip.net_fen - before.net_fen if before else 0,
            "change_less": before.net_fen - slip.net_fen if before else 0,
            "change_days": slip.days - before.days if before else 0,
            "objection": objection,
            "may_answer": slip.confirmation == "waiting"
            or (slip.confirmation == "objected" and not open_objection),
            "may_object": not slip.is_approved,
            "state": _state_words(slip, has_reached=not denied),
            "book_on": _book_on(slip),
            "deadline": _deadline(slip),
            "today": site_date(timezone.now()),
            "tax": _tax(slip, request.actor),
            "cash": cash,
            "on_site": ProxyWord.objects.filter(
                project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, version=slip.version
            )
            .select_related("clerk")
            .defer("photo")
            .last(),
            "payment": PaymentLine.objects.filter(
                project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, state="paid"
            )
            .select_related("order__account__bank")
            .defer("card_number", "order__file")
            .order_by("-attempt")
            .first(),
            "office_since": OfficeWord.objects.filter(project=slip.project_id, month=slip.month)
            .values_list("since", flat=True)
            .first(),
            "late_days": (site_date(timezone.now()) - slip.sheet.due_on).days
            if (denied or slip.payment not in (PaySlip.Payment.PAID, PaySlip.Payment.CASH)) and slip.net_fen
            else 0,
            "return_words": codes.meaning(slip.return_code).words.in_language(get_language() or "zh-hans"),
            "unit": labels.UNITS[slip.pay_basis],
            "rates": labels.RATES,
            "units": labels.UNITS,
        },
    )


def _book_on(slip: PaySlip) -> date | None:
    """The day on which the bank will book a wage that is with it; None once that day has passed."""
    if slip.payment != "instructed":
        return None
    return (
        PaymentOrder.objects.filter(
            project=slip.project_id,
            lines__project=slip.project_id,
            lines__sheet=slip.sheet_id,
            lines__worker=slip.worker_id,
            execute_on__gte=site_date(timezone.now()),
        )
        .order_by("-pk")
        .values_list("execute_on", flat=True)
        .first()
    )


def _span(slip: PaySlip) -> str:
    """The days the slip is for, where they are not those of the month."""
    first, last = days_of_sheet(slip.sheet)
    return span_words(first, last) if is_odd_span(slip.month, first, last) else ""


def last_objection(slip: PaySlip) -> Objection | None:
    """What the worker said last about this slip."""
    return (
        Objection.objects.filter(project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id)
        .order_by("-raised_at")
        .first()
    )


@require_POST
@worker_view
def not_me(request: ActorRequest, reference: str) -> HttpResponse:
    """ "This was not me": what somebody answered at the site's tablet is taken back."""
    try:
        proxies.deny_proxy(reference, actor=request.actor, now=timezone.now())
    except RuleViolation as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("Noted. The clerk has to answer you, and the inspector sees it."))
    return redirect("payroll:worker-slip", reference=reference)


def _deadline(slip: PaySlip) -> date | None:
    """The last day to answer, while an answer is wanted."""
    if slip.confirmation != "waiting" or slip.sent_at is None or slip.is_approved:
        return None
    return rules.last_day_to_answer(slip.sent_at, approvals.silence_days(slip.project, timezone.now()))


def _tax(slip: PaySlip, actor: Actor) -> Estimate:
    """What the tax office would usually reckon for this month, from this employer's slips of the year."""
    paid: dict[int, int] = {}
    for month, gross in (
        worker_slips(actor)
        .filter(
            month__gte=slip.month.replace(month=1),
            month__lte=slip.month,
            sheet__participation__organisation=slip.sheet.participation.organisation_id,
        )
        .values_list("month", "gross_fen")
    ):
        paid[month.month] = paid.get(month.month, 0) + gross
    first = min(paid, default=slip.month.month)
    table = parameter("tax.withholding", region_code=slip.project.region_id, on=slip.month, default=TABLE)
    return estimate([paid.get(n, 0) for n in range(first, slip.month.month + 1)], table)


def version_of(request: ActorRequest) -> int:
    """The version of the slip that the worker saw."""
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Malformed("slip.version", _("This page is out of date. Open it again from your pay list."))
    return int(text)


def _sign(request: ActorRequest, reference: str) -> None:
    drawn = request.POST.get("signature", "")
    if not drawn and request.POST.get("typed") != "1":
        raise RuleViolation("signature.blank", _("Nothing was signed yet. Write your name in the field."))
    confirmations.confirm_slip(
        reference,
        signature_png=png_from_data_url(drawn) if drawn else None,
        version=version_of(request),
        actor=request.actor,
        now=timezone.now(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@worker_view
def confirm(request: ActorRequest, reference: str) -> HttpResponse:
    """Sign and confirm."""
    slip = access_slip(reference, request.actor)
    error = ""
    if request.method == "POST":
        go = reverse("payroll:worker-receipt", kwargs={"reference": reference})
        key = key_of(request)
        if key is not None:
            return answer_once(
                request, key, lambda: _sign(request, reference), kind="confirm", reference=reference, go=go
            )
        try:
            _sign(request, reference)
        except WagewatchError as problem:
            if not problem.code.startswith("signature."):
                raise
            error = problem.message
        else:
            return redirect(go)
    return render(
        request,
        "payroll/worker_confirm.html",
        {
            "slip": slip,
            "name": request.worker.name if request.worker else "",
            "how": how_words(slip),
            "error": error,
        },
        status=400 if error else 200,
    )


def receipt_address(request: ActorRequest, entry: Entry) -> str:
    """Where anybody can check that an entry is genuine."""
    return request.build_absolute_uri(reverse("evidence:receipt", kwargs={"pk": entry.pk}))


def receipt_entry(slip: PaySlip) -> Entry | None:
    """The newest record of the worker's word on a slip: confirmed, or objected."""
    objection = last_objection(slip)
    subject, kind = f"payslip:{slip.reference}", "slip.confirmed"
    if slip.confirmation != "confirmed" and objection is not None:
        subject, kind = f"objection:{objection.project_id}.{objection.pk}", "slip.objected"
    return (
        Entry.objects.filter(kind=kind, project_id=slip.project_id, subject=subject)
        .order_by("-recorded_at", "-pk")
        .first()
    )


@require_safe
@worker_view
def receipt(request: ActorRequest, reference: str) -> HttpResponse:
    """What was recorded, how anybody can check it, and what comes next."""
    slip = access_slip(reference, request.actor)
    entry = receipt_entry(slip)
    if entry is None:
        return redirect("payroll:worker-slip", reference=reference)
    address = receipt_address(request, entry)
    objected = slip.confirmation != "confirmed"
    return render(
        request,
        "payroll/worker_receipt.html",
        {
            "slip": slip,
            "entry": entry,
            "number": str(entry.pk)[-8:].upper(),
            "address": address,
            "qr": _qr(address),
            "stage": str(stage_of(entry).value),
            "objected": objected,
            "steps": _objection_steps(slip) if objected else _pay_steps(slip),
        },
    )


def _qr(text: str, error: str = "m") -> str:
    out = io.BytesIO()
    segno.make(text, error=error, micro=False, boost_error=False).save(
        out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True, title=_("QR code")
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 segno's own output


def _pay_steps(slip: PaySlip) -> list[dict[str, Any]]:

    return [
        {"text": _("You confirmed %(amount)s") % {"amount": cny(slip.net_fen)}, "done": True, "note": ""},
        {"text": _("The contractor approves"), "done": slip.is_approved, "note": ""},
        {
            "text": _("The bank pays"),
            "done": slip.payment in ("paid", "cash"),
            "note": _("Pay day: %(day)s") % {"day": worker_day(slip.sheet.due_on)},
        },
        {
            "text": _("The money is on your card"),
            "done": slip.payment in ("paid", "cash"),
            "note": _("Card ending %(tail)s") % {"tail": slip.paid_card_tail} if slip.paid_card_tail else "",
        },
    ]


def _objection_steps(slip: PaySlip) -> list[dict[str, Any]]:

    objection = last_objection(slip)
    more = ""
    if objection is not None and objection.claimed_fen is not None:
        more = signed_cny(objection.claimed_fen - slip.net_fen)
    answered = objection is not None and objection.state != Objection.State.OPEN
    return [
        {
            "text": _("You said: %(reason)s")
            % {"reason": labels.REASONS[objection.reason] if objection else ""},
            "note": more,
            "done": True,
        },
        {
            "text": _("%(name)s answers") % {"name": slip.sheet.participation.organisation},
            "note": objection.answer if answered and objection else "",
            "done": answered,
        },
        {"text": _("No agreement: the inspector mediates"), "note": _("Call 12333"), "done": False},
        {
            "text": _("Settled, and paid"),
            "note": _("Pay day: %(day)s") % {"day": worker_day(slip.sheet.due_on)},
            "done": False,
        },
    ]


@require_safe
@worker_view
def receipt_print(request: ActorRequest, reference: str) -> HttpResponse:
    """The receipt on paper: a code that opens the public page, and one that holds the whole proof."""
    slip = access_slip(reference, request.actor)
    entry = receipt_entry(slip)
    if entry is None:
        return redirect("payroll:worker-slip", reference=reference)
    address = receipt_address(request, entry)
    bundle = receipt_bundle(entry)
    published = bundle["checkpoint"] is not None
    return render(
        request,
        "payroll/worker_receipt_print.html",
        {
            "slip": slip,
            "entry": entry,
            "name": request.worker.name if request.worker else "",
            "address": address,
            "qr": _qr(address),
            "whole": _qr(pack(bundle), error="l") if published else "",
            "objected": slip.confirmation != "confirmed",
        },
    )


@require_safe
@worker_view
def receipt_download(request: ActorRequest, reference: str) -> HttpResponse:
    """The receipt as a file that proves itself to anybody."""
    slip = access_slip(reference, request.actor)
    entry = receipt_entry(slip)
    if entry is None:
        return redirect("payroll:worker-slip", reference=reference)
    return HttpResponse(
        receipt_file(entry),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="receipt-{slip.month:%Y-%m}.json"'},
    )
