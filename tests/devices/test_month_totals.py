"""Totals of months are the sums of their days, whatever writes the days and whoever is killed at it."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.models import AttendanceDay, MonthTotal
from devices.services.days import roll_up
from devices.services.totals import mend_totals, totals_apart
from tests.cast import Cast
from tests.devices.post import Gate, event

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
LONG_AGO, FAR = date(2020, 1, 1), date(2030, 1, 1)
Sums = dict[tuple[date, int, int, int], tuple[Decimal, int, int, int]]


def day(number: int, worker: int = 1, posting: int = 11, project: int = 1, **more: Any) -> AttendanceDay:
    """A full day of eight hours, so many days after the 25th of October."""
    fields = {"minutes": 480, "days": Decimal("1.0"), "state": "closed", "passages": 2, **more}
    return AttendanceDay(
        day=date(2026, 10, 25) + timedelta(days=number),
        project_id=project,
        worker_id=worker,
        posting_id=posting,
        **fields,
    )


def kept() -> Sums:
    return {
        (t.month, t.project_id, t.worker_id, t.posting_id): (t.days, t.half_days, t.minutes, t.dates)
        for t in MonthTotal.objects.all()
    }


def summed() -> Sums:
    rows = (
        AttendanceDay.objects.annotate(month=TruncMonth("day"))
        .values_list("month", "project_id", "worker_id", "posting_id")
        .annotate(
            sum_days=Sum("days"),
            half=Count("day", filter=Q(days=Decimal("0.5"))),
            sum_minutes=Sum("minutes"),
            dates=Count("day"),
        )
    )
    return {row[:4]: row[4:] for row in rows}


def test_adds_up_what_the_gates_saw(cast: Cast, gate: Gate) -> None:
    punches = [("10", "07:00", "in"), ("10", "17:00", "out"), ("11", "07:00", "in"), ("11", "11:00", "out")]
    gate.post(*(event(1, f"2026-11-{d}T{clock}:00+08:00", way) for d, clock, way in punches))
    roll_up(now=cast.now)
    key = (NOVEMBER, cast.project.pk, cast.sun.pk, cast.sun_posting.pk)
    assert kept() == {key: (Decimal("1.5"), 1, 840, 2)}
    gate.post(event(1, "2026-11-11T17:30:00+08:00", "out"))
    roll_up(now=cast.now)
    assert kept() == {key: (Decimal("2.0"), 0, 1230, 2)}


@pytest.mark.django_db
def test_a_day_that_moves_is_taken_away_where_it_was() -> None:
    AttendanceDay.objects.bulk_create([day(0), day(1), day(8)])
    assert kept() == {
        (OCTOBER, 1, 1, 11): (Decimal("2.0"), 0, 960, 2),
        (NOVEMBER, 1, 1, 11): (Decimal("1.0"), 0, 480, 1),
    }
    AttendanceDay.objects.filter(day=date(2026, 11, 2)).update(posting_id=12)
    AttendanceDay.objects.filter(day=date(2026, 10, 25)).update(day=date(2026, 11, 3), days=Decimal("0.5"))
    assert kept() == {
        (OCTOBER, 1, 1, 11): (Decimal("1.0"), 0, 480, 1),
        (NOVEMBER, 1, 1, 11): (Decimal("0.5"), 1, 480, 1),
        (NOVEMBER, 1, 1, 12): (Decimal("1.0"), 0, 480, 1),
    }
    AttendanceDay.objects.filter(day__gte=NOVEMBER).delete()
    assert kept() == {(OCTOBER, 1, 1, 11): (Decimal("1.0"), 0, 480, 1)}


days = st.integers(0, 12)
people = st.integers(1, 3)
figures = st.sampled_from([(0, "0.0"), (200, "0.5"), (480, "1.0"), (700, "1.0")])
acts = st.lists(
    st.one_of(
        st.tuples(
            st.just("write"),
            st.lists(st.tuples(days, people, st.sampled_from([11, 12]), figures), max_size=6),
        ),
        st.tuples(st.just("change"), st.tuples(days, figures)),
        st.tuples(st.just("move"), st.tuples(days, days, people)),
        st.tuples(st.just("post"), st.tuples(days, st.sampled_from([11, 12, 13]))),
        st.tuples(st.just("delete"), st.tuples(days, days)),
        st.tuples(st.just("undone"), st.tuples(days, days)),
    ),
    max_size=12,
)


def _do(what: str, how: Any) -> None:
    start = date(2026, 10, 25)
    rows = AttendanceDay.objects
    if what == "write":  # some are new, some stand already
        AttendanceDay.objects.bulk_create(
            {
                (n, who): day(n, who, posting, minutes=minutes, days=Decimal(share))
                for n, who, posting, (minutes, share) in how
            }.values(),
            update_conflicts=True,
            unique_fields=["day", "project_id", "worker_id"],
            update_fields=["minutes", "days", "posting_id"],
        )
    elif what == "change":
        rows.filter(day=start + timedelta(days=how[0])).update(minutes=how[1][0], days=Decimal(how[1][1]))
    elif what == "move":
        before, after, who = how
        with suppress(DatabaseError), transaction.atomic():
            rows.filter(day=start + timedelta(days=before), worker_id=who).update(
                day=start + timedelta(days=after)
            )
    elif what == "post":
        rows.filter(day__gte=start + timedelta(days=how[0])).update(posting_id=how[1])
    else:
        low, high = sorted(how)
        with suppress(ZeroDivisionError), transaction.atomic():
            rows.filter(day__range=(start + timedelta(days=low), start + timedelta(days=high))).delete()
            if what == "undone":
                raise ZeroDivisionError


@pytest.mark.django_db
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(found=acts)
def test_totals_are_the_sums_of_the_days_after_whatever_happened(found: list[tuple[str, Any]]) -> None:
    with transaction.atomic():
        for what, how in found:
            _do(what, how)
            assert kept() == summed()
        assert totals_apart(LONG_AGO, FAR) == (0, 0)
        transaction.set_rollback(True)


def _together(*acts: Callable[[], None]) -> None:
    """Each in a thread and a connection of its own, begun at once."""
    begin = threading.Barrier(len(acts))
    failed: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            begin.wait()
            act()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.django_db(transaction=True)
def test_two_who_write_days_of_one_month_lose_none() -> None:
    def write(numbers: range) -> Callable[[], None]:
        def act() -> None:
            for n in numbers:
                with transaction.atomic():
                    day(n).save(force_insert=True)
                    AttendanceDay.objects.filter(day=date(2026, 10, 25) + timedelta(days=n)).update(
                        minutes=500
                    )

        return act

    _together(write(range(0, 30, 2)), write(range(1, 30, 2)))
    assert kept() == summed()
    assert sum(total[3] for total in kept().values()) == 30


@transaction.atomic
def _write_and_die() -> None:
    before = kept()
    AttendanceDay.objects.bulk_create([day(1), day(2)])
    assert kept() != before
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
def test_whoever_is_killed_leaves_neither_days_nor_totals() -> None:
    AttendanceDay.objects.bulk_create([day(0)])
    before = kept()
    with pytest.raises(DatabaseError):
        _write_and_die()
    connection.close()
    assert AttendanceDay.objects.count() == 1
    assert kept() == before == summed()


@pytest.mark.django_db(transaction=True)
def test_mends_while_days_are_written() -> None:
    AttendanceDay.objects.bulk_create([day(n, who) for n in range(3) for who in (1, 2)])
    MonthTotal.objects.filter(worker_id=1).update(days=Decimal("9.0"), minutes=7)
    MonthTotal.objects.filter(worker_id=2).delete()
    MonthTotal.objects.create(
        month=OCTOBER,
        project_id=1,
        worker_id=3,
        posting_id=1,
        days=Decimal("1.0"),
        half_days=0,
        minutes=9,
        dates=2,
    )
    assert totals_apart(OCTOBER, NOVEMBER) == (3, 1)
    mended: list[tuple[int, int]] = []

    def write() -> None:
        for n in range(3, 7):
            day(n).save(force_insert=True)

    _together(lambda: mended.append(mend_totals(OCTOBER, NOVEMBER)), write)
    assert mended == [(3, 1)]
    assert kept() == summed()


@pytest.mark.django_db
def test_rows_that_move_to_their_partition_change_no_total() -> None:
    later = date(2031, 5, 6)
    AttendanceDay.objects.bulk_create([day((later - date(2026, 10, 25)).days)])
    with connection.cursor() as cursor:
        for table in ("devices_attendanceday", "devices_monthtotal"):
            cursor.execute("SELECT wagewatch_make_partition(%s::regclass, %s)", [table, later])
    assert kept() == summed() == {(date(2031, 5, 1), 1, 1, 11): (Decimal("1.0"), 0, 480, 1)}


@pytest.mark.django_db
def test_the_command_finds_and_mends_what_a_hand_did() -> None:
    AttendanceDay.objects.bulk_create([day(0), day(1, worker=2)])
    call_command("check_month_totals", stdout=StringIO())
    MonthTotal.objects.filter(worker_id=2).update(minutes=0)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_month_totals", stdout=out)
    assert out.getvalue() == "2026-10: 1 totals of 1 projects\n1 differ\n"
    assert MonthTotal.objects.get(worker_id=2).minutes == 0
    out = StringIO()
    call_command("check_month_totals", "--mend", stdout=out)
    assert out.getvalue() == "2026-10: 1 totals of 1 projects\n1 mended\n"
    assert kept() == summed()
