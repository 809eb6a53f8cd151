"""What the authority served on a firm, as the firm sees it: orders to correct, and its answers to them."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection import firm_words
from inspection.case_words import ORDER_STATES, left_words
from inspection.credit_words import MEANING
from inspection.firm_access import access_served, firms_of_actor, listings_of_firms, own_word_file, served_for
from inspection.firm_counts import count_waiting
from inspection.models import FirmWord
from inspection.services.credit import grades_now
from inspection.services.firm_words import LONGEST, answer_order
from inspection.views.firm_forms import PAPER_FIELDS, SayForm
from payroll.services.who import user_of
from registration.http import ActorRequest, staff_view
from registration.models import Organisation, Role
from registration.permissions import PERMISSIONS
from registration.services.parameters import load_calendar
from registration.views.chain_forms import say_at
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PER_PAGE = 50
firm_view = staff_view(*PERMISSIONS["order.answer"])
FIELDS = {"word": "text", **PAPER_FIELDS}


def _answer_form(request: ActorRequest) -> SayForm:
    """What the firm did, and its proof."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    return SayForm(
        *sent,
        words=_("What you did"),
        hint=_("Point by point, with the day; what is still open, and by when it is done."),
        paper=_("Proof: a paper or photo"),
        longest=LONGEST,
    )


@never_cache
@require_GET
@firm_view
def orders(request: ActorRequest) -> HttpResponseBase:
    """Orders to the firm, the next deadline first; proceedings about the list; the grade."""
    today = site_date(timezone.now())
    show = "done" if request.GET.get("show") == "done" else "open"
    every = served_for(request.actor)
    over = Q(corrected_on__isnull=False) | Q(withdrawn_on__isnull=False)
    chosen = every.filter(over) if show == "done" else every.exclude(over)
    order = ("-served_on", "-pk") if show == "done" else ("deadline_on", "pk")
    page = Paginator(chosen.select_related("project", "authority").order_by(*order), PER_PAGE).get_page(
        request.GET.get("page")
    )
    tabs = [
        {
            "url": "?",
            "label": _("Open"),
            "count": page.paginator.count if show == "open" else None,
            "current": show == "open",
        },
        {
            "url": "?show=done",
            "label": pgettext("orders", "Settled"),
            "count": None,
            "current": show == "done",
        },
    ]
    firm = Organisation.objects.filter(pk__in=firms_of_actor(request.actor)).order_by("pk").first()
    grade = grades_now([firm], today=today)[firm.pk] if firm else None
    context = {
        "page": page,
        "rows": firm_words.rows_of(page.object_list, today, load_calendar()),
        "tabs": tabs,
        "show": show,
        "today": today,
        "waiting": count_waiting(user_of(request.actor)),
        "listings": listings_of_firms(request.actor).select_related("authority").order_by("-made_at")[:20],
        "firm": firm,
        "grade": grade,
        "grade_words": MEANING[grade.letter] if grade else None,
    }
    return render(request, "inspection/firm_orders.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@firm_view
def order(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One order: what is wrong, what to do by when, what follows otherwise, and the firm's answer."""
    found = access_served(pk, request.actor)
    now = timezone.now()
    form = _answer_form(request)
    if form.is_valid():
        try:
            answer_order(
                pk,
                text=form.cleaned_data["text"],
                file=form.upload,
                actor=request.actor,
                now=now,
            )
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            messages.success(request, _("Sent. The office reads it, looks, and records here what it finds."))
            return redirect("supervised:order", pk)
    today = site_date(now)
    state = firm_words.state_of(found, today)
    pays = firm_words.asks_for_wages(found)
    context: dict[str, Any] = {
        "order": found,
        "state": state,
        "badge": ORDER_STATES[state],
        "open": state in firm_words.OPEN,
        "left": left_words(found.deadline_on, today, load_calendar()),
        "grounds": firm_words.grounds_of(found),
        "pays": pays,
        "owed": firm_words.owed_here(found, today) if pays else None,
        "may_pay": request.actor.has_role(*PERMISSIONS["sheet.view"]),
        "is_owner": request.actor.has_role(Role.OWNER_CLERK),
        "answers": FirmWord.objects.filter(order=found.order_id, organisation=found.organisation_id)
        .select_related("by", "file")
        .defer("file__content")
        .order_by("-at", "-pk"),
        "form": form,
        "today": today,
    }
    return render(request, "inspection/firm_order.html", context, status=400 if form.errors else 200)


@never_cache
@require_GET
@firm_view
def order_paper(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The order itself, as it was served."""
    return stored_file(access_served(pk, request.actor).paper)


@never_cache
@require_GET
@firm_view
def word_file(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A paper that the firm sent with its words."""
    return stored_file(own_word_file(pk, request.actor))
