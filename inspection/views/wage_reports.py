"""The monthly and yearly report as a page, a workbook and a paper."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspection.http import inspector_view, scope_of
from inspection.places import scope_of_address, trail
from inspection.statistics_words import DEFINITIONS, MEASURE_NAMES
from inspection.wage_report import WageReport, span_of, wage_report
from inspection.wage_report_words import COLUMNS, MEANINGS, NAMES, PARTS, SECTIONS
from registration.http import ActorRequest
from registration.models import Sector
from registration.views.file_answers import file_answer
from wagewatch.lib.dates import first_of_month, previous_month, site_date
from wagewatch.lib.money import format_cny
from wagewatch.lib.pdf import Align, Paper
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, workbook_file
from wagewatch.templatetags.ww import moment
from wagewatch.templatetags.ww import month as month_words

MONTHS_LISTED = 12
YEARS_LISTED = 3
PEOPLE = ("ever", "registered", "on_site", "attended", "carded", "paid")
"""Source 2's six ways to count people (domain 11)."""


def _report(request: ActorRequest, now: datetime) -> WageReport:
    span = span_of(request.GET.get("period", ""), site_date(now))
    return wage_report(request.actor, span, scope_of_address(request), now=now)


def _shown(name: str, value: int) -> str:
    return format_cny(value) if name.endswith("_fen") else f"{value:,}"


def _change(value: int, before: int | None) -> str:
    """The change against the year before in per cent, with its sign."""
    if before is None:
        return "—"
    if not before:
        return "—" if value else _("as before")
    percent = 100 * (value - before) / before
    return f"{percent:+.1f}%".replace("-", "−")


def _share(report: WageReport, name: str) -> str:
    whole = report.total[PARTS[name]] if name in PARTS else 0
    return f"{100 * report.total[name] / whole:.1f}%" if whole else ""


def sections_of(report: WageReport) -> list[dict[str, Any]]:
    """The figures with share, year before, change and meaning, section by section."""
    return [
        {
            "title": title,
            "rows": [
                {
                    "name": NAMES[name],
                    "figure": _shown(name, report.total[name]),
                    "share": _share(report, name),
                    "of": NAMES[PARTS[name]] if name in PARTS else "",
                    # Freshness is as of now and cannot be had for another year.
                    "before": "—"
                    if report.before is None or name == "fresh"
                    else _shown(name, report.before[name]),
                    "change": "—"
                    if name == "fresh"
                    else _change(report.total[name], report.before[name] if report.before else None),
                    "meaning": MEANINGS[name],
                }
                for name in names
            ],
        }
        for title, names in SECTIONS
    ]


def people_of(report: WageReport) -> list[tuple[str, str, str]]:
    """(name, figure, meaning) of the six ways to count people."""
    return [(str(MEASURE_NAMES[name]), f"{report.people[name]:,}", str(DEFINITIONS[name])) for name in PEOPLE]


def title_of(report: WageReport) -> str:
    """The finding: what part of the wages reached the workers, and the cases."""
    total = report.total
    if not total["net_fen"]:
        return _("No wages are on record for this period")
    percent = 100 * (total["paid_fen"] + total["cash_fen"]) / total["net_fen"]
    return _("%(percent)s of the wages paid, %(opened)s cases of arrears opened") % {
        "percent": f"{percent:.1f}%",
        "opened": total["opened"],
    }


def period_words(report: WageReport) -> str:
    """2026, or October 2026."""
    return report.span.key if report.span.is_year else str(month_words(report.span.period.since))


def _periods(request: ActorRequest, report: WageReport, today: date) -> list[dict[str, Any]]:
    kept = {k: v for k, v in request.GET.items() if k != "period" and v}
    month = first_of_month(today)
    keys = []
    for _n in range(MONTHS_LISTED):
        keys.append((f"{month:%Y-%m}", str(month_words(month))))
        month = previous_month(month)
    keys += [
        (str(today.year - n), _("Year %(year)s") % {"year": today.year - n}) for n in range(YEARS_LISTED)
    ]
    return [
        {
            "key": key,
            "label": label,
            "url": f"?{urlencode({**kept, 'period': key})}",
            "current": key == report.span.key,
        }
        for key, label in keys
    ]


