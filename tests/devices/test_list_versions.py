"""Versions of allow-lists: exact, told as what changed, and not made anew while nothing changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.allow_list import allow_list, card_key, changes_since, digests
from devices.list_changes_sql import SOURCES
from devices.models import AllowListChange, AllowListVersion, FaceConsent, SiteBadge
from devices.protocols.cards import card_index
from devices.services import list_versions
from registration.models import (
    Certificate,
    CitizenCard,
    Parameter,
    Posting,
    Project,
    Training,
    TrainingAttendance,
    Worker,
    WorkerPhoto,
)
from registration.services import citizen_cards
from tests.cast import Cast, make_posting, make_worker

ROW = st.one_of(
    st.tuples(st.just("people"), st.sampled_from("ab"), st.sampled_from([None, "2026-12-01"])),
    st.tuples(st.just("denied"), st.sampled_from(["entry.training", "entry.age"]), st.just("")),
    st.tuples(st.just("removed"), st.just(""), st.just("")),
)
LISTS = st.dictionaries(st.integers(1, 12), ROW, max_size=12)


def made(rows: dict[int, Any], version: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "version": version,
        "complete": True,
        "card_key": "00",
        "people": [],
        "denied": [],
        "removed": [],
        "badges_ended": [{"badge": "188,24910", "reason": version}],
    }
    for pin, (part, what, until) in sorted(rows.items()):
        if part == "people":
            answer[part].append({"pin": pin, "name": what, "from": "2026-08-03", "until": until})
        elif part == "denied":
            answer[part].append({"pin": pin, "reason": what, "text": what})
        else:
            answer[part].append(pin)
    return answer


def applied(before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """What a terminal makes of an answer."""
    if change["complete"]:
        return change
    assert change["since"] == before["version"]
    named = {row["pin"] for part in ("people", "denied") for row in change[part]} | set(change["removed"])
    assert len(named) == sum(len(change[part]) for part in ("people", "denied", "removed"))
    after: dict[str, Any] = {
        "version": change["version"],
        "complete": True,
        "card_key": change["card_key"],
        "badges_ended": change["badges_ended"],
    }
    for part in ("people", "denied"):
        rows = [row for row in before[part] if row["pin"] not in named] + change[part]
        after[part] = sorted(rows, key=lambda row: row["pin"])
    after["removed"] = sorted([pin for pin in before["removed"] if pin not in named] + change["removed"])
    return after


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LISTS, LISTS)
def test_changes_applied_to_a_list_give_the_other(one: dict[int, Any], other: dict[int, Any]) -> None:
    before, after = made(one, "v1"), made(other, "v2")
    change = changes_since(after, "v1", digests(before))
    assert (change is None) == bool(one.keys() - other.keys())
    if change is not None:
        assert applied(before, change) == after
        same = {pin for pin in one if one[pin] == other[pin]}
        assert not same & ({row["pin"] for part in ("people", "denied") for row in change[part]})


def test_a_terminal_that_follows_has_the_whole_list_at_every_step(cast: Cast) -> None:
    held = list_versions.list_since(cast.project.pk, "", now=cast.now)
    assert held["complete"] is True
    steps = [
        lambda: Worker.objects.filter(pk=cast.sun.pk).update(name="孙得旺"),
        lambda: Posting.objects.filter(pk=cast.zhou_posting.pk).update(denied_at=cast.now),
        lambda: make_posting(make_worker("郑一", seq=31)[0], cast.team, pin=3),
        lambda: Posting.objects.filter(pk=cast.zhou_posting.pk).update(denied_at=None),
        lambda: Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=cast.today - timedelta(days=2)),
        lambda: Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=None),
        lambda: Posting.objects.filter(pk=cast.sun_posting.pk).update(
            joined_on=date(2023, 1, 1), left_on=date(2024, 1, 1)
        ),
    ]
    kinds = []
    for step in steps:
        step()
        answer = list_versions.list_since(cast.project.pk, held["version"], now=cast.now)
        kinds.append(answer["complete"])
        held = applied(held, answer)
        assert held == allow_list(cast.project.pk, now=cast.now)
        assert list_versions.current_version(cast.project.pk, now=cast.now) == held["version"]
    # The first step changed no name that shows (both are 孙**); the last number is no longer named at all.
    assert kinds == [False, False, False, False, False, False, True]


def test_keeps_only_the_newest_versions_and_tells_the_whole_list_to_who_is_further_behind(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_versions, "KEPT", 3)
    first = list_versions.list_since(cast.project.pk, "", now=cast.now)["version"]
    for n in range(4):
        make_posting(make_worker("郑一", seq=31 + n)[0], cast.team, pin=3 + n)
        moment = cast.now + timedelta(seconds=n + 1)
        answer = list_versions.list_since(cast.project.pk, first, now=moment)
        first_known = answer["complete"] is False
    assert not first_known
    assert AllowListVersion.objects.filter(project=cast.project).count() == 3
    assert "孙" not in str(list(AllowListVersion.objects.values_list("pins", flat=True)))


def test_asks_three_numbers_while_nothing_changed(cast: Cast, django_assert_num_queries: Any) -> None:
    version = list_versions.current_version(cast.project.pk, now=cast.now)
    with django_assert_num_queries(1):
        assert list_versions.current_version(cast.project.pk, now=cast.now) == version


def test_the_day_makes_the_list_anew(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(left_on=cast.today)
    before = list_versions.current_version(cast.project.pk, now=cast.now)
    after = list_versions.current_version(cast.project.pk, now=cast.now + timedelta(days=1))
    assert before != after
    assert after == allow_list(cast.project.pk, now=cast.now + timedelta(days=1))["version"]


def _training(cast: Cast) -> None:
    training = Training.objects.create(
        project=cast.project, kind="003001", name="安全", held_on=cast.today, minutes=90, recorded_at=cast.now
    )
    TrainingAttendance.objects.create(project=cast.project, training=training, worker=cast.sun, passed=True)


def _certificate(cast: Cast) -> None:
    Certificate.objects.create(
        worker=cast.sun, kind="special", trade="电工", number_index=b"x", number_tail="0001", issuer="x",
        issued_on=cast.today, recorded_at=cast.now,
    )  # fmt: skip


def test_every_table_has_its_three_triggers(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE tgname LIKE 'note\\_%%' GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(SOURCES, 3)


def test_everything_a_list_is_made_of_is_noted(cast: Cast) -> None:
    def noted(change: Any) -> set[int]:
        before = set(AllowListChange.objects.values_list("pk", flat=True))
        change()
        return set(AllowListChange.objects.exclude(pk__in=before).values_list("scope", flat=True))

    mine = {cast.project.pk}
    assert noted(lambda: Worker.objects.filter(pk=cast.sun.pk).update(birth_date=date(1960, 1, 1))) == mine
    assert noted(lambda: Posting.objects.filter(pk=cast.sun_posting.pk).update(trade="电工")) == mine
    assert noted(lambda: Posting.objects.filter(pk=cast.wu_posting.pk).update(trade="电工")) == {
        cast.other_project.pk
    }
    assert noted(lambda: Project.objects.filter(pk=cast.project.pk).update(region="320100")) == mine
    assert noted(lambda: Parameter.objects.filter(key="no.such").update(value=1)) == set()
    assert noted(
        lambda: Parameter.objects.create(
            key="entry.age", valid_from=date(2020, 1, 1), value={}, source="x", region=None
        )
    ) == {0}
    assert noted(lambda: Worker.objects.filter(pk=-1).update(name="x")) == set()
    assert noted(lambda: _training(cast)) == mine
    assert noted(lambda: Training.objects.update(held_on=date(2026, 1, 1))) == mine
    assert noted(lambda: TrainingAttendance.objects.all().delete()) == mine
    assert noted(lambda: _certificate(cast)) == mine
    assert (
        noted(
            lambda: SiteBadge.objects.create(
                project=cast.project, worker=cast.sun, number="188,24910", issued_at=cast.now
            )
        )
        == mine
    )
    photo = {"worker": cast.sun, "content": b"x", "sha256": b"x", "source": "camera", "taken_at": cast.now}
    assert noted(lambda: WorkerPhoto.objects.create(**photo)) == mine
    word = {"project": cast.project, "posting": cast.sun_posting, "worker": cast.sun, "word": "yes"}
    shown = {"text_version": "1", "text_sha256": b"x", "language": "en", "way": "phone", "at": cast.now}
    assert noted(lambda: FaceConsent.objects.create(**word, **shown)) == mine


def test_old_notes_go(cast: Cast) -> None:
    later = cast.now + timedelta(days=400)
    assert list_versions.forget_changes(now=later) > 0
    assert list_versions.current_version(cast.project.pk, now=later)


def test_names_cards_by_digests_that_only_this_project_can_make(cast: Cast) -> None:
    card = CitizenCard.objects.create(
        worker=cast.sun, region_id="320100", organisation=cast.gc, state="active", number="NJ00112233",
        number_index=citizen_cards.card_index("NJ00112233"), number_tail="2233", applied_on=cast.today,
        state_on=cast.today,
    )  # fmt: skip
    before = AllowListChange.objects.count()
    first = list_versions.list_since(cast.project.pk, "", now=cast.now)
    (sun,) = [row for row in first["people"] if "card_indexes" in row]
    key = bytes.fromhex(first["card_key"])
    assert (sun["pin"], sun["card_indexes"]) == (1, [card_index(key, "nj 0011-2233")])
    assert "NJ00112233" not in str(first)
    assert card_key(cast.other_project.pk) != key
    CitizenCard.objects.filter(pk=card.pk).update(state="lost")
    assert AllowListChange.objects.count() == before + 1
    again = list_versions.list_since(cast.project.pk, first["version"], now=cast.now)
    assert (again["complete"], [row["pin"] for row in again["people"]]) == (False, [1])
    assert "card_indexes" not in again["people"][0]
