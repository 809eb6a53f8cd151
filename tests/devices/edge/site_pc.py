"""A site PC for tests: a folder with site.toml, the agent as a process of its own, and a reader on a pty."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from devices.simulators.idcard import PtyReader, SimulatedReader
from tests.devices.edge.server import SECRETS

ROOT = Path(__file__).resolve().parents[3]


def until(condition: Callable[[], object], seconds: float = 10.0, what: str = "") -> float:
    """Wait for something; how long it took. Fails when it does not come."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


class SitePc:
    """The agent's folder and process. `runtime` lies in memory, as /run does."""

    def __init__(
        self, folder: Path, url: str, *, secrets: dict[str, str] | None = None, chip: float = 0.3
    ) -> None:
        self.folder = folder
        self.queue = folder / "queue.sqlite"
        self.runtime = Path(tempfile.mkdtemp(prefix="wagewatch-test-", dir="/dev/shm"))
        self.reader = PtyReader(SimulatedReader(chip_seconds=chip), folder / "idcard")
        self.log = folder / "agent.log"
        self.process: subprocess.Popen[bytes] | None = None
        for name, secret in (secrets or SECRETS).items():
            (folder / name).write_text(secret + "\n", encoding="utf-8")
            (folder / name).chmod(0o600)
        self.key_id = next(iter(secrets or SECRETS))
        self.write(url)

    def write(self, url: str, device: str = "", more: str = "") -> None:
        """site.toml."""
        (self.folder / "site.toml").write_text(
            f"""
[server]
url = "{url}"
key_id = "{self.key_id}"
secret_file = "{self.key_id}"

[queue]
path = "queue.sqlite"
runtime = "{self.runtime}"

[[device]]
kind = "idcard"
name = "登记台"
port = "{self.reader.link}"
{device}
{more}
""",
            encoding="utf-8",
        )

    def command(self) -> list[str]:
        return [sys.executable, "-m", "devices.edge", "--config", str(self.folder / "site.toml")]

    def start(self, *, ready: bool = True) -> None:
        """Start the agent; with `ready` wait until the reader answers."""
        before = len(self.said())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                stderr=log,
                stdout=log,
                start_new_session=True,
                env=self.environment(),
            )
        if ready:
            until(lambda: "登记台: ready" in self.said()[before:], 20, "the reader is ready")

    def environment(self) -> dict[str, str]:
        """Nothing of Django's."""
        return {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "WAGEWATCH", "DATABASE"))}

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(15)
        self.process = None
        return code

    def said(self) -> str:
        """The log so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def waiting(self, table: str = "brief") -> int:
        """Rows in the queue."""
        with sqlite3.connect(f"file:{self.queue}?mode=ro", uri=True) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def bytes_on_disk(self) -> bytes:
        """Everything the agent has written to the disk."""
        return b"".join(path.read_bytes() for path in [*sorted(self.folder.glob("queue.*")), self.log])

    def close(self) -> None:
        """End everything."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.reader.unplug()
        shutil.rmtree(self.runtime, ignore_errors=True)