@require_GET
@inspector_view
def wages(request: ActorRequest) -> HttpResponseBase:
    """The report of a month or year: sections with the year before, people, by region."""
    now = timezone.now()
    report = _report(request, now)
    place = scope_of_address(request)
    reach = [d.region_prefix for d in request.actor.duties if d.authority_id is not None]
    query = urlencode({k: v for k, v in request.GET.items() if v})
    total = report.total
    return render(
        request,
        "inspection/wage_report.html",
        {
            "report": report,
            "title": title_of(report),
            "period": period_words(report),
            "periods": _periods(request, report, site_date(now)),
            "sections": sections_of(report),
            "people": people_of(report),
            "columns": [NAMES[name] for name in COLUMNS],
            "rows": [
                {"code": code, "name": name, "cells": [_shown(one, row[one]) for one in COLUMNS]}
                for code, name, row in report.rows
            ],
            "sums": [_shown(one, total[one]) for one in COLUMNS],
            "trail": [{"url": f"?region={prefix}", "name": name} for prefix, name in trail(place, reach)],
            "sectors": Sector.choices,
            "place": place,
            "query": request.GET,
            "stats": [
                {"label": NAMES["net_fen"], "figure": format_cny(total["net_fen"])},
                {
                    "label": NAMES["paid_fen"],
                    "figure": format_cny(total["paid_fen"]),
                    "note": _share(report, "paid_fen"),
                },
                {"label": NAMES["unpaid_fen"], "figure": format_cny(total["unpaid_fen"])},
                {
                    "label": NAMES["opened"],
                    "figure": f"{total['opened']:,}",
                    "note": _("a year before %(n)s") % {"n": report.before["opened"]}
                    if report.before
                    else "",
                },
            ],
            "export_url": f"{reverse('inspection:wage-report-export')}?{query}",
            "pdf_url": f"{reverse('inspection:wage-report-pdf')}?{query}",
        },
    )


@require_GET
@inspector_view
def wages_export(request: ActorRequest) -> HttpResponseBase:
    """The same as .xlsx: figures with definitions, people, regions."""
    report = _report(request, timezone.now())
    heads = [
        ColumnOut(_("Figure"), width=30),
        ColumnOut(_("This period"), width=18),
        ColumnOut(_("Share"), width=10),
        ColumnOut(_("A year before"), width=18),
        ColumnOut(_("Against the year before"), width=10),
        ColumnOut(_("What is counted"), width=80),
    ]
    figures: list[tuple[str, ...]] = []
    for section in sections_of(report):
        figures += [
            (str(r["name"]), r["figure"], r["share"], r["before"], r["change"], str(r["meaning"]))
            for r in section["rows"]
        ]
    title = _("Report on wages: %(period)s, counted at %(time)s") % {
        "period": period_words(report),
        "time": moment(report.as_of),
    }
    sheets = [
        SheetOut(_("Figures"), heads, figures, title=title),
        SheetOut(
            _("People"),
            [
                ColumnOut(_("Figure"), width=26),
                ColumnOut(_("People"), width=12),
                ColumnOut(_("What is counted"), width=90),
            ],
            people_of(report),
        ),
        SheetOut(
            _("Places"),
            [
                ColumnOut(_("Place"), width=18),
                *(
                    ColumnOut(str(NAMES[one]), "money" if one.endswith("_fen") else "number", width=18)
                    for one in NAMES
                ),
            ],
            [(name, *(row[one] for one in NAMES)) for _code, name, row in report.rows],
        ),
    ]
    return file_answer(workbook_file(sheets), f"wages-{report.span.key}", "xlsx")


@require_GET
@inspector_view
def wages_pdf(request: ActorRequest) -> HttpResponseBase:
    """The same as A4 pages."""
    report = _report(request, timezone.now())
    place = scope_of_address(request)
    reach = [d.region_prefix for d in request.actor.duties if d.authority_id is not None]
    where = [scope_of(request.actor)["name"], *(name for _prefix, name in trail(place, reach))]
    paper = Paper(
        _("Report on wages"),
        at=report.as_of,
        foot=_("Counted at %(time)s from the records of that moment.") % {"time": moment(report.as_of)},
        landscape=True,
    )
    paper.heading(_("Report on wages, %(period)s") % {"period": period_words(report)}, size=18)
    paper.facts(
        [
            (_("Place"), " / ".join(where)),
            (_("In short"), title_of(report)),
            (_("Period"), f"{report.span.period.since} – {report.span.period.until}"),
        ]
    )
    if report.ends_later:
        paper.paragraph(_("The period is not over; the figures will change."))
    for section in sections_of(report):
        paper.heading(str(section["title"]), size=12, align="L")
        paper.grid(
            [
                _("Figure"),
                _("This period"),
                _("Share"),
                _("A year before"),
                _("Against the year before"),
                _("What is counted"),
            ],
            [
                (str(r["name"]), r["figure"], r["share"], r["before"], r["change"], str(r["meaning"]))
                for r in section["rows"]
            ],
            widths=[4, 3.2, 1.6, 3.2, 1.8, 8],
            aligns=["L", "R", "R", "R", "R", "L"],
        )
    paper.heading(_("People"), size=12, align="L")
    paper.grid(
        [_("Figure"), _("People"), _("What is counted")],
        people_of(report),
        widths=[4, 2, 12],
        aligns=["L", "R", "L"],
    )
    if len(report.rows) > 1:
        right: list[Align] = ["R"] * len(COLUMNS)
        paper.heading(_("By place"), size=12, align="L")
        paper.grid(
            [_("Place"), *(str(NAMES[one]) for one in COLUMNS)],
            [(name, *(_shown(one, row[one]) for one in COLUMNS)) for _code, name, row in report.rows],
            widths=[2.6, *(2.6 if one.endswith("_fen") else 1.5 for one in COLUMNS)],
            aligns=["L", *right],
        )
    return HttpResponse(
        paper.done(),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="wages-{report.span.key}.pdf"'},
    )
