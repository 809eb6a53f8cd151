"""Registration by the worker: a site's QR code, a request from the phone, the clerk's answer.

A phone is proven by a one-time code before anything is told or taken. What is asked for stays a request:
nobody is registered, and no gate opens, before a clerk has looked at the person and accepted.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registration.access import (
    OWN_PART_ONLY,
    access_project,
    not_found,
    not_permitted,
    organisations_with,
    participations_for,
)
from registration.actors import Actor
from registration.models import (
    JoinRequest,
    Participation,
    Posting,
    Project,
    RegisteredBy,
    Team,
    Worker,
    WorkerPhoto,
)
from registration.permissions import PERMISSIONS
from registration.rules.person_values import PersonValues, PostingValues, kind_of_number
from registration.services.codes import NOBODY, Asker, joining, prove_phone, request_code
from registration.services.entering import enter
from registration.services.history import record_history
from registration.services.messages import queue_sms
from registration.services.parameters import parameter
from registration.services.portraits import make_portrait
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.identity import IdNumber, check_id_number, normalise_card

State = JoinRequest.State
EMPLOYING = (
    Participation.Role.GENERAL_CONTRACTOR,
    Participation.Role.SUBCONTRACTOR,
    Participation.Role.AGENCY,
)
WAITING_PER_PHONE = 10
"""One phone may be handed round a team; hundreds of requests from it would be an attack."""
WAITING_PER_PROJECT = 2000
KEPT_REFUSED = timedelta(days=30)
KEPT_WAITING = timedelta(days=60)
_CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_CODE_LENGTH = 12
"""12 characters of 31: about 59 bits, which no one guesses; it stands on a poster and may be typed by hand."""


# ---- the site's code ---------------------------------------------------------------------------------


def make_code() -> str:
    """A new code for a site: no 0, 1, i, l, o, so that it can be typed from a poster."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _n in range(_CODE_LENGTH))


@transaction.atomic
def renew_join_code(project_id: int, *, actor: Actor, now: datetime) -> str:
    """Give the site a QR code, or another one: posters with the old one stop working.

    Raises NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission="join.answer", for_write=True)
    code = make_code()
    _set_code(project, code, "join code made", actor, now)
    return code


@transaction.atomic
def switch_off_join_code(project_id: int, *, actor: Actor, now: datetime) -> None:
    """Take the site's QR code out of use; waiting requests stay. Raises NotFound, NotPermitted."""
    project = access_project(project_id, actor, permission="join.answer", for_write=True)
    if project.join_code:
        _set_code(project, None, "join code off", actor, now)


def _set_code(project: Project, code: str | None, reason: str, actor: Actor, now: datetime) -> None:
    _only_general_contractor(project, actor)
    Project.objects.filter(pk=project.pk).update(join_code=code)
    record_history(Project, [project.pk], kind="~", actor=actor, now=now, reason=reason)


def _only_general_contractor(project: Project, actor: Actor) -> None:
    """The poster hangs at the site's gate: it is the general contractor's."""
    if not may_change_code(project, actor):
        not_permitted("join.answer")


def may_change_code(project: Project, actor: Actor) -> bool:
    """Whether the actor is a clerk of the project's general contractor."""
    return (
        participations_for(actor, project, permission="join.answer")
        .filter(
            role=Participation.Role.GENERAL_CONTRACTOR,
            organisation__in=actor.organisation_ids,
        )
        .exists()
    )


def project_of_code(code: str) -> Project:
    """The site of a QR code in use. NotFound for any other text."""
    if not (len(code) == _CODE_LENGTH and set(code) <= set(_CODE_ALPHABET)):
        not_found()
    project = (
        Project.objects.filter(join_code=code)
        .exclude(state=Project.State.DONE)
        .select_related("region")
        .first()
    )
    if project is None or not hmac.compare_digest(project.join_code or "", code):
        not_found()
    return project


# ---- the worker's side -----------------------------------------------------------------------------


