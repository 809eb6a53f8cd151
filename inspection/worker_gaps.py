"""What is missing or contradicts itself in one worker's month, named: for the inspector who has to ask about it."""

from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from devices.models import AttendanceDay
from inspection.worker_chain import Chain
from payroll.models import PaySlip
from wagewatch.lib.dates import site_date
from wagewatch.templatetags.ww import days

MAX_DAYS = 6
"""Dates that one sentence lists."""


def gaps_of(chain: Chain, today: date) -> list[str]:
    """Sentences, in the order of the stages; empty when every stage bears the next."""
    return [
        *_attendance_gaps(chain),
        *_word_gaps(chain),
        *_money_gaps(chain, today),
        *_evidence_gaps(chain, today),
    ]


def _dates(found: list[date]) -> str:
    # A hyphen at which no line breaks.
    listed = ", ".join(f"{day:%m-%d}".replace("-", "\u2011") for day in found[:MAX_DAYS])
    return listed if len(found) <= MAX_DAYS else _("%(list)s and more") % {"list": listed}


def _attendance_gaps(chain: Chain) -> list[str]:
    slip, found = chain.slip, []
    stamped = {p.day for p in chain.counted}
    without = [d.day for d in chain.attended if d.days and d.day not in stamped]
    if without and chain.passages:
        found.append(_("Days count without a stamp: %(list)s.") % {"list": _dates(without)})
    still_open = [d.day for d in chain.attended if d.state == AttendanceDay.State.OPEN]
    if still_open:
        found.append(_("The exit is missing on: %(list)s.") % {"list": _dates(still_open)})
    by_hand = [c for c in chain.corrections if c.kind in {"add", "shift"}]
    if by_hand:
        found.append(
            ngettext("%(n)s stamp was put by hand.", "%(n)s stamps were put by hand.", len(by_hand))
            % {"n": len(by_hand)}
        )
    counted = sum((d.days for d in chain.attended), start=slip.gate_days * 0)
    if not chain.attended and slip.days:
        found.append(_("The slip pays days, and no attendance is on record."))
    elif slip.pay_basis != "hour" and counted != slip.gate_days:
        found.append(
            _("Attendance changed after the slip was made: then %(then)s days, now %(now)s.")
            % {"then": days(slip.gate_days), "now": days(counted)}
        )
    if slip.days != slip.gate_days and chain.attended:
        found.append(
            _("The sheet pays %(paid)s, the gates counted %(gate)s.")
            % {"paid": days(slip.days), "gate": days(slip.gate_days)}
        )
    return found


def _word_gaps(chain: Chain) -> list[str]:
    slip, found = chain.slip, []
    denied = [w for w in chain.words if w.denied_at is not None]
    if denied:
        found.append(_("The worker says that the answer at the site's tablet was not theirs."))
    if slip.confirmation == PaySlip.Confirmation.WAITING and slip.is_approved:
        found.append(_("Approved without the worker's word."))
    if any(o.state == "open" for o in chain.objections):
        found.append(_("An objection is open."))
    if chain.approval and slip.confirmed_at and slip.confirmed_at > chain.approval.approved_at:
        found.append(_("The worker confirmed only after the approval."))
    return found


def _money_gaps(chain: Chain, today: date) -> list[str]:
    slip, found = chain.slip, []
    if slip.is_approved and chain.approval is None:
        found.append(_("The slip is marked approved, and no approval is on record."))
    is_settled = chain.is_settled
    due = slip.sheet.due_on
    if not is_settled and due < today and slip.net_fen > 0:
        late = (today - due).days
        found.append(
            ngettext("Not paid, %(n)s day overdue.", "Not paid, %(n)s days overdue.", late) % {"n": late}
        )
    elif slip.paid_at is not None and site_date(slip.paid_at) > due:
        late = (site_date(slip.paid_at) - due).days
        found.append(
            ngettext("Paid %(n)s day after the due date.", "Paid %(n)s days after the due date.", late)
            % {"n": late}
        )
    if slip.payment == PaySlip.Payment.CASH:
        found.append(_("Paid in cash, not through the special account."))
        if chain.handed is not None and chain.handed.denied_at is not None:
            found.append(_("The worker says that the cash was not handed over."))
    if len(chain.lines) > 1:
        found.append(
            _("The bank was instructed %(n)s times before the money came or stopped.")
            % {"n": len(chain.lines)}
        )
    return found


def _evidence_gaps(chain: Chain, today: date) -> list[str]:
    unsealed = [
        d.day
        for d in chain.attended
        if d.day < today - timedelta(days=3)
        and not any(e.kind == "attendance.day" and e.subject.endswith(f"{d.day}") for e in chain.entries)
    ]
    found = []
    if unsealed:
        found.append(_("Attendance without evidence: %(list)s.") % {"list": _dates(unsealed)})
    if chain.slip.payment == PaySlip.Payment.PAID and not chain.of_stage(6):
        found.append(_("Paid, and no evidence of the bank's result is on record."))
    return found
