"""Contract wordings by region and date: which one counts, and how an authority publishes another."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Authority, ContractKind, ContractTemplate, Region
from registration.permissions import PERMISSIONS
from registration.rules.contract_text import check_template
from registration.services.parameters import region_line
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation


def templates_for(region_code: str, *, on: date) -> dict[str, ContractTemplate]:
    """Kind → the wording valid on a day: of the nearest region, and there the newest; one query."""
    line = region_line(region_code)
    found = ContractTemplate.objects.filter(
        Q(region__in=[code for code in line if code]) | Q(region=None), valid_from__lte=on
    ).exclude(valid_to__lt=on)
    best: dict[str, ContractTemplate] = {}
    for one in sorted(found, key=lambda t: (-line.index(t.region_id or ""), t.valid_from, t.pk)):
        best[one.kind] = one
    return best


def labour_regions(actor: Actor) -> list[str]:
    """Prefixes of the regions whose labour authority the actor works for: they may publish wordings."""
    duties = [d for d in actor.duties if d.authority_id and d.role in PERMISSIONS["template.publish"]]
    labour = set(
        Authority.objects.filter(
            pk__in=[d.authority_id for d in duties], kind=Authority.Kind.LABOUR
        ).values_list("pk", flat=True)
    )
    return [d.region_prefix for d in duties if d.authority_id in labour]


def may_publish(actor: Actor, region_code: str, prefixes: Iterable[str] | None = None) -> bool:
    """Whether a region lies within the actor's own as a labour authority."""
    known = labour_regions(actor) if prefixes is None else prefixes
    return any(region_code.startswith(prefix) for prefix in known)


@transaction.atomic
def publish_template(
    *,
    region_code: str,
    kind: str,
    version: str,
    title: str,
    body: str,
    valid_from: date,
    source: str,
    actor: Actor,
    now: datetime,
) -> ContractTemplate:
    """A labour authority publishes a wording for its region or a part of it, from a day on.

    Wordings are never changed, only followed by a newer version: contracts point at them. Raises
    Malformed `template.…`, RuleViolation `template.known` for a version that exists, `template.backdated`,
    NotFound, NotPermitted.
    """
    if not Region.objects.filter(pk=region_code).exists():
        not_found()
    if actor.kind != "system" and not may_publish(actor, region_code):
        not_permitted("template.publish")
    body = body.replace("\r\n", "\n").strip()
    check_template(body)
    if kind not in ContractKind.values or not title.strip() or not version.strip():
        raise Malformed("template.incomplete", _("Kind, title and version are needed."))
    if valid_from < site_date(now):
        raise RuleViolation("template.backdated", _("A wording counts from today or a later day."))
    try:
        with transaction.atomic():
            return ContractTemplate.objects.create(
                region_id=region_code,
                kind=kind,
                version=version.strip()[:20],
                title=title.strip()[:80],
                body=body,
                valid_from=valid_from,
                source=source.strip()[:120],
            )
    except IntegrityError:
        text = _("This region has a version of that name already. Give the new one another name.")
        raise RuleViolation("template.known", text) from None
