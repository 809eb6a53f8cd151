"""Wages that came back: how many wait to be sent again, for how long, and sending them in one go."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from payroll.access import sheets_for
from payroll.models import PaymentLine, PaymentOrder, PaySheet, PaySlip
from payroll.services.orders import Payable, instruct_bank, payable
from registration.actors import Actor
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError


@dataclass
class ReturnedSheet:
    """A sheet with wages that came back: lines (latest attempt), what can go out now, and since when."""

    sheet: PaySheet
    lines: list[PaymentLine]
    ready: Payable = field(default_factory=Payable)
    oldest: date | None = None
    late: bool = False

    @property
    def fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)


def returned_sheets(actor: Actor, *, now: datetime) -> list[ReturnedSheet]:
    """Sheets within reach with wages that came back and were not sent again, those that wait longest first."""
    sheets = {
        sheet.pk: sheet
        for sheet in sheets_for(actor).filter(
            pk__in=PaymentLine.objects.filter(state=PaymentLine.State.RETURNED).values("sheet_id")
        ).select_related("project", "participation__organisation")
    }  # fmt: skip
    open_slips = set(
        PaySlip.objects.filter(
            month__in={s.month for s in sheets.values()},
            project__in={s.project_id for s in sheets.values()},
            sheet__in=sheets,
            payment=PaySlip.Payment.RETURNED,
        ).values_list("sheet_id", "worker_id")
    )
    latest: dict[tuple[int, int], PaymentLine] = {}
    for line in (
        PaymentLine.objects.filter(
            project__in={s.project_id for s in sheets.values()},
            sheet__in=sheets,
            state=PaymentLine.State.RETURNED,
        )
        .select_related("worker")
        .defer("card_number", "worker__id_number", "worker__phone", "worker__address")
        .order_by("attempt")
    ):
        if (line.sheet_id, line.worker_id) in open_slips:
            latest[line.sheet_id, line.worker_id] = line
    grouped: dict[int, list[PaymentLine]] = defaultdict(list)
    for line in latest.values():
        grouped[line.sheet_id].append(line)
    calendar, today = load_calendar(), site_date(now)
    found = []
    for pk, lines in grouped.items():
        sheet = sheets[pk]
        limit = parameter(
            "pay.retry_returned_within_wd", region_code=sheet.project.region_id, on=today, default=3
        )
        days = [site_date(line.settled_at) for line in lines if line.settled_at]
        oldest = min(days, default=today)
        late = calendar.working_days_between(oldest, today) > limit
        found.append(ReturnedSheet(sheet, lines, payable(sheet, None), oldest, late))
    for item in found:
        back = {line.worker_id for line in item.lines}
        item.ready.slips = [row for row in item.ready.slips if row[0].worker_id in back]
    return sorted(found, key=lambda item: (item.oldest or today, item.sheet.pk))


def send_again(
    sheet_ids: Iterable[int], *, actor: Actor, now: datetime
) -> tuple[list[PaymentOrder], list[tuple[int, WagewatchError]]]:
    """Send the corrected wages of several sheets again, each sheet as an order of its own.

    A sheet that is refused (account short, nothing corrected) does not hold back the others; (orders, refusals).
    """
    orders, refused = [], []
    for item in returned_sheets(actor, now=now):
        if item.sheet.pk not in set(sheet_ids) or not item.ready.slips:
            continue
        try:
            orders.append(
                instruct_bank(
                    item.sheet.pk,
                    worker_ids=[slip.worker_id for slip, _c, _a in item.ready.slips],
                    actor=actor,
                    now=now,
                )
            )
        except WagewatchError as problem:
            refused.append((item.sheet.pk, problem))
    return orders, refused
