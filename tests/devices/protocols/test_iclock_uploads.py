"""What terminals upload, in every spelling that was seen: punches, records, operations, pictures."""

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocols.errors import Garbled, ProtocolError
from devices.protocols.iclock import attlog, operlog, photos, rtlog
from devices.protocols.iclock.attlog import AttLine
from devices.protocols.iclock.text import decode, lines_of, options_of, pairs_of
from devices.protocols.iclock.verify import verify_of
from devices.protocols.records import Direction, Kind, PersonKey, PersonKind, Verify, event_key
from tests.devices.protocols.people import id_number

SN = "CKJF260900017"
PIN = PersonKind.PIN
GPS = base64.b64encode(json.dumps({"GPSInfo": {"longitude": "-1", "latitude": "-1"}}).encode()).decode()

SPELLINGS = [
    "1452\t2026-11-21 07:01:09\t0\t1",
    "1452\t2026-11-21 07:01:09\t0\t1\t0",
    "1452\t2026-11-21 07:01:09\t0\t1\t0\t0\t0",
    "1452\t2026-11-21 07:01:09\t0\t1\t0\t0\t0\t1\t36.2\t36.2",
    f"1452\t2026-11-21 07:01:09\t0\t1\t0\t0\t0\t1\t36.2\t36.2\t\t{GPS}",
    "1452 2026-11-21 07:01:09 0 1",
    "1452  2026-11-21 07:01:09   0 1 0 0 0",
    "1452\t2026-11-21 07:01:09\t0\t1\r",
    "  1452\t2026-11-21 07:01:09\t0\t1\t\t\t",
    "ATTLOG 1452\t2026-11-21 07:01:09\t0\t1",
    "PIN=1452\tTime=2026-11-21 07:01:09\tStatus=0\tVerify=1",
    "PIN=1452\tDateTime=2026-11-21 07:01:09\tStatus=0\tVerified=1",
    "1452\t2026/11/21 07:01:09\t0\t1",
    "1452\t2026-11-21T07:01:09.000\t0\t1",
    "1452,2026-11-21 07:01:09,0,1,0",
    "1452\t2026-11-21 07:01:09\t0\t1\t0\t0\t0\tsomething\tnew\tfrom\tfirmware\t2031",
]


@pytest.mark.parametrize("line", SPELLINGS)
def test_every_spelling_of_a_punch_is_the_same_event(line: str) -> None:
    event = attlog.event_of(line.encode(), SN)
    plain = attlog.event_of(SPELLINGS[0].encode(), SN)
    assert event.person == PersonKey(PIN, "1452")
    assert event.time.at == datetime(2026, 11, 21, 7, 1, 9)
    assert event.direction is Direction.IN
    assert event.verify is Verify.FINGERPRINT
    assert event_key(event) == event_key(plain)
    assert event.raw == line.encode()


@pytest.mark.parametrize(
    "body", ["a\nb\nc", "a\r\nb\r\nc\r\n", "a\nb\nc\n\0", "\n\na\n\r\nb\nc\n\0\0\0", "a\0\nb\nc"]
)
def test_bodies_end_as_they_like(body: str) -> None:
    assert list(lines_of(body.encode())) == [b"a", b"b", b"c"]


def test_lines_of_carriage_returns_and_a_byte_order_mark_are_lines() -> None:
    assert list(lines_of(b"\xef\xbb\xbf7\t2026\r8\t2026\r\n9\r")) == [b"7\t2026", b"8\t2026", b"9"]


def test_an_offset_behind_the_time_counts() -> None:
    event = attlog.event_of(b"7\t2026-11-21 07:01:09+08:00\t0\t15", SN)
    assert event.time.at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)


def test_a_body_that_names_no_table_is_known_by_its_lines() -> None:
    assert attlog.looks_like_punches(b"\n7\t2026-11-21 07:01:09\t0\t15\n")
    for body in (b"", b"OPLOG 4\t0\t2026-11-21 07:00:00\t0", b"~DeviceName=F18,MAC=00", b"PIN=1\tName=x"):
        assert not attlog.looks_like_punches(body)


@pytest.mark.parametrize("pin", ["00017", "A1", "zhang3", "320102198503070018", "9" * 18])
def test_a_pin_keeps_letters_and_leading_zeros(pin: str) -> None:
    assert attlog.event_of(f"{pin}\t2026-11-21 07:01:09\t1\t15".encode(), SN).person == PersonKey(PIN, pin)


