"""What the payroll tests put on stage beside the cast: attendance, a funded account, a signed name."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from PIL import Image, ImageDraw

from devices.models import AttendanceDay
from payroll.models import PaySheet, PaySlip, SubLedger
from payroll.services import accounts, approvals, confirmations, orders, sheets
from registration.middleware import actor_of_worker
from registration.models import BankCard, Posting, Worker
from registration.services import card_words, parameters
from tests.cast import Cast, make_posting, make_worker
from wagewatch.lib.crypto import blind_index

MONTH = date(2026, 10, 1)
ACCOUNT_NUMBER = "3300017190000968"


def attend(
    posting: Posting, days: int | Decimal, *, month: date = MONTH, start: int = 1, minutes: int = 480
) -> None:
    """Attendance days of a posting: whole days, and a half one for the rest."""
    amount = Decimal(days)
    rows = []
    for n in range(int(amount)):
        rows.append((month + timedelta(days=start - 1 + n), Decimal(1), minutes))
    if amount % 1:
        rows.append((month + timedelta(days=start - 1 + len(rows)), amount % 1, minutes // 2))
    AttendanceDay.objects.bulk_create(
        [
            AttendanceDay(
                day=day,
                project_id=posting.project_id,
                worker_id=posting.worker_id,
                posting_id=posting.pk,
                minutes=worked,
                days=quantity,
                state="closed",
                passages=2,
            )
            for day, quantity, worked in rows
        ]
    )


def signature() -> bytes:
    """A PNG with a few strokes, as a phone's canvas sends it."""
    image = Image.new("RGBA", (640, 240), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.line([(80, 60), (200, 180), (320, 70), (480, 170)], fill=(20, 20, 20, 255), width=6)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def blank() -> bytes:
    """A PNG on which nothing is written."""
    out = io.BytesIO()
    Image.new("RGBA", (640, 240), (0, 0, 0, 0)).save(out, "PNG")
    return out.getvalue()


def account(cast: Cast, balance_fen: int = 0, number: str = ACCOUNT_NUMBER) -> SubLedger:
    """The project's special account at the bank, with money on it."""
    special = accounts.open_account(
        cast.gc,
        cast.bank,
        name="浙江岑岭建设有限公司多湖 B-07 农民工工资专用账户",
        number=number,
        opened_on=date(2026, 3, 20),
    )
    ledger = accounts.share_account(special, cast.project)
    if balance_fen:
        accounts.book(
            ledger, [accounts.Movement("D1", "allocation", balance_fen, cast.now, "金华多湖置业有限公司")]
        )
    return ledger


def make_sheet(cast: Cast, sun_days: int | Decimal = 22, zhou_days: int | Decimal = 21) -> PaySheet:
    """The subcontractor's October draft from attendance: Sun 360 × 22, Zhou 340 × 21."""
    parameters.forget()
    attend(cast.sun_posting, sun_days)
    attend(cast.zhou_posting, zhou_days)
    return sheets.make_sheet_from_attendance(
        cast.project.pk, cast.sc_part.pk, MONTH, actor=cast.actor(cast.qian), now=cast.now
    )


def submit(cast: Cast, sheet: PaySheet) -> PaySheet:
    """Clerk Qian sends the sheet to the workers."""
    return sheets.submit_sheet(sheet.pk, actor=cast.actor(cast.qian), now=cast.now)


def slip_of(sheet: PaySheet, worker: Worker) -> PaySlip:
    """Today's state of a worker's slip."""
    return PaySlip.objects.get(month=sheet.month, project=sheet.project_id, sheet=sheet.pk, worker=worker)


def confirm(cast: Cast, sheet: PaySheet, worker: Worker, *, at: datetime | None = None) -> None:
    """The worker signs."""
    slip = slip_of(sheet, worker)
    confirmations.confirm_slip(
        slip.reference,
        signature_png=signature(),
        version=slip.version,
        actor=cast.actor(worker),
        now=at or cast.now,
    )


def approved_sheet(cast: Cast) -> PaySheet:
    """Both workers confirmed, manager He approved."""
    sheet = submit(cast, make_sheet(cast))
    confirm(cast, sheet, cast.sun)
    confirm(cast, sheet, cast.zhou)
    approvals.approve_sheet(sheet.pk, actor=cast.actor(cast.he), now=cast.now)
    sheet.refresh_from_db()
    return sheet


def instructed(cast: Cast, sheet: PaySheet):
    """Manager He instructs the bank."""
    return orders.instruct_bank(sheet.pk, actor=cast.actor(cast.he), now=cast.now)


def change_card(worker: Worker, number: str, now: datetime, *, said: bool | None = True) -> BankCard:
    """Another wage card takes the place of the current one; the worker says yes, no, or nothing yet."""
    BankCard.objects.filter(worker=worker, is_current=True).update(is_current=False)
    card = BankCard.objects.create(
        worker=worker,
        number=number,
        number_index=blind_index(number, kind="card"),
        tail=number[-4:],
        bank_name="金华商贸银行",
        added_at=now,
    )
    if said is not None:
        card_words.answer_card(
            card.pk,
            is_own=said,
            reason="" if said else "unknown",
            actor=actor_of_worker(worker),
            now=now,
        )
    return card


def crew(cast: Cast, count: int, *, first: int = 300) -> list[Posting]:
    """More workers in Qian's team."""
    postings = []
    for n in range(count):
        worker, _card = make_worker(
            f"工人{chr(0x4E00 + n)}", seq=first + n * 2 + 1, birth=date(1970 + n % 30, 1 + n % 12, 5)
        )
        postings.append(make_posting(worker, cast.team, pin=100 + n, rate_fen=30000 + n * 100))
    return postings
