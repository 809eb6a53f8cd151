"""The amount of a wage deposit and its state: examples computed by hand from the two tables on file."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.deposit_rules import Limits, Record, Ruled, Said, Table, amount_due, return_obstacles, state_of
from registration.seed.deposits import GUIZHOU, NATION
from wagewatch.lib.dates import Calendar

NATIONAL, GUI = Table.read(NATION), Table.read(GUIZHOU)
SIGNED = date(2026, 3, 2)
WAN = 1_000_000
"""Ten thousand yuan in fen."""


def due(table: Table, wan: int, record: Record | None = None, others: int = 0) -> tuple[int, list[str]]:
    found = amount_due(table, wan * WAN, record=record, on=SIGNED, others=others)
    return found.amount_fen, [step.code for step in found.steps]


def clean(since: date, *, well_kept: bool = False) -> Record:
    return Record("clean", since, well_kept)


@pytest.mark.parametrize(
    ("table", "wan", "record", "others", "wan_due", "codes"),
    [
        # nation: 2 % of 186 million yuan are 3.72 million
        (NATIONAL, 18600, None, 0, "372", ["rate", "no_record"]),
        (NATIONAL, 18600, None, 3, "372", ["rate", "no_record"]),
        # two clean years halve it, one day less does not
        (NATIONAL, 18600, clean(date(2024, 3, 2)), 0, "186", ["rate", "lowered"]),
        (NATIONAL, 18600, clean(date(2024, 3, 3)), 0, "372", ["rate"]),
        # three clean years and real-name management and account on every site: nothing
        (NATIONAL, 18600, clean(date(2023, 3, 2), well_kept=True), 0, "0", ["rate", "exempt"]),
        (NATIONAL, 18600, clean(date(2023, 3, 3), well_kept=True), 0, "186", ["rate", "lowered"]),
        (NATIONAL, 18600, clean(date(2020, 1, 1)), 0, "186", ["rate", "lowered"]),
        # arrears less than two years ago: half as much again; exactly two years ago count as clean
        (NATIONAL, 18600, Record("arrears", date(2024, 3, 3)), 0, "558", ["rate", "raised"]),
        (NATIONAL, 18600, Record("arrears", date(2024, 3, 2)), 0, "186", ["rate", "lowered"]),
        # listed: double, however long ago
        (NATIONAL, 18600, Record("listed", date(2015, 1, 1)), 0, "744", ["rate", "listed"]),
        # below three million yuan with a clean year: nothing; at three million: 2 %
        (NATIONAL, 299, clean(date(2025, 3, 2)), 0, "0", ["rate", "small"]),
        (NATIONAL, 299, clean(date(2025, 3, 3)), 0, "5.98", ["rate"]),
        (NATIONAL, 300, clean(date(2025, 3, 2)), 0, "6", ["rate"]),
        (NATIONAL, 299, None, 0, "5.98", ["rate", "no_record"]),
        (NATIONAL, 299, Record("arrears", date(2026, 1, 5)), 0, "8.97", ["rate", "raised"]),
        # Guizhou: 2 %, capped at ten million yuan, which 500 million reach exactly
        (GUI, 50000, None, 0, "1000", ["rate", "no_record"]),
        (GUI, 50001, None, 0, "1000", ["rate", "no_record", "cap"]),
        # from the second project 1.5 %
        (GUI, 18600, None, 1, "279", ["rate", "several", "no_record"]),
        # clean two years 0.5 %, arrears 3 %, listed 4 % without a cap
        (GUI, 18600, clean(date(2023, 1, 1), well_kept=True), 0, "93", ["rate", "lowered"]),
        (GUI, 18600, Record("arrears", date(2025, 1, 1)), 2, "558", ["rate", "several", "raised"]),
        (GUI, 60000, Record("arrears", date(2025, 1, 1)), 0, "1000", ["rate", "raised", "cap"]),
        (GUI, 60000, Record("listed", date(2025, 1, 1)), 0, "2400", ["rate", "listed"]),
        (GUI, 399, clean(date(2024, 6, 1)), 0, "0", ["rate", "small"]),
    ],
)
def test_the_amount_due(
    table: Table, wan: int, record: Record | None, others: int, wan_due: str, codes: list[str]
) -> None:
    assert due(table, wan, record, others) == (int(Decimal(wan_due) * WAN), codes)


def test_the_rate_of_several_projects_never_falls_below_half_a_percent() -> None:
    table = Table.read(NATION | {"percent": "1", "several": {"factor": "40"}})
    assert due(table, 10000, None, 1) == (50 * WAN, ["rate", "several", "no_record", "least"])


def test_a_floor_lifts_a_small_deposit() -> None:
    table = Table.read(NATION | {"floor_fen": 10 * WAN})
    assert due(table, 400) == (10 * WAN, ["rate", "no_record", "floor"])
    assert due(table, 500) == (10 * WAN, ["rate", "no_record"])


@given(st.integers(0, 10**13), st.integers(0, 5), st.sampled_from(["clean", "arrears", "listed", ""]))
def test_the_last_line_of_the_explanation_is_the_amount(fen: int, others: int, kind: str) -> None:
    for table in (NATIONAL, GUI):
        record = Record(kind, date(2024, 7, 1), True) if kind else None
        found = amount_due(table, fen, record=record, on=SIGNED, others=others)
        assert found.steps[-1].amount_fen == found.amount_fen >= 0


LODGED = Said(1, "lodged", "cash", date(2026, 4, 10), 372 * WAN, 372 * WAN)
ORDER = Ruled(1, "use", date(2026, 10, 12), 50 * WAN, date(2026, 10, 19))
PAID = Said(2, "paid_out", "cash", date(2026, 10, 16), -50 * WAN, 322 * WAN, ruling_number=1)


def code(
    entries: list[Said], rulings: list[Ruled], today: date, due_fen: int = 372 * WAN
) -> tuple[str, date | None]:
    found = state_of(
        entries,
        rulings,
        due_fen=due_fen,
        starts_on=date(2026, 4, 1),
        today=today,
        calendar=Calendar(),
        limits=Limits(),
    )
    return found.code, found.due_on


def test_twenty_working_days_to_lodge() -> None:
    last = date(2026, 4, 29)
    assert code([], [], last) == ("missing", last)
    assert code([], [], date(2026, 4, 30)) == ("late", last)
    assert code([], [], last, due_fen=0) == ("exempt", None)


def test_a_holiday_moves_the_last_day() -> None:
    found = state_of(
        [], [], due_fen=1, starts_on=date(2026, 4, 1), today=date(2026, 4, 30),
        calendar=Calendar({date(2026, 4, 6): False}), limits=Limits(),
    )  # fmt: skip
    assert (found.code, found.due_on) == ("missing", date(2026, 4, 30))


def test_an_order_is_paid_in_five_days_and_the_deposit_filled_in_ten() -> None:
    assert code([LODGED], [ORDER], date(2026, 10, 19)) == ("in_use", date(2026, 10, 19))
    assert code([LODGED], [ORDER], date(2026, 10, 20)) == ("unpaid_order", date(2026, 10, 19))
    assert code([LODGED, PAID], [ORDER], date(2026, 10, 30)) == ("to_refill", date(2026, 10, 30))
    assert code([LODGED, PAID], [ORDER], date(2026, 10, 31)) == ("refill_late", date(2026, 10, 30))
    filled = Said(3, "topped_up", "cash", date(2026, 10, 28), 50 * WAN, 372 * WAN)
    assert code([LODGED, PAID, filled], [ORDER], date(2026, 10, 31)) == ("lodged", None)


def test_a_lifted_order_leaves_the_deposit_alone() -> None:
    lifted = Ruled(2, "lifted", date(2026, 10, 14), answers=1)
    assert code([LODGED], [ORDER, lifted], date(2026, 10, 30)) == ("lodged", None)


def test_a_guarantee_warns_thirty_days_before_it_ends() -> None:
    ends = date(2027, 4, 9)
    paper = Said(1, "lodged", "guarantee", date(2026, 4, 10), 372 * WAN, 372 * WAN, expires_on=ends)
    assert code([paper], [], date(2027, 3, 9)) == ("lodged", ends)
    assert code([paper], [], date(2027, 3, 10)) == ("expiring", ends)
    assert code([paper], [], ends) == ("expiring", ends)
    assert code([paper], [], date(2027, 4, 10)) == ("expired", ends)


def test_less_than_due_is_short() -> None:
    paper = Said(1, "lodged", "cash", date(2026, 4, 10), 300 * WAN, 300 * WAN)
    assert code([paper], [], date(2026, 5, 1)) == ("short", None)


def test_the_return_from_the_request_to_the_money() -> None:
    asked = Said(2, "asked_back", "cash", date(2026, 11, 2), 0, 372 * WAN, notice_from=date(2026, 10, 1))
    assert code([LODGED, asked], [], date(2026, 11, 3)) == ("return_asked", date(2026, 11, 9))
    refused = Ruled(1, "refused", date(2026, 11, 5), answers=2)
    assert code([LODGED, asked], [refused], date(2026, 11, 6)) == ("lodged", None)
    released = Ruled(1, "released", date(2026, 11, 5), 372 * WAN, answers=2)
    assert code([LODGED, asked], [released], date(2026, 11, 6)) == ("release", None)
    back = Said(3, "returned", "cash", date(2026, 11, 10), -372 * WAN, 0, ruling_number=1)
    assert code([LODGED, asked, back], [released], date(2026, 11, 11)) == ("returned", None)


def test_an_order_after_the_release_takes_the_release_away() -> None:
    asked = Said(2, "asked_back", "cash", date(2026, 10, 5), 0, 372 * WAN, notice_from=date(2026, 9, 1))
    released = Ruled(1, "released", date(2026, 10, 7), 372 * WAN, answers=2)
    order = Ruled(2, "use", date(2026, 10, 8), 50 * WAN, date(2026, 10, 15))
    paid = Said(3, "paid_out", "cash", date(2026, 10, 9), -50 * WAN, 322 * WAN, ruling_number=2)
    assert code([LODGED, asked, paid], [released, order], date(2026, 10, 10))[0] == "to_refill"


def test_what_stands_against_the_return() -> None:
    def obstacles(*, finished: bool, unpaid: int, notice: date | None) -> list[str]:
        return return_obstacles(
            finished=finished, unpaid_people=unpaid, notice_from=notice, today=date(2026, 11, 16), limits=Limits()
        )  # fmt: skip

    assert obstacles(finished=True, unpaid=0, notice=date(2026, 10, 17)) == []
    assert obstacles(finished=True, unpaid=0, notice=date(2026, 10, 18)) == ["notice"]
    assert obstacles(finished=False, unpaid=2, notice=None) == ["unfinished", "unpaid", "notice"]
