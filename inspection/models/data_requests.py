"""Data for other departments (purpose, scope, two persons), and every file that left."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Authority, Region, User


class DataRequest(models.Model):
    """What another department asks for: why, on what ground, which fields of which place and months.

    Written down by one inspector and decided by another. An approved one can be taken out until `expires_at`.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting for a second person")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    number = models.CharField("编号", max_length=20, unique=True)
    authority = models.ForeignKey(Authority, models.PROTECT, related_name="data_requests")
    department = models.CharField("申请部门", max_length=120)
    contact = models.CharField("经办人", max_length=40)
    purpose = models.CharField("用途", max_length=300)
    basis = models.CharField("依据", max_length=120)
    fields = ArrayField(models.CharField(max_length=20), verbose_name="内容")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name="地区")
    first_month = models.DateField("起始月")
    last_month = models.DateField("截止月")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("登记时间")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    decision = models.CharField("审批意见", max_length=300, blank=True)
    expires_at = models.DateTimeField("下载截止", null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "数据共享申请"
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("made_by")), name="data_request_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="data_request_decided",
            ),
            models.CheckConstraint(
                condition=Q(first_month__lte=F("last_month")), name="data_request_months_in_order"
            ),
        ]
        indexes = [models.Index(fields=["authority", "-made_at"], name="data_request_recent")]

    def __str__(self) -> str:
        return self.number


class DataExtract(models.Model):
    """One file that left by an approved request: who took it, how many rows, its hash. Append-only."""

    request = models.ForeignKey(DataRequest, models.PROTECT, related_name="extracts")
    format = models.CharField("格式", max_length=4)
    rows = models.PositiveIntegerField("行数")
    sha256 = models.BinaryField(max_length=32)
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField("下载时间")

    class Meta:
        verbose_name = verbose_name_plural = "数据提取记录"
        indexes = [models.Index(fields=["request", "-taken_at"], name="data_extract_recent")]
        triggers = [
            pgtrigger.Protect(name="data_extract_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.taken_at:%F %T}"
