"""A person's month at the gates in one row, kept by the database in the transaction that writes the days.

Rules over a province read months of attendance again and again. A statement that inserts, changes or deletes days
adds the difference to the rows here, so whatever writes days, and whenever it is killed, the sums are those of the
days: additions commute, and both are committed together or not at all. What a day means for overtime depends on the
project's hours, which change; so only sums of what a day itself says are here.
"""

import pgtrigger
from django.db import models

from registration.models import Project


class MonthTotal(models.Model):
    """Sums of a worker's attendance days of one calendar month, by posting. Partitioned by RANGE(month).

    Wage months that do not begin on the 1st are summed from the days themselves.
    """

    pk = models.CompositePrimaryKey("month", "project_id", "worker_id", "posting_id")
    month = models.DateField("月份")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    worker_id = models.BigIntegerField()
    posting_id = models.BigIntegerField()
    days = models.DecimalField("工日", max_digits=5, decimal_places=1)
    half_days = models.SmallIntegerField("半天数")
    minutes = models.IntegerField("在场分钟")
    dates = models.SmallIntegerField("考勤日数")

    class Meta:
        verbose_name = verbose_name_plural = "月度考勤合计"

    def __str__(self) -> str:
        return f"{self.worker_id} {self.month:%Y-%m}"


def adding(rows: str) -> str:
    """SQL that adds signed days (a relation with a column `sign`) to the totals, in the order of their key."""
    return f"""
  INSERT INTO devices_monthtotal AS t (month, project_id, worker_id, posting_id, days, half_days, minutes, dates)
  SELECT * FROM (
    SELECT day - extract(day FROM day)::int + 1, project_id, worker_id, posting_id, sum(sign * days) AS days,
           sum(CASE WHEN days = 0.5 THEN sign ELSE 0 END) AS half_days, sum(sign * minutes) AS minutes, sum(sign) AS dates
    FROM ({rows}) changed GROUP BY 1, 2, 3, 4) difference
  WHERE (days, half_days, minutes, dates) <> (0, 0, 0, 0)
  ORDER BY 1, 2, 3, 4
  ON CONFLICT (month, project_id, worker_id, posting_id) DO UPDATE SET
    days = t.days + excluded.days, half_days = t.half_days + excluded.half_days,
    minutes = t.minutes + excluded.minutes, dates = t.dates + excluded.dates;"""  # noqa: S608 constants only


def emptying(rows: str) -> str:
    """SQL that deletes the totals of these days where no day is left; their rows are locked by this transaction."""
    return f"""
  DELETE FROM devices_monthtotal t USING (
    SELECT DISTINCT day - extract(day FROM day)::int + 1 AS month, project_id, worker_id, posting_id FROM {rows}) gone
  WHERE t.month = gone.month AND t.project_id = gone.project_id AND t.worker_id = gone.worker_id
    AND t.posting_id = gone.posting_id AND t.dates = 0;"""  # noqa: S608 constants only


KEEPERS = [
    pgtrigger.Trigger(
        name="month_total_insert",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_days"),
        func=adding("SELECT *, 1 AS sign FROM new_days") + "\n  RETURN NULL;",  # noqa: S608
    ),
    pgtrigger.Trigger(
        name="month_total_update",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_days", new="new_days"),
        func=adding("SELECT *, 1 AS sign FROM new_days UNION ALL SELECT *, -1 FROM old_days")  # noqa: S608
        + emptying("old_days")
        + "\n  RETURN NULL;",
    ),
    pgtrigger.Trigger(
        name="month_total_delete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_days"),
        func=adding("SELECT *, -1 AS sign FROM old_days") + emptying("old_days") + "\n  RETURN NULL;",  # noqa: S608
    ),
]
"""Triggers of the attendance days. They belong to statements on the parent table: moving rows between partitions by
wagewatch_make_partition changes no sum and fires none of them."""
