"""The same pages with few rows and with many: every kind of row grows together with `size`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from devices.models import BadgeUse, Passage, RefusedEntry, SiteBadge, Terminal
from inspection.models import (
    Alarm,
    AlarmFlip,
    Case,
    CasePaper,
    CorrectionOrder,
    ProjectStat,
    RuleRun,
    Sanction,
)
from inspection.services import case_intake, case_work
from inspection.services.rules import run_rules
from payroll.models import PaymentOrder, PaySheet, SpecialAccount
from payroll.services import accounts, approvals, uploads
from registration.models import (
    CitizenCard,
    ContractTemplate,
    LabourContract,
    Participation,
    Posting,
    Push,
    PushedPosting,
    RosterUpload,
    SourceSystem,
    Team,
    Training,
    Worker,
)
from registration.services import acknowledging, joining
from registration.services.certificates import CertificateFacts, add_certificate
from registration.services.leaving import leave
from registration.services.sources import let_in
from tests.cast import Cast, build_cast, make_posting, make_project, make_worker
from tests.inspection.cases import filed
from tests.inspection.stage import sent_sheet, set_parameters
from tests.lib.make_sheets import xlsx as pay_sheet
from tests.payroll import stage as payroll
from tests.registration import contracts
from tests.registration.papers import Nanjing, apply_for, nanjing, png, seed_conditions, train
from tests.registration.rosters import person, staged, xlsx
from wagewatch.lib.identity import make_id_number

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)


@dataclass
class Crowd:
    """A project, a sheet, an order, an account, an alarm and a roster, each with rows by the size."""

    cast: Cast
    sheet: PaySheet
    order: PaymentOrder
    alarm: Alarm
    account_pk: int
    roster: RosterUpload
    contract_pk: int
    training: Training
    nanjing: Nanjing
    citizen_card: CitizenCard
    source: SourceSystem
    case_pk: int
    upload_pk: int


def build_crowd(size: int) -> Crowd:
    """Workers, projects, sheets, orders, accounts, alarms, gates, passages: `size` of each and a few."""
    cast = build_cast()
    set_parameters()
    ledger = payroll.account(cast, 1_000_000_000)
    accounts.book(
        ledger,
        [
            accounts.Movement(f"E{n}", "allocation", 1000 + n, cast.now, "金华多湖置业有限公司")
            for n in range(size)
        ],
    )
    team = [*payroll.crew(cast, size), cast.sun_posting, cast.zhou_posting]
    for posting in team[:-2]:
        payroll.attend(posting, 20)
    sheet = payroll.submit(cast, payroll.make_sheet(cast))
    for posting in team:
        payroll.confirm(cast, sheet, posting.worker)
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    order = payroll.instructed(cast, sheet)
    sent_sheet(cast.sc_part, [(p, 30000) for p in team], month=AUGUST, due_on=date(2026, 9, 15))
    _passages(cast, size, [p.worker_id for p in team])
    for n in range(size):
        _another_project(cast, n)
    for day in range(3):
        list(run_rules(now=cast.now + timedelta(days=day)))
    RuleRun.objects.bulk_create(
        RuleRun(rule="D3", started_at=cast.now - timedelta(days=n + 1), milliseconds=3) for n in range(size)
    )
    ProjectStat.objects.get_or_create(project=cast.project, defaults={"as_of": cast.now})
    alarm = Alarm.objects.filter(project=cast.project, rule="D3").order_by("pk")[0]
    AlarmFlip.objects.bulk_create(
        AlarmFlip(
            alarm=alarm, project=cast.project, kind="changed", at=cast.now, level=2, amount_fen=n, people=1
        )
        for n in range(size)
    )
    _contracts(cast, size)
    roster = staged(cast, xlsx([person(n) for n in range(1, size + 1)]))
    own = LabourContract.objects.get(project=cast.project, worker=cast.sun)
    _comers_and_goers(cast, size)
    _badges(cast, [p.worker_id for p in team])
    training, site, card = _papers(cast, size, [p.worker for p in team])
    source = _sources(cast, size)
    return Crowd(
        cast,
        sheet,
        order,
        alarm,
        ledger.account_id,
        roster,
        own.pk,
        training,
        site,
        card,
        source,
        _cases(cast, size).pk,
        _pay_files(cast, size),
    )


def _pay_files(cast: Cast, size: int) -> int:
    """Uploaded pay sheets by the size; one of them with as many rows."""
    for n in range(size + 1):
        rows = [("姓名", "到账", "实发工资"), *((f"不在册{line}", n, 100) for line in range(size))]
        upload = uploads.receive_sheet_file(
            cast.project.pk, cast.sc_part.pk, SEPTEMBER, filename=f"{n}.xlsx", data=pay_sheet(rows),
            actor=cast.actor(cast.qian), now=cast.now,
        )  # fmt: skip
    return upload.pk


def _cases(cast: Cast, size: int) -> Case:
    """Complaints that wait and cases by the size; one case with as many notes, orders, sanctions and documents."""
    li = cast.actor(cast.li)
    for _n in range(size):
        filed(cast)
        case = case_intake.take_complaint(filed(cast).reference, actor=li, now=cast.now)
    Case.objects.filter(pk=case.pk).update(state="active", finish_by=date(2027, 2, 1))
    act = {"kind": "papers", "actor": li, "now": cast.now}
    for n in range(size):
        step = case_work.add_note(case.pk, text=f"第 {n} 份材料", name="a.png", data=png(), **act)
        CasePaper.objects.create(case=case, kind="order", number=f"令{n}号", file=step.file, made_at=cast.now)
        order = CorrectionOrder.objects.create(
            case=case, number=f"令{n}号", respondent=cast.sc, grounds=["30"], demand="支付工资", days=5,
            issued_on=cast.today, amount_fen=100, people=1, most_fen=100, most_months=1, rest_fen=100,
            rest_people=1, rest_most_fen=100, served_on=cast.today, deadline_on=date(2026, 11, 2),
        )  # fmt: skip
        Sanction.objects.create(
            case=case, order=order, ground="54-2", fine_fen=2_000_000, reason="期满未改", proposed_by=cast.li,
            proposed_on=cast.today,
        )  # fmt: skip
    return case


def _contracts(cast: Cast, size: int) -> None:
    """Contracts in every state, and people without one; wordings by the size."""
    contracts.set_stage()
    for n in range(size):
        for state in range(4):
            worker, _card = make_worker(
                f"申{n}{state}", seq=500 + 4 * n + state, birth=date(1983, 1, 1), phone=None
            )
            make_posting(worker, cast.team, pin=5000 + 4 * n + state)
        ContractTemplate.objects.create(
            region_id="330703",
            kind="labour",
            version=f"v{n}",
            title="合同",
            body="{worker}",
            valid_from=date(2030, 1, 1),
        )
    crew = list(Posting.objects.filter(project=cast.project, pin__gte=5000).order_by("pin"))
    contracts.draft(cast, *[p for p in crew if p.pin % 4], cast.sun_posting)
    states = ["offered", "signed", "in_force"]
    others = LabourContract.objects.exclude(worker=cast.sun).order_by("pk").values_list("pk", flat=True)
    for number, pk in enumerate(list(others)):
        LabourContract.objects.filter(pk=pk).update(
            state=states[number % 3], offered_at=cast.now, signed_on=cast.today if number % 3 == 2 else None
        )
    contracts.offer(cast, [LabourContract.objects.get(worker=cast.sun).pk])


def _papers(cast: Cast, size: int, workers: list[Worker]) -> tuple[Training, Nanjing, CitizenCard]:
    """Trainings, certificates and citizen cards by the size; as many people kept out as let in."""
    seed_conditions()
    half = workers[::2]
    for n in range(size):
        training = train(cast, *half, on=date(2026, 11, 1 + n % 12))
    for n, worker in enumerate(workers):
        facts = CertificateFacts(
            "special", "架子工", f"Z-{n:04d}", "省住建厅", date(2025, 3, 1), date(2026, 12, 1 + n % 28)
        )
        add_certificate(worker.pk, cast.project.pk, facts, actor=cast.actor(cast.qian), now=cast.now)
    site = nanjing(cast)
    for n in range(size):
        worker, _card = make_worker(f"柳{n}", seq=9900 + n)
        make_posting(worker, site.team, pin=10 + n, joined_on=date(2026, 11, 2))
        apply_for(cast, site, worker)
    card = apply_for(cast, site, site.wang)[0]
    return training, site, card


def _passages(cast: Cast, size: int, workers: list[int]) -> None:
    day, start = date(2026, 11, 16), datetime(2026, 11, 15, 23, 0, tzinfo=UTC)
    for n in range(size):
        Terminal.objects.create(
            project=cast.project,
            serial=f"C-{n}",
            name=f"{n} 号门",
            key_id=f"c{n}",
            secret="c" * 32,
            lane="in",
        )
    Passage.objects.bulk_create(
        Passage(
            day=day - timedelta(days=back),
            project_id=cast.project.pk,
            worker_id=worker,
            at=start - timedelta(days=back) + timedelta(minutes=n),
            direction=1,
            terminal_id=cast.terminal.pk,
            batch_pk=1,
            event_id=f"p{back}-{n}",
        )
        for back in (0, 20, 40)
        for n, worker in enumerate(workers)
    )
    RefusedEntry.objects.bulk_create(
        RefusedEntry(
            day=day,
            project_id=cast.project.pk,
            terminal_id=cast.terminal.pk,
            event_id=f"r{n}",
            at=start + timedelta(minutes=n),
            direction=1,
            reason="left",
            worker_id=worker,
            batch_pk=1,
        )
        for n, worker in enumerate(workers)
    )


def _sources(cast: Cast, size: int) -> SourceSystem:
    """Other real-name systems, one for each of `size`, and as many pushes and people of the first."""
    made = [
        let_in(cast.gc.pk, f"系统{n}", project_ids=None, actor=cast.actor(cast.zhao), now=cast.now).source
        for n in range(size)
    ]
    Push.objects.bulk_create(
        Push(
            project=cast.project,
            source=source,
            kind=kind,
            request_id=f"p{n}",
            body_sha256=bytes(32),
            received_at=cast.now,
            rows=3,
            kept=2,
            refused=1,
            problems={f"id.{n}": 1},
        )
        for source in made
        for kind in Push.Kind.values
        for n in range(size)
    )
    PushedPosting.objects.bulk_create(
        PushedPosting(
            project=cast.project,
            posting_id=posting.pk,
            worker_id=posting.worker_id,
            source=made[0],
            first_at=cast.now,
            last_at=cast.now,
        )
        for posting in (cast.sun_posting, cast.zhou_posting)
    )
    return made[0]


def _another_project(cast: Cast, n: int) -> None:
    """One more of the general contractor's projects, on which the subcontractor's Sun works too."""
    project, _owner, gc_part = make_project(f"JH3307031{n:02d}", f"项目{n}", "330703", cast.owner, cast.gc)
    part = Participation.objects.create(
        project=project, organisation=cast.sc, role="subcontractor", parent=gc_part, scope="劳务"
    )
    team = Team.objects.create(project=project, participation=part, name="木工班")
    posting = make_posting(cast.sun, team, pin=1)
    payroll.attend(posting, 3, month=SEPTEMBER)
    sheet = sent_sheet(part, [(posting, 36000)], month=SEPTEMBER, due_on=date(2026, 10, 15))
    sent_sheet(part, [(posting, 36000)], month=AUGUST, due_on=date(2026, 9, 15))
    # Every second project shares the first account, so that accounts and projects per account both grow.
    special = SpecialAccount.objects.get(sub_ledgers__project=cast.project)
    if n % 2:
        special = accounts.open_account(
            cast.gc, cast.bank, name=f"专户{n}", number=f"33000171900{n:05d}", opened_on=date(2026, 3, 20)
        )
    accounts.share_account(special, project)
    ProjectStat.objects.create(project=project, as_of=cast.now)
    Terminal.objects.create(
        project=project, serial=f"P-{n}", name="1 号门", key_id=f"p{n}", secret="p" * 32, lane="both"
    )
    PaymentOrder.objects.create(
        project=project,
        sheet=sheet,
        account=special,
        message_id=f"M{n}",
        file=b"<Document/>",
        sha256=n.to_bytes(32, "big"),
        line_count=1,
        total_fen=36000,
        instructed_by=cast.he,
        instructed_at=cast.now,
    )


def _badges(cast: Cast, workers: list[int]) -> None:
    """A badge for each, seen at the gate; and cards that the gate did not know."""
    for n, worker in enumerate(workers):
        number = f"100,{n:05d}"
        SiteBadge.objects.create(
            project=cast.project, worker_id=worker, number=number, issued_at=cast.now, issued_by=cast.zhao
        )
        BadgeUse.objects.create(
            project=cast.project, worker_id=worker, number=number, terminal_id=cast.terminal.pk,
            first_at=cast.now, last_at=cast.now,
        )  # fmt: skip
    for n in range(min(5, len(workers))):  # few, so that the site's newest refusals still name people
        RefusedEntry.objects.create(
            day=cast.today, project=cast.project, terminal_id=cast.terminal.pk, event_id=f"badge-{n}",
            at=cast.now - timedelta(minutes=n % 20), direction=1, reason="unregistered", person_key=f"101,{n:05d}",
            batch_pk=0,
        )  # fmt: skip


def _comers_and_goers(cast: Cast, size: int) -> None:
    """Requests to be registered, notices of workers, leavers who are owed."""
    joining.renew_join_code(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    for n in range(size):
        number = make_id_number("411300", date(1990, 5, 6), 700 + n)
        person = joining.Applicant("方来顺", number, f"1370000{n:04d}", trade="木工", team_id=cast.team.pk)
        joining.ask_to_join(cast.project, person, now=cast.now)
        worker, _card = make_worker(f"林{n}", seq=7500 + n, birth=date(1981, 2, 1 + n % 28))
        posting = make_posting(worker, cast.team, pin=500 + n)
        acknowledging.say_wrong(
            cast.project.pk, posting.pk, reason="pay", actor=cast.actor(worker), now=cast.now
        )
        gone, _card = make_worker(f"陈{n}", seq=8800 + n, birth=date(1983, 2, 1 + n % 28))
        left = make_posting(gone, cast.team, pin=600 + n)
        payroll.attend(left, 3, month=date(2026, 11, 1))
        leave(gone.pk, cast.project.pk, cast.today, actor=cast.actor(cast.qian), now=cast.now)
