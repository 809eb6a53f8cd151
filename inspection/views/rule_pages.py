"""The rules: what each one asks, its figures per region, its runs and alarms; setting a figure, tried out first."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from inspection import dashboard
from inspection.access import alarms_for, settable_regions
from inspection.alarms.catalogue import GROUPS, RULES
from inspection.alarms.readings import READINGS, Reading
from inspection.alarms.rule import Rule, Setting
from inspection.http import inspector_view
from inspection.models import Alarm, ParameterChange, RuleRun
from inspection.rules import level_name
from inspection.services.parameter_changes import (
    Effect,
    change_parameter,
    may_be_set_for,
    may_set,
    preview_change,
    readers_of,
    what_of,
)
from inspection.services.rules import MissingFigure, latest_runs
from inspection.telling.shape import NAMED_FROM, reading_lines, reading_words, steps_of
from inspection.views.figure_forms import FigureForm
from payroll.services.deposit_tables import DueChanges
from registration.access import not_found, not_permitted
from registration.http import ActorRequest
from registration.models import Parameter, Project, Region
from registration.services.parameters import parameter
from registration.views.chain_forms import choice, say_at
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.templatetags.ww import LEVELS

RUNS_SHOWN = 30
ALARMS_SHOWN = 20
MOVED_SHOWN = 100
TOLD = {
    1: gettext_lazy("the contractor and its labour-wage clerk"),
    2: gettext_lazy("the contractor, its clerk, the owner and the inspector"),
    3: gettext_lazy("the contractor, its clerk, the owner, the inspector and the sector authority"),
}
"""Who is told of an alarm, by its level."""


@require_GET
@inspector_view
def rules(request: ActorRequest) -> HttpResponseBase:
    """All rules: levels, law, the last run of each, and how many alarms it has open within reach."""
    latest = latest_runs()
    counts = open_by_rule(request)
    groups = [
        {
            "name": name,
            "rules": [
                {
                    "rule": rule,
                    "levels": [level_name(level) for level in rule.levels],
                    "run": latest.get(rule.code),
                    "open": counts.get(rule.code, 0),
                }
                for rule in RULES.values()
                if rule.group == code
            ],
        }
        for code, name in GROUPS.items()
    ]
    failed = [
        {"rule": RULES[code], "words": failure_words(run)}
        for code, run in latest.items()
        if run.error and code in RULES
    ]
    context = {"groups": groups, "count": len(RULES), "failed": failed}
    return render(request, "inspection/rules.html", context)


def failure_words(run: RuleRun) -> str:
    """Why a run did not finish and what to do, for people; "" if it finished."""
    name, _colon, rest = run.error.partition(": ")
    if name != MissingFigure.__name__:
        return run.error and _("An error of the program. Its text is in the log of the tasks: %(error)s") % {
            "error": name
        }
    key, _space, code = rest.partition(" ")
    region = Region.objects.filter(code=code).first()
    return _(
        "No figure %(key)s holds for %(place)s. Set one for the place, or run the command “seed” after an upgrade."
    ) % {
        "key": key,
        "place": region.label if region else code,
    }


def open_by_rule(request: ActorRequest) -> dict[str, int]:
    """Rule → alarms open within reach."""
    rows = alarms_for(request.actor).filter(state=Alarm.State.OPEN).order_by()
    return dict(rows.values_list("rule").annotate(n=Count("pk")))


@require_GET
@inspector_view
def rule(request: ActorRequest, code: str) -> HttpResponseBase:
    """One rule: explanation, figures per region, runs, changes, open alarms."""
    found = RULES.get(code)
    if found is None:
        not_found()
    today = site_date(timezone.now())
    alarms = (
        alarms_for(request.actor)
        .filter(state=Alarm.State.OPEN, rule=code)
        .select_related("project__region", "holder")
        .order_by("-level", "due_on", "-amount_fen", "pk")
    )
    lines = dashboard.lines(alarms[:ALARMS_SHOWN], today)
    context = {
        "rule": found,
        "levels": [{"name": level_name(level), "told": TOLD[level]} for level in found.levels],
        "settings": _settings(found, today),
        "reads": _reads(found, today),
        "may_set": may_set(request.actor),
        "runs": [
            {"run": run, "failure": failure_words(run)}
            for run in RuleRun.objects.filter(rule=code).order_by("-started_at", "-pk")[:RUNS_SHOWN]
        ],
        "changes": _changes(found),
        "lines": lines,
        "open": open_by_rule(request).get(code, 0),
        "today": today,
    }
    return render(request, "inspection/rule.html", context)


def _changes(found: Rule) -> list[dict[str, Any]]:
    """What was set of the figures that the rule judges by, from whichever rule's page, the newest first."""
    ladders = {setting.key: setting for rule in RULES.values() for setting in rule.settings}
    rows = ParameterChange.objects.filter(key__in=found.parameters).select_related("region", "made_by")
    return [
        {
            "change": change,
            "sides": [
                {"steps": steps_of(ladders[change.key], value), "words": ""}
                if change.key in ladders
                else {"steps": [], "words": value_words(change.key, value) if value is not None else "—"}
                for value in (change.former, change.value)
            ],
        }
        for change in rows.order_by("-made_at", "-pk")[:RUNS_SHOWN]
    ]


