"""The short way of a batch into the table: the same rows and answers as the long way, whatever comes."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from devices.models import DirtyDay, Passage, RefusedEntry, Terminal
from devices.services import direct
from devices.services.direct import forget_people
from registration.models import Posting
from tests.cast import Cast, make_posting, make_worker
from tests.devices.post import Gate
from wagewatch.lib.dates import SITE_TZ

PEOPLE = 12


@pytest.fixture
def site(cast: Cast, gate: Gate) -> Gate:
    """The gate of a site with some more people: one who left, one who comes later, one back under another number."""
    forget_people()
    Terminal.objects.filter(pk=cast.terminal.pk).update(lane="both")
    for n in range(PEOPLE):
        make_posting(make_worker("郑一", seq=800 + n)[0], cast.team, pin=10 + n)
    Posting.objects.filter(project=cast.project, pin=20).update(left_on=date(2026, 11, 14))
    Posting.objects.filter(project=cast.project, pin=21).update(joined_on=date(2026, 11, 16))
    gone = Posting.objects.get(project=cast.project, pin=19)
    Posting.objects.filter(pk=gone.pk).update(left_on=date(2026, 11, 13))
    back = Posting.objects.get(pk=gone.pk)
    back.pk, back.pin, back.joined_on, back.left_on = None, 40, date(2026, 11, 15), None
    back.save(force_insert=True)
    return gate


def events(dice: random.Random, hour: int, *, unusual: bool) -> list[dict[str, Any]]:
    """Stamps over some hours, or across four in the morning, with repeats and now and then the same twice."""
    start = datetime(2026, 11, dice.choice((14, 15)), hour, 30, tzinfo=SITE_TZ)
    pins = list(range(10, 19)) + ([19, 20, 21, 40, 77] if unusual else [])
    made = []
    for n in range(dice.choice((30, 60, 90))):
        at = start + timedelta(
            seconds=dice.randrange(1800) if dice.random() < 0.5 else 60 * dice.randrange(40)
        )
        made.append(
            {
                "id": f"e{n}·{dice.randrange(9)}",
                "pin": dice.choice(pins),
                "at": at.isoformat(),
                "direction": dice.choice(("in", "out", None)),
                "type": dice.choice((1, 5)),
                "admitted": not unusual or dice.random() > 0.02,
            }
        )
    if not unusual:
        # Keys are met once: the same moment twice in a batch is what the long way is for.
        made = list({(e["pin"], e["at"], e["direction"]): e for e in made}.values())
    return made


def run(gate: Gate, batches: list[list[dict[str, Any]]]) -> tuple[Any, ...]:
    """Answers and rows of some batches, which are taken back afterwards."""
    with transaction.atomic():
        answers = [gate.post(*batch, name=f"b{n}") for n, batch in enumerate(batches)]
        rows = list(
            Passage.objects.order_by("at", "worker_id", "direction").values_list(
                "day",
                "worker_id",
                "at",
                "direction",
                "terminal_id",
                "attend_type",
                "event_id",
                "is_repeat",
                "is_void",
            )
        )
        dirty: dict[date, set[int]] = {}
        for day, workers in DirtyDay.objects.values_list("day", "worker_ids"):
            dirty.setdefault(day, set()).update(workers)
        refused = list(RefusedEntry.objects.order_by("event_id").values_list("event_id", "reason", "day"))
        transaction.set_rollback(True)
    forget_people()
    return answers, rows, dirty, refused


@pytest.mark.parametrize("seed", range(6))
def test_both_ways_write_and_answer_the_same(
    cast: Cast, site: Gate, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    batches = [events(dice, hour, unusual=seed % 3 == 0 and hour == 12) for hour in (3, 6, 12, 22)]
    batches.append([*batches[0][:28], {**batches[1][0], "id": "again"}])  # on record, in another batch
    taken: list[int | None] = []
    plain = direct.write_directly

    def spied(*args: Any, **kwargs: Any) -> int | None:
        taken.append(plain(*args, **kwargs))
        return taken[-1]

    monkeypatch.setattr(direct, "write_directly", spied)
    short = run(site, batches)
    assert any(one is not None for one in taken), taken
    assert taken[-1] is None
    monkeypatch.setattr(direct, "write_directly", lambda *_args, **_kwargs: None)
    assert run(site, batches) == short
    assert len(short[1]) > 60


def test_the_second_batch_of_a_quiet_site_takes_the_short_way(cast: Cast, site: Gate) -> None:
    def batch(minute: int) -> list[dict[str, Any]]:
        at = datetime(2026, 11, 16, 7, minute, tzinfo=SITE_TZ)
        return [
            {
                "id": f"{minute}-{n}",
                "pin": 10 + n % 9,
                "at": (at + timedelta(seconds=n)).isoformat(),
                "direction": way,
            }
            for n, way in enumerate(("in", "out", None) * 9)
        ]

    def statements(minute: int) -> str:
        with connection.execute_wrapper(keep):
            seen.clear()
            assert site.post(*batch(minute))["refused"] == []
        return " ".join(seen)

    seen: list[str] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    assert "devices_take_staged" in statements(10)
    assert "devices_take_staged" not in statements(20)
    # A number given to somebody new is known at once.
    make_posting(make_worker("郑二", seq=850)[0], cast.team, pin=50)
    late = [
        {**one, "pin": 50, "id": f"n{n}", "at": f"2026-11-16T08:{n:02}:00+08:00"}
        for n, one in enumerate(batch(30))
    ]
    assert site.post(*late)["refused"] == []
    Posting.objects.filter(project=cast.project, pin=50).update(left_on=date(2026, 11, 15))
    gone = [{**one, "id": f"g{n}", "at": f"2026-11-16T08:{n:02}:30+08:00"} for n, one in enumerate(late)]
    assert {one["reason"] for one in site.post(*gone)["refused"]} == {"left"}