def ask_for_code(project: Project, phone: str, *, address: str, now: datetime, asker: Asker = NOBODY) -> None:
    """Send a code for this site to a phone, known or not; raises RuleViolation `code.…` as sign-in does."""
    request_code(phone, address=address, now=now, purpose=joining(project.pk), asker=asker)


def prove_phone_for(project: Project, phone: str, code: str, *, now: datetime, asker: Asker = NOBODY) -> None:
    """Use up the code of this phone for this site. Raises RuleViolation `code.wrong`, `code.spent`."""
    prove_phone(phone, code, purpose=joining(project.pk), now=now, asker=asker)


@dataclass(frozen=True)
class Applicant:
    """What a person says about themselves; phone proven, the rest as typed and checked."""

    name: str
    id_number: str
    phone: str
    trade: str = ""
    employer_id: int | None = None
    team_id: int | None = None
    card_number: str = ""
    bank_name: str = ""
    photo: bytes | None = None


def check_person(project: Project, id_number: str, *, now: datetime) -> IdNumber:
    """A checked ID number of somebody old enough to work on the day.

    Raises Malformed `id.…`, RuleViolation `join.too_young` (Labour Law, article 15).
    """
    today = site_date(now)
    found = check_id_number(id_number, today=today)
    youngest = parameter("people.youngest_age", region_code=project.region_id, on=today, default=16)
    if found.age_on(today) < youngest:
        text = _("You must be %(years)s years old to work on a building site.")
        raise RuleViolation("join.too_young", text, years=youngest)
    return found


def on_roster(project: Project, id_number: str, phone: str) -> Worker | None:
    """The person if they are at work on this project and this proven phone is theirs; else None, whatever
    else is on record, so that a stranger with somebody's ID number learns nothing."""
    worker = Worker.objects.filter(
        id_index=blind_index(id_number, kind="id"), phone_index=blind_index(phone, kind="phone")
    ).first()
    if worker and Posting.objects.filter(project=project, worker=worker, left_on=None).exists():
        return worker
    return None


def employers_of(project: Project) -> QuerySet[Participation]:
    """Firms of a site that may employ workers, for the worker to choose from."""
    return (
        Participation.objects.filter(project=project, role__in=EMPLOYING, left_on=None)
        .select_related("organisation")
        .order_by("pk")
    )


def teams_of(project: Project) -> QuerySet[Team]:
    """Teams of a site, for the worker to choose from."""
    return (
        Team.objects.filter(project=project, participation__in=employers_of(project))
        .select_related("participation__organisation")
        .order_by("participation_id", "name")
    )