def page_of(rule_code: str, key: str) -> str:
    """Where another value of a parameter can be tried out; "" where it can not."""
    owner = next((rule.code for rule in RULES.values() for s in rule.settings if s.key == key), None)
    if owner is None and key not in READINGS:
        return ""
    return reverse("inspection:rule-figure", args=[owner or rule_code, key])


def rows_of_keys(keys: list[str]) -> dict[str, list[Parameter]]:
    """Key → its values, by region and the newest first."""
    found: dict[str, list[Parameter]] = {key: [] for key in keys}
    rows = Parameter.objects.filter(key__in=keys).select_related("region")
    for row in rows.order_by("region_id", "-valid_from"):
        found[row.key].append(row)
    return found


def _settings(found: Rule, today: date) -> list[dict[str, Any]]:
    rows = rows_of_keys([setting.key for setting in found.settings])
    return [
        {
            "setting": setting,
            "rows": [
                {
                    "row": row,
                    "steps": steps_of(setting, row.value),
                    "coming": row.valid_from > today,
                    "over": row.valid_to is not None and row.valid_to < today,
                }
                for row in rows[setting.key]
            ],
        }
        for setting in found.settings
    ]


def value_words(key: str, value: Any) -> str:
    """The value of a parameter that a rule reads besides its own figures."""
    ladder = next((s for rule in RULES.values() for s in rule.settings if s.key == key), None)
    if ladder:
        return "; ".join(f"{LEVELS[name]} {figure}" for name, figure in steps_of(ladder, value))
    if key in READINGS:
        return reading_words(READINGS[key], value)
    return str(value) if isinstance(value, int | str) else _("a table")


def lines_of_value(key: str, value: Any) -> list[tuple[str, str]]:
    """The figures of a table one by one; [] for a parameter of one or two."""
    reading = READINGS.get(key)
    return reading_lines(reading, value) if reading and len(reading.figures) >= NAMED_FROM else []


def _ladder_words(key: str) -> str:
    """The words of another rule's ladder, with its code; "" if it is none."""
    for rule in RULES.values():
        for setting in rule.settings:
            if setting.key == key:
                return f"{rule.code}: {setting.words}"
    return ""


def _reads(found: Rule, today: date) -> list[dict[str, Any]]:
    rows = rows_of_keys(list(found.reads))
    return [
        {
            "key": key,
            "words": READINGS[key].words if key in READINGS else _ladder_words(key),
            "rows": [
                {
                    "row": row,
                    "value": value_words(key, row.value),
                    "lines": lines_of_value(key, row.value),
                    "coming": row.valid_from > today,
                }
                for row in rows[key]
                if row.valid_to is None or row.valid_to >= today
            ],
            "page": page_of(found.code, key),
        }
        for key in found.reads
    ]


