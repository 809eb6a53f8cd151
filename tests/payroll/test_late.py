"""Attendance that changes after a slip was sent: seen, explained, paid by a supplement or dismissed; never silent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from devices.models import AttendanceDay, Passage
from devices.services import corrections
from devices.services.days import roll_up
from payroll.late import explain, late_changes
from payroll.models import LateDismissal, PaySheet, PaySlip
from payroll.services import late, sheets
from tests.cast import Cast
from tests.devices.conftest import gate  # noqa: F401
from tests.devices.post import Gate, event
from tests.payroll import stage
from tests.payroll.stage import MONTH
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation
from wagewatch.lib.sheets import read_workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet(cast: Cast) -> PaySheet:
    """October, Sun 22 days, Zhou 21, confirmed and approved the day before the cast's now."""
    made = stage.approved_sheet(cast)
    PaySheet.objects.filter(pk=made.pk).update(made_at=cast.now - timedelta(days=1))
    return PaySheet.objects.get(pk=made.pk)


def late_day(cast: Cast, gate: Gate) -> None:  # noqa: F811
    """The gate sends a whole day of Sun's that it held back."""
    gate.post(
        event(1, "2026-10-28T07:00:00+08:00", "in"),
        event(1, "2026-10-28T17:00:00+08:00", "out"),
        name="held-back",
    )
    roll_up(now=cast.now)


def slip_figures(sheet: PaySheet) -> list[tuple[object, ...]]:
    return list(
        PaySlip.objects.filter(month=MONTH, sheet=sheet.pk)
        .order_by("worker_id")
        .values_list("worker_id", "days", "gate_days", "net_fen", "confirmation", "version")
    )


def test_nothing_is_said_where_nothing_changed(cast: Cast, sheet: PaySheet) -> None:
    assert late_changes(cast.project) == []


