"""The flow of a project's money in a month, for contractor, owner and bank."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from payroll.flow_picture import PHONE, WIDE, draw
from payroll.services.flow_facts import flow_of, months_of
from payroll.views.money_page import READERS, money_project
from registration.http import ActorRequest, staff_view
from registration.models import Project
from wagewatch.lib.dates import first_of_month, parse_month, site_date
from wagewatch.lib.errors import Malformed
from wagewatch.lib.money import format_cny


def flow_context(request: HttpRequest, project: Project) -> dict[str, Any]:
    """The chosen month's picture and table, and the months to choose from; both sides show it."""
    months = months_of(project)
    month = months[0] if months else first_of_month(site_date(timezone.now()))
    if asked := request.GET.get("month", ""):
        try:
            month = parse_month(asked)
        except Malformed:
            asked = ""
    flow = flow_of(project, month)
    account = _("Special account")
    label = _("%(month)s: %(in)s came or were there, %(out)s went to workers, %(left)s are left") % {
        "month": f"{month:%Y-%m}",
        "in": format_cny(flow.total_fen),
        "out": format_cny(flow.wages_fen),
        "left": format_cny(flow.closing_fen),
    }
    return {
        "project": project,
        "month": month,
        "months": [month, *months] if month not in months else months,
        "flow": flow,
        "label": label,
        "pictures": [
            draw(flow.ins, flow.outs, account=account, label=label, layout=layout) for layout in (WIDE, PHONE)
        ],
    }


@require_safe
@staff_view(*READERS)
def flow_page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Owner → account → workers, and every other stream, for one month."""
    project = money_project(request, pk)
    return render(request, "payroll/flow.html", flow_context(request, project))
