"""Firms found by their credit code, entered when they are new, and what the authority records of them."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registration.access import not_found, projects_for
from registration.actors import Actor
from registration.models import LegalForm, Organisation, Participation, Region, Standing
from registration.services.history import record_history
from registration.services.organisations import register_organisation
from registration.services.parameters import region_line
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import check_uscc


@dataclass(frozen=True)
class FirmFacts:
    """A firm as somebody writes it; `name` may be empty for one that is on record."""

    uscc: str
    name: str = ""
    legal_form: str = LegalForm.COMPANY


def firm_with(uscc: str) -> Organisation | None:
    """The firm of a credit code, if it is on record. Raises Malformed `uscc.…`."""
    return Organisation.objects.filter(uscc=check_uscc(uscc)).first()


def place_of(uscc: str, near: str) -> str:
    """Where a firm is registered: digits 3 to 8 of its code (GB 32100), or the nearest region that exists."""
    lines = (*region_line(uscc[2:8]), *region_line(near))
    known = set(Region.objects.filter(code__in=lines).values_list("code", flat=True))
    return next((code for code in lines if code in known), near)


@transaction.atomic
def find_or_enter(facts: FirmFacts, kind: str, *, near: str) -> Organisation:
    """The firm of a code; a new one is entered under the name given, at the place its code names.

    Raises Malformed `uscc.…`, RuleViolation `firm.unknown` without a name for a new firm, `firm.name` if
    the firm on record has another name.
    """
    found = firm_with(facts.uscc)
    name = " ".join(facts.name.split())
    if found is None:
        if not name:
            raise RuleViolation(
                "firm.unknown", _("No firm with this code is on record yet. Write its full name.")
            )
        number = check_uscc(facts.uscc)
        made = register_organisation(number, name, kind, region_code=place_of(number, near))
        if facts.legal_form != LegalForm.COMPANY:
            made.legal_form = facts.legal_form
            made.save(update_fields=["legal_form"])
        return made
    if name and name not in {found.name, found.short_name}:
        text = _("On record this code belongs to %(name)s. Check the code, or clear the name.")
        raise RuleViolation("firm.name", text, name=found.name)
    return found


@dataclass(frozen=True)
class StandingFacts:
    """What became of a firm; `successor_uscc` where another firm took over its rights and duties."""

    legal_form: str
    standing: str
    since: date | None = None
    successor_uscc: str = ""
    investors: str = ""


@transaction.atomic
def record_standing(
    firm_id: int, facts: StandingFacts, reason: str, *, actor: Actor, now: datetime
) -> Organisation:
    """An inspector records a firm's legal form and what became of it, so that the chain names who stands
    behind it (articles 20 to 22). Only for firms on a project within reach.

    Raises RuleViolation `firm.…`, Malformed `uscc.…`, NotFound.
    """
    firm = seen_firm(firm_id, actor)
    if len(reason.strip()) < 5:
        raise RuleViolation(
            "firm.reason", _("Write what this rests on, for instance an entry of the register.")
        )
    if facts.standing != Standing.ACTIVE and facts.since is None:
        raise RuleViolation("firm.since", _("Write since when."))
    successor = firm_with(facts.successor_uscc) if facts.successor_uscc.strip() else None
    if facts.successor_uscc.strip() and successor is None:
        raise RuleViolation("firm.successor", _("No firm with this code is on record yet."))
    if successor is not None and successor.pk == firm.pk:
        raise RuleViolation("firm.successor", _("A firm cannot be its own successor."))
    gone = facts.standing != Standing.ACTIVE
    values = {
        "legal_form": facts.legal_form,
        "standing": facts.standing,
        "standing_since": facts.since if gone else None,
        "successor": successor if gone else None,
        "investors": " ".join(facts.investors.split()),
    }
    Organisation.objects.filter(pk=firm.pk).update(**values)
    record_history(Organisation, [firm.pk], kind="~", actor=actor, now=now, reason=reason.strip())
    firm.refresh_from_db()
    return firm


def seen_firm(firm_id: int, actor: Actor) -> Organisation:
    """A firm on a project on which the actor may record its standing; NotFound else."""
    seen = projects_for(actor, permission="firm.record_standing")
    on_site = Participation.objects.filter(project__in=seen, organisation=firm_id)
    firm = Organisation.objects.filter(pk=firm_id).first()
    if firm is None or not on_site.exists():
        not_found()
    return firm
