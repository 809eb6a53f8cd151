"""Entering the same person at the same moment, from two browsers or beside a roster: one person, one work."""

from datetime import date
from typing import Any

import pytest

from registration.models import BankCard, Posting, RegisteredBy, Worker
from registration.rules.person_values import PersonValues, PostingValues
from registration.services.entering import EntryRefused, enter_person
from registration.services.roster_apply import apply_roster
from tests.cast import NOW, Cast, build_cast, make_card_number
from tests.registration.rosters import person, staged, xlsx
from tests.registration.test_rosters_at_once import together
from wagewatch.lib.identity import make_id_number

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = make_id_number("522121", date(1988, 4, 5), 331)


def values(number: str = NUMBER, name: str = "罗大勇", **more: Any) -> PersonValues:
    return PersonValues(name=name, id_number=number, birth_date=date(1988, 4, 5), sex=1, **more)


def entered(cast: Cast, who: PersonValues, *, elsewhere: bool = False) -> Posting:
    project, part = (cast.other_project, cast.other_part) if elsewhere else (cast.project, cast.sc_part)
    return enter_person(
        project.pk,
        part.pk,
        who,
        PostingValues(team="木工一班", trade="木工", rate_fen=36000),
        by=RegisteredBy.FORM,
        actor=cast.actor(cast.kong if elsewhere else cast.qian),
        now=NOW,
    )


def test_two_clerks_of_one_project_register_one_person_once(transactional_db: None) -> None:
    cast = build_cast()
    results = together(*[lambda: entered(cast, values())] * 3)
    assert sum(isinstance(r, Posting) for r in results) == 1
    refusals = [r for r in results if isinstance(r, EntryRefused)]
    assert [r.code for r in refusals] == ["posting.open", "posting.open"]
    assert Worker.objects.filter(name="罗大勇").count() == 1
    assert Posting.objects.filter(worker__name="罗大勇").count() == 1


def test_two_cities_register_one_person_once_and_both_works_stand(transactional_db: None) -> None:
    cast = build_cast()
    results = together(lambda: entered(cast, values()), lambda: entered(cast, values(), elsewhere=True))
    assert [type(r) for r in results] == [Posting, Posting]
    assert Worker.objects.get(name="罗大勇").postings.count() == 2
    assert Worker.history.filter(name="罗大勇", history_type="+").count() == 1


def test_two_names_for_one_number_at_once_give_one_person_and_one_refusal(transactional_db: None) -> None:
    cast = build_cast()
    results = together(
        lambda: entered(cast, values()), lambda: entered(cast, values(name="罗小勇"), elsewhere=True)
    )
    refusals = [r for r in results if isinstance(r, EntryRefused)]
    assert [r.code for r in refusals] == ["name.conflict"]
    assert Worker.objects.count() == 3 + 1
    assert Posting.objects.count() == 3 + 1


def test_one_card_for_two_people_at_once_goes_to_one_of_them(transactional_db: None) -> None:
    cast = build_cast()
    card = make_card_number(4242)
    other = make_id_number("522121", date(1988, 4, 5), 333)
    results = together(
        lambda: entered(cast, values(card_number=card)),
        lambda: entered(cast, values(other, "罗小勇", card_number=card), elsewhere=True),
    )
    refusals = [r for r in results if isinstance(r, EntryRefused)]
    assert [(r.code, r.field) for r in refusals] == [("card.other_person", "card_number")]
    assert BankCard.objects.filter(tail=card[-4:], is_current=True).count() == 1
    assert Posting.objects.count() == 3 + 1, "who was refused was not registered by half"


def test_a_form_beside_a_roster_registers_nobody_twice(transactional_db: None) -> None:
    cast = build_cast()
    rows = [person(n) for n in range(1, 30)]
    upload = staged(cast, xlsx(rows))
    row = rows[14]
    same = PersonValues(
        name=row["姓名"],
        id_number=row["身份证号"],
        birth_date=date(1980, 1, 16),
        sex=1,
        phone=row["联系电话"],
    )
    results = together(
        lambda: apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW),
        lambda: entered(cast, same),
    )
    assert not any(isinstance(r, Exception) and not isinstance(r, EntryRefused) for r in results), results
    assert Worker.objects.count() == 3 + 29
    assert Posting.objects.filter(worker__id_tail=row["身份证号"][-4:], project=cast.project).count() == 1
    pins = list(Posting.objects.filter(project=cast.project).order_by("pin").values_list("pin", flat=True))
    assert pins == list(range(1, 32))


def test_a_form_in_one_city_beside_a_roster_in_another(transactional_db: None) -> None:
    cast = build_cast()
    rows = [person(n) for n in range(1, 30)]
    upload = staged(cast, xlsx(rows))
    row = rows[3]
    same = PersonValues(name=row["姓名"], id_number=row["身份证号"], birth_date=date(1980, 1, 5), sex=1)
    results = together(
        lambda: apply_roster(cast.project.pk, upload.pk, actor=cast.actor(cast.zhao), now=NOW),
        lambda: entered(cast, same, elsewhere=True),
    )
    assert not any(isinstance(r, Exception) for r in results), results
    assert Worker.objects.count() == 3 + 29
    found = Worker.objects.get(name=row["姓名"], id_tail=row["身份证号"][-4:])
    assert set(found.postings.values_list("project_id", flat=True)) == {
        cast.project.pk,
        cast.other_project.pk,
    }
