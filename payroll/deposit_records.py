"""What the evidence log holds about wage deposits: canonical records, rebuilt from today's rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from payroll.models import ArrearsRecord, DepositEntry, DepositRuling
from wagewatch.evidence.registry import register_kind

ENTRY = "deposit.entry"
RULING = "deposit.ruling"
RECORD = "firm.arrears"

Record = Mapping[str, object]


def entry_subject(entry: DepositEntry) -> str:
    """E.g. "deposit:3.1" (project, number)."""
    return f"deposit:{entry.project_id}.{entry.number}"


def ruling_subject(ruling: DepositRuling) -> str:
    """E.g. "deposit-ruling:3.1" (project, number)."""
    return f"deposit-ruling:{ruling.project_id}.{ruling.number}"


def arrears_subject(record: ArrearsRecord) -> str:
    """E.g. "firm-arrears:12"."""
    return f"firm-arrears:{record.pk}"


def entry_record(entry: DepositEntry, file_sha256: bytes) -> Record:
    """The entry with the hash of its paper."""
    return {
        "project": entry.project_id,
        "number": entry.number,
        "kind": entry.kind,
        "form": entry.form,
        "happened_on": entry.happened_on,
        "amount_fen": entry.amount_fen,
        "balance_fen": entry.balance_fen,
        "due_fen": entry.due_fen,
        "issuer": entry.issuer,
        "paper": entry.paper_number,
        "expires_on": entry.expires_on,
        "notice_from": entry.notice_from,
        "ruling": entry.ruling_number,
        "file": file_sha256.hex(),
        "made_at": entry.made_at,
    }


def ruling_record(ruling: DepositRuling) -> Record:
    """The ruling as it was decided."""
    return {
        "project": ruling.project_id,
        "number": ruling.number,
        "kind": ruling.kind,
        "decided_on": ruling.decided_on,
        "amount_fen": ruling.amount_fen,
        "due_on": ruling.due_on,
        "document": ruling.document,
        "reason": ruling.reason,
        "answers": ruling.answers,
        "made_at": ruling.made_at,
    }


def arrears_record(record: ArrearsRecord) -> Record:
    """What was established about a firm."""
    return {
        "organisation": record.organisation_id,
        "kind": record.kind,
        "since": record.since,
        "well_kept": record.well_kept,
        "reason": record.reason,
        "made_at": record.made_at,
    }


def _pairs(subjects: Sequence[str]) -> set[tuple[int, int]]:
    found = set()
    for subject in subjects:
        project, _dot, number = subject.partition(":")[2].partition(".")
        if project.isdigit() and number.isdigit():
            found.add((int(project), int(number)))
    return found


def _of_pairs(rows: Any, subjects: Sequence[str]) -> Iterable[Any]:
    wanted = _pairs(subjects)
    found = rows.filter(project__in={p for p, _n in wanted}, number__in={n for _p, n in wanted})
    return (row for row in found if (row.project_id, row.number) in wanted)


def _load_entries(subjects: Sequence[str]) -> dict[str, Record]:
    rows = DepositEntry.objects.select_related("file").defer("file__content")
    return {
        entry_subject(e): entry_record(e, bytes(e.file.sha256) if e.file else b"")
        for e in _of_pairs(rows, subjects)
    }


def _load_rulings(subjects: Sequence[str]) -> dict[str, Record]:
    return {ruling_subject(r): ruling_record(r) for r in _of_pairs(DepositRuling.objects, subjects)}


def _load_arrears(subjects: Sequence[str]) -> dict[str, Record]:
    ids = [int(n) for s in subjects if (n := s.partition(":")[2]).isdigit()]
    return {arrears_subject(r): arrears_record(r) for r in ArrearsRecord.objects.filter(pk__in=ids)}


def _within(rows: Any, project_id: int | None) -> Iterable[Any]:
    return (rows if project_id is None else rows.filter(project_id=project_id)).iterator()


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        ENTRY,
        load_many=_load_entries,
        expected_subjects=lambda p: (entry_subject(e) for e in _within(DepositEntry.objects.all(), p)),
        label=_("Wage deposit"),
    )
    register_kind(
        RULING,
        load_many=_load_rulings,
        expected_subjects=lambda p: (ruling_subject(r) for r in _within(DepositRuling.objects.all(), p)),
        label=_("Ruling about a wage deposit"),
    )
    register_kind(
        RECORD,
        load_many=_load_arrears,
        expected_subjects=lambda p: (
            (arrears_subject(r) for r in ArrearsRecord.objects.iterator()) if p is None else iter(())
        ),
        label=_("Record of arrears of a firm"),
    )
