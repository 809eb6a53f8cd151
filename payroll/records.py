"""What the evidence log holds about pay: canonical records, and how each is rebuilt from today's rows."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payroll.models import Approval, LateDismissal, Objection, PaymentLine, PaymentOrder, PaySlip, Signature
from wagewatch.evidence.registry import register_kind

CONFIRMED = "slip.confirmed"
OBJECTED = "slip.objected"
APPROVED = "sheet.approved"
INSTRUCTED = "order.instructed"
RESULT = "line.result"
LATE_DISMISSED = "late.dismissed"

Record = Mapping[str, object]


def slip_subject(slip: PaySlip) -> str:
    """E.g. "payslip:2026-10.3.17.55"."""
    return f"payslip:{slip.reference}"


def objection_subject(objection: Objection) -> str:
    """E.g. "objection:3.12" (project, number)."""
    return f"objection:{objection.project_id}.{objection.pk}"


def approval_subject(approval: Approval) -> str:
    """E.g. "approval:3.17.1" (project, sheet, which time)."""
    return f"approval:{approval.project_id}.{approval.sheet_id}.{approval.number}"


def order_subject(order: PaymentOrder) -> str:
    """E.g. "order:3.8" (project, number)."""
    return f"order:{order.project_id}.{order.pk}"


def line_subject(line: PaymentLine) -> str:
    """E.g. "line:3-17-55-1": the reference the bank carries."""
    return f"line:{line.end_to_end_id}"


def confirmed_record(slip: PaySlip, signature_sha256: bytes) -> Record:
    """What the worker confirmed: days or hours, amounts in fen, every line, the version, the signature's hash."""
    lines = {"lines": slip.items} if slip.items else {}
    return {
        "slip": slip.reference,
        "version": slip.version,
        "basis": slip.pay_basis,
        "days": slip.days,
        "rate_fen": slip.rate_fen,
        "gross_fen": slip.gross_fen,
        "deduction_fen": slip.deduction_fen,
        "net_fen": slip.net_fen,
        "signature": signature_sha256.hex(),
        "confirmed_at": slip.confirmed_at,
        **lines,
    }


def withdrawn_record(slip: PaySlip) -> Record:
    """A confirmation that the worker took back, because somebody else had given it in their name."""
    return {"slip": slip.reference, "withdrawn": True}


def objected_record(objection: Objection) -> Record:
    """What the worker said is wrong; days tapped, photo and voice (by digest) only where there are any."""
    more: dict[str, object] = {}
    if objection.wrong_days:
        more["days"] = list(objection.wrong_days)
    if objection.photo is not None:
        more["photo"] = bytes(objection.photo.sha256).hex()
    if objection.voice is not None:
        more["voice"] = bytes(objection.voice.sha256).hex()
    return {
        "project": objection.project_id,
        "sheet": objection.sheet_id,
        "worker": objection.worker_id,
        "month": objection.month,
        "reason": objection.reason,
        "claimed_fen": objection.claimed_fen,
        "text": objection.text,
        "raised_at": objection.raised_at,
        **more,
    }


class ApprovedSlip(Protocol):
    """What of a slip stands in an approval."""

    @property
    def worker_id(self) -> int: ...

    @property
    def version(self) -> int: ...

    @property
    def net_fen(self) -> int: ...


def approved_record(approval: Approval, slips: Iterable[ApprovedSlip]) -> Record:
    """Which amounts were approved, and how many of them were not confirmed by their workers; over the limit also
    by whom first."""
    first = {"first_by": approval.first_by_id, "first_at": approval.first_at} if approval.first_by_id else {}
    return {
        **first,
        "project": approval.project_id,
        "sheet": approval.sheet_id,
        "number": approval.number,
        "people": approval.people,
        "silent": approval.silent_people,
        "net_fen": approval.net_fen,
        "approved_by": approval.approved_by_id,
        "approved_at": approval.approved_at,
        "slips": [
            [slip.worker_id, slip.version, slip.net_fen] for slip in sorted(slips, key=lambda s: s.worker_id)
        ],
    }


def instructed_record(order: PaymentOrder, lines: Iterable[PaymentLine]) -> Record:
    """The exact file (by the hash of its stored bytes) and its lines."""
    return {
        "project": order.project_id,
        "sheet": order.sheet_id,
        "account": order.account_id,
        "message": order.message_id,
        "file": hashlib.sha256(order.file).hexdigest(),
        "total_fen": order.total_fen,
        "instructed_by": order.instructed_by_id,
        "instructed_at": order.instructed_at,
        "lines": [
            [line.end_to_end_id, line.amount_fen] for line in sorted(lines, key=lambda x: x.end_to_end_id)
        ],
    }


def result_record(line: PaymentLine) -> Record:
    """What became of one payment. A return after payment is recorded again and supersedes the first."""
    return {
        "line": line.end_to_end_id,
        "sheet": line.sheet_id,
        "worker": line.worker_id,
        "amount_fen": line.amount_fen,
        "state": line.state,
        "reason": line.reason_code,
        "settled_at": line.settled_at,
    }


def dismissal_subject(dismissal: LateDismissal) -> str:
    """E.g. "late:3.12" (project, number)."""
    return f"late:{dismissal.project_id}.{dismissal.pk}"


def dismissal_record(dismissal: LateDismissal) -> Record:
    """Why a slip stays although the gates count otherwise: both figures, the reason, who and when."""
    return {
        "project": dismissal.project_id,
        "participation": dismissal.participation_id,
        "worker": dismissal.worker_id,
        "month": dismissal.month,
        "listed": dismissal.listed,
        "quantity": dismissal.quantity,
        "reason": dismissal.reason,
        "note": dismissal.note,
        "made_by": dismissal.made_by_id,
        "made_at": dismissal.made_at,
    }


