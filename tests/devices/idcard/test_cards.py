"""The text of the four kinds of card, byte for byte and round trip."""

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocols.idcard.cards import LAYOUTS, BadCard, Card, Kind, decode_card, encode_card, kind_of
from devices.protocols.idcard.codes import FINGERPRINT, READ, READ_WITH_FINGERPRINTS
from devices.protocols.idcard.frames import Answer
from devices.protocols.idcard.replies import Reading, make_read_reply, newest_address, read_reply
from devices.simulators.persons import KINDS, person


def plain(*parts: tuple[str, int]) -> bytes:
    out = b""
    for text, size in parts:
        raw = text.encode("utf-16-le")
        out += raw + b" \0" * ((size - len(raw)) // 2)
    assert len(out) == 256
    return out


CITIZEN = plain(
    ("孙德旺", 30), ("1", 2), ("01", 4), ("19790308", 16), ("安徽省宿州市萧县东山村1号", 70), ("342222197903086017", 36),
    ("萧县公安局", 30), ("20151201", 16), ("长期", 16), ("", 36),
)  # fmt: skip
PERMIT = plain(
    ("陈大文", 30), ("2", 2), ("", 4), ("19880102", 16), ("广东省深圳市罗湖区", 70), ("810000198801020028", 36),
    ("深圳市公安局", 30), ("20200101", 16), ("20250101", 16), ("H12345678", 18), ("02", 4), ("", 6), ("J", 2), ("", 6),
)  # fmt: skip
FOREIGNER_2017 = plain(
    ("NGUYEN VAN MINH", 120), ("1", 2), ("VNM330700900101", 30), ("VNM", 6), ("阮文明", 30), ("20180101", 16),
    ("20280101", 16), ("19900101", 16), ("01", 4), ("1500", 8), ("I", 2), ("", 6),
)  # fmt: skip
LONG_NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZ ABCDEFG JKLMNOPQRS"  # 46 characters, the 35th a space
FOREIGNER_2023 = plain(
    ("阮文明", 30), ("1", 2), ("01", 4), ("19900101", 16), (LONG_NAME[:35], 70), ("931156199001010011", 36), ("", 30),
    ("20240101", 16), ("20290101", 16), (LONG_NAME[35:], 22), ("VNM", 6), ("Y", 2), ("123", 6),
)  # fmt: skip


def test_reads_a_citizen() -> None:
    assert decode_card(CITIZEN) == Card(
        kind="citizen", name="孙德旺", number="342222197903086017", sex=1, birth=date(1979, 3, 8), nation="01",
        address="安徽省宿州市萧县东山村1号", issuer="萧县公安局", valid_from=date(2015, 12, 1), long_term=True,
    )  # fmt: skip


def test_reads_a_permit_of_hong_kong_macau_taiwan() -> None:
    assert decode_card(PERMIT) == Card(
        kind="permit", name="陈大文", number="810000198801020028", sex=2, birth=date(1988, 1, 2),
        address="广东省深圳市罗湖区", issuer="深圳市公安局", valid_from=date(2020, 1, 1), valid_to=date(2025, 1, 1),
        pass_number="H12345678", times_issued="02",
    )  # fmt: skip


def test_reads_both_cards_of_foreigners() -> None:
    assert decode_card(FOREIGNER_2017) == Card(
        kind="foreigner_2017", name="阮文明", number="VNM330700900101", sex=1, birth=date(1990, 1, 1), issuer="1500",
        valid_from=date(2018, 1, 1), valid_to=date(2028, 1, 1), english_name="NGUYEN VAN MINH", nationality="VNM",
        card_version="01",
    )  # fmt: skip
    assert decode_card(FOREIGNER_2023) == Card(
        kind="foreigner_2023", name="阮文明", number="931156199001010011", sex=1, birth=date(1990, 1, 1),
        valid_from=date(2024, 1, 1), valid_to=date(2029, 1, 1), english_name=LONG_NAME, nationality="VNM",
        times_issued="01", old_number_hint="123",
    )  # fmt: skip


@pytest.mark.parametrize("text", [CITIZEN, PERMIT, FOREIGNER_2017, FOREIGNER_2023], ids=KINDS)
def test_what_was_read_is_written_again(text: bytes) -> None:
    assert encode_card(decode_card(text)) == text


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_of_a_kind_do_not_overlap(kind: Kind) -> None:
    places = sorted(LAYOUTS[kind].values())
    assert all(at + size <= after for (at, size), (after, _) in itertools.pairwise(places))


def test_a_character_beyond_the_basic_plane_shifts_nothing() -> None:
    name = "王\U0002c1d5\U00020bb7"  # two surrogate pairs: five code units, three characters
    card = decode_card(CITIZEN[:0] + name.encode("utf-16-le") + b" \0" * 10 + CITIZEN[30:])
    assert card.name == name
    assert card.number == "342222197903086017"
    assert card.birth == date(1979, 3, 8)


def test_names_with_a_dot_zeros_for_padding_no_padding_and_private_characters() -> None:
    dotted = replace(decode_card(CITIZEN), name="阿卜杜拉·买买提江")
    assert decode_card(encode_card(dotted)) == dotted
    zeros = "孙德旺".encode("utf-16-le").ljust(30, b"\0") + CITIZEN[30:]
    assert decode_card(zeros).name == "孙德旺"
    full = replace(dotted, name="一二三四五六七八九十甲乙丙丁戊", address="村" * 35)
    assert decode_card(encode_card(full)) == full
    old = replace(dotted, name="王\ue123")
    assert decode_card(encode_card(old)).has_private_characters
    assert not dotted.has_private_characters
    with pytest.raises(ValueError, match="too long"):
        encode_card(replace(dotted, name="一" * 16))


def test_half_a_surrogate_pair_does_not_break_the_rest() -> None:
    card = decode_card("孙".encode("utf-16-le") + b"\x00\xd8" + b" \0" * 13 + CITIZEN[30:])
    assert card.name == "孙\ufffd"
    assert card.number == "342222197903086017"


def test_dates_that_are_none_are_left_empty() -> None:
    text = CITIZEN[:36] + "19791341".encode("utf-16-le") + CITIZEN[52:]
    assert decode_card(text).birth is None


def test_what_is_no_card_is_refused() -> None:
    with pytest.raises(BadCard, match="255 bytes"):
        kind_of(bytes(255))
    with pytest.raises(BadCard, match="not known"):
        decode_card(CITIZEN[:248] + "Q".encode("utf-16-le") + CITIZEN[250:])
    with pytest.raises(BadCard, match="no number"):
        decode_card(b" \0" * 128)


def test_lengths_of_whole_answers() -> None:
    reading = person(1)
    plain_read = Answer(0x90, make_read_reply(reading)).to_frame().to_bytes()
    assert plain_read[:14] == bytes.fromhex("AA AA AA 96 69 05 08 00 00 90 01 00 04 00")
    assert len(plain_read) == 1295
    for count, length in ((0, 1297), (1, 1809), (2, 2321)):
        data = make_read_reply(reading, fingerprints=count)
        assert len(Answer(0x90, data).to_frame().to_bytes()) == length
        assert READ_WITH_FINGERPRINTS.fits(0x90, len(data))
        assert not READ.fits(0x90, len(data))
        assert read_reply(data, with_fingerprints=True) == reading  # no fingerprint is in there


def test_a_reply_whose_lengths_lie_is_refused() -> None:
    good = make_read_reply(person(1))
    for bad in (
        good[:-1],
        good + b"\0",
        b"\x01\x00",
        b"\x02\x00" + good[2:],
        good[:2] + b"\x04\x01" + good[4:],
    ):
        with pytest.raises(BadCard):
            read_reply(bad)
    with pytest.raises(BadCard):
        read_reply(make_read_reply(person(1), fingerprints=1)[:-FINGERPRINT], with_fingerprints=True)


def test_the_newest_address_replaces_the_printed_one() -> None:
    card = decode_card(CITIZEN)
    assert newest_address("浙江省金华市".encode("utf-16-le").ljust(70, b"\0")) == "浙江省金华市"
    assert card.with_address("浙江省金华市").address == "浙江省金华市"
    assert card.with_address("") == card


text = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"], exclude_characters="\0"), max_size=7).map(
    str.strip
)
days = st.none() | st.dates(date(1900, 1, 1), date(2099, 12, 31))


