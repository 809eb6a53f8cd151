"""One-time codes that give a terminal its key, and keys that are changed while it runs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.utils import update_change_reason

from devices.errors import TooMany
from devices.models import EnrolmentCode, EnrolmentTry, Terminal
from devices.services.terminals import KnownTerminal, forget_terminals, note_contact, revoked
from devices.wire import Enrolment
from registration.access import access_project, not_found
from registration.actors import Actor
from registration.services.parameters import parameter
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import NotPermitted, RuleViolation

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U; what is misread is understood (O as 0, I and L as 1)."""
LENGTH = 16
"""80 bits: nobody guesses one, and it is four groups to read out."""
TRIES, TRIES_WITHIN = 10, timedelta(minutes=10)
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def normalise_code(text: str) -> str:
    """A code as typed, without its dashes and with what is often misread put right."""
    return text.strip().upper().translate(_MISREAD)


def in_groups(code: str) -> str:
    """7K2M-… : four by four."""
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


@dataclass(frozen=True)
class NewCode:
    """A code in groups, shown this once."""

    terminal: Terminal
    code: str
    expires_at: datetime


@transaction.atomic
def make_code(terminal_id: int, *, project_id: int, actor: Actor, now: datetime) -> NewCode:
    """A code by which a terminal, or the PC of a site agent, gets a key. Codes made before are worth nothing now.

    The key in use stays good until the code is used. Raises RuleViolation `terminal.no_key` for a device that
    speaks through an agent, `terminal.revoked_already`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="terminal.manage")
    terminal = _locked(terminal_id, project_id)
    if terminal.agent_id is not None:
        raise RuleViolation(
            "terminal.no_key", _("The site agent speaks for this device; it needs no key of its own.")
        )
    EnrolmentCode.objects.filter(project=project, terminal=terminal, used_at=None).delete()
    hours = int(
        parameter("terminal.code_hours", region_code=project.region_id, on=site_date(now), default=24)
    )
    code = "".join(secrets.choice(ALPHABET) for _n in range(LENGTH))
    kept = EnrolmentCode.objects.create(
        project=project,
        terminal=terminal,
        code_index=_index(code),
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    return NewCode(terminal, in_groups(code), kept.expires_at)


def _index(code: str) -> bytes:
    return blind_index(code, kind="enrolment-code")


def enrol(asked: Enrolment, *, address: str, now: datetime) -> dict[str, str]:
    """Give a terminal its key for a code, once; of two who come with one code at once, one gets it.

    Its former keys end at once: whoever has the code stands before the device. The same `claim` may ask again
    until the code ends, as long as the key it was given was never used: the answer had been lost.
    Raises TooMany (429), NotPermitted `enrol.code` for a code that is wrong, used or old, RuleViolation
    `enrol.serial` if the device has another serial number than the one registered (the code stays good).
    """
    address_index = blind_index(address, kind="address")
    wrong = EnrolmentTry.objects.filter(address_index=address_index, at__gt=now - TRIES_WITHIN).count()
    if wrong >= TRIES:
        raise TooMany(
            "enrol.too_many", _("Too many wrong codes. Wait ten minutes and copy the code with care.")
        )
    answer = _enrol(asked, now=now)
    if answer is None:
        EnrolmentTry.objects.create(address_index=address_index, at=now)
        raise NotPermitted(
            "enrol.code", _("This code is wrong, was used, or its time is over. Make a new one on the page.")
        )
    return answer


@transaction.atomic
def _enrol(asked: Enrolment, *, now: datetime) -> dict[str, str] | None:
    """The key, or None for a code that gives none."""
    code = (
        EnrolmentCode.objects.select_for_update(of=("self",))
        .filter(code_index=_index(normalise_code(asked.code)), expires_at__gt=now)
        .first()
    )
    claim = blind_index(asked.claim, kind="enrolment-claim") if asked.claim else None
    if code is None or (
        code.used_at is not None and (claim is None or bytes(code.claim_index or b"") != claim)
    ):
        return None
    terminal = (
        Terminal.objects.select_for_update(of=("self",))
        .filter(pk=code.terminal_id, project_id=code.project_id, is_active=True)
        .first()
    )
    if terminal is None or (code.used_at is not None and terminal.key_used_at is not None):
        return None
    if asked.serial and asked.serial.strip() != terminal.serial:
        raise RuleViolation(
            "enrol.serial",
            _("This code is for the terminal with serial number %(serial)s."),
            serial=terminal.serial,
        )
    EnrolmentCode.objects.filter(pk=code.pk, project_id=code.project_id).update(
        used_at=code.used_at or now, claim_index=claim
    )
    secret = _new_key(terminal, now=now)
    terminal.former_key_id = terminal.former_secret = terminal.former_until = None
    _save_key(terminal, f"key by code {now:%F %T}")
    return {
        "key_id": str(terminal.key_id),
        "secret": secret,
        "serial": terminal.serial,
        "name": terminal.name,
        "server_time": now.isoformat(),
    }


@transaction.atomic
def want_rotation(terminal_id: int, *, project_id: int, actor: Actor, now: datetime) -> Terminal:
    """Wish that a terminal changes its key; it learns of it by its next heartbeat. Twice is once.

    Raises RuleViolation `terminal.no_key`, `terminal.revoked_already`, NotFound, NotPermitted.
    """
    access_project(project_id, actor, permission="terminal.manage")
    terminal = _locked(terminal_id, project_id)
    if terminal.key_id is None:
        raise RuleViolation("terminal.no_key", _("This terminal has no key yet. Make an enrolment code."))
    if terminal.rotate_wanted_at is None:
        terminal.rotate_wanted_at = now
        terminal.save(update_fields=["rotate_wanted_at"])
        update_change_reason(terminal, f"key change wished {now:%F %T}")
    return terminal


def is_rotation_due(terminal: KnownTerminal) -> bool:
    """Whether a terminal should ask for a new key: the clerk wishes it, or it lost the one it was given."""
    if terminal.until is not None:
        return Terminal.objects.filter(pk=terminal.id, key_used_at=None).exists()
    return Terminal.objects.filter(pk=terminal.id, rotate_wanted_at__isnull=False).exists()


@transaction.atomic
def rotate_key(terminal: KnownTerminal, key_id: str, nonce: str, *, now: datetime) -> dict[str, str]:
    """A new key for a terminal that signed with `key_id`; that key stays good for the region's days.

    Asked again with the former key, because the answer was lost or the power went, it makes another new key, as
    long as the one it made was never used; the former key's end does not move. Raises RuleViolation
    `key.changed_already`, NotSigned on a replay, NotPermitted if revoked.
    """
    note_contact(terminal, nonce, keep_queue=True, now=now)
    row = Terminal.objects.select_for_update(of=("self",)).select_related("project").get(pk=terminal.id)
    if not row.is_active:
        revoked()
    if row.key_id == key_id:
        days = int(
            parameter(
                "terminal.former_key_days",
                region_code=row.project.region_id,
                on=site_date(now),
                default=7,
            )
        )
        row.former_key_id, row.former_secret = row.key_id, row.secret
        until = row.former_until = now + timedelta(days=days)
    elif row.former_key_id == key_id and row.key_used_at is None and row.former_until is not None:
        until = row.former_until
    else:
        raise RuleViolation(
            "key.changed_already", _("The key was changed before, and the new one is in use. Use that one.")
        )
    secret = _new_key(row, now=now)
    _save_key(row, f"key changed {now:%F %T}")
    return {"key_id": str(row.key_id), "secret": secret, "old_until": until.isoformat()}


def _new_key(terminal: Terminal, *, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    terminal.key_id, terminal.secret = secrets.token_hex(8), secret
    terminal.key_made_at, terminal.key_used_at, terminal.rotate_wanted_at = now, None, None
    return secret


_KEY_FIELDS = [
    "key_id",
    "secret",
    "key_made_at",
    "key_used_at",
    "former_key_id",
    "former_secret",
    "former_until",
    "rotate_wanted_at",
]


def _save_key(terminal: Terminal, reason: str) -> None:
    terminal.save(update_fields=_KEY_FIELDS)
    update_change_reason(terminal, reason)
    transaction.on_commit(forget_terminals)


def _locked(terminal_id: int, project_id: int) -> Terminal:
    terminal = (
        Terminal.objects.select_for_update(of=("self",)).filter(pk=terminal_id, project_id=project_id).first()
    )
    if terminal is None:
        not_found()
    if not terminal.is_active:
        raise RuleViolation("terminal.revoked_already", _("This terminal is already out of use."))
    return terminal


def codes_waiting(project_id: int, *, now: datetime) -> Mapping[int, datetime]:
    """Terminals with a code that waits, and until when it is good."""
    return dict(
        EnrolmentCode.objects.filter(Q(used_at=None), project_id=project_id, expires_at__gt=now).values_list(
            "terminal_id", "expires_at"
        )
    )
