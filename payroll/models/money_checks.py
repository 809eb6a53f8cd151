"""What the nightly check of all money found."""

from django.db import models


class MoneyCheck(models.Model):
    """One run of `verify_money`: how many rows were looked at and every broken one, by reference, no personal data.

    `findings` lists {check, project, row, expected, found}; `found` counts all of them, also those beyond the list.
    """

    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("结束时间", null=True)
    rows = models.BigIntegerField("核对行数", default=0)
    found = models.PositiveIntegerField("不符数", default=0)
    findings = models.JSONField("不符明细", default=list)
    error = models.CharField("未完成原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "资金核对"
        indexes = [models.Index(fields=["-started_at"], name="money_check_recent")]

    def __str__(self) -> str:
        return f"money check {self.pk}"

    @property
    def is_broken(self) -> bool:
        """Something does not agree, or nobody knows."""
        return bool(self.found or self.error)
