"""E2 and E3: open complaints, orders to pay that lapsed."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.services.case_money import crime_of
from inspection.telling.shape import Ground, Words, amount_of, limit_words, people, row, sentences
from wagewatch.lib.money import format_cny


def _complaints_headline(alarm: Alarm) -> str:
    if alarm.facts.get("mass"):
        return _("%(people)s complained together, a crowd") % {"people": people(alarm.people)}
    count = alarm.facts.get("complaints", 0)
    return ngettext("%(n)s complaint is open", "%(n)s complaints are open", count) % {"n": count}


def _complaints_reason(alarm: Alarm, _today: date) -> str:
    waiting = alarm.facts.get("waiting", 0)
    return sentences(
        _("%(people)s complained, the first on %(day)s.")
        % {"people": people(alarm.people), "day": alarm.facts.get("since", "")},
        ngettext("%(n)s is not accepted yet.", "%(n)s are not accepted yet.", waiting) % {"n": waiting}
        if waiting
        else "",
        _("The next deadline of the office is %(day)s.") % {"day": alarm.due_on} if alarm.due_on else "",
    )


def _complaints_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    return [
        row(_("Open complaints"), facts.get("complaints", 0), "", _("complaints and cases")),
        row(
            _("People who complain"),
            alarm.people,
            limit_words(alarm, "alarm.E2.people", today),
            _("complaints and cases"),
        ),
        row(_("A crowd gathered"), _("yes") if facts.get("mass") else _("no"), "", _("complaints and cases")),
    ]


def _order_headline(alarm: Alarm) -> str:
    return _("Order to pay lapsed: %(amount)s unpaid") % {"amount": format_cny(alarm.amount_fen)}


def _order_reason(alarm: Alarm, _today: date) -> str:
    return sentences(
        _("%(number)s gave time until %(day)s. %(people)s are still owed %(amount)s.")
        % {
            "number": alarm.facts.get("number", ""),
            "day": alarm.due_on,
            "people": people(alarm.people),
            "amount": format_cny(alarm.amount_fen),
        },
        _("The police have the case.")
        if alarm.facts.get("referred")
        else _("Amount and lapsed order are both there."),
    )


def _order_grounds(alarm: Alarm, today: date) -> list[Ground]:
    crime, facts = crime_of(alarm.project.region_id, on=today), alarm.facts
    limits = _("parameters of the region")
    return [
        row(
            _("Owed to one worker"),
            format_cny(facts.get("most_fen", 0)),
            _("%(months)s months and %(amount)s")
            % {"months": crime.months, "amount": format_cny(crime.one_fen)},
            limits,
        ),
        row(_("Months not paid"), facts.get("most_months", 0), crime.months, _("correction orders")),
        row(
            _("Owed to all"),
            format_cny(alarm.amount_fen),
            _("%(people)s and %(amount)s")
            % {"people": amount_of("people", crime.people), "amount": format_cny(crime.many_fen)},
            limits,
        ),
        row(_("Last day of the order"), str(alarm.due_on), "", _("correction orders")),
    ]


WORDS: dict[str, Words] = {
    "E2": Words(
        _complaints_headline,
        _complaints_reason,
        _complaints_grounds,
        gettext_lazy("It closes when every case about the site is closed or refused."),
    ),
    "E3": Words(
        _order_headline,
        _order_reason,
        _order_grounds,
        gettext_lazy(
            "It closes when what the order asked for was done, or so much paid that the amount is no longer large."
        ),
    ),
}
