"""People pushed by another real-name system: the roster's rules, row by row, and nothing twice."""

import json
import threading
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.db import connection

from devices.models import Passage
from registration.models import (
    BankCard,
    Posting,
    Push,
    PushedPosting,
    Team,
    Worker,
)
from tests.cast import Cast, make_card_number
from tests.devices.pushing import PEOPLE, System, let_system_in, person


@pytest.fixture
def system(cast: Cast) -> Iterator[System]:
    with time_machine.travel(cast.now, tick=False):
        yield System(let_system_in(cast), cast)


def test_registers_a_person_and_answers_the_number_at_the_gates(cast: Cast, system: System) -> None:
    answer = system.people(
        person(card_number=make_card_number(881), bank_name="金华商贸银行", address="东华街 9 号")
    )
    assert (answer["written"], answer["unchanged"], answer["refused"]) == (1, 0, 0)
    assert answer["rows"] == [{"index": 0, "result": "new", "pin": 3}]
    posting = Posting.objects.select_related("worker").get(pin=3, project=cast.project)
    assert (posting.worker.name, posting.team_id, posting.trade, posting.rate_fen, posting.registered_by) == (
        "郑大江", cast.team.pk, "木工", 38000, "api",
    )  # fmt: skip
    assert posting.worker.registered_by == "api"
    assert posting.worker.sex == 1
    assert str(posting.worker.address) == "东华街 9 号"
    assert BankCard.objects.get(worker=posting.worker).tail == make_card_number(881)[-4:]
    said = PushedPosting.objects.get()
    assert (said.posting_id, said.source_id, said.first_at) == (posting.pk, system.made.source.pk, cast.now)


def test_history_says_which_system(cast: Cast, system: System) -> None:
    system.people(person())
    posting = Posting.objects.get(pin=3, project=cast.project)
    row = Posting.history.get(id=posting.pk)
    assert (row.history_change_reason, row.history_user_id) == ("push: 岑岭实名制", None)
    assert Worker.history.get(id=posting.worker_id).history_change_reason == "push: 岑岭实名制"


def test_takes_the_names_and_codes_of_the_national_interface(cast: Cast, system: System) -> None:
    ours = person()
    answer = system.people(
        {
            "workerName": "郑大江", "idCardType": "01", "idCardNumber": ours["id_number"], "nation": "汉族",
            "cellPhone": ours["phone"], "cultureLevelType": "02", "politicsType": "13", "workRole": "20",
            "workType": "240", "teamName": "木工二班", "corpCode": cast.sc.uscc.lower(),
            "joinedTime": "2026-11-16 08:00:00", "payRollBankCardNumber": make_card_number(882), "gender": "0",
        },
        firm="", defaults={"rate": 380},
    )  # fmt: skip
    assert answer["rows"] == [{"index": 0, "result": "new", "pin": 3}]
    posting = Posting.objects.select_related("worker", "team").get(pin=3, project=cast.project)
    assert (posting.trade, posting.team.name, posting.joined_on) == ("木工", "木工二班", date(2026, 11, 16))
    assert (posting.worker.education, posting.worker.politics, posting.worker.sex) == ("02", "13", 1)


def test_refuses_bad_rows_beside_good_ones_in_both_languages(cast: Cast, system: System) -> None:
    rows = [
        person(311),
        person(312, id_number="330723198804123111"),
        person(313, name="钱多多", id_number=str(cast.sun.id_number)),
        person(314, card_number=str(cast.zhou_card.number)),
        person(315, firm="91330703MA28XXX00X"),
        person(316, rate=""),
        "nobody",
        person(317, left_on="2026-11-01"),
        person(318, id_kind="08", id_number="E12345678", birth_date="1990-01-01", sex="1", nationality="VNM"),
    ]
    body = system.people_body(*rows)
    answer = json.loads(system.send(PEOPLE, body).content)
    assert [(row["index"], row["result"], row.get("code")) for row in answer["rows"]] == [
        (0, "new", None),
        (1, "refused", "id.checksum"),
        (2, "refused", "name.conflict"),
        (3, "refused", "card.other_person"),
        (4, "refused", "firm.unknown"),
        (5, "refused", "rate.missing"),
        (6, "refused", "row.unreadable"),
        (7, "refused", "posting.before_joining"),
        (8, "new", None),
    ]
    assert answer["rows"][3]["message"].startswith("这张卡")
    english = json.loads(system.send(PEOPLE, body, language="en").content)
    assert english["rows"][3]["message"].startswith("This card belongs to another person")
    assert english["rows"][3]["field"] == "card_number"
    assert Posting.objects.filter(project=cast.project).count() == 4
    push = Push.objects.get()
    assert (push.rows, push.kept, push.refused) == (9, 2, 7)
    assert push.problems["firm.unknown"] == 1


