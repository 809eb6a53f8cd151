"""Which terminal speaks, and the few things that are done to terminals."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import NoReturn

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _
from simple_history.utils import update_change_reason

from devices import signing
from devices.errors import NotSigned
from devices.models import SeenNonce, Terminal
from devices.wire import DeviceReport
from registration.access import access_project
from registration.actors import Actor
from registration.services import card_reads
from registration.services.card_reads import Reader
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

SECONDS_KEPT = 5.0
"""How long a process remembers a terminal's key; a revocation is also checked with every write."""


@dataclass(frozen=True)
class KnownTerminal:
    """A terminal as the endpoints need it, remembered for some seconds."""

    id: int
    project_id: int
    lane: str
    secret: str
    is_active: bool
    day_starts_at: clock_time


_kept: dict[str, tuple[float, KnownTerminal]] = {}


def forget_terminals() -> None:
    """Drop what this process remembers."""
    _kept.clear()


def _terminal_by_key(key_id: str) -> KnownTerminal | None:
    found = _kept.get(key_id)
    if found is not None and time.monotonic() - found[0] < SECONDS_KEPT:
        return found[1]
    row = Terminal.objects.filter(key_id=key_id).select_related("project").first()
    if row is None:
        return None
    known = KnownTerminal(
        row.pk, row.project_id, row.lane, row.secret, row.is_active, row.project.day_starts_at
    )
    _kept[key_id] = (time.monotonic(), known)
    return known


def authenticate(
    headers: Mapping[str, str], *, method: str, path: str, body: bytes, now: datetime
) -> tuple[KnownTerminal, str]:
    """The terminal that signed a request, and the nonce it used (not yet remembered).

    Raises NotSigned (401) for a missing, late or wrong signature, NotPermitted (403) for a revoked terminal.
    """
    key_id, timestamp, nonce, signature = signature_of(headers, now=now)
    terminal = _terminal_by_key(key_id) if len(key_id) <= 32 and "\x00" not in key_id else None
    # An unknown key takes as long as a wrong signature and is told the same.
    secret = terminal.secret if terminal else "no such terminal"
    if not signing.is_signed(secret, signature, method, path, timestamp, nonce, body) or terminal is None:
        wrong_signature()
    if not terminal.is_active:
        revoked()
    return terminal, nonce


def signature_of(headers: Mapping[str, str], *, now: datetime) -> tuple[str, str, str, str]:
    """Key, time, nonce and signature of a request. Raises NotSigned for what is missing, late or odd."""
    key_id = headers.get(signing.KEY_HEADER, "")
    timestamp = headers.get(signing.TIMESTAMP_HEADER, "")
    nonce = headers.get(signing.NONCE_HEADER, "")
    signature = headers.get(signing.SIGNATURE_HEADER, "")
    if not (key_id and timestamp and nonce and signature):
        raise NotSigned(
            "signature.missing", _("Sign the request: key, time, nonce and signature are needed.")
        )
    if not signing.is_nonce(nonce):
        raise NotSigned("signature.nonce", _("The nonce must be 16 to 64 letters, digits, - or _."))
    if not signing.is_in_window(timestamp, now.timestamp()):
        raise NotSigned(
            "signature.expired",
            _("The clock of the terminal is too far from the server's. Set it and sign again."),
            server_time=now.isoformat(),
        )
    return key_id, timestamp, nonce, signature


def wrong_signature() -> NoReturn:
    """Raise what an unknown key and a wrong signature are told alike."""
    raise NotSigned("signature.wrong", _("The signature does not fit the key. Check key and secret."))


def revoked() -> None:
    """Raise what a revoked terminal is told."""
    raise NotPermitted(
        "terminal.revoked", _("This terminal was taken out of use. Ask the general contractor.")
    )


def replayed() -> None:
    """Raise what a second use of a nonce is told."""
    raise NotSigned(
        "signature.replayed", _("This request was already received. Sign again with a new nonce.")
    )


@transaction.atomic
def note_contact(
    terminal: KnownTerminal,
    nonce: str,
    *,
    sent_at: datetime | None = None,
    queue: int | None = None,
    keep_queue: bool = False,
    now: datetime,
) -> None:
    """Remember a nonce and that the terminal is alive. Raises NotSigned on a replay, NotPermitted if revoked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO devices_seennonce (terminal_id, nonce, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [terminal.id, nonce, now],
        )
        if cursor.rowcount == 0:
            replayed()
    changes: dict[str, object] = {"last_seen_at": now}
    if sent_at is not None:
        changes["clock_skew_ms"] = skew_ms(sent_at, now)
    if not keep_queue:
        changes["queue_length"] = queue
    if not Terminal.objects.filter(pk=terminal.id, is_active=True).update(**changes):
        revoked()


def note_readers(terminal: KnownTerminal, devices: Sequence[DeviceReport]) -> None:
    """Pass on what an agent says of its identity-card readers, for the clerk's page."""
    readers = [Reader(one.name, one.state) for one in devices if one.kind == "idcard"]
    if readers:
        card_reads.note_readers(terminal.project_id, terminal.id, readers)


def skew_ms(sent_at: datetime, now: datetime) -> int:
    """How far the terminal's clock is ahead (negative: behind), in milliseconds."""
    return round((sent_at - now).total_seconds() * 1000)


def forget_nonces(*, now: datetime) -> int:
    """Drop nonces too old to be accepted anyway; called by the seal task."""
    return SeenNonce.objects.filter(at__lt=now - timedelta(seconds=4 * signing.WINDOW_SECONDS)).delete()[0]


@dataclass(frozen=True)
class Enrolled:
    """A new terminal; the secret is shown this once."""

    terminal: Terminal
    secret: str


@transaction.atomic
def enrol_terminal(
    project_id: int, *, serial: str, name: str, lane: str, actor: Actor, now: datetime
) -> Enrolled:
    """Register a terminal on a project and make its key. Raises RuleViolation if the serial is known."""
    project = access_project(project_id, actor, permission="terminal.manage")
    serial, name = serial.strip(), name.strip()
    if not serial or len(serial) > 40 or not name or len(name) > 60:
        raise Malformed("terminal.name", _("Give the terminal a serial number and a name."))
    if lane not in Terminal.Lane.values:
        raise Malformed("terminal.lane", _("Choose the lane: in, out or both."))
    secret = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            terminal = Terminal.objects.create(
                project=project,
                serial=serial,
                name=name,
                lane=lane,
                key_id=secrets.token_hex(8),
                secret=secret,
            )
    except IntegrityError:
        raise RuleViolation(
            "terminal.known",
            _("A terminal with serial number %(serial)s is already registered."),
            serial=serial,
        ) from None
    update_change_reason(terminal, f"enrolled {now:%F %T}")
    return Enrolled(terminal, secret)


@transaction.atomic
def revoke_terminal(terminal_id: int, *, project_id: int, actor: Actor, now: datetime) -> Terminal:
    """Take a terminal out of use: from now on it gets 403. What it sent before stays."""
    access_project(project_id, actor, permission="terminal.manage")
    terminal = (
        Terminal.objects.select_for_update(of=("self",)).filter(pk=terminal_id, project_id=project_id).first()
    )
    if terminal is None:
        raise NotFound
    if not terminal.is_active:
        raise RuleViolation("terminal.revoked_already", _("This terminal is already out of use."))
    terminal.is_active = False
    terminal.save(update_fields=["is_active"])
    update_change_reason(terminal, f"revoked {now:%F %T}")
    forget_terminals()
    return terminal
