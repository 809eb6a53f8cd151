"""A project and the chain of organisations that work on it."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from registration.models.accounts import User
from registration.models.organisations import Organisation, Sector
from registration.models.places import Region
from wagewatch.lib.fields import EncryptedTextField


class Project(models.Model):
    """A building project (工程项目) with one general contractor and one special wage account."""

    class State(models.TextChoices):
        PREPARING = "preparing", _("Preparing")
        BUILDING = "building", _("Building")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    code = models.CharField("项目编码", max_length=30, unique=True)
    name = models.CharField("项目名称", max_length=120)
    name_en = models.CharField("英文名称", max_length=120, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="所在地")
    address = models.CharField("地址", max_length=200, blank=True)
    sector = models.CharField("行业", max_length=20, choices=Sector.choices)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.BUILDING)
    contract_sum_fen = models.BigIntegerField("合同价（分）", default=0)
    contract_signed_on = models.DateField("合同签订日", null=True, blank=True)
    started_on = models.DateField("开工日", null=True, blank=True)
    done_on = models.DateField("完工日", null=True, blank=True)
    pay_day = models.PositiveSmallIntegerField("发薪日（次月）", default=15)
    day_starts_at = models.TimeField("考勤日起点", default=datetime.time(4, 0))
    full_day_minutes = models.PositiveSmallIntegerField("整天工时（分钟）", default=480)
    half_day_minutes = models.PositiveSmallIntegerField("半天最少工时（分钟）", default=180)
    planning_breach = models.BooleanField(
        "违反规划建设", default=False, db_default=False, help_text="条例第37条：由建设单位清偿"
    )
    join_code = models.CharField("扫码登记码", max_length=32, null=True, blank=True, unique=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "项目"
        indexes = [models.Index(fields=["region", "sector"], name="project_reach")]
        constraints = [
            models.CheckConstraint(condition=Q(pay_day__gte=1, pay_day__lte=28), name="project_pay_day")
        ]

    def __str__(self) -> str:
        return self.name


class CorpType(models.TextChoices):
    """Type of a participating firm, by the national platform's codes."""

    SPECIALIST = "001", _("Specialist subcontractor")
    EQUIPMENT = "002", _("Equipment subcontractor")
    MATERIALS = "003", _("Materials subcontractor")
    LOGISTICS = "004", _("Logistics")
    SPECIAL_EQUIPMENT = "005", _("Special equipment")
    LABOUR = "006", _("Labour subcontractor")
    SUPERVISOR = "007", _("Supervisor")
    OWNER = "008", _("Owner")
    GENERAL_CONTRACTOR = "009", _("General contractor")
    SURVEY = "010", _("Survey")
    DESIGN = "011", _("Design")
    OTHER = "012", pgettext_lazy("corp type", "Other")


class Engagement(models.TextChoices):
    """How a firm was engaged; decides who must pay when it does not (order 724, articles 18 to 22, 30, 36)."""

    LAWFUL = "lawful", _("Lawful subcontract")
    RECONTRACTED = "recontracted", _("Work passed on unlawfully (article 30)")
    NAME_LENT = "name_lent", _("Works under a borrowed name (articles 19, 36)")
    UNQUALIFIED = "unqualified", _("Without the needed qualification (articles 19, 36)")
    UNLICENSED = "unlicensed", _("Labour agency without a licence (article 18)")


class Participation(models.Model):
    """An organisation on a project: its role and by whom it was engaged (the subcontract chain).

    `clerk` is the labour-wage clerk's account, `clerk_name` the name on the notice board.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        GENERAL_CONTRACTOR = "general_contractor", _("General contractor")
        SUBCONTRACTOR = "subcontractor", _("Subcontractor")
        AGENCY = "agency", _("Labour agency")
        SUPERVISOR = "supervisor", _("Supervisor")

    project = models.ForeignKey(Project, models.PROTECT, related_name="participations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="participations")
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", db_constraint=False
    )
    scope = models.CharField("承包内容", max_length=120, blank=True)
    clerk_name = models.CharField("劳资专管员", max_length=60, blank=True)
    clerk = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="劳资专管员账号"
    )
    manager_name = models.CharField("负责人", max_length=60, blank=True, default="", db_default="")
    manager_phone = EncryptedTextField(
        "负责人电话", context="participation.manager_phone", null=True, blank=True
    )
    corp_type = models.CharField(
        "单位类型", max_length=3, choices=CorpType.choices, blank=True, default="", db_default=""
    )
    engagement = models.CharField(
        "发包方式",
        max_length=14,
        choices=Engagement.choices,
        default=Engagement.LAWFUL,
        db_default="lawful",
    )
    licence = models.CharField("资质或许可证号", max_length=60, blank=True, default="", db_default="")
    contract_signed_on = models.DateField("合同签订日", null=True, blank=True)
    contract_sum_fen = models.BigIntegerField("合同价（分）", null=True, blank=True)
    entered_on = models.DateField("进场日", null=True, blank=True)
    left_on = models.DateField("退场日", null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "参建单位"
        constraints = [
            models.UniqueConstraint(fields=["project", "organisation", "role"], name="participation_once"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(role="general_contractor"), name="one_general_contractor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.get_role_display()})"


class Team(models.Model):
    """A team (班组) of one participating organisation, led by a foreman.

    `let_to_foreman`: the work was let to the foreman as an individual, which article 36 forbids.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="teams")
    participation = models.ForeignKey(
        Participation, models.PROTECT, related_name="teams", db_constraint=False
    )
    name = models.CharField("班组", max_length=60)
    foreman = models.ForeignKey(
        "registration.Worker", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="班组长"
    )
    let_to_foreman = models.BooleanField(
        "包给个人", default=False, db_default=False, help_text="条例第36条：由发包的单位清偿"
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "班组"
        constraints = [models.UniqueConstraint(fields=["project", "participation", "name"], name="team_once")]

    def __str__(self) -> str:
        return self.name
