"""One page with one form per act in a case; and the contact of who complained."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from inspection import case_facts
from inspection.case_access import access_case, may_approve, may_handle
from inspection.cases import rules
from inspection.http import inspector_view
from inspection.models import Case
from inspection.services import case_work
from inspection.views.case_acts import ACTS
from registration.access import not_found, not_permitted
from registration.http import ActorRequest
from registration.views.chain_forms import say_at
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.texts import whole_number


def may_do(case: Case, name: str, request: ActorRequest) -> bool:
    """Whether the actor's office may do this at all; the service asks again under the lock."""
    return may_approve(case, request.actor) if ACTS[name].approves else may_handle(case, request.actor)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def case_act(request: ActorRequest, pk: int, act: str) -> HttpResponseBase:
    """One act: its form, its refusal beside the field, then back to the case."""
    if act not in ACTS:
        not_found()
    case, what = access_case(pk, request.actor), ACTS[act]
    if not may_do(case, act, request):
        not_permitted("case.handle")
    now = timezone.now()
    initial = {
        key: found
        for key in ("order_id", "sanction_id")
        if (found := whole_number(request.GET.get(key, ""))) is not None
    }
    form = what.form(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        case=case,
        today=site_date(now),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        data = {key: value for key, value in form.cleaned_data.items() if key != "file"}
        try:
            what.call(request, case, data, {"actor": request.actor, "now": now})
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, str(what.done))
            return redirect("inspection:case", pk)
    fits = case.state in rules.ALLOWED[act]
    context = {
        "case": case,
        "form": form,
        "act": act,
        "what": what,
        "fits": fits,
        "lacks": case_facts.why_not(case, act, request.actor, site_date(now)) if fits else "",
        "signs": act == "mediate",
    }
    return render(request, "inspection/case_act.html", context, status=400 if form.errors else 200)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["POST"])
@inspector_view
def case_contact(request: ActorRequest, pk: int) -> HttpResponseBase:
    """How to reach who complained, once, after the purpose is on record."""
    case = access_case(pk, request.actor)
    now = timezone.now()
    try:
        contact = case_work.read_contact(
            pk, purpose=request.POST.get("purpose", ""), actor=request.actor, now=now
        )
    except Malformed as refusal:
        messages.error(request, refusal.message)
        return redirect("inspection:case", pk)
    response: HttpResponse = render(
        request,
        "inspection/case_contact.html",
        {"case": case, "contact": contact, "back": reverse("inspection:case", args=[pk])},
    )
    return response
