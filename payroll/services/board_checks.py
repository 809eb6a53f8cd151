"""Looks at a notice board: a photo of clerk or inspector, a site camera's picture, an inspector's own eyes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from devices.services.terminals import KnownTerminal, note_contact
from payroll.access import access_board, board_projects, leads_project
from payroll.board_picture import codes_of, open_photo, small_copy
from payroll.board_records import CHECK, check_record, check_subject
from payroll.board_rules import Reading, reading_of, verdict_of
from payroll.models import BoardCheck, BoardPhoto, NoticeBoard
from payroll.services.board_facts import stale_after_days
from registration.access import not_permitted
from registration.actors import Actor
from registration.models import Project, StoredFile
from registration.services.files import store_file
from wagewatch.evidence.services import append
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation

Source, Verdict = BoardCheck.Source, BoardCheck.Verdict
DELETED_AT_ONCE = 500


@dataclass(frozen=True)
class Picture:
    """A photo that was read: its digest, the small copy to keep, the codes on it."""

    sha256: bytes
    small: bytes
    codes: tuple[str, ...]


def read_picture(data: bytes) -> Picture:
    """Decode a photo, before any row is locked. Raises Malformed `file.…`, `picture.…`."""
    picture = open_photo(data)
    return Picture(hashlib.sha256(data).digest(), small_copy(picture), tuple(codes_of(picture)))


def check_by_photo(
    project_id: int, picture: Picture, *, note: str = "", actor: Actor, now: datetime
) -> BoardCheck:
    """Record what a photo of the board shows; for the general contractor's clerks and inspectors.

    Raises RuleViolation `board.same_photo` for a picture that was sent before, NotFound, NotPermitted.
    """
    project = _project_to_check(project_id, actor)
    source = Source.INSPECTOR if actor.is_authority and not _leads(actor, project) else Source.CLERK
    return _record(project, source, picture, note=note, actor=actor, now=now)


def record_missing(project_id: int, *, note: str, actor: Actor, now: datetime) -> BoardCheck:
    """An inspector stood before the gate, and no board hangs. Raises Malformed `board.note`, NotFound, NotPermitted."""
    project = _project_to_check(project_id, actor)
    if not actor.is_authority:
        not_permitted("board.check")
    if not note.strip():
        raise Malformed("board.note", _("Say where you looked."))
    return _write(
        project, Source.INSPECTOR, Verdict.MISSING, None, picture=None, note=note, actor=actor, now=now
    )


@transaction.atomic
def check_by_camera(terminal: KnownTerminal, data: bytes, *, nonce: str, now: datetime) -> dict[str, Any]:
    """A site camera's picture, signed with the key of its terminal. A finding that the day knows already is answered
    and not written again, so a camera may send as often as it likes.

    Raises Malformed for what is no picture, NotSigned on a replay, NotPermitted for a revoked terminal.
    """
    note_contact(terminal, nonce, keep_queue=True, now=now)
    picture = read_picture(data)
    project = Project.objects.select_related("region").get(pk=terminal.project_id)
    reading = reading_of(picture.codes, project.pk)
    board = _board_of(project, reading)
    verdict = _verdict(project, reading, board, now)
    today = site_date(now)
    former = (
        BoardCheck.objects.filter(project=project, source=Source.CAMERA, seen_on=today)
        .order_by("-number")
        .first()
    )
    known = former is not None and (former.verdict, former.board_number) == (
        verdict,
        board.number if board else None,
    )
    kept = False
    if not known:
        try:
            with transaction.atomic():
                _record(
                    project,
                    Source.CAMERA,
                    picture,
                    note="",
                    actor=Actor("terminal", terminal.id),
                    now=now,
                    terminal_id=terminal.id,
                )
            kept = True
        except RuleViolation:
            kept = False  # the same picture came before, from whatever hand
    return {
        "verdict": verdict,
        "board": board.number if board else None,
        "edition": f"{board.edition:%Y-%m}" if board else None,
        "kept": kept,
    }


def _leads(actor: Actor, project: Project) -> bool:
    return leads_project(actor, project, permission="board.check")


def _project_to_check(project_id: int, actor: Actor) -> Project:
    access_board(project_id, actor)
    if not board_projects(actor, permission="board.check").filter(pk=project_id).exists():
        not_permitted("board.check")
    return access_board(project_id, actor, permission="board.check")


def _board_of(project: Project, reading: Reading) -> NoticeBoard | None:
    if reading.code is None:
        return None
    return NoticeBoard.objects.filter(
        project=project, number=reading.code.number, edition=reading.code.edition
    ).first()


def _verdict(
    project: Project, reading: Reading, board: NoticeBoard | None, now: datetime
) -> BoardCheck.Verdict:
    today = site_date(now)
    return Verdict(
        verdict_of(
            reading,
            board.made_on if board else None,
            today=today,
            days=stale_after_days(project.region_id, today),
        )
    )


@transaction.atomic
def _record(
    project: Project,
    source: str,
    picture: Picture,
    *,
    note: str,
    actor: Actor,
    now: datetime,
    terminal_id: int | None = None,
) -> BoardCheck:
    reading = reading_of(picture.codes, project.pk)
    board = _board_of(project, reading)
    return _write(
        project,
        source,
        _verdict(project, reading, board, now),
        board,
        picture=picture,
        note=note,
        actor=actor,
        now=now,
        terminal_id=terminal_id,
    )


@transaction.atomic
def _write(
    project: Project,
    source: str,
    verdict: str,
    board: NoticeBoard | None,
    *,
    picture: Picture | None,
    note: str,
    actor: Actor,
    now: datetime,
    terminal_id: int | None = None,
) -> BoardCheck:
    # Numbers are given one after another: who looks at the same time waits here. Nobody locks the project's row:
    # the supervision side may not, and two orders of locks would wait for each other.
    _lock(project)
    if picture is not None and _came_before(project, picture):
        raise RuleViolation(
            "board.same_photo", _("This picture was sent before. Take a new one in front of the board.")
        )
    number = (
        BoardCheck.objects.filter(project=project)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
        or 0
    ) + 1
    check = BoardCheck.objects.create(
        project=project,
        number=number,
        source=source,
        verdict=verdict,
        board_number=board.number if board else None,
        edition=board.edition if board else None,
        made_on=board.made_on if board else None,
        photo_sha256=picture.sha256 if picture else None,
        note=note.strip()[:200],
        made_by_id=actor.id if actor.kind == "user" else None,
        terminal_id=terminal_id,
        seen_on=site_date(now),
        made_at=now,
    )
    if picture is not None:
        file = store_file(
            f"board-{project.pk}-{number}.jpg",
            picture.small,
            kind=StoredFile.Kind.PHOTO,
            actor=actor,
            now=now,
        )
        BoardPhoto.objects.create(project=project, number=number, file=file, kept_since=now)
    append(
        CHECK,
        project_id=project.pk,
        subject=check_subject(check),
        record=check_record(check),
        actor=actor,
        now=now,
    )
    return check


def _lock(project: Project) -> None:
    """One look at a project's board after another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('board.check'), %s)", [project.pk % 2**31])


def _came_before(project: Project, picture: Picture) -> bool:
    return BoardCheck.objects.filter(project=project, photo_sha256=picture.sha256).exists()
