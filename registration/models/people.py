"""A person once, their wage cards, and their work on projects."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.projects import Participation, Project, Team
from wagewatch.lib.fields import EncryptedTextField


class Worker(models.Model):
    """A person, once for the whole system, found again by identity number in any city."""

    name = models.CharField("姓名", max_length=60)
    id_number = EncryptedTextField("身份证号", context="worker.id_number")
    id_index = models.BinaryField(max_length=32, unique=True)
    id_tail = models.CharField("身份证尾号", max_length=4)
    sex = models.PositiveSmallIntegerField("性别", choices=[(1, _("Male")), (2, _("Female"))])
    birth_date = models.DateField("出生日期")
    origin_code = models.CharField("籍贯", max_length=6, blank=True)
    ethnicity = models.CharField("民族", max_length=20, blank=True)
    address = EncryptedTextField("住址", context="worker.address", null=True, blank=True)
    phone = EncryptedTextField("手机号", context="worker.phone", null=True, blank=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    registered_at = models.DateTimeField("首次登记")
    registered_by = models.CharField("登记方式", max_length=20, default="roster")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工人"
        indexes = [
            models.Index(fields=["phone_index"], name="worker_phone", condition=Q(phone_index__isnull=False)),
            GinIndex(fields=["name"], name="worker_name_trgm", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return f"worker {self.pk}"


class BankCard(models.Model):
    """A worker's own wage card; one card belongs to one person and nobody else may hold it (art. 31)."""

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="cards")
    number = EncryptedTextField("卡号", context="card.number")
    number_index = models.BinaryField(max_length=32)
    tail = models.CharField("尾号", max_length=4)
    bank_name = models.CharField("开户行", max_length=60, blank=True)
    bank_code = models.CharField("联行号", max_length=12, blank=True)
    is_current = models.BooleanField("在用", default=True)
    added_at = models.DateTimeField("登记时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "工资卡"
        constraints = [
            models.UniqueConstraint(
                fields=["number_index"], condition=Q(is_current=True), name="card_of_one_person"
            ),
            models.UniqueConstraint(fields=["worker"], condition=Q(is_current=True), name="one_current_card"),
        ]

    def __str__(self) -> str:
        return f"card {self.tail}"


class PayBasis(models.TextChoices):
    """How a posting is paid; the unit of `rate_fen`."""

    DAY = "day", _("By the day")
    HOUR = "hour", _("By the hour")
    MONTH = "month", _("By the month")
    PIECE = "piece", _("Piece work")


class Posting(models.Model):
    """A worker on a project (用工): for whom, in which team, at what rate, from when till when.

    `pin` is the number by which the project's gates know the worker, so that no identity number
    needs to travel to a terminal. A worker has at most one open posting on a project.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="postings")
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="postings")
    participation = models.ForeignKey(
        Participation, models.PROTECT, related_name="postings", db_constraint=False
    )
    team = models.ForeignKey(Team, models.PROTECT, related_name="postings", db_constraint=False)
    pin = models.PositiveIntegerField("闸机编号")
    trade = models.CharField("工种", max_length=40)
    pay_basis = models.CharField("计薪方式", max_length=10, choices=PayBasis.choices, default=PayBasis.DAY)
    rate_fen = models.BigIntegerField("单价（分）")
    joined_on = models.DateField("进场日")
    left_on = models.DateField("退场日", null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "用工"
        constraints = [
            models.UniqueConstraint(fields=["project", "pin"], name="posting_pin_once"),
            models.UniqueConstraint(
                fields=["project", "worker"], condition=Q(left_on__isnull=True), name="one_open_posting"
            ),
            models.UniqueConstraint(fields=["project", "worker", "joined_on"], name="posting_once"),
            models.CheckConstraint(condition=Q(rate_fen__gt=0), name="posting_rate_positive"),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=models.F("joined_on")),
                name="posting_leaves_after_joining",
            ),
        ]
        indexes = [
            models.Index(fields=["worker"], name="posting_worker"),
            models.Index(fields=["project", "participation", "team"], name="posting_team"),
        ]

    def __str__(self) -> str:
        return f"posting {self.pk}"
