"""Registration by the worker through the site's QR code: phone, request, the clerk's answer."""

import io
import re
import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from registration.models import (
    BankCard,
    JoinRequest,
    LoginCode,
    Posting,
    Project,
    SmsMessage,
    Worker,
    WorkerPhoto,
)
from registration.services import codes, joining
from tests.cast import NOW, TODAY, Cast, make_card_number, make_worker
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.identity import make_id_number

PHONE = "13700007001"
NUMBER = make_id_number("411300", date(1990, 5, 6), 701)


def opened(cast: Cast) -> Project:
    joining.renew_join_code(cast.project.pk, actor=cast.actor(cast.zhao), now=NOW)
    cast.project.refresh_from_db()
    return cast.project


def asked(cast: Cast, **more: object) -> JoinRequest:
    person = {"name": "方来顺", "id_number": NUMBER, "phone": PHONE, "trade": "木工", "team_id": cast.team.pk}
    return joining.ask_to_join(cast.project, joining.Applicant(**person | more), now=NOW)  # type: ignore[arg-type]


def terms(cast: Cast, **more: object) -> joining.Terms:
    values = {
        "team_id": cast.team.pk,
        "trade": "木工",
        "pay_basis": "day",
        "rate_fen": 37000,
        "joined_on": TODAY,
    }
    return joining.Terms(**values | more)  # type: ignore[arg-type]


def accept(cast: Cast, request: JoinRequest, **more: object) -> JoinRequest:
    return joining.accept_request(
        cast.project.pk, request.pk, terms(cast, **more), actor=cast.actor(cast.qian), now=NOW
    )


def last_code() -> str:
    found = re.search(r"\d{6}", str(SmsMessage.objects.latest("pk").text))
    assert found
    return found[0]


def face() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.effect_noise((900, 1200), 60).convert("RGB").save(out, "JPEG", quality=95)
    return SimpleUploadedFile("me.jpg", out.getvalue(), "image/jpeg")


def walk_in(client: Client, project: Project, phone: str = PHONE) -> str:
    base = f"/join/{project.join_code}/"
    client.post(base, {"phone": phone})
    assert client.post(base + "code/", {"code": last_code()}).status_code == 302
    return base


def test_a_stranger_walks_from_the_poster_to_the_roster(cast: Cast, client: Client) -> None:
    project = opened(cast)
    with time_machine.travel(NOW, tick=False):
        base = f"/join/{project.join_code}/"
        assert project.name in client.get(base).content.decode()
        assert client.post(base, {"phone": PHONE}).url == base + "code/"
        assert client.post(base + "code/", {"code": last_code()}).url == base + "state/"
        assert client.get(base + "state/").url == base + "who/"
        assert (
            client.post(base + "who/", {"name": "方来顺", "id_number": NUMBER.lower()}).url == base + "work/"
        )
        assert (
            client.post(base + "work/", {"trade": "木工", "whom": f"t:{cast.team.pk}"}).url == base + "card/"
        )
        card = make_card_number(700_001)
        assert client.post(base + "card/", {"number": card, "bank_name": "婺江银行"}).url == base + "send/"
        check = client.get(base + "send/").content.decode()
        assert "4113**********" in check
        assert NUMBER not in check
        assert client.post(base + "send/", {"photo": face()}).url == base + "state/?sent=1"
        request = JoinRequest.objects.get()
        assert (request.name, request.team, request.employer) == ("方来顺", cast.team, cast.sc_part)
        assert request.photo is not None
        assert len(request.photo) <= 50_000
        assert NUMBER not in str(dict(client.session))
        accept(cast, request)
        text = client.get(base + "state/").content.decode()
    assert "¥370.00" in text
    posting = Posting.objects.get(worker__id_tail=NUMBER[-4:])
    assert (posting.registered_by, posting.rate_fen, posting.team, posting.acknowledged_at) == (
        "self",
        37000,
        cast.team,
        NOW,
    )
    assert BankCard.objects.get(worker=posting.worker).tail == card[-4:]
    assert WorkerPhoto.objects.get().source == "self"
    request.refresh_from_db()
    assert (request.state, request.posting, request.worker) == ("accepted", posting, posting.worker)
    assert (request.photo, request.card_number) == (None, None)
    said = str(SmsMessage.objects.get(kind="join_answer").text)
    for secret in ("方", NUMBER, project.name):
        assert secret not in said


@pytest.mark.parametrize(
    "code", ["", "abcdefgh2345", "ABCDEFGH2345", "a", "abcdefgh234/", "é" * 12, "0" * 12]
)
def test_a_wrong_code_leads_nowhere(cast: Cast, client: Client, code: str) -> None:
    opened(cast)
    assert client.get(f"/join/{code}/").status_code == 404
    assert client.post(f"/join/{code}/", {"phone": PHONE}).status_code == 404
    assert LoginCode.objects.count() == 0


