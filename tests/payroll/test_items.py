"""Lines written into a draft, advances, the minimum wage: services on the database."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from payroll.models import Advance, PaySheet, PaySlip
from payroll.services import advances, items, sheets
from registration.models import Parameter, Posting, SmsMessage
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.stage import MONTH
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

pytestmark = pytest.mark.django_db


def set_parameter(key: str, value: object) -> None:
    Parameter.objects.update_or_create(
        region_id="330703", key=key, valid_from=date(2020, 5, 1), defaults={"value": value, "source": "测试"}
    )
    parameters.forget()


def add(cast: Cast, slip: PaySlip, kind: str, **figures: object) -> PaySlip:
    return items.add_item(slip.reference, kind=kind, actor=cast.actor(cast.qian), now=cast.now, **figures)


def advance(cast: Cast, fen: int = 50_000, **figures: object) -> Advance:
    return advances.record_advance(
        cast.project.pk,
        cast.sun.pk,
        amount_fen=fen,
        paid_on=date(2026, 10, 20),
        method="cash",
        reason="家里急用",
        signature_png=stage.signature(),
        actor=cast.actor(cast.qian),
        now=cast.now,
        **figures,
    )


def test_lines_add_up_on_slip_and_sheet_and_stand_in_the_log(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, cast.sun)
    add(cast, slip, "piece", quantity=Decimal("12.5"), unit="m²", rate_fen=1_850)
    add(cast, slip, "overtime_rest_day", quantity=Decimal(4), reason="周六赶工")
    add(cast, slip, "meals", amount_fen=22_000)
    changed = add(cast, slip, "less_tax", amount_fen=1_234, reason="10 月个税")
    assert [(i["kind"], i["amount_fen"]) for i in changed.items] == [
        ("piece", 23_125),
        ("overtime_rest_day", 36_000),  # 360 a day: 45 an hour × 4 × 200 %
        ("meals", 22_000),
        ("less_tax", 1_234),
    ]
    assert (changed.base_fen, changed.extra_fen, changed.gross_fen) == (792_000, 81_125, 873_125)
    assert (changed.deduction_fen, changed.net_fen, changed.deduction_note) == (1_234, 871_891, "10 月个税")
    sheet.refresh_from_db()
    assert (sheet.gross_fen, sheet.deduction_fen) == (873_125 + 714_000, 1_234)
    stage.submit(cast, sheet)
    stage.confirm(cast, sheet, cast.sun)
    record = rebuilt_record(Entry.objects.get(kind="slip.confirmed"))
    assert record is not None
    assert [line["kind"] for line in record["lines"]] == ["piece", "overtime_rest_day", "meals", "less_tax"]


def test_days_change_and_lines_stay(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    slip = add(cast, stage.slip_of(sheet, cast.sun), "meals", amount_fen=22_000)
    changed = sheets.edit_line(
        slip.reference, days=Decimal(20), note="少两天", actor=cast.actor(cast.qian), now=cast.now
    )
    assert (changed.base_fen, changed.gross_fen, len(changed.items)) == (720_000, 742_000, 1)
    removed = items.remove_item(slip.reference, 0, "meals", actor=cast.actor(cast.qian), now=cast.now)
    assert (removed.items, removed.gross_fen) == ([], 720_000)
    with pytest.raises(RuleViolation) as refused:
        items.remove_item(slip.reference, 0, "meals", actor=cast.actor(cast.qian), now=cast.now)
    assert refused.value.code == "item.gone"


def test_a_line_needs_a_draft_and_the_right(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, cast.sun)
    figures = {"kind": "meals", "amount_fen": 100, "now": cast.now}
    with pytest.raises(NotFound):
        items.add_item(slip.reference, actor=cast.actor(cast.kong), **figures)
    with pytest.raises(NotPermitted):
        items.add_item(slip.reference, actor=cast.actor(cast.li), **figures)
    stage.submit(cast, sheet)
    with pytest.raises(RuleViolation) as refused:
        items.add_item(slip.reference, actor=cast.actor(cast.qian), **figures)
    assert refused.value.code == "sheet.not_draft"
    assert stage.slip_of(sheet, cast.sun).items == []


@pytest.mark.parametrize(
    ("kind", "figures", "code"),
    [
        ("less_advance", {"amount_fen": 100, "reason": "x"}, "item.kind"),
        ("month", {"amount_fen": 100}, "item.kind"),
        ("piece", {"quantity": Decimal(2)}, "item.piece"),
        ("overtime_holiday", {"reason": "x"}, "item.hours"),
        ("overtime_holiday", {"quantity": Decimal(2)}, "item.reason"),
        ("less_other", {"amount_fen": 100}, "item.reason"),
        ("heat", {}, "item.heat"),  # October
        ("less_damage", {"amount_fen": 158_401, "reason": "x"}, "slip.damage_fifth"),
        ("less_court", {"amount_fen": 792_001, "reason": "x"}, "slip.deduction_too_large"),
    ],
)
def test_refuses_and_writes_nothing(cast: Cast, kind: str, figures: dict, code: str) -> None:
    slip = stage.slip_of(stage.make_sheet(cast), cast.sun)
    with pytest.raises(RuleViolation) as refused:
        add(cast, slip, kind, **figures)
    assert refused.value.code == code
    assert stage.slip_of(PaySheet.objects.get(), cast.sun).items == []


def test_the_database_refuses_sums_that_do_not_add_up(cast: Cast) -> None:
    slip = stage.slip_of(stage.make_sheet(cast), cast.sun)
    for wrong in ({"net_fen": 1}, {"extra_fen": 5}, {"items": [{"kind": "meals", "amount_fen": 5}]}):
        with pytest.raises(IntegrityError, match="slip_adds_up"), transaction.atomic():
            PaySlip.objects.filter(sheet=slip.sheet_id, worker=cast.sun).update(**wrong)


def test_an_advance_is_paid_back_from_the_next_slip(cast: Cast) -> None:
    made = advance(cast)
    assert (made.participation_id, made.signature_id is not None) == (cast.sc_part.pk, True)
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, cast.sun)
    assert [(i["kind"], i["amount_fen"], i["origin"]) for i in slip.items] == [
        ("less_advance", 50_000, f"advance:{made.pk}")
    ]
    assert (slip.deduction_fen, slip.net_fen) == (50_000, 742_000)
    sheet.refresh_from_db()
    assert sheet.net_fen == 742_000 + 714_000
    assert advances.balances([made])[0].left_fen == 0
    with pytest.raises(RuleViolation) as refused:
        advances.withdraw_advance(made.pk, reason="记错", actor=cast.actor(cast.qian), now=cast.now)
    assert refused.value.code == "advance.deducted"
    sheets.discard_sheet(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert advances.balances([made])[0].left_fen == 50_000
    advances.withdraw_advance(made.pk, reason="记错", actor=cast.actor(cast.qian), now=cast.now)
    assert (
        stage.slip_of(
            sheets.make_sheet_from_attendance(
                cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
            ),
            cast.sun,
        ).items
        == []
    )


def test_an_advance_above_the_pay_is_carried_on(cast: Cast) -> None:
    made = advance(cast, 100_000)
    slip = stage.slip_of(stage.make_sheet(cast, 2, 1), cast.sun)
    assert (slip.net_fen, slip.deduction_fen) == (0, 72_000)
    assert advances.balances([made])[0].left_fen == 28_000


def test_an_advance_needs_the_workers_word(cast: Cast) -> None:
    figures = {"amount_fen": 100, "paid_on": cast.today, "method": "cash", "now": cast.now}
    with pytest.raises(RuleViolation) as refused:
        advances.record_advance(cast.project.pk, cast.sun.pk, actor=cast.actor(cast.qian), **figures)
    assert refused.value.code == "advance.proof"
    advances.send_advance_code(
        cast.project.pk, cast.sun.pk, address="10.0.0.1", actor=cast.actor(cast.qian), now=cast.now
    )
    message = SmsMessage.objects.latest("pk")
    code = "".join(c for c in str(message.text) if c.isdigit())[:6]
    with pytest.raises((RuleViolation, Malformed)):
        advances.record_advance(
            cast.project.pk, cast.sun.pk, code="000000" if code != "000000" else "111111",
            actor=cast.actor(cast.qian), **figures,
        )  # fmt: skip
    assert not Advance.objects.exists()
    made = advances.record_advance(
        cast.project.pk, cast.sun.pk, code=code, actor=cast.actor(cast.qian), **figures
    )
    assert (made.code_at, made.signature_id) == (cast.now, None)
    with pytest.raises(NotFound):
        advances.record_advance(
            cast.project.pk,
            cast.sun.pk,
            signature_png=stage.signature(),
            actor=cast.actor(cast.kong),
            **figures,
        )


def test_the_minimum_wage_warns_asks_or_blocks(cast: Cast) -> None:
    set_parameter("pay.minimum_wage_month_fen", 226_000)
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(rate_fen=9_000)
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, cast.zhou)
    set_parameter("pay.minimum_wage_check", {"action": "block"})
    with pytest.raises(RuleViolation) as refused:
        stage.submit(cast, sheet)
    assert refused.value.code == "sheet.under_minimum"
    set_parameter("pay.minimum_wage_check", {"action": "reason"})
    with pytest.raises(RuleViolation):
        stage.submit(cast, sheet)
    assert stage.slip_of(sheet, cast.zhou).confirmation == "draft"
    with pytest.raises(Malformed):
        items.explain_low_pay(slip.reference, reason=" ", actor=cast.actor(cast.qian), now=cast.now)
    items.explain_low_pay(
        slip.reference, reason="学徒，合同另有约定", actor=cast.actor(cast.qian), now=cast.now
    )
    assert stage.submit(cast, sheet).state == "confirming"


def test_damage_may_not_go_under_the_minimum_wage(cast: Cast) -> None:
    set_parameter("pay.minimum_wage_month_fen", 226_000)
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(rate_fen=11_000)
    slip = stage.slip_of(
        stage.make_sheet(cast), cast.zhou
    )  # 21 × 110 = 2,310; 21 ÷ 21.75 of 2,260 = 2,182.06
    with pytest.raises(RuleViolation) as refused:
        add(cast, slip, "less_damage", amount_fen=12_795, reason="模板损坏")
    assert refused.value.code == "slip.damage_floor"
    assert add(cast, slip, "less_damage", amount_fen=12_794, reason="模板损坏").net_fen == 218_206


def test_a_monthly_wage_is_full_without_absence_and_overtime_comes_from_the_gates(cast: Cast) -> None:
    set_parameter("pay.statutory_holidays", ["2026-10-01", "2026-10-02", "2026-10-03"])
    set_parameter("pay.overtime_from_gates", {"bases": ["month"], "standard_hours": 8, "least_minutes": 30})
    Posting.objects.filter(pk=cast.sun_posting.pk).update(pay_basis="month", rate_fen=652_500)
    # 5 to 30 October, weekdays only: 20 workdays where no calendar exchanges any; one of ten hours
    for day in (5, 12, 19, 26):
        stage.attend(cast.sun_posting, 5, start=day)
    from devices.models import AttendanceDay

    AttendanceDay.objects.filter(worker_id=cast.sun.pk, day=date(2026, 10, 6)).update(minutes=600)
    sheet = sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
    )
    slip = stage.slip_of(sheet, cast.sun)
    assert slip.base_fen == 600_000
    assert [(i["kind"], i["amount_fen"]) for i in slip.items] == [
        ("overtime_workday", 11_250),
        ("month", 52_500),
    ]
    assert slip.gross_fen == 663_750
    fewer = sheets.edit_line(
        slip.reference, days=Decimal(18), note="请假两天", actor=cast.actor(cast.qian), now=cast.now
    )
    # wage less 2 ÷ 21.75 is 5,925; 18 days and 3 holidays ÷ 21.75 are 6,300
    assert fewer.gross_fen == 630_000 + 11_250
