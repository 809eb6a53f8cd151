"""Cases and complaints within reach: the list with its filters, the file, who deals with how many, a new one."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from inspection import case_facts, case_words
from inspection.case_access import cases_for
from inspection.cases import rules
from inspection.exports import download
from inspection.http import filters_of, inspector_view, text_of
from inspection.models import Case
from inspection.services.case_steps import limits_of
from inspection.services.case_transfer import assign_many, officers_for
from inspection.services.life import name_of
from registration.http import ActorRequest
from registration.models import Complaint, Region
from registration.office_names import office_name
from registration.services.complaints import complaints_for
from registration.services.parameters import load_calendar
from registration.templatetags.named import named
from wagewatch.lib.dates import site_date
from wagewatch.lib.sheets import ColumnOut, SheetOut

PER_PAGE = 50
TABS: dict[str, tuple[Any, Q]] = {
    "open": (gettext_lazy("Open"), ~Q(state__in=("closed", "refused"))),
    "new": (gettext_lazy("To be accepted"), Q(state="new")),
    "active": (gettext_lazy("Under investigation"), Q(state="active")),
    "lapsed": (gettext_lazy("Order lapsed"), Q()),
    "deciding": (gettext_lazy("To be decided"), Q(state="deciding")),
    "suspended": (gettext_lazy("Suspended"), Q(state="suspended")),
    "done": (pgettext_lazy("cases", "Done"), Q(state__in=("closed", "refused"))),
    "all": (gettext_lazy("All"), Q()),
}


def _tab(name: str, today: date) -> Q:
    if name == "lapsed":
        return Q(
            orders__deadline_on__lt=today,
            orders__corrected_on__isnull=True,
            orders__withdrawn_on__isnull=True,
        ) & ~Q(state__in=("closed", "refused"))
    return TABS[name][1]


def _filtered(request: ActorRequest, today: date) -> QuerySet[Case]:
    """The cases of the page's filters but for its tab."""
    found = cases_for(request.actor)
    if (topic := request.GET.get("topic")) in Complaint.Topic.values:
        found = found.filter(topic=topic)
    if region := text_of(request, "region"):
        found = found.filter(region_id=region)
    officer = request.GET.get("officer", "")
    if officer == "none":
        found = found.filter(officer=None)
    elif officer.isascii() and officer.isdigit() and len(officer) < 19:
        found = found.filter(officer=int(officer))
    if request.GET.get("late"):
        found = found.filter(due_on__lt=today)
    if words := text_of(request, "q"):
        found = found.filter(
            Q(number__icontains=words)
            | Q(project__name__icontains=words)
            | Q(project__code__iexact=words)
            | Q(complaint__reference__iexact=words)
        )
    return found


def _show(request: ActorRequest) -> str:
    show = request.GET.get("show", "open")
    return show if show in TABS else "open"


def _listed(request: ActorRequest, today: date) -> QuerySet[Case]:
    return (
        _filtered(request, today)
        .filter(_tab(_show(request), today))
        .select_related("project", "region", "office", "officer", "complaint")
        .defer("complaint__text", "complaint__place", "complaint__contact", "complaint__answer")
        .order_by(F("due_on").asc(nulls_last=True), "-received_on", "-pk")
        .distinct()
    )


