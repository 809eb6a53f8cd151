"""The only door of a firm to what the authority served on it: orders to correct, proceedings about the list."""

from django.db.models import QuerySet

from inspection.models import FirmWord, Listing, ServedOrder
from registration.access import firms_with, the_one
from registration.actors import Actor
from registration.models import StoredFile


def firms_of_actor(actor: Actor) -> list[int]:
    """The firms for which the actor may answer the authority."""
    return firms_with(actor, "order.answer")


def served_for(actor: Actor) -> QuerySet[ServedOrder]:
    """Orders that were served on the actor's firms; nobody else's firm is visible."""
    return ServedOrder.objects.filter(organisation__in=firms_of_actor(actor))


def access_served(pk: int, actor: Actor) -> ServedOrder:
    """One order that was served on the actor's firm, or NotFound."""
    return the_one(
        served_for(actor)
        .select_related("project__region", "organisation", "authority", "officer")
        .filter(pk=pk)
    )


def listings_of_firms(actor: Actor) -> QuerySet[Listing]:
    """Proceedings about the list that concern the actor's firms."""
    return Listing.objects.filter(organisation__in=firms_of_actor(actor))


def access_listing(pk: int, actor: Actor) -> Listing:
    """One of them, or NotFound."""
    return the_one(listings_of_firms(actor).select_related("organisation", "authority__region").filter(pk=pk))


def own_word_file(pk: int, actor: Actor) -> StoredFile | None:
    """The paper of something that the actor's firm said. NotFound for others'."""
    words = FirmWord.objects.filter(organisation__in=firms_of_actor(actor), pk=pk)
    return the_one(words.select_related("file")).file
