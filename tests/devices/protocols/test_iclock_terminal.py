"""The server's side of a terminal: handshakes of the three dialects, uploads, commands and refusals."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.errors import ProtocolError, TooLong, WrongValue
from devices.protocols.http import MAX_BODY, Request
from devices.protocols.iclock import commands, options
from devices.protocols.iclock.commands import ACC, ATT, PID, Command, Person
from devices.protocols.iclock.terminal import RESULT_PATIENCE, Outcome, Terminal, answer, verdict
from devices.protocols.records import event_key
from tests.devices.protocols.people import id_number
from tests.devices.protocols.test_iclock_uploads import JPEG, upload

SN = "CKJF260900017"
NOW = datetime(2026, 11, 20, 23, 1, 30, tzinfo=UTC)
KNOWN = Terminal(serial=SN, registry_code="Uy47fxftP3", session="30BFB04B2C8AECC7")
ROOMY = datetime(2026, 11, 1), datetime(2027, 2, 28, 23, 59, 59)


def ask(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    terminal: Terminal = KNOWN,
    now: datetime = NOW,
    **more: str,
) -> Outcome:
    """The outcome of one request."""
    source = more.pop("source", "192.168.1.20")
    request = Request.build(method, target, more, body, source)
    return answer({SN: terminal}, request, now)


def test_the_attendance_handshake() -> None:
    outcome = ask("GET", f"/iclock/cdata?SN={SN}&options=all&pushver=2.4.1&language=83&DeviceType=att")
    lines = outcome.response.body.decode().splitlines()
    assert lines[0] == f"GET OPTION FROM: {SN}"
    assert "ATTLOGStamp=None" in lines
    assert "TimeZone=8" in lines
    assert "Realtime=1" in lines
    assert "TransFlag=TransData AttLog\tOpLog\tAttPhoto\tEnrollUser\tChgUser" in lines
    assert not any("FP" in line or "FACE" in line for line in lines), "no templates are asked for"
    assert outcome.response.headers["Date"] == "Fri, 20 Nov 2026 23:01:30 GMT"
    assert outcome.terminal is not None
    assert (outcome.terminal.dialect, outcome.terminal.encoding) == (ATT, "gb18030")


def test_the_handshake_without_a_type_keeps_the_one_on_record() -> None:
    outcome = ask("GET", f"/iclock/cdata?SN={SN}&options=all", terminal=replace(KNOWN, dialect=PID))
    assert outcome.terminal is not None
    assert outcome.terminal.dialect == PID
    outcome = ask("GET", f"/iclock/cdata?SN={SN}&options=all&DeviceType=pid")
    assert outcome.terminal is not None
    assert outcome.terminal.dialect == PID


def test_the_access_handshake_registers_first() -> None:
    hello = ask("GET", f"/iclock/cdata?SN={SN}&pushver=3.0.1&options=all&DeviceType=acc")
    assert hello.response.body == b"OK"
    assert hello.terminal is not None
    registered = ask(
        "POST",
        f"/iclock/registry?SN={SN}",
        b"DeviceType=acc,~DeviceName=F20/M,FirmVer=Ver 8.0.1.3,DateFmtFunOn=0,LockCount=1",
        terminal=hello.terminal,
    )
    assert registered.response.body == b"RegistryCode=Uy47fxftP3"
    assert registered.terminal is not None
    assert registered.terminal.registered
    assert not registered.terminal.dates_are_seconds
    pushed = ask("POST", f"/iclock/push?SN={SN}", terminal=registered.terminal)
    assert b"ServerVersion=3.0.1\n" in pushed.response.body
    assert b"SessionID=30BFB04B2C8AECC7\n" in pushed.response.body
    again = ask("GET", f"/iclock/cdata?SN={SN}&options=all&DeviceType=acc", terminal=registered.terminal)
    assert again.response.body.startswith(b"registry=ok\nRegistryCode=Uy47fxftP3\n")


def test_the_token_is_the_md5_of_code_serial_and_session() -> None:
    import hashlib

    expected = hashlib.md5(b"Uy47fxftP3CKJF26090001730BFB04B2C8AECC7").hexdigest()  # noqa: S324
    assert options.token_of(KNOWN.registry_code, SN, KNOWN.session) == expected
    strict = replace(KNOWN, dialect=ACC, needs_token=True)
    target = f"/iclock/cdata?SN={SN}&table=rtlog"
    body = b"time=2026-11-21 07:01:09\tpin=7\tevent=0\tindex=1"
    refused = ask("POST", target, body, terminal=strict, cookie="token=" + "0" * 32)
    assert (refused.response.status, refused.events) == (401, ())
    assert ask("POST", target, body, terminal=strict).response.status == 401
    taken = ask("POST", target, body, terminal=strict, cookie=f"token={expected.upper()}")
    assert len(taken.events) == 1


@pytest.mark.parametrize(
    ("hours", "expected"), [(8, 8), (5.5, 330), (-3.5, -210), (12, 12), (13, 780), (-12, -12), (0, 0)]
)
def test_the_zone_is_in_hours_or_in_minutes(hours: float, expected: int) -> None:
    assert options.zone_option(timedelta(hours=hours)) == expected


def test_an_access_terminal_asks_for_the_time() -> None:
    outcome = ask("GET", f"/iclock/rtdata?SN={SN}&type=time")
    at = datetime(2026, 11, 20, 23, 1, 30)
    from devices.protocols.iclock.rtlog import zk_seconds

    assert outcome.response.body == f"DateTime={zk_seconds(at)},ServerTZ=+0800".encode()


def test_punches_are_counted_and_answered() -> None:
    body = b"1452\t2026-11-21 07:01:09\t0\t1\t0\t0\t0\r\nbroken\n00017\t2026-11-21 07:01:10\t255\t15\n\0"
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=ATTLOG&Stamp=9999", body)
    assert outcome.response.body == b"OK: 3"
    assert [e.person.value for e in outcome.events if e.person] == ["1452", "00017"]
    assert [(b.code, b.raw) for b in outcome.bad] == [("attlog.line", b"broken")]
    assert all(event.device_key == SN for event in outcome.events)


@pytest.mark.parametrize(
    "target",
    [
        f"/iclock/cdata.aspx?SN={SN}&table=ATTLOG&Stamp=9999",
        f"/iclock/cdata?sn={SN}&TABLE=attlog&stamp=0",
        f"/ICLOCK/cdata/?SN={SN}&table=ATTLOG",
        f"/iclock/cdata?table=ATTLOG&Stamp=&SN={SN}",
    ],
)
def test_addresses_are_spelled_in_many_ways(target: str) -> None:
    assert len(ask("POST", target, b"7\t2026-11-21 07:01:09\t0\t15").events) == 1


def test_nothing_is_acknowledged_before_it_is_stored() -> None:
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=ATTLOG", b"7\t2026-11-21 07:01:09\t0\t15")
    assert (outcome.not_stored.status, outcome.not_stored.body) == (503, b"ERROR")
    assert b"OK" not in outcome.not_stored.body


def test_rtlog_is_read_whatever_the_type_is_said_to_be() -> None:
    body = b"time=2026-11-21 07:01:09\tpin=7\tcardno=0\tevent=0\tinoutstatus=0\tverifytype=15\tindex=21\r\n"
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=rtlog", body * 2)
    assert outcome.response.body == b"OK"
    assert [event.record_id for event in outcome.events] == ["21", "21"]
    assert len({event_key(event) for event in outcome.events}) == 1


def test_tabledata_is_answered_with_its_name_and_count() -> None:
    body = b"user uid=1\tcardno=\tpin=1\tpassword=234\tname=\xe5\xbc\xa0\nuser uid=2\tpin=2\tname=b\n"
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=tabledata&tablename=user&count=2", body)
    assert outcome.response.body == b"user=2"
    assert [person.name for person in outcome.people] == ["张", "b"]
    outcome = ask(
        "POST",
        f"/iclock/cdata?SN={SN}&table=tabledata&tablename=templatev10&count=1",
        b"templatev10 pin=1\ttemplate=AA",
    )
    assert (outcome.response.body, outcome.dropped) == (b"templatev10=1", (("templatev10", 1),))


def test_an_unknown_table_is_kept_and_not_swallowed() -> None:
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=NEWLOG", b"1\t2\t3")
    assert outcome.unknown == (("newlog", b"1\t2\t3"),)
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=tabledata&tablename=novelty", b"a=1\nb=2")
    assert (outcome.response.body, outcome.unknown) == (b"novelty=2", (("tabledata/novelty", b"a=1\nb=2"),))


def test_pictures_come_by_both_addresses() -> None:
    for page in ("cdata", "fdata"):
        outcome = ask("POST", f"/iclock/{page}?SN={SN}&table=ATTPHOTO", upload("20261121070109-1452.jpg"))
        assert [photo.data for photo in outcome.photos] == [JPEG]
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&table=ATTPHOTO", b"\0")
    assert (outcome.photos, outcome.bad[0].code) == ((), "photo.head")


def test_a_clock_set_by_hand_is_noted() -> None:
    outcome = ask(
        "POST", f"/iclock/cdata?SN={SN}&table=OPERLOG", b"OPLOG 21\t0\t2026-11-21 07:00:30\t0\t0\t0\t0"
    )
    assert (outcome.response.body, outcome.notes) == (b"OK: 1", ("clock set by hand",))


STRANGERS = [
    ("/iclock/cdata?SN=SOMEBODY&table=ATTLOG", "192.168.1.20", KNOWN),
    ("/iclock/cdata?table=ATTLOG", "192.168.1.20", KNOWN),
    (f"/iclock/cdata?SN={SN}&table=ATTLOG", "10.0.0.9", replace(KNOWN, networks=("192.168.1.0/24",))),
    (f"/iclock/cdata?SN={SN}&table=ATTLOG", "somewhere", replace(KNOWN, networks=("192.168.1.0/24",))),
    (f"/iclock/cdata?SN={SN}&options=all", "192.168.1.20", replace(KNOWN, comm_key="4a9594af")),
    (
        f"/iclock/cdata?SN={SN}&options=all&pushcommkey=wrong",
        "192.168.1.20",
        replace(KNOWN, comm_key="4a9594af"),
    ),
]


@pytest.mark.parametrize(("target", "source", "terminal"), STRANGERS)
def test_strangers_get_403_and_leave_nothing(target: str, source: str, terminal: Terminal) -> None:
    for method in ("POST", "GET"):
        outcome = ask(method, target, b"7\t2026-11-21 07:01:09\t0\t15", terminal=terminal, source=source)
        assert outcome == Outcome(response=outcome.response, terminal=None)
        assert (outcome.response.status, outcome.response.body) == (403, b"")


def test_the_right_key_and_network_are_let_in() -> None:
    terminal = replace(KNOWN, comm_key="4a9594af", networks=("192.168.1.0/24",))
    target = f"/iclock/cdata?SN={SN}&options=all&pushcommkey=4a9594af"
    assert ask("GET", target, terminal=terminal, source="::ffff:192.168.1.20").response.status == 200


def test_pages_that_are_not_there() -> None:
    assert ask("GET", f"/iclock/file?SN={SN}&url=x").response.status == 404
    assert ask("POST", f"/iclock/exchange?SN={SN}&type=publickey", b"PublicKey=x").response.status == 404
    assert ask("GET", f"/etc/passwd?SN={SN}").response.status == 404
    with pytest.raises(TooLong):
        Request.build("POST", "/iclock/cdata", {}, b"x" * (MAX_BODY + 1))


def test_commands_are_fetched_answered_and_gone() -> None:
    person = Person("1452", "张三", "123456789", starts=ROOMY[0], ends=ROOMY[1])
    terminal = replace(KNOWN, language="83").with_commands(
        *commands.numbered(commands.put_person(ATT, person), 1081)
    )
    fetched = ask(
        "GET", f"/iclock/getrequest?SN={SN}&INFO=Ver 2.0,5,2,100,192.168.1.20,10", terminal=terminal
    )
    assert fetched.response.body.decode("gb18030") == (
        "C:w1081:DATA UPDATE USERINFO PIN=1452\tName=张三\tPri=0\tCard=123456789"
        "\tStartDatetime=2026-11-01T00:00:00\tEndDatetime=2027-02-28T23:59:59\tExpires=1\n"
    )
    assert fetched.sent == ("w1081",)
    assert fetched.terminal is not None
    assert dict(fetched.terminal.facts)["attlogcount"] == "100"
    again = ask("GET", f"/iclock/getrequest?SN={SN}", terminal=fetched.terminal)
    assert again.response.body == b"OK", "it is at work on it"
    done = ask(
        "POST", f"/iclock/devicecmd?SN={SN}", b"ID=w1081&Return=0&CMD=DATA\n", terminal=fetched.terminal
    )
    assert [(r.id, r.done) for r in done.results] == [("w1081", True)]
    assert done.terminal is not None
    assert done.terminal.queue == ()


def test_a_command_without_result_is_sent_again_but_no_door_opens_late() -> None:
    terminal = KNOWN.with_commands(Command("a", "CHECK"), Command("b", "AC_UNLOCK"))
    first = ask("GET", f"/iclock/getrequest?SN={SN}", terminal=terminal)
    assert first.sent == ("a", "b")
    assert first.terminal is not None
    later = ask("GET", f"/iclock/getrequest?SN={SN}", terminal=first.terminal, now=NOW + RESULT_PATIENCE)
    assert (later.sent, later.expired) == (("a",), ("b",))
    assert later.terminal is not None
    assert [q.command.id for q in later.terminal.queue] == ["a"]


def test_a_batch_of_commands_stays_below_the_terminals_buffer() -> None:
    big = [Command(f"c{n}", "DATA UPDATE USERINFO PIN=1\tName=" + "x" * 100_000) for n in range(20)]
    terminal = KNOWN.with_commands(*big)
    seen: list[str] = []
    while True:
        outcome = ask("GET", f"/iclock/getrequest?SN={SN}", terminal=terminal)
        if not outcome.sent:
            break
        assert len(outcome.response.body) <= commands.MAX_BATCH
        seen += outcome.sent
        assert outcome.terminal is not None
        terminal = outcome.terminal
    assert seen == [f"c{n}" for n in range(20)]


def test_a_controller_that_only_took_the_command_reports_again() -> None:
    terminal = replace(KNOWN, dialect=ACC).with_commands(Command("w1", "CONTROL DEVICE 01010105"))
    fetched = ask("GET", f"/iclock/getrequest?SN={SN}", terminal=terminal)
    assert fetched.terminal is not None
    took = ask(
        "POST",
        f"/iclock/devicecmd?SN={SN}",
        b"ID=w1&Return=-5000&CMD=CONTROL DEVICE",
        terminal=fetched.terminal,
    )
    assert took.results[0].pending
    assert took.terminal is not None
    assert len(took.terminal.queue) == 1
    done = ask(
        "POST", f"/iclock/devicecmd?SN={SN}", b"ID=w1&return=0&CMD=CONTROL DEVICE", terminal=took.terminal
    )
    assert done.terminal is not None
    assert done.terminal.queue == ()


def test_results_in_all_their_forms() -> None:
    body = (
        b"ID=1&Return=0&CMD=DATA\r\nID=2&Return=-1002&CMD=DATA\n"
        b"ID=3&Return=0&CMD=VERIFY SUM&StartTime=2026-11-20 00:00:00&EndTime=2026-11-20 23:59:59&AttlogSum=417\n"
        b"ID=4&Return=0&CMD=INFO\n~DeviceName=F20\nFWVersion=Ver 8\n"
        b"ID=5&Return=&CMD=DATA\nID=bad id&Return=0\n"
    )
    results, bad = commands.results_of(body)
    assert [(r.id, r.returned, r.done) for r in results] == [
        ("1", 0, True),
        ("2", -1002, False),
        ("3", 0, True),
        ("4", 0, True),
        ("5", None, False),
    ]
    assert results[2].count == 417
    assert dict(results[3].facts)["devicename"] == "F20"
    assert len(bad) == 1


def test_reconciliation_by_count() -> None:
    assert commands.count_punches(ATT, datetime(2026, 11, 20), datetime(2026, 11, 20, 23, 59, 59)) == (
        "VERIFY SUM ATTLOG StartTime=2026-11-20 00:00:00\tEndTime=2026-11-20 23:59:59",
    )
    target = (
        f"/iclock/querydata?SN={SN}&type=count&cmdid=w9&tablename=transaction&count=1&packcnt=1&packidx=1"
    )
    outcome = ask("POST", target, b"transaction=417")
    assert outcome.counted == (("w9", "transaction", 417),)
    assert commands.gaps([7, 3, 4, 9, 9]) == ((5, 6), (8, 8))


def test_rows_that_were_asked_for_are_events() -> None:
    row = b"transaction cardno=0\tpin=7\tverified=15\tdoorid=1\teventtype=0\tinoutstate=0\ttime_second=844239669\tindex=5"
    target = (
        f"/iclock/querydata?SN={SN}&type=tabledata&cmdid=w9&tablename=transaction&count=2&packcnt=1&packidx=1"
    )
    outcome = ask("POST", target, row + b"\r\n" + row.replace(b"index=5", b"index=6"))
    assert (outcome.response.body, [e.record_id for e in outcome.events]) == (b"transaction=2", ["5", "6"])


def test_the_same_wish_in_three_dialects() -> None:
    person = Person("1452", "Zhang", "99", id_number(5), *ROOMY)
    assert commands.put_person(PID, person)[0].endswith(f"Expires=1\tIDNum={id_number(5)}")
    assert commands.put_person(ACC, person, doors=3) == (
        (
            "DATA UPDATE user CardNo=99\tPin=1452\tPassword=\tGroup=0\tStartTime=862444800\tEndTime=872899199"
            "\tName=Zhang\tPrivilege=0"
        ),
        "DATA UPDATE userauthorize Pin=1452\tAuthorizeTimezoneId=1\tAuthorizeDoorId=3",
    )
    assert "StartTime=20261101\tEndTime=20270228" in commands.put_person(ACC, person, by_seconds=False)[0]
    assert commands.drop_person(ATT, "1452") == ("DATA DELETE USERINFO PIN=1452",)
    assert commands.drop_person(ACC, "1452") == (
        "DATA DELETE userauthorize Pin=1452",
        "DATA DELETE user Pin=1452",
    )
    assert commands.open_door(ACC, door=1, seconds=5) == ("CONTROL DEVICE 01010105",)
    assert commands.open_door(PID) == ("AC_UNLOCK",)
    assert commands.set_time(ACC, datetime(2018, 2, 22, 6, 36, 30)) == ("SET OPTIONS DateTime=583050990",)


def test_black_and_white_lists_of_identity_cards() -> None:
    number = id_number(6)
    assert commands.allow_id_number(number, name="张三", starts=ROOMY[0], ends=ROOMY[1]) == (
        f"DATA UPDATE WHITELIST IDNum={number}\tName=张三\tStartDate=2026-11-01 00:00:00\tEndDate=2027-02-28 23:59:59",
    )
    assert [text.split(" IDNum")[0] for text in commands.deny_id_number(number)] == [
        "DATA DELETE WHITELIST",
        "DATA UPDATE BLACKLIST",
    ]
    assert len(commands.forget_id_number(number)) == 2


@pytest.mark.parametrize(
    "build",
    [
        lambda: Command("1", "SHELL rm -rf /"),
        lambda: Command("1", "CLEAR DATA"),
        lambda: Command("1", "CHECK\nC:2:SHELL reboot"),
        lambda: Command("too long an id 12", "CHECK"),
        lambda: commands.put_person(ATT, Person("1\tPri=14")),
        lambda: commands.put_person(ATT, Person("1452", "Zhang\tPri=14")),
        lambda: commands.put_person(ATT, Person("0")),
        lambda: commands.put_person(ATT, Person("1452", "a", "12x")),
        lambda: commands.allow_id_number("1'; --", name="", starts=ROOMY[0], ends=ROOMY[1]),
        lambda: commands.open_door(ACC, seconds=255),
        lambda: commands.open_door(ACC, seconds=0),
    ],
)
def test_commands_that_are_never_built(build: object) -> None:
    with pytest.raises(WrongValue):
        build()  # type: ignore[operator]


def test_a_question_at_the_door_is_answered_no_until_decided() -> None:
    row = b"time=2026-11-21 07:01:09\tpin=1452\tcardno=0\taddrtype=2\teventaddr=1\tevent=223\tinoutstatus=0\tverifytype=15"
    outcome = ask("POST", f"/iclock/cdata?SN={SN}&AuthType=device", row + b"\r\n")
    assert outcome.question is not None
    assert outcome.events == ()
    assert outcome.response.body.startswith(b"AUTH=FAILED\r\n")
    yes = verdict(outcome.question, NOW, allowed=True, seconds=3, tip="欢迎\r\nAUTH=FAILED")
    assert (
        yes.body
        == b"AUTH=SUCCEED\r\n"
        + row
        + b"\r\nCONTROL DEVICE 01010103\r\nTIPS="
        + "欢迎 AUTH=FAILED\r\n".encode()
    )


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    page=st.sampled_from(
        [
            "cdata",
            "fdata",
            "registry",
            "push",
            "getrequest",
            "devicecmd",
            "querydata",
            "rtdata",
            "ping",
            "other",
        ]
    ),
    query=st.dictionaries(
        st.sampled_from(
            ["table", "tablename", "type", "options", "DeviceType", "AuthType", "INFO", "count", "cmdid"]
        ),
        st.sampled_from(
            [
                "ATTLOG",
                "OPERLOG",
                "rtlog",
                "tabledata",
                "user",
                "attphoto",
                "transaction",
                "options",
                "count",
                "device",
                "all",
                "x",
            ]
        )
        | st.text(max_size=8),
        max_size=4,
    ),
    body=st.binary(max_size=200)
    | st.text(alphabet="ID=&Return\t\n0123456789-: pintmeCUSER", max_size=200).map(str.encode),
)
def test_no_request_crashes_the_state_machine(
    method: str, page: str, query: dict[str, str], body: bytes
) -> None:
    request = Request(
        method=method,
        path=f"/iclock/{page}",
        query={"sn": SN, **{name.lower(): value for name, value in query.items()}},
        body=body,
    )
    outcome = answer({SN: KNOWN}, request, NOW)
    assert outcome.response.status in (200, 404)
    assert outcome.terminal is not None


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_target_is_a_request(target: str, name: str) -> None:
    with contextlib.suppress(ProtocolError):
        Request.build("GET", target, {name: name})
