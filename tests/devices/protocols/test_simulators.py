"""The simulated devices as a person starts them: over real sockets and real ports."""

import argparse
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import serial

from devices.protocols import hikvision, modbus, uface
from devices.protocols.http import Request, Response
from devices.protocols.iclock.terminal import Terminal, answer
from devices.protocols.records import Event, event_key
from devices.protocols.wiegand import LineFormat, LineReader
from devices.simulators import KINDS

ROOT = Path(__file__).resolve().parents[3]
SN, KEY, MAC = "CKJF260900017", "84E0F42B1A000017", "e0:ba:ad:82:1a:a9"


class Listener:
    """A listener for all HTTP devices on a free port: what the agent does, in little."""

    def __init__(self) -> None:
        self.terminal = Terminal(serial=SN, registry_code="Uy47fxftP3", session="30BFB04B2C8AECC7")
        self.events: dict[str, Event] = {}
        self.photos = 0
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """By the first part of the path."""
        with self._lock:
            if request.path.startswith("/iclock/"):
                outcome = answer({SN: self.terminal}, request, datetime.now(UTC))
                self.terminal = outcome.terminal or self.terminal
                self.photos += len(outcome.photos)
                return self._keep(outcome.events, outcome.response)
            if request.path == "/hikvision":
                called = hikvision.answer([hikvision.Gate(key="H", mac=MAC)], request)
                self.photos += len(called.photos)
                return self._keep(called.events, called.response)
            told = uface.answer({KEY: uface.Gate(key=KEY)}, request)
            self.photos += told.photo is not None
            return self._keep((told.event,) if told.event else (), told.response)

    def _keep(self, events: tuple[Event, ...], response: Response) -> Response:
        self.events |= {event_key(event): event for event in events}
        return response


@contextlib.contextmanager
def http(handle: Callable[[Request], Response]) -> Iterator[str]:
    """A web server over a function; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            response = handle(
                Request.build(self.command, self.path, dict(self.headers), body, self.client_address[0])
            )
            self.send_response_only(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)


def play(kind: str, *arguments: str) -> int:
    """Runs a simulator as the command does."""
    module = import_module(KINDS[kind])
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(arguments)))


@pytest.mark.parametrize("dialect", ["att", "pid", "acc"])
def test_a_terminal_over_http(dialect: str) -> None:
    listener = Listener()
    with http(listener.handle) as server:
        extra = ("--photos", "--any-spelling", "--resend", "3")
        code = play(
            "adms", "--server", server, "--dialect", dialect, "--every", "0.01", "--count", "8", *extra
        )
    assert code == 0
    assert len({event.time.text for event in listener.events.values()}) >= 1
    assert listener.events
    assert listener.photos >= 8


def test_face_gates_over_http() -> None:
    listener = Listener()
    with http(listener.handle) as server:
        assert play("hikvision", "--server", server, "--every", "0.01", "--count", "4") == 0
        assert (len(listener.events), listener.photos) == (4, 4)
        assert (
            play("uface", "--server", server, "--every", "0.01", "--count", "3", "--port", "0", "--form") == 0
        )
        assert (len(listener.events), listener.photos) == (7, 7)


@contextlib.contextmanager
def running(link: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py simulate …` as a process of its own, its port plugged in."""
    child = subprocess.Popen(
        [sys.executable, "manage.py", "simulate", *arguments, "--link", str(link)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        until = time.monotonic() + 90
        while not link.is_symlink() and time.monotonic() < until and child.poll() is None:
            time.sleep(0.05)
        assert link.is_symlink(), child.stdout and child.stdout.read()
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=30)


def test_a_badge_reader_by_hand(tmp_path: Path) -> None:
    with running(tmp_path / "reader", "wiegand", "--format", "stx") as child:
        with serial.Serial(str(tmp_path / "reader"), 9600, timeout=0.1) as port:
            assert child.stdin is not None
            child.stdin.write(b"12,345\n")
            child.stdin.flush()
            reader, badges = LineReader(LineFormat.STX), []
            until = time.monotonic() + 30
            while not badges and time.monotonic() < until:
                badges = reader.feed(port.read(64))
        assert [badge.key for badge in badges] == ["012,00345"]


def test_a_relay_board_by_hand(tmp_path: Path) -> None:
    with (
        running(tmp_path / "relay", "relay") as child,
        serial.Serial(str(tmp_path / "relay"), 9600, timeout=0.05) as port,
    ):
        assert child.stdin is not None
        port.write(modbus.flash_coil(1, 0, 5).to_bytes())
        exchange = modbus.Exchange(modbus.flash_coil(1, 0, 5))
        until = time.monotonic() + 30
        while (reply := exchange.feed(port.read(64))) is None and time.monotonic() < until:
            pass
        assert reply == modbus.flash_coil(1, 0, 5)
        child.stdin.write(b"fire\n")
        child.stdin.flush()
        on = False
        while not on and time.monotonic() < until:
            asked = modbus.Exchange(modbus.read_inputs(1, 0, 2))
            port.write(asked.request.to_bytes())
            answered = asked.feed(port.read(7))
            on = answered is not None and modbus.bits_of(answered, 2)[0]
        assert on


def test_every_kind_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, path in KINDS.items():
        module = import_module(path)
        parser = argparse.ArgumentParser(prog=kind)
        module.add_arguments(parser)
        assert module.HELP
        assert kind in parser.format_help()


def test_protocols_need_no_django_and_simulators_no_settings() -> None:
    """A site PC has the protocols and no server; a person trying a gate has no settings and no database."""
    look = (
        "import sys, pkgutil, importlib\n"
        "package = importlib.import_module(sys.argv[1])\n"
        "for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "sys.exit(' '.join(sorted({name.split('.')[0] for name in sys.modules} & set(sys.argv[2:]))) or 0)"
    )
    server = ["psycopg2", "registration", "payroll", "inspection"]
    for package, strangers in (
        ("devices.protocols", ["django", "celery", "wagewatch", *server]),
        ("devices.simulators", server),
    ):
        alone = subprocess.run(
            [sys.executable, "-c", look, package, *strangers],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert alone.returncode == 0, f"{package} imports {alone.stderr}"
    shown = subprocess.run(
        [sys.executable, "-m", "devices.simulators", "--help"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert all(kind in shown.stdout for kind in KINDS)
