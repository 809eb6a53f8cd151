"""Complaints to the authority: made by anybody, followed by reference and secret, read by the authority alone."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from registration.access import NOBODY, not_found, not_permitted
from registration.actors import Actor
from registration.models import Complaint, ComplaintWord, Project, Region, SmsMessage, Worker
from registration.permissions import PERMISSIONS
from registration.services.doors import knock
from registration.services.messages import queue_sms
from registration.services.testimony import keep_photo, keep_voice
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.happenings import happened

PER_ADDRESS_AND_HOUR = 20
"""The phones of a whole site may share one address of the mobile network."""
TRIES_PER_HOUR = 10
RECEIPTS_PER_PHONE_AND_DAY = 3
"""Anybody can leave any number: it gets no more messages than this that something has arrived."""
MOBILE = re.compile(r"1[3-9]\d{9}")
SMS_KIND = "complaint"
LANGUAGE = "zh-hans"
TEXTS = {
    "received": _(
        "%(brand)s: what you sent has arrived. Look up how far it is with your number and password."
    ),
    "accepted": _(
        "%(brand)s: what you sent was accepted. Look up how far it is with your number and password."
    ),
    "transferred": _(
        "%(brand)s: another office deals with what you sent. Look up how far it is with your number and password."
    ),
    "refused": _("%(brand)s: there is an answer to what you sent. Read it with your number and password."),
    "closed": _("%(brand)s: there is an answer to what you sent. Read it with your number and password."),
}
"""Steps of which a text message tells; of the others the page of the complaint alone."""
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without the letters and digits that people mistake for each other."""
LONGEST_TEXT = 40_000
"""Some forty pages: what is pasted whole is kept whole."""
LONGEST_ANSWER = 4000
FILED = "complaint.filed"
"""The mark that a complaint leaves for whoever waits for one."""


@dataclass(frozen=True)
class Told:
    """What somebody complains about. `worker_id` is None for a complaint without a name."""

    topic: str
    text: str = ""
    place: str = ""
    contact: str = ""
    photo: bytes = b""
    voice: bytes = b""
    project_id: int | None = None
    region_code: str = ""
    worker_id: int | None = None


@dataclass(frozen=True)
class Filed:
    """The complaint's reference and the secret, which is shown once and kept as a hash only."""

    reference: str
    secret: str


def _word(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _n in range(length))


def _hash(reference: str, secret: str) -> bytes:
    return blind_index(f"{reference}:{secret}", kind="complaint-secret")


def file_complaint(told: Told, *, address: str, actor: Actor, now: datetime) -> Filed:
    """Write down a complaint; the answer holds what its sender needs to follow it.

    Raises RuleViolation `door.too_many`, `complaint.topic`, `complaint.empty`, `complaint.region`,
    `complaint.name`; Malformed for a photo or a recording that is none.
    """
    knock("complain", address, most=PER_ADDRESS_AND_HOUR, now=now)
    return _write(told, actor, now)


@transaction.atomic
def _write(told: Told, actor: Actor, now: datetime) -> Filed:
    if told.topic not in Complaint.Topic.values:
        raise RuleViolation("complaint.topic", _("Choose what it is about."))
    if not (told.text.strip() or told.voice or told.photo):
        raise RuleViolation("complaint.empty", _("Say what happened: write it, say it, or show a photo."))
    if len(told.text.strip()) > LONGEST_TEXT:
        raise RuleViolation(
            "complaint.long",
            _(
                "Your text has %(n)s characters; at most %(most)s are kept. Shorten it, or tell the rest later."
            ),
            n=len(told.text.strip()),
            most=LONGEST_TEXT,
        )
    if told.worker_id is not None and (actor.kind != "worker" or actor.id != told.worker_id):
        raise RuleViolation("complaint.name", _("Sign in first to complain with your name."))
    region, project = _where(told)
    named = told.worker_id is not None
    reference, secret = f"TS{now:%y}-{_word(4)}-{_word(4)}", _word(8)
    who = actor if named else Actor(kind="system", label="anonymous")
    Complaint.objects.bulk_create(  # asks the database for no other column than the key
        [
            Complaint(
                reference=reference,
                secret_hash=_hash(reference, secret),
                region=region,
                project=project,
                worker_id=told.worker_id,
                topic=told.topic,
                text=told.text.strip()[:LONGEST_TEXT],
                place=told.place.strip()[:200],
                contact=told.contact.strip()[:60],
                photo=keep_photo(told.photo, actor=who, now=now),
                voice=keep_voice(told.voice, actor=who, now=now),
                # Without a name the day is enough: nobody is found by the minute.
                made_at=now if named else now.replace(minute=0, second=0, microsecond=0),
            )
        ]
    )
    if phone := _phone_for(told.worker_id, told.contact):
        text_complainant(phone, "received", f"{reference}:received", now=now)
    happened(FILED)
    return Filed(reference, secret)


def enter_complaint(told: Told, *, actor: Actor, now: datetime) -> Filed:
    """An office writes down what somebody said on the telephone or at its desk; who said it gets number and secret.

    Raises NotPermitted, RuleViolation `complaint.…`.
    """
    if not actor.has_role(*PERMISSIONS["complaint.handle"]) or not actor.is_authority:
        not_permitted("complaint.handle")
    return _write(told, actor, now)


