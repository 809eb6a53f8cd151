"""What was decided about attendance that changed after it stood on a slip."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models import Participation, Project, User, Worker


class LateDismissal(models.Model):
    """A clerk decided that a slip stays although the gates count otherwise now; never changed or deleted.

    It holds for `quantity` (days, or hours for pay by the hour) as the gates counted then: when attendance
    changes once more, the question is open again.
    """

    class Reason(models.TextChoices):
        NEXT_MONTH = "next_month", _("Put on the sheet of another month")
        NOT_WORKED = "not_worked", _("They were on site but did not work")
        PAID_RIGHT = "paid_right", _("The slip is right, the gates are not")
        AGREED = "agreed", _("Agreed with the worker")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    participation = models.ForeignKey(Participation, models.PROTECT, related_name="+", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="+")
    month = models.DateField("工资月")
    listed = models.DecimalField("表上数量", max_digits=8, decimal_places=2)
    quantity = models.DecimalField("闸机现在的数量", max_digits=8, decimal_places=2)
    reason = models.CharField("原因", max_length=12, choices=Reason.choices)
    note = models.CharField("说明", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("决定时间")

    class Meta:
        verbose_name = verbose_name_plural = "事后考勤变动的处理"
        indexes = [
            models.Index(
                fields=["project", "month", "participation", "worker"], name="late_dismissal_of_slip"
            )
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(month__day=1), name="late_dismissal_month_on_day_1")
        ]

    def __str__(self) -> str:
        return f"late dismissal {self.pk}"
