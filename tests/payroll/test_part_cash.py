"""Signs of wages split between bank and cash, and what the inspector watches."""

from datetime import date
from typing import Any

import pytest
from django.db.models import F

from payroll import watch
from payroll.models import PaySheet, PaySlip
from payroll.part_cash import find_part_cash, people_of
from payroll.services import cash, sheets
from registration.models import Parameter
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_on_site import answer as answer_on_site

pytestmark = pytest.mark.django_db
MONTH = stage.MONTH


def crowd_sheet(cast: Cast, count: int = 8) -> PaySheet:
    for n, posting in enumerate(stage.crew(cast, count)):
        stage.attend(posting, 18 + n % 5)
    return stage.submit(cast, stage.make_sheet(cast))


def found(cast: Cast) -> list[Any]:
    return find_part_cash([cast.project.pk], since=MONTH, until=MONTH, today=cast.today)


def test_an_honest_month_shows_no_sign(cast: Cast) -> None:
    crowd_sheet(cast)
    assert found(cast) == []


def test_pay_far_under_the_agreed_rate_is_a_sign(cast: Cast) -> None:
    sheet = crowd_sheet(cast)
    slips = PaySlip.objects.filter(month=MONTH, project=cast.project, sheet=sheet.pk)
    short = list(slips.order_by("worker_id")[:4])
    for slip in short:
        slips.filter(worker=slip.worker_id).update(
            gross_fen=slip.gross_fen * 79 // 100, net_fen=slip.gross_fen * 79 // 100
        )
    (one,) = found(cast)
    assert (one.is_short, one.is_equal, one.reports, one.people, one.short_people) == (True, False, 0, 10, 4)
    assert one.short_fen == sum(s.gross_fen - s.gross_fen * 79 // 100 for s in short)
    people = people_of(cast.project.pk, cast.sc_part.pk, MONTH, today=cast.today)
    assert [p.is_short for p in people[:5]] == [True, True, True, True, False]
    for slip in short:  # 20 % is not more than 20 %
        slips.filter(worker=slip.worker_id).update(
            gross_fen=slip.gross_fen * 80 // 100 + 1, net_fen=slip.gross_fen * 80 // 100 + 1
        )
    assert found(cast) == []


def test_equal_round_sums_for_unequal_days_are_a_sign_and_thresholds_are_regional(cast: Cast) -> None:
    sheet = crowd_sheet(cast)
    slips = PaySlip.objects.filter(month=MONTH, project=cast.project, sheet=sheet.pk)
    for slip in slips.order_by("worker_id")[:5]:
        slips.filter(worker=slip.worker_id).update(net_fen=500_000, deduction_fen=F("gross_fen") - 500_000)
    (one,) = found(cast)
    assert (one.is_short, one.is_equal, one.equal_people, one.equal_fen) == (False, True, 5, 500_000)
    Parameter.objects.create(
        key="part_cash.equal_people", region_id="330703", value=6, valid_from=date(2020, 5, 1), source="test"
    )
    parameters.forget()
    assert found(cast) == []


def test_a_workers_word_is_a_sign_and_only_of_that_firm(cast: Cast) -> None:
    crowd_sheet(cast)
    cash.report_cash(
        cast.project.pk,
        MONTH,
        kind="give_back",
        amount_fen=None,
        text="",
        actor=cast.actor(cast.sun),
        now=cast.now,
    )
    (one,) = found(cast)
    assert (one.reports, one.reporters, one.signs, one.participation_id) == (1, 1, 1, cast.sc_part.pk)
    assert find_part_cash([cast.other_project.pk], since=MONTH, until=MONTH, today=cast.today) == []


def test_drafts_and_piece_work_are_no_sign(cast: Cast) -> None:
    stage.make_sheet(cast)
    PaySlip.objects.update(gross_fen=1, net_fen=1)
    assert found(cast) == []
    sheet = PaySheet.objects.get()
    sheets.submit_sheet(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)
    assert len(found(cast)) == 1
    for posting in (cast.sun_posting, cast.zhou_posting):
        posting.pay_basis = "piece"
        posting.save()
    assert found(cast) == []


def test_the_share_answered_at_the_tablet(cast: Cast) -> None:
    sheet = crowd_sheet(cast)
    stage.confirm(cast, sheet, cast.sun)
    answer_on_site(cast, sheet)
    (share,) = watch.proxy_shares([cast.project.pk], since=MONTH, today=cast.today)
    assert (share.confirmed, share.on_site, share.percent, share.allowed, share.is_over) == (
        2,
        1,
        50,
        20,
        True,
    )
    assert watch.proxy_shares([cast.other_project.pk], since=MONTH, today=cast.today) == []


def test_the_inspectors_pages(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now)
    sheet = crowd_sheet(cast)
    answer_on_site(cast, sheet)
    cash.report_cash(
        cast.project.pk, MONTH, kind="card_held", amount_fen=None, text="卡在班组长那里",
        actor=cast.actor(cast.sun), now=cast.now,
    )  # fmt: skip
    li, wang = cast.client(cast.li), cast.client(cast.wang)
    pages = ["on-site", "mediations", "cash", "part-cash"]
    for name in pages:
        assert li.get(f"/supervision/projects/pay-watch/{name}/").status_code == 200, name
        assert cast.project.name not in wang.get(f"/supervision/projects/pay-watch/{name}/").content.decode()
    assert "卡在班组长那里" in li.get("/supervision/projects/pay-watch/cash/").content.decode()
    detail = f"/supervision/projects/{cast.project.pk}/part-cash/{cast.sc_part.pk}/2026-10/"
    assert li.get(detail).status_code == 200
    assert wang.get(detail).status_code == 404
    word = watch.proxy_words(sheet.pk, type(cast.project).objects.all()).get()
    picture = f"/supervision/projects/{cast.project.pk}/on-site/{word.pk}/photo/"
    assert li.get(picture)["Content-Type"] == "image/jpeg"
    assert wang.get(picture).status_code == 404
