"""Alarms: one per project, rule and period; opened, raised, lowered and closed by data."""

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from registration.models import Participation, Project, User


class Level(models.IntegerChoices):
    """Order matters: a higher number is more urgent."""

    YELLOW = 1, _("Yellow")
    ORANGE = 2, _("Orange")
    RED = 3, _("Red")


class RuleRun(models.Model):
    """One run of one rule: when, how long, what it found, or how it failed."""

    rule = models.CharField("规则", max_length=10)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "规则运行"
        indexes = [models.Index(fields=["rule", "-started_at"], name="rule_run_recent")]

    def __str__(self) -> str:
        return f"{self.rule} {self.started_at:%F %T}"


class Alarm(models.Model):
    """预警. `facts` are the figures that fired it; it is closed only by data that no longer fires the rule.

    `stage`, `holder`, `handle_by`, `tier` are what people do about it. A `round` begins when it opens, opens
    again, or comes back because its facts changed after it was found not true (`answered_for` is their
    fingerprint). `round_told` is the highest level of which people were told in this round, `told_level` ever.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed by data")

    class Stage(models.TextChoices):
        """How far the office is with it; whether it is open is the data's alone to say."""

        NEW = "new", _("Nobody has it")
        ASSIGNED = "assigned", _("Given, not read")
        READ = "read", _("Being checked")
        TRUE = "true", _("Found true")
        HANDLED = "handled", _("Measures taken")
        ANSWERED = "answered", _("Found not true")

    class Tier(models.IntegerChoices):
        """Whose desk it is on: it goes up one level when nobody acts in time."""

        COUNTY = 1, _("County")
        CITY = 2, _("City")
        PROVINCE = 3, _("Province")

    project = models.ForeignKey(Project, models.PROTECT, related_name="alarms")
    participation = models.ForeignKey(
        Participation, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    rule = models.CharField("规则", max_length=10)
    period = models.CharField("期间", max_length=20)
    level = models.PositiveSmallIntegerField("等级", choices=Level.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    due_on = models.DateField("应付日", null=True)
    amount_fen = models.BigIntegerField("涉及金额（分）", default=0)
    people = models.PositiveIntegerField("涉及人数", default=0)
    facts = models.JSONField("依据", default=dict)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    stage = models.CharField("办理", max_length=10, choices=Stage.choices, default=Stage.NEW)
    holder = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="承办人")
    handle_by = models.DateField("办理期限", null=True)
    tier = models.PositiveSmallIntegerField("层级", choices=Tier.choices, default=Tier.COUNTY)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    answered_for = models.CharField("不属实时的数据指纹", max_length=32, blank=True)
    round_told = models.PositiveSmallIntegerField("本轮已告知等级", default=0)
    told_level = models.PositiveSmallIntegerField("曾告知等级", default=0)
    paused_until = models.DateField("暂停至", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警"
        constraints = [
            models.UniqueConstraint(fields=["project", "rule", "period"], name="alarm_once"),
        ]
        indexes = [
            models.Index(fields=["level", "due_on"], name="alarm_open", condition=Q(state="open")),
            models.Index(fields=["handle_by"], name="alarm_deadline", condition=Q(state="open")),
            models.Index(fields=["holder", "handle_by"], name="alarm_of_holder", condition=Q(state="open")),
            models.Index(fields=["-closed_at", "-id"], name="alarm_closed", condition=Q(state="closed")),
            # As inspection.dashboard.QUEUE: a page of the queue is read in its order, from its key on.
            models.Index(
                Coalesce("paused_until", models.Value(date(1, 1, 1), output_field=models.DateField())),
                models.F("level") * -1,
                Coalesce("handle_by", models.Value(date(9999, 12, 31), output_field=models.DateField())),
                Coalesce("due_on", models.Value(date(9999, 12, 31), output_field=models.DateField())),
                models.F("amount_fen") * -1,
                models.F("id"),
                name="alarm_queue",
                condition=Q(state="open"),
            ),
            # What is counted on pages: read without the wide rows of the alarms, of which most are long over.
            models.Index(
                fields=["project"],
                include=[
                    "rule",
                    "level",
                    "stage",
                    "period",
                    "amount_fen",
                    "holder",
                    "handle_by",
                    "tier",
                    "paused_until",
                ],
                name="alarm_counts",
                condition=Q(state="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.project_id} {self.period}"


class AlarmFlip(models.Model):
    """One change of an alarm: opened, raised, lowered, amount changed, closed, re-opened. Append-only."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        RAISED = "raised", _("Raised")
        LOWERED = "lowered", _("Lowered")
        CHANGED = "changed", _("Amount or people changed")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Re-opened")

    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="flips", db_constraint=False)
    project = models.ForeignKey(Project, models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    amount_fen = models.BigIntegerField()
    people = models.PositiveIntegerField()
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "预警变动"
        indexes = [models.Index(fields=["alarm", "at"], name="flip_alarm")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.alarm_id} {self.kind}"
