"""Badges: handed out, lost, found; what the gates are told of them and what the server makes of what they saw."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from devices import badge_list
from devices.allow_list import allow_list
from devices.models import BadgeUse, Passage, RefusedEntry, SiteBadge
from devices.oddities.finding import Period, find
from devices.protocols.cards import badge_key
from devices.services import badges, list_versions
from registration.models import Posting
from registration.services import parameters
from tests.cast import Cast, make_posting, make_worker
from tests.devices.post import Gate, event
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

BADGE = "188,24910"


def give(cast: Cast, who: str = "1", number: str = BADGE, by: Any = None, ago: int = 60) -> SiteBadge:
    actor = cast.actor(by or cast.zhao)
    return badges.hand_out_badge(
        cast.project.pk, who, number, actor=actor, now=cast.now - timedelta(minutes=ago)
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (BADGE, BADGE), (" 188 , 24910 ", BADGE), ("188，24910", BADGE), ("0012345678 188,24910", BADGE),
        ("0012345678", BADGE), ("12345678", BADGE), ("1,2", "001,00002"), ("256,1", ""), ("1,65536", ""),
        ("4294967296", ""), ("BC614E", ""), ("", ""), ("330703198506010013", ""), ("٣,1", ""),
    ],
)  # fmt: skip
def test_reads_a_badge_as_printed_and_as_readers_send_it(text: str, key: str) -> None:
    assert badge_key(text) == key


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading_of_a_badge(text: str) -> None:
    key = badge_key(text)
    assert not key or badge_key(key) == key


def test_a_badge_reaches_the_gates_with_its_person(cast: Cast) -> None:
    before = list_versions.list_since(cast.project.pk, "", now=cast.now)
    assert give(cast, "孙德旺").number == BADGE
    answer = list_versions.list_since(cast.project.pk, before["version"], now=cast.now)
    assert [(row["pin"], row["badges"]) for row in answer["people"]] == [(1, [BADGE])]
    assert (answer["complete"], answer["badges_ended"]) == (False, [])
    history = SiteBadge.history.get()
    assert (history.history_type, history.number, history.issued_by_id) == ("+", BADGE, cast.zhao.pk)


def test_lost_found_and_given_to_another(cast: Cast) -> None:
    mine, zhao = give(cast), cast.actor(cast.zhao)
    badges.report_badge_lost(cast.project.pk, mine.pk, actor=zhao, now=cast.now)
    told = allow_list(cast.project.pk, now=cast.now)
    assert told["badges_ended"] == [{"badge": BADGE, "reason": "badge_lost"}]
    assert not any("badges" in row for row in told["people"])
    assert give(cast, "1", "188,24911").worker == cast.sun  # another one in its place
    with pytest.raises(RuleViolation) as refusal:
        give(cast, "2")
    assert refusal.value.code == "badge.lost"
    with pytest.raises(RuleViolation) as refusal:
        badges.report_badge_lost(cast.project.pk, mine.pk, actor=zhao, now=cast.now)
    assert refusal.value.code == "badge.is_lost"
    badges.return_badge(cast.project.pk, mine.pk, actor=zhao, now=cast.now + timedelta(hours=1))
    mine.refresh_from_db()
    assert (mine.state, mine.ended_at) == ("returned", cast.now), "lost since then, whenever it was found"
    assert allow_list(cast.project.pk, now=cast.now)["badges_ended"] == [
        {"badge": BADGE, "reason": "badge_returned"}
    ]
    give(cast, "2", ago=0)
    told = allow_list(cast.project.pk, now=cast.now)
    assert told["badges_ended"] == []
    assert {row["pin"]: row["badges"] for row in told["people"]} == {1: ["188,24911"], 2: [BADGE]}


def test_the_badge_of_somebody_who_left_opens_nothing(cast: Cast) -> None:
    give(cast)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=cast.today - timedelta(days=1))
    assert allow_list(cast.project.pk, now=cast.now)["badges_ended"] == [
        {"badge": BADGE, "reason": "removed"}
    ]


@pytest.mark.parametrize(
    ("who", "number", "code"),
    [
        ("2", BADGE, "badge.carried"), ("1", BADGE, "badge.has_it"), ("1", "1,1", "badge.has_one"),
        ("2", "x", "badge.number"), ("2", "\x00", "badge.number"), ("", "1,1", "badge.who"),
        ("77", "1,1", "badge.nobody"), ("9" * 30, "1,1", "badge.nobody"), ("吴小妹", "1,1", "badge.nobody"),
    ],
)  # fmt: skip
def test_refuses_what_would_confuse_people(cast: Cast, who: str, number: str, code: str) -> None:
    give(cast)
    with pytest.raises((RuleViolation, Malformed)) as refusal:
        give(cast, who, number)
    assert refusal.value.code == code
    assert SiteBadge.objects.count() == SiteBadge.history.count() == 1


def test_two_people_of_one_name_are_told_apart_by_number(cast: Cast) -> None:
    make_posting(make_worker("孙德旺", seq=41)[0], cast.team, pin=3)
    with pytest.raises(RuleViolation) as refusal:
        give(cast, "孙德旺")
    assert refusal.value.code == "badge.several"
    assert give(cast, "3").worker != cast.sun


def test_only_clerks_and_only_for_people_in_their_reach(cast: Cast) -> None:
    own = make_posting(make_worker("王工", seq=43)[0], cast.gc_team, pin=9)
    with pytest.raises(RuleViolation):
        give(cast, "9", by=cast.qian)  # the general contractor's own man
    given_by_zhao = give(cast, "9")
    with pytest.raises(NotFound):
        badges.report_badge_lost(cast.project.pk, given_by_zhao.pk, actor=cast.actor(cast.qian), now=cast.now)
    for who, error in ((cast.guard, NotPermitted), (cast.he, NotPermitted), (cast.kong, NotFound)):
        with pytest.raises(error):
            give(cast, "1", "1,1", by=who)
    assert give(cast, "1", "1,1", by=cast.qian).worker == cast.sun
    assert set(SiteBadge.objects.values_list("worker", "state")) == {
        (own.worker_id, "issued"),
        (cast.sun.pk, "issued"),
    }


def test_of_two_clerks_at_once_one_gives_the_badge(transactional_db: None, cast: Cast) -> None:
    codes: list[str] = []
    barrier = threading.Barrier(2)

    def click(who: str) -> None:
        barrier.wait()
        try:
            give(cast, who)
            codes.append("")
        except RuleViolation as refusal:
            codes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(who,)) for who in ("1", "2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["", "badge.carried"]
    assert SiteBadge.objects.count() == 1


def test_an_unknown_card_of_the_agent_is_its_carriers(cast: Cast, gate: Gate) -> None:
    give(cast)
    row = event(None, at="2026-11-16T08:30:00+08:00", card="0012345678", type=6)
    early = event(None, at="2026-11-16T07:30:00+08:00", card=BADGE)  # before it was handed out
    answer = gate.post({**row, "pin": None}, early)
    assert (answer["accepted"], answer["refused"]) == (1, [{"id": early["id"], "reason": "unregistered"}])
    assert Passage.objects.get().worker_id == cast.sun.pk
    use = BadgeUse.objects.get()
    assert (use.number, use.worker_id, use.terminal_id) == (BADGE, cast.sun.pk, cast.terminal.pk)


def test_a_lost_badge_is_refused_and_says_so(cast: Cast, gate: Gate) -> None:
    mine = give(cast)
    badges.report_badge_lost(
        cast.project.pk, mine.pk, actor=cast.actor(cast.zhao), now=cast.now - timedelta(minutes=20)
    )
    before = event(1, at="2026-11-16T08:30:00+08:00", badge=BADGE)
    offline = event(
        1, at="2026-11-16T08:45:00+08:00", badge=BADGE, direction="out"
    )  # the gate did not know yet
    known = event(None, at="2026-11-16T08:50:00+08:00", card=BADGE, admitted=False, reason="badge_lost")
    answer = gate.post(before, offline, known)
    assert answer["accepted"] == 1
    assert answer["refused"] == [{"id": one["id"], "reason": "badge_lost"} for one in (offline, known)]
    assert Passage.objects.get().event_id == before["id"]
    rows = RefusedEntry.objects.order_by("at").values_list(
        "reason", "worker_id", "was_let_in", "direction", "terminal_id"
    )
    assert list(rows) == [
        ("badge_lost", cast.sun.pk, True, 2, cast.terminal.pk),
        ("badge_lost", cast.sun.pk, False, 1, cast.terminal.pk),
    ]
    page = cast.client(cast.zhao).get(reverse("devices:site-refused", args=[cast.project.pk]))
    assert "此卡已挂失" in page.content.decode()


def test_many_events_with_badges_take_the_direct_way_and_are_noted(cast: Cast, gate: Gate) -> None:
    give(cast)
    rows = [event(1, at=f"2026-11-16T08:{m:02}:00+08:00", badge=BADGE) for m in range(10, 50)]
    answer = gate.post(*rows)
    assert (answer["accepted"], answer["repeated"], answer["refused"]) == (1, 39, [])
    use = BadgeUse.objects.get()
    assert (use.first_at.minute, use.last_at.minute) == (10, 49)


def use(cast: Cast, posting: Posting, number: str, first: str, last: str) -> None:
    BadgeUse.objects.create(
        project=cast.project, worker_id=posting.worker_id, number=number, terminal_id=cast.terminal.pk,
        first_at=f"2026-11-{first}:00+08:00", last_at=f"2026-11-{last}:00+08:00",
    )  # fmt: skip


def test_badges_used_in_turn_are_odd_and_a_hand_over_is_not(cast: Cast) -> None:
    def rows(code: str, parts: list[int] | None = None) -> list[tuple[Any, ...]]:
        parameters.forget()
        week = Period(cast.today - timedelta(days=6), cast.today)
        (found,) = find([code], [cast.project.pk], parts, week, now=cast.now)
        return [(row.count, row.worker_id, row.other_id, row.facts["badge"], row.words) for row in found.rows]

    use(cast, cast.sun_posting, "001,00001", "10 07:00", "12 07:00")
    use(cast, cast.zhou_posting, "001,00001", "13 07:00", "14 07:00")
    assert rows("badge") == rows("badges") == []
    use(cast, cast.sun_posting, BADGE, "10 07:00", "14 07:00")
    use(cast, cast.zhou_posting, BADGE, "11 07:00", "12 07:00")
    first, second = sorted([cast.sun.pk, cast.zhou.pk])
    ((count, one, other, badge, words),) = rows("badge")
    assert (count, one, other, badge) == (2, first, second, BADGE)
    assert BADGE in words
    ((count, one, _other, both, words),) = rows("badges")
    assert (count, one, both) == (2, cast.sun.pk, f"001,00001 {BADGE}")
    assert rows("badge", [cast.gc_part.pk]) == []


def test_the_table_of_the_sites_pc_is_taken_over_line_by_line(cast: Cast) -> None:
    give(cast, "1", "1,1")
    table = (
        '[entry.badges]\n"188,24910" = 2   # Zhou\n"001,00001" = 1\n"9,9" = 77\nnonsense\n"188,24910" = 1\n\n'
    )
    zhao = cast.actor(cast.zhao)
    found = badges.take_over_badges(cast.project.pk, table, actor=zhao, now=cast.now)
    assert (found.done, found.known) == (1, 1)
    assert [(line, refusal.code) for line, refusal in found.refused] == [
        ('"9,9" = 77', "badge.nobody"), ("nonsense", "badge.number"), ('"188,24910" = 1', "badge.carried"),
    ]  # fmt: skip
    assert SiteBadge.history.filter(number=BADGE, worker=cast.zhou.pk, history_type="+").count() == 1
    one_line = 'badges = { "188,24910" = 2, "001,00001" = 1 }'
    again = badges.take_over_badges(cast.project.pk, one_line, actor=zhao, now=cast.now)
    assert (again.done, again.known, again.refused) == (0, 2, [])
    with pytest.raises(Malformed):
        badges.take_over_badges(cast.project.pk, "\n#\n", actor=zhao, now=cast.now)


def test_a_card_held_to_a_gate_is_offered_to_the_clerk(cast: Cast, gate: Gate) -> None:
    gate.post(
        event(None, at="2026-11-16T08:58:00+08:00", card=BADGE, admitted=False),
        event(None, at="2026-11-16T08:57:00+08:00", card="7,7", admitted=False),
        event(None, at="2026-11-16T08:20:00+08:00", card="8,8", admitted=False),
        event(None, at="2026-11-16T08:56:00+08:00", id_number="110101199003070011", admitted=False),
    )
    give(cast, "2", "7,7", ago=0)
    assert [one.number for one in badge_list.cards_unknown_lately(cast.project, now=cast.now)] == [BADGE]
    client, address = cast.client(cast.zhao), reverse("devices:badges", args=[cast.project.pk])
    page = client.get(address).content.decode()
    assert "badge=188%2C24910" in page
    assert 'value="188,24910"' in client.get(address, {"badge": BADGE}).content.decode()
    answer = client.post(address, {"who": "1", "number": BADGE}, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert BADGE in answer.content.decode()
    bad = client.post(address, {"who": "2", "number": BADGE})
    assert (bad.status_code, SiteBadge.objects.count()) == (400, 2)
    lost = client.post(
        reverse("devices:badge-lost", args=[cast.project.pk, SiteBadge.objects.get(number=BADGE).pk])
    )
    assert lost["Location"] == f"{address}?who=1"
