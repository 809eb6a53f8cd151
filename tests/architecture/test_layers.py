"""What may know what: held by import-linter for imports, here for foreign keys and for pure rules."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ORDER = ["wagewatch", "evidence", "registration", "devices", "payroll", "inspection"]  # lower first
PACKAGES = ["wagewatch", "registration", "devices", "payroll", "inspection"]


def test_import_contracts_hold(root: Path) -> None:
    command = "from importlinter.cli import lint_imports_command as run; run()"
    result = subprocess.run(
        [sys.executable, "-c", command], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_no_foreign_key_points_upward() -> None:
    """import-linter cannot see a foreign key named by a string."""
    upward = []
    for model in apps.get_models():
        label = model._meta.app_label
        if label not in ORDER:
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if target is None or not getattr(field, "concrete", False) or isinstance(target, str):
                continue
            above = target._meta.app_label
            if above in ORDER and ORDER.index(above) > ORDER.index(label):
                upward.append(f"{label}.{model.__name__}.{field.name} -> {above}")
    assert upward == []


def rules_modules() -> list[Path]:
    root = Path(__file__).resolve().parents[2]
    found: list[Path] = []
    for package in PACKAGES:
        found += (root / package).rglob("rules.py")
        found += (root / package).rglob("rules/*.py")
    return sorted(path for path in found if not {"alarms", "services"} & set(path.parts))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("path", rules_modules(), ids=lambda path: "/".join(path.parts[-3:]))
def test_rules_know_no_database_and_no_clock(path: Path) -> None:
    names = imported(path)
    assert not {
        name for name in names if name.startswith(("django.db", "django.utils.timezone", "django.core.cache"))
    }
    assert not {name for name in names if ".models" in name}
    assert ".now(" not in path.read_text(encoding="utf-8")


def modules() -> list[Path]:
    root = Path(__file__).resolve().parents[2]
    return [
        path
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    ]


def test_no_module_is_longer_than_600_lines() -> None:
    long = {
        str(path): n for path in modules() if (n := len(path.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert long == {}


def test_the_median_module_is_short() -> None:
    lengths = sorted(n for path in modules() if (n := len(path.read_text(encoding="utf-8").splitlines())) > 3)
    assert lengths[len(lengths) // 2] <= 125


def test_templates_carry_no_inline_script_or_style(root: Path) -> None:
    """The content security policy would block them, silently for the author."""
    import re

    pattern = re.compile(
        r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE
    )
    bad = [
        f"{path.relative_to(root)}:{number}"
        for path in sorted((root / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert bad == []
