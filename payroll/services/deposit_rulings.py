"""What the labour authority decides about deposits: use, lifting, return, refusal; and firms' records.

Called by the supervision side, whose database role alone writes these tables.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.deposit_records import (
    RECORD,
    RULING,
    arrears_record,
    arrears_subject,
    ruling_record,
    ruling_subject,
)
from payroll.deposit_rules import Limits, return_obstacles
from payroll.models import ArrearsRecord, DepositRuling
from payroll.services.deposit_facts import Deposit, limits_of, load_deposit, unpaid_people
from registration.access import access_project, not_permitted
from registration.actors import Actor
from registration.models import Authority, Project
from registration.permissions import PERMISSIONS
from registration.services.firms import seen_firm
from registration.services.parameters import load_calendar
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Kind = DepositRuling.Kind
SHORTEST_REASON = 5


@transaction.atomic
def rule_on_deposit(
    project_id: int,
    kind: str,
    *,
    document: str,
    reason: str,
    amount_fen: int = 0,
    actor: Actor,
    now: datetime,
) -> DepositRuling:
    """Order a payment to workers from the deposit, lift that order, allow the return, or refuse it.

    The bank or insurer pays within five working days of the order, the contractor fills up within ten of the
    payment. Only the labour authority rules. Raises RuleViolation `deposit.…`, Malformed `deposit.document`,
    `deposit.reason`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="deposit.rule", for_write=True)
    if not may_rule(actor):
        not_permitted("deposit.rule")
    if kind not in Kind.values:
        raise Malformed("deposit.kind", _("Choose what is decided."))
    if not document.strip():
        raise Malformed("deposit.document", _("Write the number of the decision."))
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("deposit.reason", _("Write the reason in a few words; the contractor reads it."))
    today = site_date(now)
    deposit = load_deposit(project, today=today)
    limits = limits_of(project.region_id, on=today)
    amount, answers = _checked(kind, amount_fen, deposit, project, today, limits)
    due_on = load_calendar().add_working(today, limits.use_wd) if kind == Kind.USE else None
    ruling = DepositRuling.objects.create(
        project=project,
        number=len(deposit.rulings) + 1,
        kind=kind,
        decided_on=today,
        amount_fen=amount,
        due_on=due_on,
        document=document.strip()[:60],
        reason=reason.strip()[:300],
        answers=answers,
        made_by_id=actor.id,
        made_at=now,
    )
    append(
        RULING,
        project_id=project.pk,
        subject=ruling_subject(ruling),
        record=ruling_record(ruling),
        actor=actor,
        now=now,
    )
    return ruling


def may_rule(actor: Actor) -> bool:
    """Whether the actor inspects for a labour authority; other lines' authorities only look."""
    roles = PERMISSIONS["deposit.rule"]
    offices = [d.authority_id for d in actor.duties if d.authority_id is not None and d.role in roles]
    return Authority.objects.filter(pk__in=offices, kind=Authority.Kind.LABOUR).exists()


def obstacles_to_return(deposit: Deposit, project: Project, *, today: date, limits: Limits) -> list[str]:
    """What stands against returning the deposit today; the page shows it before anyone decides."""
    request = deposit.state.request
    return return_obstacles(
        finished=project.state == Project.State.DONE,
        unpaid_people=unpaid_people(project),
        notice_from=request.notice_from if request else None,
        today=today,
        limits=limits,
    )


def _checked(
    kind: str, amount_fen: int, deposit: Deposit, project: Project, today: date, limits: Limits
) -> tuple[int, int | None]:
    """Amount and the number of what is answered."""
    state = deposit.state
    if kind == Kind.USE:
        if state.order is not None:
            raise RuleViolation(
                "deposit.order_open", _("An order is open already. Wait for its payment, or lift it.")
            )
        if amount_fen <= 0:
            raise Malformed("deposit.amount", _("Write an amount above zero."))
        if amount_fen > state.balance_fen:
            raise RuleViolation(
                "deposit.too_much", _("The deposit covers no more than %(yuan)s yuan."),
                yuan=f"{state.balance_fen / 100:,.2f}",
            )  # fmt: skip
        return amount_fen, None
    if kind == Kind.LIFTED:
        if state.order is None:
            raise RuleViolation("deposit.no_open_order", _("There is no open order."))
        return 0, state.order.number
    if state.request is None:
        raise RuleViolation("deposit.not_asked", _("The contractor has not asked for the return."))
    if kind == Kind.REFUSED:
        return 0, state.request.number
    if state.order is not None:
        raise RuleViolation(
            "deposit.order_open", _("An order is open already. Wait for its payment, or lift it.")
        )
    if obstacles_to_return(deposit, project, today=today, limits=limits):
        raise RuleViolation(
            "deposit.obstacles",
            _(
                "Not every condition of the return is met. See the list on the page, or refuse with the reason."
            ),
        )
    return state.balance_fen, state.request.number


@transaction.atomic
def record_arrears(
    organisation_id: int,
    kind: str,
    since: date,
    reason: str,
    *,
    well_kept: bool = False,
    actor: Actor,
    now: datetime,
) -> ArrearsRecord:
    """Establish a firm's record of arrears; it decides discounts and surcharges of its later deposits.

    Raises Malformed `deposit.kind`, `deposit.since`, `deposit.reason`, NotFound, NotPermitted.
    """
    firm = seen_firm(organisation_id, actor)
    if actor.kind != "system" and not may_rule(actor):
        not_permitted("deposit.rule")
    if kind not in ArrearsRecord.Kind.values:
        raise Malformed("deposit.kind", _("Choose what is decided."))
    if not date(2000, 1, 1) <= since <= site_date(now):
        raise Malformed("deposit.since", _("This day cannot be right. Check the year."))
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("deposit.reason", _("Write the reason in a few words; the contractor reads it."))
    record = ArrearsRecord.objects.create(
        organisation=firm,
        kind=kind,
        since=since,
        well_kept=well_kept and kind == ArrearsRecord.Kind.CLEAN,
        reason=reason.strip()[:300],
        made_by_id=actor.id,
        made_at=now,
    )
    append(
        RECORD,
        project_id=None,
        subject=arrears_subject(record),
        record=arrears_record(record),
        actor=actor,
        now=now,
    )
    return record
