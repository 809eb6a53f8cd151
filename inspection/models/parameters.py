"""What inspectors decided about the figures that rules use."""

import pgtrigger
from django.db import models

from registration.models import Region, User


class ParameterChange(models.Model):
    """A regional figure was set: what, from when, why, and what it was expected to do to the alarms. Append-only.

    `former` is the value that held for the region on `valid_from` before, `effect` how many alarms would open,
    close, rise and fall by the data of that moment.
    """

    rule = models.CharField("规则", max_length=10)
    key = models.CharField("参数", max_length=80)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="地区")
    valid_from = models.DateField("起用日")
    value = models.JSONField("值")
    former = models.JSONField("原值")
    reason = models.CharField("理由", max_length=300)
    document = models.CharField("文号", max_length=80)
    effect = models.JSONField("预计影响", default=dict)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "参数变更"
        indexes = [models.Index(fields=["rule", "-made_at"], name="parameter_change_recent")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.region_id} {self.valid_from}"