@transaction.atomic
def ask_to_join(project: Project, person: Applicant, *, now: datetime) -> JoinRequest:
    """Leave a request for the clerk. The same person asking again from the same phone gets the request
    that waits already.

    The caller has proven the phone. Raises Malformed `id.…`, `card.…`, `picture.…`, RuleViolation
    `join.too_young`, `join.on_roster`, `join.waiting_other`, `join.too_many`.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    found = check_person(project, person.id_number, now=now)
    if on_roster(project, found.number, person.phone):
        raise RuleViolation("join.on_roster", _("You are on the roster of this site already."))
    card = normalise_card(person.card_number).value if person.card_number.strip() else ""
    id_index = blind_index(found.number, kind="id")
    phone_index = blind_index(person.phone, kind="phone")
    waiting = JoinRequest.objects.filter(project=project, state=State.WAITING)
    same = waiting.filter(id_index=id_index).first()
    if same is not None:
        if bytes(same.phone_index) == phone_index:
            return same
        raise RuleViolation(
            "join.waiting_other",
            _("Somebody has asked with this ID number already. Show your ID card to the clerk."),
        )
    counts = waiting.aggregate(all=Count("pk"))
    of_phone = JoinRequest.objects.filter(phone_index=phone_index, state=State.WAITING).count()
    if of_phone >= WAITING_PER_PHONE or counts["all"] >= WAITING_PER_PROJECT:
        raise RuleViolation("join.too_many", _("Too many requests are waiting. Go to the clerk of the site."))
    employer, team = _choice(project, person)
    try:
        with transaction.atomic():
            return JoinRequest.objects.create(
                project=project,
                name=person.name,
                id_number=found.number,
                id_index=id_index,
                phone=person.phone,
                phone_index=phone_index,
                trade=person.trade[:40],
                employer=employer,
                team=team,
                card_number=card or None,
                bank_name=person.bank_name[:60] if card else "",
                photo=make_portrait(person.photo) if person.photo else None,
                asked_at=now,
            )
    except IntegrityError:  # the same person from another phone, in this very moment
        raise RuleViolation(
            "join.waiting_other",
            _("Somebody has asked with this ID number already. Show your ID card to the clerk."),
        ) from None


def _choice(project: Project, person: Applicant) -> tuple[Participation | None, Team | None]:
    team = teams_of(project).filter(pk=person.team_id).first() if person.team_id else None
    if team is not None:
        return team.participation, team
    return (employers_of(project).filter(pk=person.employer_id).first() if person.employer_id else None), None


def requests_of_phone(project: Project, phone: str) -> list[JoinRequest]:
    """What was asked on this site from a proven phone, newest first."""
    return list(
        JoinRequest.objects.filter(project=project, phone_index=blind_index(phone, kind="phone"))
        .select_related("employer__organisation", "team", "posting__team")
        .defer("photo", "card_number")
        .order_by("-asked_at", "-pk")[:20]
    )


# ---- the clerk's side -------------------------------------------------------------------------------


def requests_for(actor: Actor, project: Project) -> QuerySet[JoinRequest]:
    """Requests the actor may answer: all for the general contractor, of a subcontractor or agency those
    that name it or a firm it engaged."""
    parts = participations_for(actor, project, permission="join.answer")
    found = JoinRequest.objects.filter(project=project)
    if parts.filter(role=Participation.Role.GENERAL_CONTRACTOR).exists():
        return found
    return found.filter(employer__in=parts)


def access_request(pk: int, project: Project, actor: Actor, *, for_write: bool = False) -> JoinRequest:
    """One request, locked if `for_write`. NotFound out of reach."""
    found = requests_for(actor, project).filter(pk=pk)
    found = (
        found.select_for_update(of=("self",))
        if for_write
        else found.select_related("employer__organisation", "team", "answered_by", "posting")
    )
    request = found.first()
    if request is None:
        not_found()
    return request


def waiting_count(actor: Actor, project: Project) -> int:
    """How many requests wait for this clerk."""
    return requests_for(actor, project).filter(state=State.WAITING).count()


def waiting_by_project(actor: Actor) -> list[dict[str, Any]]:
    """Waiting requests of all the clerk's projects: project_id, project__name and _en, number, since; one query."""
    mine = organisations_with(actor, PERMISSIONS["join.answer"])
    led = Participation.objects.filter(
        project=OuterRef("project_id"),
        organisation__in=mine,
        role=Participation.Role.GENERAL_CONTRACTOR,
    )
    own = Q(employer__organisation__in=mine) | Q(
        employer__parent__organisation__in=mine, employer__parent__role__in=OWN_PART_ONLY
    )
    found = JoinRequest.objects.filter(Q(Exists(led)) | own, state=State.WAITING)
    rows = (
        found.order_by()
        .values("project_id", "project__name", "project__name_en")
        .annotate(number=Count("pk", distinct=True), since=Min("asked_at"))
    )
    return [dict(row) for row in rows]


def with_notes(found: QuerySet[JoinRequest]) -> QuerySet[JoinRequest]:
    """Requests with what the clerk should know: whether the person is on record, and at work here."""
    same = Worker.objects.filter(id_index=OuterRef("id_index"))
    here = Posting.objects.filter(
        project=OuterRef("project_id"), worker__id_index=OuterRef("id_index"), left_on=None
    )
    other_phone = same.exclude(phone_index=OuterRef("phone_index")).filter(phone_index__isnull=False)
    return found.annotate(is_known=Exists(same), is_here=Exists(here), has_other_phone=Exists(other_phone))


@dataclass(frozen=True)
class Terms:
    """What the clerk adds when accepting."""

    team_id: int
    trade: str
    pay_basis: str
    rate_fen: int
    joined_on: date
    piece_unit: str = ""


