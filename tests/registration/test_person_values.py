"""Reading one person and their work from typed values: nothing guessed, every refusal beside its field."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registration.models import (
    Education,
    Household,
    IdKind,
    PayBasis,
    PieceUnit,
    Politics,
    SkillGrade,
    WorkerPhoto,
    WorkRole,
)
from registration.rules import person_values as rules
from registration.rules.ethnic_groups import ETHNIC_GROUPS, ethnic_group
from registration.rules.person_values import (
    PersonValues,
    PostingValues,
    kind_of_number,
    read_details,
    read_document,
    read_person,
    read_posting,
)
from tests.cast import TODAY
from wagewatch.lib.identity import make_id_number
from wagewatch.lib.origins import origin_name

NUMBER = make_id_number("522121", date(1988, 4, 5), 331)
FIELDS = [*PersonValues.__struct_fields__, *PostingValues.__struct_fields__, "rate", "no_phone"]
typed_texts = st.one_of(
    st.text(max_size=30), st.sampled_from([NUMBER, "罗大勇", "2026-11-16", "08", "03", "无", "-"])
)


def test_the_codes_are_those_of_the_models() -> None:
    assert set(Household.values) == rules.HOUSEHOLDS
    assert set(Education.values) == rules.EDUCATIONS
    assert set(Politics.values) == rules.POLITICS
    assert set(SkillGrade.values) == rules.SKILL_GRADES
    assert set(PayBasis.values) == rules.BASES
    assert set(PieceUnit.values) == rules.PIECE_UNITS
    assert set(WorkRole.values) == rules.WORK_ROLES
    assert set(WorkerPhoto.Source.values) == rules.PHOTO_SOURCES
    assert set(IdKind.values) == rules.NUMBERED | rules.DOCUMENTS


def test_there_are_56_ethnic_groups() -> None:
    assert len([code for code in ETHNIC_GROUPS if code <= "56"]) == 56
    assert len(set(ETHNIC_GROUPS.values())) == 58
    assert [ethnic_group(t) for t in ("汉", "汉族", "05", "维吾尔", "火星", "")] == [
        "汉族", "汉族", "维吾尔族", "维吾尔族", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("330703", "浙江省金华市金东区"),
        ("330719", "浙江省金华市"),
        ("110101", "北京市东城区"),
        ("330000", "浙江省"),
        ("710000", "台湾省"),
        ("999999", ""),
        ("", ""),
    ],
)
def test_origins_are_named_as_far_as_they_exist(code: str, name: str) -> None:
    assert origin_name(code) == name


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (NUMBER, ("01", "CHN")),
        (make_id_number("810000", date(1990, 1, 1), 1), ("02", "CHN")),
        ("911398199012310021", ("03", "")),
        ("KAZ110090123105", ("03", "KAZ")),
    ],
)
def test_the_number_tells_the_kind(number: str, kind: tuple[str, str]) -> None:
    assert kind_of_number(number) == kind


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"id_number": ""}, "id_number", "id.empty"),
        ({"id_number": NUMBER[:-1]}, "id_number", "id.length"),
        ({"name": "罗大勇（班长）"}, "name", "name.hint"),
        ({"birth_date": "1988-04-06"}, "id_number", "id.birth_differs"),
        ({"id_kind": "77"}, "id_kind", "choice.unknown"),
        ({"id_kind": "08", "id_number": "C1234567", "sex": "1", "birth_date": "1990-01-01"},
         "nationality", "nationality.missing"),
        ({"id_kind": "10", "id_number": "H12345678", "birth_date": "1990-01-01"}, "sex", "sex.choose"),
        ({"id_kind": "10", "id_number": "H12345678", "sex": "1"}, "birth_date", "birth_date.missing"),
        ({"id_kind": "10", "id_number": "H12345678", "sex": "1", "birth_date": "2062-01-01"},
         "birth_date", "birth_date.wrong"),
        ({"id_number": "911398199012310021"}, "nationality", "nationality.missing"),
        ({"phone": "1385790111"}, "phone", "phone.length"),
        ({"card_number": "工行"}, "card_number", "card.characters"),
        ({"id_valid_from": "2026-01-01", "id_valid_until": "2020-01-01"}, "id_valid_until", "id.validity"),
    ],
)  # fmt: skip
def test_refusals_stand_beside_their_field(typed: dict[str, str], field: str, code: str) -> None:
    values, said = read_person({"name": "罗大勇", "id_number": NUMBER, **typed}, today=TODAY)
    assert values is None
    assert [(m.field, m.code) for m in said if m.kind == "stop"] == [(field, code)]


def test_what_is_read_from_an_identity_card_is_taken_as_it_is() -> None:
    values, said = read_person(
        {
            "name": "罗大勇",
            "id_number": NUMBER,
            "sex": "男",
            "ethnicity": "苗",
            "birth_date": date(1988, 4, 5),
            "address": "贵州省遵义市",
            "id_issuer": "遵义市公安局",
            "id_valid_from": date(2016, 1, 2),
            "id_valid_until": "长期",
        },
        today=TODAY,
    )
    assert values is not None
    assert [m.code for m in said] == ["phone.none"]
    assert (values.ethnicity, values.id_issuer, values.id_valid_from, values.id_valid_until) == (
        "苗族",
        "遵义市公安局",
        date(2016, 1, 2),
        None,
    )


def test_a_doubtful_card_is_a_warning() -> None:
    values, said = read_person(
        {"name": "罗大勇", "id_number": NUMBER, "phone": "13857901111", "card_number": "6222020000000000001"},
        today=TODAY,
    )
    assert values is not None
    assert [(m.kind, m.code) for m in said] == [("warn", "card.luhn")]


@given(st.dictionaries(st.sampled_from(FIELDS), typed_texts, max_size=12))
def test_any_typing_is_values_or_a_refusal(typed: dict[str, Any]) -> None:
    for values, said in (
        read_person(typed, today=TODAY),
        read_posting(typed, today=TODAY),
        read_document(typed, today=TODAY),
        read_details(typed),
    ):
        assert (values is None) == any(m.kind == "stop" for m in said)
