"""Statistics of people: every figure with its definition; filters in the address; the same as .xlsx."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspection.exports import download
from inspection.http import inspector_view, text_of
from inspection.statistics import (
    BANDS,
    DIMENSIONS,
    MEASURES,
    OTHER,
    Move,
    Period,
    Question,
    Statistics,
    denials,
    ordered,
    statistics,
)
from inspection.statistics_words import (
    DEFINITIONS,
    DIMENSION_NAMES,
    MEASURE_NAMES,
    city_name,
    value_name,
)
from registration.http import ActorRequest
from registration.models import RegisteredBy, SkillGrade
from wagewatch.charts import bars
from wagewatch.lib.dates import first_of_month, previous_month, site_date
from wagewatch.lib.sheets import ColumnOut, SheetOut

DENIALS_SHOWN = 20
LONGEST = timedelta(days=366 * 3)
FIRST_YEAR, LAST_YEAR = 2000, 2099
SHOWN = (
    ("on_site", ""),
    ("inside", "on_site"),
    ("attended", ""),
    ("ever", ""),
    ("registered", ""),
    ("new_people", "registered"),
    ("carded", "on_site"),
    ("citizen", "on_site"),
    ("paid", ""),
    ("by_others", "on_site"),
    ("acknowledged", "by_others"),
    ("denied", "by_others"),
    ("silent", "by_others"),
)
"""The figures in their order, each with the figure it is a part of."""
COLUMNS = ("on_site", "attended", "carded", "citizen", "paid", "acknowledged", "denied", "registered", "ever")
CHARTED = ("ever", "on_site", "attended", "carded", "paid", "acknowledged")


def _day(text: str, default: date) -> date:
    """The day, or `default` for none and for one beyond the years that anything here is about."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return default
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else default


def _period(request: ActorRequest, today: date) -> Period:
    """?from= and ?to=, else this month; swapped, far or endless ones are brought into order."""
    since = _day(text_of(request, "from"), first_of_month(today))
    until = _day(text_of(request, "to"), today)
    if since > until:
        since, until = until, since
    return Period(max(since, until - LONGEST), until)


def _question(request: ActorRequest, today: date) -> Question:
    region = text_of(request, "region")
    return Question(
        period=_period(request, today),
        region=region if region.isdecimal() and len(region) in {2, 4, 6} else "",
        trade=text_of(request, "trade"),
        age=text_of(request, "age") if text_of(request, "age") in BANDS else "",
        skill=text_of(request, "skill") if text_of(request, "skill") in map(str, SkillGrade.values) else "",
        origin=text_of(request, "origin")[:2],
        way=text_of(request, "way") if text_of(request, "way") in RegisteredBy.values else "",
    )


def _value(found: Statistics, name: str) -> int:
    return found.silent if name == "silent" else found.total[name]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _figures(found: Statistics) -> list[dict[str, Any]]:
    return [
        {
            "name": MEASURE_NAMES[name],
            "figure": _value(found, name),
            "share": _percent(_value(found, name), _value(found, whole)) if whole else "",
            "of": MEASURE_NAMES[whole] if whole else "",
            "meaning": DEFINITIONS[name],
        }
        for name, whole in SHOWN
    ]


def _spans(request: ActorRequest, today: date) -> list[dict[str, Any]]:
    this, last = first_of_month(today), previous_month(first_of_month(today))
    spans = [
        (pgettext("period", "This month"), this, today),
        (_("Last month"), last, this - timedelta(days=1)),
        (_("This year"), date(today.year, 1, 1), today),
        (_("Last 12 months"), today - timedelta(days=364), today),
    ]
    kept = {k: v for k, v in request.GET.items() if k not in {"from", "to"} and v}
    period = _period(request, today)
    return [
        {
            "label": label,
            "url": f"?{urlencode(kept | {'from': since.isoformat(), 'to': until.isoformat()})}",
            "current": (since, until) == (period.since, period.until),
        }
        for label, since, until in spans
    ]


def _table(found: Statistics, by: str) -> list[dict[str, Any]]:
    rows = ordered(by, found.rows[by])
    return [
        {
            "value": value,
            "name": value_name(by, value),
            "may_filter": bool(value) and value != OTHER,
            "cells": [counts[name] for name in COLUMNS],
        }
        for value, counts in rows
    ]


def _place(project: str, city: str) -> str:
    chinese = (get_language() or "zh").startswith("zh")
    opening, closing = ("（", "）") if chinese else (" (", ")")
    return f"{project}{opening}{city_name(city)}{closing}" if project else city_name(city)


def _moves(moves: list[Move]) -> list[tuple[str, str, int]]:
    return [
        (_place(move.from_project, move.from_city), _place(move.to_project, move.to_city), move.people)
        for move in moves
    ]