@st.composite
def cards(draw: st.DrawFn) -> Card:
    kind = draw(st.sampled_from(KINDS))
    has = set(LAYOUTS[kind])
    word = {
        name: draw(text)
        for name in ("name", "address", "issuer", "english_name", "pass_number")
        if name in has
    }
    if "issuer" in word:
        word["issuer"] = word["issuer"][:2]
    if "pass_number" in word:
        word["pass_number"] = word["pass_number"][:4]
    term = draw(st.booleans())
    return Card(
        kind=kind,
        number=draw(st.from_regex(r"[0-9]{14}[0-9X]", fullmatch=True)),
        sex=draw(st.sampled_from([0, 1, 2])),
        birth=draw(days),
        nation=draw(st.sampled_from(["01", "56", "97"])) if "nation" in has else "",
        valid_from=draw(days),
        valid_to=None if term else draw(days),
        long_term=term,
        nationality="VNM" if "nationality" in has else "",
        **word,
    )


@given(cards())
@settings(max_examples=200, deadline=None)
def test_any_card_survives_the_round_trip(card: Card) -> None:
    text = encode_card(card)
    assert len(text) == 256
    assert decode_card(text) == card


@given(st.binary(min_size=256, max_size=256))
@settings(max_examples=200, deadline=None)
def test_no_256_bytes_raise_anything_but_bad_card(text: bytes) -> None:
    try:
        card = decode_card(text)
    except BadCard:
        return
    card.name.encode("utf-8")
    card.address.encode("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_invented_people_fit_on_their_cards(kind: Kind) -> None:
    for number in range(40):
        reading = person(number, kind)
        assert decode_card(encode_card(reading.card)) == reading.card
        assert person(number, kind) == reading
        assert isinstance(reading, Reading)
        assert len(reading.photo) == 1024
