"""Pictures to the gates only with the worker's own yes, taken back with one tap, and proof that gates deleted them.

The allow-list says of each person `face`: the name of a picture, "" for somebody who does not want one (a gate then
deletes whatever face it has of them), nothing for who was not asked. Agents fetch a picture for the moment in which
they give it to a gate (`picture_of`), and tell what their gates hold (`take_faces`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from devices import face_words
from devices.face_records import ANSWERED, REMOVED, record_of_removal, record_of_word, subject_of
from devices.models import FaceConsent, FaceHeld, FaceRemoval, Terminal
from devices.services.terminals import KnownTerminal, device_of, note_contact
from devices.wire import FacesSaid
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import Posting, Project, TabletVisit, Worker, WorkerPhoto
from registration.services.card_words import phone_since
from registration.services.parameters import parameter
from wagewatch.evidence.services import Fact, append, append_many
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import NotFound, RuleViolation

Word = FaceConsent.Word
FACE_KINDS = (Terminal.Kind.ADMS, Terminal.Kind.HIKVISION, Terminal.Kind.UFACE)
"""Terminals that know faces."""
NAME_LENGTH = 20
CLOCKS_DIFFER = timedelta(minutes=10)


def newest_words(project_id: int, **only: Any) -> QuerySet[FaceConsent]:
    """The word that counts of each posting of a project."""
    return (
        FaceConsent.objects.filter(project_id=project_id, **only)
        .order_by("posting_id", "-pk")
        .distinct("posting_id")
    )


def face_name(consent_id: int, sha256: bytes) -> str:
    """How gates and lists name a picture; another yes or another picture is another name, and it says nothing else."""
    return blind_index(f"{consent_id}:{sha256.hex()}", kind="gate.face").hex()[:NAME_LENGTH]


def faces_wanted(project_id: int) -> dict[int, str]:
    """For each posting about which the worker said something: the picture its gates shall have, "" for none.

    A yes without a picture in the file is not among them. Two queries, one where nobody said yes.
    """
    words = list(newest_words(project_id).values_list("posting_id", "worker_id", "word", "pk"))
    agreed = {worker for _posting, worker, word, _pk in words if word == Word.YES}
    pictures = (
        dict(
            WorkerPhoto.objects.filter(worker_id__in=agreed)
            .order_by("worker_id", "-taken_at", "-pk")
            .distinct("worker_id")
            .values_list("worker_id", "sha256")
        )
        if agreed
        else {}
    )
    found: dict[int, str] = {}
    for posting, worker, word, pk in words:
        if word != Word.YES:
            found[posting] = ""
        elif worker in pictures:
            found[posting] = face_name(pk, bytes(pictures[worker]))
    return found


@transaction.atomic
def answer_face(
    project_id: int,
    posting_id: int,
    said: str,
    *,
    version: str = "",
    shown: bytes = b"",
    language: str = "",
    visit: TabletVisit | None = None,
    actor: Actor,
    now: datetime,
) -> FaceConsent | None:
    """The worker says yes or no to their picture at the gates of a site; kept as evidence, the newest counts.

    The same again changes nothing; a no is taken from anywhere and at any time. Raises NotFound for others'
    postings, NotPermitted for anybody but the worker, RuleViolation `face.choose`, `face.left`,
    `face.text_changed`, `face.by_code` (a yes at a tablet with a code that the clerk handed out), `face.new_phone`
    (a yes by a phone number that somebody wrote down lately, see `yes_counts_from`).
    """
    if actor.kind != "worker" or actor.id is None:
        not_permitted("face.answer")
    posting = (
        Posting.objects.select_for_update(of=("self",))
        .filter(project=project_id, pk=posting_id, worker=actor.id)
        .first()
    )
    if posting is None:
        not_found()
    if said not in (Word.YES, Word.NO):
        raise RuleViolation("face.choose", _("Choose one of the two."))
    before = newest_words(project_id, posting_id=posting.pk).first()
    word = face_words.next_word(before.word if before else None, said)
    if word is None:
        return before
    if word == Word.YES:
        if posting.left_on is not None and posting.left_on < site_date(now):
            raise RuleViolation("face.left", _("You have left this site. Its gates do not need your face."))
        if version != face_words.VERSION:
            raise RuleViolation("face.text_changed", _("The text has changed. Read it again, then choose."))
        if visit is not None and visit.way == TabletVisit.Way.CODE:
            raise RuleViolation(
                "face.by_code",
                _(
                    "The clerk gave you the code for this tablet. To say yes, come in with your ID card on the reader, or use your own phone."
                ),
            )
        if (day := yes_counts_from(posting, visit=visit, now=now)) is not None:
            raise RuleViolation(
                "face.new_phone",
                _(
                    "Your phone number was changed a short while ago. To say yes now, lay your ID card on the reader of the site's tablet. By this phone you can say yes from %(day)s on."
                ),
                day=day.isoformat(),
            )
    made = FaceConsent.objects.create(
        project_id=project_id,
        posting=posting,
        worker_id=actor.id,
        word=word,
        text_version=version[:10] if word == Word.YES else face_words.VERSION,
        text_sha256=shown,
        language=language[:10],
        way=visit.way if visit else FaceConsent.Way.PHONE,
        visit_pk=visit.pk if visit else None,
        at=now,
    )
    append(
        ANSWERED,
        project_id=project_id,
        subject=subject_of(made),
        record=record_of_word(made),
        actor=actor,
        now=now,
    )
    return made


def yes_counts_from(posting: Posting, *, visit: TabletVisit | None, now: datetime) -> date | None:
    """The day from which this worker's yes counts; None if it does now.

    Whoever may write down phone numbers could write down their own and say yes for others. So a number that took
    another one's place, or was added later, has to stand for `face.phone_settled_days`; an ID card on the reader of
    the site's tablet shows the worker in person, and counts at once. Two queries, none with the card.
    """
    if visit is not None and visit.way == TabletVisit.Way.CARD:
        return None
    since = phone_since(Worker.objects.only("pk", "phone_index").get(pk=posting.worker_id))
    if since is None:
        return None
    days = parameter(
        "face.phone_settled_days", region_code=posting.project.region_id, on=site_date(now), default=30
    )
    settled = since + timedelta(days=int(days))
    return site_date(settled) if now < settled else None


@transaction.atomic
def picture_of(terminal: KnownTerminal, name: str, pin: int, *, nonce: str, now: datetime) -> bytes:
    """The picture that the list of now names for a person, for the gate that gets it. NotFound for any other.

    A yes that was taken back a moment ago is no yes. Raises NotSigned on a replay, NotPermitted if revoked.
    """
    note_contact(terminal, nonce, keep_queue=True, now=now)
    posting = (
        Posting.objects.filter(project=terminal.project_id, pin=pin)
        .exclude(left_on__lt=site_date(now))
        .first()
    )
    word = newest_words(terminal.project_id, posting_id=posting.pk).first() if posting else None
    photo = (
        WorkerPhoto.objects.filter(worker=word.worker_id).order_by("-taken_at", "-pk").first()
        if word is not None and word.word == Word.YES
        else None
    )
    if word is None or photo is None or face_name(word.pk, bytes(photo.sha256)) != name:
        raise NotFound
    return bytes(photo.content)


@transaction.atomic
def take_faces(terminal: KnownTerminal, said: FacesSaid, *, nonce: str, now: datetime) -> dict[str, Any]:
    """What gates hold of faces; how many deletions that proves. Who is not named stays as they were.

    A gate that held a picture and holds it no more has deleted it; one that holds none of somebody who wants none
    has said so. Raises NotPermitted `device.unknown` for a gate of somebody else (nothing is kept), NotSigned.
    """
    gates = [
        (terminal if one.serial in ("", terminal.serial) else device_of(terminal, one.serial), one)
        for one in said.gates
    ]
    note_contact(terminal, nonce, keep_queue=True, now=now)  # one report of a terminal at a time
    for place, one in sorted(gates, key=lambda gate: gate[0].id):
        Terminal.objects.filter(pk=place.id).exclude(keeps_people=one.people).update(keeps_people=one.people)
    removals: list[FaceRemoval] = []
    for place, one in gates:
        at = min(one.at, now) if one.at > now - CLOCKS_DIFFER - timedelta(days=30) else now
        removals += _take(place, one.faces, at=at, now=now)
    append_many(
        REMOVED,
        [Fact(row.project_id, subject_of(row), record_of_removal(row)) for row in removals],
        actor=Actor("terminal", terminal.id),
        now=now,
    )
    return {"deleted": len(removals)}


def _take(
    place: KnownTerminal, faces: Mapping[str, str], *, at: datetime, now: datetime
) -> list[FaceRemoval]:
    """What a gate says of some people; who is not named stays as they were."""
    project_id = place.project_id
    pins = {int(pin): face for pin, face in faces.items()}
    postings = dict(Posting.objects.filter(project=project_id, pin__in=pins).values_list("pk", "pin"))
    kept = FaceHeld.objects.filter(project=project_id, terminal_id=place.id, posting_id__in=postings)
    held = {row.posting_id: row for row in kept}
    words = {w.posting_id: w for w in newest_words(project_id, posting_id__in=postings)}
    told = set(
        FaceRemoval.objects.filter(
            project=project_id, terminal_id=place.id, consent__in=[w.pk for w in words.values()]
        ).values_list("consent_id", flat=True)
    )
    gone: list[FaceRemoval] = []
    fresh: list[FaceHeld] = []
    dropped: list[int] = []
    for pk, pin in postings.items():
        face, row, word = pins[pin], held.get(pk), words.get(pk)
        if face:
            name, is_refused = face.lstrip("!"), face[0] == "!"
            if row is None or (row.face, row.is_refused) != (name, is_refused):
                fresh.append(
                    FaceHeld(
                        project_id=project_id,
                        terminal_id=place.id,
                        posting_id=pk,
                        face=name,
                        is_refused=is_refused,
                        since=at,
                    )
                )
            continue
        if row is not None:
            dropped.append(pk)
        if word is None:
            continue
        is_unwanted = word.word != Word.YES
        if (row is not None and not row.is_refused) or (is_unwanted and word.pk not in told):
            gone.append(_removal(place, pk, word, at, now))
    kept.filter(posting_id__in=[*dropped, *(row.posting_id for row in fresh)]).delete()
    FaceHeld.objects.bulk_create(fresh)
    return FaceRemoval.objects.bulk_create(gone)


def _removal(
    place: KnownTerminal, posting_id: int, word: FaceConsent, at: datetime, now: datetime
) -> FaceRemoval:
    if word.word != Word.YES:
        why = FaceRemoval.Why.WORD
    elif Posting.objects.filter(project=place.project_id, pk=posting_id, left_on__lt=site_date(now)).exists():
        why = FaceRemoval.Why.LEFT
    else:
        why = FaceRemoval.Why.GONE
    return FaceRemoval(
        project_id=place.project_id,
        terminal_id=place.id,
        consent=word,
        worker_id=word.worker_id,
        why=why,
        at=at,
        recorded_at=now,
    )


@dataclass(frozen=True)
class AtGate:
    """One gate and somebody's picture: held, refused by it, deleted `at`, or silent about it since the word.

    A gate that gets no people owes no answer, and is here only for what it still holds or once deleted.
    """

    name: str
    state: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """How it stands with one person's face: the newest word (None: not asked), and what the gates say."""

    posting_id: int
    word: FaceConsent | None = None
    gates: list[AtGate] = field(default_factory=list)
    has_picture: bool = False

    @property
    def state(self) -> str:
        """yes, no, withdrawn, or empty for not asked."""
        return self.word.word if self.word else ""

    @property
    def holding(self) -> list[AtGate]:
        """The gates that hold the picture."""
        return [one for one in self.gates if one.state == "held"]

    @property
    def refusing(self) -> list[AtGate]:
        """The gates that did not take it."""
        return [one for one in self.gates if one.state == "refused"]

    @property
    def silent(self) -> list[AtGate]:
        """The gates that know faces and have not said that they hold none of who wants none."""
        return [one for one in self.gates if one.state == "silent"]

    @property
    def deleted(self) -> list[AtGate]:
        """The gates that said that it is gone."""
        return [one for one in self.gates if one.state == "deleted"]


