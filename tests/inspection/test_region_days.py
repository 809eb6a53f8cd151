"""The days of a region, counted from the flips of its alarms."""

from datetime import timedelta

import pytest

from inspection.models import RegionDay
from inspection.services.region_days import count_region_days
from tests.inspection.stage import DUE, run, sent_sheet, set_parameters, set_slips

SUN, ZHOU = 792_000, 714_000


@pytest.fixture
def stage(cast):
    set_parameters()
    cast.sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    return cast


def row(day, region="330703"):
    return RegionDay.objects.values_list(
        "owed_fen", "owed_people", "owing", "red", "orange", "yellow", "opened", "closed"
    ).get(day=day, region_id=region)


def test_each_day_stands_as_its_last_flip_said(stage):
    run(DUE)
    run(DUE + timedelta(days=30))
    set_slips(stage.sheet, payment="paid", state="settled")
    run(DUE + timedelta(days=40))
    count_region_days(DUE - timedelta(days=1), DUE + timedelta(days=41))
    assert row(DUE - timedelta(days=1)) == (0, 0, 0, 0, 0, 0, 0, 0)
    assert row(DUE) == (SUN + ZHOU, 2, 1, 0, 0, 1, 1, 0)
    assert row(DUE + timedelta(days=29)) == (SUN + ZHOU, 2, 1, 0, 0, 1, 0, 0)
    assert row(DUE + timedelta(days=30)) == (SUN + ZHOU, 2, 1, 0, 1, 0, 0, 0)
    assert row(DUE + timedelta(days=40)) == (0, 0, 0, 0, 0, 0, 0, 1)
    assert row(DUE, region="330702") == (0, 0, 0, 0, 0, 0, 0, 0)


def test_counting_again_changes_nothing(stage):
    run(DUE)
    assert count_region_days(DUE, DUE) == 2
    assert count_region_days(DUE, DUE) == 0
