"""Options of the benchmarks."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--minutes 10` for the soak."""
    parser.addoption("--minutes", type=float, default=1.0, help="how long the soak of gates lasts")