def test_late_stamps_are_seen_and_change_no_slip(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    before = slip_figures(sheet)
    late_day(cast, gate)
    (change,) = explain(cast.project, late_changes(cast.project))
    assert (change.worker_id, change.days, change.gate_days, change.quantity) == (
        cast.sun.pk,
        Decimal(22),
        Decimal(22),
        Decimal(23),
    )
    assert [(c.kind, c.count, c.days) for c in change.causes] == [("late", 2, [date(2026, 10, 28)])]
    assert change.began == cast.now
    assert slip_figures(sheet) == before


def test_a_correction_is_named_with_its_author(cast: Cast, sheet: PaySheet) -> None:
    for clock, direction in (("07:00", 1), ("17:00", 2)):
        corrections.add_stamp(
            cast.project.pk,
            cast.zhou.pk,
            at=datetime.fromisoformat(f"2026-10-29T{clock}:00").replace(tzinfo=SITE_TZ),
            direction=direction,
            reason="gate_down",
            note="闸机断电",
            actor=cast.actor(cast.qian),
            now=cast.now,
        )
    (change,) = explain(cast.project, late_changes(cast.project))
    assert (change.worker_id, change.difference) == (cast.zhou.pk, Decimal(1))
    assert {(c.kind, c.reason, c.who) for c in change.causes} == {("add", "gate_down", "钱文娟")}
    assert len(change.causes) == 2


def test_somebody_on_no_sheet_is_seen(cast: Cast, sheet: PaySheet) -> None:
    (posting,) = stage.crew(cast, 1)
    stage.attend(posting, 3)
    (change,) = late_changes(cast.project)
    assert (change.worker_id, change.sheet_id, change.days, change.quantity) == (
        posting.worker_id,
        None,
        Decimal(0),
        Decimal(3),
    )
    assert explain(cast.project, [change])[0].causes == []


def test_fewer_days_are_seen_too(cast: Cast, sheet: PaySheet) -> None:
    AttendanceDay.objects.filter(worker_id=cast.sun.pk, day=date(2026, 10, 5)).delete()
    (change,) = late_changes(cast.project)
    assert change.difference == Decimal(-1)
    with pytest.raises(RuleViolation) as refused:
        late.make_supplement(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert refused.value.code == "supplement.nothing"
    assert PaySheet.objects.count() == 1


def test_a_sealed_month_is_read_only_when_something_touched_it(cast: Cast, sheet: PaySheet) -> None:
    from devices.models import DaySeal

    days = AttendanceDay.objects.filter(project=cast.project).values_list("day", flat=True).distinct()
    DaySeal.objects.bulk_create(
        [DaySeal(project=cast.project, day=d, sealed_at=sheet.made_at, digest="x") for d in set(days)]
    )
    AttendanceDay.objects.filter(worker_id=cast.sun.pk, day=date(2026, 10, 5)).update(days=Decimal("0.5"))
    assert late_changes(cast.project) == []  # nobody sealed that day again: it cannot be
    DaySeal.objects.filter(day=date(2026, 10, 5)).update(sealed_at=cast.now)
    assert [c.difference for c in late_changes(cast.project)] == [Decimal("-0.5")]


def test_a_supplement_pays_the_rest(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    before = slip_figures(sheet)
    made = late.make_supplement(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert (made.kind, made.number, made.state, made.people, made.net_fen) == (
        "supplement",
        1,
        "draft",
        1,
        36000,
    )
    slip = stage.slip_of(made, cast.sun)
    assert (slip.days, slip.gate_days, slip.rate_fen, slip.gross_fen) == (
        Decimal(1),
        Decimal(1),
        36000,
        36000,
    )
    assert late_changes(cast.project) == []
    assert len(late_changes(cast.project, count_drafts=False)) == 1  # nobody has seen the draft yet
    stage.submit(cast, made)
    assert late_changes(cast.project, count_drafts=False) == []
    assert slip_figures(sheet) == before


def test_a_supplement_draft_is_made_again_or_thrown_away(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    actor = cast.actor(cast.qian)
    made = late.make_supplement(sheet.pk, actor=actor, now=cast.now)
    with pytest.raises(RuleViolation) as refused:
        late.make_supplement(sheet.pk, actor=actor, now=cast.now)
    assert refused.value.code in {"supplement.open", "supplement.nothing"}
    stage.attend(cast.zhou_posting, 1, start=30)
    again = sheets.recompute_sheet(made.pk, actor=actor, now=cast.now)
    assert (again.kind, again.people, again.net_fen) == ("supplement", 2, 70000)
    sheets.discard_sheet(made.pk, actor=actor, now=cast.now)
    assert len(late_changes(cast.project)) == 2


def dismiss(cast: Cast, sheet: PaySheet, **changes: object) -> LateDismissal:
    values: dict[str, object] = {
        "quantity": Decimal(23),
        "reason": "not_worked",
        "note": "那天来领工具，没有干活",
        "actor": cast.actor(cast.qian),
        "now": cast.now,
    }
    return late.dismiss_change(sheet.pk, cast.sun.pk, **(values | changes))  # type: ignore[arg-type]


def test_a_dismissal_is_recorded_and_holds_for_these_figures(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    made = dismiss(cast, sheet)
    (change,) = explain(cast.project, late_changes(cast.project))
    assert change.dismissal == made
    assert (
        Entry.objects.filter(kind="late.dismissed", subject=f"late:{cast.project.pk}.{made.pk}").count() == 1
    )
    assert [f for f in audit().findings if f.subject.startswith("late:")] == []
    with pytest.raises(RuleViolation) as refused:
        dismiss(cast, sheet)
    assert refused.value.code == "late.dismissed"
    with pytest.raises(RuleViolation):
        late.make_supplement(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    AttendanceDay.objects.filter(worker_id=cast.sun.pk, day=date(2026, 10, 28)).update(days=Decimal("0.5"))
    (change,) = late_changes(cast.project)
    assert (change.quantity, change.dismissal_id) == (Decimal("22.5"), None)


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"quantity": Decimal(22)}, RuleViolation, "late.changed"),
        ({"reason": "because"}, Malformed, "late.reason"),
        ({"note": " "}, Malformed, "late.reason"),
    ],
)
def test_refuses_decisions_about_other_figures_or_without_reason(
    cast: Cast,
    sheet: PaySheet,
    gate: Gate,  # noqa: F811
    changes: dict[str, object],
    error: type[RuleViolation | Malformed],
    code: str,
) -> None:
    late_day(cast, gate)
    with pytest.raises(error) as refused:
        dismiss(cast, sheet, **changes)
    assert refused.value.code == code
    assert not LateDismissal.objects.exists()


def test_only_the_clerks_of_the_part_decide(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    for who, error in (
        (cast.kong, NotFound),
        (cast.guard, NotFound),
        (cast.he, NotPermitted),
        (cast.li, NotPermitted),
    ):
        with pytest.raises(error):
            dismiss(cast, sheet, actor=cast.actor(who))
        with pytest.raises(error):
            late.make_supplement(sheet.pk, actor=cast.actor(who), now=cast.now)
    assert not LateDismissal.objects.exists()
    assert PaySheet.objects.count() == 1


def test_the_pages_say_what_changed(cast: Cast, sheet: PaySheet, gate: Gate) -> None:  # noqa: F811
    late_day(cast, gate)
    qian = cast.client(cast.qian)
    changes = reverse("payroll:sheet-changes", args=[sheet.pk])
    assert changes in qian.get(reverse("payroll:sheet", args=[sheet.pk])).content.decode()
    line = qian.get(reverse("payroll:line", args=[stage.slip_of(sheet, cast.sun).reference])).content.decode()
    assert f"{changes}?worker={cast.sun.pk}" in line
    page = qian.get(changes)
    assert page.context["open_count"] == 1
    form = {"reason": "agreed", "note": "同意下月补", "quantity": "23"}
    assert qian.post(f"{changes}?worker={cast.sun.pk}", form | {"note": ""}).status_code == 400
    assert qian.post(f"{changes}?worker={cast.sun.pk}", form | {"quantity": "x"}).status_code == 400
    assert not LateDismissal.objects.exists()
    assert qian.post(f"{changes}?worker={cast.sun.pk}", form).status_code == 302
    assert "同意下月补" in qian.get(changes).content.decode()
    for who, status in ((cast.kong, 404), (cast.guard, 404), (cast.he, 200), (cast.zhao, 200)):
        assert cast.client(who).get(changes).status_code == status
    assert cast.client(cast.he).post(f"{changes}?worker={cast.sun.pk}", form).status_code == 403


def test_the_inspector_of_the_county_sees_it_with_the_decision(
    cast: Cast,
    sheet: PaySheet,
    gate: Gate,  # noqa: F811
) -> None:
    late_day(cast, gate)
    listed = reverse("inspection:changed-days", args=[cast.project.pk])
    li = cast.client(cast.li)
    assert listed in li.get(reverse("inspection:project", args=[cast.project.pk])).content.decode()
    page = li.get(listed)
    assert (page.context["open_count"], page.context["decided_count"]) == (1, 0)
    dismiss(cast, sheet)
    assert "那天来领工具，没有干活" in li.get(f"{listed}?show=decided&month=2026-10").content.decode()
    assert listed not in li.get(reverse("inspection:project", args=[cast.project.pk])).content.decode()
    assert li.post(listed).status_code == 405
    export = reverse("inspection:changed-days-export", args=[cast.project.pk])
    (table,) = read_workbook(li.get(export).getvalue(), "x.xlsx").sheets
    assert any("孙**" in [cell.text for cell in row] for row in table.rows)
    for who, status in ((cast.wang, 404), (cast.qian, 404), (cast.guard, 404), (cast.sun, 302)):
        assert cast.client(who).get(listed).status_code == status


@pytest.mark.django_db(transaction=True)
def test_two_clicks_make_one_supplement(cast: Cast) -> None:
    sheet = stage.approved_sheet(cast)
    stage.attend(cast.sun_posting, 1, start=28)

    def click(_n: int) -> str:
        try:
            late.make_supplement(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
        except RuleViolation as refusal:
            return refusal.code
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(click, range(2)))
    assert results[0] == "made" or results[1] == "made"
    assert PaySheet.objects.filter(kind="supplement").count() == 1
    assert Passage.objects.count() == 0
