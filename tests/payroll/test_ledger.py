"""The wage ledger: what article 15 asks for, in full only for a purpose, and until when it is kept."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from payroll import ledger
from payroll.retention import Keeping, years_later
from registration.models import Project, SensitiveView
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_orders import Counter, exchange, funded
from wagewatch.lib.sheets import read_workbook

pytestmark = pytest.mark.django_db


def url(cast: Cast) -> str:
    return reverse("payroll:ledger", kwargs={"pk": cast.project.pk})


def taken(cast: Cast, who: str = "zhao", **data: str) -> list[list[str]]:
    answer = cast.client(getattr(cast, who)).post(url(cast), {"content": "masked", **data})
    assert answer.status_code == 200
    book = read_workbook(b"".join(answer.streaming_content), "ledger.xlsx")
    assert [sheet.name for sheet in book.sheets] == ["工资支付台账", "用工管理台账", "说明"]
    return [[cell.text for cell in row] for row in book.sheets[0].rows]


@pytest.fixture
def paid(cast: Cast, tmp_path: Path) -> Cast:
    parameters.forget()
    bank = Counter(tmp_path, cast.now)
    funded(cast, bank)
    sheet = stage.approved_sheet(cast)
    stage.instructed(cast, sheet)
    exchange(bank)
    bank.bank.close()
    return cast


def test_every_line_has_what_the_law_asks_for(paid: Cast) -> None:
    heads, *rows = taken(paid)
    assert len(rows) == 2
    sun = dict(zip(heads, rows[0], strict=False))
    assert (sun["工资月"], sun["用人单位"], sun["身份证尾号"]) == ("2026-10", paid.sc.name, paid.sun.id_tail)
    assert sun["姓名"] == "孙**" or "孙" in sun["姓名"]
    assert (sun["应发合计"], sun["实发工资"], sun["出勤工资"]) == ("7920", "7920", "7920")
    assert sun["银行流水号"]
    assert sun["支付时间"]
    assert str(paid.sun.id_number) not in str(rows)
    assert not SensitiveView.objects.exists()


def test_in_full_only_for_a_purpose_that_is_written_down(paid: Cast) -> None:
    client = paid.client(paid.zhao)
    assert client.post(url(paid), {"content": "full"}).status_code == 400
    assert not SensitiveView.objects.exists()
    heads, *rows = taken(paid, content="full", purpose="authority")
    assert dict(zip(heads, rows[0], strict=False))["身份证号"] == str(paid.sun.id_number)
    seen = SensitiveView.objects.filter(fields=ledger.WAGE_LEDGER)
    assert {view.worker_id for view in seen} >= {paid.sun.pk, paid.zhou.pk}
    assert {view.purpose for view in seen} == {"authority"}


def test_a_manager_takes_it_masked_only(paid: Cast) -> None:
    answer = paid.client(paid.he).post(url(paid), {"content": "full", "purpose": "authority"})
    assert answer.status_code == 400
    assert not SensitiveView.objects.exists()


def test_months_are_chosen_and_drafts_stay_out(paid: Cast) -> None:
    stage.attend(paid.sun_posting, 3, month=date(2026, 11, 1))
    from payroll.services import sheets

    sheets.make_sheet_from_attendance(
        paid.project.pk, paid.sc_part.pk, date(2026, 11, 1), actor=paid.actor(paid.qian), now=paid.now
    )
    assert len(taken(paid, since="2026-10", until="2026-10")) == 3
    page = paid.client(paid.zhao).get(url(paid)).content.decode()
    assert "2026年11月" not in page
    assert paid.client(paid.kong).get(url(paid)).status_code == 404
    assert len(taken(paid, "qian")) == 3


def test_how_long_it_is_kept() -> None:
    open_project = Keeping(3, None, date(2026, 11, 15), 0)
    unpaid = Keeping(3, date(2026, 6, 30), date(2026, 11, 15), 1)
    assert (open_project.until, unpaid.until) == (None, None)
    assert Keeping(3, date(2026, 6, 30), date(2026, 11, 15), 0).until == date(2029, 11, 15)
    assert Keeping(5, date(2027, 6, 30), date(2026, 11, 15), 0).until == date(2032, 6, 30)
    assert years_later(date(2028, 2, 29), 3) == date(2031, 3, 1)


def test_the_day_is_told_once_the_project_is_finished_and_paid(paid: Cast) -> None:
    keeping = ledger.keeping_of(paid.project, paid.today)
    assert (keeping.until, keeping.unpaid, keeping.years) == (None, 0, 3)
    Project.objects.filter(pk=paid.project.pk).update(done_on=paid.today + timedelta(days=40))
    paid.project.refresh_from_db()
    until = ledger.keeping_of(paid.project, paid.today).until
    assert until == years_later(paid.today + timedelta(days=40), 3)
    assert until is not None
    assert until.isoformat() in ledger.keeping_words(ledger.keeping_of(paid.project, paid.today))


def test_an_inspector_takes_the_ledger_of_all_firms(paid: Cast) -> None:
    where = reverse("inspection:ledger", kwargs={"pk": paid.project.pk})
    client = paid.client(paid.li)
    assert "工资台账" in client.get(where).content.decode()
    answer = client.post(where, {"content": "full", "purpose": "check"})
    rows = read_workbook(b"".join(answer.streaming_content), "ledger.xlsx").sheets[0].rows
    assert str(paid.zhou.id_number) in {cell.text for cell in rows[2]}
    assert set(SensitiveView.objects.values_list("purpose", "user_id")) == {("check", paid.li.pk)}
    assert paid.client(paid.wang).get(where).status_code == 404
