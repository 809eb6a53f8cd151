"""`python -m tests.journeys.county FILE`: the small county of journeys and faults, through the services.

The journey's project stands empty, for its clerk to fill. The fault project has two subcontractors whose
sheets of the month before last were sent to the workers long ago and can be approved. The books project has an account
alone, for statements that the simulated bank knows nothing of.
"""

import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from devices.services.days import roll_up  # noqa: E402
from devices.services.passages import accept_batch  # noqa: E402
from devices.services.seals import seal_days  # noqa: E402
from devices.services.terminals import Enrolled, KnownTerminal, enrol_terminal  # noqa: E402
from payroll.bank.transport import HttpTransport  # noqa: E402
from payroll.services.accounts import open_account, share_account  # noqa: E402
from payroll.services.sheets import make_sheet_from_attendance, submit_sheet  # noqa: E402
from registration.middleware import actor_of_user  # noqa: E402
from registration.models import Organisation, Participation, Posting, Project, Role, Sector, User  # noqa: E402
from registration.rules.roster_row import Defaults  # noqa: E402
from registration.services.organisations import (  # noqa: E402
    appoint,
    register_authority,
    register_organisation,
)
from registration.services.projects import engage, register_project  # noqa: E402
from registration.services.roster_apply import apply_roster  # noqa: E402
from registration.services.roster_staging import read_upload  # noqa: E402
from registration.services.rosters import receive_roster  # noqa: E402
from registration.services.seeding import seed  # noqa: E402
from tests.journeys.people import PASSWORD, Person, crew, roster_file  # noqa: E402
from wagewatch.lib.dates import SITE_TZ, first_of_month, month_range, previous_month  # noqa: E402
from wagewatch.lib.identity import make_uscc  # noqa: E402

LARGE, SMALL = 60, 8


def main(out: Path) -> None:
    """Enter everybody and everything; write the keys that a site engineer would carry on paper."""
    seed()
    now = timezone.now()
    this_month = first_of_month(timezone.localtime(now).date())
    last_month = previous_month(this_month)
    long_ago = previous_month(last_month)
    bodies, users = _bodies()
    journey = _project("JH330703201", "多湖 B-07 地块住宅", bodies, ("muchuan",), long_ago)
    fault = _project("JH330703202", "金东新城二期", bodies, ("muchuan", "anju"), long_ago)
    books = _project("JH330703203", "曹宅镇卫生院", bodies, ("muchuan",), long_ago)
    parts = list(Participation.objects.filter(project=fault, role="subcontractor").order_by("pk"))
    entered = datetime.combine(long_ago, datetime.min.time(), SITE_TZ) + timedelta(hours=6)
    large, small = crew(LARGE, start=200), crew(SMALL, start=300)
    for part, people, clerk in ((parts[0], large, users["qian"]), (parts[1], small, users["tang"])):
        _roster(fault, part, people, long_ago, clerk, now=entered)
    gates = {
        project.pk: enrol_terminal(
            project.pk,
            serial=f"G{project.pk}-0001",
            name="东门闸机",
            lane="both",
            actor=actor_of_user(users["zhao"]),
            now=entered,
        )
        for project in (journey, fault)
    }
    _month_at_the_gate(fault, gates[fault.pk], long_ago)
    sheets = []
    sent = datetime.combine(last_month, datetime.min.time(), SITE_TZ) + timedelta(days=1, hours=9)
    for part, clerk in ((parts[0], users["qian"]), (parts[1], users["tang"])):
        actor = actor_of_user(clerk)
        sheet = make_sheet_from_attendance(fault.pk, part.pk, long_ago, actor=actor, now=sent)
        sheets.append(submit_sheet(sheet.pk, actor=actor, now=sent))
    accounts = {p.pk: _account(p, bodies, long_ago) for p in (journey, fault, books)}
    out.write_text(
        json.dumps(
            {
                name: {
                    "project": project.pk,
                    "name": project.name,
                    "account": accounts[project.pk],
                    "parts": list(
                        Participation.objects.filter(project=project, role="subcontractor")
                        .order_by("pk")
                        .values_list("pk", flat=True)
                    ),
                    "terminal": {
                        "key_id": gates[project.pk].terminal.key_id,
                        "secret": gates[project.pk].secret,
                    },
                    "sheets": [s.pk for s in sheets] if project == fault else [],
                    "net_fen": [s.net_fen for s in sheets] if project == fault else [],
                }
                for name, project in (("journey", journey), ("fault", fault))
            }
            | {"books": {"project": books.pk, "account": accounts[books.pk]}}
        ),
        encoding="utf-8",
    )


