"""A posting that others registered is asked back to the worker, on their own phone (unaware registration).

The Nanjing study found most registrations passive and many unknown to the worker; here each of them is
asked, the answer is kept with the terms as they were seen, and silence stays silence.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, Min, OuterRef, Q
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
from registration.models import Participation, Posting, PostingNotice, Worker
from registration.notice_records import KINDS, notice_record, notice_subject
from registration.permissions import PERMISSIONS
from registration.services.history import record_history
from registration.services.messages import queue_many
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

Kind = PostingNotice.Kind
Reason = PostingNotice.Reason
LONGEST_TEXT = 300
LONGEST_AHEAD = timedelta(days=60)
AT_ONCE = 500
REASONS: Mapping[str, tuple[PostingNotice.Reason, ...]] = {
    Kind.NOT_ME: (Reason.NEVER_THERE, Reason.OTHER_FIRM, Reason.ID_USED, Reason.OTHER),
    Kind.WRONG: (Reason.PAY, Reason.TRADE, Reason.DAY, Reason.OTHER),
}
"""What may be chosen for which notice."""


def terms_of(posting: Posting) -> dict[str, object]:
    """A posting's terms as the worker is shown them; firm and team by name, since both may be renamed."""
    return {
        "firm": posting.participation.organisation.name,
        "team": posting.team.name,
        "trade": posting.trade,
        "pay_basis": posting.pay_basis,
        "rate_fen": posting.rate_fen,
        "piece_unit": posting.piece_unit,
        "joined_on": posting.joined_on.isoformat(),
    }


def _own_posting(project_id: int, posting_id: int, actor: Actor) -> Posting:
    """The worker's own posting, locked; anybody else's does not exist."""
    if actor.kind != "worker" or actor.id is None:
        not_found()
    posting = (
        Posting.objects.select_for_update(of=("self",))
        .select_related("participation__organisation", "team")
        .filter(project_id=project_id, pk=posting_id, worker_id=actor.id)
        .first()
    )
    if posting is None:
        not_found()
    return posting


@transaction.atomic
def acknowledge(project_id: int, posting_id: int, *, actor: Actor, now: datetime) -> PostingNotice:
    """The worker says: yes, I work there on these terms. Answered once; recorded as evidence.

    Raises NotFound for another's posting, RuleViolation `posting.answered`.
    """
    posting = _own_posting(project_id, posting_id, actor)
    _answer(posting, actor, now, acknowledged_at=now)
    return _note(posting, Kind.RIGHT, actor, now, handled_at=now)


@transaction.atomic
def deny(
    project_id: int, posting_id: int, *, reason: str, text: str = "", actor: Actor, now: datetime
) -> PostingNotice:
    """The worker says: that is not me. Clerk and inspector see it; wages and gates are not touched.

    Raises NotFound, RuleViolation `posting.answered`, `notice.reason`.
    """
    posting = _own_posting(project_id, posting_id, actor)
    _check_reason(Kind.NOT_ME, reason)
    _answer(posting, actor, now, denied_at=now)
    return _note(posting, Kind.NOT_ME, actor, now, reason=reason, text=text)


@transaction.atomic
def say_wrong(
    project_id: int, posting_id: int, *, reason: str, text: str = "", actor: Actor, now: datetime
) -> PostingNotice:
    """The worker says that something about the posting is wrong; it goes to the clerk as a note.

    Raises NotFound, RuleViolation `notice.reason`, `notice.open` while an earlier note waits.
    """
    posting = _own_posting(project_id, posting_id, actor)
    _check_reason(Kind.WRONG, reason)
    return _note(posting, Kind.WRONG, actor, now, reason=reason, text=text)


@transaction.atomic
def say_leaving(
    project_id: int, posting_id: int, *, last_day: date, text: str = "", actor: Actor, now: datetime
) -> PostingNotice:
    """The worker says that they leave: settlement is asked for at once, the clerk confirms the last day.

    Raises NotFound, RuleViolation `posting.not_open`, `posting.before_joining`, `posting.far_ahead`,
    `notice.open`.
    """
    posting = _own_posting(project_id, posting_id, actor)
    if posting.left_on is not None:
        raise RuleViolation("posting.not_open", _("You have left this site already."))
    if last_day < posting.joined_on:
        raise RuleViolation("posting.before_joining", _("The last day cannot be before your first day."))
    if last_day > site_date(now) + LONGEST_AHEAD:
        raise RuleViolation("posting.far_ahead", _("This day is too far ahead. Check year and month."))
    return _note(posting, Kind.LEAVING, actor, now, text=text, last_day=last_day)


