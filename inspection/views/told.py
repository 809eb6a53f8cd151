"""Warnings as firms see them: what is wrong on their project, what to do, and their answer."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection import dashboard
from inspection.access import access_told, answer_file, sees_whole, told_alarms
from inspection.alarms.catalogue import RULES
from inspection.http import text_of
from inspection.models import Alarm, AlarmAnswer, AlarmStep
from inspection.services.answers import answer_alarm
from inspection.services.life import LONGEST
from inspection.services.notices import read_about
from inspection.telling.shape import sentences
from inspection.views.firm_forms import PAPER_FIELDS, SayForm
from inspection.words import WORDS
from registration.access import not_found, organisations_with
from registration.actors import Actor
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS
from registration.views.chain_forms import say_at
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PER_PAGE = 50
told_view = staff_view(*PERMISSIONS["alarm.told"])
FIELDS = {"answer.text": "text", **PAPER_FIELDS}


PLACES = {
    "A1": "payroll:project-account",
    "A2": "payroll:project-account",
    "A3": "payroll:deposit",
    "A4": "payroll:deposit",
    "A5": "payroll:deposit",
    "B1": "payroll:allocation",
    "B2": "payroll:allocation",
    "B3": "payroll:allocation",
}
"""Where general contractor and owner put right what a rule found."""


def _place(found: Alarm) -> str:
    """The page on which the firm puts it right, "" where there is no single one."""
    name = "payroll:guarantee" if found.facts.get("guarantee") else PLACES.get(found.rule, "")
    return reverse(name, args=[found.project_id]) if name else ""


def _answer_form(request: ActorRequest) -> SayForm:
    """What the firm says; an empty body is a refused answer, not a page."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    return SayForm(
        *sent,
        words=_("Your answer"),
        hint=_("What you did and by when it is settled, or why it is not so."),
        paper=_("A paper or photo, if you have one"),
        longest=LONGEST,
        rows=4,
    )


@require_GET
@told_view
def warnings(request: ActorRequest) -> HttpResponseBase:
    """What the firm was told of, the most urgent first."""
    state = request.GET.get("state", "open")
    state = state if state in Alarm.State.values else "open"
    found = told_alarms(request.actor).filter(state=state).select_related("project__region")
    if words := text_of(request, "q"):
        found = found.filter(project__name__icontains=words)
    order = ("-level", "due_on", "pk") if state == "open" else ("-closed_at", "pk")
    page = Paginator(found.order_by(*order), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    answered = set(
        AlarmAnswer.objects.filter(
            alarm__in=[a.pk for a in rows],
            organisation__in=organisations_with(request.actor, PERMISSIONS["alarm.told"]),
        ).values_list("alarm_id", flat=True)
    )
    today = site_date(timezone.now())
    lines = dashboard.lines(rows, today)
    tabs = [
        {
            "url": "?",
            "label": _("Open"),
            "count": page.paginator.count if state == "open" else None,
            "current": state == "open",
        },
        {"url": "?state=closed", "label": _("Closed by data"), "count": None, "current": state == "closed"},
    ]
    return render(
        request,
        "inspection/warnings.html",
        {
            "page": page,
            "rows": [
                {
                    "alarm": line.alarm,
                    "level": line.level,
                    "title": RULES[line.alarm.rule].title if line.alarm.rule in RULES else line.alarm.rule,
                    "period": _month_of(line.alarm),
                    "answered": line.alarm.pk in answered,
                }
                for line in lines
            ],
            "tabs": tabs,
            "state": state,
            "today": today,
            "query": request.GET,
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
@told_view
def warning(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One warning in plain words, and the firm's answer to it."""
    found = access_told(pk, request.actor)
    now = timezone.now()
    form = _answer_form(request)
    if request.method == "POST" and form.is_valid():
        try:
            answer_alarm(
                pk,
                text=form.cleaned_data["text"],
                file=form.upload,
                actor=request.actor,
                now=now,
            )
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            messages.success(request, _("Sent. The inspectors read it on the page of this warning."))
            return redirect("warnings:alarm", pk)
    elif request.method == "GET":
        read_about(pk, actor=request.actor, now=now)
    today = site_date(now)
    whole = sees_whole(found, request.actor)
    line = dashboard.lines([found], today)[0]
    rule = RULES.get(found.rule)
    title = rule.title if rule else found.rule
    return render(
        request,
        "inspection/warning.html",
        {
            "alarm": found,
            "period": _month_of(found),
            "level": line.level,
            "title": line.headline if whole else title,
            "reason": line.reason if whole else (rule.explanation if rule else ""),
            "law": rule.law if rule else "",
            "closes": _closes(found),
            "place": _place(found) if whole else "",
            "answers": _answers(found, request.actor, whole=whole),
            "urged": found.steps.filter(kind=AlarmStep.Kind.URGED, to=None).order_by("-at", "-pk"),
            "form": form,
            "today": today,
        },
        status=400 if form.errors else 200,
    )


def _month_of(found: Alarm) -> str:
    """The wage month that it is about; nothing for rules whose period is only a mark."""
    rule = RULES.get(found.rule)
    return found.period if rule is not None and rule.monthly else ""


def _closes(found: Alarm) -> str:
    if found.rule == "D3":
        return _("As soon as the bank reports these wages as paid, it closes by itself.")
    return sentences(WORDS[found.rule].closes) if found.rule in WORDS else ""


def _answers(found: Alarm, actor: Actor, *, whole: bool) -> Any:
    answers = found.answers.select_related("organisation", "by", "file").order_by("-at", "-pk")
    if whole:
        return answers
    return answers.filter(organisation__in=organisations_with(actor, PERMISSIONS["alarm.told"]))


@require_GET
@told_view
def warning_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper of an answer that the firm sees."""
    found = access_told(pk, request.actor)
    whole = sees_whole(found, request.actor)
    if not _answers(found, request.actor, whole=whole).filter(pk=number).exists():
        not_found()
    return stored_file(answer_file(found, number))