def test_state_255_says_nothing_about_the_direction() -> None:
    event = attlog.event_of(b"7\t2026-11-21 07:01:09\t255\t15", SN)
    assert event.direction is None
    assert event.verify is Verify.FACE
    assert event.state == "255"


@pytest.mark.parametrize(
    ("state", "way"), [("1", "out"), ("2", "out"), ("3", "in"), ("4", "in"), ("5", "out")]
)
def test_state_keys(state: str, way: str) -> None:
    assert attlog.event_of(f"7\t2026-11-21 07:01:09\t{state}\t4".encode(), SN).direction == way


def test_the_offset_of_the_record_is_used_where_there_is_one() -> None:
    event = attlog.event_of(f"7\t2026-11-21 07:01:09\t0\t15\t0\t0\t0\t0\t\t\t+28800\t{GPS}".encode(), SN)
    assert event.time.at == datetime(2026, 11, 20, 23, 1, 9, tzinfo=UTC)
    assert event.time.text == "2026-11-21 07:01:09"
    odd = attlog.event_of(b"7\t2026-11-21 07:01:09\t0\t15\t0\t0\t0\t0\t\t\t+99999", SN)
    assert odd.time.at == datetime(2026, 11, 21, 7, 1, 9)


def test_year_2000_is_read_and_left_to_the_quarantine() -> None:
    assert attlog.event_of(b"7\t2000-01-01 00:00:31\t0\t15", SN).time.at == datetime(2000, 1, 1, 0, 0, 31)


def test_minutes_and_seconds_are_not_swapped() -> None:
    assert attlog.event_of(b"7\t2026-11-21 08:05:59\t0\t15", SN).time.at == datetime(2026, 11, 21, 8, 5, 59)


def test_a_pid_row_has_two_keys() -> None:
    number = id_number(11)
    line = f"1452\t2026-11-21 07:01:09\t0\t15\t0\t0\t0\t{number}\t0".encode()
    event = attlog.event_of(line, SN, has_id_numbers=True)
    assert event.persons == (PersonKey(PIN, "1452"), PersonKey(PersonKind.ID_NUMBER, number))
    assert event.kind is Kind.PASSAGE
    assert event.time.at == datetime(2026, 11, 21, 7, 1, 9), "an identity number is no offset"
    assert attlog.event_of(line, SN).persons == event.persons, "also if the terminal forgot its type"


@pytest.mark.parametrize(
    ("state", "admitted", "reason"),
    [("0", True, ""), ("1", False, "verification_failed"), ("2", False, "blacklisted")],
)
def test_a_row_of_type_1_is_a_verification_and_no_attendance(state: str, admitted: bool, reason: str) -> None:
    line = f"0\t2026-11-21 07:01:09\t{state}\t1\t0\t0\t0\t{id_number(12)}\t1".encode()
    event = attlog.event_of(line, SN, has_id_numbers=True)
    assert (event.kind, event.admitted, event.reason) == (Kind.VERIFICATION, admitted, reason)
    assert event.person == PersonKey(PersonKind.ID_NUMBER, id_number(12))
    assert event.verify is Verify.FACE
    assert event.direction is None


@pytest.mark.parametrize(
    "line", [b"", b"1452", b"1452\tyesterday\t0\t1", b"\xff\xfe\x00", b"1452\t2026-11-21"]
)
def test_a_line_without_pin_and_time_is_garbled(line: bytes) -> None:
    with pytest.raises(Garbled, match=r"attlog\.line"):
        attlog.event_of(line, SN)


@given(
    pin=st.from_regex(r"[A-Za-z0-9]{1,18}", fullmatch=True),
    time=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 1, 1)),
    rest=st.lists(st.from_regex(r"[A-Za-z0-9.+-]{0,8}", fullmatch=True), min_size=2, max_size=10),
)
def test_a_line_is_read_as_it_was_written(pin: str, time: datetime, rest: list[str]) -> None:
    row = AttLine(pin, f"{time:%Y-%m-%d %H:%M:%S}", tuple(rest))
    assert AttLine.from_bytes(row.to_bytes()) == row


@given(st.binary(max_size=300))
def test_no_bytes_crash_a_reader(data: bytes) -> None:
    for reader in (
        attlog.event_of,
        rtlog.event_of,
        rtlog.event_of_transaction,
        photos.read_upload,
        photos.read_row,
    ):
        with contextlib.suppress(ProtocolError):
            reader(data, SN)  # type: ignore[operator]
    operlog.read_lines(list(lines_of(data)), table="operlog", chinese=True)
    pairs_of(data)
    options_of(data)
    decode(data, chinese=True)


