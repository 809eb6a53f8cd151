"""Wage deposits of the region: the list with its filters, one project's, rulings, firms' records of arrears."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from inspection.exports import download
from inspection.http import inspector_view, text_of
from payroll.access import access_deposit, access_deposit_file, deposit_projects
from payroll.deposit_rules import LATE
from payroll.deposit_words import FORMS, ORDER, STATES, page_context
from payroll.forms import YuanField
from payroll.models import ArrearsRecord, DepositRuling
from payroll.services.deposit_facts import Deposit, limits_of, load_deposit, load_deposits
from payroll.services.deposit_rulings import may_rule, obstacles_to_return, record_arrears, rule_on_deposit
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.http import ActorRequest
from registration.services.firms import seen_firm
from registration.templatetags.named import named
from registration.views.chain_forms import WrittenField, choice, say_at, text
from registration.views.stored_files import stored_file
from registration.views.training_forms import day_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.sheets import ColumnOut, SheetOut

PER_PAGE = 50
Kind = DepositRuling.Kind

GROUPS: dict[str, tuple[Any, frozenset[str]]] = {
    "": (gettext_lazy("All"), frozenset(STATES)),
    "missing": (gettext_lazy("Not lodged"), frozenset({"missing", "late", "short"})),
    "late": (pgettext_lazy("deposits", "Past their day"), LATE),
    "expiring": (gettext_lazy("Ending soon"), frozenset({"expiring", "expired"})),
    "used": (gettext_lazy("In use"), frozenset({"in_use", "unpaid_order", "to_refill", "refill_late"})),
    "return": (gettext_lazy("To be returned"), frozenset({"return_asked", "release"})),
}
TITLES: dict[str, Any] = {
    Kind.USE: gettext_lazy("Order a payment to workers"),
    Kind.LIFTED: gettext_lazy("Lift the order"),
    Kind.RELEASED: gettext_lazy("Allow the return"),
    Kind.REFUSED: gettext_lazy("Refuse the return"),
}
OBSTACLES = {
    "unfinished": gettext_lazy("The works are not finished"),
    "unpaid": gettext_lazy("Workers of the project have not been paid"),
    "notice": gettext_lazy("The notice has not hung for 30 days"),
}


class RulingForm(forms.Form):
    """A decision with its number and reason."""

    amount_fen = YuanField(label=gettext_lazy("Amount in yuan"))
    document = WrittenField(label=gettext_lazy("Number of the decision"), max_length=60, widget=text())
    reason = WrittenField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The contractor reads it."),
        max_length=300,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )

    FIELDS = {
        "deposit.amount": "amount_fen",
        "deposit.too_much": "amount_fen",
        "deposit.document": "document",
        "deposit.reason": "reason",
    }

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_fen"].widget.attrs["class"] = "input"
        if kind != Kind.USE:
            del self.fields["amount_fen"]


class RecordForm(forms.Form):
    """A firm's record of arrears."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Record of arrears"), choices=ArrearsRecord.Kind.choices, widget=choice()
    )
    since = day_field(gettext_lazy("First day without arrears, last day of arrears, or day of listing"))
    well_kept = forms.BooleanField(
        label=gettext_lazy("Keeps real names and special accounts on all its projects"), required=False
    )
    reason = WrittenField(label=gettext_lazy("What this rests on"), max_length=300, widget=text())

    FIELDS = {"deposit.kind": "kind", "deposit.since": "since", "deposit.reason": "reason"}


def _found(request: HttpRequest, actor: Actor) -> tuple[list[Deposit], list[dict[str, Any]]]:
    """The deposits of the page's filters, the most urgent first, and the tabs with their counts."""
    # Few regions have many projects: each is read once.
    projects = deposit_projects(actor).select_related(None).prefetch_related("region").order_by("name", "pk")
    if words := text_of(request, "q"):
        projects = projects.filter(name__icontains=words)
    every = load_deposits(projects, today=site_date(timezone.now()))
    show = request.GET.get("show", "")
    show = show if show in GROUPS else ""
    query = request.GET.copy()
    tabs = []
    for key, (label, codes) in GROUPS.items():
        query["show"] = key
        query.pop("page", None)
        tabs.append(
            {
                "url": f"?{query.urlencode()}",
                "label": label,
                "count": sum(d.state.code in codes for d in every),
                "current": key == show,
            }
        )
    chosen = [d for d in every if d.state.code in GROUPS[show][1]]
    chosen.sort(key=lambda d: (ORDER[d.state.code], -d.state.due_fen))
    return chosen, tabs


