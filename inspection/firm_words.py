"""Orders and proceedings in the words that a firm reads."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from inspection.case_words import ORDER_STATES, left_words
from inspection.cases.articles import GROUNDS, PAY, Ground
from inspection.cases.rules import order_state
from inspection.models import FirmWord, ServedOrder
from payroll.models import PaySlip
from payroll.owed import still_owed
from registration.models import Participation
from wagewatch.lib.dates import Calendar

OPEN = ("running", "lapsed")


def state_of(order: ServedOrder, today: date) -> str:
    """running, lapsed, corrected or withdrawn."""
    return order_state(
        served_on=order.served_on,
        deadline_on=order.deadline_on,
        corrected_on=order.corrected_on,
        withdrawn_on=order.withdrawn_on,
        today=today,
    )


def article_of(ground: Ground) -> str:
    """Order 724 and the number of the article: that of ground 54-2 is 54."""
    return _("Order 724, article %(n)s") % {"n": ground.code.partition("-")[0]}


def grounds_of(order: ServedOrder) -> list[dict[str, str]]:
    """What was broken: title and article."""
    known = [GROUNDS[code] for code in order.grounds if code in GROUNDS]
    return [{"title": str(ground.title), "article": article_of(ground)} for ground in known]


def rows_of(orders: Iterable[ServedOrder], today: date, calendar: Calendar) -> list[dict[str, Any]]:
    """Orders as the firm's list shows them; whether anybody of it answered, in one query."""
    every = list(orders)
    answered = set(
        FirmWord.objects.filter(order__in=[one.order_id for one in every]).values_list("order_id", flat=True)
    )
    rows = []
    for one in every:
        state = state_of(one, today)
        rows.append(
            {
                "order": one,
                "state": state,
                "badge": ORDER_STATES[state],
                "title": _(", ").join(row["title"] for row in grounds_of(one)),
                "left": left_words(one.deadline_on, today, calendar) if state in OPEN else "",
                "late": state == "lapsed",
                "answered": one.order_id in answered,
            }
        )
    return rows


def asks_for_wages(order: ServedOrder) -> bool:
    """Whether it is an order to pay."""
    return PAY in order.grounds


def owed_here(order: ServedOrder, today: date) -> dict[str, int]:
    """What the pay sheets of the order's project say is due and not paid: of the firm's own part, or of all
    where it is the general contractor, who pays first (article 30)."""
    leads = Participation.objects.filter(
        project=order.project_id,
        organisation=order.organisation_id,
        role=Participation.Role.GENERAL_CONTRACTOR,
    ).exists()
    whose = Q() if leads else Q(sheet__participation__organisation=order.organisation_id)
    due = PaySlip.objects.filter(whose, project=order.project_id, sheet__due_on__lt=today, net_fen__gt=0)
    found = (
        still_owed(due)
        .exclude(confirmation="draft")
        .aggregate(fen=Sum("net_fen"), people=Count("worker_id", distinct=True))
    )
    return {"fen": found["fen"] or 0, "people": found["people"]}
