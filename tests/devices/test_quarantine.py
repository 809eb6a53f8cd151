"""Times that cannot be right: kept as they came, moved or dismissed once, with evidence."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from devices.models import AttendanceDay, DayCorrection, Passage, RefusedEntry, TimeDecision
from devices.services import corrections, quarantine
from tests.cast import Cast
from tests.devices.post import Gate, event
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation, WagewatchError

STUCK = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def stuck(cast: Cast, gate: Gate) -> Cast:
    """A gate whose clock began at 2000 sent an entry, an exit eight hours later, and a stranger."""
    answer = gate.post(
        event(1, "2000-01-01T00:00:00+00:00", "in", id="in"),
        event(1, "2000-01-01T01:00:00+00:00", "out", id="out"),
        event(99, "2000-01-01T01:00:00+00:00", "in", id="who"),
    )
    assert {row["reason"] for row in answer["refused"]} == {"bad_time"}
    return cast


def decide(cast: Cast, *events: str, minutes: int | None, who: object = None) -> int:
    return quarantine.decide(
        cast.project.pk,
        [(cast.terminal.pk, name) for name in events],
        minutes=minutes,
        note="时钟电池没电",
        actor=cast.actor(who or cast.zhao),  # type: ignore[arg-type]
        now=cast.now,
    )


def state() -> tuple[int, ...]:
    return tuple(m.objects.count() for m in (Passage, DayCorrection, TimeDecision, AttendanceDay, Entry))


def test_lists_what_waits_and_proposes_the_shift(stuck: Cast) -> None:
    rows = {row.entry.event_id: row for row in quarantine.waiting_times(stuck.project, now=stuck.now)}
    assert set(rows) == {"in", "out", "who"}
    minutes = round((stuck.now - STUCK - timedelta(hours=1)).total_seconds() / 60)
    assert {row.minutes for row in rows.values()} == {minutes}
    assert (rows["in"].name, rows["who"].name, rows["in"].received_at) == ("孙德旺", None, stuck.now)


def test_moved_stamps_count_and_are_on_record(stuck: Cast) -> None:
    minutes = round((stuck.now - STUCK - timedelta(hours=1)).total_seconds() / 60)
    assert decide(stuck, "in", "out", minutes=minutes) == 2
    assert list(Passage.objects.order_by("at").values_list("at", "direction", "terminal_id", "event_id")) == [
        (stuck.now - timedelta(hours=1), 1, stuck.terminal.pk, "in"),
        (stuck.now, 2, stuck.terminal.pk, "out"),
    ]
    assert AttendanceDay.objects.get().minutes == 60
    assert RefusedEntry.objects.get(event_id="in").at == STUCK
    assert set(DayCorrection.objects.values_list("kind", "reason", "made_by")) == {
        ("shift", "clock", stuck.zhao.pk)
    }
    kinds = list(Entry.objects.values_list("kind", flat=True))
    assert (kinds.count(quarantine.KIND), kinds.count(corrections.KIND)) == (2, 2)
    subjects = list(quarantine.expected_subjects(stuck.project.pk))
    assert set(quarantine.load_many(subjects)) == set(subjects)
    assert [r.entry.event_id for r in quarantine.waiting_times(stuck.project, now=stuck.now)] == ["who"]
    taken_back = DayCorrection.objects.get(direction=2)
    corrections.withdraw(stuck.project.pk, taken_back.pk, actor=stuck.actor(stuck.zhao), now=stuck.now)
    assert Passage.objects.get(event_id="out").is_void is True


def test_a_dismissed_one_counts_for_nobody(stuck: Cast) -> None:
    assert decide(stuck, "who", "in", minutes=None) == 2
    assert not Passage.objects.exists()
    assert set(TimeDecision.objects.values_list("kind", "minutes", "at")) == {
        ("dismiss", None, STUCK),
        ("dismiss", None, STUCK + timedelta(hours=1)),
    }


@pytest.mark.parametrize(
    ("events", "minutes", "code"),
    [
        (("in", "who"), 14_100_000, "time.stranger"),
        (("in",), 1, "correction.too_old"),
        (("in",), 99_999_999, "time.minutes"),
        (("in",), 15_000_000, "correction.future"),
        (("in",), 0, "time.minutes"),
        ((), 5, "time.choose"),
        (("nothing",), None, "not_found"),
    ],
)
def test_decides_about_all_or_none(stuck: Cast, events: tuple[str, ...], minutes: int, code: str) -> None:
    before = state()
    if code == "time.stranger":
        minutes = round((stuck.now - STUCK - timedelta(hours=1)).total_seconds() / 60)
    with pytest.raises(WagewatchError) as refusal:
        decide(stuck, *events, minutes=minutes)
    assert refusal.value.code == code
    assert state() == before


def test_decides_once(stuck: Cast) -> None:
    decide(stuck, "in", minutes=None)
    before = state()
    with pytest.raises(RuleViolation) as refusal:
        decide(stuck, "in", minutes=5)
    assert refusal.value.code == "time.decided"
    assert state() == before


def test_only_the_general_contractors_clerk_decides(stuck: Cast) -> None:
    for who, error in ((stuck.he, NotPermitted), (stuck.qian, NotPermitted), (stuck.kong, NotFound)):
        with pytest.raises(error):
            decide(stuck, "in", minutes=None, who=who)
    assert not TimeDecision.objects.exists()


def test_the_page_shows_and_decides(stuck: Cast) -> None:
    path = f"/sites/{stuck.project.pk}/bad-times/"
    for who, status in ((stuck.zhao, 200), (stuck.li, 200), (stuck.qian, 404), (stuck.kong, 404)):
        assert stuck.client(who).get(path).status_code == status
    assert "孙德旺" not in stuck.client(stuck.zhao).get(path).content.decode()
    client = stuck.client(stuck.zhao)
    form = {"act": "shift", "note": "时钟", "event": [f"{stuck.terminal.pk}|in"]}
    with override("en"):
        assert client.post(path, form).status_code == 400
        assert client.post(path, form | {"minutes": "x"}).status_code == 400
        assert client.post(path, form | {"minutes": "5", "event": ["x|in"]}).status_code == 404
    assert stuck.client(stuck.li).post(path, form | {"minutes": "5"}).status_code == 403
    assert not TimeDecision.objects.exists()
    assert client.post(path, form | {"act": "dismiss"}).status_code == 302
    assert TimeDecision.objects.get().event_id == "in"
