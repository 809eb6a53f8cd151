"""Random checks (双随机、一公开): what is looked at, who may go, draws with their seeds, checks, their photos."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from registration.models import Authority, Organisation, Project, StoredFile, User


class CheckItem(models.Model):
    """One item of an office's list (抽查事项): what is looked at, and the article. Ended, never deleted."""

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="+")
    title = models.CharField("事项", max_length=80)
    text = models.CharField("怎么看", max_length=300, blank=True)
    law = models.CharField("依据", max_length=120)
    is_active = models.BooleanField("在用", default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "抽查事项"
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "title"], condition=Q(is_active=True), name="check_item_once"
            )
        ]

    def __str__(self) -> str:
        return self.title


class InspectorCertificate(models.Model):
    """The certificate (执法证) by which an inspector stands in an office's library."""

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    number = models.CharField("执法证号", max_length=40, unique=True)
    valid_from = models.DateField("有效期起")
    valid_until = models.DateField("有效期止")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "执法证"

    def __str__(self) -> str:
        return self.number


class CheckRecusal(models.Model):
    """An inspector may not go where a firm takes part (回避): kin, former employer, an interest."""

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "回避"
        constraints = [
            models.UniqueConstraint(fields=["authority", "user", "organisation"], name="recusal_once")
        ]

    def __str__(self) -> str:
        return f"recusal {self.user_id} {self.organisation_id}"


class CheckDraw(models.Model):
    """One draw, with all that is needed to repeat it. Append-only: a draw that is not liked stays on record.

    `lists` holds targets (code, name, weight), inspectors (certificate, name) and recusals (certificate, codes);
    `items` what is looked at, as worded on the day; `outcome` each project with its two certificates.
    """

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="draws")
    number = models.PositiveIntegerField("序号")
    title = models.CharField("名称", max_length=80)
    from_on = models.DateField("检查期起")
    until_on = models.DateField("检查期止")
    algorithm = models.CharField("算法", max_length=20)
    seed = models.CharField("随机种子", max_length=64)
    count = models.PositiveIntegerField("抽取数")
    lists = models.JSONField("名录")
    items = models.JSONField("事项")
    outcome = models.JSONField("结果")
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField("抽取时间")

    class Meta:
        verbose_name = verbose_name_plural = "随机抽取"
        constraints = [models.UniqueConstraint(fields=["authority", "number"], name="draw_once")]
        triggers = [pgtrigger.Protect(name="draw_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"draw {self.pk}"


class RandomCheck(models.Model):
    """A project's check of a draw: planned → submitted by one inspector → confirmed by the other; or dropped.

    `draft` is what was typed so far. `results` are [{item, answer ok/bad/none, note, and for a fault without
    a photo `no_photo`: why there is none}].
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("To be done")
        SUBMITTED = "submitted", _("Waits for the second inspector")
        CONFIRMED = "confirmed", _("Signed by both")
        DROPPED = "dropped", _("Not carried out")

    pk = models.CompositePrimaryKey("project_id", "draw_id")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    draw = models.ForeignKey(CheckDraw, models.PROTECT, related_name="checks")
    place = models.PositiveSmallIntegerField("抽取次序")
    first = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="检查人员一")
    second = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="检查人员二")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PLANNED)
    draft = models.JSONField("草稿", default=dict, blank=True)
    results = models.JSONField("结果", default=list, blank=True)
    visited_on = models.DateField("检查日", null=True)
    summary = models.CharField("结论", max_length=500, blank=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField("提交时间", null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField("确认时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "随机检查"
        constraints = [models.CheckConstraint(condition=~Q(first=models.F("second")), name="check_by_two")]
        indexes = [models.Index(fields=["draw", "place"], name="check_of_draw")]

    def __str__(self) -> str:
        return f"check {self.draw_id}/{self.project_id}"


class CheckPhoto(models.Model):
    """A photo taken at a check, of one of its items (counted from 0) or of the whole."""

    pk = models.CompositePrimaryKey("project_id", "draw_id", "number")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    draw = models.ForeignKey(CheckDraw, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField("序号")
    item = models.PositiveSmallIntegerField("事项", null=True, editable=False)
    sha256 = models.BinaryField(max_length=32)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查照片"

    def __str__(self) -> str:
        return f"check photo {self.draw_id}/{self.project_id}/{self.number}"


class CheckPublication(models.Model):
    """Draw and results were made public (一公开). Append-only."""

    draw = models.OneToOneField(CheckDraw, models.PROTECT, primary_key=True, related_name="publication")
    due_on = models.DateField("公示期限")
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    published_at = models.DateTimeField("公示时间")

    class Meta:
        verbose_name = verbose_name_plural = "抽查公示"
        triggers = [
            pgtrigger.Protect(
                name="check_publication_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self) -> str:
        return f"publication {self.draw_id}"
