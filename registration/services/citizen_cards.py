"""Citizen cards: apply, and one service for each step after; by a clerk of a project on which the person works.

A step is a conditional update on the state it leaves, so that of two clicks at once one wins and the other
is told. Every step leaves a row that is never changed. A card identifies at the gate; nothing here ever
keeps anybody out.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, not_found, participations_for
from registration.actors import Actor
from registration.models import CitizenCard, CitizenCardStep, Participation, Posting, Project, Worker
from registration.rules.citizen_cards import (
    ENDED,
    Deadlines,
    check_day,
    check_step,
    due_on,
    normalise_card_number,
)
from registration.services.history import record_history
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation, Text, WagewatchError

State = CitizenCard.State
PERMISSION = "citizen_card.manage"
INDEX_KIND = "citizen_card"


def has_scheme(region_code: str, *, on: date) -> bool:
    """Whether a region issues citizen cards to building workers."""
    return bool(parameter("card.scheme", region_code=region_code, on=on, default=False))


def city_of(region_code: str) -> str:
    """The city whose card is meant: a card is a city's, and holds in all its districts."""
    return f"{region_code[:4]}00"


def deadlines_for(region_code: str, *, on: date) -> Deadlines:
    """The deadlines of a region on a day."""
    defaults = Deadlines()

    def days(key: str, default: int) -> int:
        return int(parameter(f"card.{key}", region_code=region_code, on=on, default=default))

    return Deadlines(
        submit=days("submit_days", defaults.submit),
        issue_wd=days("issue_within_wd", defaults.issue_wd),
        collect=days("collect_within_days", defaults.collect),
        bank=days("bank_within_days", defaults.bank),
        change=days("change_days", defaults.change),
    )


def card_index(number: str) -> bytes:
    """The blind index of a normalised card number."""
    return blind_index(number, kind=INDEX_KIND)


def worker_of_card(number: str) -> int | None:
    """Id of the person whose card bears this number and is neither lost nor returned.

    Raises Malformed `card.citizen_number`.
    """
    return (
        CitizenCard.objects.filter(number_index=card_index(normalise_card_number(number)))
        .exclude(state__in=ENDED)
        .values_list("worker_id", flat=True)
        .first()
    )


@dataclass(frozen=True)
class Refusal:
    """A person for whom a step could not be taken, and why."""

    worker_id: int
    name: str
    message: str


@dataclass
class Done:
    """How many steps were taken, and for whom not."""

    taken: int = 0
    refused: list[Refusal] = field(default_factory=list)


def _door(project_id: int, actor: Actor) -> tuple[Project, QuerySet[Participation]]:
    """The project, which must lie in a region with cards. Raises RuleViolation `card.no_scheme`."""
    project = access_project(project_id, actor, permission=PERMISSION)
    return project, participations_for(actor, project, permission=PERMISSION)


def _require_scheme(project: Project, today: date) -> None:
    if not has_scheme(project.region_id, on=today):
        raise RuleViolation("card.no_scheme", _("This region issues no citizen cards to building workers."))


def _open_postings(
    project: Project, parts: QuerySet[Participation], workers: Collection[int]
) -> dict[int, Posting]:
    """The open postings of these people within reach; NotFound if any is missing."""
    found = {
        p.worker_id: p
        for p in Posting.objects.filter(
            project=project, participation__in=parts, worker__in=workers, left_on=None
        ).select_related("participation")
    }
    if set(found) != set(workers):
        not_found()
    return found


