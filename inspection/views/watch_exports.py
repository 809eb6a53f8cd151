"""What the inspector watches about the workers' word as .xlsx: all rows of each page, names masked."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inspection.exports import download
from inspection.http import inspector_view
from inspection.views import pay_watch
from registration.access import not_found
from registration.http import ActorRequest
from registration.templatetags.named import named
from wagewatch.lib.dates import site_date
from wagewatch.lib.sheets import ColumnOut, SheetOut
from wagewatch.templatetags.ww import mask_name

MOST = 20_000


def _cut(rows: list[Any]) -> str:
    """What stands above the lines of a workbook that could not hold all of them."""
    if len(rows) <= MOST:
        return ""
    del rows[MOST:]
    return _("The first %(n)s lines. Export project by project to have the others.") % {"n": MOST}


def _person(worker: Any) -> tuple[str, str]:
    return mask_name(worker.name), f"*{worker.id_tail}"


def _on_site(request: ActorRequest) -> list[SheetOut]:
    columns = [
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Firm"), width=28),
        ColumnOut(_("Month"), width=10),
        ColumnOut(_("Confirmed"), "number", width=12),
        ColumnOut(_("At the tablet"), "number", width=12),
        ColumnOut(_("Share in per cent"), "number", width=12),
        ColumnOut(_("Allowed in per cent"), "number", width=12),
        ColumnOut(_("Denied"), "number", width=10),
    ]
    rows = [
        (
            named(row["project"]),
            share.firm,
            f"{share.month:%Y-%m}",
            share.confirmed,
            share.on_site,
            share.percent,
            share.allowed,
            share.denied,
        )
        for row in pay_watch.on_site_rows(request)
        for share in (row["share"],)
    ]
    return [SheetOut(_("Answered at the tablet"), columns, rows)]


def _mediations(request: ActorRequest) -> list[SheetOut]:
    columns = [
        ColumnOut(_("Worker"), width=10),
        ColumnOut(_("ID number"), width=10),
        ColumnOut(_("Month"), width=10),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Firm"), width=28),
        ColumnOut(_("Claimed"), "money", width=14),
        ColumnOut(_("State"), width=14),
        ColumnOut(_("Asked for"), "date", width=16),
        ColumnOut(pgettext("mediation", "Asked by"), width=12),
        ColumnOut(_("Working days since"), "number", width=10),
        ColumnOut(_("To be over by"), "date", width=12),
        ColumnOut(_("Agreed"), "money", width=14),
        ColumnOut(_("Outcome"), width=40),
    ]
    rows = [
        (
            *_person(m.worker),
            f"{m.month:%Y-%m}",
            named(m.project),
            m.sheet.participation.organisation.name,
            m.objection.claimed_fen,
            m.get_state_display(),
            m.asked_at,
            m.asked_by.name if m.asked_by else _("the worker"),
            row["working_days"],
            m.due_on,
            m.agreed_fen,
            m.outcome,
        )
        for row in pay_watch.mediation_rows(request, MOST + 1)
        for m in (row["mediation"],)
    ]
    return [SheetOut(_("Mediations"), columns, rows, title=_cut(rows))]


def _cash(request: ActorRequest) -> list[SheetOut]:
    payments = [
        (
            *_person(p.worker),
            f"{p.month:%Y-%m}",
            named(p.project),
            p.sheet.participation.organisation.name,
            p.amount_fen,
            p.get_reason_display(),
            p.text,
            p.get_proof_display(),
            p.clerk.name,
            p.at,
            p.denied_at,
            p.withdrawn_at,
            row["times"],
        )
        for row in pay_watch.cash_rows(request, MOST + 1)
        for p in (row["payment"],)
    ]
    who = [
        ColumnOut(_("Worker"), width=10),
        ColumnOut(_("ID number"), width=10),
        ColumnOut(_("Month"), width=10),
        ColumnOut(_("Project"), width=28),
    ]
    paid = [
        *who,
        ColumnOut(_("Firm"), width=28),
        ColumnOut(_("Amount"), "money", width=14),
        ColumnOut(_("Reason"), width=22),
        ColumnOut(_("Explanation"), width=30),
        ColumnOut(_("Proof"), width=18),
        ColumnOut(_("Clerk"), width=12),
        ColumnOut(_("Time"), "date", width=16),
        ColumnOut(_("Denied by the worker"), "date", width=16),
        ColumnOut(_("Given back to the bank"), "date", width=16),
        ColumnOut(_("Times by this firm here"), "number", width=12),
    ]
    said = [
        *who,
        ColumnOut(_("What happened"), width=30),
        ColumnOut(_("In the worker's words"), width=40),
        ColumnOut(_("Amount"), "money", width=14),
        ColumnOut(_("Said on"), "date", width=16),
    ]
    reports = [
        (
            *_person(r.worker),
            f"{r.month:%Y-%m}",
            named(r.project),
            r.get_kind_display(),
            r.text or "",
            r.amount_fen,
            r.at,
        )
        for r in pay_watch.cash_reports(request, MOST + 1)
    ]
    return [
        SheetOut(_("Wages paid in cash"), paid, payments, title=_cut(payments)),
        SheetOut(_("What workers said about cash"), said, reports, title=_cut(reports)),
    ]


def _part_cash(request: ActorRequest) -> list[SheetOut]:
    columns = [
        ColumnOut(_("Firm"), width=28),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Month"), width=10),
        ColumnOut(_("Headcount"), "number", width=10),
        ColumnOut(_("Far under the agreed rate"), "number", width=12),
        ColumnOut(_("Under it by"), "money", width=14),
        ColumnOut(_("People with equal round sums"), "number", width=12),
        ColumnOut(_("Equal round sum"), "money", width=14),
        ColumnOut(_("Workers' reports"), "number", width=10),
        ColumnOut(_("Signs of 3"), "number", width=8),
    ]
    rows = [
        (
            row["firm"],
            named(row["project"]),
            f"{s.month:%Y-%m}",
            s.people,
            s.short_people,
            s.short_fen,
            s.equal_people,
            s.equal_fen if s.equal_people else None,
            s.reports,
            s.signs,
        )
        for row in pay_watch.part_cash_rows(request, pay_watch.reach_of(request))
        for s in (row["sign"],)
    ]
    return [SheetOut(_("Signs of split wages"), columns, rows)]


SHEETS: dict[str, Callable[[ActorRequest], list[SheetOut]]] = {
    "on-site": _on_site,
    "mediations": _mediations,
    "cash": _cash,
    "part-cash": _part_cash,
}


@never_cache
@require_GET
@inspector_view
def watch_export(request: ActorRequest, what: str) -> HttpResponseBase:
    """One of the four pages, for the projects that the page shows."""
    if what not in SHEETS:
        not_found()
    return download(SHEETS[what](request), what, site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def part_cash_people_export(request: ActorRequest, pk: int, part_pk: int, month: str) -> HttpResponseBase:
    """A firm's month person by person."""
    found = pay_watch.part_cash_month(request, pk, part_pk, month)
    columns = [
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID number"), width=10),
        ColumnOut(_("At the gates"), "number", width=12),
        ColumnOut(_("By the agreed rate"), "money", width=14),
        ColumnOut(_("Gross pay"), "money", width=14),
        ColumnOut(_("Net pay"), "money", width=14),
        ColumnOut(_("Far under the agreed rate"), width=12),
        ColumnOut(_("Equal round sum"), width=12),
        ColumnOut(_("Workers' reports"), "number", width=10),
    ]
    sign = found["sign"]
    rows = [
        (
            mask_name(p.name),
            f"*{p.id_tail}",
            p.quantity,
            p.agreed_fen,
            p.gross_fen,
            p.net_fen,
            _("yes") if p.is_short else "",
            _("yes") if sign and sign.is_equal and p.net_fen == sign.equal_fen else "",
            p.reports,
        )
        for p in found["people"]
    ]
    title = f"{named(found['project'])}　{found['part'].organisation.name}　{found['month']:%Y-%m}"
    sheet = SheetOut(_("Signs of split wages"), columns, rows, title=title)
    return download(sheet, "part-cash-people", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def on_site_sheet_export(request: ActorRequest, pk: int, sheet_pk: int) -> HttpResponseBase:
    """The answers of one sheet at the tablet, without the pictures."""
    project, words = pay_watch.sheet_words(request, pk, sheet_pk)
    columns = [
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID number"), width=10),
        ColumnOut(_("Answer"), width=16),
        ColumnOut(_("Denied by the worker"), "date", width=16),
        ColumnOut(_("Proof"), width=18),
        ColumnOut(_("Clerk"), width=12),
        ColumnOut(_("Device"), width=30),
        ColumnOut(_("Time"), "date", width=16),
    ]
    rows = [
        (
            *_person(word.worker),
            word.get_answer_display(),
            word.denied_at,
            word.get_proof_display(),
            word.clerk.name,
            word.device,
            word.at,
        )
        for word in words
    ]
    title = f"{named(project)}　{words[0].month:%Y-%m}"
    sheet = SheetOut(_("Answered at the tablet"), columns, rows, title=title)
    return download(sheet, "on-site-sheet", site_date(timezone.now()))
