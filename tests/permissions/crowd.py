"""The same pages with few rows and with many: every kind of row grows together with `size`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from devices.models import Passage, RefusedEntry, Terminal
from inspection.models import Alarm, AlarmFlip, ProjectStat, RuleRun
from inspection.services.rules import run_rules
from payroll.models import PaymentOrder, PaySheet, SpecialAccount
from payroll.services import accounts, approvals
from registration.models import Participation, RosterUpload, Team
from registration.services import acknowledging, joining
from registration.services.leaving import leave
from tests.cast import Cast, build_cast, make_posting, make_project, make_worker
from tests.inspection.stage import sent_sheet, set_parameters
from tests.payroll import stage as payroll
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
    roster = staged(cast, xlsx([person(n) for n in range(1, size + 1)]))
    _comers_and_goers(cast, size)
    return Crowd(cast, sheet, order, alarm, ledger.account_id, roster)


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


def _comers_and_goers(cast: Cast, size: int) -> None:
    """Requests to be registered, notices of workers, leavers who are owed."""
    joining.renew_join_code(cast.project.pk, actor=cast.actor(cast.zhao), now=cast.now)
    for n in range(size):
        number = make_id_number("411300", date(1990, 5, 6), 700 + n)
        person = joining.Applicant("方来顺", number, f"1370000{n:04d}", trade="木工", team_id=cast.team.pk)
        joining.ask_to_join(cast.project, person, now=cast.now)
        worker, _card = make_worker(f"林{n}", seq=500 + n, birth=date(1981, 2, 1 + n % 28))
        posting = make_posting(worker, cast.team, pin=500 + n)
        acknowledging.say_wrong(
            cast.project.pk, posting.pk, reason="pay", actor=cast.actor(worker), now=cast.now
        )
        gone, _card = make_worker(f"陈{n}", seq=800 + n, birth=date(1983, 2, 1 + n % 28))
        left = make_posting(gone, cast.team, pin=600 + n)
        payroll.attend(left, 3, month=date(2026, 11, 1))
        leave(gone.pk, cast.project.pk, cast.today, actor=cast.actor(cast.qian), now=cast.now)
