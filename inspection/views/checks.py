"""Random checks: draws, one draw with its seed, the form that inspectors fill in at the site, its photos."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from inspection.check_access import access_check, draws_for, offices_of
from inspection.http import inspector_view
from inspection.models import CheckDraw, CheckPhoto, RandomCheck
from inspection.services import checks as services
from inspection.views.check_draws import rows_of
from registration.actors import Actor
from registration.http import ActorRequest
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError

PER_PAGE = 30
State = RandomCheck.State
ANSWER_WORDS = {
    "ok": gettext_lazy("As it should be"),
    "bad": gettext_lazy("Not in order"),
    "none": gettext_lazy("Not found here"),
}


def drawn(actor: Actor) -> QuerySet[CheckDraw]:
    """Draws within reach with how many of their checks there are (`all_checks`) and are over (`done`), newest first."""
    return (
        draws_for(actor)
        .select_related("publication")
        .annotate(
            all_checks=Count("checks"),
            done=Count("checks", filter=Q(checks__state__in=(State.CONFIRMED, State.DROPPED))),
        )
        .order_by("-drawn_at", "-pk")
    )


@require_GET
@inspector_view
def checks(request: ActorRequest) -> HttpResponseBase:
    """The inspector's own checks to do or to sign, then all draws."""
    me = request.actor.id
    mine = RandomCheck.objects.filter(Q(first=me) | Q(second=me), draw__in=draws_for(request.actor))
    waiting = mine.filter(Q(state=State.PLANNED) | Q(state=State.SUBMITTED) & ~Q(submitted_by=me))
    page = Paginator(drawn(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "inspection/checks.html",
        {
            "mine": rows_of(
                waiting.select_related("project__region", "draw", "first", "second").order_by(
                    "draw__until_on", "draw_id", "place"
                )[:PER_PAGE]
            ),
            "page": page,
            "offices": list(offices_of(request.actor)),
            "today": site_date(timezone.now()),
        },
    )


def _lines(check: RandomCheck, typed: Any = None) -> list[dict[str, Any]]:
    """The items with what was answered: just typed, else the draft, else the result."""
    kept = check.results or check.draft.get("rows", [])
    photos: dict[int | None, list[int]] = {}
    for number, item_number in (
        CheckPhoto.objects.filter(project=check.project_id, draw=check.draw_id)
        .order_by("number")
        .values_list("number", "item")
    ):
        photos.setdefault(item_number, []).append(number)
    lines = []
    for number, item in enumerate(check.draw.items):
        row = kept[number] if number < len(kept) else {}
        lines.append(
            {
                **item,
                "number": number,
                "answer": typed.get(f"answer_{number}", "") if typed else row.get("answer", ""),
                "note": typed.get(f"note_{number}", "") if typed else row.get("note", ""),
                "no_photo": typed.get(f"no_photo_{number}", "") if typed else row.get("no_photo", ""),
                "photos": photos.get(number, []),
                "words": ANSWER_WORDS.get(row.get("answer", "")),
            }
        )
    return lines


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def check(request: ActorRequest, pk: int, project_pk: int) -> HttpResponseBase:
    """The form at the site: answers, photos, conclusion. `act`: save, photo, submit, confirm, drop."""
    found = access_check(pk, project_pk, request.actor)
    now = timezone.now()
    refusal: WagewatchError | None = None
    if request.method == "POST":
        try:
            answer = _act(request, pk, project_pk, now)
        except (RuleViolation, Malformed) as error:
            refusal = error
        else:
            return answer
    me = request.actor.id
    typed = request.POST.dict() if refusal else {}
    lines = _lines(found, typed if "summary" in typed else None)
    if refusal and isinstance(number := refusal.facts.get("number"), int):
        lines[number]["error"] = refusal.message
    return render(
        request,
        "inspection/check.html",
        {
            "check": found,
            "lines": lines,
            "answers": ANSWER_WORDS.items(),
            "summary": typed.get("summary", found.summary or found.draft.get("summary", "")),
            "visited_on": typed.get("visited_on", site_date(now).isoformat()),
            "reason": typed.get("reason", ""),
            "errors": {refusal.code: refusal.message} if refusal else {},
            "photos": list(
                CheckPhoto.objects.filter(project=project_pk, draw=pk).order_by("number").defer("sha256")
            ),
            "fills": found.state == State.PLANNED and me in (found.first_id, found.second_id),
            "signs": found.state == State.SUBMITTED
            and me in (found.first_id, found.second_id)
            and me != found.submitted_by_id,
            "waits": found.state == State.SUBMITTED and me == found.submitted_by_id,
            "faults": sum(row["answer"] == "bad" for row in found.results),
            "refusal": refusal,
            "most_photos": services.MOST_PHOTOS,
        },
        status=refusal.status if refusal else 200,
    )


def _act(request: ActorRequest, pk: int, project_pk: int, now: Any) -> HttpResponseBase:
    act, here = request.POST.get("act", "save"), redirect("inspection:check", pk, project_pk)
    with_whom: dict[str, Any] = {"actor": request.actor, "now": now}
    typed = request.POST.dict()
    if act == "submit":
        # A form with photos chosen is handed in with them: what is refused afterwards loses none.
        _keep_photos(request, pk, project_pk, now)
        services.submit_check(pk, project_pk, typed, visited_on=_visited(request), **with_whom)
    elif act == "confirm":
        services.confirm_check(pk, project_pk, **with_whom)
        messages.success(request, _("Signed by both. The result is on record."))
    elif act == "drop":
        services.drop_check(pk, project_pk, reason=request.POST.get("reason", ""), **with_whom)
        messages.success(request, _("On record as not carried out, with the reason."))
    else:
        services.save_draft(pk, project_pk, typed, **with_whom)
        _keep_photos(request, pk, project_pk, now)
        if request.headers.get("X-Requested-With") == "draft":
            return JsonResponse({"saved": True})
        messages.success(request, _("Draft saved."))
    return here


def _keep_photos(request: ActorRequest, pk: int, project_pk: int, now: Any) -> None:
    """The photos chosen for the whole (`photos`) and for items (`photos_3`)."""
    for name in request.FILES:
        head, _cut, number = name.partition("_")
        if head != "photos" or (number and not (number.isascii() and number.isdigit() and len(number) < 4)):
            continue
        item = int(number) if number else None
        for photo in request.FILES.getlist(name):
            # One byte more than is taken tells the service that it is too large.
            data = photo.read(services.MOST_BYTES + 1)
            services.add_photo(pk, project_pk, data, item=item, actor=request.actor, now=now)


def _visited(request: ActorRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("visited_on", ""))
    except ValueError:
        raise Malformed("check.visited", _("The day of the visit lies between the draw and today.")) from None


@require_GET
@inspector_view
def check_photo(request: ActorRequest, pk: int, project_pk: int, number: int) -> HttpResponseBase:
    """A photo of a check."""
    return stored_file(services.open_check_photo(pk, project_pk, number, actor=request.actor))
