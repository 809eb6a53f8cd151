"""From a bare Python to a working `.venv`: standard library only, no Django, nothing installed.

`demo` and `test` make the environment when it is missing or older than its lock file and run inside it;
every other command goes to Django.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from wagewatch.console import Failure, leave, say
from wagewatch.processes import Lock

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {"base": ROOT / "requirements" / "base.txt", "dev": ROOT / "requirements" / "dev.txt"}
# These read the code and not the data, so they need no secrets and no servers.
OFFLINE_COMMANDS = {"makemigrations", "translations", "spectacular", "help", "--help", "version", "--version"}

PIP_REASONS = (
    (
        ("No space left on device", "Errno 28"),
        "磁盘已满，请腾出空间后重试",
        "the disk is full; free some space and try again",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "下载的软件包与锁定文件的校验值不符，未安装",
        "a downloaded package does not match its locked hash; nothing was installed",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError"),
        "下载软件包时证书校验失败，请检查代理与证书设置",
        "the package server's certificate was not accepted; check the proxy and certificate settings",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "Temporary failure in name resolution",
            "ConnectTimeout",
            "ConnectionError",
            "Network is unreachable",
            "Connection refused",
            "Read timed out",
            "ProxyError",
            "No matching distribution",
            "Could not find a version",
            "RemoteDisconnected",
        ),
        "下载软件包失败：请检查网络或 pip 的镜像设置，然后再运行一次（已下载的会保留）",
        "the packages could not be downloaded; check the network or pip's index setting and run this again",
    ),
    (("Permission denied", "Errno 13"), "没有权限写入 .venv", "no permission to write to .venv"),
)


def venv_python() -> Path:
    """The interpreter inside the environment."""
    return VENV / "bin" / "python"


def inside() -> bool:
    """Whether this process already runs in the environment."""
    return VENV.exists() and Path(sys.prefix).resolve() == VENV.resolve()


def fingerprint(lock: Path) -> str:
    """What an installed environment must match: its lock files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _locks(lock))).hexdigest()


def _locks(lock: Path) -> list[Path]:
    """The lock file and, for the base, the one of packages of which only data is used; dev holds those itself."""
    data = lock.with_name("schemas.txt")
    return [lock, data] if lock.name == "base.txt" and data.is_file() else [lock]


def installed(which: str, root: Path = VENV) -> bool:
    """Whether the lock file `which`, or the larger one, is installed in `root`."""
    names = ("dev",) if which == "dev" else ("base", "dev")
    return any(
        (root / f"wagewatch-{name}.installed").is_file()
        and (root / f"wagewatch-{name}.installed").read_text(encoding="ascii") == fingerprint(LOCKS[name])
        for name in names
    )


def prepare(which: str) -> None:
    """Make `.venv` and install the locked packages, unless that was done already. Raises Failure."""
    if installed(which) and (inside() or _works(venv_python(), "import django")):
        return
    began = time.monotonic()
    try:
        cache = ROOT / ".cache"
        cache.mkdir(exist_ok=True)
        lock = Lock(cache / "install.lock")
        holder = lock.take()
    except OSError as error:
        raise unwritable(ROOT, error) from error
    if holder is not None:
        raise Failure(
            f"另一个进程（{holder}）正在安装，请稍后再试",
            f"another process ({holder}) is installing; try again when it is done",
        )
    try:
        _make_venv()
        _install(which)
    except OSError as error:
        raise unwritable(VENV, error) from error
    finally:
        lock.release()
    say(f"✓ 软件包 {time.monotonic() - began:.1f} s", "packages")


