"""site.toml: one file that says which server, which queue and which devices. Every mistake is named."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devices.edge.keys import Key, read_pair
from devices.protocols.errors import WrongValue
from devices.protocols.wiegand import Badge

FORMS: dict[type, str] = {
    str: '"…"',
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: '["…", "…"]',
}
"""How a value of a kind is written."""


class BadConfig(Exception):
    """What is wrong in site.toml, and where."""


class Options:
    """One table of the file. Each value is taken once and by kind; what is left over is a mistake."""

    def __init__(self, where: str, values: Any, *, base: Path) -> None:
        if not isinstance(values, dict):
            raise BadConfig(f"{where} must be a table")
        self.where, self.base = where, base
        self._values: dict[str, Any] = dict(values)
        self._taken: set[str] = set()
        """What was asked for: what a misspelt name may have meant."""

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._take(name, default, str)
        if value == "" and default != "":
            raise BadConfig(f"{self.where}: {name} is empty")
        return str(value)

    def number(self, name: str, default: float | None = None, *, least: float = 0) -> float:
        """A number of at least `least`."""
        value = self._take(name, default, (int, float))
        if isinstance(value, bool) or value < least:
            raise BadConfig(f"{self.where}: {name} must be a number of at least {least}")
        return float(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """true or false."""
        return bool(self._take(name, default, bool))

    def words(self, name: str) -> list[str]:
        """A list of texts; empty if it is not there."""
        value = self._take(name, [], list)
        if not all(isinstance(word, str) for word in value):
            raise BadConfig(f"{self.where}: {name} must be a list of texts")
        return list(value)

    def anything(self, name: str, default: Any) -> Any:
        """Whatever stands there."""
        self._taken.add(name)
        return self._values.pop(name, default)

    def path(self, name: str, default: str | None = None) -> Path:
        """A path; what is not absolute lies beside site.toml."""
        return self.base / self.text(name, default)

    def done(self) -> None:
        """Nothing may be left over: a misspelt name must not be passed over."""
        if self._values:
            hints = [one + _meant(one, self._taken) for one in sorted(self._values)]
            raise BadConfig(f"{self.where}: not known: {', '.join(hints)}")

    def _take(self, name: str, default: Any, kind: type | tuple[type, ...]) -> Any:
        self._taken.add(name)
        if name not in self._values:
            if default is None:
                raise BadConfig(f"{self.where}: {name} is missing")
            return default
        value = self._values.pop(name)
        if not isinstance(value, kind):
            wanted = FORMS[kind[0] if isinstance(kind, tuple) else kind]
            raise BadConfig(f"{self.where}: {name} has the wrong kind of value; write {name} = {wanted}")
        return value


def _meant(name: str, known: set[str]) -> str:
    """ " (did you mean port?)", if something is near."""
    near = difflib.get_close_matches(name, sorted(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


@dataclass(frozen=True)
class Gate:
    """A lane of this site; its events wait under its serial. One without key is a device of the agent's."""

    serial: str
    key: Key | None


@dataclass(frozen=True)
class Server:
    """Where everything goes, and the agent's own key."""

    url: str
    key: Key
    ca_file: Path | None = None


@dataclass(frozen=True)
class Entry:
    """[entry]: what gates do after days without the server, and whose badge is whose until the server says it."""

    offline_days: float = 7.0
    offline_policy: str = "last_list"
    unknown_cards: str = "refuse"
    badges: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Config:
    """The whole file. `devices` are (kind, name, options) for the drivers to read."""

    server: Server
    queue: Path
    runtime: Path | None
    gates: list[Gate]
    devices: list[tuple[str, str, Options]]
    entry: Entry = field(default_factory=Entry)
    key_file: Path | None = None
    """Where the keys of waiting passages lie; None: beside the queue."""


