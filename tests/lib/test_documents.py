"""Passports and travel permits: one way to write a number."""

import pytest

from wagewatch.lib.documents import index_text, normalise_document, normalise_nationality
from wagewatch.lib.errors import Malformed


@pytest.mark.parametrize(
    ("kind", "written", "number"),
    [
        ("08", "c 1234567", "C1234567"),
        ("08", "１２３４５６７８", "12345678"),
        ("10", "h12345678", "H12345678"),
        ("10", "M12345678 02", "M12345678"),
        ("12", "12345678", "12345678"),
        ("12", "1234567801(B)", "12345678"),
    ],
)
def test_a_document_is_written_in_one_way(kind: str, written: str, number: str) -> None:
    assert normalise_document(kind, written).value == number


def test_a_cut_renewal_count_is_said() -> None:
    assert [note.code for note in normalise_document("10", "M1234567802").notes] == ["id.renewal"]
    assert normalise_document("10", "M12345678").notes == ()


@pytest.mark.parametrize(
    ("kind", "written", "code"),
    [
        ("08", "", "id.empty"),
        ("08", "ABCDEFGH", "id.passport"),
        ("08", "A1", "id.passport"),
        ("10", "12345678", "id.permit"),
        ("12", "H12345678", "id.permit"),
        ("12", "123456789", "id.permit"),
    ],
)
def test_refuses_what_is_no_number_of_its_kind(kind: str, written: str, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        normalise_document(kind, written)
    assert refused.value.code == code


def test_passports_of_two_countries_are_two_documents() -> None:
    assert index_text("08", "C1234567", "VNM") != index_text("08", "C1234567", "PAK")
    assert index_text("10", "H12345678") != index_text("12", "H12345678")
    assert index_text("01", "330703198501010011") == "330703198501010011"


def test_a_nationality_has_three_letters() -> None:
    assert normalise_nationality(" vnm ") == "VNM"
    assert normalise_nationality("") == ""
    with pytest.raises(Malformed):
        normalise_nationality("越南")
