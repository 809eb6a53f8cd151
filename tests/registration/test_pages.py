"""Pages of projects, people and rosters: who sees what, how many queries, what is written down."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from registration.models import BankCard, Participation, Posting, RosterRow, RosterUpload, SensitiveView, Team
from tests.cast import NOW, Cast, make_card_number, make_posting, make_worker
from tests.registration.rosters import person, staged, xlsx
from wagewatch.lib.sheets import read_workbook


def url(cast: Cast, tail: str = "", root: str = "people") -> str:
    return f"/{root}/{cast.project.pk}/{tail}"


def crowd(cast: Cast, number: int, start: int = 300) -> None:
    for n in range(start, start + number):
        worker, _card = make_worker(f"林{n}", seq=n, birth=date(1981, 2, 1 + n % 28))
        make_posting(worker, cast.team, pin=n)


def queries(client: Any, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("who", ["zhao", "he", "qian"])
def test_insiders_see_the_people_masked(cast: Cast, who: str) -> None:
    text = cast.client(getattr(cast, who)).get(url(cast)).content.decode()
    assert "孙**" in text
    assert cast.sun.id_tail in text
    for secret in (cast.sun.name, cast.sun.id_number, cast.sun_phone, cast.sun_card.number):
        assert str(secret) not in text


@pytest.mark.parametrize("who", ["kong", "li", "wang", "officer"])
@pytest.mark.parametrize("tail", ["", "export/", "{sun}/", "rosters/", "rosters/template/"])
def test_outsiders_get_404(cast: Cast, who: str, tail: str) -> None:
    client = cast.client(getattr(cast, who))
    assert client.get(url(cast, tail.format(sun=cast.sun.pk))).status_code == 404


def test_a_subcontractor_does_not_see_people_of_others(cast: Cast) -> None:
    worker, _card = make_worker("何小满", seq=777)
    make_posting(worker, cast.gc_team, pin=77)
    client = cast.client(cast.qian)
    assert "何**" not in client.get(url(cast)).content.decode()
    assert client.get(url(cast, f"{worker.pk}/")).status_code == 404
    assert "何**" in cast.client(cast.zhao).get(url(cast)).content.decode()


def test_nobody_signed_in_is_sent_to_sign_in(cast: Cast, client: Any) -> None:
    answer = client.get(url(cast))
    assert (answer.status_code, answer.url) == (302, f"/accounts/sign-in/?next=/people/{cast.project.pk}/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=孙", {"孙**"}),
        ("?q=长根", {"周**"}),
        ("?q={tail}", {"孙**"}),
        ("?q=无此人", set()),
        ("?state=left", set()),
        ("?state=all", {"孙**", "周**"}),
        ("?state=no_card", set()),
        ("?team=999999999999999999999", {"孙**", "周**"}),
        ("?team=x&page=zz&q=%00", {"孙**", "周**"}),
    ],
)
def test_filters_in_the_address(cast: Cast, query: str, found: set[str]) -> None:
    page = cast.client(cast.zhao).get(url(cast) + query.format(tail=cast.sun.id_tail))
    text = page.content.decode()
    assert {name for name in ("孙**", "周**") if name in text} == found


def test_query_counts_do_not_grow_with_rows(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    places = [url(cast), f"/projects/{cast.project.pk}/", "/projects/", url(cast, "rosters/")]
    client.get(url(cast))
    few = [queries(client, place) for place in places]
    crowd(cast, 60)
    for n in range(10):
        Team.objects.create(project=cast.project, participation=cast.sc_part, name=f"班{n}")
        staged(cast, xlsx([person(1)]))
    assert [queries(client, place) for place in places] == few
    assert few == [14, 18, 6, 9]


def test_the_list_of_projects_counts_people_and_missing_cards(cast: Cast) -> None:
    worker, _none = make_worker("林无卡", seq=555, card=False)
    make_posting(worker, cast.gc_team, pin=55)
    page = cast.client(cast.zhao).get("/projects/").context["page"]
    assert [(p.name, p.people, p.cardless) for p in page] == [("多湖 B-07 地块住宅", 3, 1)]
    page = cast.client(cast.qian).get("/projects/").context["page"]
    assert [(p.people, p.cardless) for p in page] == [(2, 0)]


def test_the_project_page_shows_the_chain(cast: Cast) -> None:
    text = cast.client(cast.zhao).get(f"/projects/{cast.project.pk}/").content.decode()
    for name in ("金华多湖置业有限公司", "浙江岑岭建设有限公司", "金华沐川建筑劳务有限公司", "木工一班"):
        assert name in text
    assert cast.client(cast.kong).get(f"/projects/{cast.project.pk}/").status_code == 404


def test_the_export_is_masked_and_has_no_formulas(cast: Cast) -> None:
    cast.team.name = "=1+1"
    cast.team.save()
    answer = cast.client(cast.zhao).get(url(cast, "export/"))
    sheet = read_workbook(b"".join(answer.streaming_content), "a.xlsx").sheets[0]
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert rows[1][:5] == ["孙**", cast.sun.id_tail, "金华沐川建筑劳务有限公司", "=1+1", "木工"]
    assert sheet.rows[1][3].kind == "text"
    assert rows[1][6] == 360


def test_unmasking_asks_a_purpose_and_is_written_down(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    address = url(cast, f"{cast.sun.pk}/unmask/")
    assert client.post(address).status_code == 409
    assert client.post(address, {"purpose": "made up"}).status_code == 409
    assert SensitiveView.objects.count() == 0
    shown = client.post(address, {"purpose": "contract"})
    text = shown.content.decode()
    for full in (cast.sun.name, cast.sun.id_number, cast.sun_phone, cast.sun_card.number):
        assert str(full) in text
    assert "no-store" in shown["Cache-Control"]
    view = SensitiveView.objects.get()
    assert (view.user, view.worker, view.project, view.purpose) == (
        cast.zhao,
        cast.sun,
        cast.project,
        "contract",
    )
    assert str(cast.sun.id_number) not in client.get(url(cast, f"{cast.sun.pk}/")).content.decode()


def test_unmasking_needs_the_role(cast: Cast) -> None:
    address = url(cast, f"{cast.sun.pk}/unmask/")
    assert cast.client(cast.he).post(address, {"purpose": "contract"}).status_code == 403
    assert cast.client(cast.kong).post(address, {"purpose": "contract"}).status_code == 404
    assert SensitiveView.objects.count() == 0


def test_another_card_after_a_returned_payment(cast: Cast) -> None:
    client, number = cast.client(cast.zhao), make_card_number(4711)
    answer = client.post(url(cast, f"{cast.sun.pk}/card/"), {"number": number, "bank_name": "新行"})
    assert answer.status_code == 302
    cards = list(cast.sun.cards.order_by("pk").values_list("tail", "is_current", "bank_name"))
    assert cards == [(cast.sun_card.tail, False, "金华商贸银行"), (number[-4:], True, "新行")]
    made = BankCard.objects.latest("pk").history.get()
    assert (made.history_type, made.history_user_id) == ("+", cast.zhao.pk)


@pytest.mark.parametrize("number", ["", "6222", "银行卡", "6.2E+18"])
def test_refuses_what_is_no_card(cast: Cast, number: str) -> None:
    answer = cast.client(cast.zhao).post(url(cast, f"{cast.sun.pk}/card/"), {"number": number})
    assert answer.status_code == 400
    assert cast.sun.cards.count() == 1


def test_refuses_a_card_of_somebody_else(cast: Cast) -> None:
    data = {"number": cast.wu_card.number}
    assert cast.client(cast.zhao).post(url(cast, f"{cast.sun.pk}/card/"), data).status_code == 400
    assert cast.sun.cards.get().is_current is True


def test_managers_and_rivals_cannot_change_a_card(cast: Cast) -> None:
    data = {"number": make_card_number(4711)}
    assert cast.client(cast.he).post(url(cast, f"{cast.sun.pk}/card/"), data).status_code == 403
    assert cast.client(cast.kong).post(url(cast, f"{cast.sun.pk}/card/"), data).status_code == 404
    assert BankCard.objects.count() == 3


def test_leaving_the_project(cast: Cast) -> None:
    client, address = cast.client(cast.qian), url(cast, f"{cast.sun.pk}/leave/")
    assert client.post(address, {"left_on": "2026-08-02"}).status_code == 400
    assert client.post(address, {"left_on": "2199-01-01"}).status_code == 400
    assert client.post(address, {"left_on": "x"}).status_code == 400
    cast.sun_posting.refresh_from_db()
    assert cast.sun_posting.left_on is None
    assert client.post(address, {"left_on": "2026-11-15"}).status_code == 302
    cast.sun_posting.refresh_from_db()
    assert cast.sun_posting.left_on == date(2026, 11, 15)
    assert client.post(address, {"left_on": "2026-11-15"}).status_code == 400
    assert cast.sun_posting.history.latest("history_id").history_change_reason == "left"


def send(cast: Cast, client: Any, data: bytes, name: str = "名单.xlsx", **fields: str) -> Any:
    file = SimpleUploadedFile(name, data)
    return client.post(url(cast, "rosters/"), {"participation": cast.sc_part.pk, "file": file, **fields})


def test_a_clerk_walks_from_file_to_written_people(cast: Cast, settings: Settings) -> None:
    client = cast.client(cast.zhao)
    answer = send(cast, client, xlsx([person(1), person(2, 身份证号="330723198001030014")]))
    assert answer.status_code == 302
    preview = client.get(answer.url)
    text = preview.content.decode()
    assert str(person(1)["身份证号"]) not in text
    assert preview.context["to_write"] == 1
    saved = client.get(answer.url + "refused/")
    cells = [[c.value for c in row] for row in read_workbook(saved.content, "a.xlsx").sheets[0].rows]
    assert cells[1][1] == "330723198001030014"
    assert cells[1][-2] == "3"
    done = client.post(answer.url + "apply/", follow=True)
    assert done.status_code == 200
    assert Posting.objects.filter(project=cast.project).count() == 3
    assert client.post(answer.url + "apply/").status_code == 409


def test_messages_come_in_the_readers_language(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    answer = send(cast, client, xlsx([person(1, 身份证号="330723198001030014")]))
    client.cookies["django_language"] = "en"
    assert "a digit is wrong or two are swapped" in client.get(answer.url).content.decode()
    client.cookies["django_language"] = "zh-hans"
    assert "a digit is wrong" not in client.get(answer.url).content.decode()


def test_a_rivals_clerk_finds_no_upload(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1)]))
    client = cast.client(cast.kong)
    place = url(cast, f"rosters/{upload.pk}/")
    assert client.get(place).status_code == 404
    for act in ("apply/", "discard/", "again/"):
        assert client.post(place + act).status_code == 404
    assert send(cast, client, xlsx([person(2)])).status_code == 404
    assert RosterUpload.objects.get().state == "staged"
    assert Posting.objects.filter(project=cast.project).count() == 2


def test_another_project_does_not_open_an_upload(cast: Cast) -> None:
    upload = staged(cast, xlsx([person(1)]))
    Participation.objects.create(project=cast.other_project, organisation=cast.gc, role="subcontractor")
    client = cast.client(cast.zhao)
    assert client.get(f"/people/{cast.other_project.pk}/rosters/{upload.pk}/").status_code == 404


def test_a_large_file_waits_for_the_worker_and_shows_progress(cast: Cast, monkeypatch: Any) -> None:
    from registration.views import roster_door

    monkeypatch.setattr(roster_door, "INLINE_BYTES", 10)
    client = cast.client(cast.zhao)
    answer = send(cast, client, xlsx([person(1)]))
    upload = RosterUpload.objects.get()
    assert upload.state == "reading"
    assert client.get(answer.url).status_code == 200
    assert client.get(answer.url + "progress/").status_code == 200
    from registration.tasks import read_roster

    read_roster(upload.pk)
    read_roster(upload.pk)  # a second delivery does nothing
    assert client.get(answer.url + "progress/")["HX-Refresh"] == "true"
    assert RosterRow.objects.count() == 1


def test_an_upload_whose_reader_was_killed_is_read_by_the_tidy_task(cast: Cast) -> None:
    from datetime import timedelta

    from registration.rules.roster_row import Defaults
    from registration.services.rosters import receive_roster, stuck_uploads

    upload = receive_roster(
        cast.project.pk,
        cast.sc_part.pk,
        "a.xlsx",
        xlsx([person(1)]),
        defaults=Defaults(),
        actor=cast.actor(cast.zhao),
        now=NOW,
    )
    assert stuck_uploads(now=NOW + timedelta(seconds=30)) == []
    assert stuck_uploads(now=NOW + timedelta(minutes=3)) == [(upload.pk, "reading")]
    client = cast.client(cast.zhao)
    place = url(cast, f"rosters/{upload.pk}/")
    assert client.get(place).context["stuck"] is True
    assert client.post(place + "again/", {"keep": "1"}).status_code == 302
    upload.refresh_from_db()
    assert upload.state == "staged"


def test_the_template_has_drop_downs_and_can_be_uploaded_back(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    data = client.get(url(cast, "rosters/template/")).content
    import zipfile

    page = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "木工一班" in page
    assert "男,女" in page
    answer = send(cast, client, data)
    assert RosterUpload.objects.get().error_code == "file.no_rows"
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.xlsx", "<script>.xlsx", "名" * 400 + ".xlsx"])
def test_hostile_file_names_are_stored_harmless(cast: Cast, name: str) -> None:
    answer = send(cast, cast.client(cast.zhao), xlsx([person(1)]), name=name)
    assert answer.status_code in {302, 400}
    for upload in RosterUpload.objects.all():
        assert not set("<>/\\\x00") & set(upload.filename)
        assert len(upload.filename) <= 200


def test_no_file_is_told_beside_the_field(cast: Cast) -> None:
    answer = cast.client(cast.zhao).post(url(cast, "rosters/"), {"participation": cast.sc_part.pk})
    assert answer.status_code == 400
    assert "file" in answer.context["form"].errors
    assert RosterUpload.objects.count() == 0


def test_the_worker_sees_own_data_masked_and_what_is_agreed(cast: Cast) -> None:
    client = cast.client(cast.sun)
    me = client.get("/me/").content.decode()
    assert cast.sun.name in me
    assert str(cast.sun.id_number) not in me
    contract = client.get("/contract/").content.decode()
    for fact in ("金华沐川建筑劳务有限公司", "木工", "¥360.00", "2026-08-03"):
        assert fact in contract
    assert len(me.encode()) < 60_000


def test_worker_pages_are_for_workers(cast: Cast, client: Any) -> None:
    assert client.get("/me/").url == "/accounts/worker/?next=/me/"
    assert cast.client(cast.zhao).get("/contract/").status_code == 302
    assert cast.client(cast.sun).get(url(cast)).status_code == 302


def test_many_people_are_written_by_the_worker_and_shown_as_they_are(cast: Cast, monkeypatch: Any) -> None:
    """A web request only hands them over; the worker writes them once, however often it is told."""
    from registration.tasks import write_roster
    from registration.views import rosters

    monkeypatch.setattr(rosters, "APPLY_INLINE", 1)
    client = cast.client(cast.zhao)
    place = send(cast, client, xlsx([person(n) for n in range(1, 4)])).url
    upload = RosterUpload.objects.get()
    assert client.post(place + "apply/").status_code == 302
    upload.refresh_from_db()
    assert (upload.state, upload.applied_by_id) == ("applying", cast.zhao.pk)
    assert Posting.objects.filter(project=cast.project).count() == 2
    assert "正在写入花名册" in client.get(place).content.decode()
    assert "0 / 3" in client.get(place + "progress/").content.decode()
    assert client.post(place + "apply/").status_code == 409
    assert client.post(place + "discard/").status_code == 409
    write_roster(upload.pk)
    write_roster(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.summary["written"]) == ("applied", 3)
    assert Posting.objects.filter(project=cast.project).count() == 5
    assert client.get(place + "progress/")["HX-Refresh"] == "true"


def test_a_roster_whose_writer_was_killed_is_written_by_the_tidy_task(cast: Cast) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from registration.services.rosters import begin_applying
    from registration.tasks import tidy_up

    upload = staged(cast, xlsx([person(1)]))
    asked = timezone.now() - timedelta(minutes=2)
    begin_applying(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=asked)
    tidy_up()
    upload.refresh_from_db()
    assert (upload.state, upload.summary["written"]) == ("applied", 1)
    assert Posting.history.latest("history_id").history_user_id == cast.zhao.pk


def test_a_clerk_who_lost_the_role_meanwhile_writes_nothing(cast: Cast) -> None:
    from registration.models import Membership
    from registration.services.rosters import begin_applying
    from registration.tasks import write_roster

    upload = staged(cast, xlsx([person(1)]))
    begin_applying(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW)
    Membership.objects.filter(user=cast.zhao).update(is_active=False)
    write_roster(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.error_code) == ("staged", "roster.not_permitted")
    assert Posting.objects.filter(project=cast.project).count() == 2
    page = cast.client(cast.qian).get(f"/people/{cast.project.pk}/rosters/{upload.pk}/")
    assert "没有写入任何内容" in page.content.decode()
