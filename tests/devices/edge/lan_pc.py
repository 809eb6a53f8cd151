"""A site PC with LAN terminals for tests: the agent as a process, its port, and terminals that call it."""

from pathlib import Path

from devices.simulators.callers import Send, over_http
from tests.devices.edge.server import FakeServer
from tests.devices.edge.site_pc import SitePc, until
from tests.devices.servers import free_port

ATT, ACC, FACE, UFACE = "CKJF260900017", "ACC0001", "HIK0001", "84E0F42B1A000017"
MAC = "e0:ba:ad:82:1a:a9"
TERMINALS = f"""
[[device.terminal]]
serial = "{ATT}"
lane = "in"
networks = ["127.0.0.1/32"]
[[device.terminal]]
serial = "{ACC}"
dialect = "acc"
lane = "both"
keys_in_use = true
networks = ["127.0.0.1/32"]
[[device.terminal]]
serial = "{FACE}"
protocol = "hikvision"
mac = "{MAC}"
lane = "out"
networks = ["127.0.0.0/8"]
[[device.terminal]]
serial = "{UFACE}"
protocol = "uface"
lane = "in"
networks = ["127.0.0.1/32"]
"""
GATES = "".join(f'[[gate]]\nserial = "{serial}"\n' for serial in (ATT, ACC, FACE, UFACE))


class LanPc(SitePc):
    """Starts with `start_lan`; `send` is how a terminal reaches it."""

    def __init__(
        self, folder: Path, server: FakeServer, more: str = "", terminals: str = TERMINALS, gates: str = GATES
    ) -> None:
        super().__init__(folder, server.url)
        self.port = free_port()
        self.write(
            server.url,
            more=f'[[device]]\nkind = "lan"\nname = "LAN"\nhost = "127.0.0.1"\nport = {self.port}\n{more}\n{terminals}\n{gates}',
        )

    @property
    def send(self) -> Send:
        return over_http(f"http://127.0.0.1:{self.port}")

    def start_lan(self) -> None:
        before = len(self.said())
        self.start(ready=False)
        until(lambda: "LAN: ready" in self.said()[before:], 20, "the listener is ready")
