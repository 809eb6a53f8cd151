"""Cases in words: steps, documents, states of orders, deadlines."""

from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from inspection.alarms.catalogue import RULES
from inspection.models import CaseStep
from wagewatch.lib.dates import Calendar
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import moment_short

STEPS: dict[str, str | Promise] = {
    "taken": gettext_lazy("Taken up, with a number"),
    "accept": gettext_lazy("Accepted"),
    "refuse": pgettext_lazy("case", "Not accepted"),
    "transfer": gettext_lazy("Handed to another office"),
    "assign": gettext_lazy("Given to an officer"),
    "site": gettext_lazy("Site found"),
    "size": gettext_lazy("People counted"),
    "alarm": gettext_lazy("Alarm put to the case"),
    "visit": gettext_lazy("Visit to the site"),
    "interview": gettext_lazy("Interview"),
    "papers": gettext_lazy("Papers or evidence"),
    "note": gettext_lazy("Note"),
    "contact": gettext_lazy("Complainant's contact read"),
    "ask-time": gettext_lazy("More time asked for"),
    "give-time": gettext_lazy("More time approved"),
    "suspend": gettext_lazy("Suspended"),
    "resume": gettext_lazy("Taken up again"),
    "mediate": gettext_lazy("Mediation"),
    "order": gettext_lazy("Order to correct issued"),
    "serve": gettext_lazy("Order served"),
    "check": gettext_lazy("Order looked at"),
    "withdraw": gettext_lazy("Order withdrawn"),
    "propose": gettext_lazy("Sanction proposed"),
    "notify": gettext_lazy("Party told, may answer"),
    "hear": gettext_lazy("Party heard"),
    "decide": gettext_lazy("Sanction decided"),
    "drop": gettext_lazy("Sanction dropped"),
    "deposit": gettext_lazy("Deposit used for wages"),
    "refer": gettext_lazy("Handed to the police"),
    "finish": gettext_lazy("Investigation finished"),
    "close": pgettext_lazy("case", "Closed"),
}
PAPERS: dict[str, str | Promise] = {
    "accept": gettext_lazy("Notice of acceptance"),
    "refuse": gettext_lazy("Notice of refusal"),
    "transfer": gettext_lazy("Letter of transfer"),
    "suspend": gettext_lazy("Notice of suspension"),
    "order": gettext_lazy("Order to correct"),
    "service": gettext_lazy("Proof of service"),
    "notice": gettext_lazy("Notice before a sanction"),
    "decision": gettext_lazy("Decision on a sanction"),
    "mediation": gettext_lazy("Mediation agreement"),
    "deposit": gettext_lazy("Order to pay from the deposit"),
    "referral": gettext_lazy("Referral to the police"),
    "report": gettext_lazy("Closing report"),
}
ORDER_STATES: dict[str, tuple[Any, str, str]] = {
    "unserved": (gettext_lazy("Not served"), "line", ""),
    "running": (gettext_lazy("Time is running"), "line", ""),
    "lapsed": (gettext_lazy("Lapsed, not followed"), "stop", ""),
    "corrected": (gettext_lazy("Put right"), "done", ""),
    "withdrawn": (gettext_lazy("Withdrawn"), "", ""),
}
BADGES = {
    "new": "line",
    "active": "line",
    "deciding": "line",
    "suspended": "",
    "closed": "done",
    "refused": "",
}


def left_words(due_on: date | None, today: date, calendar: Calendar) -> str:
    """How many working days are left, or by how many it is late."""
    if due_on is None:
        return ""
    count = calendar.working_days_between(today, due_on)
    if due_on < today and not count:
        return _("over since %(day)s, no working day since") % {"day": due_on.isoformat()}
    if due_on < today:
        return ngettext("%(n)s working day late", "%(n)s working days late", -count) % {"n": -count}
    if due_on == today:
        return _("today")
    return ngettext("%(n)s working day left", "%(n)s working days left", count) % {"n": count}


def event_of(step: CaseStep) -> dict[str, Any]:
    """A step as the timeline shows it."""
    notes = [line for line in (_detail(step.kind, step.facts), step.text) if line]
    return {
        "step": step,
        "time": moment_short(step.at),
        "kind": {"order": "yellow", "propose": "orange", "decide": "red", "refer": "red"}.get(step.kind, ""),
        "strong": STEPS.get(step.kind, step.kind),
        "who": step.made_by.name if step.made_by else "",
        "notes": notes,
        "file": step.file,
    }


def _detail(kind: str, facts: dict[str, Any]) -> str:
    if kind == "transfer":
        return _("from %(a)s to %(b)s") % {"a": facts.get("from", ""), "b": facts.get("to", "")}
    if kind == "assign":
        return str(facts.get("to", ""))
    if kind == "alarm":
        rule = RULES.get(facts.get("rule", ""))
        return f"{facts.get('rule', '')} {rule.title if rule else ''}".strip()
    if kind == "site":
        return str(facts.get("name", ""))
    if kind == "size":
        return ngettext("%(n)s person", "%(n)s people", facts.get("people", 0)) % {
            "n": facts.get("people", 0)
        }
    if kind in {"accept", "give-time", "resume"} and facts.get("finish_by") not in {None, "None"}:
        return _("finish by %(day)s") % {"day": facts["finish_by"]}
    if kind == "serve":
        return _("%(order)s, time until %(day)s") % {
            "order": facts.get("order", ""),
            "day": facts.get("deadline_on", ""),
        }
    if kind == "check":
        if facts.get("corrected"):
            return _("%(order)s: all of it was done") % {"order": facts.get("order", "")}
        if facts.get("rest_fen"):
            return _("%(order)s: %(rest)s still unpaid") % {
                "order": facts.get("order", ""),
                "rest": format_cny(facts["rest_fen"]),
            }
    if kind in {"propose", "decide"}:
        return _("fine %(sum)s") % {"sum": format_cny(facts.get("fine_fen", 0))}
    if kind == "notify":
        return _("may answer until %(day)s") % {"day": facts.get("heard_by", "")}
    if kind == "deposit":
        return format_cny(facts.get("amount_fen", 0))
    if kind in {"order", "withdraw", "refer"}:
        return str(facts.get("order", ""))
    return ""
