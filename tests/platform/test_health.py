"""/healthz needs nothing, /readyz tells what is missing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from wagewatch import health
from wagewatch.tasks import BEAT_TICK


def ready() -> tuple[int, dict[str, dict[str, object]]]:
    answer = health.readyz(RequestFactory().get("/readyz"))
    return answer.status_code, json.loads(answer.content)["parts"]


def test_healthz_asks_nobody(client: Client) -> None:
    """No database mark on this test: a query would fail it."""
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


@pytest.mark.django_db
@pytest.mark.usefixtures("clean_cache")
def test_ready_when_all_parts_work(client: Client) -> None:
    cache.set(BEAT_TICK, time.time())
    answer = client.get("/readyz")
    assert answer.json()["parts"] == {
        name: {"ok": True, "detail": part["detail"]} for name, part in answer.json()["parts"].items()
    }
    assert set(answer.json()["parts"]) == {"database", "migrations", "redis", "tasks", "evidence"}
    assert answer.status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("clean_cache")
def test_not_ready_without_a_tick_of_beat_and_worker() -> None:
    status, parts = ready()
    assert status == 503
    assert parts["tasks"] == {"ok": False, "detail": "no tick of beat and worker yet"}
    assert parts["database"]["ok"] is True


@pytest.mark.django_db
@pytest.mark.usefixtures("clean_cache")
def test_not_ready_after_an_old_tick() -> None:
    cache.set(BEAT_TICK, time.time() - health.TICK_MAX_AGE - 5)
    status, parts = ready()
    assert status == 503
    assert parts["tasks"]["ok"] is False


@pytest.mark.django_db
def test_not_ready_without_the_queue(
    settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wagewatch.celery import app

    broken = app.connection_for_write("redis+socket:///nowhere/at/all?virtual_host=0")
    monkeypatch.setattr(app, "connection_for_write", lambda: broken)
    status, parts = ready()
    assert status == 503
    assert str(parts["redis"]["detail"]).startswith("no answer")


@pytest.mark.django_db
def test_not_ready_while_the_demo_is_not_loaded(settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    settings.VAR_DIR = tmp_path
    status, parts = ready()
    assert status == 503
    assert parts["demo"]["ok"] is False


@pytest.mark.django_db
def test_not_ready_when_the_evidence_log_falls_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM evidence_entry")
        assert cursor.fetchone()[0] == 0
        cursor.execute(
            "INSERT INTO evidence_entry (id, kind, subject, recorded_at, actor_kind, actor_ref, subject_hash,"
            " record_hash, salt, algorithm) VALUES (gen_random_uuid(), 'x', 'x', now() - interval '10 minutes',"
            " 'system', '', '', '', '', 'sha256')"
        )
    status, parts = ready()
    assert status == 503
    assert parts["evidence"]["ok"] is False


@pytest.mark.django_db
def test_metrics_go_only_to_the_bearer_of_the_key(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.WAGEWATCH_METRICS_KEY = "figures-please"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
    answer = client.get("/metrics", headers={"authorization": "Bearer figures-please"})
    assert answer.status_code == 200
    assert b"django_http_requests" in answer.content
