"""A special account from its registration to its filing: contractor, bank, authority (measures of 2021).

The general contractor registers the account of a project, or adds the project to an account of the firm; the
bank's officer confirms or refuses it; the contractor records the filing. Every step is an `AccountEvent`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from payroll import account_rules as rules
from payroll.access import access_account_project, access_share, acts_for_bank, leads_project
from payroll.models import AccountEvent, AccountState, SpecialAccount, SubLedger
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import BankCard, Organisation, Participation, Project, Sector, StoredFile
from registration.services.files import store_file
from registration.services.parameters import parameter
from registration.services.trainings import Scan
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

EARLIEST = date(2015, 1, 1)
SHORTEST_REASON = 5
Kind = AccountEvent.Kind


@dataclass(frozen=True)
class AccountFacts:
    """What the contractor registers: a new account, or (with `account_id`) one that the firm has already."""

    opened_on: date
    account_id: int | None = None
    bank_id: int | None = None
    name: str = ""
    number: str = ""


def general_contractor(project: Project) -> Organisation:
    """The firm that must hold the account. RuleViolation `account.no_contractor` where none is entered."""
    part = (
        Participation.objects.filter(project=project, role=Participation.Role.GENERAL_CONTRACTOR)
        .select_related("organisation")
        .first()
    )
    if part is None:
        raise RuleViolation("account.no_contractor", _("Enter the project's general contractor first."))
    return part.organisation


def note_event(
    account: SpecialAccount,
    share: SubLedger | None,
    kind: str,
    *,
    on: date,
    actor: Actor,
    now: datetime,
    number: str = "",
    reason: str = "",
    amount_fen: int | None = None,
    file: StoredFile | None = None,
) -> AccountEvent:
    """Append one event, in the caller's transaction."""
    return AccountEvent.objects.create(
        account=account,
        sub_ledger=share,
        kind=kind,
        happened_on=on,
        number=number.strip()[:80],
        reason=reason.strip()[:300],
        amount_fen=amount_fen,
        file=file,
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )


@transaction.atomic
def register_account(project_id: int, facts: AccountFacts, *, actor: Actor, now: datetime) -> SubLedger:
    """Register the special account of a project; it serves once the bank has confirmed it (art. 26).

    Raises RuleViolation `account.…` (known, not allowed), Malformed `account.bank`, `.name`, `.number`,
    `.day`; NotFound, NotPermitted.
    """
    project, _share = access_account_project(project_id, actor)
    if not leads_project(actor, project, permission="account.open"):
        not_permitted("account.open")
    if project.sector == Sector.MANUFACTURING:
        raise RuleViolation("account.not_building", _("Only building works have a special wage account."))
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    share = (
        SubLedger.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .filter(project=project_id)
        .first()
    )
    if share is not None and share.state != AccountState.REFUSED:
        raise RuleViolation("account.has_one", _("This project has a special account already."))
    if not EARLIEST <= facts.opened_on <= site_date(now):
        raise Malformed("account.day", _("This day cannot be right. Enter what has happened, not what will."))
    firm = general_contractor(project)
    if facts.account_id is not None:
        account = _existing(facts.account_id, firm, project, site_date(now))
    else:
        account = _opened(facts, firm, project, share)
    if share is None:
        share = SubLedger(project=project, account=account)
    share.account, share.state, share.joined_on = account, AccountState.PENDING, facts.opened_on
    share.filed_on, share.filing_number = None, ""
    share.save()
    note_event(account, share, Kind.REGISTERED, on=facts.opened_on, actor=actor, now=now)
    return share


def _existing(account_id: int, firm: Organisation, project: Project, today: date) -> SpecialAccount:
    allowed = parameter("account.sub_ledgers_allowed", region_code=project.region_id, on=today, default=True)
    if not allowed:
        raise RuleViolation(
            "account.no_sharing", _("Here every project needs an account of its own. Register a new one.")
        )
    account = SpecialAccount.objects.filter(pk=account_id, organisation=firm, state=AccountState.OPEN).first()
    if account is None:
        raise Malformed("account.existing", _("Choose one of your firm's open accounts."))
    return account


