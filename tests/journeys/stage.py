"""The whole system on real servers for journeys and faults: every part a process, as in the demo.

PostgreSQL and Valkey keep what they were told (no fsync tricks), since faults kill them.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.journeys.wire import Wire
from wagewatch.embedded import Embedded
from wagewatch.processes import is_alive, spawn, stop

ROOT = Path(__file__).resolve().parents[2]
BANK_KEY = "stage-bank-key"
READY_SECONDS = 90.0


def wait_for(what: str, done: Callable[[], Any], seconds: float = 60.0, pause: float = 0.15) -> Any:
    """Poll until `done()` is true and return it; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = done()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s still not so: {what}")
        time.sleep(pause)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """Servers, programs and the county of the tests; every wait in here ends."""

    def __init__(self) -> None:
        self.var = Path(tempfile.mkdtemp(prefix="wagewatch-stack-"))
        self.var.chmod(0o755)  # PostgreSQL may run as another user
        self.servers = Embedded(self.var, fsync=True, max_connections=100)
        self.port, self.bank_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.bank_url = f"http://127.0.0.1:{self.bank_port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.county: dict[str, Any] = {}

    # --- life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Everything up and the county entered; returns when /readyz says so."""
        self.wire = Wire(self.bank_url)
        self.env = self._environment()
        with (self.var / "texts.log").open("ab") as log:  # needs no database: beside the slower steps
            argv = [sys.executable, "manage.py", "translations"]
            texts = spawn(argv, env=self.env, cwd=ROOT, log=log)
        self.servers.start()
        (self.var / "demo").mkdir()
        (self.var / "demo" / "signins.json").write_text("[]", encoding="utf-8")
        self.run("bank")
        self.command("manage.py", "migrate", "--noinput", "-v", "0")
        out = self.var / "county.json"
        self.command("-m", "tests.journeys.county", os.fspath(out))
        self.county = json.loads(out.read_text(encoding="utf-8"))
        if texts.wait(60) != 0:
            pytest.fail(self.log("texts"))
        for name in ("web", "worker", "beat"):
            self.run(name)
        self.wait_ready()

    def stop(self) -> None:
        """Programs first, then the servers below them; the folder goes unless a test wants to be looked into."""
        for process in self.running.values():  # all at once: each takes its time to end
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            stop(process, ((signal.SIGTERM, 6.0),))
        if hasattr(self, "wire"):
            self.wire.close()
        self.servers.stop()
        if not os.environ.get("WAGEWATCH_TEST_KEEP"):
            shutil.rmtree(self.var, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("WAGEWATCH_", "DJANGO_", "CELERY_", "PYTEST_"))
        }
        return {
            **kept,
            **self.servers.environment,
            "WAGEWATCH_TEST": "1",  # beat every second
            "WAGEWATCH_DEMO": "1",  # the outbox page
            "WAGEWATCH_VAR": os.fspath(self.var),
            "WAGEWATCH_BANK_URL": self.wire.url,
            "WAGEWATCH_BANK_KEY": BANK_KEY,
            "DJANGO_SETTINGS_MODULE": "wagewatch.settings",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }

    def command(self, *arguments: str, expect: int = 0) -> str:
        """Run a Python command to its end; its output. Fails the test on another exit code."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=900,  # every table from the first migration on, on a machine that may be busy
        )
        text = done.stdout.decode("utf-8", "replace")
        if done.returncode != expect:
            pytest.fail(f"{arguments} ended with {done.returncode}, not {expect}:\n{text[-4000:]}")
        return text

    def _argv(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "-A", "wagewatch.celery"]
        return {
            "bank": [
                *(sys.executable, "-m", "payroll.bank.simulator", "--port", str(self.bank_port)),
                *("--state", os.fspath(self.var / "bank"), "--any-day", "--status-seconds", "0.2"),
                *("--processing-seconds", "0.4", "--statement-seconds", "1"),
            ],
            "web": [
                *(sys.executable, "-m", "gunicorn", "wagewatch.wsgi:application"),
                *("--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4"),
                *("--worker-class", "gthread", "--timeout", "60", "--graceful-timeout", "3"),
                "--no-control-socket",
            ],
            "worker": [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"],
            "beat": [
                *(*celery, "beat", "--pidfile", "", "--schedule"),
                os.fspath(self.var / "celerybeat-schedule"),
            ],
        }[name]

    def run(self, name: str) -> None:
        """Start a program and leave it running."""
        with (self.var / f"{name}.log").open("ab") as log:
            self.running[name] = spawn(
                self._argv(name), env=self.env, cwd=ROOT, log=log, death_signal=signal.SIGTERM
            )

    def kill(self, name: str) -> None:
        """kill -9 a program with all its children; it can be run again."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def web_workers(self) -> list[int]:
        """Process numbers of gunicorn's workers."""
        master = self.running["web"].pid
        found = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        return [int(pid) for pid in found if is_alive(int(pid))]

    def ensure(self) -> None:
        """After a test: whatever it left dead lives again for the next."""
        if not self.servers.valkey.pid:
            self.servers.valkey.start()
        if not self.servers.postgres.pid:
            self.servers.postgres.start()
        for name in ("bank", "web", "worker", "beat"):
            if name not in self.running or self.running[name].poll() is not None:
                self.run(name)
        self.wire.clear()
        self.wait_ready()

    def readyz(self) -> tuple[int, str]:
        """Status and body of /readyz; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310 our own server
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until every part works; fail with what each says and the tails of the logs."""
        deadline = time.monotonic() + seconds
        while (found := self.readyz())[0] != 200:
            if time.monotonic() > deadline:
                pytest.fail(f"not ready: {found}\n{self.tails()}")
            time.sleep(0.2)

    def log(self, name: str) -> str:
        """What a program has said so far."""
        return (self.var / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def tails(self) -> str:
        """The last lines of every log."""
        return "\n".join(f"--- {p.stem}\n{self.log(p.stem)[-1500:]}" for p in sorted(self.var.glob("*.log")))

    # --- looking behind the curtain ----------------------------------------------------------------------

    def connect(self) -> Any:
        """A connection of our own to the system's database, committing at once."""
        link = psycopg2.connect(self.servers.database_url, connect_timeout=5)
        link.autocommit = True
        return link

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """One statement; its rows."""
        link = self.connect()
        try:
            with link.cursor() as cursor:
                cursor.execute(text, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            link.close()

    def one(self, text: str, *values: Any) -> Any:
        """The first field of the first row, or None."""
        rows = self.sql(text, *values)
        return rows[0][0] if rows else None

    def bank_books(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """One query on the bank's own ledger."""
        link = sqlite3.connect(f"file:{self.var / 'bank' / 'bank.sqlite3'}?mode=ro", uri=True, timeout=10)
        try:
            return link.execute(text, values).fetchall()
        finally:
            link.close()

    def bank(self, method: str, path: str, content: Any = None) -> Any:
        """A request to the bank simulator, as the bank's own staff would make it."""
        request = urllib.request.Request(  # noqa: S310 our own server
            self.bank_url + path,
            data=json.dumps(content).encode() if content is not None else None,
            method=method,
            headers={"Authorization": f"Bearer {BANK_KEY}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            data = answer.read()
            return json.loads(data) if data else None

    def deposit(self, account: str, fen: int, reference: str) -> None:
        """The owner's money arrives on a special account."""
        body = {
            "amount_fen": fen,
            "reference": reference,
            "payer_name": "金华多湖置业有限公司",
            "text": "人工费",
        }
        self.bank("POST", f"/accounts/{account}/deposits", body)


@pytest.fixture(scope="session")
def _stack() -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(_stack: Stack) -> Iterator[Stack]:
    """The running system; what a test killed is started again afterwards."""
    _stack.ensure()
    yield _stack
    _stack.wire.clear()
