"""`manage.py test`: linters, contracts and pytest over throw-away servers and a real browser.

Standard library only; runs inside `.venv` with requirements/dev.txt installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from wagewatch import testcluster
from wagewatch.bootstrap import ROOT, apt_install
from wagewatch.console import Failure, say
from wagewatch.embedded import Embedded
from wagewatch.processes import spawn, stop

APPS = ("wagewatch", "registration", "devices", "payroll", "inspection")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = """\
python3 manage.py test                 linters, contracts, migrations, texts, then all tests
python3 manage.py test --no-lint       all tests only
python3 manage.py test PYTEST-ARGS     these tests only, e.g. tests/payroll -k confirm
python3 manage.py test --lint          the checks only
"""


@dataclass(frozen=True)
class Check:
    """One linter: what it is called and how to run it."""

    name: str
    argv: tuple[str, ...]


def main(argv: list[str]) -> int:
    """Returns 0 when everything passed, otherwise the number of what failed."""
    if argv and argv[0] in {"-h", "--help"}:
        sys.stdout.write(HELP)
        return 0
    lint_only = "--lint" in argv
    lint = lint_only or (not argv)
    arguments = [part for part in argv if part not in {"--lint", "--no-lint"}]

    def on_signal(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, on_signal)
    var = Path(tempfile.mkdtemp(prefix="wagewatch-test-"))
    var.chmod(0o755)  # PostgreSQL may have to run as another user
    (ROOT / ".cache").mkdir(exist_ok=True)
    failed: list[str] = []
    try:
        services = Embedded(var, fsync=False, max_connections=300)
        kept = not arguments or testcluster.restore(services.postgres, ROOT / ".cache")
        with services:
            environment = test_environment(var, services.environment)
            if not kept:
                testcluster.make(services.postgres, ROOT / ".cache", environment)
            texts = Check("translations", (sys.executable, "manage.py", "translations"))
            failed += run_checks(environment, checks() if lint else [texts])
            if not lint_only:
                environment |= browser_environment(var)
                failed += run_pytest(arguments, environment)
    finally:
        shutil.rmtree(var, ignore_errors=True)
    if failed:
        say(f"✗ 未通过：{'、'.join(failed)}", f"failed: {', '.join(failed)}")
        return 1
    say("✓ 全部通过", "all passed")
    return 0


def test_environment(var: Path, services: Mapping[str, str]) -> dict[str, str]:
    """What every check and test sees: nothing of the demo's and nothing of the caller's settings."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("DJANGO_", "CELERY_"))
        and (
            not key.startswith("WAGEWATCH_")
            or key.startswith(("WAGEWATCH_PG_BIN", "WAGEWATCH_TEST_", "WAGEWATCH_REFRESH_"))
        )
    }
    return {
        **kept,
        **services,
        "WAGEWATCH_TEST": "1",
        "WAGEWATCH_VAR": os.fspath(var),
        "DJANGO_SETTINGS_MODULE": "wagewatch.settings",
        "PYTHONUTF8": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def checks() -> list[Check]:
    """In the order of the quickest answer."""
    python = sys.executable
    present = [app for app in APPS if (ROOT / app).is_dir()]
    return [
        Check("ruff check", (python, "-m", "ruff", "check", ".")),
        Check("ruff format", (python, "-m", "ruff", "format", "--check", ".")),
        Check(
            "import-linter", (python, "-c", "from importlinter.cli import lint_imports_command as run; run()")
        ),
        Check("makemigrations", (python, "manage.py", "makemigrations", "--check", "--dry-run")),
        Check("django check", (python, "manage.py", "check", "--fail-level", "WARNING")),
        Check("translations", (python, "manage.py", "translations", "--check")),
        Check("djlint", (python, "-m", "djlint", "templates", "--lint", "--quiet")),
        Check("mypy", (python, "-m", "mypy", *present)),
    ]


def run_checks(environment: Mapping[str, str], wanted: Sequence[Check]) -> list[str]:
    """Run them side by side as far as there are processors; returns the names of those that failed."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    waiting = list(wanted)
    running: list[tuple[Check, subprocess.Popen[bytes], float]] = []
    failed = []
    limit = max(1, min(4, os.cpu_count() or 1))
    outputs: dict[str, Path] = {}
    try:
        while waiting or running:
            while waiting and len(running) < limit:
                check = waiting.pop(0)
                outputs[check.name] = (
                    Path(environment["WAGEWATCH_VAR"]) / f"{check.name.replace(' ', '-')}.log"
                )
                with outputs[check.name].open("wb") as log:
                    child = spawn(check.argv, env=environment, cwd=ROOT, log=log)
                running.append((check, child, time.monotonic()))
            for entry in [entry for entry in running if entry[1].poll() is not None]:
                running.remove(entry)
                check, child, began = entry
                took = f"{time.monotonic() - began:.1f} s"
                if child.returncode == 0:
                    say(f"✓ {check.name} {took}")
                else:
                    failed.append(check.name)
                    say(f"✗ {check.name} {took}")
                    say(outputs[check.name].read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.05)
    finally:
        for _, child, _ in running:
            stop(child, ((signal.SIGTERM, 3.0),))
    return failed


def run_pytest(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Quick tests on several processors, then those that need the machine for themselves."""
    # The server is thrown away as a whole, so no database on it needs to be dropped.
    python = (sys.executable, "-m", "pytest", "--reuse-db")
    if arguments:
        return [] if pytest_passed([*python, *arguments], environment, may_be_empty=False) else ["pytest"]
    workers = str(max(2, min(8, os.cpu_count() or 2)))
    rounds = {
        "pytest": (
            *python,
            "-n",
            workers,
            "--dist",
            "loadfile",
            "--no-loadscope-reorder",  # else the few long tests of a file would come last, on one processor
            "-m",
            "not journey and not fault and not benchmark",
        ),
        "pytest (journeys, faults)": (*python, "-m", "journey or fault"),
    }
    return [name for name, command in rounds.items() if not pytest_passed(command, environment)]


def pytest_passed(
    command: Sequence[str], environment: Mapping[str, str], *, may_be_empty: bool = True
) -> bool:
    """Whether pytest passed, or found nothing to run (exit code 5) where that may be."""
    child = spawn(command, env=environment, cwd=ROOT)
    try:
        return child.wait() in ({0, 5} if may_be_empty else {0})
    except BaseException:
        stop(child, ((signal.SIGINT, 15.0), (signal.SIGTERM, 5.0)))
        raise


def browser_environment(var: Path) -> dict[str, str]:
    """Where Chromium is and a font configuration that knows Chinese. Raises Failure without a browser."""
    return {"WAGEWATCH_TEST_BROWSER": find_browser(), "FONTCONFIG_FILE": os.fspath(font_configuration(var))}


def find_browser() -> str:
    """Chromium or Chrome from the system; installed through apt where root may."""
    chosen = os.environ.get("WAGEWATCH_TEST_BROWSER")
    if chosen:
        return chosen
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("… 安装 Chromium", "installing Chromium")
        result = apt_install(["chromium"])
        found = shutil.which("chromium")
        if found:
            return found
        raise no_browser(result.stdout.decode("utf-8", "replace"))
    raise no_browser("")


def no_browser(detail: str) -> Failure:
    """What to do without one."""
    return Failure(
        "浏览器测试需要 Chromium：sudo apt-get install chromium，或设置 WAGEWATCH_TEST_BROWSER",
        "the browser tests need Chromium: sudo apt-get install chromium, or set WAGEWATCH_TEST_BROWSER",
        detail=detail,
    )


def font_configuration(var: Path) -> Path:
    """A fontconfig file with the system's fonts and the wheel with Chinese ones."""
    spec = importlib.util.find_spec("noto_cjk_sans_otc")
    folder = next(iter(spec.submodule_search_locations or [])) if spec else ""
    path = var / "fonts.conf"
    path.write_text(
        f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <dir>{folder}</dir>
  <cachedir>{var / "fontcache"}</cachedir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
  <alias><family>sans-serif</family><prefer><family>Noto Sans CJK SC</family></prefer></alias>
</fontconfig>
""",
        encoding="utf-8",
    )
    return path
