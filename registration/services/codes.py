"""One-time codes by which workers sign in: six digits to the phone on their record.

Nothing here tells whether a phone is known: a code row is written for every number, so that limits and
answers are the same, and only a known number gets a message.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registration.models import LoginCode, Worker
from registration.services.messages import queue_sms
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation

GOOD_FOR = timedelta(minutes=5)
MAX_TRIES = 5
WAIT = timedelta(seconds=60)
PER_PHONE_AND_HOUR = 6
PER_ADDRESS_AND_HOUR = 120
"""Generous: the phones of a whole site may share one address of the mobile network."""


def _hash(phone: str, code: str) -> bytes:
    return blind_index(f"{phone}:{code}", kind="login-code")


def _one_at_a_time(phone_index: bytes) -> None:
    """Let requests for one phone queue up, also when no code row exists yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(phone_index[:8], "big", signed=True)]
        )


@transaction.atomic
def request_code(phone: str, *, address: str, now: datetime) -> None:
    """Write a new code for `phone` (normalised) and, if a worker has it, queue the message.

    An earlier code stops being good. Raises RuleViolation `code.too_soon`, `code.too_many`.
    """
    phone_index = blind_index(phone, kind="phone")
    address_index = blind_index(address, kind="address")
    _one_at_a_time(phone_index)
    hour = now - timedelta(hours=1)
    times = list(
        LoginCode.objects.filter(phone_index=phone_index, created_at__gt=hour)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:PER_PHONE_AND_HOUR]
    )
    if times and now - times[0] < WAIT:
        raise RuleViolation(
            "code.too_soon",
            _("A code is on its way. If nothing comes, ask again in %(seconds)s seconds."),
            seconds=int((times[0] + WAIT - now).total_seconds()) + 1,
        )
    many = LoginCode.objects.filter(address_index=address_index, created_at__gt=hour).count()
    if len(times) >= PER_PHONE_AND_HOUR or many >= PER_ADDRESS_AND_HOUR:
        raise RuleViolation("code.too_many", _("Too many codes were asked for. Try again in one hour."))
    code = f"{secrets.randbelow(10**6):06d}"
    LoginCode.objects.create(
        phone_index=phone_index,
        address_index=address_index,
        code_hash=_hash(phone, code),
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    if Worker.objects.filter(phone_index=phone_index).exists():
        text = gettext("[%(brand)s] Your code is %(code)s, good for 5 minutes. Give it to nobody.")
        queue_sms(phone, text % {"brand": settings.WAGEWATCH_BRAND, "code": code}, kind="login_code", now=now)


@dataclass(frozen=True)
class CodeAnswer:
    """What became of a typed code: `worker_ids` if it was right, else `refusal`."""

    worker_ids: tuple[int, ...] = ()
    refusal: RuleViolation | None = None


def check_code(phone: str, code: str, *, now: datetime) -> tuple[int, ...]:
    """Use up the newest code of a phone; returns the workers who have this phone, oldest record first.

    Raises RuleViolation `code.wrong` (with the tries left) or `code.spent`; a wrong try is counted all
    the same, which is why the refusal is raised outside the transaction.
    """
    answer = _try_code(phone, code, now)
    if answer.refusal is not None:
        raise answer.refusal
    return answer.worker_ids


@transaction.atomic
def _try_code(phone: str, code: str, now: datetime) -> CodeAnswer:
    phone_index = blind_index(phone, kind="phone")
    newest = (
        LoginCode.objects.select_for_update().filter(phone_index=phone_index).order_by("-created_at").first()
    )
    spent = RuleViolation("code.spent", _("This code is no longer good. Ask for a new one."))
    if newest is None or newest.used_at or newest.expires_at <= now or newest.tries >= MAX_TRIES:
        return CodeAnswer(refusal=spent)
    newest.tries += 1
    right = hmac.compare_digest(bytes(newest.code_hash), _hash(phone, code))
    found: tuple[int, ...] = ()
    if right:
        workers = Worker.objects.filter(phone_index=phone_index).order_by("pk")
        found = tuple(workers.values_list("pk", flat=True))
    if found:
        newest.used_at = now
    newest.save(update_fields=["tries", "used_at"])
    if found:
        return CodeAnswer(found)
    left = MAX_TRIES - newest.tries
    if not left:
        return CodeAnswer(refusal=spent)
    wrong = _("This is not the code. Look at the message again; you have %(left)s more tries.")
    return CodeAnswer(refusal=RuleViolation("code.wrong", wrong, left=left))


def forget_old_codes(*, now: datetime) -> int:
    """Delete codes older than a day; returns how many."""
    return LoginCode.objects.filter(created_at__lt=now - timedelta(days=1)).delete()[0]
