"""Payment orders and what the bank made of them."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from payroll import labels
from payroll.access import access_order, ledgers_for, orders_for, sheets_for
from payroll.bank import codes
from payroll.models import BankMessage, PaymentLine, PaymentOrder, PaySlip, SubLedger
from payroll.services import orders as services
from payroll.services.accounts import reserved_fen
from payroll.views.sheets import xlsx
from registration.http import ActorRequest, staff_view
from registration.models import BankCard
from registration.permissions import CONTRACTOR, PERMISSIONS
from registration.rules.card_word import CardWord
from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook
from wagewatch.templatetags.ww import moment_short

READERS = (*CONTRACTOR, "owner_clerk", "bank_officer")


@require_safe
@staff_view(*READERS)
def order_list(request: ActorRequest) -> HttpResponse:
    """All payment orders within reach, newest first, with counts by result."""
    found = (
        orders_for(request.actor)
        .select_related("project", "sheet__participation__organisation", "account")
        .defer("file")
        .order_by("-instructed_at", "-pk")
    )
    page = Paginator(found, 30).get_page(request.GET.get("page"))
    counts: dict[int, dict[str, Any]] = {
        row["order_id"]: dict(row)
        for row in PaymentLine.objects.filter(
            project__in={o.project_id for o in page}, order__in=[o.pk for o in page]
        )
        .values("order_id")
        .annotate(
            paid=Count("end_to_end_id", filter=Q(state="paid")),
            returned=Count("end_to_end_id", filter=Q(state="returned")),
        )
    }
    return render(
        request,
        "payroll/orders.html",
        {
            "page": page,
            "rows": [(o, counts.get(o.pk, {"paid": 0, "returned": 0})) for o in page],
            "states": labels.ORDER_STATES,
            "sends": request.actor.has_role(*PERMISSIONS["returned.view"]),
            "carries": request.actor.has_role(*PERMISSIONS["order.carry"]),
            "now": timezone.now(),
            "today": site_date(timezone.now()),
        },
    )


def _lines(order: PaymentOrder) -> list[PaymentLine]:
    return list(
        PaymentLine.objects.filter(project=order.project_id, order=order.pk)
        .select_related("worker")
        .defer("card_number", "worker__id_number", "worker__address", "worker__phone")
        .order_by("worker_id")
    )


@require_safe
@staff_view(*READERS)
def order_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Who was paid, who was not and why, what to do, and how the money went."""
    order = access_order(pk, request.actor)
    lines = _lines(order)
    paid = [x for x in lines if x.state == "paid"]
    returned = [x for x in lines if x.state == "returned"]
    waiting = [x for x in lines if x.state in ("sent", "received")]
    ledger = ledgers_for(request.actor).filter(project=order.project_id).first()
    slips: dict[int, dict[str, Any]] = {
        s["worker_id"]: dict(s)
        for s in PaySlip.objects.filter(project=order.project_id, sheet=order.sheet_id).values(
            "worker_id", "payment", "team_name"
        )
    }
    sums = {
        "paid": sum(x.amount_fen for x in paid),
        "returned": sum(x.amount_fen for x in returned),
        "waiting": sum(x.amount_fen for x in waiting),
    }
    resend = _resend(request, order, returned, slips)
    return render(
        request,
        "payroll/order.html",
        {
            "order": order,
            "sheet": order.sheet,
            "mark": labels.ORDER_STATES[order.state],
            "steps": labels.STEPS,
            "step": labels.STEP_OF[order.sheet.state],
            "stats": _stats(order, lines, paid, returned, sums, ledger),
            "returned": [_returned_row(order, x, slips, resend["cards"]) for x in returned],
            "returned_fen": sums["returned"],
            "waiting": waiting,
            "waiting_rows": [_plain_row(x, slips) for x in waiting],
            "paid_rows": [_plain_row(x, slips) for x in paid[: None if request.GET.get("all") else 20]],
            "paid_rest": 0 if request.GET.get("all") else max(len(paid) - 20, 0),
            "paid_count": len(paid),
            "title": _title(order, len(paid), len(returned), len(waiting)),
            "files": _files(order),
            "ledger": ledger,
            "reserved": reserved_fen(order.project_id) if ledger else 0,
            "sums": sums,
            "resend": resend,
            "may_carry": request.actor.has_role(*PERMISSIONS["order.carry"]),
            "overdue": bool(waiting)
            and order.state == PaymentOrder.State.SENT
            and order.answer_due_at is not None
            and order.answer_due_at < timezone.now(),
            "short_of_funds": any(
                x.reason_code == "AM04" and slips.get(x.worker_id, {}).get("payment") == "returned"
                for x in returned
            ),
            "today": site_date(timezone.now()),
        },
    )