@transaction.atomic
def apply_for_cards(
    project_id: int, workers: Collection[int], *, on: date, actor: Actor, now: datetime
) -> Done:
    """Apply for cards of people at work; who has a card of this city already is told so.

    After a lost or returned card this is the application for the next one. Raises NotFound for people out of
    reach, RuleViolation `card.no_scheme`, Malformed `card.day`.
    """
    project, parts = _door(project_id, actor)
    today = site_date(now)
    _require_scheme(project, today)
    check_day(on, since=None, today=today)
    postings = _open_postings(project, parts, set(workers))
    # Locked in order, so that two lists with the same people wait for each other and do not collide.
    names = dict(
        Worker.objects.select_for_update(of=("self",))
        .filter(pk__in=postings)
        .order_by("pk")
        .values_list("pk", "name")
    )
    city = city_of(project.region_id)
    live = set(
        CitizenCard.objects.filter(worker__in=postings, region=city)
        .exclude(state__in=ENDED)
        .values_list("worker_id", flat=True)
    )
    deadlines, calendar = deadlines_for(project.region_id, on=today), load_calendar()
    done = Done()
    new = [
        CitizenCard(
            worker_id=worker,
            region_id=city,
            organisation_id=posting.participation.organisation_id,
            state=State.APPLIED,
            applied_on=on,
            state_on=on,
            due_on=due_on(State.APPLIED, on, deadlines, calendar, joined_on=posting.joined_on),
        )
        for worker, posting in sorted(postings.items())
        if worker not in live
    ]
    cards = CitizenCard.objects.bulk_create(new)
    record_history(CitizenCard, [c.pk for c in cards], kind="+", actor=actor, now=now, reason="applied")
    _write_steps(cards, State.APPLIED, on, "", actor, now)
    done.taken = len(cards)
    text = _("There is a card of this city already, or one on its way.")
    done.refused = [Refusal(worker, names[worker], str(text)) for worker in sorted(live)]
    return done


def _write_steps(
    cards: Iterable[CitizenCard], state: str, on: date, note: str, actor: Actor, now: datetime
) -> None:
    CitizenCardStep.objects.bulk_create(
        CitizenCardStep(
            card=card,
            state=state,
            on=on,
            note=note[:200],
            user_id=actor.id if actor.kind == "user" else None,
            at=now,
        )
        for card in cards
    )


def cards_within(project: Project, parts: Iterable[Participation]) -> QuerySet[CitizenCard]:
    """The cards of the project's city of people with a posting on the parts."""
    people = Posting.objects.filter(project=project, participation__in=parts)
    return CitizenCard.objects.filter(region=city_of(project.region_id), worker__in=people.values("worker"))


@transaction.atomic
def take_step(
    project_id: int,
    card_id: int,
    to: str,
    *,
    on: date,
    number: str = "",
    note: str = "",
    actor: Actor,
    now: datetime,
) -> CitizenCard:
    """Move one card on: submitted, made, issued, collected, active (bank function opened), lost, returned.

    `number` gives or corrects the card's number. Raises NotFound, RuleViolation `card.step card.step_taken
    card.number_missing card.number_taken`, Malformed `card.day card.citizen_number`.
    """
    project, parts = _door(project_id, actor)
    card = cards_within(project, parts).filter(pk=card_id).first()
    if card is None:
        not_found()
    return _step(card, project, to, on=on, number=number, note=note, actor=actor, now=now)