def test_a_code_switched_off_or_renewed_is_dead(cast: Cast, client: Client) -> None:
    old = str(opened(cast).join_code)
    new = str(opened(cast).join_code)
    assert old != new
    assert client.get(f"/join/{old}/").status_code == 404
    assert client.get(f"/join/{new}/").status_code == 200
    joining.switch_off_join_code(cast.project.pk, actor=cast.actor(cast.zhao), now=NOW)
    assert client.get(f"/join/{new}/").status_code == 404
    reasons = list(
        Project.history.filter(id=cast.project.pk)
        .order_by("history_id")
        .values_list("history_change_reason", flat=True)
    )
    assert reasons[-3:] == ["join code made", "join code made", "join code off"]


def test_only_the_general_contractors_clerk_makes_the_code(cast: Cast) -> None:
    for who, refusal in ((cast.qian, NotPermitted), (cast.he, NotPermitted), (cast.kong, NotFound)):
        with pytest.raises(refusal):
            joining.renew_join_code(cast.project.pk, actor=cast.actor(who), now=NOW)
    cast.project.refresh_from_db()
    assert cast.project.join_code is None


def test_codes_are_bound_to_their_purpose_and_site(cast: Cast) -> None:
    site, sign_in = codes.joining(cast.project.pk), codes.SIGN_IN
    codes.request_code(cast.sun_phone, address="a", now=NOW, purpose=site)
    code = last_code()
    with pytest.raises(RuleViolation, match=r"code\.spent"):
        codes.check_code(cast.sun_phone, code, now=NOW)
    with pytest.raises(RuleViolation, match=r"code\.spent"):
        codes.prove_phone(cast.sun_phone, code, purpose=codes.joining(cast.other_project.pk), now=NOW)
    codes.prove_phone(cast.sun_phone, code, purpose=site, now=NOW)
    with pytest.raises(RuleViolation, match=r"code\.spent"):
        codes.prove_phone(cast.sun_phone, code, purpose=site, now=NOW)
    later = NOW + timedelta(minutes=2)
    codes.request_code(cast.sun_phone, address="a", now=later, purpose=sign_in)
    with pytest.raises(RuleViolation, match=r"code\.spent"):
        codes.prove_phone(cast.sun_phone, last_code(), purpose=site, now=later)


def test_limits_count_sign_in_and_joining_together(cast: Cast) -> None:
    site = codes.joining(cast.project.pk)
    codes.request_code(PHONE, address="a", now=NOW, purpose=site)
    with pytest.raises(RuleViolation, match=r"code\.too_soon"):
        codes.request_code(PHONE, address="a", now=NOW + timedelta(seconds=30), purpose=site)
    for number in range(1, codes.PER_PHONE_AND_HOUR):
        codes.request_code(PHONE, address="a", now=NOW + timedelta(minutes=2 * number))
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        codes.request_code(PHONE, address="a", now=NOW + timedelta(minutes=30), purpose=site)


def test_a_site_sends_no_more_codes_than_its_share(cast: Cast) -> None:
    site = codes.joining(cast.project.pk)
    LoginCode.objects.bulk_create(
        LoginCode(purpose=site, phone_index=b"%032d" % n, code_hash=b"x", created_at=NOW, expires_at=NOW)
        for n in range(codes.PER_SITE_AND_HOUR)
    )
    with pytest.raises(RuleViolation, match=r"code\.too_many"):
        codes.request_code(PHONE, address="a", now=NOW, purpose=site)
    codes.request_code(PHONE, address="a", now=NOW, purpose=codes.joining(cast.other_project.pk))


def test_the_answer_to_a_phone_is_the_same_known_or_not(cast: Cast) -> None:
    project = opened(cast)
    answers = []
    for phone in (cast.sun_phone, PHONE):
        client = Client()
        answer = client.post(f"/join/{project.join_code}/", {"phone": phone})
        page = client.get(answer.url).content.decode()
        answers.append(
            (answer.status_code, answer.url, re.sub(r"\d{3}\*{4}\d{4}|value=\"\w{64}\"", "", page))
        )
    assert answers[0] == answers[1]
    assert SmsMessage.objects.count() == 2


def test_without_a_proven_phone_every_step_leads_to_the_start(cast: Cast, client: Client) -> None:
    base = f"/join/{opened(cast).join_code}/"
    for step in ("state", "who", "work", "card", "send", "code"):
        answer = client.get(f"{base}{step}/")
        assert (answer.status_code, answer.url) == (302, base), step
    assert client.post(base + "send/", {}).url == base
    assert JoinRequest.objects.count() == 0


