"""What the columns of a contractor's own files mean, as its clerks have said."""

from django.db import models
from django.utils.translation import pgettext_lazy

from registration.models.accounts import User
from registration.models.organisations import Organisation


class ColumnMapping(models.Model):
    """What a contractor's clerk said a column heading of a roster or a pay sheet means; `field` "" is "not used".

    Remembered for all tables of the kind with the same headings (`layout`), and for headings that no dictionary
    knows in every other table of that kind of the contractor. `group` and `nth` tell headings of the same text apart.
    """

    class Kind(models.TextChoices):
        ROSTER = "roster", pgettext_lazy("kind of table", "Roster")
        PAY = "pay", pgettext_lazy("kind of table", "Pay sheet")

    organisation = models.ForeignKey(Organisation, models.CASCADE, verbose_name="单位")
    kind = models.CharField(
        "表的种类", max_length=10, choices=Kind.choices, default=Kind.ROSTER, db_default=Kind.ROSTER
    )
    layout = models.CharField("表头", max_length=32)
    heading = models.CharField("列名", max_length=60)
    group = models.CharField("上级列名", max_length=60, blank=True)
    nth = models.PositiveSmallIntegerField("第几个", default=1)
    field = models.CharField("含义", max_length=30, blank=True)
    chosen_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="设定人")
    chosen_at = models.DateTimeField("设定时间")

    class Meta:
        verbose_name = verbose_name_plural = "列对应"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "layout", "heading", "group", "nth"],
                name="column_mapping_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.heading} → {self.field or '-'}"
