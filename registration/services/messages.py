"""Text messages: written in the transaction of their cause, sent afterwards, never twice for one key.

The text never holds a name, a number or an amount: a phone may be in other hands.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.conf import settings
from django.db import transaction

from registration.models import SmsMessage
from registration.services import pushes
from wagewatch.lib.crypto import blind_index

log = structlog.get_logger(__name__)
MAX_TRIES = 5
AWAITED = ("login_code", "tablet_code")
"""Codes for which somebody stands and waits: they overtake notices to thousands."""
KEPT_FOR = timedelta(days=30)


class SmsGateway(Protocol):
    """What a gateway must do: deliver one text, or raise OSError so that it is tried again."""

    def send(self, phone: str, text: str, reference: str) -> None: ...


class OutboxGateway:
    """The demo's gateway: a message counts as sent and shows on the outbox page."""

    def send(self, phone: str, text: str, reference: str) -> None:
        log.info("sms.outbox", reference=reference)


class HttpGateway:
    """POSTs {phone, text, reference} as JSON with a bearer key; the reference makes a repeat harmless."""

    def send(self, phone: str, text: str, reference: str) -> None:
        request = urllib.request.Request(  # noqa: S310 the address is the operator's own setting
            settings.WAGEWATCH_SMS_URL,
            data=json.dumps({"phone": phone, "text": text, "reference": reference}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.WAGEWATCH_SMS_KEY}",
            },
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            if response.status >= 300:
                raise urllib.error.URLError(f"gateway answered {response.status}")


def gateway() -> SmsGateway:
    """The gateway named by WAGEWATCH_SMS_GATEWAY."""
    return HttpGateway() if settings.WAGEWATCH_SMS_GATEWAY == "http" else OutboxGateway()


def queue_sms(
    phone: str, text: str, *, kind: str, now: datetime, dedupe_key: str | None = None
) -> SmsMessage | None:
    """Queue one message; None if `dedupe_key` was used before (a reminder goes out once)."""
    fields = {
        "phone": phone,
        "phone_index": blind_index(phone, kind="phone"),
        "text": text,
        "kind": kind,
        "created_at": now,
    }
    if dedupe_key is None:
        return SmsMessage.objects.create(**fields)
    message, is_new = SmsMessage.objects.get_or_create(dedupe_key=dedupe_key, defaults=fields)
    return message if is_new else None


def queue_many(messages: list[tuple[str, str, str]], *, kind: str, now: datetime) -> int:
    """Queue (phone, text, dedupe key) in one insert; keys used before are passed over. How many are new."""
    used = set(
        SmsMessage.objects.filter(dedupe_key__in=[key for _phone, _text, key in messages]).values_list(
            "dedupe_key", flat=True
        )
    )
    messages = [one for one in messages if one[2] not in used]
    SmsMessage.objects.bulk_create(
        [
            SmsMessage(
                phone=phone,
                phone_index=blind_index(phone, kind="phone"),
                text=text,
                kind=kind,
                created_at=now,
                dedupe_key=key,
            )
            for phone, text, key in messages
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    return len(messages)


def send_waiting(*, now: datetime, limit: int = 200, go_on: Callable[[], bool] = lambda: True) -> int:
    """Hand waiting messages to the phone's notices or to the gateway, one transaction each; how many went out.

    Codes first. Ends after `limit` messages or when `go_on` says so: notices to a whole site must not keep the
    worker process from banks and alarms.
    """
    pushes.text_what_was_not_shown(now=now)
    sent = 0
    carrier = gateway()
    for _attempt in range(limit):
        if not go_on():
            break
        with transaction.atomic():
            message = _next_waiting()
            if message is None:
                break
            if pushes.try_push(message, now=now):
                message.state, message.pushed_at = SmsMessage.State.PUSHED, now
                message.save(update_fields=["state", "pushed_at"])
                sent += 1
                continue
            message.tries += 1
            try:
                carrier.send(str(message.phone), str(message.text), f"sms-{message.pk}")
            except OSError as error:
                log.warning("sms.not_sent", id=message.pk, tries=message.tries, error=type(error).__name__)
                if message.tries >= MAX_TRIES:
                    message.state = SmsMessage.State.FAILED
                message.save(update_fields=["tries", "state"])
                if message.state == SmsMessage.State.WAITING:
                    break
                continue
            message.state, message.sent_at = SmsMessage.State.SENT, now
            message.save(update_fields=["tries", "state", "sent_at"])
            sent += 1
    return sent


def _next_waiting() -> SmsMessage | None:
    waiting = SmsMessage.objects.select_for_update(skip_locked=True).filter(state=SmsMessage.State.WAITING)
    codes = waiting.filter(kind__in=AWAITED).order_by("tries", "created_at")
    return codes.first() or waiting.order_by("tries", "created_at").first()
