"""Figures of rules: who may set them where, what the preview says, history and evidence; runs after events."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from inspection.models import Alarm, ParameterChange, RuleRun
from inspection.services import rules
from inspection.services.parameter_changes import change_parameter, preview_change, readers_of
from payroll.models import ArrearsRecord
from registration.models import Authority, Parameter, Project, Role
from registration.seed.deposits import NATION
from registration.services.parameters import forget, parameter
from tests.cast import make_user
from tests.inspection.stage import DUE, at, run, sent_sheet, set_parameter, set_parameters
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation
from wagewatch.lib.happenings import happened

KEY = "alarm.D3.days"
TODAY = DUE + timedelta(days=20)
NEW = {"yellow": 0, "orange": 10, "red": 20}


@pytest.fixture
def stage(cast):
    set_parameters()
    sent_sheet(cast.sc_part, [(cast.sun_posting, 792_000)])
    sent_sheet(cast.other_part, [(cast.wu_posting, 500_000)])
    run(TODAY)
    return cast


def preview(stage, value, *, who=None, region="330703", day=TODAY, key=KEY):
    return preview_change(
        "D3", key, region, value, valid_from=day, actor=stage.actor(who or stage.li), now=at(TODAY)
    )


def change(
    stage,
    value,
    *,
    who=None,
    region="330703",
    day=TODAY,
    reason="区里从严掌握",
    document="金东人社〔2026〕9号",
):
    return change_parameter(
        "D3", KEY, region, value, valid_from=day, reason=reason, document=document,
        actor=stage.actor(who or stage.li), now=at(TODAY),
    )  # fmt: skip


def moved(effect):
    return [(name, one.project_id, one.before, one.after, one.amount_fen) for name, one in effect.moved]


def test_the_preview_tells_what_moves_and_writes_nothing(stage):
    before = Parameter.objects.count()
    assert moved(preview(stage, NEW)) == [("rises", stage.project.pk, 1, 3, 792_000)]
    assert moved(preview(stage, {"yellow": 21, "orange": 30, "red": 60})) == [
        ("closes", stage.project.pk, 1, 0, 792_000)
    ]
    assert moved(preview(stage, {"yellow": 1, "orange": 30, "red": 60})) == []
    assert Parameter.objects.count() == before
    assert ParameterChange.objects.count() == 0
    assert Alarm.objects.filter(level=1, state="open").count() == 2
    set_parameter(KEY, {"yellow": 25, "orange": 30, "red": 60}, "330703")
    assert moved(preview(stage, {"yellow": 0, "orange": 30, "red": 60})) == [
        ("opens", stage.project.pk, 0, 1, 792_000)
    ]


def test_a_change_has_history_evidence_and_its_effect(stage):
    done = change(stage, NEW)
    forget()
    assert parameter(KEY, region_code="330703", on=TODAY) == NEW
    assert parameter(KEY, region_code="330702", on=TODAY)["red"] == 60
    assert parameter(KEY, region_code="330703", on=TODAY - timedelta(days=1))["red"] == 60
    assert (done.former, done.effect) == (
        {"yellow": 0, "orange": 30, "red": 60},
        {"opens": 0, "closes": 0, "rises": 1, "falls": 0},
    )
    row = Parameter.objects.get(key=KEY, region_id="330703")
    assert row.source == "金东人社〔2026〕9号：区里从严掌握"
    assert row.history.count() == 1
    change(stage, {**NEW, "red": 40}, reason="按市里意见放宽")
    assert Parameter.objects.filter(key=KEY, region_id="330703").count() == 1
    assert row.history.count() == 2
    assert list(Entry.objects.filter(kind="parameter.changed").values_list("project_id", flat=True)) == [
        None,
        None,
    ]
    assert not [f for f in audit().findings if f.kind == "parameter.changed"]
    run(TODAY)
    assert Alarm.objects.get(project=stage.project).level == 2
    assert Alarm.objects.get(project=stage.other_project).level == 1


@pytest.mark.parametrize(
    ("value", "more", "code"),
    [
        ({"yellow": 0, "orange": 30, "red": 29}, {}, "parameter.order"),
        ({"yellow": 0, "orange": 30}, {}, "parameter.figures"),
        ({"yellow": -1, "orange": 30, "red": 60}, {}, "parameter.figures"),
        ({"yellow": 0, "orange": 30, "red": 1001}, {}, "parameter.figures"),
        ({"yellow": 0, "orange": 30, "red": True}, {}, "parameter.figures"),
        (NEW, {"day": TODAY - timedelta(days=1)}, "parameter.day"),
        (NEW, {"day": TODAY + timedelta(days=367)}, "parameter.day"),
        (NEW, {"reason": " a "}, "parameter.reason"),
        (NEW, {"document": " "}, "parameter.document"),
        ({"yellow": 0, "orange": 30, "red": 60}, {}, "parameter.same"),
    ],
)
def test_refuses_what_cannot_be_a_figure(stage, value, more, code):
    before = Parameter.objects.count()
    with pytest.raises(Malformed) as refused:
        change(stage, value, **more)
    assert refused.value.code == code
    assert (Parameter.objects.count(), ParameterChange.objects.count()) == (before, 0)


def test_each_office_sets_its_own_region_and_those_inside_it(stage):
    for region in ("330702", "330700", "330000", "999999"):
        with pytest.raises(NotFound):
            change(stage, NEW, region=region)
    with pytest.raises(NotFound):
        change(stage, NEW, who=stage.zhao)
    road = Authority.objects.create(name="金华交通局", kind="transport", region_id="330700")
    with pytest.raises(NotPermitted):
        change(stage, NEW, who=make_user("road2", "丁二", Role.INSPECTOR, road))
    city = Authority.objects.create(name="金华支队", kind="labour", region_id="330700")
    ding = make_user("city2", "丁一", Role.INSPECTOR, city)
    assert [one[1] for one in moved(preview(stage, NEW, who=ding, region="330700"))] == sorted(
        [stage.project.pk, stage.other_project.pk]
    )
    change(stage, NEW, who=ding, region="330702")
    assert ParameterChange.objects.get().region_id == "330702"
    with pytest.raises(NotFound):
        preview(stage, NEW, key="alarm.C1.entries")


def read_by(stage, rule, key, value, *, region="330703", who=None, write=False):
    where = {"valid_from": TODAY, "actor": stage.actor(who or stage.li), "now": at(TODAY)}
    if write:
        return change_parameter(rule, key, region, value, reason="按实际情况", document="9号", **where)
    return preview_change(rule, key, region, value, **where)


def test_what_a_rule_also_reads_is_tried_out_and_set_too(stage):
    opens = read_by(stage, "D6", "pay.largest_line_fen", 700_000).moved
    assert [(name, one.rule, one.project_id, one.after) for name, one in opens] == [
        ("opens", "D6", stage.project.pk, 2)
    ]
    assert not Parameter.objects.filter(key="pay.largest_line_fen", region_id="330703").exists()
    done = read_by(stage, "D6", "pay.largest_line_fen", 700_000, write=True)
    assert (done.former, done.value, done.effect["opens"]) == (5_000_000, 700_000, 1)
    run(TODAY, "D6")
    assert Alarm.objects.get(rule="D6").project == stage.project
    page = stage.client(stage.li).get(reverse("inspection:rule", args=["D6"])).content.decode()
    assert "¥50,000.00" in page
    assert "¥7,000.00" in page


def test_a_figure_that_two_rules_read_is_tried_out_on_both(stage):
    assert [rule.code for rule in readers_of("alarm.B1.days")] == ["B1", "B2"]
    assert [rule.code for rule in readers_of("pay.month_days")] == ["D5", "D7"]


@pytest.mark.parametrize(
    ("rule", "key", "value", "code"),
    [
        ("E3", "crime.one", {"months": 3, "fen": 499_999}, "parameter.range"),
        ("E3", "crime.one", {"months": 2, "fen": 500_000}, "parameter.range"),
        ("E3", "crime.one", 500_000, "parameter.figures"),
        ("E3", "crime.one", {"fen": 500_000}, "parameter.figures"),
        ("D6", "pay.largest_line_fen", "700000", "parameter.range"),
        ("D6", "pay.largest_line_fen", True, "parameter.range"),
        ("D5", "pay.month_days", "abc", "parameter.range"),
        ("D5", "pay.month_days", "NaN", "parameter.range"),
        ("C5", "people.youngest_age", 15, "parameter.range"),
    ],
)
def test_refuses_what_the_law_does_not_allow(stage, rule, key, value, code):
    with pytest.raises(Malformed) as refused:
        read_by(stage, rule, key, value)
    assert refused.value.code == code


def test_a_county_looks_at_the_province_s_figure_and_cannot_set_it(stage, monkeypatch):
    monkeypatch.setattr("inspection.views.rule_pages.timezone.now", lambda: at(TODAY))
    value = {"months": 3, "fen": 2_000_000}
    assert read_by(stage, "E3", "crime.one", value).moved == []
    with pytest.raises(RuleViolation) as refused:
        read_by(stage, "E3", "crime.one", value, write=True)
    assert refused.value.code == "parameter.province"
    assert ParameterChange.objects.count() == 0
    client = stage.client(stage.li)
    page = reverse("inspection:rule-figure", args=["E3", "crime.one"])
    shown = client.get(page).content.decode()
    assert "此数值由省级设定" in shown
    assert 'name="document"' not in shown
    data = {"region": "330703", "valid_from": str(TODAY), "months": "3", "fen": "20,000"}
    tried = client.post(page, {**data, "act": "preview"})
    assert tried.status_code == 200
    assert 'value="set"' not in tried.content.decode()
    assert client.post(page, {**data, "act": "set"}).status_code == 400
    assert client.post(page, {**data, "fen": "4000", "act": "preview"}).status_code == 400
    province = Authority.objects.create(name="浙江总队", kind="labour", region_id="330000")
    head = make_user("prov2", "丁三", Role.INSPECTOR, province)
    assert read_by(stage, "E3", "crime.one", value, region="330000", who=head, write=True).value == value
    with pytest.raises(NotFound):
        read_by(stage, "A3", "contract.offer_reminder_days", 3)


@pytest.mark.parametrize(
    ("rule", "key", "data", "kept"),
    [
        ("D6", "pay.largest_line_fen", {"value": "7,000"}, 700_000),
        ("E2", "case.accept_within_wd", {"value": "4"}, 4),
        ("C4", "odd.two_sites", {"minutes": "45"}, {"minutes": 45}),
    ],
)
def test_each_shape_of_a_parameter_is_tried_out_and_set_on_its_page(
    stage, monkeypatch, rule, key, data, kept
):
    monkeypatch.setattr("inspection.views.rule_pages.timezone.now", lambda: at(TODAY))
    client = stage.client(stage.li)
    page = reverse("inspection:rule-figure", args=[rule, key])
    sent = {"region": "330703", "valid_from": str(TODAY), **data}
    tried = client.post(page, {**sent, "act": "preview"})
    assert tried.status_code == 200
    assert tried.context["effect"] is not None
    assert client.post(page, {**sent, next(iter(data)): "x", "act": "preview"}).status_code == 400
    assert client.post(page, {**sent, next(iter(data)): "", "act": "preview"}).status_code == 400
    more = {"act": "set", "reason": "区里从严掌握", "document": "9号"}
    assert client.post(page, {**sent, **more}).status_code == 302
    assert Parameter.objects.get(key=key, region_id="330703").value == kept
    assert client.get(reverse("inspection:rule", args=[rule])).status_code == 200


def seated_in_the_province():
    province = Authority.objects.create(name="浙江总队", kind="labour", region_id="330000")
    return make_user("prov3", "丁四", Role.INSPECTOR, province)


def test_the_day_since_which_a_guarantee_is_asked_is_tried_out_and_set(stage, monkeypatch):
    monkeypatch.setattr("inspection.views.rule_pages.timezone.now", lambda: at(TODAY))
    Project.objects.update(contract_signed_on=TODAY - timedelta(days=90))
    set_parameter("guarantee.asked_since", "2030-01-01")
    head = seated_in_the_province()
    client = stage.client(head)
    page = reverse("inspection:rule-figure", args=["A6", "guarantee.asked_since"])
    assert 'value="2030-01-01"' in client.get(page).content.decode()
    sent = {"region": "330000", "valid_from": str(TODAY), "value": "2020-05-01"}
    tried = client.post(page, {**sent, "act": "preview"})
    assert tried.status_code == 200
    assert sorted(
        one.project_id for _name, one in tried.context["effect"].moved if one.period == "guarantee"
    ) == (sorted([stage.project.pk, stage.other_project.pk]))
    for wrong in ("", "2020-04-30", "2100-01-02", "x", "2020-13-01"):
        assert client.post(page, {**sent, "value": wrong, "act": "preview"}).status_code == 400, wrong
    more = {"act": "set", "reason": "自条例施行之日起", "document": "9号"}
    assert client.post(page, {**sent, **more}).status_code == 302
    assert Parameter.objects.get(key="guarantee.asked_since", region_id="330000").value == "2020-05-01"
    run(TODAY, "A6")
    assert Alarm.objects.filter(rule="A6", period="guarantee", state="open").count() == 2
    assert "2020-05-01" in client.get(reverse("inspection:rule", args=["A6"])).content.decode()


DEPOSIT = {
    "percent": "2",
    "least_percent": "0.5",
    "small_under_fen": "3,000,000",
    "small_clean_years": "1",
    "lowered_after_years": "2",
    "lowered_factor": "50",
    "exempt_after_years": "3",
    "raised_within_years": "2",
    "raised_factor": "150",
    "listed_factor": "200",
    "listed_capped": "on",
}
"""The nation's table as its form sends it."""


