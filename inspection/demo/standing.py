"""What offices were told about permits, grades of firms, one listing and one notice, made through the services."""

from datetime import datetime, timedelta

from inspection.services.credit import establish_grade
from inspection.services.listing import give_notice, take_step
from inspection.services.permits import give_answer, make_key, record_social
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Authority, Participation, Project, User
from wagewatch.lib.dates import site_date

ASKED = ("ZJJH-2026-0123", "ZJJH-2026-0131", "ZJDY-2026-0031")
LISTED, NOTICED = "ZJJH-2026-0138", "ZJDY-2026-0031"
NANJING = "NJJN-2026-0009"


def play(*, now: datetime) -> None:
    """Everything of this kind; alarms and figures must be up to date."""
    limin = actor_of_user(User.objects.get(username="limin"))
    for code in ASKED:
        give_answer(Project.objects.get(code=code).pk, actor=limin, now=now - timedelta(hours=3))
    _nanjing(now)
    roads = Authority.objects.filter(kind=Authority.Kind.TRANSPORT, region__code__startswith="3307").first()
    if roads is not None:
        make_key(roads.pk, "公路施工许可系统", actor=limin, now=now)
    _list_one(limin, now)
    firm = _firm(NOTICED, Participation.Role.GENERAL_CONTRACTOR)
    give_notice(
        firm,
        ground="mass",
        responsible="蔡明",
        order_document="金人社监令〔2026〕27号",
        order_due_on=site_date(now) - timedelta(days=9),
        reason="拖欠工资引发工人聚集，责令限期支付期满仍未支付",
        actor=limin,
        now=now - timedelta(days=2),
    )
    establish_grade(firm, actor=limin, now=now)


def _nanjing(now: datetime) -> None:
    """The city's pre-deposit is half paid."""
    gulan = actor_of_user(User.objects.get(username="gulan"))
    project = Project.objects.get(code=NANJING)
    record_social(
        project.pk,
        base="construction",
        base_fen=project.contract_sum_fen,
        paid_fen=5_000_000,
        paid_on=site_date(now) - timedelta(days=20),
        paper="宁社预缴〔2026〕118号",
        actor=gulan,
        now=now - timedelta(hours=5),
    )
    give_answer(project.pk, actor=gulan, now=now - timedelta(hours=4))


def _list_one(inspector: Actor, now: datetime) -> None:
    """A subcontractor that did not pay after an order: heard, then listed a month ago."""
    listing = give_notice(
        _firm(LISTED, Participation.Role.SUBCONTRACTOR),
        ground="mass",
        responsible="楼建新",
        order_document="金人社监令〔2026〕11号",
        order_due_on=site_date(now) - timedelta(days=62),
        reason="责令限期支付期满仍未支付，工人集体上访",
        actor=inspector,
        now=now - timedelta(days=45),
    )
    for kind, days, document, reason in (
        ("objection", 42, "", "单位书面申辩：总包未按进度付款"),
        ("answered", 39, "", "工程款争议不是拖欠工资的理由（条例第三十五条）"),
        ("listed", 33, "金人社名单〔2026〕2号", "事实清楚，期满仍未支付"),
    ):
        moment = now - timedelta(days=days)
        take_step(listing.pk, kind, on=None, document=document, reason=reason, actor=inspector, now=moment)


def _firm(code: str, role: str) -> int:
    """The first firm of that role on a project of the plan."""
    parts = Participation.objects.filter(project__code=code, role=role).order_by("pk")
    return parts.values_list("organisation_id", flat=True)[0]
