"""Where the notice boards stand: the newest version, and the newest look that says something about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from payroll.models import BoardCheck, NoticeBoard
from payroll.services.board_facts import stale_after_days
from registration.models import Project


@dataclass(frozen=True)
class BoardState:
    """Where a project's board stands: its newest version, and the newest look that says something about it.

    `code` is one of never (no version), unseen (no picture yet), fresh, stale, missing.
    """

    newest: NoticeBoard | None
    shown: BoardCheck | None
    last: BoardCheck | None
    code: str


TELLING = (BoardCheck.Verdict.FRESH, BoardCheck.Verdict.STALE, BoardCheck.Verdict.MISSING)
"""Verdicts that say whether the board hangs; a blurred picture says nothing."""


def state_of(newest: NoticeBoard | None, checks: list[BoardCheck], *, today: date, days: int) -> BoardState:
    """The state from a project's checks, newest first."""
    last = checks[0] if checks else None
    telling = next((c for c in checks if c.verdict in TELLING), None)
    if telling is None:
        return BoardState(newest, None, last, "unseen" if newest else "never")
    if telling.verdict == BoardCheck.Verdict.MISSING or telling.made_on is None:
        return BoardState(newest, telling, last, "missing")
    age = (today - telling.made_on).days
    return BoardState(newest, telling, last, "stale" if age > days else "fresh")


def load_states(projects: Iterable[Project], *, today: date) -> dict[int, BoardState]:
    """Project → where its board stands. Two queries, however many projects; `last` is the newest telling look."""
    wanted = list(projects)
    newest = {
        board.project_id: board
        for board in NoticeBoard.objects.filter(project__in=wanted)
        .order_by("project", "-number")
        .distinct("project")
        .defer("content")
    }
    looks = {
        check.project_id: check
        for check in BoardCheck.objects.filter(project__in=wanted, verdict__in=TELLING)
        .order_by("project", "-number")
        .distinct("project")
    }
    found = {}
    for project in wanted:
        checks = [looks[project.pk]] if project.pk in looks else []
        days = stale_after_days(project, today)
        found[project.pk] = state_of(newest.get(project.pk), checks, today=today, days=days)
    return found
