"""What a firm may read of an order: written when it is served, brought up to date by each later act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from inspection.models import Case, CasePaper, CorrectionOrder, Level, Notice, Sanction, ServedOrder
from inspection.services.audience import people_of_firm
from inspection.services.notices import Note, notify

State = Sanction.State
STEPS: dict[str, Any] = {
    "fine_notified": _("A fine is intended; the firm may be heard"),
    "fine_decided": _("A fine was decided"),
    "corrected": _("Found put right"),
    "withdrawn": _("Order taken back"),
}
"""Steps about an order of which the firm's people are told."""


def push_order(case: Case, order: CorrectionOrder, *, now: datetime) -> None:
    """Bring the firm's copy of an order up to date; the first time its people are told.

    Call it in the transaction of the act. An order that was not served yet is nothing to the firm.
    """
    if order.served_on is None or order.deadline_on is None or case.project_id is None:
        return
    fines = list(
        Sanction.objects.filter(order=order, on_person=False, state__in=(State.NOTIFIED, State.DECIDED))
    )
    heard = [one.heard_by for one in fines if one.state == State.NOTIFIED and one.heard_by]
    changing = {
        "officer_id": case.officer_id,
        "rest_fen": order.rest_fen,
        "rest_people": order.rest_people,
        "corrected_on": order.corrected_on,
        "withdrawn_on": order.withdrawn_on,
        "fine_fen": sum(one.fine_fen for one in fines),
        "fine_state": (State.NOTIFIED if heard else State.DECIDED).value if fines else "",
        "heard_by": max(heard, default=None),
    }
    served = ServedOrder.objects.filter(order=order).first()
    if served is not None:
        steps = _steps(served, changing)
        for name, value in changing.items():
            setattr(served, name, value)
        served.save(update_fields=[name.removesuffix("_id") for name in changing])
        _tell(served, steps, now=now)
        return
    paper = CasePaper.objects.filter(case=case, number=order.number).first()
    served = ServedOrder.objects.create(
        project_id=case.project_id,
        order=order,
        organisation_id=order.respondent_id,
        authority_id=case.office_id,
        document=order.number,
        paper_id=paper.file_id if paper else None,
        grounds=order.grounds,
        demand=order.demand,
        amount_fen=order.amount_fen,
        people=order.people,
        served_on=order.served_on,
        deadline_on=order.deadline_on,
        **changing,
    )
    notify(
        [
            Note(user, served.project_id, Notice.Kind.ORDERED, Level.ORANGE, f"ordered:{served.pk}")
            for user in people_of_firm(served.organisation_id)
        ],
        now=now,
    )


def _steps(served: ServedOrder, changing: Mapping[str, Any]) -> list[str]:
    """What the firm is to be told of that its copy did not say before: codes of `STEPS`."""
    found = []
    if changing["fine_state"] and changing["fine_state"] != served.fine_state:
        found.append(f"fine_{changing['fine_state']}")
    if changing["corrected_on"] and served.corrected_on is None:
        found.append("corrected")
    if changing["withdrawn_on"] and served.withdrawn_on is None:
        found.append("withdrawn")
    return found


def _tell(served: ServedOrder, steps: list[str], *, now: datetime) -> None:
    notify(
        [
            Note(
                user,
                served.project_id,
                Notice.Kind.ORDER_STEP,
                Level.ORANGE if step.startswith("fine") else Level.YELLOW,
                f"order:{served.pk}:{step}",
                step=step,
            )
            for step in steps
            for user in people_of_firm(served.organisation_id)
        ],
        now=now,
    )


def push_case(case: Case, *, now: datetime) -> None:
    """Every order of a case that its firms read, after something that concerns them all."""
    for order in case.orders.all():
        push_order(case, order, now=now)
