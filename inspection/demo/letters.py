"""What firms answer to the authority, a case that began with an alarm, data that another department asks for."""

from datetime import datetime, timedelta

from inspection.demo.confirming import picture
from inspection.demo.standing import NOTICED
from inspection.models import Alarm, AlarmStep, Listing, ServedOrder
from inspection.services import case_acceptance
from inspection.services.audience import people_of_firm
from inspection.services.case_alarms import open_from_alarm
from inspection.services.data_requests import ask_for_data, decide_request
from inspection.services.firm_words import answer_order, object_to_listing
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Participation, User
from wagewatch.lib.dates import first_of_month, previous_month, site_date


def play(now: datetime) -> None:
    """Everything of this kind; the list and the alarms must be up to date."""
    _answer_one(now)
    _object(now)
    _from_alarm(_actor("wangjing"), now)
    _data_requests(now)


def _actor(username: str) -> Actor:
    return actor_of_user(User.objects.get(username=username))


def _answer_one(now: datetime) -> None:
    """The firm whose order runs has given the cards back; the others have not answered yet."""
    running = ServedOrder.objects.filter(
        corrected_on=None, withdrawn_on=None, deadline_on__gte=site_date(now)
    ).order_by("deadline_on", "pk")
    for order in running:
        people = people_of_firm(order.organisation_id)
        if people:
            answer_order(
                order.pk,
                text="七张工资卡昨天当场退还本人，每人签收；班组长写下不再代管的保证。",
                file=("退还签收.jpg", picture()),
                actor=actor_of_user(User.objects.get(pk=people[0])),
                now=now - timedelta(hours=20),
            )
            return


def _object(now: datetime) -> None:
    """The firm that is to be listed objects; the office has to answer before it decides."""
    firms = Participation.objects.filter(project__code=NOTICED).values("organisation")
    listing = Listing.objects.filter(organisation__in=firms, state=Listing.State.NOTICED).first()
    people = people_of_firm(listing.organisation_id) if listing else []
    if listing is not None and people:
        object_to_listing(
            listing.pk,
            text="欠薪已于昨日全部付清，附银行回单；聚集系班组之间的纠纷，请求不列入名单。",
            file=("银行回单.jpg", picture()),
            actor=actor_of_user(User.objects.get(pk=people[0])),
            now=now - timedelta(hours=18),
        )


def _from_alarm(officer: Actor, now: datetime) -> None:
    """An alarm that was found true became a case."""
    true = AlarmStep.objects.filter(kind=AlarmStep.Kind.TRUE, by=officer.id).values("alarm")
    alarm = (
        Alarm.objects.filter(pk__in=true, state=Alarm.State.OPEN, rule__startswith="D")
        .order_by("-level", "-amount_fen", "pk")
        .first()
    )
    if alarm is None:
        return
    case = open_from_alarm(
        alarm.pk,
        text="预警核实属实：到期工资未付，单位承诺的日期已过，依职权立案调查。",
        people=max(alarm.people, 1),
        actor=officer,
        now=now - timedelta(hours=2),
    )
    case_acceptance.accept_case(case.pk, ended_on=None, actor=officer, now=now - timedelta(hours=1))


def _data_requests(now: datetime) -> None:
    """One that a second person approved, one that waits."""
    month = previous_month(first_of_month(site_date(now)))
    asked = ask_for_data(
        department="金东区税务局",
        contact="方志",
        purpose="核对建筑工人个人所得税代扣代缴",
        basis="金税函〔2026〕15号",
        fields=["project", "net_fen"],
        region_code="330703",
        first_month=month,
        last_month=month,
        actor=_actor("wangjing"),
        now=now - timedelta(days=2),
    )
    decide_request(
        asked.pk,
        approve=True,
        decision="用途明确，范围适当，同意。",
        actor=_actor("chenhao"),
        now=now - timedelta(days=1),
    )
    ask_for_data(
        department="金东区住房和城乡建设局",
        contact="潘岚",
        purpose="核对在建项目用工人数",
        basis="金建函〔2026〕8号",
        fields=["project"],
        region_code="330703",
        first_month=month,
        last_month=month,
        actor=_actor("chenhao"),
        now=now - timedelta(hours=6),
    )
