"""The PDF of a contract that both sides signed: made once, kept, its digest in the evidence log."""

from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registration import records
from registration.access import access_contract
from registration.actors import SYSTEM, Actor
from registration.models import ContractSignature, LabourContract, SensitiveView, StoredFile
from registration.services.contract_facts import EFFECTIVE
from registration.services.contract_moves import note_change, user_of
from registration.services.contract_offers import kept_particulars
from registration.services.contract_papers import record_documents
from registration.services.contract_pdf import contract_pdf
from registration.services.files import store_file
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import RuleViolation, WagewatchError

log = structlog.get_logger(__name__)


def signed_entry(contract: LabourContract) -> Entry | None:
    """The evidence entry of the signing; one query."""
    return (
        Entry.objects.filter(
            kind=records.SIGNED,
            project_id=contract.project_id,
            subject=records.contract_subject(contract),
        )
        .order_by("-recorded_at", "-pk")
        .first()
    )


def title_of(contract: LabourContract) -> str:
    """The contract's title as its wording has it."""
    return contract.template.title if contract.template else str(contract.get_kind_display())


@transaction.atomic
def make_document(contract_id: int, project_id: int, *, now: datetime) -> StoredFile:
    """The PDF of a signed contract, made if there is none yet; two at once make one.

    For the system and for who may read the contract: the caller has asked for access. Raises RuleViolation
    `contract.unsigned` while a signature is missing.
    """
    contract = (
        LabourContract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("template")
        .get(pk=contract_id, project=project_id)
    )
    if contract.document_id is not None:
        return StoredFile.objects.get(pk=contract.document_id)
    signatures = {
        s.party: s
        for s in ContractSignature.objects.select_related("visit").filter(
            project=project_id, contract=contract.pk
        )
    }
    entry = signed_entry(contract)
    if contract.state not in EFFECTIVE or entry is None or len(signatures) != 2:
        raise RuleViolation("contract.unsigned", _("There is no document before both sides have signed."))
    path = reverse("evidence:receipt", kwargs={"pk": entry.pk})
    data = contract_pdf(
        contract,
        title_of(contract),
        signatures,
        phone=kept_particulars(contract)["worker_phone"],
        receipt=str(entry.pk),
        address=f"{settings.WAGEWATCH_ADDRESS}{path}",
    )
    file = store_file(f"{contract.number}.pdf", data, kind=StoredFile.Kind.CONTRACT, actor=SYSTEM, now=now)
    LabourContract.objects.filter(project=project_id, pk=contract.pk).update(
        document=file, sha256=file.sha256
    )
    contract.document, contract.sha256 = file, file.sha256
    note_change(project_id, [contract.pk], actor=SYSTEM, now=now, reason="document")
    record_documents([contract], actor=SYSTEM, now=now)
    return file


def make_documents(*, now: datetime, limit: int = 50) -> int:
    """Make the PDFs that are still missing, oldest first; a failure is reported and stops no other."""
    waiting = (
        LabourContract.objects.filter(
            state=LabourContract.State.IN_FORCE,
            form=LabourContract.Form.ELECTRONIC,
            document__isnull=True,
        )
        .order_by("pk")
        .values_list("pk", "project_id")[:limit]
    )
    made = 0
    for pk, project_id in list(waiting):
        try:
            make_document(pk, project_id, now=now)
        except WagewatchError as error:
            log.warning("contract.document", contract=pk, error=error.code)
        else:
            made += 1
    return made


@transaction.atomic
def open_document(
    contract_id: int, project_id: int, *, purpose: str = "", actor: Actor, now: datetime
) -> StoredFile:
    """The PDF or scan of a contract: a worker's own at any time, others' after their purpose is written down.

    Raises RuleViolation `unmask.purpose`, `contract.unsigned`, NotFound.
    """
    contract = access_contract(contract_id, project_id, actor)
    if actor.kind != "worker" and not purpose.strip():
        raise RuleViolation("unmask.purpose", _("Say what you need the full data for."))
    file = contract.document or make_document(contract.pk, project_id, now=now)
    if actor.kind != "worker":
        SensitiveView.objects.create(
            user_id=user_of(actor),
            worker_id=contract.worker_id,
            project_id=project_id,
            fields="contract",
            purpose=purpose.strip()[:200],
            at=now,
        )
    return file
