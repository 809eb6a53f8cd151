"""From which amount a general contractor wants two managers to approve a pay sheet."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from payroll.forms import YuanField
from payroll.models import ApprovalLimit
from payroll.services import approvals
from registration.access import not_found, organisations_with
from registration.http import ActorRequest, staff_view
from registration.models import Organisation, User
from registration.permissions import PERMISSIONS
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import format_cny


class LimitForm(forms.Form):
    """One amount."""

    limit_fen = YuanField(label=gettext_lazy("Two managers approve from, in yuan"))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*PERMISSIONS["sheet.approve"])
def limit(request: ActorRequest, pk: int) -> HttpResponse:
    """The firm's own limit beside the region's; the lower of the two holds."""
    if pk not in organisations_with(request.actor, PERMISSIONS["sheet.approve"]):
        not_found()
    firm = Organisation.objects.get(pk=pk)
    own = ApprovalLimit.objects.select_related("set_by").filter(organisation=firm).first()
    now = timezone.now()
    regional = parameter("pay.four_eyes_fen", region_code=firm.region_id, on=site_date(now), default=None)
    form = LimitForm(
        request.POST if request.method == "POST" else None,
        initial={"limit_fen": own.limit_fen if own else regional},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = approvals.set_limit(pk, form.cleaned_data["limit_fen"] or 0, actor=request.actor, now=now)
        except WagewatchError as problem:
            form.add_error("limit_fen", problem.message.replace("%", "%%"))
        else:
            text = _("From %(sum)s on, two managers approve.") % {"sum": format_cny(made.limit_fen)}
            messages.success(request, text)
            return redirect("payroll:approval-limit", pk=pk)
    managers = User.objects.filter(
        memberships__organisation=firm, memberships__role="gc_manager", memberships__is_active=True
    ).distinct()
    return render(
        request,
        "payroll/approval_limit.html",
        {"firm": firm, "form": form, "own": own, "regional": regional, "managers": managers},
        status=400 if form.errors else 200,
    )
