"""The agent as a process, a reader on a pty, a server that fails: every card arrives, once."""

import base64
import resource
import subprocess
import sys
import time

import pytest

from devices.simulators.idcard import SAM
from devices.simulators.persons import person
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import ROOT, SitePc, until


def names(server: FakeServer) -> list[str]:
    return [read["card"]["name"] for read in server.reads.values()]


def test_a_card_arrives_within_two_seconds_and_leaves_nothing_readable_on_the_disk(
    server: FakeServer, pc: SitePc
) -> None:
    pc.start()
    pc.reader.lay(person(1), address="浙江省金华市金东区曹宅镇 1 号")
    took = until(lambda: server.reads, 4)
    assert took < 2
    (read,) = server.reads.values()
    card = person(1).card
    assert read["reader"] == "登记台"
    assert read["card"] == {
        "kind": "citizen", "name": card.name, "number": card.number, "sex": card.sex, "birth": card.birth.isoformat(),
        "nation": card.nation, "address": "浙江省金华市金东区曹宅镇 1 号", "issuer": card.issuer,
        "valid_from": card.valid_from.isoformat(), **(
            {"long_term": True} if card.long_term else {"valid_to": card.valid_to.isoformat()}
        ),
    }  # fmt: skip
    assert (read["photo"], read["photo_kind"]) == (None, "wlt")
    until(lambda: pc.waiting() == 0)
    disk = pc.bytes_on_disk()
    for secret in (card.number, card.name, card.address, "曹宅镇"):
        for form in (secret.encode(), secret.encode("utf-16-le"), base64.b64encode(secret.encode())[:-3]):
            assert form not in disk
    assert pc.stop() == 0


def test_a_card_read_before_a_kill_arrives_once_after_it(server: FakeServer, pc: SitePc) -> None:
    server.mode = "away"
    pc.start()
    pc.reader.lay(person(2))
    until(lambda: pc.waiting() == 1)
    killed = time.time()
    pc.kill()
    assert person(2).card.number.encode() not in pc.bytes_on_disk()
    pc.reader.lift()
    server.mode = "well"
    pc.start()
    until(lambda: server.reads)
    until(lambda: pc.waiting() == 0)
    assert names(server) == [person(2).card.name]
    (at,) = server.read_at.values()
    assert killed - 60 < at < killed + 0.1  # the age travelled, not the restart


def test_after_a_power_cut_the_read_is_gone_and_the_agent_goes_on(server: FakeServer, pc: SitePc) -> None:
    """The key lies in memory: what a thief of the disk finds cannot be opened, by nobody."""
    server.mode = "away"
    pc.start()
    pc.reader.lay(person(3))
    until(lambda: pc.waiting() == 1)
    pc.kill()
    (key,) = pc.runtime.glob("*.key")
    key.unlink()
    pc.reader.lift()
    server.mode = "well"
    pc.start()
    assert pc.waiting() == 0
    pc.reader.lay(person(4))
    until(lambda: server.reads)
    assert names(server) == [person(4).card.name]


@pytest.mark.parametrize("mode", ["away", "broken", "vague", "forgetful"])
def test_a_cut_or_an_answer_that_names_nothing_loses_no_card(
    server: FakeServer, pc: SitePc, mode: str
) -> None:
    pc.start()
    until(lambda: server.beats)
    server.mode = mode
    pc.reader.lay(person(5))
    until(lambda: server.calls["/api/v1/card-reads/"] >= 3)
    assert pc.waiting() == 1
    server.mode = "well"
    until(lambda: pc.waiting() == 0)
    assert names(server) == [person(5).card.name]


def test_the_server_is_away_and_comes_back(server: FakeServer, pc: SitePc) -> None:
    pc.start()
    until(lambda: server.beats)
    server.stop()
    pc.reader.lay(person(6))
    until(lambda: pc.waiting() == 1)
    time.sleep(1)
    server.start()
    until(lambda: names(server) == [person(6).card.name], 5)


def test_a_second_agent_on_the_same_queue_is_refused(server: FakeServer, pc: SitePc) -> None:
    pc.start()
    assert pc.process is not None
    second = subprocess.run(
        pc.command(), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False, env=pc.environment()
    )
    assert second.returncode == 3
    assert f"Another agent (process {pc.process.pid}) already works on" in second.stderr
    pc.reader.lay(person(7))
    until(lambda: server.reads)  # the first one works on
    pc.kill()
    pc.start()  # the lock ends with the process


def test_the_port_is_unplugged_and_plugged_in_again(server: FakeServer, pc: SitePc) -> None:
    pc.start()
    until(lambda: server.beats)

    def states() -> list[str]:
        return [one["state"] for one in server.beats[-1]["devices"]]

    until(lambda: states() == ["ready"])
    pc.reader.unplug()
    assert until(lambda: states() == ["lost"], 3) < 2  # told at once, not with the next heartbeat
    assert "is the cable in?" in server.beats[-1]["devices"][0]["words"] or "went away" in pc.said()
    pc.reader.plug()
    until(lambda: states() == ["ready"], 8)
    pc.reader.lay(person(8))
    until(lambda: names(server) == [person(8).card.name])


