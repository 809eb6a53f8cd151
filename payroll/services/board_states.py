"""Where the notice boards stand: the newest version, and the newest look that says something about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

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
    look = (telling.verdict, telling.made_on) if telling else None
    return BoardState(newest, telling, last, _code(newest is not None, look, today=today, days=days))


def _code(has_board: bool, look: tuple[str, date | None] | None, *, today: date, days: int) -> str:
    """`look` is verdict and day of the board seen, of the newest look that tells; `days` until it is out of date."""
    if look is None:
        return "unseen" if has_board else "never"
    verdict, made_on = look
    if verdict == BoardCheck.Verdict.MISSING or made_on is None:
        return "missing"
    return "stale" if (today - made_on).days > days else "fresh"


def load_codes(projects: QuerySet[Project], *, today: date) -> list[tuple[int, str]]:
    """(project, code of its board's state) in the order of the projects; three queries that make no records, for lists
    that show a page of many."""
    rows = list(projects.values_list("pk", "region_id"))
    ids = [pk for pk, _region in rows]
    boards = set(
        NoticeBoard.objects.filter(project__in=ids).order_by().values_list("project", flat=True).distinct()
    )
    looks = {
        pk: (verdict, made_on)
        for pk, verdict, made_on in BoardCheck.objects.filter(project__in=ids, verdict__in=TELLING)
        .order_by("project", "-number")
        .distinct("project")
        .values_list("project", "verdict", "made_on")
    }
    days = {region: stale_after_days(region, today) for region in {region for _pk, region in rows}}
    return [(pk, _code(pk in boards, looks.get(pk), today=today, days=days[region])) for pk, region in rows]


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
        days = stale_after_days(project.region_id, today)
        found[project.pk] = state_of(newest.get(project.pk), checks, today=today, days=days)
    return found
