"""The end of work: one person, a team, a firm; the settlement clock; taking it back the same day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from registration.models import Parameter, Posting, SmsMessage
from registration.services import parameters
from registration.services.leaving import leave, leave_together, undo_leave
from tests.cast import NOW, TODAY, Cast, make_posting, make_worker
from tests.registration import rosters
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation

FRIDAY = date(2026, 11, 13)


def gone(cast: Cast, day: date = TODAY, **more: str) -> Posting:
    return leave(cast.sun.pk, cast.project.pk, day, actor=cast.actor(cast.qian), now=NOW, **more)


def posting(cast: Cast) -> Posting:
    return Posting.objects.get(pk=cast.sun_posting.pk)


def test_wages_are_due_on_the_last_day(cast: Cast) -> None:
    gone(cast, FRIDAY, reason="done")
    assert (posting(cast).left_on, posting(cast).left_reason, posting(cast).settle_by) == (
        FRIDAY,
        "done",
        FRIDAY,
    )
    newest = Posting.history.filter(id=cast.sun_posting.pk).latest("history_id")
    assert (newest.left_on, newest.settle_by, newest.history_change_reason) == (FRIDAY, FRIDAY, "left")
    assert "孙" not in str(SmsMessage.objects.get().text)


def test_a_region_may_grant_working_days(cast: Cast) -> None:
    Parameter.objects.create(
        key="leave.settle_within_wd", region_id="330700", valid_from=date(2026, 1, 1), value=3, source="试"
    )
    parameters.forget()
    gone(cast, FRIDAY)
    parameters.forget()
    assert posting(cast).settle_by == date(2026, 11, 18), "Saturday and Sunday do not count"


def test_refuses_a_second_end_and_an_unknown_reason(cast: Cast) -> None:
    with pytest.raises(RuleViolation, match=r"leave\.reason"):
        gone(cast, reason="bored")
    assert posting(cast).left_on is None
    gone(cast)
    with pytest.raises(RuleViolation, match=r"posting\.not_open"):
        gone(cast)


def test_a_team_leaves_together_and_late_comers_stay(cast: Cast) -> None:
    late, _card = make_worker("林迟", seq=321)
    stays = make_posting(late, cast.team, pin=9, joined_on=TODAY)
    count = leave_together(
        cast.project.pk, FRIDAY, team_id=cast.team.pk, reason="done", actor=cast.actor(cast.zhao), now=NOW
    )
    assert count == 2
    assert set(Posting.objects.filter(left_on=FRIDAY, settle_by=FRIDAY).values_list("pk", flat=True)) == {
        cast.sun_posting.pk,
        cast.zhou_posting.pk,
    }
    assert Posting.objects.get(pk=stays.pk).left_on is None
    assert SmsMessage.objects.count() == 2


def test_a_firm_leaves_with_its_own_people_only(cast: Cast) -> None:
    worker, _card = make_worker("何小满", seq=777)
    of_gc = make_posting(worker, cast.gc_team, pin=77)
    common = {"reason": "done", "actor": cast.actor(cast.qian), "now": NOW}
    with pytest.raises(RuleViolation, match=r"leave\.nobody"):
        leave_together(cast.project.pk, TODAY, part_id=cast.gc_part.pk, **common)
    with pytest.raises(RuleViolation, match=r"leave\.whom"):
        leave_together(cast.project.pk, TODAY, **common)
    assert leave_together(cast.project.pk, TODAY, part_id=cast.sc_part.pk, **common) == 2
    assert Posting.objects.get(pk=of_gc.pk).left_on is None


def test_outsiders_and_managers_end_nobodys_work(cast: Cast) -> None:
    for who, refusal in ((cast.kong, NotFound), (cast.he, NotPermitted), (cast.ye, NotFound)):
        with pytest.raises(refusal):
            leave(cast.sun.pk, cast.project.pk, TODAY, actor=cast.actor(who), now=NOW)
    assert posting(cast).left_on is None


def test_the_same_day_it_can_be_taken_back(cast: Cast) -> None:
    gone(cast)
    with pytest.raises(RuleViolation, match=r"leave\.why"):
        undo_leave(cast.sun.pk, cast.project.pk, why=" ", actor=cast.actor(cast.qian), now=NOW)
    evening = datetime(2026, 11, 16, 15, 59, tzinfo=UTC)
    undo_leave(cast.sun.pk, cast.project.pk, why="点错人", actor=cast.actor(cast.qian), now=evening)
    assert (posting(cast).left_on, posting(cast).left_reason, posting(cast).settle_by) == (None, "", None)
    newest = Posting.history.filter(id=cast.sun_posting.pk).latest("history_id")
    assert newest.history_change_reason == "leave undone: 点错人"
    with pytest.raises(RuleViolation, match=r"leave\.back_already"):
        undo_leave(cast.sun.pk, cast.project.pk, why="再来", actor=cast.actor(cast.qian), now=evening)


def test_the_next_day_only_a_new_posting_leads_back(cast: Cast) -> None:
    gone(cast)
    midnight = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
    with pytest.raises(RuleViolation, match=r"leave\.too_late"):
        undo_leave(cast.sun.pk, cast.project.pk, why="点错人", actor=cast.actor(cast.qian), now=midnight)
    assert posting(cast).left_on == TODAY
    again = make_posting(cast.sun, cast.team, pin=3, joined_on=TODAY + timedelta(days=1))
    assert Posting.objects.filter(worker=cast.sun, project=cast.project).count() == 2
    assert again.left_on is None


def test_ends_written_by_a_roster_start_the_clock_too(cast: Cast) -> None:
    number = cast.sun.id_number
    leaves = {"姓名": cast.sun.name, "身份证号": number, "进场时间": "2026-08-03", "退场时间": "2026-11-13"}
    new = rosters.person(4, 进场时间="2026-11-02", 退场时间="2026-11-13")
    headings = [*rosters.HEADINGS, *([] if "退场时间" in rosters.HEADINGS else ["退场时间"])]
    rosters.applied(cast, rosters.xlsx([leaves, new, rosters.person(5)], headings=headings))
    assert (posting(cast).left_on, posting(cast).settle_by) == (FRIDAY, FRIDAY)
    others = Posting.objects.filter(project=cast.project).exclude(worker__in=[cast.sun, cast.zhou])
    assert sorted(str(p.settle_by) for p in others) == ["2026-11-13", "None"]
    newest = Posting.history.filter(id=cast.sun_posting.pk).order_by("-history_id")[0]
    assert newest.settle_by == FRIDAY


def test_the_clerk_is_asked_again_with_the_number_of_people(cast: Cast) -> None:
    client = cast.client(cast.qian)
    address = f"/people/{cast.project.pk}/leave/"
    form = {"whom": f"t:{cast.team.pk}", "left_on": "2026-11-16", "reason": "done"}
    asked = client.post(address, form)
    assert asked.status_code == 200
    assert asked.context["count"] == 2
    assert Posting.objects.filter(left_on__isnull=False).count() == 0
    assert client.post(address, form | {"sure": "1"}).status_code == 302
    assert Posting.objects.filter(left_on=TODAY).count() == 2
    assert client.post(address, form | {"whom": "t:999999"}).status_code == 400
