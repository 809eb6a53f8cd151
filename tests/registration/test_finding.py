"""Finding people: by name, initials, the end of a number, a whole number; within reach, by the indexes."""

import random

import pytest
from django.db import connection

from registration.access import postings_for
from registration.finding import _by_number, _by_words, find_people, is_whole_number
from registration.models import Posting, Worker
from registration.services.initials import fill_initials
from tests.cast import NOW, TODAY, Cast, make_posting, make_worker
from tests.registration.rosters import applied, person, xlsx
from wagewatch.lib.copying import copy_rows
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.pinyin import initials_of


@pytest.fixture
def site(cast: Cast) -> Cast:
    """The cast with initials, and a Uyghur, a Latin and a similar name beside them."""
    for n, name in enumerate(("买买提·艾力", "John Smith", "孙德望", "单小芳"), 40):
        worker, _card = make_worker(name, seq=n, phone=f"1390000{n:04d}")
        make_posting(worker, cast.team, pin=n)
    assert fill_initials() == 7
    return cast


def names(cast: Cast, words: str) -> list[str]:
    everybody = postings_for(cast.actor(cast.zhao), cast.project).order_by("pk")
    return [p.worker.name for p in find_people(everybody, words).postings.select_related("worker")]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("孙德旺", ["孙德旺"]),
        (" 孙 德 旺 ", ["孙德旺"]),
        ("孙", ["孙德旺", "孙德望"]),
        ("德旺", ["孙德旺"]),
        ("孙德", ["孙德旺", "孙德望"]),
        ("艾力", ["买买提·艾力"]),
        ("买买提•艾力", ["买买提·艾力"]),
        ("sdw", ["孙德旺", "孙德望"]),
        ("S D W", ["孙德旺", "孙德望"]),
        ("sd", ["孙德旺", "孙德望"]),
        ("sxf", ["单小芳"]),
        ("dxf", ["单小芳"]),
        ("smith", ["John Smith"]),
        ("dw", []),
        ("", ["孙德旺", "周长根", "买买提·艾力", "John Smith", "孙德望", "单小芳"]),
        ("\x00", ["孙德旺", "周长根", "买买提·艾力", "John Smith", "孙德望", "单小芳"]),
    ],
)
def test_words_find_people(site: Cast, words: str, found: list[str]) -> None:
    assert names(site, words) == found


def test_numbers_find_people(site: Cast) -> None:
    assert names(site, site.sun.id_tail) == ["孙德旺"]
    assert names(site, str(site.sun.id_number)) == ["孙德旺"]
    assert names(site, f" {site.sun.id_number[:6]} {site.sun.id_number[6:]}") == ["孙德旺"]
    assert names(site, site.sun_phone) == ["孙德旺"]
    assert names(site, f"+86 {site.sun_phone}") == []
    assert names(site, str(site.wu.id_number)) == []


def test_a_typing_error_finds_the_nearest(site: Cast) -> None:
    everybody = postings_for(site.actor(site.zhao), site.project)
    found = find_people(everybody, "孙德忘")
    assert found.is_close
    assert {p.worker.name for p in found.postings} == {"孙德旺", "孙德望"}
    assert not find_people(everybody, "孙德旺").is_close


def test_nobody_out_of_reach_is_found(site: Cast) -> None:
    everybody = postings_for(site.actor(site.kong), site.other_project)
    assert [p.worker.name for p in find_people(everybody, "wxm").postings] == ["吴小妹"]
    assert list(find_people(everybody, "sdw").postings) == []
    assert list(find_people(everybody, str(site.sun.id_number)).postings) == []


@pytest.mark.parametrize(
    ("words", "whole"),
    [("330703198501010011", True), ("13857906017", True), ("H12345678", True), ("KAZ110090123105", True),
     ("6017", False), ("孙德旺", False), ("sdw", False), ("601x", False), ("", False)],
)  # fmt: skip
def test_what_must_not_stand_in_an_address(words: str, whole: bool) -> None:
    assert is_whole_number(words) is whole


