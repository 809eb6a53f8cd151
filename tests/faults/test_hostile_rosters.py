"""Hostile files at the doors of the running system: refused within seconds, in bounded memory, while a good
roster goes through."""

import random
import re
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.journeys.people import crew, roster_file
from tests.journeys.stage import Stack
from tests.journeys.visitor import Visitor
from tests.lib import make_sheets
from tests.lib.test_hostile_files import LAUGHS, bomb
from wagewatch.lib.dates import SITE_TZ

pytestmark = pytest.mark.fault
REFUSED_WITHIN = 70.0
"""Seconds with a loaded machine: the parser's own limits are 40 of CPU and 60 of time."""
PARSER_KIB = 1_700 * 1024
GROWTH_KIB = 300 * 1024


def _far_corner() -> bytes:
    """Two cells that make a used range of 25 million."""
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="99999"><c r="IV99999"><v>1</v></c></row>'
    return make_sheets.raw_xlsx(cells)


def _endless_regex() -> bytes:
    """Cells that never close: what a careless pattern would search again and again."""
    return make_sheets.raw_xlsx('<row r="1">' + '<c r="A1" t="e">' * 200_000)


HOSTILE = {
    "bomb": bomb(),
    "laughs": make_sheets.raw_xlsx("<row/>", prologue=LAUGHS),
    "sheets": make_sheets.raw_xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', sheets=3000),
    "corner": _far_corner(),
    "regex": _endless_regex(),
    "noise": random.Random(5).randbytes(300_000),
    "csv": b'"' * 400_000,
    "wide": ("," * 200_000 + "\n").encode() * 20,
}


def _kib(pid: int, what: str) -> int:
    try:
        found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _parsers() -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"wagewatch.lib.sheet_child" in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def test_hostile_files_are_refused_while_others_work(stack: Stack) -> None:
    fault = stack.county["fault"]
    project, part = fault["project"], fault["parts"][0]
    today = datetime.now(SITE_TZ).date()
    path = f"/people/{project}/rosters/"
    form = {"participation": str(part), "basis": "day", "joined_on": f"{today}"}
    peak, stop = [0], threading.Event()
    took: dict[str, float] = {}
    clerk = Visitor(stack.url, timeout=120).sign_in("zhao")
    clerk.get(path)
    web = {pid: _kib(pid, "VmRSS") for pid in stack.web_workers()}

    def watch() -> None:
        while not stop.wait(0.02):
            peak[0] = max([peak[0], *(_kib(pid, "VmHWM") for pid in _parsers())])

    def attack() -> None:
        attacker = Visitor(stack.url, timeout=120).sign_in("zhao")
        attacker.get(path)
        for name, data in HOSTILE.items():
            began = time.monotonic()
            sent = attacker.post(path, form, {"file": (f"{name}.xlsx", data)})
            assert sent.status == 302, (name, sent.status)
            upload = int(re.findall(r"\d+", sent.location)[-1])
            state = "reading"
            while state == "reading" and time.monotonic() - began < REFUSED_WITHIN:
                state = stack.one("SELECT state FROM registration_rosterupload WHERE id = %s", upload)
                time.sleep(0.05)
            took[name] = time.monotonic() - began
            assert state == "refused", (name, state)

    watcher, attacker = threading.Thread(target=watch), threading.Thread(target=attack)
    watcher.start()
    attacker.start()
    written, start = 0, 500
    try:
        while attacker.is_alive():
            people = crew(20, start=start)
            sent = clerk.post(path, form, {"file": ("新进场.xlsx", roster_file(people, today))})
            assert clerk.post(f"{sent.location}apply/", {}).status == 302
            upload = int(re.findall(r"\d+", sent.location)[-1])
            assert stack.one("SELECT state FROM registration_rosterupload WHERE id = %s", upload) == "applied"
            written, start = written + 20, start + 20
    finally:
        attacker.join(REFUSED_WITHIN)
        stop.set()
        watcher.join(5)
    assert set(took) == set(HOSTILE), took
    assert max(took.values()) < REFUSED_WITHIN, took
    assert written >= 20
    assert 0 < peak[0] < PARSER_KIB
    grown = {pid: _kib(pid, "VmRSS") - before for pid, before in web.items()}
    assert max(grown.values()) < GROWTH_KIB, grown
    print(f"\nhostile: { ({n: round(s, 1) for n, s in took.items()}) } parser peak {peak[0] // 1024} MiB")
