"""Making a sheet from attendance, correcting it, submitting it."""

from datetime import date
from decimal import Decimal

import pytest

from payroll import rules
from payroll.models import PaySheet, PaySlip
from payroll.services import reminders, sheets
from registration.models import SmsMessage
from tests.cast import Cast, make_posting, make_worker
from tests.payroll import stage
from tests.payroll.stage import MONTH
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.money import multiply

pytestmark = pytest.mark.django_db


def test_makes_a_sheet_from_attendance(cast: Cast) -> None:
    sheet = stage.make_sheet(cast, Decimal("21.5"), 20)
    assert (sheet.people, sheet.gross_fen, sheet.deduction_fen, sheet.net_fen) == (
        2,
        774_000 + 680_000,
        0,
        1_454_000,
    )
    assert sheet.state == "draft"
    assert sheet.due_on == date(2026, 11, 13)  # the 15th is a Sunday: earlier
    sun = stage.slip_of(sheet, cast.sun)
    assert (sun.days, sun.gate_days, sun.rate_fen, sun.gross_fen, sun.net_fen) == (
        Decimal("21.50"),
        Decimal("21.50"),
        36000,
        774_000,
        774_000,
    )
    assert (sun.team_name, sun.pay_basis, sun.confirmation, sun.payment, sun.parts) == (
        "木工一班",
        "day",
        "draft",
        "none",
        [],
    )


def test_takes_only_the_month_and_the_part(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 3, month=date(2026, 9, 1))
    stage.attend(cast.wu_posting, 9)
    sheet = stage.make_sheet(cast, 2, 1)
    assert {s.worker_id: s.days for s in PaySlip.objects.filter(sheet=sheet.pk)} == {
        cast.sun.pk: 2,
        cast.zhou.pk: 1,
    }


@pytest.mark.parametrize(
    ("basis", "rate", "days", "minutes"),
    [
        ("day", 36001, Decimal("21.5"), 480),
        ("day", 33333, Decimal("0.5"), 480),
        ("hour", 4333, Decimal(20), 487),
        ("hour", 2501, Decimal(1), 59),
        ("month", 650000, Decimal("20.5"), 480),
        ("month", 650001, Decimal(22), 480),
        ("month", 399999, Decimal("10.5"), 480),
        ("piece", 1200, Decimal(12), 480),
    ],
)
def test_sql_rounds_like_money(cast: Cast, basis: str, rate: int, days: Decimal, minutes: int) -> None:
    worker, _card = make_worker("金大", seq=11)
    posting = make_posting(worker, cast.team, pin=9, rate_fen=rate)
    posting.pay_basis = basis
    posting.save()
    stage.attend(posting, days, minutes=minutes)
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, worker)
    quantity = days
    if basis == "hour":
        total = int(days) * minutes + (minutes // 2 if days % 1 else 0)
        quantity = rules.hours_of(total)
    assert slip.days == quantity
    assert slip.gross_fen == rules.gross_of(basis, rate, quantity)
    if basis == "piece":
        assert (slip.gross_fen, slip.note) == (0, "piece")


def test_sql_and_money_agree_on_many_rates(cast: Cast) -> None:
    postings = stage.crew(cast, 40)
    for n, posting in enumerate(postings):
        posting.rate_fen = 30001 + n * 37
        posting.pay_basis = ["day", "month", "hour"][n % 3]
        posting.save()
        stage.attend(posting, Decimal(n % 25) + Decimal(n % 2) / 2, minutes=451 + n)
    sheet = stage.make_sheet(cast)
    slips = list(PaySlip.objects.filter(sheet=sheet.pk))
    assert len(slips) == 2 + 40 - 1  # the first has no day at all
    for slip in slips:
        assert slip.gross_fen == rules.gross_of(slip.pay_basis, slip.rate_fen, slip.days)
        assert slip.net_fen == slip.gross_fen
    assert sheet.net_fen == sum(s.net_fen for s in slips)


def test_a_rate_that_changed_in_the_month_is_paid_in_parts(cast: Cast) -> None:
    cast.sun_posting.left_on = date(2026, 10, 10)
    cast.sun_posting.save()
    later = make_posting(cast.sun, cast.team, pin=8, rate_fen=40001, joined_on=date(2026, 10, 11))
    stage.attend(later, Decimal("9.5"), start=11)
    sheet = stage.make_sheet(cast, 10, 1)
    slip = stage.slip_of(sheet, cast.sun)
    assert (slip.days, slip.rate_fen, slip.posting_id) == (Decimal("19.50"), 40001, later.pk)
    assert slip.gross_fen == 360_000 + multiply(40001, Decimal("9.5")) == 740_010
    assert [(p["rate_fen"], p["days"], p["gross_fen"]) for p in slip.parts] == [
        (36000, "10.00", 360_000),
        (40001, "9.50", 380_010),
    ]
    changed = sheets.edit_line(
        slip.reference,
        days=Decimal("20.5"),
        note="10-31 补一天",
        actor=cast.actor(cast.qian),
        now=cast.now,
    )
    assert changed.gross_fen == 360_000 + multiply(40001, Decimal("10.5"))


def test_refuses_a_second_sheet_for_the_month(cast: Cast) -> None:
    stage.make_sheet(cast)
    with pytest.raises(RuleViolation) as refusal:
        sheets.make_sheet_from_attendance(
            cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
        )
    assert refusal.value.code == "sheet.exists"
    assert PaySheet.objects.count() == 1
    assert PaySlip.objects.count() == 2


def test_refuses_a_month_without_attendance_and_one_to_come(cast: Cast) -> None:
    for month, code in ((MONTH, "sheet.no_attendance"), (date(2026, 12, 1), "sheet.month_to_come")):
        with pytest.raises(RuleViolation) as refusal:
            sheets.make_sheet_from_attendance(
                cast.project.pk, cast.sc_part.pk, month, actor=cast.actor(cast.qian), now=cast.now
            )
        assert refusal.value.code == code
    assert PaySheet.objects.count() == 0


def test_outsiders_and_wrong_roles(cast: Cast) -> None:
    stage.attend(cast.sun_posting, 2)
    for who, error in (
        (cast.kong, NotFound),
        (cast.he, NotPermitted),
        (cast.li, NotPermitted),
        (cast.officer, NotFound),
    ):
        with pytest.raises(error):
            sheets.make_sheet_from_attendance(
                cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(who), now=cast.now
            )
    with pytest.raises(NotFound):  # a subcontractor does not see the general contractor's part
        sheets.make_sheet_from_attendance(
            cast.project.pk, cast.gc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
        )
    assert PaySheet.objects.count() == 0
    sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.zhao), now=cast.now
    )


