"""Signs of life: /healthz says that this process answers, /readyz that everything it needs does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from wagewatch.lib.errors import NotFound
from wagewatch.tasks import BEAT_TICK

TICK_MAX_AGE = 60.0  # seconds; beat ticks every 5
SEQUENCER_MAX_AGE = 300.0  # seconds that a recorded entry may wait for its place in the log

log = structlog.get_logger(__name__)
# Migrations do not unapply themselves under a running process: a good answer is remembered.
_migrated: set[str] = set()


class NotReady(Exception):
    """Why a part is not ready, in a few words for the operator."""


def check_database() -> str:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        row = cursor.fetchone()
    return f"PostgreSQL {row[0]}"


def check_migrations() -> str:
    """Every migration in the code is applied."""
    if connection.alias not in _migrated:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            raise NotReady(f"{len(plan)} migrations to apply")
        _migrated.add(connection.alias)
    return "applied"


def check_redis() -> str:
    """The queue's server answers; through the broker's own address, since the cache forgives its absence."""
    from wagewatch.celery import app

    try:
        with app.connection_for_write() as link:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except Exception as error:
        raise NotReady(f"no answer: {type(error).__name__}") from error
    return "answers"


def check_tasks() -> str:
    """A tick that beat sent and a worker ran is recent: both are alive."""
    ticked = cache.get(BEAT_TICK)
    if ticked is None:
        raise NotReady("no tick of beat and worker yet")
    age = time.time() - float(ticked)
    if age > TICK_MAX_AGE:
        raise NotReady(f"last tick {age:.0f} s ago")
    return f"last tick {age:.0f} s ago"


def check_demo() -> str:
    """The demo county is in the database."""
    marker = settings.VAR_DIR / "demo" / "signins.json"
    if not marker.is_file():
        raise NotReady("demo county not loaded")
    return "loaded"


def check_evidence() -> str:
    """No recorded entry waits too long for the sequencer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('evidence_entry') IS NOT NULL")
        if not cursor.fetchone()[0]:
            raise NotReady("no evidence log")
        cursor.execute(
            "SELECT coalesce(extract(epoch FROM now() - min(recorded_at)), 0)"
            " FROM evidence_entry WHERE leaf_index IS NULL"
        )
        waiting = float(cursor.fetchone()[0])
    if waiting > SEQUENCER_MAX_AGE:
        raise NotReady(f"an entry has waited {waiting:.0f} s")
    return "keeps up"


def parts() -> Iterator[tuple[str, Callable[[], str]]]:
    """What has to work for this process to be of use, in the order to look at it."""
    yield "database", check_database
    yield "migrations", check_migrations
    yield "redis", check_redis
    yield "tasks", check_tasks
    yield "evidence", check_evidence
    if settings.DEMO:
        yield "demo", check_demo


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all; touches no other server."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, else 503; each part with a word that carries no address and no secret."""
    report = {}
    ready = True
    for name, check in parts():
        try:
            report[name] = {"ok": True, "detail": check()}
        except NotReady as reason:
            report[name] = {"ok": False, "detail": str(reason)}
        except DatabaseError as error:
            report[name] = {"ok": False, "detail": f"database: {type(error).__name__}"}
        ready = ready and bool(report[name]["ok"])
    if not ready:
        log.info("not ready", parts=[name for name, part in report.items() if not part["ok"]])
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "parts": report}, status=200 if ready else 503
    )


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, to the bearer of WAGEWATCH_METRICS_KEY; without a key set, nobody gets them."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    wanted = settings.WAGEWATCH_METRICS_KEY
    if not wanted or not constant_time_compare(given, wanted):
        raise NotFound
    answer: HttpResponse = ExportToDjangoView(request)
    return answer
