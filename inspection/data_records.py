"""What the evidence log holds about data for other departments: canonical records, rebuilt from today's rows."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from inspection.models import DataExtract, DataRequest
from wagewatch.evidence.registry import register_kind

ANSWERED = "data.decided"
EXTRACT = "data.extract"

Record = Mapping[str, object]


def answer_record(request: DataRequest) -> Record:
    """What was asked for and how it was decided."""
    return {
        "number": request.number,
        "department": request.department,
        "purpose": request.purpose,
        "basis": request.basis,
        "fields": list(request.fields),
        "region": request.region_id,
        "first_month": request.first_month,
        "last_month": request.last_month,
        "state": request.state,
        "decision": request.decision,
        "decided_at": request.decided_at,
        "expires_at": request.expires_at,
    }


def extract_record(extract: DataExtract) -> Record:
    """The file that left."""
    return {
        "request": extract.request_id,
        "format": extract.format,
        "rows": extract.rows,
        "sha256": bytes(extract.sha256).hex(),
        "taken_at": extract.taken_at,
    }


def _ids(subjects: Sequence[str]) -> list[int]:
    return [int(n) for s in subjects if (n := s.partition(":")[2]).isdigit()]


def _load_answers(subjects: Sequence[str]) -> dict[str, Record]:
    rows = DataRequest.objects.filter(pk__in=_ids(subjects)).exclude(state="asked")
    return {f"data-request:{row.pk}": answer_record(row) for row in rows}


def _load_extracts(subjects: Sequence[str]) -> dict[str, Record]:
    rows = DataExtract.objects.filter(pk__in=_ids(subjects))
    return {f"data-extract:{row.pk}": extract_record(row) for row in rows}


def _every_answer(project_id: int | None) -> Iterable[str]:
    """No request belongs to a project."""
    rows = DataRequest.objects.exclude(state="asked") if project_id is None else DataRequest.objects.none()
    return (f"data-request:{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True))


def _every_extract(project_id: int | None) -> Iterable[str]:
    rows = DataExtract.objects.all() if project_id is None else DataExtract.objects.none()
    return (f"data-extract:{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True))


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        ANSWERED,
        load_many=_load_answers,
        expected_subjects=_every_answer,
        label=_("Request for data decided"),
    )
    register_kind(
        EXTRACT, load_many=_load_extracts, expected_subjects=_every_extract, label=_("Data taken out")
    )
