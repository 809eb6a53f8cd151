"""Corrections of attendance: computed at once, with author and reason, shown to the worker, provable."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from devices.models import AttendanceDay, DayCorrection, Passage
from devices.services import corrections
from devices.services.days import roll_up
from devices.services.seals import seal_days
from registration.models import Posting
from tests.cast import Cast
from tests.devices.post import Gate, event
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import SITE_TZ
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

D = date(2026, 11, 10)


def at(clock: str, day: int = 10) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}:00").replace(tzinfo=SITE_TZ)


@pytest.fixture
def forgot(cast: Cast, gate: Gate) -> Cast:
    """Sun came at seven on the tenth and did not stamp when leaving."""
    gate.post(event(1, "2026-11-10T07:00:00+08:00"))
    roll_up(now=cast.now)
    return cast


def add(cast: Cast, **changes: Any) -> DayCorrection:
    values = {
        "at": at("17:00"),
        "direction": 2,
        "reason": "forgot",
        "note": "木工一班都看见他五点走的",
        "actor": cast.actor(cast.qian),
        "now": cast.now,
    } | changes
    return corrections.add_stamp(cast.project.pk, cast.sun.pk, **values)


def figures(cast: Cast, day: date = D) -> tuple[int, Decimal, str]:
    row = AttendanceDay.objects.get(project=cast.project, worker_id=cast.sun.pk, day=day)
    return row.minutes, row.days, row.state


def test_an_added_exit_closes_the_day(forgot: Cast) -> None:
    assert figures(forgot) == (0, Decimal("0.0"), "open")
    made = add(forgot)
    assert figures(forgot) == (600, Decimal("1.0"), "closed")
    stamp = Passage.objects.get(event_id=f"hand-{made.pk}")
    assert (stamp.terminal_id, stamp.attend_type, stamp.day) == (0, 7, D)
    assert Entry.objects.filter(kind="attendance.corrected").count() == 1


def test_a_withdrawn_exit_opens_it_again(forgot: Cast) -> None:
    made = add(forgot)
    corrections.withdraw(forgot.project.pk, made.pk, actor=forgot.actor(forgot.zhao), now=forgot.now)
    assert figures(forgot) == (0, Decimal("0.0"), "open")
    assert Passage.objects.get(event_id=f"hand-{made.pk}").is_void
    with pytest.raises(RuleViolation, match=r"correction\.withdrawn"):
        corrections.withdraw(forgot.project.pk, made.pk, actor=forgot.actor(forgot.zhao), now=forgot.now)
    made.refresh_from_db()
    assert made.withdrawn_by == forgot.zhao


def test_a_wrong_stamp_stays_and_does_not_count(forgot: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-11-10T22:00:00+08:00", "out"))
    roll_up(now=forgot.now)
    assert figures(forgot)[0] == 900
    corrections.void_stamp(
        forgot.project.pk,
        forgot.sun.pk,
        day=D,
        at=at("22:00"),
        direction=2,
        reason="wrong_person",
        note="周长根拿错了卡",
        actor=forgot.actor(forgot.qian),
        now=forgot.now,
    )
    assert figures(forgot) == (0, Decimal("0.0"), "open")
    assert Passage.objects.filter(worker_id=forgot.sun.pk, day=D).count() == 2
    add(forgot)
    assert figures(forgot) == (600, Decimal("1.0"), "closed")


def test_a_night_exit_belongs_to_the_day_before(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-11-10T19:00:00+08:00"))
    roll_up(now=cast.now)
    add(cast, at=at("06:00", 11))
    assert figures(cast) == (660, Decimal("1.0"), "closed")


def test_a_sealed_day_is_sealed_again(forgot: Cast) -> None:
    seal_days(now=forgot.now)
    before = Entry.objects.filter(kind="attendance.day").count()
    add(forgot, now=forgot.now + timedelta(minutes=1))
    assert Entry.objects.filter(kind="attendance.day").count() == before + 1
    assert [(f.problem, f.subject) for f in audit().findings] == []
    DayCorrection.objects.update(note="整天都在")
    (found,) = audit().findings
    assert found.subject.startswith("correction:")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"at": at("17:00", 17)}, "correction.future"),
        ({"at": datetime(2026, 8, 4, 17, tzinfo=SITE_TZ)}, "correction.too_old"),
        ({"at": datetime(2026, 8, 2, 17, tzinfo=SITE_TZ)}, "correction.too_old"),
        ({"at": at("07:00"), "direction": 1}, "correction.exists"),
        ({"direction": 0}, "correction.direction"),
        ({"note": "  "}, "correction.reason"),
        ({"reason": "because"}, "correction.reason"),
    ],
)
def test_refuses_what_cannot_be_right(forgot: Cast, changes: dict[str, Any], code: str) -> None:
    with pytest.raises((RuleViolation, Malformed)) as refused:
        add(forgot, **changes)
    assert refused.value.code == code
    assert not DayCorrection.objects.exists()
    assert Passage.objects.count() == 1


def test_refuses_days_before_joining_and_after_leaving(forgot: Cast) -> None:
    Posting.objects.filter(pk=forgot.sun_posting.pk).update(left_on=date(2026, 11, 9))
    with pytest.raises(RuleViolation) as refused:
        add(forgot)
    assert refused.value.code == "correction.not_posted"


def test_only_clerks_of_the_person_may_correct(forgot: Cast) -> None:
    for who, error in ((forgot.kong, NotFound), (forgot.guard, NotFound), (forgot.he, NotPermitted)):
        with pytest.raises(error):
            add(forgot, actor=forgot.actor(who))
    with pytest.raises(NotFound):
        add(forgot, actor=forgot.actor(forgot.sun))
    assert not DayCorrection.objects.exists()


def test_a_day_may_stay_as_it_is(forgot: Cast) -> None:
    page = forgot.client(forgot.qian).get(f"/sites/{forgot.project.pk}/days/open/?month=2026-11")
    assert [(row.day, row.worker_id) for row in page.context["rows"]] == [(D, forgot.sun.pk)]
    values = {"day": D, "reason": "unknown", "note": "门卫也不知道", "now": forgot.now}
    corrections.leave_open(forgot.project.pk, forgot.sun.pk, **values, actor=forgot.actor(forgot.qian))
    page = forgot.client(forgot.qian).get(f"/sites/{forgot.project.pk}/days/open/?month=2026-11")
    assert page.context["rows"] == []
    with pytest.raises(RuleViolation, match=r"correction\.exists"):
        corrections.leave_open(forgot.project.pk, forgot.sun.pk, **values, actor=forgot.actor(forgot.qian))
    closed = values | {"day": D - timedelta(days=1)}
    with pytest.raises(RuleViolation, match=r"correction\.not_open"):
        corrections.leave_open(forgot.project.pk, forgot.sun.pk, **closed, actor=forgot.actor(forgot.qian))


def test_the_clerk_corrects_on_the_page_and_the_worker_sees_it(forgot: Cast) -> None:
    address = f"/sites/{forgot.project.pk}/days/{forgot.sun.pk}/2026-11-10/"
    clerk = forgot.client(forgot.qian)
    wrong = clerk.post(address, {"direction": "2", "on": "2026-11-10", "clock": "25:00", "reason": "forgot"})
    assert wrong.status_code == 400
    assert "2026-11-10" in wrong.content.decode()
    form = {"direction": "2", "on": "2026-11-10", "clock": "17:30", "reason": "forgot", "note": "忘了刷"}
    assert clerk.post(address, form).status_code == 302
    again = clerk.post(address, form)
    assert again.status_code == 400
    assert DayCorrection.objects.count() == 1
    mine = forgot.client(forgot.sun).get(f"/me/days/{forgot.project.pk}/2026-11-10/").content.decode()
    assert "忘了刷" in mine
    assert "钱文娟" in mine
    assert "17:30" in mine
    assert forgot.client(forgot.wu).get(f"/me/days/{forgot.project.pk}/2026-11-10/").status_code == 404
    month = forgot.client(forgot.sun).get("/me/days/?month=2026-11")
    assert month.context["found"].projects[0].corrected == [D]


def test_the_page_takes_a_wrong_stamp_out(forgot: Cast) -> None:
    address = f"/sites/{forgot.project.pk}/days/{forgot.sun.pk}/2026-11-10/"
    clerk = forgot.client(forgot.qian)
    page = clerk.get(address)
    (stamp,) = page.context["shown"].stamps
    form = {"stamp": f"2026-11-10|{stamp.micros}|1", "void-reason": "wrong_person", "void-note": "拿错卡"}
    assert clerk.post(address + "void/", form | {"stamp": "nonsense"}).status_code == 400
    assert clerk.post(address + "void/", form).status_code == 302
    assert not AttendanceDay.objects.exists()
    assert clerk.get(address).context["shown"].stamps[0].passage.is_void
    for day in ("2026-13-40", "9999-12-31", "0001-01-01"):
        assert clerk.get(address.replace("2026-11-10", day)).status_code == 404
        assert forgot.client(forgot.sun).get(f"/me/days/{forgot.project.pk}/{day}/").status_code == 404
    past = {"direction": "2", "on": "0001-01-01", "clock": "00:30", "reason": "forgot", "note": "忘了刷"}
    assert clerk.post(address, past).status_code == 400
    far = form | {"stamp": "2026-11-10|99999999999999999999999|99999999999"}
    assert clerk.post(address + "void/", far).status_code == 400
    for strange in ("9999-12-31|1|1", "2026-11-10|1|99999999999", "2026-11-10|1|-7"):
        assert clerk.post(address + "void/", form | {"stamp": strange}).status_code == 404


def test_the_sheet_shows_hours_and_what_is_beyond_a_day(forgot: Cast) -> None:
    add(forgot, at=at("18:30"))
    site = f"/sites/{forgot.project.pk}"
    page = forgot.client(forgot.zhao).get(f"{site}/days/?month=2026-11")
    row = next(r for g in page.context["matrix"].groups for r in g.rows if r.worker_id == forgot.sun.pk)
    assert (row.minutes, row.over_minutes, row.hours_text, row.over_text) == (690, 210, "11.5", "3.5")
    pdf = forgot.client(forgot.zhao).get(f"{site}/days.pdf?month=2026-11")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
