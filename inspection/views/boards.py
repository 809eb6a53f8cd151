"""Notice boards of the region: which hang, which are out of date; one site's board; an inspector's photo."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.http import inspector_view, text_of
from payroll import board_words
from payroll.access import access_board, board_projects
from payroll.board_pdf import LANGUAGES, SIZES, board_pdf, code_address
from payroll.models import NoticeBoard
from payroll.services.board_checks import check_by_photo, read_picture, record_missing
from payroll.services.board_photos import open_board_photo
from payroll.services.board_states import load_codes, load_states
from payroll.services.boards import content_of
from payroll.views.board_checks import FIELDS, PhotoForm, say_verdict
from payroll.views.boards import base_address, board_context, pdf_answer, shown
from registration.access import not_found
from registration.http import ActorRequest
from registration.models import Project, Sector
from registration.views.chain_forms import say_at
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError

PER_PAGE = 50
ORDER = ("missing", "stale", "unseen", "never", "fresh")
TABS: dict[str, Any] = {
    "missing": pgettext_lazy("notice board tab", "Missing"),
    "stale": pgettext_lazy("notice board tab", "Out of date"),
    "unseen": pgettext_lazy("notice board tab", "No photo"),
    "never": pgettext_lazy("notice board tab", "Not made"),
    "fresh": pgettext_lazy("notice board tab", "Up to date"),
}


class LookForm(PhotoForm):
    """A photo, or the word that no board hangs."""

    none = forms.BooleanField(label=gettext_lazy("No board hangs here"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photo"].required = False
        self.fields["note"].label = gettext_lazy("Where you looked")


def tabs_of(request: HttpRequest, codes: list[str], show: str) -> list[dict[str, Any]]:
    """The states with their counts, as filters in the address."""
    query = request.GET.copy()
    query.pop("page", None)
    tabs = []
    for key, label in (("", _("All")), *TABS.items()):
        query["show"] = key
        tabs.append(
            {
                "url": f"?{query.urlencode()}",
                "label": label,
                "count": codes.count(key) if key else len(codes),
                "current": key == show,
            }
        )
    return tabs


def board_codes(request: ActorRequest) -> tuple[list[int], list[str], str]:
    """Sites as the filters say, those without a board first; the states of all; the tab."""
    projects = (
        board_projects(request.actor)
        .filter(state=Project.State.BUILDING)
        .exclude(sector=Sector.MANUFACTURING)
    )
    if words := text_of(request, "q"):
        projects = projects.filter(Q(name__icontains=words) | Q(name_en__icontains=words))
    found = load_codes(projects.order_by("name", "pk"), today=site_date(timezone.now()))
    show = request.GET.get("show", "")
    show = show if show in ORDER else ""
    chosen = [(ORDER.index(code), pk) for pk, code in found if not show or code == show]
    chosen.sort(key=lambda one: one[0])
    return [pk for _place, pk in chosen], [code for _pk, code in found], show


def board_rows(request: ActorRequest, chosen: Iterable[int]) -> list[dict[str, Any]]:
    """Some of these sites with the state of their board, in their order."""
    keys = list(chosen)
    projects = board_projects(request.actor).in_bulk(keys)
    found = [projects[pk] for pk in keys if pk in projects]
    states = load_states(found, today=site_date(timezone.now()))
    return [
        {
            "project": project,
            "state": states[project.pk],
            "words": board_words.STATES[states[project.pk].code][0],
            "level": board_words.STATES[states[project.pk].code][1],
        }
        for project in found
    ]


@require_GET
@inspector_view
def boards(request: ActorRequest) -> HttpResponseBase:
    """Sites under way within reach by the state of their notice board, those without one first."""
    chosen, codes, show = board_codes(request)
    page = Paginator(chosen, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "inspection/boards.html",
        {
            "page": page,
            "rows": board_rows(request, page),
            "tabs": tabs_of(request, codes, show),
            "lacking": len(codes) - codes.count("fresh"),
            "query": request.GET,
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def board(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One site's board: what hangs, all looks; a photo taken on the spot, or that none hangs."""
    project = access_board(pk, request.actor)
    sent = request.method == "POST"
    form = LookForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        data, now = form.cleaned_data, timezone.now()
        try:
            if data["photo"]:
                picture = read_picture(data["photo"].read())
                check = check_by_photo(pk, picture, note=data["note"], actor=request.actor, now=now)
            elif data["none"]:
                check = record_missing(pk, note=data["note"], actor=request.actor, now=now)
            else:
                check = None
                form.add_error("photo", _("Add a photo, or say that no board hangs."))
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            if check is not None:
                say_verdict(request, check)
                return redirect("inspection:board", pk)
    context = board_context(project) | {"form": form}
    newest = context["newest"]
    if newest is not None:
        context["printed"] = shown(content_of(newest))
        context["lacks"] = [board_words.missing_words(code, detail) for code, detail in newest.missing]
    return render(request, "inspection/board.html", context, status=400 if form.errors else 200)


@require_GET
@inspector_view
def board_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """A version as PDF, to compare with what hangs."""
    project = access_board(pk, request.actor)
    found = NoticeBoard.objects.filter(project=project, number=number).first()
    size, language = request.GET.get("size", "A3"), request.GET.get("lang", "zh-hans")
    if found is None or size not in SIZES or language not in LANGUAGES:
        not_found()
    data = board_pdf(found, address=code_address(found, base_address()), size=size, language=language)
    return pdf_answer(data, project, found, size, language)


@require_GET
@inspector_view
def board_photo(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The picture of a look."""
    return stored_file(open_board_photo(pk, number, actor=request.actor))
