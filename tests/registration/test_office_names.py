"""Offices, projects and trades in English: composed from place and kind, or the English name on record."""

import pytest
from django.urls import reverse
from django.utils import translation

from registration.models import Authority, Project
from registration.office_names import name_of_office, office_name
from registration.rules.national_codes import TRADE_CODES
from registration.rules.trades import TRADES
from registration.services.parameters import forget
from registration.templatetags.named import named, office
from registration.trade_names import ENGLISH, trade_label
from tests.cast import Cast


@pytest.mark.parametrize(
    ("name", "kind", "english"),
    [
        ("金东区人力社保局", "labour", "Jindong labour office"),
        ("金东区劳动保障监察大队", "labour", "Jindong labour inspection"),
        ("金东区住房和城乡建设局", "housing", "Jindong housing office"),
        ("金东区交通运输局", "transport", "Jindong transport office"),
        ("金东区水务局", "water", "Jindong water office"),
        ("人民银行金东支行", "central_bank", "Jindong branch of the central bank"),
        ("一个新部门", "other", "一个新部门"),
    ],
)
def test_an_office_is_named_by_place_and_kind(cast: Cast, name: str, kind: str, english: str) -> None:
    forget()
    with translation.override("en"):
        assert name_of_office(name, kind, "330703") == english
    with translation.override("zh-hans"):
        assert name_of_office(name, kind, "330703") == name


def test_many_offices_are_named_without_a_query_each(cast: Cast, django_assert_num_queries: object) -> None:
    forget()
    offices = list(Authority.objects.all())
    with translation.override("en"):
        office_name(offices[0])
        with django_assert_num_queries(0):  # type: ignore[operator]
            assert [office(one) for one in offices] == ["Jindong labour office", "Wucheng labour office"]
    assert office(None) == ""


def test_a_project_has_its_english_name_where_one_is_on_record(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(name_en="Duohu plot B-07")
    project = Project.objects.get(pk=cast.project.pk)
    with translation.override("en"):
        assert named(project) == "Duohu plot B-07"
        assert named({"name": "甲", "name_en": ""}) == "甲"
        assert named(None) == ""
    with translation.override("zh-hans"):
        assert named(project) == project.name


def test_an_inspector_who_reads_english_knows_the_own_office_and_projects(cast: Cast) -> None:
    forget()
    Project.objects.filter(pk=cast.project.pk).update(name_en="Duohu plot B-07")
    client = cast.client(cast.li)
    client.cookies["django_language"] = "en"
    workload = client.get(reverse("inspection:cases-workload")).content.decode()
    assert "Jindong labour office" in workload
    assert cast.authority.name not in workload
    assert "Duohu plot B-07" in client.get(reverse("inspection:projects")).content.decode()
    page = client.get(reverse("inspection:project", args=[cast.project.pk])).content.decode()
    assert "Duohu plot B-07" in page
    assert cast.project.name not in page


def test_every_trade_of_the_lists_has_an_english_name_and_another_word_stays() -> None:
    assert {*TRADES, *TRADE_CODES.values()} == set(ENGLISH)
    with translation.override("en"):
        assert (trade_label("塔吊司机"), trade_label("抬石头的")) == ("tower crane operator", "抬石头的")
    with translation.override("zh-hans"):
        assert trade_label("塔吊司机") == "塔吊司机"
