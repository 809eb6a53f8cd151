"""Notices on the worker's own phone by web push: switched on there, sent instead of a text message, seen or not.

A notice holds what the text message would: no name, number or amount. It is sealed for the browser, so that the
push service cannot read it. What a phone does not report as shown within half an hour goes out as a text message.
"""

import json
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registration import push_service
from registration.access import not_found
from registration.actors import Actor
from registration.models import PushSubscription, SmsMessage, Worker, WorkerDevice
from wagewatch.lib import webpush
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation, WagewatchError

log = structlog.get_logger(__name__)
SHOWN_WITHIN = timedelta(minutes=30)
KEPT_BY_SERVICE = 3600
"""Seconds for which the push service keeps a notice for a phone that is off (TTL)."""
ONLY_BY_TEXT = frozenset({"login_code", "phone_changed", "tablet_code"})
"""What proves or protects the number itself goes to the number."""
PHONES_AT_MOST = 5
FAILS_AT_MOST = 10
SALT = "push-shown"


def is_on() -> bool:
    """Whether this installation has a key to sign notices with."""
    return bool(settings.WAGEWATCH_PUSH_KEY)


def public_key() -> str:
    """What browsers need to switch notices on."""
    key = webpush.private_key(settings.WAGEWATCH_PUSH_KEY)
    return webpush.encode(webpush.public_bytes(key))


@transaction.atomic
def switch_on(
    device_id: int | None, endpoint: str, p256dh: str, auth: str, *, actor: Actor, now: datetime
) -> PushSubscription:
    """Send this worker's notices to this phone; a phone that told another person's before now tells theirs.

    Raises NotFound for a phone that is not theirs, RuleViolation `push.off`, Malformed `push.endpoint`,
    `push.keys`.
    """
    if not is_on():
        raise RuleViolation("push.off", _("Notices come by text message here."))
    device = (
        WorkerDevice.objects.select_for_update().filter(pk=device_id, worker=actor.id, ended_at=None).first()
        if actor.kind == "worker" and device_id
        else None
    )
    if device is None:
        not_found()
    webpush.check_endpoint(endpoint, settings.WAGEWATCH_PUSH_HOSTS)
    webpush.check_keys(p256dh, auth)
    index = blind_index(endpoint, kind="push")
    PushSubscription.objects.filter(device=device).exclude(endpoint_index=index).delete()
    found, _new = PushSubscription.objects.update_or_create(
        endpoint_index=index,
        defaults={
            "device": device,
            "endpoint": endpoint,
            "p256dh": p256dh,
            "auth": auth,
            "made_at": now,
            "fails": 0,
        },
    )
    return found


@transaction.atomic
def switch_off(device_id: int | None, *, actor: Actor) -> int:
    """No more notices on this phone; text messages instead. How many were on."""
    if actor.kind != "worker" or not device_id:
        return 0
    return PushSubscription.objects.filter(device=device_id, device__worker=actor.id).delete()[0]


def subscriptions_of(phone_index: bytes) -> QuerySet[PushSubscription]:
    """Phones with notices on, of the people who have this number on record; signed-out phones have none."""
    return (
        PushSubscription.objects.select_related("device")
        .filter(device__worker__phone_index=phone_index, device__ended_at=None)
        .order_by("-device__seen_at")[:PHONES_AT_MOST]
    )


def try_push(message: SmsMessage, *, now: datetime) -> bool:
    """Send a waiting text message as a notice; whether a push service took it for at least one phone."""
    if not is_on() or message.pushed_at is not None or message.kind in ONLY_BY_TEXT:
        return False
    found = list(subscriptions_of(bytes(message.phone_index)))
    if not found:
        return False
    notice = {
        "title": settings.WAGEWATCH_BRAND,
        "body": str(message.text),
        "url": "/my/pay/",
        "shown": signing.dumps(message.pk, salt=SALT),
    }
    text = json.dumps(notice, ensure_ascii=False).encode()
    return sum(_send(one, text, now) for one in found) > 0


def _send(one: PushSubscription, text: bytes, now: datetime) -> bool:
    endpoint = str(one.endpoint)
    key = webpush.private_key(settings.WAGEWATCH_PUSH_KEY)
    try:
        host = webpush.check_endpoint(endpoint, settings.WAGEWATCH_PUSH_HOSTS)
        body = webpush.seal(text, *webpush.check_keys(str(one.p256dh), str(one.auth)))
        headers = {
            "Authorization": webpush.vapid(host, key, settings.WAGEWATCH_PUSH_SUBJECT, now=now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_BY_SERVICE),
            "Urgency": "normal",
        }
        status = push_service.post(endpoint, body, headers)
    except (OSError, ValueError, WagewatchError) as error:
        log.warning("push.not_sent", id=one.pk, error=type(error).__name__)
        status = 0
    if 200 <= status < 300:
        PushSubscription.objects.filter(pk=one.pk, fails__gt=0).update(fails=0)
        return True
    if status in {404, 410} or one.fails + 1 >= FAILS_AT_MOST:  # gone: RFC 8030, section 7.3
        PushSubscription.objects.filter(pk=one.pk).delete()
    else:
        PushSubscription.objects.filter(pk=one.pk).update(fails=one.fails + 1)
    return False


def note_shown(token: str) -> bool:
    """A phone says that it showed a notice; whether that was news. Nothing is told to who guesses."""
    try:
        pk = signing.loads(token[:200], salt=SALT, max_age=24 * 3600)
    except signing.BadSignature:
        return False
    waiting = SmsMessage.objects.filter(pk=pk, state=SmsMessage.State.PUSHED)
    return waiting.update(state=SmsMessage.State.SENT) > 0


def messages_to(worker: Worker, *, limit: int = 30) -> list[SmsMessage]:
    """What was sent to a worker's number, newest first; codes are not shown again."""
    if not worker.phone_index:
        return []
    found = SmsMessage.objects.filter(phone_index=bytes(worker.phone_index)).exclude(kind="login_code")
    return list(found.order_by("-created_at", "-pk")[:limit])


def text_what_was_not_shown(*, now: datetime) -> int:
    """Notices that no phone showed in time wait for the text message gateway again; how many."""
    return SmsMessage.objects.filter(state=SmsMessage.State.PUSHED, pushed_at__lte=now - SHOWN_WITHIN).update(
        state=SmsMessage.State.WAITING
    )


def forget_ended(*, now: datetime) -> int:
    """Delete what was kept for phones that are signed out; how many."""
    return PushSubscription.objects.filter(device__ended_at__lte=now).delete()[0]
