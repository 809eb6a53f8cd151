"""A bank that nobody here wrote: the PyPI package mock-bank, over HTTP."""

import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from payroll.bank.camt053 import gap_between, read_statement
from payroll.bank.codes import LineState, judge_line
from payroll.bank.pain001 import Account, LineOut, write_pain001
from payroll.bank.pain002 import read_pain002
from payroll.bank.profiles import MOCK_BANK
from tests.payroll.bank.samples import faults_of, line, order

PAYER = Account(
    "之江建设有限公司",
    "NL30MOCK0000000005",
    MOCK_BANK.clearing_code,
    "mock-bank",
    scheme=MOCK_BANK.payer_scheme,
)
CLOSED = Account("Initech", "NL84MOCK0000000003", "", scheme="iban")
UNRESOLVED = Account("Eurodis", "NL57MOCK0000000004", "", scheme="iban")


class MockBank:
    """The process and its control plane."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "mockbank", "--port", str(port), "--quiet", "--clock", "2026-10-14T09:00",
                "--timezone", "Asia/Shanghai",
            ],
            cwd=folder,
            env=dict(os.environ),
        )  # fmt: skip
        for _ in range(100):
            try:
                self.call("GET", "/_mock/health")
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("mock-bank did not start")

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path, data=body, method=method, headers={"Content-Type": kind}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - loopback
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return json.loads(refusal.read() or b"null")

    def send(self, data: bytes) -> Any:
        return self.call("POST", "/payments", data, "application/xml")

    def collect(self) -> list[tuple[str, bytes]]:
        """(kind, bytes) of everything released and not yet collected."""
        found = self.call("GET", "/_mock/mailbox")
        return [(_kind(item), _body(item)) for item in found]


def _body(item: dict[str, Any]) -> bytes:
    return next(v for v in item.values() if isinstance(v, str) and v.lstrip().startswith("<")).encode()


def _kind(item: dict[str, Any]) -> str:
    return _body(item).decode().partition("tech:xsd:")[2][:8]


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[MockBank]:
    bank = MockBank(tmp_path)
    made = {
        "id": "GC1",
        "name": PAYER.name,
        "iban": PAYER.number,
        "currency": "CNY",
        "balance": 1_000_000_000,
    }
    assert bank.call("POST", "/_mock/accounts", json.dumps(made).encode())["currency"] == "CNY"
    yield bank
    bank.process.terminate()
    bank.process.wait(timeout=10)


def salaries(*extra: LineOut, message_id: str = "WW1") -> bytes:
    lines = [line(f"P{n}-1", 600000 + n) for n in range(20)]
    return write_pain001(
        order(*lines, *extra, message_id=message_id, payer=PAYER, execute_on=date(2026, 10, 15))
    )


def test_our_order_makes_the_round_trip(bank: MockBank) -> None:
    data = salaries(LineOut("P90-1", 500000, CLOSED), LineOut("P91-1", 500000, UNRESOLVED))
    assert faults_of(data, "pain.001.001.09") == []
    bank.send(data)
    [(kind, status)] = bank.collect()
    assert kind == "pain.002"
    report = read_pain002(status)
    assert (report.version, report.original_message_id, report.group.code) == (
        "pain.002.001.10",
        "WW1",
        "PART",
    )
    verdicts = {
        ref: judge_line(found) for ref, found in report.resolve([f"P{n}-1" for n in range(92)]).items()
    }
    assert len(verdicts) == 22
    # ACCP is no payment.
    assert {verdicts[f"P{n}-1"].state for n in range(20)} == {LineState.RECEIVED}
    assert (verdicts["P90-1"].state, verdicts["P90-1"].code) == (LineState.REJECTED, "AC04")
    assert (verdicts["P91-1"].state, verdicts["P91-1"].code) == (LineState.REJECTED, "RC01")

    bank.call("POST", "/_mock/advance?days=3", b"")
    answers = bank.collect()
    booked = [s for kind, d in answers if kind == "camt.054" for s in read_statement(d)]
    assert {d.end_to_end_id: -e.amount_fen for s in booked for e in s.entries for d in e.details} == {
        f"P{n}-1": 600000 + n for n in range(20)
    }
    chain = [
        s for kind, d in answers if kind == "camt.053" for s in read_statement(d) if s.account == PAYER.number
    ]
    assert sum(s.booked_fen for s in chain) == -sum(600000 + n for n in range(20))
    assert [s.differs_fen for s in chain] == [0] * len(chain)
    assert [gap_between(a, b) for a, b in itertools.pairwise(chain)] == [None] * (len(chain) - 1)


def test_the_same_file_twice_is_a_duplicate(bank: MockBank) -> None:
    bank.send(salaries())
    bank.send(salaries())
    reports = [read_pain002(data) for kind, data in bank.collect() if kind == "pain.002"]
    assert [r.group.code for r in reports] == ["ACCP", "RJCT"]
    verdict = judge_line(reports[1].resolve(["P1-1"])["P1-1"])
    assert (verdict.state, verdict.code) == (LineState.MANUAL, "DUPL")


def test_a_refused_file_refuses_every_line(bank: MockBank) -> None:
    bank.call("PATCH", "/_mock/accounts/GC1", b'{"behaviour": "reject-file"}')
    bank.send(salaries())
    [(_, status)] = bank.collect()
    verdict = judge_line(read_pain002(status).resolve(["P7-1"])["P7-1"])
    assert (verdict.state, verdict.code) == (LineState.REJECTED, "FF01")


def test_a_gap_in_the_statement_is_seen(bank: MockBank) -> None:
    bank.call("PATCH", "/_mock/accounts/GC1", b'{"behaviour": "statement-gap"}')
    bank.send(salaries())
    bank.call("POST", "/_mock/advance?days=3", b"")
    answers = bank.collect()
    chain = [
        s for kind, d in answers if kind == "camt.053" for s in read_statement(d) if s.account == PAYER.number
    ]
    missing = [s.differs_fen for s in chain if s.differs_fen]
    assert len(missing) == 1
    assert -600019 <= (missing[0] or 0) <= -600000


def test_a_late_return_names_its_payment(bank: MockBank) -> None:
    bank.call("PATCH", "/_mock/accounts/GC1", b'{"behaviour": "return-later"}')
    bank.send(salaries())
    bank.call("POST", "/_mock/advance?days=10", b"")
    answers = bank.collect()
    returned = {
        d.end_to_end_id: d.returned.code
        for kind, data in answers
        if kind == "camt.053"
        for s in read_statement(data)
        for e in s.entries
        if e.amount_fen > 0
        for d in e.details
        if d.returned
    }
    assert set(returned) == {f"P{n}-1" for n in range(20)}
    assert set(returned.values()) <= {"AC04", "MD07"}


def test_the_golden_payer_is_unknown_there(bank: MockBank) -> None:
    bank.send(write_pain001(replace(order(), message_id="WW9")))
    [(_, status)] = bank.collect()
    assert judge_line(read_pain002(status).resolve(["P1-1"])["P1-1"]).code == "AC02"