def test_a_proof_counts_half_an_hour_and_for_its_site(cast: Cast, client: Client) -> None:
    project = opened(cast)
    other = joining.renew_join_code(cast.other_project.pk, actor=cast.actor(cast.kong), now=NOW)
    with time_machine.travel(NOW, tick=False):
        base = walk_in(client, project)
        assert client.get(base + "who/").status_code == 200
        assert client.get(f"/join/{other}/who/").url == f"/join/{other}/"
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        assert client.get(base + "who/").url == base


def test_who_is_on_the_roster_is_told_so_only_with_their_own_phone(cast: Cast) -> None:
    project = opened(cast)
    mine, strange = Client(), Client()
    typed = {"name": cast.sun.name, "id_number": str(cast.sun.id_number)}
    base = walk_in(mine, project, cast.sun_phone)
    own = mine.post(base + "who/", typed)
    assert (own.status_code, own.templates[0].name) == (200, "registration/join_known.html")
    walk_in(strange, project)
    assert strange.post(base + "who/", typed).url == base + "work/", "a stranger learns nothing"
    with pytest.raises(RuleViolation, match=r"join\.on_roster"):
        asked(cast, name=cast.sun.name, id_number=str(cast.sun.id_number), phone=cast.sun_phone)
    request = asked(cast, name=cast.sun.name, id_number=str(cast.sun.id_number))
    page = cast.client(cast.zhao).get(f"/people/{project.pk}/joins/{request.pk}/")
    assert (page.context["notes"].is_here, page.context["notes"].has_other_phone) == (True, True)
    with pytest.raises(RuleViolation, match=r"posting\.open"):
        accept(cast, request)
    request.refresh_from_db()
    assert request.state == "waiting"


def test_a_signed_in_worker_needs_no_code_and_types_nothing(cast: Cast) -> None:
    code = joining.renew_join_code(cast.other_project.pk, actor=cast.actor(cast.kong), now=NOW)
    client = cast.client(cast.sun)
    base = f"/join/{code}/"
    assert client.get(base).url == base + "who/"
    assert client.post(base + "who/", {"me": "1"}).url == base + "work/"
    client.post(base + "work/", {"trade": "木工", "whom": ""})
    client.post(base + "card/", {"later": "1"})
    client.post(base + "send/", {})
    request = JoinRequest.objects.get()
    assert (request.name, request.id_number, request.phone) == (
        cast.sun.name,
        cast.sun.id_number,
        cast.sun_phone,
    )
    assert client.post("/join/x/who/", {"me": "1"}).status_code == 404


def test_asking_twice_is_one_request_and_nobody_asks_for_another_waiting(cast: Cast) -> None:
    first = asked(cast)
    assert asked(cast, trade="普工").pk == first.pk
    with pytest.raises(RuleViolation, match=r"join\.waiting_other"):
        asked(cast, phone="13700007002")
    assert JoinRequest.objects.count() == 1


def test_a_phone_has_ten_waiting_requests_at_most(cast: Cast) -> None:
    for n in range(joining.WAITING_PER_PHONE):
        asked(cast, id_number=make_id_number("411300", date(1990, 5, 6), 100 + n))
    with pytest.raises(RuleViolation, match=r"join\.too_many"):
        asked(cast)
    assert JoinRequest.objects.count() == joining.WAITING_PER_PHONE


def test_children_are_not_taken(cast: Cast, client: Client) -> None:
    young = make_id_number("411300", date(2010, 11, 17), 11)
    with pytest.raises(RuleViolation, match=r"join\.too_young"):
        asked(cast, id_number=young)
    base = walk_in(client, opened(cast))
    with time_machine.travel(NOW, tick=False):
        base = walk_in(client, cast.project, "13700007009")
        page = client.post(base + "who/", {"name": "方小", "id_number": young})
    assert page.status_code == 400
    assert "16" in page.content.decode()
    assert JoinRequest.objects.count() == 0


@pytest.mark.parametrize(
    "typed", [{}, {"name": "方", "id_number": NUMBER[:-1] + "0"}, {"name": "方来顺", "id_number": "1" * 18}]
)
def test_bad_answers_are_said_beside_the_field(cast: Cast, client: Client, typed: dict[str, str]) -> None:
    base = walk_in(client, opened(cast))
    assert client.post(base + "who/", typed).status_code == 400


