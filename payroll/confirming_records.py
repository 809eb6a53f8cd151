"""What the evidence log holds about answers given at the site's tablet."""

import hashlib
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from payroll.models import ProxyWord
from wagewatch.evidence.registry import register_kind

PROXY = "slip.on_site"
PROXY_DENIED = "slip.on_site_denied"

Record = Mapping[str, object]


def numbers_of(subjects: Sequence[str]) -> list[int]:
    """The row numbers in subjects like "proxy:3.12" (project, number)."""
    found = []
    for subject in subjects:
        number = subject.rpartition(".")[2]
        if number.isdigit():
            found.append(int(number))
    return found


def proxy_subject(word: ProxyWord) -> str:
    """E.g. "proxy:3.12" (project, number)."""
    return f"proxy:{word.project_id}.{word.pk}"


def proxy_record(word: ProxyWord) -> Record:
    """Who answered what at which device, beside which clerk; picture and signature by their hashes."""
    return {
        "project": word.project_id,
        "sheet": word.sheet_id,
        "worker": word.worker_id,
        "month": word.month,
        "version": word.version,
        "answer": word.answer,
        "proof": word.proof,
        "photo": hashlib.sha256(word.photo).hexdigest(),
        "signature": bytes(word.signature.sha256).hex() if word.signature else "",
        "device": word.device,
        "clerk": word.clerk_id,
        "at": word.at,
    }


def proxy_denied_record(word: ProxyWord) -> Record:
    """The worker said: this was not me."""
    return {
        "project": word.project_id,
        "word": word.pk,
        "worker": word.worker_id,
        "denied_at": word.denied_at,
    }


def _words(subjects: Sequence[str]) -> list[ProxyWord]:
    rows = ProxyWord.objects.filter(pk__in=numbers_of(subjects)).select_related("signature")
    return list(rows)


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""

    def within(project_id: int | None) -> dict[str, int]:
        return {} if project_id is None else {"project_id": project_id}

    register_kind(
        PROXY,
        load_many=lambda subjects: {proxy_subject(w): proxy_record(w) for w in _words(subjects)},
        expected_subjects=lambda project: (
            proxy_subject(w) for w in ProxyWord.objects.filter(**within(project)).defer("photo").iterator()
        ),
        label=_("Answered at the site's tablet"),
    )
    register_kind(
        PROXY_DENIED,
        load_many=lambda subjects: {
            proxy_subject(w): proxy_denied_record(w) for w in _words(subjects) if w.denied_at
        },
        expected_subjects=lambda project: (
            proxy_subject(w)
            for w in ProxyWord.objects.filter(denied_at__isnull=False, **within(project))
            .defer("photo")
            .iterator()
        ),
        label=_("The worker denied the answer at the tablet"),
    )
