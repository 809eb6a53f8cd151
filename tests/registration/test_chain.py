"""The chain of contractors through the services: who may put whom where, and what is refused."""

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection

from registration.models import Organisation, Participation, Posting, Team
from registration.services import chain as services
from registration.services.chain import PartFacts, PeopleOfPart
from registration.services.firms import FirmFacts
from registration.services.teams import add_team, change_team
from tests.cast import NOW, TODAY, Cast, add_agency
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation
from wagewatch.lib.identity import make_uscc

NEW = make_uscc("330782", "MA28NEW01")


def add(cast: Cast, who: Any, *, uscc: str = NEW, name: str = "义乌新禾劳务有限公司", role: str = "subcontractor",
        by: Participation | None = None, people: PeopleOfPart | None = None, **facts: Any) -> Participation:  # fmt: skip
    return services.add_firm(
        cast.project.pk,
        FirmFacts(uscc, name),
        role,
        PartFacts(by_id=(by or cast.gc_part).pk, **facts),
        people or PeopleOfPart(),
        actor=cast.actor(who),
        now=NOW,
    )


def refused(code: str, call: Any, *args: Any, **kwargs: Any) -> None:
    before = Participation.objects.count(), Organisation.objects.count(), Team.objects.count()
    with pytest.raises(RuleViolation) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code
    assert (Participation.objects.count(), Organisation.objects.count(), Team.objects.count()) == before


def test_the_general_contractor_adds_a_firm_that_is_not_on_record(cast: Cast) -> None:
    part = add(cast, cast.zhao, scope="土方", entered_on=TODAY, corp_type="006", contract_sum_fen=120_000_00,
               people=PeopleOfPart(manager_name="林工", manager_phone="13857900001", clerk_name="贾珍"))  # fmt: skip
    firm = part.organisation
    assert (firm.uscc, firm.name, firm.kind, firm.region_id) == (
        NEW,
        "义乌新禾劳务有限公司",
        "contractor",
        "330700",
    )
    part.refresh_from_db()
    assert (part.parent_id, part.scope, part.corp_type, part.engagement) == (
        cast.gc_part.pk, "土方", "006", "lawful",
    )  # fmt: skip
    assert (part.manager_name, part.manager_phone, part.clerk_name) == ("林工", "13857900001", "贾珍")
    assert part.history.get().history_type == "+"


def test_a_firm_on_record_is_found_by_its_code_and_keeps_its_name(cast: Cast) -> None:
    count = Organisation.objects.count()
    part = add(cast, cast.zhao, uscc=cast.rival.uscc, name="")
    assert part.organisation == cast.rival
    assert Organisation.objects.count() == count
    refused("firm.name", add, cast, cast.zhao, uscc=cast.owner.uscc, name="别的名字")


def test_refuses_a_wrong_code_and_a_new_firm_without_a_name(cast: Cast) -> None:
    refused("firm.unknown", add, cast, cast.zhao, name=" ")
    with pytest.raises(Malformed) as caught:
        add(cast, cast.zhao, uscc=NEW[:-1] + ("0" if NEW[-1] != "0" else "1"))
    assert caught.value.code == "uscc.checksum"


def test_a_subcontractor_adds_below_itself_only(cast: Cast) -> None:
    part = add(cast, cast.qian, by=cast.sc_part)
    assert part.parent_id == cast.sc_part.pk
    deeper = add(cast, cast.qian, uscc=make_uscc("330782", "MA28NEW02"), name="再下一层", by=part)
    assert deeper.parent_id == part.pk
    with pytest.raises(NotPermitted):
        add(cast, cast.qian, uscc=make_uscc("330782", "MA28NEW03"), name="越级", by=cast.gc_part)
    for role in ("owner", "supervisor"):
        with pytest.raises((RuleViolation, NotPermitted)):
            add(
                cast,
                cast.qian,
                uscc=make_uscc("330782", "MA28NEW03"),
                name="越级",
                by=cast.owner_part,
                role=role,
            )
    assert Participation.objects.filter(project=cast.project).count() == 5


