"""Pages of people with a password, opened one after the other: what is broken, too wide or unfit for axe."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from tests.journeys.walker import DESKTOP, PHONE, House, axe, sideways
from tests.permissions.addresses import PARTS
from tests.permissions.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page


def room_of(house: House, stage: Stage, who: str, language: str) -> "Page":
    """A browser in which this person of the stage is signed in."""
    page = house.room(DESKTOP, language=language, csp=False)
    cookie = stage.clients[who].cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": house.url}])
    return page


def problems_of(
    house: House,
    stage: Stage,
    pages: Mapping[str, Sequence[str]],
    *,
    axe_at: Mapping[str, Sequence[Any]],
    allowed: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Open each person's `pages` in each language of `axe_at`, and ask axe at the sizes given there.

    Every page must answer 200 and fit both sizes. `allowed` names rules of axe that a page may break.
    """
    broken, wide, faults = [], [], []
    for language, looked_at in axe_at.items():
        for who, names in pages.items():
            page = room_of(house, stage, who, language)
            for name in names:
                answer = page.goto(reverse(name, kwargs=PARTS.get(name, lambda _stage: {})(stage)))
                if answer is None or answer.status != 200:
                    broken.append((who, name, answer and answer.status))
                    continue
                for size in (DESKTOP, PHONE):
                    page.set_viewport_size({"width": size["width"], "height": size["height"]})
                    if (pixels := sideways(page)) > 0:
                        wide.append((language, name, size["width"], pixels))
                    if size in looked_at:
                        may = (allowed or {}).get(name, ())
                        faults += [(language, name, size["width"], *f) for f in axe(page) if f[0] not in may]
    found = {"status": broken, "too wide": wide, "axe": faults, "errors": house.errors}
    return {name: what for name, what in found.items() if what}
