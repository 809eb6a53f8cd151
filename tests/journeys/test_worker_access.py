"""Every page of the worker's end for every eye and every network: axe, width, large text, weight, speed."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from registration.services.seeding import seed_bulletins
from tests.journeys.walker import AXE, PICTURES, sideways
from tests.journeys.worker_phone import Site, build_site, phone, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.journey
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LARGEST_BYTES = 60_000
LONGEST_SECONDS = 2.0
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""400 kbit/s each way, 400 ms a round trip: the usual "slow 3G" of measuring tools."""


@pytest.fixture
def site(transactional_db: None, live_server) -> Site:
    site = build_site(live_server.url)
    seed_bulletins()
    PICTURES.mkdir(parents=True, exist_ok=True)
    return site


def pages(site: Site) -> dict[str, str]:
    """Name to address: signed in, and for everybody."""
    slip, posting = f"/my/pay/{site.slip().reference}/", site.cast.sun_posting
    work = f"/my/work/{posting.project_id}/{posting.pk}/"
    return {
        "pay": "/my/pay/", "slip": slip, "confirm": slip + "confirm/", "object": slip + "object/",
        "days": "/me/days/", "contract": "/contract/", "me": "/me/", "phones": "/me/phones/",
        "trainings": "/me/trainings/", "history": "/my/history/", "work": work, "leave": work + "leave/",
        "wrong": work + "wrong/", "not-me": work + "not-me/", "help": "/help/", "how": "/help/how/confirm/",
        "complain": "/complain/", "follow": "/complain/follow/", "offline": "/my/offline/",
        "verify": "/verify/",
    }  # fmt: skip


def faults(page: "Page") -> list[list[str]]:
    """What axe finds against WCAG 2.2 AA and good practice."""
    page.evaluate(AXE)
    found: list[list[str]] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations'], preload: false})"
        ".then(r => r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 160)]))",
        WCAG,
    )
    return found


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_clean_narrow_and_large(browser: "Browser", site: Site, language: str) -> None:
    unclean: dict[str, Any] = {}
    wide: dict[tuple[str, str], int] = {}
    with phone(browser, site.url, language=language, csp=False, service_workers="block") as page:
        sign_in(page, site.cast.sun_phone)
        for name, path in pages(site).items():
            answer = page.goto(path)
            assert answer
            assert answer.status == 200, path
            # As tall as the page: what the fixed bar covers now is reached by scrolling and is no fault.
            tall = page.evaluate("document.documentElement.scrollHeight") + 300
            page.set_viewport_size({"width": 375, "height": tall})
            if found := faults(page):
                unclean[name] = found
            page.set_viewport_size({"width": 375, "height": 812})
            page.screenshot(path=str(PICTURES / f"worker-{language}-{name}.png"), full_page=True)
            page.set_viewport_size({"width": 320, "height": 640})
            if (pixels := sideways(page)) > 0:
                wide[name, "320"] = pixels
        fonts = {"fontSizes": {"standard": 32, "fixed": 26}}
        page.context.new_cdp_session(page).send("Page.setFontSizes", fonts)
        for name, path in pages(site).items():
            page.goto(path)
            if (pixels := sideways(page)) > 0:
                wide[name, "320 at 200 %"] = pixels
    assert unclean == {}
    assert wide == {}


def test_the_first_view_is_light_and_fast_on_a_slow_network(
    browser: "Browser", site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = []
    for name in ("pay", "slip", "confirm", "object", "help"):
        with phone(browser, site.url) as page:
            sign_in(page, site.cast.sun_phone)
            page.evaluate(
                """async () => {
                  for (const name of await caches.keys()) await caches.delete(name);
                  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
                }"""
            )
            link = page.context.new_cdp_session(page)
            link.send("Network.enable")
            link.send("Network.clearBrowserCache")
            got: dict[str, float] = {}
            first: list[str] = []
            link.on(
                "Network.loadingFinished",
                lambda e, got=got: got.update({e["requestId"]: e["encodedDataLength"]}),
            )  # type: ignore[misc]
            link.on("Network.requestWillBeSent", lambda e, first=first: first.append(e["requestId"]))  # type: ignore[misc]
            link.send("Network.emulateNetworkConditions", SLOW_3G)
            started = time.monotonic()
            page.goto(pages(site)[name], wait_until="domcontentloaded")
            seconds = time.monotonic() - started
            needed = list(first)
            page.wait_for_timeout(300)
            weight = sum(got.get(one, 0) for one in needed)
            figures.append((name, int(weight), round(seconds, 2)))
    with capsys.disabled():
        for name, weight, seconds in figures:
            print(
                f"\n  worker page {name:8} {weight:6} bytes first view, usable after {seconds} s on slow 3G",
                end="",
            )
    assert [f for f in figures if f[1] >= LARGEST_BYTES] == []
    assert [f for f in figures if f[2] >= LONGEST_SECONDS] == []
