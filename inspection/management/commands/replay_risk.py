"""manage.py replay_risk: how many days before a default the risk score speaks, and how often in vain."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inspection.risk.replay import lines_of, recall_by_fate, replay
from registration.models import Project
from registration.seed.parameters import parameter_rows
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import next_month

THRESHOLDS = (20, 30, 40, 50, 60, 70, 80)


class Command(BaseCommand):
    help = (
        "Simulate months of wages on invented projects, score them night by night with the factors of the seed, "
        "and report precision, recall and lead at several thresholds. Runs in a transaction that is rolled back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--projects", type=int, default=300)
        parser.add_argument(
            "--months", type=int, default=10, help="wage months; the first three are not counted"
        )
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--start", type=date.fromisoformat, default=date(2025, 9, 1))
        parser.add_argument("--every", type=int, default=1, help="score every so many nights")
        parser.add_argument(
            "--beside-real", action="store_true", help="also where there are projects already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Project.objects.exists() and not options["beside_real"]:
            raise CommandError(
                "There are projects here; their rows would be read every simulated night. Use an empty database, "
                "or --beside-real."
            )
        seed = {row.key: row.value for row in parameter_rows() if row.region is None}
        factors, marks = seed["risk.factors"], seed["risk.levels"]
        months = [options["start"].replace(day=1)]
        while len(months) < options["months"]:
            months.append(next_month(months[-1]))
        periods = replay(
            projects=options["projects"],
            months=months,
            calendar=load_calendar(),
            seed=options["seed"],
            variants={
                "all factors": factors,
                "balance alone": {"balance": {**factors["balance"], "weight": 100}},
            },
            nearness=seed["risk.nearness"],
            every=options["every"],
        )
        defaults = sum(p.month.is_default for p in periods)
        self.stdout.write(
            f"{options['projects']} projects, {len(periods)} pay days counted, {defaults} first defaults, "
            f"seed {options['seed']}"
        )
        for variant in ("all factors", "balance alone"):
            self.stdout.write(f"\n{variant}")
            self.stdout.write("threshold  fired  caught  false  precision  recall  median lead  a week ahead")
            for line in lines_of(periods, variant, THRESHOLDS):
                lead = "-" if line.lead_days is None else f"{line.lead_days:g} d"
                self.stdout.write(
                    f"{line.threshold:9d}  {line.fired:5d}  {line.caught:6d}  {line.false:5d}  "
                    f"{line.precision:8.0%}  {line.recall:6.0%}  {lead:>11}  {line.week_ahead:12d}"
                )
        self.stdout.write(f"\ncaught by what went wrong, at {marks['watch']} and at {marks['high']}")
        low = recall_by_fate(periods, "all factors", marks["watch"])
        high = recall_by_fate(periods, "all factors", marks["high"])
        for fate, (caught, every) in sorted(low.items()):
            self.stdout.write(f"{fate:18} {caught} and {high[fate][0]} of {every}")
