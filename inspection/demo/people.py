"""Firms, officials, projects and rosters of the demo county, entered through the services."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from devices.models import Terminal
from devices.services.terminals import KnownTerminal, enrol_terminal
from inspection.demo.chain import engage_firms, name_foremen
from inspection.demo.names import Invented, card_number, invent
from inspection.demo.plan import AUTHORITIES, BANK, FIRMS, SECOND_BANK, SHARED_BY, SITES, Site
from inspection.demo.second_bank import agree_terms
from payroll.models import SpecialAccount
from payroll.services.accounts import open_account, share_account
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Authority, Organisation, Participation, Project, Role, RosterUpload, User
from registration.rules.roster_row import Defaults
from registration.services.organisations import appoint, register_authority, register_organisation
from registration.services.projects import register_project
from registration.services.roster_apply import apply_roster
from registration.services.roster_staging import read_upload
from registration.services.rosters import receive_roster
from wagewatch.lib.identity import make_uscc
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, write_workbook

PASSWORD = "xinan-demo-724"  # noqa: S105 the demo's own, printed at start
STARTERS = 6  # people who join the first site for the last month, with cards that the bank will return
TROUBLE = ("1111", "0000", "2222", "1111", "4444", "0000")
KNOWN_WORKERS = {("ZJJH-2026-0117", 0): "孙大海", ("ZJJH-2026-0123", 0): "周长根"}
ROSTER_COLUMNS = [
    ColumnOut("序号", "number", 6),
    ColumnOut("姓名", width=16),
    ColumnOut("身份证号", width=22),
    ColumnOut("民族", width=8),
    ColumnOut("家庭住址", width=30),
    ColumnOut("手机号", width=14),
    ColumnOut("班组", width=12),
    ColumnOut("工种", width=12),
    ColumnOut("日工资（元）", "money", 12),
    ColumnOut("进场日期", "date", 12),
    ColumnOut("银行卡号", width=24),
    ColumnOut("开户行", width=16),
]

NOT_FILED = "ZJDY-2026-0040"
"""The site whose account was opened and never filed with the authority."""


@dataclass
class SiteState:
    """A project of the plan as it stands in the database."""

    plan: Site
    project: Project
    account: SpecialAccount
    account_number: str
    parts: list[tuple[Participation, Actor]]
    clerk: Actor
    manager: Actor
    gates: dict[str, KnownTerminal] = field(default_factory=dict)
    secrets: list[dict[str, str]] = field(default_factory=list)
    people: list[Invented] = field(default_factory=list)


@dataclass
class County:
    """Everything that was entered."""

    sites: list[SiteState]
    signins: list[dict[str, str]]
    late_joiners: list[Invented]


def enter_county(first_day: date, *, now: datetime) -> County:
    """Enter firms, people and projects a few days before `first_day`, the start of the history."""
    heads = sum(team[2] for site in SITES for part in site.parts for team in part.teams)
    people = invent(heads + STARTERS)
    organisations, users = _bodies()
    bank = register_organisation(
        make_uscc("330702", "900000001"), BANK[0], Organisation.Kind.BANK, region_code="330702",
        short_name=BANK[1], bank_code=BANK[2],
    )  # fmt: skip
    users["hang"] = appoint("hang", "杭银", Role.BANK_OFFICER, bank, password=None)
    second = register_organisation(
        make_uscc("330702", "900000002"), SECOND_BANK[0], Organisation.Kind.BANK, region_code="330702",
        short_name=SECOND_BANK[1], bank_code=SECOND_BANK[2],
    )  # fmt: skip
    users["jiangyin"] = appoint("jiangyin", "江音", Role.BANK_OFFICER, second, password=None)
    agree_terms(second, users["jiangyin"], now)
    # One hash for all: argon2 takes its time on purpose.
    User.objects.filter(pk__in=[user.pk for user in users.values()]).update(password=make_password(PASSWORD))
    sites: list[SiteState] = []
    for number, plan in enumerate(SITES, start=1):
        keeps = second if "second_bank" in plan.tags else bank
        sites.append(_site(sites, number, plan, organisations, users, keeps, first_day))
    for site in sites:
        site.people = [
            next(people) for part in site.plan.parts for team in part.teams for _head in range(team[2])
        ]
        _gates(site, now=now)
        if "from_october" not in site.plan.tags:
            upload_rosters(site, first_day, now=now)
            name_foremen(site.project, site.plan, site.clerk, now=now)
    joiners = [
        Invented(**{**person.__dict__, "card": card_number(900 + n, TROUBLE[n])})
        for n, person in enumerate(people)
    ]
    return County(sites, _signins(users), joiners)


def _bodies() -> tuple[dict[str, Organisation], dict[str, User]]:
    organisations: dict[str, Organisation] = {}
    users: dict[str, User] = {}
    for username, name, office, kind, region in AUTHORITIES:
        authority: Authority = register_authority(office, kind, region_code=region)
        users[username] = appoint(username, name, Role.INSPECTOR, authority, password=None)
    for serial, firm in enumerate(FIRMS, start=1):
        organisations[firm.key] = register_organisation(
            make_uscc(firm.region, f"{100_000_000 + serial}"),
            firm.name,
            firm.kind,
            region_code=firm.region,
            short_name=firm.short,
        )
        for username, name, role in firm.people:
            users[username] = appoint(username, name, role, organisations[firm.key], password=None)
    return organisations, users


def _site(
    sites: Sequence[SiteState],
    number: int,
    plan: Site,
    organisations: dict[str, Organisation],
    users: dict[str, User],
    bank: Organisation,
    first_day: date,
) -> SiteState:
    heads = sum(team[2] for part in plan.parts for team in part.teams)
    project = register_project(
        plan.code,
        plan.name,
        name_en=plan.name_en,
        region_code=plan.region,
        sector=plan.sector,
        address=f"{plan.name}工地" if plan.owner else "曹宅镇工业路 3 号",
        contract_sum_fen=heads * 120_000_000,
        contract_signed_on=first_day - timedelta(days=40),
        started_on=first_day,
    )
    clerk, manager, parts = engage_firms(project, plan, organisations, users, first_day)
    account_number = f"3301{number:015d}"
    holder = next((s for s in sites if (s.plan.code, plan.code) == SHARED_BY), None)
    if holder is not None:
        account, account_number = holder.account, holder.account_number
    else:
        account = open_account(
            organisations[plan.gc],
            bank,
            name=f"{organisations[plan.gc].name}{plan.name}农民工工资专用账户",
            number=account_number,
            opened_on=first_day - timedelta(days=20),
        )
    share_account(account, project)
    if plan.code != NOT_FILED:
        account.filed_on = first_day - timedelta(days=8)
        account.save(update_fields=["filed_on"])
    return SiteState(
        plan, project, account, account_number, parts, actor_of_user(clerk), actor_of_user(manager)
    )


def upload_rosters(site: SiteState, joined: date, *, now: datetime) -> None:
    """Each subcontractor's clerk uploads the roster of its teams."""
    people = iter(site.people)
    place = 0
    for (part, clerk), plan in zip(site.parts, site.plan.parts, strict=True):
        rows: list[list[object]] = []
        for team, trade, heads, yuan in plan.teams:
            for _head in range(heads):
                person = next(people)
                name = KNOWN_WORKERS.get((site.plan.code, place), person.name)
                rows.append(_row(len(rows) + 1, person, name, team, trade, yuan, joined))
                place += 1
        upload_roster(site, part, f"{plan.scope}花名册.xlsx", rows, clerk, now=now)


