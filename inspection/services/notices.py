"""Tell people about alarms, once each: in the app, by text message and by e-mail, at once or once a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from inspection.alarms.catalogue import RULES
from inspection.models import Alarm, Level, Notice, NoticeChoice
from inspection.services.audience import Offices, firms_told
from inspection.services.mail import Letter, mail_is_on, queue_letters
from payroll.services.who import user_of
from registration.access import not_found
from registration.actors import Actor
from registration.models import User
from registration.office_names import office_name
from registration.services.messages import queue_many
from registration.services.parameters import parameter
from wagewatch.lib.dates import SITE_TZ, site_date
from wagewatch.lib.errors import RuleViolation

Kind = Notice.Kind
BATCH = 200
SMS_KIND = "alarm"
LANGUAGE = "zh-hans"
SECONDS_KEPT: float | None = 60
"""How long a number of unread notices is remembered."""
"""Of messages outside the app, which know no reader's language."""


@dataclass(frozen=True)
class Note:
    """What one person is to be told; told before under the same key, it is passed over.

    `firm` names the firm that it is about instead of the project under which it is filed; `step` is what was done.
    """

    user: int
    project: int
    kind: str
    level: int
    key: str
    alarm: int | None = None
    rule: str = ""
    period: str = ""
    firm: str = ""
    step: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What its words are made of."""
        facts = {"rule": self.rule, "period": self.period}
        return facts | {k: v for k, v in (("firm", self.firm), ("step", self.step)) if v}


def note_of(alarm: Alarm, user: int, kind: str, key: str) -> Note:
    """A note about an alarm; `key` is completed by alarm and round."""
    return Note(
        user=user,
        project=alarm.project_id,
        kind=kind,
        level=alarm.level,
        key=f"{kind}:{alarm.pk}:{alarm.round}:{key}",
        alarm=alarm.pk,
        rule=alarm.rule,
        period=alarm.period,
    )


def message_key(user: int, key: str) -> str:
    """By which text message and letter of a notice are found, and are never written twice."""
    return f"notice:{user}:{key}"


def notify(notes: Iterable[Note], *, now: datetime) -> int:
    """Write the notices that are new, with their messages; how many. Call in the transaction of their cause."""
    wanted = {(note.user, note.project, note.key): note for note in notes}
    known = set(
        Notice.objects.filter(
            user__in={user for user, _project, _key in wanted},
            key__in={key for _user, _project, key in wanted},
        ).values_list("user_id", "project_id", "key")
    )
    fresh = [note for place, note in wanted.items() if place not in known]
    if not fresh:
        return 0
    users = {
        user.pk: user
        for user in User.objects.filter(pk__in={note.user for note in fresh}).select_related("notice_choice")
    }
    Notice.objects.bulk_create(
        [
            Notice(
                project_id=note.project,
                alarm_id=note.alarm,
                user_id=note.user,
                kind=note.kind,
                level=note.level,
                key=note.key,
                facts=note.facts,
                made_at=now,
                held=_holds(users[note.user], note),
            )
            for note in fresh
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    _send_out([(users[note.user], note) for note in fresh if not _holds(users[note.user], note)], now)
    forget_unread(note.user for note in fresh)
    return len(fresh)


def choice_of(user: User) -> NoticeChoice:
    """How the person wants to be told; what holds without a choice."""
    return getattr(user, "notice_choice", None) or NoticeChoice(user=user)


def _holds(user: User, note: Note) -> bool:
    """Whether it waits for the daily summary. Red never waits."""
    return choice_of(user).daily and note.level < Level.RED


def _send_out(told: Sequence[tuple[User, Note]], now: datetime) -> None:
    texts: list[tuple[str, str, str]] = []
    letters: list[Letter] = []
    with override(LANGUAGE):
        for user, note in told:
            choice, key = choice_of(user), message_key(user.pk, note.key)
            level = {1: _("yellow"), 2: _("orange"), 3: _("red")}[note.level]
            # A phone may be in other hands: neither names nor amounts.
            text = _("%(brand)s: %(what)s (%(level)s). Sign in to read it.") % {
                "brand": settings.WAGEWATCH_BRAND,
                "what": str(Kind(note.kind).label),
                "level": level,
            }
            if user.phone and choice.by_sms:
                texts.append((str(user.phone), text, key))
            if choice.by_mail and choice.mail and mail_is_on():
                rule = RULES.get(note.rule)
                body = f"{text}\n\n{rule.title if rule else ''} {note.period}\n{settings.WAGEWATCH_ADDRESS}\n"
                letters.append((user.pk, str(choice.mail), text, body, key))
    if texts:
        queue_many(texts, kind=SMS_KIND, now=now)
    if letters:
        queue_letters(letters, now=now)


def tell_alarms(*, now: datetime) -> int:
    """Tell of alarms that opened, came back or rose, each level once a round; how many notices were written.

    Each batch is one transaction: what a kill interrupts is told again from the start, and only once.
    """
    told, offices = 0, Offices()
    while True:
        with transaction.atomic():
            batch = list(
                Alarm.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("project")
                .filter(state=Alarm.State.OPEN, level__gt=F("round_told"), paused_until=None)
                .exclude(stage=Alarm.Stage.ANSWERED)
                .order_by("pk")[:BATCH]
            )
            if not batch:
                return told
            firms = firms_told(batch)
            told += notify(
                [
                    note_of(alarm, user, Kind.ALARM, str(alarm.level))
                    for alarm in batch
                    for user in sorted(firms[alarm.pk] | offices.told(alarm))
                ],
                now=now,
            )
            for alarm in batch:
                alarm.round_told = alarm.level
                alarm.told_level = max(alarm.told_level, alarm.level)
            Alarm.objects.bulk_update(batch, ["round_told", "told_level"])


def summarise(*, now: datetime) -> int:
    """Send each person with a daily summary one message about what waits for it, at the region's hour; how many."""
    hour = int(parameter("notice.summary_hour", region_code="", on=site_date(now), default=8))
    if now.astimezone(SITE_TZ).hour < hour:
        return 0
    waiting = list(
        Notice.objects.filter(held=True).order_by("user").values_list("user_id", flat=True).distinct("user")
    )
    return sum(_summary(user, now) for user in waiting)


