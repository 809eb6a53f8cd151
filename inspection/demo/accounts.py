"""Special accounts of the demo county: filed in time and late, agreements, statements, a closing in its notice."""

from datetime import date, datetime, timedelta

from inspection.demo.papers import signed_sheet
from inspection.demo.people import County, SiteState
from inspection.demo.plan import BANK, SHARED_BY
from inspection.demo.wages import PastBank
from payroll.closing_rules import BEFORE_ASKING, closing_conditions, missing
from payroll.models import AccountAgreement, SubLedger
from payroll.services.account_closing import ask_to_close, closing_facts
from payroll.services.account_opening import file_account
from payroll.services.account_proof import prove
from payroll.services.agreements import AgreementFacts, enter_agreement
from payroll.services.statements import upload_statement
from registration.middleware import actor_of_user
from registration.models import Project, Sector, User
from registration.services.projects import ProjectFacts, edit_project
from registration.services.trainings import Scan
from wagewatch.lib.money import fen_to_decimal
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

UNFILED = "ZJDY-2026-0031"
WITHOUT_AGREEMENT = frozenset({"ZJYW-2026-0057", UNFILED})
FINISHED = "ZJDY-2026-0040"
STRANGE_LINES = "ZJYK-2026-0026"
BROUGHT = "ZJJH-2026-0142"
UNNAMED_FEN = 26_000_000


def file_accounts(county: County, first: date, *, now: datetime) -> None:
    """Filed with the authority and agreed by the three parties; one is late with the one, two with the other."""
    scan = Scan("盖章备案件.png", signed_sheet())
    for site in county.sites:
        if site.plan.sector == Sector.MANUFACTURING:
            continue
        if site.plan.code != UNFILED:
            file_account(
                site.project.pk,
                filed_on=first - timedelta(days=8),
                number=f"专户备〔{first.year}〕{site.plan.code[-4:]}号",
                scan=scan,
                actor=site.clerk,
                now=now,
            )
        if site.plan.code not in WITHOUT_AGREEMENT:
            facts = AgreementFacts(
                number=f"SFXY-{site.plan.code[-7:]}",
                signed_on=first - timedelta(days=15),
                mode=AccountAgreement.Mode.AMOUNT,
                day=9,
                amount_fen=50_000_000,
            )
            enter_agreement(site.project.pk, facts, scan=scan, actor=site.clerk, now=now)


def bring_statements(county: County, moment: datetime) -> None:
    """The bank's officer brings an export with lines that match nothing; a contractor's waits for the officer."""
    officer = actor_of_user(User.objects.get(username="hang"))
    day = moment.date() - timedelta(days=1)
    for code, actor, lines in (
        (
            STRANGE_LINES,
            officer,
            ((-5_000_000, "金华城东租赁站", "塔吊租金"), (-3_600, BANK[1], "账户管理费")),
        ),
        (BROUGHT, None, ((8_000_000, "金华多湖置业有限公司", "补拨人工费"),)),
    ):
        site = _site(county, code)
        upload_statement(
            site.account.pk,
            filename=f"{site.account.tail}账户明细{day:%Y%m%d}.xlsx",
            data=_export(site, day, lines),
            actor=actor or site.clerk,
            now=moment,
        )


def pay_in_without_a_name(bank: PastBank, county: County, moment: datetime) -> None:
    """The owner of two projects allocates without saying for which of them."""
    site = _site(county, SHARED_BY[0])
    bank.bank.deposit(
        site.account_number,
        UNNAMED_FEN,
        reference=f"{SHARED_BY[0]}-unnamed",
        payer_name="金华多湖置业有限公司",
        text="补拨人工费",
        now=moment,
    )
    bank.bank.issue_statement(site.account_number, moment + timedelta(hours=1))
    bank.settle(moment + timedelta(hours=2))


def _export(site: SiteState, day: date, lines: tuple[tuple[int, str, str], ...]) -> bytes:
    """A statement as the bank's counter exports it, following on what it told before."""
    balance = prove(site.account).lines_fen
    rows = []
    for number, (fen, party, text) in enumerate(lines, start=1):
        balance += fen
        out, come = (-fen, None) if fen < 0 else (None, fen)
        rows.append(
            (
                day.isoformat(),
                *(str(fen_to_decimal(x)) if x is not None else "" for x in (out, come, balance)),
                party,
                text,
                f"{day:%Y%m%d}{site.account.tail}{number:04d}",
            )
        )
    heads = ("交易日期", "借方发生额", "贷方发生额", "余额", "对方户名", "摘要", "交易流水号")
    return write_workbook([SheetOut("账户明细", [ColumnOut(h, width=20) for h in heads], rows)])


def finish_and_ask(county: County, today: date, moment: datetime) -> bool:
    """Works that are done: the contractor asks to close the account, and the notice hangs. False where the
    story left something that stands against it."""
    site = _site(county, FINISHED)
    project = Project.objects.get(pk=site.project.pk)
    facts = ProjectFacts(
        name=project.name,
        name_en=project.name_en,
        address=project.address,
        state=Project.State.DONE,
        contract_sum_fen=project.contract_sum_fen,
        contract_signed_on=project.contract_signed_on,
        started_on=project.started_on,
        pay_day=project.pay_day,
        done_on=today - timedelta(days=9),
    )
    edit_project(project.pk, facts, actor=site.manager, now=moment)
    share = SubLedger.objects.select_related("account").get(project=project)
    conditions = closing_conditions(closing_facts(share, today=today))
    if missing(conditions, BEFORE_ASKING):
        return False
    ask_to_close(
        project.pk,
        notice_from=today - timedelta(days=8),
        where="项目部大门公示栏，劳资专管员电话见维权信息告示牌",
        scan=Scan("无欠薪承诺书.png", signed_sheet()),
        actor=site.clerk,
        now=moment,
    )
    return True


def _site(county: County, code: str) -> SiteState:
    return next(site for site in county.sites if site.plan.code == code)
