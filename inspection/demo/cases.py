"""Complaints and cases of the demo county, one at each stage: waiting, new, under way, ordered, lapsed, ended."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from inspection.case_facts import unpaid_by_data
from inspection.demo.papers import signed_sheet
from inspection.demo.people import County
from inspection.demo.wages import local
from inspection.models import Case, CorrectionOrder
from inspection.services import (
    case_acceptance,
    case_closing,
    case_intake,
    case_mediations,
    case_orders,
    case_sanctions,
    case_service,
    case_time,
    case_transfer,
    case_work,
)
from inspection.services.case_orders import Asked
from inspection.services.case_sanctions import Proposed
from registration.actors import SYSTEM, Actor
from registration.middleware import actor_of_user
from registration.models import Organisation, Participation, Project, User
from registration.services.complaints import Told, file_complaint

COUNTY = "330703"
Act = dict[str, Any]


class _Story:
    """The office's acts in one case, some days before today."""

    def __init__(self, project: Project, today: date, officer: Actor) -> None:
        self.project, self.today, self.officer = project, today, officer

    def on(self, days_ago: int, hour: int = 10) -> Act:
        return {"actor": self.officer, "now": self.moment(days_ago, hour)}

    def moment(self, days_ago: int, hour: int = 10) -> datetime:
        return local(self.today - timedelta(days=days_ago), hour)

    def complain(self, days_ago: int, topic: str, text: str, **more: Any) -> str:
        told = Told(topic=topic, text=text, project_id=self.project.pk, **more)
        filed = file_complaint(
            told, address=f"demo-{self.project.pk}-{days_ago}", actor=SYSTEM, now=self.moment(days_ago, 8)
        )
        return filed.reference

    def accepted(self, days_ago: int, topic: str, text: str, **more: Any) -> Case:
        case = case_intake.take_complaint(
            self.complain(days_ago, topic, text, **more), **self.on(days_ago, 9)
        )
        return case_acceptance.accept_case(case.pk, ended_on=None, **self.on(days_ago - 1))

    def ordered(self, case: Case, days_ago: int, asked: Asked, how: str = "in_person") -> CorrectionOrder:
        order = case_orders.issue_order(case.pk, asked, **self.on(days_ago))
        photo: Act = {"name": "张贴照片.png", "data": signed_sheet()} if how == "posted" else {}
        return case_service.serve_order(
            case.pk, order.pk, how=how, served_on=self.today - timedelta(days=days_ago), to="项目部办公室",
            **photo, **self.on(days_ago, 15),
        )  # fmt: skip

    def firm(self, role: str = Participation.Role.SUBCONTRACTOR) -> Organisation:
        parts = Participation.objects.filter(project=self.project, role=role).select_related("organisation")
        return parts.order_by("pk")[0].organisation


def play_cases(county: County, drawn: list[bytes], now: datetime, today: date) -> None:
    """Every stage once, made through the services."""
    officer, chief = (actor_of_user(User.objects.get(username=name)) for name in ("wangjing", "limin"))
    sites = [
        Project.objects.get(pk=site.project.pk)
        for site in county.sites
        if site.project.region_id == COUNTY and site.project.sector != "manufacturing"
    ]

    def story(number: int) -> _Story:
        return _Story(sites[number % len(sites)], today, officer)

    acts: list[Callable[[], None]] = [
        lambda: _ended(story(0), chief),
        lambda: _mediated(story(1), drawn),
        lambda: _lapsed(_worst(sites, today, officer)),
        lambda: _fled(story(2)),
        lambda: _running(story(1)),
        lambda: _handed_over(story(0), chief),
        lambda: _crowd(story(2), now),
        lambda: _waiting(story(0), story(1), now),
    ]
    for act in acts:
        act()


def _worst(sites: list[Project], today: date, officer: Actor) -> _Story:
    worst = max(sites, key=lambda project: unpaid_by_data(project.pk, today).amount_fen)
    return _Story(worst, today, officer)


def _ended(s: _Story, chief: Actor) -> None:
    """No pay slips: ordered, lapsed, heard, fined by a second person, closed."""
    case = s.accepted(58, "other", "每个月都不给工资清单，问了也不给。")
    case_work.add_note(case.pk, kind="visit", text="现场检查：班组未见工资清单，台账缺 8 月。", **s.on(54))
    asked = Asked(s.firm().pk, ("54-2",), "向每名工人提供 8 月以来的工资清单，补齐工资支付台账。", 5)
    order = s.ordered(case, 50, asked)
    case_service.check_order(case.pk, order.pk, corrected=False, text="复查：仍未提供工资清单。", **s.on(40))
    proposed = Proposed(order.pk, "54-2", 2_000_000, "期满复查仍未提供工资清单，事实清楚，首次违法。")
    sanction = case_sanctions.propose_sanction(case.pk, proposed, **s.on(39))
    case_sanctions.notify_party(case.pk, sanction.pk, **s.on(39, 14))
    case_sanctions.hear_party(case.pk, sanction.pk, text="当事人承认事实，请求从轻处罚。", **s.on(35))
    case_sanctions.decide_sanction(case.pk, sanction.pk, actor=chief, now=s.moment(33))
    case_closing.close_case(
        case.pk, outcome="sanctioned", text="已责令改正并依法处罚，单位已开始发放工资清单。", **s.on(30)
    )


