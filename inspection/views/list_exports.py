"""Lists of the office's own work as .xlsx: what the page shows with its filters, all rows instead of one page."""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inspection.exports import download
from inspection.http import inspector_view
from inspection.services.data_requests import requests_for
from inspection.services.leads import members_for
from inspection.services.listing import labour_office
from inspection.views.checks import drawn
from inspection.views.listings import listed
from inspection.views.notice_log import lines_of, logged
from inspection.views.pauses import grouped, rule_names, shown
from inspection.views.permits import answered
from inspection.workload import groups_of
from registration.http import ActorRequest
from registration.office_names import office_name
from registration.templatetags.named import named
from registration.views.file_answers import file_answer
from wagewatch.lib.dates import site_date
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, Value, workbook_file

MOST_NOTICES = 100_000
"""Lines of one workbook; it says where the others are."""
AT_ONCE = 2_000
"""Notices held in memory with their text messages and letters."""


@never_cache
@require_GET
@inspector_view
def notices_export(request: ActorRequest) -> HttpResponseBase:
    """Who was told of what, by which way, and whether it arrived."""
    held = _("in the daily summary")
    columns = [
        ColumnOut(_("Time"), width=18),
        ColumnOut(_("Who"), width=12),
        ColumnOut(_("Firm or office"), width=24),
        ColumnOut(_("What it is about"), width=28),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Rule"), width=24),
        ColumnOut(pgettext("a notice", "Opened"), width=18),
        ColumnOut(_("Text message"), width=16),
        ColumnOut(_("E-mail"), width=16),
    ]
    found = logged(request)
    newest, title = found[:MOST_NOTICES], ""
    if last := found[MOST_NOTICES : MOST_NOTICES + 1].first():
        title = _(
            "The newest %(n)s lines. The older ones: choose %(day)s as the last day on the page and export again."
        ) % {"n": MOST_NOTICES, "day": site_date(last.made_at).isoformat()}

    def rows() -> Iterator[Sequence[Value]]:
        notices = newest.iterator(chunk_size=AT_ONCE)
        while some := list(islice(notices, AT_ONCE)):
            for line in lines_of(some):
                yield (
                    line["notice"].made_at,
                    line["notice"].user.name,
                    line["body"],
                    str(line["what"]),
                    str(line["about"]),
                    str(line["title"]),
                    line["notice"].read_at,
                    *(
                        line[way].get_state_display() if line[way] else held if line["notice"].held else ""
                        for way in ("sms", "mail")
                    ),
                )

    file = workbook_file([SheetOut(_("Who was told"), columns, rows(), title=title)])
    return file_answer(file, f"notices-{site_date(timezone.now())}", "xlsx")


@never_cache
@require_GET
@inspector_view
def pauses_export(request: ActorRequest) -> HttpResponseBase:
    """Pauses to decide, running or over."""
    today = site_date(timezone.now())
    columns = [
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Firm"), width=28),
        ColumnOut(_("Reason"), width=20),
        ColumnOut(_("First day"), "date", width=12),
        ColumnOut(_("Last day"), "date", width=12),
        ColumnOut(_("Rules"), width=36),
        ColumnOut(_("State"), width=12),
    ]
    rows = [
        (
            one.project.region.label,
            named(one.project),
            one.organisation.name,
            one.get_reason_display(),
            one.starts_on,
            one.ended_on or one.ends_on,
            "、".join(str(name) for name in rule_names(one)),
            one.get_state_display(),
        )
        for one in grouped(request.actor, today)[shown(request)]
    ]
    return download(SheetOut(_("Pauses"), columns, rows), "pauses", today)


