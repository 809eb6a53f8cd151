"""The figures behind one alarm as the page shows them: what was looked at, its limit, where it comes from."""

from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inspection.models import Alarm
from inspection.rules import Ladder, days_overdue, level_name, stop_of_part
from payroll.models import PaySlip, SubLedger
from registration.models import Participation
from registration.services.parameters import load_calendar, parameter
from wagewatch.charts import levels
from wagewatch.lib.dates import next_month, parse_month
from wagewatch.lib.money import format_cny


def timeline_of(alarm: Alarm, ladder: Ladder, today: date) -> SafeString:
    """The levels on a line from the due date to today or to red, whichever is later; '' without a due date."""
    if alarm.due_on is None:
        return mark_safe("")
    late = days_overdue(alarm.due_on, today)
    if not ladder.yellow < ladder.orange < ladder.red:
        return mark_safe("")
    reach = 1.1 * max(late, ladder.red, 1)
    words = {
        "yellow": _("%(day)s yellow"),
        "orange": _("%(day)s orange"),
        "red": _("%(day)s red"),
    }
    marks = [
        (name, words[name] % {"day": f"{day:%m-%d}"}, (day - alarm.due_on).days / reach)
        for name, day in ladder.dates(alarm.due_on).items()
    ]
    return levels(
        marks,
        today=late / reach,
        today_text=_("today %(day)s") % {"day": f"{today:%m-%d}"},
        label=_("From the due date to today"),
    )


def paid_of(alarm: Alarm) -> dict[str, int] | None:
    """Slips with money of the alarm's month: how many are paid, of how many. None where there are none."""
    if alarm.rule != "D3":
        return None
    counts = (
        PaySlip.objects.filter(project=alarm.project_id, month=parse_month(alarm.period), net_fen__gt=0)
        .exclude(confirmation=PaySlip.Confirmation.DRAFT)
        .aggregate(all=Count("worker_id"), paid=Count("worker_id", filter=Q(payment="paid")))
    )
    return counts if counts["all"] else None


def employers_of(alarm: Alarm) -> list[dict[str, Any]]:
    """The parts of an alarm by employer, with where each one's wages stopped."""
    parts = alarm.facts.get("parts", [])
    names = dict(
        Participation.objects.filter(
            project=alarm.project_id, pk__in=[part["participation"] for part in parts]
        ).values_list("pk", "organisation__name")
    )
    rows = []
    for part in parts:
        stop = stop_of_part(part)
        rows.append(
            {
                "name": names.get(part["participation"], ""),
                "stages": stop.strip(alarm.level),
                "words": stop.words,
                "people": part["people"],
                "owed_fen": part["owed_fen"],
                "estimated": part.get("estimated", False),
            }
        )
    return rows


def grounds_of(alarm: Alarm, today: date) -> list[dict[str, Any]]:
    """Rows of what the rule looked at; for D3 the due date, people, sum, days and the account."""
    if alarm.rule == "C1":
        facts = alarm.facts
        limit = parameter("alarm.C1.entries", region_code=alarm.project.region_id, on=today, default={})
        return [
            _row(
                _("Entries refused this week"),
                facts.get("entries", 0),
                _("from %(n)s on") % {"n": limit.get("yellow", 1)},
                _("gates"),
            ),
            _row(_("Let in all the same"), facts.get("let_in", 0), "0", _("gates")),
            _row(
                _("Days with such entries"),
                facts.get("days", 0),
                _("from 2 on, orange if let in"),
                _("gates"),
            ),
        ]
    if alarm.rule != "D3" or alarm.due_on is None or alarm.state != Alarm.State.OPEN:
        return []
    late = days_overdue(alarm.due_on, today)
    source = (
        _("attendance, as no sheet holds them")
        if alarm.facts.get("estimated")
        else _("pay sheets and bank results")
    )
    rows = [
        _row(_("Due date"), str(alarm.due_on), _due_limit(alarm), _("project and working-day calendar")),
        _row(_("People without their money"), alarm.people, "0", source),
        _row(_("Unpaid in all"), format_cny(alarm.amount_fen), format_cny(0), source),
        _row(
            _("Overdue"),
            ngettext("%(n)s day", "%(n)s days", late) % {"n": late},
            _level_limit(alarm, today),
            _("parameters of the region"),
        ),
    ]
    balance = SubLedger.objects.filter(project=alarm.project_id).values_list("balance_fen", flat=True).first()
    if balance is not None:
        share = min(100, 100 * balance // alarm.amount_fen) if alarm.amount_fen else 100
        rows.append(
            _row(
                _("Balance of the special account"),
                format_cny(balance),
                _("enough for %(share)s%%") % {"share": share},
                _("bank statements"),
            )
        )
    return rows


def _row(what: str, value: Any, limit: str, source: str) -> dict[str, Any]:
    return {"what": what, "value": value, "limit": limit, "source": source}


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
    return words[name] % {"n": ladder[name]}
