"""One case: what was said, where it stands, what may be done now, what happened, its documents."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inspection import case_facts, case_words
from inspection.case_access import access_case, may_handle
from inspection.cases.articles import GROUNDS
from inspection.cases.rules import REFERRAL
from inspection.http import inspector_view
from inspection.models import Case, CaseMediation, CasePaper, CaseStep, FirmWord
from inspection.services.case_alarms import alarms_to_add
from inspection.services.case_money import Check, referral_check
from inspection.views.case_acts import ACTS
from inspection.views.case_sanction_forms import sanction_label
from registration.access import not_found, projects_for
from registration.http import ActorRequest
from registration.models import StoredFile
from registration.services.parameters import load_calendar
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny

PURPOSES = ("call", "visit", "check")


@never_cache
@require_GET
@inspector_view
def case_page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The page of one case."""
    case = access_case(pk, request.actor)
    today = site_date(timezone.now())
    orders = case_facts.orders_of(case, today)
    check = referral_check(case, today)
    sanctions = list(
        case.sanctions.select_related("order__respondent", "proposed_by", "decided_by").order_by("-pk")
    )
    may = case_facts.acts_of(case, request.actor, orders, check, sanctions, can_add=bool(alarms_to_add(case)))
    steps = case.steps.select_related("made_by").order_by("-number")
    files = {
        one.pk: one
        for one in StoredFile.objects.filter(pk__in=[s.file_id for s in steps if s.file_id]).defer("content")
    }
    for step in steps:
        if step.file_id:
            step.file = files[step.file_id]
    context = {
        "case": case,
        # A case handed over goes beyond the region of the office that deals with it, its site does not.
        "sees_site": case.project is not None
        and projects_for(request.actor, permission="alarm.view").filter(pk=case.project.pk).exists(),
        "today": today,
        "late": case_facts.is_late(case, today),
        "left": case_words.left_words(case.due_on, today, load_calendar()),
        "badge": case_words.BADGES[case.state],
        "stats": _stats(case, today, orders),
        "orders": orders,
        "sanctions": [
            {"sanction": one, "label": sanction_label(one), "text": GROUNDS[one.ground].title}
            for one in sanctions
        ],
        "alarms": case_facts.alarms_of(case, request.actor, today),
        "answers": FirmWord.objects.filter(order__case=case)
        .select_related("organisation", "by", "order", "file")
        .defer("file__content")
        .order_by("-at", "-pk")
        if orders
        else (),
        "mediations": CaseMediation.objects.filter(case=case).select_related("firm").order_by("-pk"),
        "events": [case_words.event_of(step) for step in steps],
        "papers": case_facts.papers_of(case),
        "groups": _groups(may),
        "first": _first(case, may, orders),
        "check": _check_rows(check) if orders else [],
        "check_done": not check.obstacle,
        "obstacle": REFERRAL.get(check.obstacle, ""),
        "may_read": may_handle(case, request.actor) and "contact" in may,
        "named": case.complaint is not None and case.complaint.worker_id is not None,
    }
    return render(request, "inspection/case.html", context)


def _groups(may: dict[str, bool]) -> list[dict[str, Any]]:
    """The acts that are possible now, by what they are for."""
    found = []
    for _key, title, names in case_facts.ACTS:
        acts = [(name, ACTS[name].title) for name in names if name in may]
        if acts:
            found.append({"title": title, "acts": acts})
    return found


def _first(case: Case, may: dict[str, bool], orders: list[dict[str, Any]]) -> tuple[str, Any] | None:
    """The one act that the page offers first."""
    waits = {row["state"] for row in orders}
    wanted = (
        (["accept"] if case.state == "new" else [])
        + (["serve"] if "unserved" in waits else [])
        + (
            ["notify", "hear", "decide"]
            if case.sanctions.filter(state__in=("proposed", "notified")).exists()
            else []
        )
        + (["check"] if "lapsed" in waits else [])
        + ["resume", "site" if case.project_id is None else "note", "note"]
    )
    name = next((one for one in wanted if one in may), None)
    return (name, ACTS[name].title) if name else None


def _stats(case: Case, today: Any, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    asked = [row["order"] for row in orders if row["state"] not in {"withdrawn"}]
    calendar = load_calendar()
    rest = sum(order.rest_fen for order in asked)
    stats: list[dict[str, Any]] = [
        {
            "label": _("People"),
            "figure": case.people,
            "unit": _("people"),
            "note": _("a crowd") if case.mass else "",
        },
        {
            "label": _("Open for"),
            "figure": calendar.working_days_between(case.received_on, case.closed_on or today),
            "unit": _("working days"),
            "note": _("since %(day)s") % {"day": case.received_on},
        },
        {
            "label": _("Ordered to pay"),
            "figure": format_cny(sum(order.amount_fen for order in asked)),
            "note": _("%(rest)s still unpaid") % {"rest": format_cny(rest)} if asked else _("no order"),
        },
    ]
    if case.due_on:
        late = case.due_on < today
        stats.append(
            {
                "label": case.get_due_for_display(),
                "figure": str(case.due_on),
                "note": case_words.left_words(case.due_on, today, calendar),
                "icon": "clock" if late else "",
                "class": "late" if late else "",
            }
        )
    return stats


def _check_rows(check: Check) -> list[tuple[bool, str]]:
    """The conditions of a referral, each met or not, with its figures."""
    crime, unpaid = check.crime, check.unpaid
    rows = [
        (check.order is not None, _("An order to pay was issued")),
        (check.state in {"running", "lapsed"}, _("It was served")),
        (check.state == "lapsed", _("Its time is over and it was not followed")),
    ]
    limits = _("%(months)s months and %(one)s for one worker, or %(people)s people and %(many)s together") % {
        "months": crime.months,
        "one": format_cny(crime.one_fen),
        "people": crime.people,
        "many": format_cny(crime.many_fen),
    }
    owed = format_cny(unpaid.amount_fen if unpaid else 0)
    people = unpaid.people if unpaid else 0
    text = _("The amount is large: %(limits)s. Unpaid: %(owed)s, %(people)s people.")
    rows.append((check.enough, text % {"limits": limits, "owed": owed, "people": people}))
    return rows


@never_cache
@require_GET
@inspector_view
def case_paper(request: ActorRequest, pk: int, paper_pk: int) -> HttpResponseBase:
    """A document of the case."""
    case = access_case(pk, request.actor)
    paper = CasePaper.objects.filter(case=case, pk=paper_pk).select_related("file").first()
    return stored_file(paper.file if paper else None)


@never_cache
@require_GET
@inspector_view
def case_answer(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper of a firm's answer to an order of the case."""
    case = access_case(pk, request.actor)
    word = FirmWord.objects.filter(order__case=case, pk=number).select_related("file").first()
    return stored_file(word.file if word else None)


@never_cache
@require_GET
@inspector_view
def case_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The file of a step."""
    case = access_case(pk, request.actor)
    step = CaseStep.objects.filter(case=case, number=number).select_related("file").first()
    return stored_file(step.file if step else None)


@never_cache
@require_GET
@inspector_view
def case_said(request: ActorRequest, pk: int, what: str) -> HttpResponseBase:
    """The photo or the voice note of the complaint."""
    case = access_case(pk, request.actor)
    if what not in {"photo", "voice"} or case.complaint is None:
        not_found()
    return stored_file(getattr(case.complaint, what))
