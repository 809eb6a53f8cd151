"""A month's wages in the demo county: sheets, confirmations, approval, the bank, by the story of each site."""

import io
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.db import transaction
from PIL import Image, ImageDraw

from inspection.demo.people import SiteState
from payroll.bank.simulator.bank import Bank
from payroll.bank.simulator.desk import Pace
from payroll.bank.transport import Ack
from payroll.models import Objection, PaySheet, PaySlip
from payroll.services.approvals import approve_sheet
from payroll.services.confirmations import answer_objection, confirm_slip, object_to_slip
from payroll.services.messages import fetch_messages
from payroll.services.orders import instruct_bank, send_ready_orders
from payroll.services.sheets import make_sheet_from_attendance, submit_sheet
from registration.actors import Actor
from registration.models import Participation, Worker
from wagewatch.lib.dates import SITE_TZ

SILENT = 0.03
OBJECTS = 3


class PastBank:
    """The bank simulator's own books, spoken to at a moment in the past."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.bank = Bank(folder / "bank.sqlite3", Pace(statement_every=None, honour_dates=False))
        self.now = datetime.now(SITE_TZ)

    def send(self, message_id: str, data: bytes) -> Ack:
        receipt = self.bank.accept(data, self.now)
        return Ack(message_id=message_id, reference=receipt.sha256, known=receipt.known)

    def fetch(self, since: str = "") -> list[tuple[str, bytes]]:
        names = [listed.name for listed in self.bank.messages(since)]
        return [(name, data) for name in names if (data := self.bank.message(name)) is not None]

    def acknowledge(self, name: str) -> None:
        self.bank.acknowledge(name, self.now)

    def settle(self, now: datetime) -> None:
        """Send what is ready, let the bank work for two hours, take in what it says."""
        self.now = now
        send_ready_orders(self, now=now)
        for minutes in (1, 10, 60, 120):
            self.now = now + timedelta(minutes=minutes)
            self.bank.work(self.now)
        fetch_messages(self, now=self.now)


def signatures() -> list[bytes]:
    """A few drawn signatures as PNG."""
    drawn = []
    for seed in range(6):
        dice = random.Random(seed)  # noqa: S311 not for secrets
        image = Image.new("L", (320, 140), 255)
        pen = ImageDraw.Draw(image)
        x = 30
        for _stroke in range(5):
            points = [(x + dice.randint(0, 60), dice.randint(25, 115)) for _ in range(4)]
            pen.line(points, fill=0, width=4, joint="curve")
            x += 45
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        drawn.append(out.getvalue())
    return drawn


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """A site-local moment."""
    return datetime.combine(day, time(hour, minute), SITE_TZ)


def open_accounts(bank: PastBank, sites: Sequence[SiteState], now: datetime) -> None:
    """The special accounts at the bank, empty."""
    for site in sites:
        bank.bank.open_account(site.account_number, site.account.name, now)


def make_sheets(
    site: SiteState,
    month: date,
    now: datetime,
    *,
    before: Callable[[PaySheet, Actor, datetime], None] | None = None,
) -> list[PaySheet]:
    """Each subcontractor's clerk makes the sheet from attendance and submits it; `before` changes the draft."""
    sheets = []
    for part, clerk in site.parts:
        sheet = make_sheet_from_attendance(site.project.pk, part.pk, month, actor=clerk, now=now)
        if before is not None:
            before(sheet, clerk, now)
        sheets.append(submit_sheet(sheet.pk, actor=clerk, now=now + timedelta(minutes=40)))
    return sheets


def confirm_sheet(
    sheet: PaySheet, drawn: list[bytes], first: date, *, share: float = 1 - SILENT, objections: int = 0
) -> None:
    """The workers answer in the evenings after the sheet reached them; some stay silent."""
    dice = random.Random(f"{sheet.project_id} {sheet.participation_id} {sheet.month}")  # noqa: S311 not for secrets
    slips = list(
        PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet.pk).order_by(
            "worker_id"
        )
    )
    with transaction.atomic():
        for place, slip in enumerate(slips):
            if dice.random() >= share:
                continue
            worker = Actor(kind="worker", id=slip.worker_id, label=f"worker {slip.worker_id}")
            moment = local(
                first + timedelta(days=dice.randrange(4)), 18 + dice.randrange(4), dice.randrange(60)
            )
            if 3 <= place < 3 + objections:
                object_to_slip(
                    slip.reference,
                    reason=Objection.Reason.DAYS,
                    claimed_fen=slip.net_fen + slip.rate_fen,
                    text="有一天加班没有算",
                    version=slip.version,
                    actor=worker,
                    now=moment,
                )
            else:
                confirm_slip(
                    slip.reference,
                    signature_png=dice.choice(drawn),
                    version=slip.version,
                    actor=worker,
                    now=moment,
                )


def reject_objections(sheet: PaySheet, clerk: Actor, now: datetime) -> None:
    """The clerk answers the first two open objections: not accepted, with the reason. Both go to mediation later."""
    answers = ("闸机没有这一天的记录，请带班组长到项目部核对。", "这一天按半个工计，请看考勤明细。")
    found = Objection.objects.filter(
        project=sheet.project_id, sheet=sheet.pk, state=Objection.State.OPEN
    ).order_by("pk")
    for objection, answer in zip(list(found[: len(answers)]), answers, strict=False):
        answer_objection(objection.pk, accept=False, answer=answer, actor=clerk, now=now)


def fund(bank: PastBank, site: SiteState, month: date, amount_fen: int, now: datetime) -> None:
    """The owner allocates labour cost for a month; a factory without one puts in its own money."""
    payers = Participation.objects.filter(
        project=site.project, role__in=("owner", "general_contractor")
    ).select_related("organisation")
    owner = payers.order_by("-role")[0]
    bank.bank.deposit(
        site.account_number,
        amount_fen,
        reference=f"{site.plan.code}-{month:%Y%m}",
        payer_name=owner.organisation.name,
        text=f"{site.plan.code} {month:%Y}年{month.month}月人工费",
        now=now,
    )


def approve(sheets: Sequence[PaySheet], site: SiteState, now: datetime) -> None:
    """The general contractor's manager approves."""
    for number, sheet in enumerate(sheets):
        approve_sheet(sheet.pk, actor=site.manager, now=now + timedelta(minutes=3 * number))


def pay(sheets: Sequence[PaySheet], site: SiteState, now: datetime) -> None:
    """The manager instructs the bank; the file waits to be sent."""
    for number, sheet in enumerate(sheets):
        instruct_bank(sheet.pk, actor=site.manager, now=now + timedelta(minutes=2 * number))


def worker_named(name: str) -> Worker:
    """The one worker of the demo with this name."""
    return Worker.objects.filter(name=name).order_by("pk")[0]
