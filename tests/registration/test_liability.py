"""Who pays, article by article (Order 724). Part 1 owner, 2 general contractor, 3 subcontractor, 4 below it."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from registration.rules.liability import Chain, Firm, How, chain_of, who_pays

OWNER = Firm(1, "owner", "owner")
LEADER = Firm(2, "leader", "general_contractor", 1)
SUB = Firm(3, "sub", "subcontractor", 2)
BELOW = Firm(4, "below", "subcontractor", 3)
AGENCY = Firm(5, "agency", "agency", 3)


def chain(*changed: Firm, **facts: Any) -> Chain:
    firms = {firm.id: firm for firm in (OWNER, LEADER, SUB, BELOW, AGENCY)} | {f.id: f for f in changed}
    return chain_of(firms.values(), **facts)


def told(found: Chain, employer: int, **facts: Any) -> list[tuple[int | None, str, str]]:
    return [(p.part, p.how.value, p.article) for p in who_pays(found, employer, **facts)]


def test_the_general_contractor_pays_its_own_people() -> None:
    assert told(chain(), 2) == [(2, "employer", "16")]


def test_article_30_general_contractor_first_then_the_subcontractor_itself() -> None:
    assert told(chain(), 3) == [(2, "first", "30"), (3, "employer", "30")]
    assert told(chain(), 4) == [(2, "first", "30"), (4, "employer", "30")]


def test_article_30_work_passed_on_unlawfully() -> None:
    found = chain(replace(SUB, engagement="recontracted"))
    assert told(found, 3) == [(2, "first", "30"), (3, "employer", "30")]
    with translation.override("en"):
        assert "passed on unlawfully" in str(who_pays(found, 3)[0].reason)
        assert "passed on unlawfully" in str(who_pays(found, 4)[0].reason), (
            "also below the firm it was passed to"
        )
        assert "passed on" not in str(who_pays(chain(), 4)[0].reason)


def test_article_18_an_agency_without_a_licence() -> None:
    found = chain(replace(AGENCY, engagement="unlicensed"))
    assert told(found, 5) == [(3, "clears", "18"), (2, "first", "30"), (5, "employer", "16")]
    by_leader = chain(replace(AGENCY, engagement="unlicensed", parent=2))
    assert told(by_leader, 5) == [(2, "clears", "18"), (5, "employer", "16")]


def test_a_licensed_agency_is_read_like_a_subcontractor() -> None:
    assert told(chain(), 5) == [(2, "first", "30"), (5, "employer", "16")]
    assert who_pays(chain(), 5)[0].reading


def test_articles_19_and_36_a_borrowed_name() -> None:
    found = chain(replace(BELOW, engagement="name_lent"))
    assert told(found, 4) == [(3, "clears", "36"), (2, "first", "30"), (4, "employer", "30")]
    assert not who_pays(found, 4)[0].reading
    factory = chain(replace(BELOW, engagement="name_lent"), construction=False)
    assert told(factory, 4) == [(3, "clears", "19"), (4, "employer", "16")]


def test_article_36_let_to_a_unit_that_may_not_build() -> None:
    by_leader = chain(replace(SUB, engagement="unqualified"))
    assert told(by_leader, 3) == [(2, "clears", "36"), (3, "employer", "30")]
    by_owner = chain(replace(LEADER, engagement="unqualified"))
    assert told(by_owner, 2) == [(1, "clears", "36"), (2, "employer", "16")]
    assert told(by_owner, 3)[0] == (1, "clears", "36")
    assert who_pays(by_owner, 3)[0].reading, "further up than the employer's own link is a reading"


def test_article_36_let_to_an_individual() -> None:
    assert told(chain(), 2, let_to_foreman=True) == [(2, "clears", "36")]


def test_article_19_a_subcontractor_that_let_to_an_individual_or_unqualified_unit() -> None:
    """Article 36 names owner and general contractor only; article 19 sends to other law."""
    assert told(chain(), 3, let_to_foreman=True) == [(3, "clears", "19"), (2, "first", "30")]
    assert who_pays(chain(), 3, let_to_foreman=True)[0].reading
    found = chain(replace(BELOW, engagement="unqualified"))
    assert told(found, 4) == [(3, "clears", "19"), (2, "first", "30"), (4, "employer", "30")]


def test_article_29_the_owner_advances_up_to_the_unsettled_money() -> None:
    payers = who_pays(chain(), 3, missed_allocation=True, unsettled_fen=5_000_000)
    assert [(p.part, p.how, p.article, p.limit_fen) for p in payers] == [
        (1, How.ADVANCES, "29", 5_000_000),
        (2, How.FIRST, "30", None),
        (3, How.EMPLOYER, "30", None),
    ]


def test_article_37_planning_breach() -> None:
    found = chain(planning_breach=True)
    assert told(found, 3) == [(1, "clears", "37"), (2, "first", "30"), (3, "employer", "30")]
    assert told(found, 3, missed_allocation=True)[0] == (1, "clears", "37"), "once, and the stronger duty"


@pytest.mark.parametrize("form", ["partnership", "sole", "individual"])
def test_article_20_investors_behind_firms_without_limited_liability(form: str) -> None:
    payers = who_pays(chain(replace(SUB, legal_form=form, investors="陆某")), 3)
    last = payers[-1]
    assert (last.part, last.name, last.how, last.article) == (None, "陆某", How.BEHIND, "20")
    assert told(chain(replace(SUB, legal_form="company")), 3)[-1] == (3, "employer", "30")


@pytest.mark.parametrize("standing", ["merged", "divided"])
def test_article_21_the_successor(standing: str) -> None:
    last = who_pays(chain(replace(SUB, standing=standing, successor="新公司")), 3)[-1]
    assert (last.name, last.how, last.article) == ("新公司", How.BEHIND, "21")


@pytest.mark.parametrize("standing", ["revoked", "closed", "dissolved"])
def test_article_22_main_investors_of_a_firm_that_is_no_more(standing: str) -> None:
    last = who_pays(chain(replace(SUB, standing=standing)), 3)[-1]
    assert (last.name, last.how, last.article) == ("", How.BEHIND, "22")


def test_chapter_4_does_not_bind_a_factory() -> None:
    found = chain(construction=False, planning_breach=True)
    assert told(found, 3, missed_allocation=True) == [(3, "employer", "16")]


FIRMS = st.lists(
    st.builds(
        Firm,
        id=st.integers(1, 8),
        name=st.just("x"),
        role=st.sampled_from(["owner", "general_contractor", "subcontractor", "agency", "supervisor"]),
        parent=st.one_of(st.none(), st.integers(1, 9)),
        engagement=st.sampled_from(["lawful", "recontracted", "name_lent", "unqualified", "unlicensed"]),
        legal_form=st.sampled_from(["company", "sole"]),
        standing=st.sampled_from(["active", "merged", "revoked"]),
    ),
    min_size=1,
    unique_by=lambda firm: firm.id,
)


@given(FIRMS, st.booleans(), st.booleans(), st.booleans())
def test_any_chain_names_everybody_once_and_ends(
    firms: list[Firm], breach: bool, works: bool, let: bool
) -> None:
    """Also circles and missing parents, which the services refuse, end in an answer."""
    found = chain_of(firms, planning_breach=breach, construction=works)
    payers = who_pays(found, firms[0].id, let_to_foreman=let, missed_allocation=breach)
    named = [p.part for p in payers if p.part is not None]
    assert firms[0].id in named
    assert len(named) == len(set(named))
