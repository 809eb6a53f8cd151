"""What the evidence log holds about advances: that the worker said they got the money, and when an entry was withdrawn."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from payroll.models import Advance, Signature
from wagewatch.evidence.registry import register_kind

ADVANCE = "advance.recorded"
WITHDRAWN = "advance.withdrawn"

Record = Mapping[str, object]


def advance_subject(advance: Advance) -> str:
    """E.g. "advance:3.12" (project, number)."""
    return f"advance:{advance.project_id}.{advance.pk}"


def advance_record(advance: Advance, signature_sha256: bytes | None) -> Record:
    """Who got how much when, and by what the worker proved it: the signature's digest, or the code's moment."""
    return {
        "project": advance.project_id,
        "participation": advance.participation_id,
        "worker": advance.worker_id,
        "kind": advance.kind,
        "corrects": advance.corrects,
        "amount_fen": advance.amount_fen,
        "paid_on": advance.paid_on,
        "method": advance.method,
        "reason": advance.reason,
        "signature": signature_sha256.hex() if signature_sha256 else "",
        "code_at": advance.code_at,
        "made_by": advance.made_by_id,
        "made_at": advance.made_at,
    }


def withdrawn_record(advance: Advance) -> Record:
    """That an entry was a mistake, by whom and why; nothing of it had been deducted."""
    return {
        "project": advance.project_id,
        "advance": advance.pk,
        "worker": advance.worker_id,
        "reason": advance.withdrawn_reason,
        "withdrawn_by": advance.withdrawn_by_id,
        "withdrawn_at": advance.withdrawn_at,
    }


def _rows(subjects: Sequence[str]) -> list[Advance]:
    numbers = [int(n) for s in subjects if (n := s.rpartition(".")[2]).isdigit()]
    return list(Advance.objects.filter(pk__in=numbers))


def _recorded(subjects: Sequence[str]) -> dict[str, Record]:
    rows = _rows(subjects)
    digests = {
        pk: bytes(sha256)
        for pk, sha256 in Signature.objects.filter(
            pk__in=[a.signature_id for a in rows if a.signature_id]
        ).values_list("pk", "sha256")
    }
    return {advance_subject(a): advance_record(a, digests.get(a.signature_id or 0)) for a in rows}


def _subjects(project_id: int | None, *, withdrawn: bool) -> Iterable[str]:
    rows = Advance.objects.all() if project_id is None else Advance.objects.filter(project=project_id)
    if withdrawn:
        rows = rows.filter(withdrawn_at__isnull=False)
    return (advance_subject(a) for a in rows.iterator())


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        ADVANCE,
        load_many=_recorded,
        expected_subjects=lambda project: _subjects(project, withdrawn=False),
        label=_("Advance of wages"),
    )
    register_kind(
        WITHDRAWN,
        load_many=lambda subjects: {
            advance_subject(a): withdrawn_record(a) for a in _rows(subjects) if a.withdrawn_at is not None
        },
        expected_subjects=lambda project: _subjects(project, withdrawn=True),
        label=_("Advance taken back"),
    )