def _mediated(s: _Story, drawn: list[bytes]) -> None:
    case = s.accepted(32, "days", "上个月少算了四天工。", contact="13857900000")
    case_work.add_note(case.pk, kind="interview", text="询问班组长：承认雨天工时漏记。", **s.on(28))
    case_mediations.record_mediation(
        case.pk, firm_id=s.firm().pk, agreed=True, terms="补记四个工日，补发工资 1,440.00 元。", amount_fen=144_000,
        pay_by=s.today - timedelta(days=18), firm_person="劳资专管员", worker_person="投诉人", firm_png=drawn[0],
        worker_png=drawn[-1], **s.on(25),
    )  # fmt: skip
    case_closing.close_case(case.pk, outcome="mediated", text="双方达成协议，补发工资已到账。", **s.on(17))


def _lapsed(s: _Story) -> None:
    """Wages unpaid for months: the order lapsed, the amount is large, the party is being heard."""
    case = s.accepted(40, "unpaid", "几个月没发工资了，班组几十号人都没拿到。", place="项目部南侧工棚")
    case_work.set_size(case.pk, people=28, mass=False, representatives=3, **s.on(38))
    case_work.add_note(
        case.pk,
        kind="interview",
        text="询问六名工人，都没有收到工资。",
        name="询问笔录.png",
        data=signed_sheet(),
        **s.on(36),
    )
    due = unpaid_by_data(s.project.pk, s.today)
    people, amount = max(due.people, 12), max(due.amount_fen, 4_200_000)
    most = max(due.most_fen, 620_000)
    asked = Asked(
        s.firm().pk, ("30", "56-1"), "支付全部拖欠工资，按月编制工资支付表并经本人签字确认。", 5,
        amount_fen=amount, people=people, most_fen=most, most_months=3,
    )  # fmt: skip
    order = s.ordered(case, 30, asked)
    case_service.check_order(
        case.pk, order.pk, corrected=False, text="核对专户流水：期满一分未付。", rest_fen=amount, rest_people=people,
        rest_most_fen=most, **s.on(20),
    )  # fmt: skip
    case_time.ask_time(case.pk, reason="涉及人数多，银行流水尚未调齐。", **s.on(15))
    proposed = Proposed(order.pk, "56-1", 6_000_000, "期满未编制工资支付表，涉及人数多，情节较重。")
    sanction = case_sanctions.propose_sanction(case.pk, proposed, **s.on(4))
    case_sanctions.notify_party(case.pk, sanction.pk, **s.on(3))


def _fled(s: _Story) -> None:
    case = s.accepted(24, "unpaid", "分包老板跑了，电话打不通。")
    asked = Asked(
        s.firm().pk,
        ("30",),
        "支付拖欠工资。",
        5,
        amount_fen=960_000,
        people=4,
        most_fen=310_000,
        most_months=2,
    )
    s.ordered(case, 12, asked, how="posted")
    case_time.suspend_case(case.pk, reason="分包负责人失联，住所地查无此人。", **s.on(6))


def _running(s: _Story) -> None:
    case = s.accepted(9, "card_kept", "工资卡被班组长收走了。")
    case_work.add_note(case.pk, kind="visit", text="现场检查：班组长处查到工资卡 7 张。", **s.on(6))
    s.ordered(case, 3, Asked(s.firm().pk, ("54-3",), "当场退还 7 张工资卡，书面保证不再代管。", 5))


def _handed_over(s: _Story, chief: Actor) -> None:
    """The city's office was asked first; the county's office deals with it."""
    reference = s.complain(5, "contract", "干了两个月还没签合同。")
    case = case_intake.take_complaint(reference, actor=chief, now=s.moment(5, 9))
    office = next(
        one
        for one in case_transfer.offices_to_hand_to(case)
        if one.region_id == COUNTY and one.kind == "labour"
    )
    case_transfer.transfer_case(
        case.pk, office_id=office.pk, reason="工地在金东区，由区大队管辖。", actor=chief, now=s.moment(4)
    )


def _crowd(s: _Story, now: datetime) -> None:
    told = Told(
        topic="unpaid",
        text="热线来电：十几名工人聚集在项目部门口讨薪。",
        project_id=s.project.pk,
        contact="13957900000",
    )
    case_intake.enter_case(
        told, origin="hotline", people=15, mass=True, actor=s.officer, now=now - timedelta(hours=3)
    )


def _waiting(first: _Story, second: _Story, now: datetime) -> None:
    first.complain(7, "cash", "叫我们取出来再交回去一半。")
    second.complain(1, "unpaid", "九月的钱到现在没发。")
    told = Told(topic="threat", text="说再投诉就别来了。", project_id=second.project.pk)
    file_complaint(told, address="demo-late", actor=SYSTEM, now=now - timedelta(hours=2))
