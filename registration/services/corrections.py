"""Corrections: of a person's details, of a name or ID number, and of what was agreed for the work.

Whoever the person works for now may correct; a name or an ID number needs a reason and is left to the
labour inspectorate once another company employs the person too. Nothing is overwritten without a trace:
every change is a row of history with who and when.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from registration.access import (
    access_participation,
    access_project,
    not_found,
    not_permitted,
    organisations_with,
    participations_for,
    projects_for,
)
from registration.actors import Actor
from registration.models import Posting, Project, Worker
from registration.permissions import PERMISSIONS
from registration.rules.person_values import Document, PostingValues
from registration.services.entering import find_or_make_team, id_index_of
from registration.services.history import record_history
from registration.services.messages import queue_sms
from registration.services.phones import end_all_devices
from registration.services.portraits import make_portrait, store_portrait
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.pinyin import initials_of

LONGEST_REASON = 80
LANGUAGE = "zh-hans"


def _open_here(worker_id: int, project: Project, actor: Actor) -> QuerySet[Posting]:
    """The person's work on the project that goes on, for companies for which the actor may edit.

    NotFound out of sight, NotPermitted without the role, RuleViolation `person.left` when it has ended.
    """
    of_person = Posting.objects.filter(project=project, worker_id=worker_id)
    if not of_person.filter(
        participation__in=participations_for(actor, project, permission="person.view")
    ).exists():
        not_found()
    parts = participations_for(actor, project, permission="person.edit")
    if not of_person.filter(participation__in=parts).exists():
        not_permitted("person.edit")
    current = of_person.filter(participation__in=parts, left_on=None)
    if not current.exists():
        text = _("The work here has ended. Only companies for which the person works now may correct this.")
        raise RuleViolation("person.left", text)
    return current


def _locked(worker_id: int) -> Worker:
    return Worker.objects.select_for_update(of=("self",)).get(pk=worker_id)


@transaction.atomic
def change_details(
    worker_id: int,
    project_id: int,
    changes: dict[str, Any],
    *,
    photo: bytes = b"",
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Write corrected details (`read_details`) and a newer photo; returns the fields that changed.

    The data counts as confirmed today even if nothing changed. Who loses a phone number is told on the old
    one. Raises NotFound, NotPermitted, RuleViolation `person.left`, `person.phone_of_others`, Malformed `picture.…`.
    """
    project = access_project(project_id, actor)
    _open_here(worker_id, project, actor)
    portrait = make_portrait(photo) if photo else b""
    worker = _locked(worker_id)
    changed = {
        field: value or None if field in {"phone", "address", "emergency_name", "emergency_phone"} else value
        for field, value in changes.items()
        if (getattr(worker, field) or "") != (value or "")
    }
    news = dict(changed)
    if "phone" in changed:
        _may_change_phone(worker, project, actor)
        news |= _new_phone(worker, changed["phone"] or "", now)
    Worker.objects.filter(pk=worker.pk).update(**news, updated_at=now)
    reason = "details corrected" if changed else "details confirmed"
    record_history(Worker, [worker.pk], kind="~", actor=actor, now=now, reason=reason)
    fields = list(changed)
    if portrait and store_portrait(worker.pk, portrait, source="file", now=now) is not None:
        fields.append("photo")
    return fields


def _may_change_phone(worker: Worker, project: Project, actor: Actor) -> None:
    """The phone opens all that is on record of a person, of every firm. Who registers somebody by an ID number
    does not take it over: the person has worked for nobody else, or has said that they work here.

    Raises RuleViolation `person.phone_of_others`. A first number may always be written down.
    """
    if not worker.phone:
        return
    parts = participations_for(actor, project, permission="person.edit")
    mine = Posting.objects.filter(project=project, worker=worker, participation__in=parts)
    if mine.filter(acknowledged_at__isnull=False).exists() or not _works_for_others(
        worker.pk, project, actor
    ):
        return
    raise RuleViolation(
        "person.phone_of_others",
        _(
            "This person has worked for other companies too, and has not said yet that they work here. They answer"
            " that question on their phone, or at the site's tablet with their ID card; then you can change the"
            " number. If that is not possible, the labour inspectorate changes it."
        ),
    )


def _works_for_others(worker_id: int, project: Project, actor: Actor, *, now_only: bool = False) -> bool:
    """Whether another company than the actor's own, and than those it leads here, employs or employed the person."""
    mine = organisations_with(actor, PERMISSIONS["person.edit"])
    led = participations_for(actor, project, permission="person.edit").values("organisation")
    others = (
        Posting.objects.filter(worker_id=worker_id)
        .exclude(participation__organisation__in=mine)
        .exclude(project=project, participation__organisation__in=led)
    )
    return (others.filter(left_on=None) if now_only else others).exists()


def _new_phone(worker: Worker, phone: str, now: datetime) -> dict[str, Any]:
    """The columns of another number; the old one is told, and whoever was signed in by it is out."""
    _tell_old_phone(worker, now)
    end_all_devices(worker.pk, now=now)
    return {"phone": phone or None, "phone_index": blind_index(phone, kind="phone") if phone else None}