@given(st.text(alphabet="pintmeovrydxuscaou=\t 0123456789:-[]", max_size=120), st.booleans())
def test_no_field_crashes_a_reader(text: str, transaction: bool) -> None:
    head = "time_second=1\teventtype=0\t" if transaction else "time=x\tevent=0\t"
    with contextlib.suppress(ProtocolError):
        (rtlog.event_of_transaction if transaction else rtlog.event_of)((head + text).encode(), SN)


RTLOG = "time=2017-01-10 11:49:32\tpin=1452\tcardno=0\teventaddr=1\tevent=0\tinoutstatus=1\tverifytype=15\tindex=21"


@pytest.mark.parametrize(
    "line",
    [
        RTLOG,
        RTLOG + "\r",
        RTLOG.replace("\t", " "),
        RTLOG.replace("\t", "\tnewfield=7\t"),
        "\t".join(reversed(RTLOG.split("\t"))),
        RTLOG.upper().replace("TIME=", "Time="),
    ],
)
def test_rtlog_is_read_by_key(line: str) -> None:
    event = rtlog.event_of(line.encode(), SN)
    assert event.person == PersonKey(PIN, "1452")
    assert event.time.at == datetime(2017, 1, 10, 11, 49, 32)
    assert (event.direction, event.verify, event.door) == (Direction.OUT, Verify.FACE, "1")
    assert (event.kind, event.admitted, event.record_id) == (Kind.PASSAGE, True, "21")


def test_pin_0_is_a_door_event() -> None:
    event = rtlog.event_of(b"time=2017-01-10 11:49:32\tpin=0\tcardno=0\tevent=200\tindex=22", SN)
    assert (event.person, event.kind, event.admitted, event.reason) == (None, Kind.DOOR, False, "acc.200")


def test_an_unknown_card_is_a_refused_entry() -> None:
    event = rtlog.event_of(b"time=2017-01-10 11:49:32\tpin=0\tcardno=8812345\tevent=27\tindex=23", SN)
    assert event.person == PersonKey(PersonKind.CARD, "8812345")
    assert (event.kind, event.admitted, event.reason) == (Kind.PASSAGE, False, "unregistered")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(29, "expired"), (39, "blacklisted"), (23, "no_access"), (46, "acc.46"), (104, "card_invalid")],
)
def test_abnormal_codes_keep_people_out(code: int, reason: str) -> None:
    event = rtlog.event_of(f"time=2026-11-21 07:01:09\tpin=7\tevent={code}\tindex=9".encode(), SN)
    assert (event.kind, event.admitted, event.reason) == (Kind.PASSAGE, False, reason)


def test_a_fire_opening_is_reported() -> None:
    event = rtlog.event_of(b"time=2026-11-21 07:01:09\tpin=0\tevent=210\tindex=9", SN)
    assert (event.kind, event.reason) == (Kind.DOOR, "fire")


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("0000000000000010", Verify.FACE),
        ("0000000000010000", Verify.FINGERPRINT),
        ("0000000000000100", Verify.PALM),
        ("0000000010000000", Verify.IRIS),
        ("0000100000000000", Verify.CARD),
        ("0001000000000000", Verify.QR_CODE),
        ("0000101000000011", Verify.FACE),
        ("0000001000000000", Verify.OTHER),
        ("0000000000000000", Verify.OTHER),
        ("10", Verify.FINGERPRINT),
        ("15", Verify.FACE),
        ("25", Verify.PALM),
        ("4", Verify.CARD),
        ("1", Verify.FINGERPRINT),
        ("0", Verify.OTHER),
        ("200", Verify.OTHER),
        ("", Verify.OTHER),
        ("٣", Verify.OTHER),
    ],
)
def test_a_mask_is_not_a_number(text: str, way: Verify) -> None:
    assert verify_of(text) is way


def test_a_queried_row_has_the_key_of_its_live_line() -> None:
    seconds = rtlog.zk_seconds(datetime(2017, 1, 10, 11, 49, 32))
    row = f"cardno=0\tpin=1452\tverified=15\tdoorid=1\teventtype=0\tinoutstate=1\ttime_second={seconds}\tindex=21"
    queried = rtlog.event_of_transaction(row.encode(), SN)
    assert event_key(queried) == event_key(rtlog.event_of(RTLOG.encode(), SN))
    assert (queried.direction, queried.verify, queried.door) == (Direction.OUT, Verify.FACE, "1")


