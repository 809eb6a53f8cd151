"""Corrections: who may, what stays on record, and when only the inspectorate may."""

from datetime import date
from typing import Any

import pytest

from registration.models import Posting, SmsMessage, Worker, WorkerPhoto
from registration.person_changes import changes_of_person
from registration.rules.person_values import Document, read_details, read_document, read_posting
from registration.services.corrections import change_details, change_posting, correct_identity
from tests.cast import NOW, TODAY, Cast, make_posting
from tests.registration.test_person_new import face
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.identity import make_id_number

RIGHT = make_id_number("342222", date(1979, 3, 9), 601)


def document(name: str = "孙德望", number: str = RIGHT) -> Document:
    found, said = read_document({"name": name, "id_number": number}, today=TODAY)
    assert found is not None, said
    return found


def correct(cast: Cast, who: str = "qian", reason: str = "看错了一个字", **typed: str) -> list[str]:
    return correct_identity(
        cast.sun.pk, cast.project.pk, document(**typed), reason, actor=cast.actor(getattr(cast, who)), now=NOW
    )


def details(cast: Cast, who: str = "qian", *, photo: bytes = b"", **typed: str) -> list[str]:
    changes, said = read_details(typed)
    assert changes is not None, said
    return change_details(
        cast.sun.pk,
        cast.project.pk,
        changes,
        photo=photo,
        actor=cast.actor(getattr(cast, who)),
        now=NOW,
    )


def agree(cast: Cast, who: str = "qian", **typed: str) -> list[str]:
    values, said = read_posting(
        {"team": "木工一班", "trade": "木工", "rate": "360", "pay_basis": "day", **typed}, today=TODAY
    )
    assert values is not None, said
    return change_posting(cast.sun.pk, cast.project.pk, values, actor=cast.actor(getattr(cast, who)), now=NOW)


def fresh(cast: Cast) -> Worker:
    return Worker.objects.get(pk=cast.sun.pk)


def elsewhere(cast: Cast) -> None:
    make_posting(cast.sun, cast.other_team, pin=50)


# ---- details


def test_details_are_written_and_confirmed_today(cast: Cast) -> None:
    assert set(details(cast, education="03", address="多湖街 8 号", household="rural")) == {
        "education",
        "address",
        "household",
    }
    worker = fresh(cast)
    assert (worker.education, worker.address, worker.updated_at) == ("03", "多湖街 8 号", NOW)
    record = worker.history.latest("history_id")
    assert (record.history_user, record.history_change_reason) == (cast.qian, "details corrected")


def test_empty_fields_that_are_not_shown_change_nothing(cast: Cast) -> None:
    assert details(cast, phone="", address="", education="") == []
    worker = fresh(cast)
    assert (worker.phone, worker.updated_at) == (cast.sun_phone, NOW)


def test_a_new_phone_number_is_told_on_the_old_one(cast: Cast) -> None:
    assert details(cast, phone="13900001234") == ["phone"]
    worker = fresh(cast)
    assert worker.phone == "13900001234"
    assert bytes(worker.phone_index or b"") == blind_index("13900001234", kind="phone")
    message = SmsMessage.objects.get()
    assert (message.phone, message.kind) == (cast.sun_phone, "phone_changed")
    assert "孙" not in str(message.text)


def test_a_phone_number_can_be_taken_away(cast: Cast) -> None:
    assert details(cast, phone="", no_phone="on") == ["phone"]
    worker = fresh(cast)
    assert (worker.phone, worker.phone_index) == (None, None)


def test_a_photo_is_kept_once(cast: Cast) -> None:
    data = face().read()
    assert details(cast, photo=data) == ["photo"]
    assert details(cast, photo=data) == []
    assert WorkerPhoto.objects.filter(worker=cast.sun).count() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"phone": "123"}, "phone"),
        ({"ethnicity": "火星族"}, "ethnicity"),
        ({"education": "77"}, "education"),
        ({"skill_grade": "9"}, "skill_grade"),
        ({"id_valid_until": "2026-13-01"}, "id_valid_until"),
        ({"emergency_phone": "12"}, "emergency_phone"),
    ],
)
def test_wrong_details_are_refused_beside_their_field(typed: dict[str, Any], field: str) -> None:
    changes, said = read_details(typed)
    assert changes is None
    assert [m.field for m in said if m.kind == "stop"] == [field]


