import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from payroll.bank.camt053 import Statement, gap_between, read_statement
from payroll.bank.pain001 import write_pain001
from payroll.bank.pain002 import read_pain002
from payroll.bank.transport import Ack, FolderTransport, HttpTransport
from tests.payroll.bank.samples import PAYER, line, order
from wagewatch.lib.errors import RuleViolation, TryLater

T = TypeVar("T")
KEY = "a-key-for-the-tests"


class Process:
    """The simulator as a process of its own, on a free port."""

    def __init__(self, state: Path, *arguments: str) -> None:
        self._state, self._arguments = state, arguments
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "payroll.bank.simulator", "--port", "0", "--state", str(self._state),
                "--status-seconds", "0.05", "--processing-seconds", "0.1", "--statement-seconds", "0.3",
                "--any-day", *self._arguments,
            ],
            # No Django settings and no database: the bank is another house.
            env={"PATH": os.environ.get("PATH", ""), "WAGEWATCH_BANK_KEY": KEY},
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1].rstrip("/")
        self.transport = HttpTransport(self.url, KEY, timeout=10)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def call(
        self, method: str, path: str, body: bytes | None = None, key: str = KEY, **headers: str
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path, data=body, method=method, headers={"Authorization": f"Bearer {key}", **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    process.transport.open_account(PAYER.number, PAYER.name)
    process.transport.deposit(PAYER.number, 500_000_000, reference="A1", payer_name="城投", text="拨付")
    yield process
    process.kill()


def wait_for(found: Callable[[], T | None], seconds: float = 15) -> T:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("nothing came")


def statements(bank: Process) -> list[Statement]:
    return [s for name, data in bank.transport.fetch() if "camt.053" in name for s in read_statement(data)]


def paid_fen(bank: Process) -> int:
    """What the statements say was paid out so far."""
    return -sum(e.amount_fen for s in statements(bank) for e in s.entries if e.amount_fen < 0)


def test_an_order_goes_out_and_its_answers_come_back(bank: Process) -> None:
    data = write_pain001(order())
    ack = bank.transport.send("WW-20261015-0001", data)
    assert ack == Ack("WW-20261015-0001", hashlib.sha256(data).hexdigest(), known=False)
    wait_for(lambda: paid_fen(bank) == 1_360_550)
    answers = bank.transport.fetch()
    names = [name for name, _ in answers]
    assert names == sorted(names)
    report = next(data for name, data in answers if name.endswith("pain.002.xml"))
    assert read_pain002(report).original_message_id == "WW-20261015-0001"
    assert bank.transport.fetch(names[0])[0] == answers[1]
    bank.transport.acknowledge(names[0])
    bank.transport.acknowledge(names[0])
    status, listed = bank.call("GET", "/messages?limit=1")
    assert status == 200
    assert json.loads(listed)["messages"][0]["acknowledged_at"]
    bank.transport.request_report(PAYER.number)
    wait_for(lambda: [n for n, _ in bank.transport.fetch(names[-1]) if "camt.052" in n])


def test_sending_again_after_a_lost_answer_pays_once(bank: Process) -> None:
    data = write_pain001(order())
    acks = []
    threads = [
        threading.Thread(target=lambda: acks.append(bank.transport.send("WW-20261015-0001", data)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ack.known for ack in acks) == [False] + [True] * 7
    wait_for(lambda: paid_fen(bank) == 1_360_550)
    wait_for(lambda: len([n for n, _ in bank.transport.fetch() if "pain.002" in n]) == 8)
    reports = [read_pain002(d) for n, d in bank.transport.fetch() if "pain.002" in n]
    assert sorted(r.group.code for r in reports) == ["ACCP"] + ["RJCT"] * 7
    assert paid_fen(bank) == 1_360_550


def test_kill_9_loses_nothing_and_pays_nothing_twice(bank: Process) -> None:
    """Killed eleven times while orders arrive and are worked off; every acknowledged order is paid once."""
    files = [
        (
            f"WW{n}",
            write_pain001(order(*(line(f"P{n}-{k}", 1000 + n) for k in range(40)), message_id=f"WW{n}")),
        )
        for n in range(11)
    ]
    for number, (message_id, data) in enumerate(files):
        sender = threading.Thread(target=_send_until_acknowledged, args=(bank, message_id, data))
        sender.start()
        time.sleep(0.03 * number)
        bank.kill()
        bank.start()
        sender.join(timeout=20)
        assert not sender.is_alive()
    total = sum(40 * (1000 + n) for n in range(11))
    wait_for(lambda: paid_fen(bank) >= total, 30)
    time.sleep(0.5)
    chain = statements(bank)
    references = [d.end_to_end_id for s in chain for e in s.entries for d in e.details if d.end_to_end_id]
    assert sorted(references) == sorted(f"P{n}-{k}" for n in range(11) for k in range(40))
    assert paid_fen(bank) == total
    assert [s.differs_fen for s in chain] == [0] * len(chain)
    assert [gap_between(a, b) for a, b in itertools.pairwise(chain)] == [None] * (len(chain) - 1)
    account = json.loads(bank.call("GET", f"/accounts/{PAYER.number}")[1])
    assert account["balance_fen"] == account["available_fen"] == 500_000_000 - total


def _send_until_acknowledged(bank: Process, message_id: str, data: bytes) -> None:
    for _ in range(200):
        try:
            bank.transport.send(message_id, data)
        except TryLater:
            time.sleep(0.05)
        else:
            return


def test_an_unreachable_bank_is_tried_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = HttpTransport(f"http://127.0.0.1:{taken.getsockname()[1]}", KEY, timeout=1)
        with pytest.raises(TryLater) as refusal:
            transport.send("WW1", b"<x/>")
    assert refusal.value.code == "bank.unreachable"


def test_a_bank_that_says_nothing_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        transport = HttpTransport(f"http://127.0.0.1:{mute.getsockname()[1]}", KEY, timeout=0.3)
        with pytest.raises(TryLater):
            transport.send("WW1", b"<x/>")


def test_refuses_an_address_that_is_not_http() -> None:
    with pytest.raises(ValueError, match="http"):
        HttpTransport("file:///etc", KEY)


def test_a_wrong_key_and_a_bad_file_are_refused_for_good(bank: Process) -> None:
    with pytest.raises(RuleViolation) as refusal:
        HttpTransport(bank.url, "wrong-key").send("WW1", write_pain001(order()))
    assert refusal.value.code == "bank.key"
    with pytest.raises(RuleViolation) as refusal:
        bank.transport.send("WW1", b"<Document/>")
    assert (refusal.value.code, refusal.value.facts) == (
        "bank.refused",
        {"status": 400, "reason": "bank.wrong_message"},
    )
    assert paid_fen(bank) == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/messages/000000099-pain.002.xml", None, 404),
        ("GET", "/messages/..%2f..%2fbank.sqlite3", None, 404),
        ("GET", "/messages?limit=0", None, 400),
        ("GET", "/messages?limit=x", None, 400),
        ("POST", "/messages/1/acknowledge", b"", 404),
        ("GET", "/nothing", None, 404),
        ("PUT", "/accounts/12", b'{"name": "x"}', 400),
        ("PUT", "/accounts/123456", b"[]", 400),
        ("PUT", "/accounts/123456", b'{"name": ""}', 400),
        ("POST", "/accounts/123456/deposits", b'{"amount_fen": 1, "reference": "r"}', 404),
        ("POST", f"/accounts/{PAYER.number}/deposits", b'{"amount_fen": true, "reference": "r"}', 400),
        ("POST", f"/accounts/{PAYER.number}/deposits", b'{"amount_fen": 0.1, "reference": "r"}', 400),
        ("POST", f"/accounts/{PAYER.number}/deposits", b'{"amount_fen": 5, "reference": "A1"}', 409),
        ("POST", "/accounts/123456/collections", b'{"amount_fen": 1, "reference": "r"}', 404),
        ("POST", f"/accounts/{PAYER.number}/collections", b'{"amount_fen": -1, "reference": "r"}', 400),
        (
            "POST",
            f"/accounts/{PAYER.number}/collections",
            b'{"amount_fen": 500000001, "reference": "r"}',
            409,
        ),
        ("POST", "/accounts/123456/statements", b"{}", 404),
        ("POST", "/cards", b'{"cards": [1]}', 400),
        ("POST", "/faults", b'{"explode": true}', 400),
        ("POST", "/faults", b"[" * 100_000, 400),
        ("POST", "/messages", b"\x00", 400),
    ],
)
def test_bad_requests_get_a_clear_answer(
    bank: Process, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer, text = bank.call(method, path, body)
    assert answer == status
    assert set(json.loads(text)) == {"code", "text"}


def test_bounds_the_size_of_a_request_before_reading_it(bank: Process) -> None:
    host, port = bank.url.removeprefix("http://").split(":")
    head = (
        f"POST /messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {{}}\r\n\r\n"
    )
    for length, status in (("99999999999", b" 413 "), ("-1", b" 411 "), ("9" * 5000, b" 413 ")):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(head.format(length).encode())
            assert status in connection.recv(200)


def test_everything_but_the_page_and_health_needs_the_key(bank: Process) -> None:
    assert bank.call("GET", "/health", key="x")[0] == 200
    status, page = bank.call("GET", "/?lang=zh", key="x")
    assert status == 200
    assert "模拟银行" in page.decode()
    assert "Simulated bank" in bank.call("GET", "/?lang=en", key="x")[1].decode()
    for method, path in (
        ("GET", "/messages"),
        ("POST", "/messages"),
        ("GET", "/accounts"),
        ("POST", "/faults"),
    ):
        assert bank.call(method, path, b"{}" if method == "POST" else None, key="x")[0] == 401


def test_faults_are_switched_over_http(bank: Process) -> None:
    status, answer = bank.call("POST", "/faults", b'{"reject_file": true, "twice": 2, "silent": false}')
    assert status == 200
    faults = json.loads(answer)["faults"]
    assert (faults["reject_file"], faults["twice"], faults["silent"]) == (-1, 2, 0)
    bank.transport.send("WW-20261015-0001", write_pain001(order()))
    found = wait_for(lambda: [read_pain002(d) for n, d in bank.transport.fetch() if "pain.002" in n])
    assert found[0].group.reasons[0].code == "FF01"


def test_needs_a_key_to_start(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "WAGEWATCH_BANK_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "payroll.bank.simulator", "--port", "0", "--state", str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, "key" in done.stderr) == (2, True)


def test_stops_cleanly_when_asked(tmp_path: Path) -> None:
    bank = Process(tmp_path)
    bank.process.send_signal(signal.SIGTERM)
    assert bank.process.wait(timeout=10) == 0
    bank.kill()


def test_folders_carry_complete_files_under_their_final_name(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "out", tmp_path / "in")
    assert transport.send("WW/1", b"<a/>").known is False
    assert transport.send("WW/1", b"<a/>").known is True
    with pytest.raises(RuleViolation) as refusal:
        transport.send("WW/1", b"<b/>")
    assert refusal.value.code == "bank.message_id_used"
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "out").iterdir()] == [("WW%2F1.xml", b"<a/>")]


def test_folders_give_each_answer_until_it_is_acknowledged(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "out", tmp_path / "in")
    for name, data in (("b.xml", b"<b/>"), ("a.XML", b"<a/>"), (".c.xml", b"half"), ("d.xml.part", b"half")):
        (tmp_path / "in" / name).write_bytes(data)
    assert transport.fetch() == [("a.XML", b"<a/>"), ("b.xml", b"<b/>")]
    transport.acknowledge("b.xml")
    transport.acknowledge("b.xml")
    # A later file with an earlier name is still news.
    assert transport.fetch("b.xml") == [("a.XML", b"<a/>")]
    with pytest.raises(ValueError, match="plain"):
        transport.acknowledge("../out/WW1.xml")