@pytest.mark.parametrize(("who", "error"), [
    ("kong", NotFound), ("wang", NotFound), ("li", NotPermitted), ("guard", NotPermitted), ("ye", NotPermitted),
])  # fmt: skip
def test_outsiders_and_other_roles_change_nothing(cast: Cast, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        add(cast, getattr(cast, who))
    with pytest.raises(error):
        services.end_part(
            cast.project.pk, cast.sc_part.pk, TODAY, actor=cast.actor(getattr(cast, who)), now=NOW
        )
    assert Participation.objects.filter(project=cast.project).count() == 3


def test_an_agency_is_licensed_and_its_manager_named_or_it_is_marked_unlawful(cast: Cast) -> None:
    named = PeopleOfPart(manager_name="贺仁")
    refused("chain.manager", add, cast, cast.qian, role="agency", by=cast.sc_part, licence="1")
    refused("chain.licence", add, cast, cast.qian, role="agency", by=cast.sc_part, people=named)
    refused("chain.licence", add, cast, cast.qian, role="agency", by=cast.sc_part, people=named,
            engagement="unlicensed", licence="1")  # fmt: skip
    part = add(cast, cast.qian, role="agency", by=cast.sc_part, people=named, engagement="unlicensed")
    assert (part.engagement, part.organisation.kind, part.corp_type) == ("unlicensed", "agency", "006")
    refused("chain.engaged_by", add, cast, cast.zhao, uscc=make_uscc("330782", "MA28NEW04"), by=part)


def test_one_general_contractor_and_one_owner(cast: Cast) -> None:
    refused("chain.role", add, cast, cast.zhao, role="general_contractor", by=cast.owner_part)
    with pytest.raises(RuleViolation) as caught:
        services.add_firm(
            cast.project.pk, FirmFacts(NEW, "又一个业主"), "owner", PartFacts(), PeopleOfPart(),
            actor=cast.actor(cast.zhao), now=NOW,
        )  # fmt: skip
    assert caught.value.code == "chain.owner"
    refused("participation.known", add, cast, cast.zhao, uscc=cast.sc.uscc, name="")
    refused("chain.own_firm", add, cast, cast.zhao, uscc=cast.gc.uscc, name="", by=cast.sc_part)


def change(cast: Cast, part: Participation, who: Any, **facts: Any) -> Participation:
    return services.change_part(
        cast.project.pk, part.pk, PartFacts(**facts), PeopleOfPart(clerk_name="钱文娟"),
        actor=cast.actor(who), now=NOW,
    )  # fmt: skip


def test_no_firm_stands_below_itself(cast: Cast) -> None:
    below = add(cast, cast.zhao, by=cast.sc_part)
    deeper = add(cast, cast.zhao, uscc=make_uscc("330782", "MA28NEW02"), name="三级", by=below)
    refused("chain.circle", change, cast, cast.sc_part, cast.zhao, by_id=deeper.pk)
    refused("chain.circle", change, cast, cast.sc_part, cast.zhao, by_id=cast.sc_part.pk)
    change(cast, deeper, cast.zhao, by_id=cast.gc_part.pk, engagement="recontracted")
    deeper.refresh_from_db()
    assert (deeper.parent_id, deeper.engagement) == (cast.gc_part.pk, "recontracted")
    assert list(deeper.history.order_by("history_id").values_list("history_type", "engagement")) == [
        ("+", "lawful"),
        ("~", "recontracted"),
    ]
    assert deeper.history.latest("history_id").history_user_id == cast.zhao.pk


def test_with_an_owner_everybody_is_engaged_by_somebody(cast: Cast) -> None:
    refused("chain.engaged_by", change, cast, cast.gc_part, cast.zhao, by_id=None)
    refused("chain.engaged_by", change, cast, cast.sc_part, cast.zhao, by_id=None)
    assert change(cast, cast.gc_part, cast.zhao, by_id=cast.owner_part.pk).clerk_name == "钱文娟"


def test_a_parent_of_another_project_is_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound):
        add(cast, cast.zhao, by=cast.other_part)
    with pytest.raises(NotFound):
        change(cast, cast.other_part, cast.zhao, by_id=cast.gc_part.pk)


