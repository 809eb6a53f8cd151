"""The end of a case, with an outcome that its file bears out."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.models import Case
from inspection.services.case_papers import TOPICS, make_paper
from inspection.services.case_steps import keep, lock_case, tell, words, write_step
from registration.actors import Actor
from registration.models import Complaint
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

State = Case.State
OUTCOMES = {
    Case.Outcome.CORRECTED: "已改正",
    Case.Outcome.MEDIATED: "调解达成协议",
    Case.Outcome.SANCTIONED: "已作出行政处罚",
    Case.Outcome.UNFOUNDED: "未发现违法行为",
    Case.Outcome.WITHDRAWN: "投诉人撤回",
    Case.Outcome.REFERRED: "已移送公安机关",
}
ORIGINS = {
    Case.Origin.PHONE: "工人端或者维权告示牌二维码",
    Case.Origin.HOTLINE: "热线",
    Case.Origin.VISIT: "来访",
    Case.Origin.OWN: "主动发现",
}


@transaction.atomic
def close_case(pk: int, *, outcome: str, text: str, actor: Actor, now: datetime) -> Case:
    """Close with an outcome that the file bears out; who complained reads `text`, so it names nobody.

    Raises RuleViolation `case.open_order`, `case.open_sanction`, `case.outcome`, Malformed `case.words`.
    """
    case = lock_case(pk, "close", actor=actor)
    said = words(text, least=10)
    if outcome not in Case.Outcome.values:
        raise Malformed("case.outcome", _("Choose how it ended."))
    if case.sanctions.filter(state__in=("proposed", "notified")).exists():
        raise RuleViolation("case.open_sanction", _("A sanction is still open: decide or drop it first."))
    if case.orders.filter(corrected_on=None, withdrawn_on=None).exists() and outcome not in {
        Case.Outcome.SANCTIONED,
        Case.Outcome.REFERRED,
    }:
        raise RuleViolation(
            "case.open_order", _("An order is still open: see whether it was followed, or withdraw it.")
        )
    borne_out = {
        Case.Outcome.SANCTIONED: case.sanctions.filter(state="decided").exists(),
        Case.Outcome.MEDIATED: case.mediations.filter(agreed=True).exists(),
        Case.Outcome.REFERRED: case.referred_on is not None,
    }
    if not borne_out.get(Case.Outcome(outcome), True):
        raise RuleViolation("case.not_so", _("Nothing in this case bears that outcome out. Choose another."))
    case.state, case.outcome, case.closed_on = State.CLOSED, outcome, site_date(now)
    if case.investigated_on is None:
        case.investigated_on = case.closed_on
    keep(case, "state", "outcome", "closed_on", "investigated_on", now=now)
    values = {
        "origin": ORIGINS[Case.Origin(case.origin)],
        "topic": TOPICS[Complaint.Topic(case.topic)],
        "people": str(case.people),
        "accepted_on": str(case.accepted_on or "—"),
        "day": str(case.closed_on),
        "outcome": OUTCOMES[Case.Outcome(outcome)],
        "text": said,
    }
    paper = make_paper(case, "report", values, actor=actor, now=now)
    write_step(case, "close", text=said, file=paper.file, facts={"outcome": outcome}, actor=actor, now=now)
    tell(case, "closed", answer=said, done=True, actor=actor, now=now)
    return case
