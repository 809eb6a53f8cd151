"""People whose work ended and whose wages are not all paid: what a clerk must settle, and by when."""

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth

from devices.models import AttendanceDay
from payroll.models import PaySlip
from payroll.owed import still_owed
from registration.access import organisations_with, projects_for
from registration.actors import Actor
from registration.models import Participation, Posting
from registration.permissions import PERMISSIONS

_EMPLOYED = ("participation", "participation__parent", "participation__parent__parent")


def leavers_for(actor: Actor) -> QuerySet[Posting]:
    """Ended postings with a settlement day whose pay the actor sees: of the whole project for its general
    contractor, of the own part and those engaged for a subcontractor or agency, of the region."""
    ended = Posting.objects.filter(left_on__isnull=False, settle_by__isnull=False)
    if actor.kind == "system":
        return ended
    mine = organisations_with(actor, PERMISSIONS["sheet.view"])
    leads = Participation.objects.filter(
        project=OuterRef("project_id"),
        organisation__in=mine,
        role=Participation.Role.GENERAL_CONTRACTOR,
    )
    reach = Q(Exists(leads))
    for path in _EMPLOYED:
        reach |= Q(**{f"{path}__organisation__in": mine, f"{path}__role__in": ["subcontractor", "agency"]})
    if actor.is_authority:
        reach |= Q(project__in=projects_for(actor, permission="sheet.view"))
    return ended.filter(reach)


def with_owed(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Annotate `owed_fen` (on sheets, still owed), `is_owed`, and `has_unsheeted`: days at the gates within
    the posting in a month for which no sheet that was sent names the person."""
    sent = PaySlip.objects.filter(project=OuterRef("project_id"), worker=OuterRef("worker_id")).exclude(
        confirmation=PaySlip.Confirmation.DRAFT
    )
    unpaid = still_owed(sent.filter(net_fen__gt=0))
    owed = unpaid.order_by().values("worker_id").annotate(fen=Sum("net_fen")).values("fen")
    on_that_day = Q(sheet__first_day__lte=OuterRef("day"), sheet__last_day__gte=OuterRef("day"))
    of_month = PaySlip.objects.filter(
        on_that_day | Q(sheet__first_day=None, month=OuterRef("month")),
        project=OuterRef("project_id"),
        worker=OuterRef("worker_id"),
    ).exclude(confirmation=PaySlip.Confirmation.DRAFT)
    unsheeted = AttendanceDay.objects.annotate(month=TruncMonth("day")).filter(
        ~Exists(of_month),
        project=OuterRef("project_id"),
        worker_id=OuterRef("worker_id"),
        day__gte=OuterRef("joined_on"),
        day__lte=OuterRef("left_on"),
    )
    return postings.annotate(
        owed_fen=Coalesce(Subquery(owed, output_field=BigIntegerField()), 0),
        is_owed=Exists(unpaid),
        has_unsheeted=Exists(unsheeted),
    )


def unsettled(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Leavers to whom something is owed by sheets or by attendance, the longest due first."""
    return with_owed(postings).filter(Q(is_owed=True) | Q(has_unsheeted=True)).order_by(F("settle_by"), "pk")
