"""What clerks see of gates, badges, faces and days: both languages, desktop and phone, for axe too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from devices import face_words
from devices.models import Terminal, TerminalFacts
from devices.services import faces
from devices.terminal_worries import WORDS
from tests.cast import NOW
from tests.journeys.staff_pages import problems_of
from tests.journeys.walker import DESKTOP, PHONE, House
from tests.permissions.stage import Stage, build_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PAGES = {
    "zhao": [
        "devices:sites", "devices:site", "devices:site-inside", "devices:site-days", "devices:open-days",
        "devices:person-day", "devices:site-live", "devices:site-refused", "devices:site-may-enter",
        "devices:site-barred", "devices:terminals", "devices:terminal-new", "devices:badges", "devices:bad-times",
        "devices:oddities",
    ],
}  # fmt: skip


@pytest.fixture
def stage(transactional_db: None, clean_cache: None) -> Iterator[Stage]:
    with time_machine.travel(NOW):
        made = build_stage()
        cast = made.cast
        for number, (kind, keeps) in enumerate((("hikvision", True), ("adms", False), ("uface", None)), 1):
            Terminal.objects.create(
                project=cast.project,
                serial=f"F-{number}",
                name=f"{number}号门",
                kind=kind,
                keeps_people=keeps,
            )
        TerminalFacts.objects.create(
            project=cast.project, terminal=cast.terminal, said_at=NOW,
            worries=[{"code": code, "about": "1号门", "count": 2} for code in WORDS],
        )  # fmt: skip
        Terminal.objects.filter(pk=cast.terminal.pk).update(last_seen_at=NOW)
        for worker, posting, words in (
            (cast.sun, cast.sun_posting, ("yes", "no")),
            (cast.zhou, cast.zhou_posting, ("yes",)),
        ):
            for word in words:
                faces.answer_face(
                    cast.project.pk, posting.pk, word, version=face_words.VERSION, actor=cast.actor(worker), now=NOW
                )  # fmt: skip
        yield made


@pytest.fixture
def house(live_server: Any, browser: "Browser") -> Iterator[House]:
    house = House(browser, live_server.url)
    yield house
    house.close()


def test_every_page_fits_both_screens_in_both_languages(stage: Stage, house: House) -> None:
    axe_at = {"zh-hans": [DESKTOP, PHONE], "en": [PHONE]}
    assert problems_of(house, stage, PAGES, axe_at=axe_at) == {}
