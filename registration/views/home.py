"""The front door: each audience is sent to its own first page."""

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from registration.http import ActorRequest
from registration.models.accounts import Role

FIRST_PAGES: list[tuple[frozenset[str], str]] = [
    (frozenset({Role.INSPECTOR}), "inspection:today"),
    (frozenset({Role.SITE}), "devices:sites"),
    (frozenset({Role.GC_CLERK, Role.GC_MANAGER, Role.SC_CLERK}), "payroll:today"),
    (frozenset({Role.OWNER_CLERK, Role.BANK_OFFICER}), "payroll:accounts"),
]


def home(request: ActorRequest) -> HttpResponseBase:
    """Send workers to their pay, staff to their first page, everybody else to the choice of sign-in."""
    if request.worker is not None:
        return redirect("payroll:worker-pay")
    for roles, name in FIRST_PAGES:
        if request.actor.has_role(*roles):
            try:
                return redirect(reverse(name))
            except NoReverseMatch:  # a page of the other side
                continue
    return redirect("accounts:sign-in")
