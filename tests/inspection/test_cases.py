"""Cases from complaint to decision: who may, in which order, by when, and what who complained is told."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.urls import reverse

from inspection.cases import rules
from inspection.models import Case, CaseMediation, CasePaper, CaseStep, CorrectionOrder, Notice, Sanction
from inspection.services import (
    case_acceptance,
    case_closing,
    case_intake,
    case_mediations,
    case_money,
    case_orders,
    case_sanctions,
    case_service,
    case_time,
    case_transfer,
    case_work,
)
from inspection.services.case_sanctions import Proposed
from inspection.services.case_steps import STEP
from payroll.models import DepositEntry, DepositRuling
from registration.models import Authority, Complaint, ComplaintWord, SensitiveView
from registration.services.complaints import Told, follow_complaint
from tests.cast import Cast
from tests.inspection.cases import accepted, after, asked, filed, later, ordered, second
from tests.inspection.stage import set_parameter, set_parameters
from tests.payroll.deposit_papers import lodge_cash
from tests.payroll.stage import signature
from wagewatch.evidence.models import Entry
from wagewatch.lib.dates import Calendar
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, RuleViolation

SANCTION = {"54.unit": (2_000_000, 5_000_000), "54.person": (1_000_000, 3_000_000)}


@pytest.fixture(autouse=True)
def _plain_papers(plain_papers: None) -> None:
    """What the documents look like: test_case_papers.py."""


@pytest.fixture
def stage(cast: Cast) -> Cast:
    set_parameters()
    for key, (least, most) in SANCTION.items():
        set_parameter(f"sanction.{key}", {"from": least, "to": most})
    return cast


def told(case: Case) -> list[str]:
    return list(
        ComplaintWord.objects.filter(complaint=case.complaint_id)
        .order_by("pk")
        .values_list("kind", flat=True)
    )


def steps(case: Case) -> list[str]:
    return list(case.steps.order_by("number").values_list("kind", flat=True))


def test_a_complaint_becomes_a_numbered_case_of_the_office_asked_first(stage: Cast) -> None:
    found = filed(stage)
    case = case_intake.take_complaint(found.reference, actor=stage.actor(stage.li), now=stage.now)
    assert case.number == f"AJ330703-2026-{stage.authority.pk:02d}0001"
    assert (case.office, case.first_office, case.officer) == (stage.authority, stage.authority, stage.li)
    assert (case.state, case.due_for, case.due_on) == ("new", "accept", date(2026, 11, 23))
    assert Complaint.objects.get().state == "handling"
    assert told(case) == ["taken"]
    assert Entry.objects.get(kind=STEP).subject == f"case-step:{case.pk}:1"


def test_a_second_officer_is_told_which_case_it_is(stage: Cast) -> None:
    found = filed(stage)
    case = case_intake.take_complaint(found.reference, actor=stage.actor(stage.li), now=stage.now)
    with pytest.raises(RuleViolation) as refusal:
        case_intake.take_complaint(found.reference, actor=stage.actor(second(stage)), now=stage.now)
    assert refusal.value.code == "case.taken"
    assert case.number in refusal.value.message
    assert Case.objects.count() == 1


def test_another_region_does_not_find_it(stage: Cast) -> None:
    case = accepted(stage)
    wang = stage.actor(stage.wang)
    with pytest.raises(NotFound):
        case_work.add_note(case.pk, kind="note", text="越权", actor=wang, now=stage.now)
    with pytest.raises(NotFound):
        case_intake.take_complaint(case.complaint.reference, actor=wang, now=stage.now)
    for stranger in (stage.zhao, stage.officer, stage.sun):
        with pytest.raises(NotFound):
            case_work.add_note(
                case.pk, kind="note", text="越权越权", actor=stage.actor(stranger), now=stage.now
            )
    assert steps(case) == ["taken", "accept"]


def test_acceptance_begins_sixty_working_days_and_makes_a_notice(stage: Cast) -> None:
    case = accepted(stage)
    assert (case.state, case.accepted_on, case.due_for) == ("active", stage.today, "finish")
    assert case.finish_by == case.due_on == Calendar().add_working(stage.today, 60)
    paper = CasePaper.objects.get()
    assert bytes(paper.file.content).startswith(b"%PDF")
    assert paper.number == f"人社监受〔2026〕330703-{stage.authority.pk}-1号"
    assert told(case) == ["taken", "accepted"]


def test_what_ended_more_than_two_years_before_is_not_pursued(stage: Cast) -> None:
    li = stage.actor(stage.li)
    case = case_intake.take_complaint(filed(stage).reference, actor=li, now=stage.now)
    with pytest.raises(RuleViolation) as refusal:
        case_acceptance.accept_case(case.pk, ended_on=date(2024, 11, 15), actor=li, now=stage.now)
    assert refusal.value.code == "case.too_old"
    assert not CasePaper.objects.exists()
    assert (
        case_acceptance.accept_case(case.pk, ended_on=date(2024, 11, 16), actor=li, now=stage.now).state
        == "active"
    )


def test_a_refusal_tells_the_reason_and_ends_it(stage: Cast) -> None:
    li, found = stage.actor(stage.li), filed(stage)
    case = case_intake.take_complaint(found.reference, actor=li, now=stage.now)
    case = case_acceptance.refuse_case(
        case.pk, reason="该事项已经由仲裁委员会受理。", actor=li, now=stage.now
    )
    followed = follow_complaint(found.reference, found.secret, now=stage.now)
    assert (followed.state, followed.answer) == ("answered", "该事项已经由仲裁委员会受理。")
    assert case.due_on is None
    with pytest.raises(RuleViolation):
        case_acceptance.accept_case(case.pk, ended_on=None, actor=li, now=stage.now)


def test_a_case_is_handed_over_with_its_reason_and_the_former_office_only_looks(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    with pytest.raises(Malformed):
        case_transfer.transfer_case(
            case.pk, office_id=stage.neighbour_authority.pk, reason="", actor=li, now=stage.now
        )
    case_transfer.transfer_case(
        case.pk, office_id=stage.neighbour_authority.pk, reason="工地在婺城区", actor=li, now=stage.now
    )
    case.refresh_from_db()
    assert (case.office, case.first_office, case.officer) == (
        stage.neighbour_authority,
        stage.authority,
        None,
    )
    word = ComplaintWord.objects.latest("pk")
    assert (word.kind, word.office) == ("transferred", "婺城区人力社保局")
    with pytest.raises(NotPermitted):
        case_work.add_note(case.pk, kind="note", text="再补一句", actor=li, now=stage.now)
    case_work.add_note(case.pk, kind="note", text="已接手本案", actor=stage.actor(stage.wang), now=stage.now)


def test_a_case_that_nobody_has_is_with_who_accepts_it(stage: Cast) -> None:
    li, wang = stage.actor(stage.li), stage.actor(stage.wang)
    case = case_intake.take_complaint(filed(stage).reference, actor=li, now=stage.now)
    case_transfer.transfer_case(
        case.pk, office_id=stage.neighbour_authority.pk, reason="工地在婺城区", actor=li, now=stage.now
    )
    case_acceptance.accept_case(case.pk, ended_on=None, actor=wang, now=stage.now)
    case.refresh_from_db()
    assert case.officer == stage.wang


def test_an_office_learns_of_a_case_handed_to_it_and_an_officer_of_a_case_given(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    case_transfer.transfer_case(
        case.pk, office_id=stage.neighbour_authority.pk, reason="工地在婺城区", actor=li, now=stage.now
    )
    moved = Notice.objects.get(kind="case_moved")
    assert (moved.user, moved.project_id) == (stage.wang, case.project_id)
    client = stage.client(stage.wang)
    assert "有案件移交到您单位" in client.get(reverse("notices:list")).content.decode()
    opened = client.get(reverse("notices:open", args=[moved.pk]))
    assert opened["Location"] == reverse("inspection:case", args=[case.pk])
    assert client.get(opened["Location"]).status_code == 200
    wang = stage.actor(stage.wang)
    case_transfer.assign_case(case.pk, officer_id=stage.wang.pk, actor=wang, now=stage.now)
    assert not Notice.objects.filter(kind="case_given").exists()


def test_the_hotline_gives_number_and_secret_and_what_the_office_found_has_neither(stage: Cast) -> None:
    li = stage.actor(stage.li)
    told_ = Told(topic="unpaid", text="来电反映九月工资没发", region_code="330703", contact="13900000000")
    entered = case_intake.enter_case(told_, origin="hotline", people=6, actor=li, now=stage.now)
    assert follow_complaint(entered.reference, entered.secret, now=stage.now).state == "handling"
    assert (entered.case.people, entered.case.project) == (6, None)
    own = case_intake.enter_case(
        Told(topic="contract", text="巡查发现无合同", project_id=stage.project.pk),
        origin="own",
        actor=li,
        now=stage.now,
    )
    assert (own.case.complaint, own.reference) == (None, "")
    with pytest.raises(NotPermitted):
        case_intake.enter_case(told_, origin="hotline", actor=stage.actor(stage.zhao), now=stage.now)
    assert Case.objects.count() == 2


def test_more_time_needs_a_second_person_and_is_given_once(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    case_time.ask_time(case.pk, reason="银行流水尚未调取", actor=li, now=stage.now)
    with pytest.raises(RuleViolation) as refusal:
        case_time.give_time(case.pk, actor=li, now=stage.now)
    assert refusal.value.code == "case.same_person"
    former = case.finish_by
    case = case_time.give_time(case.pk, actor=stage.actor(second(stage)), now=stage.now)
    assert case.finish_by == Calendar().add_working(former, 30)
    with pytest.raises(RuleViolation):
        case_time.ask_time(case.pk, reason="还要时间调查", actor=li, now=stage.now)


def test_the_days_left_are_kept_while_the_firm_cannot_be_found(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    case = case_time.suspend_case(case.pk, reason="分包负责人失联", **later(stage, li, 7))
    assert (case.state, case.due_on, case.left_wd) == ("suspended", None, 55)
    with pytest.raises(RuleViolation):
        case_orders.issue_order(case.pk, asked(stage), actor=li, now=stage.now)
    case = case_time.resume_case(case.pk, **later(stage, li, 30))
    assert case.state == "active"
    assert case.finish_by == Calendar().add_working(stage.today + timedelta(days=30), 55)
    assert told(case)[-2:] == ["suspended", "resumed"]


def test_the_decision_is_due_fifteen_working_days_after_the_investigation(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    case = case_time.finish_investigation(
        case.pk, findings="拖欠属实，涉及十二人三个月工资。", actor=li, now=stage.now
    )
    assert (case.state, case.due_for, case.due_on) == ("deciding", "decide", date(2026, 12, 7))


def test_an_order_runs_from_its_service(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    order = case_orders.issue_order(case.pk, asked(stage), actor=li, now=stage.now)
    assert case_orders.state_of(order, stage.today + timedelta(days=99)) == "unserved"
    assert CasePaper.objects.get(kind="order").number == order.number
    order = case_service.serve_order(
        case.pk, order.pk, how="in_person", served_on=stage.today, to="何建平", actor=li, now=stage.now
    )
    assert [case_orders.state_of(order, date(2026, 11, day)) for day in (23, 24)] == ["running", "lapsed"]
    with pytest.raises(RuleViolation) as refusal:
        case_service.serve_order(
            case.pk, order.pk, how="in_person", served_on=stage.today, to="何建平", actor=li, now=stage.now
        )
    assert refusal.value.code == "case.served"
    assert told(case) == ["taken", "accepted", "ordered"]


def test_an_order_names_a_firm_of_the_project_and_figures_that_add_up(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    for wrong, code in (
        ({"respondent_id": stage.rival.pk}, "case.respondent"),
        ({"grounds": ()}, "case.grounds"),
        ({"grounds": ("99-1",)}, "case.grounds"),
        ({"days": 0}, "case.days"),
        ({"most_fen": 5_000_000}, "case.amount"),
        ({"most_months": 0}, "case.months"),
    ):
        with pytest.raises(Malformed) as refusal:
            case_orders.issue_order(case.pk, asked(stage, **wrong), actor=li, now=stage.now)
        assert refusal.value.code == code
    assert not CorrectionOrder.objects.exists()
    assert steps(case) == ["taken", "accept"]


def test_an_order_posted_up_needs_its_photo(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    order = case_orders.issue_order(case.pk, asked(stage), actor=li, now=stage.now)
    act = {"how": "posted", "served_on": stage.today, "to": "工地大门", "actor": li, "now": stage.now}
    with pytest.raises(Malformed) as refusal:
        case_service.serve_order(case.pk, order.pk, **act)
    assert refusal.value.code == "case.photo"
    order = case_service.serve_order(case.pk, order.pk, name="张贴.png", data=signature(), **act)
    assert order.served_how == "posted"


def test_nothing_is_fined_before_the_order_lapsed_and_nothing_outside_the_range(stage: Cast) -> None:
    case, order = ordered(stage)
    proposed = Proposed(order.pk, "54-2", 2_000_000, "期满仍未提供工资清单，事实清楚")
    with pytest.raises(RuleViolation) as refusal:
        case_sanctions.propose_sanction(case.pk, proposed, actor=stage.actor(stage.li), now=stage.now)
    assert refusal.value.code == "case.not_lapsed"
    for fine, code in ((1_999_999, "case.fine"), (5_000_001, "case.fine")):
        with pytest.raises(Malformed) as bad:
            case_sanctions.propose_sanction(
                case.pk, Proposed(order.pk, "54-2", fine, "期满仍未提供工资清单，事实清楚"), **after(stage)
            )
        assert bad.value.code == code
    with pytest.raises(Malformed) as bad:
        case_sanctions.propose_sanction(
            case.pk, Proposed(order.pk, "30", 2_000_000, "期满仍未支付，事实清楚明白"), **after(stage)
        )
    assert bad.value.code == "case.ground"
    assert not Sanction.objects.exists()
    case_sanctions.propose_sanction(case.pk, proposed, **after(stage))
    with pytest.raises(RuleViolation) as refusal:
        case_sanctions.propose_sanction(case.pk, proposed, **after(stage))
    assert refusal.value.code == "case.fined"
    person = Proposed(order.pk, "54-2", 1_000_000, "直接负责的主管人员", person="钱文娟")
    with pytest.raises(Malformed):
        case_sanctions.propose_sanction(case.pk, person, **after(stage))
    person = Proposed(order.pk, "54-2", 1_000_000, "直接负责的主管人员，拒不改正", person="钱文娟")
    assert case_sanctions.propose_sanction(case.pk, person, **after(stage)).on_person


def test_the_party_is_heard_and_a_second_person_decides(stage: Cast) -> None:
    case, order = ordered(stage)
    li, chen = stage.actor(stage.li), stage.actor(second(stage))
    sanction = case_sanctions.propose_sanction(
        case.pk, Proposed(order.pk, "54-2", 3_000_000, "期满仍未提供工资清单，事实清楚"), **after(stage)
    )
    with pytest.raises(RuleViolation):
        case_sanctions.decide_sanction(case.pk, sanction.pk, **later(stage, chen, 8))
    sanction = case_sanctions.notify_party(case.pk, sanction.pk, **after(stage))
    assert sanction.heard_by == date(2026, 12, 1)
    with pytest.raises(RuleViolation) as refusal:
        case_sanctions.decide_sanction(case.pk, sanction.pk, **later(stage, chen, 15))
    assert refusal.value.code == "case.not_heard"
    case_sanctions.hear_party(case.pk, sanction.pk, text="当事人称资金紧张，请求从轻", **later(stage, li, 9))
    with pytest.raises(RuleViolation) as refusal:
        case_sanctions.decide_sanction(case.pk, sanction.pk, **later(stage, li, 9))
    assert refusal.value.code == "case.same_person"
    sanction = case_sanctions.decide_sanction(case.pk, sanction.pk, **later(stage, chen, 9))
    assert (sanction.state, sanction.decided_by, sanction.number[:5]) == (
        "decided",
        second(stage),
        "人社监罚〔",
    )
    assert told(case)[-1] == "sanctioned"
    case = case_closing.close_case(
        case.pk, outcome="sanctioned", text="已对该单位作出行政处罚。", **later(stage, li, 10)
    )
    assert (case.state, case.due_on) == ("closed", None)
    assert {p.kind for p in case.papers.all()} == {
        "accept",
        "order",
        "service",
        "notice",
        "decision",
        "report",
    }


def test_an_order_that_was_followed_late_is_not_fined(stage: Cast) -> None:
    case, order = ordered(stage)
    chen = stage.actor(second(stage))
    sanction = case_sanctions.propose_sanction(
        case.pk, Proposed(order.pk, "54-2", 3_000_000, "期满仍未提供工资清单，事实清楚"), **after(stage)
    )
    case_sanctions.notify_party(case.pk, sanction.pk, **after(stage))
    case_service.check_order(case.pk, order.pk, corrected=True, text="已全部支付并发放清单", **after(stage))
    with pytest.raises(RuleViolation) as refusal:
        case_sanctions.decide_sanction(case.pk, sanction.pk, **later(stage, chen, 30))
    assert refusal.value.code == "case.corrected"
    assert Sanction.objects.get().state == "notified"


def test_the_police_get_a_case_only_with_amount_and_lapsed_order(stage: Cast) -> None:
    case, order = ordered(stage)
    refer = {"police": "金华市公安局金东分局"}
    with pytest.raises(RuleViolation) as refusal:
        case_money.refer_to_police(case.pk, **refer, actor=stage.actor(stage.li), now=stage.now)
    assert str(refusal.value.template) == str(rules.REFERRAL["running"])
    case_service.check_order(
        case.pk, order.pk, corrected=False, text="又付了一部分，尚有余额", rest_fen=900_000, rest_people=9,
        rest_most_fen=499_999, **after(stage),
    )  # fmt: skip
    with pytest.raises(RuleViolation) as refusal:
        case_money.refer_to_police(case.pk, **refer, **after(stage))
    assert str(refusal.value.template) == str(rules.REFERRAL["amount"])
    assert not CasePaper.objects.filter(kind="referral").exists()
    case_service.check_order(
        case.pk, order.pk, corrected=False, text="核对流水，仍欠如下", rest_fen=900_000, rest_people=9,
        rest_most_fen=500_000, **after(stage),
    )  # fmt: skip
    case = case_money.refer_to_police(case.pk, **refer, **after(stage))
    assert case.referred_on == date(2026, 11, 24)
    assert told(case)[-1] == "referred"
    with pytest.raises(RuleViolation):
        case_money.refer_to_police(case.pk, **refer, **after(stage))


def test_wages_come_from_the_deposit_once_the_order_lapsed(stage: Cast) -> None:
    lodge_cash(stage)
    case, _order = ordered(stage)
    use = {"amount_fen": 4_200_000, "reason": "逾期未支付，动用保证金"}
    with pytest.raises(RuleViolation) as refusal:
        case_money.use_deposit(case.pk, **use, actor=stage.actor(stage.li), now=stage.now)
    assert refusal.value.code == "case.not_lapsed"
    with pytest.raises(RuleViolation) as refusal:
        case_money.use_deposit(case.pk, **(use | {"amount_fen": 4_200_001}), **after(stage))
    assert refusal.value.code == "case.too_much"
    case_money.use_deposit(case.pk, **use, **after(stage))
    assert DepositRuling.objects.get().amount_fen == 4_200_000
    assert told(case)[-1] == "deposit"
    notice = CasePaper.objects.get(kind="deposit")
    assert notice.number.startswith("人社监支〔2026〕330703-")
    assert case.steps.get(kind="deposit").file == notice.file
    held = DepositEntry.objects.get()
    values = case_money.deposit_values(case, case.orders.get(), DepositRuling.objects.get())
    assert (values["issuer"], values["form"], values["paper"]) == (held.issuer, "现金", held.paper_number)
    assert (values["amount"], values["due_on"]) == ("¥42,000.00", "2026-12-01")


def test_a_mediation_is_signed_by_both_or_it_is_none(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    agreement = {
        "firm_id": stage.sc.pk, "agreed": True, "terms": "分两次付清三个月工资", "amount_fen": 1_200_000,
        "pay_by": date(2026, 12, 1), "firm_person": "钱文娟", "worker_person": "孙德旺",
    }  # fmt: skip
    with pytest.raises((RuleViolation, Malformed)):
        case_mediations.record_mediation(case.pk, **agreement, firm_png=signature(), actor=li, now=stage.now)
    assert not CaseMediation.objects.exists()
    case_mediations.record_mediation(
        case.pk, **agreement, firm_png=signature(), worker_png=signature(), actor=li, now=stage.now
    )
    assert told(case)[-1] == "mediated"
    assert CasePaper.objects.filter(kind="mediation").count() == 1


def test_no_outcome_that_the_file_does_not_bear_out(stage: Cast) -> None:
    case, order = ordered(stage)
    end = {"text": "本案到此结束，谢谢配合。"}
    for outcome, code in (
        ("corrected", "case.open_order"),
        ("sanctioned", "case.not_so"),
        ("referred", "case.not_so"),
    ):
        with pytest.raises(RuleViolation) as refusal:
            case_closing.close_case(case.pk, outcome=outcome, **end, **after(stage))
        assert refusal.value.code == code
    case_service.check_order(case.pk, order.pk, corrected=True, text="已全部支付", **after(stage))
    case = case_closing.close_case(case.pk, outcome="corrected", **end, **after(stage))
    assert Complaint.objects.get().answer == end["text"]
    assert told(case)[-2:] == ["corrected", "closed"]


def test_who_complained_is_read_only_with_a_purpose_on_record(stage: Cast) -> None:
    case, li = accepted(stage), stage.actor(stage.li)
    assert case_work.read_contact(case.pk, purpose="电话核实情况", actor=li, now=stage.now) == "13857906017"
    view = SensitiveView.objects.get()
    assert (view.fields, view.worker_id, view.purpose) == ("complaint", None, "电话核实情况")
    assert steps(case)[-1] == "contact"


def test_steps_cannot_be_changed_or_taken_away(stage: Cast) -> None:
    accepted(stage)
    with pytest.raises(InternalError), transaction.atomic():
        CaseStep.objects.update(kind="x")
    with pytest.raises(InternalError), transaction.atomic():
        ComplaintWord.objects.all().delete()


def test_the_enterprise_side_neither_reads_nor_writes_cases(stage: Cast) -> None:
    accepted(stage)
    for sql in (
        "SELECT 1 FROM inspection_case",
        "SELECT 1 FROM inspection_casestep",
        "SELECT 1 FROM inspection_correctionorder",
        "SELECT 1 FROM inspection_sanction",
        "INSERT INTO registration_complaintword SELECT * FROM registration_complaintword WHERE false",
    ):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(sql)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE wagewatch_enterprise")
        cursor.execute("SELECT kind FROM registration_complaintword ORDER BY id")
        assert cursor.fetchall() == [("taken",), ("accepted",)]


def test_the_supervision_role_does_all_of_it(stage: Cast) -> None:
    lodge_cash(stage)
    found, li = filed(stage), stage.actor(stage.li)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE wagewatch_supervision")
        case = case_intake.take_complaint(found.reference, actor=li, now=stage.now)
        case_acceptance.accept_case(case.pk, ended_on=None, actor=li, now=stage.now)
        order = case_orders.issue_order(case.pk, asked(stage), actor=li, now=stage.now)
        case_service.serve_order(
            case.pk, order.pk, how="in_person", served_on=stage.today, to="项目部", actor=li, now=stage.now
        )
        case_money.use_deposit(case.pk, amount_fen=100, reason="逾期未支付，动用", **after(stage))
        case_money.refer_to_police(case.pk, police="金东分局", **after(stage))
        told_ = Told(topic="unpaid", text="来电反映", region_code="330703")
        case_intake.enter_case(told_, origin="hotline", actor=stage.actor(stage.li), now=stage.now)
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    assert Authority.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_make_one_case(transactional_db: None, cast: Cast) -> None:
    set_parameters()
    found, others = filed(cast), [cast.actor(cast.li), cast.actor(second(cast))]
    gate, results = threading.Barrier(2), []

    def take(actor: object) -> None:
        gate.wait()
        try:
            results.append(case_intake.take_complaint(found.reference, actor=actor, now=cast.now).number)  # type: ignore[arg-type]
        except RuleViolation as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(actor,)) for actor in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results)[1] == "case.taken"
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "people", "most", "months", "large"),
    [
        (500_000, 1, 500_000, 3, True),
        (500_000, 1, 500_000, 2, False),
        (499_999, 1, 499_999, 3, False),
        (3_000_000, 10, 300_000, 1, True),
        (2_999_999, 10, 300_000, 1, False),
        (3_000_000, 9, 400_000, 1, False),
    ],
)
def test_large_is_either_one_worker_or_many(
    amount: int, people: int, most: int, months: int, large: bool
) -> None:
    crime = rules.Crime(months=3, one_fen=500_000, people=10, many_fen=3_000_000)
    unpaid = rules.Unpaid(amount, people, most, months)
    assert rules.large_amount(unpaid, crime) is large
    assert rules.referral_obstacle("lapsed", unpaid, crime) == ("" if large else "amount")
    assert rules.referral_obstacle("running", unpaid, crime) == "running"
    assert rules.referral_obstacle(None, None, crime) == "no_order"
