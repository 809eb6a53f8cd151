"""Orders dropped on, and answers fetched from, a real SFTP server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from payroll.bank.pain001 import write_pain001
from payroll.bank.sftp import SftpTransport
from tests.payroll.bank.samples import order
from wagewatch.lib.errors import RuleViolation, TryLater

pytest.importorskip("paramiko")
from tests.payroll.bank.sftp_server import USER, SftpServer

FILE = write_pain001(order())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "bank"
    for folder in ("in", "out"):
        (root / folder).mkdir(parents=True)
    found = SftpServer(root)
    yield found
    found.close()


def connect(server: SftpServer, **changes: str) -> SftpTransport:
    options = {"user": USER, "key_file": str(server.key_file), "host_key": server.pinned} | changes
    return SftpTransport("127.0.0.1", server.port, outbox="/in", inbox="/out", timeout=5, **options)  # type: ignore[arg-type]


def test_a_file_appears_whole_under_its_final_name(server: SftpServer) -> None:
    line = connect(server)
    assert not line.send("WW-1", FILE).known
    assert [p.name for p in (server.root / "in").iterdir()] == ["WW-1.xml"]
    assert (server.root / "in" / "WW-1.xml").read_bytes() == FILE
    assert line.send("WW-1", FILE).known
    with pytest.raises(RuleViolation) as refusal:
        line.send("WW-1", FILE + b"\n")
    assert refusal.value.code == "bank.message_id_used"
    assert (server.root / "in" / "WW-1.xml").read_bytes() == FILE


def test_a_copy_that_breaks_off_is_never_taken_for_an_order(server: SftpServer) -> None:
    data = FILE + b" " * 200_000
    server.cut_after = 50_000
    with pytest.raises(TryLater):
        connect(server).send("WW-2", data)
    assert [p.name for p in (server.root / "in").iterdir()] == [".WW-2.xml.part"]
    server.cut_after = None
    assert not connect(server).send("WW-2", data).known
    assert [p.name for p in (server.root / "in").iterdir()] == ["WW-2.xml"]
    assert (server.root / "in" / "WW-2.xml").read_bytes() == data


def test_answers_stay_until_they_are_acknowledged(server: SftpServer) -> None:
    out = server.root / "out"
    (out / "a.xml").write_bytes(b"<a/>")
    (out / ".b.xml.part").write_bytes(b"<b")
    (out / "readme.txt").write_bytes(b"no")
    line = connect(server)
    assert line.fetch() == [("a.xml", b"<a/>")] == line.fetch("z")
    line.acknowledge("a.xml")
    line.acknowledge("a.xml")
    assert line.fetch() == []
    assert (out / "taken" / "a.xml").read_bytes() == b"<a/>"
    for name in ("", "../a.xml", ".b.xml.part"):
        with pytest.raises(ValueError, match="plain"):
            line.acknowledge(name)


def test_another_servers_key_ends_the_connection_before_anything_is_sent(server: SftpServer) -> None:
    import paramiko

    other = paramiko.RSAKey.generate(2048)
    with pytest.raises(RuleViolation) as refusal:
        connect(server, host_key=f"ssh-rsa {other.get_base64()}").send("WW-3", FILE)
    assert refusal.value.code == "bank.host_key"
    assert list((server.root / "in").iterdir()) == []


def test_a_wrong_user_is_refused_and_a_dead_server_tried_later(server: SftpServer) -> None:
    with pytest.raises(RuleViolation) as refusal:
        connect(server, user="somebody").fetch()
    assert refusal.value.code == "bank.key"
    server.close()
    with pytest.raises(TryLater):
        connect(server).fetch()


def test_a_host_key_must_be_written_as_in_known_hosts(server: SftpServer) -> None:
    for wrong in ("", "ssh-rsa", "ssh-rsa %%%"):
        with pytest.raises(ValueError, match="host_key"):
            connect(server, host_key=wrong)
