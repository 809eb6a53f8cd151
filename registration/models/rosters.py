"""An uploaded roster: the file, its staged rows with messages, and what became of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models.accounts import User
from registration.models.people import Worker
from registration.models.projects import Participation, Project
from wagewatch.lib.fields import EncryptedTextField


class RosterUpload(models.Model):
    """A file a contractor uploaded for one subcontractor of one project.

    reading → staged → applying → applied; reading → naming (a person must say which column is which)
    → reading; reading → refused (whole file); naming or staged → discarded. `facts` is the digest of what
    was on record when the rows were judged, `samples` a few values of each column for the person who
    names them.
    """

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        NAMING = "naming", _("Columns to be named")
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
    facts = models.BinaryField("判断依据摘要", max_length=32, null=True)
    samples = EncryptedTextField("各列样例", context="roster.samples", null=True)
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
    project = models.ForeignKey(Project, models.PROTECT, db_constraint=False, db_index=False)
    upload = models.ForeignKey(
        RosterUpload, models.CASCADE, related_name="rows", db_constraint=False, db_index=False
    )
    row = models.PositiveIntegerField("序")
    sheet = models.CharField("表", max_length=60)
    line = models.PositiveIntegerField("行号")
    data = EncryptedTextField("内容", context="roster.row")
    id_index = models.BinaryField(max_length=32, null=True)
    card_index = models.BinaryField(max_length=32, null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    messages = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    worker = models.ForeignKey(Worker, models.DO_NOTHING, null=True, db_constraint=False, db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "花名册行"
        indexes = [models.Index(fields=["project", "upload", "verdict"], name="roster_row_verdict")]

    def __str__(self) -> str:
        return f"{self.sheet}:{self.line}"


class ReadyRow(models.Model):
    """A good row as it will be written, with the ciphers the tables of people, cards and postings keep.

    Made when the rows are judged, so that writing is a few statements inside the database; made anew
    when what is on record has changed since. Rows stand in the order of `id_index`, cards are taken in
    the order of `card_place`: two uploads at once then wait for each other without a deadlock. The table
    is UNLOGGED: after a crash of the database it is empty and made again.
    """

    pk = models.CompositePrimaryKey("project_id", "upload_id", "place")
    project_id = models.BigIntegerField()
    upload_id = models.BigIntegerField()
    place = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    is_new_person = models.BooleanField()
    worker_id = models.BigIntegerField()
    posting_id = models.BigIntegerField(null=True)
    pin_offset = models.PositiveIntegerField(null=True)
    changes_person = models.BooleanField()
    name = models.CharField(max_length=60)
    initials = models.CharField(max_length=200)
    id_kind = models.CharField(max_length=2)
    nationality = models.CharField(max_length=3)
    id_number = EncryptedTextField(context="worker.id_number", null=True)
    id_index = models.BinaryField(max_length=32)
    id_tail = models.CharField(max_length=4)
    sex = models.PositiveSmallIntegerField()
    birth_date = models.DateField()
    origin_code = models.CharField(max_length=6)
    ethnicity = models.CharField(max_length=20)
    address = EncryptedTextField(context="worker.address", null=True)
    phone = EncryptedTextField(context="worker.phone", null=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    household = models.CharField(max_length=5)
    education = models.CharField(max_length=2)
    politics = models.CharField(max_length=2)
    emergency_name = EncryptedTextField(context="worker.emergency_name", null=True)
    emergency_phone = EncryptedTextField(context="worker.emergency_phone", null=True)
    changes_work = models.BooleanField()
    team = models.CharField(max_length=60)
    trade = models.CharField(max_length=40)
    basis = models.CharField(max_length=10)
    rate_fen = models.BigIntegerField(null=True)
    piece_unit = models.CharField(max_length=6)
    work_role = models.CharField(max_length=2)
    joined_on = models.DateField(null=True)
    left_on = models.DateField(null=True)
    card_place = models.PositiveIntegerField(null=True)
    card = EncryptedTextField(context="card.number", null=True)
    card_index = models.BinaryField(max_length=32, null=True)
    card_tail = models.CharField(max_length=4)
    bank = models.CharField(max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "待写入的花名册行"

    def __str__(self) -> str:
        return f"{self.upload_id}:{self.row}"
