"""How the evidence log rebuilds what firms said to the authority from rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from inspection.models import FirmWord
from inspection.services.firm_words import WORD, word_record
from wagewatch.evidence.registry import register_kind


def load_words(subjects: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Subject "firm-word:ID" → canonical record."""
    ids = [int(n) for s in subjects if (n := s.partition(":")[2]).isdigit()]
    words = FirmWord.objects.filter(pk__in=ids).select_related("file")
    return {f"firm-word:{word.pk}": word_record(word) for word in words}


def expected_words(project_id: int | None) -> Iterable[str]:
    """Every word must have an entry; one about the list belongs to no project."""
    words = FirmWord.objects.all()
    if project_id is not None:
        words = words.filter(order__case__project=project_id)
    for pk in words.order_by("pk").values_list("pk", flat=True).iterator():
        yield f"firm-word:{pk}"


def register() -> None:
    """Make the kind known; called once, when the app is ready."""
    register_kind(
        WORD,
        load_many=load_words,
        expected_subjects=expected_words,
        label=_("What a firm said to the authority"),
    )
