"""Terminals that send too much, or from another age, or to crooked addresses: nothing lost, nothing doubled."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.edge.config import BadConfig, read_config
from tests.devices.edge.lan_desk import LiveDesk
from tests.devices.edge.test_lan_listener import LINE, SN, TABLES, count, post, talk

MANY = 20_000


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveDesk]:
    made = LiveDesk(tmp_path, *TABLES)
    yield made
    made.close()


def send(live: LiveDesk, body: bytes, **more: Any) -> bytes:
    return talk(live, post(body, f"Content-Length: {len(body)}", **more), seconds=120.0)


def test_a_backlog_of_weeks_in_one_body_is_kept_whole_in_good_time_and_not_doubled(live: LiveDesk) -> None:
    lines = b"".join(
        b"%d\t2026-%02d-%02d %02d:%02d:%02d\t0\t15\n"
        % (1 + n % 500, 1 + n // 2_000, 1 + n // 400 % 28, 6 + n % 12, n // 12 % 60, n % 60)
        for n in range(MANY)
    )
    distinct = len(set(lines.splitlines()))
    before = time.monotonic()
    answer = send(live, lines)
    took = time.monotonic() - before
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    assert b"OK: 20000" in answer
    assert count(live) == distinct
    send(live, lines)
    assert count(live) == distinct, "sent again after a lost answer"
    assert took < 60, "line by line, and never each line against all others"


@pytest.mark.parametrize(
    "moment",
    ["0000-00-00 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-02-30 07:00:00", "99999-01-01 07:00:00", "٢٠٢٦-01-01 07:00:00"],
)  # fmt: skip
def test_a_line_from_another_age_costs_no_other(live: LiveDesk, moment: str) -> None:
    body = f"7\t{moment}\t0\t15\n".encode() + LINE
    answer = send(live, body)
    assert answer.startswith(b"HTTP/1.1 200")
    kept = count(live)
    unread = live.rows("SELECT count(*) FROM lan_unread")[0][0]
    assert (kept + unread, kept >= 1) == (2, True)


@pytest.mark.parametrize(
    "target",
    [
        "/iclock/../iclock/cdata", "//iclock/cdata", "/iclock//cdata", "/iclock/cdata/..", "/iclock/%2e%2e/cdata",
        "/iclock/cdata%00", "http://[::1/iclock/cdata", "/iclock", "/iclock/", "*", "/iclock/cdata\\..\\x",
    ],
)  # fmt: skip
def test_a_crooked_address_keeps_nothing(live: LiveDesk, target: str) -> None:
    answer = send(live, LINE, target=f"{target}?SN={SN}&table=ATTLOG")
    assert answer[9:12] in (b"200", b"400", b"403", b"404"), answer[:80]
    assert count(live) in ((0, 1) if target in ("//iclock/cdata", "/iclock//cdata") else (0,))


@pytest.mark.parametrize("serial", ["", "x" * 5_000, SN.lower(), SN + "%00", SN + "'--", "%ff%fe"])
def test_an_unknown_serial_gets_403_and_leaves_nothing(live: LiveDesk, serial: str) -> None:
    answer = send(live, LINE, target=f"/iclock/cdata?SN={serial}&table=ATTLOG")
    assert answer.startswith(b"HTTP/1.1 403")
    assert count(live) == 0
    assert live.rows("SELECT count(*) FROM lan_unread")[0][0] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[server]\nurl = "https://x"\nsecret_file = "s"\n[queue\n', "line 4"),
        ('[server]\nurl = 5\nsecret_file = "s"\n', '[server]: url has the wrong kind of value; write url = "…"'),
        ('[server]\nurl = "https://x"\nsecret_fil = "s"\nsecret_file = "s"\n', "secret_fil (did you mean secret_file?)"),
        ('[server]\nurl = "https://x"\nsecret_file = "s"\n[entry]\nofline_days = 3\n', "ofline_days (did you mean offline_days?)"),
        ('[server]\nurl = "https://x"\nsecret_file = "s"\n[entry]\noffline_days = "3"\n', "write offline_days = a number"),
    ],
)  # fmt: skip
def test_a_mistake_in_site_toml_is_named_with_its_place_and_what_to_write(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "s").write_text("k" * 40)
    (tmp_path / "s").chmod(0o600)
    (tmp_path / "site.toml").write_text(text.replace('secret_file = "s"', 'key_id = "k"\nsecret_file = "s"'))
    with pytest.raises(BadConfig) as problem:
        read_config(tmp_path / "site.toml")
    assert words.replace("line 4", "line 5") in str(problem.value)
