"""Special wage accounts: balances, entries with the balance after each, and lines that match nothing."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from payroll import labels
from payroll.access import access_account, accounts_for, ledgers_for
from payroll.models import AccountEntry, BankMessage, SpecialAccount, StatementLine
from payroll.services.accounts import reserved_fen
from payroll.views.sheets import xlsx
from registration.http import ActorRequest, staff_view
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
    return render(
        request,
        "payroll/accounts.html",
        {"page": page, "total": sum(s.balance_fen for a in page for s in getattr(a, "shares", []))},
    )


@require_safe
@staff_view(*READERS)
def account_page(request: ActorRequest, pk: int) -> HttpResponse:
    """One account: balance, what is on its way, entries newest first, unmatched lines, gaps in statements."""
    account = access_account(pk, request.actor)
    shares = list(ledgers_for(request.actor).filter(account=account))
    chosen = request.GET.get("project", "")
    entries = _entries(shares, chosen)
    # What belongs to no project is for the account's holder and its bank: an owner sees its project's share.
    holders = {account.organisation_id, account.bank_id}
    whole = [account.pk] if holders & set(request.actor.organisation_ids) else []
    unmatched = StatementLine.objects.filter(account__in=whole, state=StatementLine.State.UNMATCHED).order_by(
        "-booked_at", "-pk"
    )
    gaps = (
        BankMessage.objects.filter(account__in=whole, kind="camt.053", summary__has_key="gap")
        .defer("content")
        .order_by("-pk")[:5]
    )
    balance = sum(s.balance_fen for s in shares)
    reserved = reserved_fen(*(s.project_id for s in shares))
    return render(
        request,
        "payroll/account.html",
        {
            "account": account,
            "shares": shares,
            "chosen": chosen,
            "page": Paginator(entries, 50).get_page(request.GET.get("page")),
            "kinds": labels.ENTRY_KINDS,
            "unmatched": unmatched[:50],
            "unmatched_count": unmatched.count(),
            "gaps": gaps,
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
            e.project.name,
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