def test_a_passport_is_kind_country_and_number(cast: Cast, system: System) -> None:
    told = {
        "id_kind": "08",
        "id_number": " e1234567",
        "birth_date": "1990-02-03",
        "sex": "2",
        "name": "Nguyen Thi Mai",
    }
    first = system.people(
        person(331, **told, nationality="VNM"), person(332, **told, nationality="LAO"), {**told}
    )
    assert [(row["result"], row.get("code")) for row in first["rows"]] == [
        ("new", None),
        ("new", None),
        ("refused", "nationality.missing"),
    ]
    made = Worker.objects.filter(id_kind="08").order_by("nationality")
    assert [(w.nationality, str(w.id_number), w.id_tail, w.sex, w.origin_code) for w in made] == [
        ("LAO", "E1234567", "4567", 2, ""),
        ("VNM", "E1234567", "4567", 2, ""),
    ]
    assert made[1].birth_date == date(1990, 2, 3)
    again = system.people(person(331, **told, nationality="VNM"))
    assert (again["written"], again["unchanged"]) == (0, 1)
    line = {
        "idCardType": "08",
        "idCardNumber": "E1234567",
        "nationality": "VNM",
        "date": "2026-11-16 07:01:09",
        "direction": "01",
        "attendType": "001",
    }
    ours = {"id": "p-2", "id_number": "08:LAO:E1234567", "at": "2026-11-16T07:02:00+08:00", "type": 1}
    answer = system.stamps(line, ours, {**line, "nationality": "KHM"})
    assert (answer["accepted"], [one["reason"] for one in answer["refused"]]) == (2, ["unregistered"])
    assert set(Passage.objects.values_list("worker_id", flat=True)) == {w.pk for w in made}


def test_the_same_person_twice_and_one_card_for_two_are_refused(cast: Cast, system: System) -> None:
    card = make_card_number(883)
    answer = system.people(
        person(321), person(321, rate="400"), person(322, card_number=card), person(323, card_number=card)
    )
    assert [row["code"] for row in answer["rows"]] == [
        "person.twice_differs", "person.twice", "card.shared", "card.shared",
    ]  # fmt: skip
    assert Posting.objects.filter(project=cast.project).count() == 2
    assert not PushedPosting.objects.exists()


def test_changes_what_is_new_and_says_when_nothing_is(cast: Cast, system: System) -> None:
    sun = {"name": cast.sun.name, "id_number": str(cast.sun.id_number)}
    assert system.people({**sun, "rate": "375.5", "team": "木工二班"})["rows"][0]["result"] == "changed"
    cast.sun_posting.refresh_from_db()
    assert cast.sun_posting.rate_fen == 37550
    assert cast.sun_posting.team.name == "木工二班"
    assert cast.sun_posting.registered_by == "roster"
    again = system.people({**sun, "rate": "375.5", "team": "木工二班"})
    assert (again["written"], again["unchanged"], again["rows"][0]["pin"]) == (0, 1, 1)
    assert Posting.history.filter(id=cast.sun_posting.pk, history_type="~").count() == 1


def test_a_leaver_starts_the_clock_of_settlement_once(cast: Cast, system: System) -> None:
    sun = {"name": cast.sun.name, "id_number": str(cast.sun.id_number), "exitTime": "2026-11-13"}
    assert system.people(sun)["rows"][0]["result"] == "changed"
    cast.sun_posting.refresh_from_db()
    assert (cast.sun_posting.left_on, cast.sun_posting.settle_by) == (date(2026, 11, 13), date(2026, 11, 13))
    assert system.people(sun)["rows"] == [{"index": 0, "result": "unchanged", "pin": 1}]
    other_day = system.people({**sun, "exitTime": "2026-11-12"})["rows"][0]
    assert (other_day["result"], other_day["code"]) == ("refused", "posting.not_open")
    back = system.people({**person(), **sun, "exitTime": "", "joined_on": "2026-11-12"})["rows"][0]
    assert (back["result"], back["code"]) == ("refused", "posting.left")
    early = {"name": cast.zhou.name, "id_number": str(cast.zhou.id_number), "left_on": "2026-08-01"}
    assert system.people(early)["rows"][0]["code"] == "posting.before_joining"
    cast.zhou_posting.refresh_from_db()
    assert cast.zhou_posting.left_on is None


