"""Odd attendance: each kind is found with its figures, on the reader's sites and among the reader's people only."""

import io
from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from PIL import Image

from devices.models import AttendanceDay, GatePhoto, Passage, RefusedEntry, Terminal
from devices.oddities.catalogue import KINDS
from devices.oddities.finding import Oddity, Period, find
from registration.models import Parameter, Posting
from registration.services import parameters
from registration.services.files import store_file
from registration.services.portraits import store_portrait
from tests.cast import Cast, make_posting
from wagewatch.lib.dates import SITE_TZ

pytestmark = pytest.mark.django_db


def picture(number: int) -> bytes:
    """A small picture; the same number gives the same bytes."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 0)).save(out, "JPEG")
    return out.getvalue()


WEEK = Period(date(2026, 11, 9), date(2026, 11, 15))


def stamp(cast: Cast, posting: Posting, day: int, clock: str, direction: int = 1, **more: object) -> None:
    values: dict[str, object] = {
        "day": date(2026, 11, day),
        "project": posting.project,
        "worker_id": posting.worker_id,
        "at": datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=SITE_TZ),
        "direction": direction,
        "terminal_id": cast.terminal.pk,
        "batch_pk": 0,
        "event_id": f"{posting.pk}-{day}-{clock}-{direction}",
    }
    Passage.objects.create(**(values | more))


def rows(cast: Cast, code: str, parts: list[int] | None = None, period: Period = WEEK) -> list[Oddity]:
    parameters.forget()
    (result,) = find([code], [cast.project.pk], parts, period, now=cast.now)
    assert result.total == len(result.rows)
    return result.rows


def test_one_record_for_several_people(cast: Cast) -> None:
    stamp(cast, cast.sun_posting, 10, "07:00:00", event_id="r-17")
    stamp(cast, cast.zhou_posting, 10, "07:05:00", event_id="r-17")
    stamp(cast, cast.zhou_posting, 10, "17:05:00", 2, event_id="r-18")
    (found,) = rows(cast, "record")
    assert (found.count, found.of_count, {found.worker_id, found.other_id}) == (
        2,
        2,
        {cast.sun.pk, cast.zhou.pk},
    )
    assert "r-17" in found.words
    assert "1 号门" in found.words


def test_one_picture_for_several_people(cast: Cast) -> None:
    same, other = picture(1), picture(2)
    for worker, data in ((cast.sun, same), (cast.zhou, other), (cast.wu, same)):
        store_portrait(worker.pk, data, source="file", now=cast.now)
    assert rows(cast, "picture") == []  # Wu works elsewhere, and registered once is no oddity
    store_portrait(cast.zhou.pk, same, source="file", now=cast.now)
    (found,) = rows(cast, "picture")
    assert (found.count, found.of_count, {found.worker_id, found.other_id}) == (
        2,
        0,
        {cast.sun.pk, cast.zhou.pk},
    )
    assert rows(cast, "picture", [cast.gc_part.pk]) == []
    assert [f.count for f in rows(cast, "picture", [cast.sc_part.pk])] == [2]


def test_one_picture_shown_to_a_gate_for_several_people(cast: Cast) -> None:
    def taken(worker_id: int | None, day: int, number: int) -> None:
        file = store_file("gate", picture(number), kind="photo", actor=cast.actor(cast.zhao), now=cast.now)
        GatePhoto.objects.create(
            project=cast.project, terminal=cast.terminal, event_id=f"{day}-{number}-{worker_id}",
            day=date(2026, 11, day), worker_id=worker_id, file=file, received_at=cast.now,
        )  # fmt: skip

    taken(cast.sun.pk, 10, 1)
    taken(cast.sun.pk, 11, 1)
    taken(cast.zhou.pk, 11, 2)
    taken(None, 12, 1)
    taken(cast.zhou.pk, 2, 1)  # before the days that are looked at
    assert rows(cast, "picture") == []
    taken(cast.zhou.pk, 12, 1)
    (found,) = rows(cast, "picture")
    assert (found.count, found.of_count, found.first_day, found.last_day) == (
        2,
        3,
        date(2026, 11, 10),
        date(2026, 11, 12),
    )
    assert "3" in found.words


def test_two_people_within_a_second_on_three_days(cast: Cast) -> None:
    for day in (10, 11):
        stamp(cast, cast.sun_posting, day, "07:00:00")
        stamp(cast, cast.zhou_posting, day, "07:00:01")
    assert rows(cast, "together") == []
    stamp(cast, cast.sun_posting, 12, "07:00:00")
    stamp(cast, cast.zhou_posting, 12, "07:00:02")
    assert rows(cast, "together") == []  # two seconds
    stamp(cast, cast.zhou_posting, 13, "17:00:00", 2)
    stamp(cast, cast.sun_posting, 13, "17:00:01", 2)
    (found,) = rows(cast, "together")
    assert (found.count, found.of_count, found.last_day) == (3, 3, date(2026, 11, 13))


def test_the_threshold_is_the_regions(cast: Cast) -> None:
    for day in (10, 11):
        stamp(cast, cast.sun_posting, day, "07:00:00")
        stamp(cast, cast.zhou_posting, day, "07:00:04")
    Parameter.objects.create(
        key="odd.together", region_id="330703", valid_from=date(2026, 1, 1), value={"seconds": 5, "days": 2}
    )
    assert [f.count for f in rows(cast, "together")] == [2]


def test_stamps_by_hand_are_a_share_of_the_firms(cast: Cast) -> None:
    for day in range(9, 14):
        for clock, direction in (("07:00:00", 1), ("17:00:00", 2)):
            stamp(cast, cast.sun_posting, day, clock, direction, terminal_id=0)
            stamp(cast, cast.zhou_posting, day, clock, direction)
    (found,) = rows(cast, "by_hand")
    assert (found.part_id, found.worker_id, found.count, found.of_count) == (
        cast.sc_part.pk,
        cast.sun.pk,
        10,
        20,
    )
    assert "50" in found.words
    assert rows(cast, "by_hand", [cast.gc_part.pk]) == []
    Passage.objects.filter(terminal_id=0, day=date(2026, 11, 9)).delete()
    assert rows(cast, "by_hand") == []  # eight are below ten


def test_stamps_after_leaving(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=date(2026, 11, 9))
    stamp(cast, cast.sun_posting, 9, "07:00:00")
    stamp(cast, cast.sun_posting, 10, "07:00:00")
    RefusedEntry.objects.create(
        day=date(2026, 11, 11),
        project=cast.project,
        terminal_id=cast.terminal.pk,
        event_id="x",
        at=cast.now - timedelta(days=5),
        direction=1,
        reason="left",
        worker_id=cast.sun.pk,
        batch_pk=0,
    )
    (found,) = rows(cast, "after_left")
    assert (found.worker_id, found.count, found.of_count) == (cast.sun.pk, 2, 1)
    assert "2026-11-09" in found.words


def day_of(posting: Posting, day: int, first: str | None, last: str | None, **more: object) -> None:
    def at(text: str | None) -> datetime | None:
        return datetime.fromisoformat(f"2026-11-{text}:00").replace(tzinfo=SITE_TZ) if text else None

    AttendanceDay.objects.create(
        **{
            "day": date(2026, 11, day),
            "project_id": posting.project_id,
            "worker_id": posting.worker_id,
            "posting_id": posting.pk,
            "first_in": at(first),
            "last_out": at(last),
            "days": 1,
            "state": "closed" if last else "open",
            **more,
        }
    )


def test_an_entry_without_an_exit(cast: Cast) -> None:
    day_of(cast.sun_posting, 12, "12T07:00", None)
    day_of(cast.zhou_posting, 12, "12T07:00", "12T17:00")
    (found,) = rows(cast, "long_stay")
    assert (found.worker_id, found.count, found.of_count, found.facts["hours"]) == (cast.sun.pk, 1, 1, 16)
    assert rows(cast, "long_stay", [cast.gc_part.pk]) == []


def test_two_sites_at_once_and_the_other_stays_unnamed(cast: Cast) -> None:
    there = make_posting(cast.sun, cast.other_team, pin=9)
    day_of(cast.sun_posting, 12, "12T07:00", "12T12:00")
    day_of(there, 12, "12T11:00", "12T17:00")
    day_of(cast.sun_posting, 13, "13T07:00", "13T12:00")
    day_of(there, 13, "13T11:50", "13T17:00")
    (found,) = rows(cast, "two_sites")
    assert (found.count, found.last_day, found.facts["minutes"]) == (1, date(2026, 11, 12), 60)
    assert found.other_project == ""
    assert cast.other_project.name not in found.words
    (both,) = find(["two_sites"], [cast.project.pk, cast.other_project.pk], None, WEEK, now=cast.now)
    assert both.total == 1
    assert cast.other_project.name in both.rows[0].words


def test_a_gate_silent_while_the_site_works(cast: Cast) -> None:
    second = Terminal.objects.create(
        project=cast.project, serial="G2-0002", name="2 号门", lane="both", key_id="g2", secret="s"
    )
    for day in range(2, 14):
        for n in range(10):
            stamp(cast, cast.sun_posting, day, f"07:{n:02}:00")
        if day < 11:
            stamp(cast, cast.zhou_posting, day, "07:00:30", terminal_id=second.pk)
    (found,) = rows(cast, "silent")
    # the 11th to the 13th are working days, 14 and 15 a weekend
    assert (found.terminal_id, found.count, found.first_day, found.last_day) == (
        second.pk,
        3,
        date(2026, 11, 11),
        date(2026, 11, 13),
    )
    assert rows(cast, "silent", [cast.sc_part.pk]) == []


def test_entries_at_night(cast: Cast) -> None:
    stamp(cast, cast.sun_posting, 10, "23:30:00")
    stamp(cast, cast.sun_posting, 11, "04:59:00")
    stamp(cast, cast.sun_posting, 11, "05:00:00")
    stamp(cast, cast.sun_posting, 12, "23:30:00", 2)
    (found,) = rows(cast, "closed")
    assert (found.count, found.of_count) == (2, 2)


def test_the_pages_show_the_own_site_to_the_right_people(cast: Cast) -> None:
    stamp(cast, cast.sun_posting, 10, "23:30:00")
    day_of(cast.sun_posting, 12, "12T07:00", None)
    path = reverse("devices:oddities", args=[cast.project.pk]) + "?from=2026-11-09&to=2026-11-15"
    for who, status in (
        (cast.zhao, 200),
        (cast.qian, 200),
        (cast.guard, 404),
        (cast.kong, 404),
        (cast.ye, 404),
    ):
        assert cast.client(who).get(path).status_code == status
    page = cast.client(cast.zhao).get(path)
    assert [r.kind.code for r in page.context["results"]] == ["long_stay", "closed"]
    day = reverse("devices:person-day", args=[cast.project.pk, cast.sun.pk, "2026-11-12"])
    assert day in page.content.decode()
    assert "孙德旺" not in page.content.decode()
    one = cast.client(cast.zhao).get(path + "&kind=closed")
    assert [r.kind.code for r in one.context["results"]] == ["closed"]
    sheet = cast.client(cast.zhao).get(
        reverse("devices:oddities-sheet", args=[cast.project.pk]) + "?from=2026-11-09&to=2026-11-15"
    )
    assert sheet.status_code == 200


def test_the_inspector_sees_the_region_and_no_further(cast: Cast) -> None:
    stamp(cast, cast.sun_posting, 10, "23:30:00")
    path = reverse("inspection:oddities") + "?from=2026-11-09&to=2026-11-15"
    li = cast.client(cast.li).get(path)
    assert li.context["total"] == 1
    assert (
        reverse("inspection:worker-month", args=[cast.project.pk, "2026-11", cast.sun.pk])
        in li.content.decode()
    )
    assert cast.client(cast.wang).get(path).context["total"] == 0
    forged = cast.client(cast.wang).get(f"{path}&project={cast.project.pk}")
    assert forged.context["total"] == 0
    assert cast.client(cast.qian).get(path).status_code == 404
    assert cast.client(cast.li).get(reverse("inspection:oddities-export")).status_code == 200


@pytest.mark.parametrize(
    "query", ["?from=x&to=9999-99-99", "?kind=nothing", "?from=2020-01-01&to=2026-11-15"]
)
def test_odd_addresses_do_no_harm(cast: Cast, query: str) -> None:
    assert (
        cast.client(cast.zhao).get(reverse("devices:oddities", args=[cast.project.pk]) + query).status_code
        == 200
    )
    assert (
        cast.client(cast.li).get(reverse("inspection:oddities") + query + "&project=x%00").status_code == 200
    )


def test_every_kind_has_its_threshold_as_a_seeded_parameter() -> None:
    from registration.seed.parameters import parameter_rows

    seeded = {row.key: row.value for row in parameter_rows()}
    assert {kind.parameter: kind.default for kind in KINDS.values()}.items() <= seeded.items()
