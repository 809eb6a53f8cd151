"""The full chain of one worker-month: what happened at each of the eight stages, when, by whose hand."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from devices.models import AttendanceDay
from inspection.worker_chain import Chain
from payroll.models import PaymentLine, PaySlip
from payroll.pay_words import lines_of
from registration.models import Participation
from wagewatch.evidence.models import Entry
from wagewatch.evidence.registry import kind_named
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import days, moment, moment_short

OK, BAD, WAIT = "ok", "bad", "wait"


def _proof(found: Iterable[Entry]) -> dict[str, Any]:
    """The newest of a stage's entries, and how many there are."""
    entries = list(found)
    if not entries:
        return {}
    entry = entries[-1]
    place = (
        _("Evidence no. %(n)s") % {"n": f"{entry.leaf_index:,}"}
        if entry.leaf_index is not None
        else _("Evidence recorded")
    )
    more = len(entries) - 1
    return {
        "evidence": place,
        "hash": bytes(entry.record_hash).hex()[:16],
        "note": ngettext("and %(n)s more entry", "and %(n)s more entries", more) % {"n": more}
        if more
        else "",
    }


def stages_of(chain: Chain) -> list[dict[str, Any]]:
    """Eight stages for components/rail.html and across.html."""
    stages = [
        _gate(chain),
        _attendance(chain),
        _slip(chain),
        _confirmation(chain),
        _approval(chain),
        _instruction(chain),
        _bank(chain),
        _evidence(chain),
    ]
    broken = False
    for stage in stages:
        if broken and stage["state"] != OK:
            stage["state"] = WAIT
        broken = broken or stage["state"] == BAD
    return stages


def _gate(chain: Chain) -> dict[str, Any]:
    passages = chain.counted
    if not passages:
        return {
            "state": BAD,
            "badge": _("None"),
            "words": _("no passages"),
            "fact": _("No passage through a gate this month."),
        }
    ins = sum(p.direction == 1 for p in passages)
    outs = sum(p.direction == 2 for p in passages)
    used = ", ".join(sorted({chain.gates.get(p.terminal_id, "") for p in passages} - {""}))
    batches = len({p.batch_pk for p in passages if p.batch_pk})
    left_out = len(chain.passages) - len(passages)
    more = [
        ngettext("Came in %(n)s batch from the gates.", "Came in %(n)s batches from the gates.", batches)
        % {"n": batches}
        if batches
        else "",
        ngettext(
            "%(n)s stamp does not count: repeated, or taken out.",
            "%(n)s stamps do not count: repeated, or taken out.",
            left_out,
        )
        % {"n": left_out}
        if left_out
        else "",
        *(
            _("%(day)s: %(what)s, %(why)s, by %(who)s.")
            % {
                "day": f"{c.day:%m-%d}",
                "what": c.get_kind_display(),
                "why": c.get_reason_display(),
                "who": c.made_by.name,
            }
            for c in chain.corrections
        ),
    ]
    return {
        "state": OK,
        "time": f"{passages[0].day} – {passages[-1].day}",
        "words": _("%(n)s passages") % {"n": len(passages)},
        "fact": _("%(gates)s: %(ins)s in, %(outs)s out.") % {"gates": used, "ins": ins, "outs": outs},
        "more": " ".join(text for text in more if text),
        "hand": used,
    }


def _attendance(chain: Chain) -> dict[str, Any]:
    attended = chain.attended
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
        "time": f"{attended[0].day} – {attended[-1].day}",
        "template": "inspection/_month_days.html",
        "cells": _cells(attended),
        "label": _("%(n)s days") % {"n": days(total)},
        "rows": [
            (_("Days counted"), days(total)),
            (_("Hours on site"), f"{sum(day.minutes for day in attended) / 60:.1f}"),
            (_("Exit missing"), str(len(still_open)) if still_open else "—"),
        ],
        "more": _("Exit missing on: %(list)s. Those days are not counted until somebody decides.")
        % {"list": ", ".join(f"{day.day:%m-%d}" for day in still_open)}
        if still_open
        else "",
        "hand": _("System"),
        **_proof(chain.of_stage(1)),
    }


def _cells(attended: list[AttendanceDay]) -> list[dict[str, Any]]:
    """The days of the span, weeks from Monday, as components/calendar.html shows them."""
    marks = {day.day: day.days for day in attended}
    first = min(marks).replace(day=1) if min(marks).month == max(marks).month else min(marks)
    last = max(marks)
    if last.month == first.month:
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    cells: list[dict[str, Any]] = [{"day": ""} for _n in range(first.weekday())]
    day: date = first
    while day <= last:
        amount = marks.get(day)
        cells.append({"day": day.day, "on": bool(amount), "half": amount is not None and 0 < amount < 1})
        day += timedelta(days=1)
    return cells