def test_corrects_a_line_with_a_reason(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, cast.sun)
    sheets.edit_line(
        slip.reference,
        days=Decimal("22.5"),
        deduction_fen=4500,
        deduction_note="饭卡",
        note="10-18 闸机坏",
        actor=cast.actor(cast.qian),
        now=cast.now,
    )
    slip = stage.slip_of(sheet, cast.sun)
    assert (slip.days, slip.gate_days, slip.gross_fen, slip.deduction_fen, slip.net_fen) == (
        Decimal("22.50"),
        Decimal(22),
        810_000,
        4500,
        805_500,
    )
    sheet.refresh_from_db()
    assert (sheet.gross_fen, sheet.deduction_fen, sheet.net_fen) == (1_524_000, 4500, 1_519_500)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deduction_fen": 792_001, "deduction_note": "罚款"}, "slip.deduction_too_large"),
        ({"deduction_fen": 100}, "slip.deduction_reason"),
        ({"deduction_fen": -1, "deduction_note": "x"}, "slip.deduction_negative"),
        ({"days": Decimal(32), "note": "x"}, "slip.days"),
        ({"days": Decimal("NaN"), "note": "x"}, "slip.days"),
        ({"days": Decimal("21.125"), "note": "x"}, "slip.days"),
        ({"days": Decimal(21)}, "slip.note"),
        ({"gross_fen": 5}, "slip.gross"),
    ],
)
def test_refuses_a_wrong_correction(cast: Cast, change: dict, code: str) -> None:
    sheet = stage.make_sheet(cast)
    slip = stage.slip_of(sheet, cast.sun)
    with pytest.raises(RuleViolation) as refusal:
        sheets.edit_line(slip.reference, **change, actor=cast.actor(cast.qian), now=cast.now)
    assert refusal.value.code == code
    after = stage.slip_of(sheet, cast.sun)
    assert (after.days, after.gross_fen, after.deduction_fen) == (Decimal(22), 792_000, 0)


def test_recomputing_a_draft_takes_new_attendance(cast: Cast) -> None:
    sheet = stage.make_sheet(cast)
    stage.attend(cast.sun_posting, 1, start=31)
    sheets.recompute_sheet(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert stage.slip_of(sheet, cast.sun).days == 23
    sheet.refresh_from_db()
    assert sheet.net_fen == 23 * 36000 + 21 * 34000


def test_submitting_sends_slips_and_messages_once(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    assert sheet.state == "confirming"
    assert {s.confirmation for s in PaySlip.objects.filter(sheet=sheet.pk)} == {"waiting"}
    texts = [str(m.text) for m in SmsMessage.objects.all()]
    assert len(texts) == 2
    for text in texts:
        assert not [word for word in ("孙", "7,920", "多湖") if word in text]
    with pytest.raises(RuleViolation) as refusal:
        stage.submit(cast, sheet)
    assert refusal.value.code == "sheet.already_submitted"
    assert "钱文娟" in refusal.value.message
    assert SmsMessage.objects.count() == 2
    for act in (sheets.recompute_sheet, sheets.discard_sheet):
        with pytest.raises(RuleViolation, match=r"sheet\.not_draft"):
            act(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    with pytest.raises(RuleViolation, match=r"sheet\.not_draft"):
        sheets.edit_line(
            stage.slip_of(sheet, cast.sun).reference,
            days=Decimal(3),
            actor=cast.actor(cast.qian),
            now=cast.now,
        )


def test_reminds_once_a_day(cast: Cast) -> None:
    sheet = stage.submit(cast, stage.make_sheet(cast))
    for _n in range(2):
        assert reminders.remind_workers(sheet.pk, actor=cast.actor(cast.qian), now=cast.now) == 2
    assert SmsMessage.objects.filter(kind="slip.reminder").count() == 2
