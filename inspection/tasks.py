"""What beat runs for the government end."""

from celery import shared_task
from django.utils import timezone

from inspection.services import rules, stats, telling


@shared_task(name="inspection.tasks.run_rules")
def run_rules(only: str | None = None) -> None:
    """The overdue job and the other rules, each in a transaction of its own; then workers are told."""
    for _run in rules.run_rules(now=timezone.now(), only=only):
        pass
    telling.tell_workers()


@shared_task(name="inspection.tasks.rebuild_stat")
def rebuild_stat() -> None:
    """Refresh the dashboards' figures."""
    stats.rebuild_stat(now=timezone.now())
