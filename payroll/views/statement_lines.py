"""Statement lines of an account: the list by state, one line with its history and what can be done about it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from payroll import labels
from payroll.access import access_held_account, access_line, acts_for_bank
from payroll.account_words import LINE_STATES
from payroll.models import AccountEntry, AccountState, LineEvent, StatementLine
from payroll.services import statement_lines as acts
from payroll.services.account_proof import COUNTED
from payroll.views.statements import HOLDERS, PER_PAGE, line_tabs
from registration.http import ActorRequest, staff_view
from wagewatch.lib.errors import Malformed, NotFound, NotPermitted, WagewatchError
from wagewatch.lib.money import parse_yuan
from wagewatch.lib.texts import whole_number

Kind = AccountEntry.Kind
REASONS = {
    "fee": gettext_lazy("The bank's own fee"),
    "correction": gettext_lazy("The bank's own correction"),
    "explained": gettext_lazy("Explained by a paper"),
    "small": gettext_lazy("A trial transfer"),
    "other": gettext_lazy("Something else"),
}
POT = ~Q(amount_fen=F("assigned_fen")) & Q(state__in=COUNTED)


@require_safe
@staff_view(*HOLDERS)
def line_list(request: ActorRequest, pk: int) -> HttpResponse:
    """Every line the bank told, newest first; also only what is not assigned, or what was no wage."""
    account = access_held_account(pk, request.actor)
    lines = StatementLine.objects.filter(account=account)
    counts = dict(lines.order_by().values_list("state").annotate(n=Count("pk")))
    show = request.GET.get("show", "")
    more = {"unassigned": POT, "foreign": Q(is_foreign=True)}
    extra = [
        ("unassigned", _("Not yet assigned"), lines.filter(POT).count()),
        ("foreign", _("No wages"), lines.filter(is_foreign=True).count()),
    ]
    if show in LINE_STATES:
        lines = lines.filter(state=show)
    elif show in more:
        lines = lines.filter(more[show])
    context = {
        "account": account,
        "states": LINE_STATES,
        "show": show,
        "tabs": line_tabs(request, counts, extra=extra),
        "page": Paginator(lines.order_by("-booked_at", "-pk"), PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "payroll/account_lines.html", context)


def _act(request: ActorRequest, line: StatementLine) -> Any:
    """Do what the form asks; the message to show."""
    data, now = request.POST, timezone.now()
    version = whole_number(data.get("version", ""))
    common: dict[str, Any] = {
        "version": -1 if version is None else version,
        "actor": request.actor,
        "now": now,
    }
    act = data.get("act", "")
    if act == "assign":
        acts.assign_line(line.pk, _parts(request, line), note=data.get("note", ""), **common)
        return _("Assigned. The shares of the projects have followed.")
    if act == "wage":
        acts.match_wage(line.pk, data.get("payment", ""), **common)
        return _("Matched with the wage. The worker is told.")
    if act == "dismiss":
        acts.dismiss_line(line.pk, data.get("reason", ""), data.get("note", ""), **common)
        return _("Dismissed, with your reason.")
    if act == "duplicate":
        acts.call_duplicate(line.pk, whole_number(data.get("other", "")) or 0, **common)
        return _("Marked as told twice. It counts no more.")
    if act == "undo":
        acts.undo_line(line.pk, **common)
        return _("Undone. The line stands as before.")
    raise Malformed("line.act", _("Choose what to do with this line."))


def _parts(request: ActorRequest, line: StatementLine) -> list[acts.Part]:
    """One part per project with an amount; a single project without one takes the whole line."""
    sign = 1 if line.amount_fen > 0 else -1
    kind = request.POST.get("kind", "")
    chosen = request.POST.getlist("project")
    parts = []
    for share in line.account.sub_ledgers.order_by("project_id"):
        written = request.POST.get(f"amount-{share.project_id}", "").strip()
        if written:
            parts.append(acts.Part(share.project_id, kind, sign * parse_yuan(written)))
        elif chosen == [str(share.project_id)]:
            parts.append(acts.Part(share.project_id, kind, line.amount_fen))
    return parts


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*HOLDERS)
def line_page(request: ActorRequest, pk: int) -> HttpResponse:
    """One line: what the bank told, where it stands, every act about it, and the acts that are possible."""
    line = access_line(pk, request.actor)
    problem: WagewatchError | None = None
    if request.method == "POST":
        try:
            done = _act(request, line)
        except (NotFound, NotPermitted):
            raise
        except WagewatchError as refusal:
            problem = refusal
            line = access_line(pk, request.actor)
        else:
            messages.success(request, done)
            return redirect("payroll:statement-line", pk)
    status = problem.status if problem else 200
    return render(request, "payroll/statement_line.html", _context(request, line, problem), status=status)


def _context(request: ActorRequest, line: StatementLine, problem: WagewatchError | None) -> dict[str, Any]:
    shares = list(
        line.account.sub_ledgers.select_related("project")
        .exclude(state__in=[AccountState.REFUSED, AccountState.CLOSED])
        .order_by("project_id")
    )
    events = list(line.events.select_related("made_by", "sub_ledger__project").order_by("-number")[:100])
    wage = acts.tells_wage(line)
    last = acts.last_act(line)
    open_ = not wage and line.state != StatementLine.State.DUPLICATE
    kinds = acts.INCOMING if line.amount_fen > 0 else acts.OUTGOING
    others = (
        StatementLine.objects.filter(account=line.account_id, amount_fen=line.amount_fen)
        .exclude(pk=line.pk)
        .exclude(state=StatementLine.State.DUPLICATE)
        .order_by("-booked_at")[:20]
        if open_
        else []
    )
    tellings = (
        line.tellings.select_related("statement", "statement__message")
        .defer("statement__message__content")
        .order_by("pk")[:20]
    )
    candidates = acts.wage_candidates(line)[:20] if open_ else []
    return {
        "line": line,
        "account": line.account,
        "acts_here": bool(candidates or others or problem or (open_ and shares)),
        "words": LINE_STATES[line.state],
        "is_wage": wage,
        "problem": problem,
        "shares": shares,
        "split": len(shares) > 1,
        "kinds": [(kind.value, labels.ENTRY_KINDS[kind]) for kind in kinds],
        "entry_kinds": labels.ENTRY_KINDS,
        "reasons": [(key, words) for key, words in REASONS.items() if _may_say(request, line, key)],
        "reason_words": REASONS,
        "candidates": candidates,
        "others": others,
        "may_assign": open_,
        "may_dismiss": line.state == StatementLine.State.UNMATCHED,
        "may_undo": bool(last)
        and not (wage and any(e.entry_kind in (Kind.WAGES, Kind.RETURN) for e in last)),
        "events": events,
        "tellings": tellings,
        "rest_fen": line.amount_fen - line.assigned_fen if line.state in COUNTED else 0,
        "event_kinds": dict(LineEvent.Kind.choices),
    }


def _may_say(request: ActorRequest, line: StatementLine, reason: str) -> bool:
    return reason not in acts.BANKS_OWN or acts_for_bank(request.actor, line.account)
