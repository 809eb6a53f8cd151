"""What tests of trainings, certificates and citizen cards put on stage beside the cast."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PIL import Image

from registration.models import (
    CitizenCard,
    Parameter,
    Participation,
    Posting,
    Project,
    Region,
    Team,
    Training,
    Worker,
)
from registration.seed.entry import entry_rows
from registration.services.citizen_cards import apply_for_cards, take_step
from registration.services.parameters import forget
from registration.services.trainings import Result, TrainingFacts, record_training
from tests.cast import NOW, Cast, make_posting, make_project, make_worker
from wagewatch.lib.sheets import ColumnOut, SheetOut, write_workbook

FACTS = TrainingFacts("003001", "入场三级安全教育", date(2026, 11, 10), 120, "秦安", "会议室")


def seed_conditions() -> None:
    """The seeded conditions of entry, for the regions that the tests have."""
    regions = set(Region.objects.values_list("code", flat=True))
    Parameter.objects.bulk_create(
        Parameter(key=r.key, region_id=r.region, valid_from=r.valid_from, value=r.value, source=r.source)
        for r in entry_rows()
        if r.region is None or r.region in regions
    )
    forget()


def train(
    cast: Cast, *workers: Worker, on: date = FACTS.held_on, kind: str = "003001", passed: bool = True
) -> Training:
    """A safety training of the subcontractor's, recorded by its clerk."""
    facts = TrainingFacts(kind, FACTS.name, on, FACTS.minutes, FACTS.trainer, FACTS.place)
    return record_training(
        cast.project.pk,
        facts,
        {worker.pk: Result(passed) for worker in workers},
        participation_id=cast.sc_part.pk,
        actor=cast.actor(cast.qian),
        now=NOW,
    ).training


def crowd(cast: Cast, number: int, start: int = 300) -> list[Posting]:
    """People of the carpenters' team with pins from `start` on."""
    found = []
    for n in range(start, start + number):
        worker, _card = make_worker(f"林{n}", seq=n, birth=date(1981, 2, 1 + n % 28))
        found.append(make_posting(worker, cast.team, pin=n))
    return found


@dataclass
class Nanjing:
    """A project of the same general contractor in Nanjing, where citizen cards are issued."""

    project: Project
    part: Participation
    team: Team
    wang: Worker
    ma: Worker
    wang_posting: Posting
    ma_posting: Posting


def nanjing(cast: Cast) -> Nanjing:
    """Wang and Ma joined on Monday 2026-11-02."""
    project, _owner, part = make_project("NJ3201001", "江宁医院", "320100", cast.owner, cast.gc)
    team = Team.objects.create(project=project, participation=part, name="综合班")
    wang, _card = make_worker("王二", seq=401)
    ma, _card = make_worker("马三", seq=403)
    postings = [
        make_posting(worker, team, pin=pin, joined_on=date(2026, 11, 2))
        for pin, worker in ((1, wang), (2, ma))
    ]
    return Nanjing(project, part, team, wang, ma, *postings)


def apply_for(cast: Cast, site: Nanjing, *workers: Worker, on: date = date(2026, 11, 3)) -> list[CitizenCard]:
    """Applications by the general contractor's clerk."""
    done = apply_for_cards(
        site.project.pk, [w.pk for w in workers], on=on, actor=cast.actor(cast.zhao), now=NOW
    )
    assert done.refused == []
    return list(CitizenCard.objects.filter(worker__in=workers).order_by("worker_id"))


def move(
    cast: Cast, site: Nanjing, card: CitizenCard, *steps: tuple[str, date], number: str = ""
) -> CitizenCard:
    """Take a card through several steps; the number is given with `issued`."""
    for to, on in steps:
        card = take_step(
            site.project.pk,
            card.pk,
            to,
            on=on,
            number=number if to == "issued" else "",
            actor=cast.actor(cast.zhao),
            now=NOW,
        )
    return card


def sheet(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], kinds: dict[str, str] | None = None
) -> bytes:
    """A workbook with one table."""
    columns = [ColumnOut(h, (kinds or {}).get(h, "text")) for h in headings]  # type: ignore[arg-type]
    return write_workbook([SheetOut("名单", columns, [list(row) for row in rows])])


def png() -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "PNG")
    return out.getvalue()
