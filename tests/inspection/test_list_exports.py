"""Lists of the office's own work as workbooks: the rows of the page, in the reader's language, and nobody else's."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from tests.permissions.stage import Stage, on_stage
from wagewatch.lib.sheets import read_workbook

NAMES = ("notices", "pauses", "draws", "listings", "permits", "workload", "data-requests")


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with on_stage() as found:
        yield found


def _rows(stage: Stage, name: str, who: str = "li", query: str = "", **headers: Any) -> list[list[str]]:
    answer = stage.clients[who].get(reverse(f"inspection:{name}-export") + query, headers=headers)
    assert answer.status_code == 200, name
    assert "attachment" in answer["Content-Disposition"]
    (sheet,) = read_workbook(answer.content, f"{name}.xlsx").sheets
    return [[str(cell.text) for cell in row] for row in sheet.rows]


def test_each_holds_what_its_page_shows(stage: Stage) -> None:
    told = {name: _rows(stage, name) for name in NAMES}
    assert [row[1] for row in told["workload"][1:]].count(stage.cast.li.name) == 1
    assert told["listings"][1][0] == stage.listing.organisation.name
    assert [row[0] for row in told["data-requests"][1:]] == [stage.data_request.number]
    assert told["draws"][1][0] == stage.draw.title
    assert told["permits"][1][4] == stage.permit_answer.number
    assert len(told["notices"]) > 1


def test_headings_are_in_the_language_of_the_reader(stage: Stage) -> None:
    stage.clients["li"].cookies["django_language"] = "en"
    assert _rows(stage, "workload")[0][:3] == ["Office", "Inspector", "Alarms: open"]
    stage.clients["li"].cookies["django_language"] = "zh-hans"
    assert _rows(stage, "workload")[0][2] == "预警：未办结"


def test_filters_of_the_page_hold(stage: Stage) -> None:
    assert len(_rows(stage, "permits", query="?q=no-such-number")) == 1
    assert len(_rows(stage, "notices", query="?q=no-such-project")) == 1
    assert len(_rows(stage, "pauses", query="?show=nonsense")) == len(_rows(stage, "pauses"))
