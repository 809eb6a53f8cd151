"""Registering one person in the browser: found again by number and name, nothing revealed, nothing lost."""

import base64
import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from registration.models import Posting, SensitiveView, Worker, WorkerPhoto
from tests.cast import NOW, Cast, make_card_number, make_posting
from wagewatch.lib.identity import make_id_number

NUMBER = make_id_number("522121", date(1988, 4, 5), 331)


@pytest.fixture(autouse=True)
def _at_nine() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def face(width: int = 300, height: int = 400) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(out, "PNG")
    return SimpleUploadedFile("me.png", out.getvalue(), "image/png")


def send(cast: Cast, *, who: str = "qian", **typed: Any) -> Any:
    client = cast.client(getattr(cast, who))
    body = {"id_kind": "01", "id_number": NUMBER, "name": "罗大勇", "step": "find", **typed}
    return client.post(f"/people/{cast.project.pk}/new/", body)


def work(cast: Cast, **typed: Any) -> dict[str, Any]:
    return {
        "step": "save",
        "part": cast.sc_part.pk,
        "team": "木工一班",
        "trade": "木工",
        "pay_basis": "day",
        "rate": "380",
        "work_role": "20",
        "joined_on": "2026-11-16",
        "skill_grade": "0",
        **typed,
    }


def test_an_unknown_number_leads_to_the_whole_form(cast: Cast) -> None:
    page = send(cast)
    assert page.status_code == 200
    text = page.content.decode()
    assert "罗** " in text
    assert "贵州省" in text
    assert "1988-04-05" in text
    assert NUMBER in text, "the number goes on in the body of the form"
    assert page["Cache-Control"].count("no-store") == 1
    assert not SensitiveView.objects.exists()


def test_everything_typed_is_written(cast: Cast) -> None:
    number = make_card_number(88)
    answer = send(
        cast,
        **work(cast, phone="13857901111", card_number=number, bank_name="金华商贸银行", ethnicity="苗族"),
        education="02",
        photo=face(),
    )
    worker = Worker.objects.get(name="罗大勇")
    assert (answer.status_code, answer["Location"]) == (302, f"/people/{cast.project.pk}/{worker.pk}/")
    assert (worker.phone, worker.ethnicity, worker.education) == ("13857901111", "苗族", "02")
    assert worker.origin_code == "522121"
    posting = worker.postings.get()
    assert (posting.rate_fen, posting.registered_by, posting.team) == (38000, "form", cast.team)
    assert WorkerPhoto.objects.get(worker=worker).source == "file"


def test_a_wrong_field_loses_nothing_that_was_typed(cast: Cast) -> None:
    answer = send(cast, **work(cast, rate="三百八", phone="1385790111", address="多湖街 8 号"), photo=face())
    assert answer.status_code == 400
    text = answer.content.decode()
    assert {"rate"} == set(answer.context["work"].errors)
    assert {"phone"} == set(answer.context["person"].errors)
    for typed in ("三百八", "1385790111", "多湖街 8 号", "木工一班"):
        assert typed in text
    kept = answer.context["kept_photo"]
    assert Image.open(io.BytesIO(base64.b64decode(kept))).size == (300, 400)
    assert Worker.objects.count() == 3
    again = send(cast, **work(cast, phone="13857901111"), kept_photo=kept)
    assert again.status_code == 302
    assert WorkerPhoto.objects.count() == 1


def test_a_picture_that_is_none_stands_beside_its_field(cast: Cast) -> None:
    broken = SimpleUploadedFile("me.jpg", b"GIF89a", "image/jpeg")
    answer = send(cast, **work(cast), photo=broken)
    assert (answer.status_code, set(answer.context["person"].errors)) == (400, {"photo"})
    assert Worker.objects.count() == 3


@pytest.mark.parametrize("kept", ["***", "AAAA", base64.b64encode(b"x" * 300).decode()])
def test_a_kept_picture_that_was_changed_is_no_error_page(cast: Cast, kept: str) -> None:
    assert send(cast, **work(cast), kept_photo=kept).status_code in {302, 400}


def test_a_doubtful_card_number_is_asked_about_once(cast: Cast) -> None:
    wrong = make_card_number(88)
    wrong = wrong[:-1] + str((int(wrong[-1]) + 1) % 10)
    asked = send(cast, **work(cast, card_number=wrong))
    assert asked.status_code == 200
    assert len(asked.context["doubts"]) == 1
    assert Worker.objects.count() == 3
    assert send(cast, **work(cast, card_number=wrong), seen=asked.context["seen"]).status_code == 302
    assert Worker.objects.get(name="罗大勇").cards.get().number == wrong


