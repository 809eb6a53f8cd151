"""One alarm: why it fired, where the money stopped, what was done, and what to do now."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection import alarm_story, case_facts, dashboard
from inspection.access import access_alarm, answer_file, step_file
from inspection.alarm_facts import employers_of, paid_of, timeline_of
from inspection.alarms.catalogue import RULES
from inspection.http import inspector_view
from inspection.models import Alarm
from inspection.parties import chain_of
from inspection.rules import Ladder
from inspection.services import life, notices
from inspection.services.steps import fingerprint
from inspection.services.urging import urge
from inspection.telling.shape import sentences
from inspection.views.alarm_forms import FIELDS, GiveForm, MeasuresForm, UrgeForm, VerifyForm
from inspection.words import WORDS, grounds_of
from registration.http import ActorRequest
from registration.services.parameters import parameter
from registration.views.chain_forms import say_at
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import format_cny


@never_cache
@require_http_methods(["GET", "POST"])
@inspector_view
def alarm(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One alarm and the acts about it. That its holder opened it counts as read."""
    found = access_alarm(pk, request.actor)
    forms: dict[str, Any] = {}
    if request.method == "POST":
        done = _act(request, found, forms)
        if done is not None:
            messages.success(request, done)
            return redirect("inspection:alarm", pk)
        found = access_alarm(pk, request.actor)
    elif found.stage == Alarm.Stage.ASSIGNED and found.holder_id == request.actor.id:
        life.note_reading(pk, actor=request.actor, now=timezone.now())
        found = access_alarm(pk, request.actor)
    if request.method == "GET":
        notices.read_about(pk, actor=request.actor, now=timezone.now())
    status = 400 if forms else 200
    return render(request, "inspection/alarm.html", _context(request, found, forms), status=status)


def _act(request: ActorRequest, found: Alarm, forms: dict[str, Any]) -> str | None:
    """Do what was asked: what to say about it, or None with the refused form in `forms`."""
    act = request.POST.get("act", "")
    who: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
    form: Any = None
    try:
        if act == "take":
            life.take_alarm(found.pk, **who)
            return _("It is yours now. Check it and write what you found.")
        if act == "give":
            offered = life.acts_for(found, request.actor)["inspectors"]
            form = GiveForm(request.POST, inspectors=offered)
            if form.is_valid():
                given = life.give_alarm(found.pk, int(form.cleaned_data["to"]), **who)
                return _("Given to %(name)s.") % {"name": life.name_of(given.holder_id)}
        elif act == "verify":
            form = VerifyForm(request.POST, request.FILES)
            if form.is_valid():
                data = form.cleaned_data
                is_true = data["verdict"] == "true"
                life.verify_alarm(
                    found.pk,
                    is_true=is_true,
                    text=data["text"],
                    files=data["papers"],
                    seen=request.POST.get("seen", ""),
                    **who,
                )
                if is_true:
                    return _("On record: found true. Measures are due next.")
                return _("On record: found not true. It comes back as soon as its data change.")
        elif act == "handle":
            form = MeasuresForm(request.POST, request.FILES)
            if form.is_valid():
                data = form.cleaned_data
                life.record_measures(
                    found.pk, text=data["text"], files=data["papers"], check_on=data["check_on"], **who
                )
                return _("On record. The alarm closes when the data show it.")
        elif act == "urge-site":
            form = UrgeForm(request.POST)
            if form.is_valid():
                urge(found.pk, site=True, text=form.cleaned_data["text"], **who)
                return _("The site is urged. It sees your words with the warning.")
        elif act == "urge-holder":
            urge(found.pk, site=False, **who)
            return _("%(name)s is urged.") % {"name": str(found.holder)}
    except WagewatchError as refusal:
        if refusal.status not in {400, 409}:
            raise
        if form is None:
            messages.error(request, refusal.message)
            forms["refused"] = True
            return None
        say_at(form, refusal, FIELDS)
    forms[act if form is not None else "refused"] = form or True
    return None


