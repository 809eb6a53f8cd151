"""Cases: what becomes of complaints and of what the office finds by itself, from the first word to the end."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import Authority, Complaint, Project, Region, User


class Case(models.Model):
    """案件. One office deals with it, the one that was asked first until it hands it over with a reason.

    Columns are what the steps so far add up to; `due_on` is the coming deadline of the office, `due_for` which.
    """

    class State(models.TextChoices):
        NEW = "new", _("To be accepted")
        ACTIVE = "active", _("Under investigation")
        DECIDING = "deciding", _("To be decided")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", pgettext_lazy("case", "Closed")
        REFUSED = "refused", pgettext_lazy("case", "Not accepted")

    class Origin(models.TextChoices):
        PHONE = "phone", _("Worker's page or QR code")
        HOTLINE = "hotline", _("Hotline")
        VISIT = "visit", _("At the office")
        OWN = "own", _("Found by the office")

    class Due(models.TextChoices):
        ACCEPT = "accept", pgettext_lazy("deadline", "Accept or refuse")
        FINISH = "finish", pgettext_lazy("deadline", "Finish the investigation")
        DECIDE = "decide", pgettext_lazy("deadline", "Decide")
        NONE = "", _("None")

    class Outcome(models.TextChoices):
        CORRECTED = "corrected", _("Put right")
        MEDIATED = "mediated", _("Both sides agreed")
        SANCTIONED = "sanctioned", _("Punished")
        UNFOUNDED = "unfounded", _("Nothing found")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REFERRED = "referred", _("Handed to the police")

    number = models.CharField("案号", max_length=40, unique=True)
    complaint = models.OneToOneField(Complaint, models.PROTECT, null=True, related_name="case")
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="cases")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+")
    office = models.ForeignKey(Authority, models.PROTECT, related_name="cases")
    first_office = models.ForeignKey(Authority, models.PROTECT, related_name="+")
    officer = models.ForeignKey(User, models.PROTECT, null=True, related_name="cases")
    origin = models.CharField("来源", max_length=10, choices=Origin.choices)
    topic = models.CharField("事由", max_length=12, choices=Complaint.Topic.choices)
    people = models.PositiveIntegerField("涉及人数", default=1)
    mass = models.BooleanField("群体性事件", default=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.NEW)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices, blank=True)
    received_on = models.DateField("收到日")
    opened_at = models.DateTimeField("登记时间")
    accepted_on = models.DateField("受理日", null=True)
    ended_on = models.DateField("违法行为终了日", null=True)
    finish_by = models.DateField("办结期限", null=True)
    extension_asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    extended_on = models.DateField("批准延长日", null=True)
    investigated_on = models.DateField("调查终结日", null=True)
    decide_by = models.DateField("决定期限", null=True)
    suspended_on = models.DateField("中止日", null=True)
    left_wd = models.PositiveIntegerField("中止时剩余工作日", null=True)
    referred_on = models.DateField("移送公安日", null=True)
    closed_on = models.DateField("结案日", null=True)
    due_on = models.DateField("本步期限", null=True)
    due_for = models.CharField("期限事项", max_length=8, choices=Due.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "案件"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="closed") | (Q(closed_on__isnull=False) & ~Q(outcome="")),
                name="case_closed_with_an_outcome",
            ),
        ]
        indexes = [
            models.Index(
                fields=["office", "due_on"], name="case_open", condition=~Q(state__in=["closed", "refused"])
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether the office still has to do something."""
        return self.state not in {self.State.CLOSED, self.State.REFUSED}