def _title(order: PaymentOrder, paid: int, returned: int, waiting: int) -> str:
    parts = []
    if paid:
        parts.append(ngettext("%(count)s person paid", "%(count)s people paid", paid) % {"count": paid})
    if returned:
        parts.append(
            ngettext("%(count)s payment returned", "%(count)s payments returned", returned)
            % {"count": returned}
        )
    if waiting:
        parts.append(
            ngettext("%(count)s waiting for the bank", "%(count)s waiting for the bank", waiting)
            % {"count": waiting}
        )
    return _(", ").join(parts)


def _stats(
    order: PaymentOrder,
    lines: list[PaymentLine],
    paid: list[PaymentLine],
    returned: list[PaymentLine],
    sums: dict[str, int],
    ledger: SubLedger | None,
) -> list[dict[str, Any]]:
    def count(rows: list[PaymentLine]) -> str:
        return ngettext("%(count)s payment", "%(count)s payments", len(rows)) % {"count": len(rows)}

    last = max((x.settled_at for x in paid if x.settled_at), default=None)
    stats = [
        {
            "label": _("Instructed"),
            "figure": format_cny(order.total_fen),
            "note": f"{count(lines)}, {moment_short(order.instructed_at)}",
        },
        {
            "label": _("Paid out"),
            "figure": format_cny(sums["paid"]),
            "note": f"{count(paid)}, {moment_short(last)}" if last else count(paid),
        },
        {"label": _("Returned"), "figure": format_cny(sums["returned"]), "note": count(returned)},
    ]
    if ledger:
        stats.append(
            {
                "label": _("Balance of the special account"),
                "figure": format_cny(ledger.balance_fen),
                "note": _("by the bank's statements"),
            }
        )
    return stats


def _resend(
    request: ActorRequest,
    order: PaymentOrder,
    returned: list[PaymentLine],
    slips: dict[int, dict[str, Any]],
) -> dict[str, Any]:
    """Cards of those whose latest payment came back, and how many may go out again now."""
    still = [x.worker_id for x in returned if slips.get(x.worker_id, {}).get("payment") == "returned"]
    cards = {
        card.worker_id: card
        for card in BankCard.objects.with_word()
        .filter(worker__in=still, is_current=True)
        .only("worker_id", "tail", "number", "added_at")
    }
    allowed = (
        sheets_for(request.actor, permission="payment.instruct").filter(pk=order.sheet_id).exists()
        if still and request.actor.has_role("gc_manager")
        else False
    )
    found = services.payable(order.sheet, still) if allowed else services.Payable()
    return {
        "cards": cards,
        "still": still,
        "people": len(found.slips),
        "fen": found.total_fen,
        "may": allowed,
    }


def _plain_row(line: PaymentLine, slips: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "line": line,
        "name": line.worker.name,
        "team": slips.get(line.worker_id, {}).get("team_name", ""),
        "mark": labels.LINE_STATES[line.state],
    }


def _returned_row(
    order: PaymentOrder, line: PaymentLine, slips: dict[int, dict[str, Any]], cards: dict[int, BankCard]
) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    meaning = codes.meaning(line.reason_code)
    card = cards.get(line.worker_id)
    slip = slips.get(line.worker_id, {})
    changed = card is not None and (
        card.tail != line.card_tail or bool(line.settled_at and card.added_at > line.settled_at)
    )
    if slip.get("payment") in ("paid", "cash"):
        progress = labels.PAYMENTS[slip["payment"]]
    elif slip.get("payment") == "instructed":
        progress = (_("Sent again"), "done", "send")
    elif card is not None and card.word == CardWord.NOT_OWN:
        progress = (_("The worker says: not my card"), "ink", "yellow")
    elif changed and card is not None and card.word == CardWord.ASKED:
        progress = (_("The worker is asked about the new card"), "line", "clock")
    elif changed:
        progress = (_("Corrected, not sent yet"), "line", "clock")
    else:
        progress = (_("To be corrected"), "line", "clock")
    return _plain_row(line, slips) | {
        "why": meaning.words.in_language(language),
        "todo": codes.ACTIONS[meaning.action].in_language(language),
        "new_tail": card.tail if changed and card else "",
        "progress": progress,
        "person_url": reverse("registration:person-card", args=[order.project_id, line.worker_id])
        if slip.get("payment") == "returned"
        else "",
    }


