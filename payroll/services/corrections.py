"""Correcting a slip that was sent: upwards by a sheet of its own, downwards only as the worker agreed."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_sheet, access_slip
from payroll.models import Advance, PaySheet, PaySlip
from payroll.pay_items import items_from, priced
from payroll.services.advances import balances, record_advance
from payroll.services.rule_items import ITEM_FIELDS, set_items
from payroll.services.totals import refresh_totals
from payroll.services.who import user_of
from registration.actors import Actor
from registration.models import Project
from registration.services.parameters import load_calendar
from wagewatch.lib.dates import pay_due_on, site_date
from wagewatch.lib.errors import Malformed, RuleViolation


def origin_of(slip: PaySlip) -> str:
    """How a line says which slip it corrects."""
    return f"slip:{slip.reference}"


def _sent(reference: str, actor: Actor) -> tuple[PaySlip, PaySheet]:
    slip = access_slip(reference, actor, permission="sheet.prepare")
    sheet = access_sheet(slip.sheet_id, actor, permission="sheet.prepare", for_write=True)
    if sheet.state == PaySheet.State.DRAFT:
        raise RuleViolation(
            "correction.draft", _("This slip is a draft: nobody has seen it. Correct the line itself.")
        )
    return slip, sheet


@transaction.atomic
def correct_upwards(reference: str, *, amount_fen: int, reason: str, actor: Actor, now: datetime) -> PaySheet:
    """Pay more for a slip that was sent: a line on a correction sheet of that month, a draft that goes the usual
    way (sent, confirmed, approved, paid). Several corrections share a draft. The slip itself never changes.

    Raises RuleViolation `correction.draft`, `item.amount`, `item.reason`.
    """
    slip, sheet = _sent(reference, actor)
    item = priced("correction", amount_fen=amount_fen, reason=reason, origin=origin_of(slip))
    project = Project.objects.get(pk=sheet.project_id)
    of_month = PaySheet.objects.filter(
        project=project,
        participation=sheet.participation_id,
        month=sheet.month,
        kind=PaySheet.Kind.CORRECTION,
    )
    draft = of_month.filter(state=PaySheet.State.DRAFT).first()
    if draft is None:
        draft = PaySheet.objects.create(
            project=project,
            participation_id=sheet.participation_id,
            month=sheet.month,
            kind=PaySheet.Kind.CORRECTION,
            number=max(of_month.values_list("number", flat=True), default=0) + 1,
            first_day=sheet.first_day,
            last_day=sheet.last_day,
            source=PaySheet.Source.ATTENDANCE,
            due_on=max(pay_due_on(sheet.month, project.pay_day, load_calendar()), site_date(now)),
            made_by_id=user_of(actor),
            made_at=now,
        )
    mine = PaySlip.objects.filter(
        month=draft.month, project=project, sheet=draft.pk, worker=slip.worker_id
    ).first()
    if mine is None:
        mine = PaySlip(
            month=draft.month,
            project_id=project.pk,
            sheet_id=draft.pk,
            worker_id=slip.worker_id,
            posting_id=slip.posting_id,
            team_name=slip.team_name,
            pay_basis=slip.pay_basis,
            rate_fen=slip.rate_fen,
            days=0,
            gate_days=0,
            gross_fen=0,
            net_fen=0,
        )
        set_items(mine, [item])
        mine.save(force_insert=True)
    else:
        set_items(mine, [*items_from(mine.items), item])
        mine.save(update_fields=ITEM_FIELDS)
    refresh_totals(draft)
    return draft


def correct_downwards(
    reference: str,
    *,
    amount_fen: int,
    reason: str,
    signature_png: bytes | None = None,
    code: str = "",
    actor: Actor,
    now: datetime,
) -> Advance:
    """Record that the worker agrees to give back what a slip paid too much, by signature or code; the next slip
    deducts it. Raises Malformed `correction.reason`, RuleViolation `correction.draft`, `correction.too_much`,
    and as `record_advance`.
    """
    if not reason.strip():
        raise Malformed("correction.reason", _("Write what was wrong: the worker signs it."))
    with transaction.atomic():
        slip, _sheet = _sent(reference, actor)
        before = Advance.objects.filter(
            project=slip.project_id, worker=slip.worker_id, corrects=reference, withdrawn_at=None
        )
        agreed = sum(one.advance.amount_fen for one in balances(list(before)))
        if amount_fen + agreed > slip.net_fen:
            raise RuleViolation(
                "correction.too_much", _("This is more than the slip paid. Check the amount once more.")
            )
    return record_advance(
        slip.project_id,
        slip.worker_id,
        amount_fen=amount_fen,
        paid_on=site_date(now),
        method=Advance.Method.TRANSFER,
        reason=reason,
        kind=Advance.Kind.OVERPAID,
        corrects=reference,
        signature_png=signature_png,
        code=code,
        actor=actor,
        now=now,
    )
