"""The dashboard: filters in the address, drilling down, the wall, projects by risk."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inspection.models import Alarm, ProjectStat, RegionDay
from inspection.places import Scope, level_below, tile_places
from inspection.services.region_days import count_region_days
from inspection.services.risk import score_risk
from inspection.services.stats import rebuild_stat
from registration.models import Authority, Role
from registration.seed.parameters import parameter_rows
from tests.cast import make_user
from tests.inspection.stage import DUE, at, attend, run, sent_sheet, set_parameter, set_parameters
from wagewatch.lib.sheets import read_workbook

SUN, ZHOU, WU = 792_000, 714_000, 500_000


@pytest.fixture
def stage(cast):
    set_parameters()
    for row in parameter_rows():
        if row.key.startswith("risk."):
            set_parameter(row.key, row.value)
    sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    sent_sheet(cast.other_part, [(cast.wu_posting, WU)])
    attend(cast.sun_posting, 20)
    attend(cast.wu_posting, 20)
    run(DUE)
    rebuild_stat(now=timezone.now())
    score_risk(now=at(DUE + timedelta(days=3)))
    return cast


@pytest.fixture
def city(stage):
    authority = Authority.objects.create(name="金华支队", kind="labour", region_id="330700")
    return stage.client(make_user("city", "丁一", Role.INSPECTOR, authority))


def context(client, name, query=""):
    response = client.get(reverse(f"inspection:{name}") + query)
    assert response.status_code == 200
    return response.context


def test_a_region_in_the_address_limits_the_whole_page(stage, city):
    everything = context(city, "today")
    assert (everything["figures"]["owed"], len(everything["tiles"])) == (SUN + ZHOU + WU, 2)
    here = context(city, "today", "?region=330703")
    assert here["figures"]["owed"] == SUN + ZHOU
    assert [lead["amount_fen"] for lead in here["leads"]] == [SUN + ZHOU]
    assert [stat.project for stat in here["worst"]] == [stage.project]
    assert [row["stat"].project for row in here["risks"]] == [stage.project]
    # Its neighbours stay on the map, and it is marked.
    assert [(t["region"].code, t["current"]) for t in here["tiles"]] == [("330702", False), ("330703", True)]
    assert [p["url"] for p in here["trail"]] == ["?region=330703"]


def test_the_address_opens_nothing_out_of_reach(stage):
    wang = stage.client(stage.wang)
    page = context(wang, "today", "?region=330703")
    assert (page["figures"]["owed"], page["leads"], list(page["worst"]), page["trend_rows"]) == (
        0,
        [],
        [],
        [],
    )
    assert context(wang, "wall", "?region=330703")["figures"]["owed"] == 0
    assert list(context(wang, "risk", "?region=330703")["page"]) == []


@pytest.mark.parametrize(
    "query", ["?region=abc&sector=x&level=x", "?region=%00", "?region=33070", "?level=red"]
)
def test_nonsense_in_the_address_filters_nothing_or_finds_nothing(city, query):
    for name in ("today", "wall", "risk"):
        assert city.get(reverse(f"inspection:{name}") + query).status_code == 200


def test_a_level_filters_the_queue(stage, city):
    assert len(context(city, "today", "?level=yellow")["queue"]) == 2
    assert context(city, "today", "?level=red")["queue"] == []


def test_a_sector_without_projects_is_empty(stage, city):
    assert context(city, "today", "?sector=water")["figures"]["projects"] == 0


def test_the_trend_says_what_changed(stage, city):
    RegionDay.objects.create(
        day=DUE - timedelta(days=20), region_id="330703", sector="building", owed_fen=100, owed_people=1
    )
    count_region_days(DUE, timezone.now().date())
    page = context(city, "today")
    assert page["trend_rows"][0][1] == "¥20,060.00"
    assert "¥20,060.00" in page["stats"][0]["figure"]


def test_the_wall_names_no_person_and_refreshes_itself(stage, city):
    response = city.get(reverse("inspection:wall"))
    text = response.content.decode()
    assert '<meta http-equiv="refresh" content="60">' in text
    assert stage.project.name in text
    for word in ("孙", "周长根", stage.sun.id_number, stage.sun_phone):
        assert word not in text
    assert "no-store" in response["Cache-Control"]


def test_projects_stand_by_risk_with_their_reasons(stage, city):
    rows = context(city, "risk")["rows"]
    assert len(rows) == 2
    assert [r["stat"].risk for r in rows] == sorted((r["stat"].risk for r in rows), reverse=True)
    assert rows[0]["reasons"][0].points >= rows[0]["reasons"][-1].points
    assert context(city, "risk", "?least=100")["rows"] == []
    sheet = read_workbook(city.get(reverse("inspection:risk-export")).getvalue(), "risk.xlsx")
    assert sheet is not None


def test_the_project_page_says_why(stage):
    page = stage.client(stage.li).get(reverse("inspection:project", args=[stage.project.pk]))
    stat = ProjectStat.objects.get(project=stage.project)
    assert page.context["risk"]["stat"].risk == stat.risk
    assert page.context["risk"]["reasons"][0].long in page.content.decode()


def test_alarms_of_a_whole_city(stage, city):
    assert Alarm.objects.filter(state="open").count() == 2
    assert len(context(city, "alarms", "?region=3307")["page"]) == 2
    assert len(context(city, "projects", "?region=330702")["page"]) == 1


def test_tiles_are_cities_until_one_is_chosen():
    codes = ["330702", "330703", "330110"]
    assert level_below(codes, Scope()) == 4
    assert level_below(codes, Scope("3307")) == 6
    assert level_below([*codes, "320115"], Scope()) == 2
    assert tile_places(["330702", "330783"]) == {"330702": (2, 1), "330783": (2, 3)}
    assert tile_places(["130102", "130104"]) == {"130102": (1, 1), "130104": (1, 2)}


def test_a_month_is_told_by_firm_and_filtered_by_it(stage):
    gang = sent_sheet(stage.gc_part, [(stage.sun_posting, 100_000)])
    li = stage.client(stage.li)
    path = reverse("inspection:project-month", args=[stage.project.pk, "2026-10"])
    page = li.get(path)
    assert [(row["pk"], row["people"], row["net"]) for row in page.context["firms"]] == [
        (stage.sc_part.pk, 2, SUN + ZHOU),
        (stage.gc_part.pk, 1, 100_000),
    ]
    mine = li.get(f"{path}?firm={stage.gc_part.pk}")
    assert [slip.sheet_id for slip in mine.context["page"]] == [gang.pk]
    assert mine.context["counts"]["everybody"] == 1
    assert li.get(f"{path}?firm=x").context["counts"]["everybody"] == 3
    assert list(li.get(f"{path}?firm={stage.other_part.pk}").context["page"]) == []


def test_a_month_as_a_workbook_masks_the_names(stage):
    li = stage.client(stage.li)
    path = reverse("inspection:project-month-export", args=[stage.project.pk, "2026-10"])
    (sheet,) = read_workbook(li.get(path).getvalue(), "wages.xlsx").sheets
    text = str([str(cell) for row in sheet.rows for cell in row])
    assert "孙**" in text
    assert "孙德旺" not in text
    assert stage.client(stage.wang).get(path).status_code == 404
