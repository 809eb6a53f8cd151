"""The demo's site PC: a real site agent, with an ID-card reader on a pty and two face terminals that speak HTTP with it.

Both get their people from it, and the pictures of those who agreed.
"""

import json
import os
import sys
from pathlib import Path

from wagewatch.supervisor import Program

CARD_EVERY, FACE_EVERY = 240, 45
"""Seconds between two cards on the reader, and between two people at the face terminal."""

_SITE = """\
[server]
url = {server}
secret_file = "secret"

[queue]
path = "queue.sqlite"
runtime = {runtime}

[[gate]]
serial = {terminal}

[[device]]
kind = "idcard"
name = {reader}
port = {port}

[[device]]
kind = "lan"
name = "西门终端"
host = "127.0.0.1"
port = {lan_port}

[[device.terminal]]
serial = {terminal}
lane = "in"
networks = ["127.0.0.1/32"]
people = true

[[device.terminal]]
serial = {called}
protocol = "hikvision"
lane = "out"
networks = ["127.0.0.1/32"]
people = true
address = {address}
user = "admin"
password_file = "terminal-password"
"""
PASSWORD = "demo-terminal"  # noqa: S105 of a simulator that listens on this machine only


def site_programs(home: Path, logs: Path, *, server: str, lan_port: int, called_port: int) -> list[Program]:
    """The agent and its three devices; none where the county was loaded without them. Writes site.toml anew."""
    folder = home / "site-pc"
    if not (folder / "devices.json").is_file():
        return []
    said = json.loads((folder / "devices.json").read_text(encoding="utf-8"))
    card = folder / "idcard"
    (folder / "memory").mkdir(mode=0o700, exist_ok=True)
    words = {
        "server": server,
        "runtime": os.fspath(folder / "memory"),
        "terminal": said["terminal"],
        "called": said["called"],
        "address": f"http://127.0.0.1:{called_port}",
        "reader": said["reader"],
        "port": os.fspath(card),
    }
    quoted = {name: json.dumps(word, ensure_ascii=False) for name, word in words.items()}
    (folder / "site.toml").write_text(_SITE.format(lan_port=lan_port, **quoted), encoding="utf-8")
    password = folder / "terminal-password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o600)
    simulate = (sys.executable, "-m", "devices.simulators")
    return [
        Program(
            "agent",
            "工地电脑",
            [sys.executable, "-m", "devices.edge", "--config", os.fspath(folder / "site.toml")],
            logs / "agent.log",
        ),
        Program(
            "reader",
            "读卡器模拟器",
            [*simulate, "idcard", "--link", os.fspath(card), "--every", str(CARD_EVERY)],
            logs / "reader.log",
        ),
        Program(
            "terminal",
            "人脸机模拟器",
            [
                *(
                    *simulate,
                    "adms",
                    "--server",
                    f"http://127.0.0.1:{lan_port}",
                    "--serial",
                    said["terminal"],
                ),
                *("--pins", said["pins"], "--every", str(FACE_EVERY)),
            ],
            logs / "terminal.log",
        ),
        Program(
            "called",
            "人脸机模拟器（海康）",
            [
                *(*simulate, "hikvision", "--server", f"http://127.0.0.1:{lan_port}"),
                *("--mac", said["called"], "--port", str(called_port)),
                *("--pins", said["pins"], "--every", str(FACE_EVERY)),
            ],
            logs / "called.log",
        ),
    ]
