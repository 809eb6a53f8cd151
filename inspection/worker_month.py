"""The full chain of one worker-month: what happened at each of the eight stages, when, by whose hand."""

from typing import Any

from django.utils.translation import gettext as _

from devices.models import AttendanceDay, Passage, Terminal
from devices.services.seals import subject_of as day_subject
from payroll import records
from payroll.models import Approval, Objection, PaymentLine, PaySlip
from payroll.pay_words import short_sum
from payroll.wage_months import days_of_sheet
from registration.models import Participation, Worker
from wagewatch.evidence.models import Entry
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import days, moment, moment_short

OK, BAD, WAIT = "ok", "bad", "wait"


def _proof(entries: dict[str, Entry], kind: str) -> dict[str, str]:
    entry = entries.get(kind)
    if entry is None:
        return {}
    place = (
        _("Evidence no. %(n)s") % {"n": entry.leaf_index}
        if entry.leaf_index is not None
        else _("Evidence recorded")
    )
    return {"evidence": place, "hash": bytes(entry.record_hash).hex()[:16]}


def entries_of(
    slip: PaySlip, lines: list[PaymentLine], objections: list[Objection], attended: list[AttendanceDay]
) -> dict[str, Entry]:
    """The latest evidence entry of each kind that belongs to this slip; one query."""
    subjects = [
        records.slip_subject(slip),
        *(records.objection_subject(objection) for objection in objections),
        *(records.order_subject(line.order) for line in lines),
        *(records.line_subject(line) for line in lines),
        *(day_subject(slip.project_id, day.day) for day in attended),
    ]
    if slip.approval_number is not None:
        subjects.append(
            records.approval_subject(
                Approval(project_id=slip.project_id, sheet_id=slip.sheet_id, number=slip.approval_number)
            )
        )
    found: dict[str, Entry] = {}
    for entry in Entry.objects.filter(project_id=slip.project_id, subject__in=subjects).order_by(
        "recorded_at", "pk"
    ):
        found[entry.kind] = entry
    return found


def stages_of(slip: PaySlip, worker: Worker) -> list[dict[str, Any]]:
    """Eight stages for components/rail.html and across.html; each query carries the project."""
    project_id = slip.project_id
    first, last = days_of_sheet(slip.sheet)
    passages = list(
        Passage.objects.filter(project_id=project_id, worker_id=worker.pk, day__range=(first, last)).order_by(
            "at"
        )
    )
    attended = list(
        AttendanceDay.objects.filter(
            project_id=project_id, worker_id=worker.pk, day__range=(first, last)
        ).order_by("day")
    )
    gates = dict(Terminal.objects.filter(project_id=project_id).values_list("pk", "name"))
    lines = list(
        PaymentLine.objects.filter(project_id=project_id, sheet_id=slip.sheet_id, worker_id=worker.pk)
        .select_related("order__instructed_by")
        .order_by("attempt")
    )
    objections = list(
        Objection.objects.filter(project_id=project_id, sheet_id=slip.sheet_id, worker_id=worker.pk).order_by(
            "pk"
        )
    )
    entries = entries_of(slip, lines, objections, attended)
    stages = [
        _gate(passages, gates),
        _attendance(attended, entries),
        _slip(slip),
        _confirmation(slip, objections, entries),
        _approval(slip, entries),
        _instruction(lines, entries),
        _bank(slip, lines, entries),
        _evidence(entries),
    ]
    broken = False
    for stage in stages:
        if broken and stage["state"] != OK:
            stage["state"] = WAIT
        broken = broken or stage["state"] == BAD
    return stages


def _gate(passages: list[Passage], gates: dict[int, str]) -> dict[str, Any]:
    if not passages:
        return {
            "state": BAD,
            "badge": _("None"),
            "words": _("no passages"),
            "fact": _("No passage through a gate this month."),
        }
    ins = sum(p.direction == 1 for p in passages)
    outs = sum(p.direction == 2 for p in passages)
    used = ", ".join(sorted({gates.get(p.terminal_id, "") for p in passages} - {""}))
    return {
        "state": OK,
        "time": f"{passages[0].day} – {passages[-1].day}",
        "words": _("%(n)s passages") % {"n": len(passages)},
        "fact": _("%(gates)s: %(ins)s in, %(outs)s out.") % {"gates": used, "ins": ins, "outs": outs},
        "hand": used,
    }


