"""One person entered one by one: registered, or found again, under the rules of a roster's rows."""

from datetime import date
from typing import Any

import pytest

from registration.models import BankCard, Posting, RegisteredBy, Team, Worker
from registration.rules.person_values import PersonValues, PostingValues, read_person, read_posting
from registration.services.entering import EntryRefused, enter, enter_person
from tests.cast import NOW, TODAY, Cast, make_card_number
from wagewatch.lib.errors import NotFound, NotPermitted
from wagewatch.lib.identity import make_id_number

NUMBER = make_id_number("522121", date(1988, 4, 5), 331)


def person(**typed: Any) -> PersonValues:
    values, messages = read_person({"name": "罗大勇", "id_number": NUMBER, **typed}, today=TODAY)
    assert values is not None, messages
    return values


def posting(**typed: Any) -> PostingValues:
    values, messages = read_posting(
        {"team": "木工一班", "trade": "木工", "rate": "380", **typed}, today=TODAY
    )
    assert values is not None, messages
    return values


def put_in(cast: Cast, who: PersonValues, work: PostingValues, *, by: str = RegisteredBy.FORM) -> Posting:
    return enter_person(
        cast.project.pk, cast.sc_part.pk, who, work, by=by, actor=cast.actor(cast.qian), now=NOW
    )


def counts() -> tuple[int, ...]:
    models = (Worker, Posting, Team, BankCard, Worker.history, Posting.history)
    return tuple(getattr(m, "objects", m).count() for m in models)


def refusal(cast: Cast, who: PersonValues, work: PostingValues) -> EntryRefused:
    before = counts()
    with pytest.raises(EntryRefused) as refused:
        put_in(cast, who, work)
    assert counts() == before
    return refused.value


def test_registers_a_person_with_everything_typed(cast: Cast) -> None:
    number = make_card_number(77)
    who = person(
        phone="138 5790 1111",
        card_number=number,
        bank_name="金华商贸银行",
        ethnicity="苗",
        address="贵州省遵义市",
        household="rural",
        education="02",
        politics="13",
        skill_grade="2",
        emergency_name="罗小妹",
        emergency_phone="0851-28220000",
    )
    made = put_in(cast, who, posting(joined_on="2026-11-10", pay_day="12"))
    worker = made.worker
    assert (worker.name, worker.initials, worker.id_kind, worker.sex) == ("罗大勇", " ldy lty", "01", 1)
    assert (worker.birth_date, worker.origin_code) == (date(1988, 4, 5), "522121")
    assert (worker.phone, worker.ethnicity, worker.household) == ("13857901111", "苗族", "rural")
    assert (worker.education, worker.politics, worker.skill_grade) == ("02", "13", 2)
    assert (worker.emergency_name, worker.emergency_phone) == ("罗小妹", "085128220000")
    assert (worker.registered_by, worker.registered_at, worker.updated_at) == ("form", NOW, NOW)
    assert worker.cards.get(is_current=True).number == number
    assert (made.team, made.pin, made.trade, made.rate_fen) == (cast.team, 3, "木工", 38000)
    assert (made.joined_on, made.pay_day, made.registered_by) == (date(2026, 11, 10), 12, "form")
    assert made.acknowledged_at is None
    for record in (worker.history.get(), made.history.get()):
        assert (record.history_type, record.history_user, record.history_date) == ("+", cast.qian, NOW)


def test_a_new_team_is_made(cast: Cast) -> None:
    made = put_in(cast, person(), posting(team="钢筋二班", trade=""))
    assert (made.team.name, made.team.participation, made.trade) == ("钢筋二班", cast.sc_part, "钢筋工")


def test_who_registers_alone_has_acknowledged_it(cast: Cast) -> None:
    assert put_in(cast, person(), posting(), by=RegisteredBy.SELF).acknowledged_at == NOW


def test_a_person_of_another_city_is_found_again(cast: Cast) -> None:
    who = person(name="吴小妹", id_number=str(cast.wu.id_number), education="03", phone="13900000001")
    entered = enter(
        cast.project.pk, cast.sc_part.pk, who, posting(), by="form", actor=cast.actor(cast.qian), now=NOW
    )
    assert entered.found_again
    assert entered.posting.worker == cast.wu
    cast.wu.refresh_from_db()
    assert (cast.wu.education, cast.wu.updated_at, cast.wu.initials) == ("03", NOW, " wxm txm")
    assert cast.wu.phone == "13957901142"
    assert Worker.objects.count() == 3


