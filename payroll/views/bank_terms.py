"""A bank's terms on screen: what holds, what will hold, and changing them from a day on."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from payroll.bank import shapes
from payroll.forms import YuanField
from payroll.models import BankTerms
from payroll.services import terms as services
from payroll.views.bank_desk import officer_banks
from registration.access import not_found
from registration.http import ActorRequest, staff_view
from registration.models import Organisation
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

TABLES = ("xlsx", "csv", "txt")


def _bank(request: ActorRequest, pk: int) -> Organisation:
    bank = next((b for b in officer_banks(request) if b.pk == pk), None)
    if bank is None:
        not_found()
    return bank


@require_safe
@staff_view("bank_officer")
def terms(request: ActorRequest, pk: int) -> HttpResponse:
    """The terms of one's bank, newest first."""
    bank = _bank(request, pk)
    today = site_date(timezone.now())
    current = services.terms_of(bank, today)
    return render(
        request,
        "payroll/bank_terms.html",
        {"bank": bank, "rows": services.terms_rows(bank), "current": current, "today": today},
    )


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row of terms; texts are checked by the service, which knows what they mean."""

    line_ceiling_fen = YuanField(label=gettext_lazy("Most per payment, in yuan"), required=False)
    file_ceiling_fen = YuanField(label=gettext_lazy("Most per file, in yuan"), required=False)

    class Meta:
        model = BankTerms
        fields = (
            "valid_from", "form", "by_hand", "separator", "encoding", "headings", "columns", "result_columns",
            "result_states", "result_texts", "line_limit", "line_ceiling_fen", "file_ceiling_fen", "cut_off",
            "working_days_only", "route", "answer_hours", "strict_schema", "currency", "sif_employer", "sif_routing", "note",
        )  # fmt: skip
        labels = {
            "valid_from": gettext_lazy("Holds from"),
            "form": gettext_lazy("How orders are handed over"),
            "by_hand": gettext_lazy("No connection: people carry the files"),
            "separator": gettext_lazy("Separator in text files"),
            "encoding": gettext_lazy("Encoding of text files"),
            "headings": gettext_lazy("The first line of an order file names the columns"),
            "columns": gettext_lazy("Columns of the order file"),
            "result_columns": gettext_lazy("Columns of the result file"),
            "result_states": gettext_lazy("Words for states"),
            "result_texts": gettext_lazy("Words for reasons"),
            "line_limit": gettext_lazy("Most payments per file"),
            "cut_off": gettext_lazy("Orders for the same day until"),
            "working_days_only": gettext_lazy("Books on working days only"),
            "route": gettext_lazy("Clearing route"),
            "answer_hours": gettext_lazy("Answers within, in hours"),
            "strict_schema": gettext_lazy("Do not book messages that break the ISO 20022 schema"),
            "currency": gettext_lazy("Currency"),
            "sif_employer": gettext_lazy("Salary file: employer number, 13 digits"),
            "sif_routing": gettext_lazy("Salary file: routing code, 9 digits"),
            "note": gettext_lazy("Where this is agreed"),
        }
        help_texts = {
            "by_hand": gettext_lazy("Tables are always carried by people."),
            "columns": gettext_lazy(
                "One per line: the bank's heading = what stands there. Empty for messages."
            ),
            "result_columns": gettext_lazy(
                "One per line: the bank's heading = reference, account, amount, state, reason."
            ),
            "result_states": gettext_lazy(
                "One per line: the bank's word = ACSC (paid), ACSP (under way) or RJCT (refused)."
            ),
            "result_texts": gettext_lazy(
                "One per line: part of the bank's sentence = ISO reason, for example 户名不符 = BE01."
            ),
            "cut_off": gettext_lazy("Empty when the bank takes orders for the same day all day long."),
            "strict_schema": gettext_lazy(
                "Take this away only for a bank that cannot correct its messages; faults are then noted and read over."
            ),
            "sif_employer": gettext_lazy("Only where a ministry asks for salary files; otherwise empty."),
        }
        widgets = {
            "valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "cut_off": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            **{
                n: forms.Textarea(attrs={"rows": 8})
                for n in ("columns", "result_columns", "result_states", "result_texts")
            },
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = "input"


def _proposal(bank: Organisation, form: str) -> BankTerms:
    """What the form starts with: today's terms, or the usual ones of the chosen kind of file."""
    today = site_date(timezone.now())
    current = services.terms_of(bank, today)
    if form in TABLES:
        columns, results, encoding, separator = shapes.PROPOSALS[form]
        start = current or BankTerms(bank=bank)
        if current is None or current.form != form:
            start.form, start.by_hand, start.columns, start.result_columns = form, True, columns, results
            start.encoding, start.separator, start.result_states = encoding, separator, shapes.RESULT_STATES
    else:
        start = current or BankTerms(bank=bank)
    start.pk, start.valid_from = None, today
    return start


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view("bank_officer")
def terms_new(request: ActorRequest, pk: int) -> HttpResponse:
    """Write terms that hold from a day on."""
    bank = _bank(request, pk)
    start = _proposal(bank, request.GET.get("form", ""))
    form = TermsForm(request.POST or None, instance=start)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                saved = services.save_terms(form.instance, actor=request.actor, now=timezone.now())
            except (Malformed, RuleViolation) as problem:
                where = str(problem.facts.get("where", ""))
                where = {"states": "result_states", "texts": "result_texts"}.get(where, where)
                where = {
                    "terms.past": "valid_from",
                    "terms.employer": "sif_employer",
                    "terms.states": "result_states",
                }.get(problem.code, where)
                form.add_error(where if where in form.fields else None, problem.message)
                status = problem.status
            else:
                messages.success(
                    request, _("These terms hold from %(day)s.") % {"day": saved.valid_from.isoformat()}
                )
                return redirect("payroll:bank-terms", pk=pk)
    return render(
        request,
        "payroll/bank_terms_new.html",
        {"bank": bank, "form": form, "kinds": [k for k in TABLES if k != start.form]},
        status=status,
    )
