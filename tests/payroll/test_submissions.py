"""What a phone sends arrives once: by its key, whoever repeats it, whenever."""

import io
import json
import threading
import uuid

import pytest
import time_machine
from django.db import close_old_connections, connection
from django.test import Client
from django.urls import reverse
from PIL import Image

from payroll.models import Objection, PaySheet, Signature, Submission
from registration.middleware import PAGES_HEADER, pages_mark
from registration.models import StoredFile
from registration.services.testimony import LARGEST_VOICE, voice_type
from tests.cast import NOW, Cast, build_cast
from tests.payroll import stage
from tests.payroll.recordings import WEBM
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import Malformed


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def sheet(cast: Cast, clock: None) -> PaySheet:
    return stage.submit(cast, stage.make_sheet(cast))


def body(key: uuid.UUID | str, **more: object) -> dict[str, object]:
    return {"once": str(key), "version": "1", "typed": "1", **more}


def address(cast: Cast, sheet: PaySheet, name: str = "worker-confirm") -> str:
    return reverse(f"payroll:{name}", kwargs={"reference": stage.slip_of(sheet, cast.sun).reference})


def photo() -> bytes:
    image = Image.new("RGB", (3000, 2000), "#a85")
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_an_answer_sent_twice_is_done_once_and_told_the_same(cast: Cast, sheet: PaySheet) -> None:
    client, key = cast.client(cast.sun), uuid.uuid4()
    first = client.post(address(cast, sheet), body(key))
    again = client.post(address(cast, sheet), body(key))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json() == {"state": "done", "go": address(cast, sheet, "worker-receipt")}
    assert Submission.objects.count() == Signature.objects.count() == 1
    assert Entry.objects.filter(kind="slip.confirmed").count() == 1


def test_a_new_key_for_what_is_confirmed_is_refused_with_the_reason(cast: Cast, sheet: PaySheet) -> None:
    client = cast.client(cast.sun)
    client.post(address(cast, sheet), body(uuid.uuid4()))
    other = client.post(address(cast, sheet), body(uuid.uuid4()))
    assert (other.status_code, other.json()["code"]) == (409, "slip.already_confirmed")
    assert other.json()["message"]
    assert Signature.objects.count() == 1


def test_a_slip_that_changed_meanwhile_is_refused_and_stays_refused(cast: Cast, sheet: PaySheet) -> None:
    client, key = cast.client(cast.sun), uuid.uuid4()
    slip = stage.slip_of(sheet, cast.sun)
    slip.version = 2
    slip.save(update_fields=["version"])
    for _time in range(2):
        answer = client.post(address(cast, sheet), body(key))
        assert (answer.status_code, answer.json()["code"]) == (409, "slip.changed")
    assert Submission.objects.get().state == "refused"
    assert stage.slip_of(sheet, cast.sun).confirmation == "waiting"
    assert not Signature.objects.exists()


def test_a_key_opens_nobody_elses_slip(cast: Cast, sheet: PaySheet) -> None:
    key = uuid.uuid4()
    answer = cast.client(cast.zhou).post(
        address(cast, sheet), body(key), headers={"accept": "application/json"}
    )
    assert answer.status_code == 404
    assert not Submission.objects.exists()
    assert cast.client(cast.sun).post(address(cast, sheet), body(key)).json()["state"] == "done"