def standings_of(project_id: int, postings: Iterable[Posting]) -> dict[int, Standing]:
    """How it stands with these people's faces. Five queries."""
    of = {one.pk: one.worker_id for one in postings}
    words = {w.posting_id: w for w in newest_words(project_id, posting_id__in=of)}
    terminals = {
        pk: (name, is_active and kind in FACE_KINDS and keeps is not False)
        for pk, name, is_active, kind, keeps in Terminal.objects.filter(project=project_id)
        .order_by("name", "pk")
        .values_list("pk", "name", "is_active", "kind", "keeps_people")
    }
    names = {pk: name for pk, (name, _knows) in terminals.items()}
    answered: dict[int, set[int]] = {pk: set() for pk in of}
    gates: dict[int, list[AtGate]] = {pk: [] for pk in of}
    for row in FaceHeld.objects.filter(project=project_id, posting_id__in=of).order_by("terminal_id"):
        gates[row.posting_id].append(
            AtGate(names.get(row.terminal_id, ""), "refused" if row.is_refused else "held", row.since)
        )
        answered[row.posting_id].add(row.terminal_id)
    newest = {w.pk: w.posting_id for w in words.values()}
    for removal in FaceRemoval.objects.filter(project=project_id, consent__in=newest).order_by("pk"):
        gates[newest[removal.consent_id]].append(
            AtGate(names.get(removal.terminal_id, ""), "deleted", removal.at)
        )
        answered[newest[removal.consent_id]].add(removal.terminal_id)
    for pk, word in words.items():
        if word.word != Word.YES:
            gates[pk] += [
                AtGate(name, "silent", word.at)
                for terminal, (name, knows) in terminals.items()
                if knows and terminal not in answered[pk]
            ]
    pictured = set(WorkerPhoto.objects.filter(worker__in=of.values()).values_list("worker_id", flat=True))
    return {pk: Standing(pk, words.get(pk), gates[pk], worker in pictured) for pk, worker in of.items()}


