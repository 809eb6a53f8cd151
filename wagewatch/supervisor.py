"""Keeps a handful of child processes running and stops them in order. Standard library only."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wagewatch.console import Failure, say
from wagewatch.processes import spawn, stop
from wagewatch.servers.places import tail
from wagewatch.servers.postgres import Postgres
from wagewatch.servers.valkey import Valkey

RESTARTS = 5  # within WINDOW seconds; more than that is no accident
WINDOW = 60.0
LOG_LIMIT = 10 * 1024 * 1024  # bytes; a longer log is set aside at the next start


@dataclass
class Program:
    """A child: what to run, where its output goes, and how long it may take to stop (seconds)."""

    name: str
    chinese: str
    argv: Sequence[str]
    log: Path
    patience: float = 5.0
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts programs in the order given, restarts what dies, stops in the reverse order."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        servers: Sequence[Postgres | Valkey] = (),
    ) -> None:
        self.programs = list(programs)
        self.servers = list(servers)
        self.cwd = cwd
        self.environment = dict(environment)
        self._server_starts: deque[float] = deque()

    def start(self) -> None:
        """Start all of them; they come up side by side."""
        for program in self.programs:
            self._launch(program)

    def _launch(self, program: Program) -> None:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        if program.log.exists() and program.log.stat().st_size > LOG_LIMIT:
            program.log.replace(program.log.with_suffix(".log.1"))
        program.starts.append(time.monotonic())
        with program.log.open("ab") as log:
            program.process = spawn(
                program.argv, env=self.environment, cwd=self.cwd, log=log, death_signal=signal.SIGTERM
            )

    def watch(self) -> None:
        """One round: restart what died. Raises Failure when something dies again and again."""
        now = time.monotonic()
        for server in self.servers:
            if server.pid == 0:
                refuse_endless(self._server_starts, now, type(server).__name__, server.log)
                self._server_starts.append(now)
                say(
                    f"! {type(server).__name__} 意外停止，正在重启",
                    f"{type(server).__name__} stopped, restarting",
                )
                server.start()
        for program in self.programs:
            if program.process is None or program.is_running:
                continue
            code = program.process.returncode
            refuse_endless(program.starts, now, program.name, program.log)
            say(
                f"! {program.chinese}意外停止（{code}），正在重启，日志 {program.log}",
                f"{program.name} stopped, restarting",
            )
            self._launch(program)

    def run_until(
        self, done: Callable[[], bool], *, seconds: float | None = None, pause: float = 0.2
    ) -> bool:
        """Watch until `done()` or the time is over; says which by True or False."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not done():
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.watch()
            time.sleep(pause)
        return True

    def stop(self) -> None:
        """Ask each to end, last started first; after its patience it is killed."""
        for program in reversed(self.programs):
            if program.process is not None:
                stop(program.process, ((signal.SIGTERM, program.patience),))
                program.process = None


def refuse_endless(starts: deque[float], now: float, name: str, log: Path) -> None:
    """Refuse one restart too many within the window."""
    while starts and now - starts[0] > WINDOW:
        starts.popleft()
    if len(starts) > RESTARTS:
        raise Failure(
            f"{name} 反复停止，已放弃；日志：{log}",
            f"{name} keeps stopping; its log is {log}",
            detail=tail(log),
        )
