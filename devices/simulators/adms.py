"""A ZKTeco terminal that pushes: three dialects, every spelling, resends and clocks that are wrong."""

import argparse
import base64
import http.client
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.protocols.errors import ProtocolError
from devices.protocols.http import Response
from devices.protocols.iclock.commands import ACC, ATT, PID, Command
from devices.protocols.iclock.options import token_of
from devices.protocols.iclock.rtlog import from_zk_seconds, zk_seconds
from devices.simulators.callers import Send, numbers, over_http, picture_of
from devices.simulators.ptys import say

HELP = "a ZKTeco terminal that pushes (ADMS): att, pid or acc"
CHINA = timedelta(hours=8)
BATCH = 50
FACE, CARD = "15", "4"


@dataclass
class Spelling:
    """How this firmware writes. The default is the document's way."""

    newline: str = "\n"
    last_newline: bool = True
    trailing_nul: bool = False
    spaces: bool = False
    aspx: bool = False
    lower: bool = False
    columns: int = 7

    @classmethod
    def any(cls, dice: random.Random) -> "Spelling":
        """One of the many."""
        yes = [dice.random() < 0.5 for _ in range(5)]
        return cls(
            newline="\r\n" if yes[0] else "\n",
            last_newline=yes[1],
            trailing_nul=yes[2],
            spaces=dice.random() < 0.2,
            aspx=yes[3],
            lower=yes[4],
            columns=dice.choice((4, 5, 7, 10, 12)),
        )


@dataclass
class Record:
    """A punch in the terminal's memory."""

    index: int
    pin: str
    at: datetime
    state: str = "0"
    event: int = 0
    id_number: str = ""
    check: bool = False
    sent: bool = False
    way: str = FACE


