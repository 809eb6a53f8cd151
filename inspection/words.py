"""Alarms in one sentence each: subject and fact, in the reader's language."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm
from inspection.rules import days_overdue, stop_of_alarm
from wagewatch.lib.dates import parse_month
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import month_only


def headline(alarm: Alarm) -> str:
    """What happened, e.g. "October wages: 93 people unpaid"."""
    if alarm.rule == "D3":
        return ngettext(
            "%(month)s wages: %(people)s person not paid",
            "%(month)s wages: %(people)s people not paid",
            alarm.people,
        ) % {"month": month_only(parse_month(alarm.period)), "people": alarm.people}
    if alarm.rule == "D1":
        return _("No pay sheet for %(month)s, %(people)s people worked") % {
            "month": month_only(parse_month(alarm.period)),
            "people": alarm.people,
        }
    if alarm.rule == "C1":
        return _("Refused at the gate this week: %(entries)s times, %(people)s people") % {
            "entries": alarm.facts.get("entries", 0),
            "people": alarm.people,
        }
    return str(RULES[alarm.rule].title)


def reason(alarm: Alarm, today: date) -> str:
    """Why it fired, with its figures."""
    if alarm.rule == "D3":
        late = days_overdue(alarm.due_on, today)
        sentence = (
            _("Due on %(due)s, today is the day; %(amount)s has not reached %(people)s people.")
            if late == 0
            else _("Due on %(due)s, %(late)s days ago; %(amount)s has not reached %(people)s people.")
        ) % {
            "due": alarm.due_on,
            "late": late,
            "amount": format_cny(alarm.amount_fen),
            "people": alarm.people,
        }
        if alarm.facts.get("estimated"):
            sentence += " " + _("Partly without a pay sheet: estimated from attendance.")
        return f"{sentence} {stop_of_alarm(alarm.rule, alarm.facts).words}"
    if alarm.rule == "D1":
        return _("By attendance about %(amount)s was earned.") % {"amount": format_cny(alarm.amount_fen)}
    if alarm.rule == "C1":
        return _("%(let_in)s of them were let in all the same.") % {"let_in": alarm.facts.get("let_in", 0)}
    return str(RULES[alarm.rule].explanation)
