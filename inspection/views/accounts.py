"""Special accounts of the region: opened and filed in time, proved, what left them, closing."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from inspection.exports import download
from inspection.http import inspector_view, text_of
from payroll.access import access_account_paper, access_account_project, access_share, account_projects
from payroll.account_words import LINE_STATES, STATES, deadline_badge
from payroll.models import AccountEvent, BankStatement, StatementLine
from payroll.services.account_closing import may_rule, rule_on_closing
from payroll.services.account_facts import AccountLife, load_life, load_lives
from payroll.services.account_proof import prove
from payroll.views.account_closing import closing_context
from payroll.views.account_life import life_context
from payroll.views.statements import proof_rows
from registration.access import not_permitted
from registration.actors import Actor
from registration.http import ActorRequest
from registration.templatetags.named import named
from registration.views.chain_forms import WrittenField, say_at
from registration.views.stored_files import stored_file
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.sheets import ColumnOut, SheetOut

PER_PAGE = 50
GROUPS: dict[str, tuple[Any, Any]] = {
    "": (gettext_lazy("All"), lambda _life: True),
    "missing": (gettext_lazy("Not opened"), lambda x: x.life.state in ("none", "refused")),
    "late": (pgettext_lazy("accounts", "Past their day"), lambda x: x.life.late),
    "pending": (gettext_lazy("Waiting for the bank"), lambda x: x.life.state == "pending"),
    "agreement": (gettext_lazy("Without agreement"), lambda x: x.life.share and not x.life.has_agreement),
    "findings": (gettext_lazy("Gap or no wages"), lambda x: x.gaps or x.foreign),
    "closing": (gettext_lazy("Being closed"), lambda x: x.life.state == "closing"),
    "after": (
        gettext_lazy("Money after the closing"),
        lambda x: x.life.state == "closed" and (x.life.share.balance_fen or x.unmatched),
    ),
}


class Seen:
    """One project's account with what the bank's statements say against it."""

    def __init__(self, life: AccountLife, gaps: int, foreign: int, foreign_fen: int, unmatched: int) -> None:
        self.life, self.gaps, self.foreign, self.foreign_fen = life, gaps, foreign, foreign_fen
        self.unmatched = unmatched
        self.state = STATES[life.state]
        self.opening, self.filing = deadline_badge(life.opening), deadline_badge(life.filing)

    @property
    def rank(self) -> tuple[int, int]:
        """The most urgent first."""
        late = max(
            self.life.opening.late_days if self.life.opening.code == "late" else 0,
            self.life.filing.late_days if self.life.filing.code == "late" else 0,
        )
        return (0 if late else 1 if self.gaps or self.foreign else 2, -late)


class RulingForm(forms.Form):
    """Allow or refuse the closing."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("release", gettext_lazy("Allow the closing")),
            ("refuse", gettext_lazy("Refuse the closing")),
        ],
        widget=forms.RadioSelect,
    )
    document = WrittenField(
        label=gettext_lazy("Number of the decision"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    reason = WrittenField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Contractor and bank read it."),
        max_length=300,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )
    FIELDS = {"closing.document": "document", "closing.reason": "reason"}


def _seen(lives: list[AccountLife]) -> list[Seen]:
    """What the statements say about many accounts; two queries. Lines of an account shared by projects count
    for each of them: until they are assigned they may be anybody's."""
    accounts = {life.share.account_id for life in lives if life.share}
    gaps = dict(
        BankStatement.objects.filter(account__in=accounts, state=BankStatement.State.APPLIED)
        .filter(Q(gap_statements__gt=0) | ~Q(gap_fen=0) | ~Q(differs_fen=0) & Q(differs_fen__isnull=False))
        .order_by()
        .values_list("account")
        .annotate(n=Count("pk"))
    )
    lines = {
        row["account"]: row
        for row in StatementLine.objects.filter(account__in=accounts)
        .filter(Q(is_foreign=True) | Q(state=StatementLine.State.UNMATCHED))
        .order_by()
        .values("account")
        .annotate(
            foreign=Count("pk", filter=Q(is_foreign=True)),
            foreign_fen=Sum("amount_fen", filter=Q(is_foreign=True), default=0),
            unmatched=Count("pk", filter=Q(state=StatementLine.State.UNMATCHED)),
        )
    }
    none = {"foreign": 0, "foreign_fen": 0, "unmatched": 0}
    found = []
    for life in lives:
        key = life.share.account_id if life.share else 0
        row = lines.get(key, none)
        found.append(Seen(life, gaps.get(key, 0), row["foreign"], -row["foreign_fen"], row["unmatched"]))
    return found


def _found(request: HttpRequest, actor: Actor) -> tuple[list[Seen], list[dict[str, Any]]]:
    """The accounts of the page's filters, the most urgent first, and the tabs with their counts."""
    # Few regions have many projects: each is read once.
    projects = account_projects(actor).select_related(None).prefetch_related("region").order_by("name", "pk")
    if words := text_of(request, "q"):
        projects = projects.filter(name__icontains=words)
    every = _seen(load_lives(projects, today=site_date(timezone.now())))
    show = request.GET.get("show", "")
    show = show if show in GROUPS else ""
    query = request.GET.copy()
    query.pop("page", None)
    tabs = []
    for key, (label, holds) in GROUPS.items():
        query["show"] = key
        tabs.append(
            {
                "url": f"?{query.urlencode()}",
                "label": label,
                "count": sum(bool(holds(x)) for x in every),
                "current": key == show,
            }
        )
    chosen = [x for x in every if GROUPS[show][1](x)]
    chosen.sort(key=lambda x: x.rank)
    return chosen, tabs


@require_GET
@inspector_view
def accounts(request: ActorRequest) -> HttpResponseBase:
    """Every project's special account: missing, late, unproved, being closed."""
    found, tabs = _found(request, request.actor)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "tabs": tabs,
        "query": request.GET,
        "late": sum(x.life.late for x in found),
    }
    return render(request, "inspection/accounts.html", context)


