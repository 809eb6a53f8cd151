"""The cast of the tests: who is on stage in most of them, built once per test in the database.

Li inspects labour in Jindong (330703), Wang in Wucheng (330702). Zhao (clerk) and He (manager) work for the
general contractor, Qian for its subcontractor, Kong for a rival whose project lies in Wucheng. Sun and Zhou
work in Qian's carpenters' team; Wu works for the rival. Gate G1 stands at the project's entrance. All names
and numbers are invented.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.test import Client

from devices.models import Terminal
from registration.actors import Actor
from registration.middleware import WORKER_SESSION_KEY, actor_of_user, actor_of_worker
from registration.models import (
    Authority,
    BankCard,
    Membership,
    Organisation,
    Participation,
    Posting,
    Project,
    Region,
    Role,
    Sector,
    Team,
    User,
    Worker,
)
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.identity import check_id_number, luhn_ok, make_id_number, make_uscc

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
"""2026-11-16 09:00 in Jinhua, a Monday."""
TODAY = date(2026, 11, 16)
PASSWORD = "correct-horse-8"
REGISTERED = datetime(2026, 8, 1, 1, 0, tzinfo=UTC)
JOINED = date(2026, 8, 3)

REGIONS = [
    ("330000", "浙江省", "Zhejiang", "province", None),
    ("330700", "金华市", "Jinhua", "city", "330000"),
    ("330702", "婺城区", "Wucheng", "county", "330700"),
    ("330703", "金东区", "Jindong", "county", "330700"),
    ("320000", "江苏省", "Jiangsu", "province", None),
    ("320100", "南京市", "Nanjing", "city", "320000"),
]


@dataclass
class Cast:
    """Everybody and everything; actors are fresh values each time they are asked for."""

    now: datetime
    today: date
    password: str
    # authorities
    authority: Authority
    li: User
    neighbour_authority: Authority
    wang: User
    # general contractor, subcontractor, rival, owner, bank
    gc: Organisation
    zhao: User
    he: User
    sc: Organisation
    qian: User
    rival: Organisation
    kong: User
    owner: Organisation
    ye: User
    bank: Organisation
    officer: User
    guard: User
    # the project
    project: Project
    owner_part: Participation
    gc_part: Participation
    sc_part: Participation
    gc_team: Team
    team: Team
    # people at work
    sun: Worker
    sun_card: BankCard
    sun_posting: Posting
    zhou: Worker
    zhou_card: BankCard
    zhou_posting: Posting
    # the rival's project
    other_project: Project
    other_part: Participation
    other_team: Team
    wu: Worker
    wu_card: BankCard
    wu_posting: Posting
    # the gate
    terminal: Terminal
    terminal_secret: str
    sun_phone: str = "13857906017"
    zhou_phone: str = "15857902279"

    def actor(self, who: User | Worker) -> Actor:
        """The actor that the middleware would put on this person's request."""
        return actor_of_worker(who) if isinstance(who, Worker) else actor_of_user(who)

    def client(self, who: User | Worker) -> Client:
        """A test client on which the person is signed in."""
        client = Client()
        if isinstance(who, Worker):
            session = client.session
            session[WORKER_SESSION_KEY] = who.pk
            session.save()
            client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
        else:
            client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
        return client


def make_card_number(seq: int, prefix: str = "622202") -> str:
    """A synthetic 19-digit card number that passes the Luhn check."""
    first = f"{prefix}{seq:012d}"
    return next(f"{first}{digit}" for digit in range(10) if luhn_ok(f"{first}{digit}"))


def make_user(username: str, name: str, role: str, body: Organisation | Authority) -> User:
    """A user with one membership; the password is PASSWORD."""
    user = User.objects.create_user(username, PASSWORD, name=name)
    kind = "authority" if isinstance(body, Authority) else "organisation"
    Membership.objects.create(user=user, role=role, **{kind: body})
    return user


