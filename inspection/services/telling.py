"""What workers are told of the office's open alarms: that it knows of their late wages, and since when."""

from inspection.models import Alarm
from payroll.services.office import set_office_words
from wagewatch.lib.dates import parse_month
from wagewatch.lib.errors import WagewatchError

LATE_WAGES = "D3"


def tell_workers() -> int:
    """Carry the open alarms about late wages over to the workers' pages; returns how many words changed."""
    late = {}
    for project, period, opened_at in Alarm.objects.filter(
        rule=LATE_WAGES, state=Alarm.State.OPEN
    ).values_list("project_id", "period", "opened_at"):
        try:
            late[project, parse_month(period[:7])] = opened_at
        except WagewatchError:  # an alarm about no month says nothing about one
            continue
    return set_office_words(late)
