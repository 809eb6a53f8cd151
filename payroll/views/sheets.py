"""Pay sheets on the desktop: the list, one sheet, its lines, and making a new one."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from payroll import labels, rules
from payroll.access import access_sheet, sheets_for
from payroll.late import LateChange, late_changes, of_sheet
from payroll.models import Approval, FirstApproval, PaymentOrder, PaySheet, SubLedger
from payroll.pay_words import is_odd_span, span_words
from payroll.services import approvals
from payroll.services import sheets as services
from payroll.services.accounts import reserved_fen
from payroll.services.salary_files import wants_salary_file
from payroll.views.booking import booking_of
from payroll.views.rows import SHOWN, Board, board_of, chosen
from payroll.wage_months import days_of_sheet
from registration.access import organisations_with, own_and_below, projects_for
from registration.actors import Actor
from registration.http import ActorRequest, staff_view
from registration.models import Participation, Team
from registration.permissions import CLERK, CONTRACTOR, PERMISSIONS
from registration.templatetags.named import named
from wagewatch.lib.dates import first_of_month, next_month, parse_month, previous_month, site_date
from wagewatch.lib.errors import Malformed, WagewatchError
from wagewatch.lib.money import format_cny
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def may(sheet: PaySheet, actor: Actor, permission: str) -> bool:
    """Whether the actor holds a permission on this sheet."""
    return (
        actor.has_role(*PERMISSIONS[permission])
        and sheets_for(actor, permission=permission).filter(pk=sheet.pk).exists()
    )


def month_from(request: ActorRequest, name: str = "month") -> date | None:
    """The month in the address, or None if absent or no month."""
    try:
        return parse_month(request.GET.get(name, ""))
    except Malformed:
        return None


@require_safe
@staff_view(*CONTRACTOR)
def sheet_list(request: ActorRequest) -> HttpResponse:
    """All sheets within reach, newest month first; filters in the address."""
    found = sheets_for(request.actor).select_related("project", "participation__organisation")
    month, state = month_from(request), request.GET.get("state", "")
    project = request.GET.get("project", "")
    shown = found.order_by("-month", "project_id", "participation_id", "pk")
    if month:
        shown = shown.filter(month=month)
    if project.isascii() and project.isdigit() and len(project) < 19:
        shown = shown.filter(project=int(project))
    counts = dict(shown.order_by().values_list("state").annotate(n=Count("pk")))
    if state in labels.SHEET_STATES:
        shown = shown.filter(state=state)
    page = Paginator(shown, 30).get_page(request.GET.get("page"))
    tabs = [_tab(request, "state", "", _("All"), sum(counts.values()), state)]
    tabs += [
        _tab(request, "state", key, text, counts.get(key, 0), state)
        for key, (text, _kind, _icon) in labels.SHEET_STATES.items()
        if counts.get(key)
    ]
    months = list(found.order_by("-month").values_list("month", flat=True).distinct()[:24])
    projects = list(projects_for(request.actor, permission="sheet.view").order_by("pk"))
    one_project = next(
        (p for p in projects if str(p.pk) == project), projects[0] if len(projects) == 1 else None
    )
    return render(
        request,
        "payroll/sheets.html",
        {
            "page": page,
            "tabs": tabs,
            "states": labels.SHEET_STATES,
            "months": months,
            "month_chosen": month,
            "projects": projects,
            "one_project": one_project,
            "project_chosen": project,
            "today": site_date(timezone.now()),
            "may_prepare": request.actor.has_role(*CLERK),
        },
    )


def _tab(request: ActorRequest, name: str, value: str, text: Any, count: int, now: str) -> dict[str, Any]:
    query = request.GET.copy()
    for gone in ("page", "all", name):
        query.pop(gone, None)
    if value:
        query[name] = value
    return {
        "url": f"?{query.urlencode()}" if query else "?",
        "label": text,
        "count": count,
        "current": now == value or (not value and not now),
    }


@require_safe
@staff_view(*CONTRACTOR)
def sheet_page(request: ActorRequest, pk: int) -> HttpResponse:
    """One sheet: where it stands, who has not answered, where it differs from the gates, every line."""
    sheet = access_sheet(pk, request.actor)
    board = board_of(sheet)
    show, team = request.GET.get("show", ""), request.GET.get("team", "")
    rows = chosen(board, show, team)
    handle = [r for r in rows if r.to_handle]
    handle.sort(key=lambda r: (r.payment != "returned", r.confirmation != "objected", -abs(r.difference)))
    others = [r for r in rows if not r.to_handle]
    everything = request.GET.get("all") == "1"
    request.nav_scope = {"label": _("Current project"), "name": named(sheet.project)}  # type: ignore[attr-defined]
    context = {
        "sheet": sheet,
        "board": board,
        "mark": labels.SHEET_STATES[sheet.state],
        "steps": labels.STEPS,
        "step": labels.STEP_OF[sheet.state],
        "tabs": _sheet_tabs(request, board, show, team),
        "groups": [
            {
                "title": _("To be handled"),
                "rows": handle if everything else handle[:SHOWN],
                "count": len(handle),
            },
            {
                "title": _("In order") if handle else _("Everybody"),
                "rows": others if everything else others[:SHOWN],
                "count": len(others),
            },
        ],
        "rest": 0 if everything else max(len(handle) - SHOWN, 0) + max(len(others) - SHOWN, 0),
        "parts": _parts(board),
        "open_count": board.confirmations["waiting"] + board.confirmations["objected"],
        "over": board.over(),
        "under": board.under(),
        "same_count": sum(1 for r in board.rows if not r.difference),
        "today": site_date(timezone.now()),
        "orders": PaymentOrder.objects.filter(project=sheet.project_id, sheet=sheet.pk)
        .defer("file")
        .order_by("-pk"),
        "approvals": Approval.objects.filter(project=sheet.project_id, sheet=sheet.pk)
        .select_related("approved_by", "first_by")
        .order_by("number"),
        "order_states": labels.ORDER_STATES,
        "confirmation_marks": labels.CONFIRMATIONS,
        "salary_file": sheet.state in ("part_paid", "settled") and wants_salary_file(sheet, timezone.now()),
        "last_day": last_day_of(board, approvals.silence_days(sheet.project, timezone.now())),
        "span": _span(sheet),
        "split": _team_to_split(sheet, board, team),
        "low_count": sum(1 for r in board.rows if r.below and not r.low_pay_reason),
        "late": [c for c in changes_of(sheet) if not c.dismissal_id],
    } | _acts(sheet, board, request.actor)
    return render(request, "payroll/sheet.html", context)


def _team_to_split(sheet: PaySheet, board: Board, name: str) -> Team | None:
    """The team chosen in the tabs, if a sheet of its own can be made of it."""
    if sheet.state != PaySheet.State.DRAFT or sheet.kind != PaySheet.Kind.MONTHLY or sheet.team_id:
        return None
    if len(board.teams) < 2 or name not in board.teams:
        return None
    return Team.objects.filter(
        project=sheet.project_id, participation=sheet.participation_id, name=name
    ).first()


def last_day_of(board: Board, silence_days: int) -> date | None:
    """The latest day on which somebody who is silent can still answer before the sheet may be approved."""
    days = [
        rules.last_day_to_answer(r.sent_at, silence_days)
        for r in board.rows
        if r.confirmation == "waiting" and r.sent_at is not None
    ]
    return max(days, default=None)


def _span(sheet: PaySheet) -> str:
    """The days of the sheet, where they are not those of the month it is named after."""
    first, last = days_of_sheet(sheet)
    odd = is_odd_span(sheet.month, first, last) or last != next_month(sheet.month) - timedelta(days=1)
    return span_words(first, last) if odd else ""


def changes_of(sheet: PaySheet, *, worker_id: int | None = None) -> list[LateChange]:
    """What changed at the gates since the month's own sheet was sent; nothing for drafts and supplements."""
    if sheet.kind != PaySheet.Kind.MONTHLY or sheet.state == PaySheet.State.DRAFT:
        return []
    found = late_changes(sheet.project, [sheet.participation_id], months=[sheet.month], worker_id=worker_id)
    return of_sheet(sheet, found)


