"""On which day wage months begin: what holds for whom, and changing it from a month on."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from payroll.access import participations_with
from payroll.models import WageMonthStart
from payroll.pay_words import span_words
from payroll.services.month_starts import LATEST_DAY, leads, set_month_start
from payroll.wage_months import wage_months
from registration.access import access_project
from registration.http import ActorRequest, staff_view
from registration.models import Participation
from registration.permissions import CONTRACTOR
from registration.views.chain_forms import say_at
from registration.views.scope import set_scope
from wagewatch.lib.dates import first_of_month, parse_month, site_date
from wagewatch.lib.errors import WagewatchError

MONTHS_AHEAD = 4


class MonthStartForm(forms.Form):
    """For whom, which day, from which month."""

    part = forms.ChoiceField(label=_("For whom"))
    start_day = forms.TypedChoiceField(
        label=_("Wage months begin on day"),
        coerce=int,
        choices=[(n, n) for n in range(1, LATEST_DAY + 1)],
        help_text=_("From day 2 on it is the day of the month before: 26 means 26 September to 25 October."),
    )
    from_month = forms.ChoiceField(label=_("From wage month"))

    def __init__(self, *args: Any, parts: list[tuple[str, Any]], months: list[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].choices = parts  # type: ignore[attr-defined]
        self.fields["from_month"].choices = [  # type: ignore[attr-defined]
            (f"{month:%Y-%m}", f"{month:%Y-%m}") for month in months
        ]


def _months(today: date) -> list[date]:
    """Last month, this one and some to come."""
    found = [first_of_month(first_of_month(today) - timedelta(days=1))]
    while len(found) < MONTHS_AHEAD + 2:
        found.append(first_of_month(found[-1] + timedelta(days=32)))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CONTRACTOR)
def page(request: ActorRequest, pk: int) -> HttpResponse:
    """The rules of a project, the days they give, and a form to change them."""
    project = access_project(pk, request.actor, permission="sheet.view")
    set_scope(request, project)
    today = site_date(timezone.now())
    mine = list(participations_with(request.actor, project, "sheet.prepare").order_by("pk"))
    parts: list[tuple[str, Any]] = [("", _("The whole project"))] if leads(request.actor, project) else []
    parts += [(str(part.pk), part.organisation.name) for part in mine]
    form = MonthStartForm(
        request.POST if request.method == "POST" else None,
        parts=parts,
        months=_months(today),
        initial={"from_month": f"{first_of_month(today):%Y-%m}"},
    )
    if parts and parts[0][0] == "":
        form.fields["part"].required = False
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            made = set_month_start(
                project.pk,
                int(found["part"]) if found["part"] else None,
                start_day=found["start_day"],
                from_month=parse_month(found["from_month"]),
                actor=request.actor,
                now=timezone.now(),
            )
        except WagewatchError as refusal:
            say_at(form, refusal, {"month_start.day": "start_day", "month_start": "from_month"})
        else:
            messages.success(
                request,
                now_("From wage month %(month)s on, wage months begin on day %(day)s.")
                % {"month": f"{made.from_month:%Y-%m}", "day": made.start_day},
            )
            return redirect("payroll:month-starts", pk=project.pk)
    shown = list(participations_with(request.actor, project, "sheet.view").order_by("pk"))
    return render(
        request,
        "payroll/month_starts.html",
        {
            "project": project,
            "form": form if parts else None,
            "rows": _rows(project, shown, today),
            "rules": WageMonthStart.objects.filter(
                Q(participation=None) | Q(participation__in=[p.pk for p in shown]), project=project
            )
            .select_related("participation__organisation", "made_by")
            .order_by("-from_month", "participation_id"),
        },
        status=400 if form.errors else 200,
    )


def _rows(project: Any, parts: list[Participation], today: date) -> list[dict[str, Any]]:
    known = wage_months(project)
    month = first_of_month(today)
    after = first_of_month(month + timedelta(days=32))
    return [
        {
            "part": part,
            "day": known.start_day(part.pk, month),
            "month": month,
            "now": span_words(*known.span(part.pk, month)),
            "next": span_words(*known.span(part.pk, after)),
            "next_month": after,
        }
        for part in parts
    ]
