"""The only door to sheets, slips, objections, orders and accounts: out of reach is 404."""

import re
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from payroll.models import (
    DepositEntry,
    Objection,
    PaymentOrder,
    PaySheet,
    PaySlip,
    SheetUpload,
    SpecialAccount,
    SubLedger,
)
from registration.access import (
    not_found,
    not_permitted,
    organisations_with,
    own_and_below,
    participations_for,
    projects_for,
)
from registration.actors import Actor
from registration.models import Participation, Project, StoredFile
from registration.permissions import PERMISSIONS

ONLY_GENERAL_CONTRACTOR = frozenset({"sheet.approve", "payment.instruct"})
"""Approval and payment are the general contractor's own duty on its project (Order 724 art. 31)."""

_REFERENCE = re.compile(r"(\d{4})-(\d{2})\.(\d{1,18})\.(\d{1,18})\.(\d{1,18})")


class SlipKey(NamedTuple):
    """The parts of a slip's reference, e.g. "2026-10.3.17.55"."""

    month: date
    project_id: int
    sheet_id: int
    worker_id: int


def slip_key(reference: str) -> SlipKey:
    """Read a slip's reference; NotFound when it is none."""
    found = _REFERENCE.fullmatch(reference)
    if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) < 2000:
        not_found()
    return SlipKey(date(int(found[1]), int(found[2]), 1), int(found[3]), int(found[4]), int(found[5]))


def _authority_projects(actor: Actor, permission: str) -> QuerySet[Project]:
    duties = tuple(d for d in actor.duties if d.authority_id is not None)
    return projects_for(replace(actor, duties=duties), permission=permission)


def sheets_for(actor: Actor, *, permission: str = "sheet.view") -> QuerySet[PaySheet]:
    """Sheets on which the actor holds `permission`: of a whole project for its general contractor and the
    authorities, of its own part and those below it for a subcontractor or an agency."""
    if actor.kind == "system":
        return PaySheet.objects.all()
    if actor.kind != "user":
        return PaySheet.objects.none()
    mine = organisations_with(actor, PERMISSIONS[permission])
    top_roles = [Participation.Role.GENERAL_CONTRACTOR]
    if permission not in ONLY_GENERAL_CONTRACTOR:
        top_roles.append(Participation.Role.OWNER)
    leads = Participation.objects.filter(
        project=OuterRef("project_id"), organisation__in=mine, role__in=top_roles
    )
    reach = Q(Exists(leads))
    if permission not in ONLY_GENERAL_CONTRACTOR:
        reach |= Q(participation__in=own_and_below(mine))
        reach |= Q(project__in=_authority_projects(actor, permission))
    return PaySheet.objects.filter(reach)


def access_sheet(
    pk: int, actor: Actor, *, permission: str = "sheet.view", for_write: bool = False
) -> PaySheet:
    """One sheet; `for_write` locks its project and then the sheet. NotFound or NotPermitted."""
    row = sheets_for(actor).filter(pk=pk).values_list("project_id", flat=True).first()
    if row is None:
        not_found()
    if permission != "sheet.view" and not sheets_for(actor, permission=permission).filter(pk=pk).exists():
        not_permitted(permission)
    if for_write:
        Project.objects.select_for_update(no_key=True).get(pk=row)
        return PaySheet.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk, project_id=row)
    return PaySheet.objects.select_related(
        "project", "participation__organisation", "made_by", "submitted_by", "approved_by"
    ).get(pk=pk, project_id=row)


def participations_with(actor: Actor, project: Project, permission: str) -> QuerySet[Participation]:
    """The parts of a project that employ workers and for which the actor may act."""
    return (
        participations_for(actor, project, permission=permission)
        .filter(role__in=["general_contractor", "subcontractor", "agency"])
        .select_related("organisation")
    )


def access_slip(
    reference: str, actor: Actor, *, permission: str = "sheet.view", for_write: bool = False
) -> PaySlip:
    """A worker's own slip once it was sent, or a slip of a sheet within reach; locked if `for_write`."""
    key = slip_key(reference)
    slips = PaySlip.objects.filter(
        month=key.month, project_id=key.project_id, sheet_id=key.sheet_id, worker_id=key.worker_id
    )
    if actor.kind == "worker":
        if actor.id != key.worker_id:
            not_found()
        slips = slips.exclude(confirmation=PaySlip.Confirmation.DRAFT)
    else:
        access_sheet(key.sheet_id, actor, permission=permission)
    if for_write:
        slips = slips.select_for_update(no_key=True, of=("self",))
    else:
        slips = slips.select_related("project", "sheet__participation__organisation", "worker")
    slip = slips.first()
    if slip is None:
        not_found()
    return slip


def worker_slips(actor: Actor) -> QuerySet[PaySlip]:
    """A worker's own slips, newest month first; what has not been sent yet does not exist for them."""
    if actor.kind != "worker" or actor.id is None:
        return PaySlip.objects.none()
    return (
        PaySlip.objects.filter(worker_id=actor.id)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .select_related("project", "sheet__participation__organisation")
        .order_by("-month", "-sheet_id")
    )


def access_objection(pk: int, actor: Actor, *, permission: str = "sheet.answer") -> Objection:
    """An objection on a sheet within reach. The caller locks the sheet."""
    objection = Objection.objects.filter(pk=pk).first()
    if objection is None:
        not_found()
    access_sheet(objection.sheet_id, actor, permission=permission)
    return objection