def _parts(board: Board) -> list[tuple[str, int, Any]]:
    if board.confirmations["draft"]:
        return []
    return [
        ("a", board.confirmations["confirmed"], _("Confirmed")),
        ("x", board.confirmations["objected"], _("Objection")),
        ("", board.confirmations["waiting"], _("Not confirmed")),
    ]


def _sheet_tabs(request: ActorRequest, board: Board, show: str, team: str) -> list[dict[str, Any]]:
    counts = {
        "diff": sum(1 for r in board.rows if r.difference),
        "returned": board.payments["returned"],
        "objected": board.confirmations["objected"],
        "waiting": board.confirmations["waiting"],
    }
    texts = {
        "diff": _("Days differ"),
        "returned": _("Returned"),
        "objected": _("Objection"),
        "waiting": _("Not confirmed"),
    }
    everything = {
        "url": "?",
        "label": _("All"),
        "count": len(board.rows),
        "current": not show and not team,
    }
    tabs = [everything]
    tabs += [_tab(request, "show", key, texts[key], n, show) for key, n in counts.items() if n]
    if len(board.teams) > 1:
        tabs += [
            _tab(request, "team", name, name, count, team) for name, count in sorted(board.teams.items())
        ]
    return tabs


def _acts(sheet: PaySheet, board: Board, actor: Actor) -> dict[str, Any]:
    """What this person can do with the sheet now, with the figures each act would move."""
    now = timezone.now()
    acts: dict[str, Any] = {
        "may_prepare": may(sheet, actor, "sheet.prepare"),
        "is_draft": sheet.state == PaySheet.State.DRAFT,
        "silence_days": approvals.silence_days(sheet.project, now),
    }
    first = acts["first"] = (
        None
        if acts["is_draft"]
        else FirstApproval.objects.filter(
            project=sheet.project_id, sheet=sheet.pk, state=FirstApproval.State.WAITING
        )
        .select_related("approved_by")
        .first()
    )
    acts["limit"] = None if acts["is_draft"] else approvals.needs_two(sheet, sheet.project, now)
    if may(sheet, actor, "sheet.approve") and not acts["is_draft"]:
        ready = [r for r in board.rows if r.ready(site_date(now), acts["silence_days"])]
        acts["may_take_back"] = first is not None
        acts["gc_pk"] = next(iter(organisations_with(actor, PERMISSIONS["sheet.approve"])), None)
        if first is not None:
            seen = {(worker, version, net) for worker, version, net in first.slips}
            is_mine = first.approved_by_id == actor.id
            ready = [] if is_mine else [r for r in ready if (r.worker_id, r.version, r.net_fen) in seen]
        acts["approve"] = {
            "people": len(ready),
            "fen": sum(r.net_fen for r in ready),
            "silent": sum(1 for r in ready if r.confirmation == "waiting"),
            "left": sum(1 for r in board.rows if not r.is_approved) - len(ready),
        }
        due = [r for r in board.rows if r.is_approved and r.net_fen and r.payment in ("none", "returned")]
        ledger = SubLedger.objects.filter(project=sheet.project_id).select_related("account__bank").first()
        free = ledger.balance_fen - reserved_fen(sheet.project_id) if ledger else 0
        total = sum(r.net_fen for r in due)
        acts["instruct"] = {
            "people": len(due),
            "fen": total,
            "returned": sum(1 for r in due if r.payment == "returned"),
            "ledger": ledger,
            "free": free,
            "missing": max(total - free, 0),
            "booking": booking_of(ledger, sheet.due_on, now) if ledger and due else None,
            "short_text": _(
                "Free %(free)s, needed %(total)s: %(missing)s are missing. Ask the owner to allocate."
            )
            % {
                "free": format_cny(free),
                "total": format_cny(total),
                "missing": format_cny(max(total - free, 0)),
            },
        }
    return acts


