"""Every list of the supervision side as a workbook: the rows of the page, in the reader's language, and nobody else's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import URLPattern, reverse

from inspection.alarms.catalogue import RULES
from inspection.models import Notice
from inspection.urls import urlpatterns
from inspection.views import list_exports
from tests.permissions import addresses
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
    (sheet,) = read_workbook(answer.getvalue(), f"{name}.xlsx").sheets
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


def _tell(stage: Stage, number: int) -> None:
    Notice.objects.all().delete()
    day = datetime(2026, 11, 1, 2, tzinfo=UTC)
    Notice.objects.bulk_create(
        Notice(
            user=stage.cast.zhao, project=stage.cast.project, kind="given", level=1, key=f"k{n}",
            made_at=day + timedelta(days=n),
        )
        for n in range(number)
    )  # fmt: skip


def test_a_workbook_of_notices_says_where_the_others_are(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(stage, 7)
    monkeypatch.setattr(list_exports, "AT_ONCE", 2)
    assert [row[0][:10] for row in _rows(stage, "notices")[1:]] == [f"2026-11-0{n}" for n in range(7, 0, -1)]
    monkeypatch.setattr(list_exports, "MOST_NOTICES", 5)
    cut, _heads, *rows = _rows(stage, "notices")
    assert len(rows) == 5
    assert "最新的 5 行" in cut[0]
    assert "2026-11-02" in cut[0]
    _heads, *rows = _rows(stage, "notices", query="?to=2026-11-02")
    assert [row[0][:10] for row in rows] == ["2026-11-02", "2026-11-01"]
    assert len(_rows(stage, "notices", query="?from=2026-11-03&to=2026-11-04")) == 3
    for odd in ("9999-12-31", "0001-01-01", "x", "2026-02-30", "2026-11-02T00:00"):
        assert len(_rows(stage, "notices", query=f"?to={odd}&from={odd}")) >= 7 - 1, odd


ABOUT_ONE_THING = {
    "account": "one account",
    "account-rule": "a form",
    "alarm": "one alarm",
    "allocation": "one project's money; the list is on money",
    "board": "one site's board",
    "case": "one case",
    "check": "one check",
    "check-library": "the form of an office's library",
    "check-draw-new": "a form",
    "checks-public": "for everybody; each draw has its file",
    "contract": "one contract",
    "data-request": "one request, with its extract",
    "deposit": "one deposit",
    "firm": "one firm",
    "firm-account": "one firm's account",
    "firm-credit": "one firm",
    "firm-record": "one firm",
    "flow": "one project's money, step by step",
    "guarantee": "one guarantee",
    "ledger": "itself a page of files to take away",
    "listing": "one proceeding",
    "money-check": "a figure beside the bank's",
    "permit": "one project's readiness",
    "permit-answer": "one answer",
    "permit-keys": "keys, which nobody takes out",
    "person": "one person",
    "project": "one project",
    "rule": "one rule; all figures are in the workbook of the rules",
    "rule-figure": "a form with its preview",
    "template": "one wording",
    "today": "the first page: each panel leads to its list",
    "worker-month": "one person's month",
}
"""Pages with tables that are no lists."""


def test_no_list_forgets_to_lead_out(stage: Stage) -> None:
    client, seen, without = stage.clients["li"], [], []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        name = str(pattern.name)
        if name in ABOUT_ONE_THING or name.endswith(("-export", "-pdf", "-file", "-paper", "-photo")):
            continue
        parts = addresses.PARTS.get(f"inspection:{name}", lambda _s: {})(stage)
        answer = client.get(reverse(f"inspection:{name}", kwargs=parts))
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        if "<table" not in page and name not in {"cases-workload"}:
            continue
        seen.append(name)
        if "export/" not in page and "file/" not in page:
            without.append(name)
    assert without == []
    assert len(seen) >= 20, seen


REGISTERS = {
    "rules": 30,
    "boards": 9,
    "credit": 8,
    "people": 12,
    "templates": 6,
    "bulletins": 8,
    "citizen-cards": 6,
    "looks": 8,
}


def _book(stage: Stage, name: str, *args: Any, query: str = "") -> list[list[list[Any]]]:
    answer = stage.clients["li"].get(reverse(f"inspection:{name}-export", args=args) + query)
    assert answer.status_code == 200, name
    sheets = read_workbook(answer.getvalue(), "a.xlsx").sheets
    return [[list(row) for row in sheet.rows] for sheet in sheets]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_registers_say_what_they_are_in_both_languages(stage: Stage, language: str) -> None:
    stage.clients["li"].cookies["django_language"] = language
    project = stage.cast.project.pk
    books = {
        **{name: _book(stage, name) for name in REGISTERS},
        **{what: _book(stage, "pay-watch", what) for what in ("on-site", "mediations", "cash", "part-cash")},
        "contracts": _book(stage, "contracts", project),
        "draw": _book(stage, "check-draw", stage.draw.pk),
        "part-cash-people": _book(stage, "part-cash-people", project, stage.cast.sc_part.pk, "2026-08"),
    }
    for name, sheets in books.items():
        for rows in sheets:
            first = next(row for row in rows if len([c for c in row if c.text]) > 1)
            words = " ".join(str(cell.text) for cell in first)
            chinese = any("\u4e00" <= letter <= "\u9fff" for letter in words)
            assert chinese is (language == "zh-hans"), (name, words)


def test_people_are_masked_and_sums_are_numbers(stage: Stage) -> None:
    (rows,) = _book(stage, "people")
    names = {str(row[0].text) for row in rows[1:]}
    assert stage.cast.sun.name not in names
    assert any(name.startswith(stage.cast.sun.name[0]) for name in names)
    kinds = {row[10].kind for row in rows[1:]}
    assert kinds <= {"number", "empty"}
    assert {row[7].kind for row in rows[1:]} <= {"date", "datetime"}
    number = stage.cast.sun.id_number
    text = " ".join(str(cell.text) for row in rows for cell in row)
    assert number not in text
    assert number[-4:] in text


def test_a_whole_number_of_a_person_stands_in_no_address(stage: Stage) -> None:
    number = stage.cast.sun.id_number
    answer = stage.clients["li"].get(reverse("inspection:people-export") + f"?q={number}")
    assert answer.status_code == 302
    assert number not in answer["Location"]
    page = stage.clients["li"].post(reverse("inspection:people"), {"q": number}).content.decode()
    assert reverse("inspection:people-export") not in page


def test_nothing_becomes_a_formula(stage: Stage) -> None:
    stage.cast.project.name = "=HYPERLINK(1)"
    stage.cast.project.save(update_fields=["name"])
    (rows,) = _book(stage, "boards")
    cell = next(row[0] for row in rows if "HYPERLINK" in str(row[0].text))
    assert cell.kind == "text"


def test_the_rules_hold_every_figure(stage: Stage) -> None:
    rules, figures = _book(stage, "rules")
    assert [str(row[1].text) for row in rules[1:]] == list(RULES)
    keys = {str(row[2].text) for row in figures[1:]}
    assert keys == {key for rule in RULES.values() for key in rule.parameters}
    assert stage.clients["li"].get(reverse("inspection:pay-watch-export", args=["other"])).status_code == 404
