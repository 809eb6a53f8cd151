"""The browser of the journeys: it starts, and it has Chinese letters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from wagewatch import testrun
from wagewatch.console import Failure


@pytest.mark.journey
def test_chinese_letters_are_letters_and_not_boxes(page: Page) -> None:
    page.set_content('<body style="margin:0"><b id="a">薪</b><br><b id="b">安</b></body>')
    pictures = [page.locator(f"#{name}").screenshot() for name in ("a", "b")]
    assert pictures[0] != pictures[1]


@pytest.mark.journey
def test_a_field_that_is_full_says_so_and_a_code_does_not(page: Page, root: Path) -> None:
    script = (root / "static/js/limit.js").read_text(encoding="utf-8")
    fields = '<textarea maxlength="30" id="long"></textarea><input maxlength="6" id="code">'
    page.set_content(f'<body>{fields}<script data-words="at most {{n}}">{script}</script></body>')
    long, note = page.locator("#long"), page.locator("[data-limit]")
    page.locator("#code").fill("123456")
    long.fill("x" * 29)
    assert note.count() == 0
    long.press("x")
    long.press("y")
    assert note.text_content() == "at most 30"
    assert note.count() == 1
    long.press("Backspace")
    assert note.count() == 0


def test_no_browser_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAGEWATCH_TEST_BROWSER", raising=False)
    monkeypatch.setattr(testrun.shutil, "which", lambda name: None)
    with pytest.raises(Failure) as caught:
        testrun.find_browser()
    assert "WAGEWATCH_TEST_BROWSER" in caught.value.english


def test_tests_see_nothing_of_the_callers_settings(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("WAGEWATCH_DEMO", "1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/")
    environment = testrun.test_environment(tmp_path, {"DATABASE_URL": "postgresql:///throwaway"})
    assert "WAGEWATCH_DEMO" not in environment
    assert environment["DATABASE_URL"] == "postgresql:///throwaway"
    assert environment["WAGEWATCH_TEST"] == "1"
    assert os.environ["WAGEWATCH_DEMO"] == "1"
