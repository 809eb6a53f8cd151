"""How contracts end: by their last day, by the work being done, or by either side's word."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registration.access import access_contract
from registration.actors import SYSTEM, Actor
from registration.models import LabourContract
from registration.rules.contracts import check_transition
from registration.services.contract_moves import move, note_change
from registration.services.contract_offers import full_postings, tell
from registration.services.contract_signing import record_ended
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

State, Period = LabourContract.State, LabourContract.Period
LONGEST_AHEAD = timedelta(days=60)
TERM_OVER, WORK_DONE = "期限届满", "工作完成，已离场"


@transaction.atomic
def terminate_contract(
    contract_id: int, project_id: int, *, ended_on: date, reason: str, actor: Actor, now: datetime
) -> LabourContract:
    """End a contract before its time; `ended_on` is its last day, on which all wages are due (1994, 9).

    Raises RuleViolation `contract.is_<state>`, `contract.reason`, `contract.before_start`,
    `contract.far_ahead`, `contract.after_end`, NotFound, NotPermitted.
    """
    contract = access_contract(contract_id, project_id, actor, permission="contract.sign", for_write=True)
    check_transition(contract.state, State.TERMINATED)
    words = " ".join(reason.split())
    if not words:
        raise RuleViolation("contract.reason", _("Write the reason: it stands in the worker's record."))
    if ended_on < contract.starts_on:
        text = _("The last day cannot be before the contract begins, %(day)s.")
        raise RuleViolation("contract.before_start", text, day=contract.starts_on.isoformat())
    if contract.ends_on is not None and ended_on > contract.ends_on:
        text = _("The contract ends by itself on %(day)s. Choose that day or an earlier one.")
        raise RuleViolation("contract.after_end", text, day=contract.ends_on.isoformat())
    if ended_on > site_date(now) + LONGEST_AHEAD:
        raise RuleViolation("contract.far_ahead", _("This day is too far ahead. Check year and month."))
    move(
        contract,
        State.TERMINATED,
        actor=actor,
        now=now,
        reason="terminated",
        ended_on=ended_on,
        end_reason=words[:200],
    )
    record_ended([contract], actor=actor, now=now)
    posting = full_postings(contract.project, [contract.posting_id])[contract.posting_id]
    tell([(contract, posting)], "contract.terminated", now=now)
    return contract


@transaction.atomic
def expire_contracts(*, now: datetime) -> int:
    """End what is past its last day, and contracts for a piece of work whose worker has left; how many.

    For the nightly task; harmless when run again.
    """
    today = site_date(now)
    over = Q(ends_on__lt=today) | Q(period=Period.TASK, posting__left_on__lt=today)
    rows = (
        LabourContract.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(over, state=State.IN_FORCE)
        .select_related("posting")
        .defer("text", "particulars")
        .order_by("pk")
    )
    per_project: dict[int, list[LabourContract]] = defaultdict(list)
    for contract in rows:
        left = contract.posting.left_on
        contract.state = State.ENDED
        if contract.ends_on is not None and contract.ends_on < today:
            contract.ended_on, contract.end_reason = contract.ends_on, TERM_OVER
        else:
            contract.ended_on = max(left or today, contract.starts_on)
            contract.end_reason = WORK_DONE
        per_project[contract.project_id].append(contract)
    for project_id, ended in per_project.items():
        LabourContract.objects.bulk_update(ended, ["state", "ended_on", "end_reason"], batch_size=500)
        note_change(project_id, [c.pk for c in ended], actor=SYSTEM, now=now, reason="expired")
        record_ended(ended, actor=SYSTEM, now=now)
    return sum(map(len, per_project.values()))
