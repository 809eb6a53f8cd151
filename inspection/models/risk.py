"""How likely the next wages are to fail, per project and day; and what each region looked like on each day."""

from django.db import models

from registration.models import Project, Region, Sector


class RiskScore(models.Model):
    """风险分 of one project on one day, 0 to 100, with the reasons that make it up and their points.

    `reasons` lists {code, points, weight, value, …}: enough to show the sum again years later.
    """

    pk = models.CompositePrimaryKey("project_id", "day")
    project = models.ForeignKey(Project, models.CASCADE, related_name="risk_scores", db_index=False)
    day = models.DateField("日期")
    score = models.PositiveSmallIntegerField("风险分")
    due_on = models.DateField("下个发薪日", null=True)
    need_fen = models.BigIntegerField("将付工资（分）", default=0)
    gap_fen = models.BigIntegerField("预计缺口（分）", default=0)
    reasons = models.JSONField("依据", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "风险分"

    def __str__(self) -> str:
        return f"{self.project_id} {self.day} {self.score}"


class RegionDay(models.Model):
    """One region's day in one sector: what was overdue and which alarms were open when the day ended.

    Counted from the append-only flips of the alarms, so any day can be counted again.
    """

    region = models.ForeignKey(Region, models.CASCADE, related_name="+", db_index=False)
    sector = models.CharField("行业", max_length=16, choices=Sector.choices)
    day = models.DateField("日期")
    owed_fen = models.BigIntegerField("到期未付（分）", default=0)
    owed_people = models.PositiveIntegerField("到期未付人数", default=0)
    owing = models.PositiveIntegerField("欠薪项目", default=0)
    red = models.PositiveIntegerField("红色", default=0)
    orange = models.PositiveIntegerField("橙色", default=0)
    yellow = models.PositiveIntegerField("黄色", default=0)
    opened = models.PositiveIntegerField("当日新增", default=0)
    closed = models.PositiveIntegerField("当日关闭", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "地区日数据"
        constraints = [models.UniqueConstraint(fields=["day", "region", "sector"], name="region_day_once")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.sector} {self.day}"
