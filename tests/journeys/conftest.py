"""What every journey through the live server needs."""

import time
from collections.abc import Iterator

import pytest
from django.db import connection

AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@pytest.fixture(autouse=True)
def server_comes_to_rest(request: pytest.FixtureRequest) -> Iterator[None]:
    """A request that a closed page left behind ends before the tables are emptied: the two would block each other."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")  # emptied after this fixture
    yield
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(AT_WORK)
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.1)
