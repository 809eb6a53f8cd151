"""Who was told of what, by which way, and whether it arrived."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inspection.http import inspector_view, text_of
from inspection.models import MailMessage, Notice
from inspection.services.notices import body_of, message_key
from inspection.views.inbox import row_of
from registration.access import projects_for
from registration.http import ActorRequest
from registration.models import SmsMessage
from wagewatch.lib.dates import SITE_TZ, site_date

PER_PAGE = 50
FIRST_YEAR, LAST_YEAR = 2000, 2200


def logged(request: ActorRequest) -> QuerySet[Notice]:
    """Notices about the projects within reach, the newest first; project, kind, unread, and the first and last day
    filter in the address."""
    found = Notice.objects.filter(project__in=projects_for(request.actor, permission="alarm.view"))
    if (kind := request.GET.get("kind")) in Notice.Kind.values:
        found = found.filter(kind=kind)
    if request.GET.get("unread") == "1":
        found = found.filter(read_at=None)
    if words := text_of(request, "q"):
        found = found.filter(project__name__icontains=words)
    if since := day_of(request, "from"):
        found = found.filter(made_at__gte=datetime.combine(since, time.min, SITE_TZ))
    if until := day_of(request, "to"):
        found = found.filter(made_at__lt=datetime.combine(until + timedelta(days=1), time.min, SITE_TZ))
    found = found.select_related("project", "user").prefetch_related(
        "user__memberships__organisation", "user__memberships__authority"
    )
    return found.order_by("-made_at", "-pk")


def day_of(request: ActorRequest, key: str) -> date | None:
    """A day of the address; None for none or for what is no day that people mean."""
    try:
        found = date.fromisoformat(text_of(request, key))
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def lines_of(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Each notice with its person, its text message and its letter."""
    rows = [row_of(one) for one in notices]
    keys = [message_key(row["notice"].user_id, row["notice"].key) for row in rows]
    texts = {
        one.dedupe_key: one for one in SmsMessage.objects.filter(dedupe_key__in=keys).defer("text", "phone")
    }
    letters = {
        one.dedupe_key: one for one in MailMessage.objects.filter(dedupe_key__in=keys).defer("text", "mail")
    }
    return [
        row | {"body": body_of(row["notice"].user), "sms": texts.get(key), "mail": letters.get(key)}
        for row, key in zip(rows, keys, strict=True)
    ]


@require_GET
@inspector_view
def notice_log(request: ActorRequest) -> HttpResponseBase:
    """Who was told of what, page by page."""
    page = Paginator(logged(request), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": lines_of(page.object_list),
        "kinds": Notice.Kind.choices,
        "query": request.GET,
        "since": day_of(request, "from"),
        "until": day_of(request, "to"),
        "today": site_date(timezone.now()),
    }
    return render(request, "inspection/notice_log.html", context)
