"""What the evidence log holds about contracts: canonical records, rebuilt from today's rows and files."""

import base64
import binascii
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from registration.models import ContractSignature, LabourContract, StoredFile
from registration.rules.contract_text import digest
from registration.services.contract_facts import EFFECTIVE
from wagewatch.evidence.registry import register_kind
from wagewatch.lib.crypto import UnreadableValue

SIGNED = "contract.signed"
DOCUMENT = "contract.document"
ENDED = "contract.ended"
UNREADABLE = "unreadable"
"""Stands for what no longer opens: such a record never equals the one that was hashed."""

Record = Mapping[str, object]


def contract_subject(contract: LabourContract) -> str:
    """E.g. "contract:3.12" (project, number in the system)."""
    return f"contract:{contract.project_id}.{contract.pk}"


def drawing_digest(drawing: str | None) -> str:
    """SHA-256 of a drawn signature's PNG; empty when the name was typed."""
    if not drawing:
        return ""
    try:
        return hashlib.sha256(base64.b64decode(drawing, validate=True)).hexdigest()
    except (binascii.Error, ValueError):
        return UNREADABLE


def signed_record(contract: LabourContract, signatures: Iterable[ContractSignature]) -> Record:
    """What both sides signed: the values, the digest of the text, and each signature.

    A signature at the site's tablet says so: the word, how its worker came in, and the visit.
    """
    return {
        "project": contract.project_id,
        "contract": contract.pk,
        "number": contract.number,
        "kind": contract.kind,
        "form": contract.form,
        "period": contract.period,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "posting": contract.posting_id,
        "worker": contract.worker_id,
        "employer": contract.participation_id,
        "terms": contract.terms,
        "text": digest(contract.text).hex() if contract.text else "",
        "signed_on": contract.signed_on,
        "signatures": [
            [
                s.party,
                s.signer,
                s.user_id,
                s.by_code,
                drawing_digest(s.drawing),
                bytes(s.text_sha256).hex(),
                s.at,
                *(["tablet", s.visit.way, s.visit_id] if s.visit is not None else []),
            ]
            for s in sorted(signatures, key=lambda s: s.party)
        ],
    }


def document_record(contract: LabourContract, sha256: str) -> Record:
    """The PDF, or the scan of a paper contract: the digest of the stored bytes, and the one kept with it."""
    return {
        "project": contract.project_id,
        "contract": contract.pk,
        "file": sha256,
        "kept": bytes(contract.sha256 or b"").hex(),
    }


def ended_record(contract: LabourContract) -> Record:
    """How and when a contract ended."""
    return {
        "project": contract.project_id,
        "contract": contract.pk,
        "state": contract.state,
        "ended_on": contract.ended_on,
        "reason": contract.end_reason,
    }


def _named(subjects: Sequence[str]) -> QuerySet[LabourContract]:
    where = Q(pk__in=())
    per_project: dict[int, list[int]] = defaultdict(list)
    for subject in subjects:
        project, _dot, pk = subject.partition(":")[2].partition(".")
        if project.isdigit() and pk.isdigit():
            per_project[int(project)].append(int(pk))
    for project_id, ids in per_project.items():
        where |= Q(project=project_id, pk__in=ids)
    return LabourContract.objects.filter(where)


def _readable(rows: QuerySet[Any]) -> Iterator[Any]:
    """Every row that opens; one that was tampered with does not take the others along."""
    try:
        yield from list(rows)
    except UnreadableValue:
        for pk in list(rows.values_list("pk", flat=True)):
            try:
                yield rows.get(pk=pk)
            except UnreadableValue:
                continue


def _load_signed(subjects: Sequence[str]) -> dict[str, Record]:
    contracts = list(_readable(_named(subjects).filter(signed_on__isnull=False).defer("particulars")))
    signatures: dict[tuple[int, int], list[ContractSignature]] = defaultdict(list)
    ids = [c.pk for c in contracts]
    projects = {c.project_id for c in contracts}
    for one in _readable(
        ContractSignature.objects.select_related("visit").filter(project__in=projects, contract__in=ids)
    ):
        signatures[one.project_id, one.contract_id].append(one)
    return {contract_subject(c): signed_record(c, signatures[c.project_id, c.pk]) for c in contracts}


def file_digest(file_id: int) -> str:
    """SHA-256 of a stored file as it can be read today."""
    try:
        return hashlib.sha256(StoredFile.objects.only("content").get(pk=file_id).content).hexdigest()
    except UnreadableValue:
        return UNREADABLE


def _load_documents(subjects: Sequence[str]) -> dict[str, Record]:
    contracts = _named(subjects).filter(document__isnull=False).defer("text", "particulars")
    digests: dict[int, str] = {}
    found: dict[str, Record] = {}
    for contract in contracts.iterator():
        file_id = contract.document_id or 0
        if file_id not in digests:
            digests[file_id] = file_digest(file_id)
        found[contract_subject(contract)] = document_record(contract, digests[file_id])
    return found


OVER = (LabourContract.State.ENDED, LabourContract.State.TERMINATED, LabourContract.State.RENEWED)


def _load_ended(subjects: Sequence[str]) -> dict[str, Record]:
    contracts = _named(subjects).filter(state__in=OVER).defer("text", "particulars")
    return {contract_subject(c): ended_record(c) for c in contracts}


def _expected(where: Q) -> Any:
    def subjects(project_id: int | None) -> Iterator[str]:
        rows = LabourContract.objects.filter(where)
        if project_id is not None:
            rows = rows.filter(project_id=project_id)
        for project, pk in rows.order_by("pk").values_list("project_id", "pk").iterator():
            yield f"contract:{project}.{pk}"

    return subjects


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        SIGNED,
        load_many=_load_signed,
        expected_subjects=_expected(Q(state__in=EFFECTIVE)),
        label=_("Contract signed by both sides"),
    )
    register_kind(
        DOCUMENT,
        load_many=_load_documents,
        expected_subjects=_expected(Q(document__isnull=False)),
        label=_("Document of a contract"),
    )
    register_kind(
        ENDED,
        load_many=_load_ended,
        expected_subjects=_expected(Q(state__in=OVER)),
        label=_("Contract ended"),
    )
