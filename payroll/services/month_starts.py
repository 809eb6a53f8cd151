"""On which day wage months begin, for a project or one of its firms."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import participations_with
from payroll.models import PaySheet, WageMonthStart
from payroll.services.who import user_of
from registration.access import access_project, not_found, not_permitted, organisations_with
from registration.actors import Actor
from registration.models import Participation, Project
from registration.permissions import PERMISSIONS
from wagewatch.lib.errors import RuleViolation

LATEST_DAY = 28


def leads(actor: Actor, project: Project) -> bool:
    """Whether the actor may set the day for the whole project: its general contractor's clerks and managers."""
    firms = organisations_with(actor, PERMISSIONS["sheet.prepare"] | PERMISSIONS["sheet.approve"])
    return Participation.objects.filter(
        project=project, organisation__in=firms, role=Participation.Role.GENERAL_CONTRACTOR
    ).exists()


@transaction.atomic
def set_month_start(
    project_id: int,
    participation_id: int | None,
    *,
    start_day: int,
    from_month: date,
    actor: Actor,
    now: datetime,
) -> WageMonthStart:
    """From `from_month` on wage months begin on `start_day` (1 to 28; above 1, of the month before).

    A participation's own rule counts more than the project's (participation None). Sheets keep their days, so
    no month that has one may change. Raises RuleViolation `month_start.day`, `month_start.month`,
    `month_start.sheets`; NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="sheet.view")
    if participation_id is None:
        if not leads(actor, project):
            not_permitted("sheet.prepare")
    else:
        if not participations_with(actor, project, "project.view").filter(pk=participation_id).exists():
            not_found()
        if not participations_with(actor, project, "sheet.prepare").filter(pk=participation_id).exists():
            not_permitted("sheet.prepare")
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if not 1 <= start_day <= LATEST_DAY:
        raise RuleViolation("month_start.day", _("Choose a day from 1 to 28: every month has it."))
    if from_month.day != 1:
        raise RuleViolation("month_start.month", _("Choose a month."))
    sheets = PaySheet.objects.filter(project=project, month__gte=from_month)
    if participation_id is not None:
        sheets = sheets.filter(participation=participation_id)
    last = sheets.order_by("-month").first()
    if last is not None:
        raise RuleViolation(
            "month_start.sheets",
            _("There are sheets up to %(month)s already, with their own days. Choose a later month."),
            month=f"{last.month:%Y-%m}",
        )
    part = Participation.objects.get(pk=participation_id) if participation_id is not None else None
    made, _created = WageMonthStart.objects.update_or_create(
        project=project,
        participation=part,
        from_month=from_month,
        defaults={"start_day": start_day, "made_by_id": user_of(actor), "made_at": now},
    )
    return made
