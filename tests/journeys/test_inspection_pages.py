"""What inspectors and firms see of cases, orders, lists and checks: both languages, desktop and phone, for axe too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.urls import reverse

from tests.cast import NOW
from tests.journeys.staff_pages import problems_of, room_of
from tests.journeys.walker import DESKTOP, PHONE, House
from tests.permissions.stage import Stage, build_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def test_every_page_fits_both_screens_in_both_languages(stage: Stage, house: House) -> None:
    axe_at = {"zh-hans": [DESKTOP, PHONE], "en": [PHONE]}
    assert problems_of(house, stage, PAGES, axe_at=axe_at, allowed=ALLOWED) == {}


def test_a_firm_answers_an_order_and_the_office_reads_it(stage: Stage, house: House) -> None:
    firm = room_of(house, stage, "qian", "zh-hans")
    firm.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    firm.goto(reverse("supervised:order", args=[stage.served.pk]))
    firm.fill("#answer textarea", "其余六人工资今天付清")
    firm.locator("#answer button.go").click()
    firm.locator(".said", has_text="其余六人工资今天付清").wait_for()
    office = room_of(house, stage, "li", "zh-hans")
    office.goto(reverse("inspection:case", args=[stage.served.order.case_id]))
    office.locator(".said", has_text="其余六人工资今天付清").wait_for()
    assert house.errors == []
