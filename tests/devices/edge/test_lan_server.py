"""LAN terminals, the agent and the real server: what was recognised at the gate is a passage of the device."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices import face_words
from devices.models import FaceHeld, FaceRemoval, GatePhoto, Passage, Terminal
from devices.protocols.http import Response
from devices.services import faces
from devices.services.terminals import register_terminal
from devices.simulators import adms, hikvision
from devices.simulators.callers import picture_of
from registration.services.portraits import store_portrait
from tests.cast import Cast
from tests.devices.edge.lan_pc import ATT, FACE, MAC, LanPc
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import until
from tests.devices.servers import database_url, free_port, gunicorn

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_passage_and_its_picture_reach_the_server(cast: Cast, tmp_path: Path, server: FakeServer) -> None:
    now = datetime.now(UTC)
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="agent", lane="both")
    for serial, lane in ((ATT, "in"), (FACE, "out")):
        register_terminal(
            cast.project.pk, serial=serial, name=serial, lane=lane, kind="adms", agent_id=cast.terminal.pk,
            networks=["127.0.0.1"], actor=cast.actor(cast.zhao), now=cast.now,
        )  # fmt: skip
    with gunicorn(database_url()) as url:
        pc = LanPc(tmp_path, server)
        (tmp_path / "agent").write_text(cast.terminal_secret, encoding="utf-8")
        text = (tmp_path / "site.toml").read_text(encoding="utf-8").replace(server.url, url)
        text = text.replace('key_id = "agent"', 'key_id = "g1"')
        (tmp_path / "site.toml").write_text(text, encoding="utf-8")
        try:
            pc.start_lan()
            att = adms.Terminal(ATT, pc.send)
            assert att.connect()
            att.punch("1", now)
            assert att.upload() == 1
            face = hikvision.Terminal(MAC, pc.send)
            face.recognise("1", now)
            assert face.deliver() == 1
            until(lambda: Passage.objects.count() == 2, 30, "two passages")
            until(lambda: GatePhoto.objects.count() == 1, 30, "the picture")
        finally:
            pc.close()
    serials = dict(Terminal.objects.values_list("pk", "serial"))
    found = Passage.objects.order_by("direction").values_list("terminal_id", "direction")
    assert [(serials[terminal], way) for terminal, way in found] == [(ATT, 1), (FACE, 2)]
    assert serials[GatePhoto.objects.get().terminal_id] == FACE


PEOPLE = """
[[device.terminal]]
serial = "{att}"
lane = "in"
networks = ["127.0.0.1/32"]
people = true
[[device.terminal]]
serial = "{face}"
protocol = "hikvision"
mac = "{mac}"
lane = "out"
networks = ["127.0.0.1/32"]
people = true
address = "http://127.0.0.1:{port}"
user = "admin"
password_file = "password"
"""


def say(cast: Cast, word: str) -> None:
    faces.answer_face(
        cast.project.pk, cast.sun_posting.pk, word, version=face_words.VERSION, shown=b"x" * 32,
        actor=cast.actor(cast.sun), now=datetime.now(UTC),
    )  # fmt: skip


def test_a_face_goes_to_the_gates_and_the_word_of_its_deletion_comes_back(
    cast: Cast, tmp_path: Path, server: FakeServer
) -> None:
    Terminal.objects.filter(pk=cast.terminal.pk).update(kind="agent", lane="both")
    for serial, kind in ((ATT, "adms"), (FACE, "hikvision")):
        register_terminal(
            cast.project.pk, serial=serial, name=serial, lane="in", kind=kind, agent_id=cast.terminal.pk,
            networks=["127.0.0.1"], actor=cast.actor(cast.zhao), now=cast.now,
        )  # fmt: skip
    store_portrait(cast.sun.pk, picture_of("1"), source="camera", now=cast.now)
    say(cast, "yes")
    port = free_port()
    gate = hikvision.Terminal(MAC, lambda *_: Response(status=503))
    web = hikvision.serve(gate, port)
    (tmp_path / "password").write_text("secret", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    with gunicorn(database_url()) as url:
        pc = LanPc(
            tmp_path,
            server,
            terminals=PEOPLE.format(att=ATT, face=FACE, mac=MAC, port=port),
            gates="".join(f'[[gate]]\nserial = "{serial}"\n' for serial in (ATT, FACE)),
        )
        (tmp_path / "agent").write_text(cast.terminal_secret, encoding="utf-8")
        text = (tmp_path / "site.toml").read_text(encoding="utf-8").replace(server.url, url)
        (tmp_path / "site.toml").write_text(
            text.replace('key_id = "agent"', 'key_id = "g1"'), encoding="utf-8"
        )
        try:
            pc.start_lan()
            att = adms.Terminal(ATT, pc.send)
            assert att.connect()

            def both(count: int) -> bool:
                att.poll(datetime.now(UTC))
                return (len(att.faces), len(gate.faces)) == (count, count)

            until(lambda: both(1), 60, "the picture at both terminals")
            assert att.faces["1"] == gate.faces["1"] == picture_of("1")
            until(lambda: FaceHeld.objects.count() == 2, 30, "both say that they have it")
            disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
            assert picture_of("1")[200:260] not in disk
            say(cast, "no")
            until(lambda: both(0), 60, "no picture at either terminal")
            until(lambda: FaceRemoval.objects.count() == 2, 30, "both say that it is gone")
        finally:
            pc.close()
            web.shutdown()
            web.server_close()
    assert not FaceHeld.objects.exists()
    assert {(row.why, row.worker_id) for row in FaceRemoval.objects.all()} == {("word", cast.sun.pk)}
    assert set(gate.people) >= {"1"}, "who took it back still comes in"
