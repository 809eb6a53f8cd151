"""`manage.py check_month_totals [--mend] [--project ID] [--since 2026-01]`: totals of months against their days."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Min
from django.utils import timezone

from devices.models import AttendanceDay, MonthTotal
from devices.services.totals import mend_totals, totals_apart
from wagewatch.lib.dates import first_of_month, next_month, parse_month, site_date


class Command(BaseCommand):
    help = "Compare each person's month with the days it is the sum of; exit code 1 when some differ."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to compare and whether to put it right."""
        parser.add_argument("--mend", action="store_true", help="put right what differs")
        parser.add_argument("--project", type=int, help="one project only")
        parser.add_argument("--since", metavar="YYYY-MM", help="from this month on; without it, everything")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Month by month, so that no statement runs over years."""
        until = first_of_month(site_date(timezone.now()))
        month = parse_month(options["since"]) if options["since"] else _oldest(until)
        act = mend_totals if options["mend"] else totals_apart
        found = 0
        while month <= until:
            rows, projects = act(month, next_month(month), project_id=options["project"])
            if rows:
                self.stdout.write(f"{month:%Y-%m}: {rows} totals of {projects} projects")
            found += rows
            month = next_month(month)
        self.stdout.write(f"{found} {'mended' if options['mend'] else 'differ'}")
        if found and not options["mend"]:
            raise SystemExit(1)


def _oldest(until: date) -> date:
    days = AttendanceDay.objects.aggregate(first=Min("day"))["first"]
    totals = MonthTotal.objects.aggregate(first=Min("month"))["first"]
    known = [one for one in (days, totals) if one is not None]
    return first_of_month(min(known, default=until))