def test_the_makers_seconds_are_months_of_31_days() -> None:
    assert rtlog.from_zk_seconds(583050990) == datetime(2018, 2, 22, 6, 36, 30)
    assert rtlog.zk_seconds(datetime(2018, 2, 22, 6, 36, 30)) == 583050990
    with pytest.raises(Garbled):
        rtlog.from_zk_seconds((31 + 30) * 86400)  # 31 February 2000


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1)))
def test_the_makers_seconds_go_back_and_forth(at: datetime) -> None:
    second = at.replace(microsecond=0)
    assert rtlog.from_zk_seconds(rtlog.zk_seconds(second)) == second


@given(st.integers(min_value=0, max_value=10**18))
def test_any_number_is_a_time_or_garbled(number: int) -> None:
    with contextlib.suppress(Garbled):
        rtlog.from_zk_seconds(number)


@pytest.mark.parametrize(
    "name", ["张三", "小明", "小", "欧阳娜娜", "买买提·吐尔逊", "㼆", "Иван", "Zhang San", "龍"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_name_is_read_in_both_encodings_of_a_chinese_terminal(name: str, encoding: str) -> None:
    if name == "Иван":
        return  # nobody on a Chinese terminal; the pairs are ambiguous by nature
    line = f"USER PIN=7\tName={name}\tPri=0\tPasswd=1234\tCard=[15CD5B07]\tGrp=1".encode(encoding)
    (person,) = operlog.read_lines([line], table="operlog", chinese=True).people
    assert person == operlog.PersonOnDevice("7", name, "123456789", "0")


def test_a_latin_name_from_another_terminal_stays_latin() -> None:
    assert decode("José".encode(), chinese=False) == "José"
    assert decode("Иван".encode(), chinese=False) == "Иван"


def test_operations_people_and_templates_come_mixed() -> None:
    body = (
        "OPLOG 4\t14\t2026-11-21 07:00:00\t0\t0\t0\t0\n"
        "OPLOG 21\t14\t2026-11-21 07:00:30\t0\t0\t0\t0\n"
        "OPLOG 0 0 2026-11-21 07:00:31 0 0 0 0\n"
        "USER PIN=8\tName=\tPri=14\tCard=0\n"
        "FP PIN=8\tFID=6\tSize=4\tValid=1\tTMP=AAAA\n"
        "BIOPHOTO PIN=8\tFileName=8.jpg\tType=9\tSize=4\tContent=AAAA\n"
        "FACE PIN=8\tFID=0\tValid=1\tSize=4\tTMP=AAAA\n"
        "FP PIN=9\tFID=6\tSize=4\tValid=1\tTMP=AAAA\n"
        "OPLOG nonsense\n"
    )
    read = operlog.read_lines(list(lines_of(body.encode())), table="operlog", chinese=True)
    assert [(o.code, o.operator, o.time.at) for o in read.operations] == [
        (4, "14", datetime(2026, 11, 21, 7, 0, 0)),
        (21, "14", datetime(2026, 11, 21, 7, 0, 30)),
        (0, "0", datetime(2026, 11, 21, 7, 0, 31)),
    ]
    assert [o.set_the_clock for o in read.operations] == [False, True, False]
    assert read.people == (operlog.PersonOnDevice("8", "", "", "14"),)
    assert read.dropped == (("biophoto", 1), ("face", 1), ("fp", 2))
    assert (len(read.bad), read.count) == (1, 9)


def test_passwords_and_templates_go_no_further() -> None:
    line = b"USER PIN=7\tName=A\tPri=0\tPasswd=secret77\tCard=0"
    read = operlog.read_lines([line, b"FP PIN=7\tTMP=template77"], table="operlog", chinese=False)
    assert "secret77" not in str([vars(p) for p in read.people])
    assert "77" not in str((read.dropped, read.bad))


def test_rows_of_an_access_terminal_need_no_first_word() -> None:
    rows = [b"user uid=5\tcardno=\tpin=4\tname=\tdisable=1", b"uid=6\tcardno=881\tpin=5\tname=x"]
    people = operlog.read_lines(rows, table="user", chinese=False).people
    assert [(p.pin, p.card, p.disabled) for p in people] == [("4", "", True), ("5", "881", False)]


def test_an_identity_card_row() -> None:
    row = f"IDCARD PIN=0\tSNNum=2612\tIDNum={id_number(4)}\tName=张三\tPhoto=AAAA\tFPTemplate1=BBBB".encode()
    (person,) = operlog.read_lines([row], table="idcard", chinese=True).people
    assert (person.id_number, person.name) == (id_number(4), "张三")
    assert "AAAA" not in str(vars(person))


@pytest.mark.parametrize(
    ("text", "number"),
    [("[15CD5B07]", "123456789"), ("123456789", "123456789"), ("0", ""), ("", ""), ("[00000000]", "")],
)
def test_cards_are_decimal(text: str, number: str) -> None:
    assert operlog.card_number(text) == number


JPEG = b"\xff\xd8\xff\xe0picture with \0 inside \0 it\xff\xd9"


def upload(name: str, data: bytes = JPEG, *, size: int | None = None, cmd: str = "uploadphoto") -> bytes:
    head = f"PIN={name}\nSN={SN}\nsize={len(data) if size is None else size}\nCMD={cmd}"
    return head.encode() + b"\0" + data


@pytest.mark.parametrize("cmd", ["uploadphoto", "realupload"])
def test_a_picture_is_split_at_the_first_nul_only(cmd: str) -> None:
    photo = photos.read_upload(upload("20261121070109-1452.jpg", cmd=cmd), SN)
    assert photo.data == JPEG
    assert photo.taken.at == datetime(2026, 11, 21, 7, 1, 9)
    assert (photo.person, photo.failed) == (PersonKey(PIN, "1452"), False)
    assert photo.belongs_to(attlog.event_of(b"1452\t2026-11-21 07:01:10\t0\t15", SN))


def test_a_picture_of_somebody_unknown() -> None:
    photo = photos.read_upload(upload("20261121070109.jpg"), SN)
    assert (photo.person, photo.failed) == (None, True)


def test_a_pid_picture_names_kind_and_both_numbers() -> None:
    number = id_number(21)
    photo = photos.read_upload(upload(f"20261121070109-2-0-{number}.jpg"), SN, has_id_numbers=True)
    assert (photo.person, photo.failed) == (PersonKey(PersonKind.ID_NUMBER, number), True)
    photo = photos.read_upload(upload(f"20261121070109-0-1452-{number}.jpg"), SN, has_id_numbers=True)
    assert (photo.person, photo.failed) == (PersonKey(PIN, "1452"), False)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (upload("20261121070109-1.jpg", size=12), "photo.size"),
        (upload("20261121070109-1.jpg", JPEG[:9], size=len(JPEG)), "photo.size"),
        (upload("20261121070109-1.jpg", b"GIF89a"), "photo.not_jpeg"),
        (b"PIN=20261121070109-1.jpg", "photo.head"),
        (b"SN=1\0" + JPEG, "photo.head"),
    ],
)
def test_a_damaged_picture_is_garbled(body: bytes, code: str) -> None:
    with pytest.raises(Garbled) as raised:
        photos.read_upload(body, SN)
    assert raised.value.code == code


