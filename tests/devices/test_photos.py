"""Pictures of gates: beside their event, encrypted, small, deleted in time, seen by few and on record."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from PIL import Image

from devices.models import GatePhoto, RefusedEntry, Terminal
from devices.services import photos
from registration.models import Parameter, SensitiveView, StoredFile
from tests.cast import Cast
from tests.devices.post import Gate, event, headers


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 80)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind)
    return out.getvalue()


def send(gate: Gate, data: bytes, event_id: str, serial: str = "", kind: str = "image/jpeg") -> Any:
    path = "/api/v1/photos/"
    signed = headers("POST", path, data, now=gate.now, key_id=gate.key_id, secret=gate.secret)
    extra = {"X-Wagewatch-Event": event_id, **({"X-Wagewatch-Device": serial} if serial else {})}
    response = gate.client.post(path, data, content_type=kind, headers={**signed, **extra})
    return response.status_code, json.loads(response.content)


KEPT = (200, {"kept": True, "reason": ""})


def test_keeps_a_picture_beside_its_passage_once(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="p1"), event(99, id="r1", admitted=False))
    data = picture()
    assert send(gate, data, "p1") == KEPT
    assert send(gate, data, "p1") == KEPT
    assert send(gate, picture("PNG"), "r1", "G1-0001", "image/png") == KEPT
    rows = {photo.event_id: photo for photo in GatePhoto.objects.select_related("file")}
    assert (rows["p1"].worker_id, rows["r1"].worker_id) == (cast.sun.pk, None)
    assert {photo.day for photo in rows.values()} == {cast.today}
    assert bytes(rows["p1"].file.content) == data
    assert rows["r1"].file.content_type == "image/png"
    assert StoredFile.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM registration_storedfile WHERE id = %s", [rows["p1"].file_id])
        assert data[:64] not in bytes(cursor.fetchone()[0])


def test_a_device_speaks_through_its_agent(cast: Cast, gate: Gate) -> None:
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="agent")
    face = Terminal.objects.create(
        project=cast.project, serial="FACE-1", name="脸机", lane="in", kind="adms", agent_id=cast.terminal.pk
    )
    gate.post(event(1, id="p1"), device="FACE-1")
    assert send(gate, picture(), "p1")[1] == {"kept": False, "reason": "event_unknown"}
    assert send(gate, picture(), "p1", "FACE-1") == KEPT
    assert GatePhoto.objects.get().terminal_id == face.pk
    status, answer = send(gate, picture(), "p1", "STRANGER")
    assert (status, answer["code"]) == (403, "device.unknown")


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a....", b"%PDF-1.4 x", b"\xff\xd8\xff broken", picture()[:200]], ids=range(5)
)
def test_does_not_keep_what_is_no_picture(cast: Cast, gate: Gate, data: bytes) -> None:
    gate.post(event(1, id="p1"))
    assert send(gate, data, "p1") == (200, {"kept": False, "reason": "picture"})
    assert (GatePhoto.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_refuses_what_is_too_large_unsigned_or_names_no_event(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="p1"))
    assert send(gate, b"\xff\xd8\xff" + b"x" * 300_000, "p1")[0] == 413
    assert send(Gate("g1", "wrong", cast.now), picture(), "p1")[0] == 401
    assert send(gate, picture(), "")[1]["code"] == "photo.event"
    assert send(gate, picture(), "x" * 65)[1]["code"] == "photo.event"
    assert not GatePhoto.objects.exists()


def test_finds_an_event_of_last_week(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, "2026-11-09T07:00:00+08:00", id="old"), event(99, "2026-11-09T07:00:00+08:00", id="r"))
    assert send(gate, picture(), "old") == KEPT
    assert send(gate, picture(), "r") == KEPT
    assert RefusedEntry.objects.count() == 1


def test_deletes_pictures_after_the_days_of_the_region(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="p1"))
    send(gate, picture(), "p1")
    assert photos.forget_photos(now=cast.now + timedelta(days=30)) == 0
    Parameter.objects.create(
        key="attendance.photo_days", valid_from=cast.today - timedelta(days=1), value=7, source="x",
        region_id="330703",
    )  # fmt: skip
    from registration.services.parameters import forget

    forget()
    assert photos.forget_photos(now=cast.now + timedelta(days=7, seconds=1)) == 1
    assert (GatePhoto.objects.count(), StoredFile.objects.count()) == (0, 0)
    forget()


def test_the_clerk_sees_it_on_the_day_and_the_inspector_says_what_for(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="p1"))
    send(gate, picture(), "p1")
    pk = GatePhoto.objects.get().pk
    day = f"/sites/{cast.project.pk}/days/{cast.sun.pk}/2026-11-16/"
    path = f"{day}photos/{pk}/"
    for clerk in (cast.zhao, cast.qian):
        assert path in cast.client(clerk).get(day).content.decode()
        shown = cast.client(clerk).get(path)
        assert (shown.status_code, shown["Content-Type"], shown.content) == (200, "image/jpeg", picture())
        assert "no-store" in shown["Cache-Control"]
    assert not SensitiveView.objects.exists()
    li = cast.client(cast.li)
    page = li.get(day).content.decode()
    assert f'<img class="gate-photo" src="{path}"' not in page
    assert path in page
    assert li.get(path).status_code == 302
    assert not SensitiveView.objects.exists()
    shown = li.post(path, {"purpose": "gate"})
    assert (shown.status_code, shown.content) == (200, picture())
    seen = SensitiveView.objects.get()
    assert (seen.user, seen.worker, seen.project, seen.fields) == (
        cast.li,
        cast.sun,
        cast.project,
        "gate photo",
    )
    for outsider, status in ((cast.kong, 404), (cast.wang, 404), (cast.he, 403)):
        assert cast.client(outsider).get(path).status_code == status
    other = f"/sites/{cast.project.pk}/days/{cast.zhou.pk}/2026-11-16/photos/{pk}/"
    assert cast.client(cast.zhao).get(other).status_code == 404


def test_pictures_of_the_refused_are_seen_where_the_person_is_and_on_record(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="own", admitted=False), event(99, id="stranger", admitted=False))
    send(gate, picture(), "own")
    send(gate, picture("PNG"), "stranger")
    own, stranger = (GatePhoto.objects.get(event_id=name).pk for name in ("own", "stranger"))
    refused = f"/sites/{cast.project.pk}/refused/"
    paths = {pk: f"{refused}photos/{pk}/" for pk in (own, stranger)}
    for clerk, seen in ((cast.zhao, {own, stranger}), (cast.qian, {own})):
        client = cast.client(clerk)
        page = client.get(refused).content.decode()
        assert {pk for pk, path in paths.items() if f'<img class="gate-photo" src="{path}"' in page} == seen
        assert {pk for pk, path in paths.items() if client.get(path).status_code == 200} == seen
    assert not SensitiveView.objects.exists()
    li = cast.client(cast.li)
    page = li.get(refused).content.decode()
    assert '<img class="gate-photo"' not in page
    assert all(path in page for path in paths.values())
    assert li.get(paths[stranger]).status_code == 302
    assert li.post(paths[stranger], {"purpose": "nosy"}).status_code == 302
    assert not SensitiveView.objects.exists()
    for pk in (stranger, own):
        assert li.post(paths[pk], {"purpose": "gate"}).status_code == 200
    assert list(SensitiveView.objects.order_by("pk").values_list("user", "worker", "fields")) == [
        (cast.li.pk, None, "gate photo"),
        (cast.li.pk, cast.sun.pk, "gate photo"),
    ]
    for outsider, status in ((cast.kong, 404), (cast.wang, 404), (cast.he, 403)):
        for path in paths.values():
            assert cast.client(outsider).get(path).status_code == status
    assert paths[own] not in cast.client(cast.he).get(refused).content.decode()


def test_the_picture_of_a_passage_is_no_picture_of_a_refusal(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="p1"))
    send(gate, picture(), "p1")
    path = f"/sites/{cast.project.pk}/refused/photos/{GatePhoto.objects.get().pk}/"
    assert cast.client(cast.zhao).get(path).status_code == 404


def test_the_persons_day_shows_that_the_gate_refused(cast: Cast, gate: Gate) -> None:
    gate.post(event(1, id="own", admitted=False))
    send(gate, picture(), "own")
    day = f"/sites/{cast.project.pk}/days/{cast.sun.pk}/2026-11-16/"
    page = cast.client(cast.qian).get(day)
    assert [one.entry.event_id for one in page.context["shown"].refusals] == ["own"]
    assert f'src="{day}photos/{GatePhoto.objects.get().pk}/"' in page.content.decode()
