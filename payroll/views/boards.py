"""The site's notice board for its general contractor: preview, versions, printing; the page behind its code."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from payroll import board_words
from payroll.access import access_board, leads_project
from payroll.board_pdf import LANGUAGES, SIZES, board_pdf, code_address
from payroll.board_rules import missing_lines
from payroll.models import BoardCheck, BoardPhoto, NoticeBoard
from payroll.services.board_facts import gather, stale_after_days
from payroll.services.board_states import state_of
from payroll.services.boards import is_same, make_board
from registration.access import not_found
from registration.http import ActorRequest, staff_view
from registration.models import Project
from registration.permissions import GC
from registration.views.scope import set_scope
from wagewatch.lib.dates import parse_date, parse_month, site_date
from wagewatch.lib.errors import RuleViolation

READERS = tuple(sorted(GC))
SHOWN_PEOPLE = 12
KEPT_CHECKS = 20


def board_context(project: Project) -> dict[str, Any]:
    """State, newest version, checks and versions of a project's board; what both sides' pages show."""
    today = site_date(timezone.now())
    days = stale_after_days(project.region_id, today)
    versions = list(NoticeBoard.objects.filter(project=project).order_by("-number")[:KEPT_CHECKS])
    checks = list(
        BoardCheck.objects.filter(project=project).select_related("made_by").order_by("-number")[:60]
    )
    newest = versions[0] if versions else None
    state = state_of(newest, checks, today=today, days=days)
    with_photo = set(
        project_photos(project).filter(number__in=[c.number for c in checks]).values_list("number", flat=True)
    )
    return {
        "project": project,
        "state": state,
        "level": board_words.STATES[state.code][1],
        "headline": board_words.headline(state),
        "state_note": board_words.state_note(state, today, days),
        "versions": versions,
        "newest": newest,
        "sizes": tuple(SIZES),
        "checks": [
            {
                "check": check,
                "words": board_words.VERDICTS[check.verdict][0],
                "level": board_words.VERDICTS[check.verdict][1],
                "has_photo": check.number in with_photo,
            }
            for check in checks[:KEPT_CHECKS]
        ],
        "today": today,
        "days": days,
    }


def project_photos(project: Project) -> QuerySet[BoardPhoto]:
    """The pictures of a project's checks that are still kept."""
    return BoardPhoto.objects.filter(project=project)


def shown(content: dict[str, Any]) -> dict[str, Any]:
    """A board's content with labels, as pages show it."""
    calls = {line["office"]: line["call"] for line in content["help"]}
    chinese = board_words.is_chinese()
    return {
        "who": [
            {
                **line,
                "label": board_words.ROLES[line["role"]],
                "call": line["call"]
                or calls.get({"inspector": "labour", "sector": "sector"}.get(line["role"], ""), ""),
            }
            for line in content["who"]
        ],
        "pay": {
            **content["pay"],
            "month": parse_month(content["pay"]["month"]),
            "due_on": parse_date(content["pay"]["due_on"]),
        },
        "help": [
            {
                **line,
                "label": board_words.OFFICES[line["office"]],
                "name": line["name"] if chinese or not line["name_en"] else line["name_en"],
            }
            for line in content["help"]
        ],
        "fixed": board_words.FIXED_LINES,
        "list_month": parse_month(content["list"]["month"]),
        "people": content["list"]["people"][:SHOWN_PEOPLE],
        "people_count": len(content["list"]["people"]),
        "people_rest": max(0, len(content["list"]["people"]) - SHOWN_PEOPLE),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def board(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Preview from today's records, what is missing, versions and looks; POST makes a version."""
    project = access_board(pk, request.actor)
    set_scope(request, project)
    now = timezone.now()
    refusal = None
    if request.method == "POST":
        try:
            made = make_board(pk, actor=request.actor, now=now)
        except RuleViolation as error:
            refusal = error
        else:
            messages.success(
                request,
                _("Version %(number)s is made. Print it, hang it up, photograph it.")
                % {"number": made.number},
            )
            return redirect("payroll:board", pk)
    content = gather(project, today=site_date(now))
    context = board_context(project)
    newest = context["newest"]
    context |= {
        "preview": shown(content),
        "missing": [board_words.missing_words(code, detail) for code, detail in missing_lines(content)],
        "is_same": newest is not None and is_same(newest, content),
        "may_make": leads_project(request.actor, project, permission="board.make")
        and project.state != Project.State.DONE,
        "refusal": refusal,
        "make_words": _("Make version %(number)s") % {"number": newest.number + 1 if newest else 1},
    }
    return render(request, "payroll/board.html", context, status=409 if refusal else 200)


@require_safe
@staff_view(*READERS)
def board_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """A version as PDF: `size` A3 or A1, `lang` zh-hans or en."""
    project = access_board(pk, request.actor)
    found = NoticeBoard.objects.filter(project=project, number=number).first()
    size, language = request.GET.get("size", "A3"), request.GET.get("lang", "zh-hans")
    if found is None or size not in SIZES or language not in LANGUAGES:
        not_found()
    data = board_pdf(found, address=code_address(found, base_address()), size=size, language=language)
    return pdf_answer(data, project, found, size, language)


def pdf_answer(data: bytes, project: Project, found: NoticeBoard, size: str, language: str) -> HttpResponse:
    """The paper, under a name that tells which it is."""
    name = f"notice-board-{project.code}-{found.number}-{size}-{language}.pdf"
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )


def base_address() -> str:
    """Where workers reach this system."""
    return str(settings.WAGEWATCH_ENTERPRISE_URL or settings.WAGEWATCH_ADDRESS).rstrip("/")
