"""A small site in Nanjing beside the demo county: its people have citizen cards in every state.

Some use them at the gate, the others come in by their face; nobody needs one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password

from devices.services.passages import accept_batch
from devices.services.terminals import KnownTerminal, enrol_terminal
from inspection.demo.names import invent
from inspection.demo.people import PASSWORD, ROSTER_COLUMNS, County
from inspection.demo.wages import local
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import CitizenCard, Organisation, Participation, Posting, Project, Role, User
from registration.rules.roster_row import Defaults
from registration.services.citizen_card_import import import_results
from registration.services.citizen_cards import apply_for_cards, take_steps
from registration.services.organisations import appoint, register_authority, register_organisation
from registration.services.parameters import load_calendar
from registration.services.projects import engage, register_project
from registration.services.roster_apply import apply_roster
from registration.services.roster_staging import read_upload
from registration.services.rosters import receive_roster
from registration.services.trainings import Result, TrainingFacts, record_training
from wagewatch.lib.dates import SITE_TZ, first_of_month
from wagewatch.lib.identity import make_uscc
from wagewatch.lib.sheet_writer import ColumnOut, SheetOut, write_workbook

SOME_DAYS_AGO = 24
"""When most people joined; long enough for every step of a card."""
EARLY, LATE = 22, 4
ACTIVE, COLLECTED, ISSUED, WAITING, LOST, RETURNED = 8, 3, 3, 4, 1, 1
"""People per state of their card, in the order of their gate numbers; two stay applied for, the rest have none."""


@dataclass
class _Site:
    """The project with the people who act on it."""

    project: Project
    part: Participation
    clerk: Actor
    head_clerk: Actor
    gate: KnownTerminal


def enter_nanjing(county: County, *, now: datetime) -> None:
    """Enter the site, its roster, trainings, cards step by step, and what the gate saw in the last days."""
    today = now.astimezone(SITE_TZ).date()
    joined = today - timedelta(days=SOME_DAYS_AGO)
    site, users = _bodies(joined, now=local(joined - timedelta(days=5), 9))
    people = list(invent(EARLY + LATE, seed=3201, first=3001))
    rows = [
        [
            n + 1, person.name, person.id_number, person.ethnicity, person.address, person.phone, "综合班",
            "普工" if n % 3 else "木工", (260 if n % 3 else 340) * 100,
            joined if n < EARLY else today - timedelta(days=3), person.card, person.bank,
        ]
        for n, person in enumerate(people)
    ]  # fmt: skip
    _roster(site, rows, now=local(joined - timedelta(days=1), 10))
    postings = list(Posting.objects.filter(project=site.project).order_by("pin"))
    _train(site, postings, joined)
    _cards(site, postings[:EARLY], joined, today)
    _passages(site, postings, today, now=now)
    _sign_ins(county, users, people[0].name, people[0].phone)


def _bodies(joined: date, *, now: datetime) -> tuple[_Site, dict[str, User]]:
    kinds = Organisation.Kind
    authority = register_authority("南京市劳动保障监察支队", "labour", region_code="320100")

    def firm(serial: str, name: str, short: str, kind: str) -> Organisation:
        code = make_uscc("320115", serial)
        return register_organisation(code, name, kind, region_code="320115", short_name=short)

    owner = firm("910000001", "南京江宁健康投资有限公司", "江宁健康投资", kinds.OWNER)
    gc = firm("910000002", "江苏钟阜建工有限公司", "钟阜建工", kinds.CONTRACTOR)
    sc = firm("910000003", "南京秦水建筑劳务有限公司", "秦水劳务", kinds.CONTRACTOR)
    users = {
        "gulan": appoint("gulan", "顾兰", Role.INSPECTOR, authority, password=None),
        "xujing": appoint("xujing", "许静", Role.GC_CLERK, gc, password=None),
        "yaojun": appoint("yaojun", "姚军", Role.GC_MANAGER, gc, password=None),
        "bian": appoint("bian", "卞秋", Role.SC_CLERK, sc, password=None),
    }
    User.objects.filter(pk__in=[u.pk for u in users.values()]).update(password=make_password(PASSWORD))
    project = register_project(
        "NJJN-2026-0009", "江宁医院扩建", name_en="Jiangning hospital extension", region_code="320115",
        sector="building", address="江宁医院工地", contract_sum_fen=3_200_000_000,
        contract_signed_on=joined - timedelta(days=30), started_on=joined,
    )  # fmt: skip
    roles = Participation.Role
    owner_part = engage(project, owner, roles.OWNER)
    gc_part = engage(
        project,
        gc,
        roles.GENERAL_CONTRACTOR,
        by=owner_part,
        scope="施工总承包",
        clerk_name="许静",
        entered_on=joined,
    )
    part = engage(
        project, sc, roles.SUBCONTRACTOR, by=gc_part, scope="综合劳务", clerk_name="卞秋", entered_on=joined
    )
    head_clerk = actor_of_user(users["xujing"])
    enrolled = enrol_terminal(
        project.pk, serial="GATE-NJ09-BOTH", name="江宁医院闸机", lane="both", actor=head_clerk, now=now
    )
    gate = KnownTerminal(
        id=enrolled.terminal.pk, project_id=project.pk, lane="both", secret=enrolled.secret, is_active=True,
        day_starts_at=project.day_starts_at,
    )  # fmt: skip
    return _Site(project, part, actor_of_user(users["bian"]), head_clerk, gate), users


def _roster(site: _Site, rows: Sequence[Sequence[object]], *, now: datetime) -> None:
    data = write_workbook([SheetOut("花名册", ROSTER_COLUMNS, rows)])  # type: ignore[arg-type]
    upload = receive_roster(
        site.project.pk,
        site.part.pk,
        "江宁医院花名册.xlsx",
        data,
        defaults=Defaults(),
        actor=site.clerk,
        now=now,
    )
    read_upload(upload.pk, now=now)
    apply_roster(site.project.pk, upload.pk, actor=site.clerk, now=now)


def _train(site: _Site, postings: Sequence[Posting], joined: date) -> None:
    """Everybody but the one with the last number."""
    record_training(
        site.project.pk,
        TrainingFacts("003001", "进场三级安全教育", joined, 120, "安全员", "项目部会议室"),
        {posting.worker_id: Result() for posting in postings[:-1]},
        participation_id=site.part.pk,
        actor=site.clerk,
        now=local(joined, 18),
    )


def _cards(site: _Site, postings: Sequence[Posting], joined: date, today: date) -> None:
    """Cards in every state: each group of people stops at its own step."""
    workers = [posting.worker_id for posting in postings]
    ready = ACTIVE + COLLECTED + ISSUED + LOST + RETURNED
    calendar = load_calendar()
    applied_on = joined + timedelta(days=2)
    handed_in = calendar.add_working(applied_on, 1)
    issued_on = calendar.add_working(handed_in, 6)

    def step(who: Sequence[int], to: str, on: date) -> None:
        day = min(on, today)
        take_steps(site.project.pk, who, to, on=day, actor=site.head_clerk, now=local(day, 11))

    with_card = workers[: ready + WAITING + 2]
    apply_for_cards(
        site.project.pk, with_card, on=applied_on, actor=site.head_clerk, now=local(applied_on, 10)
    )
    step(workers[: ready + WAITING], "submitted", handed_in)
    step(workers[ready : ready + 1], "made", issued_on)
    numbers = dict(
        Posting.objects.filter(project=site.project, worker__in=workers[:ready]).values_list("pin", "worker")
    )
    _results(site, numbers, issued_on)
    collected = calendar.add_working(issued_on, 1)
    in_hand = workers[: ACTIVE + COLLECTED]
    lost = workers[ACTIVE + COLLECTED + ISSUED :][:LOST]
    step([*in_hand, *lost], "collected", collected)
    step(workers[:ACTIVE], "active", collected + timedelta(days=2))
    step(lost, "lost", today - timedelta(days=1))
    step(workers[ACTIVE + COLLECTED + ISSUED + LOST : ready], "returned", today - timedelta(days=1))


def _results(site: _Site, numbers: dict[int, int], issued_on: date) -> None:
    """The card centre's file, taken in by the clerk."""
    postings = Posting.objects.filter(project=site.project, pin__in=list(numbers)).select_related("worker")
    columns = [
        ColumnOut("姓名"),
        ColumnOut("身份证号", width=22),
        ColumnOut("卡号", width=20),
        ColumnOut("发卡日期", "date"),
    ]
    rows: list[list[str | date]] = [
        [p.worker.name, str(p.worker.id_number), card_number(p.pin), issued_on] for p in postings
    ]
    data = write_workbook([SheetOut("制卡结果", columns, rows)])
    import_results(
        site.project.pk, data, "市民卡制卡结果.xlsx", actor=site.head_clerk, now=local(issued_on, 15)
    )


