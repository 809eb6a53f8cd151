"""A gate of the cast's project, at the cast's time."""

from collections.abc import Iterator

import pytest
import time_machine

from devices.services.terminals import forget_terminals
from tests.cast import Cast
from tests.devices.post import Gate


@pytest.fixture
def gate(cast: Cast) -> Iterator[Gate]:
    """G1, while the clock stands at the cast's now."""
    forget_terminals()
    with time_machine.travel(cast.now, tick=False):
        yield Gate("g1", cast.terminal_secret, cast.now)
    forget_terminals()