def test_a_firm_names_its_own_people_but_not_how_it_was_engaged(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        change(cast, cast.sc_part, cast.qian, by_id=cast.gc_part.pk)
    services.describe_part(
        cast.project.pk, cast.sc_part.pk, PeopleOfPart("沈总", "13857900002", "", cast.qian.pk),
        actor=cast.actor(cast.qian), now=NOW,
    )  # fmt: skip
    cast.sc_part.refresh_from_db()
    assert (cast.sc_part.manager_name, cast.sc_part.clerk_name, cast.sc_part.clerk_id) == (
        "沈总", "钱文娟", cast.qian.pk,
    )  # fmt: skip
    services.describe_part(
        cast.project.pk, cast.sc_part.pk, PeopleOfPart("沈总", None, "钱文娟"),
        actor=cast.actor(cast.qian), now=NOW,
    )  # fmt: skip
    cast.sc_part.refresh_from_db()
    assert cast.sc_part.manager_phone == "13857900002", "None keeps the number on record"
    with pytest.raises(RuleViolation) as caught:
        services.describe_part(
            cast.project.pk, cast.sc_part.pk, PeopleOfPart(clerk_id=cast.kong.pk),
            actor=cast.actor(cast.qian), now=NOW,
        )  # fmt: skip
    assert caught.value.code == "chain.clerk", "an account of another firm"
    with pytest.raises(NotPermitted):
        services.describe_part(
            cast.project.pk, cast.sc_part.pk, PeopleOfPart("x"), actor=cast.actor(cast.guard), now=NOW
        )


def test_a_part_ends_only_when_nobody_is_at_work_and_no_firm_below_is_there(cast: Cast) -> None:
    agency = add_agency(cast)
    end = services.end_part
    who = {"actor": cast.actor(cast.zhao), "now": NOW}
    refused("chain.people", end, cast.project.pk, cast.sc_part.pk, TODAY, **who)
    Posting.objects.filter(participation=cast.sc_part).update(left_on=date(2026, 11, 10))
    refused("chain.below", end, cast.project.pk, cast.sc_part.pk, TODAY, **who)
    refused("chain.people", end, cast.project.pk, agency.agency_part.pk, TODAY, **who)
    Posting.objects.filter(participation=agency.agency_part).update(left_on=date(2026, 11, 12))
    refused("chain.left", end, cast.project.pk, agency.agency_part.pk, date(2026, 11, 11), **who)
    refused("chain.left", end, cast.project.pk, agency.agency_part.pk, date(2026, 11, 17), **who)
    end(cast.project.pk, agency.agency_part.pk, TODAY, actor=cast.actor(cast.qian), now=NOW)
    refused("chain.ended", end, cast.project.pk, agency.agency_part.pk, TODAY, **who)
    part = end(cast.project.pk, cast.sc_part.pk, TODAY, **who)
    assert part.left_on == TODAY
    refused("chain.stays", end, cast.project.pk, cast.gc_part.pk, TODAY, **who)
    refused("chain.gone", services.return_part, cast.project.pk, agency.agency_part.pk, **who)
    assert services.return_part(cast.project.pk, cast.sc_part.pk, **who).left_on is None
    assert services.return_part(cast.project.pk, agency.agency_part.pk, **who).left_on is None


def test_a_subcontractor_does_not_end_its_own_part(cast: Cast) -> None:
    Posting.objects.filter(participation=cast.sc_part).update(left_on=TODAY)
    with pytest.raises(NotPermitted):
        services.end_part(cast.project.pk, cast.sc_part.pk, TODAY, actor=cast.actor(cast.qian), now=NOW)


def test_teams_and_foremen(cast: Cast) -> None:
    who = {"actor": cast.actor(cast.qian), "now": NOW}
    team = add_team(cast.project.pk, cast.sc_part.pk, " 木工 二班 ", foreman_id=cast.sun.pk, **who)
    assert (team.name, team.foreman_id, team.let_to_foreman) == ("木工 二班", cast.sun.pk, False)
    refused("team.known", add_team, cast.project.pk, cast.sc_part.pk, "木工 二班", **who)
    refused("team.name", add_team, cast.project.pk, cast.sc_part.pk, " ", **who)
    refused("team.foreman", add_team, cast.project.pk, cast.sc_part.pk, "三班", foreman_id=cast.wu.pk, **who)
    refused("team.let", add_team, cast.project.pk, cast.sc_part.pk, "三班", let_to_foreman=True, **who)
    refused("team.part", add_team, cast.project.pk, cast.owner_part.pk, "三班",
            actor=cast.actor(cast.zhao), now=NOW)  # fmt: skip
    changed = change_team(
        cast.project.pk, team.pk, "木工三班", foreman_id=cast.zhou.pk, let_to_foreman=True, **who
    )
    assert (changed.name, changed.foreman_id, changed.let_to_foreman) == ("木工三班", cast.zhou.pk, True)
    assert team.history.count() == 2
    refused("team.known", change_team, cast.project.pk, team.pk, cast.team.name, foreman_id=None,
            let_to_foreman=False, **who)  # fmt: skip


def test_teams_of_others_are_out_of_reach(cast: Cast) -> None:
    agency = add_agency(cast)
    lan = {"actor": cast.actor(agency.lan), "now": NOW}
    assert add_team(cast.project.pk, agency.agency_part.pk, "派遣二班", foreman_id=agency.fang.pk, **lan).pk
    for part in (cast.sc_part, cast.gc_part):
        with pytest.raises(NotFound):
            add_team(cast.project.pk, part.pk, "越界班", **lan)
    with pytest.raises(NotFound):
        change_team(cast.project.pk, cast.team.pk, "x", foreman_id=None, let_to_foreman=False, **lan)
    with pytest.raises(NotFound):
        add_team(cast.project.pk, cast.sc_part.pk, "x", actor=cast.actor(cast.kong), now=NOW)
    with pytest.raises(NotPermitted):
        add_team(cast.project.pk, cast.sc_part.pk, "x", actor=cast.actor(cast.guard), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_make_a_circle(transactional_db: None) -> None:
    """A below B and B below A, asked for in the same moment: one is refused."""
    from tests.cast import build_cast

    cast = build_cast()
    first = add(cast, cast.zhao, uscc=make_uscc("330782", "MA28NEW01"), name="甲")
    second = add(cast, cast.zhao, uscc=make_uscc("330782", "MA28NEW02"), name="乙")
    barrier, errors = threading.Barrier(2), []

    def move(part: Participation, below: Participation) -> None:
        barrier.wait()
        try:
            services.change_part(
                cast.project.pk, part.pk, PartFacts(by_id=below.pk), PeopleOfPart(),
                actor=cast.actor(cast.zhao), now=NOW,
            )  # fmt: skip
        except RuleViolation as error:
            errors.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == ["chain.circle"]
