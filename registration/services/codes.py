"""One-time codes that prove a phone: six digits by text message, to sign in or to ask to be registered.

Nothing here tells whether a phone is known: a code row is written for every number, so that limits and
answers are the same. To sign in only a known number gets a message; to join a site (`joining`) every number
does, since nobody is known there yet. A code is good for the purpose it was asked for and for no other.
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
"""Codes to one phone: at an open door for one address, or one known browser; else for one purpose."""
STRANGERS_PER_HOUR = 12
STRANGERS_PER_DAY = 30
"""Codes to one phone that browsers ask for on which it never signed in. Whoever knows a number can use them up, from
several addresses; the phones on which its worker has signed in before are not among them."""
KNOWN_PER_HOUR = 24
"""All other codes to one phone."""
PER_ADDRESS_AND_HOUR = 120
"""Generous: the phones of a whole site may share one address of the mobile network."""
PER_SITE_AND_HOUR = 300
"""Codes for one site's QR code; a team of a hundred may register in one morning."""
SIGN_IN = "sign_in"


@dataclass(frozen=True)
class Asker:
    """The browser at an open door: a key that it alone holds, and whether this phone signed in on it before."""

    key: str = ""
    is_known: bool = False


NOBODY = Asker()


def joining(project_id: int) -> str:
    """The purpose of codes asked for by one site's QR code."""
    return f"join:{project_id}"


def signing(project_id: int, contract_id: int) -> str:
    """The purpose of codes by which a worker signs one contract."""
    return f"contract:{project_id}.{contract_id}"


def _hash(phone: str, code: str, purpose: str) -> bytes:
    text = f"{phone}:{code}" if purpose == SIGN_IN else f"{purpose}:{phone}:{code}"
    return blind_index(text, kind="login-code")


