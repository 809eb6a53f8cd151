"""A reach of too many people: what a page looks through gets shorter, or waits for a place to be chosen."""

import re

import pytest
from django.urls import reverse

from inspection.models import ProjectStat
from inspection.services.stats import rebuild_stat
from inspection.views import oddities, pay_watch
from tests.inspection.stage import set_parameters

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(cast, client):
    """Both projects in the reach of an inspector of the whole county, each with some thousand people."""
    set_parameters()
    cast.other_project.region_id = cast.project.region_id
    cast.other_project.save()
    rebuild_stat(now=cast.now)
    ProjectStat.objects.update(workers_open=1000)
    client.force_login(cast.li, backend="django.contrib.auth.backends.ModelBackend")
    return client


def shown_days(response):
    return (response.context["asked"].period.until - response.context["asked"].period.since).days + 1


def test_the_usual_week_becomes_as_many_days_as_can_be_looked_through(page, cast, monkeypatch):
    path = reverse("inspection:oddities")
    assert shown_days(page.get(path)) == 7
    monkeypatch.setattr(oddities, "PERSON_DAYS", 6000)
    answer = page.get(path)
    assert shown_days(answer) == 3
    assert not answer.context["look"].too_many


def test_more_than_can_be_looked_through_waits_for_a_place_or_a_site(page, cast, monkeypatch):
    monkeypatch.setattr(oddities, "PERSON_DAYS", 6000)
    path = reverse("inspection:oddities")
    answer = page.get(path + "?from=2026-10-20&to=2026-11-16")
    assert answer.context["look"].too_many
    assert "请选择地区或项目，或把日期缩短到 3 天以内" in answer.content.decode()
    sheet = page.get(reverse("inspection:oddities-export") + "?from=2026-10-20&to=2026-11-16")
    assert (sheet.status_code, sheet["Location"]) == (302, path + "?from=2026-10-20&to=2026-11-16")
    one = page.get(path + f"?from=2026-10-20&to=2026-11-16&project={cast.project.pk}")
    assert not one.context["look"].too_many
    monkeypatch.setattr(oddities, "PERSON_DAYS", 1000)
    assert "请选择地区或项目。" in page.get(path).content.decode()


def test_split_wages_are_looked_for_in_fewer_months(page, monkeypatch):
    path = reverse("inspection:pay-watch-part-cash")
    assert "本月及之前 6 个月" in page.get(path).content.decode()
    monkeypatch.setattr(pay_watch, "PERSON_MONTHS", 8000)
    assert re.search("本月及之前 3 个月", page.get(path).content.decode())
    monkeypatch.setattr(pay_watch, "PERSON_MONTHS", 10)
    assert "本月及之前 1 个月" in page.get(path).content.decode()
