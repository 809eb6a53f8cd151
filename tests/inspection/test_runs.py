"""Runs: one alarm under two runs at once, a broken rule, missing parameters, evidence of every flip."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError

from inspection.alarms import catalogue
from inspection.alarms.rule import Rule
from inspection.models import Alarm, AlarmFlip, RuleRun
from inspection.services import rules
from inspection.services.alarms import lock_rule
from registration.models import Parameter
from registration.services.parameters import forget
from tests.inspection.stage import DUE, at, run, sent_sheet, set_parameters, set_slips
from wagewatch.evidence.audit import Problem, audit
from wagewatch.evidence.models import Entry

BROKEN = """
SELECT 1 / 0 AS project_id, '' AS period, 1 AS level, NULL::date AS due_on, 0 AS amount_fen, 0 AS people,
  NULL::bigint AS participation_id, '{}'::jsonb AS facts
"""


@pytest.fixture
def stage(cast):
    set_parameters()
    return cast


@pytest.fixture
def sheet(stage):
    return sent_sheet(stage.sc_part, [(stage.sun_posting, 792_000), (stage.zhou_posting, 714_000)])


def in_threads(*jobs):
    def wrap(job):
        try:
            job()
        finally:
            connection.close()

    threads = [threading.Thread(target=wrap, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_open_one_alarm(transactional_db, stage, sheet):
    gate = threading.Barrier(4)

    def job():
        gate.wait()
        list(rules.run_rules(now=at(DUE), only="D3"))

    for thread in in_threads(*[job] * 4):
        thread.join()
    assert Alarm.objects.count() == 1
    assert list(AlarmFlip.objects.values_list("kind", flat=True)) == ["opened"]
    assert sorted(RuleRun.objects.values_list("opened", "error")) == [(0, ""), (0, ""), (0, ""), (1, "")]
    assert Entry.objects.filter(kind="alarm.flip").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_that_waited_sees_what_was_paid_meanwhile(transactional_db, stage, sheet):
    """A run must look after it holds the lock, or it would open again what the other run closed."""
    run(DUE)
    with transaction.atomic():
        lock_rule("D3")
        threads = in_threads(lambda: list(rules.run_rules(now=at(DUE, 10), only="D3")))
        threads[0].join(0.7)
        assert threads[0].is_alive()
        set_slips(sheet, payment="paid", state="settled")
    threads[0].join()
    assert list(AlarmFlip.objects.order_by("pk").values_list("kind", flat=True)) == ["opened", "closed"]


@pytest.mark.django_db(transaction=True)
def test_a_broken_rule_reports_itself_and_stops_no_other(transactional_db, stage, sheet, monkeypatch):
    broken = Rule(code="X9", title="x", explanation="x", law="x", sql=BROKEN)
    monkeypatch.setattr(rules, "RULES", {"X9": broken, **catalogue.RULES})
    runs = {r.rule: r for r in rules.run_rules(now=at(DUE))}
    assert set(runs) == {"X9", *catalogue.RULES}
    assert {code for code, one in runs.items() if one.error} == {"X9"}
    assert runs["X9"].error.startswith("DataError: division by zero")
    assert (runs["D3"].error, runs["D3"].opened) == ("", 1)
    assert RuleRun.objects.get(rule="X9").error == runs["X9"].error


@pytest.mark.django_db
def test_a_missing_parameter_closes_nothing(stage, sheet):
    run(DUE)
    Parameter.objects.filter(key="alarm.D3.days").delete()
    forget()
    broken = run(DUE + timedelta(days=1))
    assert broken.error == "MissingFigure: alarm.D3.days 330702"
    assert Alarm.objects.get().state == "open"


@pytest.mark.django_db
def test_a_run_that_finds_nothing_new_writes_nothing(stage, sheet):
    run(DUE)
    before = Alarm.objects.values().get()
    again = run(DUE + timedelta(days=1))
    assert (again.found, again.opened, again.changed, again.closed) == (1, 0, 0, 0)
    assert Alarm.objects.values().get() == before
    assert AlarmFlip.objects.count() == 1


@pytest.mark.django_db
def test_queries_do_not_grow_with_alarms(stage, sheet, django_assert_max_num_queries):
    with django_assert_max_num_queries(30) as few:
        run(DUE)
    from registration.models import Team
    from tests.cast import make_posting, make_project

    for n in range(9):
        project, _owner, part = make_project(f"X{n}", f"项目 {n}", "330703", stage.owner, stage.gc)
        team = Team.objects.create(project=project, participation=part, name="一班")
        sent_sheet(part, [(make_posting(stage.sun, team, pin=1), 1000 + n)])
    set_slips(sheet, payment="paid", state="settled")
    with django_assert_max_num_queries(30) as many:
        assert run(DUE).opened == 9
    assert len(many) <= len(few) + 2, "the alarm that closed, and its deadline"


@pytest.mark.django_db
def test_every_flip_has_evidence_and_a_tampered_flip_is_found(stage, sheet):
    run(DUE)
    run(DUE + timedelta(days=30))
    set_slips(sheet, payment="paid", state="settled")
    run(DUE + timedelta(days=31))
    subjects = [f"alarm-flip:{pk}" for pk in AlarmFlip.objects.order_by("pk").values_list("pk", flat=True)]
    assert len(subjects) == 3
    assert list(
        Entry.objects.filter(kind="alarm.flip").order_by("pk").values_list("subject", "project_id")
    ) == [(subject, stage.project.pk) for subject in subjects]
    assert not [f for f in audit().findings if f.kind == "alarm.flip"]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE inspection_alarmflip DISABLE TRIGGER USER")
        cursor.execute("UPDATE inspection_alarmflip SET amount_fen = 1 WHERE kind = 'raised'")
        cursor.execute("ALTER TABLE inspection_alarmflip ENABLE TRIGGER USER")
    assert [(f.problem, f.subject) for f in audit().findings] == [(Problem.RECORD_CHANGED, subjects[1])]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE inspection_alarmflip SET level = 1", "DELETE FROM inspection_alarmflip"]
)
def test_flips_are_append_only(stage, sheet, statement):
    run(DUE)
    with (
        pytest.raises(InternalError, match="Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(statement)
    assert AlarmFlip.objects.count() == 1
