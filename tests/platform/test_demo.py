"""What the demo refuses and what it leaves on the disk."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from wagewatch import bootstrap, demo
from wagewatch.console import Failure


def test_a_busy_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Failure) as caught:
            demo.refuse_busy("127.0.0.1", port)
    assert str(port) in caught.value.chinese
    assert "--port" in caught.value.english
    assert caught.value.code == 4


def test_a_foreign_address_is_refused() -> None:
    with pytest.raises(Failure) as caught:
        demo.refuse_busy("203.0.113.7", 8000)
    assert "203.0.113.7" in caught.value.english


def test_a_taken_bank_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo.free_port(port) != port
    assert demo.free_port(65536) > 0


def test_secrets_are_for_our_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    demo.write_private(path, {"A": "1=2", "B": "x"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert bootstrap.read_environment(path) == {"A": "1=2", "B": "x"}


def test_a_fingerprint_changes_with_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.po"
    file.write_text("one")
    before = demo.digest([file])
    assert demo.digest([file]) == before
    file.write_text("three")
    assert demo.digest([file]) != before


def test_columns_count_chinese_twice() -> None:
    assert demo.width("监察员 Li") == 9
    assert demo.pad("监察员", 8) == "监察员  "


def test_a_wrong_port_is_refused_by_the_command_line(root: Path) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "demo", "--port", "99999"], capture_output=True, cwd=root, check=False
    )
    assert result.returncode == 2


def test_another_command_finds_the_running_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    demo.write_private(
        tmp_path / "demo" / "environment", {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "unix:///y"}
    )
    for name in ("DATABASE_URL", "REDIS_URL", "WAGEWATCH_SECRET_KEY", "WAGEWATCH_TEST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAGEWATCH_VAR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", "redis://mine/0")
    bootstrap.borrow_demo_environment()
    import os

    assert os.environ.pop("DATABASE_URL") == "postgresql:///x"
    assert os.environ["REDIS_URL"] == "redis://mine/0"


def test_sign_ins_are_printed_in_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {
            "role": "劳动监察",
            "who": "李监察",
            "name": "li",
            "password": "secret-of-demo",
            "where": "/inspection/",
        }
    ]
    (tmp_path / "signins.json").write_text(json.dumps(rows), encoding="utf-8")
    run = demo.Demo.__new__(demo.Demo)
    run.home, run.logs, run.host, run.port = tmp_path, tmp_path, "127.0.0.1", 8000
    run._print_signins()
    out = capsys.readouterr().out
    assert "http://127.0.0.1:8000/" in out
    for word in ("劳动监察", "李监察", "li", "secret-of-demo", "/inspection/"):
        assert word in out
