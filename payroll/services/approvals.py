"""The general contractor approves what its subcontractor assessed (Order 724 art. 31)."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll import confirming_records, records, rules
from payroll.access import access_sheet
from payroll.models import Approval, ApprovalLimit, FirstApproval, PaySheet, PaySlip
from payroll.services.totals import refresh_state
from payroll.services.who import user_of
from registration.access import not_found, organisations_with
from registration.actors import Actor
from registration.models import Participation, Project
from registration.permissions import PERMISSIONS
from registration.services.parameters import parameter
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import LARGEST_FEN


def silence_days(project: Project, month_or_day: datetime) -> int:
    """After how many days an unanswered slip may be approved as *not confirmed*, where the project lies."""
    day = site_date(month_or_day)
    return int(parameter("pay.confirmation_silence_days", region_code=project.region_id, on=day, default=5))


class Ready(NamedTuple):
    """What of a slip an approval needs; reading whole slips would cost more than all the rest."""

    worker_id: int
    version: int
    net_fen: int
    confirmation: str
    sent_at: datetime | None


def ready_for_approval(
    sheet: PaySheet, project: Project, now: datetime, *, lock: bool = False
) -> tuple[list[Ready], int]:
    """The slips that can be approved now (confirmed, or silent for long enough) and how many cannot."""
    days = silence_days(project, now)
    today = site_date(now)
    open_slips = PaySlip.objects.filter(
        month=sheet.month, project=sheet.project_id, sheet=sheet.pk, is_approved=False
    ).order_by("worker_id")
    if lock:
        open_slips = open_slips.select_for_update(no_key=True)
    ready, left = [], 0
    for slip in map(Ready._make, open_slips.values_list(*Ready._fields)):
        silent = slip.sent_at is not None and rules.silence_ends_on(slip.sent_at, days) <= today
        if slip.confirmation == PaySlip.Confirmation.CONFIRMED or (
            slip.confirmation == PaySlip.Confirmation.WAITING and silent
        ):
            ready.append(slip)
        else:
            left += 1
    return ready, left


def limit_of(sheet: PaySheet, project: Project, now: datetime) -> int | None:
    """From which net sum of a sheet two people approve, in fen: the region's, or the firm's own if stricter."""
    regional = parameter("pay.four_eyes_fen", region_code=project.region_id, on=site_date(now), default=None)
    own = (
        ApprovalLimit.objects.filter(
            organisation__participations__project=project,
            organisation__participations__role=Participation.Role.GENERAL_CONTRACTOR,
        )
        .values_list("limit_fen", flat=True)
        .first()
    )
    limits = [int(limit) for limit in (regional, own) if limit is not None]
    return min(limits, default=None)


def needs_two(sheet: PaySheet, project: Project, now: datetime) -> int | None:
    """The limit that this sheet reaches, or None. The whole sheet counts, so that it cannot be approved in bits."""
    limit = limit_of(sheet, project, now)
    return limit if limit is not None and sheet.net_fen >= limit else None


@transaction.atomic
def approve_sheet(sheet_id: int, *, actor: Actor, now: datetime) -> Approval | FirstApproval:
    """Approve all slips that are ready; objected ones and those still within the days of silence wait for a
    later approval of the same sheet. Silence is recorded as *not confirmed*.

    Over the limit the first manager's approval waits (a FirstApproval) for that of a second, who approves what
    the first one saw, as far as it is unchanged. Raises RuleViolation `sheet.draft`, `sheet.already_approved`
    (who, when), `sheet.nothing_ready`, `approval.same_person`, `approval.prepared`, `approval.changed`.
    """
    sheet = access_sheet(sheet_id, actor, permission="sheet.approve", for_write=True)
    if sheet.state == PaySheet.State.DRAFT:
        raise RuleViolation(
            "sheet.draft",
            _("The subcontractor has not submitted this sheet yet. Wait for it, or remind them."),
        )
    project = Project.objects.get(pk=sheet.project_id)
    ready, left = ready_for_approval(sheet, project, now, lock=True)
    if not ready:
        raise _nothing_ready(sheet, project, left, now)
    limit = needs_two(sheet, project, now)
    first = _waiting_first(sheet)
    if first is None and limit is not None:
        return _approve_first(sheet, ready, limit, actor=actor, now=now)
    if first is not None:
        _check_second(first, sheet, actor)
        seen = {(worker, version, net) for worker, version, net in first.slips}
        ready = [s for s in ready if (s.worker_id, s.version, s.net_fen) in seen]
        if not ready:
            raise RuleViolation(
                "approval.changed",
                _(
                    "Nothing is left as the first person saw it. Take the first approval back and begin again."
                ),
            )
    return _approve(sheet, ready, first, actor=actor, now=now)


def _nothing_ready(sheet: PaySheet, project: Project, left: int, now: datetime) -> RuleViolation:
    last = Approval.objects.filter(project=project, sheet=sheet).order_by("-number").first()
    if last is not None:
        return RuleViolation(
            "sheet.already_approved",
            _("%(name)s has approved this sheet already. %(left)s people are still to answer."),
            name=last.approved_by.name,
            left=left,
        )
    return RuleViolation(
        "sheet.nothing_ready",
        _("Nobody has confirmed yet. Wait for the workers, or for %(days)s days after the sheet was sent."),
        days=silence_days(project, now),
    )


def _waiting_first(sheet: PaySheet) -> FirstApproval | None:
    return (
        FirstApproval.objects.select_for_update(of=("self",))
        .filter(project=sheet.project_id, sheet=sheet.pk, state=FirstApproval.State.WAITING)
        .first()
    )


def _check_second(first: FirstApproval, sheet: PaySheet, actor: Actor) -> None:
    me = user_of(actor)
    if me == first.approved_by_id:
        raise RuleViolation(
            "approval.same_person",
            _("You approved first. A second manager has to approve this amount; nothing was instructed."),
        )
    if me in (sheet.made_by_id, sheet.submitted_by_id):
        raise RuleViolation(
            "approval.prepared",
            _("You prepared this sheet. Somebody who did not has to be the second to approve it."),
        )


def _approve_first(
    sheet: PaySheet, ready: list[Ready], limit: int, *, actor: Actor, now: datetime
) -> FirstApproval:
    first = FirstApproval.objects.create(
        project_id=sheet.project_id,
        sheet=sheet,
        slips=[[s.worker_id, s.version, s.net_fen] for s in ready],
        people=len(ready),
        net_fen=sum(s.net_fen for s in ready),
        limit_fen=limit,
        approved_by_id=user_of(actor),
        approved_at=now,
    )
    evidence.append(
        confirming_records.FIRST,
        project_id=first.project_id,
        subject=confirming_records.first_subject(first),
        record=confirming_records.first_record(first),
        actor=actor,
        now=now,
    )
    return first


@transaction.atomic
def take_back_first(sheet_id: int, *, actor: Actor, now: datetime) -> FirstApproval:
    """A manager takes the waiting first approval back, so that it can begin anew. RuleViolation `approval.none`."""
    sheet = access_sheet(sheet_id, actor, permission="sheet.approve", for_write=True)
    first = _waiting_first(sheet)
    if first is None:
        raise RuleViolation("approval.none", _("No first approval waits here. Reload the page."))
    first.state, first.ended_at = FirstApproval.State.DROPPED, now
    first.save(update_fields=["state", "ended_at"])
    return first


@transaction.atomic
def set_limit(organisation_id: int, limit_fen: int, *, actor: Actor, now: datetime) -> ApprovalLimit:
    """A firm's own limit for approval by two; the region's stays where it is stricter.

    Raises NotFound for others' firms, RuleViolation `approval.limit`.
    """
    if organisation_id not in organisations_with(actor, PERMISSIONS["sheet.approve"]):
        not_found()
    if not 0 <= limit_fen <= LARGEST_FEN:
        raise RuleViolation("approval.limit", _("Write an amount of 0 or more in yuan."))
    limit, _is_new = ApprovalLimit.objects.update_or_create(
        organisation_id=organisation_id,
        defaults={"limit_fen": limit_fen, "set_by_id": user_of(actor), "set_at": now},
    )
    return limit


def _approve(
    sheet: PaySheet, ready: list[Ready], first: FirstApproval | None, *, actor: Actor, now: datetime
) -> Approval:
    number = Approval.objects.filter(project=sheet.project_id, sheet=sheet).count() + 1
    ids = [slip.worker_id for slip in ready]
    PaySlip.objects.filter(month=sheet.month, project=sheet.project_id, sheet=sheet, worker__in=ids).update(
        is_approved=True, approval_number=number
    )
    approval = Approval.objects.create(
        project_id=sheet.project_id,
        sheet=sheet,
        number=number,
        people=len(ready),
        silent_people=sum(s.confirmation == PaySlip.Confirmation.WAITING for s in ready),
        net_fen=sum(s.net_fen for s in ready),
        approved_by_id=user_of(actor),
        approved_at=now,
        first_by_id=first.approved_by_id if first else None,
        first_at=first.approved_at if first else None,
    )
    if first is not None:
        first.state, first.ended_at = FirstApproval.State.DONE, now
        first.save(update_fields=["state", "ended_at"])
    if sheet.approved_at is None:
        sheet.approved_by_id, sheet.approved_at = actor.id, now
        sheet.save(update_fields=["approved_by", "approved_at"])
    refresh_state(sheet)
    evidence.append(
        records.APPROVED,
        project_id=sheet.project_id,
        subject=records.approval_subject(approval),
        record=records.approved_record(approval, ready),
        actor=actor,
        now=now,
    )
    return approval
