"""Options of the benchmarks."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--minutes 10` for the soak; sizes of the bank's files and of a province's month."""
    parser.addoption("--minutes", type=float, default=1.0, help="how long the soak of gates lasts")
    parser.addoption("--lines", type=int, default=100_000, help="lines of the bank's files")
    parser.addoption(
        "--projects", type=int, default=100, help="projects of the province's month; 1000 is the whole"
    )
    parser.addoption("--crew", type=int, default=350, help="workers on each of them")
    parser.addoption(
        "--province", type=int, default=280, help="projects of the province; the whole has 14000"
    )
    parser.addoption(
        "--days", type=int, default=6, help="days of attendance in each of the last months, of 22"
    )
