"""The only door to sheets, slips, objections, orders and accounts: out of reach is 404."""

import re
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from payroll.models import (
    AccountEvent,
    Advance,
    BankStatement,
    DepositEntry,
    LoanDraw,
    LoanFacility,
    Mediation,
    Objection,
    PaymentGuarantee,
    PaymentOrder,
    PaySheet,
    PaySlip,
    SheetUpload,
    SpecialAccount,
    StatementLine,
    SubLedger,
    TopUpRequest,
)
from registration.access import (
    firms_with,
    not_found,
    not_permitted,
    organisations_with,
    own_and_below,
    participations_for,
    projects_for,
    the_one,
)
from registration.actors import Actor
from registration.models import Participation, Project, Role, Sector, StoredFile
from registration.permissions import GC, PERMISSIONS

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
    mine = firms_with(actor, permission)
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


def advances_for(actor: Actor) -> QuerySet[Advance]:
    """Advances of the parts whose sheets the actor sees: of the whole project for its general contractor and the
    authorities, of the own part and those below it for a subcontractor or an agency."""
    mine = firms_with(actor, "sheet.view")
    leads = Participation.objects.filter(
        project=OuterRef("project_id"),
        organisation__in=mine,
        role=Participation.Role.GENERAL_CONTRACTOR,
    )
    return Advance.objects.filter(
        Q(Exists(leads))
        | Q(participation__in=own_and_below(mine))
        | Q(project__in=_authority_projects(actor, "sheet.view"))
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
    return the_one(slips)


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


def access_mediation(pk: int, actor: Actor, *, for_write: bool = False) -> Mediation:
    """A mediation of the worker's own, or of a sheet within reach of those who answer objections; `for_write`
    locks project, sheet and the mediation. Inspectors look at it through their own pages."""
    mediation = Mediation.objects.filter(pk=pk).first()
    if mediation is None:
        not_found()
    if actor.kind == "worker":
        if actor.id != mediation.worker_id:
            not_found()
        if for_write:
            Project.objects.select_for_update(no_key=True).get(pk=mediation.project_id)
            PaySheet.objects.select_for_update(no_key=True, of=("self",)).get(
                pk=mediation.sheet_id, project_id=mediation.project_id
            )
    else:
        access_sheet(mediation.sheet_id, actor, permission="sheet.answer", for_write=for_write)
    if for_write:
        return Mediation.objects.select_for_update(of=("self",)).get(pk=pk)
    return mediation


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
    return the_one(
        orders_for(actor)
        .select_related("project", "account__bank", "sheet__participation__organisation", "instructed_by")
        .filter(pk=pk)
    )


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
    mine = firms_with(actor, "account.view")
    return SpecialAccount.objects.filter(
        Q(pk__in=ledgers_for(actor).values("account_id")) | Q(bank__in=mine) | Q(organisation__in=mine)
    ).select_related("bank", "organisation")


def access_account(pk: int, actor: Actor) -> SpecialAccount:
    """One special account within reach."""
    return the_one(accounts_for(actor).filter(pk=pk))


def access_share(project_pk: int, actor: Actor, *, for_write: bool = False) -> SubLedger:
    """A project's share of its special account within reach; `for_write` locks the project, then the share."""
    share = ledgers_for(actor).filter(project=project_pk).first()
    if share is None:
        not_found()
    if for_write:
        Project.objects.select_for_update(no_key=True).get(pk=project_pk)
        SubLedger.objects.select_for_update(no_key=True, of=("self",)).get(pk=share.pk)
        share = ledgers_for(actor).get(pk=share.pk)
    return share


def acts_for_bank(actor: Actor, account: SpecialAccount) -> bool:
    """Whether the actor is an officer of the bank that keeps the account."""
    return account.bank_id in firms_with(actor, "account.confirm")


def holds_account(actor: Actor, account: SpecialAccount) -> bool:
    """Whether the actor sees the whole account: for the firm that holds it, or for its bank. An owner and
    another firm see their project's share only."""
    held_by = {account.organisation_id, account.bank_id}
    return bool(held_by & set(firms_with(actor, "account.reconcile")))


def access_held_account(pk: int, actor: Actor) -> SpecialAccount:
    """An account that the actor holds or keeps; to all others its statements do not exist."""
    account = access_account(pk, actor)
    if not holds_account(actor, account):
        not_found()
    return account


def officer_bank_ids(actor: Actor) -> list[int]:
    """The banks for which a person signs in as officer."""
    return [d.organisation_id for d in actor.duties if d.role == Role.BANK_OFFICER and d.organisation_id]


def access_statement(pk: int, actor: Actor, *, for_write: bool = False) -> BankStatement:
    """A statement of an account that the actor holds or keeps."""
    statements = BankStatement.objects.filter(pk=pk)
    if for_write:
        statements = statements.select_for_update(of=("self",))
    statement = statements.select_related("account__bank", "account__organisation").first()
    if statement is None or not holds_account(actor, statement.account):
        not_found()
    return statement


def access_line(pk: int, actor: Actor, *, for_write: bool = False) -> StatementLine:
    """A statement line of an account that the actor holds or keeps; `for_write` locks it."""
    lines = StatementLine.objects.filter(pk=pk)
    if for_write:
        lines = lines.select_for_update(of=("self",))
    line = lines.select_related("account__bank", "account__organisation").first()
    if line is None or not holds_account(actor, line.account):
        not_found()
    return line


def _building_projects(actor: Actor, *, leads: str, sees: str) -> QuerySet[Project]:
    """Building projects of which the actor's firm is the general contractor, with the permission `leads`, or the
    owner, or which the actor supervises with the permission `sees`."""
    firms = Participation.objects.filter(
        Q(
            role=Participation.Role.GENERAL_CONTRACTOR,
            organisation__in=firms_with(actor, leads),
        )
        | Q(role=Participation.Role.OWNER, organisation__in=organisations_with(actor, [Role.OWNER_CLERK])),
        project=OuterRef("pk"),
    )
    return (
        Project.objects.filter(Q(Exists(firms)) | Q(pk__in=_authority_projects(actor, sees)))
        .exclude(sector=Sector.MANUFACTURING)
        .select_related("region")
    )


def account_projects(actor: Actor) -> QuerySet[Project]:
    """Building projects that need a special account, as far as the actor is their general contractor or owner
    or supervises them."""
    return _building_projects(actor, leads="account.open", sees="account.view")


def access_account_project(project_pk: int, actor: Actor) -> tuple[Project, SubLedger | None]:
    """A project whose special account the actor may see, and its share if there is one. A bank sees only
    projects that an account of its own serves."""
    share = ledgers_for(actor).select_related("project__region").filter(project=project_pk).first()
    if share is not None:
        return share.project, share
    project = account_projects(actor).filter(pk=project_pk).first()
    if project is None:
        not_found()
    return project, None


def access_account_paper(pk: int, actor: Actor) -> AccountEvent:
    """An event with its paper, if its project's share (or the whole account) is within reach."""
    event = AccountEvent.objects.select_related("file", "account").filter(pk=pk).first()
    if event is None or event.file is None:
        not_found()
    if event.sub_ledger_id is not None:
        if not ledgers_for(actor).filter(pk=event.sub_ledger_id).exists():
            not_found()
    elif not holds_account(actor, event.account):
        not_found()
    return event


def access_upload(pk: int, actor: Actor, *, with_rows: bool = True) -> SheetUpload:
    """An uploaded pay sheet of a part for which the actor prepares sheets; the file, the samples and, unless
    `with_rows`, the rows are fetched only when somebody asks for them."""
    heavy = ("content", "samples") if with_rows else ("content", "samples", "rows")
    found = SheetUpload.objects.select_related("project", "participation__organisation", "team").defer(*heavy)
    upload = found.filter(pk=pk).first()
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
    mine = firms_with(actor, permission)
    return Participation.objects.filter(
        project=project, organisation__in=mine, role=Participation.Role.GENERAL_CONTRACTOR
    ).exists()


def deposit_projects(actor: Actor) -> QuerySet[Project]:
    """Projects whose wage deposit the actor may see: its general contractor's, its owner's, the region's."""
    return _building_projects(actor, leads="deposit.lodge", sees="deposit.view")


def access_deposit(project_pk: int, actor: Actor) -> Project:
    """The project whose deposit is asked for, or NotFound."""
    return the_one(deposit_projects(actor).filter(pk=project_pk))


def access_deposit_file(project_pk: int, number: int, actor: Actor) -> DepositEntry:
    """An entry with its paper, or NotFound."""
    project = access_deposit(project_pk, actor)
    entry = DepositEntry.objects.select_related("file").filter(project=project, number=number).first()
    if entry is None or entry.file is None:
        not_found()
    return entry


def guarantee_projects(actor: Actor) -> QuerySet[Project]:
    """Projects whose owner's payment guarantee the actor may see: its general contractor's, its owner's, the
    region's."""
    return _building_projects(actor, leads="guarantee.enter", sees="guarantee.view")


def access_guarantee(project_pk: int, actor: Actor) -> Project:
    """The project whose payment guarantee is asked for, or NotFound."""
    return the_one(guarantee_projects(actor).filter(pk=project_pk))


def access_guarantee_file(project_pk: int, number: int, actor: Actor) -> PaymentGuarantee:
    """An entry with its paper, or NotFound."""
    project = access_guarantee(project_pk, actor)
    return the_one(PaymentGuarantee.objects.select_related("file").filter(project=project, number=number))


def party_of(actor: Actor, project: Project) -> int | None:
    """The firm for which the actor puts a payment guarantee on record: the owner's, else the general
    contractor's; None for all others."""
    roles = PERMISSIONS["guarantee.enter"]
    firms = Participation.objects.filter(
        Q(
            role=Participation.Role.OWNER,
            organisation__in=organisations_with(actor, roles & {Role.OWNER_CLERK}),
        )
        | Q(
            role=Participation.Role.GENERAL_CONTRACTOR, organisation__in=organisations_with(actor, roles & GC)
        ),
        project=project,
        left_on=None,
    )
    found = dict(firms.values_list("role", "organisation_id"))
    return found.get(Participation.Role.OWNER) or found.get(Participation.Role.GENERAL_CONTRACTOR)


def money_projects(actor: Actor) -> QuerySet[Project]:
    """Projects whose allocation, loans and flow of money the actor may see: the general contractor's and the
    owner's own, those with their special account at the actor's bank, those of the region."""
    if actor.kind == "system":
        return Project.objects.select_related("region")
    if actor.kind != "user":
        return Project.objects.none()
    firms = Participation.objects.filter(
        Q(
            role=Participation.Role.GENERAL_CONTRACTOR,
            organisation__in=firms_with(actor, "allocation.ask"),
        )
        | Q(
            role=Participation.Role.OWNER,
            organisation__in=firms_with(actor, "allocation.answer"),
        ),
        project=OuterRef("pk"),
    )
    banks = firms_with(actor, "loan.grant")
    return Project.objects.filter(
        Q(Exists(firms))
        | Q(sub_ledger__account__bank__in=banks)
        | Q(pk__in=_authority_projects(actor, "allocation.view"))
    ).select_related("region")


def access_money(project_pk: int, actor: Actor) -> Project:
    """The project whose money is asked for, or NotFound."""
    return the_one(money_projects(actor).filter(pk=project_pk))


def owns_project(actor: Actor, project_id: int) -> bool:
    """Whether the actor is a clerk of the project's owner."""
    mine = firms_with(actor, "allocation.answer")
    return Participation.objects.filter(
        project=project_id, organisation__in=mine, role=Participation.Role.OWNER
    ).exists()


def access_top_up(project_pk: int, number: int, actor: Actor) -> TopUpRequest:
    """One top-up request of a project within reach, or NotFound."""
    project = access_money(project_pk, actor)
    return the_one(TopUpRequest.objects.filter(project=project, number=number))


def facilities_for(actor: Actor) -> QuerySet[LoanFacility]:
    """Wage loans of the projects within reach; for a bank officer those of the own bank."""
    found = LoanFacility.objects.select_related("project", "bank")
    banks = firms_with(actor, "loan.grant")
    if banks and len(banks) == len(actor.duties):
        return found.filter(bank__in=banks)
    return found.filter(Q(project__in=money_projects(actor).values("pk")) | Q(bank__in=banks))


def access_facility(pk: int, actor: Actor) -> LoanFacility:
    """One wage loan within reach, or NotFound."""
    return the_one(facilities_for(actor).filter(pk=pk))


def access_draw(project_pk: int, number: int, actor: Actor) -> LoanDraw:
    """One draw of a wage loan within reach, or NotFound."""
    return the_one(
        LoanDraw.objects.filter(
            project=project_pk, number=number, facility__in=facilities_for(actor).values("pk")
        ).select_related("project", "facility__bank")
    )


def testimony_of(slip: PaySlip, objection_id: int, what: str) -> StoredFile | None:
    """The `photo` or `voice` of an objection to a slip that the caller has reached; None where there is none."""
    objection = Objection.objects.filter(
        project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id, pk=objection_id
    ).first()
    if objection is None or what not in {"photo", "voice"}:
        return None
    return objection.photo if what == "photo" else objection.voice


def board_projects(actor: Actor, *, permission: str = "board.view") -> QuerySet[Project]:
    """Projects whose notice board the actor may see: its general contractor's own, those of the region."""
    if actor.kind == "system":
        return Project.objects.select_related("region")
    leads = Participation.objects.filter(
        role=Participation.Role.GENERAL_CONTRACTOR,
        organisation__in=firms_with(actor, permission),
        project=OuterRef("pk"),
    )
    return Project.objects.filter(
        Q(Exists(leads)) | Q(pk__in=_authority_projects(actor, permission))
    ).select_related("region")


def access_board(project_pk: int, actor: Actor, *, permission: str = "board.view") -> Project:
    """The project whose notice board is asked for, or NotFound."""
    return the_one(board_projects(actor, permission=permission).filter(pk=project_pk))
