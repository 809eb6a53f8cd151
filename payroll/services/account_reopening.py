"""Money that comes after a special account was closed: a returned wage, a late refund.

The bank's entry is booked as always and the people are owed again, but nothing is paid from a closed account. The general
contractor asks for it to be opened again, the bank's officer does so or says why not; contractor, bank and authority
see every step as an event. Opened again, the account pays what is owed and is closed by the usual way with a new notice
and ruling (Order 724 art. 27). Where the bank cannot open it, wages are handed over in cash (`services/cash.py`).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from payroll.access import access_share, acts_for_bank, leads_project
from payroll.models import AccountEvent, AccountState, PaySlip, StatementLine, SubLedger
from payroll.owed import still_owed
from payroll.services.account_closing import SHORTEST_REASON
from payroll.services.account_opening import note_event
from registration.access import not_permitted
from registration.actors import Actor
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Kind = AccountEvent.Kind
STEPS = (Kind.CLOSED, Kind.REOPEN_ASKED, Kind.REOPENED, Kind.KEPT_SHUT)


@dataclass(frozen=True)
class AfterClosing:
    """What stands on a closed share: money in its book, people who are owed, lines that nobody explained yet."""

    balance_fen: int
    owed_people: int
    owed_fen: int
    lines: int
    step: AccountEvent | None
    """The newest step: closed, asked to open again, or refused by the bank."""

    @property
    def anything(self) -> bool:
        """Whether something is left to be done."""
        return bool(self.balance_fen or self.owed_people or self.lines)

    @property
    def asked(self) -> bool:
        """Whether a request to open it again waits for the bank."""
        return self.step is not None and self.step.kind == Kind.REOPEN_ASKED


def after_closing(share: SubLedger) -> AfterClosing:
    """What came after the closing of a share; three queries."""
    slips = PaySlip.objects.filter(project=share.project_id, net_fen__gt=0, is_approved=True)
    owed = still_owed(slips).aggregate(people=Count("worker_id", distinct=True), fen=Sum("net_fen"))
    lines = StatementLine.objects.filter(account=share.account_id, state=StatementLine.State.UNMATCHED)
    steps = AccountEvent.objects.filter(sub_ledger=share, kind__in=STEPS).select_related("made_by")
    return AfterClosing(
        share.balance_fen,
        owed["people"] or 0,
        owed["fen"] or 0,
        lines.count(),
        steps.order_by("-pk").first(),
    )


def closed_with_money() -> QuerySet[SubLedger]:
    """Closed shares in whose book there is money again."""
    return SubLedger.objects.filter(state=AccountState.CLOSED).exclude(balance_fen=0)


def asked_to_reopen() -> QuerySet[SubLedger]:
    """Closed shares whose request to be opened again waits for the bank."""
    steps = AccountEvent.objects.filter(sub_ledger=OuterRef("pk"), kind__in=STEPS).order_by("-pk")
    newest = Subquery(steps.values("kind")[:1])
    return (
        SubLedger.objects.filter(state=AccountState.CLOSED).alias(step=newest).filter(step=Kind.REOPEN_ASKED)
    )


@transaction.atomic
def ask_to_reopen(project_id: int, *, reason: str, actor: Actor, now: datetime) -> AccountEvent:
    """The general contractor asks for its closed account to be opened again, to pay what came back.

    Raises RuleViolation `reopen.state`, `reopen.nothing`, `reopen.asked`; Malformed `reopen.reason`; NotFound,
    NotPermitted.
    """
    share = access_share(project_id, actor, for_write=True)
    if not leads_project(actor, share.project, permission="account.open"):
        not_permitted("account.open")
    _check_closed(share)
    found = after_closing(share)
    if found.asked:
        raise RuleViolation("reopen.asked", _("This was asked already. The bank's officer answers it."))
    if not found.anything:
        raise RuleViolation(
            "reopen.nothing", _("Nothing came after the closing and nobody is owed: it stays closed.")
        )
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("reopen.reason", _("Write why: the bank and the authority read it."))
    return note_event(
        share.account,
        share,
        Kind.REOPEN_ASKED,
        on=site_date(now),
        reason=reason,
        amount_fen=share.balance_fen,
        actor=actor,
        now=now,
    )


@transaction.atomic
def answer_reopening(
    project_id: int, *, confirm: bool, reason: str = "", actor: Actor, now: datetime
) -> SubLedger:
    """The bank's officer opens the account again for the project, or says why it stays closed.

    Raises RuleViolation `reopen.state`, `reopen.answered`; Malformed `reopen.reason`; NotFound, NotPermitted.
    """
    share = access_share(project_id, actor, for_write=True)
    account = share.account
    if not acts_for_bank(actor, account):
        not_permitted("account.confirm")
    _check_closed(share)
    if not after_closing(share).asked:
        raise RuleViolation("reopen.answered", _("There is no open request. Reload the page."))
    if not confirm and len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("reopen.reason", _("Write why it stays closed: the contractor then pays otherwise."))
    if confirm:
        share.state = AccountState.OPEN
        share.save(update_fields=["state"])
        if account.state == AccountState.CLOSED:
            account.state = AccountState.OPEN
            account.save(update_fields=["state"])
    kind = Kind.REOPENED if confirm else Kind.KEPT_SHUT
    note_event(account, share, kind, on=site_date(now), reason=reason, actor=actor, now=now)
    return share


def _check_closed(share: SubLedger) -> None:
    if share.state != AccountState.CLOSED:
        raise RuleViolation("reopen.state", _("The account is not closed. Reload the page."))