def test_a_silent_reader_is_opened_again_and_said(server: FakeServer, pc: SitePc) -> None:
    pc.start()
    pc.reader.reader.faults.silent = True
    until(lambda: "silent" in pc.said(), 8)
    until(lambda: server.beats and server.beats[-1]["devices"][0]["state"] == "silent", 3)
    pc.reader.reader.faults.silent = False
    pc.reader.lay(person(9))
    until(lambda: names(server) == [person(9).card.name], 12)


def test_the_speed_is_found(server: FakeServer, pc: SitePc) -> None:
    pc.reader.reader.baud = 38400
    pc.write(server.url, device="baud = 0")
    pc.start(ready=False)
    pc.reader.lay(person(10))
    until(lambda: names(server) == [person(10).card.name], 25)
    until(lambda: server.beats[-1]["devices"][0]["state"] == "ready", 3)
    assert server.beats[-1]["devices"][0]["facts"] == {"sam": str(SAM), "baud": "38400"}


def test_a_full_disk_signals_nothing_and_the_card_arrives_when_there_is_room(
    server: FakeServer, pc: SitePc
) -> None:
    pc.start()
    until(lambda: server.beats)
    assert pc.process is not None
    # No frame of SQLite's log fits below this, wherever in the log it would go; the agent's own short log does.
    resource.prlimit(pc.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    pc.reader.lay(person(11))
    until(lambda: "the queue cannot be written" in pc.said())
    until(lambda: any(beat["trouble"] for beat in server.beats), 3)
    time.sleep(0.5)
    assert server.reads == {}
    assert "a card was read" not in pc.said()
    resource.prlimit(pc.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: names(server) == [person(11).card.name])
    assert "the queue can be written again" in pc.said()


@pytest.mark.parametrize("ahead", [86_400.0, -3_000_000.0], ids=["a day behind", "a month ahead"])
def test_a_wrong_clock_is_corrected_by_the_server(server: FakeServer, pc: SitePc, ahead: float) -> None:
    server.ahead = ahead
    pc.start()
    pc.reader.lay(person(12))
    until(lambda: server.reads)
    assert server.statuses[401] >= 1
    (at,) = server.read_at.values()
    assert -5 < at - (time.time() + ahead) < 0  # the age of the read, whatever the clock
    until(lambda: server.beats)


def test_photos_go_through_a_decoder_if_there_is_one(server: FakeServer, pc: SitePc) -> None:
    decoder = pc.folder / "decode.py"
    decoder.write_text(
        "import sys\ndata = sys.stdin.buffer.read()\nassert data.startswith(b'WLf') and len(data) == 1024\n"
        "sys.stdout.buffer.write(b'\\xff\\xd8\\xff' + b'picture')\n",
        encoding="utf-8",
    )
    pc.write(server.url, device=f'photo_command = ["{sys.executable}", "{decoder}"]')
    pc.start()
    pc.reader.lay(person(13))
    until(lambda: server.reads)
    (read,) = server.reads.values()
    assert (base64.b64decode(read["photo"]), read["photo_kind"]) == (b"\xff\xd8\xffpicture", "jpeg")
    decoder.write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    pc.reader.lift()
    time.sleep(0.6)
    pc.reader.lay(person(14))
    until(lambda: len(server.reads) == 2, 6)
    assert list(server.reads.values())[1]["photo"] is None


@pytest.mark.parametrize("mode", ["well", "deaf"])
def test_sigterm_ends_it_cleanly(server: FakeServer, pc: SitePc, mode: str) -> None:
    server.mode = mode
    pc.start()
    pc.reader.lay(person(15))
    time.sleep(1)
    began = time.monotonic()
    assert pc.stop() == 0
    assert time.monotonic() - began < 7
    assert pc.said().rstrip().endswith("stopped")


def test_a_read_older_than_ten_minutes_is_dropped_unsent() -> None:
    """In-process: nobody waits ten minutes in a test."""
    import tempfile
    from pathlib import Path

    from devices.edge.clock import Clock
    from devices.edge.site import Site
    from devices.edge.vault import Vault
    from devices.spool import Spool

    boot = [1000.0]
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "q.sqlite")
        site = Site(spool, Vault(b"k" * 32), Clock(boot=lambda: boot[0]))
        site.keep_read("R", {"name": "孙德旺"}, b"", "")
        boot[0] += 599
        ((read, age),) = site.reads(most=5)
        assert (read["card"], age) == ({"name": "孙德旺"}, 599.0)
        boot[0] += 2
        assert site.reads(most=5) == []
        assert spool.briefs("card-read", most=5) == []
        spool.close()
