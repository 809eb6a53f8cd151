"""What the inspection tests put on stage beside the cast: parameters, sheets in any state, rule runs."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import F

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm, AlarmFlip, RuleRun
from inspection.services.rules import run_rules
from payroll.models import CashPayment, PaySheet, PaySlip
from payroll.services.signatures import keep_signature
from registration.models import CalendarDay, Parameter, Participation, Posting, Worker
from registration.seed.parameters import parameter_rows
from registration.services.parameters import forget
from tests.cast import Cast
from tests.payroll.stage import attend, signature
from wagewatch.lib.dates import SITE_TZ

OCTOBER = date(2026, 10, 1)
DUE = date(2026, 11, 13)
"""The 15th of November 2026 is a Sunday, so October is due on Friday the 13th."""
FROM = date(2020, 5, 1)


def at(day: date, hour: int = 9) -> datetime:
    """That hour in Jinhua, in UTC."""
    return datetime.combine(day, time(hour), SITE_TZ).astimezone(UTC)


LIFE = (
    "alarm.handle_within_wd",
    "alarm.measures_within_wd",
    "alarm.recheck_within_wd",
    "alarm.escalate_after_wd",
    "alarm.pausable_rules",
    "alarm.pause_at_most_days",
)
NEEDED = tuple(sorted({key for rule in RULES.values() for key in rule.parameters} | {*LIFE}))


def set_parameters() -> None:
    """The nationwide defaults that the rules need, as `seed` writes them."""
    Parameter.objects.bulk_create(
        Parameter(
            key=row.key,
            value=row.value,
            # What other tests set for themselves begins later and holds.
            valid_from=FROM if row.key.startswith("alarm.") else FROM - timedelta(days=365),
            source="test",
        )
        for row in parameter_rows()
        if row.region is None and row.valid_to is None and row.key in NEEDED
    )
    forget()


def set_parameter(key: str, value: object, region: str | None = None, *, since: date = FROM) -> None:
    """One more value for a region."""
    Parameter.objects.create(key=key, region_id=region, value=value, valid_from=since, source="test")
    forget()


def rest_day(day: date) -> None:
    """A holiday."""
    CalendarDay.objects.create(day=day, is_working=False, name="test", source="test")
    forget()


def sent_sheet(
    part: Participation,
    slips: list[tuple[Posting, int]],
    *,
    month: date = OCTOBER,
    due_on: date = DUE,
    kind: str = "monthly",
    state: str = "confirming",
    payment: str = "none",
    confirmation: str = "waiting",
    number: int = 1,
) -> PaySheet:
    """A sheet with one slip per (posting, net fen), written as if sent to the workers."""
    sheet = PaySheet.objects.create(
        project_id=part.project_id,
        participation=part,
        month=month,
        kind=kind,
        number=number,
        source="attendance",
        state=state,
        due_on=due_on,
        people=len(slips),
        gross_fen=sum(fen for _, fen in slips),
        net_fen=sum(fen for _, fen in slips),
        made_at=at(date(2026, 11, 2)),
        submitted_at=at(date(2026, 11, 3)),
    )
    PaySlip.objects.bulk_create(
        PaySlip(
            month=month,
            project_id=part.project_id,
            sheet_id=sheet.pk,
            worker_id=posting.worker_id,
            posting_id=posting.pk,
            team_name="木工一班",
            pay_basis=posting.pay_basis,
            rate_fen=posting.rate_fen,
            days=Decimal(20),
            gate_days=Decimal(20),
            gross_fen=fen,
            net_fen=fen,
            confirmation=confirmation,
            payment=payment,
        )
        for posting, fen in slips
    )
    return sheet


def set_slips(
    sheet: PaySheet, *, state: str | None = None, worker: int | None = None, **fields: object
) -> None:
    """Move slips (all, or one worker's) and the sheet to another state."""
    slips = PaySlip.objects.filter(project_id=sheet.project_id, month=sheet.month, sheet_id=sheet.pk)
    if worker is not None:
        slips = slips.filter(worker_id=worker)
    slips.update(version=F("version") + 1, **fields)
    if state:
        PaySheet.objects.filter(pk=sheet.pk).update(state=state)


def paid_in_cash(
    stage: Cast, sheet: PaySheet, worker: Worker, *, day: date = DUE, denied: datetime | None = None
) -> CashPayment:
    """A slip handed over in cash that day, and denied by the worker at that time."""
    slip = PaySlip.objects.get(sheet=sheet.pk, worker=worker)
    set_slips(sheet, worker=worker.pk, payment="cash", paid_at=at(day))
    return CashPayment.objects.create(
        project=stage.project, sheet=sheet, worker=worker, month=sheet.month, amount_fen=slip.net_fen,
        reason="no_card", text="急用", proof="typed", signature=keep_signature(worker, signature(), now=at(day)),
        photo=b"jpeg", photo_sha256=b"0" * 32, clerk=stage.qian, at=at(day), denied_at=denied,
    )  # fmt: skip


def run(day: date, rule: str = "D3", hour: int = 9) -> RuleRun:
    """Run one rule on a day."""
    forget()
    (found,) = run_rules(now=at(day, hour), only=rule)
    assert not found.error.startswith(("ProgrammingError", "DataError")), found.error
    return found


def flips(alarm: Alarm) -> list[tuple[str, int, int, int]]:
    """(kind, level, fen, people) of every flip, oldest first."""
    return [
        (f.kind, f.level, f.amount_fen, f.people)
        for f in AlarmFlip.objects.filter(alarm=alarm).order_by("at", "pk")
    ]


__all__ = ["attend"]