def card_number(pin: int) -> str:
    """The invented number of the card of the person with this gate number."""
    return f"NJ2100{pin:08d}"


def _passages(site: _Site, postings: Sequence[Posting], today: date, *, now: datetime) -> None:
    """The working days of this month, at most five: by card where there is one, else by face."""
    holders = set(
        CitizenCard.objects.filter(state__in=("collected", "active")).values_list("worker_id", flat=True)
    )
    calendar = load_calendar()
    days = [today - timedelta(days=back) for back in range(7, -1, -1)]
    for day in [d for d in days if calendar.is_working(d) and d >= first_of_month(today)][-5:]:
        events = []
        for posting in postings:
            if posting.joined_on > day:
                continue
            by_card = posting.worker_id in holders
            who = (
                {"card": card_number(posting.pin), "type": 6} if by_card else {"pin": posting.pin, "type": 1}
            )
            for mark, hour, way in (("a", 6, "in"), ("z", 17, "out")):
                at = local(day, hour, 30) + timedelta(seconds=posting.pin * 41)
                if at <= now:
                    events.append(
                        {
                            "id": f"{day:%m%d}-{posting.pin}-{mark}",
                            "at": at.isoformat(),
                            "direction": way,
                            **who,
                        }
                    )
        if events:
            body = json.dumps({"batch": f"{day:%Y%m%d}", "queue": 0, "events": events}).encode()
            accept_batch(site.gate, body, nonce=f"nj-{day:%Y%m%d}", now=min(local(day, 20), now))


def _sign_ins(county: County, users: dict[str, User], worker: str, phone: str) -> None:
    for username, role, where in (
        ("xujing", "南京总包劳资专管员", "市民卡"),
        ("gulan", "监察员（南京）", "市民卡统计"),
    ):
        county.signins.append(
            {
                "role": role,
                "who": users[username].name,
                "name": username,
                "password": PASSWORD,
                "where": where,
            }
        )
    county.signins.append(
        {
            "role": "工人（南京）",
            "who": worker,
            "name": phone,
            "password": "验证码在 /accounts/outbox/",
            "where": "我的市民卡",
        }
    )