def make_worker(
    name: str,
    *,
    region: str = "330703",
    birth: date = date(1985, 6, 1),
    seq: int,
    phone: str | None = None,
    card: bool = True,
) -> tuple[Worker, BankCard | None]:
    """A registered person; `seq` (odd = man) makes the ID number and the card number."""
    found = check_id_number(make_id_number(region, birth, seq % 1000))
    worker = Worker.objects.create(
        name=name,
        id_number=found.number,
        id_index=blind_index(found.number, kind="id"),
        id_tail=found.number[-4:],
        sex=found.sex,
        birth_date=found.birth_date,
        origin_code=found.region_code,
        ethnicity="汉族",
        phone=phone,
        phone_index=blind_index(phone, kind="phone") if phone else None,
        registered_at=REGISTERED,
    )
    if not card:
        return worker, None
    number = make_card_number(seq)
    return worker, BankCard.objects.create(
        worker=worker,
        number=number,
        number_index=blind_index(number, kind="card"),
        tail=number[-4:],
        bank_name="金华商贸银行",
        added_at=REGISTERED,
    )


def make_posting(
    worker: Worker,
    team: Team,
    *,
    pin: int,
    rate_fen: int = 36000,
    trade: str = "木工",
    joined_on: date = JOINED,
    left_on: date | None = None,
) -> Posting:
    """A day-rate posting in a team, 360 yuan a day unless told."""
    return Posting.objects.create(
        project_id=team.project_id,
        worker=worker,
        participation_id=team.participation_id,
        team=team,
        pin=pin,
        trade=trade,
        rate_fen=rate_fen,
        joined_on=joined_on,
        left_on=left_on,
    )


def make_regions() -> None:
    """Zhejiang with Jinhua and two of its counties, and Nanjing; harmless where they exist."""
    Region.objects.bulk_create(
        [Region(code=c, name=n, name_en=e, level=lv, parent_id=p) for c, n, e, lv, p in REGIONS],
        ignore_conflicts=True,
    )


def make_project(
    code: str, name: str, region: str, owner: Organisation, gc: Organisation
) -> tuple[Project, Participation, Participation]:
    """A building project with its owner and general contractor."""
    project = Project.objects.create(
        code=code,
        name=name,
        region_id=region,
        address="东华街 1 号",
        sector=Sector.BUILDING,
        contract_sum_fen=18_600_000_000,
        contract_signed_on=date(2026, 3, 2),
        started_on=date(2026, 4, 1),
        pay_day=15,
    )
    owner_part = Participation.objects.create(project=project, organisation=owner, role="owner")
    gc_part = Participation.objects.create(
        project=project, organisation=gc, role="general_contractor", parent=owner_part, scope="总承包"
    )
    return project, owner_part, gc_part


def _organisation(serial: str, name: str, short: str, kind: str = "contractor") -> Organisation:
    return Organisation.objects.create(
        uscc=make_uscc("330703", serial), name=name, short_name=short, kind=kind, region_id="330703"
    )