@require_GET
@inspector_view
def accounts_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered accounts as .xlsx."""
    found, _tabs = _found(request, request.actor)
    columns = [
        ColumnOut(_("Project"), width=30),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("General contractor"), width=26),
        ColumnOut(_("State"), width=16),
        ColumnOut(_("To be opened by"), "date", width=14),
        ColumnOut(_("Opening"), "date", width=14),
        ColumnOut(_("To be filed by"), "date", width=14),
        ColumnOut(_("Filed"), "date", width=14),
        ColumnOut(_("Balance"), "money", width=18),
        ColumnOut(_("Gaps"), "number", width=10),
        ColumnOut(_("No wages"), "money", width=18),
        ColumnOut(_("Unmatched"), "number", width=10),
    ]
    rows = [
        (
            named(x.life.project),
            x.life.project.region.label,
            x.life.firm.name if x.life.firm else "",
            str(x.state[0]),
            x.life.opening.due_on,
            x.life.opening.done_on,
            x.life.filing.due_on,
            x.life.filing.done_on,
            x.life.share.balance_fen if x.life.share else 0,
            x.gaps,
            x.foreign_fen,
            x.unmatched,
        )
        for x in found
    ]
    return download(SheetOut(_("Special accounts"), columns, rows), "accounts", site_date(timezone.now()))


@require_GET
@inspector_view
def account(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One project's special account: life, agreement, proof, outflows that were no wages, closing."""
    project, share = access_account_project(pk, request.actor)
    today = site_date(timezone.now())
    life = load_life(project, today=today)
    context = life_context(life, today)
    if share is not None:
        proof = prove(share.account)
        bank_account = share.account
        context |= {
            "proof": proof,
            "proof_rows": proof_rows(proof),
            "foreign": StatementLine.objects.filter(account=bank_account, is_foreign=True).order_by(
                "-booked_at"
            )[:50],
            "unmatched": StatementLine.objects.filter(
                account=bank_account, state=StatementLine.State.UNMATCHED
            ).count(),
            "findings": AccountEvent.objects.filter(
                account=bank_account, kind__in=[AccountEvent.Kind.GAP_FOUND, AccountEvent.Kind.GAP_CLOSED]
            ).order_by("-pk")[:20],
            "line_states": LINE_STATES,
        }
        if share.state in ("closing", "closed"):
            context |= {"closing": closing_context(share, today), "may_rule": may_rule(request.actor)}
    return render(request, "inspection/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@inspector_view
def account_rule(request: ActorRequest, pk: int) -> HttpResponseBase:
    """Allow or refuse the closing, with the checklist beside."""
    share = access_share(pk, request.actor)
    if not may_rule(request.actor):
        not_permitted("account.rule")
    now = timezone.now()
    form = RulingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            ruling = rule_on_closing(
                pk,
                release=data["verdict"] == "release",
                document=data["document"],
                reason=data["reason"],
                actor=request.actor,
                now=now,
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            text = _("On record: %(kind)s. Contractor and bank see it.")
            messages.success(request, text % {"kind": ruling.get_kind_display()})
            return redirect("inspection:account", pk)
    context = closing_context(share, site_date(now)) | {"form": form}
    return render(request, "inspection/account_rule.html", context, status=400 if form.errors else 200)


@require_GET
@inspector_view
def account_paper(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The paper of an event."""
    return stored_file(access_account_paper(pk, request.actor).file)
