"""A simulated terminal against our side of the protocol, in every dialect and spelling, with failures between."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from devices.protocols.http import Request, Response
from devices.protocols.iclock import commands
from devices.protocols.iclock.commands import ACC, ATT, PID, Person
from devices.protocols.iclock.terminal import Outcome, Terminal, answer
from devices.protocols.records import Clock, Event, clock_of, event_key
from devices.simulators import adms
from devices.simulators.callers import into
from tests.devices.protocols.people import id_number

SN = "CKJF260900017"
NOW = datetime(2026, 11, 20, 23, 1, 30, tzinfo=UTC)
CHINA = timedelta(hours=8)


class Desk:
    """Our side: one terminal, a store that may fail, and a network that may lose the answer."""

    def __init__(self, **changes: object) -> None:
        self.terminal = Terminal(serial=SN, registry_code="Uy47fxftP3", session="30BFB04B2C8AECC7", **changes)  # type: ignore[arg-type]
        self.stored: dict[str, Event] = {}
        self.received = 0
        self.outcomes: list[Outcome] = []
        self.disk_full = 0.0
        self.answer_lost = 0.0
        self.dice = random.Random(5)

    def handle(self, request: Request) -> Response:
        """What a listener does: answer, store, and only then reply."""
        outcome = answer({SN: self.terminal}, request, NOW)
        if self.dice.random() < self.disk_full:
            return outcome.not_stored
        if outcome.terminal is not None:
            self.terminal = outcome.terminal
        self.outcomes.append(outcome)
        self.received += len(outcome.events)
        self.stored |= {event_key(event): event for event in outcome.events}
        if self.dice.random() < self.answer_lost:
            return Response(status=504)
        return outcome.response


@pytest.mark.parametrize("dialect", [ATT, PID, ACC])
@pytest.mark.parametrize("seed", range(6))
def test_count_in_equals_count_out_in_every_spelling(dialect: str, seed: int) -> None:
    desk = Desk(dialect=dialect)
    terminal = adms.Terminal(
        SN, into(desk.handle), dialect, adms.Spelling.any(random.Random(seed)), photos=seed == 0
    )
    assert terminal.connect()
    desk.disk_full, desk.answer_lost = 0.2, 0.2
    for n in range(200):
        terminal.punch(str(1 + n % 40), NOW + timedelta(seconds=n), id_number=id_number(n % 40))
        if n % 7 == 0:
            terminal.upload()
        if n == 120:
            terminal.resend_everything()
    for _ in range(100):
        if terminal.upload() == 0 and all(record.sent for record in terminal.records):
            break
    assert all(record.sent for record in terminal.records)
    assert len(desk.stored) == 200
    assert desk.received > 200, "something did come twice"
    assert {e.person.value for e in desk.stored.values() if e.person} == {str(n) for n in range(1, 41)}
    assert [line for outcome in desk.outcomes for line in outcome.bad] == []
    assert bool([photo for outcome in desk.outcomes for photo in outcome.photos]) is (seed == 0)


def test_an_access_terminal_registers_and_shows_its_token() -> None:
    desk = Desk(dialect=ACC, needs_token=True)
    terminal = adms.Terminal(SN, into(desk.handle), ACC)
    assert terminal.connect()
    assert desk.terminal.registered
    terminal.punch("7", NOW)
    assert terminal.upload() == 1
    terminal.cookie = "token=" + "0" * 32
    terminal.punch("8", NOW)
    assert terminal.upload() == 0


def test_an_unknown_terminal_is_turned_away() -> None:
    desk = Desk()
    terminal = adms.Terminal("SOMEBODY", into(desk.handle))
    assert not terminal.connect()
    terminal.punch("7", NOW)
    assert terminal.upload() == 0
    assert desk.stored == {}


@pytest.mark.parametrize("dialect", [ATT, PID, ACC])
def test_people_come_and_go_and_doors_open(dialect: str) -> None:
    desk = Desk(dialect=dialect)
    terminal = adms.Terminal(SN, into(desk.handle), dialect)
    terminal.connect()
    person = Person("1452", "张三", "99", id_number(1), ends=datetime(2027, 2, 28))
    texts = [*commands.put_person(dialect, person), *commands.open_door(dialect)]
    desk.terminal = desk.terminal.with_commands(*commands.numbered(texts, 1))
    assert terminal.poll(NOW) == texts
    assert terminal.people["1452"]["Name"] == "张三"
    assert terminal.opened == 1
    assert desk.terminal.queue == ()
    desk.terminal = desk.terminal.with_commands(*commands.numbered(commands.drop_person(dialect, "1452"), 9))
    terminal.poll(NOW)
    assert terminal.people == {}


def test_black_and_white_lists() -> None:
    desk = Desk(dialect=PID)
    terminal = adms.Terminal(SN, into(desk.handle), PID)
    terminal.connect()
    number = id_number(3)
    texts = commands.allow_id_number(
        number, name="张三", starts=datetime(2026, 11, 1), ends=datetime(2027, 1, 1)
    )
    desk.terminal = desk.terminal.with_commands(*commands.numbered(texts, 1))
    terminal.poll(NOW)
    assert terminal.lists == {"WHITELIST": {number}, "BLACKLIST": set()}
    desk.terminal = desk.terminal.with_commands(*commands.numbered(commands.deny_id_number(number), 5))
    terminal.poll(NOW)
    assert terminal.lists == {"WHITELIST": set(), "BLACKLIST": {number}}


def test_the_nightly_count_finds_what_is_missing_and_fetches_it() -> None:
    desk = Desk()
    terminal = adms.Terminal(SN, into(desk.handle))
    terminal.connect()
    for n in range(30):
        terminal.punch(str(n + 1), NOW + timedelta(seconds=n))
    for record in terminal.records[10:15]:
        record.sent = True  # the terminal believes it sent them
    terminal.upload()
    day = datetime(2026, 11, 21), datetime(2026, 11, 21, 23, 59, 59)
    desk.terminal = desk.terminal.with_commands(*commands.numbered(commands.count_punches(ATT, *day), 1))
    terminal.poll(NOW)
    (result,) = desk.outcomes[-1].results
    assert (result.count, len(desk.stored)) == (30, 25)
    desk.terminal = desk.terminal.with_commands(*commands.numbered(commands.resend(ATT, *day), 2))
    terminal.poll(NOW)
    terminal.upload()
    assert len(desk.stored) == 30


def test_gaps_of_an_access_terminal_are_fetched() -> None:
    desk = Desk(dialect=ACC)
    terminal = adms.Terminal(SN, into(desk.handle), ACC)
    terminal.connect()
    for n in range(20):
        terminal.punch(str(n + 1), NOW + timedelta(seconds=n))
    terminal.records[4].sent = terminal.records[5].sent = True
    terminal.upload()
    indexes = [int(event.record_id) for event in desk.stored.values() if event.record_id]
    assert commands.gaps(indexes) == ((5, 6),)
    day = datetime(2026, 11, 21), datetime(2026, 11, 21, 23, 59, 59)
    desk.terminal = desk.terminal.with_commands(*commands.numbered(commands.resend(ACC, *day), 2))
    terminal.poll(NOW)
    assert len(desk.stored) == 20


def test_a_dead_battery_is_seen_and_the_clock_set() -> None:
    desk = Desk()
    terminal = adms.Terminal(SN, into(desk.handle), stuck_at=datetime(2000, 1, 1, 0, 0, 31))
    terminal.connect()
    terminal.punch("7", NOW)
    terminal.upload()
    (event,) = desk.stored.values()
    assert clock_of(event.time, received=NOW, offset=CHINA) is Clock.IMPOSSIBLE
    local = (NOW + CHINA).replace(tzinfo=None)
    desk.terminal = desk.terminal.with_commands(*commands.numbered(commands.set_time(ATT, local), 1))
    terminal.poll(NOW)
    assert terminal.clock(NOW) == local
    terminal.punch("7", NOW)
    terminal.upload()
    assert clock_of(list(desk.stored.values())[-1].time, received=NOW, offset=CHINA) is Clock.GOOD
