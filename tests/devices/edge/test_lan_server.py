"""LAN terminals, the agent and the real server: what was recognised at the gate is a passage of the device."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.models import GatePhoto, Passage, Terminal
from devices.services.terminals import register_terminal
from devices.simulators import adms, hikvision
from tests.cast import Cast
from tests.devices.edge.lan_pc import ATT, FACE, MAC, LanPc
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import until
from tests.devices.servers import database_url, gunicorn

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
