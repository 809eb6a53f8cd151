"""How an allocation is told on both sides' pages: headline, state of each month, events of requests."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from payroll.allocation_rules import Standing
from payroll.models import AllocationPlan, TopUpRequest
from payroll.services.allocation_facts import Allocation
from payroll.services.top_ups import is_overdue, received_since
from wagewatch.lib.money import format_cny

LAW = gettext_lazy("Order 724, articles 24 and 29; measures of 2021 (No. 53)")
REQUEST_STATES: dict[str, tuple[Any, str, str]] = {
    "asked": (gettext_lazy("Waiting for the owner"), "line", "clock"),
    "read": (gettext_lazy("Read by the owner"), "line", "clock"),
    "promised": (gettext_lazy("Payment promised"), "line", "calendar"),
    "refused": (pgettext_lazy("top-up", "Declined"), "ink", "cross"),
    "ordered": (gettext_lazy("Transfer ordered"), "line", "send"),
    "arrived": (gettext_lazy("Money arrived"), "done", "check"),
    "withdrawn": (pgettext_lazy("top-up", "Taken back"), "", ""),
}


def plan_words(plan: AllocationPlan) -> str:
    """The agreement in one sentence."""
    day = _("on day %(day)s of each month") % {"day": plan.day}
    if plan.basis == AllocationPlan.Basis.AMOUNT:
        return _("%(sum)s %(day)s") % {"sum": format_cny(plan.amount_fen), "day": day}
    percent = f"{plan.percent.normalize():f} %"
    if plan.basis == AllocationPlan.Basis.PROGRESS:
        return _("%(percent)s of the month's progress payment, %(day)s") % {"percent": percent, "day": day}
    total = format_cny(plan.contract_sum_fen)
    return _("%(percent)s of the contract sum of %(total)s, in equal parts %(day)s") % {
        "percent": percent,
        "total": total,
        "day": day,
    }


def headline(allocation: Allocation) -> str:
    """The state as the title of a page."""
    if not allocation.plans:
        return _("No labour cost has been agreed")
    account = allocation.account
    if account.short_fen:
        return ngettext(
            "%(short)s of labour cost missing, %(n)s day late",
            "%(short)s of labour cost missing, %(n)s days late",
            account.days_late,
        ) % {"short": format_cny(account.short_fen), "n": account.days_late}
    if account.oldest_short is not None:
        return _("A month's progress payment has not been entered")
    return _("The owner has allocated what was agreed")


def level_of(allocation: Allocation) -> str:
    """The colour of a row."""
    return late_level(allocation.account.days_late) if allocation.account.short_fen else ""


def late_level(days: int) -> str:
    """The colour of so many days late: as rule B1 counts them; the alarm itself stands in the alarms."""
    return "red" if days >= 60 else "orange" if days >= 30 else "yellow" if days >= 5 else ""


def month_state(standing: Standing) -> tuple[Any, str, str]:
    """Words, kind and icon of a month's badge."""
    if standing.is_unmeasured:
        return _("Progress payment missing"), "ink", "pen"
    if standing.period.due_fen is None:
        return pgettext("allocation", "Not measured yet"), "line", "clock"
    if not standing.is_due:
        return pgettext("allocation", "Coming"), "line", "clock"
    if standing.short_fen:
        return _("Missing"), "ink", "yellow"
    return (_("Late, complete"), "", "check") if standing.days_late else (_("On time"), "done", "check")


def request_events(request: TopUpRequest) -> list[dict[str, Any]]:
    """What happened to a request, newest first, for the timeline."""
    found: list[tuple[Any, str, str, str]] = [
        (
            request.asked_at,
            _("Asked for %(sum)s") % {"sum": format_cny(request.amount_fen)},
            str(request.asked_by or ""),
            request.text,
        )
    ]
    if request.read_at:
        found.append((request.read_at, _("Read by the owner"), str(request.read_by or ""), ""))
    if request.answered_at:
        words = (
            _("Promised for %(day)s") % {"day": request.promised_on.isoformat()}
            if request.promised_on
            else pgettext("top-up", "Declined")
        )
        found.append((request.answered_at, words, str(request.answered_by or ""), request.answer))
    if request.ordered_at:
        words = _("Transfer of %(sum)s ordered") % {"sum": format_cny(request.transfer_fen or 0)}
        day = request.transfer_on.isoformat() if request.transfer_on else ""
        found.append((request.ordered_at, words, day, request.transfer_reference))
    if request.closed_at:
        found.append((request.closed_at, str(REQUEST_STATES[request.state][0]), "", ""))
    found.sort(key=lambda event: event[0], reverse=True)
    return [
        {"time": f"{at:%Y-%m-%d}", "kind": "", "strong": strong, "text": text, "note": note}
        for at, strong, text, note in found
    ]


def request_line(request: TopUpRequest, today: date) -> dict[str, Any]:
    """A request as rows and pages show it."""
    words, kind, icon = REQUEST_STATES[request.state]
    late = is_overdue(request, today)
    deadline = request.promised_on if request.state == "promised" else request.reply_by
    return {
        "request": request,
        "words": words,
        "kind": kind,
        "icon": icon,
        "late": late,
        "deadline": deadline if request.is_open and request.state != "ordered" else None,
        "received_fen": received_since(request) if request.is_open else None,
    }


def page_context(allocation: Allocation, today: date) -> dict[str, Any]:
    """What every page of one allocation shows."""
    account = allocation.account
    months = [
        {"standing": s, "words": words, "kind": kind, "icon": icon}
        for s in reversed(account.standings)
        for words, kind, icon in [month_state(s)]
    ]
    requests = (
        TopUpRequest.objects.filter(project=allocation.project)
        .select_related("asked_by", "read_by", "answered_by")
        .order_by("-number")
    )
    entries = {e.number: e for e in allocation.receipts}
    for month in months:
        month["parts"] = [(p, entries[p.number]) for p in month["standing"].parts]
    return {
        "project": allocation.project,
        "allocation": allocation,
        "account": account,
        "money": allocation.money,
        "today": today,
        "law": LAW,
        "headline": headline(allocation),
        "level": level_of(allocation),
        "months": months,
        "plan_lines": [(p, plan_words(p)) for p in reversed(allocation.plans)],
        "requests": [request_line(r, today) for r in requests[:12]],
        "receipts": [
            (e, allocation.choices.get(e.number))
            for e in sorted(allocation.receipts, key=lambda e: -e.number)
        ],
    }