@dataclass
class Terminal:
    """One terminal. `send` reaches the server; `wrong_by` is the error of its clock."""

    serial: str
    send: Send
    dialect: str = ATT
    spelling: Spelling = field(default_factory=Spelling)
    wrong_by: timedelta = timedelta(0)
    stuck_at: datetime | None = None
    photos: bool = False
    records: list[Record] = field(default_factory=list)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    faces: dict[str, bytes] = field(default_factory=dict)
    fails: tuple[str, ...] = ()
    """Beginnings of commands that this firmware does not know."""
    lists: dict[str, set[str]] = field(default_factory=lambda: {"WHITELIST": set(), "BLACKLIST": set()})
    opened: int = 0
    registered: bool = False
    cookie: str = ""
    failures: int = 0

    def clock(self, now: datetime) -> datetime:
        """The wall time on its screen."""
        right = (now.astimezone(UTC) + CHINA).replace(tzinfo=None, microsecond=0)
        return self.stuck_at or right + self.wrong_by

    def connect(self) -> bool:
        """The handshake; an access terminal registers and fetches its parameters. True if it was let in."""
        known = "&".join(("options=all", "pushver=2.4.1", "language=83", f"DeviceType={self.dialect}"))
        answer = self._ask("GET", "cdata", known)
        if answer.status != 200:
            return False
        if self.dialect == ACC:
            body = (
                f"DeviceType=acc,~DeviceName=F20/M,FirmVer=Ver 8,DateFmtFunOn=1,~SerialNumber={self.serial}"
            )
            code = _value(self._ask("POST", "registry", "", body.encode()).body, "RegistryCode")
            session = _value(self._ask("POST", "push", "").body, "SessionID")
            self.cookie = f"token={token_of(code, self.serial, session)}"
        self.registered = True
        return True

    def punch(
        self, pin: str, now: datetime, *, state: str = "0", event: int = 0, id_number: str = ""
    ) -> Record:
        """Somebody is recognised."""
        record = Record(len(self.records) + 1, pin, self.clock(now), state, event, id_number)
        if self.faces and pin not in self.faces:
            record.way = CARD  # who gave no picture shows a card
        self.records.append(record)
        return record

    def resend_everything(self) -> None:
        """Forgets what it sent, as after a change of the server's address."""
        for record in self.records:
            record.sent = False

    def upload(self) -> int:
        """Sends what was not sent; how many records the server took. A record counts as sent after 200 and OK."""
        taken = 0
        waiting = [record for record in self.records if not record.sent]
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            table = "rtlog" if self.dialect == ACC else "ATTLOG&Stamp=9999"
            answer = self._ask("POST", "cdata", f"table={table}", self._body(batch))
            if answer.status != 200 or not answer.body.startswith(b"OK"):
                self.failures += 1
                break
            for record in batch:
                record.sent = True
                if self.photos:
                    self._send_photo(record)
            taken += len(batch)
        return taken

    def poll(self, now: datetime) -> list[str]:
        """Fetches commands, does them, reports; the texts of the commands."""
        answer = self._ask(
            "GET", "getrequest", f"INFO=Ver%208,{len(self.people)},0,{len(self.records)},127.0.0.1"
        )
        if answer.status != 200 or answer.body.strip() == b"OK":
            return []
        done, results = [], []
        for line in answer.body.split(b"\n"):
            if not line.strip():
                continue
            try:
                command = Command.from_bytes(line)
            except ProtocolError:
                continue
            done.append(command.text)
            results.append(f"ID={command.id}&{self._do(command, now)}")
        self._ask("POST", "devicecmd", "", "\n".join(results).encode())
        return done

    def _ask(self, method: str, page: str, query: str, body: bytes = b"") -> Response:
        query = f"SN={self.serial}&{query}".rstrip("&")
        if self.spelling.lower:
            pairs = [pair.partition("=") for pair in query.split("&")]
            query = "&".join(f"{name.lower()}={value}" for name, _, value in pairs)
        path = f"/iclock/{page}{'.aspx' if self.spelling.aspx else ''}?{query}"
        headers = {"Content-Type": "application/push;charset=UTF-8", "User-Agent": "iClock Proxy/1.09"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        return self.send(method, path.replace(" ", "%20"), headers, body)

    def _body(self, batch: list[Record]) -> bytes:
        lines = [self._rtlog(record) if self.dialect == ACC else self._attlog(record) for record in batch]
        if self.spelling.spaces:
            lines = [line.replace("\t", " ") for line in lines]
        text = self.spelling.newline.join(lines) + (
            self.spelling.newline if self.spelling.last_newline else ""
        )
        return text.encode() + (b"\0" if self.spelling.trailing_nul else b"")

    def _attlog(self, record: Record) -> str:
        columns = [record.pin, str(record.at), record.state, record.way, "0", "0", "0"]
        if self.dialect == PID:
            return "\t".join([*columns, record.id_number or "0", "1" if record.check else "0"])
        columns += ["0", "36.2", "36.2", "+28800", "e30="]
        return "\t".join(columns[: self.spelling.columns])

    def _rtlog(self, record: Record) -> str:
        way = "1" if record.state == "1" else "0"
        return (
            f"time={record.at}\tpin={record.pin}\tcardno=0\teventaddr=1\tevent={record.event}\tinoutstatus={way}"
            f"\tverifytype=0000000000000010\tindex={record.index}"
        )

    def _row(self, record: Record) -> str:
        way = "1" if record.state == "1" else "0"
        return (
            f"transaction cardno=0\tpin={record.pin}\tverified=15\tdoorid=1\teventtype={record.event}"
            f"\tinoutstate={way}\ttime_second={zk_seconds(record.at)}\tindex={record.index}"
        )

    def _send_photo(self, record: Record) -> None:
        name = f"{record.at:%Y%m%d%H%M%S}-{record.pin}.jpg"
        picture = picture_of(record.pin)
        head = f"PIN={name}\nSN={self.serial}\nsize={len(picture)}\nCMD=uploadphoto"
        self._ask("POST", "cdata", "table=ATTPHOTO&Stamp=9999", head.encode() + b"\0" + picture)

    def _do(self, command: Command, now: datetime) -> str:
        """Carries a command out; the fields of the report after the id."""
        text = command.text
        head, _, rest = text.partition(" ")
        fields = dict(pair.partition("=")[::2] for pair in rest.split(" ", 2)[-1].split("\t"))
        if self.fails and text.startswith(self.fails):
            return f"Return=-1002&CMD={head}"
        if text.startswith(("DATA UPDATE BIOPHOTO", "DATA UPDATE biophoto")):
            picture = base64.b64decode(fields["Content"])
            if int(fields["Size"]) != len(fields["Content"]) or fields["PIN"] not in self.people:
                return f"Return=-1&CMD={head}"
            self.faces[fields["PIN"]] = picture
        elif text.startswith(("DATA DELETE BIOPHOTO", "DATA DELETE biophoto", "DATA DELETE biodata")):
            self.faces.pop(fields.get("PIN") or fields.get("Pin", ""), None)
        elif text.startswith(("DATA UPDATE USERINFO", "DATA UPDATE user ")):
            pin = fields.get("PIN") or fields.get("Pin", "")
            self.people[pin] = fields
        elif text.startswith(("DATA DELETE USERINFO", "DATA DELETE user ")):
            self.people.pop(fields.get("PIN") or fields.get("Pin", ""), None)
            if self.dialect != ACC:
                self.faces.pop(fields["PIN"], None)
        elif text.startswith(("DATA UPDATE WHITELIST", "DATA UPDATE BLACKLIST")):
            self.lists[rest.split(" ")[1]].add(fields["IDNum"])
        elif text.startswith(("DATA DELETE WHITELIST", "DATA DELETE BLACKLIST")):
            self.lists[rest.split(" ")[1]].discard(fields["IDNum"])
        elif text == "AC_UNLOCK" or text.startswith("CONTROL DEVICE 01"):
            self.opened += 1
        elif text.startswith("SET OPTION"):
            self._set_clock(text, now)
        elif text.startswith("VERIFY SUM ATTLOG"):
            found = self._between(fields)
            return f"Return=0&CMD=VERIFY SUM&{'&'.join(rest[11:].split(chr(9)))}&AttlogSum={len(found)}"
        elif text.startswith("DATA QUERY ATTLOG"):
            for record in self._between(fields):
                record.sent = False
        elif text == "DATA COUNT transaction":
            query = f"type=count&cmdid={command.id}&tablename=transaction&count=1&packcnt=1&packidx=1"
            self._ask("POST", "querydata", query, f"transaction={len(self.records)}".encode())
        elif text.startswith("DATA QUERY tablename=transaction"):
            query = f"type=tabledata&cmdid={command.id}&tablename=transaction&count={len(self.records)}&packcnt=1&packidx=1"
            self._ask(
                "POST", "querydata", query, "\r\n".join(self._row(record) for record in self.records).encode()
            )
        elif not text.startswith(
            ("DATA UPDATE userauthorize", "DATA DELETE userauthorize", "CHECK", "LOG", "INFO")
        ):
            return f"Return=-1002&CMD={head}"
        return f"Return=0&CMD={head}"

    def _set_clock(self, text: str, now: datetime) -> None:
        number = text.rpartition("DateTime=")[2]
        if number.isdigit():
            self.stuck_at = None
            self.wrong_by = timedelta(0)
            self.wrong_by = from_zk_seconds(int(number)) - self.clock(now)

    def _between(self, fields: dict[str, str]) -> list[Record]:
        first, last = fields.get("StartTime", ""), fields.get("EndTime", "9")
        return [record for record in self.records if first <= str(record.at) <= last]


def _value(body: bytes, name: str) -> str:
    lines = [line.partition("=") for line in body.decode("utf-8", "replace").splitlines()]
    return next((value.strip() for found, _, value in lines if found == name), "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("--server", default="http://127.0.0.1:8003", help="the agent's address")
    parser.add_argument("--serial", default="CKJF260900017")
    parser.add_argument("--dialect", choices=(ATT, PID, ACC), default=ATT)
    parser.add_argument("--pins", type=numbers, default=numbers("1-20"), help="who walks by, e.g. 1-20,31")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two people")
    parser.add_argument("--count", type=int, default=0, help="end after so many punches")
    parser.add_argument("--photos", action="store_true", help="send a picture with each")
    parser.add_argument("--skew", type=float, default=0.0, help="seconds by which the clock is fast")
    parser.add_argument("--year-2000", action="store_true", help="the battery was empty")
    parser.add_argument(
        "--resend", type=int, default=0, metavar="N", help="send everything again after N punches"
    )
    parser.add_argument("--any-spelling", action="store_true", help="write as some firmware does")
    parser.add_argument("--memory", type=Path, help="keep the punches in a file over restarts")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C, or until --count punches were taken."""
    terminal = Terminal(
        serial=options.serial,
        send=over_http(options.server),
        dialect=options.dialect,
        spelling=Spelling.any(random.Random()) if options.any_spelling else Spelling(),
        wrong_by=timedelta(seconds=options.skew),
        stuck_at=datetime(2000, 1, 1, 0, 0, 31) if options.year_2000 else None,  # noqa: DTZ001
        photos=options.photos,
    )
    if options.memory and options.memory.exists():
        for line in options.memory.read_text(encoding="utf-8").splitlines():
            pin, at, state = line.split("\t")
            record = Record(len(terminal.records) + 1, pin, datetime.fromisoformat(at), state, sent=False)
            terminal.records.append(record)
    made = due = 0.0
    try:
        while not options.count or made < options.count or any(not r.sent for r in terminal.records):
            now = datetime.now(UTC)
            if time.monotonic() >= due and (not options.count or made < options.count):
                record = terminal.punch(random.choice(options.pins), now, state=random.choice("01"))
                made, due = made + 1, time.monotonic() + options.every
                if options.memory:
                    with options.memory.open("a", encoding="utf-8") as memory:
                        memory.write(f"{record.pin}\t{record.at}\t{record.state}\n")
                if options.resend and made % options.resend == 0:
                    terminal.resend_everything()
            _turn(terminal, now)
            time.sleep(min(1.0, options.every))
    except KeyboardInterrupt:
        pass
    say(
        f"{int(made)} punches, {sum(r.sent for r in terminal.records)} taken, door opened {terminal.opened} times"
    )
    return 0


def _turn(terminal: Terminal, now: datetime) -> None:
    """One round: connect if need be, upload, ask for commands. A server that is away is no reason to stop."""
    try:
        if not terminal.registered and not terminal.connect():
            say("the server does not know this serial number")
            return
        taken = terminal.upload()
        if taken:
            say(f"{taken} records taken")
        for text in terminal.poll(now):
            say(f"command: {text.split(chr(9))[0]}")  # never the rest: it may hold a picture
    except (OSError, http.client.HTTPException) as error:
        terminal.failures += 1
        say(f"server away: {type(error).__name__}")