def _where(told: Told) -> tuple[Region, Project | None]:
    if told.project_id is not None:
        project = Project.objects.select_related("region").filter(pk=told.project_id).first()
        if project is not None:
            return project.region, project
    region = Region.objects.filter(code=told.region_code, level=Region.Level.COUNTY).first()
    if region is None:
        raise RuleViolation("complaint.region", _("Choose the place of the site."))
    return region, None


def follow_complaint(reference: str, secret: str, *, now: datetime) -> Complaint:
    """State and answer of a complaint, for whoever has its reference and secret; nothing else is loaded.

    Raises RuleViolation `door.too_many`, `complaint.unknown` (the same for a wrong number and a wrong secret).
    """
    reference, secret = reference.strip().upper(), secret.strip().upper().replace(" ", "")
    knock("follow", reference, most=TRIES_PER_HOUR, now=now)
    found = (
        Complaint.objects.only(
            "reference", "secret_hash", "topic", "state", "answer", "answered_at", "made_at"
        )
        .filter(reference=reference)
        .first()
    )
    if found is None or not hmac.compare_digest(bytes(found.secret_hash), _hash(reference, secret)):
        raise RuleViolation(
            "complaint.unknown", _("Number and secret do not fit together. Look at what you wrote down.")
        )
    return found


def complaints_for(actor: Actor) -> QuerySet[Complaint]:
    """Complaints within an authority's region and sector; nobody else reads them."""
    if actor.kind == "system":
        return Complaint.objects.all()
    reach = NOBODY
    for duty in actor.duties:
        if duty.authority_id is None or duty.role not in PERMISSIONS["complaint.handle"]:
            continue
        here = Q(region__code__startswith=duty.region_prefix)
        if duty.sectors:
            here &= Q(project__sector__in=duty.sectors)
        reach |= here
    return Complaint.objects.filter(reach).select_related("region", "project").order_by("-made_at", "-pk")


@transaction.atomic
def answer_complaint(
    reference: str, *, answer: str = "", done: bool, actor: Actor, now: datetime
) -> Complaint:
    """The authority takes a complaint up or answers it; who follows it reads that.

    Raises NotFound out of reach, RuleViolation `complaint.answer` when done without a word.
    """
    complaint = complaints_for(actor).select_for_update(of=("self",)).filter(reference=reference).first()
    if complaint is None:
        not_found()
    if done and not answer.strip():
        raise RuleViolation("complaint.answer", _("Write an answer: the worker will read it."))
    complaint.state = Complaint.State.ANSWERED if done else Complaint.State.HANDLING
    complaint.answer = answer.strip()[:LONGEST_ANSWER]
    complaint.answered_at, complaint.answered_by_id = now, actor.id
    complaint.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    return complaint


def tell_complainant(
    complaint: Complaint,
    kind: str,
    *,
    day: date | None = None,
    office: str = "",
    answer: str = "",
    done: bool = False,
    actor: Actor,
    now: datetime,
) -> ComplaintWord:
    """Tell whoever made a complaint of a step; `answer` is read by them, `done` ends the complaint.

    For who deals with the case: the caller has asked for access. Call it in the transaction of the step.
    """
    state = Complaint.State.ANSWERED if done else Complaint.State.HANDLING
    changed = {"state": state, "answered_at": now, "answered_by_id": actor.id}
    if answer.strip():
        changed["answer"] = answer.strip()[:LONGEST_ANSWER]
    for name, value in changed.items():
        setattr(complaint, name, value)
    complaint.save(update_fields=[name.removesuffix("_id") for name in changed])
    word = ComplaintWord.objects.create(complaint=complaint, kind=kind, day=day, office=office, at=now)
    if kind in TEXTS and (phone := _phone_for(complaint.worker_id, str(complaint.contact))):
        text_complainant(phone, kind, f"{complaint.reference}:{word.pk}", now=now)
    return word


def _phone_for(worker_id: int | None, contact: str) -> str:
    """The mobile number of whoever complained by name, or the one that was left; '' for all others, who follow
    their complaint by its number alone."""
    if worker_id is not None:
        worker = Worker.objects.only("phone").filter(pk=worker_id).first()
        return str(worker.phone or "") if worker is not None else ""
    number = re.sub(r"[\s-]", "", contact)
    return number if MOBILE.fullmatch(number) else ""


def text_complainant(phone: str, kind: str, key: str, *, now: datetime) -> None:
    """Send word of a step, once. The phone may be in other hands: the text says neither who complained, nor of
    what, nor that it was a complaint."""
    if kind == "received" and _receipts_to(phone, now) >= RECEIPTS_PER_PHONE_AND_DAY:
        return
    with override(LANGUAGE):
        text = str(TEXTS[kind]) % {"brand": settings.WAGEWATCH_BRAND}
    queue_sms(phone, text, kind=SMS_KIND, now=now, dedupe_key=f"told:{key}")


def _receipts_to(phone: str, now: datetime) -> int:
    """How many receipts went to a number within a day."""
    sent = SmsMessage.objects.filter(
        phone_index=blind_index(phone, kind="phone"), kind=SMS_KIND, created_at__gt=now - timedelta(days=1)
    )
    return sent.filter(dedupe_key__endswith=":received").count()


def words_of(complaint: Complaint) -> list[ComplaintWord]:
    """What was told about a complaint, the newest first."""
    return list(ComplaintWord.objects.filter(complaint=complaint).order_by("-at", "-pk"))
