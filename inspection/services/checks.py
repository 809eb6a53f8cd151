"""A random check from the draw to the publication. The project learns of it when the inspectors stand at its gate."""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from inspection.check_access import access_check
from inspection.check_records import RESULT, result_record, result_subject
from inspection.models import CheckPhoto, RandomCheck
from inspection.typed import whole
from payroll.services.who import user_of
from registration.access import not_found, not_permitted
from registration.actors import Actor
from registration.models import StoredFile
from registration.services.files import open_picture, store_file
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

State = RandomCheck.State
ANSWERS = ("ok", "bad", "none")
MOST_PHOTOS = 20
MOST_BYTES = 10 * 1024 * 1024
NOTE, SUMMARY, REASON, DRAFT = 500, 500, 300, 5000
"""Characters of a note, of the conclusion, of a reason, and of a text that is still a draft."""
LONGEST = timedelta(days=366)


def _is_of_team(check: RandomCheck, actor: Actor) -> bool:
    return actor.kind == "user" and actor.id in (check.first_id, check.second_id)


def _mine(draw_id: int, project_id: int, actor: Actor) -> RandomCheck:
    """The check, locked, for one of its two inspectors."""
    check = access_check(draw_id, project_id, actor, for_write=True)
    if not _is_of_team(check, actor):
        not_permitted("check.carry_out")
    return check


def _answers(check: RandomCheck, typed: dict[str, Any], *, draft: bool = False) -> dict[str, Any]:
    """What was typed. Raises Malformed `check.note_long`, `check.summary_long`, `check.no_photo_long`."""
    rows = []
    for number, _item in enumerate(check.draw.items):
        answer = str(typed.get(f"answer_{number}", ""))
        row = {
            "answer": answer if answer in ANSWERS else "",
            "note": whole(
                typed.get(f"note_{number}", ""), DRAFT if draft else NOTE, "check.note_long", number=number
            ),
        }
        why = whole(
            typed.get(f"no_photo_{number}", ""),
            DRAFT if draft else REASON,
            "check.no_photo_long",
            number=number,
        )
        rows.append(row | ({"no_photo": why} if why else {}))
    said = whole(typed.get("summary", ""), DRAFT if draft else SUMMARY, "check.summary_long")
    return {"rows": rows, "summary": said}


@transaction.atomic
def save_draft(
    draw_id: int, project_id: int, typed: dict[str, Any], *, actor: Actor, now: datetime
) -> RandomCheck:
    """Keep what was typed so far, by whichever of the two, also what is still too long to be handed in.

    Raises Malformed `check.…_long`, RuleViolation `check.over`, NotFound, NotPermitted.
    """
    check = _mine(draw_id, project_id, actor)
    if check.state != State.PLANNED:
        raise RuleViolation("check.over", _("This check was handed in already. Nothing was changed."))
    check.draft = {**_answers(check, typed, draft=True), "by": actor.id, "at": now.isoformat()}
    check.save(update_fields=["draft"])
    return check


@transaction.atomic
def add_photo(
    draw_id: int, project_id: int, data: bytes, *, item: int | None = None, actor: Actor, now: datetime
) -> CheckPhoto:
    """Keep a photo of the site, or of one item, once.

    Raises Malformed `picture.…`, `check.item`, RuleViolation `check.over`, `check.photos`.
    """
    check = _mine(draw_id, project_id, actor)
    if check.state != State.PLANNED:
        raise RuleViolation("check.over", _("This check was handed in already. Nothing was changed."))
    if item is not None and not 0 <= item < len(check.draw.items):
        raise Malformed("check.item", _("This check has no such item. Load the page again."))
    if len(data) > MOST_BYTES:
        raise Malformed(
            "picture.too_large", _("This picture is larger than 10 MB. Take it with less resolution.")
        )
    open_picture(data)
    photos = CheckPhoto.objects.filter(project=check.project_id, draw=check.draw_id)
    digest = hashlib.sha256(data).digest()
    same = photos.filter(sha256=digest, item=item).first()
    if same is not None:
        return same  # sent again after the network broke
    count = photos.count()
    if count >= MOST_PHOTOS:
        raise RuleViolation("check.photos", _("At most %(most)s photos for one check."), most=MOST_PHOTOS)
    file = store_file(
        f"check-{draw_id}-{project_id}-{count + 1}.jpg",
        data,
        kind=StoredFile.Kind.PHOTO,
        actor=actor,
        now=now,
    )
    return CheckPhoto.objects.create(
        project_id=check.project_id,
        draw_id=check.draw_id,
        number=count + 1,
        item=item,
        sha256=digest,
        file=file,
        made_by_id=user_of(actor),
        made_at=now,
    )


