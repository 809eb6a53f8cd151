"""Closing a project's special account: request with notice and pledge, the authority's word, the bank's closing.

Order 724 art. 27: works done, no arrears, 30 days of public notice; what is left is the contractor's.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from payroll import closing_rules as rules
from payroll.access import access_share, acts_for_bank, leads_project
from payroll.closing_words import CONDITIONS
from payroll.models import (
    AccountEvent,
    AccountRuling,
    AccountState,
    ArrearsRecord,
    Objection,
    PaySheet,
    PaySlip,
    StatementLine,
    SubLedger,
)
from payroll.owed import still_owed
from payroll.services.account_facts import days_of
from payroll.services.account_opening import note_event
from payroll.services.accounts import reserved_fen
from payroll.services.deposit_facts import load_deposit
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import Authority, Project, StoredFile
from registration.permissions import PERMISSIONS
from registration.services.files import store_file
from registration.services.trainings import Scan
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Kind = AccountEvent.Kind
SHORTEST_REASON = 5
COUNTERS: list[Callable[[int], int]] = []
"""Asked for the open alarms about unpaid wages of a project. The app that keeps alarms adds itself here when
it is ready, since this one may not know it."""


def open_request(share: SubLedger) -> AccountEvent | None:
    """The request to close that stands, if the share is being closed."""
    if share.state not in (AccountState.CLOSING, AccountState.CLOSED):
        return None
    return (
        AccountEvent.objects.filter(sub_ledger=share, kind=Kind.CLOSING_ASKED)
        .select_related("made_by", "file", "ruling")
        .defer("file__content")
        .order_by("-pk")
        .first()
    )


def ruling_of(request: AccountEvent | None) -> AccountRuling | None:
    """The authority's answer to a request."""
    return getattr(request, "ruling", None) if request else None


def closing_facts(share: SubLedger, *, today: date) -> rules.ClosingFacts:
    """Everything that the conditions rest on, for one project."""
    project = Project.objects.select_related("region").get(pk=share.project_id)
    slips = PaySlip.objects.filter(project=project.pk, net_fen__gt=0)
    owed = still_owed(slips).aggregate(people=Count("worker_id", distinct=True), fen=Sum("net_fen"))
    request = open_request(share)
    ruling = ruling_of(request)
    deposit = load_deposit(project, today=today)
    record = ArrearsRecord.objects.filter(organisation=share.account.organisation_id).order_by("-pk").first()
    lines = StatementLine.objects.filter(account=share.account_id, state=StatementLine.State.UNMATCHED)
    return rules.ClosingFacts(
        done_on=(project.done_on or today) if project.state == Project.State.DONE else None,
        unpaid_people=owed["people"] or 0,
        unpaid_fen=owed["fen"] or 0,
        open_sheets=PaySheet.objects.filter(project=project.pk).exclude(state=PaySheet.State.SETTLED).count(),
        objections=_open_objections(project.pk),
        on_its_way_fen=reserved_fen(project.pk),
        unassigned_lines=lines.count(),
        alarms=sum(count(project.pk) for count in COUNTERS),
        arrears=deposit.state.order is not None
        or (record is not None and record.kind != ArrearsRecord.Kind.CLEAN),
        notice_from=request.happened_on if request else None,
        notice_days=days_of("account.closing_notice_days", project, today),
        pledge=request is not None and request.file_id is not None,
        released=ruling is not None and ruling.kind == AccountRuling.Kind.RELEASED,
        balance_fen=share.balance_fen,
        today=today,
    )


def _open_objections(project_id: int) -> int:
    waiting = Objection.objects.filter(project=project_id, state=Objection.State.OPEN).values("pk")
    mediated = PaySlip.objects.filter(project=project_id, confirmation=PaySlip.Confirmation.OBJECTED)
    return max(waiting.count(), mediated.values("worker_id", "sheet_id").count())


def _refuse_unless(conditions: list[rules.Condition], wanted: tuple[str, ...]) -> None:
    lacking = rules.missing(conditions, wanted)
    if lacking:
        raise RuleViolation(
            f"closing.{lacking[0].code}",
            _("Not yet: %(what)s does not hold. %(todo)s"),
            what=CONDITIONS[lacking[0].code][0],
            todo=CONDITIONS[lacking[0].code][1],
        )