def _numbers(subjects: Sequence[str], count: int) -> dict[tuple[int, ...], str]:
    found = {}
    for subject in subjects:
        parts = subject.partition(":")[2].split(".")
        if len(parts) == count and all(p.isdigit() for p in parts):
            found[tuple(int(p) for p in parts)] = subject
    return found


def _load_confirmed(subjects: Sequence[str]) -> dict[str, Record]:
    from payroll.access import slip_key

    keys = [slip_key(s.partition(":")[2]) for s in subjects]
    slips = PaySlip.objects.filter(
        month__in={k.month for k in keys},
        project_id__in={k.project_id for k in keys},
        sheet_id__in={k.sheet_id for k in keys},
        worker_id__in={k.worker_id for k in keys},
        confirmed_at__isnull=False,
    )
    wanted = set(subjects)
    found = [slip for slip in slips if slip_subject(slip) in wanted]
    hashes = dict(
        Signature.objects.filter(pk__in=[s.signature_id for s in found]).values_list("pk", "sha256")
    )
    return {
        slip_subject(slip): confirmed_record(slip, bytes(hashes.get(slip.signature_id or 0, b"")))
        if slip.confirmation == PaySlip.Confirmation.CONFIRMED
        else withdrawn_record(slip)
        for slip in found
    }


def _load_objected(subjects: Sequence[str]) -> dict[str, Record]:
    wanted = _numbers(subjects, 2)
    rows = (
        Objection.objects.filter(pk__in=[pk for _project, pk in wanted])
        .select_related("photo", "voice")
        .defer("photo__content", "voice__content")
    )
    return {objection_subject(o): objected_record(o) for o in rows}


def _load_approved(subjects: Sequence[str]) -> dict[str, Record]:
    wanted = _numbers(subjects, 3)
    approvals = list(
        Approval.objects.filter(
            project_id__in={k[0] for k in wanted}, sheet_id__in={k[1] for k in wanted}
        ).select_related("sheet")
    )
    slips: dict[tuple[int, int | None], list[PaySlip]] = defaultdict(list)
    if approvals:
        where = Q()
        for approval in approvals:
            where |= Q(month=approval.sheet.month, project=approval.project_id, sheet=approval.sheet_id)
        for slip in PaySlip.objects.filter(where, approval_number__isnull=False):
            slips[slip.sheet_id, slip.approval_number].append(slip)
    found = {approval_subject(a): approved_record(a, slips[a.sheet_id, a.number]) for a in approvals}
    return {subject: record for subject, record in found.items() if subject in set(subjects)}


def _load_instructed(subjects: Sequence[str]) -> dict[str, Record]:
    wanted = _numbers(subjects, 2)
    orders = PaymentOrder.objects.filter(pk__in=[pk for _project, pk in wanted]).prefetch_related("lines")
    return {order_subject(order): instructed_record(order, order.lines.all()) for order in orders}


def _load_results(subjects: Sequence[str]) -> dict[str, Record]:
    references = [s.partition(":")[2] for s in subjects]
    lines = PaymentLine.objects.filter(
        project_id__in={int(r.partition("-")[0]) for r in references if r.partition("-")[0].isdigit()},
        end_to_end_id__in=references,
    )
    return {line_subject(line): result_record(line) for line in lines}


def _load_dismissed(subjects: Sequence[str]) -> dict[str, Record]:
    wanted = _numbers(subjects, 2)
    rows = LateDismissal.objects.filter(pk__in=[pk for _project, pk in wanted])
    return {dismissal_subject(d): dismissal_record(d) for d in rows}


def _within(rows: Any, project_id: int | None) -> Any:
    return rows if project_id is None else rows.filter(project_id=project_id)


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        CONFIRMED,
        load_many=_load_confirmed,
        expected_subjects=lambda project: (
            slip_subject(s)
            for s in _within(PaySlip.objects.filter(confirmation="confirmed"), project).iterator()
        ),
        label=_("Confirmed by the worker"),
    )
    register_kind(
        OBJECTED,
        load_many=_load_objected,
        expected_subjects=lambda project: (
            objection_subject(o) for o in _within(Objection.objects.all(), project).iterator()
        ),
        label=_("Objection by the worker"),
    )
    register_kind(
        APPROVED,
        load_many=_load_approved,
        expected_subjects=lambda project: (
            approval_subject(a) for a in _within(Approval.objects.all(), project).iterator()
        ),
        label=_("Approved by the general contractor"),
    )
    register_kind(
        INSTRUCTED,
        load_many=_load_instructed,
        expected_subjects=lambda project: (
            order_subject(o) for o in _within(PaymentOrder.objects.defer("file"), project).iterator()
        ),
        label=_("Bank instructed"),
    )
    register_kind(
        RESULT,
        load_many=_load_results,
        expected_subjects=lambda project: (
            line_subject(line)
            for line in _within(
                PaymentLine.objects.filter(state__in=["paid", "returned"]), project
            ).iterator()
        ),
        label=_("Result from the bank"),
    )
    register_kind(
        LATE_DISMISSED,
        load_many=_load_dismissed,
        expected_subjects=lambda project: (
            dismissal_subject(d) for d in _within(LateDismissal.objects.all(), project).iterator()
        ),
        label=_("Why a slip stays although attendance changed"),
    )
