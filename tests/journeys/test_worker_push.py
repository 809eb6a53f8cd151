"""A notice on the worker's phone: shown by the service worker, reported as shown, and its words name nobody."""

import json
from typing import TYPE_CHECKING

import pytest
from django.core import signing
from django.utils import timezone

from registration.models import SmsMessage
from registration.services.messages import queue_sms
from registration.services.pushes import SALT
from tests.journeys.worker_phone import Site, build_site, phone, ready, sign_in, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.journey
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map((one) => [one.title, one.body, one.data.url]);
}"""


@pytest.fixture
def site(transactional_db: None, live_server) -> Site:
    return build_site(live_server.url)


def test_a_notice_is_shown_and_reported_so_that_no_text_message_follows(
    browser: "Browser", site: Site
) -> None:
    message = queue_sms(
        site.cast.sun_phone, "您的工资单到了，请查看。", kind="slip_ready", now=timezone.now()
    )
    assert message
    SmsMessage.objects.filter(pk=message.pk).update(state="pushed", pushed_at=timezone.now())
    with phone(browser, site.url) as page:
        page.context.grant_permissions(["notifications"])
        sign_in(page, site.cast.sun_phone)
        ready(page, "/my/pay/")
        link = page.context.new_cdp_session(page)
        numbers: list[str] = []
        link.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda e: numbers.extend(one["registrationId"] for one in e["registrations"]),
        )
        link.send("ServiceWorker.enable")
        until(page, lambda: bool(numbers), "the service worker has a number")
        notice = {
            "title": "薪安",
            "body": str(message.text),
            "url": "/my/pay/",
            "shown": signing.dumps(message.pk, salt=SALT),
        }
        link.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": site.url, "registrationId": numbers[-1], "data": json.dumps(notice)},
        )
        until(page, lambda: bool(page.evaluate(SHOWN)), "the notice is shown")
        assert page.evaluate(SHOWN) == [["薪安", "您的工资单到了，请查看。", "/my/pay/"]]
        until(
            page, lambda: SmsMessage.objects.get(pk=message.pk).state == "sent", "the phone has reported it"
        )


def test_notices_can_be_switched_on_only_by_the_persons_own_hand(browser: "Browser", site: Site) -> None:
    with phone(browser, site.url) as page:
        sign_in(page, site.cast.sun_phone)
        ready(page, "/my/pay/")
        page.goto("/me/phones/")
        page.locator("[data-push-start]").wait_for()
        assert page.evaluate("Notification.permission") == "default"
        assert not page.locator("[data-push-stop]").is_visible()
