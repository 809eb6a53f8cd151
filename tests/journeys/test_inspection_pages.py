"""What inspectors and firms see of cases, orders, lists and checks: both languages, desktop and phone, for axe too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from tests.cast import NOW
from tests.journeys.walker import DESKTOP, PHONE, House, axe, sideways
from tests.permissions.addresses import PARTS
from tests.permissions.stage import Stage, build_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PAGES = {
    "li": [
        "inspection:alarms", "inspection:alarm", "inspection:alarm-case", "inspection:rules", "inspection:rule",
        "inspection:cases", "inspection:case", "inspection:complaint", "inspection:case-new", "inspection:case-act",
        "inspection:cases-workload", "inspection:credit", "inspection:firm-credit", "inspection:listings",
        "inspection:listing", "inspection:listing-step", "inspection:listing-new", "inspection:boards",
        "inspection:checks", "inspection:check-library", "inspection:check-draw-new", "inspection:check-draw",
        "inspection:check", "inspection:permits", "inspection:permit", "inspection:data-requests",
        "inspection:data-request", "inspection:data-request-new", "inspection:looks", "inspection:wage-report",
        "inspection:risk", "inspection:wall",
    ],
    "qian": [
        "supervised:orders", "supervised:order", "supervised:listing", "supervised:credit", "supervised:wage-list",
        "warnings:list",
    ],
}  # fmt: skip

ALLOWED = {"inspection:wall": ("meta-refresh",)}
"""A screen on a wall that nobody operates shows what is so now, with scripts and without."""


@pytest.fixture
def stage(transactional_db: None, clean_cache: None) -> Iterator[Stage]:
    with time_machine.travel(NOW):
        yield build_stage()


@pytest.fixture
def house(live_server: Any, browser: "Browser") -> Iterator[House]:
    house = House(browser, live_server.url)
    yield house
    house.close()


def _room(house: House, stage: Stage, who: str, language: str) -> "Page":
    page = house.room(DESKTOP, language=language, csp=False)
    cookie = stage.clients[who].cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": house.url}])
    return page


def test_every_page_fits_both_screens_in_both_languages(stage: Stage, house: House) -> None:
    broken, wide, faults = [], [], []
    for language, looked_at in (("zh-hans", (DESKTOP, PHONE)), ("en", (PHONE,))):
        for who, names in PAGES.items():
            page = _room(house, stage, who, language)
            for name in names:
                answer = page.goto(reverse(name, kwargs=PARTS.get(name, lambda _stage: {})(stage)))
                assert answer
                if answer.status != 200:
                    broken.append((who, name, answer.status))
                    continue
                for size in (DESKTOP, PHONE):
                    page.set_viewport_size({"width": size["width"], "height": size["height"]})
                    if (pixels := sideways(page)) > 0:
                        wide.append((language, name, size["width"], pixels))
                    if size in looked_at:
                        faults += [
                            (language, name, size["width"], *found)
                            for found in axe(page)
                            if found[0] not in ALLOWED.get(name, ())
                        ]
    found = {"status": broken, "too wide": wide, "axe": faults, "errors": house.errors}
    problems = {name: what for name, what in found.items() if what}
    assert problems == {}, problems


def test_a_firm_answers_an_order_and_the_office_reads_it(stage: Stage, house: House) -> None:
    firm = _room(house, stage, "qian", "zh-hans")
    firm.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    firm.goto(reverse("supervised:order", args=[stage.served.pk]))
    firm.fill("#answer textarea", "其余六人工资今天付清")
    firm.locator("#answer button.go").click()
    firm.locator(".said", has_text="其余六人工资今天付清").wait_for()
    office = _room(house, stage, "li", "zh-hans")
    office.goto(reverse("inspection:case", args=[stage.served.order.case_id]))
    office.locator(".said", has_text="其余六人工资今天付清").wait_for()
    assert house.errors == []
