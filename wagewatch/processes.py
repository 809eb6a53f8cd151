"""Child processes that never outlive their parent, and locks that tell who holds them. Standard library only."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1  # prctl(2)


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


_LIBC = _libc()


def die_with_parent(sign: int, *, uid: int | None = None, gid: int | None = None) -> Callable[[], None]:
    """A `preexec_fn` that drops to a user and asks the kernel for `sign` when the parent dies.

    The order matters: changing credentials clears the parent-death signal (credentials(7), prctl(2)).
    The kernel watches the *thread* that forked, so children are started from the main thread only.
    """
    parent = os.getpid()

    def prepare() -> None:
        if uid is not None and gid is not None:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            os.umask(0o077)
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, sign, 0, 0, 0)
            if os.getppid() != parent:  # the parent died between fork and prctl
                os._exit(1)

    return prepare


def spawn(
    argv: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: IO[Any] | int | None = None,
    death_signal: int = signal.SIGTERM,
    uid: int | None = None,
    gid: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches the launcher alone."""
    return subprocess.Popen(
        [os.fspath(part) for part in argv],
        env=dict(env) if env is not None else None,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        start_new_session=True,
        preexec_fn=die_with_parent(death_signal, uid=uid, gid=gid),
    )


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the child ended within `seconds`."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def stop(process: subprocess.Popen[bytes], ladder: Sequence[tuple[int, float]]) -> None:
    """Send each signal in turn and give it its seconds; the whole session gets the last one."""
    for sign, seconds in ladder:
        if process.poll() is not None:
            return
        try:
            process.send_signal(sign)
        except ProcessLookupError:
            return
        if wait(process, seconds):
            return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


def is_alive(pid: int) -> bool:
    """Whether a process with this number exists, whoever owns it; a zombie counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return True
    return not state.lstrip().startswith("Z")


def command_line(pid: int) -> str:
    """The command line of a process, or an empty string."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def end_orphan(pid: int, marker: str, ladder: Sequence[tuple[int, float]]) -> bool:
    """Stop a process left by an earlier run, if its command line names `marker`; say whether it is gone."""
    if not is_alive(pid):
        return True
    if marker not in command_line(pid):
        return True  # the number was given to somebody else since
    for sign, seconds in ladder:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not is_alive(pid):
                return True
            time.sleep(0.05)
    return not is_alive(pid)


class Lock:
    """An exclusive lock on a file for as long as this process lives; the file holds the owner's number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> int | None:
        """Take it: None when taken, otherwise the process number of the holder (0 if it did not say)."""
        handle = self.path.open("a+", encoding="ascii")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            text = handle.read().strip()
            handle.close()
            return int(text) if text.isdigit() else 0
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        self._file = handle
        return None

    def release(self) -> None:
        """Give it back; the file stays, since removing it would let two processes hold two locks."""
        if self._file is not None:
            self._file.close()
            self._file = None
