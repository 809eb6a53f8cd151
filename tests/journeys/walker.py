"""What people do with a browser on these journeys: sign in, draw, take pictures of what they saw."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import axe_playwright_python
import pytest

from tests.journeys.people import PASSWORD
from tests.journeys.stage import ROOT, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

DESKTOP = {"width": 1440, "height": 900}
TABLET = {"width": 768, "height": 1024}
PHONE = {"width": 375, "height": 812}
AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
PICTURES = ROOT / "var" / "journeys"
SECONDS = 30


class Album:
    """Screenshots in the order they were taken; outside of version control."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        PICTURES.mkdir(parents=True, exist_ok=True)
        for old in PICTURES.glob(f"{name}-*.png"):
            old.unlink()

    def take(self, page: "Page", what: str) -> None:
        """The whole page as it looks now."""
        self.count += 1
        page.screenshot(path=os.fspath(PICTURES / f"{self.name}-{self.count:02d}-{what}.png"), full_page=True)


class House:
    """One browser, a room for each person: contexts of their own, with script errors kept for the end."""

    def __init__(self, browser: "Browser", url: str) -> None:
        self.browser, self.url = browser, url
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def room(self, viewport: dict[str, int], *, language: str = "zh-hans", csp: bool = True) -> "Page":
        """A fresh page. Without `csp`, axe may be put into it."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": viewport["width"], "height": viewport["height"]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=viewport["width"] < 600,
            accept_downloads=True,
            bypass_csp=not csp,
        )
        context.set_default_timeout(SECONDS * 1000)
        context.add_cookies([{"name": "django_language", "value": language, "url": self.url}])
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.errors.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.on(
            "response",
            lambda answer: (
                self.errors.append(f"{answer.status} {answer.url}")
                if answer.status >= 500 and "readyz" not in answer.url
                else None
            ),
        )
        return page

    def close(self) -> None:
        """Everybody leaves."""
        for context in self.contexts:
            context.close()


def sign_in(page: "Page", username: str) -> "Page":
    """Staff: user name and password."""
    page.goto("/accounts/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button.go, form button.go").first.click()
    page.wait_for_url(re.compile(r"^https?://[^/]+(?!/accounts/)/"))
    return page


def sign_in_worker(page: "Page", phone: str) -> "Page":
    """A worker: phone number, then the code from the outbox page of the demonstration."""
    page.goto("/accounts/worker/")
    page.fill("input[name=phone]", phone)
    page.locator("form button.go").click()
    page.wait_for_url("**/accounts/worker/code/")
    outbox = page.context.new_page()
    outbox.goto("/accounts/outbox/")
    code = re.search(r"(?<!\d)(\d{6})(?!\d)", outbox.locator("main, body").first.inner_text())
    outbox.close()
    assert code, "no code in the outbox"
    page.fill("input[name=code]", code[1])
    page.locator("form button.go").click()
    page.wait_for_url(re.compile(r"^https?://[^/]+(?!/accounts/)/"))
    return page


def draw_name(page: "Page") -> None:
    """Write something like a name on the signature field with the mouse."""
    canvas = page.locator("[data-sign] canvas")
    canvas.scroll_into_view_if_needed()
    # The buttons at the bottom of a phone's screen lie over the page: bring the field to the middle.
    canvas.evaluate("e => e.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    assert box
    for stroke in range(3):
        x, y = box["x"] + 30 + stroke * 70, box["y"] + 20
        page.mouse.move(x, y)
        page.mouse.down()
        for dx, dy in ((40, 10), (10, 40), (50, 55), (20, 70)):
            page.mouse.move(x + dx, y + dy, steps=4)
        page.mouse.up()


def shown(page: "Page", what: str, seconds: int = SECONDS) -> "Locator":
    """An element with this text becomes visible."""
    found = page.get_by_text(what).first
    found.wait_for(state="visible", timeout=seconds * 1000)
    return found


def reload_until(page: "Page", done: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Look again until it is so, as somebody waiting for the bank does."""

    def look() -> bool:
        page.reload()
        return done()

    try:
        wait_for(what, lambda: done() or look(), seconds, 0.5)
    except pytest.fail.Exception:
        pytest.fail(
            f"after {seconds:.0f} s still not so: {what}; the page says:\n{page.inner_text('body')[:3000]}"
        )


def sideways(page: "Page") -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def axe(page: "Page") -> list[list[str]]:
    """Rule and element of every violation that axe finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[list[str]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], preload: false})"
        ".then(r => r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)]))"
    )
    return found
