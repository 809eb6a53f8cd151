"""Rules, nightly counts and the inspector's pages at a province's size. Times are kept, only results are asserted.

`manage.py test tests/benchmarks/test_province.py --province 14000 --days 6` is the whole province (tests/benchmarks/
province.py) and takes most of an hour and fifteen gigabytes; without options a fiftieth of it is made. A rule is
compared with one sequential scan of the tables and partitions that its plan reads, in the same run.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from devices.services.totals import totals_apart
from inspection.alarms.catalogue import RULES
from inspection.alarms.rule import Moment, Rule
from inspection.models import Alarm
from inspection.services import rules
from inspection.services.region_days import count_region_days
from inspection.services.risk import score_risk
from inspection.services.stats import rebuild_stat
from registration.models import Authority, Role
from registration.seed.parameters import parameter_rows
from tests.benchmarks import province as province_of
from tests.benchmarks.province import FIRST_MONTH, TODAY, Size
from tests.benchmarks.results import keep
from tests.cast import make_user
from tests.inspection.stage import at, set_parameter, set_parameters

pytestmark = [pytest.mark.benchmark]
NOW = datetime(2026, 11, 13, 1, tzinfo=UTC)
TIMES = 30


@pytest.fixture(scope="module")
def province(django_db_setup: None, django_db_blocker: Any, pytestconfig: pytest.Config) -> Iterator[Size]:
    """The province, made once for this file and taken away after it."""
    size = Size(int(pytestconfig.getoption("--province")), int(pytestconfig.getoption("--days")))
    with django_db_blocker.unblock():
        start = time.perf_counter()
        province_of.fill(size)
        keep("province", {**province_of.rows(), "seconds": round(time.perf_counter() - start)})
    yield size
    with django_db_blocker.unblock():
        province_of.empty()


def fastest(work: Callable[[], object], times: int = 2) -> float:
    """Seconds of the fastest of a few runs."""
    found = []
    for _n in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def read_by(rule: Rule, moment: Moment) -> set[str]:
    """The tables, or their partitions, that the plan of a rule reads; empty ones do not count."""
    found: set[str] = set()

    def walk(node: dict[str, Any]) -> None:
        if name := node.get("Relation Name"):
            found.add(name)
        for below in node.get("Plans", []):
            walk(below)

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + rules.statement(rule), rules.arguments(moment))
        (plan,) = cursor.fetchone()
    walk((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    return found


def scan(table: str) -> float:
    """Seconds to read every row of a table, one after the other."""
    with connection.cursor() as cursor:
        return fastest(lambda: cursor.execute(f"SELECT count(*) FROM {table}"))  # noqa: S608


def set_all_parameters() -> None:
    """What the rules and the risk score need."""
    set_parameters()
    for row in parameter_rows():
        if row.key.startswith("risk.") and row.region is None:
            set_parameter(row.key, row.value)


@pytest.mark.django_db
def test_each_rule_against_one_scan_of_what_it_reads(
    province: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    set_all_parameters()
    assert totals_apart(FIRST_MONTH, TODAY) == (0, 0)
    figures = rule_figures(at(TODAY))
    with capsys.disabled():
        keep("province_rules", {"projects": province.projects, "postings": province.postings, **figures})
    assert Alarm.objects.filter(rule="D3", period="2026-09").count() == -(-(province.projects - 1) // 20)


def rule_figures(now: datetime, codes: tuple[str, ...] = ()) -> dict[str, str]:
    """Each rule's time, its ratio to a scan, and what it finds; then one run that writes all alarms."""
    moment = rules.moment_of(now)
    scans: dict[str, float] = {}
    figures: dict[str, str] = {}
    total = 0.0
    for rule in RULES.values():
        if codes and rule.code not in codes:
            continue
        tables = read_by(rule, moment)
        for table in tables - set(scans):
            scans[table] = scan(table)
        base = sum(scans[table] for table in tables)
        found: list[Any] = []
        seconds = fastest(lambda rule=rule, found=found: found.append(len(rules.find(rule, moment))))
        total += seconds
        figures[rule.code] = f"{seconds:.2f} s = {seconds / base:.1f} x {base:.2f} s, {found[-1]} found"
    figures["all"] = f"{total:.1f} s"
    if not codes:
        first = fastest(lambda: [rules.run_rule(rule, moment) for rule in RULES.values()], 1)
        again = fastest(lambda: [rules.run_rule(rule, moment) for rule in RULES.values()], 1)
        figures["first run"] = f"{first:.1f} s with {Alarm.objects.filter(state='open').count()} alarms"
        figures["second run"] = f"{again:.1f} s"
    return figures


