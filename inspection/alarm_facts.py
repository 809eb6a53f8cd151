"""The figures behind one alarm as the page shows them: its levels by date, how many are paid, by employer."""

from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inspection.models import Alarm
from inspection.rules import Ladder, days_overdue, stop_of_part
from payroll.models import PaySlip
from registration.models import Participation
from wagewatch.charts import levels
from wagewatch.lib.dates import parse_month


def timeline_of(alarm: Alarm, ladder: Ladder, today: date) -> SafeString:
    """The levels on a line from the due date to today or to red, whichever is later; '' without a due date."""
    if alarm.due_on is None:
        return mark_safe("")
    late = days_overdue(alarm.due_on, today)
    days = [(day - alarm.due_on).days for day in ladder.dates(alarm.due_on).values()]
    if len(days) != 3 or not days[0] < days[1] < days[2]:
        return mark_safe("")
    reach = 1.1 * max(late, days[2], 1)
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