def _files(order: PaymentOrder) -> list[dict[str, Any]]:
    """Files exchanged about this order: ours, and the bank's reports that name it."""
    files = [
        {
            "at": order.sent_at or order.instructed_at,
            "out": True,
            "kind": "pain.001" if order.form == "pain001" else f".{order.form}",
            "name": order.message_id,
            "lines": order.line_count,
            "mark": labels.ORDER_STATES[order.state],
        }
    ]
    reports = BankMessage.objects.filter(account=order.account_id, received_at__gte=order.instructed_at)
    if order.state == PaymentOrder.State.DONE:
        last = PaymentLine.objects.filter(project=order.project_id, order=order.pk).aggregate(
            at=Max("settled_at")
        )
        if last["at"]:
            reports = reports.filter(received_at__lt=last["at"] + timedelta(days=1))
    reports = (
        reports.filter(Q(summary__order=order.pk) | Q(kind__startswith="camt"))
        .defer("content")
        .order_by("pk")[:12]
    )
    for report in reports:
        summary = report.summary
        troubled = summary.get("manual") or summary.get("unmatched") or summary.get("gap")
        files.append(
            {
                "at": report.received_at,
                "out": False,
                "kind": report.kind,
                "name": report.name,
                "lines": summary.get("lines", 0),
                "mark": (_("Needs a look"), "ink", "yellow") if troubled else (_("Matched"), "done", "check"),
            }
        )
    return files


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(*CONTRACTOR)
def resend(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the corrected payments of this order again, as a new order; GET asks first."""
    order = access_order(pk, request.actor)
    if request.method != "POST":
        return render(
            request,
            "components/confirm.html",
            {
                "title": _("Send the returned payments again?"),
                "text": _(
                    "Each goes to the worker's current card. What a bank returned for a wrong or closed card "
                    "goes out only after the card was changed."
                ),
                "action": request.path,
                "confirm": _("Send again"),
                "back": reverse("payroll:order", kwargs={"pk": pk}),
            },
        )
    workers = list(
        PaymentLine.objects.filter(
            project=order.project_id, order=order.pk, state=PaymentLine.State.RETURNED
        ).values_list("worker_id", flat=True)
    )
    again = services.resend_returned(
        order.sheet_id, worker_ids=workers, actor=request.actor, now=timezone.now()
    )
    messages.success(
        request,
        ngettext(
            "Sent again: %(count)s payment, %(sum)s.",
            "Sent again: %(count)s payments, %(sum)s.",
            again.line_count,
        )
        % {"count": again.line_count, "sum": format_cny(again.total_fen)},
    )
    return redirect("payroll:order", pk=again.pk)


@require_safe
@staff_view(*READERS)
def order_export(request: ActorRequest, pk: int) -> HttpResponse:
    """The order's lines with results, as .xlsx."""
    order = access_order(pk, request.actor)
    columns = [
        ColumnOut(_("Reference"), width=22),
        ColumnOut(_("Name"), width=12),
        ColumnOut(_("Card ends in"), width=12),
        ColumnOut(_("Amount"), "money"),
        ColumnOut(_("State"), width=16),
        ColumnOut(_("Code"), width=8),
        ColumnOut(_("What the bank says"), width=40),
        ColumnOut(_("Result at"), "date", 18),
    ]
    rows = [
        (
            x.end_to_end_id,
            x.worker.name,
            x.card_tail,
            x.amount_fen,
            str(labels.LINE_STATES[x.state][0]),
            x.reason_code,
            x.reason_text,
            x.settled_at,
        )
        for x in _lines(order)
    ]
    return xlsx(
        write_workbook([SheetOut(_("Payments"), columns, rows, title=order.message_id)]),
        f"payments-{order.pk}.xlsx",
    )
