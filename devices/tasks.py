"""What beat has done at the gates: partitions ahead, attendance days, evidence of days that are over."""

import structlog
from celery import shared_task
from django.utils import timezone

from devices.services import days, list_versions, partitions, photos, seals, sources, terminals, totals
from wagewatch.lib.dates import first_of_month, next_month, previous_month, site_date

log = structlog.get_logger(__name__)


@shared_task(name="devices.tasks.make_partitions")
def make_partitions() -> int:
    """Three months ahead; rows in a default partition are reported."""
    made = partitions.make_partitions(now=timezone.now())
    if strays := partitions.rows_without_partition():
        log.error("partitions.default_used", tables=strays)
    return made


@shared_task(name="devices.tasks.roll_up_days")
def roll_up_days() -> int:
    """Attendance days of what arrived since the last time."""
    return days.roll_up(now=timezone.now())


@shared_task(name="devices.tasks.check_month_totals")
def check_month_totals() -> int:
    """Totals of the last seven months, those that rules read, against their days; what differs is told and mended."""
    month = first_of_month(site_date(timezone.now()))
    found = 0
    for _month in range(7):
        rows, projects = totals.mend_totals(month, next_month(month))
        if rows:
            log.error("month_totals.mended", month=f"{month:%Y-%m}", rows=rows, projects=projects)
        found += rows
        month = previous_month(month)
    return found


@shared_task(name="devices.tasks.seal_days")
def seal_days() -> int:
    """Evidence of the days that are over; old nonces and old notes of changed allow-lists go."""
    now = timezone.now()
    terminals.forget_nonces(now=now)
    list_versions.forget_changes(now=now)
    sources.forget_source_nonces(now=now)
    return seals.seal_days(now=now)


@shared_task(name="devices.tasks.forget_photos")
def forget_photos() -> int:
    """Pictures of gates whose time is over."""
    return photos.forget_photos(now=timezone.now())
