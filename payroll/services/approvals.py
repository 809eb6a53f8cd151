"""The general contractor approves what its subcontractor assessed (Order 724 art. 31)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll import records, rules
from payroll.access import access_sheet
from payroll.models import Approval, PaySheet, PaySlip
from payroll.services.totals import refresh_state
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import Project
from registration.services.parameters import parameter
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation


def silence_days(project: Project, month_or_day: datetime) -> int:
    """After how many days an unanswered slip may be approved as *not confirmed*, where the project lies."""
    day = site_date(month_or_day)
    return int(parameter("pay.confirmation_silence_days", region_code=project.region_id, on=day, default=5))


def ready_for_approval(
    sheet: PaySheet, project: Project, now: datetime, *, lock: bool = False
) -> tuple[list[PaySlip], int]:
    """The slips that can be approved now (confirmed, or silent for long enough) and how many cannot."""
    days = silence_days(project, now)
    today = site_date(now)
    open_slips = PaySlip.objects.filter(
        month=sheet.month, project=sheet.project_id, sheet=sheet.pk, is_approved=False
    ).order_by("worker_id")
    if lock:
        open_slips = open_slips.select_for_update(no_key=True)
    ready, left = [], 0
    for slip in open_slips:
        silent = slip.sent_at is not None and rules.silence_ends_on(slip.sent_at, days) <= today
        if slip.confirmation == PaySlip.Confirmation.CONFIRMED or (
            slip.confirmation == PaySlip.Confirmation.WAITING and silent
        ):
            ready.append(slip)
        else:
            left += 1
    return ready, left


@transaction.atomic
def approve_sheet(sheet_id: int, *, actor: Actor, now: datetime) -> Approval:
    """Approve all slips that are ready; objected ones and those still within the days of silence wait for a
    later approval of the same sheet. Silence is recorded as *not confirmed*.

    Raises RuleViolation `sheet.draft`, `sheet.already_approved` (who, when), `sheet.nothing_ready`.
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
        last = Approval.objects.filter(project=project, sheet=sheet).order_by("-number").first()
        if last is not None:
            raise RuleViolation(
                "sheet.already_approved",
                _("%(name)s has approved this sheet already. %(left)s people are still to answer."),
                name=last.approved_by.name,
                left=left,
            )
        raise RuleViolation(
            "sheet.nothing_ready",
            _(
                "Nobody has confirmed yet. Wait for the workers, or for %(days)s days after the sheet was sent."
            ),
            days=silence_days(project, now),
        )
    number = Approval.objects.filter(project=project, sheet=sheet).count() + 1
    ids = [slip.worker_id for slip in ready]
    PaySlip.objects.filter(month=sheet.month, project=project, sheet=sheet, worker__in=ids).update(
        is_approved=True, approval_number=number
    )
    approval = Approval.objects.create(
        project=project,
        sheet=sheet,
        number=number,
        people=len(ready),
        silent_people=sum(s.confirmation == PaySlip.Confirmation.WAITING for s in ready),
        net_fen=sum(s.net_fen for s in ready),
        approved_by_id=user_of(actor),
        approved_at=now,
    )
    if sheet.approved_at is None:
        sheet.approved_by_id, sheet.approved_at = actor.id, now
        sheet.save(update_fields=["approved_by", "approved_at"])
    refresh_state(sheet)
    evidence.append(
        records.APPROVED,
        project_id=project.pk,
        subject=records.approval_subject(approval),
        record=records.approved_record(approval, ready),
        actor=actor,
        now=now,
    )
    return approval