def face_gates(project_id: int | OuterRef) -> QuerySet[Terminal]:
    """The terminals in use that know faces, whether or not they get pictures."""
    return Terminal.objects.filter(project=project_id, is_active=True, kind__in=FACE_KINDS)


def knows_faces(project_id: int) -> bool:
    """Whether a terminal of the site knows faces."""
    return face_gates(project_id).exists()


def postings_with_faces(worker_id: int) -> QuerySet[Posting]:
    """Where the worker's face is a question: at work there, and a gate there takes pictures; or they said something."""
    knows = face_gates(OuterRef("project_id")).exclude(keeps_people=False)
    words = FaceConsent.objects.filter(project=OuterRef("project_id"), posting=OuterRef("pk"))
    return (
        Posting.objects.filter(worker=worker_id)
        .annotate(was_asked=Exists(words))
        .filter(Exists(words) | Exists(knows), denied_at=None)
        .exclude(left_on__isnull=False, was_asked=False)
        .select_related("project")
        .order_by("-joined_on", "-pk")
    )


def counts_of(project: Project, *, now: datetime) -> dict[str, int]:
    """How many people of a site agreed, said no, were not asked. Two queries."""
    here = set(
        Posting.objects.filter(project=project)
        .exclude(left_on__lt=site_date(now))
        .values_list("pk", flat=True)
    )
    words = dict(newest_words(project.pk).values_list("posting_id", "word"))
    said = [word for pk, word in words.items() if pk in here]
    yes = said.count(Word.YES)
    return {"yes": yes, "no": len(said) - yes, "open": len(here) - len(said)}
