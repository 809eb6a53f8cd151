"""The month's sheet on paper: A4 to sign, A3 for the notice board, and three hundred people over pages."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from devices.models import AttendanceDay
from registration.models import Posting, Team, Worker
from tests.cast import Cast

A3 = (1190.55, 841.89)
A4 = (841.89, 595.28)
NAMES = ("欧阳明", "尉迟桂兰", "丁一", "司马如意", "阿卜杜热西提·麦麦提")


def sizes(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of every page, in points."""
    count = int(re.search(rb"/Count (\d+)", pdf)[1])  # type: ignore[index]
    boxes = [(float(w), float(h)) for w, h in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)]
    return boxes * count if len(boxes) == 1 else boxes


@pytest.fixture
def crowd(cast: Cast) -> Cast:
    """Three hundred more people in ten teams, who came on the working days of October."""
    people = Worker.objects.bulk_create(
        Worker(
            name=NAMES[n % len(NAMES)],
            id_number=f"x{n}",
            id_index=n.to_bytes(32, "big"),
            id_tail=f"{n:04d}",
            sex=1,
            birth_date=cast.sun.birth_date,
            registered_at=cast.now,
        )
        for n in range(300)
    )
    teams = [
        Team.objects.create(project=cast.project, participation=cast.sc_part, name=f"木工{n + 1}班")
        for n in range(10)
    ]
    Posting.objects.bulk_create(
        Posting(
            project=cast.project,
            worker=worker,
            participation=cast.sc_part,
            team=teams[n % 10],
            pin=1000 + n,
            trade="木工",
            rate_fen=36000,
            joined_on=date(2026, 8, 5),
        )
        for n, worker in enumerate(people)
    )
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
    AttendanceDay.objects.bulk_create(
        AttendanceDay(
            project=cast.project,
            worker_id=worker.pk,
            posting_id=1,
            day=day,
            state="open" if (worker.pk + day.day) % 17 == 0 else "closed",
            minutes=560,
            days=1 if (worker.pk + day.day) % 5 else "0.5",
            passages=2,
        )
        for worker in people
        for day in days
        if day.weekday() < 6
    )
    return cast


def test_three_hundred_people_fit_the_board_over_some_pages(crowd: Cast) -> None:
    with time_machine.travel(crowd.now, tick=False):
        answer = crowd.client(crowd.zhao).get(f"/sites/{crowd.project.pk}/days.pdf?month=2026-10&paper=a3")
    assert answer["Content-Disposition"].endswith('-2026-10-board.pdf"')
    assert answer["Cache-Control"] == "private, no-store"
    pages = sizes(answer.content)
    assert set(pages) == {A3}
    assert 5 <= len(pages) <= 10


def test_the_board_never_shows_a_name_in_full(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(
        "devices.views.site.month_pdf",
        lambda project, matrix, **kwargs: made.append((matrix, kwargs)) or b"%PDF-",
    )
    names = lambda matrix: [row.name for group in matrix.groups for row in group.rows]  # noqa: E731
    address = f"/sites/{cast.project.pk}/days.pdf?month=2026-10"
    with time_machine.travel(cast.now, tick=False):
        for more, who in (
            ("&paper=a3&names=full", cast.zhao),
            ("&names=full", cast.guard),
            ("&names=full", cast.li),
            ("&names=full", cast.he),
            ("", cast.zhao),
        ):
            assert cast.client(who).get(address + more).status_code == 200
            assert all("*" in name for name in names(made[-1][0])), (more, who)
            assert made[-1][1]["board"] is ("a3" in more)
        assert cast.client(cast.qian).get(address + "&names=full").status_code == 200
    assert names(made[-1][0]) == [cast.sun.name, cast.zhou.name]


def test_the_buttons_stand_where_they_are_of_use(cast: Cast) -> None:
    with time_machine.travel(cast.now, tick=False):
        clerk = cast.client(cast.zhao).get(f"/sites/{cast.project.pk}/days/?month=2026-10").content.decode()
        guard = cast.client(cast.guard).get(f"/sites/{cast.project.pk}/days/?month=2026-10").content.decode()
    assert "names=full" in clerk
    assert "names=full" not in guard
    for page in (clerk, guard):
        assert "paper=a3" in page