def _bodies() -> tuple[dict[str, Organisation], dict[str, User]]:
    kinds = Organisation.Kind
    firms = [
        ("cenling", "浙江岑岭建设有限公司", "岑岭建设", kinds.CONTRACTOR),
        ("muchuan", "金华沐川建筑劳务有限公司", "沐川劳务", kinds.CONTRACTOR),
        ("anju", "金华安居钢筋工程有限公司", "安居钢筋", kinds.CONTRACTOR),
        ("duohu", "金华多湖置业有限公司", "多湖置业", kinds.OWNER),
        ("bank", "金华商贸银行股份有限公司", "金华商贸银行", kinds.BANK),
    ]
    bodies = {
        key: register_organisation(
            make_uscc("330703", f"9000000{n:02d}"),
            name,
            kind,
            region_code="330703",
            short_name=short,
            bank_code="313338000019" if key == "bank" else "",
        )
        for n, (key, name, short, kind) in enumerate(firms, start=1)
    }
    staff = [
        ("zhao", "赵春燕", Role.GC_CLERK, bodies["cenling"]),
        ("he", "何建平", Role.GC_MANAGER, bodies["cenling"]),
        ("he2", "何晓东", Role.GC_MANAGER, bodies["cenling"]),
        ("qian", "钱文娟", Role.SC_CLERK, bodies["muchuan"]),
        ("tang", "唐晓", Role.SC_CLERK, bodies["anju"]),
        ("ye", "叶青", Role.OWNER_CLERK, bodies["duohu"]),
        ("hang", "杭银", Role.BANK_OFFICER, bodies["bank"]),
        ("menwei", "马有田", Role.SITE, bodies["cenling"]),
    ]
    users = {u: appoint(u, name, role, body, password=PASSWORD) for u, name, role, body in staff}
    for username, name, office, region in (
        ("li", "李敏", "金东区劳动保障监察大队", "330703"),
        ("wang", "王立新", "婺城区劳动保障监察大队", "330702"),
    ):
        body = register_authority(office, "labour", region_code=region)
        users[username] = appoint(username, name, Role.INSPECTOR, body, password=PASSWORD)
    return bodies, users


def _project(
    code: str, name: str, bodies: dict[str, Organisation], subs: tuple[str, ...], started: date
) -> Project:
    roles = Participation.Role
    project = register_project(
        code,
        name,
        region_code="330703",
        sector=Sector.BUILDING,
        address="东华街 1 号",
        contract_sum_fen=18_600_000_000,
        contract_signed_on=started - timedelta(days=40),
        started_on=started,
        pay_day=1,  # so that last month's wages are due whatever today is
    )
    owner = engage(project, bodies["duohu"], roles.OWNER)
    gc = engage(project, bodies["cenling"], roles.GENERAL_CONTRACTOR, by=owner, clerk_name="赵春燕")
    for sub in subs:
        engage(project, bodies[sub], roles.SUBCONTRACTOR, by=gc, scope="主体结构劳务", entered_on=started)
    return project


def _roster(
    project: Project, part: Participation, people: list[Person], joined: date, clerk: User, *, now: datetime
) -> None:
    actor = actor_of_user(clerk)
    upload = receive_roster(
        project.pk, part.pk, "花名册.xlsx", roster_file(people, joined), defaults=Defaults(), actor=actor, now=now
    )  # fmt: skip
    read_upload(upload.pk, now=now)
    done = apply_roster(project.pk, upload.pk, actor=actor, now=now)
    if done.summary["new"] != len(people):
        raise SystemExit(f"roster of {part}: {done.summary}")


def _month_at_the_gate(project: Project, gate: Enrolled, month: date) -> None:
    """Twenty days of the month for everybody, as the gate would have posted them that evening."""
    known = KnownTerminal(
        gate.terminal.pk, project.pk, "both", gate.secret, True, project.day_starts_at
    )  # fmt: skip
    pins = list(Posting.objects.filter(project=project).values_list("pin", flat=True))
    first, _last = month_range(month)
    evening = datetime.combine(first, datetime.min.time(), SITE_TZ)
    for n in range(20):
        morning = datetime.combine(first + timedelta(days=n), datetime.min.time(), SITE_TZ)
        evening = morning + timedelta(hours=20)
        events = [
            {"id": f"{n}-{pin}-{way}", "pin": pin, "direction": way, "at": (morning + after).isoformat()}
            for pin in pins
            for way, after in (
                ("in", timedelta(hours=7, seconds=pin)),
                ("out", timedelta(hours=17, minutes=30, seconds=pin)),
            )
        ]
        body = json.dumps({"batch": f"day-{n}", "events": events}).encode()
        accept_batch(known, body, nonce=f"county-day-{n:08d}", now=evening)
    roll_up(now=evening)
    seal_days(now=evening + timedelta(days=2))


def _account(project: Project, bodies: dict[str, Organisation], opened: date) -> str:
    number = f"3301{project.pk:015d}"
    name = f"浙江岑岭建设有限公司{project.name}农民工工资专用账户"
    account = open_account(bodies["cenling"], bodies["bank"], name=name, number=number, opened_on=opened)
    share_account(account, project)
    HttpTransport(settings.WAGEWATCH_BANK_URL, settings.WAGEWATCH_BANK_KEY).open_account(number, name)
    return number


if __name__ == "__main__":
    main(Path(sys.argv[1]))