def test_foreign_teams_and_firms_are_not_taken(cast: Cast) -> None:
    request = asked(cast, team_id=cast.other_team.pk, employer_id=cast.other_part.pk)
    assert (request.team, request.employer) == (None, None)
    with pytest.raises(RuleViolation, match=r"join\.team"):
        joining.accept_request(
            cast.project.pk,
            request.pk,
            terms(cast, team_id=cast.other_team.pk),
            actor=cast.actor(cast.zhao),
            now=NOW,
        )


def test_a_subcontractor_answers_those_that_name_it(cast: Cast) -> None:
    named, unnamed = (
        asked(cast),
        asked(cast, id_number=make_id_number("411300", date(1991, 1, 1), 3), team_id=None),
    )
    with pytest.raises(NotFound):
        joining.access_request(unnamed.pk, cast.project, cast.actor(cast.qian))
    assert joining.waiting_count(cast.actor(cast.qian), cast.project) == 1
    assert joining.waiting_count(cast.actor(cast.zhao), cast.project) == 2
    for who in (cast.kong, cast.li):
        with pytest.raises((NotFound, NotPermitted)):
            joining.accept_request(cast.project.pk, named.pk, terms(cast), actor=cast.actor(who), now=NOW)
    with pytest.raises(NotFound):
        joining.accept_request(
            cast.other_project.pk, named.pk, terms(cast), actor=cast.actor(cast.kong), now=NOW
        )
    named.refresh_from_db()
    assert named.state == "waiting"


def test_a_refusal_is_read_on_the_phone(cast: Cast, client: Client) -> None:
    project = opened(cast)
    base = walk_in(client, project)
    request = asked(cast)
    with pytest.raises(RuleViolation, match=r"join\.reason"):
        joining.refuse_request(project.pk, request.pk, reason=" ", actor=cast.actor(cast.zhao), now=NOW)
    joining.refuse_request(
        project.pk, request.pk, reason="请带身份证来", actor=cast.actor(cast.zhao), now=NOW
    )
    assert "请带身份证来" in client.get(base + "state/").content.decode()
    assert Worker.objects.filter(id_tail=NUMBER[-4:]).count() == 0
    with pytest.raises(RuleViolation, match=r"join\.answered"):
        accept(cast, request)
    assert asked(cast).pk != request.pk, "a refused person may ask again"


def test_somebody_known_from_elsewhere_is_found_again(cast: Cast) -> None:
    worker, _card = make_worker("方来顺", region="411300", birth=date(1990, 5, 6), seq=701, phone=PHONE)
    request = accept(cast, asked(cast))
    assert request.worker_id == worker.pk
    assert Worker.objects.filter(id_index=worker.id_index).count() == 1


def test_old_requests_are_forgotten(cast: Cast) -> None:
    asked(cast)
    assert joining.forget_old_requests(now=NOW + timedelta(days=59)) == 0
    assert joining.forget_old_requests(now=NOW + timedelta(days=61)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_clerks_accepting_at_once_make_one_posting(transactional_db: None, cast: Cast) -> None:
    request = asked(cast)
    start, outcomes = threading.Barrier(2), []

    def act(who: object) -> None:
        actor = cast.actor(who)  # type: ignore[arg-type]
        start.wait(10)
        try:
            joining.accept_request(cast.project.pk, request.pk, terms(cast), actor=actor, now=NOW)
            outcomes.append("done")
        except RuleViolation as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(who,)) for who in (cast.zhao, cast.qian)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["done", "join.answered"]
    assert Posting.objects.filter(worker__id_tail=NUMBER[-4:]).count() == 1


def test_the_clerk_accepts_on_the_page_and_gets_a_poster(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    page = f"/people/{cast.project.pk}/join-code/"
    assert client.get(page + "poster/").status_code == 302
    assert client.post(page, {"act": "new"}).status_code == 302
    poster = client.get(page + "poster/")
    assert poster.content.startswith(b"%PDF-")
    request = asked(cast)
    address = f"/people/{cast.project.pk}/joins/{request.pk}/"
    shown = client.get(address).content.decode()
    assert NUMBER not in shown
    assert PHONE not in shown
    form = {
        "verdict": "accept", "team": cast.team.pk, "trade": "木工", "pay_basis": "day", "rate": "370",
        "joined_on": "2026-11-16",
    }  # fmt: skip
    assert client.post(address, form | {"rate": "-1"}).status_code == 400
    assert client.post(address, form | {"pay_basis": "piece"}).status_code == 400
    assert client.post(address, form).status_code == 302
    assert Posting.objects.get(worker__id_tail=NUMBER[-4:]).rate_fen == 37000
    assert client.post(address, form).status_code == 400, "answered already"
    assert Posting.objects.filter(worker__id_tail=NUMBER[-4:]).count() == 1