@pytest.mark.django_db
def test_pages_of_a_province(province: Size, capsys: pytest.CaptureFixture[str]) -> None:
    set_all_parameters()
    with time_machine.travel(NOW):
        jobs = job_figures(NOW)
        figures = page_figures()
    with capsys.disabled():
        keep("province_jobs", {"projects": province.projects, **jobs})
        keep("province_pages", {"projects": province.projects, "times": TIMES, **figures})


def job_figures(now: datetime) -> dict[str, str]:
    """Seconds of what fills the tables that pages read."""
    jobs: dict[str, Callable[[], object]] = {
        "rules": lambda: list(rules.run_rules(now=now)),
        "stat": lambda: rebuild_stat(now=now),
        "region days": lambda: count_region_days(TODAY, TODAY),
        "risk": lambda: score_risk(now=now),
    }
    return {name: f"{fastest(job, 1):.1f} s" for name, job in jobs.items()}


def page_figures() -> dict[str, str]:
    """Each page's times and queries, as the province and as one of its counties see it."""
    wide = Authority.objects.create(name="省总队", kind="labour", region_id="340000")
    alarm = Alarm.objects.filter(rule="D3", state="open").select_related("project").order_by("pk")[0]
    one, county = alarm.project, alarm.project.region_id
    narrow = Authority.objects.create(name="县大队", kind="labour", region_id=county)
    projects, alarms = reverse("inspection:projects"), reverse("inspection:alarms")
    pages = {
        "today": reverse("inspection:today"),
        "today of a county": reverse("inspection:today") + f"?region={county}",
        "wall": reverse("inspection:wall"),
        "risk": reverse("inspection:risk"),
        "projects": projects,
        "projects by name, last page": projects + "?sort=name&page=9999",
        "projects of a firm": projects + "?q=企业 17",
        "projects that owe": projects + f"?owing=1&region={county[:4]}",
        "alarms": alarms,
        "alarms, last page": alarms + "?page=9999",
        "alarms of a rule": alarms + "?rule=C2&sort=-people",
        "closed alarms": alarms + "?state=closed",
        "alarm": reverse("inspection:alarm", args=[alarm.pk]),
        "project": reverse("inspection:project", args=[one.pk]),
        "project's month": reverse("inspection:project-month", args=[one.pk, "2026-09"]),
    }
    figures = {}
    for word, office in (("", wide), ("county: ", narrow)):
        client = Client()
        user = make_user(f"u{office.pk}", "丁一", Role.INSPECTOR, office)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        for name, path in pages.items():
            if not word or name in {"today", "projects", "alarms"}:
                figures[word + name] = _measured(client, path)
    return figures


def _measured(client: Client, path: str) -> str:
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        client.get(path)
    queries = [float(query["time"]) for query in asked.captured_queries]  # the next request forgets them
    seconds = []
    for _n in range(TIMES):
        start = time.perf_counter()
        client.get(path)
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    p95 = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
    return (
        f"median {1000 * seconds[len(seconds) // 2]:.0f} ms, p95 {1000 * p95:.0f} ms, {len(queries)} queries of "
        f"{1000 * sum(queries):.0f} ms, slowest {1000 * max(queries, default=0):.0f} ms"
    )
