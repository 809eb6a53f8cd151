"""What beat runs for the government end."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from inspection.services import listing, region_days, risk, rules, stats, telling
from wagewatch.lib.dates import site_date


@shared_task(name="inspection.tasks.run_rules")
def run_rules(only: str | None = None) -> None:
    """All rules, or one, each in a transaction of its own; then workers are told."""
    for _run in rules.run_rules(now=timezone.now(), only=only):
        pass
    telling.tell_workers()


@shared_task(name="inspection.tasks.run_rules_after_events")
def run_rules_after_events() -> int:
    """The rules for which something happened since they last ran; returns how many ran."""
    return sum(1 for _run in rules.run_rules_after_events(now=timezone.now()))


@shared_task(name="inspection.tasks.forget_runs")
def forget_runs() -> int:
    """Old runs of the rules go."""
    return rules.forget_runs(now=timezone.now())


@shared_task(name="inspection.tasks.rebuild_stat")
def rebuild_stat() -> None:
    """Refresh the dashboards' figures, and those of this day and the last per region."""
    now = timezone.now()
    stats.rebuild_stat(now=now)
    today = site_date(now)
    region_days.count_region_days(today - timedelta(days=1), today)


@shared_task(name="inspection.tasks.score_risk")
def score_risk() -> int:
    """Tonight's risk score of every project."""
    return risk.score_risk(now=timezone.now())


@shared_task(name="inspection.tasks.end_list_terms")
def end_list_terms() -> int:
    """Firms whose three years are over leave the list."""
    return listing.end_terms(now=timezone.now())
