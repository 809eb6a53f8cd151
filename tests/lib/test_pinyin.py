"""Initials by which names are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagewatch.lib.pinyin import LONGEST, initials_of, searched_initials


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("孙德旺", " sdw"),
        ("周长根", " zzg zcg"),
        ("单田芳", " stf dtf ctf"),
        ("解晓东", " xxd jxd"),
        ("曾志伟", " zzw czw"),
        ("仇和", " qh ch jh"),
        ("区楚良", " ocl qcl"),
        ("查良镛", " zly cly"),
        ("朴树", " ps"),
        ("尉迟恭", " ycg"),
        ("长孙无忌", " zswj zsmj"),
        ("万俟卨", " mqx"),
        ("翟志刚", " zzg dzg"),
        ("任长霞", " rzx rcx lzx lcx"),
        ("John Smith", " js john smith"),
        ("José Álvarez", " ja jose alvarez"),
        ("𠅤明", " xm"),
        ("", ""),
    ],
)
def test_every_reading_of_a_name(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_a_dotted_name_is_found_by_any_of_its_parts() -> None:
    found = initials_of("吾买尔·买买提").split()
    assert found[0] == "wmemmt"
    assert "mmt" in found


def test_a_private_use_character_of_old_cards_is_read() -> None:
    assert initials_of("孙\ue863") == " sy"


def test_a_character_nobody_can_read_leaves_the_others() -> None:
    assert initials_of("孙\ue000明") == " sm"


@pytest.mark.parametrize(
    ("typed", "initials"),
    [("sdw", "sdw"), ("S D W", "sdw"), ("ｓｄｗ", "sdw"), ("孙d", ""), ("6017", ""), ("s7", ""), ("", "")],
)
def test_what_was_typed_as_initials(typed: str, initials: str) -> None:
    assert searched_initials(typed) == initials


@given(st.text(min_size=1, max_size=50))
def test_any_text_has_few_and_short_initials(text: str) -> None:
    found = initials_of(text)
    assert len(found) <= LONGEST
    assert found == "" or found.startswith(" ")
    assert all(word.isascii() for word in found.split())


@given(st.text(alphabet="的单曾长乐任朝重行好", min_size=50, max_size=50))
def test_long_names_of_many_readings_do_not_explode(text: str) -> None:
    assert len(initials_of(text)) <= LONGEST
