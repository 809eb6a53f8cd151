"""C1 to C5: who is at the gates, with what papers, and what the gates say."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.telling.shape import Ground, Words, limit_words, people, row, sentences
from registration.services.parameters import parameter


def _gate_headline(alarm: Alarm) -> str:
    figures = {"week": alarm.period, "entries": alarm.facts.get("entries", 0), "people": alarm.people}
    if alarm.state == Alarm.State.CLOSED:
        return _("Refused at the gate in week %(week)s: %(entries)s times, %(people)s people") % figures
    return _("Refused at the gate this week: %(entries)s times, %(people)s people") % figures


def _gate_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    limit = parameter("alarm.C1.entries", region_code=alarm.project.region_id, on=today, default={})
    return [
        row(
            _("Entries refused this week"),
            facts.get("entries", 0),
            _("from %(n)s on") % {"n": limit.get("yellow", 1)},
            _("gates"),
        ),
        row(_("Let in all the same"), facts.get("let_in", 0), "0", _("gates")),
        row(_("Days with such entries"), facts.get("days", 0), _("from 2 on, orange if let in"), _("gates")),
    ]


def _papers_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    parts = (
        (
            facts.get("no_contract", 0),
            ngettext(
                "%(n)s has no contract in force.",
                "%(n)s have no contract in force.",
                facts.get("no_contract", 0),
            ),
        ),
        (
            facts.get("no_training", 0),
            ngettext(
                "%(n)s has no safety training on record.",
                "%(n)s have no safety training on record.",
                facts.get("no_training", 0),
            ),
        ),
        (
            facts.get("stale", 0),
            ngettext(
                "The data of %(n)s is older than a year.",
                "The data of %(n)s is older than a year.",
                facts.get("stale", 0),
            ),
        ),
    )
    return sentences(*(text % {"n": people(count)} for count, text in parts if count))


def _papers_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    grace = limit_words(alarm, "alarm.C2.days", today)
    return [
        row(
            _("People with papers missing"),
            alarm.people,
            limit_words(alarm, "alarm.C2.people", today),
            _("people at work"),
        ),
        row(_("No contract in force"), facts.get("no_contract", 0), grace, _("labour contracts")),
        row(_("No safety training"), facts.get("no_training", 0), grace, _("trainings")),
        row(_("Data older than a year"), facts.get("stale", 0), "0", _("people register")),
    ]


def _silent_reason(alarm: Alarm, _today: date) -> str:
    last = alarm.facts.get("last_day")
    if not last:
        return _("%(people)s are registered here, and the gates have never sent attendance.") % {
            "people": people(alarm.people)
        }
    return _("%(people)s are registered here, and the last day with attendance was %(day)s.") % {
        "people": people(alarm.people),
        "day": last,
    }


def _silent_grounds(alarm: Alarm, today: date) -> list[Ground]:
    return [
        row(
            _("Last day with attendance"),
            alarm.facts.get("last_day") or "—",
            limit_words(alarm, "alarm.C3.wd", today),
            _("gates"),
        ),
        row(_("People on record as working here"), alarm.people, "0", _("people at work")),
    ]


def _odd_headline(alarm: Alarm) -> str:
    figures = {"people": people(alarm.people), "week": alarm.period}
    if alarm.state == Alarm.State.CLOSED:
        return _("Odd attendance of %(people)s in week %(week)s") % figures
    return _("Odd attendance of %(people)s this week") % figures


def _odd_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    parts = (
        (facts.get("stay", 0), _("Too long on site or without an exit: %(n)s.")),
        (facts.get("sites", 0), _("On two sites at the same time: %(n)s.")),
        (facts.get("record", 0), _("Sharing one card or device record: %(n)s.")),
    )
    return sentences(*(text % {"n": people(count)} for count, text in parts if count))


def _odd_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    where: dict[str, Any] = {"region_code": alarm.project.region_id, "on": today}
    two = parameter("odd.two_sites", default={}, **where)
    hours = parameter("attendance.longest_stay_hours", default=16, **where)
    return [
        row(
            _("People with odd attendance"),
            alarm.people,
            limit_words(alarm, "alarm.C4.people", today),
            _("gates"),
        ),
        row(
            _("Too long on site or without an exit"),
            facts.get("stay", 0),
            _("more than %(n)s hours") % {"n": hours},
            _("attendance days"),
        ),
        row(
            _("On two sites at the same time"),
            facts.get("sites", 0),
            _("from %(n)s minutes on") % {"n": two.get("minutes", 30)},
            _("attendance days of all sites"),
        ),
        row(_("Sharing one card or device record"), facts.get("record", 0), "0", _("gates")),
    ]


def _age_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    parts = (
        (facts.get("young", 0), _("Below the youngest age: %(n)s.")),
        (facts.get("minor", 0), _("Under 18: %(n)s.")),
        (facts.get("old", 0), _("Above the age set for the region or trade: %(n)s.")),
        (facts.get("certificate", 0), _("Special operation without a valid certificate: %(n)s.")),
    )
    return sentences(*(text % {"n": people(count)} for count, text in parts if count))


def _age_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    where: dict[str, Any] = {"region_code": alarm.project.region_id, "on": today}
    youngest = parameter("people.youngest_age", default=16, **where)
    return [
        row(
            _("People against the rules"),
            alarm.people,
            limit_words(alarm, "alarm.C5.people", today),
            _("people at work"),
        ),
        row(
            _("Below the youngest age"),
            facts.get("young", 0),
            _("from %(n)s years on") % {"n": youngest},
            _("identity numbers"),
        ),
        row(_("Under 18"), facts.get("minor", 0), _("no heavy or dangerous work"), _("identity numbers")),
        row(
            _("Above the age of the region or trade"),
            facts.get("old", 0),
            _("conditions of entry of the region"),
            _("identity numbers"),
        ),
        row(
            _("Special operation without a certificate"),
            facts.get("certificate", 0),
            _("a valid certificate"),
            _("certificates"),
        ),
    ]


WORDS = {
    "C1": Words(
        _gate_headline,
        lambda alarm, _today: (
            ngettext(
                "%(let_in)s of them was let in all the same.",
                "%(let_in)s of them were let in all the same.",
                alarm.facts.get("let_in", 0),
            )
            % {"let_in": alarm.facts.get("let_in", 0)}
        ),
        _gate_grounds,
        gettext_lazy("A week without such entries closes it by itself."),
    ),
    "C2": Words(
        lambda alarm: (
            ngettext(
                "%(n)s person at work with papers missing",
                "%(n)s people at work with papers missing",
                alarm.people,
            )
            % {"n": alarm.people}
        ),
        _papers_reason,
        _papers_grounds,
        gettext_lazy("As soon as contracts, trainings and data are on record, it closes by itself."),
    ),
    "C3": Words(
        lambda alarm: (
            _("No attendance since %(day)s")
            % {"day": alarm.facts.get("last_day") or alarm.facts.get("since", "")}
        ),
        _silent_reason,
        _silent_grounds,
        gettext_lazy(
            "As soon as the gates send attendance, or the site is recorded as stopped, it closes by itself."
        ),
    ),
    "C4": Words(
        _odd_headline,
        _odd_reason,
        _odd_grounds,
        gettext_lazy("A week without odd attendance closes it, or the clerk's decisions about the days."),
    ),
    "C5": Words(
        lambda alarm: (
            ngettext(
                "%(n)s person against the age or trade rules",
                "%(n)s people against the age or trade rules",
                alarm.people,
            )
            % {"n": alarm.people}
        ),
        _age_reason,
        _age_grounds,
        gettext_lazy("As soon as they have left, or their certificates are on record, it closes by itself."),
    ),
}
