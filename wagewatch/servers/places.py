"""Where a server may live and as whom, and what its failures mean in words."""

from __future__ import annotations

import contextlib
import errno
import getpass
import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from wagewatch.console import Failure

SOCKET_PATH_MAX = 100  # bytes; sockaddr_un allows 108 on Linux, 104 elsewhere
START_SECONDS = 60.0  # crash recovery after a kill can take a while on a slow disk


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


def tag(data_dir: Path) -> str:
    """A short name for a data folder, for use where its path is too long."""
    return hashlib.sha256(os.fspath(data_dir).encode()).hexdigest()[:10]


def pid_in(path: Path) -> int:
    """The process number that a pid file begins with, else 0."""
    try:
        return int(path.read_text(encoding="ascii", errors="replace").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


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
    if error.errno == errno.ENOSPC:
        return Failure("磁盘已满，请腾出空间后重试", "the disk is full; free some space and try again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Failure(f"没有权限写入 {place}", f"cannot write to {place}", detail=str(error))
    return Failure(f"{place}：{error.strerror}", f"{place}: {error}", detail=str(error))
