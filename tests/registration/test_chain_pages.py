"""Pages about projects and their chain: registering, correcting, the picture, and the agency's own view."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registration.access import participations_for
from registration.chain_picture import chain_picture
from registration.models import Membership, Organisation, Participation, Posting, Project, Role, Team
from registration.services.projects import find_planning_breach
from registration.services.staff import invite_first_clerk
from tests.cast import NOW, TODAY, Cast, add_agency, make_posting, make_user, make_worker
from tests.payroll import stage as payroll
from tests.registration.rosters import person, xlsx
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.identity import make_uscc

OWNER = make_uscc("330703", "MA28NEW05")
FACTS = {"region": "330703", "code": "JH330703900", "name": "河东路小学", "sector": "building", "state": "building",
         "pay_day": "15", "contract_sum": "1,200.50", "owner_uscc": OWNER, "owner_name": "金东教育投资有限公司",
         "started_on": "2026-10-01"}  # fmt: skip


def register(cast: Cast, who: Any, **changed: str) -> Any:
    firm = Membership.objects.filter(user=who).values_list("organisation", flat=True).first()
    return cast.client(who).post("/projects/new/", FACTS | {"firm": str(firm or "")} | changed)


def test_a_clerk_registers_a_project_and_becomes_its_clerk(cast: Cast) -> None:
    answer = register(cast, cast.zhao)
    project = Project.objects.get(code="JH330703900")
    assert (answer.status_code, answer["Location"]) == (302, f"/projects/{project.pk}/chain/")
    assert (project.region_id, project.contract_sum_fen, project.started_on) == (
        "330703",
        120050,
        date(2026, 10, 1),
    )
    owner, leader = project.participations.order_by("pk")
    assert (owner.role, owner.organisation.uscc, owner.organisation.kind) == ("owner", OWNER, "owner")
    assert (leader.role, leader.organisation, leader.parent_id) == ("general_contractor", cast.gc, owner.pk)
    assert (leader.clerk, leader.clerk_name) == (cast.zhao, "赵春燕")
    assert project.history.get().history_user == cast.zhao
    assert cast.client(cast.he).get(answer["Location"]).status_code == 200
    assert cast.client(cast.kong).get(answer["Location"]).status_code == 404


@pytest.mark.parametrize(("changed", "status"), [
    ({"code": "JH330703001"}, 400), ({"pay_day": "29"}, 400), ({"owner_uscc": OWNER[:-1]}, 400), ({"name": ""}, 400),
    ({"owner_name": ""}, 400), ({"owner_uscc": ""}, 400), ({"region": "330700"}, 400), ({"region": "999999"}, 400),
    ({"state": "done"}, 400), ({"done_on": "2026-09-01"}, 400), ({"contract_sum": "viel"}, 400), ({"sector": "x"}, 400),
])  # fmt: skip
def test_refuses_a_project_that_is_not_right(cast: Cast, changed: dict[str, str], status: int) -> None:
    counts = Project.objects.count(), Organisation.objects.count()
    assert register(cast, cast.zhao, **changed).status_code == status
    assert (Project.objects.count(), Organisation.objects.count()) == counts


def test_a_factory_registers_without_an_owner_and_nobody_pays_first(cast: Cast) -> None:
    assert register(cast, cast.he, sector="manufacturing", owner_uscc="", owner_name="").status_code == 302
    project = Project.objects.get(code="JH330703900")
    assert [p.role for p in project.participations.all()] == ["general_contractor"]
    page = cast.client(cast.he).get(f"/projects/{project.pk}/")
    root = page.context["picture"].roots[0]
    assert (root.payers[0]["duty"].count("16"), root.duty.count("30")) == (1, 0)


def test_a_firm_of_another_cannot_be_made_general_contractor(cast: Cast) -> None:
    answer = cast.client(cast.zhao).post("/projects/new/", FACTS | {"firm": str(cast.rival.pk)})
    assert answer.status_code == 400
    assert Project.objects.count() == 2


def test_subcontractors_register_no_project(cast: Cast) -> None:
    assert cast.client(cast.qian).get("/projects/new/").status_code == 404
    assert register(cast, cast.qian).status_code == 404


def test_the_region_is_chosen_step_by_step_without_scripts(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    city = client.get("/projects/new/").context["region"]
    assert [r.code for r in city["line"]] == ["330000", "330700"], "starts in the firm's own city"
    assert [r.code for r in city["below"]] == ["330702", "330703"]
    country = client.get("/projects/new/?region=-").context["region"]
    assert ([r.code for r in country["below"]], country["line"]) == (["320000", "330000"], [])
    county = client.get("/projects/new/?region=330703").context["region"]
    assert (county["chosen"].code, county["below"]) == ("330703", [])


def test_facts_are_corrected_with_history_and_the_rest_stays(cast: Cast) -> None:
    place = f"/projects/{cast.project.pk}/edit/"
    client = cast.client(cast.zhao)
    start = client.get(place).context["form"].initial
    body = {k: v for k, v in start.items() if v is not None} | {
        "name": "多湖 B-07 住宅", "state": "stopped", "region": "330702", "sector": "water", "code": "X",
        "planning_breach": "1",
    }  # fmt: skip
    assert client.post(place, body).status_code == 302
    project = Project.objects.get(pk=cast.project.pk)
    assert (project.name, project.state) == ("多湖 B-07 住宅", "stopped")
    assert (project.region_id, project.sector, project.code) == ("330703", "building", "JH330703001")
    assert project.planning_breach is False
    assert project.contract_sum_fen == 18_600_000_000
    last = project.history.latest("history_id")
    assert (last.history_user, last.history_change_reason) == (cast.zhao, "facts corrected")
    for who, status in ((cast.qian, 404), (cast.kong, 404), (cast.guard, 404)):
        assert cast.client(who).post(place, body).status_code == status


def test_the_same_firm_elsewhere_a_subcontractor_corrects_no_facts(cast: Cast) -> None:
    Participation.objects.create(
        project=cast.other_project, organisation=cast.gc, role="subcontractor", parent=cast.other_part
    )
    assert cast.client(cast.zhao).get(f"/projects/{cast.other_project.pk}/edit/").status_code == 403
    assert cast.client(cast.zhao).get(f"/projects/{cast.other_project.pk}/").status_code == 200


def test_only_an_inspector_finds_a_planning_breach(cast: Cast) -> None:
    li = cast.actor(cast.li)
    for who, error in ((cast.wang, NotFound), (cast.zhao, NotPermitted), (cast.ye, NotPermitted)):
        with pytest.raises(error):
            find_planning_breach(cast.project.pk, True, "金资规罚 2026-7", actor=cast.actor(who), now=NOW)
    with pytest.raises(RuleViolation):
        find_planning_breach(cast.project.pk, True, " ", actor=li, now=NOW)
    address = f"/supervision/projects/{cast.project.pk}/breach/"
    assert (
        cast.client(cast.li).post(address, {"breach": "on", "reason": "金资规罚 2026-7"}).status_code == 302
    )
    cast.project.refresh_from_db()
    assert cast.project.planning_breach is True
    assert cast.project.history.latest("history_id").history_change_reason == "金资规罚 2026-7"
    node = chain_picture(cast.project, Participation.objects.filter(pk=cast.sc_part.pk)).roots[0]
    assert "37" in node.duty


def test_an_inspector_records_what_became_of_a_firm(cast: Cast) -> None:
    address = f"/supervision/projects/firms/{cast.sc.pk}/"
    body = {"legal_form": "partnership", "standing": "merged", "since": "2026-10-01", "successor_uscc": cast.rival.uscc,
            "investors": "钱某、孙某", "reason": "企业信用公示"}  # fmt: skip
    for who, status in ((cast.wang, 404), (cast.zhao, 404)):
        assert cast.client(who).post(address, body).status_code == status
    assert cast.client(cast.li).post(address, body | {"since": ""}).status_code == 400
    assert cast.client(cast.li).post(address, body | {"successor_uscc": cast.sc.uscc}).status_code == 400
    assert cast.client(cast.li).post(address, body).status_code == 302
    cast.sc.refresh_from_db()
    assert (cast.sc.standing, cast.sc.successor, cast.sc.legal_form) == ("merged", cast.rival, "partnership")
    node = chain_picture(cast.project, Participation.objects.filter(pk=cast.sc_part.pk)).roots[0]
    assert [p["name"] for p in node.payers] == ["岑岭建设", "沐川劳务", "钱某、孙某", "阔野建设"]


def test_the_picture_tells_who_engaged_whom_and_where_it_breaks(cast: Cast) -> None:
    agency = add_agency(cast)
    Participation.objects.filter(pk=agency.agency_part.pk).update(engagement="unlicensed", licence="")
    Team.objects.filter(pk=cast.team.pk).update(foreman=cast.sun, let_to_foreman=True)
    page = cast.client(cast.zhao).get(f"/projects/{cast.project.pk}/")
    picture = page.context["picture"]
    (owner,) = picture.roots
    (leader,) = owner.children
    assert "30" in leader.leads
    (sub,) = leader.children
    (sent,) = sub.children
    assert [n.part.role for n in (owner, leader, sub, sent)] == [
        "owner", "general_contractor", "subcontractor", "agency",
    ]  # fmt: skip
    assert [(n.people, n.total) for n in (owner, leader, sub, sent)] == [(0, 3), (0, 3), (2, 3), (1, 1)]
    assert (picture.firms, picture.people, picture.breaks) == (4, 3, 2)
    assert "18" in sent.broken
    assert "沐川劳务" in sent.duty
    text = page.content.decode()
    assert "孙**" in text
    for secret in (cast.sun.name, "13857900001"):
        assert secret not in text


def test_a_subcontractor_sees_its_own_branch_and_who_pays_first(cast: Cast) -> None:
    add_agency(cast)
    worker, _card = make_worker("何小满", seq=777)
    make_posting(worker, cast.gc_team, pin=77)
    page = cast.client(cast.qian).get(f"/projects/{cast.project.pk}/")
    picture = page.context["picture"]
    assert [n.part.pk for n in picture.roots] == [cast.sc_part.pk]
    assert (picture.people, picture.above) == (3, "浙江岑岭建设有限公司")
    assert "岑岭建设" in picture.roots[0].duty
    text = page.content.decode()
    assert "杂工班" not in text
    assert "186,000,000.00" not in text
    assert "186,000,000.00" in cast.client(cast.zhao).get(f"/projects/{cast.project.pk}/").content.decode()
    assert (
        "186,000,000.00" not in cast.client(cast.guard).get(f"/projects/{cast.project.pk}/").content.decode()
    )


def test_a_large_chain_costs_no_more_queries(cast: Cast) -> None:
    seen = Participation.objects.filter(project=cast.project)
    with CaptureQueriesContext(connection) as few:
        chain_picture(cast.project, seen)
    above = [cast.gc_part]
    for n in range(30):
        firm = Organisation.objects.create(
            uscc=make_uscc("330703", f"MB28B{n:04d}"),
            name=f"第{n}劳务",
            kind="contractor",
            region_id="330703",
        )
        part = Participation.objects.create(
            project=cast.project, organisation=firm, role="subcontractor", parent=above[n // 4]
        )
        above.append(part)
        Team.objects.bulk_create(
            [Team(project=cast.project, participation=part, name=f"{m}班", foreman=cast.sun) for m in (1, 2)]
        )
    with CaptureQueriesContext(connection) as many:
        picture = chain_picture(cast.project, seen)
    assert len(many) == len(few) == 5
    assert picture.firms == 33
    client = cast.client(cast.zhao)
    assert client.get(f"/projects/{cast.project.pk}/chain/").status_code == 200


def test_a_firm_is_added_in_two_steps(cast: Cast) -> None:
    client, place = cast.client(cast.zhao), f"/projects/{cast.project.pk}/chain/add/"
    assert client.get(place).status_code == 200
    assert client.get(place + "?role=subcontractor&uscc=123").status_code == 400
    known = client.get(place + f"?role=subcontractor&uscc={cast.rival.uscc}")
    assert cast.rival.name in known.content.decode()
    unknown = place + f"?role=agency&by={cast.sc_part.pk}&uscc={OWNER}"
    page = client.get(unknown)
    assert page.context["form"].initial["by"] == str(cast.sc_part.pk)
    body = {"name": "仁和派遣有限公司", "legal_form": "company", "by": cast.sc_part.pk, "engagement": "lawful",
            "licence": "", "manager_name": "贺仁", "entered_on": "2026-11-16"}  # fmt: skip
    wrong = client.post(unknown, body)
    assert wrong.status_code == 400
    assert list(wrong.context["form"].errors) == ["licence"]
    assert client.post(unknown, body | {"licence": "330703202600099"}).status_code == 302
    part = Participation.objects.get(organisation__uscc=OWNER)
    assert (part.role, part.parent_id, part.entered_on) == ("agency", cast.sc_part.pk, TODAY)
    assert known.context["opened"] is None
    invite_first_clerk(cast.project.pk, part.pk, "lan", "兰晓", actor=cast.actor(cast.zhao), now=NOW)
    again = client.get(place + f"?role=subcontractor&uscc={OWNER}")
    assert again.context["opened"][0] == "岑岭建设"
    assert "兰晓" not in again.content.decode().split("<form")[0]
    for who, status in ((cast.kong, 404), (cast.guard, 404), (cast.ye, 404), (cast.qian, 200)):
        assert cast.client(who).get(place).status_code == status


def test_the_manager_phone_is_masked_and_kept(cast: Cast) -> None:
    Participation.objects.filter(pk=cast.sc_part.pk).update(manager_phone="13857900002", manager_name="沈总")
    client, place = cast.client(cast.zhao), f"/projects/{cast.project.pk}/chain/{cast.sc_part.pk}/"
    page = client.get(place)
    assert "13857900002" not in page.content.decode()
    assert "138****0002" in page.content.decode()
    body = {k: v for k, v in page.context["form"].initial.items() if v is not None} | {"manager_phone": ""}
    assert client.post(place, body).status_code == 302
    cast.sc_part.refresh_from_db()
    assert cast.sc_part.manager_phone == "13857900002"
    assert client.post(place, body | {"manager_phone": "-"}).status_code == 302
    cast.sc_part.refresh_from_db()
    assert cast.sc_part.manager_phone is None


def test_a_foreman_is_found_among_the_people_of_the_firm(cast: Cast) -> None:
    client, place = cast.client(cast.qian), f"/projects/{cast.project.pk}/teams/{cast.team.pk}/"
    assert dict(client.get(place + "?q=孙").context["people"]).keys() == {cast.sun.pk}
    assert dict(client.get(place + f"?q={cast.zhou.id_tail}").context["people"]).keys() == {cast.zhou.pk}
    assert client.post(place + "?q=孙", {"name": "木工甲班", "foreman": cast.sun.pk}).status_code == 302
    cast.team.refresh_from_db()
    assert (cast.team.name, cast.team.foreman) == ("木工甲班", cast.sun)
    assert cast.client(cast.kong).get(place).status_code == 404


def test_the_clerk_of_a_labour_agency_walks_through_its_pages(cast: Cast) -> None:
    """Roster, people, attendance, pay: its own part, whole; nothing of the firm above it or beside it."""
    agency = add_agency(cast)
    lan = cast.client(agency.lan)
    pk = cast.project.pk
    payroll.attend(agency.fang_posting, 20, month=date(2026, 10, 1))
    assert lan.get("/").status_code == 302
    assert lan.get("/projects/").context["page"][0].people == 1
    assert cast.client(cast.qian).get("/projects/").context["page"][0].people == 3
    page = lan.get(f"/projects/{pk}/")
    assert [n.part.pk for n in page.context["picture"].roots] == [agency.agency_part.pk]
    assert page.context["picture"].above == "金华沐川建筑劳务有限公司"
    assert lan.get(f"/projects/{pk}/chain/").status_code == 200
    assert lan.get(f"/projects/{pk}/chain/add/").status_code == 403
    people = lan.get(f"/people/{pk}/").content.decode()
    assert ("方**" in people, "孙**" in people) == (True, False)
    assert lan.get(f"/people/{pk}/{cast.sun.pk}/").status_code == 404
    assert lan.get(f"/people/{pk}/{agency.fang.pk}/").status_code == 200
    form = lan.get(f"/people/{pk}/rosters/").context["form"]
    assert [p.pk for p in form.fields["participation"].queryset] == [agency.agency_part.pk]
    file = SimpleUploadedFile("名单.xlsx", xlsx([person(1)]))
    sent = lan.post(f"/people/{pk}/rosters/", {"participation": agency.agency_part.pk, "file": file})
    assert sent.status_code == 302
    assert lan.post(sent["Location"] + "apply/").status_code == 302
    assert Posting.objects.filter(participation=agency.agency_part).count() == 2


def test_the_clerk_of_a_labour_agency_makes_and_sees_its_own_sheets(cast: Cast) -> None:
    from django.urls import reverse

    agency = add_agency(cast)
    october = date(2026, 10, 1)
    for posting in (agency.fang_posting, cast.sun_posting):
        payroll.attend(posting, 20, month=october)
    lan = cast.client(agency.lan)
    todo = lan.get(reverse("payroll:today")).context["tasks"]
    assert [t["organisation"] for t in todo] == ["仁和派遣"]
    made = lan.post(reverse("payroll:sheet-new"), {"part": agency.agency_part.pk, "month": "2026-10"})
    assert made.status_code == 302, made.content.decode()[-2000:]
    assert lan.get(made["Location"]).status_code == 200
    assert [s.participation_id for s in lan.get(reverse("payroll:sheets")).context["page"]] == [
        agency.agency_part.pk
    ]
    for user in (cast.qian, cast.zhao, cast.li):
        seen = {cast.qian: 200, cast.zhao: 200, cast.li: 404}[user]
        assert cast.client(user).get(made["Location"]).status_code == seen
    other = make_user("ou", "欧", Role.AGENCY_CLERK, cast.rival)
    assert cast.client(other).get(made["Location"]).status_code == 404
    assert (
        lan.post(reverse("payroll:sheet-new"), {"part": cast.sc_part.pk, "month": "2026-10"}).status_code
        == 400
    )
    assert lan.get(reverse("payroll:accounts")).status_code == 404


def test_a_chain_of_five_is_seen_from_its_top_and_not_from_its_bottom(cast: Cast) -> None:
    """Own part and below, however deep: people, counts and pay."""
    from payroll.access import sheets_for
    from tests.inspection.stage import sent_sheet

    agency = add_agency(cast)
    above, parts = cast.sc_part, []
    for n in range(3):
        firm = Organisation.objects.create(
            uscc=make_uscc("330703", f"MB28C{n:04d}"), name=f"第{n}层", kind="contractor", region_id="330703"
        )
        above = Participation.objects.create(
            project=cast.project, organisation=firm, role="subcontractor", parent=above
        )
        parts.append(above)
    Participation.objects.filter(pk=agency.agency_part.pk).update(parent=above)
    sheet = sent_sheet(
        agency.agency_part, [(agency.fang_posting, 26000)], month=date(2026, 8, 1), due_on=date(2026, 9, 15)
    )
    qian, lan = cast.actor(cast.qian), cast.actor(agency.lan)
    assert list(sheets_for(qian)) == [sheet]
    assert list(sheets_for(lan)) == [sheet]
    assert participations_for(qian, cast.project).count() == 5
    assert participations_for(lan, cast.project).count() == 1
    assert cast.client(cast.qian).get("/projects/").context["page"][0].people == 3
    middle = make_user("zhong", "钟", Role.SC_CLERK, parts[1].organisation)
    assert participations_for(cast.actor(middle), cast.project).count() == 3
    assert list(sheets_for(cast.actor(middle))) == [sheet]


def test_a_supervisor_firm_and_an_owner_see_no_people_by_their_contractor_roles(cast: Cast) -> None:
    """A firm that leads elsewhere is the supervisor here: its clerk gains nothing by that."""
    Participation.objects.create(
        project=cast.project, organisation=cast.rival, role="supervisor", parent=cast.owner_part
    )
    kong = cast.client(cast.kong)
    assert [n.part.role for n in kong.get(f"/projects/{cast.project.pk}/").context["picture"].roots] == [
        "supervisor"
    ]
    assert "孙**" not in kong.get(f"/people/{cast.project.pk}/").content.decode()
    assert kong.get(f"/people/{cast.project.pk}/{cast.sun.pk}/").status_code == 404
    Membership.objects.create(user=cast.kong, organisation=cast.owner, role=Role.GC_CLERK)
    assert "孙**" not in cast.client(cast.kong).get(f"/people/{cast.project.pk}/").content.decode()
    assert participations_for(cast.actor(cast.ye), cast.project).count() == 4


def test_the_three_ends_see_what_is_theirs(cast: Cast) -> None:
    """General contractor, subcontractor, site (the national system's three): (page, role) to answer."""
    pk = cast.project.pk
    promised = {
        f"/projects/{pk}/": (200, 200, 200),
        f"/projects/{pk}/chain/": (200, 200, 404),
        f"/projects/{pk}/edit/": (200, 404, 404),
        f"/people/{pk}/": (200, 200, 404),
        f"/people/{pk}/rosters/": (200, 200, 404),
        "/staff/": (200, 200, 404),
    }
    for path, expected in promised.items():
        got = tuple(cast.client(who).get(path).status_code for who in (cast.zhao, cast.qian, cast.guard))
        assert got == expected, path
