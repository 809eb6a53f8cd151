"""Special wage accounts: balances, entries with the balance after each, and lines that match nothing."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from payroll import labels
from payroll.access import access_account, account_projects, accounts_for, holds_account, ledgers_for
from payroll.account_words import STATES, deadline_badge
from payroll.models import (
    AccountEntry,
    AccountState,
    BankStatement,
    PaymentLine,
    SpecialAccount,
    StatementLine,
)
from payroll.services.account_facts import AccountLife, load_lives
from payroll.services.account_proof import prove
from payroll.services.account_reopening import asked_to_reopen
from payroll.services.accounts import reserved_fen
from payroll.views.sheets import xlsx
from payroll.views.statements import proof_rows
from registration.access import organisations_with
from registration.http import ActorRequest, staff_view
from registration.permissions import PERMISSIONS
from registration.templatetags.named import named
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

READERS = ("gc_clerk", "gc_manager", "owner_clerk", "bank_officer")


@require_safe
@staff_view(*READERS)
def account_list(request: ActorRequest) -> HttpResponse:
    """Every special account within reach with its projects and balances."""
    accounts = (
        accounts_for(request.actor)
        .defer("number")
        .annotate(unmatched=Count("statement_lines", filter=Q(statement_lines__state="unmatched")))
        .prefetch_related(
            Prefetch(
                "sub_ledgers", queryset=ledgers_for(request.actor).defer("account__number"), to_attr="shares"
            )
        )
        .order_by("name", "pk")
    )
    page = Paginator(accounts, 30).get_page(request.GET.get("page"))
    today = site_date(timezone.now())
    lives = load_lives(account_projects(request.actor).order_by("name", "pk"), today=today)
    to_answer = list(
        ledgers_for(request.actor)
        .filter(account__bank__in=organisations_with(request.actor, PERMISSIONS["account.confirm"]))
        .filter(state=AccountState.PENDING)
        .defer("account__number")
        .order_by("project__name")[:50]
    )
    to_reopen = (
        asked_to_reopen()
        .filter(account__bank__in=organisations_with(request.actor, PERMISSIONS["account.confirm"]))
        .select_related("account", "project")
        .defer("account__number")
        .order_by("project__name")[:50]
        if request.actor.has_role("bank_officer")
        else []
    )
    waiting = (
        BankStatement.objects.filter(
            account__in=accounts_for(request.actor).values("pk"), state=BankStatement.State.WAITING
        )
        .select_related("account")
        .defer("account__number")
        .order_by("-to_at")[:20]
        if to_answer or request.actor.has_role("bank_officer")
        else []
    )
    return render(
        request,
        "payroll/accounts.html",
        {
            "to_reopen": to_reopen,
            "page": page,
            "total": sum(s.balance_fen for a in page for s in getattr(a, "shares", [])),
            "duties": [_duty(life) for life in lives if life.needs_work],
            "to_answer": to_answer,
            "waiting": waiting,
            "states": STATES,
        },
    )


def _duty(life: AccountLife) -> dict[str, Any]:
    """A project whose account is to be opened, put right, filed or agreed, with the deadline that runs."""
    limit = life.filing if life.filing.code in ("open", "late") else life.opening
    return {
        "life": life,
        "state": STATES[life.state],
        "due_on": limit.due_on,
        "badge": deadline_badge(limit) if limit.code in ("open", "late") else None,
        "filing": limit is life.filing,
    }


@require_safe
@staff_view(*READERS)
def account_page(request: ActorRequest, pk: int) -> HttpResponse:
    """One account: balance, what is on its way, entries newest first, unmatched lines, gaps in statements."""
    account = access_account(pk, request.actor)
    shares = list(ledgers_for(request.actor).filter(account=account))
    chosen = request.GET.get("project", "")
    entries = _entries(shares, chosen)
    # What belongs to no project is for the account's holder and its bank: an owner sees its project's share.
    whole = [account.pk] if holds_account(request.actor, account) else []
    unmatched = StatementLine.objects.filter(account__in=whole, state=StatementLine.State.UNMATCHED).order_by(
        "-booked_at", "-pk"
    )
    proof = prove(account) if whole else None
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    balance = sum(s.balance_fen for s in shares)
    reserved = reserved_fen(*(s.project_id for s in shares))
    return render(
        request,
        "payroll/account.html",
        {
            "account": account,
            "shares": shares,
            "chosen": chosen,
            "page": page,
            "people": _people(page.object_list) if whole else {},
            "kinds": labels.ENTRY_KINDS,
            "unmatched": unmatched[:50],
            "unmatched_count": unmatched.count(),
            "proof": proof,
            "proof_rows": proof_rows(proof) if proof else [],
            "unassigned": proof.unassigned_fen if proof and len(shares) > 1 else 0,
            "stats": [
                {"label": _("Balance"), "figure": format_cny(balance)},
                {
                    "label": _("On its way"),
                    "figure": format_cny(reserved),
                    "note": _("with the bank, not booked yet"),
                },
                {"label": _("Free"), "figure": format_cny(balance - reserved)},
            ],
        },
    )


def _entries(shares: list[Any], chosen: str) -> Any:
    projects = [s.project_id for s in shares if not chosen or str(s.project_id) == chosen]
    return (
        AccountEntry.objects.filter(project__in=projects)
        .select_related("project")
        .order_by("-at", "-project_id", "-number")
    )


def _people(entries: Iterable[AccountEntry]) -> dict[str, tuple[str, date]]:
    """Name and wage month of the payments that entries are about, by the bank's reference; one query."""
    wages = {
        (e.project_id, e.bank_reference[2:]): e.bank_reference
        for e in entries
        if e.bank_reference[:2] in ("W:", "R:")
    }
    lines = PaymentLine.objects.filter(
        project__in={project for project, _number in wages},
        end_to_end_id__in={number for _project, number in wages},
    ).values_list("project_id", "end_to_end_id", "worker__name", "month")
    found = {(project, number): (name, month) for project, number, name, month in lines}
    return {reference: found[key] for key, reference in wages.items() if key in found}


@require_safe
@staff_view(*READERS)
def account_export(request: ActorRequest, pk: int) -> HttpResponse:
    """The account's entries as .xlsx."""
    account: SpecialAccount = access_account(pk, request.actor)
    shares = list(ledgers_for(request.actor).filter(account=account))
    columns = [
        ColumnOut(_("Project"), width=24),
        ColumnOut(_("No."), "number", 8),
        ColumnOut(_("Booked at"), "date", 18),
        ColumnOut(_("Kind"), width=18),
        ColumnOut(_("Amount"), "money"),
        ColumnOut(_("Balance"), "money"),
        ColumnOut(_("From or to"), width=36),
        ColumnOut(_("Bank reference"), width=24),
    ]
    rows = (
        (
            named(e.project),
            e.number,
            e.at,
            str(labels.ENTRY_KINDS[e.kind]),
            e.amount_fen,
            e.balance_fen,
            e.cause,
            e.bank_reference,
        )
        for e in _entries(shares, "").order_by("project_id", "number")
    )
    return xlsx(
        write_workbook([SheetOut(_("Entries"), columns, rows, title=account.name)]),
        f"account-{account.pk}.xlsx",
    )