def deposit_page(stage, monkeypatch, who=None):
    monkeypatch.setattr("inspection.views.rule_pages.timezone.now", lambda: at(TODAY))
    set_parameter("deposit.table", NATION)
    Project.objects.filter(pk=stage.project.pk).update(contract_sum_fen=10_000_000_000)
    Project.objects.filter(pk=stage.other_project.pk).update(contract_sum_fen=2_000_000_000)
    ArrearsRecord.objects.create(
        organisation=stage.gc,
        kind="arrears",
        since=TODAY - timedelta(days=30),
        reason="查询",
        made_at=stage.now,
    )
    return stage.client(who or stage.li), reverse("inspection:rule-figure", args=["A3", "deposit.table"])


def test_a_table_of_deposits_is_tried_out_on_what_running_works_would_lodge(stage, monkeypatch):
    head = seated_in_the_province()
    client, page = deposit_page(stage, monkeypatch, head)
    shown = client.get(page)
    assert 'name="raised_factor" value="150"' in shown.content.decode()
    sent = {"region": "330000", "valid_from": str(TODAY), **DEPOSIT}
    same = client.post(page, {**sent, "act": "preview"}).context["effect"].dues
    assert (same.works, same.moved, same.before_fen == same.after_fen) == (2, [], True)
    raised = {**sent, "percent": "3", "cap_fen": "4,000,000"}
    tried = client.post(page, {**raised, "act": "preview"})
    dues = tried.context["effect"].dues
    # 100 million at 2 per cent, half as much again after arrears; then 4.5 per cent, capped at 4 million.
    assert [(one.project_id, one.before_fen, one.after_fen) for one in dues.moved] == [
        (stage.project.pk, 300_000_000, 400_000_000),
        (stage.other_project.pk, 40_000_000, 60_000_000),
    ]
    assert (dues.more, dues.less) == (2, 0)
    assert "¥4,600,000.00" in tried.content.decode()
    assert Parameter.objects.filter(key="deposit.table", region_id="330000").count() == 0
    more = {"act": "set", "reason": "全省统一提高", "document": "9号"}
    assert client.post(page, {**raised, **more}).status_code == 302
    kept = Parameter.objects.get(key="deposit.table", region_id="330000").value
    assert kept == {**NATION, "percent": "3", "cap_fen": 400_000_000}
    shown = client.get(reverse("inspection:rule", args=["A3"])).content.decode()
    assert "¥4,000,000.00" in shown


