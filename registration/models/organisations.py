"""Organisations that take part in building, and authorities that supervise it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
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


class LegalForm(models.TextChoices):
    """Legal form of a firm, as far as article 20 of order 724 asks: whether investors answer for it."""

    COMPANY = "company", pgettext_lazy("legal form", "Company")
    PARTNERSHIP = "partnership", _("Partnership")
    SOLE = "sole", _("Sole proprietorship")
    INDIVIDUAL = "individual", _("Individual business")
    OTHER = "other", pgettext_lazy("legal form", "Other")


class Standing(models.TextChoices):
    """What became of a firm (order 724, articles 21 and 22); recorded by the authority."""

    ACTIVE = "active", _("In business")
    MERGED = "merged", _("Merged into another firm")
    DIVIDED = "divided", _("Split up")
    REVOKED = "revoked", _("Licence revoked")
    CLOSED = "closed", _("Ordered to close")
    DISSOLVED = "dissolved", _("Dissolved")


class Organisation(models.Model):
    """A firm, owner, agency or bank, known by its unified social credit code (GB 32100).

    `standing`, `successor` and `investors` say who answers for a firm that is no more, or that is no
    company; the authority records them, firms cannot.
    """

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
    legal_form = models.CharField(
        "组织形式",
        max_length=12,
        choices=LegalForm.choices,
        default=LegalForm.COMPANY,
        db_default="company",
    )
    standing = models.CharField(
        "存续状况", max_length=10, choices=Standing.choices, default=Standing.ACTIVE, db_default="active"
    )
    standing_since = models.DateField("状况变更日", null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="承继单位"
    )
    investors = models.CharField("主要出资人", max_length=200, blank=True, default="", db_default="")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.short_name or self.name