@require_GET
@inspector_view
def deposits(request: ActorRequest) -> HttpResponseBase:
    """Every project's deposit: missing, late, ending, in use, to be returned."""
    found, tabs = _found(request, request.actor)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"deposit": d, "words": STATES[d.state.code], "form": FORMS.get(d.state.form, "")} for d in page]
    context = {
        "page": page,
        "rows": rows,
        "tabs": tabs,
        "query": request.GET,
        "today": site_date(timezone.now()),
        "urgent": sum(bool(STATES[d.state.code][1]) for d in found),
    }
    return render(request, "inspection/deposits.html", context)


@require_GET
@inspector_view
def deposits_export(request: ActorRequest) -> HttpResponseBase:
    """The filtered deposits as .xlsx."""
    found, _tabs = _found(request, request.actor)
    columns = [
        ColumnOut(_("Project"), width=30),
        ColumnOut(_("Place"), width=12),
        ColumnOut(_("General contractor"), width=26),
        ColumnOut(_("State"), width=22),
        ColumnOut(_("Deadline of this step"), "date", width=12),
        ColumnOut(_("Amount due"), "money", width=18),
        ColumnOut(_("Covered"), "money", width=18),
        ColumnOut(_("Form"), width=14),
        ColumnOut(_("Issuer"), width=24),
        ColumnOut(_("Holds until"), "date", width=12),
    ]
    rows = [
        (
            named(d.project),
            d.project.region.label,
            d.firm.name if d.firm else "",
            str(STATES[d.state.code][0]),
            d.state.due_on,
            d.state.due_fen,
            d.state.balance_fen,
            str(FORMS.get(d.state.form, "")),
            d.entries[-1].issuer if d.entries else "",
            d.state.expires_on,
        )
        for d in found
    ]
    return download(SheetOut(_("Wage deposits"), columns, rows), "deposits", site_date(timezone.now()))


def _acts(deposit: Deposit) -> list[tuple[str, Any]]:
    """What the authority may decide now."""
    state = deposit.state
    kinds = []
    if state.order is not None:
        kinds.append(Kind.LIFTED)
    elif state.balance_fen:
        if state.request is not None:
            kinds += [Kind.RELEASED, Kind.REFUSED]
        kinds.append(Kind.USE)
    return [(kind.value, TITLES[kind]) for kind in kinds]


@require_GET
@inspector_view
def deposit(request: ActorRequest, pk: int) -> HttpResponseBase:
    """One project's deposit with the decisions that are possible now."""
    project = access_deposit(pk, request.actor)
    today = site_date(timezone.now())
    found = load_deposit(project, today=today)
    obstacles = []
    if found.state.request is not None:
        limits = limits_of(project.region_id, on=today)
        codes = obstacles_to_return(found, project, today=today, limits=limits)
        obstacles = [OBSTACLES[code] for code in codes]
    rules = may_rule(request.actor)
    context = page_context(found, today) | {
        "acts": _acts(found) if rules else [],
        "obstacles": obstacles,
        "may_rule": rules,
    }
    return render(request, "inspection/deposit.html", context)


@require_http_methods(["GET", "POST"])
@inspector_view
def deposit_rule(request: ActorRequest, pk: int, kind: str) -> HttpResponseBase:
    """Decide: order a payment, lift the order, allow or refuse the return."""
    if kind not in Kind.values:
        not_found()
    project = access_deposit(pk, request.actor)
    if not may_rule(request.actor):
        not_permitted("deposit.rule")
    now = timezone.now()
    found = load_deposit(project, today=site_date(now))
    form = RulingForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            ruling = rule_on_deposit(
                pk,
                kind,
                document=data["document"],
                reason=data["reason"],
                amount_fen=data.get("amount_fen") or 0,
                actor=request.actor,
                now=now,
            )
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            text = _("On record: %(kind)s. The contractor sees it on the deposit's page.")
            messages.success(request, text % {"kind": ruling.get_kind_display()})
            return redirect("inspection:deposit", pk)
    context = {"project": project, "form": form, "title": TITLES[Kind(kind)], "state": found.state}
    return render(request, "inspection/deposit_rule.html", context, status=400 if form.errors else 200)


@require_GET
@inspector_view
def deposit_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper of an entry."""
    return stored_file(access_deposit_file(pk, number, request.actor).file)


@require_http_methods(["GET", "POST"])
@inspector_view
def firm_record(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A firm's record of arrears, which decides its deposits."""
    firm = seen_firm(pk, request.actor)
    if not may_rule(request.actor):
        not_permitted("deposit.rule")
    form = RecordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            record_arrears(pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except WagewatchError as refusal:
            say_at(form, refusal, form.FIELDS)
        else:
            messages.success(request, _("The record is kept. It holds for contracts signed after that day."))
            return redirect("inspection:firm-record", pk)
    records = ArrearsRecord.objects.filter(organisation=firm).select_related("made_by").order_by("-made_at")
    context = {"firm": firm, "form": form, "records": records[:20]}
    return render(request, "inspection/firm_record.html", context, status=400 if form.errors else 200)