def _context(request: ActorRequest, found: Alarm, forms: dict[str, Any]) -> dict[str, Any]:
    today = site_date(timezone.now())
    line = dashboard.lines([found], today)[0]
    rule = RULES.get(found.rule)
    is_open = found.state == Alarm.State.OPEN
    parts = found.facts.get("parts", []) if is_open else []
    steps: list[dict[str, Any]] = []
    timeline, coming = "", None
    if found.rule == "D3" and found.due_on:
        ladder = Ladder(parameter("alarm.D3.days", region_code=found.project.region_id, on=today))
        if is_open:
            timeline = timeline_of(found, ladder, today)
        coming = ladder.next_rise(found.due_on, today) if is_open else None
        steps = [
            {"level": name, "day": day, "reached": day <= today}
            for name, day in ladder.dates(found.due_on).items()
        ]
    acts = life.acts_for(found, request.actor)
    cases = case_facts.cases_of(found, request.actor)
    done = list(found.steps.select_related("by", "to").prefetch_related("files__file"))
    answers = list(found.answers.select_related("organisation", "by", "file"))
    deadline = alarm_story.deadline(found, today)
    return {
        "alarm": found,
        "line": line,
        "rule": rule,
        "today": today,
        "stats": [*_stats(found, line, coming), *([deadline] if deadline else [])],
        "steps": steps,
        "timeline": timeline,
        "facts": grounds_of(found, today),
        "employers": employers_of(found) if is_open else [],
        "progress": paid_of(found),
        "chain": chain_of(found.project, parts, line.stop if parts else None, found.level),
        "closes": sentences(WORDS[found.rule].closes, _("There is no close button."))
        if found.rule in WORDS
        else "",
        "events": alarm_story.events(found, found.flips.all(), done, answers, today),
        "said": alarm_story.said(done, answers),
        "acts": acts,
        "seen": fingerprint(found) if acts["verify"] else "",
        "verify": forms.get("verify") or VerifyForm(),
        "handle": forms.get("handle") or MeasuresForm(),
        "give": forms.get("give") or GiveForm(inspectors=acts["inspectors"]),
        "give_open": "give" in forms,
        "urge": forms.get("urge-site") or UrgeForm(),
        "deadline": deadline,
        "cases": cases,
        "may_open_case": is_open and all(not row["case"].is_open for row in cases),
        "told": notices.told_of(found),
    }


@require_GET
@inspector_view
def alarm_file(request: ActorRequest, pk: int, kind: str, number: int) -> HttpResponseBase:
    """A paper of a step, or of the site's answer."""
    found = access_alarm(pk, request.actor)
    return stored_file(answer_file(found, number) if kind == "answer" else step_file(found, number))


def _stats(found: Alarm, line: dashboard.AlarmLine, coming: Any) -> list[dict[str, Any]]:
    if found.rule == "C1":
        return [
            {"label": _("Entries refused"), "figure": found.facts.get("entries", 0)},
            {"label": _("People"), "figure": found.people, "unit": _("people")},
            {"label": _("Let in all the same"), "figure": found.facts.get("let_in", 0)},
        ]
    if found.state == Alarm.State.CLOSED and found.closed_at:
        return [
            *([_amount(found, _("Amount before it closed"))] if found.amount_fen else []),
            *([_people(found, _("People at that time"))] if found.people else []),
            {"label": _("Open since"), "figure": str(site_date(found.opened_at))},
            {"label": _("Closed by data"), "figure": str(site_date(found.closed_at))},
        ]
    if found.rule not in {"D1", "D3"}:
        return _plain_stats(found, line)
    stats: list[dict[str, Any]] = [
        {
            "label": _("Unpaid wages"),
            "figure": format_cny(found.amount_fen),
            "note": _("estimated from attendance") if found.facts.get("estimated") else "",
        },
        {"label": _("People without their money"), "figure": found.people, "unit": _("people")},
    ]
    if found.due_on:
        stats.append(
            {
                "label": _("Overdue"),
                "figure": line.late,
                "unit": ngettext("day", "days", line.late),
                "note": _("counted from %(day)s") % {"day": found.due_on},
            }
        )
    if coming:
        name, day = coming
        words = {"orange": _("Turns orange on"), "red": _("Turns red on"), "yellow": _("Turns yellow on")}
        stats.append(
            {"label": words[name], "figure": str(day), "note": _("if the money has not arrived by then")}
        )
    return stats


def _amount(found: Alarm, label: str) -> dict[str, Any]:
    note = _("estimated from attendance") if found.facts.get("estimated") else ""
    return {"label": label, "figure": format_cny(found.amount_fen), "note": note}


def _people(found: Alarm, label: str) -> dict[str, Any]:
    return {"label": label, "figure": found.people, "unit": _("people")}


def _plain_stats(found: Alarm, line: dashboard.AlarmLine) -> list[dict[str, Any]]:
    """What every open alarm has: money and people where there are any, its deadline, since when it is open."""
    stats = []
    if found.amount_fen:
        stats.append(_amount(found, _("Amount concerned")))
    if found.people:
        stats.append(_people(found, _("People concerned")))
    if found.due_on and line.left:
        stats.append(
            {
                "label": _("Still to go"),
                "figure": line.left,
                "unit": ngettext("day", "days", line.left),
                "note": _("until %(day)s") % {"day": found.due_on},
            }
        )
    elif found.due_on:
        stats.append(
            {
                "label": _("Overdue"),
                "figure": line.late,
                "unit": ngettext("day", "days", line.late),
                "note": _("last day was %(day)s") % {"day": found.due_on},
            }
        )
    stats.append({"label": _("Open since"), "figure": str(site_date(found.opened_at))})
    return stats
