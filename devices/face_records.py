"""What the evidence log holds about faces at the gates: each word of a worker, each deletion that a gate confirmed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from devices.models import FaceConsent, FaceRemoval
from wagewatch.evidence.registry import register_kind

ANSWERED = "face.answered"
REMOVED = "face.removed"
Record = Mapping[str, object]


def subject_of(row: FaceConsent | FaceRemoval) -> str:
    """E.g. "face-word:3:7"."""
    what = "word" if isinstance(row, FaceConsent) else "removal"
    return f"face-{what}:{row.project_id}:{row.pk}"


def record_of_word(row: FaceConsent) -> dict[str, Any]:
    """Who said what about which site, by which words in which language, and at which tablet."""
    return {
        "project": row.project_id,
        "posting": row.posting_id,
        "worker": row.worker_id,
        "word": row.word,
        "text_version": row.text_version,
        "text": bytes(row.text_sha256).hex(),
        "language": row.language,
        "way": row.way,
        "visit": row.visit_pk,
        "at": row.at,
    }


def record_of_removal(row: FaceRemoval) -> dict[str, Any]:
    """Which gate deleted whose picture, why, and when it said so."""
    return {
        "project": row.project_id,
        "terminal": row.terminal_id,
        "consent": row.consent_id,
        "worker": row.worker_id,
        "why": row.why,
        "at": row.at,
        "recorded_at": row.recorded_at,
    }


def _numbers(subjects: Sequence[str]) -> list[int]:
    return [int(subject.rsplit(":", 1)[1]) for subject in subjects]


def _load_words(subjects: Sequence[str]) -> dict[str, Record]:
    rows = FaceConsent.objects.filter(pk__in=_numbers(subjects))
    return {subject_of(row): record_of_word(row) for row in rows}


def _load_removals(subjects: Sequence[str]) -> dict[str, Record]:
    rows = FaceRemoval.objects.filter(pk__in=_numbers(subjects))
    return {subject_of(row): record_of_removal(row) for row in rows}


def _expected_words(project_id: int | None) -> Iterable[str]:
    rows = FaceConsent.objects.all() if project_id is None else FaceConsent.objects.filter(project=project_id)
    return [f"face-word:{project}:{pk}" for project, pk in rows.values_list("project_id", "pk")]


def _expected_removals(project_id: int | None) -> Iterable[str]:
    rows = FaceRemoval.objects.all() if project_id is None else FaceRemoval.objects.filter(project=project_id)
    return [f"face-removal:{project}:{pk}" for project, pk in rows.values_list("project_id", "pk")]


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        ANSWERED,
        load_many=_load_words,
        expected_subjects=_expected_words,
        label=_("Worker's word on the face at the gate"),
    )
    register_kind(
        REMOVED,
        load_many=_load_removals,
        expected_subjects=_expected_removals,
        label=_("Face picture deleted at a gate"),
    )
