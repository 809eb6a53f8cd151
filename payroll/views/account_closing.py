"""Closing a special account: the checklist line by line, and what each side may do about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payroll.access import access_share, acts_for_bank, leads_project
from payroll.account_forms import ClosingForm
from payroll.account_words import STATES
from payroll.closing_rules import BEFORE_ASKING, BEFORE_CLOSING, missing
from payroll.closing_words import condition_rows
from payroll.models import AccountState
from payroll.services.account_closing import ask_to_close, close_account, closing_picture, withdraw_closing
from payroll.services.account_reopening import after_closing, answer_reopening, ask_to_reopen
from payroll.views.account_life import READERS
from registration.access import not_permitted
from registration.http import ActorRequest, staff_view
from registration.services.trainings import Scan
from registration.views.chain_forms import say_at
from registration.views.scope import set_scope
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError


def closing_context(share: Any, today: Any) -> dict[str, Any]:
    """The checklist for a page of either side."""
    picture = closing_picture(share, today=today)
    return picture | {
        "rows": condition_rows(picture["conditions"]),
        "after": after_closing(share) if share.state == AccountState.CLOSED else None,
        "share": share,
        "project": share.project,
        "state": STATES[share.state],
        "open_count": sum(not c.holds for c in picture["conditions"]),
        "today": today,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def closing(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Every condition with what is missing; ask, withdraw (contractor), close (bank)."""
    share = access_share(pk, request.actor)
    now = timezone.now()
    leads = leads_project(request.actor, share.project, permission="account.open")
    bank = acts_for_bank(request.actor, share.account)
    if request.method == "POST" and not (leads or bank):
        not_permitted("account.open")
    act = request.POST.get("act", "")
    form = ClosingForm(request.POST if act == "ask" else None, request.FILES if act == "ask" else None)
    if request.method == "POST":
        try:
            if act == "withdraw":
                withdraw_closing(pk, reason=request.POST.get("reason", ""), actor=request.actor, now=now)
                messages.success(request, _("The request is taken back; the account is open as before."))
                return redirect("payroll:account-closing", pk)
            if act == "close":
                close_account(pk, actor=request.actor, now=now)
                messages.success(request, _("Closed. Nothing can be paid from it any more."))
                return redirect("payroll:account-closing", pk)
            if act == "reopen":
                ask_to_reopen(pk, reason=request.POST.get("reason", ""), actor=request.actor, now=now)
                messages.success(request, _("Asked. The bank's officer answers; the authority sees it."))
                return redirect("payroll:account-closing", pk)
            if act == "reopen-answer":
                return _answer_reopening(request, pk)
            if form.is_valid():
                data = form.cleaned_data
                upload = data.get("scan")
                ask_to_close(
                    pk,
                    notice_from=data["notice_from"],
                    where=data["where"],
                    scan=Scan(upload.name, upload.read()) if upload else None,
                    actor=request.actor,
                    now=now,
                )
                messages.success(request, _("Asked. The authority decides when the notice has ended."))
                return redirect("payroll:account-closing", pk)
        except (RuleViolation, Malformed) as refusal:
            if act != "ask":
                messages.error(request, refusal.message)
                return redirect("payroll:account-closing", pk)
            say_at(form, refusal, ClosingForm.FIELDS)
        except WagewatchError as refusal:
            say_at(form, refusal, ClosingForm.FIELDS)
    set_scope(request, share.project)
    context = closing_context(share, site_date(now))
    conditions = context["conditions"]
    context |= {
        "form": form,
        "may_reopen": leads and context["after"] is not None and not context["after"].asked,
        "may_answer": bank and context["after"] is not None and context["after"].asked,
        "may_ask": leads and share.state == "open",
        "ready": not missing(conditions, BEFORE_ASKING),
        "may_withdraw": leads and share.state == "closing",
        "may_close": bank and share.state == "closing",
        "closable": not missing(conditions, BEFORE_CLOSING),
    }
    return render(
        request, "payroll/account_closing.html", context, status=400 if request.method == "POST" else 200
    )


def _answer_reopening(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The bank's officer opens the account again, or says why not."""
    confirm = request.POST.get("verdict") == "confirm"
    answer_reopening(
        pk,
        confirm=confirm,
        reason=request.POST.get("reason", ""),
        actor=request.actor,
        now=timezone.now(),
    )
    messages.success(
        request,
        _("Opened again. What is owed can be paid from it.")
        if confirm
        else _("It stays closed; the contractor sees why."),
    )
    return redirect("payroll:account-closing", pk)