@transaction.atomic
def ask_to_close(
    project_id: int, *, notice_from: date, where: str, scan: Scan | None, actor: Actor, now: datetime
) -> AccountEvent:
    """The contractor asks to close: since when and where the notice hangs, and the pledge as a paper.

    Raises RuleViolation `closing.…` naming the first condition that does not hold, Malformed `closing.…`.
    """
    share = access_share(project_id, actor, for_write=True)
    if not leads_project(actor, share.project, permission="account.open"):
        not_permitted("account.open")
    if share.state != AccountState.OPEN:
        raise RuleViolation("closing.state", _("Only an open account can be closed. Reload the page."))
    today = site_date(now)
    _refuse_unless(rules.closing_conditions(closing_facts(share, today=today)), rules.BEFORE_ASKING)
    if not (share.joined_on or notice_from) <= notice_from <= today:
        raise Malformed("closing.notice", _("Enter the day since which the notice hangs at the site."))
    if not where.strip():
        raise Malformed("closing.where", _("Write where the notice hangs and where people may object."))
    if scan is None:
        raise Malformed("closing.scan", _("Add the signed pledge that nothing is owed, scanned."))
    file = store_file(scan.name, scan.data, kind=StoredFile.Kind.OTHER, actor=actor, now=now)
    share.state = AccountState.CLOSING
    share.save(update_fields=["state"])
    return note_event(
        share.account,
        share,
        Kind.CLOSING_ASKED,
        on=notice_from,
        reason=where,
        file=file,
        actor=actor,
        now=now,
    )


@transaction.atomic
def withdraw_closing(project_id: int, *, reason: str, actor: Actor, now: datetime) -> SubLedger:
    """The contractor takes the request back; the account is open as before. RuleViolation `closing.state`."""
    share = access_share(project_id, actor, for_write=True)
    if not leads_project(actor, share.project, permission="account.open"):
        not_permitted("account.open")
    if share.state != AccountState.CLOSING:
        raise RuleViolation("closing.state", _("There is no request to close. Reload the page."))
    share.state = AccountState.OPEN
    share.save(update_fields=["state"])
    note_event(
        share.account, share, Kind.CLOSING_WITHDRAWN, on=site_date(now), reason=reason, actor=actor, now=now
    )
    return share


def may_rule(actor: Actor) -> bool:
    """Whether the actor acts for a labour authority that decides about accounts."""
    return Authority.objects.filter(
        pk__in=[
            d.authority_id for d in actor.duties if d.authority_id and d.role in PERMISSIONS["account.rule"]
        ],
        kind=Authority.Kind.LABOUR,
    ).exists()


@transaction.atomic
def rule_on_closing(
    project_id: int, *, release: bool, document: str, reason: str, actor: Actor, now: datetime
) -> AccountRuling:
    """The labour authority allows the closing once every condition holds, or refuses it with a reason.

    Written by the supervision side alone. Raises RuleViolation `closing.…`, Malformed `closing.document`,
    `closing.reason`, NotFound, NotPermitted.
    """
    share = access_share(project_id, actor)
    if not may_rule(actor):
        not_permitted("account.rule")
    request = open_request(share)
    if share.state != AccountState.CLOSING or request is None:
        raise RuleViolation("closing.state", _("There is no request to close. Reload the page."))
    if ruling_of(request) is not None:
        raise RuleViolation("closing.ruled", _("This request has been decided already."))
    if not document.strip():
        raise Malformed("closing.document", _("Write the number of the decision."))
    if len(reason.strip()) < SHORTEST_REASON:
        raise Malformed("closing.reason", _("Write the reason: contractor and bank read it."))
    if release:
        conditions = rules.closing_conditions(closing_facts(share, today=site_date(now)))
        _refuse_unless(conditions, rules.BEFORE_RELEASE)
    try:
        with transaction.atomic():
            return AccountRuling.objects.create(
                sub_ledger=share,
                answers=request,
                kind=AccountRuling.Kind.RELEASED if release else AccountRuling.Kind.REFUSED,
                document=document.strip()[:60],
                reason=reason.strip()[:300],
                decided_on=site_date(now),
                made_by_id=actor.id if actor.kind == "user" else None,
                made_at=now,
            )
    except IntegrityError as problem:
        raise RuleViolation("closing.ruled", _("This request has been decided already.")) from problem


@transaction.atomic
def close_account(project_id: int, *, actor: Actor, now: datetime) -> SubLedger:
    """The bank's officer closes the project's share, and with the last share the account itself.

    Raises RuleViolation `closing.…` naming what does not hold, NotFound, NotPermitted.
    """
    share = access_share(project_id, actor, for_write=True)
    if not acts_for_bank(actor, share.account):
        not_permitted("account.confirm")
    if share.state != AccountState.CLOSING:
        raise RuleViolation("closing.state", _("There is no request to close. Reload the page."))
    conditions = rules.closing_conditions(closing_facts(share, today=site_date(now)))
    _refuse_unless(conditions, rules.BEFORE_CLOSING)
    share.state = AccountState.CLOSED
    share.save(update_fields=["state"])
    account = share.account
    if not account.sub_ledgers.exclude(state__in=[AccountState.CLOSED, AccountState.REFUSED]).exists():
        account.state = AccountState.CLOSED
        account.save(update_fields=["state"])
    note_event(account, share, Kind.CLOSED, on=site_date(now), actor=actor, now=now)
    return share


def closing_picture(share: SubLedger, *, today: date) -> dict[str, Any]:
    """Conditions, request and ruling for a page."""
    facts = closing_facts(share, today=today)
    request = open_request(share)
    return {
        "facts": facts,
        "conditions": rules.closing_conditions(facts),
        "asked": request,
        "ruling": ruling_of(request),
    }
