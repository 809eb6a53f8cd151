"""The worker's phone without network: pages stay, an answer waits and arrives once, another person sees nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.models import Session

from payroll.models import Signature, Submission
from tests.journeys.walker import draw_name
from tests.journeys.worker_phone import Site, build_site, phone, ready, sign_in, until
from wagewatch.evidence.models import Entry

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.journey


@pytest.fixture
def site(transactional_db: None, live_server) -> Site:
    return build_site(live_server.url)


@pytest.fixture
def sun(browser: "Browser", site: Site) -> Iterator["Page"]:
    with phone(browser, site.url) as page:
        sign_in(page, site.cast.sun_phone)
        yield page


def paths(site: Site) -> tuple[str, str, str]:
    slip = f"/my/pay/{site.slip().reference}/"
    return "/my/pay/", slip, slip + "confirm/"


def kept_text(page: "Page") -> str:
    """All that the phone's stores hold about anybody, as one text."""
    found: str = page.evaluate(
        """async () => {
          const texts = [];
          for (const name of await caches.keys()) {
            if (!name.startsWith("pages-")) continue;
            const cache = await caches.open(name);
            for (const request of await cache.keys()) texts.push(await (await cache.match(request)).text());
          }
          return texts.join("\\n");
        }"""
    )
    return found


def test_pages_open_without_network_and_say_how_old_they_are(sun: "Page", site: Site) -> None:
    pay, slip, _confirm = paths(site)
    ready(sun, pay, slip, "/me/days/", "/contract/", "/me/")
    sun.context.set_offline(True)
    for path in (pay, slip, "/me/days/", "/contract/", "/me/"):
        sun.goto(path)
        assert sun.locator("html[data-kept] .w-kept").is_visible(), path
        assert "没有网络" in sun.inner_text(".w-kept")
    sun.goto(pay)
    assert "7,920.00" in sun.inner_text("main")
    sun.goto("/my/history/")
    assert "手机没有网络" in sun.inner_text("main")
    assert site.cast.sun.name not in sun.inner_text("body")
    sun.context.set_offline(False)
    sun.goto(pay)
    assert sun.locator("html[data-kept]").count() == 0


def test_a_yes_without_network_is_kept_and_sent_once(sun: "Page", site: Site) -> None:
    pay, slip, confirm = paths(site)
    ready(sun, pay, slip, confirm)
    sun.context.set_offline(True)
    sun.goto(confirm)
    draw_name(sun)
    sun.locator("button.go").click()
    sun.wait_for_url("**/my/pay/")
    waiting = sun.locator("[data-queue-list] .msg.yellow")
    waiting.wait_for()
    assert "有网络" in waiting.inner_text()
    assert not sun.locator("[data-slip]").first.is_visible(), "no second answer is asked for"
    sun.reload()
    sun.locator("[data-queue-list] .msg.yellow").wait_for()
    assert site.slip().confirmation == "waiting"
    sun.context.set_offline(False)
    until(sun, lambda: site.slip().confirmation == "confirmed", "the kept answer has arrived")
    sun.locator("[data-queue-list] .msg.done").wait_for()
    assert Signature.objects.count() == Submission.objects.count() == 1
    sun.reload()
    sun.locator("[data-queue-list] .msg.done a").click()
    sun.wait_for_url("**/receipt/")
    assert "您已确认" in sun.inner_text("main")
    assert Entry.objects.filter(kind="slip.confirmed").count() == 1


def test_an_answer_that_comes_too_late_is_told_with_its_reason(sun: "Page", site: Site) -> None:
    pay, slip, confirm = paths(site)
    ready(sun, pay, slip, confirm)
    sun.context.set_offline(True)
    sun.goto(confirm)
    draw_name(sun)
    sun.locator("button.go").click()
    sun.wait_for_url("**/my/pay/")
    sun.locator("[data-queue-list] .msg.yellow").wait_for()
    changed = site.slip()
    changed.version = 2
    changed.save(update_fields=["version"])
    sun.context.set_offline(False)
    refused = sun.locator("[data-queue-list] .msg.red")
    refused.wait_for()
    assert "改过" in refused.inner_text() or "更正" in refused.inner_text()
    assert site.slip().confirmation == "waiting"
    refused.locator("[data-queue-away]").click()
    assert sun.locator("[data-slip]").first.is_visible(), "the slip waits for a new answer"


def test_another_person_on_the_phone_finds_nothing_of_the_first(sun: "Page", site: Site) -> None:
    pay, slip, confirm = paths(site)
    ready(sun, pay, slip, confirm)
    assert site.cast.sun.name in kept_text(sun)
    sun.goto("/me/")
    sun.locator("form[data-leave] button").click()
    sun.wait_for_url("**/accounts/worker/")
    assert kept_text(sun) == ""
    sun.context.set_offline(True)
    sun.goto(pay)
    assert site.cast.sun.name not in sun.inner_text("body")
    sun.context.set_offline(False)
    sign_in(sun, site.cast.zhou_phone)
    ready(sun, pay)
    assert site.cast.sun.name not in kept_text(sun)
    assert site.cast.zhou.name in kept_text(sun)
    sun.context.set_offline(True)
    sun.goto(slip)
    assert "7,920.00" not in sun.inner_text("body")


def test_a_kept_answer_of_one_person_is_not_sent_in_the_name_of_another(sun: "Page", site: Site) -> None:
    pay, slip, confirm = paths(site)
    ready(sun, pay, slip, confirm)
    sun.context.set_offline(True)
    sun.goto(confirm)
    draw_name(sun)
    sun.locator("button.go").click()
    sun.wait_for_url("**/my/pay/")
    sun.locator("[data-queue-list] .msg.yellow").wait_for()
    Session.objects.all().delete()  # the session is gone before the network comes back
    sun.context.set_offline(False)
    sign_in(sun, site.cast.zhou_phone)
    ready(sun, pay)
    assert sun.locator("[data-queue-list] .msg").count() == 0
    assert not Submission.objects.exists()
    Session.objects.all().delete()
    sign_in(sun, site.cast.sun_phone)
    until(sun, lambda: site.slip().confirmation == "confirmed", "Sun's own answer has arrived")
    assert Submission.objects.get().worker_id == site.cast.sun.pk


def test_pages_of_a_session_that_ended_are_deleted_at_the_sign_in_page(sun: "Page", site: Site) -> None:
    pay, slip, _confirm = paths(site)
    ready(sun, pay, slip)
    Session.objects.all().delete()
    sun.goto(pay)
    sun.wait_for_url("**/accounts/worker/**")
    assert kept_text(sun) == ""


def test_signing_out_without_network_takes_the_pages_off_the_phone(sun: "Page", site: Site) -> None:
    pay, slip, _confirm = paths(site)
    ready(sun, pay, slip, "/me/")
    sun.context.set_offline(True)
    sun.goto("/me/")
    sun.locator("form[data-leave] button").click()
    sun.locator("[data-leave-offline]").wait_for()
    assert kept_text(sun) == ""
