"""Register one person on a project, or find them again: whatever way their data came in.

The rules are those of a roster's rows (`rules.roster_verdict`); who a person is, is decided by the
document's number under a lock, so that nobody is registered twice. Locks: project, then the person.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registration.access import access_participation, access_project
from registration.actors import Actor
from registration.models import (
    BankCard,
    Participation,
    Posting,
    Project,
    RegisteredBy,
    Team,
    Worker,
)
from registration.rules.ages import age_remark
from registration.rules.person_values import PersonValues, PostingValues
from registration.rules.roster_row import Defaults, Message, ReadRow, RowValues, message
from registration.rules.roster_verdict import Facts, Judged, Known, OpenPosting, judge
from registration.services.cards import set_card
from registration.services.history import record_history
from registration.services.parameters import parameter
from registration.services.portraits import make_portrait, store_portrait
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.documents import index_text
from wagewatch.lib.errors import RuleViolation
from wagewatch.lib.pinyin import initials_of

_IN_A_FORM = {
    "team.missing": _("Name the team. A new name makes a new team."),
    "trade.missing": _("Name the trade."),
    "rate.missing": _("Write the agreed pay."),
}
"""What a roster's messages about the whole file say where there is none."""


class EntryRefused(RuleViolation):
    """A rule forbids this entry; `field` (a field of the values) is what must be corrected, `messages`
    are all refusals and warnings."""

    field: str = ""
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Entered:
    """What came of an entry: the posting, whether the person was on record before, and warnings."""

    posting: Posting
    found_again: bool
    warnings: tuple[Message, ...]


def enter_person(
    project_id: int,
    participation_id: int,
    person: PersonValues,
    posting: PostingValues,
    *,
    by: str,
    actor: Actor,
    now: datetime,
) -> Posting:
    """Register a person (or find them again) and open their work for one company on a project.

    `by` is a RegisteredBy value; who registers by themselves (`self`) has acknowledged it. Raises
    EntryRefused (a RuleViolation) with the codes of a roster's rows: `name.conflict`, `posting.open`,
    `posting.other_company`, `posting.left`, `age.too_young`, `card.other_person`, `team.missing`,
    `trade.missing`; Malformed for a picture that is none; NotFound; NotPermitted.
    """
    entered = enter(project_id, participation_id, person, posting, by=by, actor=actor, now=now)
    return entered.posting


@transaction.atomic
def enter(
    project_id: int,
    participation_id: int,
    person: PersonValues,
    posting: PostingValues,
    *,
    by: str,
    actor: Actor,
    now: datetime,
) -> Entered:
    """`enter_person`, telling also whether the person was found again and what to look at."""
    project = access_project(project_id, actor, permission="person.edit", for_write=True)
    part = access_participation(participation_id, project, actor, permission="person.edit")
    portrait = make_portrait(person.photo) if person.photo else b""
    today = site_date(now)
    worker = find_worker(person, for_write=True)
    judged = _judge(worker, person, posting, part, project, today)
    found_again = worker is not None
    if worker is None:
        worker = _register(person, by=by, actor=actor, now=now)
        if worker is None:  # registered by somebody else in this very moment
            worker, found_again = find_worker(person, for_write=True), True
            judged = _judge(worker, person, posting, part, project, today)
    assert worker is not None  # noqa: S101 made or found above
    if found_again:
        _complete(worker, person, actor=actor, now=now)
    made = _open_posting(worker, part, posting, judged.row.values, by=by, actor=actor, now=now)
    if person.card_number:
        try:
            set_card(worker.pk, person.card_number, person.bank_name, actor=actor, now=now)
        except RuleViolation as refusal:
            raise refused("card_number", refusal.code, refusal.template, (), **refusal.facts) from None
    if portrait:
        store_portrait(worker.pk, portrait, source=person.photo_source, now=now)
    return Entered(made, found_again, tuple(m for m in judged.messages if m.kind == "warn"))


def refused(
    field: str, code: str, text: str | Promise, messages: tuple[Message, ...], **facts: Any
) -> EntryRefused:
    """The refusal of an entry, with the field it belongs to."""
    error = EntryRefused(code, text, **facts)
    error.field, error.messages = field, messages
    return error


