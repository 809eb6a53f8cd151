"""`manage.py demo`: the whole system on one machine, every part a process of its own.

Standard library only: the parts are started as commands, the launcher only watches them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from wagewatch.bootstrap import ROOT, read_environment
from wagewatch.console import Failure, Step, say
from wagewatch.demo_site import site_programs
from wagewatch.embedded import Embedded
from wagewatch.processes import spawn, stop
from wagewatch.servers.places import disk_failure, tail
from wagewatch.supervisor import Program, Supervisor

READY_SECONDS = 120.0
WEB_WORKERS, WEB_THREADS = 2, 4
STAMP = "wagewatch.stamp"  # lives and dies with the database: what was prepared for it
LOADING = "wagewatch.loading"  # there while the county is half loaded
CACHE_DATABASE = 1  # settings: the queue has 0, the cache the next


class Stopped(BaseException):
    """Ctrl-C or SIGTERM while something was going on; no Exception, so that nobody swallows it."""


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="manage.py demo", description="在本机运行完整系统 / run the whole system on this machine"
    )
    parser.add_argument("--port", type=int, default=8000, help="网页端口 / port of the web pages (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址 / address to listen on (127.0.0.1)")
    parser.add_argument("--fresh", action="store_true", help="清空数据重新开始 / start over with fresh data")
    options = parser.parse_args(argv)
    if not 1 <= options.port <= 65535:
        parser.error("--port: 1 … 65535")
    return options


def main(argv: list[str]) -> int:
    """Run until Ctrl-C; returns the exit code."""
    options = parse(argv)
    stopping = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        demo = Demo(options)
        try:
            demo.run()
        finally:
            stopping = True  # a second Ctrl-C does not interrupt the stopping; each step of it has its limit
            demo.stop()
    except Stopped:
        say("已停止。", "Stopped.")
    return 0


class Demo:
    """One run of the demo."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.host: str = options.host
        self.port: int = options.port
        self.fresh: bool = options.fresh
        self.var = Path(os.environ.get("WAGEWATCH_VAR") or ROOT / "var").resolve()
        self.logs = self.var / "log"
        self.home = self.var / "demo"
        refuse_busy(self.host, self.port)
        self._make_folders()
        self.services = Embedded(self.var / "servers")
        self.supervisor: Supervisor | None = None
        self.environment: dict[str, str] = {}
        self._is_stopped = False

    def _make_folders(self) -> None:
        try:
            for folder in (self.var, self.logs, self.home, self.var / "bank"):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.home / ".probe"
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
        except OSError as error:
            raise disk_failure(error, self.var) from error
        if shutil.disk_usage(self.var).free < 300 * 1024 * 1024:
            raise Failure(
                "磁盘剩余空间不足 300 MB，请腾出空间后重试",
                "less than 300 MB of disk space is left; free some and try again",
            )

    def run(self) -> None:
        """Bring everything up, say where it is, and watch it until a signal."""
        began = time.monotonic()
        if (self.services.postgres.data / LOADING).exists():
            say("! 上次载入演示数据时被中断，重新开始", "the last load was interrupted, starting over")
            self.fresh = True
        if self.fresh:
            self._erase()
        with Step("启动数据库和队列", "PostgreSQL and Valkey"):
            self.services.start()
        self._write_environment()
        self._prepare()
        self._start_programs()
        say(f"✓ 就绪，共 {time.monotonic() - began:.0f} s", "ready")
        self._print_signins()
        assert self.supervisor is not None  # noqa: S101 - _start_programs made it
        self.supervisor.run_until(lambda: False)

    def stop(self) -> None:
        """Programs first, then the servers below them."""
        if self._is_stopped:
            return
        self._is_stopped = True
        say("… 正在停止", "stopping")
        if self.supervisor is not None:
            self.supervisor.stop()
        self.services.stop()

    # --- data -------------------------------------------------------------------------------------------

    def _erase(self) -> None:
        with Step("清空演示数据", "erasing the demo's data"):
            self.services.erase()
            for name in ("demo", "bank", "media", "static"):
                shutil.rmtree(self.var / name, ignore_errors=True)
            for path in self.var.glob("celerybeat-schedule*"):
                path.unlink()
            self._make_folders()

    def _write_environment(self) -> None:
        """What every process of the demo reads; kept for other commands of this checkout, for our eyes only."""
        path = self.home / "secrets.env"
        if path.is_file():
            kept = read_environment(path)
        else:
            kept = {
                "WAGEWATCH_SECRET_KEY": secrets.token_urlsafe(48),
                "WAGEWATCH_MASTER_KEYS": "d1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
                "WAGEWATCH_EVIDENCE_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "WAGEWATCH_BANK_KEY": secrets.token_urlsafe(24),
                "WAGEWATCH_PUSH_KEY": secrets.token_urlsafe(32),
            }
            write_private(path, kept)
        bank_port = free_port(self.port + 11)
        hosts = "*" if self.host in {"0.0.0.0", "::"} else f"127.0.0.1,localhost,[::1],{self.host}"  # noqa: S104
        own = {
            **kept,
            **self.services.environment,
            "WAGEWATCH_DEMO": "1",
            "WAGEWATCH_SIDE": "all",
            "WAGEWATCH_VAR": os.fspath(self.var),
            "WAGEWATCH_BANK_URL": f"http://127.0.0.1:{bank_port}",
            "WAGEWATCH_ADDRESS": f"http://127.0.0.1:{self.port}",
            "ALLOWED_HOSTS": hosts,
        }
        write_private(self.home / "environment", own)
        self.bank_port = bank_port
        inherited = {
            k: v for k, v in os.environ.items() if not k.startswith(("WAGEWATCH_", "DJANGO_", "CELERY_"))
        }
        self.environment = {
            **inherited,
            **own,
            "DJANGO_SETTINGS_MODULE": "wagewatch.settings",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }

    def _prepare(self) -> None:
        """Migrate, compile texts, collect static files, load the county: only what changed since last time."""
        stamp_file = self.services.postgres.data / STAMP
        done = stamp_file.read_text(encoding="utf-8").splitlines() if stamp_file.is_file() else []
        schema = "schema " + digest(ROOT.glob("*/migrations/*.py"), ROOT.glob("wagewatch/*/migrations/*.py"))
        texts = "texts " + digest(ROOT.rglob("locale/*/LC_MESSAGES/*.po"))
        figures = "figures " + digest((ROOT / "registration" / "seed").rglob("*.py"))
        county = "county " + digest((ROOT / "inspection" / "demo").rglob("*.py"))
        static = "static " + digest((ROOT / "static").rglob("*"), [ROOT / "requirements" / "base.txt"])
        if texts not in done or not any(ROOT.glob("*/locale/*/LC_MESSAGES/*.mo")):
            self._command("编译界面文字", "translations", "translations")
        if schema not in done:
            self._command("建立数据表", "tables", "migrate", "--noinput", "-v", "1")
        if static not in done or not (self.var / "static" / "staticfiles.json").is_file():
            self._command("收集静态文件", "static files", "collectstatic", "--noinput", "--clear", "-v", "0")
        loaded = next((line for line in done if line.startswith("county")), "")
        if loaded and figures not in done:
            self._command("补上新的参数", "new regions, calendar days and parameters", "seed")
        if not loaded or not (self.home / "signins.json").is_file():
            loading = self.services.postgres.data / LOADING
            loading.touch()
            self._command("载入演示县数据（首次约三分钟）", "demo county, about three minutes", "load_demo")
            loading.unlink()
            loaded = county
        elif loaded != county:
            say(
                "  演示数据来自旧版本，加 --fresh 可以重新载入  (the county was loaded by an older version: --fresh reloads it)"
            )
        stamp_file.write_text("\n".join([schema, texts, static, figures, loaded]), encoding="utf-8")

    def _command(self, chinese: str, english: str, *arguments: str) -> None:
        """Run one management command, its lines shown as they come and kept in the log."""
        log = self.logs / "setup.log"
        with Step(chinese, english), log.open("ab") as out:
            command = [sys.executable, os.fspath(ROOT / "manage.py"), *arguments]
            out.write(f"--- {' '.join(arguments)}\n".encode())
            out.flush()
            child = spawn(command, env=self.environment, cwd=ROOT, log=subprocess.PIPE)
            assert child.stdout is not None  # noqa: S101 - a pipe was asked for
            try:
                for line in child.stdout:
                    out.write(line)
                    if arguments[0] == "load_demo":
                        say("    " + line.decode("utf-8", "replace").rstrip())
                code = child.wait()
            except BaseException:
                stop(child, ((signal.SIGTERM, 5.0),))
                raise
            if code != 0:
                raise Failure(
                    f"{chinese}失败，日志：{log}", f"{english} failed; log: {log}", detail=tail(log)
                )

    # --- processes --------------------------------------------------------------------------------------

    def _programs(self) -> list[Program]:
        python = sys.executable
        listen = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        programs = [
            Program(
                "bank",
                "银行模拟器",
                [
                    *(python, "-m", "payroll.bank.simulator", "--port", str(self.bank_port)),
                    *("--state", os.fspath(self.var / "bank")),
                ],
                self.logs / "bank.log",
            ),
            Program(
                "web",
                "网页服务",
                [
                    *(python, "-m", "gunicorn", "wagewatch.wsgi:application", "--bind", listen),
                    *(
                        "--workers",
                        str(WEB_WORKERS),
                        "--threads",
                        str(WEB_THREADS),
                        "--worker-class",
                        "gthread",
                    ),
                    *(
                        "--timeout",
                        "120",
                        "--graceful-timeout",
                        "8",
                        "--keep-alive",
                        "30",
                        "--no-control-socket",
                    ),
                ],
                self.logs / "web.log",
                patience=10.0,
            ),
            Program(
                "worker",
                "后台任务",
                [
                    *(python, "-m", "celery", "-A", "wagewatch.celery", "worker", "--concurrency", "2"),
                    *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
                ],
                self.logs / "worker.log",
                patience=15.0,
            ),
            Program(
                "beat",
                "定时任务",
                [
                    *(python, "-m", "celery", "-A", "wagewatch.celery", "beat", "--loglevel", "INFO"),
                    *("--schedule", os.fspath(self.var / "celerybeat-schedule")),
                    *("--pidfile", ""),
                ],
                self.logs / "beat.log",
            ),
        ]
        gates = self.home / "gates.json"
        if gates.is_file():
            programs.append(
                Program(
                    "gate",
                    "闸机模拟器",
                    [
                        *(python, "-m", "devices.simulator", "--server", self._address()),
                        *("--config", os.fspath(gates)),
                    ],
                    self.logs / "gate.log",
                )
            )
        programs += site_programs(
            self.home,
            self.logs,
            server=self._address(),
            lan_port=(lan_port := free_port(self.bank_port + 1)),
            called_port=free_port(lan_port + 1),
        )
        return programs

    def _address(self) -> str:
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - where we are, not where we listen
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _start_programs(self) -> None:
        # What the last run cached is old: above all the tick by which /readyz knows that beat and worker live.
        self.services.valkey.empty(CACHE_DATABASE)
        self.supervisor = Supervisor(
            self._programs(),
            cwd=ROOT,
            environment=self.environment,
            servers=(self.services.postgres, self.services.valkey),
        )
        with Step("启动网页、后台任务、银行、闸机和工地电脑", "web, worker, beat, bank, gates and a site PC"):
            self.supervisor.start()
            if not self.supervisor.run_until(self._is_ready, seconds=READY_SECONDS):
                raise Failure(
                    f"{READY_SECONDS:.0f} 秒内未就绪；日志在 {self.logs}",
                    f"not ready within {READY_SECONDS:.0f} s; logs are in {self.logs}",
                    detail=self._last_answer,
                )

    _last_answer = ""

    def _is_ready(self) -> bool:
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        link = http.client.HTTPConnection(host, self.port, timeout=5)
        try:
            link.request("GET", "/readyz")
            answer = link.getresponse()
            self._last_answer = answer.read(4000).decode("utf-8", "replace")
            return answer.status == 200
        except (OSError, http.client.HTTPException) as error:
            self._last_answer = str(error)
            return False
        finally:
            link.close()

    def _print_signins(self) -> None:
        say("")
        say(f"  薪安演示  {self._address()}/", "(wagewatch demo)")
        say("")
        path = self.home / "signins.json"
        rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        for row in rows:
            where = str(row.get("where") or "/")
            say(
                f"  {pad(str(row['role']), 30)}{pad(str(row.get('who', '')), 26)}"
                f"{pad(str(row['name']), 16)}{pad(str(row.get('password') or ''), 18)}{where}"
            )
        say("")
        say(f"  日志 {self.logs} · 按 Ctrl-C 停止", "(logs; Ctrl-C stops)")


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def pad(text: str, columns: int) -> str:
    """Fill up to `columns`, at least one space."""
    return text + " " * max(1, columns - width(text))


