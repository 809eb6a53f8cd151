"""A general contractor's wage deposit: lodged, topped up, changed, paid out by order, asked back, returned.

Each entry is one sentence of Order 724 art. 32 and the measures of 2021. Banks and insurers only appear as
the issuer of a paper; what the authority decides stands in `deposit_rulings.py`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import leads_project
from payroll.deposit_records import ENTRY, entry_record, entry_subject
from payroll.models import DepositEntry, DepositForm
from payroll.services.deposit_facts import Deposit, limits_of, load_deposit
from registration.access import access_project, not_permitted
from registration.actors import Actor
from registration.models import Project, Sector, StoredFile
from registration.services.files import store_file
from registration.services.trainings import Scan
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Kind = DepositEntry.Kind
PAPERS = (Kind.LODGED, Kind.TOPPED_UP, Kind.REPLACED)
EARLIEST = date(2015, 1, 1)


@dataclass(frozen=True)
class EntryFacts:
    """What the contractor says. `amount_fen` is the new money for cash that is topped up, else the whole amount
    of the paper; an order and a return bring their own."""

    kind: str
    happened_on: date
    form: str = ""
    amount_fen: int = 0
    issuer: str = ""
    paper_number: str = ""
    expires_on: date | None = None
    notice_from: date | None = None
    note: str = ""


@dataclass(frozen=True)
class _Paper:
    form: str
    issuer: str
    number: str
    expires_on: date | None


@transaction.atomic
def enter_deposit(
    project_id: int, facts: EntryFacts, *, scan: Scan | None, actor: Actor, now: datetime
) -> DepositEntry:
    """Append one entry to the project's deposit; only its general contractor may.

    Raises RuleViolation `deposit.…` when the state forbids it, Malformed `deposit.…` for what cannot be right,
    `file.…` for a bad scan, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, for_write=True)
    if not leads_project(actor, project):
        not_permitted("deposit.lodge")
    if project.sector == Sector.MANUFACTURING:
        raise RuleViolation("deposit.not_building", _("Only building works give a wage deposit."))
    today = site_date(now)
    deposit = load_deposit(project, today=today)
    _check_day(facts, deposit, today)
    amount, paper, ruling = _checked(facts, deposit, project, today)
    if scan is None and facts.kind != Kind.ASKED_BACK:
        raise Malformed("deposit.scan", _("Add the bank's or insurer's paper as a scan or a photo."))
    file = (
        store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now) if scan else None
    )
    entry = DepositEntry.objects.create(
        project=project,
        number=len(deposit.entries) + 1,
        kind=facts.kind,
        form=paper.form,
        happened_on=facts.happened_on,
        amount_fen=amount,
        balance_fen=deposit.state.balance_fen + amount,
        due_fen=deposit.due.amount_fen,
        issuer=paper.issuer,
        paper_number=paper.number,
        expires_on=paper.expires_on,
        notice_from=facts.notice_from if facts.kind == Kind.ASKED_BACK else None,
        ruling_number=ruling,
        note=facts.note.strip()[:200],
        file=file,
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )
    append(
        ENTRY,
        project_id=project.pk,
        subject=entry_subject(entry),
        record=entry_record(entry, bytes(file.sha256) if file else b""),
        actor=actor,
        now=now,
    )
    return entry


def _check_day(facts: EntryFacts, deposit: Deposit, today: date) -> None:
    if facts.kind not in Kind.values:
        raise Malformed("deposit.kind", _("Choose what happened."))
    if not EARLIEST <= facts.happened_on <= today:
        raise Malformed("deposit.day", _("This day cannot be right. Enter what has happened, not what will."))
    if deposit.entries and facts.happened_on < deposit.entries[-1].happened_on:
        raise RuleViolation(
            "deposit.day",
            _("The day lies before the last entry of %(day)s. Entries follow one another."),
            day=deposit.entries[-1].happened_on.isoformat(),
        )
    if deposit.state.code == "returned":
        raise RuleViolation("deposit.returned", _("The deposit has been returned. Nothing can follow."))


