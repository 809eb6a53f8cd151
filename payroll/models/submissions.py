"""Answers that a worker's phone sent, each known by a key that the phone made up."""

from django.db import models

from registration.models import Worker


class Submission(models.Model):
    """One answer of a worker's phone and what became of it, so that a repeated sending does nothing twice.

    The phone makes the key when the worker presses the button, perhaps without network, and sends the answer
    under it until it hears the outcome. A refusal is final for its key: the worker looks again and answers anew.
    """

    class State(models.TextChoices):
        DONE = "done", "done"
        REFUSED = "refused", "refused"

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="submissions")
    key = models.UUIDField("手机端编号")
    kind = models.CharField("内容", max_length=12)
    reference = models.CharField("工资清单", max_length=80)
    state = models.CharField("结果", max_length=8, choices=State.choices)
    code = models.CharField("原因代码", max_length=60, blank=True)
    message = models.CharField("原因", max_length=300, blank=True)
    received_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = verbose_name_plural = "手机提交"
        constraints = [models.UniqueConstraint(fields=["worker", "key"], name="submission_once")]

    def __str__(self) -> str:
        return f"submission {self.pk} {self.state}"