def test_a_roster_brings_initials_and_kind(cast: Cast) -> None:
    applied(cast, xlsx([person(1, 姓名="曾志伟")]))
    worker = Worker.objects.get(name="曾志伟")
    assert (worker.initials, worker.id_kind, worker.nationality) == (" zzw czw", "01", "CHN")
    assert worker.updated_at == NOW


def test_filling_initials_twice_changes_nothing(cast: Cast) -> None:
    assert fill_initials() == 3
    assert fill_initials() == 0
    assert Worker.objects.get(pk=cast.sun.pk).initials == " sdw"


def test_each_kind_of_words_is_served_by_an_index(cast: Cast) -> None:
    rnd = random.Random(4)
    given = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂德旺长根福贵华国建民志红玉兰春梅"
    surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾"
    names = ["".join((rnd.choice(surnames), rnd.choice(given), rnd.choice(given))) for _n in range(40_000)]
    columns = ["name", "initials", "id_number", "id_index", "id_tail", "sex", "birth_date", "origin_code",
               "ethnicity", "registered_at"]  # fmt: skip
    always = (b"-" * 300,)
    rows = (
        (name, initials_of(name), *always, blind_index(str(n), kind="id"), f"{n % 10_000:04d}", 1, TODAY, "", "", NOW)
        for n, name in enumerate(names)
    )  # fmt: skip
    with connection.cursor() as cursor:
        copy_rows(cursor, "registration_worker", columns, rows)
        cursor.execute("SELECT gin_clean_pending_list('worker_name_trgm')")
        cursor.execute("SELECT gin_clean_pending_list('worker_initials_trgm')")
        cursor.execute("ANALYZE registration_worker")
    for words, index in (
        ("孙德旺", "worker_name_trgm"),
        ("德旺", "worker_name_trgm"),
        ("孙德", "worker_name_trgm"),
        ("sdw", "worker_initials_trgm"),
        ("6017", "worker_id_tail"),
        (str(cast.sun.id_number), "registration_worker_id_index_key"),
    ):
        described = _by_number(words) if is_whole_number(words) else _by_words(words)
        plan = Worker.objects.filter(described).values("pk").explain()
        assert index in plan, plan
        assert "Seq Scan" not in plan, plan


def test_the_people_page_finds_by_number_without_writing_it_into_the_address(cast: Cast) -> None:
    client, address = cast.client(cast.zhao), f"/people/{cast.project.pk}/"
    page = client.post(address, {"q": str(cast.sun.id_number), "state": "all"})
    assert page.status_code == 200
    assert [p.worker_id for p in page.context["page"]] == [cast.sun.pk]
    sent_on = client.post(address, {"q": "孙", "state": "all"})
    assert sent_on.status_code == 302
    assert sent_on["Location"] == f"{address}?state=all&q=%E5%AD%99"
    by_hand = client.get(address, {"q": str(cast.sun.id_number)})
    assert (by_hand.status_code, by_hand["Location"]) == (302, address)


def test_inspectors_find_people_of_their_region_only(site: Cast) -> None:
    page = site.client(site.li).post("/supervision/people/", {"q": str(site.sun.id_number)})
    assert [p.worker_id for p in page.context["page"]] == [site.sun.pk]
    assert (
        list(
            site.client(site.wang)
            .post("/supervision/people/", {"q": str(site.sun.id_number)})
            .context["page"]
        )
        == []
    )
    page = site.client(site.li).get("/supervision/people/", {"q": "sdw"})
    assert [p.worker.name for p in page.context["page"]] == ["孙德旺", "孙德望"]


def test_all_postings_of_a_person_are_found(site: Cast) -> None:
    everywhere = Posting.objects.all()
    assert find_people(everywhere, "吴小妹").postings.count() == 1
