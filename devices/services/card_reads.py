"""Identity cards that a site agent read: handed to registration, which keeps them for a clerk."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from devices import wire
from devices.services.terminals import KnownTerminal, note_contact
from registration.services import card_reads


@transaction.atomic
def take_card_reads(terminal: KnownTerminal, body: bytes, *, nonce: str, now: datetime) -> dict[str, Any]:
    """Keep the reads of a request on the terminal's project; the answer names every key, kept or refused.

    When it was is told by its age, not by the agent's clock, which may be wrong. Raises TooLarge, Malformed,
    NotSigned on a replay, NotPermitted if revoked.
    """
    good, bad = wire.read_card_reads(body)
    note_contact(terminal, nonce, keep_queue=True, now=now)
    verdicts = card_reads.receive_card_reads(
        terminal.project_id,
        [
            card_reads.NewRead(
                key=read.key,
                reader=read.reader,
                data=msgspec.to_builtins(read.card),
                photo=read.photo if read.photo and read.photo_kind in {"jpeg", "png"} else b"",
                read_at=now - timedelta(milliseconds=read.age_ms),
            )
            for read in good
        ],
        now=now,
    )
    return {
        "server_time": now.isoformat(),
        "kept": [key for key, code in verdicts.items() if not code],
        "refused": [
            *({"key": key, "code": code, "message": ""} for key, code in verdicts.items() if code),
            *({"key": one.key, "code": one.code, "message": one.message} for one in bad),
        ],
    }
