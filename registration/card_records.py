"""What the evidence log holds about workers' answers on their wage cards."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from registration.models import CardAnswer
from wagewatch.evidence.registry import register_kind

ANSWERED = "card.answered"
Record = Mapping[str, object]


def answer_subject(answer: CardAnswer) -> str:
    """E.g. "card-answer:7"."""
    return f"card-answer:{answer.pk}"


def answer_record(answer: CardAnswer) -> Record:
    """Which card of whom, yes or no and why, how it was said; the card's number as its blind index."""
    return {
        "worker": answer.worker_id,
        "card": answer.card_id,
        "number": bytes(answer.card.number_index).hex(),
        "is_own": answer.is_own,
        "reason": answer.reason,
        "text": hashlib.sha256(answer.text.encode()).hexdigest() if answer.text else "",
        "picture": bytes(answer.picture.sha256).hex() if answer.picture else "",
        "visit": answer.visit_id,
        "at": answer.at,
    }


def _load(subjects: Sequence[str]) -> dict[str, Record]:
    numbers = [s.partition(":")[2] for s in subjects]
    rows = CardAnswer.objects.filter(pk__in=[int(n) for n in numbers if n.isdigit()])
    rows = rows.select_related("card", "picture").defer("card__number", "picture__content")
    return {answer_subject(a): answer_record(a) for a in rows}


def _expected(project_id: int | None) -> Iterator[str]:
    if project_id is None:
        for pk in CardAnswer.objects.values_list("pk", flat=True).iterator():
            yield f"card-answer:{pk}"


def register() -> None:
    """Make the kind known to the evidence log; called once when the app is ready."""
    register_kind(
        ANSWERED, load_many=_load, expected_subjects=_expected, label=_("Worker's word on a wage card")
    )
