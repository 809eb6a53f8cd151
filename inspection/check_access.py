"""The only door to random checks: an office's own, and those of the same side's offices inside its region."""

from django.db.models import Q, QuerySet

from inspection.models import CheckDraw, RandomCheck
from registration.access import not_found
from registration.actors import Actor
from registration.models import Authority
from registration.permissions import PERMISSIONS


def offices_of(actor: Actor) -> QuerySet[Authority]:
    """The offices in which the actor is an inspector: there they draw and keep the library."""
    mine = [
        d.authority_id
        for d in actor.duties
        if d.authority_id is not None and d.role in PERMISSIONS["check.plan"]
    ]
    return Authority.objects.filter(pk__in=mine).select_related("region").order_by("pk")


def access_office(pk: int, actor: Actor) -> Authority:
    """One of the actor's own offices, or NotFound."""
    office = offices_of(actor).filter(pk=pk).first()
    if office is None:
        not_found()
    return office


def draws_for(actor: Actor) -> QuerySet[CheckDraw]:
    """Draws of the actor's own offices, and of the same side's offices inside their region."""
    reach = Q(authority__in=offices_of(actor))
    for office in offices_of(actor):
        reach |= Q(authority__kind=office.kind, authority__region__code__startswith=office.region.prefix)
    return CheckDraw.objects.filter(reach).select_related("authority__region")


def access_draw(pk: int, actor: Actor) -> CheckDraw:
    """One draw within reach, or NotFound."""
    draw = draws_for(actor).filter(pk=pk).first()
    if draw is None:
        not_found()
    return draw


def access_check(draw_pk: int, project_pk: int, actor: Actor, *, for_write: bool = False) -> RandomCheck:
    """A project's check of a draw within reach, locked if `for_write`; NotFound."""
    checks = RandomCheck.objects.filter(draw__in=draws_for(actor), draw=draw_pk, project=project_pk)
    if for_write:
        checks = checks.select_for_update(of=("self",))
    else:
        checks = checks.select_related("project__region", "draw__authority__region", "first", "second")
    check = checks.first()
    if check is None:
        not_found()
    return check
