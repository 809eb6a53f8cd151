"""The pages: who gets in, what they show, and that their queries do not grow with rows."""

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payroll.models import Objection, PaymentLine, PaymentOrder, PaySheet, PaySlip
from payroll.services import reminders
from tests.cast import NOW, Cast
from tests.payroll import stage
from wagewatch.lib.sheets import read_workbook

pytestmark = pytest.mark.django_db
FUNDS = 10_000_000


@pytest.fixture(autouse=True)
def _at_the_casts_time() -> Iterator[None]:
    """Views ask the clock: it stands where the cast's story does."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def sheet(cast: Cast) -> PaySheet:
    """October, instructed: Sun paid, Zhou returned."""
    stage.account(cast, FUNDS)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    PaymentLine.objects.filter(worker=cast.zhou).update(
        state="returned", reason_code="AC04", reason_text="收款账户已销户", settled_at=cast.now
    )
    PaymentLine.objects.filter(worker=cast.sun).update(state="paid", settled_at=cast.now)
    PaySlip.objects.filter(sheet=sheet.pk, worker=cast.zhou).update(payment="returned", return_code="AC04")
    PaySlip.objects.filter(sheet=sheet.pk, worker=cast.sun).update(
        payment="paid", paid_at=cast.now, paid_card_tail=cast.sun_card.tail
    )
    PaySheet.objects.filter(pk=sheet.pk).update(state="part_paid")
    return sheet


def addresses(cast: Cast, sheet: PaySheet) -> dict[str, str]:
    order = PaymentOrder.objects.get(sheet=sheet.pk)
    zhou = stage.slip_of(sheet, cast.zhou)
    one = {"pk": sheet.pk}
    return {
        "today": reverse("payroll:today"),
        "sheets": reverse("payroll:sheets"),
        "sheet-new": reverse("payroll:sheet-new"),
        "sheet": reverse("payroll:sheet", kwargs=one),
        "sheet-export": reverse("payroll:sheet-export", kwargs=one),
        "line": reverse("payroll:line", kwargs={"reference": zhou.reference}),
        "sheet-upload": reverse("payroll:sheet-upload"),
        "orders": reverse("payroll:orders"),
        "order": reverse("payroll:order", kwargs={"pk": order.pk}),
        "order-export": reverse("payroll:order-export", kwargs={"pk": order.pk}),
        "accounts": reverse("payroll:accounts"),
        "account": reverse("payroll:account", kwargs={"pk": order.account_id}),
        "account-export": reverse("payroll:account-export", kwargs={"pk": order.account_id}),
    }


CLERKS = "zhao he qian"
REACH = {
    "today": {"zhao": 200, "he": 200, "qian": 200, "kong": 200, "officer": 404, "ye": 404, "li": 404},
    "sheets": {"zhao": 200, "he": 200, "qian": 200, "kong": 200, "officer": 404, "ye": 404, "li": 404},
    "sheet-new": {"zhao": 200, "he": 404, "qian": 200, "kong": 200, "officer": 404, "ye": 404, "li": 404},
    "sheet": {"zhao": 200, "he": 200, "qian": 200, "kong": 404, "officer": 404, "ye": 404, "li": 404},
    "sheet-export": {"zhao": 200, "he": 200, "qian": 200, "kong": 404, "officer": 404, "ye": 404, "li": 404},
    "line": {"zhao": 200, "he": 200, "qian": 200, "kong": 404, "officer": 404, "ye": 404, "li": 404},
    "sheet-upload": {"zhao": 200, "he": 404, "qian": 200, "kong": 200, "officer": 404, "ye": 404, "li": 404},
    "orders": {"zhao": 200, "he": 200, "qian": 200, "kong": 200, "officer": 200, "ye": 200, "li": 404},
    "order": {"zhao": 200, "he": 200, "qian": 200, "kong": 404, "officer": 200, "ye": 200, "li": 404},
    "order-export": {"zhao": 200, "he": 200, "qian": 200, "kong": 404, "officer": 200, "ye": 200, "li": 404},
    "accounts": {"zhao": 200, "he": 200, "qian": 404, "kong": 200, "officer": 200, "ye": 200, "li": 404},
    "account": {"zhao": 200, "he": 200, "qian": 404, "kong": 404, "officer": 200, "ye": 200, "li": 404},
    "account-export": {
        "zhao": 200,
        "he": 200,
        "qian": 404,
        "kong": 404,
        "officer": 200,
        "ye": 200,
        "li": 404,
    },
}


def test_who_sees_what(cast: Cast, sheet: PaySheet) -> None:
    found = addresses(cast, sheet)
    assert set(found) == set(REACH)
    for name, expected in REACH.items():
        for who, status in expected.items():
            answer = cast.client(getattr(cast, who)).get(found[name])
            assert answer.status_code == status, (name, who)
    anonymous = Client()
    for name, url in found.items():
        answer = anonymous.get(url)
        assert (answer.status_code, "sign-in" in answer.url or "/accounts/" in answer.url) == (302, True), (
            name
        )


def test_nothing_personal_on_the_pages(cast: Cast, sheet: PaySheet) -> None:
    client = cast.client(cast.he)
    for name, url in addresses(cast, sheet).items():
        if "export" in name or "new" in name:
            continue
        text = client.get(url).content.decode()
        for secret in (str(cast.sun.id_number), str(cast.sun_card.number), cast.sun_phone, "孙德旺"):
            assert secret not in text, name


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_in_both_languages(cast: Cast, sheet: PaySheet, language: str) -> None:
    client = cast.client(cast.zhao)
    client.cookies["django_language"] = language
    for name, url in addresses(cast, sheet).items():
        if "export" not in name:
            assert client.get(url).status_code == 200, name


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_queries_do_not_grow_with_rows(cast: Cast, sheet: PaySheet) -> None:
    client = cast.client(cast.he)
    found = {
        n: u for n, u in addresses(cast, sheet).items() if n not in ("sheet-new", "sheet-upload", "line")
    }
    before = {name: queries(client, url) for name, url in found.items()}
    order = PaymentOrder.objects.get(sheet=sheet.pk)
    for posting in stage.crew(cast, 12):
        PaySlip.objects.create(
            month=sheet.month, project=cast.project, sheet=sheet, worker=posting.worker, team_name="木工一班",
            pay_basis="day", rate_fen=30000, days=20, gate_days=19, gross_fen=600_000, net_fen=600_000,
            confirmation="confirmed", is_approved=True, payment="returned", return_code="AC04",
        )  # fmt: skip
        PaymentLine.objects.create(
            project=cast.project, end_to_end_id=f"x-{posting.worker_id}", order=order, sheet=sheet,
            worker=posting.worker, month=sheet.month, attempt=1, amount_fen=600_000, card_number="6222",
            card_tail="6222", state="returned", reason_code="AC04",
        )  # fmt: skip
    for number in range(2, 8):
        PaySheet.objects.create(
            project=cast.project, participation=cast.sc_part, month=sheet.month, number=number,
            source="upload", state="confirming", due_on=sheet.due_on, made_at=cast.now,
        )  # fmt: skip
    after = {name: queries(client, url) for name, url in found.items()}
    assert after == before
    assert max(after.values()) <= 30, after


def test_the_clerk_walks_from_attendance_to_submitted(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 22)
    client = cast.client(cast.qian)
    assert "编制" in client.get(reverse("payroll:today")).content.decode()
    made = client.post(reverse("payroll:sheet-new"), {"part": cast.sc_part.pk, "month": "2026-10"})
    sheet = PaySheet.objects.get()
    assert made.url == reverse("payroll:sheet", kwargs={"pk": sheet.pk})
    again = client.post(reverse("payroll:sheet-new"), {"part": cast.sc_part.pk, "month": "2026-10"})
    assert again.status_code == 409
    slip = stage.slip_of(sheet, cast.sun)
    line = reverse("payroll:line", kwargs={"reference": slip.reference})
    wrong = client.post(line, {"days": "33", "note": "x"})
    assert wrong.status_code == 400
    right = client.post(line, {"days": "22.5", "note": "补"})
    assert right.status_code == 302
    more = reverse("payroll:item-add", kwargs={"reference": slip.reference})
    assert client.post(more, {"kind": "less_other", "amount_fen": "1,00", "reason": "x"}).status_code == 400
    assert client.post(more, {"kind": "less_other", "amount_fen": "45", "reason": "饭卡"}).status_code == 302
    page = client.get(line).content.decode()
    assert "饭卡" in page
    assert "−¥45.00" in page
    assert "8,055.00" in page
    assert stage.slip_of(sheet, cast.sun).net_fen == 805_500
    url = reverse("payroll:sheet-submit", kwargs={"pk": sheet.pk})
    assert "1 " in client.get(url).content.decode()
    assert client.post(url).status_code == 302
    assert client.post(url).status_code == 409
    sheet.refresh_from_db()
    assert sheet.state == "confirming"


def test_the_worker_confirms_on_the_phone(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    slip = stage.slip_of(sheet, cast.sun)
    phone = cast.client(cast.sun)
    assert "7,920.00" in phone.get(reverse("payroll:worker-pay")).content.decode()

    def page(name: str) -> str:
        return reverse(f"payroll:{name}", kwargs={"reference": slip.reference})

    assert "7,920.00" in phone.get(page("worker-slip")).content.decode()
    assert phone.get(page("worker-receipt")).status_code == 302
    drawn = "data:image/png;base64," + base64.b64encode(stage.signature()).decode()
    blank = "data:image/png;base64," + base64.b64encode(stage.blank()).decode()
    for posted in ({}, {"signature": blank}, {"signature": "x"}):
        assert phone.post(page("worker-confirm"), {"version": 1} | posted).status_code == 400
    assert phone.post(page("worker-confirm"), {"version": "x", "signature": drawn}).status_code == 400
    assert phone.post(page("worker-confirm"), {"version": 1, "signature": drawn}).status_code == 302
    receipt = phone.get(page("worker-receipt")).content.decode()
    assert "<svg" in receipt
    assert "7,920.00" in receipt
    assert phone.get(page("worker-receipt-file"))["Content-Type"] == "application/json"
    assert phone.post(page("worker-confirm"), {"version": 1, "signature": drawn}).status_code == 409
    zhou = cast.client(cast.zhou)
    for name in ("worker-slip", "worker-confirm", "worker-object", "worker-receipt", "worker-receipt-file"):
        assert zhou.get(page(name)).status_code == 404
        assert Client().get(page(name)).status_code == 302
        assert len(phone.get(page(name)).content) < 60_000


def test_the_worker_objects_and_the_clerk_answers(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    slip = stage.slip_of(sheet, cast.zhou)
    phone = cast.client(cast.zhou)
    url = reverse("payroll:worker-object", kwargs={"reference": slip.reference})
    assert phone.post(url, {"version": 1}).status_code == 400
    assert phone.post(url, {"version": 1, "reason": "days", "claimed": "万"}).status_code == 400
    sent = phone.post(url, {"version": 1, "reason": "days", "claimed": "7480", "text": "10-18 来了"})
    assert sent.status_code == 302
    assert "¥340.00" in phone.get(sent.url).content.decode()
    clerk = cast.client(cast.qian)
    line = reverse("payroll:line", kwargs={"reference": slip.reference})
    assert "7,480.00" in clerk.get(line).content.decode()
    same = {"verdict": "accept", "answer": "是", "days": "21", "rate_fen": "340", "deduction_fen": "0"}
    assert clerk.post(line, same).status_code == 400
    assert clerk.post(line, same | {"days": "22"}).status_code == 302
    assert Objection.objects.get().state == "accepted"
    assert stage.slip_of(sheet, cast.zhou).net_fen == 748_000


def test_the_manager_approves_and_instructs(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    stage.account(cast, FUNDS)
    stage.confirm(cast, sheet, cast.sun)
    he = cast.client(cast.he)
    for name in ("sheet-approve", "sheet-instruct"):
        url = reverse(f"payroll:{name}", kwargs={"pk": sheet.pk})
        assert he.get(url).status_code == 200
        assert cast.client(cast.zhao).post(url).status_code == 403
        # The question tells the balance of the special account, which is not the subcontractor's to see.
        assert [cast.client(who).get(url).status_code for who in (cast.zhao, cast.qian)] == [403, 403]
        assert cast.client(cast.kong).post(url).status_code == 404
        assert he.post(url).status_code == 302
        assert he.post(url).status_code == 409
    order = PaymentOrder.objects.get()
    assert order.total_fen == 792_000
    assert he.get(reverse("payroll:order", kwargs={"pk": order.pk})).status_code == 200


def test_exports_open_and_hold_the_sums(cast: Cast, sheet: PaySheet) -> None:
    url = reverse("payroll:sheet-export", kwargs={"pk": sheet.pk})
    book = read_workbook(BytesIO(cast.client(cast.he).get(url).content).getvalue(), "x.xlsx")
    last = [c.value for c in book.sheets[0].rows[-1]]
    assert last[10] == 15060
    assert cast.sun.name in [c.value for row in book.sheets[0].rows for c in row]


def test_rubbish_in_addresses_is_never_a_fault(cast: Cast) -> None:
    he, phone = cast.client(cast.he), cast.client(cast.sun)
    for path in (
        "x",
        "2026-13.1.1.1",
        "2026-10.1.1",
        "2026-10.9999999999999999999.1.1",
        "%00",
        "0000-01.1.1.1",
    ):
        assert he.get(f"/pay/lines/{path}/").status_code == 404
        assert phone.get(f"/my/pay/{path}/").status_code == 404
    assert he.get("/pay/sheets/?month=2026-13&project=x&state=y&page=z").status_code == 200
    assert he.get("/pay/orders/?page=999999").status_code == 200


def test_today_tells_each_role_its_own(cast: Cast, sheet: PaySheet) -> None:
    seen: Callable[..., str] = lambda who: cast.client(who).get(reverse("payroll:today")).content.decode()  # noqa: E731
    for who in (cast.qian, cast.zhao, cast.he):
        assert "show=returned" in seen(who)
    assert "show=returned" not in seen(cast.kong)


def test_silence_is_shown_as_not_confirmed(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    reminders.remind_workers(sheet.pk, actor=cast.actor(cast.qian), now=cast.now + timedelta(days=1))
    text = cast.client(cast.qian).get(reverse("payroll:sheet", kwargs={"pk": sheet.pk})).content.decode()
    assert "未确认" in text


def test_a_banks_money_pages_lead_to_no_page_that_is_closed_to_it(cast: Cast) -> None:
    stage.account(cast, FUNDS)
    project = {"pk": cast.project.pk}
    closed = reverse("registration:project", kwargs=project)
    for name in ("allocation", "flow", "loan"):
        path = reverse(f"payroll:{name}", kwargs=project)
        assert f'href="{closed}"' in cast.client(cast.zhao).get(path).content.decode(), name
        page = cast.client(cast.officer).get(path)
        assert page.status_code == 200
        assert f'href="{closed}"' not in page.content.decode(), name