@transaction.atomic
def submit_check(
    draw_id: int, project_id: int, typed: dict[str, Any], *, visited_on: date, actor: Actor, now: datetime
) -> RandomCheck:
    """One inspector hands the form in; the other then signs it.

    Raises Malformed `check.answer` for an item without an answer, `check.note` for a fault without words,
    `check.photo` for one without a photo or the reason why there is none, `check.…_long`, `check.summary`, `check.visited`; RuleViolation `check.over`.
    """
    check = _mine(draw_id, project_id, actor)
    if check.state != State.PLANNED:
        raise RuleViolation("check.over", _("This check was handed in already. Nothing was changed."))
    found = _answers(check, typed)
    shown = set(
        CheckPhoto.objects.filter(project=check.project_id, draw=check.draw_id).values_list("item", flat=True)
    )
    for number, row in enumerate(found["rows"]):
        title = check.draw.items[number]["title"]
        if not row["answer"]:
            raise Malformed("check.answer", _("Answer “%(item)s”."), item=title, number=number)
        if row["answer"] == "bad" and not row["note"]:
            raise Malformed(
                "check.note", _("Write what is wrong with “%(item)s”."), item=title, number=number
            )
        if row["answer"] == "bad" and number not in shown and not row.get("no_photo"):
            raise Malformed(
                "check.photo",
                _("Take a photo of what is wrong with “%(item)s”, or write why there is none."),
                item=title,
                number=number,
            )
        if row["answer"] != "bad" or number in shown:
            row.pop("no_photo", None)
    if not found["summary"]:
        raise Malformed("check.summary", _("Write what the check came to."))
    if not site_date(check.draw.drawn_at) <= visited_on <= site_date(now):
        raise Malformed("check.visited", _("The day of the visit lies between the draw and today."))
    check.results = [
        {"item": item["title"], **row} for item, row in zip(check.draw.items, found["rows"], strict=True)
    ]
    check.summary = found["summary"]
    check.visited_on = visited_on
    check.state = State.SUBMITTED
    check.submitted_by_id, check.submitted_at = actor.id, now
    check.draft = {}
    check.save(
        update_fields=[
            "results",
            "summary",
            "visited_on",
            "state",
            "submitted_by",
            "submitted_at",
            "draft",
        ]
    )
    return check


@transaction.atomic
def confirm_check(draw_id: int, project_id: int, *, actor: Actor, now: datetime) -> RandomCheck:
    """The second inspector signs what the first handed in. Raises RuleViolation `check.not_submitted`, `check.same_hand`."""
    check = _mine(draw_id, project_id, actor)
    if check.state != State.SUBMITTED:
        raise RuleViolation("check.not_submitted", _("There is nothing to sign. Load the page again."))
    if check.submitted_by_id == actor.id:
        raise RuleViolation("check.same_hand", _("Two inspectors check: the other one signs."))
    check.state = State.CONFIRMED
    check.confirmed_by_id, check.confirmed_at = actor.id, now
    check.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    _append_result(check, actor, now)
    return check


@transaction.atomic
def drop_check(draw_id: int, project_id: int, *, reason: str, actor: Actor, now: datetime) -> RandomCheck:
    """A check that cannot be carried out (site closed, an interest found at the gate), by one of its inspectors.

    The reason is published. Raises Malformed `check.reason`, RuleViolation `check.over`.
    """
    check = _mine(draw_id, project_id, actor)
    why = whole(reason, REASON, "check.reason")
    if not why:
        raise Malformed("check.reason", _("Write why it is not carried out. It is published."))
    if check.state != State.PLANNED:
        raise RuleViolation("check.over", _("This check was handed in already. Nothing was changed."))
    check.state = State.DROPPED
    check.summary = why
    check.confirmed_by_id, check.confirmed_at = actor.id, now
    check.save(update_fields=["state", "summary", "confirmed_by", "confirmed_at"])
    _append_result(check, actor, now)
    return check


def _append_result(check: RandomCheck, actor: Actor, now: datetime) -> None:
    append(
        RESULT,
        project_id=check.project_id,
        subject=result_subject(check),
        record=result_record(check, photo_digests(check)),
        actor=actor,
        now=now,
    )


def photo_digests(check: RandomCheck) -> list[str]:
    """SHA-256 of the photos, in their order."""
    photos = CheckPhoto.objects.filter(project=check.project_id, draw=check.draw_id).order_by("number")
    return [bytes(digest).hex() for digest in photos.values_list("sha256", flat=True)]


def open_check_photo(draw_id: int, project_id: int, number: int, *, actor: Actor) -> StoredFile:
    """A photo of a check within reach. NotFound."""
    check = access_check(draw_id, project_id, actor)
    photo = (
        CheckPhoto.objects.select_related("file")
        .filter(project=check.project_id, draw=check.draw_id, number=number)
        .first()
    )
    if photo is None:
        not_found()
    return photo.file
