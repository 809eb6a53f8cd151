"""Special accounts, their shares per project, and entries that only ever grow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from payroll.models import AccountEntry, PaymentLine, SpecialAccount, SubLedger
from registration.models import Organisation, Posting, Project
from wagewatch.lib.copying import write_values
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.happenings import happened

ALIVE = (PaymentLine.State.SENT, PaymentLine.State.RECEIVED)


@transaction.atomic
def open_account(
    organisation: Organisation, bank: Organisation, *, name: str, number: str, opened_on: date
) -> SpecialAccount:
    """Record a special wage account (art. 26). RuleViolation `account.known` for a number recorded before."""
    try:
        with transaction.atomic():
            return SpecialAccount.objects.create(
                organisation=organisation,
                bank=bank,
                name=name,
                number=number,
                number_index=blind_index(number, kind="account"),
                tail=number[-4:],
                opened_on=opened_on,
            )
    except IntegrityError as problem:
        raise RuleViolation(
            "account.known", _("This account is recorded already. Add the project to it instead.")
        ) from problem


def share_account(account: SpecialAccount, project: Project) -> SubLedger:
    """Give a project its share of an open account (one account may carry several projects)."""
    ledger, _created = SubLedger.objects.get_or_create(
        project=project, defaults={"account": account, "joined_on": account.opened_on}
    )
    return ledger


def check_payees(project_id: int, worker_ids: Sequence[int]) -> None:
    """The special account pays people of this project's roster and nobody else (measures of 2021).

    RuleViolation `account.foreign_payee` with their number. One query.
    """
    posted = Posting.objects.filter(project=project_id, worker__in=worker_ids).values("worker_id").distinct()
    strangers = len(set(worker_ids)) - posted.count()
    if strangers:
        raise RuleViolation(
            "account.foreign_payee",
            _("%(count)s people are not on this project's roster. The special account pays nobody else."),
            count=strangers,
        )


def reserved_fen(*project_ids: int) -> int:
    """What is instructed from the projects' shares and not yet booked or returned; one query."""
    lines = PaymentLine.objects.filter(project__in=project_ids, state__in=ALIVE)
    found = lines.aggregate(total=Sum("amount_fen"))
    return found["total"] or 0


@dataclass(frozen=True)
class Movement:
    """One booked movement: signed fen, a reference that is unique for the project."""

    reference: str
    kind: str
    amount_fen: int
    at: datetime
    cause: str


_ENTRY = (
    "project_id",
    "number",
    "sub_ledger_id",
    "at",
    "kind",
    "amount_fen",
    "balance_fen",
    "cause",
    "bank_reference",
)


def book(ledger: SubLedger, movements: Sequence[Movement]) -> int:
    """Append movements, with running balance, to a share the caller has locked; returns how many were new.
    A reference and amount booked before is passed over."""
    known = set(
        AccountEntry.objects.filter(
            project=ledger.project_id, bank_reference__in=[m.reference for m in movements]
        ).values_list("bank_reference", "amount_fen")
    )
    entries = []
    for movement in movements:
        if (movement.reference, movement.amount_fen) in known:
            continue
        known.add((movement.reference, movement.amount_fen))
        ledger.balance_fen += movement.amount_fen
        ledger.entry_count += 1
        entries.append(
            (
                ledger.project_id,
                ledger.entry_count,
                ledger.pk,
                movement.at,
                str(movement.kind),
                movement.amount_fen,
                ledger.balance_fen,
                movement.cause[:120],
                movement.reference,
            )
        )
    if entries:
        write_values(AccountEntry, _ENTRY, entries)
        ledger.save(update_fields=["balance_fen", "entry_count"])
        happened("account.booked")
    return len(entries)
