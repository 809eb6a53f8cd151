"""What the evidence log holds about random checks: each draw, each result."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspection.models import CheckDraw, CheckPhoto, RandomCheck

DRAWN = "check.drawn"
RESULT = "check.result"
Record = Mapping[str, object]
DONE = (RandomCheck.State.CONFIRMED, RandomCheck.State.DROPPED)


def draw_subject(draw: CheckDraw) -> str:
    """E.g. "draw:4"."""
    return f"draw:{draw.pk}"


def result_subject(check: RandomCheck) -> str:
    """E.g. "check:4.17" (draw, project)."""
    return f"check:{check.draw_id}.{check.project_id}"


def draw_record(draw: CheckDraw) -> Record:
    """The whole draw, as it can be repeated."""
    return {
        "authority": draw.authority_id,
        "number": draw.number,
        "from_on": draw.from_on,
        "until_on": draw.until_on,
        "algorithm": draw.algorithm,
        "seed": draw.seed,
        "count": draw.count,
        "lists": draw.lists,
        "items": draw.items,
        "outcome": draw.outcome,
        "drawn_at": draw.drawn_at,
    }


def result_record(check: RandomCheck, photos: Sequence[str]) -> Record:
    """What both signed, or why it was not carried out."""
    return {
        "draw": check.draw_id,
        "project": check.project_id,
        "state": check.state,
        "results": check.results,
        "summary": check.summary,
        "visited_on": check.visited_on,
        "by": [check.submitted_by_id, check.confirmed_by_id],
        "photos": list(photos),
        "submitted_at": check.submitted_at,
        "confirmed_at": check.confirmed_at,
    }


def _numbers(subjects: Sequence[str], head: str) -> list[tuple[int, ...]]:
    found = []
    for subject in subjects:
        parts = subject.removeprefix(head).split(".")
        if subject.startswith(head) and all(part.isdigit() for part in parts):
            found.append(tuple(int(part) for part in parts))
    return found


def load_draws(subjects: Sequence[str]) -> Mapping[str, Record]:
    """Records by subject, from today's rows."""
    wanted = [numbers[0] for numbers in _numbers(subjects, "draw:") if len(numbers) == 1]
    return {draw_subject(d): draw_record(d) for d in CheckDraw.objects.filter(pk__in=wanted)}


def load_results(subjects: Sequence[str]) -> Mapping[str, Record]:
    """Records by subject, from today's rows."""
    wanted = {numbers for numbers in _numbers(subjects, "check:") if len(numbers) == 2}
    checks = RandomCheck.objects.filter(draw__in={d for d, _p in wanted}, project__in={p for _d, p in wanted})
    photos: dict[tuple[int, int], list[str]] = {}
    for draw, project, digest in (
        CheckPhoto.objects.filter(draw__in={d for d, _p in wanted})
        .order_by("number")
        .values_list("draw_id", "project_id", "sha256")
    ):
        photos.setdefault((draw, project), []).append(bytes(digest).hex())
    return {
        result_subject(c): result_record(c, photos.get((c.draw_id, c.project_id), []))
        for c in checks
        if (c.draw_id, c.project_id) in wanted
    }


def expected_draws(project_id: int | None) -> Iterable[str]:
    """Every draw; none belongs to one project."""
    if project_id is None:
        for pk in CheckDraw.objects.values_list("pk", flat=True).iterator():
            yield f"draw:{pk}"


def expected_results(project_id: int | None) -> Iterable[str]:
    """Every check that is done."""
    rows: Any = RandomCheck.objects.filter(state__in=DONE)
    if project_id is not None:
        rows = rows.filter(project=project_id)
    for draw, project in rows.values_list("draw_id", "project_id").iterator():
        yield f"check:{draw}.{project}"
