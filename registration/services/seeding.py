"""First contents of the reference tables; what people have edited since stays as it is."""

from dataclasses import dataclass

from django.db import transaction

from registration.models import Bulletin, CalendarDay, ContractTemplate, Parameter, Region
from registration.seed.bulletins import bulletin_rows
from registration.seed.calendar import calendar_rows
from registration.seed.contract_templates import FROM, VERSION, template_rows
from registration.seed.parameters import parameter_rows
from registration.seed.regions import region_rows
from registration.services.parameters import forget


@dataclass(frozen=True)
class Seeded:
    """How many rows were new."""

    regions: int
    days: int
    parameters: int
    templates: int
    bulletins: int


def seed_templates() -> int:
    """Add missing contract wordings; returns how many are new."""
    before = ContractTemplate.objects.count()
    ContractTemplate.objects.bulk_create(
        [
            ContractTemplate(
                region_id=r.region,
                kind=r.kind,
                version=VERSION,
                title=r.title,
                body=r.body,
                valid_from=FROM,
                source=r.source,
            )
            for r in template_rows()
        ],
        ignore_conflicts=True,
    )
    return ContractTemplate.objects.count() - before


def seed_bulletins() -> int:
    """Add the nationwide numbers that help workers; returns how many are new."""
    before = Bulletin.objects.count()
    Bulletin.objects.bulk_create([Bulletin(**row) for row in bulletin_rows()], ignore_conflicts=True)
    return Bulletin.objects.count() - before


@transaction.atomic
def seed() -> Seeded:
    """Add missing regions, calendar days, parameters and contract wordings; existing rows stay as they are."""
    before = Region.objects.count(), CalendarDay.objects.count(), Parameter.objects.count()
    Region.objects.bulk_create(
        [
            Region(code=r.code, name=r.name, name_en=r.name_en, level=r.level, parent_id=r.parent)
            for r in region_rows()
        ],
        ignore_conflicts=True,
    )
    CalendarDay.objects.bulk_create(
        [
            CalendarDay(day=r.day, is_working=r.is_working, name=r.name, source=r.source)
            for r in calendar_rows()
        ],
        ignore_conflicts=True,
    )
    Parameter.objects.bulk_create(
        [
            Parameter(
                key=r.key,
                region_id=r.region,
                valid_from=r.valid_from,
                valid_to=r.valid_to,
                value=r.value,
                source=r.source,
            )
            for r in parameter_rows()
        ],
        ignore_conflicts=True,
    )
    forget()
    return Seeded(
        Region.objects.count() - before[0],
        CalendarDay.objects.count() - before[1],
        Parameter.objects.count() - before[2],
        seed_templates(),
        seed_bulletins(),
    )
