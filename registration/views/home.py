"""The front door: each audience is sent to its own first page."""

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from registration.actors import Actor
from registration.http import ActorRequest
from registration.models.accounts import Role
from registration.permissions import CONTRACTOR

FIRST_PAGES: list[tuple[frozenset[str], str]] = [
    (frozenset({Role.INSPECTOR}), "inspection:today"),
    (frozenset({Role.SITE}), "devices:sites"),
    (frozenset(CONTRACTOR), "payroll:today"),
    (frozenset({Role.OWNER_CLERK}), "payroll:owner-today"),
    (frozenset({Role.BANK_OFFICER}), "payroll:accounts"),
]


def first_page(actor: Actor) -> str | None:
    """Address of the actor's first page on this side; None if this side has none for them."""
    for roles, name in FIRST_PAGES:
        if actor.has_role(*roles):
            try:
                return reverse(name)
            except NoReverseMatch:  # a page of the other side
                continue
    return None


def serves(actor: Actor) -> bool:
    """Whether this side (enterprise, supervision or both) has pages for the actor."""
    if settings.SIDE == "all":
        return bool(actor.duties)
    inspects = actor.has_role(Role.INSPECTOR)
    return inspects if settings.SIDE == "supervision" else any(d.role != Role.INSPECTOR for d in actor.duties)


def home(request: ActorRequest) -> HttpResponseBase:
    """Send workers to their pay, staff to their first page, everybody else to sign-in."""
    if request.worker is not None:
        return redirect("payroll:worker-pay")
    page = first_page(request.actor)
    return redirect(page) if page else redirect("accounts:sign-in")