@never_cache
@require_GET
@inspector_view
def draws_export(request: ActorRequest) -> HttpResponseBase:
    """Draws of random checks and how far they are."""
    columns = [
        ColumnOut(pgettext("random check table", "Draw"), width=32),
        ColumnOut(pgettext("of a paper", "Number"), width=12),
        ColumnOut(_("Drawn at"), width=18),
        ColumnOut(_("Office"), width=26),
        ColumnOut(_("First day"), "date", width=12),
        ColumnOut(_("Last day"), "date", width=12),
        ColumnOut(_("Checks"), "number", width=10),
        ColumnOut(_("Done"), "number", width=10),
        ColumnOut(_("public"), width=10),
    ]
    rows = [
        (
            draw.title,
            str(draw.number),
            draw.drawn_at,
            office_name(draw.authority),
            draw.from_on,
            draw.until_on,
            draw.all_checks,  # type: ignore[attr-defined]  # annotated by drawn()
            draw.done,  # type: ignore[attr-defined]
            _("yes") if getattr(draw, "publication", None) else "",
        )
        for draw in drawn(request.actor).select_related("authority")
    ]
    return download(SheetOut(_("Draws of checks"), columns, rows), "checks", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def listings_export(request: ActorRequest) -> HttpResponseBase:
    """Proceedings about the list."""
    columns = [
        ColumnOut(_("Firm"), width=30),
        ColumnOut(_("Reason"), width=30),
        ColumnOut(_("State"), width=14),
        ColumnOut(_("Decide until"), "date", width=12),
        ColumnOut(_("End of the term"), "date", width=12),
        ColumnOut(_("Owed at the notice"), "money", width=18),
        ColumnOut(_("Number of people"), "number", width=10),
        ColumnOut(_("Authority"), width=26),
    ]
    rows = [
        (
            one.organisation.name,
            one.get_ground_display(),
            one.get_state_display(),
            one.decide_until if one.state == "noticed" else None,
            one.ends_on if one.state == "listed" else None,
            one.amount_fen,
            one.people,
            office_name(one.authority),
        )
        for one in listed(request.actor)
    ]
    sheet = SheetOut(_("Proceedings about the list"), columns, rows)
    return download(sheet, "proceedings", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def permits_export(request: ActorRequest) -> HttpResponseBase:
    """Answers about permit readiness."""
    columns = [
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Code"), width=20),
        ColumnOut(_("Answer"), width=12),
        ColumnOut(pgettext("of a paper", "Number"), width=20),
        ColumnOut(_("Asked by"), width=26),
        ColumnOut(_("Answered at"), width=18),
    ]
    rows = [
        (
            one.project.region.label,
            named(one.project),
            one.project.code,
            _("Ready") if one.is_ready else _("Not ready"),
            one.number,
            one.office,
            one.at,
        )
        for one in answered(request)
    ]
    return download(SheetOut(_("Permit readiness"), columns, rows), "permits", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def workload_export(request: ActorRequest) -> HttpResponseBase:
    """Alarms and cases by office and inspector."""
    today = site_date(timezone.now())
    sums = (_("open"), _("late"), _("due this week"))
    columns = [
        ColumnOut(_("Office"), width=28),
        ColumnOut(_("Inspector"), width=14),
        *(
            ColumnOut(_("%(kind)s: %(what)s") % {"kind": kind, "what": what}, "number", width=16)
            for kind in (_("Alarms"), _("Cases"))
            for what in sums
        ),
    ]
    rows = [
        (
            office_name(group["office"]),
            row["member"].user.name,
            *(row[kind][key] for kind in ("alarms", "cases") for key in ("open", "late", "week")),
        )
        for group in groups_of(members_for(request.actor), request.actor, today)
        for row in group["rows"]
    ]
    return download(SheetOut(_("Workload"), columns, rows), "workload", today)


@never_cache
@require_GET
@inspector_view
def data_requests_export(request: ActorRequest) -> HttpResponseBase:
    """Requests of other departments for data, and what became of them."""
    labour_office(request.actor)
    columns = [
        ColumnOut(pgettext("of a paper", "Number"), width=20),
        ColumnOut(_("Department"), width=28),
        ColumnOut(_("Purpose"), width=36),
        ColumnOut(_("State"), width=12),
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("From month"), width=12),
        ColumnOut(_("To month"), width=12),
        ColumnOut(_("Written down by"), width=14),
        ColumnOut(_("Written down at"), width=18),
        ColumnOut(_("Can be taken out until"), width=18),
    ]
    rows = [
        (
            one.number,
            one.department,
            one.purpose,
            one.get_state_display(),
            one.region.label,
            f"{one.first_month:%Y-%m}",
            f"{one.last_month:%Y-%m}",
            one.made_by.name,
            one.made_at,
            one.expires_at,
        )
        for one in requests_for(request.actor).order_by("-made_at", "-pk")
    ]
    sheet = SheetOut(_("Data for other departments"), columns, rows)
    return download(sheet, "data-requests", site_date(timezone.now()))