def id_index_of(kind: str, number: str, nationality: str = "") -> bytes:
    """The blind index by which a person is found again by their document."""
    return blind_index(index_text(kind, number, nationality), kind="id")


def find_worker(person: PersonValues, *, for_write: bool = False) -> Worker | None:
    """The person with this document, locked if `for_write`."""
    index = id_index_of(person.id_kind, person.id_number, person.nationality)
    found = Worker.objects.filter(id_index=index)
    return (found.select_for_update(of=("self",)) if for_write else found).first()


def _judge(
    worker: Worker | None,
    person: PersonValues,
    posting: PostingValues,
    part: Participation,
    project: Project,
    today: date,
) -> Judged:
    """The verdict of the roster's rules on this one person; EntryRefused if it stops."""
    row = ReadRow("", 1, _row_values(person, posting), [], {})
    remark = _age(person, posting, project, today)
    if remark is not None:
        row.messages.append(remark)
    facts = _facts(worker, person, part, today)
    judged = judge([row], facts)[0]
    stops = [m for m in judged.messages if m.kind == "stop"]
    if judged.posting_id is not None and not any(m.code == "name.conflict" for m in stops):
        text = _("Works on this project already, in the team %(team)s. Nothing was written a second time.")
        team = facts.people[person.id_number].posting
        stops.insert(0, message("id_number", "stop", "posting.open", text, team=team.team if team else ""))
    if stops:
        first = stops[0]
        text = _IN_A_FORM.get(first.code, _(first.text))
        raise refused(first.field, first.code, text, (*stops, *judged.messages), **first.facts)
    return judged


def _row_values(person: PersonValues, posting: PostingValues) -> RowValues:
    return RowValues(
        name=person.name,
        id_number=person.id_number,
        birth_date=person.birth_date,
        sex=person.sex,
        phone=person.phone,
        team=posting.team,
        trade=posting.trade,
        card=person.card_number,
        bank=person.bank_name,
        basis=posting.pay_basis,
        rate_fen=posting.rate_fen or None,
        joined_on=posting.joined_on,
    )


def _age(person: PersonValues, posting: PostingValues, project: Project, today: date) -> Message | None:
    place: dict[str, Any] = {"region_code": project.region_id, "on": today}
    notice = parameter("people.age_notice", default={"male": 60, "female": 55}, **place)
    remark = age_remark(
        person.birth_date,
        person.sex,
        posting.joined_on or today,
        youngest=int(parameter("people.youngest_age", default=16, **place)),
        oldest=(int(notice["male"]), int(notice["female"])),
    )
    return remark and message("id_number", remark.kind, remark.code, remark.text, **remark.facts)


def _facts(worker: Worker | None, person: PersonValues, part: Participation, today: date) -> Facts:
    """What is on record about this person and this card."""
    people, holders = {}, {}
    if worker is not None:
        people[person.id_number] = _known(worker, part.project_id)
    if person.card_number:
        holder = BankCard.objects.filter(
            number_index=blind_index(person.card_number, kind="card"), is_current=True
        ).first()
        if holder is not None:
            holders[person.card_number] = holder.worker_id
    return Facts(part.pk, people, holders, Defaults(), today)


def _known(worker: Worker, project_id: int) -> Known:
    here = list(
        Posting.objects.filter(project_id=project_id, worker=worker)
        .select_related("team")
        .order_by("joined_on")
    )
    current = next((p for p in here if p.left_on is None), None)
    left = [p for p in here if p.left_on is not None]
    card = BankCard.objects.filter(worker=worker, is_current=True).first()
    return Known(
        id=worker.pk,
        name=worker.name,
        phone=str(worker.phone or ""),
        card=str(card.number) if card else "",
        bank=card.bank_name if card else "",
        posting=current and _open(current),
        last_joined_on=left[-1].joined_on if left else None,
        last_left_on=max((p.left_on for p in left if p.left_on), default=None),
    )


def _open(posting: Posting) -> OpenPosting:
    return OpenPosting(
        posting.pk,
        posting.participation_id,
        posting.team.name,
        posting.trade,
        posting.pay_basis,
        posting.rate_fen,
        posting.joined_on,
    )


