"""Standings from the database: every fact finds its way into the rule, in a fixed number of statements."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registration.models import Certificate, LabourContract, Posting, Worker
from registration.services.entry import preview_findings, standing_of, standings
from tests.cast import TODAY, Cast, make_posting
from tests.registration.papers import crowd, seed_conditions, train


@pytest.fixture(autouse=True)
def _conditions(cast: Cast) -> None:
    seed_conditions()


def codes(cast: Cast, posting: Posting, on: date = TODAY) -> list[tuple[str, str]]:
    return [(f.code, f.level) for f in standing_of(posting, on=on).findings]


def contract(cast: Cast, posting: Posting, *, state: str = "in_force", **days: date) -> LabourContract:
    return LabourContract.objects.create(
        project=cast.project, posting=posting, participation=cast.sc_part, worker=posting.worker,
        number=f"C{posting.pk}", state=state, period="1", made_at=cast.now,
        **({"starts_on": date(2026, 8, 3), "signed_on": date(2026, 8, 1)} | days),
    )  # fmt: skip


def test_an_untrained_person_without_a_contract(cast: Cast) -> None:
    assert codes(cast, cast.sun_posting) == [("entry.training", "deny"), ("entry.contract", "warn")]
    train(cast, cast.sun)
    assert codes(cast, cast.sun_posting) == [("entry.contract", "warn")]
    contract(cast, cast.sun_posting)
    standing = standing_of(cast.sun_posting, on=TODAY)
    assert (standing.findings, standing.level, standing.may_enter) == ((), "", True)


def test_only_a_passed_safety_training_counts_and_only_once_it_was_held(cast: Cast) -> None:
    train(cast, cast.sun, passed=False)
    train(cast, cast.sun, kind="003004")
    assert codes(cast, cast.sun_posting)[0] == ("entry.training", "deny")
    train(cast, cast.sun, on=TODAY)
    assert codes(cast, cast.sun_posting, TODAY - timedelta(days=1))[0] == ("entry.training", "deny")
    assert codes(cast, cast.sun_posting) == [("entry.contract", "warn")]


@pytest.mark.parametrize(
    ("state", "days", "counts"),
    [
        ("in_force", {}, True),
        ("in_force", {"starts_on": TODAY + timedelta(days=1)}, False),
        ("in_force", {"ends_on": TODAY}, True),
        ("in_force", {"ends_on": TODAY - timedelta(days=1)}, False),
        ("offered", {}, False),
        ("signed", {}, False),
        ("terminated", {"ended_on": TODAY - timedelta(days=1)}, False),
    ],
)
def test_a_contract_counts_by_its_state_and_days(
    cast: Cast, state: str, days: dict[str, date], counts: bool
) -> None:
    train(cast, cast.sun)
    contract(cast, cast.sun_posting, state=state, **days)
    assert codes(cast, cast.sun_posting) == ([] if counts else [("entry.contract", "warn")])


def test_who_says_not_me_is_kept_out_until_it_is_cleared_up(cast: Cast) -> None:
    train(cast, cast.sun)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(denied_at=cast.now)
    assert codes(cast, cast.sun_posting)[0] == ("entry.denied", "deny")
    Posting.objects.filter(pk=cast.sun_posting.pk).update(acknowledged_at=cast.now + timedelta(minutes=1))
    assert codes(cast, cast.sun_posting) == [("entry.contract", "warn")]


def test_a_year_away_is_counted_from_the_last_work_anywhere(cast: Cast) -> None:
    long_ago = datetime(2023, 1, 1, tzinfo=UTC)
    Worker.objects.filter(pk=cast.sun.pk).update(registered_at=long_ago)
    assert codes(cast, cast.sun_posting)[0] == ("entry.stale", "deny")
    earlier = make_posting(
        cast.sun, cast.other_team, pin=90, joined_on=date(2024, 3, 1), left_on=date(2025, 8, 3)
    )
    assert codes(cast, cast.sun_posting)[0] == ("entry.stale", "deny")
    Posting.objects.filter(pk=earlier.pk).update(left_on=date(2025, 8, 4))
    assert codes(cast, cast.sun_posting)[0] == ("entry.training", "deny")
    Posting.objects.filter(pk=earlier.pk).update(left_on=None)
    assert codes(cast, cast.sun_posting)[0] == ("entry.training", "deny")


def test_a_certificate_of_the_trade_from_any_project(cast: Cast) -> None:
    train(cast, cast.sun)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(trade="架子工")
    assert codes(cast, cast.sun_posting) == [("entry.certificate", "warn"), ("entry.contract", "warn")]
    Certificate.objects.create(
        worker=cast.sun, kind="special", trade="建筑架子工", number="浙A0001", number_index=b"1" * 32,
        number_tail="0001", issuer="浙江省住房和城乡建设厅", issued_on=date(2025, 1, 1), expires_on=TODAY,
        recorded_at=cast.now,
    )  # fmt: skip
    assert codes(cast, cast.sun_posting) == [("entry.contract", "warn")]
    assert codes(cast, cast.sun_posting, TODAY + timedelta(days=1))[0] == ("entry.certificate", "warn")


def test_only_postings_that_have_not_ended_and_only_of_the_parts_asked_for(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(left_on=TODAY - timedelta(days=1))
    assert [s.pin for s in standings(cast.project.pk, on=TODAY)] == [1]
    assert standings(cast.project.pk, on=TODAY, parts=[cast.gc_part.pk]) == []
    assert [s.worker_id for s in standings(cast.project.pk, on=TODAY, parts=[cast.sc_part.pk])] == [
        cast.sun.pk
    ]
    assert standings(cast.project.pk, on=TODAY, workers=[cast.wu.pk]) == []
    assert [s.pin for s in standings(cast.project.pk, on=TODAY - timedelta(days=1))] == [1, 2]
    assert standings(0, on=TODAY) == []


def test_the_number_of_statements_does_not_grow(cast: Cast) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            standings(cast.project.pk, on=TODAY)
        return len(seen)

    Worker.objects.update(registered_at=datetime(2023, 1, 1, tzinfo=UTC))
    Posting.objects.update(trade="电工")
    standings(cast.project.pk, on=TODAY)
    few = count()
    crowd(cast, 40)
    Worker.objects.update(registered_at=datetime(2023, 1, 1, tzinfo=UTC))
    Posting.objects.update(trade="电工")
    assert (few, count()) == (6, 6)


def test_a_preview_says_what_is_still_to_come(cast: Cast) -> None:
    def preview(worker_id: int | None = None, birth: date = date(1985, 6, 1)) -> list[str]:
        found = preview_findings(
            cast.project,
            on=TODAY,
            birth_date=birth,
            sex=1,
            trade="焊工",
            joined_on=TODAY,
            worker_id=worker_id,
        )
        return [f.code for f in found]

    assert preview() == ["entry.training", "entry.certificate", "entry.contract"]
    assert preview(birth=date(2011, 1, 1))[0] == "entry.young"
    train(cast, cast.sun)
    assert preview(cast.sun.pk) == ["entry.certificate", "entry.contract"]
