"""What the evidence log holds about owners' payment guarantees: canonical records, rebuilt from today's rows."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from payroll.models import PaymentGuarantee
from wagewatch.evidence.registry import register_kind

ENTRY = "guarantee.entry"

Record = Mapping[str, object]


def entry_subject(entry: PaymentGuarantee) -> str:
    """E.g. "guarantee:3.1" (project, number)."""
    return f"guarantee:{entry.project_id}.{entry.number}"


def entry_record(entry: PaymentGuarantee, file_sha256: bytes) -> Record:
    """The entry with the hash of its paper."""
    return {
        "project": entry.project_id,
        "number": entry.number,
        "kind": entry.kind,
        "replaces": entry.replaces,
        "form": entry.form,
        "issuer": entry.issuer,
        "paper": entry.paper_number,
        "amount_fen": entry.amount_fen,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "note": entry.note,
        "organisation": entry.organisation_id,
        "file": file_sha256.hex(),
        "made_at": entry.made_at,
    }


def _key(subject: str) -> tuple[int, int] | None:
    project, _dot, number = subject.partition(":")[2].partition(".")
    return (int(project), int(number)) if project.isdigit() and number.isdigit() else None


def _load(subjects: Sequence[str]) -> dict[str, Record]:
    wanted = {key for subject in subjects if (key := _key(subject))}
    rows = (
        PaymentGuarantee.objects.filter(
            project__in={project for project, _n in wanted}, number__in={number for _p, number in wanted}
        )
        .select_related("file")
        .defer("file__content")
    )
    return {
        entry_subject(entry): entry_record(entry, bytes(entry.file.sha256))
        for entry in rows
        if (entry.project_id, entry.number) in wanted
    }


def _expected(project_id: int | None) -> Iterable[str]:
    rows = PaymentGuarantee.objects.all()
    if project_id is not None:
        rows = rows.filter(project=project_id)
    return (entry_subject(entry) for entry in rows.iterator())


def register() -> None:
    """Make the kind known to the evidence log; called once when the app is ready."""
    register_kind(ENTRY, load_many=_load, expected_subjects=_expected, label=_("Owner's payment guarantee"))
