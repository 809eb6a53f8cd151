"""The end of work on a project: one person, a team, a firm; it starts the clock of settlement.

All wages are due when the work ends (provisional rules on wages 1994, article 9): `settle_by` is the last
day plus the region's `leave.settle_within_wd` working days, none unless a region grants more.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, not_found, not_permitted, participations_for
from registration.actors import Actor
from registration.models import LeftReason, Posting, PostingNotice, Project
from registration.services.history import record_history
from registration.services.messages import queue_many
from registration.services.parameters import load_calendar, parameter
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

LONGEST_AHEAD = timedelta(days=60)


def settle_day(project: Project, left_on: date) -> date:
    """The day by which a leaver's wages are due."""
    days = parameter("leave.settle_within_wd", region_code=project.region_id, on=left_on, default=0)
    return load_calendar().add_working(left_on, int(days))


def _editable(project: Project, actor: Actor) -> QuerySet[Posting]:
    return Posting.objects.filter(
        project=project, participation__in=participations_for(actor, project, permission="person.edit")
    )


def _of_person(worker_id: int, project: Project, actor: Actor) -> QuerySet[Posting]:
    """The person's postings the actor may change; NotFound if none is in sight, NotPermitted without the role."""
    seen = participations_for(actor, project, permission="person.view")
    if not Posting.objects.filter(project=project, worker_id=worker_id, participation__in=seen).exists():
        not_found()
    editable = _editable(project, actor).filter(worker_id=worker_id)
    if not editable.exists():
        not_permitted("person.edit")
    return editable


def _check_day(left_on: date, joined_on: date, now: datetime) -> None:
    if left_on < joined_on:
        text = _("The last day cannot be before the first, %(day)s.")
        raise RuleViolation("posting.before_joining", text, day=joined_on.isoformat())
    if left_on > site_date(now) + LONGEST_AHEAD:
        raise RuleViolation("posting.far_ahead", _("This day is too far ahead. Check year and month."))


def _check_reason(reason: str) -> None:
    if reason not in LeftReason.values:
        raise RuleViolation("leave.reason", _("Choose why the work ends."))


def _end(
    project: Project, postings: list[Posting], left_on: date, reason: str, actor: Actor, now: datetime
) -> date:
    """Write the end of these postings, close the workers' own notices of leaving; returns the settlement day."""
    ids = [posting.pk for posting in postings]
    settle_by = settle_day(project, left_on)
    Posting.objects.filter(project=project, pk__in=ids).update(
        left_on=left_on, left_reason=reason, settle_by=settle_by
    )
    record_history(Posting, ids, kind="~", actor=actor, now=now, reason="left", project_id=project.pk)
    PostingNotice.objects.filter(
        project=project, posting__in=ids, kind=PostingNotice.Kind.LEAVING, handled_at=None
    ).update(handled_at=now, handled_by_id=actor.id, answer=gettext("Last day: %(day)s") % {"day": left_on})
    return settle_by