@transaction.atomic
def _summary(user_pk: int, now: datetime) -> int:
    user = (
        User.objects.select_for_update(of=("self",), no_key=True)
        .select_related("notice_choice")
        .get(pk=user_pk)
    )
    day = site_date(now)
    held = Notice.objects.filter(user=user, held=True)
    key = f"summary:{user.pk}:{day}"
    choice = choice_of(user)
    if choice.summed_on == day:  # what came since then waits for tomorrow's
        return 0
    count = held.count()
    if not count:
        return 0
    with override(LANGUAGE):
        text = ngettext(
            "%(brand)s: %(n)s new notice. Sign in to read it.",
            "%(brand)s: %(n)s new notices. Sign in to read them.",
            count,
        ) % {"brand": settings.WAGEWATCH_BRAND, "n": count}
    if user.phone and choice.by_sms:
        queue_many([(str(user.phone), text, key)], kind=SMS_KIND, now=now)
    if choice.by_mail and choice.mail and mail_is_on():
        queue_letters(
            [(user.pk, str(choice.mail), text, f"{text}\n{settings.WAGEWATCH_ADDRESS}\n", key)], now=now
        )
    held.update(held=False)
    NoticeChoice.objects.filter(user=user).update(summed_on=day)
    return 1


def unread(user: int) -> int:
    """How many notices the person has not opened; remembered for a minute."""
    return int(
        cache.get_or_set(
            f"unread:{user}",
            lambda: Notice.objects.filter(user=user, read_at=None).count(),
            timeout=SECONDS_KEPT,
        )
        or 0
    )


def forget_unread(users: Iterable[int]) -> None:
    """Count anew once this transaction has committed."""
    keys = [f"unread:{user}" for user in set(users)]
    transaction.on_commit(lambda: cache.delete_many(keys), robust=True)


@transaction.atomic
def open_notice(pk: int, *, actor: Actor, now: datetime) -> Notice:
    """The person opens one of the own notices: it counts as read from now on. NotFound for others'."""
    user = user_of(actor)
    notice = Notice.objects.select_related("project").filter(pk=pk, user=user).first()
    if notice is None:
        not_found()
    _read(Q(pk=pk), user, now)
    return notice


def read_about(alarm: int, *, actor: Actor, now: datetime) -> None:
    """The person looks at the alarm itself: its notices count as read."""
    if actor.kind == "user" and actor.id is not None:
        _read(Q(alarm=alarm), actor.id, now)


def read_all(*, actor: Actor, now: datetime) -> int:
    """All of the person's notices count as read; how many were not."""
    return _read(Q(), user_of(actor), now)


def _read(which: Q, user: int, now: datetime) -> int:
    changed = Notice.objects.filter(which, user=user, read_at=None).update(read_at=now, held=False)
    if changed:
        forget_unread([user])
    return changed


@transaction.atomic
def choose(
    *, by_sms: bool, by_mail: bool, mail: str, daily: bool, actor: Actor, now: datetime
) -> NoticeChoice:
    """The person says how to be told. Raises RuleViolation `notice.mail` for an address that is none."""
    user, mail = user_of(actor), mail.strip()
    if by_mail or mail:
        try:
            validate_email(mail)
        except ValidationError:
            raise RuleViolation(
                "notice.mail", gettext_lazy("Write the address like name@example.com.")
            ) from None
    choice, _is_new = NoticeChoice.objects.update_or_create(
        user_id=user,
        defaults={"by_sms": by_sms, "by_mail": by_mail, "mail": mail, "daily": daily, "changed_at": now},
    )
    return choice


def told_of(alarm: Alarm) -> list[dict[str, Any]]:
    """Who was told of an alarm, of the present round, the newest first: name, firm or office, when, read when."""
    rows = (
        Notice.objects.filter(alarm=alarm.pk, project=alarm.project_id, kind__in=(Kind.ALARM, Kind.ESCALATED))
        .select_related("user")
        .prefetch_related("user__memberships__organisation", "user__memberships__authority")
        .order_by("-made_at", "user__name", "pk")
    )
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(
            row.user_id,
            {"name": row.user.name, "body": body_of(row.user), "at": row.made_at, "read": row.read_at},
        )
    return list(found.values())


def body_of(user: User) -> str:
    """The person's firm or office, short; give users with their memberships prefetched."""
    for one in user.memberships.all():
        if one.is_active:
            if one.authority:
                return office_name(one.authority)
            return str(one.organisation and (one.organisation.short_name or one.organisation.name))
    return ""
