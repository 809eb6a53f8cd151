"""Wages paid before their sheet: recorded with the worker's own word, paid back from the next slips."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from payroll import advance_records
from payroll.access import advances_for, participations_with
from payroll.models import Advance, PaySlip
from payroll.pay_items import Item, ItemKind
from payroll.services.signatures import keep_signature
from payroll.services.who import user_of
from registration.access import access_project, not_found, not_permitted
from registration.actors import Actor
from registration.models import Posting, Project, Worker
from registration.services import codes
from wagewatch.evidence import services as evidence
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import LARGEST_FEN

OLDEST_WAGES = timedelta(days=400)
"""A slip of an earlier month may pay an advance back too: a leaver's settlement reaches that far."""


class Balance(NamedTuple):
    """An advance and what slips have taken back of it, in fen."""

    advance: Advance
    paid_back_fen: int

    @property
    def left_fen(self) -> int:
        """Still to be paid back."""
        return self.advance.amount_fen - self.paid_back_fen


def origin_of(advance: Advance) -> str:
    """How an item of a slip says which advance it pays back."""
    return f"advance:{advance.pk}"


def balances(advances: list[Advance]) -> list[Balance]:
    """What is left of each: one statement for all of them."""
    if not advances:
        return []
    taken: dict[tuple[int, str], int] = defaultdict(int)
    slips = PaySlip.objects.filter(
        project__in={a.project_id for a in advances},
        worker__in={a.worker_id for a in advances},
        month__gte=min(a.paid_on for a in advances) - OLDEST_WAGES,
    ).exclude(items=[])
    for project_id, items in slips.values_list("project_id", "items"):
        for item in items:
            taken[project_id, item.get("origin", "")] += item["amount_fen"]
    return [Balance(a, taken[a.project_id, origin_of(a)]) for a in advances]


def open_advances(project: Project, participation_id: int, *, until: date) -> dict[int, list[Item]]:
    """By worker, the lines that a slip made now takes back; advances paid up to a day."""
    rows = list(
        Advance.objects.filter(
            project=project, participation=participation_id, withdrawn_at=None, paid_on__lte=until
        ).order_by("paid_on", "pk")
    )
    found: dict[int, list[Item]] = defaultdict(list)
    for one in balances(rows):
        if one.left_fen > 0:
            found[one.advance.worker_id].append(item_of(one))
    return dict(found)


def item_of(one: Balance) -> Item:
    """The line that takes back what is left."""
    advance = one.advance
    is_advance = advance.kind == Advance.Kind.ADVANCE
    return Item(
        ItemKind.LESS_ADVANCE if is_advance else ItemKind.LESS_AGREED,
        one.left_fen,
        reason=f"{advance.paid_on:%Y-%m-%d} {advance.reason or '预支'}".strip()[:120],
        origin=origin_of(advance),
    )


def purpose_of(project_id: int, worker_id: int) -> str:
    """What a code for an advance is good for, and nothing else."""
    return f"advance:{project_id}:{worker_id}"


@transaction.atomic
def send_advance_code(project_id: int, worker_id: int, *, address: str, actor: Actor, now: datetime) -> None:
    """Send the worker a code by which they say that they got the advance. `advance.no_phone`."""
    worker = _payee(project_id, worker_id, actor)[2]
    if not worker.phone:
        raise RuleViolation(
            "advance.no_phone", _("No phone is registered for this worker. Let them sign on this screen.")
        )
    codes.request_code(str(worker.phone), address=address, now=now, purpose=purpose_of(project_id, worker_id))


def _payee(project_id: int, worker_id: int, actor: Actor) -> tuple[Project, Posting, Worker]:
    project = access_project(project_id, actor)
    parts = participations_with(actor, project, "sheet.prepare")
    posting = (
        Posting.objects.filter(project=project, worker=worker_id, participation__in=parts)
        .order_by("-joined_on", "-pk")
        .first()
    )
    if posting is None:
        if not participations_with(actor, project, "project.view").exists():
            not_found()
        if not parts.exists():
            not_permitted("sheet.prepare")
        not_found()
    return project, posting, Worker.objects.get(pk=worker_id)


