"""The salary information file: exact bytes, and everything that would have it refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.bank.sif import SifFile, SifLine, write_sif
from wagewatch.lib.errors import Malformed

FIRST = SifLine(
    "00000000000017", "104790001", "AE070331234567890123456", date(2026, 10, 1), date(2026, 10, 31),
    26, 250_000, 12_550, 0,
)  # fmt: skip
FILE = SifFile(
    "0000012345678", "203320101", datetime(2026, 11, 10, 6, 5, 9, tzinfo=UTC), date(2026, 10, 1), "AED", "OCT26",
    (FIRST, replace(FIRST, employee_id="00000000000018", days=10, fixed=99_901, variable=0, leave_days=16)),
)  # fmt: skip


def test_writes_the_exact_file() -> None:
    assert FILE.name == "0000012345678261110140509.SIF"
    assert write_sif(FILE) == (
        b"EDR,00000000000017,104790001,AE070331234567890123456,2026-10-01,2026-10-31,26,2500.00,125.50,0\r\n"
        b"EDR,00000000000018,104790001,AE070331234567890123456,2026-10-01,2026-10-31,10,999.01,0.00,16\r\n"
        b"SCR,0000012345678,203320101,2026-11-10,1405,102026,2,3624.51,AED,OCT26\r\n"
    )


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (replace(FILE, employer_id="123"), "sif.employer"),
        (replace(FILE, routing="12345678x"), "sif.routing"),
        (replace(FILE, currency="aed"), "sif.currency"),
        (replace(FILE, reference="a,b"), "sif.reference"),
        (replace(FILE, reference="十月"), "sif.reference"),
        (replace(FILE, lines=()), "sif.empty"),
        (replace(FILE, lines=(FIRST, FIRST)), "sif.twice"),
        (replace(FILE, lines=(replace(FIRST, employee_id="17"),)), "sif.line"),
        (replace(FILE, lines=(replace(FIRST, account=""),)), "sif.line"),
        (replace(FILE, lines=(replace(FIRST, days=20, leave_days=12),)), "sif.line"),
        (replace(FILE, lines=(replace(FIRST, fixed=-1),)), "sif.line"),
        (replace(FILE, lines=(replace(FIRST, pay_until=date(2026, 9, 30)),)), "sif.line"),
    ],
)
def test_refuses_what_would_have_the_whole_file_refused(file: SifFile, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        write_sif(file)
    assert refusal.value.code == code


lines = st.builds(
    lambda n, start, length, days, fixed, variable: SifLine(
        f"{n:014d}", "104790001", "AE070331234567890123456", start, start + timedelta(days=length - 1),
        min(days, length), fixed, variable, length - min(days, length),
    ),
    st.integers(1, 10**14 - 1), st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 31),
    st.integers(0, 31), st.integers(0, 10**12), st.integers(0, 10**12),
)  # fmt: skip


@given(st.lists(lines, min_size=1, max_size=20, unique_by=lambda x: x.employee_id))
def test_totals_and_counts_always_agree_with_the_lines(rows: list[SifLine]) -> None:
    text = write_sif(replace(FILE, lines=tuple(rows))).decode("ascii").split("\r\n")
    *edr, scr, end = [row.split(",") for row in text]
    assert end == [""]
    assert [len(row) for row in edr] == [10] * len(rows)
    assert [row[0] for row in edr] == ["EDR"] * len(rows)
    assert scr[0] == "SCR"
    assert int(scr[6]) == len(rows)
    cents = sum(int(value.replace(".", "")) for row in edr for value in row[7:9])
    assert int(scr[7].replace(".", "")) == cents == sum(x.fixed + x.variable for x in rows)
    for row, sent in zip(edr, rows, strict=True):
        length = (date.fromisoformat(row[5]) - date.fromisoformat(row[4])).days + 1
        assert int(row[6]) + int(row[9]) == length
        assert row[1] == sent.employee_id
