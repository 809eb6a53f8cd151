"""What firms, the owner and the bank see of money: both languages, desktop and phone, for axe too."""

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
    "zhao": [
        "payroll:sheets", "payroll:sheet-new", "payroll:sheet", "payroll:sheet-silent", "payroll:sheet-changes",
        "payroll:on-site", "payroll:line", "payroll:item-add", "payroll:correct", "payroll:settle", "payroll:leavers",
        "payroll:advances", "payroll:advance-new", "payroll:cash", "payroll:sheet-upload",
        "payroll:sheet-staged", "payroll:ledger", "payroll:month-starts", "payroll:project-account",
        "payroll:account-register", "payroll:account-agreement", "payroll:account-file", "payroll:returned",
    ],
    "he": [
        "payroll:sheet-approve", "payroll:sheet-instruct", "payroll:approval-limit", "payroll:orders", "payroll:order",
        "payroll:accounts", "payroll:account", "payroll:account-lines", "payroll:statements", "payroll:statement",
        "payroll:statement-line", "payroll:account-closing", "payroll:allocation", "payroll:allocation-plan",
        "payroll:progress-new", "payroll:receipt-month", "payroll:top-up-ask", "payroll:top-up", "payroll:flow",
        "payroll:loans", "payroll:loan", "payroll:loan-ask", "payroll:sheet-draw", "payroll:deposit",
        "payroll:deposit-enter",
    ],
    "ye": ["payroll:owner-today", "payroll:allocation", "payroll:top-up", "payroll:flow", "payroll:account"],
    "bank": [
        "payroll:bank-desk", "payroll:undecided", "payroll:decide", "payroll:order-result", "payroll:bank-terms",
        "payroll:bank-terms-new", "payroll:accounts", "payroll:account", "payroll:statement",
        "payroll:loan-answer", "payroll:draw-answer", "payroll:project-account",
    ],
}  # fmt: skip
"""By who reads them; a page that answers otherwise than 200 to this person is a finding."""


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


def test_every_money_page_fits_both_screens_in_both_languages(stage: Stage, house: House) -> None:
    broken, wide, faults = [], [], []
    for language, looked_at in (("zh-hans", DESKTOP), ("en", PHONE)):
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
                    if size is looked_at:
                        faults += [(language, name, size["width"], *found) for found in axe(page)]
    found = {"status": broken, "too wide": wide, "axe": faults, "errors": house.errors}
    problems = {name: what for name, what in found.items() if what}
    assert problems == {}, problems