def _opened(
    facts: AccountFacts, firm: Organisation, project: Project, share: SubLedger | None
) -> SpecialAccount:
    bank = Organisation.objects.filter(pk=facts.bank_id or 0, kind=Organisation.Kind.BANK).first()
    if bank is None:
        raise Malformed("account.bank", _("Choose the bank that keeps the account."))
    name = rules.check_name(facts.name, firm.name, project.name)
    number = rules.check_number(facts.number)
    if BankCard.objects.filter(number_index=blind_index(number, kind="card")).exists():
        raise Malformed("account.number", _("This is a wage card. Write the number of the special account."))
    account = SpecialAccount()
    if share is not None and share.account.state == AccountState.REFUSED:
        account = share.account  # the bank refused it: the same record, put right
    account.organisation, account.bank = firm, bank
    account.name, account.number, account.tail = name, number, number[-4:]
    account.number_index = blind_index(number, kind="account")
    account.opened_on, account.state = facts.opened_on, AccountState.PENDING
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as problem:
        raise RuleViolation(
            "account.known", _("This account is recorded already. Add the project to it instead.")
        ) from problem
    return account


@transaction.atomic
def answer_account(
    project_id: int, *, confirm: bool, reason: str = "", actor: Actor, now: datetime
) -> SubLedger:
    """The bank's officer says that the account serves this project, or refuses with a reason.

    Raises RuleViolation `account.answered`, Malformed `account.reason`, NotFound, NotPermitted.
    """
    share = access_share(project_id, actor, for_write=True)
    account = share.account
    if not acts_for_bank(actor, account):
        not_permitted("account.confirm")
    if share.state != AccountState.PENDING:
        raise RuleViolation("account.answered", _("This has been answered already. Reload the page."))
    if not confirm and len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("account.reason", _("Write why, so that the contractor can put it right."))
    share.state = AccountState.OPEN if confirm else AccountState.REFUSED
    share.save(update_fields=["state"])
    if account.state == AccountState.PENDING:
        account.state = share.state
        account.save(update_fields=["state"])
    kind = Kind.CONFIRMED if confirm else Kind.REFUSED
    note_event(account, share, kind, on=site_date(now), reason=reason, actor=actor, now=now)
    return share


@transaction.atomic
def file_account(
    project_id: int, *, filed_on: date, number: str, scan: Scan | None, actor: Actor, now: datetime
) -> SubLedger:
    """Record that the account was filed with the supervising authority: day, number, stamped paper.

    Raises RuleViolation `account.…`, Malformed `account.filed_on`, `.filing_number`, `.scan`, `file.…`.
    """
    share = access_share(project_id, actor, for_write=True)
    if not leads_project(actor, share.project, permission="account.open"):
        not_permitted("account.open")
    if share.state not in (AccountState.OPEN, AccountState.CLOSING):
        raise RuleViolation("account.not_open", _("The bank has not confirmed the account yet."))
    if share.filed_on is not None:
        raise RuleViolation("account.filed", _("The filing is on record already."))
    if not (share.joined_on or EARLIEST) <= filed_on <= site_date(now):
        raise Malformed("account.filed_on", _("The filing lies between the opening and today."))
    if not number.strip():
        raise Malformed("account.filing_number", _("Write the number under which it was filed."))
    if scan is None:
        raise Malformed("account.scan", _("Add the stamped paper as a scan or a photo."))
    file = store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
    share.filed_on, share.filing_number = filed_on, number.strip()[:60]
    share.save(update_fields=["filed_on", "filing_number"])
    note_event(share.account, share, Kind.FILED, on=filed_on, number=number, file=file, actor=actor, now=now)
    return share


def check_serves(share: SubLedger) -> None:
    """Whether wages may be paid from this share. RuleViolation `account.closed`, `.not_open`."""
    if AccountState.CLOSED in (share.state, share.account.state):
        raise RuleViolation(
            "account.closed",
            _(
                "The special account is closed. For wages that came back, ask on its page for it to be opened again, or "
                "hand them over in cash."
            ),
        )
    if share.state not in (AccountState.OPEN, AccountState.CLOSING):
        raise RuleViolation(
            "account.not_open", _("The bank has not confirmed this account. Ask its officer to do so.")
        )
