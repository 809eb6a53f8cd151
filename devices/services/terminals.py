"""Which terminal speaks, and the few things that are done to terminals."""

import ipaddress
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Any, NoReturn

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _
from simple_history.utils import update_change_reason

from devices import signing
from devices.errors import NotSigned
from devices.models import EnrolmentCode, EnrolmentTry, SeenNonce, Terminal
from devices.wire import DeviceReport, Heartbeat, Worry
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
    until: datetime | None = None
    """Set for a former key: it is good until then."""
    serial: str = ""
    is_new_key: bool = False
    """Whether this key was made and never used so far."""


_kept: dict[str, tuple[float, KnownTerminal]] = {}
_kept_devices: dict[tuple[int, str], tuple[float, KnownTerminal]] = {}


def forget_terminals() -> None:
    """Drop what this process remembers."""
    _kept.clear()
    _kept_devices.clear()


def _terminal_by_key(key_id: str) -> KnownTerminal | None:
    found = _kept.get(key_id)
    if found is not None and time.monotonic() - found[0] < SECONDS_KEPT:
        return found[1]
    row = (
        Terminal.objects.filter(Q(key_id=key_id) | Q(former_key_id=key_id)).select_related("project").first()
    )
    if row is None:
        return None
    is_former = row.key_id != key_id
    known = KnownTerminal(
        row.pk,
        row.project_id,
        row.lane,
        str(row.former_secret if is_former else row.secret),
        row.is_active,
        row.project.day_starts_at,
        until=row.former_until if is_former else None,
        serial=row.serial,
        is_new_key=not is_former and row.key_made_at is not None and row.key_used_at is None,
    )
    _kept[key_id] = (time.monotonic(), known)
    return known


def device_of(agent: KnownTerminal, serial: str) -> KnownTerminal:
    """The device in use that an agent speaks for. Raises NotPermitted `device.unknown` for any other."""
    found = _kept_devices.get((agent.id, serial))
    if found is not None and time.monotonic() - found[0] < SECONDS_KEPT:
        return found[1]
    row = (
        None
        if "\x00" in serial
        else Terminal.objects.filter(
            serial=serial, agent_id=agent.id, project_id=agent.project_id, is_active=True
        ).first()
    )
    if row is None:
        unknown_device()
    device = replace(agent, id=row.pk, lane=row.lane, secret="", serial=serial)
    _kept_devices[agent.id, serial] = (time.monotonic(), device)
    return device


def devices_of(agent: KnownTerminal) -> list[dict[str, Any]]:
    """The devices in use that an agent speaks for, by serial number."""
    rows = (
        Terminal.objects.filter(agent_id=agent.id, project_id=agent.project_id, is_active=True)
        .order_by("serial")
        .values("serial", "kind", "name", "lane", "networks")
    )
    return [dict(row) for row in rows]


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
    if terminal.until is not None and now >= terminal.until:
        raise NotSigned(
            "signature.former_key", _("This key was replaced and its time is over. Enrol with a new code.")
        )
    if terminal.is_new_key:
        _note_key_used(key_id, now=now)
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


FORMER_AFTER_USE = timedelta(hours=1)
"""How long a former key is good after the new one was used: for what is under way at that moment."""


def _note_key_used(key_id: str, *, now: datetime) -> None:
    """The terminal has its new key for certain: the former one ends within the hour."""
    Terminal.objects.filter(key_id=key_id, key_used_at=None).update(key_used_at=now)
    Terminal.objects.filter(key_id=key_id, former_key_id__isnull=False).update(
        former_until=Least(F("former_until"), now + FORMER_AFTER_USE)
    )
    forget_terminals()


def revoked() -> NoReturn:
    """Raise what a revoked terminal is told."""
    raise NotPermitted(
        "terminal.revoked", _("This terminal was taken out of use. Ask the general contractor.")
    )


def unknown_device() -> NoReturn:
    """Raise what an agent is told that speaks for a device which is not its own."""
    raise NotPermitted(
        "device.unknown",
        _("This device is not registered under this agent. Register it on the page of the site's terminals."),
    )


def replayed() -> NoReturn:
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


def note_facts(terminal: KnownTerminal, beat: Heartbeat, *, now: datetime) -> None:
    """Keep what an agent says of itself and of its devices, over what it said before."""
    said = (beat.devices, beat.disk_used, beat.trouble or None, beat.worries or None, beat.clock_wrong_by)
    if all(one is None for one in said):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            FACTS,
            [
                terminal.project_id,
                terminal.id,
                now,
                msgspec.json.encode([_plain(one) for one in beat.devices or []]).decode(),
                None if beat.disk_used is None else round(beat.disk_used * 100),
                _kept_text(beat.trouble),
                msgspec.json.encode([_plain(one) for one in beat.worries]).decode(),
                None if beat.clock_wrong_by is None else round(beat.clock_wrong_by * 1000),
            ],
        )


def _plain(report: DeviceReport | Worry) -> dict[str, object]:
    return {
        name: _kept_text(value) if isinstance(value, str) else value
        for name, value in msgspec.structs.asdict(report).items()
    }


def _kept_text(text: str) -> str:
    """The text without what a database does not take."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


FACTS = """
INSERT INTO devices_terminalfacts
  (project_id, terminal_id, said_at, devices, disk_percent, trouble, worries, clock_wrong_ms)
VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s::jsonb, %s)
ON CONFLICT (project_id, terminal_id) DO UPDATE SET said_at = EXCLUDED.said_at, devices = EXCLUDED.devices,
  disk_percent = EXCLUDED.disk_percent, trouble = EXCLUDED.trouble, worries = EXCLUDED.worries,
  clock_wrong_ms = EXCLUDED.clock_wrong_ms
"""


def skew_ms(sent_at: datetime, now: datetime) -> int:
    """How far the terminal's clock is ahead (negative: behind), in milliseconds."""
    return round((sent_at - now).total_seconds() * 1000)


def forget_nonces(*, now: datetime) -> int:
    """Drop nonces too old to be accepted anyway, and wrong codes of yesterday; called by the seal task."""
    EnrolmentTry.objects.filter(at__lt=now - timedelta(hours=1)).delete()
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
    """Register a gate and make its key, to be typed in by hand. Raises RuleViolation if the serial is known."""
    secret = secrets.token_urlsafe(32)
    terminal = register_terminal(
        project_id,
        serial=serial,
        name=name,
        lane=lane,
        key={"key_id": secrets.token_hex(8), "secret": secret, "key_made_at": now},
        actor=actor,
        now=now,
    )
    return Enrolled(terminal, secret)


@transaction.atomic
def register_terminal(
    project_id: int,
    *,
    serial: str,
    name: str,
    lane: str,
    kind: str = Terminal.Kind.GATE,
    agent_id: int | None = None,
    networks: Sequence[str] = (),
    key: Mapping[str, object] | None = None,
    actor: Actor,
    now: datetime,
) -> Terminal:
    """Register a terminal that has no key yet, or a device under a site agent (`agent_id`), which never has one.

    `networks` (CIDR) say from where on the site's LAN such a device may speak; none: from anywhere there. The
    serial number of a terminal that is out of use may be registered again, also on another project.
    Raises Malformed `terminal.name`, `terminal.lane`, `terminal.kind`, `terminal.network`, RuleViolation
    `terminal.known`, `terminal.agent`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="terminal.manage")
    serial, name = serial.strip(), name.strip()
    if not serial or len(serial) > 40 or not name or len(name) > 60:
        raise Malformed("terminal.name", _("Give the terminal a serial number and a name."))
    if lane not in Terminal.Lane.values:
        raise Malformed("terminal.lane", _("Choose the lane: in, out or both."))
    if kind not in Terminal.Kind.values or (agent_id is None) != (kind in WITH_KEY):
        raise Malformed("terminal.kind", _("Choose what it is, and for a device its site agent."))
    if agent_id is not None and not _is_agent(agent_id, project_id):
        raise RuleViolation("terminal.agent", _("Choose a site agent of this site that is in use."))
    ranges = [_network(text) for text in networks]
    _free_serial(serial, now=now)
    try:
        with transaction.atomic():
            terminal = Terminal.objects.create(
                project=project,
                serial=serial,
                name=name,
                lane=lane,
                kind=kind,
                agent_id=agent_id,
                networks=ranges,
                **(key or {}),
            )
    except IntegrityError:
        raise RuleViolation(
            "terminal.known",
            _("A terminal with serial number %(serial)s is already registered."),
            serial=serial,
        ) from None
    update_change_reason(terminal, f"enrolled {now:%F %T}")
    return terminal


WITH_KEY = (Terminal.Kind.GATE, Terminal.Kind.AGENT)
"""Kinds that speak to the server themselves."""


def _is_agent(agent_id: int, project_id: int) -> bool:
    return Terminal.objects.filter(
        pk=agent_id, project_id=project_id, kind=Terminal.Kind.AGENT, is_active=True
    ).exists()


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise Malformed("terminal.network", _("Write addresses as 192.168.1.20 or 192.168.1.0/24.")) from None


def _free_serial(serial: str, *, now: datetime) -> None:
    """What is out of use gives its serial number up; what it sent stays its own."""
    former = Terminal.objects.select_for_update(of=("self",)).filter(serial=serial, is_active=False).first()
    if former is not None:
        former.serial = f"{serial[:28]}~{former.pk}"
        former.save(update_fields=["serial"])
        update_change_reason(former, f"serial given up {now:%F %T}")


@transaction.atomic
def revoke_terminal(terminal_id: int, *, project_id: int, actor: Actor, now: datetime) -> Terminal:
    """Take a terminal out of use: from now on both its keys get 403, and its codes are worth nothing.

    What it sent before stays.
    """
    access_project(project_id, actor, permission="terminal.manage")
    terminal = (
        Terminal.objects.select_for_update(of=("self",)).filter(pk=terminal_id, project_id=project_id).first()
    )
    if terminal is None:
        raise NotFound
    if not terminal.is_active:
        raise RuleViolation("terminal.revoked_already", _("This terminal is already out of use."))
    EnrolmentCode.objects.filter(project_id=project_id, terminal=terminal, used_at=None).delete()
    terminal.is_active = False
    terminal.rotate_wanted_at = None
    terminal.save(update_fields=["is_active", "rotate_wanted_at"])
    update_change_reason(terminal, f"revoked {now:%F %T}")
    forget_terminals()
    return terminal