@require_GET
@inspector_view
def report(request: ActorRequest) -> HttpResponseBase:
    """The page: figures with definitions, one breakdown at a time, moves."""
    now = timezone.now()
    today = site_date(now)
    question = _question(request, today)
    found = statistics(request.actor, question, now=now)
    by = text_of(request, "by") if text_of(request, "by") in DIMENSIONS else "region"
    kept = {k: v for k, v in request.GET.items() if k != "by" and v}
    points = [(str(MEASURE_NAMES[name]), float(_value(found, name))) for name in CHARTED]
    chosen = [
        (DIMENSION_NAMES[name], value_name(name, getattr(question, name)), name)
        for name in DIMENSIONS
        if getattr(question, name)
    ]
    return render(
        request,
        "inspection/statistics.html",
        {
            "found": found,
            "question": question,
            "figures": _figures(found),
            "times": f"{found.inflation:.2f}" if found.inflation else "",
            "stats": _band(found),
            "spans": _spans(request, today),
            "tabs": [
                {
                    "url": f"?{urlencode(kept | {'by': name})}#by",
                    "label": DIMENSION_NAMES[name],
                    "current": name == by,
                }
                for name in DIMENSIONS
            ],
            "by": by,
            "by_name": DIMENSION_NAMES[by],
            "columns": [MEASURE_NAMES[name] for name in COLUMNS],
            "rows": _table(found, by),
            "sums": [found.total[name] for name in COLUMNS],
            "chart": bars(points, label=_("People by definition"), now=1, height=260),
            "chart_rows": [(name, int(value)) for name, value in points],
            "denials": denials(request.actor, question.region)[:DENIALS_SHOWN],
            "moves": _moves(found.moves),
            "city_moves": _moves(found.city_moves),
            "chosen": [
                (label, value, f"?{urlencode({k: v for k, v in request.GET.items() if k != name and v})}")
                for label, value, name in chosen
            ],
            "export_url": f"{reverse('inspection:reports-export')}?{request.GET.urlencode()}",
        },
    )


def _band(found: Statistics) -> list[dict[str, Any]]:
    total = found.total
    return [
        {
            "label": MEASURE_NAMES["on_site"],
            "figure": f"{total['on_site']:,}",
            "unit": _("people"),
            "note": _("%(n)s of them inside") % {"n": f"{total['inside']:,}"},
        },
        {
            "label": MEASURE_NAMES["ever"],
            "figure": f"{total['ever']:,}",
            "unit": _("people"),
            "note": _("%(times)s times those on the roster") % {"times": f"{found.inflation:.2f}"}
            if found.inflation
            else "",
        },
        {"label": MEASURE_NAMES["attended"], "figure": f"{total['attended']:,}", "unit": _("people")},
        {
            "label": MEASURE_NAMES["acknowledged"],
            "figure": _percent(total["acknowledged"], total["by_others"]),
            "note": _("of %(n)s registered by others") % {"n": f"{total['by_others']:,}"},
        },
        {
            "label": MEASURE_NAMES["denied"],
            "figure": f"{total['denied']:,}",
            "unit": _("people"),
            "note": _("%(n)s not answered yet") % {"n": f"{found.silent:,}"},
        },
    ]


@require_GET
@inspector_view
def export(request: ActorRequest) -> HttpResponseBase:
    """All of it as .xlsx: figures with definitions, every breakdown, moves."""
    now = timezone.now()
    today = site_date(now)
    question = _question(request, today)
    found = statistics(request.actor, question, now=now)
    period = f"{question.period.since} – {question.period.until}"
    sheets = [
        SheetOut(
            _("Figures"),
            [
                ColumnOut(_("Figure"), width=26),
                ColumnOut(_("Number of people"), "number", width=10),
                ColumnOut(_("Share"), width=10),
                ColumnOut(_("Part of"), width=22),
                ColumnOut(_("What is counted"), width=90),
            ],
            [
                (str(f["name"]), f["figure"], f["share"], str(f["of"]), str(f["meaning"]))
                for f in _figures(found)
            ],
            title=_("People: %(period)s, counted on %(day)s") % {"period": period, "day": today},
        )
    ]
    for name in DIMENSIONS:
        columns = [ColumnOut(str(DIMENSION_NAMES[name]), width=22)]
        columns += [ColumnOut(str(MEASURE_NAMES[m]), "number", width=14) for m in MEASURES]
        rows: list[tuple[str | int, ...]] = [
            (value_name(name, value), *(counts[m] for m in MEASURES))
            for value, counts in ordered(name, found.rows[name])
        ]
        sheets.append(SheetOut(str(DIMENSION_NAMES[name]), columns, rows))
    columns = [
        ColumnOut(_("From"), width=40),
        ColumnOut(_("To"), width=40),
        ColumnOut(_("Number of people"), "number", width=10),
    ]
    sheets.append(SheetOut(_("Moves between projects"), columns, _moves(found.moves)))
    sheets.append(SheetOut(_("Moves between cities"), columns, _moves(found.city_moves)))
    return download(sheets, "people", today)
