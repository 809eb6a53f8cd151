"""Who has how much, who leads an office, and giving several cases at once."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from inspection.models import Alarm, OfficeLead
from inspection.services.case_transfer import assign_many
from inspection.services.leads import members_for, nameable, set_lead
from inspection.services.life import may_give
from inspection.workload import end_of_week, groups_of
from registration.models import Authority, Membership, Region, Role, User
from tests.cast import NOW, Cast, make_user
from tests.inspection.cases import accepted, second
from tests.inspection.stage import set_parameters
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation


@pytest.fixture(autouse=True)
def _at_nine_on_monday(plain_papers: None) -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def city(cast: Cast) -> User:
    """An inspector of the city's labour office."""
    office = Authority.objects.create(
        name="金华市劳动保障监察支队", kind=Authority.Kind.LABOUR, region=Region.objects.get(code="330700")
    )
    return make_user("zhou-city", "周敏", Role.INSPECTOR, office)


def member(user: User) -> Membership:
    return Membership.objects.get(user=user, authority__isnull=False)


def alarm(cast: Cast, rule: str, holder: User | None, due: date) -> Alarm:
    return Alarm.objects.create(
        project=cast.project, rule=rule, period="2026-09", level=2, opened_at=cast.now, changed_at=cast.now, facts={},
        holder=holder, handle_by=due,
    )  # fmt: skip


def test_counts_alarms_and_cases_by_inspector(cast: Cast) -> None:
    set_parameters()
    chen = second(cast)
    alarm(cast, "D3", cast.li, cast.today - timedelta(days=1))
    alarm(cast, "D2", cast.li, end_of_week(cast.today))
    alarm(cast, "D1", None, cast.today)
    case = accepted(cast)
    type(case).objects.filter(pk=case.pk).update(due_on=cast.today - timedelta(days=3))
    actor = cast.actor(cast.li)
    groups = groups_of(members_for(actor), actor, cast.today)
    rows = {row["member"].user_id: row for group in groups for row in group["rows"]}
    assert rows[cast.li.pk]["alarms"] == {"open": 2, "late": 1, "week": 1}
    assert rows[cast.li.pk]["cases"] == {"open": 1, "late": 1, "week": 0}
    assert rows[chen.pk]["alarms"] == {"open": 0, "late": 0, "week": 0}
    assert cast.wang.pk not in rows
    page = cast.client(cast.li).get(reverse("inspection:cases-workload"))
    assert page.context["totals"]["free"]["open"] == 1


def test_the_week_ends_on_sunday() -> None:
    assert end_of_week(date(2026, 11, 16)) == date(2026, 11, 22)
    assert end_of_week(date(2026, 11, 22)) == date(2026, 11, 22)


def test_the_office_above_names_a_lead_and_the_lead_another(cast: Cast) -> None:
    above, chen = city(cast), second(cast)
    set_lead(member(cast.li).pk, leads=True, actor=cast.actor(above), now=cast.now)
    lead = OfficeLead.objects.get()
    assert (lead.membership.user_id, lead.named_by_id) == (cast.li.pk, above.pk)
    assert may_give(cast.actor(cast.li))
    assert not may_give(cast.actor(chen))
    set_lead(member(chen).pk, leads=True, actor=cast.actor(cast.li), now=cast.now)
    set_lead(member(cast.li).pk, leads=False, actor=cast.actor(chen), now=cast.now)
    assert list(OfficeLead.objects.values_list("membership__user", flat=True)) == [chen.pk]
    assert [row.history_type for row in OfficeLead.history.order_by("history_id")] == ["+", "+", "-"]


def test_nobody_names_a_lead_over_the_own_office_nor_elsewhere(cast: Cast) -> None:
    above, chen = city(cast), second(cast)
    for who in (cast.li, chen):
        with pytest.raises(NotPermitted):
            set_lead(member(cast.li).pk, leads=True, actor=cast.actor(who), now=cast.now)
    with pytest.raises(NotPermitted):
        set_lead(member(above).pk, leads=True, actor=cast.actor(above), now=cast.now)
    with pytest.raises(NotFound):
        set_lead(member(cast.wang).pk, leads=True, actor=cast.actor(cast.li), now=cast.now)
    assert not OfficeLead.objects.exists()
    actor = cast.actor(cast.li)
    assert nameable(actor, members_for(actor), set()) == set()


def test_refuses_to_name_twice_and_to_end_what_is_not(cast: Cast) -> None:
    above = cast.actor(city(cast))
    with pytest.raises(RuleViolation, match=r"lead\.none"):
        set_lead(member(cast.li).pk, leads=False, actor=above, now=cast.now)
    set_lead(member(cast.li).pk, leads=True, actor=above, now=cast.now)
    with pytest.raises(RuleViolation, match=r"lead\.already"):
        set_lead(member(cast.li).pk, leads=True, actor=above, now=cast.now)
    assert OfficeLead.objects.count() == 1


def test_the_page_names_a_lead(cast: Cast) -> None:
    client = cast.client(city(cast))
    page = client.get(reverse("inspection:cases-workload")).content.decode()
    address = reverse("inspection:lead", args=[member(cast.li).pk])
    assert address in page
    client.post(address, {"act": "name"})
    assert OfficeLead.objects.count() == 1
    client.post(address, {"act": "end"})
    assert OfficeLead.objects.count() == 0
    assert cast.client(cast.zhao).post(address, {"act": "name"}).status_code == 404
    assert OfficeLead.objects.count() == 0


def test_several_cases_go_to_an_officer_at_once(cast: Cast) -> None:
    set_parameters()
    chen, client = second(cast), cast.client(cast.li)
    cases = [accepted(cast), accepted(cast)]
    sent = client.post(
        reverse("inspection:cases-give"),
        {"case": [c.pk for c in cases], "to": chen.pk, "back": "show=active"},
    )
    assert sent["Location"].endswith("?show=active")
    for case in cases:
        case.refresh_from_db()
        assert case.officer_id == chen.pk
        assert case.steps.order_by("-number").first().kind == "assign"


def test_cases_of_others_and_strangers_stay_where_they_are(cast: Cast) -> None:
    set_parameters()
    case, wang = accepted(cast), cast.actor(cast.wang)
    assert assign_many([case.pk], officer_id=cast.wang.pk, actor=wang, now=cast.now)[0] == 0
    done, refused = assign_many(
        [case.pk, 10**9], officer_id=cast.wang.pk, actor=cast.actor(cast.li), now=cast.now
    )
    assert (done, len(refused)) == (0, 2)
    client = cast.client(cast.li)
    client.post(reverse("inspection:cases-give"), {"case": [case.pk]})
    client.post(reverse("inspection:cases-give"), {"to": second(cast).pk})
    case.refresh_from_db()
    assert case.officer_id == cast.li.pk


def test_the_list_of_alarms_shows_one_inspectors(cast: Cast) -> None:
    mine = alarm(cast, "D3", cast.li, cast.today)
    free = alarm(cast, "D2", None, cast.today)
    client = cast.client(cast.li)

    def shown(holder: str) -> list[int]:
        page = client.get(reverse("inspection:alarms"), {"holder": holder})
        return [line.alarm.pk for line in page.context["lines"]]

    assert shown(str(cast.li.pk)) == [mine.pk]
    assert shown("none") == [free.pk]
    assert sorted(shown("x")) == sorted([mine.pk, free.pk])