def test_a_key_that_is_none_is_malformed(cast: Cast, sheet: PaySheet) -> None:
    answer = cast.client(cast.sun).post(
        address(cast, sheet), body("x"), headers={"accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "submission.key")


def test_two_sendings_at_once_confirm_once(transactional_db: None) -> None:
    cast = build_cast()
    with time_machine.travel(NOW, tick=True):
        sheet = stage.submit(cast, stage.make_sheet(cast))
        path, key = address(cast, sheet), uuid.uuid4()
        answers: list[tuple[int, dict[str, str]]] = []
        gate = threading.Barrier(3)

        def send(client: Client) -> None:
            close_old_connections()
            gate.wait()
            answer = client.post(path, body(key))
            answers.append((answer.status_code, answer.json()))
            connection.close()

        threads = [threading.Thread(target=send, args=(cast.client(cast.sun),)) for _n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert [status for status, _said in answers] == [200, 200, 200]
    assert Signature.objects.count() == Submission.objects.count() == 1


def test_the_door_names_the_person_by_a_mark_and_nobody_without_sign_in(cast: Cast) -> None:
    door = reverse("payroll:worker-queue")
    said = cast.client(cast.sun).get(door)
    assert said.json()["owner"] == pages_mark(cast.sun) != pages_mark(cast.zhou)
    assert said.json()["token"]
    assert "no-store" in said["Cache-Control"]
    assert Client().get(door).status_code == 302


def test_every_page_of_a_worker_carries_the_mark_and_is_kept_by_no_cache(cast: Cast, sheet: PaySheet) -> None:
    client = cast.client(cast.sun)
    for path in (
        reverse("payroll:worker-pay"),
        address(cast, sheet, "worker-slip"),
        reverse("devices:worker-days"),
    ):
        page = client.get(path)
        assert page[PAGES_HEADER] == pages_mark(cast.sun)
        assert {"private", "no-store"} <= set(page["Cache-Control"].replace(" ", "").split(","))
    client.post(reverse("accounts:sign-out"))
    assert client.get(reverse("accounts:worker-sign-in"))[PAGES_HEADER] == "none"


def test_days_photo_and_voice_are_kept_and_prove_themselves(cast: Cast, sheet: PaySheet) -> None:
    client = cast.client(cast.sun)
    answer = client.post(
        address(cast, sheet, "worker-object"),
        {
            "version": "1",
            "day": ["2026-10-23", "2026-10-24"],
            "photo": io.BytesIO(photo()),
            "voice": io.BytesIO(WEBM),
        },
    )
    assert answer.status_code == 302
    objection = Objection.objects.get()
    assert (objection.reason, objection.wrong_days) == ("days", ["2026-10-23", "2026-10-24"])
    assert objection.photo
    assert objection.voice
    picture = Image.open(io.BytesIO(bytes(objection.photo.content)))
    assert picture.size == (1600, 1067)
    assert len(picture.getexif()) == 0, "where and with what it was taken stays out"
    assert objection.voice.content_type == "audio/webm"
    entry = Entry.objects.get(kind="slip.objected")
    record = rebuilt_record(entry)
    assert record
    assert record["days"] == ["2026-10-23", "2026-10-24"]
    assert record["voice"] == bytes(objection.voice.sha256).hex()
    assert record_matches(entry, record)


def test_clerk_and_inspector_hear_it_and_nobody_else(cast: Cast, sheet: PaySheet) -> None:
    cast.client(cast.sun).post(
        address(cast, sheet, "worker-object"),
        {"version": "1", "reason": "days", "voice": io.BytesIO(WEBM)},
    )
    objection, slip = Objection.objects.get(), stage.slip_of(sheet, cast.sun)
    path = reverse(
        "payroll:line-said", kwargs={"reference": slip.reference, "pk": objection.pk, "what": "voice"}
    )
    other = reverse(
        "payroll:line-said",
        kwargs={
            "reference": stage.slip_of(sheet, cast.zhou).reference,
            "pk": objection.pk,
            "what": "voice",
        },
    )
    parts = {"project_pk": cast.project.pk, "month": "2026-10", "worker_pk": cast.sun.pk}
    seen = reverse("inspection:worker-said", kwargs={**parts, "pk": objection.pk, "what": "voice"})
    heard = cast.client(cast.qian).get(path)
    assert (heard.status_code, heard["Content-Type"], heard.content) == (200, "audio/webm", WEBM)
    assert heard["X-Content-Type-Options"] == "nosniff"
    assert cast.client(cast.qian).get(other).status_code == 404
    assert cast.client(cast.kong).get(path).status_code == 404
    assert cast.client(cast.zhou).get(path).status_code == 302
    assert cast.client(cast.li).get(seen).content == WEBM
    assert cast.client(cast.wang).get(seen).status_code == 404
    assert cast.client(cast.qian).get(path.replace("/voice/", "/photo/")).status_code == 404


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"voice": b"MZ\x90" + b"\0" * 200}, "voice.kind"),
        ({"voice": b"<html><script>"}, "voice.kind"),
        ({"voice": WEBM + b"\0" * LARGEST_VOICE}, "voice.too_large"),
        ({"photo": b"GIF89a" + b"\0" * 50}, "file.kind"),
        ({"photo": photo()[:900]}, "picture.broken"),
        ({"day": "2026-11-02"}, "objection.day"),
        ({"day": "yesterday"}, "objection.day"),
    ],
)
def test_refuses_what_is_no_recording_no_photo_and_no_day_of_the_month(
    cast: Cast, sheet: PaySheet, files: dict[str, object], code: str
) -> None:
    data = {name: io.BytesIO(value) if isinstance(value, bytes) else value for name, value in files.items()}
    answer = cast.client(cast.sun).post(
        address(cast, sheet, "worker-object"), body(uuid.uuid4(), reason="days", **data)
    )
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Objection.objects.exists()
    assert not StoredFile.objects.exists()
    assert stage.slip_of(sheet, cast.sun).confirmation == "waiting"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"OggS\0\x02" + b"\0" * 22 + b"OpusHead", "audio/ogg"),
        (b"\0\0\0\x20ftypM4A \0\0", "audio/mp4"),
        (b"#!AMR\n1234", "audio/amr"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"ID3\x03", "audio/mpeg"),
    ],
)
def test_knows_what_phones_record(data: bytes, kind: str) -> None:
    assert voice_type(data) == kind


def test_a_video_is_no_voice() -> None:
    with pytest.raises(Malformed):
        voice_type(b"\0\0\0\x20ftypqt  \0\0")


def test_service_worker_manifest_and_offline_page_name_nobody(cast: Cast) -> None:
    for client in (Client(), cast.client(cast.sun)):
        program = client.get("/service-worker.js")
        assert program["Content-Type"].startswith("text/javascript")
        assert program["Cache-Control"].startswith("no-cache") or "no-store" in program["Cache-Control"]
        settings = json.loads(program.content.decode().partition("const SETTINGS = ")[2].partition(";\n")[0])
        assert settings["offline"] == "/my/offline/"
        assert "/static/js/worker.js" in settings["shell"]
        app = json.loads(client.get("/manifest.webmanifest").content)
        assert (app["start_url"], app["display"]) == ("/my/pay/", "standalone")
        page = client.get("/my/offline/").content.decode()
        assert cast.sun.name not in page
        assert "data-owner" not in page


def test_the_shell_names_files_that_exist() -> None:
    from django.contrib.staticfiles import finders

    from registration.views.worker_app import SHELL

    assert [name for name in SHELL if not finders.find(name)] == []
    assert finders.find("img/icon-192.png")
