"""The worker says whose the card on record is; wages wait for that where it took another card's place."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import OWN_PART_ONLY, not_found, not_permitted, organisations_with
from registration.actors import Actor
from registration.card_records import ANSWERED, answer_record, answer_subject
from registration.models import BankCard, CardAnswer, Participation, Posting, TabletVisit, Worker
from registration.permissions import PERMISSIONS
from registration.rules.card_word import CardWord, needs_picture
from registration.services.parameters import parameter
from registration.services.testimony import keep_photo
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

LONGEST_TEXT = 200


def current_card(worker_id: int) -> BankCard | None:
    """The worker's current card with what they said about it; one query."""
    return BankCard.objects.with_word().filter(worker=worker_id, is_current=True).first()


def asked_card(worker_id: int) -> BankCard | None:
    """The card about which the worker is still to be asked; one query."""
    card = current_card(worker_id)
    return card if card is not None and card.word == CardWord.ASKED else None


def phone_since(worker: Worker) -> datetime | None:
    """When somebody else's number, or none, gave way to the phone on record; None if it was there from the start."""
    now = bytes(worker.phone_index or b"")
    rows = Worker.history.filter(id=worker.pk).order_by("-history_date", "-history_id")
    changed: datetime | None = None
    for index, at in rows.values_list("phone_index", "history_date"):
        if bytes(index or b"") != now:
            return changed or at
        changed = at
    return None


def asks_for_picture(card: BankCard, *, at_tablet: bool, now: datetime) -> bool:
    """Whether a yes to this card needs a picture of the worker, see `needs_picture`."""
    worker = Worker.objects.only("pk", "phone_index").get(pk=card.worker_id)
    region = (
        Posting.objects.filter(worker=card.worker_id)
        .order_by("-joined_on")
        .values_list("project__region_id", flat=True)
        .first()
    )
    days = parameter("card.phone_settled_days", region_code=region or "", on=site_date(now), default=30)
    return needs_picture(
        at_tablet=at_tablet,
        phone_since=phone_since(worker),
        card_since=card.added_at,
        settled=timedelta(days=int(days)),
    )


@transaction.atomic
def answer_card(
    card_id: int,
    *,
    is_own: bool,
    reason: str = "",
    text: str = "",
    picture: bytes = b"",
    visit: TabletVisit | None = None,
    actor: Actor,
    now: datetime,
) -> CardAnswer:
    """The worker says whether the card on record is theirs; the newest answer counts, and is kept as evidence.

    A yes at a tablet, or from a phone number that others wrote down lately, needs a picture. The same answer again
    is the same answer. Raises NotFound for others' cards, NotPermitted for anybody but the worker, RuleViolation
    `card.changed`, `card.reason`, `card.picture`; Malformed `file.kind`, `picture.…`.
    """
    if actor.kind != "worker" or actor.id is None:
        not_permitted("card.answer")
    worker = Worker.objects.select_for_update(of=("self",)).only("pk").get(pk=actor.id)
    asked = BankCard.objects.filter(pk=card_id, worker=worker).first()
    if asked is None:
        not_found()
    card = current_card(worker.pk)
    if card is None or card.pk != card_id:
        raise RuleViolation("card.changed", _("Another card is on record now. Look at it again."))
    newest = CardAnswer.objects.filter(card=card).order_by("-pk").first()
    if newest is not None and newest.is_own == is_own and (is_own or newest.reason == reason):
        return newest
    if not is_own and reason not in CardAnswer.Reason.values:
        raise RuleViolation("card.reason", _("Choose what is wrong with the card."))
    if is_own and not picture and asks_for_picture(card, at_tablet=visit is not None, now=now):
        raise RuleViolation(
            "card.picture", _("Take a picture of yourself, so that nobody else can say this.")
        )
    answer = CardAnswer.objects.create(
        card=card,
        worker=worker,
        is_own=is_own,
        reason="" if is_own else reason,
        text=None if is_own else " ".join(text.replace("\x00", "").split())[:LONGEST_TEXT] or None,
        picture=keep_photo(picture, actor=actor, now=now),
        visit=visit,
        at=now,
    )
    append(
        ANSWERED,
        project_id=None,
        subject=answer_subject(answer),
        record=answer_record(answer),
        actor=actor,
        now=now,
    )
    return answer


def newest_answer(worker_id: int) -> CardAnswer | None:
    """What the worker said last about the current card; one query."""
    return (
        CardAnswer.objects.filter(card__worker=worker_id, card__is_current=True)
        .select_related("picture", "visit")
        .defer("picture__content")
        .order_by("-pk")
        .first()
    )


def held_cards() -> QuerySet[BankCard]:
    """Current cards of the outer query's `worker` that wages do not go to."""
    return (
        BankCard.objects.with_word()
        .filter(worker=OuterRef("worker"), is_current=True)
        .filter(Q(said=False) | Q(said=None, replaced=True))
    )


def words_by_project(actor: Actor) -> list[dict[str, Any]]:
    """Cards of people at work that wages do not go to, on all the clerk's projects: project_id, project__name and _en,
    number, denied, since; one query."""
    mine = organisations_with(actor, PERMISSIONS["person.edit"])
    led = Participation.objects.filter(
        project=OuterRef("project_id"), organisation__in=mine, role=Participation.Role.GENERAL_CONTRACTOR
    )
    own = Q(participation__organisation__in=mine) | Q(
        participation__parent__organisation__in=mine, participation__parent__role__in=OWN_PART_ONLY
    )
    held = held_cards()
    rows = (
        Posting.objects.filter(Q(Exists(led)) | own, left_on=None)
        .filter(Exists(held))
        .order_by()
        .values("project_id", "project__name", "project__name_en")
        .annotate(
            number=Count("worker", distinct=True),
            denied=Count("worker", filter=Q(Exists(held.filter(Q(said=False)))), distinct=True),
            since=Min("worker__cards__added_at", filter=Q(worker__cards__is_current=True)),
        )
    )
    return [dict(row) for row in rows]
