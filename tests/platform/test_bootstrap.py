"""The first start says what is wrong in words, and installs nothing that is not locked."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wagewatch import bootstrap
from wagewatch.console import Failure


@pytest.mark.parametrize(
    ("said", "english"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "WARNING: Retrying ... NewConnectionError('<pip...>: Failed to establish a new connection')",
            "network",
        ),
        ("ERROR: Could not find a version that satisfies the requirement django==5.2.19", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "locked hash"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '.venv'",
            "no permission",
        ),
        ("something new", "installing the packages failed"),
    ],
)
def test_says_why_the_packages_did_not_install(said: str, english: str) -> None:
    failure = bootstrap.explain(said)
    assert english in failure.english
    assert said in failure.detail
    assert re.search(r"[\u4e00-\u9fff]", failure.chinese)


def test_the_marker_follows_the_lock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "base.txt"
    lock.write_text("a==1\n")
    monkeypatch.setattr(bootstrap, "LOCKS", {"base": lock, "dev": lock})
    assert not bootstrap.installed("base", tmp_path)
    (tmp_path / "wagewatch-base.installed").write_text(bootstrap.fingerprint(lock))
    assert bootstrap.installed("base", tmp_path)
    assert not bootstrap.installed("dev", tmp_path)
    lock.write_text("a==2\n")
    assert not bootstrap.installed("base", tmp_path)


def test_the_larger_environment_serves_the_demo_too(tmp_path: Path) -> None:
    (tmp_path / "wagewatch-dev.installed").write_text(bootstrap.fingerprint(bootstrap.LOCKS["dev"]))
    assert bootstrap.installed("base", tmp_path)


def test_manage_py_can_be_read_by_an_old_python(root: Path) -> None:
    source = (root / "manage.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "annotations" not in source


def test_an_old_python_is_told_what_to_do(root: Path) -> None:
    script = f"""
import runpy, sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = ["manage.py", "demo"]
import shutil
shutil.which = lambda name: None
runpy.run_path({str(root / "manage.py")!r}, run_name="__main__")
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=False
    )
    assert result.returncode == 2
    assert "Python 3.9 is too old" in result.stderr
    assert "版本过低" in result.stderr


def test_a_python_without_ensurepip_is_told_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(Failure) as caught:
        bootstrap._make_venv()
    assert f"python{sys.version_info[0]}.{sys.version_info[1]}-venv" in caught.value.english


def test_no_network_is_said_and_no_marker_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pip, pointed at a port where nobody listens."""
    lock = tmp_path / "base.txt"
    lock.write_text("nothing-of-this-name==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(bootstrap, "LOCKS", {"base": lock, "dev": lock})
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    for name in [name for name in os.environ if name.upper().startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    bootstrap._make_venv()
    with pytest.raises(Failure) as caught:
        bootstrap._install("base")
    assert "could not be downloaded" in caught.value.english
    assert not (tmp_path / ".venv" / "wagewatch-base.installed").exists()


def test_an_unwritable_checkout_is_named(tmp_path: Path) -> None:
    failure = bootstrap.unwritable(tmp_path, PermissionError(13, "Permission denied"))
    assert str(tmp_path) in failure.english
    assert "disk is full" in bootstrap.unwritable(tmp_path, OSError(28, "No space left on device")).english


@pytest.mark.parametrize("name", ["base", "dev"])
def test_lock_files_carry_hashes_and_no_address(root: Path, name: str) -> None:
    text = (root / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*$", text, re.MULTILINE)
    blocks = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64})", text, re.MULTILINE)
    assert len(pins) == len(blocks) > 30


def test_both_lock_files_agree(root: Path) -> None:
    def pins(name: str) -> dict[str, str]:
        text = (root / "requirements" / f"{name}.txt").read_text()
        return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", text, re.MULTILINE))

    base, dev = pins("base"), pins("dev")
    assert {name: dev.get(name) for name in base} == base


def test_pyproject_and_requirements_name_the_same_packages(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))

    def listed(name: str) -> list[str]:
        lines = (root / "requirements" / f"{name}.in").read_text().splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "-r"))]

    assert project["project"]["dependencies"] == listed("base")
    assert project["dependency-groups"]["dev"] == listed("dev")


def test_no_second_postgresql_driver(root: Path) -> None:
    """Beside psycopg 3, Django would silently leave psycopg2."""
    for name in ("base", "dev"):
        text = (root / "requirements" / f"{name}.txt").read_text()
        assert not re.search(r"^psycopg(\[|==)", text, re.MULTILINE)
