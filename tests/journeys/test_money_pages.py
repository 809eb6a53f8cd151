"""What firms, the owner and the bank see of money: both languages, desktop and phone, for axe too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests.cast import NOW
from tests.journeys.staff_pages import problems_of
from tests.journeys.walker import DESKTOP, PHONE, House
from tests.permissions.stage import Stage, build_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PAGES = {
    "zhao": [
        "payroll:sheets", "payroll:sheet-new", "payroll:sheet", "payroll:sheet-silent", "payroll:sheet-changes",
        "payroll:on-site", "payroll:line", "payroll:item-add", "payroll:correct", "payroll:settle", "payroll:leavers",
        "payroll:advances", "payroll:advance-new", "payroll:cash", "payroll:sheet-upload",
        "payroll:sheet-staged", "payroll:sheet-columns", "payroll:ledger", "payroll:month-starts", "payroll:project-account",
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


def test_every_money_page_fits_both_screens_in_both_languages(stage: Stage, house: House) -> None:
    axe_at = {"zh-hans": [DESKTOP], "en": [PHONE]}
    assert problems_of(house, stage, PAGES, axe_at=axe_at) == {}
