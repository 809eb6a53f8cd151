"""What beat runs for the government end."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from inspection.services import (
    listing,
    mail,
    notices,
    pauses,
    region_days,
    risk,
    rounds,
    rules,
    stats,
    telling,
    urging,
)
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


@shared_task(name="inspection.tasks.tell_alarms")
def tell_alarms() -> int:
    """People are told of new alarms; then the daily summaries that are due. How many notices were written."""
    now = timezone.now()
    rounds.give_missing_deadlines(now=now)
    told = notices.tell_alarms(now=now)
    notices.summarise(now=now)
    return told


@shared_task(name="inspection.tasks.send_letters")
def send_letters() -> int:
    """E-mails that wait go out."""
    return mail.send_letters(now=timezone.now())


@shared_task(name="inspection.tasks.hurry_alarms")
def hurry_alarms() -> tuple[int, int]:
    """Keep pauses, urge what is overdue, send up what stays undone: how many of each."""
    pauses.keep_pauses(now=timezone.now())
    done = urging.hurry(now=timezone.now())
    return done.urged, done.escalated
