"""Mediation of a wage dispute: either side asks, both state, the outcome is signed by both on the phone.

Fifteen days, then arbitration (Labour Dispute Mediation and Arbitration Law, art. 14). Only this slip waits.
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payroll import confirming_records, rules
from payroll.access import access_mediation, access_slip
from payroll.models import Mediation, Objection, PaySheet, PaySlip
from payroll.services.confirmations import write_confirmation
from payroll.services.sheets import FIGURES, tell_workers
from payroll.services.signatures import keep_signature
from payroll.services.totals import refresh_state, refresh_totals
from payroll.services.who import user_of
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import Project, Worker
from registration.services.parameters import load_calendar, parameter
from registration.services.signatures import check_signature
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import pay_due_on, site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.money import LARGEST_FEN, format_cny

State = Mediation.State
LONGEST = 1000


def _keep(mediation: Mediation, actor: Actor, now: datetime) -> None:
    """Write the evidence of the mediation as it stands now; it takes the place of what was recorded before."""
    evidence.append(
        confirming_records.MEDIATION,
        project_id=mediation.project_id,
        subject=confirming_records.mediation_subject(mediation),
        record=confirming_records.mediation_record(mediation),
        actor=actor,
        now=now,
    )


def _words(text: str) -> str:
    words = text.strip()[:LONGEST]
    if not words:
        raise RuleViolation("mediation.words", _("Say in a few words how you see it."))
    return words


def open_question(slip: PaySlip) -> Objection | None:
    """The objection that may be brought to mediation: answered, not accepted, and the slip is still objected."""
    last = (
        Objection.objects.filter(project=slip.project_id, sheet=slip.sheet_id, worker=slip.worker_id)
        .order_by("-raised_at", "-pk")
        .first()
    )
    if last is None or last.state != Objection.State.REJECTED:
        return None
    return last if slip.confirmation == PaySlip.Confirmation.OBJECTED else None


@transaction.atomic
def ask_for_mediation(reference: str, *, statement: str, actor: Actor, now: datetime) -> Mediation:
    """The worker or the clerk brings an objection that was not accepted to mediation.

    Raises RuleViolation `mediation.nothing` (no such objection), `mediation.exists`, `mediation.words`.
    """
    if actor.kind == "worker":
        slip = access_slip(reference, actor, for_write=True)
    else:
        slip = access_slip(reference, actor, permission="sheet.answer", for_write=True)
    objection = open_question(slip)
    if objection is None:
        raise RuleViolation(
            "mediation.nothing",
            _("Mediation follows an objection that was answered and not accepted. Answer it first."),
        )
    words = _words(statement)
    days = int(
        parameter(
            "mediation.finish_within_days",
            region_code=Project.objects.get(pk=slip.project_id).region_id,
            on=site_date(now),
            default=15,
        )
    )
    by_worker = actor.kind == "worker"
    try:
        with transaction.atomic():
            mediation = Mediation.objects.create(
                project_id=slip.project_id,
                sheet_id=slip.sheet_id,
                worker_id=slip.worker_id,
                objection=objection,
                month=slip.month,
                asked_by_id=None if by_worker else user_of(actor),
                asked_at=now,
                due_on=site_date(now) + timedelta(days=days),
                worker_statement=words if by_worker else "",
                firm_statement="" if by_worker else words,
            )
    except IntegrityError as problem:
        raise RuleViolation("mediation.exists", _("The mediation is open already.")) from problem
    _keep(mediation, actor, now)
    if not by_worker:
        _tell(mediation, "mediation.opened", now)
    return mediation


def _tell(mediation: Mediation, kind: str, now: datetime) -> None:
    sheet = PaySheet.objects.get(pk=mediation.sheet_id, project_id=mediation.project_id)
    tell_workers(sheet, [mediation.worker_id], now=now, kind=kind, round_=f"{mediation.pk}.{now.isoformat()}")


@transaction.atomic
def state_ones_side(mediation_id: int, *, statement: str, actor: Actor, now: datetime) -> Mediation:
    """Either side writes or corrects its own statement while the mediation is open; the other's stays."""
    mediation = access_mediation(mediation_id, actor, for_write=True)
    _check_open(mediation)
    field = "worker_statement" if actor.kind == "worker" else "firm_statement"
    setattr(mediation, field, _words(statement))
    mediation.save(update_fields=[field])
    _keep(mediation, actor, now)
    return mediation


def _check_open(mediation: Mediation) -> None:
    if mediation.state != State.OPEN:
        raise RuleViolation(
            "mediation.closed", _("The outcome of this mediation is written already. Reload the page.")
        )


