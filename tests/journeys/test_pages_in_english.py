"""Every role's main pages in English on a phone and a tablet: nothing scrolls sideways, axe finds nothing,
and no Chinese is left but data."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from registration.rules.ethnic_groups import ETHNIC_GROUPS
from tests.journeys.people import crew
from tests.journeys.stage import Stack, wait_for
from tests.journeys.walker import PHONE, TABLET, House, axe, sideways, sign_in, sign_in_worker
from wagewatch.lib.origins import origin_name, provinces

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.journey
CHINESE = re.compile(r"[\u3400-\u9fff]+")
DATA = (
    "SELECT name FROM registration_organisation UNION SELECT short_name FROM registration_organisation"
    " UNION SELECT name FROM registration_project UNION SELECT address FROM registration_project"
    " UNION SELECT name FROM registration_team UNION SELECT trade FROM registration_posting"
    " UNION SELECT source FROM registration_parameter"
    " UNION SELECT name FROM registration_region UNION SELECT name FROM registration_user"
    " UNION SELECT name FROM registration_worker UNION SELECT ethnicity FROM registration_worker UNION SELECT bank_name FROM registration_bankcard"
    " UNION SELECT scope FROM registration_participation UNION SELECT clerk_name FROM registration_participation"
    " UNION SELECT manager_name FROM registration_participation"
    " UNION SELECT left(name, -1) FROM registration_region WHERE length(name) > 2"
    " UNION SELECT name FROM registration_authority UNION SELECT name FROM devices_terminal"
    " UNION SELECT name FROM payroll_specialaccount UNION SELECT filename FROM registration_rosterupload"
    " UNION SELECT cause FROM payroll_accountentry UNION SELECT reason_text FROM payroll_paymentline"
    " UNION SELECT text FROM payroll_objection UNION SELECT answer FROM payroll_objection"
    " UNION SELECT counterparty FROM payroll_statementline UNION SELECT text FROM payroll_statementline"
    " UNION SELECT filename FROM payroll_sheetupload"
)
OURS = ("薪安", "中文")
"""The brand, and the name of the other language on the switch."""


@pytest.fixture
def house(stack: Stack, browser: "Browser") -> Iterator[House]:
    house = House(browser, stack.url)
    yield house
    house.close()


def _pages(stack: Stack) -> dict[str, list[str]]:
    fault = stack.county["fault"]
    project, sheet = fault["project"], fault["sheets"][0]
    person = stack.one(
        "SELECT worker_id FROM registration_posting WHERE project_id = %s ORDER BY pin LIMIT 1", project
    )
    account = stack.one("SELECT account_id FROM payroll_subledger WHERE project_id = %s", project)
    alarm = wait_for(
        "beat has raised the alarm",
        lambda: stack.one("SELECT id FROM inspection_alarm WHERE rule = 'D3' AND project_id = %s", project),
    )
    of_role = " FROM registration_participation WHERE project_id = %s AND role = %s"
    part = stack.one("SELECT id" + of_role, project, "subcontractor")
    firm = stack.one("SELECT organisation_id" + of_role, project, "general_contractor")
    month = stack.one("SELECT to_char(month, 'YYYY-MM') FROM payroll_paysheet WHERE id = %s", sheet)
    order = stack.one("SELECT min(id) FROM payroll_paymentorder")
    slip = f"{month}.{project}.{sheet}.{person}"
    pages = {
        "": ["/accounts/sign-in/", "/accounts/worker/", "/verify/", "/nowhere/"],
        "zhao": [
            "/today/", "/projects/", f"/projects/{project}/", f"/people/{project}/", f"/people/{project}/{person}/",
            f"/people/{project}/new/", f"/people/{project}/files/", f"/people/{project}/{person}/details/",
            f"/people/{project}/{person}/identity/", f"/people/{project}/{person}/agreement/",
            f"/people/{project}/{person}/file/", f"/people/{project}/rosters/", "/sites/", f"/sites/{project}/", f"/sites/{project}/days/?month={month}",
            "/pay/sheets/", "/pay/sheets/new/", f"/pay/sheets/{sheet}/", f"/pay/lines/{slip}/", "/pay/orders/",
            "/pay/accounts/", f"/pay/accounts/{account}/", "/projects/new/", f"/projects/{project}/edit/",
            f"/projects/{project}/chain/", f"/projects/{project}/chain/add/", f"/projects/{project}/chain/{part}/",
            f"/projects/{project}/chain/{part}/teams/new/", f"/projects/{project}/chain/{part}/end/",
        ],
        "qian": ["/today/", "/pay/uploads/new/"],
        "he": [
            "/staff/", f"/staff/{firm}/invite/",
            f"/pay/sheets/{sheet}/approve/", f"/pay/sheets/{sheet}/instruct/",
        ],
        "ye": ["/pay/accounts/"],
        "hang": ["/pay/orders/"],
        "menwei": ["/sites/"],
        "li": [
            "/supervision/", "/supervision/alarms/", f"/supervision/alarms/{alarm}/", "/supervision/projects/",
            f"/supervision/projects/{project}/", f"/supervision/projects/{project}/months/{month}/",
            f"/supervision/projects/{project}/months/{month}/workers/{person}/", "/supervision/people/",
            "/supervision/alarms/rules/", f"/supervision/projects/{project}/breach/",
            f"/supervision/projects/firms/{firm}/",
            f"/supervision/projects/{project}/people/{person}/",
            f"/supervision/projects/{project}/people/{person}/identity/",
        ],
        "worker": ["/my/pay/", f"/my/pay/{slip}/", "/me/days/", "/contract/", "/me/"],
    }  # fmt: skip
    if order:
        pages["he"].append(f"/pay/orders/{order}/")
    return pages


def test_english_pages_fit_small_screens_and_axe(stack: Stack, house: House) -> None:
    data = {text for row in stack.sql(DATA) if (text := (row[0] or "").strip()) and CHINESE.search(text)}
    data |= {*ETHNIC_GROUPS.values(), *(name for _code, name in provinces())}
    data |= {origin_name(row[0]) for row in stack.sql("SELECT DISTINCT origin_code FROM registration_worker")}
    broken, wide, faults, chinese = [], [], [], []
    for who, paths in _pages(stack).items():
        page = house.room(PHONE, language="en", csp=False)
        if who == "worker":
            sign_in_worker(page, crew(1, start=200)[0].phone)
        elif who:
            sign_in(page, who)
        for path in paths:
            answer = page.goto(path)
            assert answer
            if answer.status != (404 if path == "/nowhere/" else 200):
                broken.append((who, path, answer.status))
                continue
            assert page.get_attribute("html", "lang") == "en", path
            for size in (PHONE, TABLET):
                page.set_viewport_size({"width": size["width"], "height": size["height"]})
                if (pixels := sideways(page)) > 0:
                    wide.append((who, path, size["width"], pixels))
                faults += [(who, path, size["width"], *found) for found in axe(page)]
            chinese += [(who, path, left) for left in _left(page, data)]
    found = {"status": broken, "too wide": wide, "axe": faults, "Chinese": chinese, "errors": house.errors}
    problems = {name: what for name, what in found.items() if what}
    assert problems == {}, problems


def _left(page: "Page", data: set[str]) -> list[str]:
    """Chinese that is neither data nor the brand."""
    text = page.locator("body").inner_text()
    for known in sorted({*data, *OURS}, key=len, reverse=True):
        text = text.replace(known, " ")
    text = re.sub(r"[\u3400-\u9fff]\*+", " ", text)  # masked names
    return sorted(set(CHINESE.findall(text)))