def test_another_name_on_the_same_number_is_refused(cast: Cast) -> None:
    error = refusal(cast, person(name="吴大妹", id_number=str(cast.wu.id_number)), posting())
    assert (error.code, error.field, error.facts) == ("name.conflict", "name", {"name": "吴**"})


def test_a_second_open_posting_is_refused(cast: Cast) -> None:
    error = refusal(cast, person(name="孙德旺", id_number=str(cast.sun.id_number)), posting())
    assert (error.code, error.facts) == ("posting.open", {"team": "木工一班"})


def test_open_work_for_another_company_of_the_project_is_refused(cast: Cast) -> None:
    who = person(name="孙德旺", id_number=str(cast.sun.id_number))
    with pytest.raises(EntryRefused) as refused:
        enter_person(
            cast.project.pk, cast.gc_part.pk, who, posting(), by="form", actor=cast.actor(cast.zhao), now=NOW
        )
    assert refused.value.code == "posting.other_company"


def test_a_leaver_comes_back_only_after_the_last_day(cast: Cast) -> None:
    Posting.objects.filter(pk=cast.sun_posting.pk).update(left_on=TODAY)
    who = person(name="孙德旺", id_number=str(cast.sun.id_number))
    assert refusal(cast, who, posting(joined_on="2026-11-16")).code == "posting.left"
    assert put_in(cast, who, posting(joined_on="2026-11-17")).worker == cast.sun


def test_children_are_refused(cast: Cast) -> None:
    who = person(id_number=make_id_number("522121", date(2011, 1, 1), 331))
    assert refusal(cast, who, posting()).code == "age.too_young"


def test_a_card_of_somebody_else_is_refused(cast: Cast) -> None:
    error = refusal(cast, person(card_number=str(cast.zhou_card.number)), posting())
    assert (error.code, error.field) == ("card.other_person", "card_number")


def test_a_team_is_needed(cast: Cast) -> None:
    error = refusal(cast, person(), posting(team=""))
    assert (error.code, error.field) == ("team.missing", "team")
    assert "file" not in error.message


@pytest.mark.parametrize(("user", "error"), [("kong", NotFound), ("li", NotPermitted), ("he", NotPermitted)])
def test_only_clerks_of_the_company_enter_people(cast: Cast, user: str, error: type[Exception]) -> None:
    before = counts()
    with pytest.raises(error):
        enter_person(
            cast.project.pk,
            cast.sc_part.pk,
            person(),
            posting(),
            by="form",
            actor=cast.actor(getattr(cast, user)),
            now=NOW,
        )
    assert counts() == before


def test_a_subcontractor_enters_nobody_for_the_general_contractor(cast: Cast) -> None:
    with pytest.raises(NotFound):
        enter_person(
            cast.project.pk,
            cast.gc_part.pk,
            person(),
            posting(),
            by="form",
            actor=cast.actor(cast.qian),
            now=NOW,
        )


def test_a_passport_is_a_document_of_its_own(cast: Cast) -> None:
    typed = {"id_kind": "08", "id_number": "c1234567", "birth_date": "1990-02-03", "sex": "1"}
    one = put_in(cast, person(name="Nguyen Van An", nationality="vnm", **typed), posting())
    other = put_in(cast, person(name="Ali Khan", nationality="PAK", **typed), posting())
    assert one.worker != other.worker
    assert (one.worker.id_kind, one.worker.nationality, one.worker.origin_code) == ("08", "VNM", "")
    again = refusal(cast, person(name="Nguyen Van An", nationality="VNM", **typed), posting())
    assert again.code == "posting.open"


def test_a_foreigners_card_of_before_2023_is_accepted(cast: Cast) -> None:
    made = put_in(cast, person(name="Aidar", id_number="KAZ110090123105", sex="1"), posting())
    assert (made.worker.id_kind, made.worker.nationality, made.worker.id_tail) == ("03", "KAZ", "3105")
