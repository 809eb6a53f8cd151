"""Fixtures that every test may use: a real database, a real Redis, a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.cast import cast  # noqa: F401
from tests.journeys.stage import _stack, stack  # noqa: F401

if TYPE_CHECKING:
    import redis
    from playwright.sync_api import Browser, BrowserContext, Page

# How long a draw takes says how busy the machine is, not how good a test: on shared processors both checks fail at times.
hypothesis.settings.register_profile(
    "wagewatch", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("wagewatch")

# Playwright's synchronous API runs an event loop in this thread; Django would refuse to touch the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

ROOT = Path(__file__).resolve().parent.parent
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder with manage.py."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _own_redis_database() -> None:
    """Each xdist worker its own queue and cache numbers, so that tests do not see each other's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        return
    from django.conf import settings
    from django.core.cache import caches

    settings.CACHES["default"]["KEY_PREFIX"] += worker
    # Whoever clears the cache empties a whole database: not that of another worker.
    number = 10 + int(worker.removeprefix("gw")) % 6
    cache = settings.CACHES["default"]
    cache["LOCATION"] = re.sub(r"db=\d+|/\d+$", lambda found: f"{found[0][:-1]}{number}", cache["LOCATION"])
    # Starting Django may have opened the cache already, where all workers' was.
    if any(caches.all(initialized_only=True)):
        del caches["default"]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Each test begins as a process does, whatever ran in it before: no figure of another test's place is known."""
    from registration.services import parameters

    parameters.forget()


@pytest.fixture
def remembered_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered for a minute stays: on a busy machine the minute would be over between the visit that fills
    and the one that is counted."""
    from inspection import firm_counts
    from inspection.services import notices
    from registration.services import parameters

    monkeypatch.setattr(parameters, "SECONDS_KEPT", float("inf"))
    for counted in (firm_counts, notices):
        monkeypatch.setattr(counted, "SECONDS_KEPT", None)


@pytest.fixture
def redis_client() -> Iterator[redis.Redis]:
    """The real server behind the queue, database 9, emptied before and after."""
    import redis
    from django.conf import settings

    client = redis.Redis.from_url(settings.REDIS_URL.replace("db=0", "db=9"))
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def clean_cache() -> Iterator[None]:
    """An empty cache before and after."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session; the system's, since no browser is downloaded."""
    import shutil

    from playwright.sync_api import sync_playwright

    path = (
        os.environ.get("WAGEWATCH_TEST_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if not path:
        pytest.fail("no Chromium: set WAGEWATCH_TEST_BROWSER or run through manage.py test")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            # --no-sandbox: Chromium has none as root, and these pages are our own.
            args=["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`new_page(PHONE)` opens a page with a viewport, in Chinese, and fails the test on any script error."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(
        viewport: dict[str, int] = DESKTOP, *, java_script_enabled: bool = True, locale: str = "zh-CN"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": viewport["width"], "height": viewport["height"]},
            locale=locale,
            timezone_id="Asia/Shanghai",
            java_script_enabled=java_script_enabled,
            has_touch=viewport["width"] < 600,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == [], "errors in the browser"


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A desktop page."""
    return new_page(DESKTOP)


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A phone-width page."""
    return new_page(PHONE)
