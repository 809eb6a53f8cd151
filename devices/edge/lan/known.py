"""The terminals of site.toml: who may call, what they speak, and which way their lane goes.

[[device]]
kind = "lan"
name = "LAN terminals"
host = "192.168.1.10"            # the address of this PC on the site's own network
port = 8003
[[device.terminal]]              # only for what the server does not say, or says otherwise
serial = "CKJF260900017"
protocol = "iclock"              # iclock, hikvision or uface
dialect = "att"                  # iclock: att, pid or acc, where the terminal does not say
lane = "in"                      # in, out or both
networks = ["192.168.1.20/32"]   # where it may call from
"""

import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devices.edge.config import BadConfig, Options, read_secret
from devices.protocols.hikvision import mac_of
from devices.protocols.http import is_from
from devices.protocols.iclock.commands import ACC, ATT, PID

PROTOCOLS = ("iclock", "hikvision", "uface")
LANES = ("in", "out", "both")
DEFAULT_SILENT = 120.0
"""Seconds without a word from a terminal; they poll every 5 to 60 s."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """One terminal as the site wrote it down. `device_key` is what it calls itself: serial, MAC or deviceKey."""

    serial: str
    protocol: str
    name: str
    device_key: str
    networks: tuple[str, ...]
    lane: str
    keys_in_use: bool = False
    dialect: str = ATT
    utc_offset: timedelta = timedelta(hours=8)
    comm_key: str = field(default="", repr=False)
    registry_code: str = field(default="", repr=False)
    needs_token: bool = False
    photos: bool = True
    people: bool = False
    doors: int = 1
    silent_after: float = DEFAULT_SILENT
    address: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def kind(self) -> str:
        """As health calls it."""
        return f"{self.protocol} {self.dialect}" if self.protocol == "iclock" else self.protocol


PROTOCOL_OF = {"adms": "iclock", "hikvision": "hikvision", "uface": "uface"}
"""What the server calls a device to what it speaks; other kinds hang on no network."""
Table = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """The [[device.terminal]] tables of site.toml as they stand there: terminals, or what differs from the server's
    word about one."""

    where: str
    tables: tuple[Table, ...]
    base: Path

    def terminals(
        self, learned: Iterable[Mapping[str, Any]] = ()
    ) -> tuple[tuple[Known, ...], dict[str, str]]:
        """The terminals that can be served, and of the others why not, by serial.

        A terminal comes from the server, from site.toml, or from both; where both speak, site.toml counts.
        """
        tables = {str(one.get("serial", "")): one for one in self.tables}
        said = {
            str(row["serial"]): _as_table(row) for row in learned if PROTOCOL_OF.get(str(row.get("kind", "")))
        }
        found: list[Known] = []
        problems: dict[str, str] = {}
        names: set[str] = set()
        for serial in dict.fromkeys([*tables, *said]):
            table = {**said.get(serial, {}), **tables.get(serial, {})}
            try:
                known = _terminal(Options(f"{self.where}, [[device.terminal]]", table, base=self.base))
            except BadConfig as problem:
                problems[serial] = str(problem)
                continue
            if known.name in names:
                known = replace(known, name=f"{known.name[:40]} {serial[-18:]}")
            if any((one.protocol, one.device_key) == (known.protocol, known.device_key) for one in found):
                problems[serial] = f"{serial}: another terminal has the same MAC or device key"
                continue
            names.add(known.name)
            found.append(known)
        return tuple(found), problems


def _as_table(row: Mapping[str, Any]) -> Table:
    """What the server says of a device, as site.toml would. A Hikvision terminal is registered under its MAC."""
    protocol = PROTOCOL_OF[str(row["kind"])]
    table: Table = {
        "serial": str(row["serial"]),
        "protocol": protocol,
        "name": str(row["name"])[:60] or str(row["serial"]),
        "lane": str(row["lane"]),
    }
    if row.get("networks"):
        table["networks"] = list(row["networks"])
    if protocol == "hikvision":
        table["mac"] = str(row["serial"])
    return table


def read_written(options: Options) -> Written:
    """The [[device.terminal]] tables, checked as far as they can be without the server. Raises BadConfig."""
    tables = options.anything("terminal", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise BadConfig(f"{options.where}: write a [[device.terminal]] for each terminal")
    written = Written(options.where, tuple(dict(one) for one in tables), options.base)
    usual: Table = {"lane": "in", "networks": ["127.0.0.1/32"]}
    checked = [usual | _guessed(one) | one for one in written.tables]
    if checked:
        read_terminals(Options(options.where, {"terminal": checked}, base=options.base))
    return written


def _guessed(table: Table) -> Table:
    """The protocol, where only the server says it: by what is written beside it."""
    of_protocol = {"mac": "hikvision", "device_key": "uface"}
    return next(({"protocol": protocol} for name, protocol in of_protocol.items() if name in table), {})


def read_terminals(options: Options) -> tuple[Known, ...]:
    """The [[device.terminal]] tables. Raises BadConfig."""
    tables = options.anything("terminal", [])
    if not isinstance(tables, list) or not tables:
        raise BadConfig(f"{options.where}: write a [[device.terminal]] for each terminal")
    found = tuple(
        _terminal(Options(f"{options.where}, [[device.terminal]] {number}", one, base=options.base))
        for number, one in enumerate(tables, 1)
    )
    for what in ("serial", "name"):
        values = [getattr(one, what) for one in found]
        if twice := {value for value in values if values.count(value) > 1}:
            raise BadConfig(f"{options.where}: the {what} {sorted(twice)[0]} is given twice")
    keys = [(one.protocol, one.device_key) for one in found]
    if len(set(keys)) < len(keys):
        raise BadConfig(f"{options.where}: two terminals have the same MAC or device key")
    return found


def _terminal(options: Options) -> Known:
    serial = options.text("serial")
    options.where = f"[[device.terminal]] {serial}"
    protocol = _one_of(options, "protocol", PROTOCOLS, "iclock")
    device_key = serial
    if protocol == "hikvision":
        device_key = mac_of(options.text("mac", serial))
        if len(device_key) != 12:
            raise BadConfig(f"{options.where}: mac must have twelve hexadecimal digits")
    elif protocol == "uface":
        device_key = options.text("device_key", serial)
    name = options.text("name", serial)
    if len(name) > 60:
        raise BadConfig(f"{options.where}: the name is longer than 60 characters")
    known = Known(
        serial=serial,
        protocol=protocol,
        name=name,
        device_key=device_key,
        networks=_networks(options),
        lane=_one_of(options, "lane", LANES),
        keys_in_use=options.flag("keys_in_use", default=False),
        dialect=_one_of(options, "dialect", (ATT, PID, ACC), ATT),
        utc_offset=timedelta(hours=options.number("utc_offset", 8, least=-14)),
        comm_key=_secret(options, "comm_key"),
        registry_code=options.text("registry_code", ""),
        needs_token=options.flag("needs_token", default=False),
        photos=options.flag("photos", default=True),
        people=options.flag("people", default=False),
        doors=int(options.number("doors", 1, least=1)),
        silent_after=options.number("silent_after", DEFAULT_SILENT, least=1),
        address=_address(options),
        user=options.text("user", ""),
        password=_secret(options, "password"),
    )
    options.done()
    return known


def _one_of(options: Options, name: str, words: tuple[str, ...], default: str | None = None) -> str:
    word = options.text(name, default)
    if word not in words:
        raise BadConfig(f"{options.where}: {name} must be one of {', '.join(words)}")
    return word


def _networks(options: Options) -> tuple[str, ...]:
    networks = tuple(options.words("networks"))
    if not networks:
        raise BadConfig(f"{options.where}: networks is missing; a serial number alone proves nothing")
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise BadConfig(f"{options.where}: {network} is no network") from None
    return networks


def _secret(options: Options, name: str) -> str:
    """A secret in a file of its own, or empty."""
    path = options.text(f"{name}_file", "")
    return read_secret(options, options.base / path) if path else ""


def _address(options: Options) -> str:
    address = options.text("address", "").rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise BadConfig(f"{options.where}: address must begin with http://")
    return address


def may_call(terminals: tuple[Known, ...], source: str) -> bool:
    """Whether any terminal lives at an address."""
    return any(is_from(source, one.networks) for one in terminals)


def random_code() -> str:
    """A registry code or session: 16 letters and digits."""
    return secrets.token_hex(8)
