"""The server's side of a terminal: `(state, request, now) -> outcome`. No sockets, no clock, no disk.

The caller looks the serial number up, calls `answer`, stores what the outcome holds, and only then sends
`outcome.response`; if storing failed it sends `outcome.not_stored`, and the terminal comes again.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from devices.protocols.errors import ProtocolError
from devices.protocols.http import MAX_BODY, Request, Response, is_from, plain
from devices.protocols.iclock import attlog, commands, operlog, options, photos, rtlog
from devices.protocols.iclock.text import CHINESE, is_number, lines_of, options_of
from devices.protocols.records import Event, Photo

RESULT_PATIENCE = timedelta(minutes=2)
"""A command without result for this long is sent again; terminals that are uploading a backlog are slow."""
PATH = re.compile(r"/iclock/([a-z]+)(?:\.aspx)?/?", re.IGNORECASE)
DIALECTS = frozenset((commands.ATT, commands.PID, commands.ACC))
DOOR_COMMANDS = ("CONTROL DEVICE 01", "AC_UNLOCK")


@dataclass(frozen=True)
class Queued:
    """A command with the time of its last delivery. A door command is delivered once, never repeated late."""

    command: commands.Command
    sent: datetime | None = None

    @property
    def opens(self) -> bool:
        """Whether it opens a door."""
        return self.command.text.startswith(DOOR_COMMANDS)


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """What we know of one terminal. Who it is: serial number, the networks it may call from, its comm key.

    `registry_code` and `session` are random texts of at most 32 characters that the caller made up once.
    """

    serial: str
    registry_code: str
    session: str
    dialect: str = commands.ATT
    networks: tuple[str, ...] = ()
    comm_key: str = ""
    needs_token: bool = False
    registered: bool = False
    language: str = ""
    push_version: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    queue: tuple[Queued, ...] = ()
    settings: options.Settings = field(default_factory=options.Settings)

    def with_commands(self, *more: commands.Command) -> "Terminal":
        """The terminal with commands behind those that wait."""
        return replace(self, queue=(*self.queue, *(Queued(command) for command in more)))

    @property
    def encoding(self) -> str:
        """The encoding of names in commands: GB18030 for attendance terminals set to Chinese, else UTF-8."""
        return "gb18030" if self.language == CHINESE and self.dialect != commands.ACC else "utf-8"

    @property
    def dates_are_seconds(self) -> bool:
        """DateFmtFunOn of an access terminal; 1 where it does not say."""
        return dict(self.facts).get("datefmtfunon", "1") != "0"


@dataclass(frozen=True)
class BadLine:
    """A line that was not understood. It counts as handled, so that it does not come for ever."""

    table: str
    code: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a request meant. `unknown` is the body of a table nobody knows: keep it, or do not answer OK."""

    response: Response
    terminal: Terminal | None
    events: tuple[Event, ...] = ()
    photos: tuple[Photo, ...] = ()
    results: tuple[commands.Result, ...] = ()
    operations: tuple[operlog.Operation, ...] = ()
    people: tuple[operlog.PersonOnDevice, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    bad: tuple[BadLine, ...] = ()
    unknown: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    sent: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    counted: tuple[tuple[str, str, int], ...] = ()
    question: Event | None = None
    notes: tuple[str, ...] = ()

    @property
    def not_stored(self) -> Response:
        """The answer if the disk did not take it: the terminal keeps its records and comes again."""
        headers = {k: v for k, v in self.response.headers.items() if k == "Date"}
        return Response(status=503, body=b"ERROR", headers=headers)


_Step = Callable[[Terminal, Request, datetime], Outcome]
_Reader = Callable[[bytes, str], Event]


def answer(terminals: Mapping[str, Terminal], request: Request, now: datetime) -> Outcome:
    """The outcome of a request. An unknown serial, address or key gets 403, and nothing of it is kept."""
    terminal = terminals.get(request.query.get("sn", ""))
    match = PATH.fullmatch(request.path)
    if terminal is None or not is_from(request.source, terminal.networks):
        return Outcome(response=plain("", now, 403), terminal=None)
    if len(request.body) > MAX_BODY:
        return Outcome(response=plain("", now, 413), terminal=terminal)
    key = request.query.get("pushcommkey")
    if terminal.comm_key and (key is not None or request.query.get("options") is not None):
        given = (key or "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, terminal.comm_key.encode()):
            return Outcome(response=plain("", now, 403), terminal=None)
    page = match[1].lower() if match else ""
    step = _PAGES.get((request.method, page))
    if step is None:
        return Outcome(response=plain("", now, 404), terminal=terminal, notes=(f"no page {page[:16]}",))
    greets = (
        page in ("registry", "push") or "options" in request.query
    )  # the token is made from their answers
    if not greets and not _token_is_good(terminal, request):
        return Outcome(response=plain("", now, 401), terminal=terminal, notes=("token",))
    return step(terminal, request, now)


def _token_is_good(terminal: Terminal, request: Request) -> bool:
    if not terminal.needs_token or terminal.dialect != commands.ACC:
        return True
    found = re.search(r"token=([0-9A-Fa-f]{32})", request.headers.get("cookie", ""))
    expected = options.token_of(terminal.registry_code, terminal.serial, terminal.session)
    return found is not None and hmac.compare_digest(found[1].lower(), expected)


def _hello(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    """GET cdata: the handshake; without `options` a bare sign of life."""
    if "options" not in request.query:
        return Outcome(response=plain("OK", now), terminal=terminal)
    said = request.query.get("devicetype", "").lower()
    dialect = said if said in DIALECTS else terminal.dialect
    known = replace(
        terminal,
        dialect=dialect,
        language=request.query.get("language", terminal.language),
        push_version=request.query.get("pushver", terminal.push_version)[:16],
    )
    if dialect != commands.ACC:
        text = options.att_options(terminal.serial, terminal.settings)
    elif terminal.registered:
        text = options.acc_options(terminal.settings, terminal.session, registry_code=terminal.registry_code)
    else:
        text = "OK"  # its cue to register
    return Outcome(response=plain(text, now), terminal=known)


def _register(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    facts = options_of(request.body)
    said = facts.get("devicetype", "").lower()
    known = replace(
        terminal,
        registered=True,
        dialect=said if said in DIALECTS else commands.ACC,
        facts=tuple(sorted(facts.items())),
        push_version=facts.get("pushversion", terminal.push_version)[:32],
    )
    return Outcome(response=plain(f"RegistryCode={terminal.registry_code}", now), terminal=known)


def _push(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    return Outcome(
        response=plain(options.acc_options(terminal.settings, terminal.session), now), terminal=terminal
    )


def _time(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    text = options.clock_answer(now, terminal.settings) if request.query.get("type") == "time" else "OK"
    return Outcome(response=plain(text, now), terminal=terminal)


def _ok(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    return Outcome(response=plain("OK", now), terminal=terminal)


def _fetch(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    """GET getrequest: as many commands as fit, those without result for a while once more."""
    lines: list[bytes] = []
    sent: list[str] = []
    expired: list[str] = []
    queue: list[Queued] = []
    size = 0
    for queued in terminal.queue:
        waits = queued.sent is not None and now - queued.sent < RESULT_PATIENCE
        if queued.sent is not None and not waits and queued.opens:
            expired.append(queued.command.id)  # a gate must not open minutes after somebody asked
            continue
        line = queued.command.to_bytes(terminal.encoding)
        if waits or (lines and size + len(line) > commands.MAX_BATCH):
            queue.append(queued)
            continue
        size += len(line)
        lines.append(line)
        sent.append(queued.command.id)
        queue.append(replace(queued, sent=now))
    body = b"".join(lines) or b"OK"
    facts = _info(request.query.get("info", ""), terminal.facts)
    return Outcome(
        response=plain(body, now),
        terminal=replace(terminal, queue=tuple(queue), facts=facts),
        sent=tuple(sent),
        expired=tuple(expired),
    )


_INFO = ("firmver", "usercount", "fpcount", "attlogcount", "ipaddress")


def _info(text: str, facts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """INFO of getrequest: firmware, people, fingers, punches, address, … (Attendance PUSH 7)."""
    if not text:
        return facts
    known = dict(facts)
    known.update(zip(_INFO, (part.strip()[:64] for part in text.split(",")), strict=False))
    return tuple(sorted(known.items()))


def _results(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    results, bad = commands.results_of(request.body)
    settled = {result.id for result in results if not result.pending}
    return Outcome(
        response=plain("OK", now),
        terminal=replace(terminal, queue=tuple(q for q in terminal.queue if q.command.id not in settled)),
        results=results,
        bad=tuple(BadLine("devicecmd", "result.line", line) for line in bad),
    )


def _upload(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    """POST cdata (or fdata): the table decides, whatever the dialect was said to be."""
    table = request.query.get("table", "").lower()
    name = request.query.get("tablename", "").lower()
    if request.query.get("authtype", "").lower() == "device":
        return _ask(terminal, request, now)
    if table == "attlog" or (not table and attlog.looks_like_punches(request.body)):
        return _punches(terminal, request, now)
    if table in ("rtlog", "transaction"):
        return _rows(terminal, request, now, table, rtlog.event_of, "OK")
    if table == "attphoto":
        return _photo(terminal, request, now)
    if table == "options":
        facts = dict(terminal.facts) | options_of(request.body)
        return Outcome(
            response=plain("OK", now), terminal=replace(terminal, facts=tuple(sorted(facts.items())))
        )
    if table in ("rtstate", "errorlog"):
        return Outcome(response=plain("OK", now), terminal=terminal)
    if table == "tabledata" and name == "attphoto":
        return _photo_rows(terminal, request, now)
    if table == "tabledata" and name == "transaction":
        return _rows(terminal, request, now, name, rtlog.event_of_transaction, "")
    if table in ("operlog", "idcard", *operlog.TEMPLATES) or (table == "tabledata" and name in _TABLES):
        return _people(terminal, request, now, name or table)
    lines = list(lines_of(request.body))
    text = f"{name}={len(lines)}" if table == "tabledata" else "OK"
    unknown = ((f"{table}/{name}".strip("/")[:64], request.body),) if request.body else ()
    return Outcome(response=plain(text, now), terminal=terminal, unknown=unknown)


_TABLES = frozenset(("user", "identitycard", *operlog.TEMPLATES))


def _punches(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    with_numbers = terminal.dialect == commands.PID
    events, bad, count = [], [], 0
    for line in lines_of(request.body):
        count += 1
        try:
            events.append(attlog.event_of(line, terminal.serial, has_id_numbers=with_numbers))
        except ProtocolError as error:
            bad.append(BadLine("ATTLOG", error.code, line))
    return Outcome(
        response=plain(f"OK: {count}", now), terminal=terminal, events=tuple(events), bad=tuple(bad)
    )


def _rows(
    terminal: Terminal, request: Request, now: datetime, table: str, reader: _Reader, text: str
) -> Outcome:
    events, bad, count = [], [], 0
    for line in lines_of(request.body):
        count += 1
        row = line[len(table) :].lstrip() if line.lower().startswith(f"{table} ".encode()) else line
        try:
            events.append(reader(row, terminal.serial))
        except ProtocolError as error:
            bad.append(BadLine(table, error.code, line))
    return Outcome(
        response=plain(text or f"{table}={count}", now),
        terminal=terminal,
        events=tuple(events),
        bad=tuple(bad),
    )


def _photo(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    try:
        photo = photos.read_upload(
            request.body, terminal.serial, has_id_numbers=terminal.dialect == commands.PID
        )
    except ProtocolError as error:
        bad = (BadLine("ATTPHOTO", error.code, request.body[:200]),)
        return Outcome(response=plain("OK", now), terminal=terminal, bad=bad)
    return Outcome(response=plain("OK", now), terminal=terminal, photos=(photo,))


def _photo_rows(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    found, bad, count = [], [], 0
    for line in lines_of(request.body):
        count += 1
        try:
            found.append(photos.read_row(line, terminal.serial))
        except ProtocolError as error:
            bad.append(BadLine("ATTPHOTO", error.code, line[:200]))
    return Outcome(
        response=plain(f"ATTPHOTO={count}", now), terminal=terminal, photos=tuple(found), bad=tuple(bad)
    )


def _people(terminal: Terminal, request: Request, now: datetime, table: str) -> Outcome:
    read = operlog.read_lines(list(lines_of(request.body)), table=table, chinese=terminal.language == CHINESE)
    is_tabledata = request.query.get("table", "").lower() == "tabledata"
    text = f"{request.query['tablename']}={read.count}" if is_tabledata else f"OK: {read.count}"
    return Outcome(
        response=plain(text, now),
        terminal=terminal,
        operations=read.operations,
        people=read.people,
        dropped=read.dropped,
        bad=tuple(BadLine(table, "operlog.line", line) for line in read.bad),
        notes=("clock set by hand",) if any(o.set_the_clock for o in read.operations) else (),
    )


def _queried(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    """POST querydata: rows or counts that a DATA QUERY or DATA COUNT asked for."""
    name = request.query.get("tablename", "").lower()
    kind = request.query.get("type", "").lower()
    if kind == "count":
        fields = options_of(request.body)
        text = fields.get(name, request.query.get("count", ""))
        counted = ((request.query.get("cmdid", ""), name, int(text)),) if is_number(text) else ()
        return Outcome(response=plain(f"{name}={len(counted)}", now), terminal=terminal, counted=counted)
    if kind == "options":
        facts = dict(terminal.facts) | options_of(request.body)
        known = replace(terminal, facts=tuple(sorted(facts.items())))
        return Outcome(response=plain("options=1", now), terminal=known)
    if name == "transaction":
        return _rows(terminal, request, now, name, rtlog.event_of_transaction, "")
    moved = replace(request, query={**request.query, "table": "tabledata"})
    return _upload(terminal, moved, now)


def _ask(terminal: Terminal, request: Request, now: datetime) -> Outcome:
    """AuthType=device: somebody stands at the door and the terminal asks us (Security PUSH 13).

    The response here says no; `verdict` writes the one for the decision.
    """
    try:
        event = rtlog.event_of(next(lines_of(request.body), b""), terminal.serial)
    except ProtocolError as error:
        bad = (BadLine("auth", error.code, request.body[:200]),)
        return Outcome(response=plain("AUTH=FAILED\r\n", now), terminal=terminal, bad=bad)
    return Outcome(response=verdict(event, now, allowed=False), terminal=terminal, question=event)


def verdict(
    question: Event,
    now: datetime,
    *,
    allowed: bool,
    door: int = 1,
    seconds: int = commands.OPEN_SECONDS,
    tip: str = "",
) -> Response:
    """The answer to a question at the door. `tip` is shown to the person."""
    lines = [
        b"AUTH=SUCCEED" if allowed else b"AUTH=FAILED",
        question.raw.replace(b"\r", b"").replace(b"\n", b""),
    ]
    if allowed:
        lines.append(commands.open_door(commands.ACC, door=door, seconds=seconds)[0].encode())
    shown = " ".join(tip.split())
    if shown:
        lines.append(f"TIPS={shown}".encode())
    return plain(b"\r\n".join(lines) + b"\r\n", now)


_PAGES: dict[tuple[str, str], _Step] = {
    ("GET", "cdata"): _hello,
    ("POST", "cdata"): _upload,
    ("POST", "fdata"): _upload,
    ("POST", "registry"): _register,
    ("GET", "registry"): _register,
    ("GET", "push"): _push,
    ("POST", "push"): _push,
    ("GET", "getrequest"): _fetch,
    ("POST", "getrequest"): _results,
    ("POST", "devicecmd"): _results,
    ("POST", "querydata"): _queried,
    ("GET", "rtdata"): _time,
    ("GET", "ping"): _ok,
    ("POST", "ping"): _ok,
}