def _step(
    card: CitizenCard,
    project: Project,
    to: str,
    *,
    on: date,
    number: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> CitizenCard:
    today = site_date(now)
    cleaned = normalise_card_number(number) if number.strip() else ""
    check_step(
        card.state,
        to,
        since=card.state_on,
        on=on,
        today=today,
        has_number=bool(cleaned or card.number_index),
    )
    changes: dict[str, Any] = {"state": to, "state_on": on}
    if to != State.MADE:  # making the card does not move the day by which it must be issued
        deadlines = deadlines_for(project.region_id, on=today)
        changes["due_on"] = due_on(to, on, deadlines, load_calendar())
    if to == State.ACTIVE:
        changes["bank_opened_on"] = on
    if cleaned:
        changes |= {"number": cleaned, "number_index": card_index(cleaned), "number_tail": cleaned[-4:]}
    try:
        with transaction.atomic():
            moved = CitizenCard.objects.filter(pk=card.pk, state=card.state).update(**changes)
    except IntegrityError:
        text = _("A card with this number belongs to somebody else. Read it from the card again.")
        raise RuleViolation("card.number_taken", text) from None
    if not moved:
        text = _("Somebody else moved this card on at the same moment. Look at it again.")
        raise RuleViolation("card.step_taken", text)
    record_history(CitizenCard, [card.pk], kind="~", actor=actor, now=now, reason=to)
    _write_steps([card], to, on, note, actor, now)
    card.refresh_from_db()
    return card


@transaction.atomic
def take_steps(
    project_id: int,
    workers: Collection[int],
    to: str,
    *,
    on: date,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> Done:
    """The same step for the newest cards of several people; whose card is elsewhere on its way is told so.

    A few statements for any number. Raises NotFound if somebody is out of reach.
    """
    project, parts = _door(project_id, actor)
    today = site_date(now)
    mine = cards_within(project, parts).filter(worker__in=set(workers))
    newest = mine.values("worker").annotate(newest=Max("pk")).values("newest")
    cards = list(
        CitizenCard.objects.select_for_update(of=("self",))
        .filter(pk__in=newest)
        .select_related("worker")
        .order_by("pk")
    )
    if {card.worker_id for card in cards} != set(workers):
        not_found()
    done, fit = Done(), []
    for card in cards:
        try:
            check_step(
                card.state, to, since=card.state_on, on=on, today=today, has_number=bool(card.number_index)
            )
        except WagewatchError as error:
            done.refused.append(Refusal(card.worker_id, card.worker.name, error.message))
        else:
            fit.append(card)
    changes: dict[str, Any] = {"state": to, "state_on": on}
    if to != State.MADE:
        deadlines = deadlines_for(project.region_id, on=today)
        changes["due_on"] = due_on(to, on, deadlines, load_calendar())
    if to == State.ACTIVE:
        changes["bank_opened_on"] = on
    ids = [card.pk for card in fit]
    done.taken = CitizenCard.objects.filter(pk__in=ids).update(**changes)
    record_history(CitizenCard, ids, kind="~", actor=actor, now=now, reason=to)
    _write_steps(fit, to, on, note, actor, now)
    return done


@dataclass(frozen=True)
class Row:
    """One person at work on a project and their newest card of its city, if any."""

    posting: Posting
    card: CitizenCard | None
    due_on: date | None

    def is_overdue(self, today: date) -> bool:
        """Whether the next step should have been taken by now."""
        return self.due_on is not None and self.due_on < today


def card_rows(project: Project, parts: Iterable[Participation], *, on: date) -> list[Row]:
    """People at work with their cards, those whose next step is overdue first; two statements.

    Who has no card is due to be submitted so many days after joining.
    """
    deadlines = deadlines_for(project.region_id, on=on)
    postings = list(
        Posting.objects.filter(project=project, participation__in=parts, left_on=None)
        .select_related("worker", "team", "participation__organisation")
        .defer("worker__id_number", "worker__phone", "worker__address")
        .order_by("team__name", "pin")
    )
    newest = {
        card.worker_id: card
        for card in CitizenCard.objects.filter(
            region=city_of(project.region_id), worker__in=[p.worker_id for p in postings]
        )
        .defer("number")
        .order_by("pk")
    }
    rows = []
    for posting in postings:
        card = newest.get(posting.worker_id)
        due = card.due_on if card else posting.joined_on + timedelta(days=deadlines.submit)
        rows.append(Row(posting, card, due))
    return sorted(rows, key=lambda row: (not row.is_overdue(on), row.due_on or date.max))


def cards_of(worker: Worker) -> list[CitizenCard]:
    """A person's cards, the newest first, each with its steps; two statements."""
    return list(
        CitizenCard.objects.filter(worker=worker)
        .select_related("region", "organisation")
        .prefetch_related("steps")
        .order_by("-pk")
    )


def overdue(project: Project, *, on: date) -> Q:
    """Which cards of the project's city are behind their deadline."""
    return Q(region=city_of(project.region_id), due_on__lt=on)


WORDS: dict[str, Text] = {
    State.SUBMITTED: _("Handed in at the card centre"),
    State.MADE: _("Made by the card centre"),
    State.ISSUED: _("Issued to the firm"),
    State.COLLECTED: _("Given to the worker"),
    State.ACTIVE: _("Bank function opened"),
    State.LOST: _("Lost"),
    State.RETURNED: _("Given back"),
}
"""What a clerk chooses when a step was taken."""
