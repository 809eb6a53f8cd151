"""The three-party agreement of contractor, bank and owner about a special account (measures of 2021)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_share, acts_for_bank, leads_project
from payroll.models import AccountAgreement, AccountEvent, AccountState, SubLedger
from payroll.services.account_opening import EARLIEST, general_contractor, note_event
from registration.access import not_permitted, organisations_with
from registration.actors import Actor
from registration.models import Organisation, Participation, StoredFile
from registration.permissions import PERMISSIONS
from registration.services.files import store_file
from registration.services.trainings import Scan
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Mode = AccountAgreement.Mode


@dataclass(frozen=True)
class AgreementFacts:
    """What the paper says. Either an amount in fen a month or a percentage of the progress payment."""

    number: str
    signed_on: date
    mode: str
    day: int
    amount_fen: int | None = None
    ratio_percent: Decimal | None = None
    note: str = ""


def owner_of(share: SubLedger) -> Organisation | None:
    """The owner of the share's project."""
    part = (
        Participation.objects.filter(project=share.project_id, role=Participation.Role.OWNER)
        .select_related("organisation")
        .first()
    )
    return part.organisation if part else None


def may_agree(actor: Actor, share: SubLedger) -> bool:
    """Whether the actor acts for one of the three parties."""
    if acts_for_bank(actor, share.account) or leads_project(actor, share.project, permission="account.open"):
        return True
    owner = owner_of(share)
    return owner is not None and owner.pk in organisations_with(
        actor, PERMISSIONS["account.agree"] & frozenset(["owner_clerk"])
    )


@transaction.atomic
def enter_agreement(
    project_id: int, facts: AgreementFacts, *, scan: Scan | None, actor: Actor, now: datetime
) -> AccountAgreement:
    """Keep the agreement, or a newer version of it; any of the three parties may bring the paper.

    Raises RuleViolation `account.closed`, Malformed `agreement.…`, `file.…`, NotFound, NotPermitted.
    """
    share = access_share(project_id, actor, for_write=True)
    if not may_agree(actor, share):
        not_permitted("account.agree")
    if share.state == AccountState.CLOSED:
        raise RuleViolation("account.closed", _("The special account is closed. Nothing is paid from it."))
    _check(facts, share, site_date(now))
    if scan is None:
        raise Malformed("agreement.scan", _("Add the signed agreement as a scan or a photo."))
    file = store_file(scan.name, scan.data, kind=StoredFile.Kind.AGREEMENT, actor=actor, now=now)
    agreement = AccountAgreement.objects.create(
        sub_ledger=share,
        version=share.agreements.count() + 1,
        number=facts.number.strip()[:60],
        signed_on=facts.signed_on,
        contractor=general_contractor(share.project),
        bank=share.account.bank,
        owner=owner_of(share),
        mode=facts.mode,
        amount_fen=facts.amount_fen if facts.mode == Mode.AMOUNT else None,
        ratio_percent=facts.ratio_percent if facts.mode == Mode.RATIO else None,
        day=facts.day,
        note=facts.note.strip()[:200],
        file=file,
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )
    note_event(
        share.account, share, AccountEvent.Kind.AGREED, on=facts.signed_on, number=agreement.number,
        file=file, actor=actor, now=now,
    )  # fmt: skip
    return agreement


def _check(facts: AgreementFacts, share: SubLedger, today: date) -> None:
    if not facts.number.strip():
        raise Malformed("agreement.number", _("Write the number of the agreement."))
    if not EARLIEST <= facts.signed_on <= today:
        raise Malformed("agreement.signed_on", _("The day of signing cannot be right."))
    last = share.agreements.order_by("-version").first()
    if last is not None and facts.signed_on < last.signed_on:
        raise RuleViolation(
            "agreement.older",
            _("A newer version of %(day)s is on record. Enter only what was agreed after it."),
            day=last.signed_on.isoformat(),
        )
    if facts.mode not in Mode.values:
        raise Malformed("agreement.mode", _("Choose an amount or a share."))
    if facts.mode == Mode.AMOUNT and (facts.amount_fen or 0) <= 0:
        raise Malformed("agreement.amount", _("Write an amount above zero."))
    if facts.mode == Mode.RATIO and not 0 < (facts.ratio_percent or 0) <= 100:
        raise Malformed("agreement.ratio", _("Write a share above 0 and at most 100 percent."))
    if not 1 <= facts.day <= 31:
        raise Malformed("agreement.day", _("Write a day of the month from 1 to 31."))
