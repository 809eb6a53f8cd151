"""The supervisor restarts what dies, gives up on what keeps dying, and stops in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from wagewatch.console import Failure
from wagewatch.processes import is_alive
from wagewatch.supervisor import RESTARTS, Program, Supervisor

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
)


def program(folder: Path, name: str, argv: tuple[str, ...] = SLEEP, patience: float = 5.0) -> Program:
    return Program(name, name, argv, folder / f"{name}.log", patience)


def supervisor(folder: Path, *programs: Program) -> Supervisor:
    return Supervisor(programs, cwd=folder, environment=dict(os.environ))


def pid_of(program: Program) -> int:
    assert program.process is not None
    return program.process.pid


def test_restarts_a_program_that_was_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web = program(tmp_path, "web")
    watch = supervisor(tmp_path, web)
    watch.start()
    first = pid_of(web)
    os.kill(first, signal.SIGKILL)
    assert watch.run_until(lambda: web.is_running and pid_of(web) != first, seconds=10)
    watch.stop()
    assert "正在重启" in capsys.readouterr().out
    assert web.process is None


def test_gives_up_on_a_program_that_keeps_dying_and_shows_its_last_words(tmp_path: Path) -> None:
    broken = program(
        tmp_path, "broken", (sys.executable, "-c", "print('no such table'); raise SystemExit(3)")
    )
    watch = supervisor(tmp_path, broken)
    watch.start()
    with pytest.raises(Failure) as caught:
        watch.run_until(lambda: False, seconds=30, pause=0.05)
    watch.stop()
    assert "broken" in caught.value.english
    assert "no such table" in caught.value.detail
    assert (tmp_path / "broken.log").read_text().count("no such table") == RESTARTS + 1


def test_kills_what_does_not_stop_when_asked(tmp_path: Path) -> None:
    stubborn = program(tmp_path, "stubborn", STUBBORN, patience=0.3)
    watch = supervisor(tmp_path, stubborn)
    watch.start()
    assert watch.run_until(lambda: (tmp_path / "stubborn.log").read_text() != "", seconds=10)
    pid = pid_of(stubborn)
    began = time.monotonic()
    watch.stop()
    assert time.monotonic() - began < 3
    assert not is_alive(pid)


def test_stops_the_last_started_first(tmp_path: Path) -> None:
    told = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(time.time_ns()))); print(); "
    told += "sys.stdout.flush(); time.sleep(600)"
    first = program(tmp_path, "first", (sys.executable, "-c", told))
    second = program(tmp_path, "second", (sys.executable, "-c", told))
    watch = supervisor(tmp_path, first, second)
    watch.start()
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    assert watch.run_until(lambda: all(log.read_text() for log in logs), seconds=10)
    watch.stop()
    ended = [int(log.read_text().split()[0]) for log in logs]
    assert ended[1] < ended[0]


def test_children_die_with_a_killed_launcher(tmp_path: Path, root: Path) -> None:
    script = textwrap.dedent(
        f"""
        import os, time
        from pathlib import Path
        from wagewatch.supervisor import Program, Supervisor
        web = Program("web", "web", {SLEEP!r}, Path({str(tmp_path)!r}) / "web.log")
        watch = Supervisor([web], cwd=Path("."), environment=dict(os.environ))
        watch.start()
        print(web.process.pid, flush=True)
        time.sleep(600)
        """
    )
    launcher = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)
    assert launcher.stdout is not None
    child = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    deadline = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wagewatch.supervisor.LOG_LIMIT", 10)
    (tmp_path / "web.log").write_text("x" * 11)
    watch = supervisor(tmp_path, program(tmp_path, "web"))
    watch.start()
    watch.stop()
    assert (tmp_path / "web.log.1").read_text() == "x" * 11
    assert (tmp_path / "web.log").read_text() == ""
