"""What a firm sees of its own credit, and the list of serious dishonesty as everybody may read it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inspection.http import text_of
from inspection.models import Listing
from inspection.views.credit import grade_context
from registration.access import not_found, organisations_with
from registration.http import ActorRequest, staff_view
from registration.models import Organisation
from registration.permissions import PERMISSIONS
from wagewatch.lib.dates import site_date

PER_PAGE = 50


@require_GET
@staff_view(*PERMISSIONS["credit.own"])
def credit(request: ActorRequest) -> HttpResponseBase:
    """The grade of the firm that the reader acts for, with every reason, and proceedings about it."""
    mine = organisations_with(request.actor, PERMISSIONS["credit.own"])
    firm = Organisation.objects.filter(pk__in=mine).order_by("pk").first()
    if firm is None:
        not_found()
    return render(request, "inspection/own_credit.html", grade_context(firm))


@require_GET
def wage_list(request: HttpRequest) -> HttpResponseBase:
    """The public list: firm, code, person in charge, ground, order, authority, day and term; nothing else."""
    request.audience = "public"  # type: ignore[attr-defined]
    today = site_date(timezone.now())
    found = Listing.objects.filter(state="listed", listed_on__lte=today, ends_on__gt=today)
    if query := text_of(request, "q"):
        found = found.filter(organisation__name__icontains=query) | found.filter(
            organisation__uscc__iexact=query
        )
    rows = found.select_related("organisation", "authority").order_by("-listed_on", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "inspection/wage_list.html", {"page": page, "query": query, "today": today})