def orders_for(actor: Actor) -> QuerySet[PaymentOrder]:
    """Payment orders of the sheets within reach, and for a bank those from its accounts."""
    if actor.kind == "system":
        return PaymentOrder.objects.all()
    roles = PERMISSIONS["account.view"]
    banks = [d.organisation_id for d in actor.duties if d.organisation_id and d.role == "bank_officer"]
    leads = Participation.objects.filter(
        project=OuterRef("project_id"),
        organisation__in=organisations_with(actor, roles),
        role__in=["general_contractor", "owner"],
    )
    return PaymentOrder.objects.filter(
        Q(Exists(leads))
        | Q(account__bank__in=banks)
        | Q(project__in=_authority_projects(actor, "account.view"))
        | Q(sheet__in=sheets_for(actor).values("pk"))
    )


def access_order(pk: int, actor: Actor) -> PaymentOrder:
    """One payment order within reach."""
    order = (
        orders_for(actor)
        .select_related("project", "account__bank", "sheet__participation__organisation", "instructed_by")
        .filter(pk=pk)
        .first()
    )
    if order is None:
        not_found()
    return order


def ledgers_for(actor: Actor) -> QuerySet[SubLedger]:
    """Projects' shares of special accounts: of the own projects (general contractor, owner), of the own
    bank's accounts, of the region."""
    ledgers = SubLedger.objects.select_related("account__bank", "account__organisation", "project")
    if actor.kind == "system":
        return ledgers
    banks = [d.organisation_id for d in actor.duties if d.organisation_id and d.role == "bank_officer"]
    others = [
        d.organisation_id
        for d in actor.duties
        if d.organisation_id and d.role in PERMISSIONS["account.view"] and d.role != "bank_officer"
    ]
    leads = Participation.objects.filter(
        project=OuterRef("project_id"), organisation__in=others, role__in=["general_contractor", "owner"]
    )
    return ledgers.filter(
        Q(Exists(leads))
        | Q(account__bank__in=banks)
        | Q(project__in=_authority_projects(actor, "account.view"))
    )


def accounts_for(actor: Actor) -> QuerySet[SpecialAccount]:
    """Special accounts with at least one share within reach, and the empty ones of the own bank or firm."""
    mine = organisations_with(actor, PERMISSIONS["account.view"])
    return SpecialAccount.objects.filter(
        Q(pk__in=ledgers_for(actor).values("account_id")) | Q(bank__in=mine) | Q(organisation__in=mine)
    ).select_related("bank", "organisation")


def access_account(pk: int, actor: Actor) -> SpecialAccount:
    """One special account within reach."""
    account = accounts_for(actor).filter(pk=pk).first()
    if account is None:
        not_found()
    return account


def access_upload(pk: int, actor: Actor) -> SheetUpload:
    """An uploaded pay sheet of a part for which the actor prepares sheets."""
    upload = (
        SheetUpload.objects.select_related("project", "participation__organisation").filter(pk=pk).first()
    )
    if upload is None:
        not_found()
    if (
        not participations_with(actor, upload.project, "sheet.prepare")
        .filter(pk=upload.participation_id)
        .exists()
    ):
        not_found()
    return upload


def leads_project(actor: Actor, project: Project, *, permission: str = "deposit.lodge") -> bool:
    """Whether the actor acts for the project's general contractor with a permission."""
    mine = organisations_with(actor, PERMISSIONS[permission])
    return Participation.objects.filter(
        project=project, organisation__in=mine, role=Participation.Role.GENERAL_CONTRACTOR
    ).exists()


def deposit_projects(actor: Actor) -> QuerySet[Project]:
    """Projects whose wage deposit the actor may see: its general contractor's, its owner's, the region's."""
    firms = Participation.objects.filter(
        Q(
            role=Participation.Role.GENERAL_CONTRACTOR,
            organisation__in=organisations_with(actor, PERMISSIONS["deposit.lodge"]),
        )
        | Q(
            role=Participation.Role.OWNER,
            organisation__in=organisations_with(actor, ["owner_clerk"]),
        ),
        project=OuterRef("pk"),
    )
    return (
        Project.objects.filter(Q(Exists(firms)) | Q(pk__in=_authority_projects(actor, "deposit.view")))
        .exclude(sector="manufacturing")
        .select_related("region")
    )


def access_deposit(project_pk: int, actor: Actor) -> Project:
    """The project whose deposit is asked for, or NotFound."""
    project = deposit_projects(actor).filter(pk=project_pk).first()
    if project is None:
        not_found()
    return project


def access_deposit_file(project_pk: int, number: int, actor: Actor) -> DepositEntry:
    """An entry with its paper, or NotFound."""
    project = access_deposit(project_pk, actor)
    entry = DepositEntry.objects.select_related("file").filter(project=project, number=number).first()
    if entry is None or entry.file is None:
        not_found()
    return entry


def testimony_of(slip: PaySlip, objection_id: int, what: str) -> StoredFile | None:
    """The `photo` or `voice` of an objection to a slip that the caller has reached; None where there is none."""
    objection = Objection.objects.filter(
        project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, pk=objection_id
    ).first()
    if objection is None or what not in {"photo", "voice"}:
        return None
    return objection.photo if what == "photo" else objection.voice