@require_safe
@staff_view(*CONTRACTOR)
def sheet_export(request: ActorRequest, pk: int) -> HttpResponse:
    """The sheet as .xlsx, the legal columns of a pay sheet; ID numbers by their last four characters."""
    sheet = access_sheet(pk, request.actor)
    board = board_of(sheet)
    columns = [
        ColumnOut(_("No."), "number", 6),
        ColumnOut(_("Name"), width=12),
        ColumnOut(_("ID ends in"), width=10),
        ColumnOut(_("Team"), width=16),
        ColumnOut(_("Days by the gates"), "number", 12),
        ColumnOut(_("Days on the sheet"), "number", 12),
        ColumnOut(_("Rate"), "money"),
        ColumnOut(_("Gross pay"), "money"),
        ColumnOut(_("Deductions"), "money"),
        ColumnOut(_("Deducted for"), width=20),
        ColumnOut(_("Net pay"), "money"),
        ColumnOut(_("Worker's confirmation"), width=14),
        ColumnOut(_("Confirmed at"), "date", 18),
        ColumnOut(_("Payment"), width=14),
        ColumnOut(_("Card ends in"), width=12),
        ColumnOut(_("Paid at"), "date", 18),
    ]
    rows: list[tuple[Any, ...]] = [
        (
            n, r.name, r.tail, r.team_name, r.gate_days, r.days, r.rate_fen, r.gross_fen, r.deduction_fen,
            r.deduction_note, r.net_fen, str(labels.CONFIRMATIONS[r.confirmation][0]), r.confirmed_at,
            str(labels.PAYMENTS[r.payment][0]), r.paid_card_tail, r.paid_at,
        )
        for n, r in enumerate(board.rows, start=1)
    ]  # fmt: skip
    rows.append(
        ("", _("Total"), "", "", board.gate_days, board.days, None, sheet.gross_fen, sheet.deduction_fen, "",
         sheet.net_fen)
    )  # fmt: skip
    title = _("Pay sheet %(month)s, %(name)s, %(project)s") % {
        "month": f"{sheet.month:%Y-%m}" + (f" ({span})" if (span := _span(sheet)) else ""),
        "name": sheet.participation.organisation.name + (f" {sheet.team_name}" if sheet.team_name else ""),
        "project": named(sheet.project),
    }
    return xlsx(
        write_workbook([SheetOut(f"{sheet.month:%Y-%m}", columns, rows, title=title)]),
        f"pay-sheet-{sheet.month:%Y-%m}-{sheet.pk}.xlsx",
    )


