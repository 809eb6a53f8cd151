"""A server and a site PC for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.edge.server import FakeServer, serving
from tests.devices.edge.site_pc import SitePc
from tests.devices.servers import free_port


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server that is well."""
    with serving(free_port()) as made:
        yield made


@pytest.fixture
def pc(server: FakeServer, tmp_path: Path) -> Iterator[SitePc]:
    """A site PC with its reader plugged in; the agent is not started yet."""
    made = SitePc(tmp_path, server.url)
    made.reader.plug()
    yield made
    made.close()
