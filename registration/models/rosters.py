"""An uploaded roster: the file, its staged rows with messages, and what became of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models.accounts import User
from registration.models.people import Worker
from registration.models.projects import Participation, Project
from wagewatch.lib.fields import EncryptedTextField


class RosterUpload(models.Model):
    """A file a contractor uploaded for one subcontractor of one project.

    reading → staged → applied; reading → refused (whole file); staged → discarded.
    """

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        STAGED = "staged", _("Waiting for your decision")
        REFUSED = "refused", _("Cannot be read")
        APPLYING = "applying", _("Being written")
        APPLIED = "applied", _("Written")
        DISCARDED = "discarded", _("Discarded")

    project = models.ForeignKey(Project, models.PROTECT)
    participation = models.ForeignKey(Participation, models.PROTECT, db_constraint=False)
    filename = models.CharField("文件名", max_length=200)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField("字节")
    content = models.BinaryField("文件", null=True)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.READING)
    error_code = models.CharField(max_length=60, blank=True)
    error_text = models.TextField(blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    reading = models.JSONField("读到的表、列和略过的行", default=dict)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "花名册上传"
        indexes = [models.Index(fields=["project", "-uploaded_at"], name="roster_upload_recent")]

    def __str__(self) -> str:
        return f"roster {self.pk}"


class RosterRow(models.Model):
    """One staged row: what was read (encrypted), what would change, and what is wrong with it."""

    class Verdict(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        REFUSED = "refused", _("Refused")

    pk = models.CompositePrimaryKey("project_id", "upload_id", "row")
    project = models.ForeignKey(Project, models.PROTECT)
    upload = models.ForeignKey(RosterUpload, models.CASCADE, related_name="rows", db_constraint=False)
    row = models.PositiveIntegerField("序")
    sheet = models.CharField("表", max_length=60)
    line = models.PositiveIntegerField("行号")
    data = EncryptedTextField("内容", context="roster.row")
    id_index = models.BinaryField(max_length=32, null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    messages = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True)

    class Meta:
        verbose_name = verbose_name_plural = "花名册行"
        indexes = [models.Index(fields=["project", "upload", "verdict"], name="roster_row_verdict")]

    def __str__(self) -> str:
        return f"{self.sheet}:{self.line}"
