"""The embedded servers survive what happens to laptops: kills, second starts, strange folders."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from wagewatch.console import Failure
from wagewatch.embedded import Embedded
from wagewatch.processes import is_alive
from wagewatch.servers.places import Account, reachable

HOLD = """
    import sys, time
    from pathlib import Path
    from wagewatch.embedded import Embedded
    services = Embedded(Path(sys.argv[1]), fsync=False)
    services.start()
    print(services.postgres.pid, services.valkey.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that `nobody` can reach, as a checkout under /home or /srv usually is."""
    path = Path(tempfile.mkdtemp(prefix="ww-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def hold(folder: Path, root: Path) -> tuple[subprocess.Popen[str], int, int]:
    """A launcher in a process of its own; with the numbers of its two servers."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert launcher.stdout is not None
    postgres, valkey = launcher.stdout.readline().split()
    return launcher, int(postgres), int(valkey)


def gone(pid: int, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


def ask(url: str, sql: str) -> object:
    link = psycopg2.connect(url)
    try:
        with link, link.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        link.close()


def test_starts_both_keeps_data_and_leaves_nothing_running(folder: Path) -> None:
    with Embedded(folder) as services:
        assert ask(services.database_url, "SELECT current_user") == "wagewatch"
        ask(services.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        redis.Redis.from_url(services.redis_url).set("kept", "7")
        pids = services.postgres.pid, services.valkey.pid
    assert all(not is_alive(pid) for pid in pids)
    with Embedded(folder) as services:
        assert ask(services.database_url, "SELECT n FROM kept") == 7
        assert redis.Redis.from_url(services.redis_url).get("kept") == b"7"


def test_chinese_names_are_found_by_trigrams(folder: Path) -> None:
    with Embedded(folder, fsync=False) as services:
        ask(services.database_url, "CREATE EXTENSION pg_trgm")
        assert ask(services.database_url, "SELECT similarity('孙建国', '孙建国') = 1")
        assert ask(services.database_url, "SELECT array_length(show_trgm('孙建国'), 1)") == 4


def test_the_role_of_the_application_is_no_superuser(folder: Path) -> None:
    with Embedded(folder, fsync=False) as services:
        sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        assert ask(services.database_url, sql) is False


def test_servers_die_with_a_killed_launcher_and_come_back(folder: Path, root: Path) -> None:
    launcher, postgres, valkey = hold(folder, root)
    launcher.kill()
    launcher.wait()
    assert gone(postgres)
    assert gone(valkey)
    with Embedded(folder, fsync=False) as services:
        assert ask(services.database_url, "SELECT 1") == 1


def test_takes_over_from_an_orphan_that_still_runs(folder: Path, root: Path) -> None:
    """kill -9 of the launcher while PostgreSQL is stopped by the debugger: it gets no parent-death signal."""
    launcher, postgres, _ = hold(folder, root)
    os.kill(postgres, signal.SIGSTOP)
    launcher.kill()
    launcher.wait()
    os.kill(postgres, signal.SIGCONT)
    with Embedded(folder, fsync=False) as services:
        assert services.postgres.pid != postgres
        assert ask(services.database_url, "SELECT 1") == 1
    assert gone(postgres)


def test_a_stale_pid_file_that_names_a_stranger_is_no_obstacle(folder: Path) -> None:
    with Embedded(folder, fsync=False) as services:
        pid_file = services.postgres.data / "postmaster.pid"
        text = pid_file.read_text()
        services.postgres.kill()
        # The number went to somebody else since: to this very test.
        pid_file.write_text(text.replace(text.splitlines()[0], str(os.getpid()), 1))
        services.postgres.start()
        assert ask(services.database_url, "SELECT 1") == 1


def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    with Embedded(folder) as services:
        ask(services.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        services.postgres.kill()
        services.valkey.kill()
        services.postgres.start()
        services.valkey.start()
        assert ask(services.database_url, "SELECT n FROM kept") == 7
        assert services.valkey.answers()


def test_refuses_a_second_launcher_over_the_same_folder(folder: Path) -> None:
    with Embedded(folder, fsync=False) as services:
        second = Embedded(folder, fsync=False)
        with pytest.raises(Failure) as caught:
            second.start()
        assert str(os.getpid()) in caught.value.english
        assert ask(services.database_url, "SELECT 1") == 1


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("very-long-name-" * 4) / ("another-long-name-" * 3)
    deep.mkdir(parents=True)
    with Embedded(deep, fsync=False) as services:
        assert len(os.fsencode(services.postgres.run)) < 80
        assert ask(services.database_url, "SELECT 1") == 1
        assert services.valkey.answers()
    shutil.rmtree(services.postgres.run.parent, ignore_errors=True)


def test_erases_only_what_is_not_running(folder: Path) -> None:
    services = Embedded(folder, fsync=False)
    services.start()
    with pytest.raises(Failure):
        Embedded(folder, fsync=False).erase()
    services.stop()
    services.erase()
    assert not services.postgres.data.exists()
    assert not services.valkey.home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another user")
def test_data_of_an_unreachable_checkout_goes_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    account = Account.for_postgres()
    assert not reachable(closed / "var", account)
    with Embedded(closed / "var", fsync=False) as services:
        assert services.postgres.home.parent == Path("/var/tmp")
        assert ask(services.database_url, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(services.postgres.home)


def test_a_wrong_pg_bin_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAGEWATCH_PG_BIN", str(folder))
    with pytest.raises(Failure) as caught:
        Embedded(folder)
    assert "WAGEWATCH_PG_BIN" in caught.value.english
