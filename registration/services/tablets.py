"""A site's shared tablet: set up by the clerk, entered by card or by number and code, left, watched.

For workers without a phone (order 724, article 31: each confirms in person). Whoever sits at the tablet sees
one person's pages, for minutes; the clerk never signs in for them. A code that the clerk hands out is good once,
for ten minutes and on this site, is written down like every look at full data, and is told to the worker's phone.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registration.access import access_project, access_worker, not_found, not_permitted
from registration.actors import Actor
from registration.models import (
    CardRead,
    IdKind,
    LoginCode,
    Posting,
    Project,
    SensitiveView,
    SiteTablet,
    TabletVisit,
    Worker,
)
from registration.services.card_reads import waiting_reads
from registration.services.codes import issue_code, try_code
from registration.services.entering import id_index_of
from registration.services.messages import queue_sms
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import Malformed, RuleViolation

COOKIE = "site_tablet"
COOKIE_AGE = 400 * 24 * 3600
IDLE = timedelta(minutes=2)
"""Without a touch for so long the person has gone."""
LONGEST = timedelta(minutes=20)
CARD_LIES = timedelta(seconds=60)
"""How long ago a card may have been read: it is the person who stands there."""
CODE_GOOD_FOR = timedelta(minutes=10)
CODES_PER_HOUR = 6
REFUSED_AT_MOST = 10
REFUSED_WITHIN = timedelta(minutes=15)
TYPED_KINDS = (IdKind.RESIDENT, IdKind.HK_MACAO_PASS, IdKind.TAIWAN_PASS)
"""Documents whose number is typed; the first stands for all whose numbers are unique among themselves."""
LOOK_PURPOSE = "tablet code"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _permit(project_id: int, actor: Actor) -> tuple[Project, int]:
    """The project, and the number of the clerk who acts."""
    project = access_project(project_id, actor, permission="tablet.manage")
    if actor.kind != "user" or actor.id is None:
        not_permitted("tablet.manage")
    return project, actor.id


@transaction.atomic
def make_tablet(
    project_id: int, name: str, reader: str, *, actor: Actor, now: datetime
) -> tuple[SiteTablet, str]:
    """Make a browser a tablet of the site: the row, and the text of its cookie, which is shown this once.

    Raises NotFound, NotPermitted, Malformed `tablet.name`.
    """
    project, user_id = _permit(project_id, actor)
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= 40:
        raise Malformed("tablet.name", _("Write where the tablet stands, in at most 40 characters."))
    secret = secrets.token_urlsafe(32)
    tablet = SiteTablet.objects.create(
        project=project,
        name=name,
        reader=reader.replace("\x00", "")[:60],
        secret_hash=_hash(secret),
        made_by_id=user_id,
        made_at=now,
    )
    return tablet, f"{project.pk}.{tablet.pk}.{secret}"


def tablet_of_cookie(cookie: str) -> SiteTablet | None:
    """The tablet that this browser is, unless it was taken out of use; one query."""
    project, _dot, rest = cookie[:120].partition(".")
    pk, _dot, secret = rest.partition(".")
    if not (project.isascii() and project.isdigit() and pk.isascii() and pk.isdigit() and secret):
        return None
    if max(len(project), len(pk)) > 18:
        return None
    found = (
        SiteTablet.objects.select_related("project")
        .filter(project=int(project), pk=int(pk), ended_at=None)
        .first()
    )
    return found if found and hmac.compare_digest(bytes(found.secret_hash), _hash(secret)) else None


def tablets_for(project: Project) -> QuerySet[SiteTablet]:
    """The tablets of a site, those in use first."""
    return SiteTablet.objects.filter(project=project).select_related("made_by").order_by("ended_at", "-pk")


@transaction.atomic
def end_tablet(project_id: int, pk: int, *, actor: Actor, now: datetime) -> None:
    """Take a tablet out of use; who is signed in there is out. Raises NotFound, NotPermitted."""
    project, user_id = _permit(project_id, actor)
    tablet = SiteTablet.objects.select_for_update(of=("self",)).filter(project=project, pk=pk).first()
    if tablet is None:
        not_found()
    if tablet.ended_at is None:
        tablet.ended_at, tablet.ended_by_id = now, user_id
        tablet.save(update_fields=["ended_at", "ended_by_id"])


@transaction.atomic
def hand_out_code(project_id: int, worker_id: int, *, actor: Actor, now: datetime) -> str:
    """A code for one person who stands before the clerk; it replaces an earlier one.

    Raises NotFound, NotPermitted, RuleViolation `code.too_many`, `tablet.phone_first`.
    """
    project, user_id = _permit(project_id, actor)
    worker = access_worker(worker_id, project, actor)
    _check_known_here(worker, project)
    key = _code_key(worker.pk)
    hour = LoginCode.objects.filter(
        phone_index=blind_index(key, kind="phone"), created_at__gt=now - timedelta(hours=1)
    )
    if hour.count() >= CODES_PER_HOUR:
        raise RuleViolation("code.too_many", _("Too many codes were asked for. Try again in one hour."))
    code = issue_code(key, purpose=_purpose(project.pk), good_for=CODE_GOOD_FOR, address="", now=now)
    SensitiveView.objects.create(
        user_id=user_id, worker=worker, project=project, fields=LOOK_PURPOSE, purpose=LOOK_PURPOSE, at=now
    )
    if worker.phone:
        text = gettext(
            "[%(brand)s] The clerk made a code for you at the site's tablet. Was it not you? Call 12333."
        )
        queue_sms(str(worker.phone), text % {"brand": settings.WAGEWATCH_BRAND}, kind="tablet_code", now=now)
    return code


def _check_known_here(worker: Worker, project: Project) -> None:
    """At the tablet stands all that is on record of a person, of every firm. Whoever registers somebody by an ID
    number does not get in for them: a phone on record, or the card on the reader, opens it until the person has said
    that they work here. Raises RuleViolation `tablet.phone_first`."""
    if not worker.phone:
        return
    postings = Posting.objects.filter(worker=worker)
    known = postings.filter(project=project, acknowledged_at__isnull=False).exists()
    if not known and postings.exclude(project=project).exists():
        raise RuleViolation(
            "tablet.phone_first",
            _(
                "This person has a phone on record and has not said yet that they work here. They come in with the"
                " ID card on the reader, or with a code to their phone."
            ),
        )


def _code_key(worker_id: int) -> str:
    """Stands where a code by message has the phone; no phone number looks like it."""
    return f"worker:{worker_id}"


def _purpose(project_id: int) -> str:
    return f"tablet:{project_id}"


@dataclass(frozen=True)
class Entered:
    """What became of a try: the visit of who was let in, else why not."""

    visit: TabletVisit | None = None
    refusal: RuleViolation | None = None


def _worker_of(project: Project, *indexes: bytes) -> Worker | None:
    """Somebody who works or worked on this site, by the index of their document."""
    found = Worker.objects.filter(id_index__in=indexes).order_by("pk").first()
    works_here = found is not None and Posting.objects.filter(project=project, worker=found).exists()
    return found if works_here else None


def _too_often(tablet: SiteTablet, now: datetime) -> bool:
    return (
        TabletVisit.objects.filter(
            project=tablet.project_id, tablet=tablet.pk, ended="refused", at__gt=now - REFUSED_WITHIN
        ).count()
        >= REFUSED_AT_MOST
    )


def enter_tablet(tablet: SiteTablet, typed: Mapping[str, str], *, now: datetime) -> TabletVisit:
    """Let a worker in: by the card on the reader (`way` card), or by `id_number` and `code`.

    Raises RuleViolation `tablet.wait` after ten refusals in a quarter of an hour, `tablet.no_card`,
    `tablet.not_here`, `tablet.wrong`. A refused try counts, which is why it is raised outside the transaction.
    """
    answer = _try_to_enter(tablet, typed, now)
    if answer.visit is None:
        raise answer.refusal or RuleViolation("tablet.wrong", "")
    return answer.visit


@transaction.atomic
def enter_proven(tablet: SiteTablet, worker: Worker, *, now: datetime) -> TabletVisit:
    """A worker who proved their phone while sitting at a tablet: a visit as any other, never a phone of theirs."""
    SiteTablet.objects.select_for_update(of=("self",)).get(project=tablet.project_id, pk=tablet.pk)
    return _write(tablet, worker, TabletVisit.Way.PHONE, now)


@transaction.atomic
def _try_to_enter(tablet: SiteTablet, typed: Mapping[str, str], now: datetime) -> Entered:
    # One at a time at one tablet: ten tries at once are ten tries.
    SiteTablet.objects.select_for_update(of=("self",)).get(project=tablet.project_id, pk=tablet.pk)
    if _too_often(tablet, now):
        return Entered(
            refusal=RuleViolation(
                "tablet.wait", _("Too many tries on this tablet. Wait 15 minutes, or ask the clerk.")
            )
        )
    if typed.get("way") == TabletVisit.Way.CARD:
        return _by_card(tablet, now)
    return _by_code(tablet, typed, now)


def _by_card(tablet: SiteTablet, now: datetime) -> Entered:
    reads = [
        one
        for one in waiting_reads(tablet.project, reader=tablet.reader, now=now)
        if one.read.received_at > now - CARD_LIES
    ]
    if not reads:
        text = _("No card was read in the last minute. Lay your ID card on the reader, then press again.")
        return Entered(refusal=RuleViolation("tablet.no_card", text))
    person = reads[0].person
    index = id_index_of(person["id_kind"], person["id_number"], person["nationality"])
    worker = _worker_of(tablet.project, index)
    CardRead.objects.filter(project=tablet.project_id, pk=reads[0].read.pk).delete()  # good once
    if worker is None:
        _write(tablet, None, TabletVisit.Way.CARD, now, refused=True)
        text = _("Nobody with this card is registered on this site. Ask the clerk.")
        return Entered(refusal=RuleViolation("tablet.not_here", text))
    return Entered(_write(tablet, worker, TabletVisit.Way.CARD, now))


def _by_code(tablet: SiteTablet, typed: Mapping[str, str], now: datetime) -> Entered:
    number = "".join(typed.get("id_number", "").split()).upper()[:30]
    worker = _worker_of(tablet.project, *(id_index_of(kind, number) for kind in TYPED_KINDS))
    answer = try_code(
        _code_key(worker.pk if worker else 0),
        "".join(c for c in typed.get("code", "")[:12] if c in "0123456789"),
        purpose=_purpose(tablet.project_id),
        now=now,
    )
    if worker is None or answer.refusal is not None:
        _write(tablet, worker, TabletVisit.Way.CODE, now, refused=True)
        text = _("Number and code do not fit, or the code is too old. Ask the clerk for a new one.")
        return Entered(refusal=RuleViolation("tablet.wrong", text))
    return Entered(_write(tablet, worker, TabletVisit.Way.CODE, now))


def _write(
    tablet: SiteTablet, worker: Worker | None, way: str, now: datetime, *, refused: bool = False
) -> TabletVisit:
    if not refused:
        TabletVisit.objects.filter(project=tablet.project_id, tablet=tablet.pk, ended_at=None).update(
            ended_at=now, ended=TabletVisit.Ended.NEXT
        )
    return TabletVisit.objects.create(
        project_id=tablet.project_id,
        tablet=tablet,
        worker=worker,
        way=way,
        at=now,
        seen_at=now,
        ended_at=now if refused else None,
        ended=TabletVisit.Ended.REFUSED if refused else "",
    )


def go_on(visit_id: int, worker_id: int, *, now: datetime) -> TabletVisit | None:
    """The visit of a session with its worker, if it still goes on; one that was left alone ends here."""
    visit = (
        TabletVisit.objects.select_related("worker", "tablet__project")
        .filter(pk=visit_id, worker=worker_id, ended_at=None, tablet__ended_at=None)
        .first()
    )
    if visit is None:
        return None
    if now - visit.seen_at >= IDLE or now - visit.at >= LONGEST:
        end_visit(visit.pk, how=TabletVisit.Ended.IDLE, now=now)
        return None
    if now - visit.seen_at > timedelta(seconds=5):
        TabletVisit.objects.filter(pk=visit.pk, ended_at=None).update(seen_at=now)
    return visit


def end_visit(visit_id: int, *, how: str = TabletVisit.Ended.DONE, now: datetime) -> None:
    """The person is finished, or has gone; ended twice is ended."""
    TabletVisit.objects.filter(pk=visit_id, ended_at=None).update(ended_at=now, ended=how)


def end_forgotten_visits(*, now: datetime) -> int:
    """Close visits that nobody came back to, so that the log tells when they ended; how many."""
    return TabletVisit.objects.filter(ended_at=None, seen_at__lte=now - IDLE).update(
        ended_at=now, ended=TabletVisit.Ended.IDLE
    )
