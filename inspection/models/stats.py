"""Figures per project, rebuilt by task, so that no dashboard counts people or slips itself."""

from django.db import models

from registration.models import Project


class ProjectStat(models.Model):
    """One row per project; `as_of` says how fresh it is."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="stat")
    as_of = models.DateTimeField("数据时间")
    workers_open = models.PositiveIntegerField("在册人数", default=0)
    on_site_now = models.PositiveIntegerField("此刻在场", default=0)
    attended_30d = models.PositiveIntegerField("近 30 天出勤人数", default=0)
    refused_7d = models.PositiveIntegerField("近 7 天拒入人次", default=0)
    owed_fen = models.BigIntegerField("到期未付（分）", default=0)
    owed_people = models.PositiveIntegerField("到期未付人数", default=0)
    oldest_due_on = models.DateField("最早未付的发薪日", null=True)
    last_month = models.DateField("最近工资月", null=True)
    last_month_people = models.PositiveIntegerField(default=0)
    last_month_paid_people = models.PositiveIntegerField(default=0)
    last_month_net_fen = models.BigIntegerField(default=0)
    last_month_paid_fen = models.BigIntegerField(default=0)
    balance_fen = models.BigIntegerField("专户余额（分）", null=True)
    last_passage_at = models.DateTimeField("最近通行", null=True)
    risk = models.PositiveSmallIntegerField("风险分", null=True)
    risk_reasons = models.JSONField("风险依据", null=True)
    risk_gap_fen = models.BigIntegerField("预计缺口（分）", null=True)
    risk_due_on = models.DateField("下个发薪日", null=True)
    risk_at = models.DateTimeField("风险分时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "项目统计"
        indexes = [models.Index(fields=["-risk"], name="project_stat_risk")]

    def __str__(self) -> str:
        return f"stat {self.project_id}"
