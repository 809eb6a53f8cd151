"""What the labour inspection knows about a late month, said to the workers in plain words."""

from django.db import models

from registration.models import Project


class OfficeWord(models.Model):
    """Since when the inspection has been warned that a project's wages of a month are late.

    Written by the supervision side from its open alarms, read by the workers of the project; it holds no level,
    no rule and no figure. Once the alarm is closed by data the word is gone.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="office_words")
    month = models.DateField("工资月")
    since = models.DateTimeField("起")

    class Meta:
        verbose_name = verbose_name_plural = "监察告知"
        constraints = [models.UniqueConstraint(fields=["project", "month"], name="office_word_once")]

    def __str__(self) -> str:
        return f"office word {self.project_id} {self.month:%Y-%m}"
