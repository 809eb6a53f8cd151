"""What the evidence log holds about notice boards: each version, each look at one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from payroll.models import BoardCheck, NoticeBoard
from wagewatch.evidence.registry import register_kind

BOARD = "board.made"
CHECK = "board.check"
Record = Mapping[str, object]


def board_subject(board: NoticeBoard) -> str:
    """E.g. "board:3.4" (project, version)."""
    return f"board:{board.project_id}.{board.number}"


def check_subject(check: BoardCheck) -> str:
    """E.g. "board-check:3.7" (project, number)."""
    return f"board-check:{check.project_id}.{check.number}"


def board_record(board: NoticeBoard) -> Record:
    """The version with the digest of all it says."""
    return {
        "project": board.project_id,
        "number": board.number,
        "edition": board.edition,
        "made_on": board.made_on,
        "people": board.people,
        "content": bytes(board.content_sha256).hex(),
        "made_at": board.made_at,
    }


def check_record(check: BoardCheck) -> Record:
    """The look with the digest of its picture."""
    return {
        "project": check.project_id,
        "number": check.number,
        "source": check.source,
        "verdict": check.verdict,
        "board": check.board_number,
        "made_on": check.made_on,
        "seen_on": check.seen_on,
        "photo": bytes(check.photo_sha256).hex() if check.photo_sha256 else "",
        "note": check.note,
        "made_at": check.made_at,
    }


def _keys(subjects: Sequence[str], head: str) -> list[tuple[int, int]]:
    found = []
    for subject in subjects:
        project, _dot, number = subject.removeprefix(head).partition(".")
        if subject.startswith(head) and project.isdigit() and number.isdigit():
            found.append((int(project), int(number)))
    return found


def _rows(model: Any, subjects: Sequence[str], head: str) -> list[Any]:
    wanted = set(_keys(subjects, head))
    rows = model.objects.filter(
        project_id__in={project for project, _number in wanted},
        number__in={number for _project, number in wanted},
    )
    return [row for row in rows if (row.project_id, row.number) in wanted]


def _load_boards(subjects: Sequence[str]) -> Mapping[str, Record]:
    return {board_subject(b): board_record(b) for b in _rows(NoticeBoard, subjects, "board:")}


def _load_checks(subjects: Sequence[str]) -> Mapping[str, Record]:
    return {check_subject(c): check_record(c) for c in _rows(BoardCheck, subjects, "board-check:")}


def _expected(model: Any, head: str, project_id: int | None) -> Iterable[str]:
    rows = model.objects.all() if project_id is None else model.objects.filter(project_id=project_id)
    for project, number in rows.values_list("project_id", "number").iterator():
        yield f"{head}{project}.{number}"


def register() -> None:
    """Make the kinds known to the evidence log."""
    register_kind(
        BOARD,
        load_many=_load_boards,
        expected_subjects=lambda project: _expected(NoticeBoard, "board:", project),
        label=_("Notice board made"),
    )
    register_kind(
        CHECK,
        load_many=_load_checks,
        expected_subjects=lambda project: _expected(BoardCheck, "board-check:", project),
        label=_("Notice board looked at"),
    )
