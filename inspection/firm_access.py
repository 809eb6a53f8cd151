"""The only door of a firm to what the authority served on it: orders to correct, proceedings about the list."""

from django.db.models import QuerySet

from inspection.models import FirmWord, Listing, ServedOrder
from registration.access import not_found, organisations_with
from registration.actors import Actor
from registration.models import StoredFile
from registration.permissions import PERMISSIONS


def firms_of_actor(actor: Actor) -> list[int]:
    """The firms for which the actor may answer the authority."""
    return organisations_with(actor, PERMISSIONS["order.answer"])


def served_for(actor: Actor) -> QuerySet[ServedOrder]:
    """Orders that were served on the actor's firms; nobody else's firm is visible."""
    return ServedOrder.objects.filter(organisation__in=firms_of_actor(actor))


def access_served(pk: int, actor: Actor) -> ServedOrder:
    """One order that was served on the actor's firm, or NotFound."""
    found = (
        served_for(actor)
        .select_related("project__region", "organisation", "authority", "officer")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        not_found()
    return found


def listings_of_firms(actor: Actor) -> QuerySet[Listing]:
    """Proceedings about the list that concern the actor's firms."""
    return Listing.objects.filter(organisation__in=firms_of_actor(actor))


def access_listing(pk: int, actor: Actor) -> Listing:
    """One of them, or NotFound."""
    found = listings_of_firms(actor).select_related("organisation", "authority__region").filter(pk=pk).first()
    if found is None:
        not_found()
    return found


def own_word_file(pk: int, actor: Actor) -> StoredFile | None:
    """The paper of something that the actor's firm said. NotFound for others'."""
    word = (
        FirmWord.objects.filter(organisation__in=firms_of_actor(actor), pk=pk).select_related("file").first()
    )
    if word is None:
        not_found()
    return word.file