def _attendance(attended: list[AttendanceDay], entries: dict[str, Entry]) -> dict[str, Any]:
    if not attended:
        return {
            "state": BAD,
            "badge": _("None"),
            "words": _("no days"),
            "fact": _("No attendance day was counted."),
        }
    total = sum(day.days for day in attended)
    still_open = [day for day in attended if day.state == AttendanceDay.State.OPEN]
    return {
        "state": OK,
        "words": _("%(n)s days") % {"n": days(total)},
        "fact": _("%(n)s days, %(hours)s hours on site.")
        % {"n": days(total), "hours": sum(day.minutes for day in attended) // 60},
        "more": _("Exit missing on: %(list)s. Those days are not counted until somebody decides.")
        % {"list": ", ".join(f"{day.day:%m-%d}" for day in still_open)}
        if still_open
        else "",
        "hand": _("System"),
        **_proof(entries, "attendance.day"),
    }


def _slip(slip: PaySlip) -> dict[str, Any]:
    difference = slip.days - slip.gate_days
    return {
        "state": OK,
        "words": format_cny(slip.net_fen),
        "time": moment(slip.sheet.submitted_at or slip.sheet.made_at),
        "fact": _("%(lines)s = %(net)s net") % {"lines": short_sum(slip), "net": format_cny(slip.net_fen)},
        "more": _("The sheet pays %(paid)s days, the gates counted %(gate)s.")
        % {"paid": days(slip.days), "gate": days(slip.gate_days)}
        if difference
        else _("As the gates counted."),
        "note": slip.low_pay_reason,
        "hand": slip.sheet.submitted_by.name if slip.sheet.submitted_by else "",
    }


def _confirmation(slip: PaySlip, objections: list[Objection], entries: dict[str, Entry]) -> dict[str, Any]:
    if slip.confirmation == PaySlip.Confirmation.CONFIRMED and slip.confirmed_at:
        return {
            "state": OK,
            "time": moment(slip.confirmed_at),
            "words": moment_short(slip.confirmed_at),
            "fact": _("Signed on the worker's own phone."),
            "hand": _("the worker"),
            **_proof(entries, "slip.confirmed"),
        }
    if slip.confirmation == PaySlip.Confirmation.OBJECTED and objections:
        claim = objections[-1]
        more = f"{claim.get_reason_display()} {claim.text}".strip()
        if claim.claimed_fen is not None:
            more += " " + _("Says it should be %(amount)s.") % {"amount": format_cny(claim.claimed_fen)}
        return {
            "state": BAD,
            "badge": _("Objected"),
            "time": moment(claim.raised_at),
            "words": _("objected"),
            "fact": _("The worker says the slip is wrong."),
            "more": more,
            **_proof(entries, "slip.objected"),
        }
    state = OK if slip.is_approved else WAIT
    return {
        "state": state,
        "badge": _("Not confirmed"),
        "words": _("not confirmed"),
        "fact": _("The worker has not answered. Silence is not a yes."),
    }


def _approval(slip: PaySlip, entries: dict[str, Entry]) -> dict[str, Any]:
    if not slip.is_approved:
        return {
            "state": WAIT,
            "badge": _("Waiting"),
            "words": _("waiting"),
            "fact": _("Not approved by the general contractor yet."),
        }
    return {
        "state": OK,
        "time": moment(slip.sheet.approved_at),
        "words": moment_short(slip.sheet.approved_at),
        "fact": _("The general contractor approved the sheet of %(people)s people, %(net)s.")
        % {"people": slip.sheet.people, "net": format_cny(slip.sheet.net_fen)},
        "hand": slip.sheet.approved_by.name if slip.sheet.approved_by else "",
        **_proof(entries, "sheet.approved"),
    }


def _instruction(lines: list[PaymentLine], entries: dict[str, Entry]) -> dict[str, Any]:
    if not lines:
        return {
            "state": WAIT,
            "badge": _("Waiting"),
            "words": _("waiting"),
            "fact": _("No instruction to the bank yet."),
        }
    line = lines[-1]
    return {
        "state": OK,
        "time": moment(line.order.instructed_at),
        "words": moment_short(line.order.instructed_at),
        "fact": _("%(amount)s from the special account to the card ending %(tail)s.")
        % {"amount": format_cny(line.amount_fen), "tail": line.card_tail},
        "more": _("Instruction %(id)s, attempt %(n)s.") % {"id": line.order.message_id, "n": line.attempt},
        "hand": line.order.instructed_by.name,
        **_proof(entries, "order.instructed"),
    }


def _bank(slip: PaySlip, lines: list[PaymentLine], entries: dict[str, Entry]) -> dict[str, Any]:
    if slip.payment == PaySlip.Payment.PAID:
        return {
            "state": OK,
            "time": moment(slip.paid_at),
            "words": moment_short(slip.paid_at),
            "fact": _("%(amount)s booked to the card ending %(tail)s.")
            % {"amount": format_cny(slip.net_fen), "tail": slip.paid_card_tail},
            "hand": _("the bank"),
            **_proof(entries, "line.result"),
        }
    if slip.payment == PaySlip.Payment.RETURNED:
        return {
            "state": BAD,
            "badge": _("Returned"),
            "words": _("returned"),
            "time": moment(lines[-1].settled_at) if lines and lines[-1].settled_at else "",
            "fact": _("The money did not reach the worker's card."),
            "more": _("The bank says: %(code)s %(text)s")
            % {"code": slip.return_code, "text": slip.return_text},
            "hand": _("the bank"),
            **_proof(entries, "line.result"),
        }
    return {"state": WAIT, "badge": _("Waiting"), "words": _("waiting"), "fact": _("Nothing booked yet.")}


def _evidence(entries: dict[str, Entry]) -> dict[str, Any]:
    numbered = [e for e in entries.values() if e.leaf_index is not None]
    if not entries:
        return {
            "state": WAIT,
            "badge": _("Waiting"),
            "words": _("waiting"),
            "fact": _("Nothing recorded yet."),
        }
    return {
        "state": OK if len(numbered) == len(entries) else WAIT,
        "badge": _("Published") if len(numbered) == len(entries) else _("Recorded"),
        "words": _("%(n)s entries") % {"n": len(entries)},
        "fact": _("%(n)s entries of this wage are in the log; the worker can check them alone.")
        % {"n": len(entries)},
    }


def responsible(slip: PaySlip) -> list[Participation]:
    """From the slip's employer up to the owner: who is liable for this wage (articles 29, 30)."""
    firms = {
        p.pk: p
        for p in Participation.objects.filter(project_id=slip.project_id).select_related("organisation")
    }
    line: list[Participation] = []
    current = firms.get(slip.sheet.participation_id)
    while current is not None and current not in line:
        line.append(current)
        current = firms.get(current.parent_id) if current.parent_id else None
    for role in (Participation.Role.GENERAL_CONTRACTOR, Participation.Role.OWNER):
        line += [p for p in firms.values() if p.role == role and p not in line]
    return line[::-1]