class RegionForm(forms.Form):
    """For which of the regions within reach."""

    region = forms.ChoiceField(label=gettext_lazy("Place"), widget=choice())

    def __init__(self, *args: Any, regions: list[Region], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [(region.code, region.label) for region in regions]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@inspector_view
def rule_figure(request: ActorRequest, code: str, key: str) -> HttpResponseBase:
    """Set a figure of a rule for a region: look first what it does to the alarms, then set it."""
    found, what = what_of(code, key)
    if not may_set(request.actor):
        not_permitted("parameter.set")
    now = timezone.now()
    today = site_date(now)
    regions = list(settable_regions(request.actor))
    chosen = request.POST.get("region") or request.GET.get("region") or regions[0].code
    if chosen not in {region.code for region in regions}:
        not_found()
    value = parameter(key, region_code=chosen, on=today, default=None)
    posted = request.POST if request.method == "POST" else None
    levels = [level_name(level) for level in found.levels]
    form = FigureForm(posted, what=what, levels=levels, value=value, initial={"valid_from": today})
    region = next(region for region in regions if region.code == chosen)
    may_decide = may_be_set_for(what, region)
    if not may_decide:
        for name in ("document", "reason"):
            del form.fields[name]
    effect: Effect | None = None
    if posted is not None and form.is_valid():
        data = {"reason": "", "document": "", **form.cleaned_data}
        asked = {"valid_from": data["valid_from"], "actor": request.actor, "now": now}
        try:
            if posted.get("act") == "set":
                change_parameter(
                    code, key, chosen, form.figures, reason=data["reason"], document=data["document"], **asked
                )
                messages.success(request, _("On record. The rule runs again with the new figures."))
                return redirect("inspection:rule", code)
            effect = preview_change(code, key, chosen, form.figures, **asked)
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
    context = {
        "rule": found,
        "what": what,
        "form": form,
        "where": RegionForm(initial={"region": chosen}, regions=regions),
        "region": region,
        "may_decide": may_decide,
        "readers": [one for one in readers_of(key) if one.code != found.code],
        "now_steps": steps_of(what, value) if isinstance(what, Setting) else [],
        "now_words": reading_words(what, value) if isinstance(what, Reading) and value is not None else "",
        "now_lines": lines_of_value(key, value) if value is not None else [],
        "effect": effect,
        "moved": _moved(effect) if effect else [],
        "dues": _dues(effect.dues) if effect and effect.dues else None,
        "by_contract": isinstance(what, Reading) and what.by_contract,
        "url": reverse("inspection:rule-figure", args=[code, key]),
    }
    return render(request, "inspection/rule_figure.html", context, status=400 if form.errors else 200)


def _moved(effect: Effect) -> list[dict[str, Any]]:
    shown = effect.moved[:MOVED_SHOWN]
    projects = Project.objects.select_related("region").in_bulk({one.project_id for _name, one in shown})
    words = {
        "opens": _("would open"),
        "rises": _("would rise"),
        "falls": _("would fall"),
        "closes": _("would close"),
    }
    return [
        {
            "what": words[name],
            "rule": RULES[one.rule],
            "project": projects[one.project_id],
            "period": one.period,
            "before": level_name(one.before) if one.before else "",
            "after": level_name(one.after) if one.after else "",
            "amount_fen": one.amount_fen,
            "people": one.people,
        }
        for name, one in shown
    ]


def _dues(found: DueChanges) -> dict[str, Any]:
    """What running works would lodge by another table of deposits: the sums, and those that change most."""
    shown = found.moved[:MOVED_SHOWN]
    projects = Project.objects.select_related("region").in_bulk([one.project_id for one in shown])
    return {
        "all": found,
        "rows": [{"project": projects[one.project_id], "change": one} for one in shown],
        "hidden": len(found.moved) - len(shown),
    }