def xlsx(data: bytes, name: str) -> HttpResponse:
    """A spreadsheet to save."""
    return HttpResponse(
        data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CLERK)
def sheet_new(request: ActorRequest) -> HttpResponse:
    """Choose project, contractor and month; make the sheet from attendance or go on to an upload."""
    source = request.POST if request.method == "POST" else request.GET
    parts = parts_to_prepare(request.actor)
    today = site_date(timezone.now())
    problem: WagewatchError | None = None
    if request.method == "POST":
        try:
            part, team_id = chosen_part(source.get("part", ""), parts)
            month = parse_month(source.get("month", ""))
            sheet = services.make_sheet_from_attendance(
                part.project_id, part.pk, month, team_id=team_id, actor=request.actor, now=timezone.now()
            )
        except WagewatchError as error:
            problem = error
        else:
            messages.success(
                request,
                ngettext(
                    "Made from attendance: %(count)s person, %(sum)s. Look at the lines, then submit.",
                    "Made from attendance: %(count)s people, %(sum)s. Look at the lines, then submit.",
                    sheet.people,
                )
                % {"count": sheet.people, "sum": format_cny(sheet.net_fen)},
            )
            return redirect("payroll:sheet", pk=sheet.pk)
    return render(
        request,
        "payroll/sheet_new.html",
        {
            "parts": with_teams(parts),
            "part_chosen": source.get("part", ""),
            "months": recent_months(today),
            "month_chosen": source.get("month", "") or f"{previous_month(first_of_month(today)):%Y-%m}",
            "problem": problem.message if problem else "",
        },
        status=problem.status if problem else 200,
    )


def recent_months(today: date, count: int = 6) -> list[date]:
    """This month and the ones before."""
    months = [first_of_month(today)]
    while len(months) < count:
        months.append(previous_month(months[-1]))
    return months


def parts_to_prepare(actor: Actor) -> list[Participation]:
    """Every part of every project for which the actor makes sheets; for the drop-down."""
    projects = list(projects_for(actor, permission="sheet.prepare").order_by("pk"))
    if not projects:
        return []
    mine = organisations_with(actor, PERMISSIONS["sheet.prepare"])
    leading = set(
        Participation.objects.filter(
            project__in=projects, organisation__in=mine, role="general_contractor"
        ).values_list("project_id", flat=True)
    )
    return list(
        Participation.objects.filter(
            Q(project__in=leading) | Q(pk__in=own_and_below(mine)),
            project__in=projects,
            role__in=["general_contractor", "subcontractor", "agency"],
        )
        .select_related("project", "organisation")
        .order_by("project_id", "pk")
    )


def with_teams(parts: list[Participation]) -> list[dict[str, Any]]:
    """The choices of the drop-down: each firm whole and, where it has several, each of its teams. One query."""
    teams: dict[int, list[Team]] = defaultdict(list)
    for team in Team.objects.filter(
        project__in={p.project_id for p in parts}, participation__in=[p.pk for p in parts]
    ).order_by("name", "pk"):
        teams[team.participation_id].append(team)
    return [
        {
            "part": part,
            "value": str(part.pk),
            "teams": [(f"{part.pk}-{team.pk}", team.name) for team in teams[part.pk]]
            if len(teams[part.pk]) > 1
            else [],
        }
        for part in parts
    ]


def chosen_part(text: str, parts: list[Participation]) -> tuple[Participation, int | None]:
    """What was chosen there: the firm, and the number of the team if it is one team alone. `sheet.part`."""
    number, _dash, team = text.partition("-")
    found = next((p for p in parts if str(p.pk) == number), None)
    if found is None or (team and not (team.isascii() and team.isdigit() and len(team) < 18)):
        raise Malformed("sheet.part", _("Choose for whom the sheet is made."))
    return found, int(team) if team else None
