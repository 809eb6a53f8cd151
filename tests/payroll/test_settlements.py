"""A leaver is settled off-cycle, nothing is paid twice; slips that were sent are corrected up and down."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from payroll.models import Advance, PaySheet, PaySlip
from payroll.services import advances, corrections, settlements, sheets
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.stage import MONTH
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db


def leave(cast: Cast, on: date = date(2026, 10, 12)) -> None:
    cast.sun_posting.left_on, cast.sun_posting.settle_by = on, on
    cast.sun_posting.left_reason = "finished"
    cast.sun_posting.save()


def settle(cast: Cast) -> list[PaySheet]:
    return settlements.settle(cast.project.pk, cast.sun_posting.pk, actor=cast.actor(cast.qian), now=cast.now)


def test_a_leaver_is_settled_in_one_step_and_never_paid_twice(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 9, month=date(2026, 9, 1))
    stage.attend(cast.sun_posting, 10)
    stage.attend(cast.zhou_posting, 20)
    leave(cast)
    advances.record_advance(
        cast.project.pk, cast.sun.pk, amount_fen=30_000, paid_on=date(2026, 10, 2), method="cash",
        signature_png=stage.signature(), actor=cast.actor(cast.qian), now=cast.now,
    )  # fmt: skip
    seen = settlements.preview(
        cast.project.pk, cast.sun_posting.pk, actor=cast.actor(cast.qian), now=cast.now
    )
    assert (len(seen.slips), seen.settled_fen) == (2, 9 * 36_000 + 10 * 36_000 - 30_000)
    assert not PaySheet.objects.exists()
    september, october = settle(cast)
    assert (september.kind, september.month, september.state) == ("leaver", date(2026, 9, 1), "confirming")
    assert (october.first_day, october.last_day, october.people) == (date(2026, 10, 1), date(2026, 10, 12), 1)
    assert september.net_fen + october.net_fen == seen.settled_fen
    with pytest.raises(RuleViolation) as refused:
        settle(cast)
    assert refused.value.code == "settlement.nothing"
    monthly = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
    )
    assert list(PaySlip.objects.filter(sheet=monthly.pk).values_list("worker_id", flat=True)) == [
        cast.zhou.pk
    ]


def test_a_settlement_takes_the_leaver_off_a_draft_of_the_month(cast: Cast) -> None:
    monthly = stage.make_sheet(cast, 10, 20)
    leave(cast)
    (made,) = settle(cast)
    assert made.net_fen == 360_000
    monthly.refresh_from_db()
    assert (monthly.people, monthly.net_fen) == (1, 680_000)


def test_days_on_a_sent_sheet_are_not_settled_again(cast: Cast) -> None:
    stage.submit(cast, stage.make_sheet(cast, 10, 20))
    leave(cast)
    found = settlements.preview(
        cast.project.pk, cast.sun_posting.pk, actor=cast.actor(cast.qian), now=cast.now
    )
    assert (found.slips, found.earlier_fen) == ([], 360_000)


def test_outsiders_cannot_settle(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 3)
    leave(cast)
    for who, error in ((cast.kong, NotFound), (cast.he, NotPermitted), (cast.li, NotPermitted)):
        with pytest.raises(error):
            settlements.settle(cast.project.pk, cast.sun_posting.pk, actor=cast.actor(who), now=cast.now)
    assert not PaySheet.objects.exists()


def test_too_little_is_paid_by_a_sheet_of_its_own(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    before = stage.slip_of(sheet, cast.sun)
    figures = {"actor": cast.actor(cast.qian), "now": cast.now}
    made = corrections.correct_upwards(before.reference, amount_fen=12_000, reason="漏算加班", **figures)
    again = corrections.correct_upwards(
        stage.slip_of(sheet, cast.zhou).reference, amount_fen=5_000, reason="漏算夜班", **figures
    )
    assert made.pk == again.pk
    again.refresh_from_db()
    assert (again.kind, again.state, again.people, again.net_fen) == ("correction", "draft", 2, 17_000)
    assert stage.slip_of(again, cast.sun).items[0]["origin"] == f"slip:{before.reference}"
    assert stage.slip_of(sheet, cast.sun).net_fen == before.net_fen
    assert sheets.submit_sheet(again.pk, **figures).state == "confirming"


def test_too_much_goes_back_only_as_the_worker_agreed(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    slip = stage.slip_of(sheet, cast.sun)
    figures = {"reason": "多算一天", "actor": cast.actor(cast.qian), "now": cast.now}
    with pytest.raises(RuleViolation) as refused:
        corrections.correct_downwards(slip.reference, amount_fen=36_000, **figures)
    assert refused.value.code == "advance.proof"
    with pytest.raises(RuleViolation) as refused:
        corrections.correct_downwards(
            slip.reference, amount_fen=slip.net_fen + 1, signature_png=stage.signature(), **figures
        )
    assert refused.value.code == "correction.too_much"
    assert not Advance.objects.exists()
    corrections.correct_downwards(
        slip.reference, amount_fen=36_000, signature_png=stage.signature(), **figures
    )
    stage.attend(cast.sun_posting, 5, month=date(2026, 11, 1))
    later = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, date(2026, 11, 1), actor=cast.actor(cast.qian), now=cast.now
    )
    assert [(i["kind"], i["amount_fen"]) for i in stage.slip_of(later, cast.sun).items] == [
        ("less_agreed", 36_000)
    ]


def test_a_draft_is_corrected_on_the_line_itself(cast: Cast) -> None:
    slip = stage.slip_of(stage.make_sheet(cast), cast.sun)
    with pytest.raises(RuleViolation) as refused:
        corrections.correct_upwards(
            slip.reference, amount_fen=1, reason="x", actor=cast.actor(cast.qian), now=cast.now
        )
    assert refused.value.code == "correction.draft"


def test_the_pages_of_leavers_advances_and_corrections(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 10)
    leave(cast)
    client = cast.client(cast.qian)
    page = reverse("payroll:settle", kwargs={"project_pk": cast.project.pk, "pk": cast.sun_posting.pk})
    assert page in client.get(reverse("payroll:leavers")).content.decode()
    assert "3,600.00" in client.get(page).content.decode()
    assert client.post(page).status_code == 302
    assert client.post(page).status_code == 409
    slip = PaySlip.objects.get()
    correct = reverse("payroll:correct", kwargs={"reference": slip.reference})
    assert client.get(correct).status_code == 200
    assert client.post(correct, {"direction": "up", "amount_fen": "10", "reason": ""}).status_code == 400
    assert client.post(correct, {"direction": "down", "amount_fen": "10", "reason": "x"}).status_code == 400
    made = client.post(correct, {"direction": "up", "amount_fen": "10", "reason": "漏算"})
    assert made.url == reverse("payroll:sheet", kwargs={"pk": PaySheet.objects.latest("pk").pk})
    assert client.get(made.url).status_code == 200
    new = reverse("payroll:advance-new") + f"?part={cast.sc_part.pk}"
    assert client.get(new).status_code == 200
    assert (
        client.post(
            new, {"worker": cast.zhou.pk, "amount_fen": "10", "paid_on": "2026-11-01", "method": "cash"}
        ).status_code
        == 400
    )
    import base64

    drawn = "data:image/png;base64," + base64.b64encode(stage.signature()).decode()
    body = {
        "worker": cast.zhou.pk,
        "amount_fen": "10",
        "paid_on": "2026-11-01",
        "method": "cash",
        "signature": drawn,
    }
    assert client.post(new, body).status_code == 302
    advance = Advance.objects.get()
    assert "¥10.00" in client.get(reverse("payroll:advances")).content.decode()
    back = reverse("payroll:advance-withdraw", kwargs={"pk": advance.pk})
    assert client.get(back).status_code == 200
    assert client.post(back, {"reason": ""}).status_code == 400
    assert client.post(back, {"reason": "重复"}).status_code == 302
    advance.refresh_from_db()
    assert advance.withdrawn_reason == "重复"


def test_wage_months_from_the_26th_are_kept_on_the_sheet(cast: Cast) -> None:
    from payroll.models import WageMonthStart

    WageMonthStart.objects.create(
        project=cast.project, participation=cast.sc_part, from_month=date(2026, 10, 1), start_day=26,
        made_by=cast.qian, made_at=cast.now,
    )  # fmt: skip
    stage.attend(cast.zhou_posting, 10, start=20)  # 20 to 29 October
    sheet = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
    )
    assert (sheet.first_day, sheet.last_day) == (date(2026, 10, 1), date(2026, 10, 25))
    assert stage.slip_of(sheet, cast.zhou).days == Decimal(6)
    later = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, date(2026, 11, 1), actor=cast.actor(cast.qian), now=cast.now
    )
    assert (later.first_day, later.last_day) == (date(2026, 10, 26), date(2026, 11, 25))
    assert stage.slip_of(later, cast.zhou).days == Decimal(4)
    page = cast.client(cast.qian).get(reverse("payroll:sheet", kwargs={"pk": later.pk})).content.decode()
    assert "10月26日–11月25日" in page
