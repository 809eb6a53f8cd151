"""What pages say about cases: their lists, steps in words, what may be done now, what the system's own data say."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy, pgettext_lazy

from inspection.access import alarms_for
from inspection.case_access import cases_for, may_approve, may_handle
from inspection.case_words import BADGES, ORDER_STATES, PAPERS, left_words
from inspection.cases import rules
from inspection.cases.articles import GROUNDS
from inspection.dashboard import lines
from inspection.models import Alarm, Case, CasePaper
from inspection.services.case_alarms import alarms_to_add
from inspection.services.case_money import Check, referral_check
from inspection.services.case_orders import state_of
from payroll.models import PaySlip
from payroll.owed import still_owed
from registration.actors import Actor
from wagewatch.lib.dates import Calendar


def unpaid_by_data(project_id: int, today: date) -> rules.Unpaid:
    """What the pay sheets say is due and not paid: of all, how many people, of the one owed most, his months."""
    due = PaySlip.objects.filter(project=project_id, sheet__due_on__lt=today, net_fen__gt=0)
    rows = list(
        still_owed(due)
        .exclude(confirmation="draft")
        .values("worker_id")
        .annotate(fen=Sum("net_fen"), months=Count("month", distinct=True))
        .order_by("-fen")
    )
    if not rows:
        return rules.Unpaid(0, 0, 0, 0)
    return rules.Unpaid(sum(r["fen"] for r in rows), len(rows), rows[0]["fen"], rows[0]["months"])


@dataclass(frozen=True)
class Row:
    """A case in a list, with its coming deadline in words."""

    case: Case
    late: bool
    left: str
    badge: str


def rows_of(cases: Any, today: date, calendar: Calendar) -> list[Row]:
    """Cases as a list shows them."""
    return [
        Row(case, is_late(case, today), left_words(case.due_on, today, calendar), BADGES[case.state])
        for case in cases
    ]


def is_late(case: Case, today: date) -> bool:
    """Whether the coming deadline has passed."""
    return case.due_on is not None and case.due_on < today


def papers_of(case: Case) -> list[dict[str, Any]]:
    """The documents of a case, the newest first."""
    papers = CasePaper.objects.filter(case=case).defer("file__content").order_by("-made_at", "-pk")
    return [{"paper": one, "title": PAPERS.get(one.kind, one.kind)} for one in papers]


def orders_of(case: Case, today: date) -> list[dict[str, Any]]:
    """The orders with state and grounds in words."""
    found = []
    for order in case.orders.select_related("respondent").order_by("-pk"):
        state = state_of(order, today)
        found.append(
            {
                "order": order,
                "state": state,
                "words": ORDER_STATES[state],
                "grounds": [GROUNDS[code].title for code in order.grounds if code in GROUNDS],
            }
        )
    return found


ACTS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (
        "begin",
        gettext_lazy("Begin"),
        ("accept", "refuse", "transfer"),
    ),
    ("look", gettext_lazy("Investigate"), ("note", "site", "alarm", "size", "finish")),
    ("agree", gettext_lazy("Settle"), ("mediate",)),
    ("order", gettext_lazy("Orders"), ("order", "serve", "check", "withdraw")),
    (
        "punish",
        gettext_lazy("When an order lapsed"),
        ("propose", "notify", "hear", "decide", "drop", "deposit", "refer"),
    ),
    ("time", gettext_lazy("Time and people"), ("assign", "ask-time", "give-time", "suspend", "resume")),
    ("end", pgettext_lazy("case", "End"), ("close",)),
)
"""Groups of acts as the page shows them."""


def acts_of(
    case: Case,
    actor: Actor,
    orders: list[dict[str, Any]],
    check: Check,
    sanctions: list[Any],
    *,
    can_add: bool = False,
) -> dict[str, bool]:
    """The acts that the actor may do to the case now; those that lack their ground are left out. `can_add` says
    whether there is an alarm to put to it."""
    states = {row["state"] for row in orders}
    stages = {one.state for one in sanctions}
    handles, approves = may_handle(case, actor), may_approve(case, actor)
    grounds = {
        "serve": "unserved" in states,
        "check": bool(states & {"running", "lapsed"}),
        "withdraw": bool(states & {"unserved", "running", "lapsed"}),
        "propose": "lapsed" in states,
        "notify": "proposed" in stages,
        "hear": "notified" in stages,
        "decide": any(one.state == "notified" and one.proposed_by_id != actor.id for one in sanctions),
        "drop": bool(stages & {"proposed", "notified"}),
        "deposit": check.state == "lapsed" and case.project_id is not None,
        "refer": not check.obstacle and case.referred_on is None,
        "ask-time": case.extension_asked_by_id is None and case.extended_on is None,
        "give-time": case.extension_asked_by_id is not None
        and case.extended_on is None
        and case.extension_asked_by_id != actor.id,
        "order": case.project_id is not None,
        "alarm": can_add,
        "mediate": case.project_id is not None,
        "contact": case.complaint_id is not None,
    }
    return {
        act: True
        for act, allowed in rules.ALLOWED.items()
        if case.state in allowed
        and grounds.get(act, True)
        and (approves if act in {"give-time", "decide"} else handles)
    }


WHY_NOT: dict[str, Any] = {
    "serve": gettext_lazy("No order waits to be served. Issue one first."),
    "check": gettext_lazy("No order that was served waits to be looked at."),
    "withdraw": gettext_lazy("No order stands that could be withdrawn."),
    "propose": gettext_lazy(
        "No order has lapsed: a fine follows only when one was served and its time is over."
    ),
    "notify": gettext_lazy("No sanction is proposed of which the party was not told yet."),
    "hear": gettext_lazy("No party was told of a sanction and waits to be heard."),
    "decide": gettext_lazy(
        "No sanction waits for you: the party is told first, and who proposed it does not decide."
    ),
    "drop": gettext_lazy("No sanction is under way."),
    "deposit": gettext_lazy("The deposit is used only when an order to pay wages has lapsed."),
    "ask-time": gettext_lazy("More time was asked for already, and is given once."),
    "give-time": gettext_lazy("Nobody else has asked for more time."),
    "order": gettext_lazy("Find the site first: an order names a firm of the site."),
    "mediate": gettext_lazy("Find the site first: a firm of the site signs."),
    "alarm": gettext_lazy("The site has no open alarm that is not part of the case yet."),
}
"""Act → what lacks for it, where the state of the case would allow it."""


def why_not(case: Case, act: str, actor: Actor, today: date) -> Any:
    """What an act lacks now though the state of the case allows it; "" if nothing, or if another office has it."""
    check = referral_check(case, today)
    if act == "refer":
        if case.referred_on is not None:
            return gettext_lazy("The police got this case already.")
        return rules.REFERRAL[check.obstacle] if check.obstacle else ""
    orders, sanctions = orders_of(case, today), list(case.sanctions.all())
    may = acts_of(case, actor, orders, check, sanctions, can_add=bool(alarms_to_add(case)))
    return "" if act in may else WHY_NOT.get(act, "")


def alarms_of(case: Case, actor: Actor, today: date) -> list[dict[str, Any]]:
    """The alarms that the case is about, as they stand now; those out of the reader's reach are left out."""
    found = alarms_for(actor).filter(case_links__case=case).select_related("project__region", "holder")
    return [
        {"alarm": line.alarm, "headline": line.headline, "level": line.level}
        for line in lines(found.order_by("state", "-level", "pk"), today)
    ]


def cases_of(alarm: Alarm, actor: Actor) -> list[dict[str, Any]]:
    """The cases about an alarm within the reader's reach, the newest first, each with its badge."""
    found = cases_for(actor).filter(alarm_links__alarm=alarm).select_related("office", "officer")
    return [{"case": case, "badge": BADGES[case.state]} for case in found.distinct().order_by("-pk")]
