"""Organisations that take part in building, and authorities that supervise it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models.places import Region


class Sector(models.TextChoices):
    """Line of works; decides which authority beside the labour side is competent."""

    BUILDING = "building", _("Building works")
    MUNICIPAL = "municipal", _("Municipal works")
    TRANSPORT = "transport", _("Transport works")
    WATER = "water", _("Water works")
    MANUFACTURING = "manufacturing", _("Manufacturing")


class Authority(models.Model):
    """A supervising office with its region; `kind` decides which sectors it sees."""

    class Kind(models.TextChoices):
        LABOUR = "labour", _("Labour")
        HOUSING = "housing", _("Housing")
        TRANSPORT = "transport", _("Transport")
        WATER = "water", _("Water works")
        CENTRAL_BANK = "central_bank", _("Central bank")

    name = models.CharField("名称", max_length=120)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="辖区")

    class Meta:
        verbose_name = verbose_name_plural = "监管部门"
        constraints = [models.UniqueConstraint(fields=["kind", "region", "name"], name="authority_once")]

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """A firm, owner, agency or bank, known by its unified social credit code (GB 32100)."""

    class Kind(models.TextChoices):
        CONTRACTOR = "contractor", _("Contractor")
        OWNER = "owner", _("Owner")
        AGENCY = "agency", _("Labour agency")
        BANK = "bank", _("Bank")
        SUPERVISOR = "supervisor", _("Supervisor")

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=40, blank=True)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="注册地")
    bank_code = models.CharField("联行号", max_length=12, blank=True, help_text="银行填写")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.short_name or self.name
