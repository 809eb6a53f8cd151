"""Make a version of a site's notice board; all versions are kept."""

import hashlib
import json
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.access import access_board, leads_project
from payroll.board_records import BOARD, board_record, board_subject
from payroll.board_rules import BoardCode, missing_lines
from payroll.models import NoticeBoard
from payroll.services.board_facts import Content, gather
from registration.access import access_project, not_permitted
from registration.actors import Actor
from registration.models import Project
from wagewatch.evidence.services import append
from wagewatch.lib.dates import first_of_month, parse_month, site_date
from wagewatch.lib.errors import RuleViolation


def code_of(board: NoticeBoard) -> BoardCode:
    """What the QR code of a version says."""
    return BoardCode(board.project_id, board.number, board.edition)


def content_of(board: NoticeBoard) -> Content:
    """What a version says, as it was printed."""
    found: Content = json.loads(str(board.content))
    return found


def is_same(board: NoticeBoard, content: Content) -> bool:
    """Whether a version says the same but for its day."""
    old = content_of(board)
    return {**old, "made_on": "", "replace_by": ""} == {**content, "made_on": "", "replace_by": ""}


@transaction.atomic
def make_board(project_id: int, *, actor: Actor, now: datetime) -> NoticeBoard:
    """Make the board of this month from the records as they stand; what is missing is noted and does not hinder.

    Raises RuleViolation `board.done` for a finished project, `board.same_day` when the day's version says the same,
    NotFound, NotPermitted.
    """
    access_board(project_id, actor)
    project = access_project(project_id, actor, for_write=True)
    if not leads_project(actor, project, permission="board.make"):
        not_permitted("board.make")
    if project.state == Project.State.DONE:
        raise RuleViolation("board.done", _("The works are finished. Their board needs no new version."))
    today = site_date(now)
    content = gather(project, today=today)
    newest = NoticeBoard.objects.filter(project=project).order_by("-number").first()
    if newest is not None and newest.made_on == today and is_same(newest, content):
        raise RuleViolation(
            "board.same_day",
            _("Version %(number)s of today says the same. Print that one."),
            number=newest.number,
        )
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    board = NoticeBoard.objects.create(
        project=project,
        number=newest.number + 1 if newest else 1,
        edition=first_of_month(today),
        wage_month=parse_month(content["list"]["month"]),
        made_on=today,
        people=len(content["list"]["people"]),
        missing=missing_lines(content),
        content=text,
        content_sha256=hashlib.sha256(text.encode()).digest(),
        made_by_id=actor.id if actor.kind == "user" else None,
        made_at=now,
    )
    append(
        BOARD,
        project_id=project.pk,
        subject=board_subject(board),
        record=board_record(board),
        actor=actor,
        now=now,
    )
    return board
