"""Alarms in one sentence each: subject and fact, in the reader's language."""

from datetime import date

from django.utils.translation import gettext as _

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm
from inspection.telling import money, papers, people, wages
from inspection.telling.shape import Ground, Words
from wagewatch.lib.dates import site_date

WORDS: dict[str, Words] = {**papers.WORDS, **money.WORDS, **people.WORDS, **wages.WORDS}
"""What is said of each rule's alarms."""


def headline(alarm: Alarm) -> str:
    """What happened, e.g. "October wages: 93 people unpaid"."""
    if alarm.rule == "D3":
        return ngettext(
            "%(month)s wages: %(people)s person not paid",
            "%(month)s wages: %(people)s people not paid",
            alarm.people,
        ) % {"month": month_only(parse_month(alarm.period)), "people": alarm.people}
    if alarm.rule == "D1":
        return ngettext(
            "No pay sheet for %(month)s, %(people)s person worked",
            "No pay sheet for %(month)s, %(people)s people worked",
            alarm.people,
        ) % {"month": month_only(parse_month(alarm.period)), "people": alarm.people}
    if alarm.rule == "C1":
        text = (
            _("Refused at the gate in week %(week)s: %(times)s, %(people)s")
            if alarm.state == Alarm.State.CLOSED
            else _("Refused at the gate this week: %(times)s, %(people)s")
        )
        return text % {
            "week": alarm.period,
            "times": _times(int(alarm.facts.get("entries", 0))),
            "people": _people(alarm.people),
        }
    return str(RULES[alarm.rule].title)
    """What happened, e.g. "October wages: 93 people not paid"."""
    words = WORDS.get(alarm.rule)
    return words.headline(alarm) if words else alarm.rule


def _times(count: int) -> str:
    """ "1 time", "3 times": two counts in one sentence need a plural each."""
    return ngettext("%(count)s time", "%(count)s times", count) % {"count": count}


def _people(count: int) -> str:
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": count}


def reason(alarm: Alarm, today: date) -> str:
    """Why it fired, with its figures."""
    if alarm.state == Alarm.State.CLOSED and alarm.closed_at:
        return _("Closed on %(day)s: the data no longer shows it.") % {"day": site_date(alarm.closed_at)}
    if alarm.rule == "D3":
        late = days_overdue(alarm.due_on, today)
        sentence = (
            _("Due on %(due)s, today is the day; %(amount)s has not reached %(people)s.")
            if late == 0
            else ngettext(
                "Due on %(due)s, %(late)s day ago; %(amount)s has not reached %(people)s.",
                "Due on %(due)s, %(late)s days ago; %(amount)s has not reached %(people)s.",
                late,
            )
        ) % {
            "due": alarm.due_on,
            "late": late,
            "amount": format_cny(alarm.amount_fen),
            "people": _people(alarm.people),
        }
        return sentences(
            sentence,
            _("Partly without a pay sheet: estimated from attendance.")
            if alarm.facts.get("estimated")
            else "",
            ngettext(
                "%(n)s person on piece work is not in the sum.",
                "%(n)s people on piece work are not in the sum.",
                alarm.facts["piece_people"],
            )
            % {"n": alarm.facts["piece_people"]}
            if alarm.facts.get("piece_people")
            else "",
            _("It stopped here: %(stage)s.") % {"stage": stop_of_alarm(alarm.rule, alarm.facts).words},
        )
    if alarm.rule == "D1":
        return _("By attendance about %(amount)s was earned.") % {"amount": format_cny(alarm.amount_fen)}
    if alarm.rule == "C1":
        let_in = int(alarm.facts.get("let_in", 0))
        return ngettext(
            "%(let_in)s of them was let in all the same.",
            "%(let_in)s of them were let in all the same.",
            let_in,
        ) % {"let_in": let_in}
    return str(RULES[alarm.rule].explanation)
    words = WORDS.get(alarm.rule)
    return words.reason(alarm, today) if words else ""


def grounds_of(alarm: Alarm, today: date) -> list[Ground]:
    """Rows of what the rule looked at, while the alarm is open."""
    words = WORDS.get(alarm.rule)
    return words.grounds(alarm, today) if words and alarm.state == Alarm.State.OPEN else []


def title_of(code: str) -> str:
    """A rule's title; its code where the catalogue no longer has it."""
    return str(RULES[code].title) if code in RULES else code
