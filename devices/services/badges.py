"""Badges handed out, taken back, reported lost: who may open a gate with which piece of plastic.

Every change makes another allow-list (a trigger notes it), so that the gates know within a minute.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from devices.models import SiteBadge
from devices.protocols.cards import badge_key
from registration.access import access_project, not_found, participations_for
from registration.actors import Actor
from registration.models import Posting, Project
from registration.services.history import record_history
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation, WagewatchError
from wagewatch.lib.identity import mask_name

PERMISSION = "badge.manage"
State = SiteBadge.State
OPEN = (State.ISSUED, State.LOST)
"""While it is one of these nobody else gets the badge."""
LINES_AT_MOST = 5_000
NOBODY = _(
    "Nobody at work here has this number or name. The gate number stands in the list of who may enter."
)


@transaction.atomic
def hand_out_badge(project_id: int, who: str, number: str, *, actor: Actor, now: datetime) -> SiteBadge:
    """Give a badge to somebody on the project: `who` is their gate number or their full name.

    Raises Malformed `badge.number`, `badge.who`; RuleViolation `badge.nobody`, `badge.several`, `badge.carried`,
    `badge.lost`, `badge.has_one`; NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission=PERMISSION)
    key = _key(number)
    posting = _who(_people(project, actor, now), who)
    open_ = SiteBadge.objects.select_for_update(of=("self",), no_key=True).filter(
        Q(number=key, state__in=OPEN) | Q(worker=posting.worker_id, state=State.ISSUED), project=project
    )
    for badge in sorted(open_.order_by("pk"), key=lambda one: one.number != key):
        _refuse(badge, key, posting)
    made = _new(project, posting, key, actor=actor, now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise RuleViolation(
            "badge.carried",
            _("Badge %(badge)s was handed out this very moment. Load the page again."),
            badge=key,
        ) from None
    return made


def _people(project: Project, actor: Actor, now: datetime) -> QuerySet[Posting]:
    """Those at work on the project whom the actor may give a badge."""
    parts = participations_for(actor, project, permission=PERMISSION)
    today = site_date(now)
    return Posting.objects.filter(
        Q(left_on=None) | Q(left_on__gte=today), project=project, participation__in=parts
    )


def _key(number: str) -> str:
    """The number as it is kept. Raises Malformed."""
    key = badge_key(number.replace("\x00", ""))
    if not key:
        raise Malformed(
            "badge.number",
            _(
                "Write the number as it is printed on the badge: 188,24910. Or hold the badge to a gate and choose it."
            ),
        )
    return key


def _new(project: Project, posting: Posting, key: str, *, actor: Actor, now: datetime) -> SiteBadge:
    return SiteBadge(
        project=project,
        worker_id=posting.worker_id,
        number=key,
        issued_at=now,
        issued_by_id=actor.id if actor.kind == "user" else None,
    )


def _refuse(badge: SiteBadge, number: str, posting: Posting) -> None:
    """Say why a badge cannot be given: somebody has it, it is lost, or the person has another."""
    if badge.number == number and badge.state == State.LOST:
        raise RuleViolation(
            "badge.lost", _("Badge %(badge)s is reported lost. Mark it as found first."), badge=number
        )
    if badge.number == number and badge.worker_id == posting.worker_id:
        raise RuleViolation("badge.has_it", _("They carry badge %(badge)s already."), badge=number)
    if badge.number == number:
        raise RuleViolation(
            "badge.carried",
            _("Badge %(badge)s is carried by somebody else. Take it back first."),
            badge=number,
        )
    raise RuleViolation(
        "badge.has_one",
        _("They carry badge %(badge)s. Take it back or report it lost, then hand out another."),
        badge=badge.number,
    )


def _who(people: QuerySet[Posting], who: str) -> Posting:
    """The one person meant. Raises as `hand_out_badge`."""
    text = " ".join(who.replace("\x00", "").split())
    if not 1 <= len(text) <= 60:
        raise Malformed("badge.who", _("Write the gate number or the full name of the person."))
    if text.isascii() and text.isdigit():
        found = list(people.filter(pin=int(text))[:2]) if len(text) <= 9 else []
    else:
        found = list(people.filter(worker__name=text).order_by("pin")[:2])
    if not found:
        raise RuleViolation("badge.nobody", NOBODY)
    if len(found) > 1:
        raise RuleViolation(
            "badge.several", _("Several people have this name. Write the gate number instead.")
        )
    return found[0]


def access_badge(project_id: int, badge_id: int, *, actor: Actor) -> SiteBadge:
    """A badge of people in the actor's reach, locked. Raises NotFound, NotPermitted."""
    project = access_project(project_id, actor, permission=PERMISSION)
    parts = participations_for(actor, project, permission=PERMISSION)
    theirs = Posting.objects.filter(project=project, participation__in=parts).values("worker")
    badge = (
        SiteBadge.objects.select_for_update(of=("self",), no_key=True)
        .select_related("worker")
        .filter(project=project, pk=badge_id, worker__in=theirs)
        .first()
    )
    if badge is None:
        not_found()
    return badge


@transaction.atomic
def return_badge(project_id: int, badge_id: int, *, actor: Actor, now: datetime) -> SiteBadge:
    """Take a badge back, or note that a lost one was found; it can be handed out again.

    Raises RuleViolation `badge.is_returned`, NotFound, NotPermitted.
    """
    badge = access_badge(project_id, badge_id, actor=actor)
    if badge.state == State.RETURNED:
        raise RuleViolation("badge.is_returned", _("Badge %(badge)s is back already."), badge=badge.number)
    return _end(badge, State.RETURNED, actor, now)


@transaction.atomic
def report_badge_lost(project_id: int, badge_id: int, *, actor: Actor, now: datetime) -> SiteBadge:
    """From now on the badge opens nothing, and who shows it is turned away with the reason.

    Raises RuleViolation `badge.is_lost`, `badge.is_returned`, NotFound, NotPermitted.
    """
    badge = access_badge(project_id, badge_id, actor=actor)
    if badge.state == State.RETURNED:
        raise RuleViolation("badge.is_returned", _("Badge %(badge)s is back already."), badge=badge.number)
    if badge.state == State.LOST:
        raise RuleViolation(
            "badge.is_lost", _("Badge %(badge)s is reported lost already."), badge=badge.number
        )
    return _end(badge, State.LOST, actor, now)


def _end(badge: SiteBadge, state: State, actor: Actor, now: datetime) -> SiteBadge:
    badge.state = state
    # A lost badge that was found again stays known as lost since then: what it opened in between was nobody's.
    badge.ended_at = badge.ended_at or now
    badge.ended_by_id = actor.id if actor.kind == "user" else None
    badge.save(update_fields=["state", "ended_at", "ended_by"])
    return badge


@dataclass
class TakenOver:
    """What became of the lines of a site's own table: how many are handed out, and what is wrong with the others."""

    done: int = 0
    known: int = 0
    refused: list[tuple[str, WagewatchError]] = field(default_factory=list)


@transaction.atomic
def take_over_badges(project_id: int, text: str, *, actor: Actor, now: datetime) -> TakenOver:
    """Hand out the badges of a table [entry.badges] (`"188,24910" = 1452`, one a line or with commas between).

    A line that cannot be is named in the answer and stops no other; what is handed out so already is counted as known.
    Raises Malformed `badge.lines`, NotFound, NotPermitted.
    """
    project = access_project(project_id, actor, permission=PERMISSION)
    lines = _lines(text)
    if not lines or len(lines) > LINES_AT_MOST:
        raise Malformed("badge.lines", _('Paste lines of this form, at most 5,000: "188,24910" = 1452'))
    Project.objects.select_for_update(no_key=True, of=("self",)).get(pk=project.pk)  # one table at a time
    people = {
        one.pin: one for one in _people(project, actor, now).only("pk", "pin", "worker_id", "project_id")
    }
    open_: dict[str, SiteBadge] = {}
    carried: dict[int, SiteBadge] = {}
    for badge in SiteBadge.objects.filter(project=project, state__in=OPEN):
        open_[badge.number] = badge
        if badge.state == State.ISSUED:
            carried[badge.worker_id] = badge
    found, new = TakenOver(), []
    for line, number, who in lines:
        try:
            key, posting = _key(number), _by_pin(people, who)
            for known in (open_.get(key), carried.get(posting.worker_id)):
                if known is not None:
                    _refuse(known, key, posting)
        except (RuleViolation, Malformed) as refusal:
            if refusal.code == "badge.has_it":
                found.known += 1
            else:
                found.refused.append((line, refusal))
        else:
            badge = _new(project, posting, key, actor=actor, now=now)
            open_[key] = carried[posting.worker_id] = badge
            new.append(badge)
    try:
        with transaction.atomic():
            made = SiteBadge.objects.bulk_create(new)
    except IntegrityError:
        raise RuleViolation(
            "badge.carried_meanwhile", _("Badges were handed out this very moment. Send the table again.")
        ) from None
    record_history(
        SiteBadge,
        [one.pk for one in made],
        kind="+",
        actor=actor,
        now=now,
        reason="taken over from the site's table",
        project_id=project.pk,
    )
    found.done = len(made)
    return found


def _by_pin(people: dict[int, Posting], who: str) -> Posting:
    found = people.get(int(who)) if who.isascii() and who.isdigit() and len(who) <= 9 else None
    if found is None:
        raise RuleViolation("badge.nobody", NOBODY)
    return found


def _lines(text: str) -> list[tuple[str, str, str]]:
    """The line, the badge's number and the person of each entry; empty lines, comments and braces are passed over."""
    found = []
    for whole in text.replace("\x00", "").replace("{", "\n").replace("}", "\n").splitlines():
        for line in _entries(whole.split("#")[0]):
            number, equals, who = line.partition("=")
            number, who = number.strip().strip("\"'“”"), who.strip().strip(",，").strip("\"'")
            if number.strip() in {"", "badges"} or number.startswith("["):
                continue
            found.append((line.strip()[:60], number, who if equals else ""))
    return found


def _entries(line: str) -> list[str]:
    """`"188,24910" = 1, "188,24911" = 2` written in one line is two entries."""
    parts = line.split('"')
    if len(parts) < 5:
        return [line]
    return [f'"{number}"{rest}' for number, rest in zip(parts[1::2], parts[2::2], strict=False)]


def who_has(badge: SiteBadge) -> str:
    """The carrier's masked name."""
    return mask_name(badge.worker.name)
