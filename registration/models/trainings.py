"""Trainings held on a project, who attended them, and people's certificates."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.accounts import User
from registration.models.files import StoredFile
from registration.models.people import SkillGrade, Worker
from registration.models.projects import Participation, Project
from wagewatch.lib.fields import EncryptedTextField


class Training(models.Model):
    """A training held on a day, by the national platform's kinds."""

    class Kind(models.TextChoices):
        SAFETY = "003001", _("Safety")
        ENTRY = "003002", _("Before entry")
        EXIT = "003003", _("Before leaving")
        SKILL = "003004", _("Skill")

    project = models.ForeignKey(Project, models.PROTECT, related_name="trainings")
    participation = models.ForeignKey(
        Participation, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    kind = models.CharField("类别", max_length=6, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    held_on = models.DateField("日期")
    minutes = models.PositiveSmallIntegerField("时长（分钟）")
    trainer = models.CharField("讲师", max_length=60, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    record = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "培训"
        indexes = [models.Index(fields=["project", "-held_on"], name="training_recent")]

    def __str__(self) -> str:
        return f"{self.name} {self.held_on}"


class TrainingAttendance(models.Model):
    """One person at one training."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    training = models.ForeignKey(Training, models.CASCADE, related_name="attendances", db_constraint=False)
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="trainings")
    passed = models.BooleanField("合格", default=True)
    score = models.DecimalField("成绩", max_digits=5, decimal_places=1, null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "培训参加人"
        constraints = [
            models.UniqueConstraint(fields=["project", "training", "worker"], name="training_attended_once")
        ]
        indexes = [models.Index(fields=["worker"], name="training_of_worker")]

    def __str__(self) -> str:
        return f"worker {self.worker_id} at training {self.training_id}"


class Certificate(models.Model):
    """A person's skill, special-operation or management certificate; goes with the person to any project."""

    class Kind(models.TextChoices):
        SKILL = "skill", _("Skill grade")
        SPECIAL = "special", _("Special operation")
        MANAGEMENT = "management", _("Site management")

    worker = models.ForeignKey(Worker, models.PROTECT, related_name="certificates")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    trade = models.CharField("工种", max_length=40)
    grade = models.PositiveSmallIntegerField("等级", choices=SkillGrade.choices, default=SkillGrade.NONE)
    number = EncryptedTextField("证书编号", context="certificate.number")
    number_index = models.BinaryField(max_length=32)
    number_tail = models.CharField("编号尾号", max_length=4)
    issuer = models.CharField("发证机关", max_length=80)
    issued_on = models.DateField("发证日")
    expires_on = models.DateField("有效期至", null=True, blank=True)
    scan = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "证书"
        constraints = [
            models.UniqueConstraint(fields=["kind", "number_index"], name="certificate_once"),
        ]
        indexes = [models.Index(fields=["worker", "kind"], name="certificate_of_worker")]

    def __str__(self) -> str:
        return f"certificate {self.pk}"
