"""D1 to D7: sheets, confirmations, due dates, sums, payments, leavers."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inspection.models import Alarm
from inspection.rules import days_overdue, level_name, stop_of_alarm
from inspection.telling.shape import Ground, Words, limit_words, month_of, people, row, sentences
from payroll.models import SubLedger
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import next_month, parse_month
from wagewatch.lib.money import format_cny

ESTIMATED = gettext_lazy("attendance, as no sheet holds them")
SHEETS = gettext_lazy("pay sheets and bank results")
PARAMETERS = gettext_lazy("parameters of the region")


def _figures(alarm: Alarm) -> dict[str, Any]:
    return {"month": month_of(alarm), "people": alarm.people, "amount": format_cny(alarm.amount_fen)}


def _piece(alarm: Alarm) -> str:
    count = alarm.facts.get("piece_people") or 0
    words = ngettext(
        "%(n)s person on piece work is not in the sum.",
        "%(n)s people on piece work are not in the sum.",
        count,
    )
    return words % {"n": count} if count else ""


def _overdue_reason(alarm: Alarm, today: date) -> str:
    late = days_overdue(alarm.due_on, today)
    sentence = (
        _("Due on %(due)s, today is the day; %(amount)s has not reached %(people)s people.")
        if late == 0
        else _("Due on %(due)s, %(late)s days ago; %(amount)s has not reached %(people)s people.")
    ) % {"due": alarm.due_on, "late": late, "amount": format_cny(alarm.amount_fen), "people": alarm.people}
    return sentences(
        sentence,
        _("Partly without a pay sheet: estimated from attendance.") if alarm.facts.get("estimated") else "",
        _piece(alarm),
        _("It stopped here: %(stage)s.") % {"stage": stop_of_alarm(alarm.rule, alarm.facts).words},
    )


def _overdue_grounds(alarm: Alarm, today: date) -> list[Ground]:
    if alarm.due_on is None:
        return []
    late = days_overdue(alarm.due_on, today)
    source = ESTIMATED if alarm.facts.get("estimated") else SHEETS
    rows = [
        row(_("Due date"), str(alarm.due_on), _due_limit(alarm), _("project and working-day calendar")),
        row(_("People without their money"), alarm.people, "0", source),
        row(_("Unpaid in all"), format_cny(alarm.amount_fen), format_cny(0), source),
        row(
            _("Overdue"),
            ngettext("%(n)s day", "%(n)s days", late) % {"n": late},
            _level_limit(alarm, today),
            PARAMETERS,
        ),
    ]
    balance = SubLedger.objects.filter(project=alarm.project_id).values_list("balance_fen", flat=True).first()
    if balance is not None:
        share = min(100, 100 * balance // alarm.amount_fen) if alarm.amount_fen else 100
        limit = _("enough for %(share)s%%") % {"share": share}
        rows.append(
            row(_("Balance of the special account"), format_cny(balance), limit, _("bank statements"))
        )
    return rows


def _due_limit(alarm: Alarm) -> str:
    agreed = next_month(parse_month(alarm.period)).replace(day=alarm.project.pay_day)
    if agreed == alarm.due_on:
        return _("day %(day)s of each month, not moved") % {"day": agreed.day}
    if alarm.due_on and alarm.due_on < agreed and not load_calendar().is_working(agreed):
        return _("%(day)s is a rest day, so it moves earlier") % {"day": str(agreed)}
    return _("day %(day)s of each month; a settlement is due earlier") % {"day": agreed.day}


def _level_limit(alarm: Alarm, today: date) -> str:
    ladder = parameter("alarm.D3.days", region_code=alarm.project.region_id, on=today)
    words = {
        "yellow": _("yellow from %(n)s days"),
        "orange": _("orange from %(n)s days"),
        "red": _("red from %(n)s days"),
    }
    name = level_name(alarm.level)
    return words[name] % {"n": ladder[name]} if name in ladder else ""


def _no_sheet_grounds(alarm: Alarm, today: date) -> list[Ground]:
    return [
        row(_("People who worked"), alarm.people, "0", ESTIMATED),
        row(
            _("Earned by attendance"),
            _("about %(amount)s") % _figures(alarm),
            "",
            _("attendance and agreed rates"),
        ),
        row(_("Sheet expected"), _("none"), limit_words(alarm, "alarm.D1.day_of_month", today), PARAMETERS),
    ]


def _confirm_headline(alarm: Alarm) -> str:
    waiting, objected = alarm.facts.get("waiting", 0), alarm.facts.get("objected", 0)
    if objected and not waiting:
        return ngettext(
            "%(month)s wages: %(n)s objection unanswered",
            "%(month)s wages: %(n)s objections unanswered",
            objected,
        ) % {"month": month_of(alarm), "n": objected}
    return ngettext(
        "%(month)s wages: %(people)s person has not confirmed",
        "%(month)s wages: %(people)s people have not confirmed",
        alarm.people,
    ) % _figures(alarm)


def _confirm_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    return sentences(
        _("The oldest of them waits since %(day)s.") % {"day": facts.get("since", "")},
        _("Not confirmed: %(n)s.") % {"n": people(facts["waiting"])} if facts.get("waiting") else "",
        _("Objections without an answer: %(n)s.") % {"n": facts["objected"]} if facts.get("objected") else "",
        _("In all %(amount)s.") % _figures(alarm),
    )


def _confirm_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    limit = limit_words(alarm, "alarm.D2.days", today)
    return [
        row(_("Slips not confirmed"), facts.get("waiting", 0), limit, _("pay slips")),
        row(_("Objections without an answer"), facts.get("objected", 0), limit, _("objections")),
        row(_("Waiting since"), facts.get("since", ""), limit, PARAMETERS),
        row(_("Wages that wait for it"), format_cny(alarm.amount_fen), format_cny(0), _("pay slips")),
    ]


def _reached_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    attended, paid = facts.get("attended", 0), facts.get("paid", 0)
    share = f"{100 * paid / attended:.1f}%" if attended else "—"
    return [
        row(_("Due date"), str(alarm.due_on), limit_words(alarm, "alarm.D4.days", today), PARAMETERS),
        row(_("People who worked"), attended, "", _("gates")),
        row(_("Paid for the month"), paid, attended, _("bank results")),
        row(_("Share paid"), share, limit_words(alarm, "alarm.D4.percent", today), PARAMETERS),
        row(
            _("Earned by those not paid"),
            _("about %(amount)s") % _figures(alarm),
            "",
            _("attendance and agreed rates"),
        ),
    ]


def _low_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    return sentences(
        _("Below the minimum wage for the days worked: %(n)s.") % {"n": people(facts["below_minimum"])}
        if facts.get("below_minimum")
        else "",
        _("Far below the agreed rate for the days at the gates: %(n)s; the rest may have been paid in cash.")
        % {"n": people(facts["below_rate"])}
        if facts.get("below_rate")
        else "",
        _("%(amount)s are missing in all.") % _figures(alarm),
    )


def _low_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    on = parse_month(alarm.period)
    wage = parameter(
        "pay.minimum_wage_month_fen", region_code=alarm.project.region_id, on=today, default=None
    )
    return [
        row(
            _("Below the minimum wage"),
            facts.get("below_minimum", 0),
            _("%(amount)s a month, by the days worked") % {"amount": format_cny(int(wage))}
            if wage
            else _("not set"),
            _("pay slips of %(month)s") % {"month": f"{on:%Y-%m}"},
        ),
        row(
            _("Below the agreed rate"),
            facts.get("below_rate", 0),
            limit_words(alarm, "alarm.D5.shortfall_percent", today),
            _("pay slips, postings and gates"),
        ),
        row(_("Missing in all"), format_cny(alarm.amount_fen), format_cny(0), _("pay slips")),
    ]


def _odd_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    parts = (
        ("large", _("Larger than a month's wage can be: %(n)s.")),
        ("card", _("Paid to a card that belonged to somebody else: %(n)s.")),
        ("denied", _("Say that the wage card on record is not theirs: %(n)s.")),
        ("returned", _("Returned by the bank and not sent again: %(n)s.")),
    )
    return sentences(*(text % {"n": people(facts[key])} for key, text in parts if facts.get(key)))


def _odd_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    largest = parameter("pay.largest_line_fen", region_code=alarm.project.region_id, on=today, default=0)
    return [
        row(_("Very large lines"), facts.get("large", 0), format_cny(int(largest)), _("pay slips")),
        row(_("One card, several people"), facts.get("card", 0), "0", _("wage cards and bank results")),
        row(_("Card that its worker denies"), facts.get("denied", 0), "0", _("answers of workers")),
        row(
            _("Returned and not sent again"),
            facts.get("returned", 0),
            limit_words(alarm, "alarm.D6.retry_wd", today),
            _("bank results and working-day calendar"),
        ),
    ]


def _leaver_reason(alarm: Alarm, _today: date) -> str:
    facts = alarm.facts
    return sentences(
        _("Their wages were due by %(day)s at the earliest.") % {"day": facts.get("settle_by", "")},
        _("On a sheet and not paid: %(n)s.") % {"n": people(facts["unpaid"])} if facts.get("unpaid") else "",
        _("Worked days that no sheet holds: %(n)s.") % {"n": people(facts["unsheeted"])}
        if facts.get("unsheeted")
        else "",
        (_("About %(amount)s in all.") if facts.get("estimated") else _("In all %(amount)s."))
        % _figures(alarm),
    )


def _leaver_grounds(alarm: Alarm, today: date) -> list[Ground]:
    facts = alarm.facts
    return [
        row(
            _("Wages due since"),
            facts.get("settle_by", ""),
            limit_words(alarm, "alarm.D7.wd", today),
            _("leavers"),
        ),
        row(_("On a sheet and not paid"), facts.get("unpaid", 0), "0", _("pay slips")),
        row(_("Worked days on no sheet"), facts.get("unsheeted", 0), "0", ESTIMATED),
        row(_("Owed in all"), format_cny(alarm.amount_fen), format_cny(0), SHEETS),
    ]


WORDS = {
    "D1": Words(
        lambda alarm: _("No pay sheet for %(month)s, %(people)s people worked") % _figures(alarm),
        lambda alarm, _today: sentences(
            _("By attendance about %(amount)s was earned.") % _figures(alarm), _piece(alarm)
        ),
        _no_sheet_grounds,
        gettext_lazy("As soon as the month's sheet is sent to the workers, it closes by itself."),
    ),
    "D2": Words(
        _confirm_headline,
        _confirm_reason,
        _confirm_grounds,
        gettext_lazy("As soon as they have confirmed, been answered or been approved, it closes by itself."),
    ),
    "D3": Words(
        lambda alarm: (
            ngettext(
                "%(month)s wages: %(people)s person not paid",
                "%(month)s wages: %(people)s people not paid",
                alarm.people,
            )
            % _figures(alarm)
        ),
        _overdue_reason,
        _overdue_grounds,
    ),
    "D4": Words(
        lambda alarm: (
            _("%(month)s: %(paid)s of %(attended)s people paid")
            % {
                **_figures(alarm),
                "paid": alarm.facts.get("paid", 0),
                "attended": alarm.facts.get("attended", 0),
            }
        ),
        lambda alarm, _today: (
            _(
                "%(attended)s people worked in the month, %(paid)s have been paid for it; the others earned about %(amount)s."
            )
            % {
                **_figures(alarm),
                "paid": alarm.facts.get("paid", 0),
                "attended": alarm.facts.get("attended", 0),
            }
        ),
        _reached_grounds,
        gettext_lazy("As soon as everybody who worked has been paid, it closes by itself."),
    ),
    "D5": Words(
        lambda alarm: (
            ngettext(
                "%(month)s wage of %(people)s person below minimum or contract",
                "%(month)s wages of %(people)s people below minimum or contract",
                alarm.people,
            )
            % _figures(alarm)
        ),
        _low_reason,
        _low_grounds,
        gettext_lazy("As soon as a supplement makes the month's wage whole, it closes by itself."),
    ),
    "D6": Words(
        lambda alarm: (
            ngettext(
                "%(month)s wages: payment to %(people)s person looks wrong",
                "%(month)s wages: payments to %(people)s people look wrong",
                alarm.people,
            )
            % _figures(alarm)
        ),
        _odd_reason,
        _odd_grounds,
        gettext_lazy(
            "As soon as returned wages are sent again and the lines are corrected, it closes by itself."
        ),
    ),
    "D7": Words(
        lambda alarm: (
            ngettext(
                "%(people)s person who left in %(month)s is not settled",
                "%(people)s people who left in %(month)s are not settled",
                alarm.people,
            )
            % _figures(alarm)
        ),
        _leaver_reason,
        _leaver_grounds,
        gettext_lazy("As soon as the bank reports their wages as paid, it closes by itself."),
    ),
}