@pytest.mark.parametrize(("who", "error"), [("kong", NotFound), ("he", NotPermitted), ("li", NotPermitted)])
def test_others_correct_no_details(cast: Cast, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        details(cast, who, education="03")
    assert fresh(cast).history.count() == 1


def test_a_former_employer_corrects_nothing(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=TODAY)
    for act in (lambda: details(cast, education="03"), lambda: correct(cast), lambda: agree(cast, rate="9")):
        with pytest.raises(RuleViolation) as refused:
            act()
        assert refused.value.code == "person.left"
    assert fresh(cast).history.count() == 1


# ---- name and number


def test_a_name_and_a_number_are_corrected_with_a_reason(cast: Cast) -> None:
    assert correct(cast, reason=" 看错了  一个字 ") == ["name", "id_number"]
    worker = fresh(cast)
    assert (worker.name, worker.initials, worker.id_number) == ("孙德望", " sdw", RIGHT)
    assert (worker.birth_date, worker.id_tail) == (date(1979, 3, 9), RIGHT[-4:])
    assert bytes(worker.id_index) == blind_index(RIGHT, kind="id")
    record = worker.history.latest("history_id")
    assert record.history_change_reason == "identity corrected: 看错了 一个字"
    assert worker.history.earliest("history_id").name == "孙德旺"


def test_without_a_reason_nothing_is_corrected(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as refused:
        correct(cast, reason="  ")
    assert refused.value.code == "correction.reason"
    assert fresh(cast).name == "孙德旺"


def test_a_number_of_somebody_else_is_refused(cast: Cast) -> None:
    with pytest.raises(RuleViolation) as refused:
        correct(cast, number=str(cast.zhou.id_number))
    assert refused.value.code == "id.taken"
    assert fresh(cast).name == "孙德旺"


def test_when_another_company_employs_the_person_only_the_inspectorate_corrects(cast: Cast) -> None:
    elsewhere(cast)
    for who in ("qian", "zhao"):
        with pytest.raises(RuleViolation) as refused:
            correct(cast, who)
        assert refused.value.code == "person.works_elsewhere"
    assert fresh(cast).name == "孙德旺"
    assert correct(cast, "li") == ["name", "id_number"]


@pytest.mark.parametrize(("who", "error"), [("wang", NotFound), ("kong", NotFound), ("he", NotPermitted)])
def test_others_correct_no_name(cast: Cast, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        correct(cast, who)
    assert fresh(cast).history.count() == 1


def test_two_companies_of_one_project_are_no_obstacle_to_its_general_contractor(cast: Cast) -> None:
    assert correct(cast, "zhao") == ["name", "id_number"]


# ---- what is agreed


def test_an_agreement_is_changed_with_history(cast: Cast) -> None:
    assert set(agree(cast, rate="400", team="木工二班", pay_day="10", work_role="10")) == {
        "rate_fen",
        "team",
        "pay_day",
        "work_role",
    }
    posting = Posting.objects.get(pk=cast.sun_posting.pk)
    assert (posting.rate_fen, posting.team.name, posting.pay_day) == (40000, "木工二班", 10)
    assert posting.joined_on == cast.sun_posting.joined_on
    record = Posting.history.filter(id=posting.pk).latest("history_id")
    assert (record.rate_fen, record.history_user) == (40000, cast.qian)


def test_the_same_agreement_writes_nothing(cast: Cast) -> None:
    assert agree(cast) == []
    assert Posting.history.filter(id=cast.sun_posting.pk).count() == 1


@pytest.mark.parametrize(("who", "error"), [("kong", NotFound), ("he", NotPermitted), ("li", NotPermitted)])
def test_others_change_no_agreement(cast: Cast, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        agree(cast, who, rate="400")
    assert Posting.objects.get(pk=cast.sun_posting.pk).rate_fen == 36000


def test_piece_work_needs_a_unit() -> None:
    values, said = read_posting({"team": "甲", "rate": "12", "pay_basis": "piece"}, today=TODAY)
    assert values is None
    assert [m.code for m in said] == ["unit.missing"]


# ---- what changed


def test_changes_are_shown_masked_with_who_and_when(cast: Cast) -> None:
    details(cast, phone="13900001234", address="多湖街 8 号")
    agree(cast, rate="400")
    correct(cast)
    found = changes_of_person(fresh(cast), [cast.sun_posting], [cast.sc.pk])
    shown = {(c.field, c.old, c.new, c.who, c.reason) for c in found}
    phone = f"{cast.sun_phone[:3]}****{cast.sun_phone[-4:]}"
    assert {(old, new) for _field, old, new, _who, _why in shown} == {
        ("孙**", "孙**，写法不同"),
        ("3422**********" + cast.sun.id_tail, "3422**********" + RIGHT[-4:]),
        (phone, "139****1234"),
        ("—", "有记录"),
        ("¥360.00", "¥400.00"),
    }
    assert {who for *_rest, who, _why in shown} == {"钱文娟"}
    assert {why for *_rest, why in shown} == {"", "看错了一个字"}
    assert all(c.at == NOW for c in found)


def test_people_of_other_companies_are_not_named(cast: Cast) -> None:
    details(cast, education="03")
    (change,) = changes_of_person(fresh(cast), [cast.sun_posting], [cast.rival.pk])
    assert cast.qian.name not in change.who


# ---- a phone that opens what other firms know


def test_who_registers_somebody_by_an_id_number_does_not_take_over_the_phone(cast: Cast) -> None:
    """Sun works on the rival's site too: its clerk may not put a number of their own in the place of Sun's."""
    elsewhere(cast)
    changes, _said = read_details({"phone": "13900001234"})
    assert changes is not None
    with pytest.raises(RuleViolation) as refused:
        change_details(cast.sun.pk, cast.other_project.pk, changes, actor=cast.actor(cast.kong), now=NOW)
    assert refused.value.code == "person.phone_of_others"
    assert fresh(cast).phone == cast.sun_phone
    assert not SmsMessage.objects.exists()
    page = cast.client(cast.kong).post(
        f"/people/{cast.other_project.pk}/{cast.sun.pk}/details/", {"phone": "13900001234"}
    )
    assert page.status_code == 400
    assert page.context["form"].errors["phone"]
    other = details_of_kong(cast, {"education": "03"})
    assert other == ["education"]


def details_of_kong(cast: Cast, changes: dict[str, Any]) -> list[str]:
    return change_details(cast.sun.pk, cast.other_project.pk, changes, actor=cast.actor(cast.kong), now=NOW)


def test_work_that_ended_elsewhere_counts_and_the_workers_own_word_opens_it(cast: Cast) -> None:
    elsewhere(cast)
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=TODAY)
    with pytest.raises(RuleViolation, match=r"person\.phone_of_others"):
        details_of_kong(cast, {"phone": "13900001234"})
    Posting.objects.filter(project=cast.other_project, worker=cast.sun).update(acknowledged_at=NOW)
    assert details_of_kong(cast, {"phone": "13900001234"}) == ["phone"]


def test_a_first_number_may_be_written_down_by_any_employer(cast: Cast) -> None:
    elsewhere(cast)
    Worker.objects.filter(pk=cast.sun.pk).update(phone=None, phone_index=None)
    assert details_of_kong(cast, {"phone": "13900001234"}) == ["phone"]


def test_the_inspectorate_writes_down_the_number_of_who_lost_the_old_one(cast: Cast) -> None:
    elsewhere(cast)
    path = f"/supervision/projects/{cast.project.pk}/people/{cast.sun.pk}/identity/"
    typed = {
        "id_kind": "01", "id_number": str(cast.sun.id_number), "name": cast.sun.name, "nationality": "",
        "reason": "手机丢失，本人持身份证到场",
    }  # fmt: skip
    client = cast.client(cast.li)
    wrong = client.post(path, typed | {"phone": "123"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (400, ["phone"])
    assert fresh(cast).phone == cast.sun_phone
    assert client.post(path, typed | {"phone": "139 0000 1234"}).status_code == 302
    worker = fresh(cast)
    assert (worker.phone, worker.name) == ("13900001234", cast.sun.name)
    assert bytes(worker.phone_index or b"") == blind_index("13900001234", kind="phone")
    message = SmsMessage.objects.get()
    assert (message.phone, message.kind) == (cast.sun_phone, "phone_changed")
    assert worker.history.latest("history_id").history_user == cast.li


def test_a_clerk_sets_no_phone_by_correcting_a_name(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        correct_identity(
            cast.sun.pk,
            cast.project.pk,
            document(),
            "看错了一个字",
            phone="13900001234",
            actor=cast.actor(cast.qian),
            now=NOW,
        )
    worker = fresh(cast)
    assert (worker.phone, worker.name) == (cast.sun_phone, cast.sun.name)
