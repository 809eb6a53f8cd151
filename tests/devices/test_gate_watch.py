"""The live page, the refusals, the allow-list: what each reader sees, and what the gates hold."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from devices.models import ListHeld, RefusedEntry
from tests.cast import Cast
from tests.devices.post import Gate, event

pytestmark = pytest.mark.django_db


def refuse(cast: Cast, number: int, *, at: datetime, reason: str = "unregistered", **more: object) -> None:
    RefusedEntry.objects.create(
        **{
            "day": at.date(),
            "project": cast.project,
            "terminal_id": cast.terminal.pk,
            "event_id": f"x{number}",
            "at": at,
            "direction": 1,
            "reason": reason,
            "batch_pk": 0,
            **more,
        }
    )


def test_the_last_minutes_hold_passages_and_refusals(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-11-16T08:55:00+08:00", "in"), event(2, "2026-11-16T08:30:00+08:00", "in"))
    refuse(cast, 1, at=cast.now - timedelta(minutes=2), was_let_in=True)
    page = cast.client(cast.guard).get(reverse("devices:site-live", args=[cast.project.pk]))
    assert [(one.refused, one.name) for one in page.context["feed"]] == [(True, ""), (False, "孙德旺")]
    assert (page.context["people"], page.context["firms"]) == (2, [("金华沐川建筑劳务有限公司", 2)])
    text = page.content.decode()
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in text
    assert "孙德旺" not in text
    part = cast.client(cast.guard).get(reverse("devices:site-live-now", args=[cast.project.pk]))
    assert "<html" not in part.content.decode()


def test_a_subcontractor_sees_no_strangers(cast: Cast, gate: Gate) -> None:
    refuse(cast, 1, at=cast.now - timedelta(minutes=2))
    refuse(cast, 2, at=cast.now - timedelta(minutes=3), reason="device", worker_id=cast.sun.pk)
    live, refused = (
        reverse(f"devices:{name}", args=[cast.project.pk]) for name in ("site-live", "site-refused")
    )
    assert len(cast.client(cast.zhao).get(live).context["feed"]) == 2
    assert [one.name for one in cast.client(cast.qian).get(live).context["feed"]] == ["孙德旺"]
    assert cast.client(cast.zhao).get(refused).context["total"] == 2
    assert cast.client(cast.qian).get(refused).context["total"] == 1
    for who, status in ((cast.kong, 404), (cast.ye, 403), (cast.wang, 404), (cast.sun, 302)):
        assert cast.client(who).get(refused).status_code == status
        assert cast.client(who).get(live).status_code == status


def test_refusals_are_filtered_by_the_address(cast: Cast, gate: Gate) -> None:
    refuse(cast, 1, at=cast.now)
    refuse(cast, 2, at=cast.now, reason="left", worker_id=cast.sun.pk, was_let_in=True)
    refuse(cast, 3, at=cast.now - timedelta(days=20), reason="left")
    path = reverse("devices:site-refused", args=[cast.project.pk])
    client = cast.client(cast.zhao)

    def ids(query: str) -> list[str]:
        return [row["entry"].event_id for row in client.get(path + query).context["rows"]]

    assert sorted(ids("")) == ["x1", "x2"]
    assert ids("?reason=left") == ["x2"]
    assert ids("?in=1") == ["x2"]
    assert ids("?from=2026-10-20&to=2026-10-31") == ["x3"]
    assert sorted(ids("?reason=nonsense&from=x")) == ["x1", "x2"]


def test_the_list_says_who_may_enter_and_which_gates_hold_it(cast: Cast, gate: Gate) -> None:
    type(cast.zhou_posting).objects.filter(pk=cast.zhou_posting.pk).update(joined_on=date(2026, 11, 20))
    path = reverse("devices:site-may-enter", args=[cast.project.pk])
    client = cast.client(cast.zhao)
    page = client.get(path)
    assert (page.context["may"], page.context["barred"], page.context["behind"]) == (1, 0, 1)
    assert len(client.get(f"{path}?show=later").context["rows"]) == 1
    version = gate.get("/api/v1/allow-list/").json()["version"]
    assert not ListHeld.objects.exists()  # it has not said yet that it holds anything
    assert gate.get(f"/api/v1/allow-list/?since={version}").status_code == 304
    held = ListHeld.objects.get(project=cast.project)
    assert (held.terminal_id, held.version, held.said_at) == (cast.terminal.pk, version, cast.now)
    page = client.get(path)
    assert (page.context["version"], page.context["behind"]) == (version, 0)
    gate.get("/api/v1/allow-list/?since=older")
    assert client.get(path).context["behind"] == 1
    assert client.get(f"{path}?q=孙").context["page"].paginator.count == 1
    assert client.get(f"{path}?q=%00&show=nonsense").status_code == 200