@never_cache
@require_GET
@inspector_view
def cases(request: ActorRequest) -> HttpResponseBase:
    """Complaints that nobody took up, and the cases by deadline; filters stand in the address."""
    today, calendar = site_date(timezone.now()), load_calendar()
    page = Paginator(_listed(request, today), PER_PAGE).get_page(request.GET.get("page"))
    found = _filtered(request, today)
    query = request.GET.copy()
    query.pop("page", None)
    tabs = []
    for name, (label, _q) in TABS.items():
        query["show"] = name
        count = found.filter(_tab(name, today)).values("pk").distinct().count()
        tabs.append(
            {
                "url": f"?{query.urlencode()}",
                "label": label,
                "count": count,
                "current": name == _show(request),
            }
        )
    waiting = _waiting(request)
    late = found.filter(due_on__lt=today).count()
    reach = cases_for(request.actor).order_by()
    context = {
        "page": page,
        "rows": case_facts.rows_of(page.object_list, today, calendar),
        "tabs": tabs,
        "waiting": [waiting_row(one, today) for one in waiting[:10]],
        "waiting_count": waiting.count(),
        "late": late,
        "givable": [(one.pk, one.name) for one in officers_for(request.actor)],
        "back": request.GET.urlencode(),
        "query": request.GET,
        "topics": Complaint.Topic.choices,
        "regions": Region.objects.filter(code__in=reach.values("region")).order_by("code"),
        "officers": list(
            reach.exclude(officer=None)
            .values_list("officer_id", "officer__name")
            .distinct()
            .order_by("officer_id")
        ),
    }
    return render(request, "inspection/cases.html", context)


def _waiting(request: ActorRequest) -> QuerySet[Complaint]:
    """Complaints that are no case yet, the oldest first."""
    return (
        complaints_for(request.actor)
        .filter(case=None)
        .exclude(state=Complaint.State.ANSWERED)
        .order_by("made_at", "pk")
    )


def waiting_row(complaint: Complaint, today: date) -> dict[str, Any]:
    """A complaint that waits, with its deadline."""
    calendar = load_calendar()
    received = site_date(complaint.made_at)
    due_on = rules.accept_by(received, limits_of(complaint.region_id, on=today), calendar)
    return {
        "complaint": complaint,
        "due_on": due_on,
        "late": due_on < today,
        "left": case_words.left_words(due_on, today, calendar),
    }


@never_cache
@require_GET
@inspector_view
def cases_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered cases as .xlsx, without anything of who complained."""
    today = site_date(timezone.now())
    columns = [
        ColumnOut(pgettext("of a paper", "Number"), width=22),
        ColumnOut(_("About"), width=22),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Number of people"), "number", width=8),
        ColumnOut(_("Crowd"), width=8),
        ColumnOut(_("State"), width=16),
        ColumnOut(_("Deadline"), "date", width=12),
        ColumnOut(_("Deadline for"), width=20),
        ColumnOut(_("Office"), width=24),
        ColumnOut(_("Officer"), width=12),
        ColumnOut(pgettext("case", "Received"), "date", width=12),
        ColumnOut(_("Accepted"), "date", width=12),
        ColumnOut(_("Closed"), "date", width=12),
        ColumnOut(_("Outcome"), width=18),
    ]
    rows = [
        (
            case.number,
            case.get_topic_display(),
            case.region.label,
            named(case.project),
            case.people,
            _("yes") if case.mass else "",
            case.get_state_display(),
            case.due_on,
            case.get_due_for_display() if case.due_for else "",
            office_name(case.office),
            case.officer.name if case.officer else "",
            case.received_on,
            case.accepted_on,
            case.closed_on,
            case.get_outcome_display(),
        )
        for case in _listed(request, today)
    ]
    return download(SheetOut(_("Cases"), columns, rows), "cases", today)


@require_POST
@inspector_view
def cases_give(request: ActorRequest) -> HttpResponseBase:
    """Give the chosen cases to an officer; back to the list as it was filtered."""
    chosen = [int(pk) for pk in request.POST.getlist("case")[:PER_PAGE] if pk.isdecimal() and len(pk) < 19]
    to = request.POST.get("to", "")
    whom = int(to) if to.isdecimal() and len(to) < 19 else 0
    if not chosen:
        messages.error(request, _("Tick the cases first."))
    elif not whom:
        messages.error(request, _("Choose who gets them."))
    else:
        done, refused = assign_many(chosen, officer_id=whom, actor=request.actor, now=timezone.now())
        if done:
            words = ngettext("%(n)s case is now with %(name)s.", "%(n)s cases are now with %(name)s.", done)
            messages.success(request, words % {"n": done, "name": name_of(whom)})
        for reason in refused:
            messages.error(request, reason)
    return redirect(reverse("inspection:cases") + filters_of(request))