def _check_reason(kind: str, reason: str) -> None:
    if reason not in REASONS[kind]:
        raise RuleViolation("notice.reason", _("Choose what it is."))


def _answer(posting: Posting, actor: Actor, now: datetime, **what: datetime) -> None:
    """Set the answer if there is none yet; of two taps one counts."""
    done = Posting.objects.filter(
        project=posting.project_id, pk=posting.pk, acknowledged_at=None, denied_at=None
    ).update(**what)
    if not done:
        raise RuleViolation("posting.answered", _("You have answered this already."))
    record_history(
        Posting, [posting.pk], kind="~", actor=actor, now=now, reason=f"worker {next(iter(what))}",
        project_id=posting.project_id,
    )  # fmt: skip


def _note(
    posting: Posting,
    kind: PostingNotice.Kind,
    actor: Actor,
    now: datetime,
    *,
    text: str = "",
    **fields: object,
) -> PostingNotice:
    try:
        with transaction.atomic():
            notice = PostingNotice.objects.create(
                project_id=posting.project_id,
                posting=posting,
                worker_id=posting.worker_id,
                kind=kind,
                terms=terms_of(posting),
                text=text.replace("\x00", "").strip()[:LONGEST_TEXT] or None,
                made_at=now,
                **fields,
            )
    except IntegrityError:
        raise RuleViolation("notice.open", _("You said so already. The clerk will look at it.")) from None
    append(
        KINDS[kind],
        project_id=posting.project_id,
        subject=notice_subject(notice),
        record=notice_record(notice),
        actor=actor,
        now=now,
    )
    return notice


@transaction.atomic
def handle_notice(
    project_id: int, notice_id: int, *, answer: str, ask_again: bool = False, actor: Actor, now: datetime
) -> PostingNotice:
    """The clerk answers what a worker said. `ask_again` takes a denial back to the worker: the posting is
    unanswered again, the denial stays in the evidence log.

    Raises NotFound, NotPermitted, RuleViolation `notice.handled`, `notice.answer`.
    """
    project = access_project(project_id, actor, permission="person.view", for_write=True)
    notice = PostingNotice.objects.select_related("posting").filter(project=project, pk=notice_id).first()
    seen = participations_for(actor, project, permission="person.view")
    if notice is None or not seen.filter(pk=notice.posting.participation_id).exists():
        not_found()
    may = participations_for(actor, project, permission="person.edit")
    if not may.filter(pk=notice.posting.participation_id).exists():
        not_permitted("person.edit")
    answer = answer.replace("\x00", "").strip()[:200]
    if not answer:
        raise RuleViolation("notice.answer", _("Write what was done. The worker reads it on the phone."))
    done = PostingNotice.objects.filter(project=project, pk=notice.pk, handled_at=None).update(
        handled_at=now, handled_by_id=actor.id, answer=answer
    )
    if not done:
        raise RuleViolation("notice.handled", _("This was answered already."))
    if ask_again and notice.kind == Kind.NOT_ME:
        Posting.objects.filter(project=project, pk=notice.posting_id).update(
            denied_at=None, asked_at=None, reminded_at=None
        )
        record_history(
            Posting, [notice.posting_id], kind="~", actor=actor, now=now, reason="worker asked again",
            project_id=project.pk,
        )  # fmt: skip
    _tell(notice, now)
    notice.refresh_from_db()
    return notice


def _tell(notice: PostingNotice, now: datetime) -> None:
    worker = Worker.objects.filter(pk=notice.worker_id, phone_index__isnull=False).first()
    if worker is None or not worker.phone:
        return
    text = gettext("[%(brand)s] The site has answered what you said. Sign in with this number and look.")
    key = f"notice:{notice.project_id}.{notice.pk}"
    queue_many(
        [(worker.phone, text % {"brand": settings.WAGEWATCH_BRAND}, key)], kind="notice_answer", now=now
    )