def read_config(path: Path) -> Config:
    """Read site.toml. Raises BadConfig."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadConfig(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadConfig(f"{path} is no TOML: {problem}") from None
    base = path.resolve().parent
    whole = Options(str(path), values, base=base)
    server = _server(Options("[server]", whole.anything("server", None), base=base))
    queue = Options("[queue]", whole.anything("queue", {}), base=base)
    place = queue.path("path", "queue.sqlite")
    key_file = queue.path("key_file", f"{place}.keys")
    runtime = queue.text("runtime", "")
    queue.done()
    gates = [_gate(Options("[[gate]]", one, base=base)) for one in _tables(whole, "gate")]
    devices = [_device(Options("[[device]]", one, base=base)) for one in _tables(whole, "device")]
    entry = _entry(Options("[entry]", whole.anything("entry", {}), base=base))
    whole.done()
    names = [name for _kind, name, _options in devices]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadConfig(f"[[device]]: the name {sorted(twice)[0]} is given twice")
    return Config(server, place, Path(runtime) if runtime else None, gates, devices, entry, key_file)


def _tables(whole: Options, name: str) -> list[Any]:
    found = whole.anything(name, [])
    if not isinstance(found, list):
        raise BadConfig(f"write [[{name}]], with two brackets")
    return found


def server_url(options: Options) -> str:
    """The server's address. Raises BadConfig for plain http to another machine."""
    url = options.text("url").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadConfig("[server]: url must begin with https://")
    plain = options.flag("plain_http", default=False)
    if parts.scheme == "http" and not plain and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise BadConfig("[server]: identity cards must not travel over plain http; use https://")
    return url


def _server(options: Options) -> Server:
    url = server_url(options)
    ca_file = options.text("ca_file", "")
    server = Server(url, _key(options), options.base / ca_file if ca_file else None)
    options.done()
    return server


def _gate(options: Options) -> Gate:
    serial = options.text("serial")
    key_id, file = options.text("key_id", ""), options.text("secret_file", "")
    if key_id and not file:
        raise BadConfig(f"{options.where}: secret_file is missing")
    gate = Gate(serial, _key_in(options, key_id, options.base / file) if file else None)
    options.done()
    return gate


def _entry(options: Options) -> Entry:
    days = options.number("offline_days", 7.0)
    policy = _one_of(options, "offline_policy", "last_list", "refuse", "admit_and_flag")
    unknown = _one_of(options, "unknown_cards", "refuse", "admit_and_flag")
    written = options.anything("badges", {})
    options.done()
    badges = {}
    for text, pin in written.items() if isinstance(written, dict) else [("", 0)]:
        try:
            key = Badge.printed(text).key
        except WrongValue:
            raise BadConfig(f'[entry.badges]: write "188,24910" = 1452, not {text}') from None
        if isinstance(pin, bool) or not isinstance(pin, int) or pin < 1:
            raise BadConfig(f"[entry.badges]: {text} needs the person's number on this project")
        badges[key] = pin
    return Entry(days, policy, unknown, badges)


def _one_of(options: Options, name: str, *words: str) -> str:
    """One of these words; the first is the default."""
    word = options.text(name, words[0])
    if word not in words:
        raise BadConfig(f"{options.where}: {name} is one of {', '.join(words)}")
    return word


def _device(options: Options) -> tuple[str, str, Options]:
    kind, name = options.text("kind"), options.text("name")
    if len(name) > 60:
        raise BadConfig(f"[[device]]: the name {name} is longer than 60 characters")
    options.where = f"[[device]] {name}"
    return kind, name, options


def _key(options: Options) -> Key:
    """Key id and secret, the latter in a file of its own that nobody else may read and that may name the key too."""
    return _key_in(options, options.text("key_id", ""), options.path("secret_file"))


def _key_in(options: Options, key_id: str, path: Path) -> Key:
    try:
        return Key(*read_pair(path, key_id), path)
    except (OSError, UnicodeDecodeError) as problem:
        raise BadConfig(f"{options.where}: {path} cannot be read: {problem}") from None
    except ValueError as problem:
        raise BadConfig(f"{options.where}: {problem}") from None


def read_secret(options: Options, path: Path) -> str:
    """What the file of a device's password holds. Raises BadConfig if it is empty or if others may read it."""
    return _key_in(options, "password", path).secret