def test_a_table_of_a_place_inside_is_not_touched(stage, monkeypatch):
    client, page = deposit_page(stage, monkeypatch, seated_in_the_province())
    set_parameter("deposit.table", NATION, "330703")
    sent = {"region": "330000", "valid_from": str(TODAY), **DEPOSIT, "percent": "3", "act": "preview"}
    dues = client.post(page, sent).context["effect"].dues
    assert (dues.works, [one.project_id for one in dues.moved]) == (1, [stage.other_project.pk])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"percent": "0.99"}, "1"),
        ({"percent": "3.01"}, "3"),
        ({"percent": "NaN"}, ""),
        ({"percent": ""}, ""),
        ({"raised_factor": "149"}, "150"),
        ({"raised_factor": ""}, "只填写一项"),
        ({"raised_percent": "3"}, "只填写一项"),
        ({"cap_fen": "1e9"}, ""),
        ({"small_clean_years": "99999999999999999999"}, ""),
    ],
)
def test_a_table_of_deposits_keeps_to_the_measures(stage, monkeypatch, changed, words):
    client, page = deposit_page(stage, monkeypatch)
    sent = {"region": "330703", "valid_from": str(TODAY), **DEPOSIT, **changed}
    tried = client.post(page, {**sent, "act": "preview"})
    assert tried.status_code == 400
    assert words in tried.content.decode()
    assert client.post(page, {**DEPOSIT, **sent, "act": "set"}).status_code == 400
    assert not Parameter.objects.filter(key="deposit.table", region_id="330703").exists()


