"""The agent's parts alone: clock, vault, configuration, drivers, and that it needs no Django."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devices.edge import drivers
from devices.edge.backoff import Backoff
from devices.edge.clock import Clock
from devices.edge.config import BadConfig, Options, read_config
from devices.edge.site import Site
from devices.edge.vault import Unreadable, Vault, check_private, filesystem_of
from devices.spool import Spool
from tests.devices.edge.site_pc import ROOT, until


def test_it_runs_without_django() -> None:
    code = (
        "import sys, devices.edge.__main__, devices.edge.drivers.idcard\n"
        "bad = {name.split('.')[0] for name in sys.modules} & {'django', 'msgspec', 'celery', 'psycopg2', 'structlog'}\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_clock_follows_the_server_and_not_the_pc() -> None:
    wall, boot = [1_000_000.0], [50.0]
    clock = Clock(lambda: wall[0], lambda: boot[0])
    assert (clock.now(), clock.is_sure, clock.wrong_by) == (1_000_000.0, False, 0.0)
    clock.learn(1_790_000_000.0, took=0.2)
    assert (clock.now(), clock.is_sure) == (1_790_000_000.1, True)
    boot[0] += 10
    wall[0] += 10
    assert clock.now() == 1_790_000_010.1
    assert clock.stepped() == 0.0
    wall[0] -= 86_400  # set back by a day
    assert clock.now() == 1_790_000_010.1
    assert clock.stepped() == -86_400
    assert clock.stepped() == 0.0  # said once
    assert clock.wrong_by == pytest.approx(-1_789_086_400.1)


def test_pauses_double_up_to_a_minute() -> None:
    backoff = Backoff()
    pauses = [backoff.pause() for _ in range(12)]
    assert 0.14 <= pauses[0] <= 0.26
    assert all(42 <= pause <= 78 for pause in pauses[-3:])
    backoff.reset()
    assert backoff.pause() <= 0.26


def test_the_vault_keeps_its_key_in_memory_only(tmp_path: Path) -> None:
    runtime = Path("/dev/shm") / f"wagewatch-vault-{os.getpid()}"
    try:
        first = Vault.beside(tmp_path / "q.sqlite", runtime)
        sealed = first.seal(b"330703", context="a")
        again = Vault.beside(tmp_path / "q.sqlite", runtime)
        assert (first.is_new, again.is_new) == (True, False)
        assert again.open(sealed, context="a") == b"330703"
        with pytest.raises(Unreadable):
            again.open(sealed, context="b")
        other = Vault.beside(tmp_path / "other.sqlite", runtime)
        with pytest.raises(Unreadable):
            other.open(sealed, context="a")
        assert {path.stat().st_mode & 0o777 for path in runtime.iterdir()} == {0o600}
        runtime.chmod(0o755)
        with pytest.raises(PermissionError, match="only this user"):
            check_private(runtime)
        assert Vault.beside(tmp_path / "q.sqlite", runtime).is_new  # not trusted: a key of the process
    finally:
        for path in runtime.glob("*"):
            path.unlink()
        runtime.rmdir()


def test_a_folder_on_a_disk_is_not_for_keys() -> None:
    assert filesystem_of(Path("/dev/shm")) == "tmpfs"
    assert filesystem_of(ROOT) != "tmpfs"
    disk = ROOT / "var" / "vault-test"
    disk.mkdir(parents=True, mode=0o700, exist_ok=True)
    try:
        with pytest.raises(OSError, match="not in memory"):
            check_private(disk)
        assert Vault.beside(ROOT / "q.sqlite", disk).is_new
        assert list(disk.iterdir()) == []
    finally:
        disk.rmdir()


GOOD = """
[server]
url = "https://wagewatch.example"
key_id = "k1"
secret_file = "secret"
[queue]
path = "q.sqlite"
[[gate]]
serial = "G1"
key_id = "k2"
secret_file = "secret"
[[device]]
kind = "idcard"
name = "Desk"
port = "/dev/ttyUSB0"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s" * 32, encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_the_configuration(folder: Path) -> None:
    config = read_config(written(folder, GOOD))
    assert (config.server.url, config.server.key.secret) == ("https://wagewatch.example", "s" * 32)
    assert config.queue == folder / "q.sqlite"
    assert [gate.serial for gate in config.gates] == ["G1"]
    (driver,) = [drivers.build(*one) for one in config.devices]
    assert (driver.kind, driver.name) == ("idcard", "Desk")
    assert "s" * 32 not in repr(config)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('url = "https://wagewatch.example"', "", "url is missing"),
        ("https://wagewatch.example", "http://wagewatch.example", "plain http"),
        ("https://wagewatch.example", "wagewatch.example", "must begin with https"),
        ("[queue]", "[queue]\nsise = 3", "not known: sise"),
        ('port = "/dev/ttyUSB0"', 'prot = "x"', "port is missing"),
        ('port = "/dev/ttyUSB0"', 'port = "/dev/ttyUSB0"\nbaut = 9600', "not known: baut"),
        ('port = "/dev/ttyUSB0"', 'port = "/dev/ttyUSB0"\nbaud = 1200', "baud must be 0 or one of"),
        ('port = "/dev/ttyUSB0"', 'port = "/dev/ttyUSB0"\nnewest_address = 1', "wrong kind of value"),
        ('kind = "idcard"', 'kind = "idcrad"', "no kind idcrad; there are"),
        ('secret_file = "secret"', 'secret_file = "nowhere"', "cannot be read"),
        ("[[device]]", "[device]", "with two brackets"),
        ("[server]", "[server", "is no TOML"),
        ("[[gate]]", '[[device]]\nkind = "idcard"\nname = "Desk"\nport = "x"\n[[gate]]', "given twice"),
    ],
)
def test_every_mistake_in_the_configuration_is_named(folder: Path, old: str, new: str, words: str) -> None:
    path = written(folder, GOOD.replace(old, new, 1))
    done = subprocess.run(
        [sys.executable, "-m", "devices.edge", "--config", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_that_others_may_read_is_refused(folder: Path) -> None:
    (folder / "secret").chmod(0o640)
    with pytest.raises(BadConfig, match="chmod 600"):
        read_config(written(folder, GOOD))


def test_check_touches_nothing(folder: Path) -> None:
    path = written(folder, GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "devices.edge", "--config", str(path), "--check"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"1 devices, 1 gates" in done.stderr
    assert not (folder / "q.sqlite").exists()


class Falling:
    """A driver that breaks whenever it runs."""

    kind, name = "test", "falling"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, site: Site) -> None:
        self.runs += 1
        raise RuntimeError("330703199001010011 must not be told to the server")


def test_a_driver_that_breaks_is_run_again_and_disturbs_nobody(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite")
    site, falling = Site(spool, Vault(b"k" * 32), Clock()), Falling()
    thread = threading.Thread(target=drivers.keep_running, args=(falling, site))
    thread.start()
    until(lambda: falling.runs >= 3)
    (told,) = site.health.report()
    assert told["words"] in {"", "RuntimeError"}
    site.stopping.set()
    thread.join(5)
    assert not thread.is_alive()
    assert site.health.report()[0]["state"] == "stopped"
    spool.close()


def test_options_say_what_is_left_over(tmp_path: Path) -> None:
    options = Options("[x]", {"a": "1", "b": 2, "c": 3}, base=tmp_path)
    assert (options.text("a"), options.number("b")) == ("1", 2.0)
    with pytest.raises(BadConfig, match="not known: c"):
        options.done()
