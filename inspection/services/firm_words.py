"""What a firm says to the authority: its answer to an order, its objection to the list, its request for removal."""

import hashlib
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.firm_access import access_listing, access_served
from inspection.firm_counts import forget_waiting
from inspection.list_rules import obstacle
from inspection.models import FirmWord, Level, Listing, ListingStep, Notice
from inspection.services.audience import people_of_office, project_of_firm
from inspection.services.listing import REFUSALS, stage_of
from inspection.services.notices import Note, notify
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import Organisation, StoredFile
from registration.services.files import store_file
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

WORD = "firm.word"
"""Kind in the evidence log."""
MOST_A_DAY = 10
SHORTEST, LONGEST = 5, 2000
Kind = FirmWord.Kind
Upload = tuple[str, bytes]


def word_record(word: FirmWord) -> dict[str, Any]:
    """The canonical record of what a firm said, for the evidence log."""
    return {
        "word": word.pk,
        "kind": word.kind,
        "order": word.order_id,
        "listing": word.listing_id,
        "after": word.after,
        "on": word.on,
        "organisation": word.organisation_id,
        "by": word.by_id,
        "at": word.at,
        "text": hashlib.sha256(str(word.text).encode()).hexdigest(),
        "file": bytes(word.file.sha256).hex() if word.file else None,
    }


@transaction.atomic
def answer_order(pk: int, *, text: str, file: Upload | None = None, actor: Actor, now: datetime) -> FirmWord:
    """A firm answers an order to correct: what it did, with its proof. It may do so after the time as well.

    `pk` is that of the served order. The office looks and records what it finds; an answer alone corrects nothing.
    Raises NotFound for another firm's, RuleViolation `word.withdrawn`, `word.corrected`, `word.text`, `word.often`,
    Malformed `file.…`.
    """
    served = access_served(pk, actor)
    if served.withdrawn_on is not None:
        raise RuleViolation("word.withdrawn", _("The office took this order back. It needs no answer."))
    if served.corrected_on is not None:
        raise RuleViolation("word.corrected", _("The office found everything done. It needs no answer."))
    said, user = _said(text), user_of(actor)
    said_today = FirmWord.objects.filter(order=served.order_id, by=user, at__date=now.date()).count()
    if said_today >= MOST_A_DAY:
        raise RuleViolation("word.often", _("You answered often enough today. The office reads it."))
    word = _write(
        Kind.REPLY, served.organisation_id, said, file, project_id=served.project_id, order_id=served.order_id,
        actor=actor, now=now,
    )  # fmt: skip
    if served.officer_id is not None:
        key = f"replied:{word.pk}"
        notify([Note(served.officer_id, served.project_id, Notice.Kind.REPLIED, Level.YELLOW, key)], now=now)
    return word


@transaction.atomic
def object_to_listing(
    pk: int, *, text: str, file: Upload | None = None, actor: Actor, now: datetime
) -> FirmWord:
    """A firm objects to being listed, within the days of the notice (MOHRSS order 45).

    Raises NotFound, RuleViolation `list.not_now`, `list.objection_late`, `word.text`, Malformed `file.…`.
    """
    listing = _locked(pk, actor)
    return _about_listing(listing, Kind.OBJECTION, site_date(now), text, file, actor=actor, now=now)


@transaction.atomic
def ask_removal(
    pk: int, *, on: date, text: str, file: Upload | None = None, actor: Actor, now: datetime
) -> FirmWord:
    """A listed firm asks to be removed, six months after everything was paid and corrected on `on`.

    Raises NotFound, RuleViolation `list.not_now`, `list.day`, `list.too_soon`, `list.still_owes`, `word.text`,
    Malformed `file.…`.
    """
    listing = _locked(pk, actor)
    return _about_listing(listing, Kind.REMOVAL_ASKED, on, text, file, actor=actor, now=now)


def _locked(pk: int, actor: Actor) -> Listing:
    """The proceeding, under the lock of its firm that the office's acts take as well."""
    listing = access_listing(pk, actor)
    Organisation.objects.select_for_update(no_key=True).get(pk=listing.organisation_id)
    return access_listing(pk, actor)


def _about_listing(
    listing: Listing, kind: str, on: date, text: str, file: Upload | None, *, actor: Actor, now: datetime
) -> FirmWord:
    against = obstacle(stage_of(listing, today=site_date(now)), kind, on)
    if against is not None:
        code, facts = against
        raise RuleViolation(code, REFUSALS[code], **facts)
    last = ListingStep.objects.filter(listing=listing).order_by("-number").values_list("number", flat=True)
    word = _write(
        kind, listing.organisation_id, _said(text), file, listing_id=listing.pk, after=last.first() or 0, on=on,
        actor=actor, now=now,
    )  # fmt: skip
    project = project_of_firm(listing.organisation_id, listing.authority.region.prefix)
    if project is not None:
        key, firm = f"said:{word.pk}", listing.organisation.name
        notify(
            [
                Note(user, project, Notice.Kind.LIST_SAID, Level.ORANGE, key, firm=firm, step=kind)
                for user in people_of_office(listing.authority)
            ],
            now=now,
        )
    return word


def _said(text: str) -> str:
    said = text.replace("\x00", "").strip()[:LONGEST]
    if len(said) < SHORTEST:
        raise RuleViolation("word.text", _("Write it in a few words; the office reads it."))
    return said


def _write(
    kind: str,
    firm: int,
    text: str,
    file: Upload | None,
    *,
    project_id: int | None = None,
    actor: Actor,
    now: datetime,
    **about: Any,
) -> FirmWord:
    paper = None
    if file is not None:
        sort = StoredFile.Kind.OTHER if file[1].startswith(b"%PDF-") else StoredFile.Kind.PHOTO
        paper = store_file(file[0], file[1], kind=sort, actor=actor, now=now)
    word = FirmWord.objects.create(
        kind=kind, organisation_id=firm, by_id=user_of(actor), at=now, text=text, file=paper, **about
    )
    forget_waiting(user_of(actor))
    append(
        WORD,
        project_id=project_id,
        subject=f"firm-word:{word.pk}",
        record=word_record(word),
        actor=actor,
        now=now,
    )
    return word