def test_a_picture_of_an_access_terminal_is_base64() -> None:
    row = f"pin=20181003143617-22.jpg\tsn={SN}\tsize={len(JPEG)}\tphoto=".encode() + base64.b64encode(JPEG)
    photo = photos.read_row(row, SN)
    assert (photo.data, photo.person) == (JPEG, PersonKey(PIN, "22"))
    with pytest.raises(Garbled, match=r"photo\.base64"):
        photos.read_row(b"pin=20181003143617-22.jpg\tphoto=!!", SN)


def test_options_keep_their_tildes_to_themselves() -> None:
    body = b"DeviceType=acc,~DeviceName=F20/M,FirmVer=Ver 8.0.1.3,MAC=00:17:61:11:ad:4f,~MaxUserCount=100\r\n"
    assert options_of(body) == {
        "devicetype": "acc",
        "devicename": "F20/M",
        "firmver": "Ver 8.0.1.3",
        "mac": "00:17:61:11:ad:4f",
        "maxusercount": "100",
    }


def test_a_resent_backlog_has_the_same_keys() -> None:
    lines = [f"{n}\t2026-11-21 07:{n // 60:02d}:{n % 60:02d}\t0\t15".encode() for n in range(1, 500)]
    first = [event_key(attlog.event_of(line, SN)) for line in lines]
    again = [event_key(attlog.event_of(line + b"\t0\t0\t0\r", SN)) for line in lines]
    assert first == again
    assert len(set(first)) == 499
    assert timedelta(0) == attlog.event_of(lines[0], SN).time.at - datetime(2026, 11, 21, 7, 0, 1)  # type: ignore[operator]
