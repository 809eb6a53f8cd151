"""The notice board (维权信息告示牌) of a site and the pictures that show whether it hangs."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models import Project, StoredFile, User
from wagewatch.lib.fields import EncryptedTextField


class NoticeBoard(models.Model):
    """One version of a site's notice board (Order 724, article 34), kept exactly as it was printed. Append-only.

    `content` is the canonical JSON of `payroll.services.board_facts` (names of workers already masked),
    `missing` names the lines that were empty when it was made.
    """

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="boards")
    number = models.PositiveIntegerField("版次")
    edition = models.DateField("版别月份")
    wage_month = models.DateField("所列工资月")
    made_on = models.DateField("制作日")
    people = models.PositiveIntegerField("所列人数", default=0)
    missing = models.JSONField("缺项", default=list)
    content = EncryptedTextField("内容", context="board.content")
    content_sha256 = models.BinaryField(max_length=32)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "维权信息告示牌"
        triggers = [
            pgtrigger.Protect(name="board_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"board {self.project_id}/{self.number}"


class BoardCheck(models.Model):
    """Somebody looked whether the board hangs: by a picture whose QR code was read, or with own eyes. Append-only.

    `board_number` and `made_on` tell the version that the picture shows; rule E1 reads them.
    """

    class Source(models.TextChoices):
        CLERK = "clerk", _("Clerk's phone")
        INSPECTOR = "inspector", _("Inspector's phone")
        CAMERA = "camera", _("Site camera")

    class Verdict(models.TextChoices):
        FRESH = "fresh", _("Board is up to date")
        STALE = "stale", _("Board is out of date")
        OTHER = "other", _("Board of another project")
        FORGED = "forged", _("Code that this system did not make")
        NO_CODE = "no_code", _("No code can be read")
        MISSING = "missing", _("No board hangs")

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="board_checks")
    number = models.PositiveIntegerField("序号")
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices)
    board_number = models.PositiveIntegerField("所见版次", null=True)
    edition = models.DateField("所见版别月份", null=True)
    made_on = models.DateField("所见制作日", null=True)
    photo_sha256 = models.BinaryField(max_length=32, null=True)
    note = models.CharField("说明", max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    terminal_id = models.BigIntegerField("摄像头", null=True)
    seen_on = models.DateField("查看日")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "告示牌查验"
        constraints = [
            models.UniqueConstraint(fields=["project", "photo_sha256"], name="board_photo_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="board_check_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"board check {self.project_id}/{self.number} {self.verdict}"


class BoardPhoto(models.Model):
    """The picture of a check, made smaller and without where it was taken; deleted when the region's time is over."""

    pk = models.CompositePrimaryKey("project_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField("查验序号")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    kept_since = models.DateTimeField("存入时间")

    class Meta:
        verbose_name = verbose_name_plural = "告示牌照片"

    def __str__(self) -> str:
        return f"board photo {self.project_id}/{self.number}"
