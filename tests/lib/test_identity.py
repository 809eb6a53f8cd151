"""ID numbers, company codes, cards, phones and names, as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagewatch.lib import identity
from wagewatch.lib.errors import Malformed

GOOD = identity.make_id_number("330113", date(1985, 3, 12), 1)
ENDS_WITH_X = next(
    number
    for seq in range(1000)
    if (number := identity.make_id_number("340321", date(1979, 8, 4), seq)).endswith("X")
)


def codes(normalised: identity.Normalised) -> list[str]:
    return [note.code for note in normalised.notes]


def test_reads_the_facts_in_a_number() -> None:
    man = identity.check_id_number("330113198503120013")
    assert (man.number, man.birth_date, man.sex) == (GOOD, date(1985, 3, 12), 1)
    assert (man.region_code, man.kind, man.notes) == ("330113", "resident", ())
    assert man.age_on(date(2026, 3, 11)) == 40
    assert man.age_on(date(2026, 3, 12)) == 41
    assert identity.check_id_number(identity.make_id_number("330113", date(1985, 3, 12), 2)).sex == 2


def test_the_standard_s_own_weights() -> None:
    assert identity.id_check_character("11010519491231002") == "X"  # the example of GB 11643
    assert identity.id_check_character("44052418800101001") == "4"


@pytest.mark.parametrize("x", ["x", "X", "Х", "х", "Ｘ", "ｘ", "×", "Χ"])
def test_shows_that_it_wrote_x(x: str) -> None:
    result = identity.normalise_id_number(ENDS_WITH_X[:-1] + x)
    assert result.value == ENDS_WITH_X
    assert bool(result.notes) == (x != "X")
    assert identity.check_id_number(ENDS_WITH_X[:-1] + x).number == ENDS_WITH_X


@pytest.mark.parametrize(
    ("written", "note"),
    [
        (GOOD.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}), "text.full_width"),
        ("'" + GOOD, "text.quotes"),
        ("‘" + GOOD, "text.quotes"),
        (f'="{GOOD}"', "text.quotes"),
        (f"{GOOD[:6]} {GOOD[6:14]} {GOOD[14:]}", "text.spaces"),
        (f"{GOOD[:6]}\u00a0{GOOD[6:]}", "text.spaces"),
        (f"{GOOD[:6]}\n{GOOD[6:]}", "text.spaces"),
        (f"\u200e{GOOD[:6]}\u200b{GOOD[6:]}\ufeff", "text.invisible"),
    ],
)
def test_cleans_what_cannot_be_meant_otherwise(written: str, note: str) -> None:
    result = identity.normalise_id_number(written)
    assert result.value == GOOD
    assert note in codes(result)


def test_tabs_and_spaces_around_need_no_note() -> None:
    assert identity.normalise_id_number(f"\t{GOOD} ") == (GOOD, ())


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "id.empty"),
        ("  \u200b", "id.empty"),
        ("5.10722E+17", "id.scientific"),
        ("3422**********6017", "id.masked"),
        ("3422××××××××××6017", "id.masked"),
        ("342221850312601", "id.fifteen_digits"),
        (GOOD[:17], "id.length"),
        (GOOD + "1", "id.length"),
        ("USA110185133101", "id.birth_date"),
        ("USAB10185031201", "id.characters"),
        ("同上", "id.characters"),
        (GOOD[:10] + "O" + GOOD[11:], "id.characters"),
        ("99" + GOOD[2:], "id.province"),
        ("990113198503120013", "id.province"),
        ("170113198503120013", "id.province"),
        (identity.make_id_number("330113", date(1985, 3, 12), 1)[:10] + "0230" + GOOD[14:], "id.birth_date"),
        (GOOD[:6] + "20990101" + GOOD[14:], "id.birth_date"),
        (GOOD[:6] + "18991231" + GOOD[14:], "id.birth_date"),
        ("510722198503129024", "id.checksum"),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), "id.checksum"),
    ],
)
def test_refuses_with_the_reason(written: str, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        identity.check_id_number(written, today=date(2026, 11, 22))
    assert refused.value.code == code
    assert "%(" not in refused.value.message


@pytest.mark.parametrize("written", ["KAZ110090123105", "kaz 1100 901231 05", "ＫＡＺ110090123105"])
def test_foreigners_cards_of_before_2023_stay_valid(written: str) -> None:
    found = identity.check_id_number(written, today=date(2026, 11, 22))
    assert (found.number, found.birth_date) == ("KAZ110090123105", date(1990, 12, 31))
    assert (found.kind, found.sex, found.region_code) == ("foreigner", 0, "")
    assert "id.check_digit" not in codes(found)


def test_a_last_digit_that_does_not_fit_is_a_note_on_a_foreigners_card() -> None:
    found = identity.check_id_number("KAZ110090123101", today=date(2026, 11, 22))
    assert codes(found) == ["id.check_digit"]


def test_two_digits_of_a_year_are_the_last_century_unless_that_is_impossible() -> None:
    today = date(2026, 11, 22)
    assert identity.check_id_number("USA110026112205", today=today).birth_date == date(2026, 11, 22)
    assert identity.check_id_number("USA110026112305", today=today).birth_date == date(1926, 11, 23)
    assert identity.check_id_number("USA110000022905", today=today).birth_date == date(2000, 2, 29)


def test_the_check_digit_of_icao_is_that_of_its_own_example() -> None:
    assert identity.icao_check_digit("L898902C3") == "6"


def test_a_good_number_may_end_in_000() -> None:
    number = next(
        n
        for day in range(1, 29)
        for seq in (0, 100, 200, 300)
        if (n := identity.make_id_number("510722", date(1985, 3, day), seq)).endswith("000")
    )
    assert identity.check_id_number(number).number == number


def test_abolished_counties_stay_valid() -> None:
    number = identity.make_id_number("330103", date(1970, 1, 1), 5)  # Xiacheng, merged in 2021
    assert identity.check_id_number(number).region_code == "330103"


@pytest.mark.parametrize(("prefix", "kind"), [("810000", "residence_permit"), ("820000", "residence_permit"),
                                              ("830000", "residence_permit"), ("931840", "foreigner")])  # fmt: skip
def test_knows_permits_and_foreigners_cards(prefix: str, kind: str) -> None:
    assert identity.check_id_number(identity.make_id_number(prefix, date(1990, 5, 5), 11)).kind == kind


def test_says_in_advance_that_numbers_in_cells_lose_digits() -> None:
    assert identity.number_cell("id").code == "id.number_cell"
    assert identity.number_cell("card").code == "card.number_cell"


@given(
    st.sampled_from(["330113", "340321", "510722", "330103"]),
    st.dates(date(1930, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_the_check_digit_finds_every_wrong_digit(
    region: str, birth: date, seq: int, place: int, shift: int
) -> None:
    number = identity.make_id_number(region, birth, seq)
    assert identity.check_id_number(number).birth_date == birth
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(Malformed):
        identity.check_id_number(wrong)


@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.integers(0, 999), st.integers(0, 15))
def test_the_check_digit_finds_swapped_neighbours(birth: date, seq: int, place: int) -> None:
    number = identity.make_id_number("330113", birth, seq)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(Malformed):
            identity.check_id_number(swapped)


@given(st.text(max_size=25))
def test_any_text_gives_a_value_or_a_message(text: str) -> None:
    for check in (
        identity.check_id_number,
        identity.check_uscc,
        identity.normalise_card,
        identity.normalise_phone,
        identity.normalise_name,
    ):
        code = "id.none"
        try:
            assert check(text)
        except Malformed as refused:
            code = refused.code
        assert code.split(".")[0] in {"id", "uscc", "card", "phone", "name"}


def test_checks_company_codes() -> None:
    code = identity.make_uscc("330106", "MA27XYWA1")
    assert identity.check_uscc(f" {code.lower()} ") == code
    for wrong, reason in [
        (code[:-1] + ("1" if code[-1] != "1" else "2"), "uscc.checksum"),
        (code[:17], "uscc.length"),
        ("I" + code[1:], "uscc.characters"),
        ("", "uscc.empty"),
    ]:
        with pytest.raises(Malformed) as refused:
            identity.check_uscc(wrong)
        assert refused.value.code == reason


def test_a_failed_luhn_check_only_warns() -> None:
    assert identity.luhn_ok("6222021234567890128") == (
        not codes(identity.normalise_card("6222021234567890128"))
    )
    assert identity.luhn_ok("4111111111111111")
    bad = identity.normalise_card("4111 1111 1111 1112")
    assert bad.value == "4111111111111112"
    assert codes(bad) == ["text.spaces", "card.luhn"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("6.21226E+18", "card.scientific"),
        ("6222****0128", "card.masked"),
        ("建设银行", "card.characters"),
        ("12345", "card.length"),
        ("", "card.empty"),
    ],
)
def test_refuses_cards(written: str, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        identity.normalise_card(written)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "written",
    ["13800138000", "+86 138 0013 8000", "+8613800138000", "8613800138000", "0086-138-0013-8000", "138-0013-8000",
     "１３８００１３８０００", "13800138000.0"],
)  # fmt: skip
def test_reads_phones(written: str) -> None:
    assert identity.normalise_phone(written).value == "13800138000"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1.3E+10", "phone.scientific"),
        ("13800138000/13900139000", "phone.several"),
        ("1380013800", "phone.length"),
        ("12800138000", "phone.prefix"),
        ("0571-88888888", "phone.length"),
        ("138****8000", "phone.masked"),
        ("没有", "phone.characters"),
        ("", "phone.empty"),
    ],
)
def test_refuses_phones(written: str, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        identity.normalise_phone(written)
    assert refused.value.code == code


@pytest.mark.parametrize("dot", ["\u2022", "\u30fb", "\u2219", "\u25cf", "\u00b7", " \u2022 "])
def test_writes_the_dot_of_the_id_card(dot: str) -> None:
    result = identity.normalise_name(f"阿卜杜拉{dot}买买提")
    assert result.value == "阿卜杜拉\u00b7买买提"
    assert codes(result) == ([] if dot == "\u00b7" else ["name.dot"])


@pytest.mark.parametrize(
    ("written", "value"),
    [("刘 勇", "刘勇"), ("刘\n勇", "刘勇"), ("刘\u00a0勇", "刘勇"), ("刘　勇", "刘勇"), ("𠅤䶮", "𠅤䶮"), ("王\ue863", "王\ue863"),
     ("John Smith", "John Smith"), ("\u200b刘勇", "刘勇")],
)  # fmt: skip
def test_reads_names(written: str, value: str) -> None:
    assert identity.normalise_name(written).value == value


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "name.empty"),
        ("同上", "name.ditto"),
        ("刘勇（班长）", "name.hint"),
        ("刘勇*", "name.hint"),
        ("刘勇、王强", "name.several"),
        ("刘勇/王强", "name.several"),
        ("12345", "name.characters"),
        ("=cmd|刘", "name.characters"),
    ],
)
def test_reports_what_is_no_name(written: str, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        identity.normalise_name(written)
    assert refused.value.code == code


def test_masks() -> None:
    assert identity.mask_id("342221198503126017") == "3422**********6017"
    assert identity.mask_name("孙大强") == "孙**"
    assert identity.mask_name("孙") == "孙**"
    assert identity.mask_card("6222021234567892264") == "2264"
    assert identity.mask_phone("13800136017") == "138****6017"
    assert (identity.mask_id("12345"), identity.mask_name(""), identity.mask_card("123")) == ("*****", "", "")
