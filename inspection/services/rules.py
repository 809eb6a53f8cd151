"""Run the rules: find by SQL, compare with what is open, write only what flipped."""

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction

from inspection.alarms.catalogue import RULES
from inspection.alarms.parts import CALENDAR_REACH
from inspection.alarms.rule import Finding, Moment, Rule
from inspection.models import RuleRun
from inspection.services.alarms import apply_findings, lock_rule
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import SITE_TZ, first_of_month, pay_due_on, previous_month
from wagewatch.lib.happenings import newest

log = structlog.get_logger(__name__)
MONTHS_BACK = 26

RELATIONS = """
WITH pay_date AS (
  SELECT month::date, pay_day::int, due_on::date
  FROM jsonb_to_recordset(%(pay_dates)s::jsonb) AS t(month text, pay_day text, due_on text)
), special_day AS (
  SELECT day, is_working FROM registration_calendarday
), calendar_day AS MATERIALIZED (
  SELECT d.day::date AS day, w.is_working, sum(w.is_working::int) OVER (ORDER BY d.day)::int AS n
  FROM generate_series(%(today)s::timestamp - interval '{reach} days', %(today)s::timestamp + interval '60 days',
                       interval '1 day') d(day)
  LEFT JOIN special_day s ON s.day = d.day::date
  CROSS JOIN LATERAL (SELECT coalesce(s.is_working, extract(isodow FROM d.day) < 6) AS is_working) w
), finding AS ({sql})
SELECT project_id, period, level, due_on, amount_fen, people, participation_id, facts FROM finding
"""


def moment_of(now: datetime) -> Moment:
    """`now` with the site-local day and the pay dates of the last two years."""
    calendar = load_calendar()
    today = now.astimezone(SITE_TZ).date()
    month = first_of_month(today)
    pay_dates: list[tuple[date, int, date]] = []
    for _n in range(MONTHS_BACK):
        month = previous_month(month)
        pay_dates += [(month, day, pay_due_on(month, day, calendar)) for day in range(1, 29)]
    return Moment(now=now, today=today, pay_dates=pay_dates)


def statement(rule: Rule) -> str:
    """A rule's SQL with the relations that every rule may use."""
    return RELATIONS.format(sql=rule.sql, reach=CALENDAR_REACH)


def arguments(moment: Moment) -> dict[str, Any]:
    """What `statement` is filled in with."""
    pay_dates = [{"month": str(m), "pay_day": str(d), "due_on": str(due)} for m, d, due in moment.pay_dates]
    return {"today": moment.today, "now": moment.now, "pay_dates": json.dumps(pay_dates)}


def find(rule: Rule, moment: Moment) -> list[Finding]:
    """Every project and period for which the rule holds; one statement."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Months of attendance are summed in memory; on disk it takes several times as long.
        cursor.execute(
            f"SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = {'off' if rule.wide else 'on'}"
        )
        cursor.execute(statement(rule), arguments(moment))
        rows = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")  # what is written next looks up single rows
        return [
            Finding(
                project_id=project_id,
                period=period,
                level=level,
                due_on=due_on,
                amount_fen=amount_fen,
                people=people,
                participation_id=participation_id,
                facts=facts if isinstance(facts, dict) else json.loads(facts),
            )
            for project_id, period, level, due_on, amount_fen, people, participation_id, facts in rows
        ]


MISSING = """
SELECT k.key, p.region_id
FROM (SELECT DISTINCT region_id FROM registration_project) p, unnest(%(keys)s::text[]) AS k(key)
WHERE wagewatch_parameter(k.key, p.region_id, %(today)s) IS NULL
ORDER BY 1, 2 LIMIT 1
"""


class MissingFigure(LookupError):
    """A region for which a rule finds no figure on a day: "key region"."""


def check_parameters(rule: Rule, moment: Moment) -> None:
    """Raise MissingFigure where a region has no value today: without one, open alarms would seem to be over."""
    with connection.cursor() as cursor:
        cursor.execute(MISSING, {"keys": list(rule.parameters), "today": moment.today})
        row = cursor.fetchone()
    if row:
        raise MissingFigure(f"{row[0]} {row[1]}")


def run_rule(rule: Rule, moment: Moment) -> RuleRun:
    """Run one rule in its own transaction; a failure is recorded and goes no further."""
    started = time.monotonic()
    run = RuleRun(rule=rule.code, started_at=moment.now)
    try:
        with transaction.atomic():
            lock_rule(rule.code)
            check_parameters(rule, moment)
            findings = find(rule, moment)
            counts = apply_findings(rule.code, findings, now=moment.now)
        run.found = len(findings)
        run.opened, run.changed, run.closed = counts.opened, counts.changed, counts.closed
    except Exception as error:  # one broken rule must not stop the others
        log.exception("rule.failed", rule=rule.code)
        run.error = f"{type(error).__name__}: {error}"[:2000]
    run.milliseconds = int((time.monotonic() - started) * 1000)
    run.save()
    return run


def run_rules(*, now: datetime, only: str | None = None) -> Iterator[RuleRun]:
    """Run all rules, or one of them, and yield what each did."""
    moment = moment_of(now)
    for rule in RULES.values():
        if only is None or rule.code == only:
            yield run_rule(rule, moment)


BETWEEN = timedelta(seconds=5 if settings.DEMO or settings.TESTING else 60)
"""What happens within this time after a run waits for the next one."""
SHARE = 20
"""A rule rests for this many times as long as it ran, so that a slow one does not run all day."""
KEEP_RUNS = timedelta(days=90)


def run_rules_after_events(*, now: datetime) -> Iterator[RuleRun]:
    """Run the rules for which something happened since their last run, none of them too often.

    What is missed here, because the cache was away, the nightly run of all rules sees.
    """
    marks = {rule.code: {*rule.after, f"parameter.changed:{rule.code}"} for rule in RULES.values()}
    newest_of = newest({mark for kinds in marks.values() for mark in kinds})
    if not newest_of:
        return
    latest = latest_runs()
    moment = None
    for code, kinds in marks.items():
        when = max((newest_of[kind] for kind in kinds if kind in newest_of), default=None)
        run = latest.get(code)
        if when is None or (run is not None and when < run.started_at.timestamp()):
            continue
        if run is not None and now - run.started_at < max(
            BETWEEN, SHARE * timedelta(milliseconds=run.milliseconds)
        ):
            continue
        moment = moment or moment_of(now)
        yield run_rule(RULES[code], moment)


def latest_runs() -> dict[str, RuleRun]:
    """Rule → its newest run."""
    return {run.rule: run for run in RuleRun.objects.order_by("rule", "-started_at", "-pk").distinct("rule")}


def forget_runs(*, now: datetime) -> int:
    """Delete runs older than three months, but never a rule's newest one; returns how many."""
    kept = [run.pk for run in latest_runs().values()]
    deleted, _by_model = RuleRun.objects.filter(started_at__lt=now - KEEP_RUNS).exclude(pk__in=kept).delete()
    return deleted
