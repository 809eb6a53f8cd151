"""Every money form filled with sums nobody means: none, negative, a third digit, more than there is on earth.

The forms are found in the pages themselves, so that a new field is tried as well.
"""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from lxml import html

from payroll.models import AccountEntry, PaySheet, SubLedger
from payroll.services import allocations, loans
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.deposit_papers import deposit_scan
from tests.payroll.test_allocations import agree
from tests.payroll.test_loans import confirm, draw, facility

pytestmark = pytest.mark.django_db
NEVER = [
    "",
    "0",
    "-5",
    "0.001",
    "1e5",
    "NaN",
    "五千",
    "９９９９９９９９９９９９９９９",
    "92233720368547758.08",
    "9" * 30,
]
"""Refused in every field: beside it, with nothing written; some fields take 0 or nothing."""
PAPER = deposit_scan().data
MOST = "9999999999.99"
"""What the fields let through at most, in yuan, or more than that."""


def forms_of(page: bytes, at: str) -> list[tuple[str, dict[str, str], set[str], set[str]]]:
    """The POST forms of a page: address, plain values, the names of its sums, the names of its files."""
    found = []
    for form in html.fromstring(page).xpath("//form[translate(@method, 'POST', 'post') = 'post']"):
        values: dict[str, str] = {}
        sums, files = set(), set()
        for field in form.xpath(".//input[@name] | .//select[@name] | .//textarea[@name]"):
            name, kind = field.get("name"), field.get("type", field.tag)
            if name == "csrfmiddlewaretoken":
                continue
            if kind == "file":
                files.add(name)
            elif field.get("inputmode") == "decimal":
                sums.add(name)
            elif kind in ("radio", "checkbox"):
                values.setdefault(name, field.get("value", "on"))
            elif kind == "select":
                options = [o.get("value", "") for o in field.xpath(".//option")]
                values[name] = next((o for o in reversed(options) if o), "")
            elif kind == "date":
                values[name] = field.get("value") or "2026-11-15"
            elif kind == "number":
                values[name] = field.get("value") or field.get("min") or "1"
            else:
                values[name] = field.get("value") or (field.text or "").strip() or "2026-10"
        if sums:
            found.append((form.get("action") or at, values, sums, files))
    return found


@pytest.fixture
def pages(cast: Cast) -> dict[str, Client]:
    """Address of a page with a sum on it, and who fills it in."""
    parameters.forget()
    stage.account(cast, 500_000)
    sheet = stage.approved_sheet(cast)
    agree(cast)
    facility(cast)
    draw(cast, sheet, 1_000)
    confirm(cast)
    draft = PaySheet.objects.create(
        project=cast.project, participation=cast.gc_part, month=stage.MONTH, number=1, source="upload",
        state="draft", due_on=sheet.due_on, made_at=cast.now,
    )  # fmt: skip
    assert draft.pk
    he, zhao, qian = cast.client(cast.he), cast.client(cast.zhao), cast.client(cast.qian)
    slip = stage.slip_of(sheet, cast.sun).reference
    one = {"pk": cast.project.pk}
    return {
        reverse("payroll:advance-new"): qian,
        reverse("payroll:correct", args=[slip]): zhao,
        reverse("payroll:cash", args=[slip]): zhao,
        reverse("payroll:top-up-ask", kwargs=one): he,
        reverse("payroll:allocation-plan", kwargs=one): he,
        reverse("payroll:progress-new", kwargs=one): he,
        reverse("payroll:loan-ask", kwargs=one): he,
        reverse("payroll:sheet-draw", kwargs={"pk": sheet.pk}): he,
        reverse("payroll:deposit-enter", kwargs=one | {"kind": "lodged"}): he,
        reverse("payroll:account-agreement", kwargs=one): he,
        reverse("payroll:approval-limit", kwargs={"pk": cast.gc.pk}): he,
        reverse("payroll:loan-answer", kwargs={"pk": facility_asked(cast)}): cast.client(cast.officer),
    }


def facility_asked(cast: Cast) -> int:
    return loans.ask_facility(
        cast.project.pk,
        amount_fen=5_000_000,
        guarantor="甲",
        reason="乙",
        actor=cast.actor(cast.he),
        now=cast.now,
    ).pk


def test_no_sum_makes_a_page_fall_over_or_the_books_wrong(cast: Cast, pages: dict[str, Client]) -> None:
    entries = AccountEntry.objects.count()
    tried, fallen = 0, []
    for address, client in pages.items():
        page = client.get(address)
        if page.status_code != 200:
            fallen.append((address, "GET", page.status_code))
            continue
        for action, values, sums, files in forms_of(page.content, address):
            for amount in [*NEVER, MOST]:
                body: dict[str, Any] = values | dict.fromkeys(sums, amount)
                body |= {name: SimpleUploadedFile("凭证.png", PAPER, "image/png") for name in files}
                status = client.post(action, body).status_code
                tried += 1
                if status >= 500:
                    fallen.append((action, amount, status))
    assert fallen == []
    assert tried >= 60
    assert AccountEntry.objects.count() == entries
    assert SubLedger.objects.get().balance_fen == 500_000
    for address, client in pages.items():
        assert client.get(address).status_code < 500, address
    for client in (cast.client(cast.he), cast.client(cast.li), cast.client(cast.ye)):
        for name in ("allocation", "loan", "flow"):
            assert client.get(reverse(f"payroll:{name}", args=[cast.project.pk])).status_code < 500, name
    assert allocations.least_ratio(cast.project, on=cast.today) >= 0
