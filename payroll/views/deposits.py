"""The wage deposit of a project for its contractor and owner: the page, one form per act, the papers."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from payroll.access import access_deposit, access_deposit_file, leads_project
from payroll.deposit_words import page_context
from payroll.forms import YuanField
from payroll.models import DepositEntry, DepositForm
from payroll.services.deposit_facts import Deposit, load_deposit
from payroll.services.deposits import EntryFacts, enter_deposit
from registration.access import not_found, not_permitted
from registration.http import ActorRequest, staff_view
from registration.permissions import GC
from registration.services.trainings import Scan
from registration.views.chain_forms import say_at
from registration.views.scope import set_scope
from registration.views.stored_files import stored_file
from registration.views.training_forms import day_field, scan_field, text_field
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import WagewatchError
from wagewatch.lib.money import format_cny

READERS = (*sorted(GC), "owner_clerk")
Kind = DepositEntry.Kind

TITLES: dict[str, Any] = {
    Kind.LODGED: gettext_lazy("Enter the deposit"),
    Kind.TOPPED_UP: gettext_lazy("Top the deposit up"),
    Kind.REPLACED: gettext_lazy("Change form or guarantee"),
    Kind.PAID_OUT: gettext_lazy("Enter the payment by order"),
    Kind.ASKED_BACK: gettext_lazy("Ask for the return"),
    Kind.RETURNED: gettext_lazy("Enter the return"),
}
PAPERS = (Kind.LODGED, Kind.TOPPED_UP, Kind.REPLACED)
FIELDS = {
    "deposit.day": "happened_on",
    "deposit.before_order": "happened_on",
    "deposit.form": "form",
    "deposit.same_form": "form",
    "deposit.amount": "amount_fen",
    "deposit.less": "amount_fen",
    "deposit.issuer": "issuer",
    "deposit.paper": "paper_number",
    "deposit.too_short": "expires_on",
    "deposit.notice": "notice_from",
    "deposit.scan": "scan",
    "file": "scan",
    "picture": "scan",
}


class EntryForm(forms.Form):
    """One entry; the fields are those that its kind needs."""

    form = forms.ChoiceField(
        label=gettext_lazy("Form"), choices=DepositForm.choices, widget=forms.Select(attrs={"class": "input"})
    )
    amount_fen = YuanField(label=gettext_lazy("Amount in yuan"))
    issuer = text_field(gettext_lazy("Bank or insurer"), 120)
    paper_number = text_field(gettext_lazy("Number of receipt, guarantee or policy"), 60, autocomplete="off")
    happened_on = day_field(gettext_lazy("Day"))
    expires_on = day_field(gettext_lazy("Holds until"), required=False)
    notice_from = day_field(gettext_lazy("Notice at the site since"), required=False)
    scan = scan_field(gettext_lazy("The paper, scanned"))
    note = text_field(gettext_lazy("Note"), 200, required=False)

    def __init__(self, *args: Any, kind: str, deposit: Deposit, **kwargs: Any) -> None:
        state = deposit.state
        today = timezone.localdate()
        paper = deposit.entries[-1] if deposit.entries else None
        start: dict[str, Any] = {"happened_on": today, "form": state.form or DepositForm.CASH}
        if kind == Kind.LODGED:
            start["amount_fen"] = state.due_fen or None
        elif kind == Kind.TOPPED_UP:
            start["amount_fen"] = state.short_fen if state.form == DepositForm.CASH else state.due_fen
        elif kind == Kind.REPLACED:
            start["amount_fen"] = state.due_fen
        if paper and kind in PAPERS:
            start["issuer"] = paper.issuer
        super().__init__(*args, **{**kwargs, "initial": start})
        self.fields["amount_fen"].widget.attrs["class"] = "input"
        self.fields["expires_on"].help_text = _("Of a guarantee or insurance; at least a year.")
        self.fields["scan"].help_text = _("PDF, JPEG or PNG, at most 10 MB.")
        drop = {"notice_from"} if kind != Kind.ASKED_BACK else set()
        if kind not in PAPERS:
            drop |= {"form", "amount_fen", "issuer", "paper_number", "expires_on"}
        if kind == Kind.TOPPED_UP:
            hint = (
                _("What is added.")
                if state.form == DepositForm.CASH
                else _("The whole amount of the new paper.")
            )
            self.fields["amount_fen"].help_text = hint
        for name in drop:
            del self.fields[name]
        self.kind = kind

    @property
    def facts(self) -> EntryFacts:
        """The form as a value."""
        data = self.cleaned_data
        return EntryFacts(
            kind=self.kind,
            happened_on=data["happened_on"],
            form=data.get("form", ""),
            amount_fen=data.get("amount_fen") or 0,
            issuer=data.get("issuer", ""),
            paper_number=data.get("paper_number", ""),
            expires_on=data.get("expires_on"),
            notice_from=data.get("notice_from"),
            note=data.get("note", ""),
        )


def acts_of(deposit: Deposit) -> list[tuple[str, Any]]:
    """What the contractor may enter now, the most needed first."""
    state = deposit.state
    if state.code in {"returned", "exempt"}:
        return []
    if not deposit.entries:
        kinds = [Kind.LODGED]
    elif state.order is not None:
        kinds = [Kind.PAID_OUT]
    else:
        kinds = [Kind.RETURNED] if state.release else []
        if state.short_fen:
            kinds.append(Kind.TOPPED_UP)
        kinds.append(Kind.REPLACED)
        finished = deposit.project.state == "done"
        if finished and state.balance_fen and not state.request and not state.release:
            kinds.append(Kind.ASKED_BACK)
    return [(kind.value, TITLES[kind]) for kind in kinds]


@require_safe
@staff_view(*READERS)
def deposit_page(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What is due and why, where it stands, what happened, the papers."""
    project = access_deposit(pk, request.actor)
    set_scope(request, project)
    today = site_date(timezone.now())
    deposit = load_deposit(project, today=today)
    acts = acts_of(deposit) if leads_project(request.actor, project) else []
    return render(request, "payroll/deposit.html", page_context(deposit, today) | {"acts": acts})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*READERS)
def deposit_enter(request: ActorRequest, pk: int, kind: str) -> HttpResponseBase:
    """One entry: a form by kind, with its paper."""
    if kind not in Kind.values:
        not_found()
    project = access_deposit(pk, request.actor)
    if not leads_project(request.actor, project):
        not_permitted("deposit.lodge")
    set_scope(request, project)
    now = timezone.now()
    deposit = load_deposit(project, today=site_date(now))
    form = EntryForm(request.POST or None, request.FILES or None, kind=kind, deposit=deposit)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data.get("scan")
        scan = Scan(upload.name, upload.read()) if upload else None
        try:
            entry = enter_deposit(pk, form.facts, scan=scan, actor=request.actor, now=now)
        except WagewatchError as refusal:
            say_at(form, refusal, FIELDS)
        else:
            text = _("Entered. The deposit now covers %(sum)s.") % {"sum": format_cny(entry.balance_fen)}
            messages.success(request, text)
            return redirect("payroll:deposit", pk)
    context = {
        "project": project,
        "form": form,
        "title": TITLES[Kind(kind)],
        "state": deposit.state,
    }
    return render(request, "payroll/deposit_enter.html", context, status=400 if form.errors else 200)


@require_safe
@staff_view(*READERS)
def deposit_file(request: ActorRequest, pk: int, number: int) -> HttpResponseBase:
    """The paper of an entry."""
    return stored_file(access_deposit_file(pk, number, request.actor).file)