_OPEN = """
  p.left_on IS NULL AND p.acknowledged_at IS NULL AND p.denied_at IS NULL AND p.registered_by <> 'self'
  AND p.worker_id = w.id AND w.phone_index IS NOT NULL
"""
_TO_ASK = f"""
SELECT p.id, p.project_id FROM registration_posting p JOIN registration_worker w ON {_OPEN}
WHERE p.asked_at IS NULL ORDER BY p.id LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED
"""  # noqa: S608 our own text
_TO_REMIND = f"""
SELECT p.id, p.project_id FROM registration_posting p JOIN registration_worker w ON {_OPEN}
JOIN registration_project pr ON pr.id = p.project_id
WHERE p.asked_at IS NOT NULL AND p.reminded_at IS NULL
  AND p.asked_at <= %(now)s - make_interval(days => coalesce(
        wagewatch_parameter('acknowledge.remind_after_days', pr.region_id, %(today)s)::text::int, 3))
  AND NOT EXISTS (SELECT 1 FROM registration_postingnotice n WHERE n.project_id = p.project_id
                  AND n.posting_id = p.id AND n.kind = 'wrong' AND n.handled_at IS NULL)
ORDER BY p.id LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED
"""  # noqa: S608 our own text


def ask_workers(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Ask by text message about postings that their workers have not heard of, and remind once those who
    did not answer (parameter acknowledge.remind_after_days). Returns how many messages were queued."""
    asked = gettext(
        "[%(brand)s] A building site has registered you. Sign in with this number and say whether it is right."
    )
    again = gettext(
        "[%(brand)s] You have not said yet whether your work on a building site is right. Please sign in and answer."
    )
    return _send(_TO_ASK, "asked_at", asked, "ack", now, limit) + _send(
        _TO_REMIND, "reminded_at", again, "ack-again", now, limit
    )


@transaction.atomic
def _send(sql: str, field: str, text: str, key: str, now: datetime, limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "today": site_date(now), "limit": limit})
        found = cursor.fetchall()
    postings = Posting.objects.filter(pk__in=[pk for pk, _p in found], project__in={p for _pk, p in found})
    phones = postings.order_by("pk").values_list("project_id", "pk", "worker__phone")
    said = text % {"brand": settings.WAGEWATCH_BRAND}
    stamp = f"{now:%Y%m%d}"
    messages = [(phone, said, f"{key}:{project}.{pk}.{stamp}") for project, pk, phone in phones if phone]
    if messages:
        queue_many(messages, kind="acknowledge", now=now)
    postings.update(**{field: now})
    return len(messages)


def waiting_for_worker(worker_id: int) -> list[Posting]:
    """Open postings that others registered and the worker has not answered, without those on which a note
    of theirs waits for the clerk; oldest first."""
    waits = PostingNotice.objects.filter(worker_id=worker_id, kind=Kind.WRONG, handled_at=None).values_list(
        "posting_id", flat=True
    )
    return list(
        Posting.objects.filter(worker_id=worker_id, left_on=None, acknowledged_at=None, denied_at=None)
        .exclude(registered_by="self")
        .exclude(pk__in=waits)
        .select_related("project", "participation__organisation", "team")
        .order_by("joined_on", "pk")
    )


def open_by_project(actor: Actor) -> list[dict[str, Any]]:
    """Notices that wait on all the clerk's projects: project_id, project__name and _en, number, denied, leaving,
    since; one query."""
    mine = organisations_with(actor, PERMISSIONS["person.edit"])
    led = Participation.objects.filter(
        project=OuterRef("project_id"), organisation__in=mine, role=Participation.Role.GENERAL_CONTRACTOR
    )
    part = "posting__participation__"
    own = Q(**{f"{part}organisation__in": mine}) | Q(
        **{f"{part}parent__organisation__in": mine, f"{part}parent__role__in": OWN_PART_ONLY}
    )
    found = PostingNotice.objects.filter(Q(Exists(led)) | own, handled_at=None).exclude(kind=Kind.RIGHT)
    rows = (
        found.order_by()
        .values("project_id", "project__name", "project__name_en")
        .annotate(
            number=Count("pk", distinct=True),
            denied=Count("pk", filter=Q(kind=Kind.NOT_ME), distinct=True),
            leaving=Count("pk", filter=Q(kind=Kind.LEAVING), distinct=True),
            since=Min("made_at"),
        )
    )
    return [dict(row) for row in rows]
