"""How much of what the authority served on a firm waits for it: the number in its menu."""

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Value

from inspection.models import FirmWord, Listing, ServedOrder
from registration.models import Membership
from registration.permissions import PERMISSIONS

SECONDS_KEPT: float | None = 60
"""How long a number in the menu is remembered."""


def waiting_for(user: int) -> int:
    """What waits for a user, for the menu of every page: remembered for a minute."""
    key = _key(user)
    return int(cache.get_or_set(key, lambda: count_waiting(user), timeout=SECONDS_KEPT) or 0)


def forget_waiting(user: int) -> None:
    """Count anew once this transaction has committed."""
    key = _key(user)
    transaction.on_commit(lambda: cache.delete(key), robust=True)


def _key(user: int) -> str:
    return f"authority:{user}"


def count_waiting(user: int) -> int:
    """Orders that nobody of the firm has answered, and notices of the list without an objection; one query."""
    firms = Membership.objects.filter(
        user=user, is_active=True, role__in=PERMISSIONS["order.answer"], organisation__isnull=False
    ).values("organisation")
    answers = FirmWord.objects.filter(order=OuterRef("order"), organisation=OuterRef("organisation"))
    orders = ServedOrder.objects.filter(
        ~Exists(answers), organisation__in=firms, corrected_on=None, withdrawn_on=None
    )
    objections = FirmWord.objects.filter(listing=OuterRef("pk"), kind=FirmWord.Kind.OBJECTION)
    notices = Listing.objects.filter(~Exists(objections), organisation__in=firms, state=Listing.State.NOTICED)
    one = Value(1)
    return orders.annotate(n=one).values("n").union(notices.annotate(n=one).values("n"), all=True).count()