def test_the_listed_may_be_left_without_a_cap_and_by_a_rate(stage):
    value = {**NATION, "cap_fen": 100_000_000, "listed": {"percent": "4", "capped": False}}
    head = seated_in_the_province()
    set_parameter("deposit.table", NATION)
    assert read_by(stage, "A3", "deposit.table", value, region="330000", who=head, write=True).value == value
    for wrong in (
        {**value, "listed": {"percent": "4", "capped": "no"}},
        {**value, "listed": 4},
        {**value, "more": 1},
        {**value, "raised": {"factor": "150", "x": 1}},
        {"percent": "2"},
        [],
        None,
    ):
        with pytest.raises(Malformed):
            read_by(stage, "A3", "deposit.table", wrong, region="330000", who=head)


def test_the_days_of_a_month_are_tried_out_with_their_half_days(stage, monkeypatch):
    monkeypatch.setattr("inspection.views.rule_pages.timezone.now", lambda: at(TODAY))
    page = reverse("inspection:rule-figure", args=["D5", "pay.month_days"])
    sent = {"region": "330703", "valid_from": str(TODAY), "value": "20.67", "act": "preview"}
    assert stage.client(stage.li).post(page, sent).status_code == 200


def test_the_pages_try_out_and_set(stage, monkeypatch):
    monkeypatch.setattr("inspection.views.rule_pages.timezone.now", lambda: at(TODAY))
    client = stage.client(stage.li)
    page = reverse("inspection:rule-figure", args=["D3", KEY])
    assert client.get(page).status_code == 200
    data = {"region": "330703", "valid_from": str(TODAY), **{k: str(v) for k, v in NEW.items()}}
    seen = client.post(page, {**data, "act": "preview"})
    assert (seen.status_code, seen.context["effect"].counts["rises"]) == (200, 1)
    assert stage.project.name in seen.content.decode()
    assert client.post(page, {**data, "act": "set"}).status_code == 400
    assert ParameterChange.objects.count() == 0
    done = client.post(page, {**data, "act": "set", "reason": "区里从严掌握", "document": "9号"})
    assert done.status_code == 302
    shown = client.get(reverse("inspection:rule", args=["D3"])).content.decode()
    assert "区里从严掌握" in shown
    assert "金东区" in shown
    assert client.get(reverse("inspection:rule", args=["X1"])).status_code == 404
    assert client.get(reverse("inspection:rule-figure", args=["D3", "alarm.X"])).status_code == 404
    assert client.post(page, {**data, "region": "330702", "act": "preview"}).status_code == 404
    assert client.get(reverse("inspection:rules")).status_code == 200


