"""Pages of the wage deposit: what each role sees, and that a refusal stands beside its field."""

import io

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from payroll.models import ArrearsRecord, DepositEntry, DepositRuling
from payroll.services.deposits import EntryFacts, enter_deposit
from registration.models import Project
from tests.cast import NOW, Cast
from tests.payroll.deposit_papers import DUE, deposit_scan, lodge_cash


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def entering(cast: Cast, kind: str) -> str:
    return reverse("payroll:deposit-enter", args=[cast.project.pk, kind])


def body(**changes: object) -> dict[str, object]:
    return {
        "form": "cash",
        "amount_fen": "3720000",
        "issuer": "金华商贸银行",
        "paper_number": "CZ-1",
        "happened_on": "2026-11-16",
        "scan": SimpleUploadedFile("回单.png", deposit_scan().data),
    } | changes


def test_the_clerk_enters_a_deposit_and_reads_why_it_is_so_large(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    page = reverse("payroll:deposit", args=[cast.project.pk])
    text = client.get(page).content.decode()
    assert "¥3,720,000.00 没有存，期限已过" in text
    assert "¥186,000,000.00 的 2%" in text
    assert client.post(entering(cast, "lodged"), body()).status_code == 302
    entry = DepositEntry.objects.get()
    assert (entry.balance_fen, entry.made_by) == (DUE, cast.zhao)
    assert "已足额存储 ¥3,720,000.00" in client.get(page).content.decode()
    paper = client.get(reverse("payroll:deposit-file", args=[cast.project.pk, 1]))
    assert (paper.status_code, paper.content) == (200, deposit_scan().data)


def test_a_refusal_stands_beside_its_field_and_writes_nothing(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    short = client.post(entering(cast, "lodged"), body(form="guarantee", expires_on="2027-01-01"))
    assert short.status_code == 400
    assert short.context["form"].errors["expires_on"] == ["保函或保险的有效期至少 12 个月。"]
    without = client.post(entering(cast, "lodged"), body(scan=""))
    assert list(without.context["form"].errors) == ["scan"]
    text = client.post(entering(cast, "lodged"), body(scan=SimpleUploadedFile("a.png", b"no picture")))
    assert list(text.context["form"].errors) == ["scan"]
    assert client.get(entering(cast, "melted")).status_code == 404
    assert not DepositEntry.objects.exists()


def test_outsiders_see_nothing_and_the_owner_only_looks(cast: Cast) -> None:
    lodge_cash(cast)
    page = reverse("payroll:deposit", args=[cast.project.pk])
    for who in (cast.kong, cast.qian, cast.officer, cast.guard, cast.li):
        assert cast.client(who).get(page).status_code == 404
    owner = cast.client(cast.ye)
    assert entering(cast, "replaced") not in owner.get(page).content.decode()
    assert owner.post(entering(cast, "replaced"), body()).status_code == 403
    neighbour = cast.client(cast.wang)
    for name, parts in (("deposit", []), ("deposit-file", [1]), ("deposit-rule", ["use"])):
        path = reverse(f"inspection:{name}", args=[cast.project.pk, *parts])
        assert neighbour.get(path).status_code == 404
    assert DepositEntry.objects.count() == 1


def test_the_inspector_orders_and_the_contractor_reads_it(cast: Cast) -> None:
    lodge_cash(cast)
    client = cast.client(cast.li)
    path = reverse("inspection:deposit-rule", args=[cast.project.pk, "use"])
    order = {"amount_fen": "500000", "document": "金人社监〔2026〕31号", "reason": "拖欠木工一班九月工资"}
    much = client.post(path, order | {"amount_fen": "3720000.01"})
    assert much.context["form"].errors["amount_fen"] == ["保证金只有 3,720,000.00 元。"]
    assert not DepositRuling.objects.exists()
    assert client.post(path, order).status_code == 302
    text = cast.client(cast.zhao).get(reverse("payroll:deposit", args=[cast.project.pk])).content.decode()
    assert "主管部门已通知动用" in text
    assert "拖欠木工一班九月工资" in text
    assert "2026-11-23" in text


def test_the_list_filters_by_address_and_exports_what_it_shows(cast: Cast) -> None:
    client = cast.client(cast.li)
    path = reverse("inspection:deposits")
    assert [d["deposit"].state.code for d in client.get(path).context["rows"]] == ["late"]
    assert client.get(path, {"show": "expiring"}).context["rows"] == []
    assert len(client.get(path, {"show": "late", "q": "多湖"}).context["rows"]) == 1
    assert client.get(path, {"show": "nonsense", "q": "\x00", "page": "x"}).status_code == 200
    book = client.get(reverse("inspection:deposits-export"), {"show": "missing"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.getvalue())).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows if "B-07" in str(row[0])] == ["多湖 B-07 地块住宅"]


def test_the_obstacles_of_a_return_are_named(cast: Cast) -> None:
    lodge_cash(cast)
    Project.objects.filter(pk=cast.project.pk).update(state="done", done_on="2026-10-20")
    since = EntryFacts("asked_back", cast.today, notice_from=cast.today.replace(day=1))
    enter_deposit(cast.project.pk, since, scan=None, actor=cast.actor(cast.zhao), now=cast.now)
    page = cast.client(cast.li).get(reverse("inspection:deposit", args=[cast.project.pk]))
    assert [str(words) for words in page.context["obstacles"]] == ["公示不满 30 天"]


def test_the_inspector_establishes_a_firms_record(cast: Cast) -> None:
    path = reverse("inspection:firm-record", args=[cast.gc.pk])
    facts = {"kind": "listed", "since": "2026-01-05", "reason": "浙人社失信〔2026〕1号"}
    client = cast.client(cast.li)
    assert client.post(path, facts | {"since": "2099-01-01"}).status_code == 400
    assert not ArrearsRecord.objects.exists()
    assert client.post(path, facts).status_code == 302
    text = client.get(reverse("inspection:deposit", args=[cast.project.pk])).content.decode()
    assert "¥7,440,000.00" in text
    assert cast.client(cast.zhao).get(path).status_code == 404


def test_the_projects_page_tells_the_state(cast: Cast) -> None:
    text = cast.client(cast.li).get(reverse("inspection:project", args=[cast.project.pk])).content.decode()
    assert "逾期没有存" in text
