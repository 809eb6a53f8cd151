"""The only door to cases: an authority's region and sectors, its own office, what it handed over."""

from django.db.models import Q, QuerySet

from inspection.models import Case
from registration.access import not_found, not_permitted
from registration.actors import Actor, Duty
from registration.models import Authority
from registration.permissions import PERMISSIONS


def cases_for(actor: Actor) -> QuerySet[Case]:
    """Cases of the actor's region and sectors, those their office deals with, and those it handed over."""
    if actor.kind == "system":
        return Case.objects.all()
    reach = Q(pk__in=[])
    for duty in _offices(actor):
        here = Q(region__code__startswith=duty.region_prefix)
        if duty.sectors:
            here &= Q(project__sector__in=duty.sectors)
        reach |= here | Q(office=duty.authority_id) | Q(first_office=duty.authority_id)
    return Case.objects.filter(reach)


def access_case(pk: int, actor: Actor, *, for_write: bool = False) -> Case:
    """One case within reach, locked if `for_write`; or NotFound."""
    cases = cases_for(actor).filter(pk=pk)
    if for_write:  # the lock is taken on the case alone; what it points to is read afterwards
        cases = Case.objects.filter(pk__in=cases.values("pk")).select_for_update(of=("self",), no_key=True)
    else:
        cases = cases.select_related(
            "complaint", "project__region", "region", "office", "first_office", "officer"
        )
    case = cases.first()
    if case is None:
        not_found()
    return case


def _offices(actor: Actor) -> list[Duty]:
    roles = PERMISSIONS["case.handle"]
    return [d for d in actor.duties if d.authority_id is not None and d.role in roles]


def may_handle(case: Case, actor: Actor) -> bool:
    """Whether the actor works for the office that deals with the case."""
    return any(duty.authority_id == case.office_id for duty in _offices(actor))


def may_approve(case: Case, actor: Actor) -> bool:
    """Whether the actor may approve what an officer proposed: in the same office, or in a labour office above."""
    if may_handle(case, actor):
        return True
    above = [
        d.authority_id or 0
        for d in _offices(actor)
        if case.region_id.startswith(d.region_prefix) and not d.sectors
    ]
    return Authority.objects.filter(pk__in=above, kind=Authority.Kind.LABOUR).exists()


def office_of(actor: Actor, region_code: str = "") -> Authority:
    """The office for which the actor deals with cases of a place; NotPermitted for none."""
    offices = _offices(actor)
    nearest = [d for d in offices if region_code.startswith(d.region_prefix)] or offices
    if not nearest:
        not_permitted("case.handle")
    return Authority.objects.select_related("region").get(pk=nearest[0].authority_id or 0)
