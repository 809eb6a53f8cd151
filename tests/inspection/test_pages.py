"""Pages: who sees what, what the address may hold, counts of queries, exports, unmasking."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from devices.models import AttendanceDay
from inspection.models import Alarm
from inspection.services.rules import run_rules
from inspection.services.stats import rebuild_stat
from payroll.models import PaySheet
from registration.models import Authority, Project, Role, SensitiveView, Team
from tests.cast import make_posting, make_project, make_user, make_worker
from tests.inspection.stage import DUE, OCTOBER, at, attend, run, sent_sheet, set_parameters, set_slips
from tests.payroll import stage as payroll_stage
from wagewatch.lib.sheets import read_workbook

SUN, ZHOU = 792_000, 714_000


@pytest.fixture
def stage(cast):
    set_parameters()
    sheet = sent_sheet(cast.sc_part, [(cast.sun_posting, SUN), (cast.zhou_posting, ZHOU)])
    sent_sheet(cast.other_part, [(cast.wu_posting, 500_000)])
    cast.sheet = sheet
    run(DUE)
    rebuild_stat(now=timezone.now())
    cast.alarm = Alarm.objects.get(project=cast.project)
    cast.other_alarm = Alarm.objects.get(project=cast.other_project)
    return cast


def pages(project, alarm, worker):
    return [
        reverse("inspection:alarm", args=[alarm.pk]),
        reverse("inspection:project", args=[project.pk]),
        reverse("inspection:project-month", args=[project.pk, "2026-10"]),
        reverse("inspection:worker-month", args=[project.pk, "2026-10", worker.pk]),
    ]


LISTS = [
    reverse(f"inspection:{name}")
    for name in ("today", "alarms", "rules", "projects", "people", "alarms-export", "projects-export")
]


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_an_inspector_opens_the_pages_of_the_own_county_only(stage):
    mine = pages(stage.project, stage.alarm, stage.sun)
    theirs = pages(stage.other_project, stage.other_alarm, stage.wu)
    li, wang = stage.client(stage.li), stage.client(stage.wang)
    assert [li.get(p).status_code for p in mine + LISTS] == [200] * 11
    assert [li.get(p).status_code for p in theirs] == [404] * 4
    assert [wang.get(p).status_code for p in mine] == [404] * 4
    assert [wang.get(p).status_code for p in theirs] == [200] * 4


def test_lists_hold_the_own_county_only(stage):
    li = stage.client(stage.li)
    for name in ("today", "alarms", "projects", "people"):
        page = text(li.get(reverse(f"inspection:{name}")))
        assert stage.project.name in page
        assert stage.other_project.name not in page


def test_the_city_sees_every_county(stage):
    city = Authority.objects.create(name="金华支队", kind="labour", region_id="330700")
    client = stage.client(make_user("city", "丁一", Role.INSPECTOR, city))
    page = text(client.get(reverse("inspection:alarms")))
    assert stage.project.name in page
    assert stage.other_project.name in page
    assert client.get(pages(stage.other_project, stage.other_alarm, stage.wu)[0]).status_code == 200


def test_a_transport_authority_sees_transport_only(stage):
    Project.objects.filter(pk=stage.other_project.pk).update(sector="transport")
    city = Authority.objects.create(name="金华交通局", kind="transport", region_id="330700")
    client = stage.client(make_user("road", "丁二", Role.INSPECTOR, city))
    page = text(client.get(reverse("inspection:projects")))
    assert stage.other_project.name in page
    assert stage.project.name not in page
    assert client.get(reverse("inspection:alarm", args=[stage.alarm.pk])).status_code == 404


def test_nobody_else_has_these_pages(stage):
    every = pages(stage.project, stage.alarm, stage.sun) + LISTS
    for who in (stage.zhao, stage.he, stage.qian, stage.officer, stage.ye, stage.guard):
        assert {stage.client(who).get(p).status_code for p in every} == {404}
    for client in (Client(), stage.client(stage.sun)):
        for page in every:
            response = client.get(page)
            assert response.status_code == 302
            assert "sign-in" in response["Location"] or "login" in response["Location"]


def test_unmasking_asks_a_purpose_is_written_down_and_shows_once(stage):
    li = stage.client(stage.li)
    page = reverse("inspection:worker-month", args=[stage.project.pk, "2026-10", stage.sun.pk])
    full = reverse("inspection:worker-unmask", args=[stage.project.pk, "2026-10", stage.sun.pk])
    number = str(stage.sun.id_number)
    assert number not in text(li.get(page))
    assert li.post(full, {"purpose": ""}).status_code == 409
    assert li.post(full, {"purpose": "because"}).status_code == 409
    assert li.get(full).status_code == 405
    assert SensitiveView.objects.count() == 0
    shown = li.post(full, {"purpose": "alarm"})
    for value in (stage.sun.name, number, stage.sun_phone, str(stage.sun_card.number)):
        assert value in text(shown)
    assert "no-store" in shown["Cache-Control"]
    view = SensitiveView.objects.get()
    assert (view.user, view.worker, view.project, view.purpose) == (
        stage.li,
        stage.sun,
        stage.project,
        "alarm",
    )
    assert number not in text(li.get(page))


def test_others_cannot_unmask(stage):
    full = reverse("inspection:worker-unmask", args=[stage.project.pk, "2026-10", stage.sun.pk])
    assert stage.client(stage.wang).post(full, {"purpose": "alarm"}).status_code == 404
    assert stage.client(stage.zhao).post(full, {"purpose": "alarm"}).status_code == 404
    assert SensitiveView.objects.count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "q=%00&region=%00",
        "page=abc",
        "page=99999999999999999999",
        "level=blue&rule=X&state=maybe&sort=-nothing&sector=moon",
        "q=" + "x" * 5000,
        "region=33%27%3B--",
    ],
)
def test_odd_addresses_get_a_page(stage, query):
    li = stage.client(stage.li)
    for name in ("today", "alarms", "projects", "people", "rules", "alarms-export", "projects-export"):
        assert li.get(f"{reverse(f'inspection:{name}')}?{query}").status_code == 200
    page = reverse("inspection:project-month", args=[stage.project.pk, "2026-10"])
    assert li.get(f"{page}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("projects/{p}/months/2026-13/", 400),
        ("projects/{p}/months/0000-01/", 400),
        ("projects/{p}/months/x/", 400),
        ("projects/99999999999999999999/", 404),
        ("alarms/99999999999999999999/", 404),
        ("projects/{p}/months/2026-10/workers/99999999999999999999/", 404),
        ("projects/{p}/months/2026-09/workers/{w}/", 404),
    ],
)
def test_what_does_not_exist_is_said_so(stage, address, status):
    path = "/supervision/" + address.format(p=stage.project.pk, w=stage.sun.pk)
    assert stage.client(stage.li).get(path).status_code == status


def test_filters_and_order_stand_in_the_address(stage):
    city = Authority.objects.create(name="金华支队", kind="labour", region_id="330700")
    client = stage.client(make_user("city", "丁一", Role.INSPECTOR, city))
    alarms = reverse("inspection:alarms")

    def names(query):
        return [line.alarm.project.name for line in client.get(f"{alarms}?{query}").context["lines"]]

    big, small = stage.project.name, stage.other_project.name
    assert names("") == [big, small]
    assert names("sort=amount") == [small, big]
    assert names("sort=-amount") == [big, small]
    assert names("region=330702") == [small]
    assert names("q=B-07") == [big]
    assert names("level=red") == []
    assert names("level=yellow&rule=D3") == [big, small]
    set_slips(stage.sheet, payment="paid", state="settled")
    run(DUE + timedelta(days=1))
    assert names("") == [small]
    assert names("state=closed") == [big]
    rebuild_stat(now=timezone.now())
    projects = client.get(reverse("inspection:projects") + "?owing=1").context["page"].object_list
    assert [p.name for p in projects] == [small]
    assert [p.name for p in client.get(reverse("inspection:projects") + "?q=阔野").context["page"]] == [small]


def cells(response):
    """The values of the first sheet, row by row."""
    assert response.status_code == 200
    (sheet,) = read_workbook(response.getvalue(), "list.xlsx").sheets
    return [[cell.value for cell in row] for row in sheet.rows]


def test_exports_hold_what_the_filters_show(stage):
    li = stage.client(stage.li)
    rows = cells(li.get(reverse("inspection:alarms-export")))
    assert len(rows) == 2
    assert rows[1][1] == "D3"
    assert (rows[1][4], rows[1][5], rows[1][7]) == (stage.project.name, 15060, 2)
    assert len(cells(li.get(reverse("inspection:alarms-export") + "?level=red"))) == 1
    rows = cells(li.get(reverse("inspection:projects-export")))
    assert (rows[1][0], rows[1][1], rows[1][4]) == (stage.project.code, stage.project.name, 15060)


def test_the_navigation_names_the_region_and_counts(stage):
    response = stage.client(stage.li).get(reverse("inspection:today"))
    assert response.wsgi_request.nav_scope["name"] == "金东区"
    assert dict(response.wsgi_request.nav_counts) == {
        "projects": 1,
        "alarms": 1,
        "cases": 0,
        "cases_late": 0,
    }


def grow(stage, count):
    """More projects, alarms, slips and people of the county."""
    for n in range(count):
        project, _owner, part = make_project(
            f"G{Project.objects.count()}", f"项目 {n}", "330703", stage.owner, stage.gc
        )
        team = Team.objects.create(project=project, participation=part, name="一班")
        workers = [
            make_worker(f"工{n}{m}", seq=5000 + Project.objects.count() * 20 + m * 2 + 1)[0] for m in range(3)
        ]
        sent_sheet(part, [(make_posting(w, team, pin=m + 1), 1000) for m, w in enumerate(workers)])
    list(run_rules(now=at(DUE)))
    rebuild_stat(now=timezone.now())


def test_query_counts_do_not_grow_with_rows(stage, remembered_for_good, django_assert_max_num_queries):
    client = stage.client(stage.li)
    names = ("today", "alarms", "rules", "projects", "people", "alarms-export", "projects-export")

    def counts():
        found = {}
        for name in names:
            client.get(reverse(f"inspection:{name}"))
            with django_assert_max_num_queries(40) as seen:
                text(client.get(reverse(f"inspection:{name}"))) if "export" not in name else client.get(
                    reverse(f"inspection:{name}")
                )
            found[name] = len(seen)
        for page in pages(stage.project, stage.alarm, stage.sun):
            client.get(page)  # what is cached for a minute does not count
            with django_assert_max_num_queries(45) as seen:
                client.get(page)
            found[page] = len(seen)
        return found

    grow(stage, 4)
    few = counts()
    grow(stage, 8)
    for n in range(9):
        worker, _card = make_worker(f"多{n}", seq=9001 + n * 2)
        sent_sheet(
            stage.sc_part,
            [(make_posting(worker, stage.team, pin=50 + n), 5000)],
            kind="supplement",
            number=n + 1,
        )
    list(run_rules(now=at(DUE + timedelta(days=1))))
    assert counts() == few


def test_a_worker_month_shows_the_evidence_of_each_step(cast):
    set_parameters()
    payroll_stage.account(cast, 5_000_000)
    sheet = payroll_stage.approved_sheet(cast)
    payroll_stage.instructed(cast, sheet)
    page = reverse("inspection:worker-month", args=[cast.project.pk, "2026-10", cast.sun.pk])
    stages = cast.client(cast.li).get(page).context["stages"]
    assert [s["state"] for s in stages] == ["bad", *["ok"] * 5, "wait", "wait"], "no passages, all else done"
    assert all(stages[n].get("hash") for n in (3, 4, 5))
    assert stages[6]["state"] == "wait"


def test_alarm_page_of_an_estimate_and_of_a_closed_alarm(cast):
    set_parameters()
    attend(cast.sun_posting, 20)
    run(DUE)
    alarm = Alarm.objects.get()
    page = reverse("inspection:alarm", args=[alarm.pk])
    assert "估算" in text(cast.client(cast.li).get(page))
    AttendanceDay.objects.all().delete()
    run(DUE + timedelta(days=1))
    closed = text(cast.client(cast.li).get(page))
    assert "已由数据关闭" in closed
    assert PaySheet.objects.count() == 0
    assert date(2026, 10, 1) == OCTOBER