def write_private(path: Path, values: dict[str, str]) -> None:
    """KEY=value lines that only we may read."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.writelines(f"{key}={value}\n" for key, value in values.items())
    temporary.replace(path)


def digest(*groups: Iterable[Path]) -> str:
    """A fingerprint of files by name, size and time."""
    sums = hashlib.sha256()
    for path in sorted({path for group in groups for path in group if path.is_file()}):
        state = path.stat()
        sums.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return sums.hexdigest()[:32]


def bind(host: str, port: int) -> None:
    """Try an address. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def refuse_busy(host: str, port: int) -> None:
    """Say at once that the port is taken, before anything is started."""
    import errno

    try:
        bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Failure(
                f"端口 {port} 已被占用，请换一个：python3 manage.py demo --port {port + 1}",
                f"port {port} is in use; choose another: python3 manage.py demo --port {port + 1}",
                code=4,
            ) from error
        if error.errno == errno.EACCES:
            raise Failure(
                f"没有权限使用端口 {port}，请用 1024 以上的端口：--port 8000",
                f"no permission for port {port}; use one above 1024: --port 8000",
                code=4,
            ) from error
        raise Failure(f"地址 {host} 不可用", f"cannot listen on {host}: {error.strerror}", code=4) from error


def free_port(wanted: int) -> int:
    """`wanted` if it is free, else one that the system chooses."""
    try:
        if wanted <= 65535:
            bind("127.0.0.1", wanted)
            return wanted
    except OSError:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
