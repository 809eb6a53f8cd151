"""A worker lets others see their work history: a snapshot behind a link that expires and can be taken back."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import not_found
from registration.actors import Actor
from registration.models import HistoryShare, Worker
from registration.notice_records import SHARED, share_record, share_subject
from wagewatch.evidence.services import append
from wagewatch.lib.canonical import canonical
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation

TOKEN_BYTES = 18
MOST_AT_ONCE = 10


@transaction.atomic
def share_history(facts: Mapping[str, object], *, days: int, actor: Actor, now: datetime) -> HistoryShare:
    """Keep `facts` (JSON types, as the worker saw them) behind a new link for so many days.

    Its digest goes into the evidence log. Raises RuleViolation `share.days`, `share.many`, NotFound.
    """
    if actor.kind != "worker" or actor.id is None:
        not_found()
    if days not in HistoryShare.Days.values:
        raise RuleViolation("share.days", _("Choose how long the link is good."))
    Worker.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.id)
    if open_shares(actor.id, now=now).count() >= MOST_AT_ONCE:
        raise RuleViolation("share.many", _("You have ten links already. Take one back first."))
    text = canonical(facts)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    share = HistoryShare.objects.create(
        worker_id=actor.id,
        token=token,
        token_index=_index(token),
        facts=text.decode(),
        sha256=hashlib.sha256(text).digest(),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    append(
        SHARED,
        project_id=None,
        subject=share_subject(share),
        record=share_record(share),
        actor=actor,
        now=now,
    )
    return share


def _index(token: str) -> bytes:
    return blind_index(token, kind="history-share")


def open_shares(worker_id: int, *, now: datetime) -> QuerySet[HistoryShare]:
    """A worker's links that still open, newest first."""
    return HistoryShare.objects.filter(worker_id=worker_id, revoked_at=None, expires_at__gt=now).order_by(
        "-made_at", "-pk"
    )


def own_share(pk: int, *, actor: Actor, now: datetime) -> HistoryShare:
    """One of the worker's own open links; NotFound for any other."""
    if actor.kind != "worker" or actor.id is None:
        not_found()
    share = open_shares(actor.id, now=now).filter(pk=pk).first()
    if share is None:
        not_found()
    return share


@transaction.atomic
def take_back(pk: int, *, actor: Actor, now: datetime) -> None:
    """Close a link before its time. NotFound for another's or a closed one."""
    share = own_share(pk, actor=actor, now=now)
    HistoryShare.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=now)


def shared_history(token: str, *, now: datetime) -> HistoryShare:
    """What a link shows, to anybody who has it. NotFound once expired or taken back."""
    if not (16 <= len(token) <= 64 and token.isascii()):
        not_found()
    share = HistoryShare.objects.filter(
        token_index=_index(token), revoked_at=None, expires_at__gt=now
    ).first()
    if share is None:
        not_found()
    return share


def facts_of(share: HistoryShare) -> dict[str, object]:
    """The snapshot, read back; its digest is checked. Raises RuleViolation `share.changed`."""
    if hashlib.sha256(share.facts.encode()).digest() != bytes(share.sha256):
        raise RuleViolation("share.changed", _("What was shared was changed afterwards. Do not trust it."))
    found: dict[str, object] = json.loads(share.facts)
    return found