def test_somebody_at_work_for_another_company_is_refused(cast: Cast, system: System) -> None:
    sun = {"name": cast.sun.name, "id_number": str(cast.sun.id_number), "team": "杂工班"}
    assert system.people(sun, firm=cast.gc.uscc)["rows"][0]["code"] == "posting.other_company"
    assert Team.objects.filter(participation=cast.gc_part).count() == 1


def test_the_same_request_gets_the_same_answer_and_another_content_is_refused(
    cast: Cast, system: System
) -> None:
    body = system.people_body(person(331), request="r-331")
    first = json.loads(system.send(PEOPLE, body).content)
    assert json.loads(system.send(PEOPLE, body).content) == first
    other = system.send(PEOPLE, system.people_body(person(332), request="r-331"))
    assert (other.status_code, json.loads(other.content)["code"]) == (409, "push.other_rows")
    assert Posting.objects.filter(project=cast.project).count() == 3
    assert Push.objects.count() == 1


def test_keeps_no_personal_data_with_the_answer(cast: Cast, system: System) -> None:
    rows = [person(341), person(342, name="李"), {"name": "钱多多", "id_number": str(cast.sun.id_number)}]
    system.people(*rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT results::text || problems::text FROM registration_push")
        kept = cursor.fetchone()[0]
    for word in ("郑大江", rows[0]["id_number"], rows[0]["phone"], str(cast.sun.id_number), cast.sun.name):
        assert word not in kept


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b'{"request":"a","project":"x"}', b'{"request":"a b","project":"x","people":[]}',
        b'{"request":"a","project":"\\u0000","people":[]}', b'{"request":"a","project":"x","people":{}}',
        b"[" * 60_000, b'{"request":"a","project":"\\ud800","people":[]}',
    ],
)  # fmt: skip
def test_garbage_is_answered_and_stores_nothing(cast: Cast, system: System, body: bytes) -> None:
    response = system.send(PEOPLE, body)
    assert response.status_code in {400, 403}
    assert not Push.objects.exists()


ODD = ("\x00", "x" * 5000, 10**30, -1, 1e300, True, None, [], {"a": 1}, "%(x)s", "{0}", "9" * 400)


@pytest.mark.parametrize(
    "field",
    ["name", "id_number", "phone", "team", "rate", "joined_on", "left_on", "firm", "card_number"],
)
def test_no_value_breaks_a_request(cast: Cast, system: System, field: str) -> None:
    rows = [{**person(351 + n), field: value} for n, value in enumerate(ODD)]
    answer = system.people(*rows, person(390))
    assert [row["index"] for row in answer["rows"]] == list(range(len(ODD) + 1))
    assert answer["rows"][-1]["result"] == "new"
    assert {row["result"] for row in answer["rows"]} <= {"new", "refused"}


def test_the_digest_of_people_can_be_made_by_the_other_side(cast: Cast, system: System) -> None:
    import hashlib

    system.people(
        person(361), {"name": cast.sun.name, "id_number": str(cast.sun.id_number), "left_on": "2026-11-13"}
    )
    answer = json.loads(system.get(f"{PEOPLE}?project={cast.project.code}").content)
    lines = b"1,2026-08-03,2026-11-13\n3,2026-11-16,\n"
    assert answer == {
        "project": cast.project.code, "people": 2, "at_work": 1, "left": 1,
        "digest": hashlib.sha256(lines).hexdigest(),
    }  # fmt: skip


def test_two_requests_with_the_same_person_at_once_register_them_once(
    transactional_db: None, cast: Cast
) -> None:
    system = System(let_system_in(cast), cast)
    answers = []

    def push() -> None:
        try:
            answers.append(json.loads(system.send(PEOPLE, system.people_body(person(371))).content))
        finally:
            connection.close()

    with time_machine.travel(cast.now, tick=False):
        threads = [threading.Thread(target=push) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answer["rows"][0]["result"] for answer in answers) == ["new", *["unchanged"] * 3]
    assert Posting.objects.filter(project=cast.project).count() == 3
