"""Pages of trainings, certificates and citizen cards: what they show, what a click does, who sees nothing."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registration.models import Certificate, CitizenCard, Posting, Training, TrainingAttendance
from tests.cast import Cast, make_posting, make_worker
from tests.registration.papers import Nanjing, apply_for, move, nanjing, png, seed_conditions, sheet, train

FACTS = {
    "kind": "003001",
    "name": "三级安全教育",
    "held_on": "2026-11-12",
    "minutes": "120",
    "trainer": "秦安",
}


@pytest.fixture(autouse=True)
def _today(cast: Cast, time_machine: Any) -> None:
    seed_conditions()
    time_machine.move_to(cast.now, tick=False)


def url(cast: Cast, tail: str = "") -> str:
    return f"/people/{cast.project.pk}/{tail}"


def record(cast: Cast, **body: Any) -> Any:
    data = FACTS | {"part": cast.sc_part.pk} | body
    return cast.client(cast.qian).post(url(cast, "trainings/new/"), data)


def test_people_and_person_pages_say_who_may_not_enter_and_why(cast: Cast) -> None:
    train(cast, cast.sun)
    client = cast.client(cast.zhao)
    page = client.get(url(cast), headers={"accept-language": "en"})
    assert {k: v["level"] for k, v in page.context["standings"].items()} == {
        cast.sun_posting.pk: "warn",
        cast.zhou_posting.pk: "deny",
    }
    text = page.content.decode()
    assert "may not enter" in text
    assert "no safety training" in text
    barred = client.get(url(cast, "?state=barred")).content.decode()
    assert ("周**" in barred, "孙**" in barred) == (True, False)
    person = client.get(url(cast, f"{cast.zhou.pk}/"), headers={"accept-language": "en"}).content.decode()
    assert "The gates do not let this person in" in person
    assert "建市〔2019〕18号" in person
    project = client.get(f"/projects/{cast.project.pk}/")
    assert {k: project.context["papers"][k] for k in ("barred", "warned", "lacking", "scheme")} == {
        "barred": 1, "warned": 1, "lacking": 1, "scheme": False,
    }  # fmt: skip


def test_the_worklist_leads_to_the_form_with_these_people_ticked(cast: Cast) -> None:
    train(cast, cast.sun)
    client = cast.client(cast.zhao)
    page = client.get(url(cast, "trainings/lacking/"))
    assert [row["posting"].worker_id for row in page.context["rows"]] == [cast.zhou.pk]
    assert f"/people/{cast.project.pk}/trainings/new/?show=lacking" in page.content.decode()
    form = client.get(url(cast, "trainings/new/?show=lacking"))
    assert [(one["posting"].worker_id, one["ticked"]) for one in form.context["people"]] == [
        (cast.zhou.pk, True)
    ]
    answer = record(cast, who=[cast.zhou.pk])
    assert answer.status_code == 302
    assert client.get(url(cast, "trainings/lacking/")).context["total"] == 0


def test_records_by_ticks_paste_and_file_and_shows_the_lines_not_taken(cast: Cast) -> None:
    third, _card = make_worker("冯小满", seq=555)
    make_posting(third, cast.team, pin=55)
    listed = SimpleUploadedFile("名单.xlsx", sheet(("姓名", "成绩"), [("冯小满", "88"), ("王无名", "90")]))
    scan = SimpleUploadedFile("签到表.png", png())
    answer = record(
        cast, who=[cast.sun.pk], people=f"{cast.zhou.id_number} 不合格\n赵不在", list_file=listed, scan=scan
    )
    training = Training.objects.get()
    assert answer.url == url(cast, f"trainings/{training.pk}/")
    assert dict(TrainingAttendance.objects.values_list("worker_id", "passed")) == {
        cast.sun.pk: True, cast.zhou.pk: False, third.pk: True,
    }  # fmt: skip
    client = cast.client(cast.qian)
    client.cookies = answer.client.cookies
    page = client.get(answer.url)
    assert [(line, shown) for line, shown, _why in page.context["refused"]["rows"]] == [
        (2, "赵**"),
        (3, "王**"),
    ]
    assert client.get(answer.url).context["refused"] is None, "shown once"
    file = client.get(url(cast, f"trainings/{training.pk}/record/"))
    assert (file.content, file["Content-Type"], file["Cache-Control"]) == (png(), "image/png", "no-store")


def test_a_refusal_stands_beside_its_field_and_writes_nothing(cast: Cast) -> None:
    for body, field in (
        ({}, "people"),
        ({"who": [cast.sun.pk], "held_on": "2026-11-17"}, "held_on"),
        ({"who": [cast.sun.pk], "minutes": "0"}, "minutes"),
        ({"people": "赵不在"}, "people"),
        ({"who": [cast.sun.pk], "scan": SimpleUploadedFile("a.png", b"no picture")}, "scan"),
        ({"who": [cast.sun.pk], "list_file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04broken")}, "list_file"),
        ({"who": [cast.sun.pk], "part": cast.gc_part.pk}, "part"),
    ):
        answer = record(cast, **body)
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field]), body
    assert record(cast, who=[cast.wu.pk]).status_code == 404
    assert not Training.objects.exists()


def test_corrects_results_and_takes_people_off(cast: Cast) -> None:
    training = train(cast, cast.sun, cast.zhou)
    client = cast.client(cast.qian)
    base = url(cast, f"trainings/{training.pk}/")
    assert client.post(base + "results/", {"who": [cast.sun.pk], "act": "failed"}).status_code == 302
    assert client.post(base + "results/", {"who": [cast.zhou.pk], "act": "remove"}).status_code == 302
    assert list(TrainingAttendance.objects.values_list("worker_id", "passed")) == [(cast.sun.pk, False)]
    assert client.post(base + "edit/", FACTS | {"name": "班组级教育"}).status_code == 302
    assert Training.objects.get().name == "班组级教育"
    assert client.post(base + "add/", {"people": ""}).status_code == 400
    assert cast.client(cast.he).get(base).context["may_change"] is False
    assert client.post(base + "delete/").status_code == 302
    assert not Training.objects.exists()


def test_enters_and_corrects_a_certificate_with_the_number_masked(cast: Cast) -> None:
    client = cast.client(cast.qian)
    base = url(cast, f"{cast.sun.pk}/certificates/")
    body = {
        "kind": "special",
        "trade": "架子工",
        "number": "ZA-778899",
        "issuer": "省住建厅",
        "issued_on": "2025-03-01",
    }
    assert client.post(base + "new/", body).status_code == 302
    found = Certificate.objects.get()
    again = client.post(base + "new/", body)
    assert (again.status_code, list(again.context["form"].errors)) == (400, ["number"])
    for page in (url(cast, f"{cast.sun.pk}/"), f"{base}{found.pk}/", url(cast, "certificates/?show=all")):
        text = client.get(page).content.decode()
        assert "ZA-778899" not in text
        assert "8899" in text
    changed = client.post(f"{base}{found.pk}/", body | {"number": "", "expires_on": "2026-12-01"})
    assert changed.status_code == 302
    found.refresh_from_db()
    assert (found.number, found.expires_on) == ("ZA-778899", date(2026, 12, 1))
    page = client.get(url(cast, "certificates/"))
    assert (page.context["show"], page.context["counts"]) == ("ending", {"missing": 0, "ending": 1, "all": 1})
    Posting.objects.filter(pk=cast.zhou_posting.pk).update(trade="电工")
    assert client.get(url(cast, "certificates/")).context["show"] == "missing"


def test_the_phone_shows_the_workers_own_papers_only(cast: Cast) -> None:
    train(cast, cast.zhou)
    client = cast.client(cast.sun)
    text = client.get("/me/trainings/", headers={"accept-language": "en"}).content.decode()
    assert "no safety training" in text
    assert "入场三级安全教育" not in text
    train(cast, cast.sun)
    text = client.get("/me/trainings/", headers={"accept-language": "en"}).content.decode()
    assert "入场三级安全教育" in text
    assert "no safety training" not in text


@pytest.fixture
def site(cast: Cast) -> Nanjing:
    return nanjing(cast)


def test_the_page_of_citizen_cards_exists_only_in_its_city(cast: Cast, site: Nanjing) -> None:
    client = cast.client(cast.zhao)
    assert client.get(url(cast, "citizen-cards/")).status_code == 404
    page = client.get(f"/people/{site.project.pk}/citizen-cards/")
    assert (page.status_code, page.context["show"]) == (200, "overdue")
    assert [s["figure"] for s in page.context["stats"]] == [2, 0, 0, 2, 2]
    assert "citizen-cards" in client.get(f"/projects/{site.project.pk}/").content.decode()
    assert "citizen-cards" not in client.get(f"/projects/{cast.project.pk}/").content.decode()


def test_steps_for_many_and_for_one(cast: Cast, site: Nanjing) -> None:
    client = cast.client(cast.zhao)
    base = f"/people/{site.project.pk}/citizen-cards/"
    both = [site.wang.pk, site.ma.pk]
    assert (
        client.post(base + "steps/", {"who": both, "act": "apply", "on": "2026-11-16", "show": "none"}).url
        == base + "?show=none"
    )
    assert (
        client.post(base + "steps/", {"who": both, "act": "submitted", "on": "2026-11-16"}).status_code == 302
    )
    assert client.post(base + "steps/", {"who": both, "act": "lost", "on": "2026-11-16"}).status_code == 302
    assert client.post(base + "steps/", {"act": "issued", "on": "x"}).status_code == 302
    assert set(CitizenCard.objects.values_list("state", flat=True)) == {"submitted"}
    card = CitizenCard.objects.get(worker=site.wang)
    one = f"{base}{card.pk}/"
    assert client.post(one, {"to": "issued", "on": "2026-11-16", "number": "NJ00000001"}).status_code == 302
    refused = client.post(one, {"to": "collected", "on": "2026-11-15"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["on"])
    assert client.post(one, {"to": "collected", "on": "2026-11-16"}).status_code == 302
    text = client.get(one).content.decode()
    assert ("NJ00000001" in text, "0001" in text) == (False, True)
    assert cast.client(cast.kong).get(one).status_code == 404


def test_the_card_centres_file_names_every_row_not_taken(cast: Cast, site: Nanjing) -> None:
    (card,) = apply_for(cast, site, site.wang)
    move(cast, site, card, ("submitted", date(2026, 11, 4)))
    rows = [(site.wang.id_number, "NJ00000001"), (cast.sun.id_number, "NJ00000002")]
    file = SimpleUploadedFile("结果.xlsx", sheet(("身份证号", "卡号"), rows))
    page = cast.client(cast.zhao).post(f"/people/{site.project.pk}/citizen-cards/import/", {"file": file})
    assert (page.status_code, page.context["done"].issued, len(page.context["done"].refused)) == (200, 1, 1)
    assert str(cast.sun.id_number) not in page.content.decode()


def test_the_phone_shows_how_far_the_card_is(cast: Cast, site: Nanjing) -> None:
    (card,) = apply_for(cast, site, site.wang)
    move(cast, site, card, ("submitted", date(2026, 11, 4)))
    client = cast.client(site.wang)
    page = client.get("/me/citizen-card/", headers={"accept-language": "en"})
    steps = page.context["cards"][0]["steps"]
    assert [(s["text"], s["done"]) for s in steps] == [
        ("Your firm applied for it", True),
        ("The card centre has the papers", True),
        ("Your firm has the card", False),
        ("You have the card", False),
        ("The bank function is open", False),
    ]
    assert steps[2]["note"] == "by Thu 11/12"
    assert "/me/citizen-card/" in client.get("/me/").content.decode()
    assert "/me/citizen-card/" not in cast.client(cast.sun).get("/me/").content.decode()


def test_who_registers_somebody_learns_at_once_what_keeps_them_out(cast: Cast) -> None:
    from wagewatch.lib.identity import make_id_number

    number = make_id_number("341221", date(1990, 5, 4), 113)
    found = {"step": "find", "id_kind": "01", "id_number": number, "name": "冯小满", "nationality": "CHN"}
    client = cast.client(cast.qian)
    page = client.post(url(cast, "new/"), found)
    assert [f["code"] for f in page.context["findings"]] == ["entry.training", "entry.contract"]
    assert "没有安全培训" in page.content.decode()
