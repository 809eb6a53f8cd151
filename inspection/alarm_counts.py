"""Plain numbers about alarms for those who may not know what an alarm is."""

from inspection.models import Alarm

WAGE_RULES = "D"
"""Rules of this letter are about wages: not prepared, not confirmed, unpaid, returned (catalogue)."""


def open_wage_alarms(project_id: int) -> int:
    """Open alarms about a project's wages; what keeps its special account from being closed."""
    found = Alarm.objects.filter(project=project_id, state=Alarm.State.OPEN, rule__startswith=WAGE_RULES)
    return found.count()
