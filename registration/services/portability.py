"""A person found again in another city: who may hear what, and after which question.

An ID number alone tells nothing but that somebody is on record: the clerk must also type the name that
stands on the card. Then projects, trades, trainings and certificates are shown, no pay, phone or card.
Every answer is written down; wrong names are counted, so that nobody guesses them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from registration.access import access_project, not_permitted
from registration.actors import Actor
from registration.history_of_person import PersonHistory, history_of_person
from registration.models import Posting, SensitiveView, Worker
from registration.services.entering import id_index_of
from wagewatch.lib.identity import mask_name

MOST_WRONG = 5
WITHIN = timedelta(hours=1)
SHOWN, WRONG = "history", "history: wrong name"
PURPOSE = "registration on a project"

State = Literal["unknown", "known", "differs", "too_often", "found"]


@dataclass(frozen=True)
class Recall:
    """`unknown`: nobody has this number. `known`: somebody, whose name must be typed. `differs`: another
    name. `too_often`: five wrong names within the hour. `found`: with the history, and `works_here` if the
    person has open work on this project."""

    state: State
    masked_name: str = ""
    worker: Worker | None = None
    history: PersonHistory | None = None
    works_here: bool = False


@transaction.atomic
def recall_person(
    project_id: int,
    kind: str,
    number: str,
    nationality: str,
    name: str,
    *,
    actor: Actor,
    now: datetime,
) -> Recall:
    """Whether somebody with this document is on record anywhere; with the right name, their history.

    `number` and `name` are normalised; `name` '' only asks. Raises NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="person.edit")
    if actor.kind != "user" or actor.id is None:
        not_permitted("person.edit")
    found = Worker.objects.filter(id_index=id_index_of(kind, number, nationality)).select_for_update(
        of=("self",)
    )
    worker = found.defer("phone", "address", "emergency_name", "emergency_phone").first()
    if worker is None:
        return Recall("unknown")
    masked = mask_name(worker.name)
    asked = SensitiveView.objects.filter(user_id=actor.id, worker=worker, fields=WRONG, at__gt=now - WITHIN)
    if asked.count() >= MOST_WRONG:
        return Recall("too_often", masked)
    if not name:
        return Recall("known", masked)
    right = name == worker.name
    SensitiveView.objects.create(
        user_id=actor.id,
        worker=worker,
        project=project,
        fields=SHOWN if right else WRONG,
        purpose=PURPOSE,
        at=now,
    )
    if not right:
        return Recall("differs", masked)
    here = Posting.objects.filter(project=project, worker=worker, left_on=None).exists()
    return Recall("found", masked, worker, history_of_person(worker.pk), here)