def test_a_number_on_record_tells_nothing_without_the_right_name(cast: Cast) -> None:
    make_posting(cast.wu, cast.other_team, pin=9, joined_on=date(2026, 1, 5), left_on=date(2026, 5, 1))
    answer = send(cast, id_number=str(cast.wu.id_number), name="吴大妹")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "吴**" in text
    for secret in ("吴小妹", "白龙桥", "钢筋工", "13957901142", "139****1142"):
        assert secret not in text
    view = SensitiveView.objects.get()
    assert (view.worker, view.user, view.fields) == (cast.wu, cast.qian, "history: wrong name")


def test_names_cannot_be_guessed(cast: Cast) -> None:
    number = str(cast.wu.id_number)
    for guess in ("吴一", "吴二", "吴三", "吴四", "吴五"):
        assert send(cast, id_number=number, name=guess).status_code == 409
    right = send(cast, id_number=number, name="吴小妹")
    assert right.status_code == 409
    assert "白龙桥" not in right.content.decode()
    with time_machine.travel(NOW + timedelta(minutes=61)):
        assert send(cast, id_number=number, name="吴小妹").status_code == 200


def test_the_right_name_shows_the_working_life_without_pay(cast: Cast) -> None:
    answer = send(cast, id_number=str(cast.wu.id_number), name="吴小妹")
    assert answer.status_code == 200
    text = answer.content.decode()
    for shown in ("白龙桥标准厂房", "金华市婺城区", "钢筋工", "2026-08-03"):
        assert shown in text
    for hidden in ("¥", "360", "13957901142", str(cast.wu_card.number), "阔野"):
        assert hidden not in text
    view = SensitiveView.objects.get()
    assert (view.worker, view.fields, view.purpose) == (cast.wu, "history", "registration on a project")


def test_what_is_on_record_is_not_asked_again(cast: Cast) -> None:
    fields = send(cast, id_number=str(cast.wu.id_number), name="吴小妹").context["person"].fields
    assert "phone" not in fields
    assert "ethnicity" not in fields
    assert "education" in fields


def test_a_person_found_again_gets_work_here(cast: Cast) -> None:
    answer = send(cast, id_number=str(cast.wu.id_number), name="吴小妹", **work(cast, education="03"))
    assert answer.status_code == 302
    assert Worker.objects.count() == 3
    posting = Posting.objects.get(worker=cast.wu, project=cast.project)
    assert posting.rate_fen == 38000
    cast.wu.refresh_from_db()
    assert (cast.wu.education, cast.wu.phone) == ("03", "13957901142")


def test_who_works_here_already_is_shown_the_way_to_the_page(cast: Cast) -> None:
    answer = send(cast, id_number=str(cast.sun.id_number), name="孙德旺")
    assert answer.status_code == 200
    assert f"/people/{cast.project.pk}/{cast.sun.pk}/" in answer.content.decode()
    again = send(cast, id_number=str(cast.sun.id_number), name="孙德旺", **work(cast))
    assert again.status_code in {200, 400}
    assert Posting.objects.filter(worker=cast.sun).count() == 1


def test_a_passport_asks_for_what_its_number_does_not_tell(cast: Cast) -> None:
    passport = {"id_kind": "08", "id_number": "C1234567", "name": "Nguyen Van An"}
    asked = send(cast, **passport)
    assert (asked.status_code, set(asked.context["form"].errors)) == (400, {"nationality"})
    passport["nationality"] = "vnm"
    page = send(cast, **passport)
    assert {"sex", "birth_date", "english_name"} <= set(page.context["person"].fields)
    assert send(cast, **passport, **work(cast)).status_code == 400
    answer = send(cast, **passport, **work(cast, sex="1", birth_date="1990-02-03"))
    assert answer.status_code == 302
    worker = Worker.objects.get(name="Nguyen Van An")
    assert (worker.nationality, worker.birth_date, worker.sex) == ("VNM", date(1990, 2, 3), 1)
    worker.postings.update(left_on=date(2026, 11, 16))
    again = send(cast, **passport, **work(cast, joined_on="2026-11-17"))
    assert again.status_code == 302, again.context and again.context["person"].errors


@pytest.mark.parametrize(
    ("who", "status"), [("zhao", 200), ("qian", 200), ("he", 404), ("kong", 404), ("li", 404), ("guard", 404)]
)
def test_only_clerks_of_the_project_look_people_up(cast: Cast, who: str, status: int) -> None:
    answer = send(cast, who=who, id_number=str(cast.wu.id_number), name="吴小妹")
    assert answer.status_code == status
    assert SensitiveView.objects.count() == (1 if status == 200 else 0)


def test_a_subcontractor_cannot_register_for_another_company(cast: Cast) -> None:
    answer = send(cast, **work(cast, part=cast.gc_part.pk))
    assert (answer.status_code, set(answer.context["work"].errors)) == (400, {"part"})
    assert Worker.objects.count() == 3


def test_children_are_refused_on_top_of_the_form(cast: Cast) -> None:
    answer = send(cast, id_number=make_id_number("522121", date(2011, 1, 1), 331), **work(cast))
    assert answer.status_code == 400
    assert answer.context["person"].non_field_errors()
    assert Worker.objects.count() == 3
