"""Which alarms a case is about."""

from django.db import models

from inspection.models.alarms import Alarm
from inspection.models.cases import Case
from registration.models import Project, User


class CaseAlarm(models.Model):
    """An alarm that led to a case, or was put to it later. Never taken away: the data close the alarm."""

    project = models.ForeignKey(Project, models.PROTECT)
    case = models.ForeignKey(Case, models.PROTECT, related_name="alarm_links")
    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="case_links", db_constraint=False)
    linked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    linked_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "案件预警"
        constraints = [
            models.UniqueConstraint(fields=["project", "case", "alarm"], name="case_alarm_once"),
        ]
        indexes = [models.Index(fields=["alarm"], name="case_alarm_alarm")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.alarm_id}"
