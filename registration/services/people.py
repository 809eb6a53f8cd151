"""What is done with one person on record: a new wage card, a look at full data."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, not_found, not_permitted, participations_for
from registration.actors import Actor
from registration.models import BankCard, Posting, Project, SensitiveView, Worker
from registration.services.cards import set_card
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import normalise_card


def _postings(worker_id: int, project: Project, actor: Actor, permission: str) -> list[Posting]:
    """The person's postings within the actor's reach; NotFound without any, NotPermitted without the role."""
    of_person = Posting.objects.filter(project=project, worker_id=worker_id)
    seen = of_person.filter(participation__in=participations_for(actor, project, permission="person.view"))
    if not seen.exists():
        not_found()
    allowed = list(
        of_person.filter(participation__in=participations_for(actor, project, permission=permission))
    )
    if not allowed:
        not_permitted(permission)
    return allowed


@transaction.atomic
def change_card(
    worker_id: int, project: Project, number: str, bank_name: str, *, actor: Actor, now: datetime
) -> BankCard:
    """Give a worker another wage card; the former one stays on record as no longer used.

    The same number again only corrects the bank. Raises Malformed `card.…` for what is no card number,
    RuleViolation `card.other_person` if somebody else holds it (Order 724, article 31), NotFound.
    """
    _postings(worker_id, project, actor, "person.edit")
    cleaned = normalise_card(number).value
    Worker.objects.select_for_update(of=("self",)).get(pk=worker_id)
    return set_card(worker_id, cleaned, bank_name, actor=actor, now=now)


def _user_id(actor: Actor) -> int:
    """Only people who sign in with a name and password may look at full data."""
    if actor.kind != "user" or actor.id is None:
        not_permitted("person.unmask")
    return actor.id


@dataclass(frozen=True)
class FullData:
    """A person's data unmasked, for one page."""

    name: str
    id_number: str
    phone: str
    address: str
    card_number: str


@transaction.atomic
def unmask(worker_id: int, project_id: int, purpose: str, *, actor: Actor, now: datetime) -> FullData:
    """A person's full data, after writing down who looks and what for.

    Raises RuleViolation `unmask.purpose` without a purpose, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor)
    _postings(worker_id, project, actor, "person.unmask")
    if not purpose.strip():
        raise RuleViolation("unmask.purpose", _("Say what you need the full data for."))
    worker = Worker.objects.get(pk=worker_id)
    card = BankCard.objects.filter(worker=worker, is_current=True).first()
    SensitiveView.objects.create(
        user_id=_user_id(actor),
        worker=worker,
        project=project,
        fields="name,id_number,phone,address,card",
        purpose=purpose.strip()[:200],
        at=now,
    )
    return FullData(
        name=worker.name,
        id_number=str(worker.id_number),
        phone=str(worker.phone or ""),
        address=str(worker.address or ""),
        card_number=str(card.number) if card else "",
    )
