"""Random checks: the draw on record, drafts and photos, two hands, publication, nothing told to the project."""

import io
import json
import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from inspection.draw import replay
from inspection.models import (
    Alarm,
    CheckDraw,
    CheckPhoto,
    CheckPublication,
    InspectorCertificate,
    RandomCheck,
)
from inspection.services import check_draws, checks
from inspection.services import check_library as library
from registration.models import Parameter, Role, StoredFile, User
from registration.services.parameters import forget
from tests.cast import NOW, Cast, make_user
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation


@pytest.fixture(autouse=True)
def _at_nine_on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class Office:
    """Jindong's office with items and three certified inspectors, Li one of them."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.li = cast.actor(cast.li)
        self.users = [
            cast.li,
            make_user("gu", "顾平", Role.INSPECTOR, cast.authority),
            make_user("mei", "梅欣", Role.INSPECTOR, cast.authority),
        ]
        Parameter.objects.create(
            key="check.weights", value={"none": 1, "red": 5}, valid_from=date(2020, 5, 1), source="test"
        )
        forget()
        library.start_items(cast.authority.pk, actor=self.li, now=cast.now)
        for number, user in enumerate(self.users, start=1):
            library.record_certificate(
                cast.authority.pk,
                user_id=user.pk,
                number=f"ZF-{number:02}",
                valid_from=date(2026, 1, 1),
                valid_until=date(2027, 12, 31),
                actor=self.li,
            )

    def plan(self, **changes: Any) -> check_draws.Plan:
        given: dict[str, Any] = {
            "title": "第四季度抽查",
            "count": 1,
            "from_on": self.cast.today,
            "until_on": date(2026, 12, 31),
            "reach": library.Reach("330703"),
        }
        return check_draws.Plan(**{**given, **changes})

    def draw(self, **changes: Any) -> CheckDraw:
        return check_draws.make_draw(
            self.cast.authority.pk, self.plan(**changes), actor=self.li, now=self.cast.now
        )

    def team(self, draw: CheckDraw) -> tuple[User, User, User]:
        """The first, the second, and who was not drawn."""
        check = draw.checks.get()
        other = next(user for user in self.users if user.pk not in (check.first_id, check.second_id))
        return check.first, check.second, other


@pytest.fixture
def office(cast: Cast) -> Office:
    return Office(cast)


def answers(**changes: str) -> dict[str, str]:
    typed = {f"answer_{number}": "ok" for number in range(8)} | {"summary": "大体规范，两项要改。"}
    return {**typed, "answer_6": "bad", "note_6": "告示牌是 9 月的", "no_photo_6": "镜头坏了", **changes}


def submit(office: Office, draw: CheckDraw, who: User, **changes: str) -> RandomCheck:
    return checks.submit_check(
        draw.pk,
        office.cast.project.pk,
        answers(**changes),
        visited_on=office.cast.today,
        actor=office.cast.actor(who),
        now=office.cast.now,
    )


def picture(tint: str = "#8a9") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (120, 90), tint).save(out, "JPEG")
    return out.getvalue()


def test_a_draw_is_on_record_with_all_it_takes_to_repeat_it(office: Office) -> None:
    Alarm.objects.create(
        project=office.cast.project, rule="D3", period="2026-10", level=3, opened_at=NOW, changed_at=NOW
    )
    draw = office.draw()
    assert draw.lists["targets"] == [{"code": "JH330703001", "name": "多湖 B-07 地块住宅", "weight": 5}], (
        "the other county's site is out of reach, a red alarm weighs five"
    )
    assert [row["certificate"] for row in draw.lists["inspectors"]] == ["ZF-01", "ZF-02", "ZF-03"]
    assert len(draw.items) == 8
    assert re.fullmatch("[0-9a-f]{64}", draw.seed)
    found = replay(json.loads(json.dumps(check_draws.published_file(draw))))
    assert [{"code": d.code, "inspectors": list(d.inspectors)} for d in found] == draw.outcome
    check = draw.checks.get()
    assert {check.first_id, check.second_id} <= {user.pk for user in office.users}
    assert Entry.objects.get(kind="check.drawn").subject == f"draw:{draw.pk}"
    with pytest.raises(DatabaseError), transaction.atomic():
        CheckDraw.objects.filter(pk=draw.pk).update(seed="00" * 32)
    with pytest.raises(RuleViolation, match=r"check\.no_targets"):
        office.draw()
    assert CheckDraw.objects.count() == 1, "a project that is still to be checked is not drawn again"


def test_who_has_an_interest_does_not_go(office: Office) -> None:
    library.record_recusal(
        office.cast.authority.pk,
        user_id=office.cast.li.pk,
        uscc=office.cast.sc.uscc,
        reason="曾在该单位任职",
        actor=office.li,
        now=office.cast.now,
    )
    draw = office.draw()
    assert draw.lists["recusals"] == [{"certificate": "ZF-01", "codes": ["JH330703001"]}]
    assert draw.outcome[0]["inspectors"].count("ZF-01") == 0
    assert office.team(draw)[2] == office.cast.li


def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(office: Office) -> None:
    with pytest.raises(NotFound):
        check_draws.make_draw(
            office.cast.authority.pk, office.plan(), actor=office.cast.actor(office.cast.wang), now=NOW
        )
    for changes, code in (
        ({"title": " "}, "check.title"),
        ({"count": 0}, "check.count"),
        ({"from_on": office.cast.today - timedelta(days=1)}, "check.days"),
        ({"until_on": office.cast.today - timedelta(days=1)}, "check.days"),
    ):
        with pytest.raises(Malformed) as refusal:
            office.draw(**changes)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        office.draw(reach=library.Reach("330702"))
    InspectorCertificate.objects.exclude(number="ZF-01").update(valid_until=date(2026, 12, 30))
    with pytest.raises(RuleViolation, match=r"check\.no_inspectors"):
        office.draw()
    assert not CheckDraw.objects.exists()
    assert not RandomCheck.objects.exists()


def test_drafts_and_photos_survive_and_count_once(office: Office) -> None:
    draw = office.draw()
    first, second, other = office.team(draw)
    cast = office.cast
    act: dict[str, Any] = {"actor": cast.actor(first), "now": cast.now}
    checks.save_draft(draw.pk, cast.project.pk, {"answer_0": "bad", "note_0": "三人未登记"}, **act)
    checks.save_draft(
        draw.pk,
        cast.project.pk,
        {"answer_0": "sideways", "note_0": "三人未登记"},
        **{**act, "actor": cast.actor(second)},
    )
    rows = draw.checks.get().draft["rows"]
    assert rows[0] == {"answer": "", "note": "三人未登记"}
    checks.add_photo(draw.pk, cast.project.pk, picture(), **act)
    checks.add_photo(draw.pk, cast.project.pk, picture(), **act)
    checks.add_photo(draw.pk, cast.project.pk, picture("#333"), **act)
    assert list(CheckPhoto.objects.values_list("number", flat=True)) == [1, 2]
    with pytest.raises(Malformed):
        checks.add_photo(draw.pk, cast.project.pk, b"no picture", **act)
    for who, error in ((other, NotPermitted), (cast.wang, NotFound), (cast.zhao, NotFound)):
        with pytest.raises(error):
            checks.save_draft(draw.pk, cast.project.pk, {}, actor=cast.actor(who), now=cast.now)
    assert StoredFile.objects.count() == 2


def test_two_hands_and_no_more(office: Office) -> None:
    draw = office.draw()
    first, second, other = office.team(draw)
    cast = office.cast
    for changes, code in (
        ({"answer_3": ""}, "check.answer"),
        ({"note_6": " "}, "check.note"),
        ({"no_photo_6": " "}, "check.photo"),
        ({"note_2": "字" * 501}, "check.note_long"),
        ({"no_photo_6": "字" * 301}, "check.no_photo_long"),
        ({"summary": "字" * 501}, "check.summary_long"),
        ({"summary": ""}, "check.summary"),
    ):
        with pytest.raises(Malformed) as refusal:
            submit(office, draw, first, **changes)
        assert refusal.value.code == code
    with pytest.raises(Malformed, match=r"check\.visited"):
        checks.submit_check(
            draw.pk,
            cast.project.pk,
            answers(),
            visited_on=cast.today + timedelta(days=1),
            actor=cast.actor(first),
            now=cast.now,
        )
    assert draw.checks.get().state == "planned"
    submit(office, draw, first)
    with pytest.raises(RuleViolation, match=r"check\.over"):
        submit(office, draw, second)
    act: dict[str, Any] = {"now": cast.now}
    with pytest.raises(RuleViolation, match=r"check\.same_hand"):
        checks.confirm_check(draw.pk, cast.project.pk, actor=cast.actor(first), **act)
    with pytest.raises(NotPermitted):
        checks.confirm_check(draw.pk, cast.project.pk, actor=cast.actor(other), **act)
    with pytest.raises(RuleViolation, match=r"check\.open"):
        check_draws.publish_draw(draw.pk, actor=office.li, **act)
    assert not CheckPublication.objects.exists()
    done = checks.confirm_check(draw.pk, cast.project.pk, actor=cast.actor(second), **act)
    assert (done.state, done.results[6]) == (
        "confirmed",
        {"item": "维权信息告示牌", "answer": "bad", "note": "告示牌是 9 月的", "no_photo": "镜头坏了"},
    )
    assert Entry.objects.get(kind="check.result").project_id == cast.project.pk


def test_a_fault_needs_its_own_photo_or_the_reason_why_there_is_none(office: Office) -> None:
    draw = office.draw()
    first, _second, _other = office.team(draw)
    cast = office.cast
    act: dict[str, Any] = {"actor": cast.actor(first), "now": cast.now}
    checks.add_photo(draw.pk, cast.project.pk, picture(), **act)
    checks.add_photo(draw.pk, cast.project.pk, picture(), item=5, **act)
    with pytest.raises(Malformed) as refusal:
        submit(office, draw, first, no_photo_6="")
    assert (refusal.value.code, refusal.value.facts["number"]) == ("check.photo", 6)
    with pytest.raises(Malformed, match=r"check\.item"):
        checks.add_photo(draw.pk, cast.project.pk, picture(), item=8, **act)
    with pytest.raises(Malformed, match=r"picture\.too_large"):
        checks.add_photo(draw.pk, cast.project.pk, b"\xff\xd8\xff" + b"0" * checks.MOST_BYTES, item=6, **act)
    assert draw.checks.get().state == "planned"
    checks.add_photo(draw.pk, cast.project.pk, picture(), item=6, **act)
    done = submit(office, draw, first, no_photo_6="不再需要", no_photo_1="没有问题")
    assert not any("no_photo" in row for row in done.results)
    assert list(CheckPhoto.objects.values_list("number", "item")) == [(1, None), (2, 5), (3, 6)]


def test_what_is_chosen_when_the_form_is_handed_in_is_kept_and_so_is_what_was_typed(office: Office) -> None:
    draw = office.draw()
    first, _second, _other = office.team(draw)
    cast = office.cast
    client = cast.client(first)
    here = reverse("inspection:check", args=[draw.pk, cast.project.pk])
    sent = {**answers(no_photo_6=""), "act": "submit", "visited_on": "2026-11-16"}
    refused = client.post(here, sent)
    assert refused.status_code == 400
    assert "请拍下“维权信息告示牌”的问题，或者写明为什么没有照片" in refused.content.decode()
    text = "很" * 501
    refused = client.post(here, {**sent, "summary": text, "photos_6": SimpleUploadedFile("a.jpg", picture())})
    assert refused.status_code == 400
    page = refused.content.decode()
    assert "这里最多写 500 个字，现在有 501 个" in page
    assert text in page
    assert CheckPhoto.objects.get().item == 6, "the photo is kept although the rest was refused"
    refused = client.post(here, {"act": "drop", "reason": " "})
    assert refused.status_code == 400
    assert refused.context["summary"] == ""
    assert client.post(here, sent).status_code == 302
    shown = client.get(here).content.decode()
    assert reverse("inspection:check-photo", args=[draw.pk, cast.project.pk, 1]) in shown
    assert "no_photo" not in draw.checks.get().results[6]


def test_publication_shows_everybody_the_seed_and_the_result(office: Office) -> None:
    draw = office.draw()
    first, second, _other = office.team(draw)
    cast = office.cast
    public = reverse("inspection:checks-public")
    file = reverse("inspection:checks-public-file", args=[draw.pk])
    assert "还没有公示" in Client().get(public).content.decode()
    assert Client().get(file).status_code == 404
    submit(office, draw, first)
    checks.confirm_check(draw.pk, cast.project.pk, actor=cast.actor(second), now=cast.now)
    made = check_draws.publish_draw(draw.pk, actor=office.li, now=cast.now)
    assert made.due_on == date(2026, 12, 14), "twenty working days after the last signature"
    with pytest.raises(RuleViolation, match=r"check\.published"):
        check_draws.publish_draw(draw.pk, actor=office.li, now=cast.now)
    text = Client().get(public).content.decode()
    assert draw.seed in text
    assert "8 项中 1 项不合规定" in text
    said = json.loads(Client().get(file).content)
    assert [{"code": d.code, "inspectors": list(d.inspectors)} for d in replay(said)] == said["outcome"]


def test_a_check_that_cannot_be_carried_out_says_why(office: Office) -> None:
    draw = office.draw()
    first, _second, _other = office.team(draw)
    act: dict[str, Any] = {"actor": office.cast.actor(first), "now": office.cast.now}
    with pytest.raises(Malformed, match=r"check\.reason"):
        checks.drop_check(draw.pk, office.cast.project.pk, reason=" ", **act)
    checks.drop_check(draw.pk, office.cast.project.pk, reason="工地停工", **act)
    check_draws.publish_draw(draw.pk, actor=office.li, now=office.cast.now)
    assert "工地停工" in Client().get(reverse("inspection:checks-public")).content.decode()


def test_the_enterprise_side_cannot_even_read_that_one_is_planned(office: Office) -> None:
    office.draw()
    for table in ("inspection_checkdraw", "inspection_randomcheck", "inspection_checkpublication"):
        with pytest.raises(DatabaseError, match="permission denied"):
            _read_as_enterprise(table)
    for who in (office.cast.zhao, office.cast.he, office.cast.ye, office.cast.guard):
        assert office.cast.client(who).get(reverse("inspection:checks")).status_code == 404


def _read_as_enterprise(table: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
        cursor.execute(f"SELECT 1 FROM {table}")  # noqa: S608


def test_the_inspectors_walk_through_the_pages(office: Office) -> None:
    cast = office.cast
    client = cast.client(cast.li)
    page = reverse("inspection:check-draw-new", args=[cast.authority.pk])
    assert "1 个在建工地" in client.get(page).content.decode()
    body = {
        "title": "抽查",
        "region": "330703",
        "count": "1",
        "from_on": "2026-11-16",
        "until_on": "2026-11-30",
    }
    assert client.post(page, {**body, "until_on": "2026-11-01"}).status_code == 400
    assert client.post(page, body).status_code == 302
    draw = CheckDraw.objects.get()
    text = client.get(reverse("inspection:check-draw", args=[draw.pk])).content.decode()
    assert "刚才重算：结果相同" in text
    first, second, other = office.team(draw)
    here = reverse("inspection:check", args=[draw.pk, cast.project.pk])
    assert "由抽到的两名检查人员填写" in cast.client(other).get(here).content.decode()
    assert cast.client(cast.wang).get(here).status_code == 404
    one, two = cast.client(first), cast.client(second)
    sent = {"act": "save", "answer_0": "ok", "photos": SimpleUploadedFile("a.jpg", picture())}
    assert one.post(here, sent).status_code == 302
    assert one.post(
        here, {"act": "save", "answer_1": "bad"}, headers={"X-Requested-With": "draft"}
    ).json() == {"saved": True}
    assert one.get(reverse("inspection:check-photo", args=[draw.pk, cast.project.pk, 1])).status_code == 200
    refused = one.post(here, {**answers(note_6=""), "act": "submit", "visited_on": "2026-11-16"})
    assert refused.status_code == 400
    assert "请写明“维权信息告示牌”哪里不合规定" in refused.content.decode()
    assert "大体规范，两项要改。" in refused.content.decode(), "nothing that was typed is lost"
    assert one.post(here, {**answers(), "act": "submit", "visited_on": "2026-11-16"}).status_code == 302
    assert one.post(here, {"act": "confirm"}).status_code == 409
    assert "有 1 个检查等您" in two.get(reverse("inspection:checks")).content.decode()
    assert two.post(here, {"act": "confirm"}).status_code == 302
    drawn = reverse("inspection:check-draw", args=[draw.pk])
    assert client.post(drawn).status_code == 302
    assert client.post(drawn).status_code == 409


def test_the_library_page_keeps_items_certificates_and_recusals(office: Office) -> None:
    cast = office.cast
    client = cast.client(cast.li)
    page = reverse("inspection:check-library", args=[cast.authority.pk])
    item = {"act": "item", "item-title": "夜间施工", "item-law": "条例第二十八条"}
    assert client.post(page, item).status_code == 302
    assert client.post(page, item).status_code == 400
    pk = library.items_of(cast.authority)[0].pk
    assert client.post(page, {"act": "end", "item": pk}).status_code == 302
    assert len(library.items_of(cast.authority)) == 8
    recusal = {
        "act": "recusal",
        "recusal-user_id": cast.li.pk,
        "recusal-uscc": "91330000000000000X",
        "recusal-reason": "亲属",
    }
    assert client.post(page, recusal).status_code == 400
    assert client.post(page, {**recusal, "recusal-uscc": cast.gc.uscc}).status_code == 302
    certificate = {
        "act": "certificate",
        "certificate-user_id": cast.li.pk,
        "certificate-number": "ZF-01",
        "certificate-valid_from": "2026-01-01",
        "certificate-valid_until": "2027-01-01",
    }
    assert client.post(page, certificate).status_code == 400
    assert client.post(page, {**certificate, "certificate-number": "ZF-09"}).status_code == 302
    assert cast.client(cast.wang).get(page).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_draws_at_once_do_not_take_the_same_project(transactional_db: None, cast: Cast) -> None:
    office = Office(cast)
    told: list[str] = []

    def click() -> None:
        try:
            office.draw()
            told.append("drawn")
        except RuleViolation as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["check.no_targets", "drawn"]
    assert RandomCheck.objects.count() == 1