@transaction.atomic
def leave(
    worker_id: int,
    project_id: int,
    left_on: date,
    *,
    reason: str = LeftReason.OTHER,
    actor: Actor,
    now: datetime,
) -> Posting:
    """End a person's work on a project; `left_on` is their last day there. Starts the settlement clock.

    Raises RuleViolation `posting.not_open`, `posting.before_joining`, `posting.far_ahead`, `leave.reason`,
    NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, for_write=True)
    posting = (
        _of_person(worker_id, project, actor)
        .filter(left_on=None)
        .select_for_update(of=("self",), no_key=True)
        .select_related("worker")
        .first()
    )
    if posting is None:
        raise RuleViolation("posting.not_open", _("This person has left the project already."))
    _check_reason(reason)
    _check_day(left_on, posting.joined_on, now)
    settle_by = _end(project, [posting], left_on, reason, actor, now)
    _tell([posting], now)
    posting.left_on, posting.left_reason, posting.settle_by = left_on, reason, settle_by
    return posting


def open_postings(
    project: Project, actor: Actor, *, part_id: int | None = None, team_id: int | None = None
) -> QuerySet[Posting]:
    """Open postings of a firm or a team that the actor may end."""
    found = _editable(project, actor).filter(left_on=None)
    if part_id is not None:
        found = found.filter(participation=part_id)
    if team_id is not None:
        found = found.filter(team=team_id)
    return found


@transaction.atomic
def leave_together(
    project_id: int,
    left_on: date,
    *,
    part_id: int | None = None,
    team_id: int | None = None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> int:
    """A team has finished, or a firm leaves with all its people; returns how many postings ended.

    Those whose first day is after `left_on` stay. Raises RuleViolation `leave.nobody`, `leave.reason`,
    `leave.whom` without team or firm, `posting.far_ahead`; NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="person.edit", for_write=True)
    if part_id is None and team_id is None:
        raise RuleViolation("leave.whom", _("Choose a team or a firm."))
    _check_reason(reason)
    _check_day(left_on, left_on, now)
    going = list(
        open_postings(project, actor, part_id=part_id, team_id=team_id)
        .filter(joined_on__lte=left_on)
        .select_for_update(of=("self",), no_key=True)
        .select_related("worker")
        .order_by("pk")
    )
    if not going:
        raise RuleViolation("leave.nobody", _("Nobody of them was at work on that day."))
    _end(project, going, left_on, reason, actor, now)
    _tell(going, now)
    return len(going)


def _tell(postings: Iterable[Posting], now: datetime) -> None:
    """Leavers learn that the site says so: who did not leave can object, who did knows that pay is due."""
    text = gettext(
        "[%(brand)s] The site has registered your last day of work. Your wages are due now. Sign in and look."
    ) % {"brand": settings.WAGEWATCH_BRAND}
    found = [
        (posting.worker.phone, text, f"left:{posting.project_id}.{posting.pk}.{now:%Y%m%d}")
        for posting in postings
        if posting.worker.phone
    ]
    if found:
        queue_many(found, kind="left", now=now)


@transaction.atomic
def undo_leave(worker_id: int, project_id: int, *, why: str, actor: Actor, now: datetime) -> Posting:
    """Take back a last day that was registered wrongly, on the same site day, with a reason in the history.

    Later the way back is a new posting. Raises RuleViolation `leave.why`, `leave.too_late`,
    `leave.none`, `leave.back_already`; NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, for_write=True)
    postings = list(
        _of_person(worker_id, project, actor)
        .select_for_update(of=("self",), no_key=True)
        .order_by("-joined_on", "-pk")
    )
    why = why.replace("\x00", "").strip()[:60]
    if not why:
        raise RuleViolation("leave.why", _("Say why the last day was wrong."))
    if any(p.left_on is None for p in postings):
        raise RuleViolation("leave.back_already", _("This person is at work on this project."))
    if not postings:
        raise RuleViolation("leave.none", _("This person has not left."))
    posting = postings[0]
    registered = left_registered_at(posting)
    if registered is None or site_date(registered) != site_date(now):
        raise RuleViolation(
            "leave.too_late",
            _("A last day can be taken back on the day it was registered. Later, register the person again."),
        )
    Posting.objects.filter(project=project, pk=posting.pk).update(
        left_on=None, left_reason="", settle_by=None
    )
    record_history(
        Posting,
        [posting.pk],
        kind="~",
        actor=actor,
        now=now,
        reason=f"leave undone: {why}",
        project_id=project.pk,
    )
    posting.left_on, posting.left_reason, posting.settle_by = None, "", None
    return posting


def left_registered_at(posting: Posting) -> datetime | None:
    """When the posting's end was written: the first history row of the present run of rows with an end."""
    found: datetime | None = None
    rows = (
        Posting.history.filter(id=posting.pk, project_id=posting.project_id)
        .order_by("-history_id")
        .values_list("left_on", "history_date")
    )
    for left_on, at in rows[:50]:
        if left_on is None:
            break
        found = at
    return found