def record_advance(
    project_id: int,
    worker_id: int,
    *,
    amount_fen: int,
    paid_on: date,
    method: str,
    reason: str = "",
    kind: str = Advance.Kind.ADVANCE,
    corrects: str = "",
    signature_png: bytes | None = None,
    code: str = "",
    actor: Actor,
    now: datetime,
) -> Advance:
    """Record money that a worker got before pay day (or got too much, and agreed to give back).

    The worker signs on the clerk's screen, or tells the code sent to their own phone. Raises Malformed
    `advance.amount`, `advance.day`, `advance.method`, RuleViolation `advance.proof`, `code.*`, `signature.*`.
    """
    if not 0 < amount_fen <= LARGEST_FEN:
        raise Malformed("advance.amount", _("Write the amount in yuan, above 0."))
    if paid_on > site_date(now):
        raise Malformed("advance.day", _("This day has not come yet."))
    if method not in Advance.Method.values:
        raise Malformed("advance.method", _("Choose how it was paid."))
    if signature_png is None and not code:
        raise RuleViolation(
            "advance.proof",
            _("The worker must sign, or tell the code sent to their phone: otherwise nobody can prove it."),
        )
    project, posting, worker = _payee(project_id, worker_id, actor)
    if code:
        codes.prove_phone(str(worker.phone), code, purpose=purpose_of(project_id, worker_id), now=now)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        signed = keep_signature(worker, signature_png, now=now) if signature_png is not None else None
        made = Advance.objects.create(
            project=project,
            participation_id=posting.participation_id,
            worker=worker,
            kind=kind,
            corrects=corrects,
            amount_fen=amount_fen,
            paid_on=paid_on,
            method=method,
            reason=reason.strip()[:100],
            signature_id=signed.pk if signed else None,
            code_at=now if code else None,
            made_by_id=user_of(actor),
            made_at=now,
        )
        evidence.append(
            advance_records.ADVANCE,
            project_id=project.pk,
            subject=advance_records.advance_subject(made),
            record=advance_records.advance_record(made, bytes(signed.sha256) if signed else None),
            actor=actor,
            now=now,
        )
        return made


@transaction.atomic
def withdraw_advance(advance_id: int, *, reason: str, actor: Actor, now: datetime) -> Advance:
    """Take back an advance recorded by mistake, while no slip has deducted anything of it.

    Raises Malformed `advance.why`, RuleViolation `advance.deducted`, `advance.withdrawn`.
    """
    if not reason.strip():
        raise Malformed("advance.why", _("Write why the entry is wrong."))
    advance = access_advance(advance_id, actor)
    Project.objects.select_for_update(no_key=True).get(pk=advance.project_id)
    advance = Advance.objects.select_for_update(of=("self",)).get(pk=advance.pk)
    if advance.withdrawn_at:
        raise RuleViolation("advance.withdrawn", _("This entry was taken back already."))
    if balances([advance])[0].paid_back_fen:
        raise RuleViolation(
            "advance.deducted",
            _("A slip has deducted this advance already. Correct the draft first, or pay a correction."),
        )
    advance.withdrawn_by_id, advance.withdrawn_at = user_of(actor), now
    advance.withdrawn_reason = reason.strip()[:120]
    advance.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_reason"])
    evidence.append(
        advance_records.WITHDRAWN,
        project_id=advance.project_id,
        subject=advance_records.advance_subject(advance),
        record=advance_records.withdrawn_record(advance),
        actor=actor,
        now=now,
    )
    return advance


def access_advance(pk: int, actor: Actor) -> Advance:
    """An advance of a part for which the actor prepares sheets. NotFound, NotPermitted."""
    advance = advances_for(actor).select_related("project", "participation", "worker").filter(pk=pk).first()
    if advance is None:
        not_found()
    if (
        not participations_with(actor, advance.project, "sheet.prepare")
        .filter(pk=advance.participation_id)
        .exists()
    ):
        not_permitted("sheet.prepare")
    return advance


def of_worker(actor: Actor) -> QuerySet[Advance]:
    """A worker's own advances, newest first."""
    if actor.kind != "worker" or actor.id is None:
        return Advance.objects.none()
    return Advance.objects.filter(worker=actor.id, withdrawn_at=None).order_by("-paid_on", "-pk")
