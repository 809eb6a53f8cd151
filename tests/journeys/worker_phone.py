"""A worker's phone in Chromium over the test's own database: sign-in by code, network on and off."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payroll.models import PaySheet, PaySlip
from registration.models import LoginCode, SmsMessage, Worker
from registration.services import parameters
from tests.cast import Cast, build_cast
from tests.journeys.walker import PHONE
from tests.payroll import stage
from wagewatch.lib.crypto import blind_index

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SECONDS = 20


@dataclass
class Site:
    """Sun's October slip waits for an answer; a server answers for it."""

    url: str
    cast: Cast
    sheet: PaySheet

    def slip(self, worker: Worker | None = None) -> PaySlip:
        """Today's state of a slip of October."""
        return stage.slip_of(self.sheet, worker or self.cast.sun)


def build_site(url: str) -> Site:
    """The cast with an October sheet that was sent to the workers."""
    cast = build_cast()
    parameters.forget()
    return Site(url, cast, stage.submit(cast, stage.make_sheet(cast)))


@contextmanager
def phone(
    browser: "Browser", url: str, *, language: str = "zh-hans", csp: bool = True, **more: object
) -> Iterator["Page"]:
    """A phone; what goes wrong in its scripts fails the test at the end."""
    context: BrowserContext = browser.new_context(
        base_url=url,
        viewport=PHONE,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        has_touch=True,
        bypass_csp=not csp,
        **more,  # type: ignore[arg-type]
    )
    context.set_default_timeout(SECONDS * 1000)
    context.add_cookies([{"name": "django_language", "value": language, "url": url}])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None,
    )
    try:
        yield page
    finally:
        context.close()
    assert errors == []


def sign_in(page: "Page", number: str) -> None:
    """Phone number, then the code of the newest message to it; nobody has asked for a code before."""
    LoginCode.objects.all().delete()
    page.goto("/accounts/worker/")
    page.fill("input[name=phone]", number)
    page.locator("form button.go").click()
    page.wait_for_load_state()
    assert page.url.endswith("/accounts/worker/code/"), page.inner_text("body")
    newest = SmsMessage.objects.filter(phone_index=blind_index(number, kind="phone")).order_by("-pk")[0]
    code = re.search(r"\d{6}", str(newest.text))
    assert code
    page.fill("input[name=code]", code[0])
    page.locator("form button.go").click()
    page.wait_for_url(re.compile(r"^https?://[^/]+(?!/accounts/)/"))


KEPT = """async (path) => {
  for (const name of await caches.keys()) {
    if (!name.startsWith("pages-")) continue;
    if (await (await caches.open(name)).match(path, {ignoreVary: true})) return true;
  }
  return false;
}"""


def ready(page: "Page", *paths: str) -> None:
    """Wait until the service worker rules the page and keeps these addresses."""
    rules = "() => Boolean(navigator.serviceWorker && navigator.serviceWorker.controller)"
    until(page, lambda: bool(page.evaluate(rules)), "the service worker rules the page")
    for path in paths:
        until(page, lambda path=path: bool(page.evaluate(KEPT, path)), f"{path} is kept")  # type: ignore[misc]


def until(page: "Page", done: Callable[[], bool], what: str) -> None:
    """Wait for something, in the database or on the phone."""
    for _time in range(SECONDS * 5):
        if done():
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"not within {SECONDS} s: {what}")
