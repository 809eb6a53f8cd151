"""How complaints and what the office hears become cases: the pages."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from inspection import dashboard
from inspection.access import access_alarm
from inspection.alarms.catalogue import RULES
from inspection.case_access import cases_for
from inspection.http import inspector_view, text_of
from inspection.models import Case
from inspection.services import case_alarms, case_intake
from inspection.views.case_new_form import AlarmCaseForm, NewCaseForm
from inspection.views.cases import waiting_row
from registration.access import not_found, projects_for
from registration.http import ActorRequest
from registration.models import Complaint, Region
from registration.services.complaints import Told, complaints_for
from registration.views.chain_forms import say_at
from registration.views.stored_files import stored_file
from wagewatch.lib.crypto import decrypt, encrypt
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError

TOLD_KEY = "case_told"


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def case_new(request: ActorRequest) -> HttpResponseBase:
    """Enter what was said on the hotline or at the desk, or what the office found itself."""
    prefixes = tuple(d.region_prefix for d in request.actor.duties if d.authority_id is not None)
    regions = [
        (r.code, r.label)
        for r in Region.objects.filter(level=Region.Level.COUNTY).order_by("code")
        if r.code.startswith(prefixes)
    ]
    first = {"people": 1, "code": text_of(request, "code")}
    form = NewCaseForm(request.POST if request.method == "POST" else None, regions=regions, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            entered = _enter(request, form.cleaned_data)
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            if entered.secret:
                sealed = encrypt(f"{entered.reference} {entered.secret}", context="session.case")
                request.session[TOLD_KEY] = sealed.hex()
                return redirect("inspection:case-secret", entered.case.pk)
            messages.success(request, _("The case has its number. Accept it next."))
            return redirect("inspection:case", entered.case.pk)
    context = {"form": form}
    return render(request, "inspection/case_new.html", context, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def alarm_case(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Open a case about an alarm; what the alarm says is filled in."""
    alarm = access_alarm(pk, request.actor)
    now = timezone.now()
    line = dashboard.lines([alarm], site_date(now))[0]
    rule = RULES.get(alarm.rule)
    said = "\n".join(one for one in (line.headline, line.reason, str(rule.law) if rule else "") if one)
    form = AlarmCaseForm(
        request.POST if request.method == "POST" else None,
        initial={"text": said, "people": max(alarm.people, 1)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            case = case_alarms.open_from_alarm(pk, **form.cleaned_data, actor=request.actor, now=now)
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, _("The case has its number. Accept it next."))
            return redirect("inspection:case", case.pk)
    context = {"form": form, "alarm": alarm, "line": line}
    return render(request, "inspection/alarm_case.html", context, status=400 if form.errors else 200)


def _enter(request: ActorRequest, data: dict[str, Any]) -> case_intake.Entered:
    project = None
    if code := data["code"].strip():
        project = projects_for(request.actor).filter(code__iexact=code).first()
        if project is None:
            raise Malformed(
                "case.code", _("No project of your region has this code. Copy it from the list of projects.")
            )
    told = Told(
        topic=data["topic"],
        text=data["text"],
        place=data["place"],
        contact=data["contact"],
        project_id=project.pk if project else None,
        region_code=data["region"],
    )
    return case_intake.enter_case(
        told,
        origin=data["origin"],
        people=data["people"],
        mass=data["mass"],
        actor=request.actor,
        now=timezone.now(),
    )


@never_cache
@require_GET
@inspector_view
def case_secret(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Number and secret for the caller, shown once."""
    case = cases_for(request.actor).filter(pk=pk).first()
    if case is None:
        not_found()
    sealed = request.session.pop(TOLD_KEY, "")
    if not sealed:
        return redirect("inspection:case", pk)
    reference, secret = decrypt(bytes.fromhex(sealed), context="session.case").split(" ")
    return render(
        request, "inspection/case_secret.html", {"case": case, "reference": reference, "secret": secret}
    )


def _complaint(request: ActorRequest, reference: str) -> Complaint:
    found = complaints_for(request.actor).filter(reference=reference).first()
    if found is None:
        not_found()
    return found


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def complaint(request: ActorRequest, reference: str) -> HttpResponseBase:
    """A complaint that is no case yet; taking it up gives it a number and this office."""
    found = _complaint(request, reference)
    taken = Case.objects.filter(complaint=found).first()
    if taken is not None:
        return redirect("inspection:case", taken.pk)
    if request.method == "POST":
        try:
            case = case_intake.take_complaint(reference, actor=request.actor, now=timezone.now())
        except RuleViolation as refusal:
            messages.error(request, refusal.message)
            return redirect("inspection:cases")
        messages.success(request, _("It is case %(number)s, and yours.") % {"number": case.number})
        return redirect("inspection:case", case.pk)
    row = waiting_row(found, site_date(timezone.now()))
    return render(request, "inspection/complaint.html", row | {"named": found.worker_id is not None})


@never_cache
@require_GET
@inspector_view
def complaint_said(request: ActorRequest, reference: str, what: str) -> HttpResponseBase:
    """The photo or the voice note of a complaint."""
    if what not in {"photo", "voice"}:
        not_found()
    return stored_file(getattr(_complaint(request, reference), what))