def test_the_pages_say_which_figure_is_missing_and_what_to_do(stage, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(TODAY))
    Parameter.objects.filter(key=KEY).delete()
    forget()
    run(TODAY)
    client = stage.client(stage.li)
    words = "没有数值 alarm.D3.days。请为该地设定数值；如刚升级，请运行 seed 命令。"
    assert words in client.get(reverse("inspection:rules")).content.decode()
    assert words in client.get(reverse("inspection:rule", args=["D3"])).content.decode()
    page = reverse("inspection:rule-figure", args=["D3", KEY])
    assert "该地现在没有数值" in client.get(page).content.decode()
    data = {"region": "330703", "valid_from": TODAY.isoformat(), **NEW, "act": "preview"}
    tried = client.post(page, data)
    assert tried.status_code == 400
    assert "请先运行 seed 命令" in tried.content.decode()
    assert not Parameter.objects.filter(key=KEY).exists()


def test_every_rule_has_a_page_and_words(stage):
    client = stage.client(stage.li)
    for code in rules.RULES:
        for language in ("zh-hans", "en"):
            client.cookies["django_language"] = language
            assert client.get(reverse("inspection:rule", args=[code])).status_code == 200, code


@pytest.mark.django_db(transaction=True)
def test_rules_run_after_what_matters_to_them_and_not_too_often(transactional_db, stage):
    cache.clear()
    RuleRun.objects.all().delete()
    now = at(TODAY)
    assert list(rules.run_rules_after_events(now=now)) == []
    happened("line.result")
    assert sorted(r.rule for r in rules.run_rules_after_events(now=now)) == ["D3", "D4", "D6", "D7", "D8"]
    assert list(rules.run_rules_after_events(now=now + timedelta(seconds=1))) == [], "they rest"
    later = now + timedelta(days=2000)
    RuleRun.objects.update(started_at=later - timedelta(hours=1))
    assert list(rules.run_rules_after_events(now=later)) == [], "nothing has happened since"
    cache.clear()


def test_old_runs_go_but_never_the_newest(stage):
    RuleRun.objects.all().delete()
    for days, rule in ((91, "D3"), (89, "D3"), (200, "C1"), (300, "C1")):
        RuleRun.objects.create(rule=rule, started_at=at(TODAY - timedelta(days=days)))
    assert rules.forget_runs(now=at(TODAY)) == 2
    assert sorted(RuleRun.objects.values_list("rule", flat=True)) == ["C1", "D3"]