@transaction.atomic
def record_outcome(
    mediation_id: int,
    *,
    held_on: date | None,
    persons: str,
    agreed_fen: int | None,
    outcome: str,
    signature_png: bytes | None,
    actor: Actor,
    now: datetime,
) -> Mediation:
    """The firm writes what came of it and signs. With an amount it waits for the worker's signature; without one
    it is not agreed: the worker is told of arbitration, and the inspector sees it.

    Raises RuleViolation `mediation.closed`, `.day`, `.persons`, `.words`, `.amount`, `signature.blank`.
    """
    mediation = access_mediation(mediation_id, actor, for_write=True)
    if actor.kind == "worker":
        not_permitted("sheet.answer")
    _check_open(mediation)
    if held_on is None or not site_date(mediation.asked_at) <= held_on <= site_date(now):
        raise RuleViolation(
            "mediation.day", _("Write the day of the mediation, from the day it was asked for until today.")
        )
    if not persons.strip():
        raise RuleViolation("mediation.persons", _("Write who took part, and who mediated."))
    if agreed_fen is not None and not 0 <= agreed_fen <= LARGEST_FEN:
        raise RuleViolation("mediation.amount", _("Write the net pay that was agreed, in yuan."))
    if signature_png is None:
        raise RuleViolation("signature.blank", _("Nothing was signed yet. Write your name in the field."))
    check_signature(signature_png)
    mediation.held_on, mediation.persons = held_on, persons.strip()[:300]
    mediation.agreed_fen, mediation.outcome = agreed_fen, _words(outcome)
    mediation.firm_signed_by_id, mediation.firm_signed_at = user_of(actor), now
    mediation.firm_drawing = signature_png
    mediation.state = State.NOT_AGREED if agreed_fen is None else State.PROPOSED
    mediation.save()
    _keep(mediation, actor, now)
    _tell(mediation, "mediation.failed" if agreed_fen is None else "mediation.proposed", now)
    return mediation


def _own_proposal(mediation_id: int, actor: Actor) -> Mediation:
    mediation = access_mediation(mediation_id, actor, for_write=True)
    if actor.kind != "worker":
        not_permitted("slip.confirm")
    if mediation.state != State.PROPOSED:
        raise RuleViolation("mediation.closed", _("There is nothing to sign here any more."))
    return mediation


@transaction.atomic
def refuse_proposal(mediation_id: int, *, actor: Actor, now: datetime) -> Mediation:
    """The worker does not sign what was written; the mediation is open again."""
    mediation = _own_proposal(mediation_id, actor)
    mediation.state, mediation.agreed_fen = State.OPEN, None
    mediation.firm_signed_at = mediation.firm_signed_by = mediation.firm_drawing = None
    mediation.save()
    _keep(mediation, actor, now)
    return mediation


@transaction.atomic
def sign_agreement(mediation_id: int, *, signature_png: bytes, actor: Actor, now: datetime) -> Mediation:
    """The worker signs the agreed amount: the slip holds it and is confirmed by this signature. If the slip was
    approved meanwhile, the rest comes by a supplement.

    Raises RuleViolation `mediation.closed`, `signature.blank`, Malformed `signature.unreadable`.
    """
    mediation = _own_proposal(mediation_id, actor)
    assert mediation.agreed_fen is not None  # noqa: S101 a proposal has an amount
    sheet = PaySheet.objects.get(pk=mediation.sheet_id, project_id=mediation.project_id)
    slip = PaySlip.objects.select_for_update(no_key=True).get(
        month=mediation.month,
        project_id=mediation.project_id,
        sheet_id=mediation.sheet_id,
        worker_id=mediation.worker_id,
    )
    if slip.is_approved or slip.payment != PaySlip.Payment.NONE:
        signature = keep_signature(Worker.objects.get(pk=slip.worker_id), signature_png, now=now)
        mediation.worker_signature_id = signature.pk
        mediation.supplement = _supplement(sheet, slip, mediation.agreed_fen, now)
    else:
        _write_agreed(slip, sheet, mediation.agreed_fen)
        write_confirmation(slip, signature_png, actor=actor, now=now)
        mediation.worker_signature_id = slip.signature_id
    mediation.worker_signed_at, mediation.state = now, State.AGREED
    mediation.save()
    _keep(mediation, actor, now)
    return mediation


def _write_agreed(slip: PaySlip, sheet: PaySheet, agreed_fen: int) -> None:
    # Both signed this amount: it stands, whatever days and rate would give.
    slip.gross_fen, slip.net_fen = agreed_fen + slip.deduction_fen, agreed_fen
    rules.check_deduction(slip.gross_fen, slip.deduction_fen, slip.deduction_note)
    slip.note = _agreed_note(agreed_fen)
    slip.version += 1
    slip.save(update_fields=[*FIGURES, "note", "version"])
    refresh_totals(sheet)
    refresh_state(sheet)


def _agreed_note(agreed_fen: int) -> str:
    return gettext("Agreed in mediation: %(sum)s") % {"sum": format_cny(agreed_fen)}


def _supplement(sheet: PaySheet, slip: PaySlip, agreed_fen: int, now: datetime) -> PaySheet | None:
    """A draft that pays what was agreed beyond the slip; None if the slip holds that much already."""
    rest = agreed_fen - slip.net_fen
    if rest <= 0:
        return None
    project = Project.objects.get(pk=sheet.project_id)
    of_month = PaySheet.objects.filter(
        project=project,
        participation=sheet.participation_id,
        month=sheet.month,
        kind=PaySheet.Kind.SUPPLEMENT,
    )
    made = PaySheet.objects.create(
        project=project,
        participation_id=sheet.participation_id,
        month=sheet.month,
        kind=PaySheet.Kind.SUPPLEMENT,
        number=of_month.count() + 1,
        source=PaySheet.Source.ATTENDANCE,
        due_on=max(pay_due_on(sheet.month, project.pay_day, load_calendar()), site_date(now)),
        made_by_id=sheet.made_by_id,
        made_at=now,
    )
    PaySlip.objects.create(
        month=made.month,
        project_id=project.pk,
        sheet_id=made.pk,
        worker_id=slip.worker_id,
        posting_id=slip.posting_id,
        team_name=slip.team_name,
        pay_basis=slip.pay_basis,
        rate_fen=slip.rate_fen,
        days=0,
        gate_days=0,
        gross_fen=rest,
        net_fen=rest,
        note=_agreed_note(agreed_fen),
    )
    refresh_totals(made)
    return made