def build_cast() -> Cast:
    """Write the whole cast; needs an empty database but for regions."""
    make_regions()
    labour = Authority.Kind.LABOUR
    authority = Authority.objects.create(name="金东区人力社保局", kind=labour, region_id="330703")
    neighbour = Authority.objects.create(name="婺城区人力社保局", kind=labour, region_id="330702")
    gc = _organisation("MA28AAA01", "浙江岑岭建设有限公司", "岑岭建设")
    sc = _organisation("MA28AAA02", "金华沐川建筑劳务有限公司", "沐川劳务")
    rival = _organisation("MA28AAA03", "浙江阔野建设有限公司", "阔野建设")
    owner = _organisation("MA28AAA04", "金华多湖置业有限公司", "多湖置业", "owner")
    bank = _organisation("MA28AAA05", "金华商贸银行股份有限公司", "金华商贸银行", "bank")

    project, owner_part, gc_part = make_project("JH330703001", "多湖 B-07 地块住宅", "330703", owner, gc)
    sc_part = Participation.objects.create(
        project=project,
        organisation=sc,
        role="subcontractor",
        parent=gc_part,
        scope="主体结构劳务",
        clerk_name="钱文娟",
    )
    gc_team = Team.objects.create(project=project, participation=gc_part, name="杂工班")
    team = Team.objects.create(project=project, participation=sc_part, name="木工一班")
    other, _other_owner, other_part = make_project("JH330702001", "白龙桥标准厂房", "330702", owner, rival)
    other_team = Team.objects.create(project=other, participation=other_part, name="钢筋班")

    sun, sun_card = make_worker(
        "孙德旺", region="342222", birth=date(1979, 3, 8), seq=601, phone=Cast.sun_phone
    )
    zhou, zhou_card = make_worker(
        "周长根", region="330723", birth=date(1986, 11, 21), seq=227, phone=Cast.zhou_phone
    )
    wu, wu_card = make_worker(
        "吴小妹", region="362330", birth=date(1990, 1, 15), seq=114, phone="13957901142"
    )
    assert sun_card
    assert zhou_card
    assert wu_card
    secret = "g1-" + "5a" * 16
    return Cast(
        now=NOW,
        today=TODAY,
        password=PASSWORD,
        authority=authority,
        li=make_user("li", "李敏", Role.INSPECTOR, authority),
        neighbour_authority=neighbour,
        wang=make_user("wang", "王立新", Role.INSPECTOR, neighbour),
        gc=gc,
        zhao=make_user("zhao", "赵春燕", Role.GC_CLERK, gc),
        he=make_user("he", "何建平", Role.GC_MANAGER, gc),
        sc=sc,
        qian=make_user("qian_sc", "钱文娟", Role.SC_CLERK, sc),
        rival=rival,
        kong=make_user("kong", "孔令飞", Role.GC_CLERK, rival),
        owner=owner,
        ye=make_user("ye", "叶青", Role.OWNER_CLERK, owner),
        bank=bank,
        officer=make_user("officer", "郑卫国", Role.BANK_OFFICER, bank),
        guard=make_user("guard", "马有田", Role.SITE, gc),
        project=project,
        owner_part=owner_part,
        gc_part=gc_part,
        sc_part=sc_part,
        gc_team=gc_team,
        team=team,
        sun=sun,
        sun_card=sun_card,
        sun_posting=make_posting(sun, team, pin=1),
        zhou=zhou,
        zhou_card=zhou_card,
        zhou_posting=make_posting(zhou, team, pin=2, rate_fen=34000),
        other_project=other,
        other_part=other_part,
        other_team=other_team,
        wu=wu,
        wu_card=wu_card,
        wu_posting=make_posting(wu, other_team, pin=1, trade="钢筋工"),
        terminal=Terminal.objects.create(
            project=project, serial="G1-0001", name="1 号门", lane="both", key_id="g1", secret=secret
        ),
        terminal_secret=secret,
    )


@dataclass
class Agency:
    """A labour agency engaged by the subcontractor, its clerk Lan, and one of its people at work."""

    agency: Organisation
    lan: User
    agency_part: Participation
    agency_team: Team
    fang: Worker
    fang_posting: Posting


def add_agency(cast: Cast) -> Agency:
    """Put a labour agency below Qian's firm; apart from the cast, whose counts many tests know by heart."""
    agency = _organisation("MA28AAA06", "金华仁和劳务派遣有限公司", "仁和派遣", "agency")
    part = Participation.objects.create(
        project=cast.project,
        organisation=agency,
        role="agency",
        parent=cast.sc_part,
        scope="辅助用工",
        clerk_name="兰晓",
        manager_name="贺仁",
        licence="330703202600012",
        entered_on=JOINED,
    )
    team = Team.objects.create(project=cast.project, participation=part, name="派遣普工班")
    fang, _card = make_worker("方进财", region="330726", birth=date(1982, 5, 9), seq=431, phone="13957904311")
    return Agency(
        agency=agency,
        lan=make_user("lan", "兰晓", Role.AGENCY_CLERK, agency),
        agency_part=part,
        agency_team=team,
        fang=fang,
        fang_posting=make_posting(fang, team, pin=31, trade="普工", rate_fen=26000),
    )


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in the test's database. For transactional tests ask for `transactional_db` as well."""
    return build_cast()
