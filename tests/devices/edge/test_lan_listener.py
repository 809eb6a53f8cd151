"""The listener under whatever a network may send: slow, large, broken, too many."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.edge.lan.listener import Limits
from tests.devices.edge.lan_desk import LiveDesk
from tests.devices.edge.site_pc import until

SN = "CKJF260900017"
LIMITS = Limits(
    body=2_000,
    at_once=5_000,
    connections=6,
    per_source=4,
    head_seconds=0.6,
    body_seconds=0.6,
    idle_seconds=1.5,
)
TABLES: tuple[dict[str, Any], ...] = (
    {"serial": SN},
    {"serial": "H1", "protocol": "hikvision", "mac": "e0baad821aa9"},
    {"serial": "U1", "protocol": "uface"},
)
PING = f"GET /iclock/ping?SN={SN} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveDesk]:
    made = LiveDesk(tmp_path, *TABLES, limits=LIMITS)
    yield made
    made.close()


def talk(live: LiveDesk, data: bytes, *, shut: bool = True, seconds: float = 4.0) -> bytes:
    """Everything the listener answers to these bytes."""
    with closing(socket.create_connection(("127.0.0.1", live.port), timeout=seconds)) as link:
        found = b""
        with suppress(ConnectionError, BrokenPipeError):
            link.sendall(data)
            if shut:
                with suppress(OSError):  # hung up on already
                    link.shutdown(socket.SHUT_WR)
            while part := link.recv(65536):
                found += part
        return found


def post(body: bytes, *heads: str, target: str = f"/iclock/cdata?SN={SN}&table=ATTLOG") -> bytes:
    lines = [f"POST {target} HTTP/1.1", "Host: x", *heads]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


LINE = b"7\t2026-11-21 07:01:09\t0\t15\n"
PACKED, BOMB = gzip.compress(LINE), gzip.compress(bytes(1_000_000))


def count(live: LiveDesk) -> int:
    return int(live.rows("SELECT count(*) FROM event")[0][0])


def test_several_requests_on_one_connection_and_chunks(live: LiveDesk) -> None:
    chunked = post(
        b"5\r\n" + LINE[:5] + b"\r\n%x\r\n" % (len(LINE) - 5) + LINE[5:] + b"\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked",
    )
    answers = talk(live, PING + chunked + PING)
    assert answers.count(b"HTTP/1.1 200") == 3
    assert b"OK: 1" in answers
    assert b"Server:" not in answers
    assert count(live) == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (post(LINE, "Content-Length: 2001"), b"413"),
        (post(LINE, "Content-Length: 99999999999999999999"), b"400"),
        (post(LINE, "Content-Length: -1"), b"400"),
        (post(LINE, f"Content-Length: {len(LINE)}", "Content-Length: 3"), b"400"),
        (post(LINE, f"Content-Length: {len(LINE)}", "Transfer-Encoding: chunked"), b"400"),
        (post(LINE, "Transfer-Encoding: gzip"), b"400"),
        (post(LINE, f"Content-Length: {len(LINE)}", "Content-Encoding: br"), b"415"),
        (post(LINE, f"Content-Length: {len(LINE)}", "Content-Encoding: gzip"), b"400"),
        (post(BOMB, f"Content-Length: {len(BOMB)}", "Content-Encoding: gzip"), b"413"),
        (post(PACKED[:-9], f"Content-Length: {len(PACKED) - 9}", "Content-Encoding: gzip"), b"400"),
        (post(LINE), b"411"),
        (post(LINE, "Connection: close"), b"411"),
        (post(b"zz\r\n", "Transfer-Encoding: chunked"), b"400"),
        (post(b"7d1\r\n" + b"x" * 2001 + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), b"413"),
        (post(b"7" * 20, "Content-Length: 30"), b"400"),  # ends early
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"DELETE / HTTP/1.1\r\n\r\n", b"501"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_kept(live: LiveDesk, data: bytes, status: bytes) -> None:
    assert talk(live, data).startswith(b"HTTP/1.1 " + status)
    assert count(live) == 0
    assert talk(live, PING).startswith(b"HTTP/1.1 200")


def test_slow_ones_are_hung_up_on(live: LiveDesk) -> None:
    for begun in (b"", b"GET /iclock/pi", PING[:-2], post(LINE[:4], "Content-Length: 30"), PING):
        began = time.monotonic()
        with closing(socket.create_connection(("127.0.0.1", live.port), timeout=5)) as link:
            link.sendall(begun)
            with suppress(ConnectionError):
                while link.recv(4096):
                    pass
        assert time.monotonic() - began < 3
    with closing(socket.create_connection(("127.0.0.1", live.port), timeout=5)) as link:
        began = time.monotonic()
        with suppress(OSError):
            for letter in PING:  # a byte now and then does not help
                link.sendall(bytes([letter]))
                time.sleep(0.1)
        assert time.monotonic() - began < 3
    until(lambda: not live.listener._due, 5, "no connection is left")
    assert count(live) == 0


def test_one_source_cannot_take_every_connection(tmp_path: Path) -> None:
    live = LiveDesk(tmp_path, TABLES[0], limits=LIMITS)
    links = [socket.create_connection(("127.0.0.1", live.port), timeout=5) for _ in range(8)]
    until(lambda: live.listener.turned_away >= 4, 3, "the rest is turned away")
    assert len(live.listener._due) <= 4
    for link in links:
        link.close()
    until(lambda: not live.listener._due, 3, "all are gone")
    assert talk(live, PING).startswith(b"HTTP/1.1 200")
    live.close()


def test_packed_bodies_are_opened(live: LiveDesk) -> None:
    raw = zlib.compressobj(wbits=-15)
    bodies = {
        "gzip": PACKED, "x-gzip": gzip.compress(LINE.replace(b"09", b"10")),
        "deflate": zlib.compress(LINE.replace(b"09", b"11")),
        "Deflate": raw.compress(LINE.replace(b"09", b"12")) + raw.flush(),
    }  # fmt: skip
    for coding, body in bodies.items():
        answer = talk(live, post(body, f"Content-Length: {len(body)}", f"Content-Encoding: {coding}"))
        assert answer.startswith(b"HTTP/1.1 200"), coding
        assert b"OK: 1" in answer
    assert count(live) == 4
    assert live.listener._bytes == 0


def test_firmware_that_is_careless_with_its_request_line_is_answered(live: LiveDesk) -> None:
    ask = f"GET /iclock/getrequest?SN={SN}&INFO=Ver 8.0.4.7 -2021,12,0,99,192.168.1.201 HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b"200" in talk(live, ask.encode())[:20]
    terminal = live.desk.terminals[SN].memory.terminal
    assert dict(terminal.facts)["firmver"] == "Ver 8.0.4.7 -2021"
    for target in (
        f"/iclock/cdata?Stamp=9999&table=ATTLOG&sn={SN}", f"//iclock/cdata?table=ATTLOG&SN={SN}%20",
        f"http://192.168.1.10:8003/iclock/cdata.aspx?TABLE=attlog&SN={SN}%20",
    ):  # fmt: skip
        answer = talk(live, post(LINE, f"content-length:{len(LINE)}", target=target))
        assert b"OK: 1" in answer, target
    assert count(live) == 1, "the same punch, told three times"
    head = post(LINE, f"Content-Length: {len(LINE)}", "Expect: 100-continue")
    assert b"100 Continue" in talk(live, head)
    assert b"200" in talk(live, post(b"", target=f"/iclock/push?SN={SN}"))[:20], (
        "POSTs nothing, and says no length"
    )


def test_bodies_in_memory_have_a_sum(live: LiveDesk) -> None:
    links = []
    for _ in range(2):
        link = socket.create_connection(("127.0.0.1", live.port), timeout=5)
        link.sendall(post(b"", "Content-Length: 2000"))
        links.append(link)
    until(lambda: live.listener._bytes == 4_000, 2, "two bodies are on their way")
    assert talk(live, post(b"", "Content-Length: 1500"), shut=False).startswith(b"HTTP/1.1 503")
    for link in links:
        link.close()
    until(lambda: live.listener._bytes == 0, 3, "given back")


def test_addresses_where_no_terminal_lives_are_not_heard(tmp_path: Path) -> None:
    live = LiveDesk(tmp_path, {"serial": SN, "networks": ["192.0.2.0/24"]})
    try:
        assert talk(live, PING) == b""
        assert live.listener.turned_away == 1
    finally:
        live.close()


def test_two_at_once_of_one_terminal_keep_both(live: LiveDesk) -> None:
    def send(number: int) -> None:
        body = f"{number}\t2026-11-21 07:01:{number:02d}\t0\t15\n".encode()
        talk(live, post(body, f"Content-Length: {len(body)}"))

    for start in range(1, 41, 4):
        threads = [threading.Thread(target=send, args=(start + n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert count(live) == 40


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_any_bytes_on_the_socket_leave_the_listener_well(live: LiveDesk, data: bytes) -> None:
    talk(live, data)
    assert talk(live, PING).startswith(b"HTTP/1.1 200")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(
        [
            f"/iclock/{page}?SN={SN}&{query}"
            for page in (
                "cdata",
                "fdata",
                "getrequest",
                "devicecmd",
                "querydata",
                "registry",
                "push",
                "rtdata",
            )
            for query in (
                "table=ATTLOG",
                "table=rtlog",
                "AuthType=device",
                "table=ATTPHOTO",
                "table=tabledata&tablename=user",
                "type=count&tablename=transaction",
                "table=new",
            )
        ]
        + ["/hikvision", "/hikvision/x", "/uface/heartbeat"]
    ),
    head=st.sampled_from(
        ["", "Content-Type: application/json", "Content-Type: multipart/form-data; boundary=x"]
    ),
    body=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    | st.sampled_from(
        [
            b'{"deviceKey":"U1","personId":[],"time":{}}',
            b'{"macAddress":"e0baad821aa9"}',
            b"ID=w1&Return=x",
            b"--x\r\n\r\n\xff\xd8\xff\r\n--x--",
        ]
    ),
)
def test_any_body_is_answered_without_a_fault(live: LiveDesk, target: str, head: str, body: bytes) -> None:
    for verb in (b"POST", b"GET"):
        data = post(body, f"Content-Length: {len(body)}", *([head] if head else []), target=target)
        answer = talk(live, data.replace(b"POST", verb, 1))
        assert answer.startswith(b"HTTP/1.1 ")
        assert not answer.startswith(b"HTTP/1.1 500")