def _checked(
    facts: EntryFacts, deposit: Deposit, project: Project, today: date
) -> tuple[int, _Paper, int | None]:
    """The change of the cover, the paper after it, the ruling it answers."""
    if facts.kind in PAPERS:
        paper = _paper(facts, project, today)
        return _new_paper(facts, paper, deposit), paper, None
    if not deposit.entries:
        raise RuleViolation("deposit.none", _("No deposit is on record yet. Enter its lodging first."))
    last = deposit.entries[-1]
    standing = _Paper(last.form, last.issuer, last.paper_number, last.expires_on)
    if facts.kind == Kind.PAID_OUT:
        order = deposit.state.order
        if order is None:
            raise RuleViolation("deposit.no_order", _("There is no order of the authority to pay from it."))
        if facts.happened_on < order.decided_on:
            raise RuleViolation("deposit.before_order", _("The payment lies before the order."))
        return -order.amount_fen, standing, order.number
    if facts.kind == Kind.ASKED_BACK:
        _check_request(facts, deposit, project, today)
        return 0, standing, None
    release = deposit.state.release
    if release is None:
        raise RuleViolation("deposit.no_release", _("The authority has not allowed the return."))
    return -deposit.state.balance_fen, standing, release.number


def _paper(facts: EntryFacts, project: Project, today: date) -> _Paper:
    if facts.form not in DepositForm.values:
        raise Malformed("deposit.form", _("Choose cash, guarantee or insurance."))
    if facts.amount_fen <= 0:
        raise Malformed("deposit.amount", _("Write an amount above zero."))
    if not facts.issuer.strip():
        raise Malformed("deposit.issuer", _("Write the bank or insurer."))
    if not facts.paper_number.strip():
        raise Malformed("deposit.paper", _("Write the number on the paper."))
    expires = None
    if facts.form != DepositForm.CASH:
        months = limits_of(project.region_id, on=today).paper_months
        expires = facts.expires_on
        if expires is None or expires < _months_after(facts.happened_on, months):
            raise RuleViolation(
                "deposit.too_short",
                _("A guarantee or insurance must hold for at least %(months)s months."),
                months=months,
            )
    return _Paper(facts.form, facts.issuer.strip()[:120], facts.paper_number.strip()[:60], expires)


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 1, 28)


def _new_paper(facts: EntryFacts, paper: _Paper, deposit: Deposit) -> int:
    """The change of the cover by a lodging, a top-up or a new paper."""
    state = deposit.state
    if facts.kind == Kind.LODGED:
        if deposit.entries:
            raise RuleViolation(
                "deposit.known", _("A deposit is on record already. Top it up, or change its form.")
            )
        return facts.amount_fen
    if not deposit.entries:
        raise RuleViolation("deposit.none", _("No deposit is on record yet. Enter its lodging first."))
    if state.order is not None:
        raise RuleViolation(
            "deposit.under_order", _("The authority ordered a payment from it. Enter the payment first.")
        )
    if facts.kind == Kind.TOPPED_UP:
        if paper.form != state.form:
            raise RuleViolation(
                "deposit.same_form", _("Top up in the same form, or change the form for the whole amount.")
            )
        if paper.form == DepositForm.CASH:
            return facts.amount_fen
        if facts.amount_fen <= state.balance_fen:
            raise RuleViolation(
                "deposit.less", _("Write the whole amount of the new paper. It covers no more than before.")
            )
    elif facts.amount_fen < min(state.due_fen, state.balance_fen):
        raise RuleViolation(
            "deposit.less", _("The new paper would cover less than before and less than is due.")
        )
    return facts.amount_fen - state.balance_fen


def _check_request(facts: EntryFacts, deposit: Deposit, project: Project, today: date) -> None:
    state = deposit.state
    if project.state != Project.State.DONE or project.done_on is None:
        raise RuleViolation(
            "deposit.unfinished", _("The deposit is asked back once the works are finished and accepted.")
        )
    if state.order is not None:
        raise RuleViolation(
            "deposit.under_order", _("The authority ordered a payment from it. Enter the payment first.")
        )
    if state.request is not None or state.release is not None:
        raise RuleViolation("deposit.asked", _("The return has been asked for already."))
    if state.balance_fen == 0:
        raise RuleViolation("deposit.empty", _("Nothing is left of the deposit."))
    if facts.notice_from is None or not project.done_on <= facts.notice_from <= today:
        raise Malformed(
            "deposit.notice", _("Write since when the notice hangs at the site: after the end of works.")
        )
