"""Who the gates of a project let in, by the project's own numbers: no identity number travels.

A list may be told whole or as what changed since a version. For the latter only digests of the older list are
kept (`services/list_versions.py`): enough to tell which numbers changed, and nothing about a person.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import override

from devices.models import SiteBadge
from devices.protocols.cards import card_index
from devices.services.faces import faces_wanted
from registration.models import CitizenCard, Posting
from registration.rules.citizen_cards import ENDED
from registration.rules.entry import SHORT
from registration.services.entry import standings
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import mask_name

REMOVED_FOR = timedelta(days=400)
"""How long a number that left is still named, so that a terminal that was away removes it too."""


def allow_list(project_id: int, *, now: datetime) -> dict[str, Any]:
    """version, people [{pin, name, from, until}], denied [{pin, reason, text}] and the removed pins.

    `until` is the last day, or null. Who is denied entry by the region's conditions is not among the people;
    `reason` is the code of the first thing that denies, `text` a few Chinese words for the gate's display.
    Denied is not removed: a terminal may keep the face it learned, and the next list may let the person in.
    Who carries a badge has its number in `badges`; `badges_ended` [{badge, reason}] are those that open nothing
    whatever a terminal knows of them: lost, returned, or of somebody who left. It is always told whole.
    Who said something about their face at the gates has it in `face`: the name of the picture that gates fetch
    (`services.faces.picture_of`), or "" for who wants none, so that a gate deletes what it has.
    Who has a citizen card carries `card_indexes`, digests of its number under `card_key` (protocols.cards).
    `complete` says that this is the whole list. The version is a digest of the content: equal lists have equal versions, whoever changed what in between.
    """
    today = site_date(now)
    rows = list(
        Posting.objects.filter(project_id=project_id)
        .filter(Q(left_on=None) | Q(left_on__gte=today - REMOVED_FOR))
        .order_by("pin")
        .values_list("pin", "worker__name", "joined_on", "left_on", "worker_id", "pk")
    )
    key = card_key(project_id)
    cards = _cards([row[4] for row in rows], key)
    faces = faces_wanted(project_id)
    carried, ended = _badges(project_id, now=now)
    here: set[int] = set()
    people, removed, denied = [], [], []
    found = standings(project_id, on=today, denials_only=True)
    barred = {s.pin: s.findings[0].code for s in found if not s.may_enter}
    with override("zh-hans"):
        texts = {code: str(SHORT[code]) for code in set(barred.values())}
    for pin, name, joined_on, left_on, worker_id, posting_id in rows:
        known: dict[str, Any] = {"card_indexes": cards[worker_id]} if worker_id in cards else {}
        if worker_id in carried:
            known["badges"] = [carried[worker_id]]
        if posting_id in faces:
            known["face"] = faces[posting_id]
        if left_on is not None and left_on < today:
            removed.append(pin)
            continue
        here.add(worker_id)
        if pin in barred:
            denied.append({"pin": pin, "reason": barred[pin], "text": texts[barred[pin]], **known})
        else:
            until = left_on.isoformat() if left_on else None
            people.append(
                {
                    "pin": pin,
                    "name": mask_name(name),
                    "from": joined_on.isoformat(),
                    "until": until,
                    **known,
                }
            )
    ended |= {number: "removed" for worker_id, number in carried.items() if worker_id not in here}
    badges_ended = [{"badge": number, "reason": why} for number, why in sorted(ended.items())]
    version = hashlib.sha256(repr((people, removed, denied, badges_ended)).encode()).hexdigest()[:16]
    return {
        "version": version,
        "complete": True,
        "card_key": key.hex(),
        "people": people,
        "denied": denied,
        "removed": removed,
        "badges_ended": badges_ended,
    }


def card_key(project_id: int) -> bytes:
    """The key of a project's card digests, which its terminals get with the list; it opens nothing else."""
    return blind_index(str(project_id), kind="gate.cards")


def _cards(workers: list[int], key: bytes) -> dict[int, list[str]]:
    """Digests of the cards in people's hands, by person."""
    rows = (
        CitizenCard.objects.filter(number__isnull=False, worker__in=workers)
        .exclude(state__in=ENDED)
        .order_by("worker_id", "pk")
        .values_list("worker_id", "number")
    )
    found: dict[int, list[str]] = {}
    for worker_id, number in rows:
        found.setdefault(worker_id, []).append(card_index(key, str(number)))
    return found


def _badges(project_id: int, *, now: datetime) -> tuple[dict[int, str], dict[str, str]]:
    """The badge that each person carries, and why each other one opens nothing."""
    rows = (
        SiteBadge.objects.filter(project_id=project_id)
        .filter(Q(ended_at=None) | Q(state=SiteBadge.State.LOST) | Q(ended_at__gte=now - REMOVED_FOR))
        .order_by("issued_at", "pk")
        .values_list("number", "worker_id", "state")
    )
    carried: dict[int, str] = {}
    ended: dict[str, str] = {}
    for number, worker_id, state in rows:
        if state == SiteBadge.State.ISSUED:
            carried[worker_id] = number
        else:
            ended[number] = f"badge_{state}"
    for number in carried.values():
        ended.pop(number, None)
    return carried, ended


def digests(answer: Mapping[str, Any]) -> dict[str, str]:
    """For each number of a whole list a digest of what the list says of it."""
    found = {
        str(row["pin"]): _digest((part, *row.values()))
        for part in ("people", "denied")
        for row in answer[part]
    }
    return found | {str(pin): "removed" for pin in answer["removed"]}


def _digest(value: tuple[Any, ...]) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=6).hexdigest()


def changes_since(answer: Mapping[str, Any], since: str, before: Mapping[str, str]) -> dict[str, Any] | None:
    """What to do to a list of version `since`, whose digests are `before`, to get this one.

    Each number named leaves the part it stood in and stands where it is named; all others stay. None where that
    cannot say it: a number that left so long ago that the list no longer names it.
    """
    now = digests(answer)
    if before.keys() - now.keys():
        return None
    changed = {pin for pin, digest in now.items() if before.get(pin) != digest}
    return {
        "version": answer["version"],
        "since": since,
        "complete": False,
        "card_key": answer.get("card_key", ""),
        "people": [row for row in answer["people"] if str(row["pin"]) in changed],
        "denied": [row for row in answer["denied"] if str(row["pin"]) in changed],
        "removed": [pin for pin in answer["removed"] if str(pin) in changed],
        "badges_ended": answer.get("badges_ended", []),
    }
