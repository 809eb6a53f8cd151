"""Regions, dated regional parameters and the working-day calendar."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class Region(models.Model):
    """An administrative division by its GB/T 2260 code; provinces end in 0000, cities in 00."""

    class Level(models.TextChoices):
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        COUNTY = "county", _("County")

    code = models.CharField("行政区划代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=60)
    name_en = models.CharField("英文名称", max_length=60, blank=True)
    level = models.CharField("级别", max_length=10, choices=Level.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language; Chinese where no English name is on record."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en or self.name

    @property
    def prefix(self) -> str:
        """The digits that all codes inside this region begin with: 2, 4 or 6 of them."""
        return self.code[: {"province": 2, "city": 4, "county": 6}[self.level]]


class Parameter(models.Model):
    """A rule value that differs by place and changes by date; the nearest region wins."""

    key = models.CharField("参数", max_length=80)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name="地区")
    valid_from = models.DateField("起用日")
    valid_to = models.DateField("停用日", null=True, blank=True)
    value = models.JSONField("值")
    source = models.CharField("依据", max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "地区参数"
        constraints = [
            models.UniqueConstraint(
                fields=["key", "region", "valid_from"], name="parameter_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.region_id or '*'} {self.valid_from}"


class CalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday on a weekday or a make-up workday."""

    day = models.DateField("日期", primary_key=True)
    is_working = models.BooleanField("是否上班")
    name = models.CharField("名称", max_length=60)
    source = models.CharField("依据", max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
