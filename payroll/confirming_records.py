"""What the evidence log holds about answers given at the site's tablet."""

import hashlib
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from payroll.models import CashPayment, CashReport, FirstApproval, Mediation, ProxyWord
from wagewatch.evidence.registry import register_kind

PROXY = "slip.on_site"
PROXY_DENIED = "slip.on_site_denied"
FIRST = "sheet.first_approved"
MEDIATION = "mediation"
CASH = "cash.paid"
REPORT = "cash.reported"

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


def first_subject(first: FirstApproval) -> str:
    """E.g. "first:3.12" (project, number)."""
    return f"first:{first.project_id}.{first.pk}"


def first_record(first: FirstApproval) -> Record:
    """What the first of two people approved."""
    return {
        "project": first.project_id,
        "sheet": first.sheet_id,
        "people": first.people,
        "net_fen": first.net_fen,
        "limit_fen": first.limit_fen,
        "slips": first.slips,
        "approved_by": first.approved_by_id,
        "approved_at": first.approved_at,
    }


def mediation_subject(mediation: Mediation) -> str:
    """E.g. "mediation:3.12" (project, number)."""
    return f"mediation:{mediation.project_id}.{mediation.pk}"


def mediation_record(mediation: Mediation) -> Record:
    """The mediation as it stands; recorded again at every step."""
    drawing = bytes(mediation.firm_drawing or b"")
    return {
        "project": mediation.project_id,
        "objection": mediation.objection_id,
        "worker": mediation.worker_id,
        "state": mediation.state,
        "asked_by": mediation.asked_by_id,
        "asked_at": mediation.asked_at,
        "worker_statement": mediation.worker_statement,
        "firm_statement": mediation.firm_statement,
        "held_on": mediation.held_on,
        "persons": mediation.persons,
        "agreed_fen": mediation.agreed_fen,
        "outcome": mediation.outcome,
        "firm_signed_by": mediation.firm_signed_by_id,
        "firm_signed_at": mediation.firm_signed_at,
        "firm_signature": hashlib.sha256(drawing).hexdigest() if drawing else "",
        "worker_signature": bytes(mediation.worker_signature.sha256).hex()
        if mediation.worker_signature
        else "",
        "worker_signed_at": mediation.worker_signed_at,
    }


def cash_subject(payment: CashPayment) -> str:
    """E.g. "cash:3.12" (project, number)."""
    return f"cash:{payment.project_id}.{payment.pk}"


def cash_record(payment: CashPayment) -> Record:
    """A hand-over with its proofs, and whether the worker denied it; recorded again at each step."""
    return {
        "project": payment.project_id,
        "sheet": payment.sheet_id,
        "worker": payment.worker_id,
        "month": payment.month,
        "amount_fen": payment.amount_fen,
        "reason": payment.reason,
        "text": payment.text,
        "proof": payment.proof,
        "signature": bytes(payment.signature.sha256).hex(),
        "photo": hashlib.sha256(payment.photo).hexdigest(),
        "clerk": payment.clerk_id,
        "at": payment.at,
        "denied_at": payment.denied_at,
        "withdrawn_at": payment.withdrawn_at,
        "withdrawn_by": payment.withdrawn_by_id,
    }


def report_subject(report: CashReport) -> str:
    """E.g. "cash-report:3.12" (project, number)."""
    return f"cash-report:{report.project_id}.{report.pk}"


def report_record(report: CashReport) -> Record:
    """What the worker said of cash."""
    return {
        "project": report.project_id,
        "worker": report.worker_id,
        "month": report.month,
        "kind": report.kind,
        "amount_fen": report.amount_fen,
        "text": report.text or "",
        "at": report.at,
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
    register_kind(
        FIRST,
        load_many=lambda subjects: {
            first_subject(f): first_record(f)
            for f in FirstApproval.objects.filter(pk__in=numbers_of(subjects))
        },
        expected_subjects=lambda project: (
            first_subject(f) for f in FirstApproval.objects.filter(**within(project)).iterator()
        ),
        label=_("Approved by the first of two"),
    )
    register_kind(
        MEDIATION,
        load_many=lambda subjects: {
            mediation_subject(m): mediation_record(m)
            for m in Mediation.objects.filter(pk__in=numbers_of(subjects)).select_related("worker_signature")
        },
        expected_subjects=lambda project: (
            mediation_subject(m) for m in Mediation.objects.filter(**within(project)).iterator()
        ),
        label=_("Mediation"),
    )
    register_kind(
        CASH,
        load_many=lambda subjects: {
            cash_subject(c): cash_record(c)
            for c in CashPayment.objects.filter(pk__in=numbers_of(subjects)).select_related("signature")
        },
        expected_subjects=lambda project: (
            cash_subject(c) for c in CashPayment.objects.filter(**within(project)).defer("photo").iterator()
        ),
        label=_("Paid in cash"),
    )
    register_kind(
        REPORT,
        load_many=lambda subjects: {
            report_subject(r): report_record(r)
            for r in CashReport.objects.filter(pk__in=numbers_of(subjects))
        },
        expected_subjects=lambda project: (
            report_subject(r) for r in CashReport.objects.filter(**within(project)).iterator()
        ),
        label=_("A worker's word about cash"),
    )
