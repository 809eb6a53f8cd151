"""Wage deposits of the demo county: cash, insurance, a guarantee that ends soon, one missing, one used."""

from datetime import date, datetime, timedelta

from inspection.demo.papers import signed_sheet
from inspection.demo.people import County, SiteState
from inspection.demo.wages import local
from payroll.services.deposit_facts import load_deposit
from payroll.services.deposit_rulings import record_arrears, rule_on_deposit
from payroll.services.deposits import EntryFacts, enter_deposit
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Participation, Project, Sector, User
from registration.services.projects import ProjectFacts, edit_project
from registration.services.trainings import Scan

ENDING, MISSING, USED = "ZJJH-2026-0123", "ZJJH-2026-0131", "ZJJH-2026-0138"
INSURED = frozenset({"ZJJH-2026-0142", "ZJDY-2026-0031"})
BANK = "金华商贸银行股份有限公司"
INSURER = "浙中财产保险股份有限公司"
USED_FEN = 26_400_000


def lodge_deposits(county: County, first: date, today: date, *, now: datetime) -> None:
    """What the contractors lodged when the works began; one of them did not."""
    inspector = actor_of_user(User.objects.get(username="limin"))
    scan = Scan("保证金凭证.png", signed_sheet())
    sites = [s for s in county.sites if s.plan.sector != Sector.MANUFACTURING and s.plan.code != MISSING]
    for number, site in enumerate(sites):
        if site.plan.code == ENDING:
            _began_a_year_ago(site, today, now)
        elif number == len(sites) - 1:
            _clean_for_years(site, first, now, inspector=inspector)
        project = Project.objects.select_related("region").get(pk=site.project.pk)
        due_fen = load_deposit(project, today=first).due.amount_fen
        day, form, issuer, until = first - timedelta(days=6), "cash", BANK, None
        if site.plan.code == ENDING:
            day, form = today - timedelta(days=345), "guarantee"
            until = day + timedelta(days=366)
        elif site.plan.code in INSURED:
            form, issuer, until = "insurance", INSURER, day + timedelta(days=760)
        facts = EntryFacts("lodged", day, form, due_fen, issuer, f"BZJ-{site.plan.code[-7:]}", until)
        enter_deposit(project.pk, facts, scan=scan, actor=site.clerk, now=now)


def order_a_payment(county: County, moment: datetime) -> None:
    """The authority orders arrears to be paid from a deposit."""
    rule_on_deposit(
        _site(county, USED).project.pk,
        "use",
        document="金人社监通〔2026〕18号",
        reason="逾期未清偿拖欠工资，责令支付期满仍未支付",
        amount_fen=USED_FEN,
        actor=actor_of_user(User.objects.get(username="limin")),
        now=moment,
    )


def pay_by_order(county: County, moment: datetime) -> None:
    """The bank pays the workers; nobody has filled the deposit up since."""
    site = _site(county, USED)
    facts = EntryFacts("paid_out", moment.date(), note="银行已代发至工人本人工资卡")
    enter_deposit(
        site.project.pk, facts, scan=Scan("代发回单.png", signed_sheet()), actor=site.clerk, now=moment
    )


def days_of_use(today: date) -> tuple[datetime, datetime]:
    """When the order is given and when it is paid: few enough days ago that filling up is still in time."""
    return local(today - timedelta(days=6), 15), local(today - timedelta(days=3), 11)


def _site(county: County, code: str) -> SiteState:
    return next(site for site in county.sites if site.plan.code == code)


def _began_a_year_ago(site: SiteState, today: date, now: datetime) -> None:
    """Works that were under way long before the site joined the platform."""
    project = Project.objects.get(pk=site.project.pk)
    facts = ProjectFacts(
        name=project.name,
        name_en=project.name_en,
        address=project.address,
        state=project.state,
        contract_sum_fen=project.contract_sum_fen,
        contract_signed_on=today - timedelta(days=375),
        started_on=today - timedelta(days=350),
        pay_day=project.pay_day,
    )
    edit_project(project.pk, facts, actor=site.manager, now=now)


def _clean_for_years(site: SiteState, first: date, now: datetime, *, inspector: Actor) -> None:
    part = Participation.objects.get(project=site.project, role=Participation.Role.GENERAL_CONTRACTOR)
    record_arrears(
        part.organisation_id,
        "clean",
        first - timedelta(days=900),
        "监管平台查询：两年以上未发生拖欠",
        actor=inspector,
        now=now,
    )
