"""Enrolment and the change of keys, against the real server: by hand, killed in between, and while the agent runs."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from devices.client import Refused, TerminalClient
from devices.edge.config import BadConfig
from devices.edge.enrolling import NotEnrolled, enrol
from devices.edge.keys import Key, change_key, read_pair, replace_key
from devices.models import EnrolmentCode, Terminal, TerminalFacts
from devices.services import enrolment
from devices.services.terminals import forget_terminals, register_terminal
from tests.cast import Cast
from tests.devices.edge.site_pc import ROOT
from tests.devices.servers import database_url, gunicorn


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    replace_key(path, lambda: ("k1", "s1"))
    assert (read_pair(path), stat.S_IMODE(path.stat().st_mode)) == (("k1", "s1"), 0o600)

    def broken() -> tuple[str, str]:
        raise OSError("the line went")

    with pytest.raises(OSError, match="the line went"):
        replace_key(path, broken)
    assert read_pair(path) == ("k1", "s1")
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]


def test_asks_for_no_key_that_it_could_not_keep(tmp_path: Path) -> None:
    asked = []
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError):  # noqa: PT011 the folder is no folder
        replace_key(tmp_path / "file" / "secret", lambda: asked.append(1) or ("k", "s"))  # type: ignore[func-returns-value]
    assert asked == []


def test_a_running_key_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("alone\n")
    path.chmod(0o600)
    key = Key(*read_pair(path, "k0"), path)
    assert key.pair() == ("k0", "alone")
    replace_key(path, lambda: ("k1", "s1"))
    assert key.pair() == ("k1", "s1")
    path.unlink()
    assert key.pair() == ("k1", "s1")
    path.write_text("k2 s2")
    path.chmod(0o644)
    assert key.pair() == ("k1", "s1")


@pytest.mark.parametrize(("text", "mode"), [("", 0o600), ("only-a-secret", 0o600), ("k s", 0o640)])
def test_refuses_a_file_that_is_empty_open_or_nameless(tmp_path: Path, text: str, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(ValueError):  # noqa: PT011 three sentences
        read_pair(path)


@pytest.fixture
def server(transactional_db: None, cast: Cast) -> Iterator[str]:
    forget_terminals()
    with gunicorn(database_url()) as url:
        yield url


@pytest.fixture
def site(server: str, cast: Cast, tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(
        f'[server]\nurl = "{server}"\nsecret_file = "secret"\n'
        '[[gate]]\nserial = "G1-0001"\nsecret_file = "secret-g1"\n'
    )
    return tmp_path / "site.toml"


def code_for(cast: Cast, **values: Any) -> str:
    values = {"serial": "PC-1", "name": "门卫电脑", "lane": "both", "kind": "agent"} | values
    known = Terminal.objects.filter(serial=values["serial"]).first()
    actor, now = cast.actor(cast.zhao), timezone.now()
    terminal = known or register_terminal(cast.project.pk, **values, actor=actor, now=now)
    return enrolment.make_code(terminal.pk, project_id=cast.project.pk, actor=actor, now=now).code


def client_of(url: str, path: Path) -> TerminalClient:
    return TerminalClient(url, *read_pair(path))


def test_a_code_becomes_a_key_on_disk(cast: Cast, server: str, site: Path) -> None:
    code = code_for(cast)
    enrol(site, code)
    secret = site.with_name("secret")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert client_of(server, secret).heartbeat(0)["skew_ms"] is not None
    assert not site.with_name("secret.claim").exists()
    with pytest.raises(NotEnrolled, match=r"enrol\.code"):
        enrol(site, code)
    assert client_of(server, secret).heartbeat(0)
    enrol(site, code_for(cast, serial="G1-0001"), gate="G1-0001")
    assert client_of(server, site.with_name("secret-g1")).heartbeat(0)
    with pytest.raises(BadConfig, match="there is none"):
        enrol(site, "x", gate="G7")


def test_an_answer_that_never_reached_the_disk_is_asked_for_again(
    cast: Cast, server: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_for(cast)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("killed here")))
    with pytest.raises(OSError, match="killed here"):
        enrol(site, code)
    monkeypatch.undo()
    assert EnrolmentCode.objects.get().used_at is not None
    assert not site.with_name("secret").exists()
    enrol(site, code)
    assert client_of(server, site.with_name("secret")).heartbeat(0)


def test_a_key_change_that_never_reached_the_disk_is_offered_again(
    cast: Cast, server: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(site, code_for(cast))
    path = site.with_name("secret")
    key = Key(*read_pair(path), path)
    client = TerminalClient(server, "", "", keys=key.pair)
    terminal = Terminal.objects.get(serial="PC-1")
    enrolment.want_rotation(
        terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=timezone.now()
    )
    before = read_pair(path)
    assert client.heartbeat(0)["rotate_key"] is True
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("killed here")))
    with pytest.raises(OSError, match="killed here"):
        change_key(client, key)
    monkeypatch.undo()
    assert read_pair(path) == before
    assert client.heartbeat(0)["rotate_key"] is True
    change_key(client, key)
    assert read_pair(path) != before
    assert "rotate_key" not in client.heartbeat(0)
    old = TerminalClient(server, *before)
    assert old.heartbeat(0)  # for an hour
    with pytest.raises(Refused) as refusal:
        old.call("POST", "/api/v1/rotate-key/", b"{}")
    assert (refusal.value.status, refusal.value.answer["code"]) == (409, "key.changed_already")


def test_the_running_agent_changes_its_key_and_is_killed_over_it_without_harm(
    cast: Cast, server: str, site: Path
) -> None:
    command = [sys.executable, "-m", "devices.edge", "--config", str(site)]
    subprocess.run([*command, "--enrol", code_for(cast)], cwd=ROOT, check=True, timeout=60)
    subprocess.run(
        [*command, "--enrol", code_for(cast, serial="G1-0001"), "--gate", "G1-0001"],
        cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip
    wrong = subprocess.run(
        [*command, "--enrol", "0000-0000-0000-0000"], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert wrong.returncode == 5
    terminal = Terminal.objects.get(serial="PC-1")
    seen = {terminal.key_id}
    for delay in (0.3, 0.9, 1.5, None):
        enrolment.want_rotation(
            terminal.pk, project_id=cast.project.pk, actor=cast.actor(cast.zhao), now=timezone.now()
        )
        agent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            if delay is not None:
                time.sleep(delay)
                agent.send_signal(signal.SIGKILL)
            else:
                _until(lambda: read_pair(site.with_name("secret"))[0] not in seen)
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait(20)
        assert client_of(server, site.with_name("secret")).heartbeat(0)["server_time"]
    assert TerminalFacts.objects.get().terminal_id == terminal.pk
    terminal.refresh_from_db()
    assert terminal.key_id == read_pair(site.with_name("secret"))[0]
    assert not [name for name in os.listdir(site.parent) if name.startswith(".secret-g1")]


def _until(holds: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
