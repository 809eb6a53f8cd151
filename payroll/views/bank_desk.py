"""The bank's desk: orders it has to answer, results it cannot read, its terms; files carried to it and back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payroll import labels
from payroll.access import access_order, officer_bank_ids, orders_for
from payroll.bank import codes
from payroll.bank.batch import EXTENSIONS
from payroll.models import BankMessage, LineDecision, PaymentLine, PaymentOrder
from payroll.services import bank_results, returned, sending
from payroll.services.messages import faulty_messages, read_message_again
from payroll.services.terms import terms_of
from payroll.views.bank_answers import answers_waiting
from registration.http import ActorRequest, staff_view
from registration.models import Organisation
from registration.permissions import PERMISSIONS
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError
from wagewatch.lib.money import format_cny

CARRIERS = tuple(PERMISSIONS["order.carry"])
TYPES = {
    "pain001": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "txt": "text/plain",
}
SHOWN = 30


def officer_banks(request: ActorRequest) -> list[Organisation]:
    """The banks for which a person signs in as officer."""
    return list(Organisation.objects.filter(pk__in=officer_bank_ids(request.actor)).order_by("pk"))


def order_rows(orders: Iterable[PaymentOrder]) -> list[tuple[PaymentOrder, dict[str, Any]]]:
    """Orders with how many of their payments are paid, returned and open; one query."""
    orders = list(orders)
    counts: dict[int, dict[str, Any]] = {
        row["order_id"]: dict(row)
        for row in PaymentLine.objects.filter(
            project__in={o.project_id for o in orders}, order__in=[o.pk for o in orders]
        )
        .values("order_id")
        .annotate(
            paid=Count("end_to_end_id", filter=Q(state="paid")),
            returned=Count("end_to_end_id", filter=Q(state="returned")),
            open=Count("end_to_end_id", filter=Q(state__in=("sent", "received"))),
        )
    }
    return [(o, counts.get(o.pk, {"paid": 0, "returned": 0, "open": o.line_count})) for o in orders]


@require_safe
@staff_view("bank_officer")
def desk(request: ActorRequest) -> HttpResponse:
    """What waits for the bank: files to fetch, orders without an answer (the longest first), answers, faults."""
    now = timezone.now()
    found = (
        orders_for(request.actor)
        .select_related("project", "sheet__participation__organisation", "account")
        .defer("file")
    )
    fetch = found.filter(state="ready", by_hand=True).order_by("instructed_at")
    late = found.filter(sending.overdue_orders(now)).order_by("answer_due_at")
    waiting = found.filter(state="sent", answer_due_at__gte=now).order_by("answer_due_at")
    stuck = found.filter(state="stuck").order_by("instructed_at")
    undecided = bank_results.undecided_lines(request.actor).count()
    banks = officer_banks(request)
    faults = faulty_messages(request.actor)[:10]
    groups = [
        (_("No answer in time"), order_rows(late[:SHOWN]), late.count()),
        (_("File to be fetched"), order_rows(fetch[:SHOWN]), fetch.count()),
        (_("Could not be sent"), order_rows(stuck[:SHOWN]), stuck.count()),
        (_("Waiting for the answer"), order_rows(waiting[:SHOWN]), waiting.count()),
    ]
    today = site_date(now)
    return render(
        request,
        "payroll/bank_desk.html",
        {
            "groups": groups,
            "total": sum(group[2] for group in groups),
            "late": late.count(),
            "undecided": undecided,
            "faults": faults,
            "answers": answers_waiting(request.actor),
            "banks": [(bank, terms_of(bank, today)) for bank in banks],
            "states": labels.ORDER_STATES,
            "now": now,
        },
    )


@require_POST
@staff_view("bank_officer")
def message_again(request: ActorRequest, pk: int) -> HttpResponse:
    """Read a file once more that could not be read; what is wrong with it now is shown."""
    message = read_message_again(pk, actor=request.actor, now=timezone.now())
    if message.state == BankMessage.State.UNREADABLE:
        messages.warning(request, message.error_text)
    else:
        messages.success(request, _("The file was read now. What it says has been taken in."))
    return redirect("payroll:bank-desk")


@require_POST
@staff_view(*CARRIERS)
def order_file(request: ActorRequest, pk: int) -> HttpResponse:
    """The file to carry to the bank; the first time the order counts as sent."""
    order = sending.fetch_file(pk, actor=request.actor, now=timezone.now())
    name = order.message_id + EXTENSIONS.get(order.form, ".xml")
    response = HttpResponse(order.file, content_type=TYPES[order.form])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CARRIERS)
def order_result(request: ActorRequest, pk: int) -> HttpResponse:
    """Upload the bank's result file; what it says is shown at once."""
    order = access_order(pk, request.actor)
    problem: WagewatchError | None = None
    status = 200
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None or not file.name:
                raise Malformed("file.none", _("Choose the bank's result file first."))
            message, new = bank_results.receive_result(
                pk, filename=file.name, data=file.read(), actor=request.actor, now=timezone.now()
            )
        except (Malformed, RuleViolation) as error:
            problem, status = error, error.status
        else:
            if message.state == BankMessage.State.UNREADABLE:
                problem, status = Malformed("bank.unreadable", message.error_text), 400
            else:
                _say(request, message, new)
                return redirect("payroll:order", pk=pk)
    results = (
        BankMessage.objects.filter(account=order.account_id, kind="result", summary__order=order.pk)
        .select_related("uploaded_by")
        .defer("content")
        .order_by("-pk")
    )
    return render(
        request,
        "payroll/order_result.html",
        {
            "order": order,
            "problem": problem.message if problem else "",
            "results": results,
            "is_bank": bank_results.speaks_for_bank(request.actor, order),
        },
        status=status,
    )