def _slip(chain: Chain) -> dict[str, Any]:
    slip = chain.slip
    rows = [
        (line.label, " ".join(part for part in (line.how, line.reason) if part), format_cny(line.amount_fen))
        for line in lines_of(slip)
    ]
    return {
        "state": OK,
        "words": format_cny(slip.net_fen),
        "time": moment(slip.sheet.submitted_at or slip.sheet.made_at),
        "template": "inspection/_month_slip.html",
        "rows": rows,
        "net": format_cny(slip.net_fen),
        "more": " ".join(
            part
            for part in (
                _("The sheet pays %(paid)s days, the gates counted %(gate)s.")
                % {"paid": days(slip.days), "gate": days(slip.gate_days)}
                if slip.days != slip.gate_days
                else _("As the gates counted."),
                slip.low_pay_reason,
                slip.note,
            )
            if part
        ),
        "hand": slip.sheet.submitted_by.name if slip.sheet.submitted_by else "",
        "note": slip.sheet.participation.organisation.name,
    }


def _confirmation(chain: Chain) -> dict[str, Any]:
    slip = chain.slip
    word = chain.words[-1] if chain.words else None
    proof = _proof(chain.of_stage(3))
    if slip.confirmation == PaySlip.Confirmation.CONFIRMED and slip.confirmed_at:
        by_tablet = word is not None and word.answer == "confirmed" and word.denied_at is None
        fact = _("Signed on the worker's own phone.")
        more, hand = "", _("the worker")
        if by_tablet and word is not None:
            fact = _("Signed by the worker at the site's tablet, without a phone of their own.")
            more = _("%(proof)s; picture taken; device %(device)s.") % {
                "proof": word.get_proof_display(),
                "device": word.device,
            }
            hand = _("the worker, beside %(clerk)s") % {"clerk": word.clerk.name}
        if slip.sent_at and slip.confirmed_at - slip.sent_at >= timedelta(hours=1):
            hours = int((slip.confirmed_at - slip.sent_at).total_seconds() // 3600)
            more += " " + (
                ngettext("%(n)s hour after it was sent.", "%(n)s hours after it was sent.", hours)
                % {"n": hours}
            )
        return {
            "state": OK,
            "time": moment(slip.confirmed_at),
            "words": moment_short(slip.confirmed_at),
            "fact": fact,
            "more": more.strip(),
            "hand": hand,
            **proof,
        }
    if slip.confirmation == PaySlip.Confirmation.OBJECTED and chain.objections:
        claim = chain.objections[-1]
        more = f"{claim.get_reason_display()} {claim.text}".strip()
        if claim.claimed_fen is not None:
            more += " " + _("Says it should be %(amount)s.") % {"amount": format_cny(claim.claimed_fen)}
        for mediation in chain.mediations:
            more += " " + _("Mediation: %(state)s.") % {"state": mediation.get_state_display()}
        return {
            "state": BAD,
            "badge": _("Objected"),
            "time": moment(claim.raised_at),
            "words": _("objected"),
            "fact": _("The worker says the slip is wrong."),
            "more": more,
            "hand": _("the worker"),
            **proof,
        }
    denied = word is not None and word.denied_at is not None
    return {
        "state": OK if slip.is_approved and not denied else BAD if denied else WAIT,
        "badge": _("Denied") if denied else _("Not confirmed"),
        "words": _("not confirmed"),
        "fact": _("The worker says that the answer at the site's tablet was not theirs.")
        if denied
        else _("The worker has not answered. Silence is not a yes."),
        **proof,
    }


def _approval(chain: Chain) -> dict[str, Any]:
    slip, approval = chain.slip, chain.approval
    if not slip.is_approved:
        return {
            "state": WAIT,
            "badge": _("Waiting"),
            "words": _("waiting"),
            "fact": _("Not approved by the general contractor yet."),
        }
    people = approval.people if approval else slip.sheet.people
    net = approval.net_fen if approval else slip.sheet.net_fen
    at = approval.approved_at if approval else slip.sheet.approved_at
    by = approval.approved_by if approval else slip.sheet.approved_by
    more = []
    if approval and approval.silent_people:
        more.append(
            ngettext(
                "%(n)s of them had not confirmed.", "%(n)s of them had not confirmed.", approval.silent_people
            )
            % {"n": approval.silent_people}
        )
    hand = by.name if by else ""
    if approval and approval.first_by and approval.first_at:
        minutes = int((approval.approved_at - approval.first_at).total_seconds() // 60)
        hand = _("%(first)s first, then %(second)s") % {"first": approval.first_by.name, "second": hand}
        more.append(
            ngettext("Two people, %(n)s minute apart.", "Two people, %(n)s minutes apart.", minutes)
            % {"n": minutes}
        )
    return {
        "state": OK,
        "time": moment(at),
        "words": moment_short(at),
        "fact": _("The general contractor approved the sheet of %(people)s people, %(net)s.")
        % {"people": people, "net": format_cny(net)},
        "more": " ".join(more),
        "hand": hand,
        **_proof(chain.of_stage(4)),
    }


def _instruction(chain: Chain) -> dict[str, Any]:
    lines = chain.lines
    if chain.handed is not None:
        return {
            "state": OK,
            "badge": _("Not by the bank"),
            "words": _("in cash"),
            "fact": _("No instruction to the bank: this wage was handed over in cash."),
            "more": _("Reason: %(why)s. %(text)s")
            % {"why": chain.handed.get_reason_display(), "text": chain.handed.text},
        }
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
        "more": " ".join(
            [
                _("Instruction %(id)s, attempt %(n)s.") % {"id": line.order.message_id, "n": line.attempt},
                *(_attempt(earlier) for earlier in lines[:-1]),
            ]
        ),
        "hand": line.order.instructed_by.name,
        **_proof(chain.of_stage(5)),
    }


def _attempt(line: PaymentLine) -> str:
    return _("Before: attempt %(n)s at %(time)s to the card ending %(tail)s, returned: %(why)s.") % {
        "n": line.attempt,
        "time": moment(line.order.instructed_at),
        "tail": line.card_tail,
        "why": f"{line.reason_code} {line.reason_text}".strip() or "—",
    }


def _bank(chain: Chain) -> dict[str, Any]:
    slip, lines, handed = chain.slip, chain.lines, chain.handed
    proof = _proof(chain.of_stage(6))
    if slip.payment == PaySlip.Payment.CASH and handed is not None:
        denied = handed.denied_at is not None
        return {
            "state": BAD if denied else OK,
            "badge": _("Denied") if denied else _("Paid in cash"),
            "time": moment(handed.at),
            "words": _("in cash"),
            "fact": _("%(amount)s handed over in cash, from other funds than the special account.")
            % {"amount": format_cny(handed.amount_fen)},
            "more": _("The worker says that the cash was not handed over.")
            if denied
            else _("Signed, with a picture of the hand-over; %(proof)s.")
            % {"proof": handed.get_proof_display()},
            "hand": handed.clerk.name,
            **proof,
        }
    bank = lines[-1].order.account.bank.name if lines else _("the bank")
    if slip.payment == PaySlip.Payment.PAID:
        return {
            "state": OK,
            "time": moment(slip.paid_at),
            "words": moment_short(slip.paid_at),
            "fact": _("%(amount)s booked to the card ending %(tail)s.")
            % {"amount": format_cny(slip.net_fen), "tail": slip.paid_card_tail},
            "hand": bank,
            **proof,
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
            "hand": bank,
            **proof,
        }
    return {"state": WAIT, "badge": _("Waiting"), "words": _("waiting"), "fact": _("Nothing booked yet.")}


def _evidence(chain: Chain) -> dict[str, Any]:
    entries = chain.entries
    if not entries:
        return {
            "state": WAIT,
            "badge": _("Waiting"),
            "words": _("waiting"),
            "fact": _("Nothing recorded yet."),
        }
    numbered = [e for e in entries if e.leaf_index is not None]
    return {
        "state": OK if len(numbered) == len(entries) else WAIT,
        "badge": _("Published") if len(numbered) == len(entries) else _("Recorded"),
        "words": _("%(n)s entries") % {"n": len(entries)},
        "template": "inspection/_month_evidence.html",
        "fact": _("%(n)s entries of this wage are in the log; the worker can check them alone.")
        % {"n": len(entries)},
        "rows": [
            {
                "what": kind.label if (kind := kind_named(e.kind)) else e.kind,
                "subject": e.subject,
                "at": e.recorded_at,
                "number": e.leaf_index,
                "hash": bytes(e.record_hash).hex()[:16],
                "url": reverse("evidence:receipt", args=[e.pk]),
            }
            for e in entries
        ],
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