@transaction.atomic
def accept_request(
    project_id: int, request_id: int, terms: Terms, *, actor: Actor, now: datetime
) -> JoinRequest:
    """Register the person with a team and a rate. Two clerks at once make one posting.

    Raises NotFound, NotPermitted, RuleViolation `join.answered`, and those of `entering.enter_person`.
    """
    project = access_project(project_id, actor, permission="join.answer", for_write=True)
    request = access_request(request_id, project, actor, for_write=True)
    _still_waiting(request)
    team = teams_of(project).filter(pk=terms.team_id).first()
    if team is None:
        raise RuleViolation("join.team", _("Choose a team."))
    found = check_id_number(request.id_number)
    person = PersonValues(
        name=request.name,
        id_number=found.number,
        birth_date=found.birth_date,
        sex=found.sex,
        id_kind=kind_of_number(found.number)[0],
        origin_code=found.region_code if found.kind == "resident" else "",
        phone=request.phone,
        card_number=request.card_number or "",
        bank_name=request.bank_name,
        photo=request.photo or b"",
        photo_source=WorkerPhoto.Source.SELF,
    )
    work = PostingValues(
        team=team.name,
        rate_fen=terms.rate_fen,
        trade=terms.trade,
        pay_basis=terms.pay_basis,
        piece_unit=terms.piece_unit,
        joined_on=terms.joined_on,
    )
    entered = enter(
        project.pk, team.participation_id, person, work, by=RegisteredBy.SELF, actor=actor, now=now
    )
    request.state, request.worker_id, request.posting = (
        State.ACCEPTED,
        entered.posting.worker_id,
        entered.posting,
    )
    _close(request, actor, now)
    _message(
        request,
        gettext("[%(brand)s] The site has registered you. Sign in with this number and look at it."),
        now,
    )
    return request


@transaction.atomic
def refuse_request(
    project_id: int, request_id: int, *, reason: str, actor: Actor, now: datetime
) -> JoinRequest:
    """Send a request back with a reason that the worker reads. Two clerks at once: one wins.

    Raises NotFound, NotPermitted, RuleViolation `join.answered`, `join.reason`.
    """
    project = access_project(project_id, actor, permission="join.answer", for_write=True)
    request = access_request(request_id, project, actor, for_write=True)
    reason = reason.replace("\x00", "").strip()[:200]
    if not reason:
        raise RuleViolation("join.reason", _("Write why. The worker reads it on the phone."))
    _still_waiting(request)
    request.state, request.reason = State.REFUSED, reason
    _close(request, actor, now)
    text = gettext("[%(brand)s] The site could not register you yet. Scan the code again to read why.")
    _message(request, text, now)
    return request


def _still_waiting(request: JoinRequest) -> None:
    if request.state != State.WAITING:
        raise RuleViolation("join.answered", _("This request was answered already."))


def _close(request: JoinRequest, actor: Actor, now: datetime) -> None:
    """The answer is there: card and photo are on the person's record now, or no longer needed."""
    request.answered_at, request.answered_by_id = now, actor.id
    request.card_number, request.bank_name, request.photo = None, "", None
    request.save(
        update_fields=[
            "state", "reason", "worker", "posting", "answered_at", "answered_by", "card_number", "bank_name",
            "photo",
        ]
    )  # fmt: skip


def _message(request: JoinRequest, text: str, now: datetime) -> None:
    queue_sms(
        request.phone,
        text % {"brand": settings.WAGEWATCH_BRAND},
        kind="join_answer",
        now=now,
        dedupe_key=f"join:{request.project_id}.{request.pk}",
    )


def forget_old_requests(*, now: datetime) -> int:
    """Delete refused requests after 30 days and unanswered ones after 60; returns how many."""
    refused = JoinRequest.objects.filter(state=State.REFUSED, answered_at__lt=now - KEPT_REFUSED)
    waiting = JoinRequest.objects.filter(state=State.WAITING, asked_at__lt=now - KEPT_WAITING)
    return refused.delete()[0] + waiting.delete()[0]
