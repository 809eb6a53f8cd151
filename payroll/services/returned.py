"""Wages that came back: how many wait to be sent again, for how long, and sending them in one go."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from payroll.access import sheets_for
from payroll.models import PaymentLine, PaymentOrder, PaySheet, PaySlip
from payroll.services.orders import instruct_bank, put_right
from registration.actors import Actor
from registration.models import BankCard
from registration.rules.card_word import CardWord, may_receive
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError


@dataclass
class ReturnedSheet:
    """A sheet with wages that came back: lines (latest attempt), what can go out now, and since when."""

    sheet: PaySheet
    lines: list[PaymentLine]
    ready: list[PaySlip]
    words: dict[int, CardWord]
    """By worker, what is known from them about the card on record."""
    oldest: date
    late: bool

    @property
    def fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)

    @property
    def ready_fen(self) -> int:
        return sum(slip.net_fen for slip in self.ready)


def returned_sheets(*, actor: Actor, now: datetime) -> list[ReturnedSheet]:
    """Sheets within reach with wages that came back and were not sent again, those that wait longest first.

    The number of queries does not depend on the number of sheets.
    """
    sheets = {
        sheet.pk: sheet
        for sheet in sheets_for(actor)
        .filter(pk__in=PaymentLine.objects.filter(state=PaymentLine.State.RETURNED).values("sheet_id"))
        .select_related("project", "participation__organisation")
    }
    scope = {"project__in": {s.project_id for s in sheets.values()}, "sheet__in": list(sheets)}
    slips = {
        (slip.sheet_id, slip.worker_id): slip
        for slip in PaySlip.objects.filter(
            month__in={s.month for s in sheets.values()},
            payment=PaySlip.Payment.RETURNED,
            is_approved=True,
            net_fen__gt=0,
            **scope,
        )
    }
    lines = PaymentLine.objects.filter(state=PaymentLine.State.RETURNED, **scope).select_related("worker")
    latest: dict[tuple[int, int], PaymentLine] = {
        (line.sheet_id, line.worker_id): line
        for line in lines.defer("worker__id_number", "worker__phone", "worker__address").order_by("attempt")
        if (line.sheet_id, line.worker_id) in slips
    }
    cards = {
        card.worker_id: card
        for card in BankCard.objects.with_word().filter(
            worker__in={worker for _sheet, worker in latest}, is_current=True
        )
    }
    grouped: dict[int, list[PaymentLine]] = defaultdict(list)
    for line in latest.values():
        grouped[line.sheet_id].append(line)
    calendar, today = load_calendar(), site_date(now)
    found = []
    for pk, group in grouped.items():
        sheet = sheets[pk]
        limit = parameter(
            "pay.retry_returned_within_wd", region_code=sheet.project.region_id, on=today, default=3
        )
        oldest = min((site_date(line.settled_at) for line in group if line.settled_at), default=today)
        ready = [
            slips[pk, line.worker_id]
            for line in group
            if line.worker_id in cards
            and may_receive(cards[line.worker_id].word)
            and put_right(line, str(cards[line.worker_id].number), named=False)
        ]
        words = {line.worker_id: cards[line.worker_id].word for line in group if line.worker_id in cards}
        late = calendar.working_days_between(oldest, today) > limit
        found.append(ReturnedSheet(sheet, group, ready, words, oldest, late))
    return sorted(found, key=lambda item: (item.oldest, item.sheet.pk))


def send_again(
    sheet_ids: Iterable[int], *, actor: Actor, now: datetime
) -> tuple[list[PaymentOrder], list[tuple[int, WagewatchError]]]:
    """Send the corrected wages of several sheets again, each sheet as an order of its own.

    A sheet that is refused (account short, nothing corrected) does not hold back the others; (orders, refusals).
    """
    orders, refused = [], []
    for item in returned_sheets(actor=actor, now=now):
        if item.sheet.pk not in set(sheet_ids) or not item.ready:
            continue
        try:
            orders.append(
                instruct_bank(
                    item.sheet.pk,
                    worker_ids=[slip.worker_id for slip in item.ready],
                    actor=actor,
                    now=now,
                )
            )
        except WagewatchError as problem:
            refused.append((item.sheet.pk, problem))
    return orders, refused