def _one_at_a_time(phone_index: bytes) -> None:
    """Let requests for one phone queue up, also when no code row exists yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(phone_index[:8], "big", signed=True)]
        )


@transaction.atomic
def request_code(
    phone: str, *, address: str, now: datetime, purpose: str = SIGN_IN, asker: Asker = NOBODY
) -> None:
    """Write a new code for `phone` (normalised) and queue the message; to sign in only if a worker has it.

    An earlier code of the same purpose stops being good in the same browser. Codes that strangers ask for are
    counted apart from those of known browsers and of people signed in, so that nobody locks a worker out by asking.
    Raises RuleViolation `code.too_soon`, `code.too_many`.
    """
    phone_index = blind_index(phone, kind="phone")
    address_index = blind_index(address, kind="address")
    browser_index = _browser_index(asker)
    is_stranger = _is_open_door(purpose) and not asker.is_known
    _one_at_a_time(phone_index)
    hour = now - timedelta(hours=1)
    sent = list(
        LoginCode.objects.filter(
            phone_index=phone_index, is_stranger=is_stranger, created_at__gt=now - timedelta(days=1)
        )
        .order_by("-created_at")
        .only("purpose", "created_at", "address_index", "browser_index")[: STRANGERS_PER_DAY + KNOWN_PER_HOUR]
    )
    last = next(
        (one for one in sent if one.purpose == purpose and _bytes(one.browser_index) == browser_index), None
    )
    if last is not None and now - last.created_at < WAIT:
        raise RuleViolation(
            "code.too_soon",
            _("A code is on its way. If nothing comes, ask again in %(seconds)s seconds."),
            seconds=int((last.created_at + WAIT - now).total_seconds()) + 1,
        )
    lately = [one for one in sent if one.created_at > hour]
    if is_stranger:
        alike = [one for one in lately if _bytes(one.address_index) == address_index]
        full = len(lately) >= STRANGERS_PER_HOUR or len(sent) >= STRANGERS_PER_DAY
        of_address = LoginCode.objects.filter(
            address_index=address_index, is_stranger=True, created_at__gt=hour
        )
        full = full or of_address.count() >= PER_ADDRESS_AND_HOUR
    else:
        alike = [one for one in lately if one.purpose == purpose]
        full = len(lately) >= KNOWN_PER_HOUR
    if purpose.startswith("join:"):
        of_site = LoginCode.objects.filter(purpose=purpose, created_at__gt=hour)
        full = full or of_site.count() >= PER_SITE_AND_HOUR
    if full or len(alike) >= PER_PHONE_AND_HOUR:
        raise RuleViolation("code.too_many", _("Too many codes were asked for. Try again in one hour."))
    code = issue_code(
        phone,
        purpose=purpose,
        good_for=GOOD_FOR,
        address=address,
        now=now,
        browser_index=browser_index,
        is_stranger=is_stranger,
    )
    if purpose != SIGN_IN or Worker.objects.filter(phone_index=phone_index).exists():
        text = gettext("[%(brand)s] Your code is %(code)s, good for 5 minutes. Give it to nobody.")
        queue_sms(phone, text % {"brand": settings.WAGEWATCH_BRAND, "code": code}, kind="login_code", now=now)


def _is_open_door(purpose: str) -> bool:
    """Whether anybody may ask for such a code; the others are for people who are signed in."""
    return purpose == SIGN_IN or purpose.startswith("join:")


def _browser_index(asker: Asker) -> bytes | None:
    return blind_index(asker.key, kind="code-browser") if asker.key else None


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)


def issue_code(
    phone: str,
    *,
    purpose: str,
    good_for: timedelta,
    address: str,
    now: datetime,
    browser_index: bytes | None = None,
    is_stranger: bool = False,
) -> str:
    """Write a new code and return it; the caller has looked at the limits. `phone` may be another key of a person."""
    code = f"{secrets.randbelow(10**6):06d}"
    LoginCode.objects.create(
        purpose=purpose,
        phone_index=blind_index(phone, kind="phone"),
        address_index=blind_index(address, kind="address") if address else None,
        browser_index=browser_index,
        is_stranger=is_stranger,
        code_hash=_hash(phone, code, purpose),
        created_at=now,
        expires_at=now + good_for,
    )
    return code


@dataclass(frozen=True)
class CodeAnswer:
    """What became of a typed code: the workers of the phone if it was right, else `refusal`."""

    worker_ids: tuple[int, ...] = ()
    refusal: RuleViolation | None = None


def check_code(phone: str, code: str, *, now: datetime, asker: Asker = NOBODY) -> tuple[int, ...]:
    """Use up the sign-in code that this browser asked for last; returns the workers of the phone, oldest record first.

    Raises RuleViolation `code.wrong` (with the tries left) or `code.spent`; a wrong try is counted all
    the same, which is why the refusal is raised outside the transaction.
    """
    answer = _try_code(phone, code, now, SIGN_IN, asker)
    if answer.refusal is not None:
        raise answer.refusal
    return answer.worker_ids


def prove_phone(phone: str, code: str, *, purpose: str, now: datetime, asker: Asker = NOBODY) -> None:
    """Use up the newest code of a phone for another purpose than sign-in; raises as `check_code` does."""
    answer = _try_code(phone, code, now, purpose, asker)
    if answer.refusal is not None:
        raise answer.refusal


def try_code(phone: str, code: str, *, purpose: str, now: datetime) -> CodeAnswer:
    """As `prove_phone`, within the caller's transaction, which must commit so that a wrong try counts."""
    return _try_code(phone, code, now, purpose, NOBODY)


@transaction.atomic
def _try_code(phone: str, code: str, now: datetime, purpose: str, asker: Asker) -> CodeAnswer:
    phone_index = blind_index(phone, kind="phone")
    newest = (
        LoginCode.objects.select_for_update()
        .filter(phone_index=phone_index, purpose=purpose, browser_index=_browser_index(asker))
        .order_by("-created_at")
        .first()
    )
    spent = RuleViolation("code.spent", _("This code is no longer good. Ask for a new one."))
    if newest is None or newest.used_at or newest.expires_at <= now or newest.tries >= MAX_TRIES:
        return CodeAnswer(refusal=spent)
    newest.tries += 1
    right = hmac.compare_digest(bytes(newest.code_hash), _hash(phone, code, purpose))
    found: tuple[int, ...] = ()
    if right and purpose == SIGN_IN:
        workers = Worker.objects.filter(phone_index=phone_index).order_by("pk")
        found = tuple(workers.values_list("pk", flat=True))
        right = bool(found)
    if right:
        newest.used_at = now
    newest.save(update_fields=["tries", "used_at"])
    if right:
        return CodeAnswer(found)
    left = MAX_TRIES - newest.tries
    if not left:
        return CodeAnswer(refusal=spent)
    wrong = _("This is not the code. Look at the message again; you have %(left)s more tries.")
    return CodeAnswer(refusal=RuleViolation("code.wrong", wrong, left=left))


def forget_old_codes(*, now: datetime) -> int:
    """Delete codes older than a day; returns how many."""
    return LoginCode.objects.filter(created_at__lt=now - timedelta(days=1)).delete()[0]
