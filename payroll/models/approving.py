"""Approval by two people: what the first one saw, and the limit a firm sets for itself."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from payroll.models.sheets import PaySheet
from registration.models import Organisation, Project, User


class FirstApproval(models.Model):
    """The first of two approvals of a sheet over the limit. `slips` lists [worker, version, net in fen] as the
    first manager saw them: the second approves these and no others."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the second person")
        DONE = "done", _("Approved by both")
        DROPPED = "dropped", _("Taken back")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    sheet = models.ForeignKey(PaySheet, models.PROTECT, related_name="first_approvals", db_constraint=False)
    slips = models.JSONField("所见清单")
    people = models.PositiveIntegerField("人数")
    net_fen = models.BigIntegerField("实发（分）")
    limit_fen = models.BigIntegerField("双人审批起点（分）")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField("第一人审批时间")
    ended_at = models.DateTimeField("第二人审批或撤回时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "第一人审批"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sheet"], condition=Q(state="waiting"), name="one_first_approval_waits"
            )
        ]

    def __str__(self) -> str:
        return f"first approval {self.pk}"


class ApprovalLimit(models.Model):
    """From which amount a firm wants two people, in fen; it can only be stricter than the region's."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="approval_limit")
    limit_fen = models.BigIntegerField("双人审批起点（分）")
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_at = models.DateTimeField("设定时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "双人审批起点"
        constraints = [models.CheckConstraint(condition=Q(limit_fen__gte=0), name="approval_limit_positive")]

    def __str__(self) -> str:
        return f"limit of {self.organisation_id}"
