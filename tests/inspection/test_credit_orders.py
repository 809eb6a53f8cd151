"""What lapsed orders, fines and alarms found untrue do to a firm's credit."""

from datetime import timedelta

import pytest

from inspection.models import Alarm, AlarmStep, ServedOrder
from inspection.services.case_sanctions import (
    Proposed,
    decide_sanction,
    hear_party,
    notify_party,
    propose_sanction,
)
from inspection.services.case_service import check_order, withdraw_order
from inspection.services.credit import PROPOSED, grade_now, records_of, table_of
from registration.models import Parameter
from tests.cast import Cast
from tests.inspection.cases import after, later, ordered, second
from tests.inspection.stage import set_parameter, set_parameters

MONTHS = 12


@pytest.fixture(autouse=True)
def _plain_papers(plain_papers: None) -> None:
    """What the documents look like: test_case_papers.py."""


@pytest.fixture
def stage(cast: Cast) -> Cast:
    set_parameters()
    set_parameter("sanction.54.unit", {"from": 2_000_000, "to": 5_000_000})
    return cast


def counts(cast: Cast, days: int) -> tuple[int, int]:
    """(lapsed, fined) of the subcontractor, some days after the cast's day."""
    record = records_of([cast.sc.pk], today=cast.today + timedelta(days=days), months=MONTHS)[cast.sc.pk]
    return record.lapsed, record.fined


def test_an_order_counts_once_its_time_is_over_and_nothing_was_done(stage: Cast) -> None:
    ordered(stage)
    assert counts(stage, 7) == (0, 0), "the last day is Monday 23 November"
    assert counts(stage, 8) == (1, 0)
    assert counts(stage, 8 + 366) == (0, 0), "it is older than the period"


def test_one_followed_in_time_or_taken_back_does_not_count_and_one_followed_late_does(stage: Cast) -> None:
    li = stage.actor(stage.li)
    (case, done), (other, back), (third, late) = ordered(stage), ordered(stage), ordered(stage)
    check_order(case.pk, done.pk, corrected=True, text="期限内全部付清", actor=li, now=stage.now)
    withdraw_order(other.pk, back.pk, reason="事实认定不清", actor=li, now=stage.now)
    check_order(third.pk, late.pk, corrected=True, text="逾期后全部付清", **after(stage))
    assert counts(stage, 30) == (1, 0)
    assert ServedOrder.objects.filter(corrected_on__isnull=False).count() == 2


def test_a_decided_fine_counts_beside_the_lapsed_order(stage: Cast) -> None:
    case, order = ordered(stage)
    proposed = Proposed(order.pk, "54-2", 2_000_000, "期满未编制台账，情节一般，予以处罚。")
    sanction = propose_sanction(case.pk, proposed, **after(stage))
    notify_party(case.pk, sanction.pk, **after(stage))
    hear_party(case.pk, sanction.pk, text="当事人承认事实。", **after(stage))
    assert counts(stage, 9) == (1, 0)
    decide_sanction(case.pk, sanction.pk, **later(stage, stage.actor(second(stage)), 9))
    assert counts(stage, 9) == (1, 1)
    grade, _record, _since = grade_now(stage.sc, today=stage.today + timedelta(days=9))
    points = {reason.code: reason.points for reason in grade.reasons}
    assert (points["lapsed"], points["fined"]) == (10, 15)


def test_a_table_set_before_takes_the_proposal_for_the_new_reasons(stage: Cast) -> None:
    old = PROPOSED | {"points": {"red": [7, 7]}}
    Parameter.objects.filter(key="credit.table").delete()
    set_parameter("credit.table", old)
    points = table_of("330703", on=stage.today)["points"]
    assert (points["red"], points["lapsed"]) == ([7, 7], [10, 30])


def verdict(cast: Cast, alarm: Alarm, kind: str, hours: int, round_: int = 1) -> None:
    AlarmStep.objects.create(
        project=cast.project, alarm=alarm, round=round_, kind=kind, at=cast.now + timedelta(hours=hours),
        level=alarm.level, tier=1,
    )  # fmt: skip


def test_an_alarm_found_not_true_counts_no_more_until_its_data_change(stage: Cast) -> None:
    alarm = Alarm.objects.create(
        project=stage.project, rule="D3", period="2026-09", level=3, opened_at=stage.now, changed_at=stage.now,
        participation=stage.sc_part, facts={},
    )  # fmt: skip

    def red() -> int:
        return records_of([stage.sc.pk], today=stage.today, months=MONTHS)[stage.sc.pk].red

    assert red() == 1
    verdict(stage, alarm, "false", 1)
    assert red() == 0
    verdict(stage, alarm, "returned", 2)
    assert red() == 1
    verdict(stage, alarm, "false", 3)
    assert red() == 0
    Alarm.objects.filter(pk=alarm.pk).update(round=2)
    assert red() == 1, "what was found in an earlier round says nothing of this one"
