"""Who has left and is still owed, as the clerk sees it."""

from datetime import date

from payroll.leavers import leavers_for, unsettled
from registration.models import Posting
from registration.services.leaving import leave
from tests.cast import NOW, Cast
from tests.inspection.stage import sent_sheet, set_parameters
from tests.payroll import stage

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
LAST = date(2026, 11, 10)


def gone(cast: Cast) -> Posting:
    return leave(cast.sun.pk, cast.project.pk, LAST, reason="done", actor=cast.actor(cast.qian), now=NOW)


def listed(cast: Cast, who: str = "qian") -> list[tuple[int, int, bool, bool]]:
    return [
        (p.worker_id, p.owed_fen, p.is_owed, p.has_unsheeted)  # type: ignore[attr-defined]
        for p in unsettled(leavers_for(cast.actor(getattr(cast, who))))
    ]


def test_days_at_the_gate_without_a_sheet_are_owed(cast: Cast) -> None:
    set_parameters()
    stage.attend(cast.sun_posting, 5, month=NOVEMBER)
    assert listed(cast) == []
    gone(cast)
    assert listed(cast) == [(cast.sun.pk, 0, False, True)]


def test_a_sheet_not_paid_is_owed_and_a_paid_one_settles(cast: Cast) -> None:
    set_parameters()
    stage.attend(cast.sun_posting, 5, month=NOVEMBER)
    gone(cast)
    sheet = sent_sheet(
        cast.sc_part, [(cast.sun_posting, 180_000)], month=NOVEMBER, kind="leaver", due_on=LAST
    )
    assert listed(cast) == [(cast.sun.pk, 180_000, True, False)]
    stage.slip_of(sheet, cast.sun)
    sheet.slips.filter(worker=cast.sun).update(payment="paid")
    assert listed(cast) == []


def test_an_old_unpaid_month_keeps_the_leaver_on_the_list(cast: Cast) -> None:
    set_parameters()
    sent_sheet(cast.sc_part, [(cast.sun_posting, 700_000)], month=OCTOBER, due_on=date(2026, 11, 15))
    gone(cast)
    assert listed(cast) == [(cast.sun.pk, 700_000, True, False)]


def test_insiders_see_it_and_outsiders_do_not(cast: Cast) -> None:
    set_parameters()
    stage.attend(cast.sun_posting, 5, month=NOVEMBER)
    gone(cast)
    for who in ("qian", "zhao", "he", "li"):
        assert len(listed(cast, who)) == 1, who
    for who in ("kong", "wang", "ye"):
        assert listed(cast, who) == [], who
    page = cast.client(cast.qian).get("/pay/leavers/").content.decode()
    assert "孙**" in page
    assert "孙**" not in cast.client(cast.kong).get("/pay/leavers/?show=all").content.decode()
    today = cast.client(cast.qian).get("/today/").content.decode()
    assert f"/pay/leavers/?project={cast.project.pk}" in today
