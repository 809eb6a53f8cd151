"""The pages of cases: what each shows, whom it lets in, refusals beside the field."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from inspection.case_words import left_words
from inspection.cases.rules import ALLOWED
from inspection.models import Case, CaseStep, CorrectionOrder
from inspection.services import case_sanctions, case_transfer
from inspection.services.case_sanctions import Proposed
from inspection.services.case_steps import words
from inspection.views.case_acts import ACTS
from registration.models import Parameter
from tests.cast import NOW, Cast
from tests.inspection.cases import accepted, after, filed, ordered, second
from tests.inspection.stage import run, set_parameter, set_parameters
from wagewatch.lib.dates import Calendar
from wagewatch.lib.errors import Malformed


@pytest.fixture(autouse=True)
def stage(cast: Cast, plain_papers: None):
    set_parameters()
    set_parameter("sanction.54.unit", {"from": 2_000_000, "to": 5_000_000})
    set_parameter("sanction.54.person", {"from": 1_000_000, "to": 3_000_000})
    with time_machine.travel(NOW, tick=False):
        yield cast


def url(name: str, *args: object) -> str:
    return reverse(f"inspection:{name}", args=args)


def page(client: Client, name: str, *args: object, **query: str) -> str:
    answer = client.get(url(name, *args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_every_act_has_a_page_and_a_place_in_the_order() -> None:
    assert set(ACTS) | {"contact"} == set(ALLOWED)


def test_the_site_of_a_case_handed_over_is_a_link_only_for_whom_it_is_within_reach(stage: Cast) -> None:
    case = accepted(stage)
    site = reverse("inspection:project", args=[stage.project.pk])
    assert f'href="{site}"' in page(stage.client(stage.li), "case", case.pk)
    case_transfer.transfer_case(
        case.pk,
        office_id=stage.neighbour_authority.pk,
        reason="工地在婺城区",
        actor=stage.actor(stage.li),
        now=stage.now,
    )
    wang = stage.client(stage.wang)
    shown = page(wang, "case", case.pk)
    assert stage.project.name in shown
    assert site not in shown
    assert wang.get(site).status_code == 404


def test_a_complaint_is_taken_up_and_accepted_on_the_pages(stage: Cast) -> None:
    li, found = stage.client(stage.li), filed(stage)
    assert found.reference in page(li, "cases")
    shown = page(li, "complaint", found.reference)
    assert "九月工资没发" in shown
    assert "13857906017" not in shown
    answer = li.post(url("complaint", found.reference))
    case = Case.objects.get()
    assert answer["Location"] == url("case", case.pk)
    assert li.get(url("complaint", found.reference)).status_code == 302
    li.post(url("case-act", case.pk, "accept"), {"ended_on": ""})
    case.refresh_from_db()
    assert case.state == "active"
    shown = page(li, "case", case.pk)
    assert "13857906017" not in shown
    assert case.number in page(li, "cases", show="active")
    assert case.number not in page(li, "cases", show="done")


def test_a_refusal_stands_beside_its_field_and_writes_nothing(stage: Cast) -> None:
    case, li = accepted(stage), stage.client(stage.li)
    answer = li.post(url("case-act", case.pk, "order"), {
        "respondent_id": stage.sc.pk, "grounds": ["30"], "demand": "支付全部工资", "days": "5",
        "amount_fen": "100.00", "people": "1", "most_fen": "200.00", "most_months": "3",
    })  # fmt: skip
    assert answer.status_code == 400
    assert "id_amount_fen_error" in answer.content.decode()
    assert not CorrectionOrder.objects.exists()
    assert li.post(url("case-act", case.pk, "accept"), {}).status_code == 400
    assert case.steps.count() == 2


def test_from_the_order_to_the_decision_on_the_pages(stage: Cast) -> None:
    case, li = accepted(stage), stage.client(stage.li)
    act = lambda client, name, **data: client.post(url("case-act", case.pk, name), data)  # noqa: E731
    assert act(li, "order", respondent_id=stage.sc.pk, grounds=["30", "54-2"], demand="支付全部工资", days="5",
               amount_fen="42000", people="12", most_fen="6200", most_months="3").status_code == 302  # fmt: skip
    order = CorrectionOrder.objects.get()
    assert (
        act(li, "serve", order_id=order.pk, how="in_person", served_on="2026-11-16", to="项目部").status_code
        == 302
    )
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        li = stage.client(stage.li)
        assert case.number in page(li, "cases", show="lapsed")
        assert act(li, "propose", order_id=order.pk, ground="54-2", fine_fen="30000",
                   reason="期满仍未提供工资清单，事实清楚").status_code == 302  # fmt: skip
        sanction = case.sanctions.get()
        assert act(li, "notify", sanction_id=sanction.pk).status_code == 302
        assert act(li, "hear", sanction_id=sanction.pk, text="当事人没有异议").status_code == 302
        assert act(li, "decide", sanction_id=sanction.pk).status_code == 400
        assert act(stage.client(second(stage)), "decide", sanction_id=sanction.pk).status_code == 302
        assert "¥30,000.00" in page(li, "case", case.pk)
        assert act(li, "refer", police="金东公安分局").status_code == 302
        assert act(li, "close", outcome="sanctioned", text="已对该单位作出处罚。").status_code == 302
        shown = page(li, "case", case.pk)
    assert "人社监刑〔2026〕" in shown
    paper = case.papers.get(kind="decision")
    assert li.get(url("case-paper", case.pk, paper.pk))["Content-Type"] == "application/pdf"


def test_the_form_of_every_act_opens(stage: Cast) -> None:
    case, order = ordered(stage)
    case_sanctions.propose_sanction(
        case.pk, Proposed(order.pk, "54-2", 3_000_000, "期满仍未提供工资清单，事实清楚"), **after(stage)
    )
    li = stage.client(stage.li)
    for act in ACTS:
        assert "<form" in page(li, "case-act", case.pk, act), act


def test_an_act_that_lacks_its_ground_says_so_before_anything_is_written(stage: Cast) -> None:
    case, li = accepted(stage), stage.client(stage.li)
    for act, said in {
        "refer": "还没有责令支付工资",
        "deposit": "责令支付期满仍未支付的，",
        "propose": "没有期满未改正的指令书",
        "decide": "没有等您决定的处罚",
        "serve": "没有待送达的指令书",
        "give-time": "没有其他人申请延长",
    }.items():
        client = stage.client(second(stage)) if act in {"decide", "give-time"} else li
        shown = page(client, "case-act", case.pk, act)
        assert said in shown, act
        assert " disabled>" in shown, act
    for act in ("note", "order", "close", "mediate"):
        assert " disabled>" not in page(li, "case-act", case.pk, act), act
    case, _order = ordered(stage)
    assert " disabled>" not in page(li, "case-act", case.pk, "check")
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        li = stage.client(stage.li)
        assert " disabled>" not in page(li, "case-act", case.pk, "refer")
        assert " disabled>" not in page(li, "case-act", case.pk, "propose")


def test_violations_and_alarms_to_choose_are_in_the_reader_s_words(stage: Cast) -> None:
    case, li = accepted(stage), stage.client(stage.li)
    run(NOW.date(), "E2")
    chosen = page(li, "case-act", case.pk, "alarm")
    assert "E2 有投诉未办结 (橙色)" in chosen
    assert "第五十四条　未编制工资支付台账" in page(li, "case-act", case.pk, "order")
    li.cookies["django_language"] = "en"
    assert "Article 54　No ledger, or no pay slips for workers" in page(li, "case-act", case.pk, "order")
    assert "未编制" not in page(li, "case-act", case.pk, "order")


def test_a_complaint_of_forty_pages_is_folded_and_whole(stage: Cast) -> None:
    told = filed(stage, text="四十页的经过。" * 5_000 + "最后一句。")
    case, li = accepted(stage, text="四十页的经过。" * 5_000 + "最后一句。"), stage.client(stage.li)
    for shown in (page(li, "case", case.pk), page(li, "complaint", told.reference)):
        assert "全文 35005 个字" in shown
        assert "最后一句。" in shown
    assert "个字</summary>" not in page(li, "case", accepted(stage).pk)


def test_a_text_that_is_too_long_is_refused_whole_and_never_cut(stage: Cast) -> None:
    case, li = accepted(stage), stage.client(stage.li)
    assert (
        "maxlength" not in page(li, "case-act", case.pk, "note").partition("<textarea")[2].partition(">")[0]
    )
    long = "字" * 4001
    answer = li.post(url("case-act", case.pk, "note"), {"kind": "visit", "text": long})
    assert answer.status_code == 400
    assert long in answer.content.decode()
    order = {
        "respondent_id": stage.sc.pk, "grounds": ["54-2"], "days": "5", "demand": "补发工资清单" * 101,
    }  # fmt: skip
    assert li.post(url("case-act", case.pk, "order"), order).status_code == 400
    assert not CorrectionOrder.objects.exists()
    order["demand"] = "补发工资清单" * 100
    assert li.post(url("case-act", case.pk, "order"), order).status_code == 302
    assert CorrectionOrder.objects.get().demand == order["demand"]
    with pytest.raises(Malformed):
        words("字" * 601, most=600)
    turned = "好\u202e反\u2066字\r\n第二行"
    assert li.post(url("case-act", case.pk, "note"), {"kind": "visit", "text": turned}).status_code == 302
    assert case.steps.order_by("-number")[0].text == "好反字\n第二行"


def test_a_deadline_on_the_last_working_day_is_over_and_not_zero_days_late() -> None:
    calendar, friday = Calendar({}), date(2026, 11, 27)
    assert left_words(friday, friday, calendar) == "今天"
    assert left_words(friday, friday + timedelta(days=1), calendar) == "2026-11-27 已到期，其后没有工作日"
    assert left_words(friday, friday + timedelta(days=3), calendar) == "超期 1 个工作日"


def test_others_find_nothing(stage: Cast) -> None:
    case, found = accepted(stage), filed(stage)
    pages = [
        url("case", case.pk),
        url("case-act", case.pk, "note"),
        url("case-paper", case.pk, case.papers.get().pk),
        url("case-file", case.pk, 2),
        url("case-said", case.pk, "photo"),
        url("case-secret", case.pk),
        url("complaint", found.reference),
        url("complaint-said", found.reference, "voice"),
    ]
    for who in (stage.wang, stage.zhao, stage.officer):
        for path in pages:
            assert stage.client(who).get(path).status_code == 404, (who, path)
    assert (
        stage.client(stage.wang).post(url("case-contact", case.pk), {"purpose": "打听一下"}).status_code
        == 404
    )
    assert case.number not in page(stage.client(stage.wang), "cases")


def test_an_entry_by_hotline_shows_the_secret_once(stage: Cast) -> None:
    li = stage.client(stage.li)
    answer = li.post(url("case-new"), {
        "origin": "hotline", "topic": "unpaid", "code": "", "region": "330703", "text": "来电反映没发工资",
        "people": "7", "mass": "on",
    })  # fmt: skip
    case = Case.objects.get()
    assert answer["Location"] == url("case-secret", case.pk)
    shown = li.get(answer["Location"]).content.decode()
    secret = re.findall(r'mono strong">([^<]+)<', shown)[1]
    assert li.get(url("case-secret", case.pk)).status_code == 302
    followed = Client().post(
        reverse("registration:complain-follow"), {"reference": case.complaint.reference, "secret": secret}
    )
    assert followed.status_code == 200
    assert case.number not in followed.content.decode()
    assert (case.people, case.mass) == (7, True)
    wrong = {
        "origin": "own",
        "topic": "unpaid",
        "code": "NOPE",
        "region": "",
        "text": "巡查发现",
        "people": "1",
    }
    assert li.post(url("case-new"), wrong).status_code == 400


def test_contact_is_shown_after_the_purpose_is_written(stage: Cast) -> None:
    case, li = accepted(stage), stage.client(stage.li)
    assert li.post(url("case-contact", case.pk), {"purpose": ""}).status_code == 302
    assert not CaseStep.objects.filter(kind="contact").exists()
    assert (
        "13857906017" in li.post(url("case-contact", case.pk), {"purpose": "电话核实情况"}).content.decode()
    )


def test_workload_and_export(stage: Cast) -> None:
    accepted(stage)
    li = stage.client(stage.li)
    assert "李敏" in page(li, "cases-workload")
    answer = li.get(url("cases-export"))
    assert answer["Content-Type"].endswith("sheet")
    assert Parameter.objects.exists()