def _say(request: ActorRequest, message: BankMessage, new: bool) -> None:
    if not new:
        messages.info(request, _("This very file was taken in before. Nothing was changed a second time."))
        return
    summary = message.summary
    text = ngettext(
        "The file answers %(count)s payment.", "The file answers %(count)s payments.", summary.get("lines", 0)
    ) % {"count": summary.get("lines", 0)}
    messages.success(request, text)
    if summary.get("strange"):
        messages.warning(request, message.error_text)


@require_POST
@staff_view(*CARRIERS)
def order_try(request: ActorRequest, pk: int) -> HttpResponse:
    """Send a file again now instead of at its next time."""
    sending.try_again(pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The file is sent again now, with the same number. Nothing is paid twice."))
    return redirect("payroll:order", pk=pk)


@require_safe
@staff_view(*CARRIERS)
def undecided(request: ActorRequest) -> HttpResponse:
    """Payments whose result no program could read, by bank's wording."""
    page = Paginator(bank_results.undecided_lines(request.actor), 50).get_page(request.GET.get("page"))
    return render(
        request,
        "payroll/undecided.html",
        {"page": page, "rows": [(line, labels.LINE_STATES[line.state]) for line in page]},
    )


class DecisionForm(forms.Form):
    """What became of one payment, what the bank's words mean, and how one knows."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("What became of the payment"),
        choices=LineDecision.Outcome.choices,
        widget=forms.RadioSelect,
    )
    code = forms.ChoiceField(label=gettext_lazy("What the bank's words mean"), required=False,
                             widget=forms.Select(attrs={"class": "input"}))  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("How you know"),
        help_text=gettext_lazy("For example whom you asked at the bank, and when."),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    remember = forms.BooleanField(
        label=gettext_lazy("From now on read this wording the same way"), required=False
    )

    def __init__(self, *args: Any, line: PaymentLine, is_bank: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "zh-hans"
        self.fields["code"].choices = [("", "—")] + [  # type: ignore[attr-defined]
            (code, f"{codes.REASONS[code].words.in_language(language)} ({code})")
            for code in bank_results.CHOICES
        ]
        if line.state == PaymentLine.State.RETURNED:
            del self.fields["outcome"]
        if not is_bank:
            del self.fields["remember"]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CARRIERS)
def decide(request: ActorRequest, reference: str) -> HttpResponse:
    """Say what the bank's words about one payment mean."""
    line = bank_results.access_line(reference, request.actor)
    is_bank = bank_results.speaks_for_bank(request.actor, line.order)
    form = DecisionForm(request.POST or None, line=line, is_bank=is_bank)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                bank_results.decide_line(
                    reference,
                    outcome=form.cleaned_data.get("outcome", LineDecision.Outcome.REFUSED),
                    code=form.cleaned_data["code"],
                    note=form.cleaned_data["note"],
                    remember=form.cleaned_data.get("remember", False),
                    actor=request.actor,
                    now=timezone.now(),
                )
            except (Malformed, RuleViolation) as problem:
                field = {"decision.code": "code", "decision.note": "note"}.get(problem.code)
                form.add_error(field, problem.message)
                status = problem.status
            else:
                messages.success(request, _("Recorded. The payment and the worker's page follow it."))
                return redirect("payroll:undecided")
    return render(
        request,
        "payroll/decide.html",
        {"line": line, "form": form, "mark": labels.LINE_STATES[line.state], "is_bank": is_bank},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*PERMISSIONS["returned.view"])
def returned_wages(request: ActorRequest) -> HttpResponse:
    """Wages that came back, sheet by sheet: who is ready to be paid again, and sending them in one act."""
    now: datetime = timezone.now()
    if request.method == "POST":
        chosen = [
            int(v) for v in request.POST.getlist("sheet") if v.isascii() and v.isdigit() and len(v) < 18
        ]
        if not request.actor.has_role(*PERMISSIONS["payment.instruct"]):
            raise RuleViolation("payment.instruct", _("Only the project manager instructs the bank."))
        orders, refused = returned.send_again(chosen, actor=request.actor, now=now)
        count = sum(order.line_count for order in orders)
        if count:
            messages.success(
                request,
                ngettext(
                    "Sent again: %(count)s payment, %(sum)s.",
                    "Sent again: %(count)s payments, %(sum)s.",
                    count,
                )
                % {"count": count, "sum": format_cny(sum(o.total_fen for o in orders))},
            )
        for _pk, problem in refused:
            messages.warning(request, problem.message)
        if not orders and not refused:
            messages.warning(request, _("Nothing was sent: choose sheets with corrected cards."))
        return redirect("payroll:returned")
    found = returned.returned_sheets(actor=request.actor, now=now)
    language = get_language() or "zh-hans"
    rows = []
    for item in found:
        ready = {slip.worker_id for slip in item.ready}
        rows.append(
            {
                "item": item,
                "ready": len(ready),
                "ready_fen": item.ready_fen,
                "lines": [
                    {
                        "line": line,
                        "ready": line.worker_id in ready,
                        "word": item.words.get(line.worker_id, ""),
                        "unread": line.reason_code not in bank_results.READABLE,
                        "why": codes.meaning(line.reason_code).words.in_language(language),
                        "todo": codes.ACTIONS[codes.meaning(line.reason_code).action].in_language(language),
                        "url": reverse("registration:person-card", args=[line.project_id, line.worker_id]),
                    }
                    for line in item.lines
                ],
            }
        )
    return render(
        request,
        "payroll/returned.html",
        {
            "rows": rows,
            "people": sum(len(item.lines) for item in found),
            "fen": sum(item.fen for item in found),
            "ready": sum(row["ready"] for row in rows),
            "late": sum(1 for item in found if item.late),
            "may": request.actor.has_role(*PERMISSIONS["payment.instruct"]),
        },
    )
