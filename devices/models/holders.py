"""What terminals hold of the allow-list."""

from django.db import models

from registration.models import Project


class ListHeld(models.Model):
    """The version of the allow-list that a terminal named when it last asked; overwritten, without history."""

    pk = models.CompositePrimaryKey("project_id", "terminal_id")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False)
    terminal_id = models.BigIntegerField()
    version = models.CharField("版本", max_length=16)
    said_at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = verbose_name_plural = "终端持有的名单版本"

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.version}"
