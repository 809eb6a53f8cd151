"""The clerk's pages of other systems, and where their stamps and people are shown."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from devices import client as client_module
from devices import push
from devices.client import Refused, SourceClient, digest_of_ids
from devices.models import Passage, RefusedEntry
from devices.push_example import CURL, PYTHON
from devices.push_words import problem_words
from registration.models import Posting, SourceSystem
from registration.rules.roster_verdict import VERDICT_CODES
from registration.services.sources import let_in
from tests.cast import Cast
from tests.devices.post import event
from tests.devices.pushing import System, let_system_in, person
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import make_id_number

NO_STOP = {
    "card.none",
    "rate.high",
    "rate.low",
    "contract.dates",
    "contract.signed",
    "contract.until",
    "phone.none",
}
"""Remarks of a judgement that refuse nothing."""


@pytest.fixture
def system(cast: Cast) -> Iterator[System]:
    with time_machine.travel(cast.now, tick=False):
        yield System(let_system_in(cast), cast)


def page(cast: Cast, who: Any, path: str) -> str:
    response = cast.client(who).get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


def test_the_clerk_lets_a_system_in_and_sees_the_secret_once(cast: Cast) -> None:
    with time_machine.travel(cast.now, tick=False):
        client = cast.client(cast.zhao)
        form = {"name": "市实名制平台", "scope": "some", "projects": [cast.project.pk]}
        response = client.post("/sources/new/", form)
        source = SourceSystem.objects.get()
        assert response.status_code == 200
        assert str(source.secret) in response.content.decode()
        assert (source.all_projects, source.made_by) == (False, cast.zhao)
        for path in ("/sources/", f"/sources/{source.pk}/"):
            text = page(cast, cast.zhao, path)
            assert "市实名制平台" in text
            assert str(source.secret) not in text
        assert client.post("/sources/new/", form).status_code == 400
        assert client.post("/sources/new/", {**form, "name": "b2", "projects": []}).status_code == 400
        foreign = {**form, "name": "b3", "projects": [cast.other_project.pk]}
        assert client.post("/sources/new/", foreign).status_code == 400
        rotated = client.post(f"/sources/{source.pk}/rotate/").content.decode()
        former = str(source.secret)
        source.refresh_from_db()
        assert str(source.secret) in rotated
        assert str(source.secret) != former
        assert client.post(f"/sources/{source.pk}/revoke/").status_code == 302
    assert not SourceSystem.objects.get().is_active


def test_the_page_of_a_system_tells_what_came_and_why_rows_were_refused(cast: Cast, system: System) -> None:
    system.people(person(411), person(412, rate=""))
    system.stamps(event(1), event(99), gate="东门")
    text = page(cast, cast.zhao, f"/sources/{system.made.source.pk}/")
    for word in ("rate.missing", "没写约定工资 1", "未登记在本项目 1", "东门", cast.project.name):
        assert word in text


def test_every_reason_has_words() -> None:
    for code in (
        *RefusedEntry.Reason.values, *(c for c in VERDICT_CODES if c not in NO_STOP), "id.checksum", "phone.length",
        "card.luhn", "date.ahead", "money.empty", "event.person", "event.id", "push.day", "batch.too_many",
    ):  # fmt: skip
        assert problem_words(code) != code, code
    assert problem_words("some.thing") == "some.thing"


def test_the_clerk_changes_the_projects_of_a_system(cast: Cast, system: System) -> None:
    client, path = cast.client(cast.zhao), f"/sources/{system.made.source.pk}/scope/"
    shown = client.get(path)
    assert shown.context["form"]["scope"].value() == "all"
    assert client.post(path, {"scope": "some", "projects": []}).status_code == 400
    assert client.post(path, {"scope": "some", "projects": [cast.other_project.pk]}).status_code == 400
    done = client.post(path, {"scope": "some", "projects": [cast.project.pk]}, follow=True)
    assert "从现在起" in done.content.decode()
    assert not SourceSystem.objects.get().all_projects
    assert client.get(path).context["form"]["projects"].value() == [cast.project.pk]


def test_project_pages_show_what_comes_from_which_system(cast: Cast, system: System) -> None:
    sun = {"name": cast.sun.name, "id_number": str(cast.sun.id_number), "rate": "375"}
    system.people(sun, person(421))
    system.stamps(event(1), event(2))
    text = page(cast, cast.zhao, f"/projects/{cast.project.pk}/")
    assert "岑岭实名制" in text
    assert "3 人中 2 人" in text
    seen = page(cast, cast.li, f"/supervision/projects/{cast.project.pk}/")
    assert "岑岭实名制" in seen
    assert "100%" in seen
    assert "岑岭实名制" not in page(cast, cast.kong, f"/projects/{cast.other_project.pk}/")


def test_the_day_of_a_person_shows_the_system_beside_the_stamp(cast: Cast, system: System) -> None:
    system.stamps(event(1), gate="东门")
    text = page(cast, cast.zhao, f"/sites/{cast.project.pk}/days/{cast.sun.pk}/2026-11-16/")
    assert "东门 · 岑岭实名制" in text
    assert "其他系统" in text
    assert "东门 · 岑岭实名制" in page(cast, cast.zhao, f"/sites/{cast.project.pk}/now/")


def test_the_worked_example_is_a_page_for_anybody(db: None) -> None:
    text = Client().get("/api/push/", headers={"Accept-Language": "en"}).content.decode()
    assert "POST /api/v1/push/people/" in text
    assert "client.push_attendance(" in text
    document = Client().get("/api/v1/schema/?format=json").json()
    assert {"/api/v1/push/people/", "/api/v1/push/attendance/", "/api/v1/push/days/"} <= set(
        document["paths"]
    )


def _real_system(cast: Cast) -> tuple[str, str]:
    """A system let in now, for requests by the clock of this machine."""
    made = let_in(cast.gc.pk, "真实系统", project_ids=None, actor=cast.actor(cast.zhao), now=timezone.now())
    return made.source.key_id, made.secret


def test_the_worked_example_works_as_it_is_printed(
    transactional_db: None, cast: Cast, live_server: Any, root: Path
) -> None:
    key, secret = _real_system(cast)
    number = make_id_number("330723", cast.zhou.birth_date, 431)
    place = {
        "SERVER": live_server.url, "KEY": key, "SECRET": secret, "PROJECT": cast.project.code,
        "COMPANY_CODE": cast.sc.uscc, "ID_NUMBER": number,
    }  # fmt: skip
    yesterday = (site_date(timezone.now()) - timedelta(days=1)).isoformat()
    python = "".join(f"{name} = {value!r}\n" for name, value in place.items()) + PYTHON
    done = subprocess.run(
        [sys.executable, "-c", python.replace("2026-11-16", yesterday)],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"{yesterday} 2 2 "), done.stdout
    posting = Posting.objects.get(project=cast.project, pin=3)
    assert posting.worker.name == "郑大江"
    assert Passage.objects.filter(worker_id=posting.worker_id).count() == 2
    if not (shutil.which("curl") and shutil.which("openssl")):
        return
    done = subprocess.run(
        ["bash", "-euc", CURL.replace("2026-11-16", yesterday)],
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["accepted"] == 1, done.stdout
    assert Passage.objects.filter(worker_id=posting.worker_id).count() == 3


def test_the_client_pushes_and_proves_from_the_command_line(
    transactional_db: None, cast: Cast, live_server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, secret = _real_system(cast)
    (tmp_path / "key.txt").write_text(secret + "\n")
    now = timezone.now().astimezone() - timedelta(minutes=5)
    at = now.astimezone(timezone.get_fixed_timezone(480)).isoformat(timespec="seconds")
    stamps = {"batch": "b1", "project": cast.project.code, "gate": "东门", "events": [{**event(1), "at": at}]}
    people = {
        "request": "r1",
        "project": cast.project.code,
        "firm": cast.sc.uscc,
        "people": [person(441, joined_on="2026-11-02"), {}],
    }
    (tmp_path / "stamps.json").write_text(json.dumps(stamps))
    (tmp_path / "people.json").write_text(json.dumps(people))

    def run(act: str, file: str) -> int:
        given = ["--server", live_server.url, "--key", key, "--secret-file", str(tmp_path / "key.txt")]
        return push.main([*given, act, str(tmp_path / file)])

    assert run("attendance", "stamps.json") == 0
    assert run("check", "stamps.json") == 0
    assert "proven" in capsys.readouterr().out
    stamps["events"].append({**event(2), "at": at})
    (tmp_path / "stamps.json").write_text(json.dumps(stamps))
    assert run("check", "stamps.json") == 1
    assert "DIFFERS" in capsys.readouterr().out
    assert run("people", "people.json") == 1
    assert "refused 1" in capsys.readouterr().out
    client = SourceClient(live_server.url, key, "wrong")
    with pytest.raises(Refused) as refusal:
        client.people_on_record(cast.project.code)
    assert refusal.value.status == 401
    client.close()


def test_the_client_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """client.py, signing.py and push.py alone, in an isolated interpreter."""
    place = Path(client_module.__file__).parent
    (tmp_path / "devices").mkdir()
    for name in ("__init__.py", "client.py", "signing.py", "push.py"):
        shutil.copy(place / name, tmp_path / "devices" / name)
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import devices.push; print(devices.push.digest_of_ids(['b', 'a', 'a']))"],
        cwd=tmp_path, env={"PATH": "", "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == digest_of_ids(["a", "b"])