def _works(python: Path, script: str = "") -> bool:
    """Whether it is there, starts, and is new enough: the Python it was made from may have been replaced."""
    check = f"import sys; assert sys.version_info >= (3, 11); {script}"
    try:
        return (
            subprocess.run([python, "-c", check], check=False, capture_output=True, timeout=60).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _has_pip(python: Path) -> bool:
    return (
        subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
    )


def _make_venv() -> None:
    python = venv_python()
    if _works(python) and _has_pip(python):
        return
    say("… 创建 .venv", "making .venv")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        _install_venv_module()
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", os.fspath(VENV)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if result.returncode == 0:
        return
    text = result.stdout.decode("utf-8", "replace")
    shutil.rmtree(VENV, ignore_errors=True)
    if "ensurepip" in text:
        raise venv_missing(text)
    raise explain(text)


def venv_missing(detail: str = "") -> Failure:
    """Debian and Ubuntu ship Python without the module that makes environments."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    return Failure(
        f"Python 缺少 venv/ensurepip 模块，请先安装：sudo apt-get install {package}",
        f"Python lacks venv/ensurepip; install it first: sudo apt-get install {package}",
        detail=detail,
    )


def _install_venv_module() -> None:
    """As root on Debian the missing module is one apt-get away."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        raise venv_missing()
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    say(f"… 安装 {package}", f"installing {package}")
    result = apt_install([package])
    if result.returncode != 0:
        raise venv_missing(result.stdout.decode("utf-8", "replace"))


def apt_install(packages: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """`apt-get install`, with a fresh package list when the first try finds nothing."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for attempt in (1, 2):
        if attempt == 2:
            subprocess.run(["apt-get", "update", "-q"], check=False, env=environment, capture_output=True)
        result = subprocess.run(
            command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if result.returncode == 0:
            break
    return result


def _install(which: str) -> None:
    lock = LOCKS[which]
    total = sum(
        1 for line in lock.read_text(encoding="utf-8").splitlines() if line[:1].isalnum() and "==" in line
    )
    say(
        f"… 安装软件包（约 {total} 个，首次约需一分钟）", f"installing about {total} packages, a minute or so"
    )
    command = [
        *(os.fspath(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
        *("--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "--no-deps"),
        *(word for path in _locks(lock) for word in ("-r", os.fspath(path))),
    ]
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as pip:
        assert pip.stdout is not None  # noqa: S101 - asked for two lines above
        for raw in pip.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            lines.append(line)
            if line.startswith(("Collecting", "Requirement already")):
                seen += 1
                if seen % 10 == 0:
                    say(f"    {seen}/{total}")
            elif line.startswith("Installing collected"):
                say("    解压安装", "unpacking")
    if pip.returncode != 0:
        raise explain("\n".join(lines))
    marker = VENV / f"wagewatch-{which}.installed"
    marker.write_text(fingerprint(lock), encoding="ascii")


def explain(text: str) -> Failure:
    """Turn pip's or venv's output into a sentence that says what to do."""
    for needles, chinese, english in PIP_REASONS:
        if any(needle in text for needle in needles):
            return Failure(chinese, english, detail=text)
    return Failure("安装软件包失败", "installing the packages failed", detail=text)


def unwritable(place: Path, error: OSError) -> Failure:
    """The checkout cannot be written to, or there is no room."""
    import errno

    if error.errno == errno.ENOSPC:
        return Failure("磁盘已满，请腾出空间后重试", "the disk is full; free some space and try again")
    return Failure(
        f"无法写入 {place}，请在自己拥有的目录中检出代码",
        f"cannot write to {place}; use a checkout that belongs to you",
        detail=str(error),
    )


def enter(argv: Sequence[str]) -> None:
    """Replace this process by the same command inside the environment."""
    python = os.fspath(venv_python())
    sys.stdout.flush()
    environment = {
        key: value for key, value in os.environ.items() if key not in {"PYTHONHOME", "__PYVENV_LAUNCHER__"}
    }
    os.execve(python, [python, os.fspath(ROOT / "manage.py"), *argv[1:]], environment)  # noqa: S606 - no shell wanted


def read_environment(path: Path) -> dict[str, str]:
    """KEY=value lines; what a running demo left for other commands."""
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.lstrip().startswith("#"):
            values[key.strip()] = value.strip()
    return values


def borrow_demo_environment() -> None:
    """`manage.py verify_evidence` and the like speak to the demo of this checkout when nothing else is named."""
    path = Path(os.environ.get("WAGEWATCH_VAR") or ROOT / "var") / "demo" / "environment"
    if "DATABASE_URL" in os.environ or "WAGEWATCH_SECRET_KEY" in os.environ or "WAGEWATCH_TEST" in os.environ:
        return
    if path.is_file() and os.access(path, os.R_OK):
        for key, value in read_environment(path).items():
            os.environ.setdefault(key, value)


def ready_for_django(argv: Sequence[str]) -> None:
    """Any other command is Django's: in this interpreter if it has Django, else in the environment."""
    if importlib.util.find_spec("django") is None and not inside():
        prepare("base")
        enter(argv)
    borrow_demo_environment()
    if "WAGEWATCH_SECRET_KEY" not in os.environ and (len(argv) < 2 or argv[1] in OFFLINE_COMMANDS):
        os.environ.setdefault("WAGEWATCH_TEST", "1")


def main(argv: Sequence[str]) -> int | None:
    """Run `argv` (with the program's name in front); the exit code, or None when Django is to run it."""
    command = argv[1] if len(argv) > 1 else ""
    try:
        if command not in {"demo", "test"}:
            ready_for_django(argv)
            return None
        if os.name != "posix":
            raise Failure("请在 Linux 或 WSL 中运行", "run this on Linux or in WSL")
        if "-h" not in argv[2:] and "--help" not in argv[2:]:
            prepare("dev" if command == "test" else "base")
            if not inside():
                enter(argv)
        if command == "demo":
            from wagewatch import demo

            return demo.main(list(argv[2:]))
        from wagewatch import testrun

        return testrun.main(list(argv[2:]))
    except Failure as failure:
        leave(failure)
    except KeyboardInterrupt:
        return 130
