"""What is published of random checks, for everybody: draws, seeds, lists, results."""

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inspection.models import CheckPublication, RandomCheck
from inspection.views.check_draws import draw_file, rows_of
from registration.access import not_found
from registration.http import ActorRequest


@require_GET
def checks_public(request: ActorRequest) -> HttpResponseBase:
    """What was published: draws with their results, for everybody."""
    request.audience = "public"  # type: ignore[attr-defined]
    page = Paginator(
        CheckPublication.objects.select_related("draw__authority").order_by("-published_at", "-pk"), 10
    ).get_page(request.GET.get("page"))
    shown = []
    draws = [publication.draw_id for publication in page]
    by_draw: dict[int, list[RandomCheck]] = {}
    for found in (
        RandomCheck.objects.filter(draw__in=draws).select_related("project__region").order_by("place")
    ):
        by_draw.setdefault(found.draw_id, []).append(found)
    for publication in page:
        certificates = {row["code"]: row["inspectors"] for row in publication.draw.outcome}
        names = {row["certificate"]: row["name"] for row in publication.draw.lists["inspectors"]}
        shown.append(
            {
                "publication": publication,
                "draw": publication.draw,
                "rows": [
                    {
                        **row,
                        "inspectors": [
                            (c, names.get(c, "")) for c in certificates.get(row["check"].project.code, [])
                        ],
                    }
                    for row in rows_of(by_draw.get(publication.draw_id, []))
                ],
            }
        )
    return render(request, "inspection/checks_public.html", {"shown": shown, "page": page})


@require_GET
def checks_public_file(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Seed, lists and outcome of a published draw as JSON, for everybody who wants to repeat it."""
    publication = CheckPublication.objects.select_related("draw__authority").filter(draw=pk).first()
    if publication is None:
        not_found()
    return draw_file(publication.draw)
