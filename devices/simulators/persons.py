"""Invented people with identity cards of all four kinds; the same number gives the same person."""

import random
from datetime import date, timedelta
from typing import Any

from devices.protocols.idcard.cards import Card, Kind
from devices.protocols.idcard.replies import WLT_HEAD, Reading
from wagewatch.lib.identity import icao_check_digit, make_id_number

KINDS: tuple[Kind, ...] = ("citizen", "permit", "foreigner_2017", "foreigner_2023")
_SURNAMES = "孙周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "德旺长根小妹建平春燕文娟国强志刚桂芳海燕永福玉兰金龙秀英成贵美凤"
_LONG_NAMES = ("阿卜杜拉·买买提江", "古丽娜尔·热合曼", "扎西·次仁多吉")
_PLACES = (
    ("330703", "浙江省金华市金东区岭下镇"),
    ("342222", "安徽省宿州市萧县"),
    ("362330", "江西省上饶市鄱阳县"),
)
_NATIONS = ("01", "01", "01", "01", "01", "05", "03", "13")
PHOTO_BYTES = 1024


def person(number: int, kind: Kind = "citizen", *, today: date = date(2026, 11, 16)) -> Reading:
    """The card of invented person `number`; valid on `today` for ten years around it."""
    dice = random.Random(f"{kind} {number}")
    birth = date(1962, 1, 1) + timedelta(days=dice.randrange(44 * 365))
    sequence = dice.randrange(1000)
    start = today - timedelta(days=dice.randrange(300, 3000))
    common: dict[str, Any] = {
        "sex": 1 if sequence % 2 else 2,
        "birth": birth,
        "valid_from": start,
        "valid_to": start + timedelta(days=3652),
    }
    if kind == "citizen":
        return Reading(_citizen(dice, birth, sequence, common), _photo(dice))
    if kind == "permit":
        card = Card(
            kind=kind,
            name=_name(dice),
            number=make_id_number("810000", birth, sequence),
            address="广东省深圳市罗湖区东门街道 8 号",
            issuer="深圳市公安局",
            pass_number=f"H{dice.randrange(10**8):08d}",
            times_issued="01",
            **common,
        )
    elif kind == "foreigner_2017":
        card = Card(
            kind=kind,
            name="",
            english_name="NGUYEN VAN MINH",
            number=_former_number(birth, sequence),
            nationality="VNM",
            issuer="1500",
            card_version="01",
            **common,
        )
    else:
        card = Card(
            kind=kind,
            name="阮文明",
            english_name="NGUYEN VAN MINH",
            number=make_id_number("931156", birth, sequence),
            nationality="VNM",
            times_issued="01",
            **common,
        )
    return Reading(card, _photo(dice))


def _citizen(dice: random.Random, birth: date, sequence: int, common: dict[str, Any]) -> Card:
    code, place = dice.choice(_PLACES)
    nation = dice.choice(_NATIONS)
    name = dice.choice(_LONG_NAMES) if nation == "05" else _name(dice)
    long_term = birth < date(1975, 1, 1)
    said = common | {"valid_to": None if long_term else common["valid_to"]}
    return Card(
        kind="citizen",
        name=name,
        number=make_id_number(code, birth, sequence),
        nation=nation,
        address=f"{place}{dice.choice('东西南北')}山村{dice.randrange(1, 99)}号",
        issuer=f"{place[3:6]}公安局",
        long_term=long_term,
        **said,
    )


def _former_number(birth: date, sequence: int) -> str:
    """Nationality, place, birth date, serial and check digit of a foreigner's card of before 2023."""
    first = f"VNM3307{birth:%y%m%d}{sequence % 10}"
    return first + icao_check_digit(first)


def _name(dice: random.Random) -> str:
    at = dice.randrange(0, len(_GIVEN) // 2) * 2
    return dice.choice(_SURNAMES) + _GIVEN[at : at + dice.choice((1, 2, 2, 2))]


def _photo(dice: random.Random) -> bytes:
    """Noise with the head of a compressed photo; a preamble stands inside, as chance puts it into real ones."""
    noise = bytearray(dice.randbytes(PHOTO_BYTES - len(WLT_HEAD)))
    at = dice.randrange(100, 900)
    noise[at : at + 5] = b"\xaa\xaa\xaa\x96\x69"
    return WLT_HEAD + bytes(noise)