def _tell_old_phone(worker: Worker, now: datetime) -> None:
    """Wages are confirmed by phone: whoever had the number before hears of the change, without any name."""
    if not worker.phone:
        return
    with override(LANGUAGE):
        text = gettext(
            "%(brand)s: this number no longer belongs to your wage record. If you did not ask for that,"
            " call 12333."
        )
    queue_sms(str(worker.phone), text % {"brand": settings.WAGEWATCH_BRAND}, kind="phone_changed", now=now)


@transaction.atomic
def correct_identity(
    worker_id: int,
    project_id: int,
    document: Document,
    reason: str,
    *,
    phone: str = "",
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Correct a person's name or document number; returns which of `name`, `id_number`, `phone` changed.

    `phone` (normalised) is for inspectors, before whom the person stands with the document; others change it with
    the details. `reason` is kept in the history. Raises RuleViolation `correction.reason` without one,
    `person.works_elsewhere` when a clerk corrects somebody whom another company employs now,
    `id.taken` when the number is another person's, `person.left`; NotFound, NotPermitted.
    """
    project = access_project(project_id, actor)
    _may_correct(worker_id, project, actor)
    why = " ".join(reason.split())
    if not why:
        raise RuleViolation("correction.reason", _("Say why. The reason stays on record."))
    worker = _locked(worker_id)
    index = id_index_of(document.id_kind, document.id_number, document.nationality)
    news: dict[str, Any] = {}
    fields = []
    if document.name != worker.name:
        news |= {"name": document.name, "initials": initials_of(document.name)}
        fields.append("name")
    if bytes(worker.id_index) != index:
        news |= _of_number(document, index)
        fields.append("id_number")
    if phone and phone != worker.phone:
        if not actor.is_authority:
            not_permitted("person.correct")
        news |= _new_phone(worker, phone, now)
        fields.append("phone")
    if not fields:
        return []
    try:
        with transaction.atomic():
            Worker.objects.filter(pk=worker.pk).update(**news, updated_at=now)
    except IntegrityError:
        text = _(
            "This number is on record for another person. If both are the same person, end this work and"
            " register it again under that number."
        )
        raise RuleViolation("id.taken", text) from None
    kept = f"identity corrected: {why[:LONGEST_REASON]}"
    record_history(Worker, [worker.pk], kind="~", actor=actor, now=now, reason=kept)
    return fields


def _of_number(document: Document, index: bytes) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id_kind": document.id_kind,
        "id_number": document.id_number,
        "id_index": index,
        "id_tail": document.id_number[-4:],
        "nationality": document.nationality,
    }
    if document.birth_date is not None:
        told["birth_date"] = document.birth_date
    if document.sex:
        told["sex"] = document.sex
    if document.origin_code:
        told["origin_code"] = document.origin_code
    return told


def _may_correct(worker_id: int, project: Project, actor: Actor) -> None:
    """An inspector within whose reach the person works or worked; or the only present employer's clerk."""
    if projects_for(actor, permission="person.correct").filter(pk=project.pk).exists() and actor.is_authority:
        if not Posting.objects.filter(project=project, worker_id=worker_id).exists():
            not_found()
        return
    _open_here(worker_id, project, actor)
    if _works_for_others(worker_id, project, actor, now_only=True):
        text = _(
            "Another company employs this person now too. Ask the labour inspectorate to correct the name or"
            " the number."
        )
        raise RuleViolation("person.works_elsewhere", text)


@transaction.atomic
def change_posting(
    worker_id: int, project_id: int, values: PostingValues, *, actor: Actor, now: datetime
) -> list[str]:
    """Change what is agreed for the work that goes on; returns the fields that changed.

    Team (of the same company; a new name makes a new team), trade, pay basis, rate, piece unit, pay day,
    role. The day of joining stays. Raises RuleViolation `person.left`, `team.missing`, `trade.missing`;
    NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, for_write=True)
    posting = (
        _open_here(worker_id, project, actor)
        .select_for_update(of=("self",))
        .select_related("team")
        .order_by("pk")
        .first()
    )
    if posting is None:
        not_found()
    if not values.team:
        raise RuleViolation("team.missing", _("Name the team. A new name makes a new team."))
    if not values.trade:
        raise RuleViolation("trade.missing", _("Name the trade."))
    part = access_participation(posting.participation_id, project, actor, permission="person.edit")
    fields = ("trade", "pay_basis", "rate_fen", "piece_unit", "pay_day", "work_role")
    wanted = {field: getattr(values, field) for field in fields}
    changed = {field: value for field, value in wanted.items() if getattr(posting, field) != value}
    if posting.team.name != values.team:
        changed["team"] = find_or_make_team(part, values.team, actor=actor, now=now)
    if not changed:
        return []
    Posting.objects.filter(project=project, pk=posting.pk).update(**changed)
    record_history(
        Posting,
        [posting.pk],
        kind="~",
        actor=actor,
        now=now,
        reason="agreement changed",
        project_id=project.pk,
    )
    return list(changed)
