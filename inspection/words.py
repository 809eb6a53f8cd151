"""Alarms in one sentence each: subject and fact, in the reader's language."""

from datetime import date

from django.utils.translation import gettext as _

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm
from inspection.telling import allocation, boards, cases, cash, money, papers, people, wages
from inspection.telling.shape import Ground, Words
from wagewatch.lib.dates import site_date

WORDS: dict[str, Words] = {
    **papers.WORDS,
    **allocation.WORDS,
    **money.WORDS,
    **people.WORDS,
    **wages.WORDS,
    **cash.WORDS,
    **cases.WORDS,
    **boards.WORDS,
}
"""What is said of each rule's alarms."""


def headline(alarm: Alarm) -> str:
    """What happened, e.g. "October wages: 93 people not paid"."""
    words = WORDS.get(alarm.rule)
    return words.headline(alarm) if words else alarm.rule


def reason(alarm: Alarm, today: date) -> str:
    """Why it fired, with its figures."""
    if alarm.state == Alarm.State.CLOSED and alarm.closed_at:
        return _("Closed on %(day)s: the data no longer shows it.") % {"day": site_date(alarm.closed_at)}
    words = WORDS.get(alarm.rule)
    return words.reason(alarm, today) if words else ""


def grounds_of(alarm: Alarm, today: date) -> list[Ground]:
    """Rows of what the rule looked at, while the alarm is open."""
    words = WORDS.get(alarm.rule)
    return words.grounds(alarm, today) if words and alarm.state == Alarm.State.OPEN else []


def title_of(code: str) -> str:
    """A rule's title; its code where the catalogue no longer has it."""
    return str(RULES[code].title) if code in RULES else code
