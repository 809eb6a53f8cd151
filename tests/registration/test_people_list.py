"""Lists of people as typed: what is read from a line, and that no line breaks the others."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registration.rules.people_list import read_text
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import make_id_number

ID = make_id_number("330723", date(1986, 11, 21), 227)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("孙德旺", ("", "孙德旺", None, None)),
        (ID, (ID, "", None, None)),
        (f"1. 孙德旺 {ID}", (ID, "孙德旺", None, None)),
        (f"孙德旺\t{ID}\t92", (ID, "孙德旺", None, Decimal("92.0"))),
        (f"3\t孙德旺\t{ID}\t92.5分\t合格", (ID, "孙德旺", True, Decimal("92.5"))),
        (f"{ID},不合格", (ID, "", False, None)),
        ("孙德旺，木工一班，缺考", ("", "孙德旺", False, None)),
        ("阿依古丽·买买提", ("", "阿依古丽·买买提", None, None)),
        ("孙 德 旺", ("", "孙德旺", None, None)),
        (ID.lower().replace("x", "х"), (ID, "", None, None)),
    ],
)
def test_reads_a_line(text: str, expected: tuple[str, str, bool | None, Decimal | None]) -> None:
    (line,) = read_text(text)
    assert line.problem is None
    assert (line.id_number, line.name, line.passed, line.score) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("330723198611212270", "id.checksum"),
        ("3307231986112", "id.length"),
        ("3.30723E+17", "id.scientific"),
        (f"{ID} {ID}", "list.several"),
        ("92", "list.nobody"),
        ("合格", "list.nobody"),
        ("???", "name.characters"),
    ],
)
def test_says_what_is_wrong_with_a_line(text: str, code: str) -> None:
    (line,) = read_text(text)
    assert line.problem is not None
    assert line.problem.code == code


def test_headings_and_blank_lines_are_no_people_and_numbers_are_as_seen() -> None:
    lines = read_text(f"姓名\t身份证号\t成绩\n\n孙德旺\t{ID}\t90\n\n周长根")
    assert [(line.number, line.name) for line in lines] == [(3, "孙德旺"), (5, "周长根")]


def test_a_list_has_its_limit() -> None:
    with pytest.raises(Malformed) as caught:
        read_text("\n".join(["孙德旺"] * 5001))
    assert caught.value.code == "list.too_long"


@given(st.text(max_size=400))
def test_whatever_is_pasted_every_line_is_a_person_or_a_problem(text: str) -> None:
    for line in read_text(text):
        assert line.problem is not None or line.id_number or line.name
        assert "\n" not in line.shown
        assert len(line.shown) <= 60