def _register(person: PersonValues, *, by: str, actor: Actor, now: datetime) -> Worker | None:
    """A new person; None if somebody else registered the number in this very moment."""
    worker = Worker(
        name=person.name,
        english_name=person.english_name,
        initials=initials_of(person.name),
        id_kind=person.id_kind,
        id_number=person.id_number,
        id_index=id_index_of(person.id_kind, person.id_number, person.nationality),
        id_tail=person.id_number[-4:],
        sex=person.sex,
        birth_date=person.birth_date,
        nationality=person.nationality,
        registered_at=now,
        registered_by=by,
        updated_at=now,
        **_details(person),
    )
    try:
        with transaction.atomic():
            Worker.objects.bulk_create([worker])
    except IntegrityError:
        return None
    record_history(Worker, [worker.pk], kind="+", actor=actor, now=now, reason=f"entered: {by}")
    return worker


_PLAIN = (
    "origin_code",
    "ethnicity",
    "id_issuer",
    "id_valid_from",
    "id_valid_until",
    "household",
    "education",
    "politics",
    "skill_grade",
)
_SECRET = ("address", "emergency_name", "emergency_phone")


def _details(person: PersonValues) -> dict[str, Any]:
    details: dict[str, Any] = {field: getattr(person, field) for field in _PLAIN}
    details |= {field: getattr(person, field) or None for field in _SECRET}
    if person.phone:
        details |= {"phone": person.phone, "phone_index": blind_index(person.phone, kind="phone")}
    return details


def _complete(worker: Worker, person: PersonValues, *, actor: Actor, now: datetime) -> None:
    """Fill what was empty on record and note that the data was confirmed today; overwrite nothing.

    A later end of the document's validity, and a higher skill grade, are news and are taken over.
    """
    news: dict[str, Any] = {"updated_at": now}
    for field, value in _details(person).items():
        if value and not getattr(worker, field):
            news[field] = value
    if person.english_name and not worker.english_name:
        news["english_name"] = person.english_name
    renewed = person.id_valid_from and worker.id_valid_from and person.id_valid_from > worker.id_valid_from
    if renewed:
        news |= {field: getattr(person, field) for field in ("id_issuer", "id_valid_from", "id_valid_until")}
    if person.skill_grade > worker.skill_grade:
        news["skill_grade"] = person.skill_grade
    if not worker.initials:
        news["initials"] = initials_of(worker.name)
    Worker.objects.filter(pk=worker.pk).update(**news)
    record_history(Worker, [worker.pk], kind="~", actor=actor, now=now, reason="found again")


def _open_posting(
    worker: Worker,
    part: Participation,
    wanted: PostingValues,
    completed: RowValues,
    *,
    by: str,
    actor: Actor,
    now: datetime,
) -> Posting:
    """The posting with the next free gate number; the project is locked by the caller."""
    project_id = part.project_id
    team = find_or_make_team(part, completed.team, actor=actor, now=now)
    last = Posting.objects.filter(project_id=project_id).aggregate(last=models.Max("pin"))["last"] or 0
    posting = Posting(
        project_id=project_id,
        worker=worker,
        participation=part,
        team=team,
        pin=last + 1,
        trade=completed.trade,
        pay_basis=wanted.pay_basis,
        rate_fen=wanted.rate_fen,
        piece_unit=wanted.piece_unit,
        pay_day=wanted.pay_day,
        work_role=wanted.work_role,
        joined_on=completed.joined_on or site_date(now),
        registered_by=by,
        acknowledged_at=now if by == RegisteredBy.SELF else None,
    )
    Posting.objects.bulk_create([posting])
    record_history(
        Posting, [posting.pk], kind="+", actor=actor, now=now, reason=f"entered: {by}", project_id=project_id
    )
    return posting


def find_or_make_team(part: Participation, name: str, *, actor: Actor, now: datetime) -> Team:
    """The company's team of that name, made if it has none yet; the project is locked by the caller."""
    found = Team.objects.filter(project_id=part.project_id, participation=part, name=name).first()
    if found is not None:
        return found
    team = Team(project_id=part.project_id, participation=part, name=name)
    Team.objects.bulk_create([team])
    record_history(
        Team, [team.pk], kind="+", actor=actor, now=now, reason="new team", project_id=part.project_id
    )
    return team
