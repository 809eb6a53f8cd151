"""Bank statements of a special account: the list with the proof of its balance, one statement, the bank's word."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payroll.access import access_held_account, access_statement, acts_for_bank
from payroll.account_words import LINE_STATES, STATEMENT_STATES
from payroll.models import AccountEvent, BankStatement, StatementEntry
from payroll.services.account_proof import Proof, prove
from payroll.services.statement_uploads import (
    CONFIRM_INLINE,
    INLINE_BYTES,
    begin_confirming,
    keep_statement_file,
    recent_uploads,
)
from payroll.services.statements import answer_statement, statement_of, upload_statement
from payroll.services.told import told_lines
from payroll.tasks import read_statement
from registration.http import ActorRequest, staff_view
from registration.tasks import begin
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, WagewatchError
from wagewatch.lib.money import format_cny

HOLDERS = ("gc_clerk", "gc_manager", "bank_officer")
PER_PAGE = 100


def say_read(request: ActorRequest, statement: BankStatement, *, is_new: bool) -> None:
    """What became of a file that was read."""
    if not is_new:
        messages.info(request, _("This file was read before. Nothing has changed."))
    elif statement.state == BankStatement.State.WAITING:
        messages.success(request, _("Read. It counts once the bank's officer has confirmed it."))
    else:
        messages.success(request, _("Read and taken in."))


def proof_rows(proof: Proof) -> list[tuple[Any, str]]:
    """What our book is, what the bank says, and what lies between, as pairs for components/kv.html."""
    rows = [
        (_("Shares of the projects"), format_cny(proof.shares_fen)),
        (_("Not yet assigned"), format_cny(proof.unassigned_fen)),
        (_("Our book"), format_cny(proof.balance_fen)),
    ]
    if proof.reported_fen:
        rows.append((_("less wages reported, not booked yet"), format_cny(-proof.reported_fen)))
    if proof.since_fen:
        rows.append((_("less movements since the last statement"), format_cny(-proof.since_fen)))
    if proof.closing_fen is not None:
        rows.append((_("Closing balance of the bank"), format_cny(proof.closing_fen)))
        rows.append((_("Difference"), format_cny(proof.difference_fen or 0)))
    if not proof.proved:
        for words, fen in (
            (_("of it: balance before the first statement"), -proof.opening_fen),
            (_("of it: gaps between statements"), -proof.gaps_fen),
            (_("of it: statements that do not add up"), -proof.unsound_fen),
            (_("of it: told twice, or not explained"), proof.unexplained_fen),
        ):
            if fen and proof.closing_fen is not None:
                rows.append((words, format_cny(fen)))
    return rows


def _counts(statements: list[BankStatement]) -> None:
    """How many lines of each statement stand in which state; one query."""
    rows = (
        StatementEntry.objects.filter(statement__in=statements)
        .values_list("statement_id", "line__state")
        .annotate(n=Count("pk"))
    )
    by_statement: dict[int, dict[str, int]] = {}
    for pk, state, n in rows:
        by_statement.setdefault(pk, {})[state] = n
    for statement in statements:
        statement.counts = by_statement.get(statement.pk, {})  # type: ignore[attr-defined]
        statement.open_lines = statement.counts.get("unmatched", 0)  # type: ignore[attr-defined]
        statement.words = STATEMENT_STATES[statement.state]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*HOLDERS)
def statement_list(request: ActorRequest, pk: int) -> HttpResponse:
    """Every statement, newest first, the proof of the balance, findings; a file is brought here."""
    account = access_held_account(pk, request.actor)
    problem: WagewatchError | None = None
    if request.method == "POST":
        try:
            file = request.FILES.get("file")
            if file is None or not file.name:
                raise Malformed("file.none", _("Choose a file first: .xml, .xlsx, .xls, .ods or .csv."))
            data, now = file.read(), timezone.now()
            if len(data) > INLINE_BYTES:
                kept = keep_statement_file(pk, filename=file.name, data=data, actor=request.actor, now=now)
                begin(read_statement, kept.pk, small=False)
                return redirect("payroll:statement-upload", kept.pk)
            statement, is_new = upload_statement(
                pk, filename=file.name, data=data, actor=request.actor, now=now
            )
        except (NotFound, NotPermitted):
            raise
        except WagewatchError as error:
            problem = error
        else:
            say_read(request, statement, is_new=is_new)
            return redirect("payroll:statement", statement.pk)
    found = (
        BankStatement.objects.filter(account=account)
        .select_related("uploaded_by", "message")
        .defer("message__content", "message__summary")
        .order_by("-to_at", "-pk")
    )
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    _counts(list(page.object_list))
    proof = prove(account)
    findings = AccountEvent.objects.filter(
        account=account, kind__in=[AccountEvent.Kind.GAP_FOUND, AccountEvent.Kind.GAP_CLOSED]
    ).order_by("-pk")[:20]
    context = {
        "account": account,
        "page": page,
        "proof": proof,
        "proof_rows": proof_rows(proof),
        "findings": findings,
        "problem": problem,
        "is_bank": acts_for_bank(request.actor, account),
        "waiting": found.filter(state=BankStatement.State.WAITING).count(),
        "uploads": recent_uploads(account),
    }
    return render(request, "payroll/statements.html", context, status=400 if problem else 200)


def line_tabs(request: ActorRequest, counts: dict[str, int], *, extra: Any = ()) -> list[dict[str, Any]]:
    """Filters by state with counts."""
    show = request.GET.get("show", "")
    query = request.GET.copy()
    query.pop("page", None)
    tabs = []
    every = [("", _("All"), sum(counts.values()))]
    every += [(state, words[0], counts.get(state, 0)) for state, words in LINE_STATES.items()]
    for key, label, count in [*every, *extra]:
        query["show"] = key
        tabs.append({"url": f"?{query.urlencode()}", "label": label, "count": count, "current": key == show})
    return tabs


@require_safe
@staff_view(*HOLDERS)
def statement_page(request: ActorRequest, pk: int) -> HttpResponse:
    """One statement: its sums, its lines by state; one that waits shows what it would tell."""
    statement = access_statement(pk, request.actor)
    show = request.GET.get("show", "")
    context: dict[str, Any] = {
        "statement": statement,
        "account": statement.account,
        "words": STATEMENT_STATES[statement.state],
        "states": LINE_STATES,
        "show": show,
        "may_answer": statement.state == BankStatement.State.WAITING
        and acts_for_bank(request.actor, statement.account),
    }
    if statement.state == BankStatement.State.APPLIED:
        counts = dict(
            StatementEntry.objects.filter(statement=statement)
            .values_list("line__state")
            .annotate(n=Count("pk"))
        )
        entries = (
            StatementEntry.objects.filter(statement=statement).select_related("line").order_by("position")
        )
        if show in LINE_STATES:
            entries = entries.filter(line__state=show)
        known = StatementEntry.objects.filter(Q(statement=statement), known=True).count()
        context |= {
            "tabs": line_tabs(request, counts),
            "page": Paginator(entries, PER_PAGE).get_page(request.GET.get("page")),
            "known": known,
        }
    else:
        told = told_lines(statement_of(statement), timezone.now())
        context["told_page"] = Paginator(told, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "payroll/statement.html", context)


@require_POST
@staff_view(*HOLDERS)
def statement_answer(request: ActorRequest, pk: int) -> HttpResponse:
    """The bank's officer confirms or refuses what the contractor brought; a large one is taken in by the worker process."""
    confirm = request.POST.get("verdict") == "confirm"
    now = timezone.now()
    try:
        if confirm and access_statement(pk, request.actor).line_count > CONFIRM_INLINE:
            kept = begin_confirming(pk, actor=request.actor, now=now)
            begin(read_statement, kept.pk, small=False)
            return redirect("payroll:statement-upload", kept.pk)
        statement = answer_statement(
            pk, confirm=confirm, reason=request.POST.get("reason", ""), actor=request.actor, now=now
        )
    except (NotFound, NotPermitted):
        raise
    except WagewatchError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request,
            _("Confirmed and taken in.")
            if statement.state == BankStatement.State.APPLIED
            else _("Refused. The contractor sees why."),
        )
    return redirect("payroll:statement", pk)
