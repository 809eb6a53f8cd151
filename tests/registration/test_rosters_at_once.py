"""Two clerks at the same moment: nobody registered twice, no gate number twice, no card for two people."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from registration.models import BankCard, Posting, RosterUpload, Worker
from registration.rules.roster_row import Defaults
from registration.services.people import change_card
from registration.services.roster_apply import apply_roster
from registration.services.roster_staging import read_upload
from registration.services.rosters import receive_roster
from tests.cast import NOW, Cast, build_cast, make_card_number
from tests.registration.rosters import person, staged, xlsx
from wagewatch.lib.errors import RuleViolation

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads that start at once; their results or refusals in order."""
    results: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_two_uploads_of_the_same_people_at_once_make_nobody_twice(transactional_db: None) -> None:
    cast = build_cast()
    data = xlsx([person(n) for n in range(1, 40)])
    first, second = staged(cast, data), staged(cast, data, who=cast.qian)
    results = together(
        lambda: apply_roster(cast.project.pk, first.pk, actor=cast.actor(cast.zhao), now=NOW),
        lambda: apply_roster(cast.project.pk, second.pk, actor=cast.actor(cast.qian), now=NOW),
    )
    assert sorted(r.summary["written"] for r in results) == [0, 39]
    assert Worker.objects.count() == 3 + 39
    assert BankCard.objects.filter(is_current=True).count() == 3 + 39
    pins = list(Posting.objects.filter(project=cast.project).order_by("pin").values_list("pin", flat=True))
    assert pins == list(range(1, 42))


def test_one_upload_applied_by_a_double_click_is_written_once(transactional_db: None) -> None:
    cast = build_cast()
    upload = staged(cast, xlsx([person(n) for n in range(1, 20)]))
    act = lambda: apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)  # noqa: E731
    results = together(act, act, act)
    refusals = [r for r in results if isinstance(r, RuleViolation)]
    assert [r.code for r in refusals] == ["roster.applied", "roster.applied"]
    assert Posting.objects.filter(project=cast.project).count() == 2 + 19


def _upload_elsewhere(cast: Cast, data: bytes) -> RosterUpload:
    upload = receive_roster(
        cast.other_project.pk,
        cast.other_part.pk,
        "a.xlsx",
        data,
        defaults=Defaults(),
        actor=cast.actor(cast.kong),
        now=NOW,
    )
    read_upload(upload.pk, now=NOW)
    return upload


def test_two_projects_register_the_same_new_person_at_once(transactional_db: None) -> None:
    cast = build_cast()
    rows = [person(n) for n in range(1, 30)]
    here, there = staged(cast, xlsx(rows)), _upload_elsewhere(cast, xlsx(rows[::-1]))
    results = together(
        lambda: apply_roster(cast.project.pk, here.pk, actor=cast.actor(cast.zhao), now=NOW),
        lambda: apply_roster(cast.other_project.pk, there.pk, actor=cast.actor(cast.kong), now=NOW),
    )
    assert [r.summary["written"] for r in results] == [29, 29]
    assert Worker.objects.count() == 3 + 29
    assert BankCard.objects.filter(is_current=True).count() == 3 + 29
    assert Posting.objects.filter(joined_on=date(2026, 11, 16)).count() == 58


def test_a_card_wanted_by_two_people_at_once_goes_to_one(transactional_db: None) -> None:
    cast = build_cast()
    number = make_card_number(31337)
    results = together(
        lambda: change_card(cast.sun.pk, cast.project, number, "", actor=cast.actor(cast.zhao), now=NOW),
        lambda: change_card(cast.zhou.pk, cast.project, number, "", actor=cast.actor(cast.qian), now=NOW),
    )
    assert sorted(type(r).__name__ for r in results) == ["BankCard", "RuleViolation"]
    assert BankCard.objects.filter(tail=number[-4:], is_current=True).count() == 1
    assert BankCard.objects.filter(is_current=True).count() == 3


def test_two_readers_of_one_upload_stage_it_once(transactional_db: None) -> None:
    cast = build_cast()
    upload = receive_roster(
        cast.project.pk,
        cast.sc_part.pk,
        "a.xlsx",
        xlsx([person(n) for n in range(1, 30)]),
        defaults=Defaults(),
        actor=cast.actor(cast.zhao),
        now=NOW,
    )
    results = together(*[lambda: read_upload(upload.pk, now=NOW)] * 3)
    assert results == [None, None, None]
    upload.refresh_from_db()
    assert (upload.state, upload.rows.filter(project=cast.project).count()) == ("staged", 29)