def _row(
    number: int, person: Invented, name: str, team: str, trade: str, yuan: int, joined: date
) -> list[object]:
    return [
        number, name, person.id_number, person.ethnicity, person.address, person.phone, team, trade,
        yuan * 100, joined, person.card, person.bank,
    ]  # fmt: skip


def upload_roster(
    site: SiteState,
    part: Participation,
    filename: str,
    rows: list[list[object]],
    clerk: Actor,
    *,
    now: datetime,
) -> RosterUpload:
    """Upload a roster file, as a clerk does, and write its good rows."""
    data = write_workbook([SheetOut("花名册", ROSTER_COLUMNS, rows, title=f"{site.project.name}花名册")])  # type: ignore[arg-type]
    upload = receive_roster(
        site.project.pk, part.pk, filename, data, defaults=Defaults(), actor=clerk, now=now
    )
    read_upload(upload.pk, now=now)
    return apply_roster(site.project.pk, upload.pk, actor=clerk, now=now)


def join_late(county: County, joined: date, *, now: datetime) -> None:
    """Six people join the first site; their cards carry numbers that the bank will not accept."""
    site = county.sites[0]
    part, clerk = site.parts[0]
    team, trade, _heads, yuan = site.plan.parts[0].teams[0]
    rows = [
        _row(n + 1, person, person.name, team, trade, yuan, joined)
        for n, person in enumerate(county.late_joiners)
    ]
    upload_roster(site, part, "新进场人员.xlsx", rows, clerk, now=now)


def _gates(site: SiteState, *, now: datetime) -> None:
    for lane, name in (("in", "东门进口闸机"), ("out", "东门出口闸机")):
        enrolled = enrol_terminal(
            site.project.pk,
            serial=f"GATE-{site.plan.code[-4:]}-{lane.upper()}",
            name=name,
            lane=lane,
            actor=site.clerk,
            now=now,
        )
        terminal: Terminal = enrolled.terminal
        site.gates[lane] = KnownTerminal(
            id=terminal.pk,
            project_id=site.project.pk,
            lane=lane,
            secret=enrolled.secret,
            is_active=True,
            day_starts_at=site.project.day_starts_at,
        )
        site.secrets.append(
            {
                "serial": terminal.serial,
                "key_id": str(terminal.key_id),
                "secret": enrolled.secret,
                "lane": lane,
                "project": site.plan.name,
            }
        )


def _signins(users: dict[str, User]) -> list[dict[str, str]]:
    shown = [
        ("limin", "监察员（市）", "金华市全部项目"),
        ("wangjing", "监察员（县）", "只看金东区"),
        ("chenhao", "监察员（县，第二人）", "复核、审批别人拟的"),
        ("luzj", "监察员（交通）", "只看交通项目"),
        ("zhao", "总包劳资专管员", "上传花名册、编工资表"),
        ("he", "总包项目经理", "审批、指令银行"),
        ("qian", "分包劳资专管员", "编工资表、答复异议"),
        ("lan", "派遣单位劳资专管员", "只看自己派的人"),
        ("kong", "另一家总包", "看不到别家项目"),
        ("ye", "建设单位", "看专户"),
        ("hang", "银行经办", "看专户和指令"),
        ("jiangyin", "银行经办（第二家）", "用批量表收指令、上传结果"),
        ("menwei", "工地门卫", "看谁在场"),
        ("guo", "自愿登记的工厂", "没有建设单位的用工场所"),
    ]
    return [
        {
            "role": role,
            "who": users[username].name,
            "name": username,
            "password": PASSWORD,
            "where": where,
        }
        for username, role, where in shown
    ]


def today_of(now: datetime) -> date:
    """The site-local day of `now`."""
    return timezone.localtime(now).date()
